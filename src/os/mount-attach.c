/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaching the container's mounts: see mount.h.
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/path.h"
#include "os/mount-api.h"
#include "os/mount-fs.h"
#include "os/mount-idmap.h"
#include "os/mount-opts.h"
#include "os/mount-special.h"
#include "os/mount-work.h"
#include "os/mount.h"

enum { PROC_ROOT_INODE = 1 };

void mount_sources_done(struct mount_sources *s)
{
	for (size_t i = 0; s->fds && i < s->n; i++)
		fd_close(s->fds[i]);
	free(s->fds);
	*s = (struct mount_sources){ 0 };
}

/* --- sources ---------------------------------------------------------------------------------- */

static struct err *is_symlink(const char *path, bool *ret)
{
	auto_close int fd = host_open(path, O_PATH | O_NOFOLLOW);
	struct stat st;

	TRY_SYS(fd, "open the source %s", path);
	if (fstat(fd, &st) < 0)
		return err_sys(-errno, "stat the source %s", path);
	*ret = S_ISLNK(st.st_mode);
	return NULL;
}

/*
 * A detached clone of the source.  Where the mount API is not there an O_PATH descriptor, if the
 * mount namespace is the container's already (KEEP), or nothing: mount(2) takes only what it can
 * see.
 */
static struct err *open_source(const struct mount_plan *m, bool keep, int *ret_fd)
{
	unsigned flags = (m->recursive ? AT_RECURSIVE : 0) |
			 (m->src_nofollow ? AT_SYMLINK_NOFOLLOW : 0);
	auto_close int fd = -EBADF;
	bool is_link = false;

	if (m->copy_symlink) {
		TRY(is_symlink(m->source, &is_link));
		if (is_link)
			return NULL;
	}
	fd = tree_clone(AT_FDCWD, m->source, flags);
	if (mount_api_missing(fd)) {
		if (m->idmap.wanted)
			return err_hint(err_sys(fd, "clone the source %s", m->source),
					"id-mapped mounts need Linux 5.12");
		if (!keep)
			return NULL;
		fd = host_open(m->source, O_PATH | (m->src_nofollow ? O_NOFOLLOW : 0));
		TRY_SYS(fd, "open the source %s", m->source);
		*ret_fd = take_fd(&fd);
		return NULL;
	}
	if (fd == -EINVAL)
		return err_hint(err_sys(fd, "clone the source %s", m->source),
				m->recursive ? "the source is on an unbindable mount"
					     : "the source is on an unbindable mount, or has "
					       "mounts below it that only rbind may show");
	TRY_SYS(fd, "open the source %s", m->source);
	if (m->idmap.wanted)
		TRY(mount_idmap_apply(m, fd));
	*ret_fd = take_fd(&fd);
	return NULL;
}

struct err *mounts_open_sources(const struct mounts_plan *plan, struct mount_sources *ret)
{
	struct err *e;

	ret->n = plan->n;
	ret->fds = xcalloc(plan->n + 1, sizeof(int));
	for (size_t i = 0; i < plan->n; i++)
		ret->fds[i] = -EBADF;
	for (size_t i = 0; i < plan->n; i++) {
		const struct mount_plan *m = &plan->v[i];

		if (m->kind != MOUNT_BIND || m->inner)
			continue;
		e = open_source(m, plan->in_userns, &ret->fds[i]);
		if (e) {
			mount_sources_done(ret);
			return err_wrap(e, "%s %s", m->where, m->destination);
		}
	}
	return NULL;
}

/* A source that lies in the rootfs shows what the mounts before it made of the root. */
static struct err *open_inner_source(const struct mount_work *w, int *ret_fd)
{
	const struct mount_plan *m = w->m;
	auto_close int at = -EBADF;
	auto_close int fd = -EBADF;

	at = path_open_in(w->root_fd, m->inner, O_PATH | (m->src_nofollow ? O_NOFOLLOW : 0));
	TRY_SYS(at, "open the source %s in the root file system", m->inner);
	fd = tree_clone(at, "", m->recursive ? AT_RECURSIVE : 0);
	if (mount_api_missing(fd) && !m->idmap.wanted)
		return NULL;
	TRY_SYS(fd, "clone the source %s in the root file system", m->inner);
	if (m->idmap.wanted)
		TRY(mount_idmap_apply(m, fd));
	*ret_fd = take_fd(&fd);
	return NULL;
}

