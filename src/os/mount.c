/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attaching the container's mounts: see mount.h.
 */
#include "os/mount.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/path.h"
#include "os/mount-api.h"
#include "os/mount-idmap.h"
#include "os/mount-opts.h"
#include "os/mount-work.h"

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

/* A detached clone of the source; *ret_fd stays -EBADF where the mount API is not there. */
static struct err *open_source(const struct mount_plan *m, int *ret_fd)
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
		e = open_source(m, &ret->fds[i]);
		if (e) {
			mount_sources_done(ret);
			return err_wrap(e, "mounts[%zu] %s", i, m->destination);
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

/* --- targets ---------------------------------------------------------------------------------- */

static struct err *refuse_symlinked(const struct mount_plan *m)
{
	return err_new(ERR_INVALID,
		       "filesystem \"%s\" must be mounted on an ordinary directory: %s is not one",
		       m->type, m->destination);
}

static int make_target(const struct mount_work *w, bool is_dir)
{
	return is_dir ? path_make_dir_in(w->root_fd, w->m->destination, 0755)
		      : path_make_file_in(w->root_fd, w->m->destination);
}

/* procfs and sysfs: a symlink in the image would let other files stand in for the kernel's. */
static struct err *open_real_dir(const struct mount_work *w, int *ret_fd, bool *ret_made)
{
	const char *path = w->m->destination;
	auto_close int fd = path_open_in_nolink(w->root_fd, path, O_PATH | O_DIRECTORY);

	if (fd == -ENOENT) {
		int made = make_target(w, true);

		TRY_SYS(made, "create the mount point %s", path);
		fd_close(made);
		*ret_made = true;
		fd = path_open_in_nolink(w->root_fd, path, O_PATH | O_DIRECTORY);
	}
	if (fd == -ELOOP || fd == -ENOTDIR)
		return refuse_symlinked(w->m);
	TRY_SYS(fd, "open the mount point %s", path);
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
				err_sys(fd, "create the mount point %s", m->destination),
				"the rootfs is read-only: make the mount point in the image");
		TRY_SYS(fd, "create the mount point %s", m->destination);
	}
	TRY_SYS(fd, "open the mount point %s", m->destination);
	*ret_fd = take_fd(&fd);
	return NULL;
}

/* A symlink may lead into procfs: what the plan refused by name is refused here by nature. */
static struct err *refuse_inside_proc(const struct mount_plan *m, int fd)
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
		TRY(refuse_inside_proc(w->m, fd));
	if (ret_made)
		*ret_made = made;
	*ret_fd = take_fd(&fd);
	return NULL;
}

/* --- putting a tree in place ------------------------------------------------------------------ */

/* The path must lead to the mount at FD: somebody may have renamed a folder of a shared volume. */
static struct err *check_place(int root_fd, const char *path, int fd)
{
	auto_close int at = -EBADF;
	uint64_t want = 0;
	uint64_t got = 0;

	if (streq(path, "/"))
		return NULL;
	at = path_open_in(root_fd, path, O_PATH);
	if (at == -ELOOP)
		at = path_open_in(root_fd, path, O_PATH | O_NOFOLLOW);
	TRY_SYS(at, "open %s after mounting it", path);
	TRY_SYS(mount_id_of(fd, &want), "read the mount id of %s", path);
	TRY_SYS(mount_id_of(at, &got), "read the mount id of %s", path);
	if (want != got)
		return err_new(ERR_DENIED, "%s is not where it was mounted: its path changed",
			       path);
	return NULL;
}

/* A mount on "/" is the new root: every later step holds the number of the descriptor. */
static struct err *follow_root(int root_fd, const char *path, int fd)
{
	if (streq(path, "/") && dup3(fd, root_fd, O_CLOEXEC) < 0)
		return err_sys(-errno, "replace the root");
	return NULL;
}

