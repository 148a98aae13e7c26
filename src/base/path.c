/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening below a root: see path.h.
 */
#include "base/path.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/str.h"
#include "base/sys.h"

enum { MAX_LINKS = 40, MAX_RETRIES = 128, PROC_ROOT_INO = 1 };

struct fd_path fd_path(int fd)
{
	struct fd_path p;

	snprintf(p.s, sizeof(p.s), "/proc/self/fd/%d", fd);
	return p;
}

/* openat2 answers EAGAIN while somebody renames on the way: try again, but not for ever. */
static int open_in_kernel(int root_fd, const char *path, uint64_t flags, uint64_t resolve)
{
	int fd = -EAGAIN;

	for (int i = 0; i < MAX_RETRIES && (fd == -EAGAIN || fd == -EINTR); i++)
		fd = sys_openat2(root_fd, path, flags, 0,
				 RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve);
	return fd;
}

/*
 * The walk that answers what openat2 would: a stack of O_PATH descriptors, so that ".." is a pop
 * and can never be fooled by a rename.
 */
struct walk {
	int stack[PATH_MAX / 2];
	size_t depth;
	int links;
	bool no_links;
};

static int walk_top(const struct walk *w)
{
	return w->stack[w->depth - 1];
}

static void walk_pop(struct walk *w, size_t depth)
{
	while (w->depth > depth)
		fd_close(w->stack[--w->depth]);
}

static int walk_push(struct walk *w, int fd)
{
	if (w->depth == ARRAY_LEN(w->stack)) {
		fd_close(fd);
		return -ENAMETOOLONG;
	}
	w->stack[w->depth++] = fd;
	return 0;
}

static int walk_path(struct walk *w, const char *path, bool follow_last);

/* In procfs the links below a process lead anywhere; those in its root (self, mounts) are text. */
static bool is_magic_link(const struct walk *w, int link_fd)
{
	struct statfs fs;
	struct stat st;

	return fstatfs(link_fd, &fs) == 0 && (unsigned long)fs.f_type == PROC_SUPER_MAGIC &&
	       fstat(walk_top(w), &st) == 0 && st.st_ino != PROC_ROOT_INO;
}

static int walk_link(struct walk *w, int link_fd)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(link_fd, "", target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	if (w->no_links || ++w->links > MAX_LINKS || is_magic_link(w, link_fd))
		return -ELOOP;
	target[n] = '\0';
	if (target[0] == '/')
		walk_pop(w, 1);
	return walk_path(w, target, true);
}

static int walk_component(struct walk *w, const char *name, bool follow)
{
	struct stat st;
	int fd;
	int rc;

	if (streq(name, "."))
		return 0;
	if (streq(name, "..")) {
		if (w->depth > 1)
			walk_pop(w, w->depth - 1);
		return 0;
	}
	fd = openat(walk_top(w), name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		fd_close(fd);
		return -EIO;
	}
	if (!S_ISLNK(st.st_mode) || !follow)
		return walk_push(w, fd);
	rc = walk_link(w, fd);
	fd_close(fd);
	return rc;
}

static int walk_path(struct walk *w, const char *path, bool follow_last)
{
	char name[NAME_MAX + 1];

	while (*path) {
		size_t n = strcspn(path, "/");
		const char *rest = path + n + strspn(path + n, "/");
		int rc;

		if (n > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, path, n);
		name[n] = '\0';
		if (n > 0) {
			rc = walk_component(w, name, follow_last || *rest);
			if (rc < 0)
				return rc;
		}
		path = rest;
	}
	return 0;
}

static int open_in_walk(int root_fd, const char *path, int flags, bool no_links)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	int top;
	int rc;
	int fd;

	w->no_links = no_links;
	top = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	rc = top < 0 ? -errno : walk_push(w, top);
	if (rc == 0)
		rc = walk_path(w, path, !(flags & O_NOFOLLOW));
	if (rc < 0) {
		fd = rc;
	} else if (flags & O_PATH) {
		struct stat st;

		fd = fcntl(walk_top(w), F_DUPFD_CLOEXEC, 3);
		if (fd < 0 || fstat(fd, &st) < 0) {
			fd = -errno;
		} else if ((flags & O_DIRECTORY) && !S_ISDIR(st.st_mode)) {
			fd_close(fd);
			fd = -ENOTDIR;
		}
	} else {
		fd = open(fd_path(walk_top(w)).s, (flags & ~O_NOFOLLOW) | O_CLOEXEC);
		if (fd < 0)
			fd = -errno;
	}
	walk_pop(w, 0);
	free(w);
	return fd;
}

