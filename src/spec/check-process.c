/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that span members, for `process` and the document of `exec --process`: see check.h.
 */
#include <linux/sched.h>
#include <sys/resource.h>

#include "base/names.h"
#include "spec/check.h"
#include "spec/words.h"

static void check_rlimits(const struct spec_process *p, const char *path, struct mistakes *m)
{
	bool seen[RLIM_NLIMITS] = { 0 };

	for (size_t i = 0; i < p->n_rlimits; i++) {
		const struct spec_rlimit *r = &p->rlimits[i];

		/* What is wrong already would only be reported again, as type 0 or hard 0. */
		if (mistakes_about(m, "%srlimits[%zu]", path, i))
			continue;
		if (seen[r->type])
			mistakes_add(m, "%srlimits[%zu].type: %s is listed twice", path, i,
				     word_name(rlimit_words, r->type));
		seen[r->type] = true;
		if (r->soft > r->hard)
			mistakes_add(m, "%srlimits[%zu].soft: is above hard", path, i);
	}
}

static void check_deadline(const struct spec_scheduler *s, const char *path, struct mistakes *m)
{
	/* 0 stands for the deadline: sched(7). */
	uint64_t period = s->period ? s->period : s->deadline;

	if (s->runtime == 0)
		mistakes_add(m, "%sscheduler.runtime: is required with SCHED_DEADLINE", path);
	if (s->deadline == 0)
		mistakes_add(m, "%sscheduler.deadline: is required with SCHED_DEADLINE", path);
	else if (s->runtime > s->deadline)
		mistakes_add(m, "%sscheduler.runtime: is above deadline", path);
	if (s->deadline > period)
		mistakes_add(m, "%sscheduler.deadline: is above period", path);
}

static void check_scheduler(const struct spec_scheduler *s, const char *path, struct mistakes *m)
{
	bool is_realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;
	const char *policy = word_name(scheduler_policy_words, s->policy);

	if (mistakes_about(m, "%sscheduler", path))
		return;
	if (is_realtime && s->priority == 0)
		mistakes_add(m, "%sscheduler.priority: must be between 1 and 99 with %s", path,
			     policy);
	if (!is_realtime && s->priority != 0)
		mistakes_add(m, "%sscheduler.priority: must be 0 with %s", path, policy);
	if (s->policy == SCHED_DEADLINE)
		check_deadline(s, path, m);
	else if (s->runtime || s->deadline || s->period)
		mistakes_add(m, "%sscheduler.%s: is for SCHED_DEADLINE only", path,
			     s->runtime    ? "runtime"
			     : s->deadline ? "deadline"
					   : "period");
}

static void check_cpu_list(const char *list, const char *path, const char *name, struct mistakes *m)
{
	if (list && list[strspn(list, "0123456789, -")])
		mistakes_add(m, "%sexecCPUAffinity.%s: must be a list like 0-3,7, not %s", path,
			     name, quote(list).s);
}

void check_process(const struct spec_process *p, const char *path, struct mistakes *m)
{
	check_rlimits(p, path, m);
	if (p->scheduler)
		check_scheduler(p->scheduler, path, m);
	if (p->exec_cpu_affinity) {
		check_cpu_list(p->exec_cpu_affinity->initial, path, "initial", m);
		check_cpu_list(p->exec_cpu_affinity->final, path, "final", m);
	}
}
