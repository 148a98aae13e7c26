/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources of bind mounts for a container that runs: see mount-sources.h.
 *
 * For a container with a user namespace they are cloned in a copy of our mount namespace that
 * belongs to that user namespace.  The kernel locks what a mount has when it makes such a copy, and
 * the clones keep the locks: a read-only of the host cannot be undone inside.  At `create` INIT's
 * own namespace is that copy; it is long gone.
 */
#include "container/mount-sources.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "base/proc.h"
#include "base/sock.h"
#include "base/sys.h"
#include "container/steps.h"
#include "os/mount-api.h"
#include "os/mount-live.h"
#include "os/mount-opts.h"

static bool needs_sources(const struct mounts_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if ((plan->v[i].kind == MOUNT_BIND && !plan->v[i].inner) ||
		    mounts_made_of_paths(&plan->v[i]))
			return true;
	return false;
}

/* The copy, with the calling process in it and in the user namespace. */
static struct err *enter_copy(const struct run *r)
{
	prctl(PR_SET_DUMPABLE, 0);
	TRY(exec_join(r, CLONE_NEWUSER));
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(-errno, "copy the mount namespace");
	prctl(PR_SET_DUMPABLE, 0);
	return NULL;
}

static NORETURN void holder_main(const struct run *r, int link)
{
	struct err *e = enter_copy(r);
	char c;

	/* The copy stays as long as this process: until the other end is closed. */
	if (say_raw(link, e ? SAID_ERROR : SAID_PASS, 0, e) == 0)
		(void)!read(link, &c, 1);
	_exit(0);
}

static struct err *hear_from(int link)
{
	struct said said;
	int rc = hear_raw(link, &said, -1);

	if (rc == 1 && said.kind == SAID_ERROR)
		return said.error;
	if (rc == -EINTR)
		return err_new(ERR_SYSTEM, "interrupted by signal %d", interrupt_pending());
	TRY_SYS(rc, "hear from the helper process");
	return rc == 1 ? NULL : err_new(ERR_SYSTEM, "the helper process died");
}

/* setns(2) leads to the root of the namespace; a caller in a chroot means paths below his own. */
static struct err *join_copy(int link, pid_t holder)
{
	auto_free char *ns_path = str_format("/proc/%d/ns/mnt", (int)holder);
	auto_free char *root_path = str_format("/proc/%d/root", (int)holder);
	auto_close int ns_fd = -EBADF;
	auto_close int root_fd = -EBADF;

	TRY(hear_from(link));
	ns_fd = host_open_ns(ns_path);
	TRY_SYS(ns_fd, "open the copy of the mount namespace");
	root_fd = host_open_ns(root_path);
	TRY_SYS(root_fd, "open the root in the copy of the mount namespace");
	if (setns(ns_fd, CLONE_NEWNS) < 0)
		return err_sys(-errno, "enter the copy of the mount namespace");
	if (fchdir(root_fd) < 0 || chroot(".") < 0)
		return err_sys(-errno, "change to the root in the copy of the mount namespace");
	return NULL;
}

/* With our rights: the container's root need not be able to reach a source. */
static struct err *open_in_copy(struct run *r)
{
	struct err *e;
	pid_t holder;
	int pair[2];

	TRY_SYS(sock_pair(pair), "make a socket pair");
	holder = sys_clone3(0, -EBADF, NULL);
	if (holder == 0) {
		fd_close(pair[0]);
		holder_main(r, pair[1]);
	}
	fd_close(pair[1]);
	e = holder < 0 ? err_sys(holder, "start a helper process") : join_copy(pair[0], holder);
	if (!e)
		e = mounts_open_sources(&r->plan.mounts, &r->sources);
	fd_close(pair[0]);
	if (holder > 0)
		proc_reap(holder);
	return e;
}

/* A file system of the container belongs to its user namespace, as at `create`. */
static struct err *open_as_host(struct run *r)
{
	TRY(open_in_copy(r));
	TRY(exec_join(r, CLONE_NEWUSER));
	return step_become_root(r);
}

static struct err *open_as_user(struct run *r)
{
	TRY(enter_copy(r));
	TRY(step_become_root(r));
	return mounts_open_sources(&r->plan.mounts, &r->sources);
}

static NORETURN void helper_main(struct run *r, int link)
{
	struct walk w = { .side = SIDE_INIT, .link = { -EBADF, link } };
	struct err *e;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	e = geteuid() == 0 ? open_as_host(r) : open_as_user(r);
	if (!e)
		e = mounts_make_early(&r->plan.mounts, &r->sources);
	say_raw(link, e ? SAID_ERROR : SAID_PASS, 0, e);
	if (!e)
		err_free(walk_send_fds(&w, r->sources.fds, r->sources.n));
	_exit(0);
}

static struct err *receive_sources(struct run *r, int link)
{
	struct walk w = { .side = SIDE_HOST, .link = { link, -EBADF } };

	TRY(hear_from(link));
	r->sources.n = r->plan.mounts.n;
	r->sources.fds = xcalloc(r->sources.n + 1, sizeof(int));
	for (size_t i = 0; i < r->sources.n; i++)
		r->sources.fds[i] = -EBADF;
	return walk_recv_fds(&w, r->sources.fds, r->sources.n);
}

struct err *step_open_live_sources(struct run *r)
{
	struct err *e;
	pid_t helper;
	int pair[2];

	if (!needs_sources(&r->plan.mounts))
		return NULL;
	if (!(r->join_flags & CLONE_NEWUSER)) {
		TRY(mounts_open_sources(&r->plan.mounts, &r->sources));
		return mounts_make_early(&r->plan.mounts, &r->sources);
	}
	TRY_SYS(sock_pair(pair), "make a socket pair");
	helper = sys_clone3(0, -EBADF, NULL);
	if (helper == 0) {
		fd_close(pair[0]);
		helper_main(r, pair[1]);
	}
	fd_close(pair[1]);
	e = helper < 0 ? err_sys(helper, "start a helper process") : receive_sources(r, pair[0]);
	fd_close(pair[0]);
	if (helper > 0 && e)
		kill(helper, SIGKILL);
	if (helper > 0)
		proc_reap(helper);
	return e;
}
