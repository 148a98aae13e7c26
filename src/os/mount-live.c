/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of a container that runs: see mount-live.h.
 *
 * Its processes may change the tree meanwhile.  So a mount gets all it needs while it is detached,
 * goes onto a descriptor, and is held by one from then on: taking it back looks up nothing.
 */
#include "os/mount-live.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/str.h"
#include "os/mount-api.h"
#include "os/mount-fs.h"
#include "os/mount-opts.h"
#include "os/mount-work.h"

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x00002000
#endif

enum { MAX_COVERS = 64 };

struct err *mounts_live_supported(void)
{
	auto_close int tree = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLOEXEC);
	auto_close int fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	int rc = tree < 0 ? tree : fs;

	/* EPERM of fsopen: without the rights here, it may have them in the container. */
	if (tree >= 0 && (fs >= 0 || fs == -EPERM))
		return NULL;
	return err_hint(err_new(ERR_UNSUPPORTED,
				"the mounts of a running container can only be changed with "
				"open_tree and move_mount: %s",
				strerror(-rc)),
			"they need Linux 5.2, and a seccomp profile around davit that allows them");
}

/* Lies FD where the container's processes have their "/"? */
static struct err *is_root(int root_fd, int fd, bool *ret)
{
	uint64_t root_mount = 0;
	uint64_t mount = 0;
	struct stat root;
	struct stat st;

	if (fstat(root_fd, &root) < 0 || fstat(fd, &st) < 0)
		return err_sys(-errno, "stat the mount point");
	TRY_SYS(mount_id_of(root_fd, &root_mount), "read the mount id of the root");
	TRY_SYS(mount_id_of(fd, &mount), "read the mount id of the mount point");
	*ret = root_mount == mount && root.st_dev == st.st_dev && root.st_ino == st.st_ino;
	return NULL;
}

static struct err *refuse_root(const struct mount_work *w, int fd)
{
	bool root = false;

	TRY(is_root(w->root_fd, fd, &root));
	if (root)
		return err_new(ERR_DENIED, "%s leads to the root", w->m->destination);
	return NULL;
}

bool mounts_made_of_paths(const struct mount_plan *m)
{
	return m->kind == MOUNT_FS && streq(m->type, "overlay");
}

struct err *mounts_make_early(const struct mounts_plan *plan, struct mount_sources *sources)
{
	struct mount_work w = { .plan = plan, .root_fd = -EBADF };
	struct err *e;

	for (size_t i = 0; i < plan->n; i++) {
		w.m = &plan->v[i];
		if (!mounts_made_of_paths(w.m))
			continue;
		e = mount_fs_tree(&w, -EBADF, false, &sources->fds[i]);
		if (e)
			return err_wrap(e, "%s %s", w.m->where, w.m->destination);
	}
	return NULL;
}

/* --- add -------------------------------------------------------------------------------------- */

static struct err *open_target(const struct mount_work *w, bool is_dir, int *ret_fd, bool *ret_made)
{
	auto_close int fd = -EBADF;

	TRY(mount_open_target(w, is_dir, &fd, ret_made));
	TRY(refuse_root(w, fd));
	*ret_fd = take_fd(&fd);
	return NULL;
}

/* From here on *RET_FD holds the mount, whatever comes. */
static struct err *put(const struct mount_work *w, int *tree_fd, int target_fd, int *ret_fd)
{
	int rc = tree_attach(*tree_fd, target_fd);

	if (rc < 0)
		return mount_explain(rc, *tree_fd, target_fd, w->m->destination);
	*ret_fd = take_fd(tree_fd);
	return mount_check_place(w->root_fd, w->m->destination, *ret_fd);
}

static struct err *add_bind(const struct mount_work *w, int *source_fd, int *ret_fd)
{
	auto_close int target = -EBADF;
	auto_close int tree = -EBADF;
	bool is_dir = false;
	int rc;

	/* The paths of the host are in another mount namespace: nothing can be cloned here. */
	if (*source_fd >= 0 || w->m->inner)
		TRY(mount_bind_tree(w, source_fd, &tree, &is_dir));
	if (tree < 0)
		return err_sys(-EPERM, "clone the source %s", w->m->source);
	TRY(open_target(w, is_dir, &target, NULL));
	rc = mount_bind_set(w, tree);
	if (rc < 0 && rc != -ENOSYS)
		return mount_set_refused(rc);
	TRY(put(w, &tree, target, ret_fd));
	/* Before Linux 5.12 the flags come after the mount. */
	return rc < 0 ? mount_bind_set_old(w, *ret_fd) : NULL;
}

static struct err *add_fs(const struct mount_work *w, int *source_fd, int *ret_fd)
{
	const struct mount_plan *m = w->m;
	auto_close int target = -EBADF;
	auto_close int tree = take_fd(source_fd);
	bool made = false;

