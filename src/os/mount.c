/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What mounts to make, decided from the config alone: see mount.h.
 */
#include "os/mount.h"

#include <limits.h>

#include "base/str.h"
#include "os/lsm.h"
#include "os/mount-api.h"
#include "os/mount-idmap.h"
#include "os/mount-opts.h"
#include "spec/mistakes.h"

static struct err *check_proc(const struct mount_plan *m)
{
	if (streq(m->destination, "/proc")) {
		if (m->kind == MOUNT_BIND || m->kind == MOUNT_CHANGE ||
		    (m->kind == MOUNT_FS && streq(m->type, "proc")))
			return NULL;
		return err_hint(err_new(ERR_INVALID,
					"%s.destination: only procfs may be mounted on /proc",
					m->where),
				"use the type proc");
	}
	if (!str_starts(m->destination, "/proc/") || mount_allowed_in_proc(m->destination))
		return NULL;
	return err_hint(err_new(ERR_INVALID,
				"%s.destination: %s cannot be mounted because it is inside "
				"/proc",
				m->where, m->destination),
			"only files such as /proc/cpuinfo and /proc/meminfo may be covered");
}

/* The path below ROOTFS, or NULL when SOURCE is somewhere else. */
static char *path_inside(struct arena *a, const char *source, const char *rootfs)
{
	size_t n = strlen(rootfs);

	/* With / as the rootfs everything would be inside, which says nothing. */
	if (n <= 1 || strncmp(source, rootfs, n) != 0)
		return NULL;
	if (source[n] != '\0' && source[n] != '/')
		return NULL;
	return arena_str(a, source[n] ? source + n : "/");
}

static struct err *plan_source(struct arena *a, const struct spec *spec, const struct spec_mount *s,
			       const char *bundle, const char *rootfs, struct mount_plan *m)
{
	auto_free char *as_written = NULL;
	auto_free char *root_as_written = NULL;
	auto_free char *joined = NULL;

	if (m->kind != MOUNT_BIND) {
		m->source = s->source && *s->source ? arena_str(a, s->source) : NULL;
		return NULL;
	}
	if (!s->source || !*s->source)
		return err_new(ERR_INVALID, "%s.source: a bind mount needs a source (%s)", m->where,
			       m->destination);
	if (strlen(s->source) >= PATH_MAX)
		return err_new(ERR_INVALID, "%s.source: is longer than %d bytes", m->where,
			       PATH_MAX - 1);
	/* Kept as it is written: "dir/link/.." is for the kernel to resolve. */
	m->source = path_is_absolute(s->source) ? arena_str(a, s->source)
						: arena_format(a, "%s/%s", bundle, s->source);
	as_written = path_normalise(m->source);
	m->inner = path_inside(a, as_written, rootfs);
	if (m->inner || !spec->root || !spec->root->path)
		return NULL;
	/* The rootfs was resolved by the caller; the source may name it by the bundle's path. */
	joined = path_is_absolute(spec->root->path) ? str_dup(spec->root->path)
						    : str_format("%s/%s", bundle, spec->root->path);
	root_as_written = path_normalise(joined);
	m->inner = path_inside(a, as_written, root_as_written);
	return NULL;
}

/* A systemd that knows only cgroup v1 finds the hierarchy it needs, whatever the host has. */
static void plan_systemd_v1(const struct spec *spec, struct mount_plan *m)
{
	const char *place = spec_annotation(spec, FORCE_SYSTEMD_V1);
	auto_free char *clean = place ? path_normalise(place) : NULL;

	if (clean && m->destination && streq(clean, m->destination))
		m->kind = MOUNT_SYSTEMD_V1;
}

static struct err *plan_label(struct arena *a, const struct spec *spec, struct mounts_plan *ret)
{
	static const char *const options[] = { "context", "fscontext", "defcontext",
					       "rootcontext" };
	const char *option = spec_annotation(spec, "run.oci.mount_context_type");
	const char *label = lsm_mount_label(spec);
	bool known = !option;

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		known |= option && streq(option, options[i]);
	if (!known)
		return err_hint(
			err_new(ERR_INVALID,
				"annotations[\"run.oci.mount_context_type\"]: `%s` is no mount "
				"option of SELinux",
				option),
			"it is one of context, fscontext, defcontext, rootcontext");
	ret->label_option = arena_str(a, option ? option : "context");
	ret->mount_label = label ? arena_str(a, label) : NULL;
	return NULL;
}

/* Takes the place in the list and the destination. */
static struct err *plan_place(struct arena *a, const struct spec_mount *s, const char *list,
			      size_t i, struct mount_plan *m)
{
	auto_free char *absolute = NULL;
	auto_free char *clean = NULL;

	m->where = arena_format(a, "%s[%zu]", list, i);
	if (!s->destination || !*s->destination)
		return err_new(ERR_INVALID, "%s.destination: is missing", m->where);
	if (strlen(s->destination) >= PATH_MAX - 1)
		return err_new(ERR_INVALID, "%s.destination: is longer than %d bytes", m->where,
			       PATH_MAX - 2);
	absolute = str_format("/%s", s->destination);
	clean = path_normalise(absolute);
	m->destination = arena_str(a, clean);
	return NULL;
}

