/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing a container's directories from all hierarchies.
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/log.h"
#include "cgroup/cgroup.h"
#include "cgroup/dir.h"

enum { REMOVE_TIMEOUT_MS = 5000 };

static int remove_level(int parent_fd, const char *name, void *arg UNUSED)
{
	return unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* One empty cgroup without children goes with one call. */
static int remove_dir(const struct cgroup_dir *d)
{
	int rc = cgdir_verify_path(d->path, d);

	if (rc == 0)
		rc = rmdir(d->path) < 0 ? -errno : 0;
	return rc == -ENODEV ? -ENOENT : rc;
}

static int remove_tree(const struct cgroup_dir *d)
{
	auto_close int fd = cgdir_open(d);
	int rc = fd < 0 ? fd : cgdir_walk(fd, NULL, remove_level, NULL);

	if (rc == 0)
		rc = rmdir(d->path) < 0 ? -errno : 0;
	return rc == -ENOENT || rc == -ENODEV ? 0 : rc;
}

/* The parents that were made for it, as long as nobody else uses them. */
static void remove_parents(const struct cgroup_dir *d)
{
	auto_free char *path = str_dup(d->path);
	size_t len = strlen(path);

	while (d->made > strlen(d->mount)) {
		while (len > 0 && path[len - 1] != '/')
			len--;
		while (len > 0 && path[len - 1] == '/')
			len--;
		path[len] = '\0';
		if (len < d->made || rmdir(path) < 0)
			return;
	}
}

/*
 * A path that is not on a cgroup file system: its hierarchy was unmounted, or never was one.  There
 * is no cgroup to remove, and what lies there is not ours.
 */
static bool is_unmounted(const struct cgroup_dir *d)
{
	return cgdir_verify_path(d->mount, d) < 0;
}

static struct err *remove_error(const struct cgroup_dir *d, int rc)
{
	auto_pids struct pid_list l = { 0 };
	char name[128];
	struct err *e;

	if (rc == -EMEDIUMTYPE)
		return err_new(ERR_INVALID, "%s is not a cgroup: it is left alone", d->path);
	e = err_sys(rc, "%s: remove the cgroup %s", cgdir_name(d, name, sizeof(name)), d->path);
	if (rc == -EBUSY && cgdir_pids_of(d, &l) == 0 && l.n > 0)
		e = err_hint(e, "process %d is still in it", l.v[0]);
	else if (rc == -EROFS)
		e = err_hint(e, "%s is mounted read-only", d->mount);
	return e;
}

/* Tries each directory that is left once; what was removed is marked in DONE. */
static int remove_left(const struct cgroup_paths *paths, bool *done, size_t *ret_failed)
{
	int ret = 0;

	for (size_t i = paths->n; i-- > 0;) {
		int rc = done[i] ? 0 : remove_tree(&paths->v[i]);

		done[i] = rc == 0;
		if (rc < 0) {
			ret = rc;
			*ret_failed = i;
		}
	}
	return ret;
}

static struct err *remove_busy(const struct cgroup_paths *paths, bool *done)
{
	struct backoff wait = backoff_start(REMOVE_TIMEOUT_MS);
	struct err *killed = cgroup_kill(paths, 9);
	size_t failed = 0;
	int rc;

	for (;;) {
		rc = remove_left(paths, done, &failed);
		if (rc == 0 || killed || (rc != -EBUSY && rc != -ENOTEMPTY))
			break;
		if (!backoff_wait(&wait))
			break;
		/* Somebody moved in again, or a process was slow to die. */
		killed = cgroup_kill(paths, 9);
	}
	if (rc == 0) {
		err_free(killed);
		return NULL;
	}
	return killed ? killed : remove_error(&paths->v[failed], rc);
}

struct err *cgroup_remove(const struct cgroup_paths *paths)
{
	auto_free bool *done = xcalloc(paths->n + 1, sizeof(*done));
	struct err *first = NULL;
	bool is_busy = false;

	for (size_t i = 0; i < paths->n; i++)
		if (!cgdir_is_sane(&paths->v[i]))
			return err_new(ERR_INVALID,
				       "the recorded cgroup path `%s` is not below `%s`: "
				       "nothing was removed",
				       paths->v[i].path, paths->v[i].mount);
	/* The v2 directory is last in the list: it goes first, as killing works best there. */
	for (size_t i = paths->n; i-- > 0;) {
		const struct cgroup_dir *d = &paths->v[i];
		int rc = remove_dir(d);

		done[i] = rc == 0;
		if (rc == -EBUSY || rc == -ENOTEMPTY) {
			is_busy = true;
		} else if ((rc == -EMEDIUMTYPE || rc == -ENOENT) && is_unmounted(d)) {
			log_warn("%s is not mounted: the cgroup %s may be left in it", d->mount,
				 d->path);
			done[i] = true;
		} else if (rc == -ENOENT) {
			done[i] = true;
		} else if (rc < 0) {
			done[i] = true;
			if (!first)
				first = remove_error(d, rc);
		}
	}
	if (is_busy) {
		struct err *e = remove_busy(paths, done);

		if (first)
			err_free(e);
		else
			first = e;
	}
	for (size_t i = 0; i < paths->n && !first; i++)
		remove_parents(&paths->v[i]);
	return first;
}

void cgroup_remove_empty(const struct cgroup_paths *paths)
{
	for (size_t i = paths->n; i-- > 0;) {
		const struct cgroup_dir *d = &paths->v[i];
		int rc = cgdir_is_sane(d) ? remove_dir(d) : -EINVAL;

		if (rc < 0 && rc != -ENOENT)
			log_info("the cgroup %s is left: %s", d->path, strerror(-rc));
	}
}
