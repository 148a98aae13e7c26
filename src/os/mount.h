/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's mounts (config.mounts).
 *
 * mounts_plan_make() turns words into flags.  Sources are opened as detached trees, on HOST where
 * it has the rights, and moved onto targets that were opened below the root descriptor; attributes
 * are set while the tree is still detached.  Kernels without the new mount API get mount(2) on
 * /proc/self/fd paths.
 */
#ifndef OS_MOUNT_H
#define OS_MOUNT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct spec;
struct spec_mounts;
struct mount_plan; /* one mount: os/mount-opts.h */

struct mounts_plan {
	size_t n;
	struct mount_plan *v;
	bool in_userns;  /* the container has a user namespace of its own or joins one */
	bool host_view;  /* a /proc or /sys that may not be mounted is the host's: so there, and
			    rootless */
	bool has_pid_ns; /* of its own or joined */
	bool new_cgroup_ns;
	bool new_mount_ns;
	char *rootfs;       /* absolute path, to see which sources lie inside the root */
	char *mount_label;  /* SELinux; NULL */
	char *label_option; /* what the label is given as: context, fscontext, … */
	bool host_dev;      /* /dev is a bind mount from the host: no devices are made in it */
	/* For a mount of type cgroup: filled by the container layer from the cgroup plan. */
	struct mounts_cgroup {
		bool is_v2;
		size_t n;
		struct {
			char *controllers; /* "memory", "cpu,cpuacct", "name=systemd", "" for v2 */
			char *mount;       /* host mount point */
			char *path;        /* absolute directory of the container's own cgroup */
		} * v;
	} cgroup;
};

/*
 * Refuses unknown options, relative clashes and mounts over /proc that are not allowed, all of them
 * at once.
 */
MUST_CHECK struct err *mounts_plan_make(struct arena *a, const struct spec *spec,
					const char *bundle, const char *rootfs,
					struct mounts_plan *ret);
/* The same for a list that is added to a running container of SPEC: os/mount-live.h. */
MUST_CHECK struct err *mounts_plan_add(struct arena *a, const struct spec *spec,
				       const struct spec_mounts *list, const char *bundle,
				       const char *rootfs, struct mounts_plan *ret);
/* And for one that is taken away: only destinations count. */
MUST_CHECK struct err *mounts_plan_remove(struct arena *a, const struct spec_mounts *list,
					  struct mounts_plan *ret);
void mounts_plan_print(const struct mounts_plan *plan, struct str *out);

/*
 * Descriptors of the sources, one slot a mount, -EBADF where there is none (file systems, sources
 * inside the root, sources that INIT opens itself).  Detached trees; without the mount API, in a
 * user namespace, O_PATH descriptors.
 */
struct mount_sources {
	size_t n;
	int *fds; /* malloc'ed */
};
void mount_sources_done(struct mount_sources *s);

/*
 * Opens every bind source as a detached tree in the calling process's mount namespace.  Called by
 * HOST before the clone (no user namespace), or by HOST while it is in INIT's mount namespace (user
 * namespace, so that the kernel's locks stay on), or by INIT itself (rootless).
 */
MUST_CHECK struct err *mounts_open_sources(const struct mounts_plan *plan,
					   struct mount_sources *ret);
/* INIT: everything in order, below ROOT_FD.  Takes what it uses of SOURCES. */
MUST_CHECK struct err *mounts_attach(const struct mounts_plan *plan, struct mount_sources *sources,
				     int root_fd);
/* INIT, after the devices are made: read-only flags that had to wait (tmpfs with ro, tmpcopyup). */
MUST_CHECK struct err *mounts_finish(const struct mounts_plan *plan, int root_fd);

#endif
