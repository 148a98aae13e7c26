/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes and the symlinks of a default /dev.
 */
#ifndef OS_DEVICE_H
#define OS_DEVICE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

struct spec;

struct device {
	char *path;
	mode_t mode; /* with S_IFCHR, S_IFBLK or S_IFIFO */
	dev_t dev;
	uid_t uid;
	gid_t gid;
	uid_t host_uid; /* the same through the config's mappings */
	gid_t host_gid;
	size_t index; /* linux.devices[index]; SIZE_MAX: a default device */
};

struct devices_plan {
	size_t n;
	struct device *v;
	bool skip;      /* /dev comes from the host */
	bool bind;      /* mknod is not allowed: bind the host's nodes */
	bool terminal;  /* /dev/console is wanted */
	bool own_nodes; /* the mappings are known: HOST may make nodes for .bind */
};

MUST_CHECK struct err *devices_plan_make(struct arena *a, const struct spec *spec, bool host_dev,
					 bool no_mknod, struct devices_plan *ret);
/*
 * HOST, for .bind: nodes with the mode and owner of the config, made on a file system that only the
 * container gets; where that is not allowed the host's nodes.  Detached; *ret_fds is malloc'ed, n
 * slots, NULL when there is nothing to bind.
 */
MUST_CHECK struct err *devices_open_sources(const struct devices_plan *plan, int **ret_fds);
/* INIT, below ROOT_FD, before the pivot.  FDS may be NULL: opened here. */
MUST_CHECK struct err *devices_make(const struct devices_plan *plan, const int *fds, int root_fd);

#endif
