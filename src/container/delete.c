/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delete: end what is left, remove cgroup and state folder, run the poststop hooks.
 */
#include <fcntl.h>
#include <signal.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/sys.h"
#include "container/find.h"
#include "container/hooks.h"
#include "container/plan.h"
#include "os/netdev.h"
#include "state/store.h"

enum { DEATH_TIMEOUT_MS = 5 * 1000 };

/* A creator that was stopped or hangs is ended first: it would go on making things. */
static void kill_creator(const struct found *f)
{
	const struct record *r = f->record;

	if (r->phase != PHASE_CREATING || !record_is_this_boot(r) || r->creator_pid == getpid() ||
	    proc_signal(r->creator_pid, r->creator_start_time, SIGKILL) < 0)
		return;
	log_info("container `%s`: killed process %d, which was still creating it", f->id,
		 r->creator_pid);
	proc_wait_dead(r->creator_pid, r->creator_start_time, DEATH_TIMEOUT_MS);
}

/* A zombie has let go of everything; only a live process is waited for. */
static struct err *wait_for_death(const struct found *f)
{
	const struct record *r = f->record;

	if (!record_is_this_boot(r) || proc_wait_dead(r->pid, r->start_time, DEATH_TIMEOUT_MS))
		return NULL;
	return err_hint(err_new(ERR_TIMEOUT, "container `%s`: process %d does not die", f->id,
				r->pid),
			"it hangs in the kernel (state D in ps) or sits in a frozen cgroup");
}

/* Thaws: a frozen v1 process does not even die of SIGKILL. */
static void thaw(const struct found *f)
{
	if (freezer_get(&f->cgroup, NULL) == FREEZER_FROZEN)
		err_free(freezer_set(&f->cgroup, false));
}

/* What has the same name after a reboot is not ours. */
static struct err *remove_cgroup(const struct found *f)
{
	const struct record *r = f->record;

	if (!r->owns_cgroup || !record_is_this_boot(r)) {
		cgroup_remove_empty(&f->cgroup);
		return NULL;
	}
	if (!r->systemd_scope || !*r->systemd_scope)
		return cgroup_remove(&f->cgroup);
	/* One that is not ours any more: somebody else has a unit of the same name by now. */
	if (f->cgroup.n < r->n_cgroups)
		return NULL;
	return cgroup_scope_remove(NULL, &f->cgroup, r->systemd_scope, is_rootless());
}

/* Groups of a reboot ago are gone; those of today are known by the container's id. */
static struct err *remove_rdt(const struct found *f, const struct spec *spec)
{
	struct rdt_plan plan;

	if (!record_is_this_boot(f->record))
		return NULL;
	TRY(rdt_plan_make(f->arena, spec, f->id, &plan));
	rdt_remove(&plan);
	return NULL;
}

/* Held beyond init's death, so that devices of the host can be taken out of it. */
static int hold_network(const struct found *f, const struct spec *spec)
{
	auto_close int fd = -EBADF;

	if (!netdevs_go_back(spec) || !record_is_this_boot(f->record))
		return -EBADF;
	fd = netdevs_namespace_of(f->record->pid);
	if (fd < 0 || proc_is_alive(f->record->pid, f->record->start_time) != 1)
		return -EBADF;
	return take_fd(&fd);
}

struct err *found_remove(struct found *f, bool hooks)
{
	auto_close int net_fd = -EBADF;
	auto_arena struct arena *a = arena_new();
	bool was_created = f->record->phase == PHASE_CREATED;
	struct spec *spec = NULL;
	struct err *e = found_spec(f, a, &spec);

	if (e && was_created)
		log_warn("the poststop hooks are not known: %s", err_text(e));
	err_free(e);
	if (spec)
		net_fd = hold_network(f, spec);
	found_keep_own_cgroup(f);
	TRY(found_kill_init(f));
	thaw(f);
	TRY(wait_for_death(f));
	if (net_fd >= 0)
		netdevs_return(spec, net_fd);
	TRY(remove_cgroup(f));
	if (spec)
		TRY(remove_rdt(f, spec));
	if (spec && hooks && was_created)
		hooks_run_poststop(spec, f->record);
	return store_remove(f->root_fd, f->id);
}

/* Whoever held the lock may have written the record meanwhile. */
static struct err *delete_locked(int root_fd, const char *id)
{
	struct found f;
	struct err *e = find_at(root_fd, id, &f);

	if (e) {
		err_free(e);
		return store_remove(root_fd, id);
	}
	e = found_remove(&f, true);
	found_done(&f);
	return e;
}

/*
 * A folder without a usable record.  Nothing in it can be trusted to name a process or a cgroup, so
 * nothing is killed; --force only removes the folder, and only when nobody works on it.
 */
static struct err *delete_damaged(struct ctx *ctx, const char *id, bool force, struct err *why)
{
	auto_close int root_fd = -EBADF;
	auto_close int dir_fd = -EBADF;
	auto_close int lock = -EBADF;
	struct err *e;

	if (!force)
		return err_hint(why, "`davit delete --force %s` removes the state folder", id);
	e = store_open(ctx->state_root, false, &root_fd);
	if (!e)
		e = store_open_container(root_fd, id, &dir_fd);
	if (!e)
		e = store_lock(dir_fd, id, STORE_LOCK_TIMEOUT_MS, &lock);
	if (!e)
		e = delete_locked(root_fd, id);
	if (!e)
		log_warn("container `%s`: removed its state folder only: %s", id, err_text(why));
	err_free(why);
	return e;
}

static struct err *delete_found(struct found *f, bool force)
{
	auto_close int lock = -EBADF;

	if (!force)
		TRY(found_check(f, OP_DELETE));
	else
		kill_creator(f);
	TRY(store_lock(f->dir_fd, f->id, STORE_LOCK_TIMEOUT_MS, &lock));
	/* It may have changed while somebody else held the lock. */
	if (!force)
		TRY(found_check(f, OP_DELETE));
	else
		found_kill_orphans(f);
	return found_remove(f, true);
}

/* A loser of two concurrent deletes finds the folder empty or gone. */
static bool is_gone(const struct err *e)
{
	return err_code(e) == ERR_NOT_FOUND;
}

struct err *container_delete(struct ctx *ctx, const char *id, bool force)
{
	struct found f;
	struct err *e;

	TRY(store_id_check(id));
	e = find_container(ctx, id, &f);
	if (e && is_gone(e) && force) {
		err_free(e);
		return NULL;
	}
	if (e && err_code(e) == ERR_INVALID)
		return delete_damaged(ctx, id, force, e);
	if (e)
		return e;
	e = delete_found(&f, force);
	found_done(&f);
	return e;
}
