/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.unified: files of the container's v2 cgroup by name.
 */
#include <stdio.h>

#include "cgroup/ctl.h"
#include "cgroup/dir.h"

#define UNIFIED "linux.resources.unified"

/* Not limits but the runtime's own levers: with one of them the container could not even start. */
static const char *const refused[] = {
	"cgroup.procs",  "cgroup.threads", "cgroup.kill",
	"cgroup.freeze", "cgroup.type",    "cgroup.subtree_control",
};

static struct err *check_key(const char *key)
{
	size_t n = strcspn(key, ".");

	if (strchr(key, '/'))
		return err_new(ERR_INVALID, UNIFIED ": key `%s` contains a `/`", key);
	if (n == 0 || key[n] == '\0' || key[n + 1] == '\0')
		return err_hint(err_new(ERR_INVALID, UNIFIED ": key `%s` is no file name", key),
				"write it as controller.file, such as memory.high");
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (streq(key, refused[i]))
			return err_new(ERR_INVALID, UNIFIED ": key `%s` is not a limit", key);
	return NULL;
}

static struct err *need(const struct planner *p, const char *key, const struct cgroup_dir *d)
{
	size_t n = strcspn(key, ".");
	enum cgroup_ctl c = ctl_find(key, n, true);
	const struct cgroup_layout *l = p->layout;
	struct err *e;

	if (n == strlen("cgroup") && str_starts(key, "cgroup"))
		return NULL;
	if (c != CTL_COUNT && l->ctl[c].place == PLACE_V2)
		return NULL;
	e = err_new(ERR_UNSUPPORTED,
		    UNIFIED ": key `%s`: controller `%.*s` is not available under %s", key, (int)n,
		    key, d->mount);
	if (c == CTL_COUNT)
		return e;
	if (l->ctl[c].place == PLACE_V1)
		return err_hint(e,
				"it is on the v1 hierarchy %s: use the member of linux.resources "
				"instead",
				l->v[l->ctl[c].hierarchy].mount);
	return l->ctl[c].hint ? err_hint(e, "%s", l->ctl[c].hint) : e;
}

struct err *ctl_plan_unified(struct planner *p, const struct spec_resources *r)
{
	int dir = cgdir_find(&p->plan->paths, NULL);

	if (r->unified.n == 0)
		return NULL;
	if (dir < 0)
		return err_hint(err_new(ERR_UNSUPPORTED,
					UNIFIED ": cannot set unified without cgroup v2"),
				"use the other members of linux.resources, or mount cgroup2");
	for (size_t i = 0; i < r->unified.n; i++) {
		const struct spec_pair *pair = &r->unified.v[i];
		auto_free char *member = str_format(UNIFIED ".%s", pair->name);
		auto_free char *lines = str_dup(pair->value);
		char *rest;

		TRY(check_key(pair->name));
		TRY(need(p, pair->name, &p->plan->paths.v[dir]));
		/* The kernel takes one line a write. */
		for (char *s = strtok_r(lines, "\n", &rest); s; s = strtok_r(NULL, "\n", &rest))
			ctl_write(p, (size_t)dir, pair->name, member, "%s", s);
	}
	return NULL;
}