/* --- attributes ------------------------------------------------------------------------------- */

/*
 * What a mount brought from across a user namespace is locked.  Engines write "rw" by habit, so
 * there the lock wins and the mount stays read-only; dropping any other restriction has to be
 * possible.
 */
static int set_attrs(const struct mount_work *w, int fd, unsigned flags,
		     const struct mount_attrs *attrs, unsigned long propagation)
{
	uint64_t clear = attrs->clear;
	int rc = tree_set(fd, flags, attrs->set, clear, propagation);

	if (rc != -EPERM || !(clear & MOUNT_ATTR_RDONLY))
		return rc;
	clear &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	rc = tree_set(fd, flags, attrs->set, clear, propagation);
	if (rc == 0)
		log_warn("%s %s: stays read-only, as the host's mount is", w->m->where,
			 w->m->destination);
	return rc;
}

int mount_bind_set(const struct mount_work *w, int fd)
{
	const struct mount_plan *m = w->m;
	size_t i = 0;
	int rc = 0;

	if (m->top.set || m->top.clear) {
		unsigned long first = 0;

		if (m->n_propagations > 0 && (!m->recursive || !(m->propagations[0] & MS_REC)))
			first = m->propagations[i++] & ~(unsigned long)MS_REC;
		rc = set_attrs(w, fd, 0, &m->top, first);
	}
	if (rc == 0 && (m->tree.set || m->tree.clear))
		rc = set_attrs(w, fd, AT_RECURSIVE, &m->tree, 0);
	for (; rc == 0 && i < m->n_propagations; i++)
		rc = tree_set(fd, m->propagations[i] & MS_REC ? AT_RECURSIVE : 0, 0, 0,
			      m->propagations[i] & ~(unsigned long)MS_REC);
	return rc;
}

struct err *mount_set_refused(int rc)
{
	struct err *e = err_sys(rc, "set the options");

	if (rc != -EPERM)
		return e;
	return err_hint(e, "a restriction of the host's mount cannot be dropped in a user "
			   "namespace, nor its way of access times changed");
}

struct err *mount_bind_set_old(const struct mount_work *w, int fd)
{
	const struct mount_plan *m = w->m;
	int rc = 0;

	if (m->tree.set || m->tree.clear)
		return err_hint(err_new(ERR_UNSUPPORTED, "set recursive options"),
				"options such as rro need mount_setattr (Linux 5.12)");
	if (m->top.set || m->top.clear)
		rc = mount_remount_old(fd, m->top.set, m->top.clear);
	if (rc == -EPERM && (m->top.clear & MOUNT_ATTR_RDONLY))
		rc = mount_remount_old(fd, m->top.set, m->top.clear & ~(uint64_t)MOUNT_ATTR_RDONLY);
	if (rc < 0)
		return mount_set_refused(rc);
	for (size_t i = 0; i < m->n_propagations; i++)
		if (mount(NULL, fd_path(fd).s, NULL, m->propagations[i], NULL) < 0)
			return err_sys(-errno, "set the propagation");
	return NULL;
}

/* --- bind mounts ------------------------------------------------------------------------------ */

static struct err *require_procfs(int fd)
{
	unsigned long magic = 0;
	struct stat st;

	TRY_SYS(mount_magic_of(fd, &magic), "stat the source");
	if (fstat(fd, &st) < 0)
		return err_sys(-errno, "stat the source");
	if (magic == PROC_SUPER_MAGIC && st.st_ino == PROC_ROOT_INODE)
		return NULL;
	return err_new(ERR_INVALID, "only procfs may be mounted on /proc");
}

static struct err *source_is_dir(const struct mount_work *w, int source_fd, bool *ret)
{
	struct stat st;

	if (fstat(source_fd, &st) < 0)
		return err_sys(-errno, "stat the source %s", w->m->source);
	*ret = S_ISDIR(st.st_mode);
	return NULL;
}

