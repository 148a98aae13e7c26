/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill, pause, resume, ps: what a cgroup or a pid answers at once.
 */
#include <signal.h>

#include "base/proc.h"
#include "container/find.h"
#include "state/store.h"

static struct err *signal_init(const struct found *f, int sig)
{
	const struct record *r = f->record;
	int rc = proc_signal(r->pid, r->start_time, sig);

	if (rc == -ESRCH)
		return status_check(OP_KILL, STATUS_STOPPED, f->id);
	TRY_SYS(rc, "container `%s`: send signal %d to process %d", f->id, sig, r->pid);
	return NULL;
}

/*
 * All processes: asked for, or SIGKILL where init's death would leave the others alive because they
 * share a pid namespace with somebody else (runc does the same).
 */
static struct err *kill_found(struct found *f, int sig, bool all)
{
	enum container_status s = found_status(f, NULL);
	bool everybody = all || (sig == SIGKILL && !f->record->private_pidns);

	found_keep_own_cgroup(f);
	/* Its cgroups may all be somebody else's by now. */
	if (s == STATUS_STOPPED && all)
		return f->cgroup.path && f->cgroup.n > 0 ? cgroup_kill(&f->cgroup, sig) : NULL;
	TRY(status_check(OP_KILL, s, f->id));
	if (!everybody)
		return signal_init(f, sig);
	if (!f->cgroup.path && all)
		return err_hint(
			err_new(ERR_UNSUPPORTED,
				"container `%s` has no cgroup, so its processes are not known",
				f->id),
			"`davit kill %s` without --all signals the init process", f->id);
	/* An init that was moved out of its cgroup is not reached by it. */
	if (!f->cgroup.path || !found_init_is_in_cgroup(f))
		TRY(signal_init(f, sig));
	return f->cgroup.path ? cgroup_kill(&f->cgroup, sig) : NULL;
}

struct err *container_kill(struct ctx *ctx, const char *id, int sig, bool all)
{
	struct found f;
	struct err *e;

	TRY(find_container(ctx, id, &f));
	e = kill_found(&f, sig, all);
	found_done(&f);
	return e;
}

static struct err *freeze_found(struct found *f, bool freeze)
{
	auto_close int lock = -EBADF;

	/* What is refused anyway does not wait; what changed meanwhile is seen under the lock. */
	TRY(found_check(f, freeze ? OP_PAUSE : OP_RESUME));
	TRY(store_lock(f->dir_fd, f->id, STORE_LOCK_TIMEOUT_MS, &lock));
	TRY(found_check(f, freeze ? OP_PAUSE : OP_RESUME));
	found_keep_own_cgroup(f);
	if (!f->cgroup.path)
		return err_hint(err_new(ERR_UNSUPPORTED,
					"container `%s`: cannot %s: the container has no cgroup",
					f->id, freeze ? "pause" : "resume"),
				NO_CGROUP_WHY ": `davit doctor` shows how to get one");
	/* Nothing is frozen where there is no freezer: there is nothing to resume. */
	if (!freeze && freezer_get(&f->cgroup, NULL) == FREEZER_THAWED)
		return NULL;
	if (freeze && freezer_get(&f->cgroup, NULL) != FREEZER_NONE && !found_init_is_in_cgroup(f))
		return err_hint(
			err_new(ERR_STATE,
				"container `%s`: cannot pause: its init process %d was moved out of the cgroup %s",
				f->id, f->record->pid, f->cgroup.path),
			"freeze the cgroup that /proc/%d/cgroup names", f->record->pid);
	struct err *e = freezer_set(&f->cgroup, freeze);

	return e ? err_wrap(e, "container `%s`: cannot %s", f->id, freeze ? "pause" : "resume")
		 : NULL;
}

static struct err *freeze(struct ctx *ctx, const char *id, bool freeze_it)
{
	struct found f;
	struct err *e;

	TRY(find_container(ctx, id, &f));
	e = freeze_found(&f, freeze_it);
	found_done(&f);
	return e;
}

struct err *container_pause(struct ctx *ctx, const char *id)
{
	return freeze(ctx, id, true);
}

struct err *container_resume(struct ctx *ctx, const char *id)
{
	return freeze(ctx, id, false);
}

/* Init is one of the container's processes wherever it is. */
static void add_init(const struct found *f, pid_t **pids, size_t *n)
{
	pid_t init = f->record->pid;
	size_t at = 0;

	if (!record_is_this_boot(f->record) || proc_is_alive(init, f->record->start_time) != 1)
		return;
	while (at < *n && (*pids)[at] < init)
		at++;
	if (at < *n && (*pids)[at] == init)
		return;
	*pids = xrealloc(*pids, (*n + 1) * sizeof(**pids));
	memmove(*pids + at + 1, *pids + at, (*n - at) * sizeof(**pids));
	(*pids)[at] = init;
	(*n)++;
}

static struct err *pids_found(const struct found *f, pid_t **ret, size_t *ret_n)
{
	enum container_status s = found_status(f, NULL);

	TRY(status_check(OP_PS, s, f->id));
	*ret = NULL;
	*ret_n = 0;
	if (s == STATUS_STOPPED && !f->cgroup.path)
		return NULL;
	if (f->cgroup.path) {
		TRY(cgroup_pids(&f->cgroup, ret, ret_n));
		add_init(f, ret, ret_n);
		return NULL;
	}
	return err_hint(err_new(ERR_UNSUPPORTED,
				"container `%s`: the container is not using cgroups", f->id),
			"only its init process %d is known", f->record->pid);
}

struct err *container_pids(struct ctx *ctx, const char *id, pid_t **ret, size_t *ret_n)
{
	struct found f;
	struct err *e;

	TRY(find_container(ctx, id, &f));
	e = pids_found(&f, ret, ret_n);
	found_done(&f);
	return e;
}
