/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Id-mapped mounts: the mappings of a mount, and the user namespace that carries them.
 */
#ifndef OS_MOUNT_IDMAP_H
#define OS_MOUNT_IDMAP_H

#include "os/mount-opts.h"

/* Fills RET->idmap from the mount's mappings and the words idmap, ridmap. */
MUST_CHECK struct err *mount_idmap_plan(struct arena *a, const struct spec *spec,
					const struct spec_mount *m, struct mount_plan *ret);
/* Maps the ids of the detached TREE_FD.  Needs the host's /proc. */
MUST_CHECK struct err *mount_idmap_apply(const struct mount_plan *m, int tree_fd);

#endif
