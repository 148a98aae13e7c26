/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.cpu without the cpuset part: shares, bandwidth, idle, real-time.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "cgroup/convert.h"
#include "cgroup/ctl.h"
#include "cgroup/dir.h"

#define CPU "linux.resources.cpu."

enum { DEFAULT_PERIOD_US = 100000 };

static const char no_rt[] = "the kernel needs CONFIG_RT_GROUP_SCHED, and the cgroup above enough "
			    "cpu.rt_runtime_us to give some away";
static const char no_bandwidth[] =
	"the kernel needs CONFIG_CFS_BANDWIDTH; quota is at least 1000 us "
	"and, by period, not more than the cgroup above has";

static struct err *plan_shares(struct planner *p, const struct spec_cpu *c)
{
	struct ctl_target t;

	/* 0 means "not set"; an idle cgroup has no weight, and the kernel refuses it one. */
	if (!c->shares.set || c->shares.value == 0 || (c->idle.set && c->idle.value != 0))
		return NULL;
	TRY(ctl_need(p, CTL_CPU, CPU "shares", &t));
	if (t.is_v2)
		ctl_write(p, t.dir, "cpu.weight", CPU "shares", "%" PRIu64,
			  convert_shares_to_weight(c->shares.value));
	else
		ctl_write(p, t.dir, "cpu.shares", CPU "shares", "%" PRIu64, c->shares.value);
	return NULL;
}

/* v1 checks one against the other as each is written: which goes first depends on what is there. */
static void plan_bandwidth_v1(struct planner *p, size_t dir, const struct spec_cpu *c, bool quota,
			      bool period)
{
	struct cgroup_write *w;

	if (period) {
		w = ctl_write(p, dir, "cpu.cfs_period_us", CPU "period", "%" PRIu64,
			      c->period.value);
		w->hint = no_bandwidth;
		w->is_pair = quota;
	}
	if (quota) {
		w = ctl_write(p, dir, "cpu.cfs_quota_us", CPU "quota", "%" PRId64, c->quota.value);
		w->hint = no_bandwidth;
	}
}

/* The quota that is in force, so that an update of the period alone keeps it. */
static void read_quota(const struct ctl_target *t, char *buf, size_t size)
{
	auto_close int fd = cgdir_open(t->at);

	if (fd < 0 || file_read_line_at(fd, "cpu.max", buf, size) <= 0)
		snprintf(buf, size, "max");
	buf[strcspn(buf, " ")] = '\0';
}

static void plan_bandwidth_v2(struct planner *p, const struct ctl_target *t,
			      const struct spec_cpu *c, bool quota, bool period)
{
	uint64_t period_us = period ? c->period.value : DEFAULT_PERIOD_US;
	struct cgroup_write *w;
	char current[64] = "max";

	if (!quota && p->is_update)
		read_quota(t, current, sizeof(current));
	/* One number alone leaves the period as it is. */
	if (quota && c->quota.value > 0 && !period)
		w = ctl_write(p, t->dir, "cpu.max", CPU "quota", "%" PRId64, c->quota.value);
	else if (quota && c->quota.value > 0)
		w = ctl_write(p, t->dir, "cpu.max", CPU "quota", "%" PRId64 " %" PRIu64,
			      c->quota.value, period_us);
	else if (quota && !period)
		w = ctl_write(p, t->dir, "cpu.max", CPU "quota", "max");
	else
		w = ctl_write(p, t->dir, "cpu.max", quota ? CPU "quota" : CPU "period",
			      "%s %" PRIu64, quota ? "max" : current, period_us);
	w->hint = no_bandwidth;
}

static struct err *plan_bandwidth(struct planner *p, const struct spec_cpu *c)
{
	bool quota = c->quota.set && c->quota.value != 0;
	bool period = c->period.set && c->period.value != 0;
	struct ctl_target t;

	if (quota || period) {
		TRY(ctl_need(p, CTL_CPU, quota ? CPU "quota" : CPU "period", &t));
		if (t.is_v2)
			plan_bandwidth_v2(p, &t, c, quota, period);
		else
			plan_bandwidth_v1(p, t.dir, c, quota, period);
	}
	if (c->burst.set) {
		struct cgroup_write *w;

		TRY(ctl_need(p, CTL_CPU, CPU "burst", &t));
		w = ctl_write(p, t.dir, t.is_v2 ? "cpu.max.burst" : "cpu.cfs_burst_us", CPU "burst",
			      "%" PRIu64, c->burst.value);
		w->hint = "burst needs Linux 5.14 and is at most the quota";
	}
	return NULL;
}

static struct err *plan_idle(struct planner *p, const struct spec_cpu *c)
{
	struct cgroup_write *w;
	struct ctl_target t;

	if (!c->idle.set)
		return NULL;
	TRY(ctl_need(p, CTL_CPU, CPU "idle", &t));
	w = ctl_write(p, t.dir, "cpu.idle", CPU "idle", "%" PRId64, c->idle.value);
	w->hint = "cpu.idle is 0 or 1 and needs Linux 5.15";
	return NULL;
}

static struct err *plan_realtime(struct planner *p, const struct spec_cpu *c)
{
	const char *member = c->realtime_period.set ? CPU "realtimePeriod" : CPU "realtimeRuntime";
	struct cgroup_write *w;
	struct ctl_target t;

	if (!c->realtime_period.set && !c->realtime_runtime.set)
		return NULL;
	TRY(ctl_need(p, CTL_CPU, member, &t));
	if (t.is_v2)
		return err_new(ERR_UNSUPPORTED, "%s: cannot set realtime limits with cgroupv2",
			       member);
	if (c->realtime_period.set) {
		w = ctl_write(p, t.dir, "cpu.rt_period_us", CPU "realtimePeriod", "%" PRIu64,
			      c->realtime_period.value);
		w->hint = no_rt;
		w->is_pair = c->realtime_runtime.set;
	}
	if (c->realtime_runtime.set) {
		w = ctl_write(p, t.dir, "cpu.rt_runtime_us", CPU "realtimeRuntime", "%" PRId64,
			      c->realtime_runtime.value);
		w->hint = no_rt;
		w->is_shared_out = true;
	}
	return NULL;
}

struct err *ctl_plan_cpu(struct planner *p, const struct spec_resources *r)
{
	const struct spec_cpu *c = r->cpu;

	if (!c)
		return NULL;
	/* Out of idle first: only then a weight is accepted. */
	if (c->idle.set && c->idle.value == 0)
		TRY(plan_idle(p, c));
	TRY(plan_shares(p, c));
	if (c->idle.set && c->idle.value != 0)
		TRY(plan_idle(p, c));
	TRY(plan_bandwidth(p, c));
	return plan_realtime(p, c);
}
