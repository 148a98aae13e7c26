/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root file system: opening it, making it the root of the container's mount namespace.
 *
 * Every later step works below the descriptor that rootfs_attach() returns, never on a path.
 */
#ifndef OS_ROOTFS_H
#define OS_ROOTFS_H

#include "base/arena.h"
#include "base/err.h"

struct spec;

struct rootfs_plan {
	char *path; /* absolute, symlinks resolved by the caller of rootfs_plan_make */
	bool readonly;
	bool no_pivot;
	bool new_mount_ns;         /* otherwise a plain chroot */
	size_t n_covers;           /* mounts whose destination is "/" */
	unsigned long propagation; /* MS_SLAVE | MS_REC …: mount(2); 0: the default, rslave then
				      rprivate */
};

MUST_CHECK struct err *rootfs_plan_make(struct arena *a, const struct spec *spec,
					const char *bundle, bool no_pivot, struct rootfs_plan *ret);

/*
 * HOST, before the container's mount namespace exists: a detached recursive clone of the root file
 * system (open_tree), close-on-exec.  *ret_fd is -EBADF where the kernel or the rights do not allow
 * that; then rootfs_attach() opens the path itself.
 */
MUST_CHECK struct err *rootfs_open(const struct rootfs_plan *plan, int *ret_fd);
/*
 * INIT, in its new mount namespace: cuts the propagation to the host, attaches TREE_FD (or binds
 * the path) and returns an O_PATH descriptor of the container's root, which is a mount of its own.
 */
MUST_CHECK struct err *rootfs_attach(const struct rootfs_plan *plan, int tree_fd, int *ret_root_fd);
/*
 * INIT: makes ROOT_FD the root and the current directory and detaches the host's tree (pivot_root;
 * MS_MOVE and chroot for no_pivot and on an initramfs; chroot without a mount namespace).
 */
MUST_CHECK struct err *rootfs_enter(const struct rootfs_plan *plan, int root_fd);
/* INIT, after everything that writes into the root: rootfsPropagation and root.readonly. */
MUST_CHECK struct err *rootfs_finish(const struct rootfs_plan *plan);

#endif