/* After mount(2): a descriptor of the new mount, which is not the one TARGET_FD is on. */
static struct err *reopen_new(int root_fd, const char *path, int target_fd, int *ret_fd)
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

static struct err *explain_kinds(int rc, int tree_fd, int target_fd, const char *path)
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
		return explain_kinds(rc, tree_fd, target_fd, path);
	TRY(check_place(root_fd, path, tree_fd));
	return follow_root(root_fd, path, tree_fd);
}

/* --- attributes ------------------------------------------------------------------------------- */

/* Both reaches as one, for a tree of a single mount. */
static struct mount_attrs attrs_merge(const struct mount_attrs *top, const struct mount_attrs *tree)
{
	struct mount_attrs all = {
		.set = (top->set & ~tree->clear) | tree->set,
		.clear = (top->clear & ~(tree->set & ~(uint64_t)MOUNT_ATTR__ATIME)) | tree->clear,
	};

	return all;
}

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
		log_warn("mounts[%zu] %s: stays read-only, as the host's mount is", w->m->index,
			 w->m->destination);
	return rc;
}

/* All of a bind mount's attributes and propagation, while it is detached. */
static int set_all(const struct mount_work *w, int fd)
{
	const struct mount_plan *m = w->m;
	struct mount_attrs top = m->recursive ? m->top : attrs_merge(&m->top, &m->tree);
	struct mount_attrs tree = m->recursive ? m->tree : (struct mount_attrs){ 0 };
	size_t i = 0;
	int rc = 0;

	if (top.set || top.clear) {
		unsigned long first = 0;

		if (m->n_propagations > 0 && (!m->recursive || !(m->propagations[0] & MS_REC)))
			first = m->propagations[i++] & ~(unsigned long)MS_REC;
		rc = set_attrs(w, fd, 0, &top, first);
	}
	if (rc == 0 && (tree.set || tree.clear))
		rc = set_attrs(w, fd, AT_RECURSIVE, &tree, 0);
	for (; rc == 0 && i < m->n_propagations; i++)
		rc = tree_set(fd, m->propagations[i] & MS_REC ? AT_RECURSIVE : 0, 0, 0,
			      m->propagations[i] & ~(unsigned long)MS_REC);
	return rc;
}

/* The same for a mount that is attached already, on kernels without mount_setattr. */
static struct err *set_all_old(const struct mount_work *w, int fd)
{
	const struct mount_plan *m = w->m;
	struct mount_attrs top = m->recursive ? m->top : attrs_merge(&m->top, &m->tree);
	int rc = 0;

	if (m->recursive && (m->tree.set || m->tree.clear))
		return err_hint(err_new(ERR_UNSUPPORTED, "set recursive options"),
				"options such as rro need mount_setattr (Linux 5.12)");
	if (top.set || top.clear)
		rc = mount_remount_old(fd, top.set, top.clear);
	if (rc == -EPERM && (top.clear & MOUNT_ATTR_RDONLY))
		rc = mount_remount_old(fd, top.set, top.clear & ~(uint64_t)MOUNT_ATTR_RDONLY);
	if (rc == -EPERM)
		return err_hint(err_sys(rc, "set the options"),
				"a restriction of the host's mount cannot be dropped in a user "
				"namespace");
	TRY_SYS(rc, "set the options");
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
static struct err *bind_old(const struct mount_work *w)
{
	const struct mount_plan *m = w->m;
	int flags = O_PATH | (m->src_nofollow ? O_NOFOLLOW : 0);
	auto_close int source = -EBADF;
	auto_close int target = -EBADF;
	auto_close int fd = -EBADF;
	bool is_dir = false;

