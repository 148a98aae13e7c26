/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this folder share: the names of the controllers, and the planner through which
 * each controller's file turns its part of linux.resources into rows of the plan.
 */
#ifndef CGROUP_CTL_H
#define CGROUP_CTL_H

#include "cgroup/cgroup.h"
#include "spec/spec.h"

struct ctl_info {
	const char *v1;     /* in /proc/cgroups and in the options of a v1 mount */
	const char *v2;     /* in cgroup.controllers; "": v2 has it always; NULL: v1 only */
	const char *config; /* the kernel's build option */
};

extern const struct ctl_info ctl_info[CTL_COUNT];

/* Is WORD one of the SEP-separated words of LIST? */
bool ctl_list_has(const char *list, char sep, const char *word);
/* Which controller is NAME, as v1 or as v2 calls it?  CTL_COUNT when it is none. */
enum cgroup_ctl ctl_find(const char *name, size_t len, bool is_v2);

/* What the kernel says about its controllers: /proc/cgroups and /proc/cmdline below ROOT. */
struct ctl_facts {
	char table[2048];
	char cmdline[4096];
};

void ctl_facts_read(const char *root, struct ctl_facts *ret);
/* Why controller C cannot be had, with nothing of it mounted; malloc'ed text and hint. */
enum cgroup_place ctl_absent(const struct ctl_facts *facts, enum cgroup_ctl c, char **ret_why,
			     char **ret_hint);

/*
 * One resources object being planned.  MEMBER in the calls below is the full name of the member, as
 * in "linux.resources.memory.limit".
 */
struct planner {
	struct arena *a;
	const struct cgroup_layout *layout;
	struct cgroup_plan *plan;
	size_t room;
	bool is_update; /* the cgroup exists and has values already */
};

struct ctl_target {
	size_t dir;
	bool is_v2;
	const struct cgroup_dir *at;
};

/* Where C's files of this container are; the error says why it has none and what helps. */
MUST_CHECK struct err *ctl_need(const struct planner *p, enum cgroup_ctl c, const char *member,
				struct ctl_target *ret);
/* Adds a row. */
struct cgroup_write *ctl_write(struct planner *p, size_t dir, const char *file, const char *member,
			       const char *fmt, ...) PRINTF(5, 6);

MUST_CHECK struct err *ctl_plan_devices(struct planner *p, const struct spec_resources *r);
MUST_CHECK struct err *ctl_plan_memory(struct planner *p, const struct spec_resources *r);
MUST_CHECK struct err *ctl_plan_pids(struct planner *p, const struct spec_resources *r);
MUST_CHECK struct err *ctl_plan_cpu(struct planner *p, const struct spec_resources *r);
MUST_CHECK struct err *ctl_plan_cpuset(struct planner *p, const struct spec_resources *r);
MUST_CHECK struct err *ctl_plan_io(struct planner *p, const struct spec_resources *r);
MUST_CHECK struct err *ctl_plan_hugetlb(struct planner *p, const struct spec_resources *r);
MUST_CHECK struct err *ctl_plan_net(struct planner *p, const struct spec_resources *r);
MUST_CHECK struct err *ctl_plan_rdma(struct planner *p, const struct spec_resources *r);
MUST_CHECK struct err *ctl_plan_unified(struct planner *p, const struct spec_resources *r);

#endif
