/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The root file system: see rootfs.h.
 */
#include "os/rootfs.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/str.h"
#include "os/mount-api.h"
#include "spec/spec.h"

enum { MAX_STACKED = 16 };

static const struct {
	const char *word;
	unsigned long flags;
} propagations[] = {
	{ "private", MS_PRIVATE },       { "rprivate", MS_PRIVATE | MS_REC },
	{ "slave", MS_SLAVE },           { "rslave", MS_SLAVE | MS_REC },
	{ "shared", MS_SHARED },         { "rshared", MS_SHARED | MS_REC },
	{ "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
};

static struct err *propagation_parse(const char *word, unsigned long *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(propagations); i++) {
		if (streq(word, propagations[i].word)) {
			*ret = propagations[i].flags;
			return NULL;
		}
	}
	return err_new(ERR_INVALID, "linux.rootfsPropagation: unknown value `%s`", word);
}

/* Mounts on "/" itself: each becomes the root. */
static size_t count_covers(const struct spec *spec)
{
	size_t n = 0;

	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *m = &spec->mounts[i];
		auto_free char *absolute = str_format("/%s", m->destination ? m->destination : "x");
		auto_free char *clean = path_normalise(absolute);
		bool remount = false;

		for (size_t k = 0; k < m->options.n; k++)
			remount |= streq(m->options.v[k], "remount");
		n += !remount && streq(clean, "/");
	}
	return n;
}

struct err *rootfs_plan_make(struct arena *a, const struct spec *spec, const char *bundle,
			     bool no_pivot, struct rootfs_plan *ret)
{
	const char *word = spec->linux_ ? spec->linux_->rootfs_propagation : NULL;

	if (!spec->root || !spec->root->path)
		return err_new(ERR_INVALID, "root.path: is missing");
	ret->path = path_is_absolute(spec->root->path)
			    ? arena_str(a, spec->root->path)
			    : arena_format(a, "%s/%s", bundle, spec->root->path);
	ret->readonly = spec->root->readonly;
	ret->no_pivot = no_pivot;
	ret->new_mount_ns = spec_find_ns(spec, NS_MOUNT) != NULL;
	ret->n_covers = count_covers(spec);
	if (word && *word)
		TRY(propagation_parse(word, &ret->propagation));
	if (!ret->new_mount_ns && ret->readonly)
		return err_hint(err_new(ERR_INVALID,
					"root.readonly: needs a mount namespace of the container"),
				"add {\"type\": \"mount\"} to linux.namespaces");
	if (!ret->new_mount_ns && ret->propagation)
		return err_hint(err_new(ERR_INVALID, "linux.rootfsPropagation: needs a mount "
						     "namespace of the container"),
				"add {\"type\": \"mount\"} to linux.namespaces");
	return NULL;
}

struct err *rootfs_open(const struct rootfs_plan *plan, int *ret_fd)
{
	int fd;

	*ret_fd = -EBADF;
	if (!plan->new_mount_ns)
		return NULL;
	fd = tree_clone(AT_FDCWD, plan->path, AT_RECURSIVE);
	if (mount_api_missing(fd))
		return NULL;
	if (fd == -EINVAL)
		return err_hint(err_sys(fd, "clone the root file system %s", plan->path),
				"the rootfs must not be on an unbindable mount");
	TRY_SYS(fd, "open the root file system %s", plan->path);
	*ret_fd = fd;
	return NULL;
}

/*
 * What the container's root starts with.  Shared and unbindable have to wait for rootfs_finish():
 * pivot_root(2) refuses a shared parent, and binds of the root would fail.
 */
static unsigned long first_propagation(const struct rootfs_plan *plan)
{
	return plan->propagation & MS_SLAVE ? MS_SLAVE : MS_PRIVATE;
}

/* Without the mount API: the rootfs becomes a mount by a bind onto itself. */
static struct err *attach_old(const struct rootfs_plan *plan, int *ret_root_fd)
{
	auto_close int below = host_open(plan->path, O_PATH | O_DIRECTORY);
	auto_close int fd = -EBADF;
	uint64_t id_below = 0;
	uint64_t id = 0;

