/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying a directory into a new tmpfs: see tmpcopyup.h.
 *
 * Copied without following any symlink and without opening anything but regular files and folders.
 */
#include "os/tmpcopyup.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/path.h"
#include "base/str.h"

enum { MAX_DEPTH = 512, XATTR_MAX = 65536 };

static struct err *copy_dir(int from_fd, int to_fd, int depth);

/* Attributes that the file system or the kernel refuses are left out, as cp -a does. */
static void copy_xattrs(int from_fd, int to_fd)
{
	auto_free char *names = NULL;
	auto_free char *value = NULL;
	ssize_t n = flistxattr(from_fd, NULL, 0);

	if (n <= 0)
		return;
	names = xcalloc(1, (size_t)n + 1);
	value = xcalloc(1, XATTR_MAX);
	n = flistxattr(from_fd, names, (size_t)n);
	for (ssize_t i = 0; i < n; i += (ssize_t)strlen(names + i) + 1) {
		ssize_t size = fgetxattr(from_fd, names + i, value, XATTR_MAX);

		if (size >= 0)
			(void)!fsetxattr(to_fd, names + i, value, (size_t)size, 0);
	}
}

static struct err *copy_owner(int to_fd, const char *name, const struct stat *st)
{
	const struct timespec times[2] = { st->st_atim, st->st_mtim };

	if (fchownat(to_fd, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(-errno, "set the owner of %s", name);
	/* After the owner, which takes the setuid bit away. */
	if (!S_ISLNK(st->st_mode) && fchmodat(to_fd, name, st->st_mode & 07777, 0) < 0)
		return err_sys(-errno, "set the mode of %s", name);
	(void)!utimensat(to_fd, name, times, AT_SYMLINK_NOFOLLOW);
	return NULL;
}

static struct err *copy_bytes(int from, int to, const char *name)
{
	for (;;) {
		ssize_t n = sendfile(to, from, NULL, 1 << 20);

		if (n == 0)
			return NULL;
		if (n < 0 && errno != EINTR)
			return err_sys(-errno, "copy %s", name);
	}
}

static struct err *copy_file(int from_fd, int to_fd, const char *name)
{
	auto_close int from =
		openat(from_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	auto_close int to = -EBADF;
	struct stat st;

	if (from < 0 || fstat(from, &st) < 0)
		return err_sys(-errno, "open %s", name);
	if (!S_ISREG(st.st_mode))
		return err_new(ERR_DENIED, "%s changed while it was copied", name);
	to = openat(to_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0)
		return err_sys(-errno, "create %s", name);
	TRY(copy_bytes(from, to, name));
	copy_xattrs(from, to);
	return NULL;
}

static struct err *copy_subdir(int from_fd, int to_fd, const char *name, int depth)
{
	auto_close int from =
		openat(from_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_close int to = -EBADF;

	if (from < 0)
		return err_sys(-errno, "open %s", name);
	if (mkdirat(to_fd, name, 0700) < 0)
		return err_sys(-errno, "create %s", name);
	to = openat(to_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return err_sys(-errno, "open the new %s", name);
	TRY(copy_dir(from, to, depth + 1));
	copy_xattrs(from, to);
	return NULL;
}

static struct err *copy_link(int from_fd, int to_fd, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(from_fd, name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(-errno, "read the symlink %s", name);
	target[n] = '\0';
	if (symlinkat(target, to_fd, name) < 0)
		return err_sys(-errno, "make the symlink %s", name);
	return NULL;
}

static struct err *copy_entry(int from_fd, int to_fd, const char *name, int depth)
{
	struct stat st;

	if (fstatat(from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(-errno, "stat %s", name);
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		TRY(copy_file(from_fd, to_fd, name));
		break;
	case S_IFDIR:
		TRY(copy_subdir(from_fd, to_fd, name, depth));
		break;
	case S_IFLNK:
		TRY(copy_link(from_fd, to_fd, name));
		break;
	default:
		if (mknodat(to_fd, name, st.st_mode, st.st_rdev) < 0)
			return err_sys(-errno, "make the node %s", name);
	}
	return copy_owner(to_fd, name, &st);
}

static struct err *copy_dir(int from_fd, int to_fd, int depth)
{
	int own = fcntl(from_fd, F_DUPFD_CLOEXEC, 3);
	DIR *dir = own < 0 ? NULL : fdopendir(own);
	struct err *e = NULL;
	struct dirent *d;

	if (!dir) {
		e = err_sys(-errno, "read a directory");
		fd_close(own);
		return e;
	}
	if (depth > MAX_DEPTH)
		e = err_new(ERR_INVALID, "the directory is nested too deeply");
	for (errno = 0; !e && (d = readdir(dir)); errno = 0)
		if (!streq(d->d_name, ".") && !streq(d->d_name, ".."))
			e = copy_entry(from_fd, to_fd, d->d_name, depth);
	if (!e && errno)
		e = err_sys(-errno, "read a directory");
	closedir(dir);
	return e;
}

struct err *tmpcopyup(int from_fd, int to_fd)
{
	auto_close int from = openat(from_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_close int to = openat(to_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err *e;

	if (from < 0 || to < 0)
		return err_sys(-errno, "open the directories for tmpcopyup");
	e = copy_dir(from, to, 0);
	if (e)
		return err_wrap(e, "tmpcopyup");
	copy_xattrs(from, to);
	return NULL;
}
