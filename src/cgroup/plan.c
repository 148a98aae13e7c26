/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What will be made and written for a container's cgroup, decided before anything is touched.
 */
#include <limits.h>
#include <stdio.h>

#include "base/log.h"
#include "cgroup/cgroup.h"
#include "cgroup/ctl.h"
#include "cgroup/dir.h"
#include "cgroup/systemd.h"

struct cgroup_write *ctl_write(struct planner *p, size_t dir, const char *file, const char *member,
			       const char *fmt, ...)
{
	struct cgroup_plan *plan = p->plan;
	auto_free char *value = NULL;
	struct cgroup_write *w;
	va_list ap;

	va_start(ap, fmt);
	value = str_vformat(fmt, ap);
	va_end(ap);
	if (plan->n_writes == p->room) {
		size_t room = p->room ? p->room * 2 : 16;
		struct cgroup_write *v = arena_array(p->a, struct cgroup_write, room);

		if (p->room)
			memcpy(v, plan->writes, p->room * sizeof(*v));
		plan->writes = v;
		p->room = room;
	}
	w = &plan->writes[plan->n_writes++];
	*w = (struct cgroup_write){ .dir = dir };
	w->file = arena_str(p->a, file);
	w->value = arena_str(p->a, value);
	w->what = arena_str(p->a, member);
	return w;
}

static const char *name_of(enum cgroup_ctl c, bool is_v2)
{
	return is_v2 && ctl_info[c].v2 && *ctl_info[c].v2 ? ctl_info[c].v2 : ctl_info[c].v1;
}

struct err *ctl_need(const struct planner *p, enum cgroup_ctl c, const char *member,
		     struct ctl_target *ret)
{
	const struct cgroup_layout *l = p->layout;
	enum cgroup_place where = l->ctl[c].place;
	bool is_v2 = where == PLACE_V2;
	int i;

	if (where != PLACE_V1 && where != PLACE_V2) {
		struct err *e;

		e = err_new(ERR_UNSUPPORTED, "%s: the %s controller is not available: %s", member,
			    name_of(c, l->kind == CGROUP_V2),
			    l->ctl[c].why ? l->ctl[c].why : "no cgroup file system is mounted");
		if (l->ctl[c].hint)
			e = err_hint(e, "%s", l->ctl[c].hint);
		return e;
	}
	i = cgdir_find(&p->plan->paths, is_v2 ? NULL : ctl_info[c].v1);
	if (i < 0)
		return err_new(ERR_STATE, "%s: the container has no cgroup of the %s controller",
			       member, name_of(c, is_v2));
	*ret = (struct ctl_target){ .dir = (size_t)i, .is_v2 = is_v2, .at = &p->plan->paths.v[i] };
	return NULL;
}

/* The path within the hierarchies, from linux.cgroupsPath. */
static struct err *make_path(struct arena *a, const char *wanted, char **ret)
{
	auto_free char *absolute = str_format("/%s", wanted);
	auto_free char *path = NULL;

	if (path_has_dotdot(wanted))
		return err_new(ERR_INVALID, "linux.cgroupsPath: `..` is not allowed in %s", wanted);
	/* The kernel refuses it too, to keep /proc/PID/cgroup readable. */
	if (strchr(wanted, '\n'))
		return err_new(ERR_INVALID, "linux.cgroupsPath: contains a newline");
	path = path_normalise(absolute);
	if (streq(path, "/"))
		return err_new(ERR_INVALID, "linux.cgroupsPath: %s is the root of the hierarchy",
			       wanted);
	if (strlen(path) > PATH_MAX - 256)
		return err_new(ERR_INVALID, "linux.cgroupsPath: is longer than %d bytes",
			       PATH_MAX - 256);
	for (const char *s = path; s; s = strchr(s + 1, '/'))
		if (strcspn(s + 1, "/") > NAME_MAX)
			return err_new(ERR_INVALID,
				       "linux.cgroupsPath: a component is longer than "
				       "%d bytes",
				       NAME_MAX);
	*ret = arena_str(a, path);
	return NULL;
}

/*
 * A directory in every hierarchy, systemd's named one included: what looks for the container's
 * processes in any of them finds only those.  A v2 host's left-over named hierarchy is not ours,
 * unless the container is to see it (WITH_SYSTEMD_V1): then it sees a part of its own.
 */
