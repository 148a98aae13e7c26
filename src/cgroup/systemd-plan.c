/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scope of a container: names, place and the properties that every one has.
 */
#include <inttypes.h>

#include "cgroup/dir.h"
#include "cgroup/systemd.h"
#include "spec/spec.h"

enum { UNIT_NAME_MAX = 255 };

static const char name_hint[] = "the systemd driver takes slice:prefix:name, such as "
				"machine.slice:libpod:web; a path needs --cgroup-manager=cgroupfs";

const struct systemd_property *systemd_find(const struct cgroup_scope *scope, const char *name)
{
	for (size_t i = 0; i < scope->n; i++)
		if (streq(scope->v[i].name, name))
			return &scope->v[i];
	return NULL;
}

struct systemd_property *systemd_property(struct arena *a, struct cgroup_scope *scope,
					  const char *name, enum property_type type)
{
	struct systemd_property *p =
		(struct systemd_property *)(uintptr_t)systemd_find(scope, name);

	if (!p && scope->n == scope->room) {
		size_t room = scope->room ? scope->room * 2 : 32;
		struct systemd_property *v = arena_array(a, struct systemd_property, room);

		if (scope->n)
			memcpy(v, scope->v, scope->n * sizeof(*v));
		scope->v = v;
		scope->room = room;
	}
	if (!p)
		p = &scope->v[scope->n++];
	*p = (struct systemd_property){ .name = arena_str(a, name), .type = type };
	return p;
}

void systemd_drop(struct cgroup_scope *scope, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < scope->n; i++)
		if (!streq(scope->v[i].name, name))
			scope->v[n++] = scope->v[i];
	scope->n = n;
}

/* What systemd itself puts for a byte that a unit name cannot have. */
static char *escape(struct arena *a, const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789:-_.\\";
	auto_str struct str s = { 0 };

	str_add(&s, "");
	for (; *name; name++) {
		if (strchr(plain, *name))
			str_add_n(&s, name, 1);
		else
			str_addf(&s, "\\x%02x", (unsigned char)*name);
	}
	return arena_str(a, s.s);
}

char *systemd_expand_slice(struct arena *a, const char *slice)
{
	static const char suffix[] = ".slice";
	size_t n = strlen(slice);
	auto_str struct str path = { 0 };

	if (n <= strlen(suffix) || n > UNIT_NAME_MAX || strchr(slice, '/') ||
	    !streq(slice + n - strlen(suffix), suffix))
		return NULL;
	if (streq(slice, "-.slice"))
		return arena_str(a, "");
	n -= strlen(suffix);
	if (slice[0] == '-' || slice[n - 1] == '-')
		return NULL;
	for (size_t i = 1; i <= n; i++) {
		if (i < n && slice[i] != '-')
			continue;
		if (i < n && slice[i + 1] == '-')
			return NULL;
		str_addf(&path, "/%.*s.slice", (int)i, slice);
	}
	return arena_str(a, path.s);
}

static char *default_slice(struct arena *a, const struct cgroup_scope *s)
{
	return arena_str(a, s->is_user ? "user.slice" : "system.slice");
}

/*
 * slice:prefix:name, where all but the name may be empty or missing.  A path is refused rather than
 * guessed at.
 */
static struct err *name_scope(struct arena *a, const char *wanted, const char *id,
			      struct cgroup_scope *s)
{
	const char *colon = strchr(wanted, ':');
	const char *rest = colon ? colon + 1 : wanted;
	const char *second = colon ? strchr(rest, ':') : NULL;
	const char *name = second ? second + 1 : rest;
	char *prefix = arena_str_n(a, rest, second ? (size_t)(second - rest) : 0);

	s->slice = arena_str_n(a, wanted, colon ? (size_t)(colon - wanted) : 0);
	if (!*s->slice)
		s->slice = default_slice(a, s);
	if (!*wanted)
		s->unit = arena_format(a, "davit-%s.scope", escape(a, id));
	else if (!*name || strchr(rest, '/'))
		return err_hint(err_new(ERR_INVALID,
					"linux.cgroupsPath: `%s` does not name a systemd unit",
					wanted),
				"%s", name_hint);
	else
		s->unit = arena_format(a, "%s%s%s.scope", escape(a, prefix), *prefix ? "-" : "",
				       escape(a, name));
	if (strlen(s->unit) > UNIT_NAME_MAX)
		return err_new(ERR_INVALID,
			       "linux.cgroupsPath: the unit name %s is longer than %d bytes",
			       s->unit, UNIT_NAME_MAX);
	if (!systemd_expand_slice(a, s->slice))
		return err_hint(err_new(ERR_INVALID,
					"linux.cgroupsPath: `%s` is not the name of a slice",
					s->slice),
				"a slice is called a-b.slice, which is below a.slice");
	return NULL;
}

static struct err *find_subgroup(struct arena *a, const struct spec *spec, bool is_v2,
				 struct cgroup_scope *s)
{
	const char *asked = spec_annotation(spec, "run.oci.systemd.subgroup");
	const char *name = asked ? asked : is_v2 ? "container" : "";

