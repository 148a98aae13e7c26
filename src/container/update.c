/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update: other limits for a container that exists.
 *
 * The sum of all updates is kept in the state folder, beside the config that the container was
 * made from, which stays as it was.
 */
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "container/find.h"
#include "container/plan.h"
#include "os/rdt.h"
#include "state/store.h"

enum { RESOURCES_MAX = 16 * 1024 * 1024 };

static void drop_zero(struct opt_i64 *n)
{
	n->set = n->set && n->value != 0;
}

/*
 * Docker sends each member that was not asked for as 0, and no container lives on no memory: 0 is
 * "as it is", which is what runc makes of it.
 */
static struct spec_resources *without_zeros(struct arena *a, const struct spec_resources *r)
{
	struct spec_resources *ret = arena_alloc(a, sizeof(*ret));

	*ret = *r;
	if (!r->memory)
		return ret;
	ret->memory = arena_alloc(a, sizeof(*ret->memory));
	*ret->memory = *r->memory;
	drop_zero(&ret->memory->limit);
	drop_zero(&ret->memory->reservation);
	drop_zero(&ret->memory->swap);
	drop_zero(&ret->memory->kernel);
	drop_zero(&ret->memory->kernel_tcp);
	return ret;
}

/* What is in force as far as davit knows: the last update's record, else the config. */
static struct err *known_resources(const struct found *f, const struct spec *spec,
				   const struct spec_resources **ret)
{
	auto_free char *text = NULL;
	struct spec_resources *r;
	size_t len = 0;
	int rc = file_read_at(f->dir_fd, STORE_RESOURCES, RESOURCES_MAX, &text, &len);
	struct err *e;

	*ret = spec->linux_ ? spec->linux_->resources : NULL;
	if (rc == -ENOENT)
		return NULL;
	TRY_SYS(rc, "container `%s`: read %s", f->id, STORE_RESOURCES);
	e = spec_parse_resources(f->arena, text, len, &r);
	if (e) {
		/* The kernel has the values: that the notes are lost is no reason to fail. */
		log_warn("container `%s`: the record of earlier updates is damaged: %s", f->id,
			 err_text(e));
		err_free(e);
		return NULL;
	}
	*ret = r;
	return NULL;
}

/*
 * v2 has a limit for swap alone, which an update of memory does not touch; the specification counts
 * both together, so the sum that is kept moves along.
 */
static void move_swap(const struct cgroup_layout *layout, const struct spec_resources *before,
		      const struct spec_resources *changes, struct spec_resources *after)
{
	const struct spec_memory *old = before ? before->memory : NULL;
	struct spec_memory *now = after->memory;

	if (layout->ctl[CTL_MEMORY].place != PLACE_V2 || !old || !changes->memory)
		return;
	if (!changes->memory->limit.set || changes->memory->swap.set || !old->swap.set ||
	    !old->limit.set || old->swap.value < old->limit.value || old->limit.value < 0)
		return;
	if (now->limit.value < 0)
		now->swap.set = false;
	else if (old->swap.value - old->limit.value <= INT64_MAX - now->limit.value)
		now->swap.value = now->limit.value + (old->swap.value - old->limit.value);
}

struct update {
	const struct found *f;
	const struct update_opts *opts;
	const char *rdt_group;
	struct str record;
};

/* Everything is in force: what is left to do, and can still be refused. */
static struct err *finish(void *arg)
{
	struct update *u = arg;

	if (u->rdt_group)
		TRY(rdt_update(u->rdt_group, u->opts->l3_cache_schema, u->opts->mem_bw_schema));
	TRY_SYS(file_replace_at(u->f->dir_fd, STORE_RESOURCES, u->record.s, u->record.len, 0600),
		"keep the resources");
	return NULL;
}

static struct err *choose_rdt(const struct found *f, const struct spec *spec,
			      const struct update_opts *opts, const char **ret)
{
	const struct spec_intel_rdt *rdt = spec->linux_ ? spec->linux_->intel_rdt : NULL;

	*ret = NULL;
	if (!opts->l3_cache_schema && !opts->mem_bw_schema)
		return NULL;
	if (!rdt)
		return err_hint(err_new(ERR_STATE, "the container has no resctrl group"),
				"a container gets one when its config has linux.intelRdt");
	*ret = rdt->clos_id ? rdt->clos_id : f->id;
	return NULL;
}

static struct err *update_locked(const struct found *f, const struct update_opts *opts)
{
	struct update u = { .f = f, .opts = opts };
	const struct spec_resources *before;
	struct spec_resources *changes;
	struct spec_resources *after;
	struct cgroup_layout layout;
	struct cgroup_plan plan;
	struct spec *spec;
	struct err *e;

	TRY(found_check(f, OP_UPDATE));
	TRY(found_spec(f, f->arena, &spec));
	TRY(choose_rdt(f, spec, opts, &u.rdt_group));
	TRY(known_resources(f, spec, &before));
	changes = without_zeros(f->arena, opts->resources);
	TRY(cgroup_layout_detect(f->arena, "", &layout));
	TRY(cgroup_plan_update(f->arena, changes, &layout, &f->cgroup, is_rootless(), &plan));
	if (f->record->systemd_scope && *f->record->systemd_scope)
		cgroup_plan_update_unit(f->arena, f->record->systemd_scope, is_rootless(), &plan);
	after = spec_merge_resources(f->arena, before, changes);
	move_swap(&layout, before, changes, after);
	spec_print_resources(after, &u.record);
	str_add(&u.record, "\n");
	e = cgroup_update(&plan, finish, &u);
	str_done(&u.record);
	return e;
}

static struct err *update_found(const struct found *f, const struct update_opts *opts)
{
	auto_close int lock = -EBADF;
	struct err *e;

	TRY(store_lock(f->dir_fd, f->id, STORE_LOCK_TIMEOUT_MS, &lock));
	e = update_locked(f, opts);
	return e ? err_wrap(e, "container `%s`: cannot update", f->id) : NULL;
}

struct err *container_update(struct ctx *ctx, const char *id, const struct update_opts *opts)
{
	struct found f;
	struct err *e;

	TRY(find_container(ctx, id, &f));
	e = update_found(&f, opts);
	found_done(&f);
	return e;
}
