/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mount while INIT attaches it: its mount point, and a tree put onto that.
 */
#ifndef OS_MOUNT_WORK_H
#define OS_MOUNT_WORK_H

#include "base/err.h"
#include "os/mount-opts.h"

struct mounts_plan;

struct mount_work {
	const struct mounts_plan *plan;
	const struct mount_plan *m;
	int root_fd;
	bool sources_are_plain; /* O_PATH descriptors, not detached trees */
};

/* The mount point, made where it is missing (IS_DIR tells which kind).  *ret_made may be NULL. */
MUST_CHECK struct err *mount_open_target(const struct mount_work *w, bool is_dir, int *ret_fd,
					 bool *ret_made);
/* A symlink may lead into procfs: what the plan refused by name is refused here by nature. */
MUST_CHECK struct err *mount_refuse_proc(const struct mount_plan *m, int fd);
/* Why moving TREE_FD onto TARGET_FD gave RC. */
MUST_CHECK struct err *mount_explain(int rc, int tree_fd, int target_fd, const char *path);
/* Moves TREE_FD onto TARGET_FD and checks that PATH below ROOT_FD leads to it. */
MUST_CHECK struct err *mount_put_tree(int tree_fd, int root_fd, const char *path, int target_fd);
/* The second half of that, after another way of mounting. */
MUST_CHECK struct err *mount_check_place(int root_fd, const char *path, int fd);
/* After mount(2): a descriptor of the new mount, which is not the one TARGET_FD is on. */
MUST_CHECK struct err *mount_reopen(int root_fd, const char *path, int target_fd, int *ret_fd);
/*
 * The tree of a bind mount, detached: what was opened in *SOURCE_FD, else what the source names
 * here.  *ret_fd is left alone where the mount API does not allow that.
 */
MUST_CHECK struct err *mount_bind_tree(const struct mount_work *w, int *source_fd, int *ret_fd,
				       bool *ret_is_dir);
/* All of a bind mount's attributes and propagation, while it is detached. */
int mount_bind_set(const struct mount_work *w, int fd);
/* What its -errno means to a person. */
MUST_CHECK struct err *mount_set_refused(int rc);
/* The same for a mount that is attached already, on kernels without mount_setattr. */
MUST_CHECK struct err *mount_bind_set_old(const struct mount_work *w, int fd);
/* copy-symlink: the symlink itself is what the container gets, if the source is one. */
MUST_CHECK struct err *mount_copy_symlink(const struct mount_work *w, bool *ret_done);
/* Binds what SOURCE names on the host, with ATTRS set. */
MUST_CHECK struct err *mount_put_bind(const char *source, bool recursive, uint64_t attrs,
				      int root_fd, const char *path, int target_fd, int *ret_fd);

#endif
