/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the process is at the end: ids, groups, five capability sets, no_new_privs, umask.
 */
#ifndef OS_CRED_H
#define OS_CRED_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

struct spec_process;

struct cred_plan {
	uid_t uid;
	gid_t gid;
	size_t n_groups;
	gid_t *groups;
	bool keep_groups; /* run.oci.keep_original_groups */
	bool has_umask;
	mode_t umask;
	uint64_t bounding, permitted, effective, inheritable, ambient; /* bit masks */
	bool no_new_privs;
};

/* Unknown capability names warn, as in runc.  PROCESS may be NULL or lack user and capabilities. */
MUST_CHECK struct err *cred_plan_make(struct arena *a, const struct spec_process *process,
				      bool keep_groups, struct cred_plan *ret);
/* Bounding drop, groups, ids, sets; the ambient ones last.  Reads back and refuses a difference. */
MUST_CHECK struct err *cred_apply(const struct cred_plan *plan);
/* Split for the seccomp order: no_new_privs alone, before the filter. */
MUST_CHECK struct err *cred_no_new_privs(const struct cred_plan *plan);
/* May setgroups(2) be called here?  (/proc/self/setgroups through PROC_FD) */
bool cred_can_setgroups(int proc_fd);

#endif
