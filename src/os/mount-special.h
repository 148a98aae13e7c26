/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts that consist of several: type cgroup.
 */
#ifndef OS_MOUNT_SPECIAL_H
#define OS_MOUNT_SPECIAL_H

#include "os/mount-work.h"

/* The container's own view of its cgroup hierarchies. */
MUST_CHECK struct err *mount_cgroup(const struct mount_work *w);

#endif
