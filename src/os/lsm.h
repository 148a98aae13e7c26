/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AppArmor profile and SELinux label of the process, set for the next exec.
 */
#ifndef OS_LSM_H
#define OS_LSM_H

#include "base/err.h"

struct lsm_plan {
	const char *apparmor; /* profile or NULL */
	const char *selinux;  /* label or NULL */
	bool no_new_privs;    /* the caller's to set: a confined runtime then stacks the profile */
};

/* A label that is asked for on a host whose kernel does not have the module is refused. */
MUST_CHECK struct err *lsm_plan_make(const char *apparmor, const char *selinux,
				     struct lsm_plan *ret);
/* Pure but for the same look at the host; NULL and "" are fine. */
MUST_CHECK struct err *lsm_check_mount_label(const char *label);
/* INIT: through PROC_FD's thread-self/attr, read back. */
MUST_CHECK struct err *lsm_apply(const struct lsm_plan *plan, int proc_fd);
/* INIT, before keyring_join(): the container's keyring gets the SELinux label. */
MUST_CHECK struct err *lsm_label_keyring(const struct lsm_plan *plan, int proc_fd);

#endif
