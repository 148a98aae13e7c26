/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of type cgroup: see mount-special.h.
 */
#include "os/mount-special.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/str.h"
#include "os/mount-api.h"
#include "os/mount-fs.h"
#include "os/mount.h"

/* --- version 2 -------------------------------------------------------------------------------- */

/* A file system of the hierarchy, or the container's own directory of it. */
static struct err *put_hierarchy(const struct mount_work *w, const char *controllers,
				 const char *own_dir, const char *path, int target_fd, int *ret_fd)
{
	uint64_t attrs = w->m->top.set;
	struct mount_fs fs = {
		.type = *controllers ? "cgroup" : "cgroup2",
		.source = "cgroup",
		.data = *controllers ? controllers : NULL,
		.attrs = attrs,
	};
	struct err *e = NULL;

	/* Without a cgroup namespace of its own a new mount would show the whole host. */
	if (w->plan->new_cgroup_ns) {
		e = mount_put_fs(&fs, w->root_fd, path, target_fd, ret_fd);
		if (!e)
			return NULL;
	}
	if (!own_dir) {
		if (!e)
			e = err_new(ERR_UNSUPPORTED, "the container has no cgroup");
		return e;
	}
	err_free(e);
	return mount_put_bind(own_dir, false, attrs, w->root_fd, path, target_fd, ret_fd);
}

static const char *v2_own_dir(const struct mounts_plan *plan)
{
	for (size_t i = 0; i < plan->cgroup.n; i++)
		if (!*plan->cgroup.v[i].controllers)
			return plan->cgroup.v[i].path;
	return NULL;
}

/* --- version 1 -------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* "cpu" and "cpuacct" beside "cpu,cpuacct". */
static struct err *link_names(int dir_fd, const char *controllers, const char *name)
{
	while (*controllers) {
		size_t n = strcspn(controllers, ",");
		auto_free char *one = str_dup_n(controllers, n);

		controllers += n + (controllers[n] == ',');
		if (!*one || strchr(one, '=') || streq(one, name))
			continue;
		if (symlinkat(name, dir_fd, one) < 0 && errno != EEXIST)
			return err_sys(-errno, "make the symlink %s", one);
	}
	return NULL;
}

/* Does the config mount this controller itself? */
static bool has_own_mount(const struct mounts_plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n; i++)
		if (streq(plan->v[i].destination, path))
			return true;
	return false;
}

static struct err *put_v1(const struct mount_work *w, int dir_fd, const char *controllers,
			  const char *mount, const char *own_dir)
{
	const char *name = base_name(mount);
	auto_free char *path = str_format("%s/%s", w->m->destination, name);
	auto_close int target = -EBADF;
	auto_close int fd = -EBADF;

	if (has_own_mount(w->plan, path))
		return NULL;
	if (mkdirat(dir_fd, name, 0755) < 0 && errno != EEXIST)
		return err_sys(-errno, "make the directory %s", path);
	target = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_sys(-errno, "open the mount point %s", path);
	TRY(put_hierarchy(w, controllers, own_dir, path, target, &fd));
	return link_names(dir_fd, controllers, name);
}

/* The directory that the hierarchies are mounted in; mounts_finish() makes it read-only. */
static struct err *put_frame(const struct mount_work *w, int target_fd, int *ret_fd)
{
	struct mount_fs fs = {
		.type = "tmpfs",
		.source = "cgroup",
		.data = "mode=755,size=1024k",
		.attrs = w->m->top.set & ~(uint64_t)MOUNT_ATTR_RDONLY,
	};

	return mount_put_fs(&fs, w->root_fd, w->m->destination, target_fd, ret_fd);
}

static struct err *cgroup_v1(const struct mount_work *w, int target_fd)
{
	const struct mounts_plan *plan = w->plan;
	auto_close int dir = -EBADF;

	TRY(put_frame(w, target_fd, &dir));
	for (size_t i = 0; i < plan->cgroup.n; i++)
		TRY(put_v1(w, dir, plan->cgroup.v[i].controllers, plan->cgroup.v[i].mount,
			   plan->cgroup.v[i].path));
	return NULL;
}

struct err *mount_cgroup(const struct mount_work *w)
{
	auto_close int target = -EBADF;
	auto_close int fd = -EBADF;

	TRY(mount_open_target(w, true, &target, NULL));
	if (w->plan->cgroup.is_v2)
		return put_hierarchy(w, "", v2_own_dir(w->plan), w->m->destination, target, &fd);
	return cgroup_v1(w, target);
}

/* --- the hierarchy of an old systemd ---------------------------------------------------------- */

static const char *systemd_own_dir(const struct mounts_plan *plan)
{
	for (size_t i = 0; i < plan->cgroup.n; i++)
		if (streq(plan->cgroup.v[i].controllers, "name=systemd"))
			return plan->cgroup.v[i].path;
	return NULL;
}

struct err *mount_systemd_v1(const struct mount_work *w)
{
	auto_free char *path = str_format("%s/systemd", w->m->destination);
	auto_close int target = -EBADF;
	auto_close int dir = -EBADF;
	auto_close int inner = -EBADF;
	auto_close int fd = -EBADF;
	struct err *e;

	TRY(mount_open_target(w, true, &target, NULL));
	TRY(put_frame(w, target, &dir));
	if (mkdirat(dir, "systemd", 0755) < 0)
		return err_sys(-errno, "make the directory %s", path);
	inner = openat(dir, "systemd", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner < 0)
		return err_sys(-errno, "open the mount point %s", path);
	e = put_hierarchy(w, "none,name=systemd,xattr", systemd_own_dir(w->plan), path, inner, &fd);
	if (e)
		return err_hint(
			err_wrap(e, "annotation " FORCE_SYSTEMD_V1),
			"the container needs a cgroup namespace, and the host the hierarchy: "
			"mkdir /sys/fs/cgroup/systemd; mount -t cgroup cgroup -o "
			"none,name=systemd,xattr /sys/fs/cgroup/systemd");
	return NULL;
}