	TRY_SYS(below, "open the root file system %s", plan->path);
	TRY_SYS(mount_id_of(below, &id_below), "read the mount id of %s", plan->path);
	TRY_SYS(tree_bind_old(below, below, true), "bind the root file system %s", plan->path);
	fd = host_open(plan->path, O_PATH | O_DIRECTORY);
	TRY_SYS(fd, "open the root file system %s", plan->path);
	TRY_SYS(mount_id_of(fd, &id), "read the mount id of %s", plan->path);
	if (id == id_below)
		return err_new(ERR_SYSTEM, "the root file system %s changed while it was mounted",
			       plan->path);
	if (mount(NULL, fd_path(fd).s, NULL, first_propagation(plan) | MS_REC, NULL) < 0)
		return err_sys(-errno, "make the root file system private");
	*ret_root_fd = take_fd(&fd);
	return NULL;
}

/*
 * Where the root goes until it is pivoted to: its own path, since hooks expect to find there what
 * is mounted in it.  A user namespace need not be able to reach that, and a launch namespace does
 * not have it; then on top of "/", where a process whose root is "/" does not notice it.
 */
static struct err *open_place(const struct rootfs_plan *plan, int *ret_fd, bool *ret_on_top)
{
	auto_close int fd = host_open(plan->path, O_PATH | O_DIRECTORY);

	*ret_on_top = fd == -EACCES || fd == -ENOENT;
	if (*ret_on_top)
		fd = host_open("/", O_PATH | O_DIRECTORY);
	TRY_SYS(fd, "open the root file system %s", plan->path);
	*ret_fd = take_fd(&fd);
	return NULL;
}

/* Sets *ret_done only when TREE_FD is in place; otherwise the path has to do. */
static struct err *attach_tree(const struct rootfs_plan *plan, int tree_fd, bool *ret_done)
{
	auto_close int place = -EBADF;
	bool on_top = false;
	int attr_rc;
	int rc;

	attr_rc = tree_set(tree_fd, AT_RECURSIVE, 0, 0, first_propagation(plan));
	if (attr_rc < 0 && !mount_api_missing(attr_rc))
		return err_sys(attr_rc, "make the root file system private");
	TRY(open_place(plan, &place, &on_top));
	rc = tree_attach(tree_fd, place);
	if (mount_api_missing(rc))
		return NULL;
	TRY_SYS(rc, "attach the root file system %s", plan->path);
	if (attr_rc < 0 &&
	    mount(NULL, fd_path(tree_fd).s, NULL, first_propagation(plan) | MS_REC, NULL) < 0)
		return err_sys(-errno, "make the root file system private");
	*ret_done = true;
	return NULL;
}

struct err *rootfs_attach(const struct rootfs_plan *plan, int tree_fd, int *ret_root_fd)
{
	auto_close int fd = tree_fd;
	bool done = false;

	if (!plan->new_mount_ns) {
		fd_close(take_fd(&fd));
		fd = host_open(plan->path, O_PATH | O_DIRECTORY);
		TRY_SYS(fd, "open the root file system %s", plan->path);
		*ret_root_fd = take_fd(&fd);
		return NULL;
	}
	/*
	 * Recursive, else the MNT_DETACH of the old root would reach the host's mounts.  Trees that
	 * HOST cloned keep their peers: a bind mount may still be shared.
	 */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(-errno, "cut the propagation of mounts to the host");
	if (fd < 0)
		TRY(rootfs_open(plan, &fd));
	if (fd >= 0)
		TRY(attach_tree(plan, fd, &done));
	if (!done) {
		fd_close(take_fd(&fd));
		TRY(attach_old(plan, &fd));
	}
	*ret_root_fd = take_fd(&fd);
	return NULL;
}

/*
 * With only a chroot the host's /proc and /sys would stay in the namespace, and the kernel would
 * let the container mount new ones with nothing hidden.  What is locked is covered instead.
 */
static struct err *hide_host(const char *path)
{
	auto_close int fd = -EBADF;
	unsigned long magic = 0;

	for (int i = 0; i < MAX_STACKED; i++) {
		fd_close(take_fd(&fd));
		fd = host_open(path, O_PATH | O_DIRECTORY);
		if (fd < 0 || mount_magic_of(fd, &magic) < 0)
			return NULL;
		if (magic != PROC_SUPER_MAGIC && magic != SYSFS_MAGIC)
			return NULL;
		if (umount2(fd_path(fd).s, MNT_DETACH) == 0)
			continue;
		if (mount("none", fd_path(fd).s, "tmpfs", MS_RDONLY, "size=0k") < 0)
			return err_sys(-errno, "cover the host's %s", path);
	}
	return NULL;
}

