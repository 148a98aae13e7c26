/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CPU scheduling, I/O priority and CPU affinity: see process.h.
 */
#include <inttypes.h>
#include <limits.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <sys/syscall.h>

#include "base/log.h"
#include "base/str.h"
#include "os/process.h"

/* The structure of Linux 5.3, with clamps; its beginning is the first version, which every kernel
 * since 3.14 takes. */
struct sched_attr_v1 {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
	uint32_t util_min;
	uint32_t util_max;
};

enum {
	SCHED_ATTR_V0 = offsetof(struct sched_attr_v1, util_min),
	/* The config has no value for a clamp; this one is the default again. */
	CLAMP_RESET = -1,
};

static struct err *check_deadline(const struct spec_scheduler *s)
{
	/* 0 stands for the deadline: sched(7). */
	uint64_t period = s->period ? s->period : s->deadline;

	if (s->runtime == 0 || s->deadline == 0)
		return err_new(ERR_INVALID,
			       "process.scheduler.%s: SCHED_DEADLINE needs a value above 0",
			       s->runtime == 0 ? "runtime" : "deadline");
	if (s->runtime > s->deadline)
		return err_new(ERR_INVALID,
			       "process.scheduler.runtime: %" PRIu64 " is above deadline, %" PRIu64,
			       s->runtime, s->deadline);
	if (s->deadline > period)
		return err_new(ERR_INVALID,
			       "process.scheduler.deadline: %" PRIu64 " is above period, %" PRIu64,
			       s->deadline, period);
	return NULL;
}

static struct err *check_policy(const struct spec_scheduler *s)
{
	bool is_realtime = s->policy == SCHED_FIFO || s->policy == SCHED_RR;

	if (s->nice < -20 || s->nice > 19)
		return err_new(ERR_INVALID, "process.scheduler.nice: %d is not within -20 to 19",
			       s->nice);
	if (is_realtime && (s->priority < 1 || s->priority > 99))
		return err_new(ERR_INVALID, "process.scheduler.priority: %d is not within 1 to 99",
			       s->priority);
	if (!is_realtime && s->priority != 0)
		return err_new(ERR_INVALID,
			       "process.scheduler.priority: is for SCHED_FIFO and SCHED_RR only");
	if (s->policy == SCHED_DEADLINE)
		return check_deadline(s);
	if (s->runtime || s->deadline || s->period)
		return err_new(ERR_INVALID, "process.scheduler.%s: is for SCHED_DEADLINE only",
			       s->runtime    ? "runtime"
			       : s->deadline ? "deadline"
					     : "period");
	return NULL;
}

struct err *sched_plan_make(const struct spec_process *p, struct sched_plan *ret)
{
	struct sched_plan plan = { 0 };

	if (p && p->scheduler) {
		TRY(check_policy(p->scheduler));
		plan.has_policy = true;
		plan.scheduler = *p->scheduler;
	}
	if (p && p->io_priority) {
		if (p->io_priority->priority < 0 || p->io_priority->priority > 7)
			return err_new(ERR_INVALID,
				       "process.ioPriority.priority: %d is not within 0 to 7",
				       p->io_priority->priority);
		plan.has_ioprio = true;
		plan.ioprio = *p->io_priority;
	}
	*ret = plan;
	return NULL;
}

static struct err *explain_policy(int neg_errno, const struct spec_scheduler *s)
{
	struct err *e = err_sys(neg_errno, "process.scheduler: sched_setattr");

	if (neg_errno == -EPERM && s->policy == SCHED_DEADLINE)
		return err_hint(
			e,
			"SCHED_DEADLINE needs CAP_SYS_NICE and an affinity of all CPUs of the root domain: no cpuset");
	if (neg_errno == -EPERM)
		return err_hint(
			e,
			"real-time policies and a lower nice value need CAP_SYS_NICE, and on cgroup v1 a real-time budget (cpu.rt_runtime_us)");
	if (neg_errno == -EOPNOTSUPP)
		return err_hint(e, "this kernel has no utilisation clamps");
	if (neg_errno == -EBUSY)
		return err_hint(e, "the CPUs have no bandwidth left for this runtime and period");
	if (neg_errno == -EINVAL)
		return err_hint(
			e,
			"the kernel does not know the policy or a flag, or (SCHED_DEADLINE) a time is too short");
	return e;
}

