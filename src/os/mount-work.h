/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mount while INIT attaches it: what mount.c shares with its special cases.
 */
#ifndef OS_MOUNT_WORK_H
#define OS_MOUNT_WORK_H

#include "base/err.h"
#include "os/mount-opts.h"
#include "os/mount.h"

struct mount_work {
	const struct mounts_plan *plan;
	const struct mount_plan *m;
	int root_fd;
};

/* A file system that is to be made. */
struct mount_fs {
	const char *type;
	const char *source;
	const char *data; /* options with commas; NULL: none */
	uint64_t attrs;   /* MOUNT_ATTR_* */
	unsigned long sb_flags;
};

/* The mount point, made where it is missing (IS_DIR tells which kind). *ret_made may be NULL. */
MUST_CHECK struct err *mount_open_target(const struct mount_work *w, bool is_dir, int *ret_fd,
					 bool *ret_made);
/* A detached file system, or -errno; LOG (SIZE bytes) gets what the kernel says about it. */
int mount_make_fs(const struct mount_fs *fs, char *log, size_t size);
/* Makes FS and puts it on TARGET_FD, below the root as PATH; mount(2) where the API cannot. */
MUST_CHECK struct err *mount_put_fs(const struct mount_fs *fs, int root_fd, const char *path,
				    int target_fd, int *ret_fd);
/* Moves TREE_FD onto TARGET_FD and checks that PATH below ROOT_FD leads to it. */
MUST_CHECK struct err *mount_put_tree(int tree_fd, int root_fd, const char *path, int target_fd);
/* Binds what SOURCE names on the host, with ATTRS set. */
MUST_CHECK struct err *mount_put_bind(const char *source, bool recursive, uint64_t attrs,
				      int root_fd, const char *path, int target_fd, int *ret_fd);

/* mount-special.c: type cgroup. */
MUST_CHECK struct err *mount_cgroup(const struct mount_work *w);
/* mount-special.c: what a user namespace may not mount anew is shown read-only from the host. */
MUST_CHECK struct err *mount_proc_or_sysfs_of_host(const struct mount_work *w, int target_fd,
						   int *ret_fd);

/* tmpcopyup.c: copies what is in the directory FROM_FD into the directory TO_FD. */
MUST_CHECK struct err *tmpcopyup(int from_fd, int to_fd);

#endif
