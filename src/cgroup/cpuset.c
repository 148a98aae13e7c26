/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.cpu.cpus and mems.  How a new v1 cpuset gets its first values: create.c.
 */
#include "cgroup/ctl.h"

static struct err *plan_list(struct planner *p, const char *file, const char *member,
			     const char *value)
{
	struct cgroup_write *w;
	struct ctl_target t;

	if (!value || !*value)
		return NULL;
	TRY(ctl_need(p, CTL_CPUSET, member, &t));
	w = ctl_write(p, t.dir, file, member, "%s", value);
	w->hint = "a list of numbers and ranges such as 0-3,7, all of which the host (v1: also the "
		  "cgroup above) has";
	return NULL;
}

struct err *ctl_plan_cpuset(struct planner *p, const struct spec_resources *r)
{
	if (!r->cpu)
		return NULL;
	TRY(plan_list(p, "cpuset.cpus", "linux.resources.cpu.cpus", r->cpu->cpus));
	return plan_list(p, "cpuset.mems", "linux.resources.cpu.mems", r->cpu->mems);
}