	if (m->idmap.wanted)
		return err_new(ERR_UNSUPPORTED, "id-mapped mounts need the mount API (Linux 5.12)");
	source = m->inner ? path_open_in(w->root_fd, m->inner, flags) : host_open(m->source, flags);
	TRY_SYS(source, "open the source %s", m->source);
	if (streq(m->destination, "/proc"))
		TRY(require_procfs(source));
	TRY(source_is_dir(w, source, &is_dir));
	TRY(mount_open_target(w, is_dir, &target, NULL));
	TRY_SYS(tree_bind_old(source, target, m->recursive), "mount %s", m->source);
	TRY(reopen_new(w->root_fd, m->destination, target, &fd));
	return set_all_old(w, fd);
}

static struct err *attach_bind(const struct mount_work *w, int *source_fd)
{
	const struct mount_plan *m = w->m;
	auto_close int tree = take_fd(source_fd);
	auto_close int target = -EBADF;
	bool is_dir = false;
	int attr_rc;
	int rc;

	if (tree < 0 && m->inner)
		TRY(open_inner_source(w, &tree));
	else if (tree < 0)
		TRY(open_source(m, &tree));
	if (tree < 0)
		return bind_old(w);
	if (streq(m->destination, "/proc"))
		TRY(require_procfs(tree));
	TRY(source_is_dir(w, tree, &is_dir));
	TRY(mount_open_target(w, is_dir, &target, NULL));
	attr_rc = set_all(w, tree);
	if (attr_rc < 0 && !mount_api_missing(attr_rc))
		return err_sys(attr_rc, "set the options");
	rc = tree_attach(tree, target);
	if (mount_api_missing(rc))
		return bind_old(w);
	if (rc < 0)
		return explain_kinds(rc, tree, target, m->destination);
	TRY(check_place(w->root_fd, m->destination, tree));
	if (attr_rc < 0)
		TRY(set_all_old(w, tree));
	return follow_root(w->root_fd, m->destination, tree);
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
		TRY(check_place(root_fd, path, fd));
		*ret_fd = take_fd(&fd);
		return NULL;
	}
	if (!mount_api_missing(rc))
		return err_sys(rc, "bind %s", source);
	from = host_open(source, O_PATH);
	TRY_SYS(from, "open %s", source);
	TRY_SYS(tree_bind_old(from, target_fd, recursive), "bind %s", source);
	fd_close(take_fd(&fd));
	TRY(reopen_new(root_fd, path, target_fd, &fd));
	TRY_SYS(mount_remount_old(fd, attrs, 0), "set the options of %s", source);
	if (mount(NULL, fd_path(fd).s, NULL, MS_PRIVATE | MS_REC, NULL) < 0)
		return err_sys(-errno, "set the propagation of %s", source);
	*ret_fd = take_fd(&fd);
	return NULL;
}

/* The symlink itself is what the container gets. */
static struct err *copy_symlink(const struct mount_work *w, bool *ret_done)
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
	TRY(refuse_inside_proc(m, parent));
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

/* --- file systems ----------------------------------------------------------------------------- */

/* mqueue and the like have one super block for many mounts: read-only is the mount's alone. */
static bool is_virtual(const char *type)
{
	static const char *const types[] = { "tmpfs",  "proc",    "sysfs",  "mqueue",
					     "devpts", "cgroup2", "cgroup", "bpf" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (streq(type, types[i]))
			return true;
	return false;
}

static int config_option(int fs_fd, const char *option)
{
	auto_free char *key = str_dup(option);
	char *value = strchr(key, '=');

	if (!value)
		return sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, key, NULL, 0);
	*value++ = '\0';
	return sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0);
}

/* Splits at commas outside double quotes: an SELinux label may have one. */
static int config_data(int fs_fd, const char *data)
{
	while (data && *data) {
		bool quoted = false;
		size_t n = 0;
		int rc;

		for (; data[n] && (quoted || data[n] != ','); n++)
			if (data[n] == '"')
				quoted = !quoted;
		if (n > 0) {
			auto_free char *option = str_dup_n(data, n);

			rc = config_option(fs_fd, option);
			if (rc < 0)
				return rc;
		}
		data += n + (data[n] == ',');
	}
	return 0;
}