static int open_in(int root_fd, const char *path, int flags, bool no_links)
{
	int fd = open_in_kernel(root_fd, path, (uint64_t)(unsigned)(flags | O_CLOEXEC),
				no_links ? RESOLVE_NO_SYMLINKS : 0);

	/* EPERM: a seccomp filter of an older container engine denies what it does not know. */
	if (fd == -ENOSYS || fd == -EPERM)
		return open_in_walk(root_fd, path, flags, no_links);
	return fd;
}

int path_open_in(int root_fd, const char *path, int flags)
{
	return open_in(root_fd, *path ? path : ".", flags, false);
}

int path_open_in_nolink(int root_fd, const char *path, int flags)
{
	return open_in(root_fd, *path ? path : ".", flags, true);
}

/*
 * Where PATH leads when its last component is missing: the parent that exists after following links
 * (also a dangling one) and what is left to make.  Kept as text: the kernel resolves each prefix.
 */
static char *link_target(int parent_fd, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(parent_fd, name, target, sizeof(target) - 1);

	return n < 0 ? NULL : str_dup_n(target, (size_t)n);
}

/* One component: opens NAME below PARENT_FD's text path BASE, making a directory where it is
 * missing. */
static int make_component(int root_fd, const char *base, int parent_fd, const char *name,
			  mode_t mode, char **ret_redirect)
{
	auto_free char *full = str_format("%s/%s", base, name);
	int fd = path_open_in(root_fd, full, O_PATH | O_DIRECTORY);

	if (fd != -ENOENT)
		return fd;
	if (mkdirat(parent_fd, name, mode) == 0 || errno == EEXIST) {
		fd = path_open_in(root_fd, full, O_PATH | O_DIRECTORY);
		/* A dangling link: its target has to be made instead. */
		if (fd == -ENOENT)
			*ret_redirect = link_target(parent_fd, name);
		return fd;
	}
	return -errno;
}

static int make_dirs(int root_fd, const char *path, mode_t mode, int *links)
{
	auto_close int fd = path_open_in(root_fd, ".", O_PATH | O_DIRECTORY);
	auto_str struct str base = { 0 };

	str_add(&base, "/");
	while (fd >= 0 && *path) {
		size_t n = strcspn(path, "/");
		auto_free char *name = str_dup_n(path, n);
		auto_free char *redirect = NULL;
		int next;

		path += n + strspn(path + n, "/");
		if (n == 0 || streq(name, "."))
			continue;
		next = make_component(root_fd, base.s, fd, name, mode, &redirect);
		if (next == -ENOENT && redirect) {
			auto_free char *to = str_format("%s/%s/%s", *redirect == '/' ? "" : base.s,
							redirect, path);

			return ++*links > MAX_LINKS ? -ELOOP : make_dirs(root_fd, to, mode, links);
		}
		if (next < 0)
			return next;
		fd_close(fd);
		fd = next;
		str_addf(&base, "/%s", name);
	}
	return fd < 0 ? fd : take_fd(&fd);
}

int path_make_dir_in(int root_fd, const char *path, mode_t mode)
{
	int links = 0;
	int fd = path_open_in(root_fd, path, O_PATH | O_DIRECTORY);

	return fd == -ENOENT ? make_dirs(root_fd, path, mode, &links) : fd;
}

int path_open_parent_in(int root_fd, const char *path, mode_t mode, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	auto_free char *dir = str_dup_n(path, slash ? (size_t)(slash - path) : 0);
	const char *name = slash ? slash + 1 : path;

	if (!*name || streq(name, ".") || streq(name, ".."))
		return -EINVAL;
	*ret_name = name;
	return path_make_dir_in(root_fd, dir, mode);
}

static int make_file(int root_fd, const char *path, int *links)
{
	auto_close int parent = -EBADF;
	auto_free char *redirect = NULL;
	auto_free char *to = NULL;
	const char *name;
	int fd;

	parent = path_open_parent_in(root_fd, path, 0755, &name);
	if (parent < 0)
		return parent;
	fd = openat(parent, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, 0644);
	if (fd >= 0) {
		fd_close(fd);
		return path_open_in(root_fd, path, O_PATH);
	}
	if (errno != EEXIST)
		return -errno;
	redirect = link_target(parent, name);
	if (!redirect || ++*links > MAX_LINKS)
		return redirect ? -ELOOP : path_open_in(root_fd, path, O_PATH);
	to = *redirect == '/' ? str_dup(redirect)
			      : str_format("%.*s/%s", (int)(name - path), path, redirect);
	fd = path_open_in(root_fd, to, O_PATH);
	return fd == -ENOENT ? make_file(root_fd, to, links) : fd;
}

int path_make_file_in(int root_fd, const char *path)
{
	int links = 0;
	int fd = path_open_in(root_fd, path, O_PATH);

	return fd == -ENOENT ? make_file(root_fd, path, &links) : fd;
}
