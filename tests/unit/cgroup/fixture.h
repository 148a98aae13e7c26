/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cgroup tests share: a layout from tests/data/cgroup, and a plan made for it.
 */
#ifndef TESTS_UNIT_CGROUP_FIXTURE_H
#define TESTS_UNIT_CGROUP_FIXTURE_H

#include "test.h"

#include "cgroup/cgroup.h"
#include "cgroup/ctl.h"

static inline void detect(struct arena *a, const char *name, struct cgroup_layout *ret)
{
	auto_free char *root = str_format("%s/%s", DATA, name);

	expect_ok(cgroup_layout_detect(a, root, ret));
}

/* The plan of a container "web" with RES on the host NAME. */
static inline struct err *plan_on(struct arena *a, const char *name, struct spec_resources *res,
				  struct cgroup_plan *ret)
{
	struct spec_linux linux_ = { .resources = res };
	struct spec spec = { .linux_ = &linux_ };
	struct cgroup_plan_opts opts = { .id = "web" };
	struct cgroup_layout layout;

	detect(a, name, &layout);
	*ret = (struct cgroup_plan){ 0 };
	return cgroup_plan_make(a, &spec, &layout, &opts, ret);
}

/* "dir/file=value", one a row; without the mount prefix /sys/fs/cgroup. */
static inline char *rows(const struct cgroup_plan *plan)
{
	struct str s = { 0 };

	str_add(&s, "");
	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *w = &plan->writes[i];
		const char *dir = plan->paths.v[w->dir].path;

		if (str_starts(dir, "/sys/fs/cgroup"))
			dir += strlen("/sys/fs/cgroup");
		str_addf(&s, "%s/%s=%s\n", dir, w->file, w->value);
	}
	return s.s;
}

static inline void expect_rows_at(const struct cgroup_plan *plan, const char *want,
				  const char *file, int line)
{
	auto_free char *got = rows(plan);

	_assert_string_equal(got, want, file, line);
}
#define expect_rows(plan, want) expect_rows_at((plan), (want), __FILE__, __LINE__)

#endif