/* Without the mount API: mount(2) by descriptor, then what the mount needs. */
static struct err *bind_old(const struct mount_work *w, int source_fd)
{
	const struct mount_plan *m = w->m;
	int flags = O_PATH | (m->src_nofollow ? O_NOFOLLOW : 0);
	auto_close int opened = -EBADF;
	auto_close int target = -EBADF;
	auto_close int fd = -EBADF;
	bool is_dir = false;

	if (m->idmap.wanted)
		return err_new(ERR_UNSUPPORTED, "id-mapped mounts need the mount API (Linux 5.12)");
	if (source_fd < 0) {
		opened = m->inner ? path_open_in(w->root_fd, m->inner, flags)
				  : host_open(m->source, flags);
		TRY_SYS(opened, "open the source %s", m->source);
		source_fd = opened;
	}
	if (streq(m->destination, "/proc"))
		TRY(require_procfs(source_fd));
	TRY(source_is_dir(w, source_fd, &is_dir));
	TRY(mount_open_target(w, is_dir, &target, NULL));
	TRY_SYS(tree_bind_old(source_fd, target, m->recursive), "mount %s", m->source);
	TRY(mount_reopen(w->root_fd, m->destination, target, &fd));
	return mount_bind_set_old(w, fd);
}

struct err *mount_bind_tree(const struct mount_work *w, int *source_fd, int *ret_fd,
			    bool *ret_is_dir)
{
	auto_close int tree = take_fd(source_fd);

	if (tree < 0 && w->m->inner)
		TRY(open_inner_source(w, &tree));
	else if (tree < 0)
		TRY(open_source(w->m, false, &tree));
	if (tree < 0)
		return NULL;
	if (streq(w->m->destination, "/proc"))
		TRY(require_procfs(tree));
	TRY(source_is_dir(w, tree, ret_is_dir));
	*ret_fd = take_fd(&tree);
	return NULL;
}

static struct err *attach_bind(const struct mount_work *w, int *source_fd)
{
	const struct mount_plan *m = w->m;
	auto_close int target = -EBADF;
	auto_close int tree = -EBADF;
	bool is_dir = false;
	int attr_rc;
	int rc;

	if (*source_fd >= 0 && w->sources_are_plain) {
		tree = take_fd(source_fd);
		return bind_old(w, tree);
	}
	TRY(mount_bind_tree(w, source_fd, &tree, &is_dir));
	if (tree < 0)
		return bind_old(w, -EBADF);
	TRY(mount_open_target(w, is_dir, &target, NULL));
	attr_rc = mount_bind_set(w, tree);
	if (attr_rc < 0 && !mount_api_missing(attr_rc))
		return mount_set_refused(attr_rc);
	rc = tree_attach(tree, target);
	if (mount_api_missing(rc))
		return bind_old(w, -EBADF);
	if (rc < 0)
		return mount_explain(rc, tree, target, m->destination);
	TRY(mount_check_place(w->root_fd, m->destination, tree));
	return attr_rc < 0 ? mount_bind_set_old(w, tree) : NULL;
}

struct err *mount_copy_symlink(const struct mount_work *w, bool *ret_done)
{
	const struct mount_plan *m = w->m;
	char to[PATH_MAX];
	char now[PATH_MAX];
	auto_close int link = host_open(m->source, O_PATH | O_NOFOLLOW);
	auto_close int parent = -EBADF;
	const char *name = NULL;
	struct stat st;
	ssize_t n;

	TRY_SYS(link, "open the source %s", m->source);
	if (fstat(link, &st) < 0)
		return err_sys(-errno, "stat the source %s", m->source);
	if (!S_ISLNK(st.st_mode))
		return NULL;
	n = readlinkat(link, "", to, sizeof(to) - 1);
	if (n < 0)
		return err_sys(-errno, "read the symlink %s", m->source);
	to[n] = '\0';
	parent = path_open_parent_in(w->root_fd, m->destination, 0755, &name);
	TRY_SYS(parent, "open the parent of %s", m->destination);
	TRY(mount_refuse_proc(m, parent));
	*ret_done = true;
	if (symlinkat(to, parent, name) == 0)
		return NULL;
	if (errno != EEXIST)
		return err_sys(-errno, "make the symlink %s", m->destination);
	n = readlinkat(parent, name, now, sizeof(now) - 1);
	if (n < 0)
		return err_new(ERR_INVALID, "%s exists and is no symlink", m->destination);
	now[n] = '\0';
	if (!streq(now, to))
		return err_new(ERR_INVALID, "%s exists and leads to %s instead of %s",
			       m->destination, now, to);
	return NULL;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* Option remount: the flags of what is there, or with a type also the options of the file system.
 */
static struct err *attach_change(const struct mount_work *w)
{
	const struct mount_plan *m = w->m;
	auto_close int fd = -EBADF;
	uint64_t attr = 0;
	int rc;

