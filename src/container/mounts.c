/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts: more mounts for a container that runs, or fewer.
 *
 * HOST opens the sources; INIT is here a process of ours that joins the container's mount
 * namespace, mounts and ends.  Nothing is put on record: the mounts live in the namespace, so exec
 * and the container's processes see them and they end with it.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/proc.h"
#include "container/enter.h"
#include "container/find.h"
#include "container/mount-sources.h"
#include "container/steps.h"
#include "os/mount-live.h"
#include "os/mount-opts.h"
#include "state/store.h"

enum { TAKE_BACK_TIMEOUT_MS = 2000 };

/*
 * It leaves the container's pid namespace alone where it can: the container's processes do not see
 * it then.  For its paths it stays where we are, since neither the container's /proc nor any other
 * of its files is to be believed.
 */
static struct err *step_join_mounts(struct run *r)
{
	sigset_t all;

	prctl(PR_SET_DUMPABLE, 0);
	/* A key at the terminal is for HOST, which lets us take back what is done by then. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	TRY(exec_join(r, r->join_flags));
	if (fchdir(r->host_root_fd) < 0 || chroot(".") < 0)
		return err_sys(-errno, "keep the root of the host");
	return NULL;
}

static struct err *add_all(struct run *r, struct mounts_added *added)
{
	for (size_t i = 0; i < r->plan.mounts.n; i++) {
		if (interrupt_pending())
			return err_new(ERR_SYSTEM, "interrupted by signal %d", interrupt_pending());
		TRY(mounts_add_next(&r->plan.mounts, &r->sources, r->container_root_fd, added));
	}
	return mounts_add_finish(&r->plan.mounts, added);
}

static struct err *step_add_mounts(struct run *r)
{
	struct mounts_added added = { 0 };
	struct err *e;

	/* Mount points get exactly the modes that they have at `create`. */
	umask(0);
	/* All of it is done or nothing, whatever becomes of HOST. */
	prctl(PR_SET_PDEATHSIG, 0);
	e = add_all(r, &added);
	if (e)
		mounts_take_back(&added);
	return e;
}

static struct err *step_remove_mounts(struct run *r)
{
	prctl(PR_SET_PDEATHSIG, 0);
	return mounts_detach(&r->plan.mounts, r->container_root_fd);
}

static void undo_mounter(struct run *r)
{
	if (r->pid <= 0)
		return;
	/* Our child, not yet waited for: the number is still its own. */
	kill(r->pid, SIGTERM);
	if (proc_reap_within(r->pid, NULL, TAKE_BACK_TIMEOUT_MS) == r->pid)
		r->pid = 0;
	undo_spawn(r);
}

static struct err *mounter_died(struct run *r)
{
	(void)r;
	return err_hint(err_new(ERR_SYSTEM, "the process that mounts was killed"),
			"/proc/PID/mountinfo of the container shows what it has done until then");
}

/* clang-format off */
static const struct step add_steps[] = {
	ON_HOST("open the sources",                  step_open_live_sources, NULL),
	ON_HOST("start the process that mounts",     step_exec_spawn,        undo_mounter),
	ON_INIT("join the container",                step_join_mounts),
	ON_INIT("become root in the user namespace", step_become_root),
	ON_INIT("add the mounts",                    step_add_mounts),
	PASS(INIT, "the mounts are in place"),
	STEPS_END
};

static const struct step remove_steps[] = {
	ON_HOST("start the process that unmounts",   step_exec_spawn,        undo_mounter),
	ON_INIT("join the container",                step_join_mounts),
	ON_INIT("become root in the user namespace", step_become_root),
	ON_INIT("remove the mounts",                 step_remove_mounts),
	PASS(INIT, "the mounts are gone"),
	STEPS_END
};
/* clang-format on */

/* Whatever the config says: it is the host's mount table that would change. */
static struct err *refuse_shared_namespace(const struct run *r)
{
	auto_free char *path = str_format("/proc/%d/ns/mnt", (int)r->init_pid);
	struct stat ours;
	struct stat theirs;

	if (stat("/proc/self/ns/mnt", &ours) < 0 || stat(path, &theirs) < 0)
		return err_sys(-errno, "compare the mount namespaces");
	if (ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino)
		return NULL;
	return err_hint(err_new(ERR_STATE, "the container has no mount namespace of its own"),
			"add {\"type\": \"mount\"} to linux.namespaces of its config");
}

/* To see which sources lie in it; it need not be there any more. */
static const char *rootfs_path(const struct run *r, const char *bundle)
{
	char *path = NULL;
	struct err *e = plan_rootfs_path(r->arena, bundle, r->spec, &path);

	err_free(e);
	return path ? path : "/";
}

/* A procfs shows the pid namespace of the process that makes it. */
static bool needs_pid_namespace(const struct mounts_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->v[i].kind == MOUNT_FS && plan->v[i].type &&
		    streq(plan->v[i].type, "proc"))
			return true;
	return false;
}

static struct err *plan_mounts(struct run *r, const struct found *f, const struct mounts_opts *o)
{
	const char *bundle = f->record->bundle;
	struct err *e;

	e = o->remove ? mounts_plan_remove(r->arena, o->list, &r->plan.mounts)
		      : mounts_plan_add(r->arena, r->spec, o->list, bundle, rootfs_path(r, bundle),
					&r->plan.mounts);
	return e ? err_wrap(e, "%s", o->document) : NULL;
}

static struct err *mounts_prepare(struct run *r, const struct found *f, const struct mounts_opts *o)
{
	const struct spec_process *p;

	TRY(found_check(f, OP_MOUNT));
	TRY(found_spec(f, r->arena, &r->spec));
	TRY(enter_open(r, f, OP_MOUNT));
	TRY(refuse_shared_namespace(r));
	TRY(plan_mounts(r, f, o));
	TRY(mounts_live_supported());
	TRY(ns_plan_make(r->arena, r->spec, r->record.user_namespace && geteuid() != 0,
			 &r->plan.ns));
	/* Whom files belong to where the user namespace maps no root. */
	p = r->spec->process;
	if (p && p->user) {
		r->plan.process.cred.uid = p->user->uid;
		r->plan.process.cred.gid = p->user->gid;
	}
	r->join_flags = enter_flags(r) | CLONE_NEWNS;
	if (!needs_pid_namespace(&r->plan.mounts))
		r->join_flags &= ~(uint64_t)CLONE_NEWPID;
	r->host_root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->host_root_fd < 0)
		return err_sys(-errno, "open /");
	return NULL;
}

static struct err *mounts_walk(struct run *r, const struct step *steps)
{
	struct err *e;

	TRY(walk_open(&r->walk));
	r->walk.post_mortem = mounter_died;
	interrupt_block();
	e = walk(&r->walk, steps, r);
	if (r->walk.side == SIDE_INIT)
		_exit(0);
	if (!e)
		proc_reap(r->pid);
	interrupt_unblock();
	return e;
}

static struct err *mounts_locked(struct run *r, const struct found *f, const struct mounts_opts *o)
{
	auto_close int lock = -EBADF;

	TRY(store_lock(f->dir_fd, f->id, STORE_LOCK_TIMEOUT_MS, &lock));
	TRY(mounts_prepare(r, f, o));
	return mounts_walk(r, o->remove ? remove_steps : add_steps);
}

struct err *container_mounts(struct ctx *ctx, const char *id, const struct mounts_opts *opts)
{
	struct run run = run_new(ctx);
	struct found f;
	struct err *e;

	e = find_container(ctx, id, &f);
	if (!e) {
		e = mounts_locked(&run, &f, opts);
		found_done(&f);
	}
	run_done(&run);
	return e;
}
