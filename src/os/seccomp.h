/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp → a BPF program, with ENOSYS for system calls that are newer than the profile.
 */
#ifndef OS_SECCOMP_H
#define OS_SECCOMP_H

#include <linux/filter.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct spec_seccomp;

struct seccomp_program {
	bool set;
	unsigned flags; /* SECCOMP_FILTER_FLAG_* */
	bool has_listener;
	bool is_raw; /* somebody else's, see seccomp_raw */
	bool warned; /* something was said that has to be said again where warnings are read */
	size_t n;
	struct sock_filter *insns; /* in the arena */
};

/* Checks that stand before anything runs: archs, errno values, arguments. */
MUST_CHECK struct err *seccomp_check(const struct spec_seccomp *s);
/*
 * NOTIFY needs a listener, which otherwise is ignored.  Whoever takes its path from somewhere else
 * sets it in S; whoever has plugins that answer does not ask.
 */
MUST_CHECK struct err *seccomp_check_listener(const struct spec_seccomp *s);
/* Whether a rule hands calls on to a listener. */
bool seccomp_notifies(const struct spec_seccomp *s);
/* SECCOMP_FILTER_FLAG_* from the profile's list; S may be NULL. */
MUST_CHECK struct err *seccomp_plan_flags(const struct spec_seccomp *s, bool has_listener,
					  unsigned *ret);
/* HOST: compiles (libseccomp, binary tree) and puts the ENOSYS answer in front. */
MUST_CHECK struct err *seccomp_compile(struct arena *a, const struct spec_seccomp *s,
				       bool fail_unknown, struct seccomp_program *ret);
/*
 * A ready program (annotation run.oci.seccomp_bpf_data) in base64; S gives flags, may be NULL.  Is
 * it answered when the program hands a call on to a listener?
 */
MUST_CHECK struct err *seccomp_raw(struct arena *a, const struct spec_seccomp *s,
				   const char *base64, bool is_answered,
				   struct seccomp_program *ret);
/* INIT: seccomp(2).  *ret_listener is the notify descriptor or -EBADF. */
MUST_CHECK struct err *seccomp_apply(const struct seccomp_program *p, int *ret_listener);
/*
 * Sends the notify descriptor to PATH as the runtime-spec says (container process state).  HOST.
 * STATE_JSON is the "state" object's text.
 */
MUST_CHECK struct err *seccomp_send_listener(const char *path, const char *metadata, int pid,
					     const char *state_json, int listener_fd);

#endif
