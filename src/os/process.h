/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes of the container process that are set with one or two calls each: resource limits, OOM
 * score, scheduling, I/O priority, affinity, memory policy, personality, host and domain name,
 * session keyring.  One .c file per subject: rlimit.c oom.c sched.c mempolicy.c personality.c uts.c
 * keyring.c sysctl.c.
 */
#ifndef OS_PROCESS_H
#define OS_PROCESS_H

#include <sched.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"

struct rlimit_plan {
	bool set[RLIM_NLIMITS];
	size_t index[RLIM_NLIMITS]; /* of the row in process.rlimits, for messages */
	struct rlimit limit[RLIM_NLIMITS];
};
MUST_CHECK struct err *rlimit_plan_make(const struct spec_process *p, struct rlimit_plan *ret);
/*
 * HOST, with prlimit(2).  Above the allowed hard limit and without CAP_SYS_RESOURCE: an error
 * naming both numbers when CLAMP is false, clamped with a warning when true.
 */
MUST_CHECK struct err *rlimit_apply(const struct rlimit_plan *plan, pid_t pid, bool clamp);

/* HOST: through PROC_FD. */
MUST_CHECK struct err *oom_score_adj_apply(int proc_fd, pid_t pid, int value);

struct sched_plan {
	bool has_policy;
	struct spec_scheduler scheduler;
	bool has_ioprio;
	struct spec_io_priority ioprio;
};
MUST_CHECK struct err *sched_plan_make(const struct spec_process *p, struct sched_plan *ret);
MUST_CHECK struct err *sched_apply(const struct sched_plan *plan, pid_t pid);
/* "0-3,7" → a set. */
MUST_CHECK struct err *affinity_parse(const char *member, const char *list, cpu_set_t *ret);
/* All CPUs the cgroup allows (SET NULL), or SET. */
MUST_CHECK struct err *affinity_apply(pid_t pid, const cpu_set_t *set);

struct mempolicy_plan {
	bool set;
	int mode;                /* with MPOL_F_* or-ed */
	unsigned long nodes[16]; /* bit mask */
};
MUST_CHECK struct err *mempolicy_plan_make(const struct spec *spec, struct mempolicy_plan *ret);
/* INIT */
MUST_CHECK struct err *mempolicy_apply(const struct mempolicy_plan *plan);
MUST_CHECK struct err *personality_apply(const struct spec_personality *p);
MUST_CHECK struct err *uts_apply(const char *hostname, const char *domainname);

/* INIT: a new session keyring NAME.  ENOSYS, EPERM and EDQUOT warn and go on. */
MUST_CHECK struct err *keyring_join(const char *name);

struct sysctl_plan {
	size_t n;
	struct {
		char *path;
		char *value;
		char *key;
	} * v; /* path below proc/sys */
};
/* Refuses what is not namespaced or whose namespace the container does not have. */
MUST_CHECK struct err *sysctl_plan_make(struct arena *a, const struct spec *spec,
					struct sysctl_plan *ret);
/* INIT: through PROC_FD, a verified procfs. */
MUST_CHECK struct err *sysctl_apply(const struct sysctl_plan *plan, int proc_fd);

#endif
