/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of a container that runs: added one after the other and taken back together, or removed.
 *
 * The calling process is in the container's mount namespace while its "/", and the /proc there, are
 * the host's: nothing that the container made is believed but the tree below ROOT_FD, which is
 * looked up by descriptors only.
 */
#ifndef OS_MOUNT_LIVE_H
#define OS_MOUNT_LIVE_H

#include "base/err.h"
#include "os/mount.h"

/* Does this kernel have what it takes: open_tree, move_mount, fsopen? */
MUST_CHECK struct err *mounts_live_supported(void);

/*
 * File systems that are made of directories of the host (overlay): the kernel wants those to be in
 * the mount namespace of the process that makes it.  Into SOURCES, which mounts_open_sources()
 * filled; whose namespace, and in which user namespace, is up to the caller.
 */
bool mounts_made_of_paths(const struct mount_plan *m);
MUST_CHECK struct err *mounts_make_early(const struct mounts_plan *plan,
					 struct mount_sources *sources);

/* The mounts of a plan so far. */
struct mounts_added {
	size_t n;
	int *fds; /* malloc'ed; -EBADF for what is no mount (copy-symlink) */
};

/*
 * The next mount of PLAN.  Also when it fails its descriptor is there if it was attached, for
 * mounts_take_back().  Takes what it uses of SOURCES.
 */
MUST_CHECK struct err *mounts_add_next(const struct mounts_plan *plan,
				       struct mount_sources *sources, int root_fd,
				       struct mounts_added *added);
/* After the last one: the read-only flags that had to wait for it. */
MUST_CHECK struct err *mounts_add_finish(const struct mounts_plan *plan,
					 const struct mounts_added *added);
/* Detaches all of them, the last one first. */
void mounts_take_back(struct mounts_added *added);

/* Detaches what is mounted on each destination; if one of them is no mount, nothing. */
MUST_CHECK struct err *mounts_detach(const struct mounts_plan *plan, int root_fd);

#endif