	TRY(open_target(w, true, &target, &made));
	if (tree < 0)
		TRY(mount_fs_tree(w, target, made, &tree));
	TRY(put(w, &tree, target, ret_fd));
	for (size_t i = 0; i < m->n_propagations; i++)
		TRY_SYS(mount_propagate(*ret_fd, m->propagations[i]), "set the propagation");
	return NULL;
}

static struct err *add_one(const struct mount_work *w, int *source_fd, int *ret_fd)
{
	bool done = false;

	if (w->m->kind == MOUNT_FS)
		return add_fs(w, source_fd, ret_fd);
	if (w->m->copy_symlink)
		TRY(mount_copy_symlink(w, &done));
	return done ? NULL : add_bind(w, source_fd, ret_fd);
}

struct err *mounts_add_next(const struct mounts_plan *plan, struct mount_sources *sources,
			    int root_fd, struct mounts_added *added)
{
	size_t i = added->n;
	struct mount_work w = { .plan = plan, .m = &plan->v[i], .root_fd = root_fd };
	int none = -EBADF;
	struct err *e;

	if (!added->fds)
		added->fds = xcalloc(plan->n + 1, sizeof(int));
	added->fds[added->n++] = -EBADF;
	e = add_one(&w, i < sources->n ? &sources->fds[i] : &none, &added->fds[i]);
	return e ? err_wrap(e, "%s %s", w.m->where, w.m->destination) : NULL;
}

struct err *mounts_add_finish(const struct mounts_plan *plan, const struct mounts_added *added)
{
	for (size_t i = 0; i < added->n; i++)
		if (plan->v[i].readonly_late)
			TRY_SYS(mount_set_readonly(added->fds[i]), "%s %s: make it read-only",
				plan->v[i].where, plan->v[i].destination);
	return NULL;
}

/*
 * By descriptor, so it does not matter where it is by now.  The kernel takes what lies on top of
 * it first, which a process of the container may just have put there; once ours is gone the
 * descriptor names no mount of this namespace any more.
 */
static void take_back(int fd)
{
	int n = 0;

	while (n < MAX_COVERS && umount2(fd_path(fd).s, MNT_DETACH) == 0)
		n++;
}

void mounts_take_back(struct mounts_added *added)
{
	while (added->n > 0) {
		int fd = added->fds[--added->n];

		if (fd < 0)
			continue;
		take_back(fd);
		fd_close(fd);
	}
	free(added->fds);
	*added = (struct mounts_added){ 0 };
}

/* --- remove ----------------------------------------------------------------------------------- */

/*
 * A container could have a symlink lead to a mount that protects something, such as the cover of a
 * masked path.  So the destination has to be the place itself, as the mount table shows it.
 */
static struct err *refuse_symlink(const struct mount_work *w)
{
	auto_close int fd = path_open_in(w->root_fd, w->m->destination, O_PATH);
	char place[PATH_MAX] = "";
	struct err *e = err_new(ERR_DENIED, "a symlink is on the way");

	if (fd >= 0 && readlink(fd_path(fd).s, place, sizeof(place) - 1) > 0)
		e = err_hint(e, "name the mount by the path without symlinks: %s", place);
	return e;
}

/* Before Linux 5.8 the kernel does not tell; then umount2(2) does. */
static bool is_mount(int fd)
{
	struct statx st = { 0 };

	if (statx(fd, "", AT_EMPTY_PATH, 0, &st) < 0 ||
	    !(st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return true;
	return st.stx_attributes & STATX_ATTR_MOUNT_ROOT;
}

static struct err *open_mount(const struct mount_work *w, int *ret_fd)
{
	auto_close int fd = path_open_in_nolink(w->root_fd, w->m->destination, O_PATH | O_NOFOLLOW);
	struct stat st;

	if (fd == -ELOOP)
		return refuse_symlink(w);
	TRY_SYS(fd, "open the mount point");
	TRY(refuse_root(w, fd));
	if (!is_mount(fd)) {
		if (fstat(fd, &st) == 0 && S_ISLNK(st.st_mode))
			return refuse_symlink(w);
		return err_new(ERR_INVALID, "nothing is mounted there");
	}
	*ret_fd = take_fd(&fd);
	return NULL;
}

static struct err *detach_one(const struct mount_work *w, bool only_look)
{
	auto_close int fd = -EBADF;

	TRY(open_mount(w, &fd));
	if (only_look || umount2(fd_path(fd).s, MNT_DETACH) == 0)
		return NULL;
	if (errno == EINVAL)
		return err_hint(err_new(ERR_DENIED, "nothing is mounted there, or it is locked"),
				"a mount that came from outside the container's user namespace "
				"cannot be taken away in it");
	return err_sys(-errno, "unmount");
}

struct err *mounts_detach(const struct mounts_plan *plan, int root_fd)
{
	struct mount_work w = { .plan = plan, .root_fd = root_fd };
	struct err *e;

	for (size_t i = 0; i < 2 * plan->n; i++) {
		w.m = &plan->v[i % plan->n];
		e = detach_one(&w, i < plan->n);
		if (e)
			return err_wrap(e, "%s %s", w.m->where, w.m->destination);
	}
	return NULL;
}