static int config_flags(int fs_fd, const struct mount_fs *fs)
{
	static const struct {
		unsigned long flag;
		const char *word;
	} words[] = {
		{ MS_SYNCHRONOUS, "sync" },
		{ MS_DIRSYNC, "dirsync" },
		{ MS_MANDLOCK, "mand" },
		{ 1 << 25, "lazytime" },
	};
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!(fs->sb_flags & words[i].flag))
			continue;
		rc = sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, words[i].word, NULL, 0);
		if (rc < 0)
			return rc;
	}
	if ((fs->attrs & MOUNT_ATTR_RDONLY) && !is_virtual(fs->type))
		return sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, "ro", NULL, 0);
	return 0;
}

/* The kernel's own words about the last mistake: "e tmpfs: Bad value for 'size'". */
static void read_log(int fs_fd, char *log, size_t size)
{
	ssize_t n = read(fs_fd, log, size - 1);

	if (n < 0)
		n = 0;
	while (n > 0 && log[n - 1] == '\n')
		n--;
	log[n] = '\0';
}

int mount_make_fs(const struct mount_fs *fs, char *log, size_t size)
{
	auto_close int fd = -EBADF;
	int rc;

	log[0] = '\0';
	/* These two have no word of their own in the new API. */
	if (fs->sb_flags & (MS_I_VERSION | MS_SILENT))
		return -ENOSYS;
	fd = sys_fsopen(fs->type, FSOPEN_CLOEXEC);
	if (fd < 0)
		return fd;
	rc = fs->source ? sys_fsconfig(fd, FSCONFIG_SET_STRING, "source", fs->source, 0) : 0;
	if (rc == 0)
		rc = config_flags(fd, fs);
	if (rc == 0)
		rc = config_data(fd, fs->data);
	if (rc == 0)
		rc = sys_fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (rc == 0)
		rc = sys_fsmount(fd, FSMOUNT_CLOEXEC, (unsigned)fs->attrs);
	if (rc < 0)
		read_log(fd, log, size);
	return rc;
}

static struct err *explain_fs(int rc, const struct mount_fs *fs, const char *log)
{
	struct err *e = *log ? err_sys(rc, "mount the file system %s (%s)", fs->type, log)
			     : err_sys(rc, "mount the file system %s", fs->type);

	if (rc == -ENODEV)
		e = err_hint(e, "the kernel has no file system `%s`", fs->type);
	return e;
}

struct err *mount_put_fs(const struct mount_fs *fs, int root_fd, const char *path, int target_fd,
			 int *ret_fd)
{
	char log[256];
	auto_close int fd = mount_make_fs(fs, log, sizeof(log));
	unsigned long flags = fs->sb_flags | mount_attr_to_ms(fs->attrs);
	int rc = fd;

	if (fd >= 0) {
		rc = tree_attach(fd, target_fd);
		if (rc == 0) {
			TRY(check_place(root_fd, path, fd));
			*ret_fd = take_fd(&fd);
			return follow_root(root_fd, path, *ret_fd);
		}
		fd_close(take_fd(&fd));
	}
	/* Also for an option that only the old way of parsing takes. */
	if (mount(fs->source ? fs->source : fs->type, fd_path(target_fd).s, fs->type, flags,
		  fs->data) < 0)
		return explain_fs(rc == -ENOSYS ? -errno : rc, fs, log);
	TRY(reopen_new(root_fd, path, target_fd, &fd));
	*ret_fd = take_fd(&fd);
	return NULL;
}

/* The options of M for its file system: the mode of what it covers, the label, no unmapped gid. */
static struct err *fs_data(const struct mount_work *w, int target_fd, bool made, char **ret)
{
	const struct mount_plan *m = w->m;
	auto_str struct str data = { 0 };
	struct stat st;

