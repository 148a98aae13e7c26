/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The finished program goes to the kernel: see seccomp.h.
 */
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "os/seccomp.h"

static struct err *explain_load(int neg_errno, const struct seccomp_program *p)
{
	struct err *e =
		err_sys(neg_errno, "%s: load the filter",
			p->is_raw ? "annotation run.oci.seccomp_bpf_data" : "linux.seccomp");

	if (neg_errno == -EACCES)
		return err_hint(e,
				"without process.noNewPrivileges the runtime needs CAP_SYS_ADMIN");
	if (neg_errno == -EINVAL && p->is_raw)
		return err_hint(
			e,
			"every path of the program must end with a return, jumps go forward, and only what seccomp(2) allows is loaded");
	if (neg_errno == -EINVAL && p->has_listener)
		return err_hint(e, "SCMP_ACT_NOTIFY needs Linux 5.0, some flags a newer one");
	if (neg_errno == -EBUSY && p->has_listener)
		return err_hint(e, "a filter around the runtime has a listener already");
	return e;
}

struct err *seccomp_apply(const struct seccomp_program *p, int *ret_listener)
{
	struct sock_fprog prog = { .len = (unsigned short)p->n, .filter = p->insns };
	long rc;

	*ret_listener = -EBADF;
	if (!p->set)
		return NULL;
	rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, p->flags, &prog);
	/* A flag the kernel does not know is no reason to run without the filter; a listener is. */
	if (rc < 0 && errno == EINVAL && p->flags && !p->has_listener)
		rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
	if (rc < 0)
		return explain_load(-errno, p);
	/* With TSYNC the answer may be the thread that could not follow. */
	if (!p->has_listener && rc > 0)
		return err_new(ERR_SYSTEM, "linux.seccomp: thread %ld could not take the filter",
			       rc);
	if (p->has_listener)
		*ret_listener = (int)rc;
	return NULL;
}
