/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New file systems: made detached with their attributes, or by mount(2) where the kernel or an
 * option wants that.
 */
#ifndef OS_MOUNT_FS_H
#define OS_MOUNT_FS_H

#include "os/mount-work.h"

struct mount_fs {
	const char *type;
	const char *source;
	const char *data; /* options with commas; NULL: none */
	uint64_t attrs;   /* MOUNT_ATTR_* */
	unsigned long sb_flags;
};

/* A detached file system, or -errno; LOG (SIZE bytes) gets what the kernel says about it. */
int mount_make_fs(const struct mount_fs *fs, char *log, size_t size);
/* Makes FS and puts it on TARGET_FD, which PATH below the root leads to. */
MUST_CHECK struct err *mount_put_fs(const struct mount_fs *fs, int root_fd, const char *path,
				    int target_fd, int *ret_fd);
/* The file system of W, detached; MADE: the mount point TARGET_FD is new. */
MUST_CHECK struct err *mount_fs_tree(const struct mount_work *w, int target_fd, bool made,
				     int *ret_fd);
/* A mount of the config that is a new file system. */
MUST_CHECK struct err *mount_attach_fs(const struct mount_work *w);

#endif