	if (m->data)
		str_add(&data, m->data);
	if (streq(m->type, "tmpfs") && !m->has_mode && !made) {
		if (fstat(target_fd, &st) < 0)
			return err_sys(-errno, "stat the mount point %s", m->destination);
		str_addf(&data, "%smode=%o", data.len ? "," : "", st.st_mode & 07777);
	} else if (streq(m->type, "tmpfs") && !m->has_mode) {
		str_addf(&data, "%smode=755", data.len ? "," : "");
	}
	if (w->plan->mount_label && !m->is_proc_or_sysfs)
		str_addf(&data, "%scontext=\"%s\"", data.len ? "," : "", w->plan->mount_label);
	*ret = data.len ? str_dup(data.s) : NULL;
	return NULL;
}

/* DATA without its gid= option. */
static char *without_gid(const char *data)
{
	const char *gid = str_starts(data, "gid=") ? data : strstr(data, ",gid=");
	size_t before;
	size_t skip;

	if (!gid)
		return NULL;
	before = (size_t)(gid - data);
	skip = 1 + strcspn(gid + 1, ",");
	if (before == 0 && gid[skip] == ',')
		skip++;
	return str_format("%.*s%s", (int)before, data, gid + skip);
}

static struct err *put_fs(const struct mount_work *w, const struct mount_fs *fs, int target_fd,
			  int *ret_fd)
{
	const struct mount_plan *m = w->m;
	struct err *e = mount_put_fs(fs, w->root_fd, m->destination, target_fd, ret_fd);
	auto_free char *rest = NULL;
	struct mount_fs again = *fs;

	if (e && m->is_proc_or_sysfs && err_errno(e) == EPERM && w->plan->in_userns) {
		err_free(e);
		return mount_proc_or_sysfs_of_host(w, target_fd, ret_fd);
	}
	if (!e || !streq(fs->type, "devpts") || err_errno(e) != EINVAL || !fs->data)
		return e;
	/* The group tty need not be mapped in the user namespace. */
	rest = without_gid(fs->data);
	if (!rest)
		return e;
	err_free(e);
	again.data = *rest ? rest : NULL;
	return mount_put_fs(&again, w->root_fd, m->destination, target_fd, ret_fd);
}

static struct err *attach_copied_up(const struct mount_work *w, const struct mount_fs *fs,
				    int target_fd, int *ret_fd)
{
	char log[256];
	auto_close int fd = mount_make_fs(fs, log, sizeof(log));

	if (fd >= 0) {
		TRY(tmpcopyup(target_fd, fd));
		TRY(mount_put_tree(fd, w->root_fd, w->m->destination, target_fd));
	} else {
		TRY(mount_put_fs(fs, w->root_fd, w->m->destination, target_fd, &fd));
		TRY(tmpcopyup(target_fd, fd));
	}
	*ret_fd = take_fd(&fd);
	return NULL;
}

static struct err *attach_fs(const struct mount_work *w)
{
	const struct mount_plan *m = w->m;
	auto_close int target = -EBADF;
	auto_close int fd = -EBADF;
	auto_free char *data = NULL;
	struct mount_fs fs = {
		.type = m->type,
		.source = m->source,
		.attrs = m->top.set,
		.sb_flags = m->sb_flags,
	};
	bool made = false;
	int rc = 0;

	TRY(mount_open_target(w, true, &target, &made));
	TRY(fs_data(w, target, made, &data));
	fs.data = data;
	if (m->readonly_late)
		fs.attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	if (m->tmpcopyup)
		TRY(attach_copied_up(w, &fs, target, &fd));
	else
		TRY(put_fs(w, &fs, target, &fd));
	if (m->idmap.wanted)
		TRY(mount_idmap_apply(m, fd));
	if (m->tree.set || m->tree.clear)
		rc = tree_set(fd, AT_RECURSIVE, m->tree.set, m->tree.clear, 0);
	if (mount_api_missing(rc))
		rc = mount_remount_old(fd, m->tree.set, m->tree.clear);
	TRY_SYS(rc, "set the options");
	for (size_t i = 0; i < m->n_propagations; i++)
		if (mount(NULL, fd_path(fd).s, NULL, m->propagations[i], NULL) < 0)
			return err_sys(-errno, "set the propagation");
	return NULL;
}

