/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing the rows of a plan: see apply.h.  Rows of one directory, and of one file, follow each
 * other, so the descriptors of the last one are kept.
 */
#include "cgroup/apply.h"

#include <fcntl.h>

#include "base/log.h"
#include "cgroup/ctl.h"
#include "cgroup/dir.h"

enum { SHARE_TIMEOUT_MS = 500 };

struct applier {
	const struct cgroup_plan *plan;
	size_t dir; /* of dir_fd */
	int dir_fd;
	const char *file; /* of file_fd */
	int file_fd;
};

static void close_file(struct applier *a)
{
	fd_close(a->file_fd);
	a->file_fd = -EBADF;
	a->file = NULL;
}

static void applier_done(struct applier *a)
{
	close_file(a);
	fd_close(a->dir_fd);
	a->dir_fd = -EBADF;
}

static int use_dir(struct applier *a, size_t dir)
{
	if (a->dir_fd >= 0 && a->dir == dir)
		return 0;
	applier_done(a);
	a->dir = dir;
	a->dir_fd = cgdir_open(&a->plan->paths.v[dir]);
	return a->dir_fd < 0 ? a->dir_fd : 0;
}

static int use_file(struct applier *a, const char *file)
{
	if (a->file && streq(a->file, file))
		return 0;
	close_file(a);
	a->file_fd = openat(a->dir_fd, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	if (a->file_fd < 0)
		return -errno;
	a->file = file;
	return 0;
}

static int write_value(struct applier *a, const char *file, const char *value)
{
	size_t len = strlen(value);
	ssize_t n;
	int rc = use_file(a, file);

	if (rc < 0)
		return rc;
	do {
		n = pwrite(a->file_fd, value, len, 0);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* The row's file, else what stands in for it: another name of the same, or no cpuset prefix. */
static int write_row(struct applier *a, const struct cgroup_write *w)
{
	int rc = write_value(a, w->file, w->value);

	if (rc == -ENOENT && w->alt_file)
		return write_value(a, w->alt_file, w->alt_value);
	if (rc == -ENOENT && str_starts(w->file, "cpuset.") &&
	    !cgdir_is_v2(&a->plan->paths.v[w->dir]))
		return write_value(a, w->file + strlen("cpuset."), w->value);
	return rc;
}

/*
 * The kernel frees a removed cgroup later (css_release, after an RCU grace period), and counts its
 * real-time budget until then: a container made right after the deletion of one would be refused.
 */
static int write_row_patiently(struct applier *a, const struct cgroup_write *w)
{
	struct backoff wait;
	int rc = write_row(a, w);

	if (rc != -EINVAL || !w->is_shared_out)
		return rc;
	wait = backoff_start(SHARE_TIMEOUT_MS);
	while (rc == -EINVAL && backoff_wait(&wait))
		rc = write_row(a, w);
	return rc;
}

static struct err *row_error(const struct applier *a, const struct cgroup_write *w, int rc)
{
	const struct cgroup_dir *d = &a->plan->paths.v[w->dir];
	struct err *e = err_sys(rc, "%s: write `%s` to %s/%s", w->what, w->value, d->path, w->file);

	switch (-rc) {
	case ENOENT:
		return err_hint(e,
				w->hint ? "%s"
					: "this kernel has no such file, or the controller "
					  "is not enabled for this cgroup",
				w->hint);
	case EINVAL:
	case ERANGE:
		return err_hint(e,
				w->hint ? "%s"
					: "the kernel does not accept this value, or it does "
					  "not fit what the cgroups above allow",
				w->hint);
	case EBUSY:
		return err_hint(e, "the processes in the cgroup use more than that already");
	case EACCES:
	case EPERM:
		return err_hint(e, "a cgroup above does not allow it, or it is not delegated");
	case ENODEV:
		return err_hint(e, "there is no such device, or the cgroup has been removed");
	default:
		return e;
	}
}

/* May the container start without this row having been written? */
static bool is_dispensable(const struct applier *a, const struct cgroup_write *w, int rc)
{
	if (w->is_optional && (rc == -ENOENT || rc == -EOPNOTSUPP))
		return true;
	/* A default device that the cgroup above does not give; rootless, no rule can be set. */
	return (rc == -EPERM || rc == -EACCES) && str_starts(w->file, "devices.") &&
	       (w->is_optional || a->plan->is_rootless);
}

static struct err *write_rows(struct applier *a, size_t *ret_reached)
{
	const struct cgroup_plan *plan = a->plan;

	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *w = &plan->writes[i];
		int rc = use_dir(a, w->dir);

		TRY_SYS(rc, "%s: open the cgroup %s", w->what, plan->paths.v[w->dir].path);
		*ret_reached = i + 1;
		rc = write_row_patiently(a, w);
		/*
		 * Two values that bind each other (memory below memory+swap, quota by period) can
		 * be set in one order only, which depends on what is there.
		 */
		if (rc == -EINVAL && w->is_pair) {
			const struct cgroup_write *next = &plan->writes[i + 1];
			int rc2 = write_row(a, next);

			*ret_reached = i + 2;
			if (rc2 < 0)
				return row_error(a, next, rc2);
			rc = write_row(a, w);
		}
		if (rc == 0)
			continue;
		if (!is_dispensable(a, w, rc))
			return row_error(a, w, rc);
		if (w->warns)
			log_warn("%s is not applied: %s/%s: %s", w->what,
				 plan->paths.v[w->dir].path, w->file, strerror(-rc));
	}
	return NULL;
}

struct err *apply_rows(const struct cgroup_plan *plan, size_t *ret_reached)
{
	struct applier a = { .plan = plan, .dir_fd = -EBADF, .file_fd = -EBADF };
	struct err *e;

	*ret_reached = 0;
	e = write_rows(&a, ret_reached);
	applier_done(&a);
	return e;
}

struct err *apply_writes(const struct cgroup_plan *plan)
{
	size_t reached;

	return apply_rows(plan, &reached);
}