static struct err *plan_one(struct arena *a, const struct spec *spec, const struct spec_mount *s,
			    const char *bundle, struct mounts_plan *plan, struct mount_plan *m)
{
	TRY(mount_opts_parse(a, s, m));
	TRY(check_proc(m));
	TRY(plan_source(a, spec, s, bundle, plan->rootfs, m));
	TRY(mount_idmap_plan(a, spec, s, m));
	if (m->kind == MOUNT_BIND && streq(m->destination, "/dev"))
		plan->host_dev = true;
	return NULL;
}

static bool is_tmpfs(const struct mount_plan *m)
{
	return m->kind == MOUNT_CGROUP || m->kind == MOUNT_SYSTEMD_V1 ||
	       (m->kind == MOUNT_FS && streq(m->type, "tmpfs"));
}

/*
 * A read-only tmpfs turns so after everything that is made in it; the directory of the v1
 * hierarchies is one.  One that a later mount covers has to be left: its path no longer leads to
 * it.
 */
static void plan_late_readonly(struct mounts_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		struct mount_plan *m = &plan->v[i];
		bool covered = false;

		if (!is_tmpfs(m) || !(m->top.set & MOUNT_ATTR_RDONLY))
			continue;
		for (size_t k = i + 1; k < plan->n; k++)
			covered |= streq(plan->v[k].destination, m->destination);
		m->readonly_late = true;
		m->covered = covered;
	}
}

/* What is wrong with each of several mounts, as one error. */
struct findings {
	struct err *first;
	struct str text;
	size_t n;
};

static void add_finding(struct findings *f, struct err *e)
{
	if (!e)
		return;
	if (f->n++ < MISTAKES_SHOWN)
		str_addf(&f->text, "%s%s", f->text.len ? "; " : "", err_text(e));
	if (!f->first) {
		f->first = e;
		return;
	}
	if (err_get_hint(e))
		f->first = err_hint(f->first, "%s", err_get_hint(e));
	err_free(e);
}

static struct err *take_findings(struct findings *f)
{
	struct err *e = f->first;

	if (f->n > MISTAKES_SHOWN)
		str_addf(&f->text, "; and %zu more", f->n - MISTAKES_SHOWN);
	if (f->n > 1) {
		e = err_new(ERR_INVALID, "%s", f->text.s);
		if (err_get_hint(f->first))
			e = err_hint(e, "%s", err_get_hint(f->first));
		err_free(f->first);
	}
	str_done(&f->text);
	return e;
}

static struct err *plan_surroundings(struct arena *a, const struct spec *spec, const char *rootfs,
				     size_t n, struct mounts_plan *plan)
{
	plan->v = arena_array(a, struct mount_plan, n + 1);
	plan->n = n;
	plan->in_userns = spec_find_ns(spec, NS_USER) != NULL;
	plan->host_view = plan->in_userns;
	plan->has_pid_ns = spec_find_ns(spec, NS_PID) != NULL;
	plan->new_cgroup_ns = spec_find_ns(spec, NS_CGROUP) != NULL;
	plan->new_mount_ns = spec_find_ns(spec, NS_MOUNT) != NULL;
	plan->rootfs = arena_str(a, rootfs);
	return plan_label(a, spec, plan);
}

struct err *mounts_plan_make(struct arena *a, const struct spec *spec, const char *bundle,
			     const char *rootfs, struct mounts_plan *ret)
{
	struct findings f = { 0 };
	struct err *e;

	TRY(plan_surroundings(a, spec, rootfs, spec->n_mounts, ret));
	if (spec->n_mounts > 0 && !ret->new_mount_ns)
		return err_hint(err_new(ERR_INVALID,
					"mounts: need a mount namespace of the container"),
				"add {\"type\": \"mount\"} to linux.namespaces");
	for (size_t i = 0; i < ret->n; i++) {
		e = plan_place(a, &spec->mounts[i], "mounts", i, &ret->v[i]);
		if (!e)
			e = plan_one(a, spec, &spec->mounts[i], bundle, ret, &ret->v[i]);
		add_finding(&f, e);
		plan_systemd_v1(spec, &ret->v[i]);
	}
	TRY(take_findings(&f));
	plan_late_readonly(ret);
	return NULL;
}

/* --- of a container that runs ----------------------------------------------------------------- */

/* The processes have their root already: they would never see what is put on top of it. */
static struct err *refuse_root(const struct mount_plan *m)
{
	if (!streq(m->destination, "/"))
		return NULL;
	return err_new(ERR_INVALID,
		       "%s.destination: is the root, which a container that runs keeps", m->where);
}

static struct err *check_added(const struct mount_plan *m)
{
	if (m->kind == MOUNT_CHANGE)
		return err_hint(err_new(ERR_INVALID,
					"%s.options: remount adds no mount (destination %s)",
					m->where, m->destination),
				"remove the mount and add it again with other options");
	if (m->kind == MOUNT_CGROUP)
		return err_hint(err_new(ERR_INVALID,
					"%s.type: cgroup is for the config only (destination %s)",
					m->where, m->destination),
				"type cgroup2 shows the hierarchy of version 2; directories of "
				"/sys/fs/cgroup can be bound");
	return refuse_root(m);
}

