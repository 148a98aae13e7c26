/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics: see stat.h.  How v1 and v2 tell them apart is in stat-v1.c and stat-v2.c.
 */
#include "cgroup/stat.h"

#include "cgroup/dir.h"

struct err *cgroup_stat_read(struct arena *a, const struct cgroup_paths *paths,
			     struct cgroup_stat *ret)
{
	struct cgroup_stat s = { 0 };
	int v2 = cgdir_find(paths, NULL);
	bool found = false;

	if (!paths->path || paths->n == 0)
		return err_hint(
			err_new(ERR_UNSUPPORTED,
				"the container has no cgroup, so nothing counts what it uses"),
			NO_CGROUP_WHY);
	/* What a v1 controller says of a hybrid host counts more: v2 has only the rest. */
	if (v2 >= 0) {
		auto_close int fd = cgdir_open(&paths->v[v2]);

		found = fd >= 0;
		if (found)
			stat_read_v2(a, fd, &s);
	}
	for (size_t i = 0; i < paths->n; i++) {
		auto_close int fd = -EBADF;

		if (cgdir_is_v2(&paths->v[i]))
			continue;
		fd = cgdir_open(&paths->v[i]);
		found = found || fd >= 0;
		if (fd >= 0)
			stat_read_v1(a, fd, paths->v[i].controllers, &s);
	}
	if (!found)
		return err_new(ERR_STATE, "the container's cgroup %s has vanished", paths->path);
	*ret = s;
	return NULL;
}
