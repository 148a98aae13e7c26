/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes and the symlinks of a default /dev: see device.h.
 */
#include "os/device.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"
#include "base/str.h"
#include "os/mount-api.h"
#include "spec/spec.h"

static const struct {
	const char *path;
	unsigned major;
	unsigned minor;
} defaults[] = {
	{ "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 },   { "/dev/full", 1, 7 },
	{ "/dev/tty", 5, 0 },  { "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 },
};

static const struct {
	const char *name;
	const char *target;
} links[] = {
	{ "fd", "/proc/self/fd" },       { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "core", "/proc/kcore" },
};

/* --- the plan --------------------------------------------------------------------------------- */

static struct err *plan_device(struct arena *a, const struct spec_device *s, size_t index,
			       struct device *ret)
{
	auto_free char *absolute = NULL;
	auto_free char *clean = NULL;
	mode_t type = s->type == 'b' ? S_IFBLK : s->type == 'p' ? S_IFIFO : S_IFCHR;

	if (!s->path || !*s->path)
		return err_new(ERR_INVALID, "linux.devices[%zu].path: is missing", index);
	if (strlen(s->path) >= PATH_MAX - 1)
		return err_new(ERR_INVALID, "linux.devices[%zu].path: is longer than %d bytes",
			       index, PATH_MAX - 2);
	absolute = str_format("/%s", s->path);
	clean = path_normalise(absolute);
	if (streq(clean, "/"))
		return err_new(ERR_INVALID, "linux.devices[%zu].path: `%s` is no file", index,
			       s->path);
	if (type != S_IFIFO &&
	    (s->major < 0 || s->minor < 0 || s->major > 0xfff || s->minor > 0xfffff))
		return err_new(ERR_INVALID,
			       "linux.devices[%zu]: the device number %lld:%lld is out of range",
			       index, (long long)s->major, (long long)s->minor);
	ret->path = arena_str(a, clean);
	ret->mode = type | (s->file_mode.set ? (mode_t)s->file_mode.value & 07777 : 0666);
	if (type != S_IFIFO)
		ret->dev = makedev((unsigned)s->major, (unsigned)s->minor);
	ret->uid = s->uid.set ? (uid_t)s->uid.value : 0;
	ret->gid = s->gid.set ? (gid_t)s->gid.value : 0;
	ret->index = index;
	return NULL;
}

/* The host's id of ID, or ID itself where the config does not map it. */
static uint32_t map_id(const struct spec_id_mappings *map, uint32_t id)
{
	for (size_t i = 0; i < map->n; i++)
		if (id >= map->v[i].container_id && id - map->v[i].container_id < map->v[i].size)
			return map->v[i].host_id + (id - map->v[i].container_id);
	return id;
}

static bool is_listed(const struct devices_plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n; i++)
		if (streq(plan->v[i].path, path))
			return true;
	return false;
}

struct err *devices_plan_make(struct arena *a, const struct spec *spec, bool host_dev,
			      bool no_mknod, struct devices_plan *ret)
{
	size_t n = spec->linux_ ? spec->linux_->n_devices : 0;

	ret->skip = host_dev;
	ret->bind = no_mknod;
	ret->terminal = spec->process && spec->process->terminal;
	ret->v = arena_array(a, struct device, n + ARRAY_LEN(defaults));
	for (size_t i = 0; i < n; i++) {
		TRY(plan_device(a, &spec->linux_->devices[i], i, &ret->v[ret->n]));
		ret->n++;
	}
	for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
		/* The config may give one of them another mode or owner. */
		if (is_listed(ret, defaults[i].path))
			continue;
		ret->v[ret->n++] = (struct device){
			.path = arena_str(a, defaults[i].path),
			.mode = S_IFCHR | 0666,
			.dev = makedev(defaults[i].major, defaults[i].minor),
			.index = SIZE_MAX,
		};
	}
	if (!spec->linux_ || spec->linux_->uid_mappings.n == 0)
		return NULL;
	ret->own_nodes = true;
	for (size_t i = 0; i < ret->n; i++) {
		ret->v[i].host_uid = map_id(&spec->linux_->uid_mappings, ret->v[i].uid);
		ret->v[i].host_gid = map_id(&spec->linux_->gid_mappings, ret->v[i].gid);
	}
	return NULL;
}

static struct err *name_device(struct err *e, const struct device *d)
{
	if (d->index == SIZE_MAX)
		return err_wrap(e, "device %s", d->path);
	return err_wrap(e, "linux.devices[%zu] %s", d->index, d->path);
}

static bool is_same_node(const struct device *d, const struct stat *st)
{
	return (st->st_mode & S_IFMT) == (d->mode & S_IFMT) &&
	       (S_ISFIFO(d->mode) || st->st_rdev == d->dev);
}

/* --- nodes of the host, bound ----------------------------------------------------------------- */

static struct err *hint_host_node(struct err *e)
{
	return err_hint(e, "a user namespace cannot make device nodes, so the host's one of the "
			   "same path is bound");
}

static struct err *check_host_node(const struct device *d, int fd)
{
	struct stat st;

