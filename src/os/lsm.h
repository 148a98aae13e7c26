/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AppArmor profile and SELinux label of the process, set for the next exec.
 */
#ifndef OS_LSM_H
#define OS_LSM_H

#include "base/err.h"

struct spec;

struct lsm_plan {
	const char *apparmor; /* profile or NULL */
	const char *selinux;  /* label or NULL */
	bool no_new_privs;    /* the caller's to set: a confined runtime then stacks the profile */
};

/* A label that is asked for on a host whose kernel does not have the module is refused. */
MUST_CHECK struct err *lsm_plan_make(const char *apparmor, const char *selinux,
				     struct lsm_plan *ret);
/* linux.mountLabel where SELinux is there to read it, else NULL. */
const char *lsm_mount_label(const struct spec *spec);
/* Is it a label?  Warns where SELinux is missing; NULL and "" are fine. */
MUST_CHECK struct err *lsm_check_mount_label(const char *label);
/* INIT: through PROC_FD's thread-self/attr, read back. */
MUST_CHECK struct err *lsm_apply(const struct lsm_plan *plan, int proc_fd);
/* INIT, before keyring_join(): the container's keyring gets the SELinux label. */
MUST_CHECK struct err *lsm_label_keyring(const struct lsm_plan *plan, int proc_fd);

#endif
