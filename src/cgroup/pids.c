/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.pids.
 */
#include <inttypes.h>

#include "cgroup/ctl.h"

#define LIMIT "linux.resources.pids.limit"

/* 0 is no limit of zero: engines send it for "not limited". */
struct err *ctl_plan_pids(struct planner *p, const struct spec_resources *r)
{
	struct ctl_target t;

	if (!r->pids || !r->pids->limit.set || r->pids->limit.value == 0)
		return NULL;
	TRY(ctl_need(p, CTL_PIDS, LIMIT, &t));
	if (r->pids->limit.value < 0)
		ctl_write(p, t.dir, "pids.max", LIMIT, "max");
	else
		ctl_write(p, t.dir, "pids.max", LIMIT, "%" PRId64, r->pids->limit.value);
	return NULL;
}