	if (fd < 0)
		return hint_host_node(err_sys(fd, "open the host's %s", d->path));
	if (fstat(fd, &st) < 0)
		return err_sys(-errno, "stat the host's %s", d->path);
	if (!is_same_node(d, &st))
		return hint_host_node(
			err_new(ERR_UNSUPPORTED, "the host's %s is another device", d->path));
	return NULL;
}

static struct err *open_host_node(const struct device *d, int *ret_fd)
{
	auto_close int fd = tree_clone(AT_FDCWD, d->path, 0);

	if (mount_api_missing(fd))
		return NULL;
	TRY(check_host_node(d, fd));
	*ret_fd = take_fd(&fd);
	return NULL;
}

/* A detached file system for device nodes, or -errno. */
static int make_node_fs(void)
{
	auto_close int fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	int rc = fs;

	if (rc >= 0)
		rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "755", 0);
	if (rc >= 0)
		rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, "size", "64k", 0);
	if (rc >= 0)
		rc = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	return rc < 0 ? rc
		      : sys_fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
}

/* A node with all that the config says about it.  Clones of a detached mount need Linux 6.15. */
static int make_own_node(int fs_fd, const struct device *d, size_t i)
{
	char name[24];

	snprintf(name, sizeof(name), "%zu", i);
	if (mknodat(fs_fd, name, d->mode, d->dev) < 0 ||
	    fchmodat(fs_fd, name, d->mode & 07777, 0) < 0 ||
	    fchownat(fs_fd, name, d->host_uid, d->host_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return tree_clone(fs_fd, name, 0);
}

static struct err *open_node(const struct devices_plan *plan, size_t i, int fs_fd, int *ret_fd)
{
	int fd = fs_fd < 0 ? fs_fd : make_own_node(fs_fd, &plan->v[i], i);

	if (fd < 0)
		return open_host_node(&plan->v[i], ret_fd);
	*ret_fd = fd;
	return NULL;
}

struct err *devices_open_sources(const struct devices_plan *plan, int **ret_fds)
{
	auto_close int fs = -EBADF;
	int *fds;
	struct err *e;

	*ret_fds = NULL;
	if (!plan->bind || plan->skip)
		return NULL;
	if (plan->own_nodes)
		fs = make_node_fs();
	fds = xcalloc(plan->n + 1, sizeof(int));
	for (size_t i = 0; i < plan->n; i++)
		fds[i] = -EBADF;
	for (size_t i = 0; i < plan->n; i++) {
		if (S_ISFIFO(plan->v[i].mode))
			continue;
		e = open_node(plan, i, fs, &fds[i]);
		if (!e)
			continue;
		for (size_t k = 0; k < i; k++)
			fd_close(fds[k]);
		free(fds);
		return name_device(e, &plan->v[i]);
	}
	*ret_fds = fds;
	return NULL;
}

static struct err *refuse_other(const struct device *d)
{
	return err_hint(err_new(ERR_INVALID, "the root file system has something else there"),
			"remove %s from the image, or the device from the config", d->path);
}

static int make_empty_file(int parent_fd, const char *name)
{
	int fd =
		openat(parent_fd, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0644);

	if (fd < 0)
		return -errno;
	fd_close(fd);
	return 0;
}

/* An empty file for the bind to cover, perhaps the one of the container's last run. */
static struct err *open_bind_target(int parent_fd, const char *name, const struct device *d,
				    int *ret_fd, bool *ret_done)
{
	auto_close int fd = -EBADF;
	struct stat st;
	int rc = make_empty_file(parent_fd, name);

	if (rc < 0 && rc != -EEXIST)
		return err_sys(rc, "create the mount point");
	if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(-errno, "stat the mount point");
	*ret_done = is_same_node(d, &st);
	if (*ret_done)
		return NULL;
	if (d->index != SIZE_MAX && !(S_ISREG(st.st_mode) && st.st_size == 0))
		return refuse_other(d);
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode)) {
		if (unlinkat(parent_fd, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0)
			return err_sys(-errno, "replace what the rootfs has there");
		TRY_SYS(make_empty_file(parent_fd, name), "create the mount point");
	}
	fd = openat(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(-errno, "open the mount point");
	*ret_fd = take_fd(&fd);
	return NULL;
}

static struct err *bind_node(const struct device *d, int source_fd, int parent_fd, const char *name)
{
	auto_close int opened = -EBADF;
	auto_close int target = -EBADF;
	auto_close int host = -EBADF;
	bool done = false;
	int rc;

	TRY(open_bind_target(parent_fd, name, d, &target, &done));
	if (done)
		return NULL;
	if (source_fd < 0) {
		TRY(open_host_node(d, &opened));
		source_fd = opened;
	}
	if (source_fd >= 0) {
		rc = tree_set(source_fd, 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0, MS_PRIVATE);
		if (rc < 0 && !mount_api_missing(rc))
			return err_sys(rc, "set the options");
		rc = tree_attach(source_fd, target);
		if (!mount_api_missing(rc)) {
			TRY_SYS(rc, "bind the host's node");
			return NULL;
		}
	}
	host = host_open(d->path, O_PATH);
	TRY(check_host_node(d, host));
	TRY_SYS(tree_bind_old(host, target, false), "bind the host's node");
	return NULL;
}

/* --- nodes of our own ------------------------------------------------------------------------- */

static struct err *set_owner(const struct device *d, int parent_fd, const char *name)
{
	if (fchownat(parent_fd, name, d->uid, d->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(-errno, "set the owner");
	return NULL;
}

/* Is NAME a mount of its own?  Then it may be the host's node, whose mode and owner are not ours.
 */
static struct err *is_mounted(int parent_fd, const char *name, bool *ret)
{
	auto_close int fd = openat(parent_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	uint64_t above = 0;
	uint64_t id = 0;

	if (fd < 0)
		return err_sys(-errno, "open what is there");
	TRY_SYS(mount_id_of(parent_fd, &above), "read a mount id");
	TRY_SYS(mount_id_of(fd, &id), "read a mount id");
	*ret = id != above;
	return NULL;
}

static struct err *adjust_node(const struct device *d, int parent_fd, const char *name,
			       const struct stat *st)
{
	if ((st->st_mode & 07777) != (d->mode & 07777) &&
	    fchmodat(parent_fd, name, d->mode & 07777, 0) < 0)
		return err_sys(-errno, "set the mode");
	if (st->st_uid == d->uid && st->st_gid == d->gid)
		return NULL;
	return set_owner(d, parent_fd, name);
}

/*
 * NAME exists already.  A node of the same kind is made to fit.  Anything else at the path of a
 * device that the config lists is an error, says the specification; at that of a default device the
 * image's file gives way, but not what the config has mounted there.
 */
static struct err *replace_node(const struct device *d, int parent_fd, const char *name,
				bool *ret_kept)
{
	bool mounted = false;
	struct stat st;

	if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(-errno, "stat what is there");
	TRY(is_mounted(parent_fd, name, &mounted));
	*ret_kept = mounted || is_same_node(d, &st);
	if (is_same_node(d, &st))
		return mounted ? NULL : adjust_node(d, parent_fd, name, &st);
	if (d->index != SIZE_MAX)
		return refuse_other(d);
	if (mounted)
		return NULL;
	if (unlinkat(parent_fd, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0)
		return err_sys(-errno, "replace what the rootfs has there");
	return NULL;
}

static struct err *make_node(const struct device *d, int parent_fd, const char *name)
{
	bool kept = false;

	if (mknodat(parent_fd, name, d->mode, d->dev) < 0) {
		if (errno != EEXIST)
			return err_sys(-errno, "make the node");
		TRY(replace_node(d, parent_fd, name, &kept));
		if (kept)
			return NULL;
		if (mknodat(parent_fd, name, d->mode, d->dev) < 0)
			return err_sys(-errno, "make the node");
	}
	return d->uid || d->gid ? set_owner(d, parent_fd, name) : NULL;
}

/* --- all of them ------------------------------------------------------------------------------ */

static struct err *make_one(const struct devices_plan *plan, size_t i, int source_fd, int root_fd,
			    int dev_fd)
{
	const struct device *d = &plan->v[i];
	const char *name = d->path + strlen("/dev/");
	auto_close int parent = -EBADF;
	int at = dev_fd;

	if (!str_starts(d->path, "/dev/") || strchr(name, '/')) {
		parent = path_open_parent_in(root_fd, d->path, 0755, &name);
		TRY_SYS(parent, "open the directory");
		at = parent;
	}
	if (plan->bind && !S_ISFIFO(d->mode))
		return bind_node(d, source_fd, at, name);
	return make_node(d, at, name);
}

static struct err *make_link(int dev_fd, const char *name, const char *target, bool replace)
{
	char now[64];
	ssize_t n;

	if (symlinkat(target, dev_fd, name) == 0)
		return NULL;
	if (errno != EEXIST)
		return err_sys(-errno, "make the symlink /dev/%s", name);
	n = readlinkat(dev_fd, name, now, sizeof(now) - 1);
	if (n >= 0) {
		now[n] = '\0';
		if (streq(now, target))
			return NULL;
	}
	if (!replace)
		return NULL;
	/* EBUSY: the config mounted something there. */
	if (unlinkat(dev_fd, name, 0) < 0)
		return errno == EBUSY ? NULL : err_sys(-errno, "replace /dev/%s", name);
	if (symlinkat(target, dev_fd, name) < 0)
		return err_sys(-errno, "make the symlink /dev/%s", name);
	return NULL;
}

struct err *devices_make(const struct devices_plan *plan, const int *fds, int root_fd)
{
	auto_close int dev = -EBADF;
	struct err *e;

	if (plan->skip)
		return NULL;
	dev = path_make_dir_in(root_fd, "/dev", 0755);
	TRY_SYS(dev, "open /dev of the root file system");
	for (size_t i = 0; i < plan->n; i++) {
		e = make_one(plan, i, fds ? fds[i] : -EBADF, root_fd, dev);
		if (e)
			return name_device(e, &plan->v[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		TRY(make_link(dev, links[i].name, links[i].target, false));
	return make_link(dev, "ptmx", "pts/ptmx", true);
}