struct err *mounts_plan_add(struct arena *a, const struct spec *spec,
			    const struct spec_mounts *list, const char *bundle, const char *rootfs,
			    struct mounts_plan *ret)
{
	struct findings f = { 0 };
	struct err *e;

	TRY(plan_surroundings(a, spec, rootfs, list->n, ret));
	for (size_t i = 0; i < list->n; i++) {
		e = plan_place(a, &list->v[i], "", i, &ret->v[i]);
		if (!e)
			e = plan_one(a, spec, &list->v[i], bundle, ret, &ret->v[i]);
		add_finding(&f, e ? e : check_added(&ret->v[i]));
	}
	TRY(take_findings(&f));
	plan_late_readonly(ret);
	return NULL;
}

/* What lies deeper goes first: a mount takes along what is mounted in it. */
static int deeper_first(const void *a, const void *b)
{
	const struct mount_plan *x = a;
	const struct mount_plan *y = b;

	return (int)strlen(y->destination) - (int)strlen(x->destination);
}

/* The first would be gone when the second turns out not to be there. */
static struct err *refuse_twice(const struct mounts_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		for (size_t k = 0; k < i; k++)
			if (streq(plan->v[i].destination, plan->v[k].destination))
				return err_hint(
					err_new(ERR_INVALID, "%s.destination: %s is listed twice",
						plan->v[i].where, plan->v[i].destination),
					"what lies below a mount is removed by a second call");
	return NULL;
}

struct err *mounts_plan_remove(struct arena *a, const struct spec_mounts *list,
			       struct mounts_plan *ret)
{
	struct findings f = { 0 };
	struct err *e;

	ret->v = arena_array(a, struct mount_plan, list->n + 1);
	ret->n = list->n;
	for (size_t i = 0; i < list->n; i++) {
		e = plan_place(a, &list->v[i], "", i, &ret->v[i]);
		add_finding(&f, e ? e : refuse_root(&ret->v[i]));
	}
	TRY(take_findings(&f));
	TRY(refuse_twice(ret));
	qsort(ret->v, ret->n, sizeof(*ret->v), deeper_first);
	return NULL;
}

static void print_attrs(const char *what, const struct mount_attrs *attrs, struct str *out)
{
	static const struct {
		uint64_t bit;
		const char *set;
		const char *clear;
	} names[] = {
		{ MOUNT_ATTR_RDONLY, "ro", "rw" },
		{ MOUNT_ATTR_NOSUID, "nosuid", "suid" },
		{ MOUNT_ATTR_NODEV, "nodev", "dev" },
		{ MOUNT_ATTR_NOEXEC, "noexec", "exec" },
		{ MOUNT_ATTR_NODIRATIME, "nodiratime", "diratime" },
		{ MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow", "symfollow" },
	};
	uint64_t atime = attrs->set & MOUNT_ATTR__ATIME;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (attrs->set & names[i].bit)
			str_addf(out, " %s%s", what, names[i].set);
		if (attrs->clear & names[i].bit)
			str_addf(out, " %s%s", what, names[i].clear);
	}
	if (attrs->clear & MOUNT_ATTR__ATIME)
		str_addf(out, " %s%s", what,
			 atime == MOUNT_ATTR_NOATIME       ? "noatime"
			 : atime == MOUNT_ATTR_STRICTATIME ? "strictatime"
							   : "relatime");
}

static const char *propagation_name(unsigned long flags)
{
	return flags & MS_SHARED       ? "shared"
	       : flags & MS_SLAVE      ? "slave"
	       : flags & MS_UNBINDABLE ? "unbindable"
				       : "private";
}

void mounts_plan_print(const struct mounts_plan *plan, struct str *out)
{
	str_add(out, "mounts\n");
	for (size_t i = 0; i < plan->n; i++) {
		const struct mount_plan *m = &plan->v[i];

		str_addf(out, "  %s:", m->destination);
		if (m->kind == MOUNT_BIND)
			str_addf(out, " %s %s", m->recursive ? "rbind" : "bind", m->source);
		else
			str_addf(out, " %s %s", m->kind == MOUNT_CHANGE ? "remount" : "type",
				 m->type ? m->type : "-");
		if (m->inner)
			str_addf(out, " (in the rootfs: %s)", m->inner);
		print_attrs("", &m->top, out);
		print_attrs("r", &m->tree, out);
		for (size_t k = 0; k < m->n_propagations; k++)
			str_addf(out, " %s%s", m->propagations[k] & MS_REC ? "r" : "",
				 propagation_name(m->propagations[k]));
		if (m->data)
			str_addf(out, " data=%s", m->data);
		if (m->tmpcopyup)
			str_add(out, " tmpcopyup");
		if (m->idmap.wanted)
			str_addf(out, " %s", m->idmap.recursive ? "ridmap" : "idmap");
		str_add(out, "\n");
	}
}
