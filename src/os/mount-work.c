/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a mount point and putting a tree on it: see mount-work.h.
 */
#include "os/mount-work.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/str.h"
#include "os/mount-api.h"

/* --- targets ---------------------------------------------------------------------------------- */

static struct err *refuse_symlinked(const struct mount_plan *m)
{
	return err_new(ERR_INVALID,
		       "filesystem \"%s\" must be mounted on an ordinary directory: %s is not one",
		       m->type, m->destination);
}

/* The ordinary case, a new name in a folder that is there, with a third of the calls. */
static int make_dir_at_once(int root_fd, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	auto_free char *dir = str_dup_n(path, (size_t)(name - path));
	auto_close int parent = path_open_in(root_fd, dir, O_PATH | O_DIRECTORY);
	int fd;

	if (parent < 0)
		return parent;
	if (mkdirat(parent, name, 0755) < 0)
		return -errno;
	fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int make_target(const struct mount_work *w, bool is_dir)
{
	int fd;

	if (!is_dir)
		return path_make_file_in(w->root_fd, w->m->destination);
	fd = make_dir_at_once(w->root_fd, w->m->destination);
	/* EEXIST: a symlink that leads nowhere yet. */
	if (fd == -ENOENT || fd == -EEXIST)
		fd = path_make_dir_in(w->root_fd, w->m->destination, 0755);
	return fd;
}

/* procfs and sysfs: a symlink in the image would let other files stand in for the kernel's. */
static struct err *open_real_dir(const struct mount_work *w, int *ret_fd, bool *ret_made)
{
	const char *path = w->m->destination;
	auto_close int fd = path_open_in_nolink(w->root_fd, path, O_PATH | O_DIRECTORY);

	if (fd == -ENOENT) {
		int made = make_target(w, true);

		TRY_SYS(made, "create the mount point");
		fd_close(made);
		*ret_made = true;
		fd = path_open_in_nolink(w->root_fd, path, O_PATH | O_DIRECTORY);
	}
	if (fd == -ELOOP || fd == -ENOTDIR)
		return refuse_symlinked(w->m);
	TRY_SYS(fd, "open the mount point");
	*ret_fd = take_fd(&fd);
	return NULL;
}

static struct err *open_any(const struct mount_work *w, bool is_dir, int *ret_fd, bool *ret_made)
{
	const struct mount_plan *m = w->m;
	auto_close int fd = path_open_in(w->root_fd, m->destination,
					 O_PATH | (m->dest_nofollow ? O_NOFOLLOW : 0));

	if (fd == -ENOENT && !m->dest_nofollow && m->kind != MOUNT_CHANGE) {
		fd = make_target(w, is_dir);
		*ret_made = true;
		if (fd == -EROFS)
			return err_hint(
				err_sys(fd, "create the mount point"),
				"the rootfs is read-only: make the mount point in the image");
		TRY_SYS(fd, "create the mount point");
	}
	TRY_SYS(fd, "open the mount point");
	*ret_fd = take_fd(&fd);
	return NULL;
}

/* A symlink may lead into procfs: what the plan refused by name is refused here by nature. */
struct err *mount_refuse_proc(const struct mount_plan *m, int fd)
{
	unsigned long magic = 0;

	if (streq(m->destination, "/proc") || mount_allowed_in_proc(m->destination))
		return NULL;
	TRY_SYS(mount_magic_of(fd, &magic), "stat the file system of %s", m->destination);
	if (magic != PROC_SUPER_MAGIC)
		return NULL;
	return err_new(ERR_INVALID, "%s leads into procfs, where nothing may be mounted",
		       m->destination);
}

struct err *mount_open_target(const struct mount_work *w, bool is_dir, int *ret_fd, bool *ret_made)
{
	auto_close int fd = -EBADF;
	bool made = false;

	if (w->m->is_proc_or_sysfs)
		TRY(open_real_dir(w, &fd, &made));
	else
		TRY(open_any(w, is_dir, &fd, &made));
	if (!made)
		TRY(mount_refuse_proc(w->m, fd));
	if (ret_made)
		*ret_made = made;
	*ret_fd = take_fd(&fd);
	return NULL;
}

/* --- putting a tree in place ------------------------------------------------------------------ */

/*
 * The path must lead to the mount at FD: somebody may have renamed a folder of a shared volume.  A
 * mount on "/" is the new root: every later step holds the number of the descriptor.
 */
struct err *mount_check_place(int root_fd, const char *path, int fd)
{
	auto_close int at = -EBADF;
	uint64_t want = 0;
	uint64_t got = 0;

	if (streq(path, "/")) {
		if (dup3(fd, root_fd, O_CLOEXEC) < 0)
			return err_sys(-errno, "replace the root");
		return NULL;
	}
	TRY_SYS(mount_id_of(fd, &want), "read the mount id of %s", path);
	at = path_open_in(root_fd, path, O_PATH);
	if (at < 0 || mount_id_of(at, &got) < 0 || got != want) {
		/* A symlink that was mounted over a symlink. */
		fd_close(take_fd(&at));
		at = path_open_in(root_fd, path, O_PATH | O_NOFOLLOW);
		TRY_SYS(at, "open %s after mounting it", path);
		TRY_SYS(mount_id_of(at, &got), "read the mount id of %s", path);
	}
	if (want != got)
		return err_new(ERR_DENIED, "%s is not where it was mounted: its path changed",
			       path);
	return NULL;
}

/* After mount(2): a descriptor of the new mount, which is not the one TARGET_FD is on. */
struct err *mount_reopen(int root_fd, const char *path, int target_fd, int *ret_fd)
{
	auto_close int fd = -EBADF;
	uint64_t below = 0;
	uint64_t id = 0;

	if (streq(path, "/"))
		return err_new(ERR_UNSUPPORTED, "a mount on / needs move_mount (Linux 5.2)");
	fd = path_open_in(root_fd, path, O_PATH);
	TRY_SYS(fd, "open %s after mounting it", path);
	TRY_SYS(mount_id_of(target_fd, &below), "read the mount id of %s", path);
	TRY_SYS(mount_id_of(fd, &id), "read the mount id of %s", path);
	if (below == id)
		return err_new(ERR_DENIED, "%s is not where it was mounted: its path changed",
			       path);
	*ret_fd = take_fd(&fd);
	return NULL;
}

struct err *mount_explain(int rc, int tree_fd, int target_fd, const char *path)
{
	struct stat from;
	struct stat to;

	if (fstat(tree_fd, &from) == 0 && fstat(target_fd, &to) == 0 &&
	    S_ISDIR(from.st_mode) != S_ISDIR(to.st_mode))
		return err_new(ERR_INVALID, "the source is %s directory, the mount point %s is %s",
			       S_ISDIR(from.st_mode) ? "a" : "not a", path,
			       S_ISDIR(to.st_mode) ? "one" : "none");
	return err_sys(rc, "mount on %s", path);
}

struct err *mount_put_tree(int tree_fd, int root_fd, const char *path, int target_fd)
{
	int rc = tree_attach(tree_fd, target_fd);

	if (rc < 0)
		return mount_explain(rc, tree_fd, target_fd, path);
	return mount_check_place(root_fd, path, tree_fd);
}

struct err *mount_put_bind(const char *source, bool recursive, uint64_t attrs, int root_fd,
			   const char *path, int target_fd, int *ret_fd)
{
	auto_close int fd = tree_clone(AT_FDCWD, source, recursive ? AT_RECURSIVE : 0);
	auto_close int from = -EBADF;
	int rc = fd;

	if (rc >= 0)
		rc = tree_set(fd, recursive ? AT_RECURSIVE : 0, attrs, 0, MS_PRIVATE);
	if (rc == 0)
		rc = tree_attach(fd, target_fd);
	if (rc == 0) {
		TRY(mount_check_place(root_fd, path, fd));
		*ret_fd = take_fd(&fd);
		return NULL;
	}
	if (!mount_api_missing(rc))
		return err_sys(rc, "bind %s", source);
	/* The old call has no way to make a tree read-only, only its top. */
	if (recursive && (attrs & MOUNT_ATTR_RDONLY))
		return err_hint(err_sys(rc, "bind %s", source),
				"a read-only tree needs mount_setattr (Linux 5.12)");
	from = host_open(source, O_PATH);
	TRY_SYS(from, "open %s", source);
	TRY_SYS(tree_bind_old(from, target_fd, recursive), "bind %s", source);
	fd_close(take_fd(&fd));
	TRY(mount_reopen(root_fd, path, target_fd, &fd));
	TRY_SYS(mount_remount_old(fd, attrs, 0), "set the options of %s", source);
	if (mount(NULL, fd_path(fd).s, NULL, MS_PRIVATE | MS_REC, NULL) < 0)
		return err_sys(-errno, "set the propagation of %s", source);
	*ret_fd = take_fd(&fd);
	return NULL;
}