/* --- all of them ------------------------------------------------------------------------------ */

/* Option remount: the flags of what is there, or with a type also the options of the file system.
 */
static struct err *attach_change(const struct mount_work *w)
{
	const struct mount_plan *m = w->m;
	auto_close int fd = -EBADF;
	unsigned long flags = MS_REMOUNT | m->sb_flags | mount_attr_to_ms(m->top.set);
	int rc;

	TRY(mount_open_target(w, true, &fd, NULL));
	if (!m->data && !m->sb_flags) {
		rc = tree_set(fd, 0, m->top.set, m->top.clear, 0);
		if (mount_api_missing(rc))
			rc = mount_remount_old(fd, m->top.set, m->top.clear);
		if (rc == -EINVAL)
			return err_new(ERR_INVALID, "remount: nothing is mounted on %s",
				       m->destination);
		TRY_SYS(rc, "remount");
	} else if (mount(m->source, fd_path(fd).s, m->type, flags, m->data) < 0) {
		return err_sys(-errno, "remount");
	}
	for (size_t i = 0; i < m->n_propagations; i++)
		if (mount(NULL, fd_path(fd).s, NULL, m->propagations[i], NULL) < 0)
			return err_sys(-errno, "set the propagation");
	return NULL;
}

static struct err *attach_one(const struct mount_work *w, int *source_fd)
{
	bool done = false;

	switch (w->m->kind) {
	case MOUNT_FS:
		return attach_fs(w);
	case MOUNT_CGROUP:
		return mount_cgroup(w);
	case MOUNT_CHANGE:
		return attach_change(w);
	case MOUNT_BIND:
		if (w->m->copy_symlink)
			TRY(copy_symlink(w, &done));
		return done ? NULL : attach_bind(w, source_fd);
	}
	return NULL;
}

struct err *mounts_attach(const struct mounts_plan *plan, struct mount_sources *sources,
			  int root_fd)
{
	int none = -EBADF;
	struct err *e;

	for (size_t i = 0; i < plan->n; i++) {
		struct mount_work w = { .plan = plan, .m = &plan->v[i], .root_fd = root_fd };

		e = attach_one(&w, sources && i < sources->n ? &sources->fds[i] : &none);
		if (e)
			return err_wrap(e, "mounts[%zu] %s", i, w.m->destination);
	}
	return NULL;
}

static struct err *make_readonly(const struct mount_plan *m, int root_fd)
{
	auto_close int fd = path_open_in(root_fd, m->destination, O_PATH);
	unsigned long magic = 0;
	int rc;

	TRY_SYS(fd, "open %s", m->destination);
	TRY_SYS(mount_magic_of(fd, &magic), "stat the file system of %s", m->destination);
	if (magic != TMPFS_MAGIC)
		return err_new(ERR_DENIED, "%s is not the tmpfs that was mounted there",
			       m->destination);
	rc = tree_set(fd, 0, MOUNT_ATTR_RDONLY, 0, 0);
	if (mount_api_missing(rc))
		rc = mount_remount_old(fd, MOUNT_ATTR_RDONLY, 0);
	TRY_SYS(rc, "make %s read-only", m->destination);
	return NULL;
}

struct err *mounts_finish(const struct mounts_plan *plan, int root_fd)
{
	struct err *e;

	for (size_t i = 0; i < plan->n; i++) {
		const struct mount_plan *m = &plan->v[i];

		if (!m->readonly_late || m->covered)
			continue;
		e = make_readonly(m, root_fd);
		if (e)
			return err_wrap(e, "mounts[%zu] %s", i, m->destination);
	}
	return NULL;
}