struct err *sched_apply(const struct sched_plan *plan, pid_t pid)
{
	const struct spec_scheduler *s = &plan->scheduler;
	bool clamps = s->flags & SCHED_FLAG_UTIL_CLAMP;
	struct sched_attr_v1 attr = {
		.size = clamps ? sizeof(attr) : SCHED_ATTR_V0,
		.policy = (uint32_t)s->policy,
		.flags = s->flags,
		.nice = s->nice,
		.priority = (uint32_t)s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
		.util_min = (uint32_t)CLAMP_RESET,
		.util_max = (uint32_t)CLAMP_RESET,
	};

	if (plan->has_policy && syscall(SYS_sched_setattr, pid, &attr, 0) < 0)
		return explain_policy(-errno, s);
	if (plan->has_ioprio &&
	    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
		    IOPRIO_PRIO_VALUE(plan->ioprio.io_class, plan->ioprio.priority)) < 0) {
		struct err *e = err_sys(-errno, "process.ioPriority: ioprio_set");

		if (err_errno(e) == EPERM)
			e = err_hint(e, "IOPRIO_CLASS_RT needs CAP_SYS_ADMIN or CAP_SYS_NICE");
		return e;
	}
	return NULL;
}

/* "3" or "0-3" with blanks around the numbers. */
static int parse_range(char *text, unsigned *ret_first, unsigned *ret_last)
{
	char *dash = strchr(text, '-');
	char *part[2] = { text, dash ? dash + 1 : text };
	unsigned value[2];

	if (dash)
		*dash = '\0';
	for (int i = 0; i < 2; i++) {
		uint64_t n;
		char *end;

		part[i] += strspn(part[i], " ");
		end = part[i] + strcspn(part[i], " ");
		if (end[strspn(end, " ")])
			return -EINVAL;
		*end = '\0';
		if (str_to_u64(part[i], CPU_SETSIZE - 1, &n) < 0)
			return -EINVAL;
		value[i] = (unsigned)n;
	}
	*ret_first = value[0];
	*ret_last = value[1];
	return value[0] <= value[1] ? 0 : -EINVAL;
}

struct err *affinity_parse(const char *member, const char *list, cpu_set_t *ret)
{
	auto_free char *text = str_dup(list);
	char *rest = text;
	cpu_set_t set;

	CPU_ZERO(&set);
	while (*text && rest) {
		char *part = strsep(&rest, ",");
		unsigned first;
		unsigned last;

		if (parse_range(part, &first, &last) < 0)
			return err_hint(err_new(ERR_INVALID, "%s: cannot parse input `%s`", member,
						list),
					"a list of CPUs looks like 0-3,7; numbers are below %d",
					CPU_SETSIZE);
		for (unsigned cpu = first; cpu <= last; cpu++)
			CPU_SET(cpu, &set);
	}
	*ret = set;
	return NULL;
}

struct err *affinity_apply(pid_t pid, const cpu_set_t *set)
{
	/* More bits than any kernel has CPUs; what it does not know or the cpuset forbids is cut
	 * off. */
	unsigned char all[1024];

	if (set && CPU_COUNT(set) > 0) {
		if (sched_setaffinity(pid, sizeof(*set), set) == 0)
			return NULL;
		return err_hint(
			err_sys(-errno, "set the CPU affinity"),
			"process.execCPUAffinity must name CPUs that the container's cpuset has");
	}
	/* The caller's own pinning is not the container's; but where it cannot be lifted, it stays.
	 */
	memset(all, 0xff, sizeof(all));
	if (syscall(SYS_sched_setaffinity, pid, sizeof(all), all) < 0)
		log_debug("the CPU affinity of the runtime is kept: %s", strerror(errno));
	return NULL;
}