static void make_dirs(struct arena *a, const struct cgroup_layout *l, bool with_systemd_v1,
		      struct cgroup_paths *paths)
{
	paths->v = arena_array(a, struct cgroup_dir, l->n);
	for (size_t i = 0; i < l->n; i++) {
		const struct cgroup_hierarchy *h = &l->v[i];

		if (l->kind == CGROUP_V2 && !h->is_v2 &&
		    !(with_systemd_v1 && streq(h->controllers, "name=systemd")))
			continue;
		paths->v[paths->n++] = (struct cgroup_dir){
			.controllers = h->controllers,
			.mount = h->mount,
			.path = arena_format(a, "%s%s", h->mount, paths->path),
		};
	}
}

static bool asks_memory(const struct spec_memory *m)
{
	return m && (m->limit.set || m->reservation.set || m->swap.set || m->kernel.set ||
		     m->kernel_tcp.set || m->swappiness.set ||
		     (m->disable_oom_killer.set && m->disable_oom_killer.value) ||
		     (m->use_hierarchy.set && m->use_hierarchy.value));
}

static bool asks_cpu(const struct spec_cpu *c)
{
	return c && ((c->shares.set && c->shares.value) || (c->quota.set && c->quota.value) ||
		     (c->period.set && c->period.value) || c->burst.set || c->idle.set ||
		     c->realtime_runtime.set || c->realtime_period.set || (c->cpus && *c->cpus) ||
		     (c->mems && *c->mems));
}

static bool asks_io(const struct spec_block_io *b)
{
	return b &&
	       ((b->weight.set && b->weight.value) || b->leaf_weight.set || b->n_weight_devices ||
		b->read_bps.n || b->write_bps.n || b->read_iops.n || b->write_iops.n);
}

/* The first member that limits something; NULL when none does.  Device rules are not counted. */
static const char *first_limit(const struct spec_resources *r)
{
	if (!r)
		return NULL;
	if (asks_memory(r->memory))
		return "memory";
	if (asks_cpu(r->cpu))
		return "cpu";
	if (r->pids && r->pids->limit.set && r->pids->limit.value != 0)
		return "pids";
	if (asks_io(r->block_io))
		return "blockIO";
	if (r->n_hugepage_limits > 0)
		return "hugepageLimits";
	if (r->network && (r->network->class_id.set || r->network->n_priorities > 0))
		return "network";
	if (r->n_rdma > 0)
		return "rdma";
	return r->unified.n > 0 ? "unified" : NULL;
}

static struct err *plan_resources(struct planner *p, const struct spec_resources *r)
{
	if (!r)
		return NULL;
	if (!p->is_update)
		TRY(ctl_plan_devices(p, r));
	TRY(ctl_plan_memory(p, r));
	TRY(ctl_plan_pids(p, r));
	TRY(ctl_plan_cpu(p, r));
	TRY(ctl_plan_cpuset(p, r));
	TRY(ctl_plan_io(p, r));
	TRY(ctl_plan_hugetlb(p, r));
	TRY(ctl_plan_net(p, r));
	TRY(ctl_plan_rdma(p, r));
	/* Last, so that it wins over what the members above wrote to the same file. */
	TRY(ctl_plan_unified(p, r));
	/* Last of all in an update: what can be refused has been by then. */
	return p->is_update ? ctl_plan_devices(p, r) : NULL;
}

/* Is there a hierarchy in which no directory can be made? */
static bool has_readonly(const struct cgroup_layout *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].is_readonly && (l->kind != CGROUP_V2 || l->v[i].is_v2))
			return true;
	return false;
}

