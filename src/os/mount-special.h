/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts that consist of several: type cgroup, and the annotation run.oci.systemd.force_cgroup_v1.
 */
#ifndef OS_MOUNT_SPECIAL_H
#define OS_MOUNT_SPECIAL_H

#include "os/mount-work.h"

/* The container's own view of its cgroup hierarchies. */
/* Is it a tmpfs, with the hierarchies in it, and not a hierarchy itself? */
bool mount_cgroup_has_frame(const struct mounts_plan *plan);
MUST_CHECK struct err *mount_cgroup(const struct mount_work *w);

/* A tmpfs with only the directory `systemd`: the v1 hierarchy of a systemd before cgroup v2. */
MUST_CHECK struct err *mount_systemd_v1(const struct mount_work *w);

#endif
