/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource limits (process.rlimits): see process.h.
 *
 * HOST sets them from outside with prlimit(2): in a user namespace of its own the process could no
 * longer raise a hard limit.
 */
#include "os/process.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/names.h"

struct err *rlimit_plan_make(const struct spec_process *p, struct rlimit_plan *ret)
{
	struct rlimit_plan plan = { 0 };

	for (size_t i = 0; p && i < p->n_rlimits; i++) {
		const struct spec_rlimit *r = &p->rlimits[i];

		if (plan.set[r->type])
			return err_new(ERR_INVALID, "process.rlimits[%zu].type: %s is listed twice",
				       i, word_name(rlimit_words, r->type));
		if (r->soft > r->hard)
			return err_new(ERR_INVALID,
				       "process.rlimits[%zu].soft: %" PRIu64
				       " is above hard, %" PRIu64,
				       i, r->soft, r->hard);
		plan.set[r->type] = true;
		plan.index[r->type] = i;
		plan.limit[r->type] = (struct rlimit){ .rlim_cur = r->soft, .rlim_max = r->hard };
	}
	*ret = plan;
	return NULL;
}

static struct err *raise_refused(const struct rlimit_plan *plan, int type, const struct rlimit *now)
{
	struct err *e;

	e = err_sys(-EPERM,
		    "process.rlimits[%zu]: %s: hard %" PRIu64 " is above this runtime's %" PRIu64,
		    plan->index[type], word_name(rlimit_words, type),
		    (uint64_t)plan->limit[type].rlim_max, (uint64_t)now->rlim_max);
	return err_hint(e, "raising a hard limit needs CAP_SYS_RESOURCE%s",
			type == RLIMIT_NOFILE ? ", and above fs.nr_open nothing helps" : "");
}

static struct err *apply_clamped(const struct rlimit_plan *plan, pid_t pid, int type,
				 const struct rlimit *now)
{
	struct rlimit limit = {
		.rlim_cur = MIN(plan->limit[type].rlim_cur, now->rlim_max),
		.rlim_max = now->rlim_max,
	};

	if (prlimit(pid, type, &limit, NULL) < 0)
		return err_sys(-errno, "process.rlimits[%zu]: set %s", plan->index[type],
			       word_name(rlimit_words, type));
	log_warn("process.rlimits[%zu]: %s: hard %" PRIu64 " is lowered to %" PRIu64
		 ": the runtime lacks CAP_SYS_RESOURCE",
		 plan->index[type], word_name(rlimit_words, type),
		 (uint64_t)plan->limit[type].rlim_max, (uint64_t)now->rlim_max);
	return NULL;
}

struct err *rlimit_apply(const struct rlimit_plan *plan, pid_t pid, bool clamp)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit now;
		int rc;

		if (!plan->set[i] || prlimit(pid, i, &plan->limit[i], NULL) == 0)
			continue;
		rc = -errno;
		if (rc == -EPERM && prlimit(pid, i, NULL, &now) == 0 &&
		    plan->limit[i].rlim_max > now.rlim_max) {
			if (!clamp)
				return raise_refused(plan, i, &now);
			TRY(apply_clamped(plan, pid, i, &now));
			continue;
		}
		return err_sys(rc, "process.rlimits[%zu]: set %s", plan->index[i],
			       word_name(rlimit_words, i));
	}
	return NULL;
}