struct err *cgroup_plan_make(struct arena *a, const struct spec *spec,
			     const struct cgroup_layout *layout,
			     const struct cgroup_plan_opts *opts, struct cgroup_plan *ret)
{
	const struct spec_resources *r = spec->linux_ ? spec->linux_->resources : NULL;
	const char *wanted = spec->linux_ ? spec->linux_->cgroups_path : NULL;
	const char *limit = first_limit(r);
	bool is_explicit = wanted && *wanted;
	struct cgroup_plan plan = {
		.manager = opts->manager,
		.is_rootless = opts->is_rootless,
		.kind = layout->kind,
	};
	struct planner p = { .a = a, .layout = layout, .plan = &plan };

	if (opts->manager == CGROUP_MANAGER_DISABLED) {
		if (limit)
			log_warn("linux.resources.%s is ignored: cgroups are disabled "
				 "(--cgroup-manager=disabled)",
				 limit);
		*ret = plan;
		return NULL;
	}
	if (opts->manager == CGROUP_MANAGER_SYSTEMD)
		TRY(systemd_plan_scope(a, spec, opts, &plan));
	else if (is_explicit)
		TRY(make_path(a, wanted, &plan.paths.path));
	else
		plan.paths.path =
			arena_format(a, "%s/%s", layout->v2_base ? layout->v2_base : "", opts->id);
	if (layout->n > 0)
		make_dirs(a, layout, spec_annotation(spec, FORCE_SYSTEMD_V1) != NULL, &plan.paths);
	TRY(plan_resources(&p, r));
	if (plan.scope)
		systemd_plan_limits(a, &plan, false);
	if (plan.paths.n == 0)
		plan.paths = (struct cgroup_paths){ 0 };
	/*
	 * v1 has no delegation, so an engine that names a path there for a rootless container
	 * cannot mean more than "if you can".  As root the same holds inside a container whose
	 * /sys/fs/cgroup is read-only.  Limits that cannot be applied are refused; but for those
	 * that come from an engine in a user namespace on v1: rootless Podman hands the ones of a
	 * kube file on, and counts on a container that runs without.
	 */
	if (limit)
		plan.may_fail = opts->is_in_userns && layout->kind != CGROUP_V2 && !is_explicit &&
				!plan.scope;
	else
		plan.may_fail =
			(opts->is_rootless && (!is_explicit || layout->kind != CGROUP_V2)) ||
			(!is_explicit && has_readonly(layout));
	*ret = plan;
	return NULL;
}

struct err *cgroup_plan_update(struct arena *a, const struct spec_resources *res,
			       const struct cgroup_layout *layout, const struct cgroup_paths *paths,
			       bool is_rootless, struct cgroup_plan *ret)
{
	struct cgroup_plan plan = { .kind = layout->kind,
				    .is_rootless = is_rootless,
				    .paths = *paths };
	struct planner p = { .a = a, .layout = layout, .plan = &plan, .is_update = true };

	if (!paths->path && first_limit(res))
		return err_hint(err_new(ERR_STATE,
					"linux.resources.%s: the container has no cgroup",
					first_limit(res)),
				NO_CGROUP_WHY ": `davit doctor` shows how to get one");
	TRY(plan_resources(&p, res));
	*ret = plan;
	return NULL;
}

void cgroup_plan_update_unit(struct arena *a, const char *unit, bool is_rootless,
			     struct cgroup_plan *plan)
{
	plan->scope = arena_alloc(a, sizeof(*plan->scope));
	plan->scope->unit = arena_str(a, unit);
	plan->scope->is_user = is_rootless;
	systemd_plan_limits(a, plan, true);
}

const char *cgroup_scope_unit(const struct cgroup_plan *plan)
{
	return plan->scope ? plan->scope->unit : NULL;
}

static const char *const kind_names[] = {
	[CGROUP_NONE] = "none",
	[CGROUP_V1] = "v1",
	[CGROUP_HYBRID] = "hybrid",
	[CGROUP_V2] = "v2",
};

static const char *const manager_names[] = {
	[CGROUP_MANAGER_FS] = "cgroupfs",
	[CGROUP_MANAGER_SYSTEMD] = "systemd",
	[CGROUP_MANAGER_DISABLED] = "disabled",
};

void cgroup_plan_print(const struct cgroup_plan *plan, struct str *out)
{
	str_addf(out, "cgroup: manager %s, layout %s, path %s%s\n", manager_names[plan->manager],
		 kind_names[plan->kind], plan->paths.path ? plan->paths.path : "(none)",
		 plan->may_fail ? ", may be missing" : "");
	if (plan->scope)
		systemd_print(plan->scope, out);
	if (plan->delegate)
		str_addf(out, "  init begins in %s below\n", plan->delegate);
	if (plan->owner)
		str_addf(out, "  owner %u\n", *plan->owner);
	for (size_t i = 0; i < plan->paths.n; i++)
		str_addf(out, "  directory %s\n", plan->paths.v[i].path);
	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *w = &plan->writes[i];

		str_addf(out, "  write %s/%s = %s (%s)%s\n", plan->paths.v[w->dir].path, w->file,
			 w->value, w->what, w->is_optional ? ", if there" : "");
	}
}
