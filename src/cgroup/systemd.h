/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The systemd driver: what a container's transient scope is called, where it is, and which
 * properties it has.  Pure; systemd.c speaks to systemd.
 *
 * The scope is a unit that systemd makes around a process that exists already, so its cgroup is
 * there only after the clone.  The container lives in a sub-cgroup of it (v2), which systemd leaves
 * alone: limits and the device policy in there survive `systemctl daemon-reload`.
 */
#ifndef CGROUP_SYSTEMD_H
#define CGROUP_SYSTEMD_H

#include "cgroup/cgroup.h"

struct spec;

/* As D-Bus calls the value's type. */
enum property_type {
	PROPERTY_BOOL,    /* b: .number */
	PROPERTY_INT32,   /* i */
	PROPERTY_UINT32,  /* u */
	PROPERTY_INT64,   /* x */
	PROPERTY_UINT64,  /* t */
	PROPERTY_STRING,  /* s: .strings[0] */
	PROPERTY_STRINGS, /* as */
	PROPERTY_BYTES,   /* ay: .bytes */
	PROPERTY_PAIRS,   /* a(ss): .strings, two each */
	PROPERTY_WEIGHTS, /* a(st): .strings and .numbers */
};

struct systemd_property {
	char *name;
	enum property_type type;
	bool is_asked; /* by an annotation */
	uint64_t number;
	size_t n;       /* of what follows */
	char **strings; /* NULL-terminated */
	uint64_t *numbers;
	uint8_t *bytes;
};

struct cgroup_scope {
	char *unit; /* "libpod-1f2e.scope" */
	char *slice;
	char *subgroup; /* below the scope's cgroup; "" for none */
	bool is_user;   /* of the user's manager */
	size_t n, room;
	struct systemd_property *v;
};

/* Fills PLAN's scope and its path as it is without knowing where the manager's cgroup is. */
MUST_CHECK struct err *systemd_plan_scope(struct arena *a, const struct spec *spec,
					  const struct cgroup_plan_opts *opts,
					  struct cgroup_plan *plan);
/* The properties that say the same as PLAN's writes. */
void systemd_plan_limits(struct arena *a, struct cgroup_plan *plan, bool is_update);
/* The properties of the annotations org.systemd.property.*. */
MUST_CHECK struct err *systemd_plan_annotations(struct arena *a, const struct spec *spec,
						struct cgroup_scope *scope);
void systemd_print(const struct cgroup_scope *scope, struct str *out);

/* Sets or replaces a property; it is empty but for its name and TYPE. */
struct systemd_property *systemd_property(struct arena *a, struct cgroup_scope *scope,
					  const char *name, enum property_type type);
const struct systemd_property *systemd_find(const struct cgroup_scope *scope, const char *name);
void systemd_drop(struct cgroup_scope *scope, const char *name);

/* "a-b.slice" to "/a.slice/a-b.slice"; NULL when it is no name of a slice. */
char *systemd_expand_slice(struct arena *a, const char *slice);
/* "0-2,8" to bits, lowest first; false when it is no such list. */
bool systemd_cpu_mask(struct arena *a, const char *list, uint8_t **ret, size_t *ret_n);
/* PATH up to the component that is UNIT's cgroup; NULL when it has none. */
char *systemd_scope_path(struct arena *a, const char *path, const char *unit);

/* Gives the properties of PLAN's scope to the unit that is there. */
MUST_CHECK struct err *systemd_update(const struct cgroup_plan *plan);

#endif