static struct err *enter_by_chroot(const struct rootfs_plan *plan, int root_fd)
{
	if (fchdir(root_fd) < 0)
		return err_sys(-errno, "change to the root file system");
	if (plan->new_mount_ns) {
		TRY(hide_host("/sys"));
		TRY(hide_host("/proc"));
		/* ELOOP: it lies on top of "/" already. */
		if (mount(".", "/", NULL, MS_MOVE, NULL) < 0 && errno != ELOOP)
			return err_sys(-errno, "move the root file system onto /");
	}
	if (chroot(".") < 0)
		return err_sys(-errno, "chroot into the root file system");
	if (chdir("/") < 0)
		return err_sys(-errno, "change to the container's /");
	return NULL;
}

/* pivot_root(2) refuses to leave the kernel's first root file system. */
static bool on_initramfs(void)
{
	auto_close int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	unsigned long magic = 0;

	return fd >= 0 && mount_magic_of(fd, &magic) == 0 &&
	       (magic == RAMFS_MAGIC || magic == TMPFS_MAGIC);
}

/*
 * The host's root, and in front of it what mounts on "/" have covered, if that lies on the host's
 * "/".
 */
static struct err *detach_host(const struct rootfs_plan *plan, bool on_top)
{
	size_t n = 1 + (on_top ? plan->n_covers : 0);

	for (size_t i = 0; i < n; i++)
		if (umount2(".", MNT_DETACH) < 0)
			return err_sys(-errno, "detach the host's root");
	return NULL;
}

struct err *rootfs_enter(const struct rootfs_plan *plan, int root_fd)
{
	auto_close int place = -EBADF;
	bool on_top = false;
	int rc;

	if (!plan->new_mount_ns || plan->no_pivot)
		return enter_by_chroot(plan, root_fd);
	if (plan->n_covers > 0)
		TRY(open_place(plan, &place, &on_top));
	if (fchdir(root_fd) < 0)
		return err_sys(-errno, "change to the root file system");
	/*
	 * pivot_root(".", ".") stacks the old root on top of the new one, so no put_old folder is
	 * needed inside a rootfs that may be read-only.  "." then resolves upwards to the old root
	 * and MNT_DETACH removes it: pivot_root(2), NOTES.
	 */
	rc = sys_pivot_root(".", ".");
	if (rc == -EINVAL && on_initramfs())
		return enter_by_chroot(plan, root_fd);
	if (rc == -EINVAL)
		return err_hint(err_sys(rc, "pivot_root"),
				"if / is the initramfs, --no-pivot does without pivot_root");
	TRY_SYS(rc, "pivot_root");
	TRY(detach_host(plan, on_top));
	if (chdir("/") < 0)
		return err_sys(-errno, "change to the container's /");
	return NULL;
}

static int set_readonly_old(int fd)
{
	uint64_t attr = 0;
	int rc = mount_attr_of(fd, &attr);

	if (rc < 0)
		return rc;
	attr |= MOUNT_ATTR_RDONLY;
	/* By "/", since the container need not have a /proc. */
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | mount_attr_to_ms(attr), NULL) < 0)
		return -errno;
	return 0;
}

struct err *rootfs_finish(const struct rootfs_plan *plan)
{
	auto_close int fd = -EBADF;
	uint64_t set = plan->readonly ? MOUNT_ATTR_RDONLY : 0;
	unsigned long late = plan->propagation & (MS_SHARED | MS_UNBINDABLE);
	unsigned recursive = late && (plan->propagation & MS_REC) ? AT_RECURSIVE : 0;
	int rc = 0;

	if (!plan->new_mount_ns || (!set && !late))
		return NULL;
	fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(-errno, "open the container's /");
	if (late) {
		rc = tree_set(fd, recursive, 0, 0, late);
		if (mount_api_missing(rc))
			rc = mount(NULL, "/", NULL, plan->propagation, NULL) < 0 ? -errno : 0;
		TRY_SYS(rc, "set the propagation of /");
	}
	if (set) {
		rc = tree_set(fd, 0, set, 0, 0);
		if (mount_api_missing(rc))
			rc = set_readonly_old(fd);
		TRY_SYS(rc, "make / read-only");
	}
	return NULL;
}