	if (strchr(name, '/') || streq(name, ".") || streq(name, "..") || strchr(name, '\n') ||
	    strlen(name) > UNIT_NAME_MAX)
		return err_new(ERR_INVALID,
			       "annotations.run.oci.systemd.subgroup: `%s` is not the name of a "
			       "cgroup",
			       name);
	s->subgroup = arena_str(a, name);
	return NULL;
}

static void set_bool(struct arena *a, struct cgroup_scope *s, const char *name, bool value)
{
	systemd_property(a, s, name, PROPERTY_BOOL)->number = value;
}

static void set_string(struct arena *a, struct cgroup_scope *s, const char *name, char *value)
{
	struct systemd_property *p = systemd_property(a, s, name, PROPERTY_STRING);

	p->n = 1;
	p->strings = arena_array(a, char *, 2);
	p->strings[0] = value;
}

/* CollectMode: a scope that failed, say by the OOM killer, does not stay behind. */
static void add_base(struct arena *a, struct cgroup_scope *s, const char *id)
{
	set_string(a, s, "Description", arena_format(a, "davit container %s", id));
	set_string(a, s, "Slice", s->slice);
	set_bool(a, s, "DefaultDependencies", false);
	set_bool(a, s, "Delegate", true);
	set_string(a, s, "CollectMode", arena_str(a, "inactive-or-failed"));
	set_bool(a, s, "CPUAccounting", true);
	set_bool(a, s, "MemoryAccounting", true);
	set_bool(a, s, "IOAccounting", true);
	set_bool(a, s, "TasksAccounting", true);
}

struct err *systemd_plan_scope(struct arena *a, const struct spec *spec,
			       const struct cgroup_plan_opts *opts, struct cgroup_plan *plan)
{
	const char *wanted = spec->linux_ ? spec->linux_->cgroups_path : NULL;
	struct cgroup_scope *s = arena_alloc(a, sizeof(*s));

	if (plan->kind == CGROUP_NONE)
		return err_hint(err_new(ERR_UNSUPPORTED, "the systemd cgroup driver: no cgroup "
							 "file system is mounted"),
				"mount one, or use --cgroup-manager=disabled");
	s->is_user = opts->is_rootless;
	TRY(name_scope(a, wanted ? wanted : "", opts->id, s));
	TRY(find_subgroup(a, spec, plan->kind == CGROUP_V2, s));
	add_base(a, s, opts->id);
	TRY(systemd_plan_annotations(a, spec, s));
	plan->scope = s;
	plan->paths.path = arena_format(a, "%s/%s%s%s", systemd_expand_slice(a, s->slice), s->unit,
					*s->subgroup ? "/" : "", s->subgroup);
	return NULL;
}

/* A name that could be taken for one of the kernel's files has a "_" before it as a directory. */
char *systemd_scope_path(struct arena *a, const char *path, const char *unit)
{
	size_t n = strlen(unit);

	for (const char *s = strchr(path, '/'); s; s = strchr(s + 1, '/')) {
		const char *name = s + 1 + (s[1] == '_' && unit[0] != '_');

		if (strncmp(name, unit, n) == 0 && (name[n] == '\0' || name[n] == '/'))
			return arena_str_n(a, path, (size_t)(name + n - path));
	}
	return NULL;
}

static void print_list(const struct systemd_property *p, struct str *out)
{
	for (size_t i = 0; i < p->n; i++) {
		str_add(out, i ? " " : "");
		if (p->type == PROPERTY_BYTES)
			str_addf(out, "%02x", p->bytes[i]);
		else if (p->type == PROPERTY_PAIRS)
			str_addf(out, "%s:%s", p->strings[2 * i], p->strings[2 * i + 1]);
		else if (p->type == PROPERTY_WEIGHTS)
			str_addf(out, "%s:%" PRIu64, p->strings[i], p->numbers[i]);
		else
			str_add(out, p->strings[i]);
	}
}

void systemd_print(const struct cgroup_scope *scope, struct str *out)
{
	static const char *const types[] = {
		[PROPERTY_BOOL] = "b",        [PROPERTY_INT32] = "i",  [PROPERTY_UINT32] = "u",
		[PROPERTY_INT64] = "x",       [PROPERTY_UINT64] = "t", [PROPERTY_STRING] = "s",
		[PROPERTY_STRINGS] = "as",    [PROPERTY_BYTES] = "ay", [PROPERTY_PAIRS] = "a(ss)",
		[PROPERTY_WEIGHTS] = "a(st)",
	};

	str_addf(out, "  unit %s of the %s manager\n", scope->unit,
		 scope->is_user ? "user's" : "system's");
	for (size_t i = 0; i < scope->n; i++) {
		const struct systemd_property *p = &scope->v[i];

		str_addf(out, "  property %s = %s ", p->name, types[p->type]);
		if (p->type == PROPERTY_BOOL)
			str_add(out, p->number ? "true" : "false");
		else if (p->type == PROPERTY_UINT64 && p->number == UINT64_MAX)
			str_add(out, "infinity");
		else if (p->type <= PROPERTY_UINT64)
			str_addf(out, "%" PRId64, (int64_t)p->number);
		else
			print_list(p, out);
		str_add(out, "\n");
	}
}
