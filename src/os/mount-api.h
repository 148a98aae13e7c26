/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount trees as descriptors: the few moves that rootfs.c, mount.c, device.c and mask.c share.
 *
 * A tree is a detached mount (open_tree, fsmount).  What it needs is set while nobody can see it,
 * then it is moved onto a target that was opened before.  All return a descriptor or 0, or -errno.
 */
#ifndef OS_MOUNT_API_H
#define OS_MOUNT_API_H

#include <sys/mount.h>

#include "base/base.h"
#include "base/sys.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

/* What these calls answer on old kernels and below the filters of older container engines. */
static inline bool mount_api_missing(int rc)
{
	return rc == -ENOSYS || rc == -EPERM;
}

/*
 * A detached clone of what DIR_FD and PATH name ("" for DIR_FD itself).  FLAGS: AT_RECURSIVE,
 * AT_SYMLINK_NOFOLLOW.
 */
int tree_clone(int dir_fd, const char *path, unsigned flags);
/* Changes the mount TREE_FD, or with FLAGS AT_RECURSIVE the whole tree. */
int tree_set(int tree_fd, unsigned flags, uint64_t set, uint64_t clear, unsigned long propagation);
/* Propagation of an attached mount, FLAGS as for mount(2). */
int mount_propagate(int fd, unsigned long flags);
/* Moves a detached tree onto TARGET_FD; TREE_FD names the attached mount from then on. */
int tree_attach(int tree_fd, int target_fd);
/* mount(2) with MS_BIND by the /proc/self/fd paths of both. */
int tree_bind_old(int source_fd, int target_fd, bool recursive);

/* MOUNT_ATTR_* as MS_* of mount(2). */
unsigned long mount_attr_to_ms(uint64_t attr);
/* The MOUNT_ATTR_* that the mount below FD has. */
int mount_attr_of(int fd, uint64_t *ret);
/* An attached mount without mount_setattr: the flags it has, SET and without CLEAR. */
int mount_remount_old(int fd, uint64_t set, uint64_t clear);

/* Makes an attached mount read-only, by whichever of the two the kernel has. */
int mount_set_readonly(int fd);

/* Opens a path of the host, while "/" is still the host's. */
int host_open(const char *path, int flags);
/* A file of nsfs, which is behind a magic link. */
int host_open_ns(const char *path);

/* The id of the mount that FD is on. */
int mount_id_of(int fd, uint64_t *ret);
/* The type of the file system FD is on (statfs(2) f_type). */
int mount_magic_of(int fd, unsigned long *ret);

#endif