	TRY(mount_open_target(w, true, &fd, NULL));
	rc = mount_bind_set(w, fd);
	if (rc == -EINVAL)
		return err_new(ERR_INVALID, "remount: nothing is mounted on %s", m->destination);
	if (mount_api_missing(rc))
		TRY(mount_bind_set_old(w, fd));
	else
		TRY_SYS(rc, "remount");
	if (!m->data && !m->sb_flags)
		return NULL;
	/* What the mount has stays: mount(2) would take away what is not repeated. */
	TRY_SYS(mount_attr_of(fd, &attr), "read the options of %s", m->destination);
	if (mount(m->source, fd_path(fd).s, m->type,
		  MS_REMOUNT | m->sb_flags | mount_attr_to_ms(attr), m->data) < 0)
		return err_sys(-errno, "remount");
	return NULL;
}

static struct err *attach_one(const struct mount_work *w, int *source_fd)
{
	bool done = false;

	switch (w->m->kind) {
	case MOUNT_FS:
		return mount_attach_fs(w);
	case MOUNT_CGROUP:
		return mount_cgroup(w);
	case MOUNT_SYSTEMD_V1:
		return mount_systemd_v1(w);
	case MOUNT_CHANGE:
		return attach_change(w);
	case MOUNT_BIND:
		if (w->m->copy_symlink)
			TRY(mount_copy_symlink(w, &done));
		return done ? NULL : attach_bind(w, source_fd);
	}
	return NULL;
}

/* What kept open_source() from cloning keeps us from it as well. */
static bool are_plain(const struct mounts_plan *plan, const struct mount_sources *sources)
{
	auto_close int fd = -EBADF;
	size_t i = 0;

	while (sources && i < sources->n && sources->fds[i] < 0)
		i++;
	if (!plan->in_userns || !sources || i == sources->n)
		return false;
	fd = sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLOEXEC);
	return mount_api_missing(fd);
}

struct err *mounts_attach(const struct mounts_plan *plan, struct mount_sources *sources,
			  int root_fd)
{
	struct mount_work w = {
		.plan = plan,
		.root_fd = root_fd,
		.sources_are_plain = are_plain(plan, sources),
	};
	int none = -EBADF;
	struct err *e;

	for (size_t i = 0; i < plan->n; i++) {
		w.m = &plan->v[i];
		e = attach_one(&w, sources && i < sources->n ? &sources->fds[i] : &none);
		if (e)
			return err_wrap(e, "%s %s", w.m->where, w.m->destination);
	}
	return NULL;
}

static struct err *make_readonly(const struct mount_plan *m, int root_fd)
{
	auto_close int fd = path_open_in(root_fd, m->destination, O_PATH);
	unsigned long magic = 0;

	TRY_SYS(fd, "open %s", m->destination);
	TRY_SYS(mount_magic_of(fd, &magic), "stat the file system of %s", m->destination);
	if (magic != TMPFS_MAGIC)
		return err_new(ERR_DENIED, "%s is not the tmpfs that was mounted there",
			       m->destination);
	TRY_SYS(mount_set_readonly(fd), "make %s read-only", m->destination);
	return NULL;
}

struct err *mounts_finish(const struct mounts_plan *plan, int root_fd)
{
	struct err *e;

	for (size_t i = 0; i < plan->n; i++) {
		const struct mount_plan *m = &plan->v[i];

		if (!m->readonly_late || m->covered)
			continue;
		/* It is the hierarchy itself, and read-only already. */
		if (m->kind == MOUNT_CGROUP && plan->cgroup.is_v2)
			continue;
		e = make_readonly(m, root_fd);
		if (e)
			return err_wrap(e, "%s %s", m->where, m->destination);
	}
	return NULL;
}
