/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state root on disk: see store.h.
 */
#include "state/store.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include "base/file.h"

enum { ID_MAX = 1024, REMOVE_TRIES = 3 };

struct err *store_id_check(const char *id)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+.-";
	size_t good = strspn(id, allowed);

	if (!*id)
		return err_new(ERR_INVALID, "empty container ID");
	if (id[good])
		return err_hint(err_new(ERR_INVALID,
					"invalid character `%c` in the container ID `%.64s`",
					id[good] >= ' ' && id[good] < 127 ? id[good] : '?', id),
				"an ID is made of letters, digits and _ + . -");
	if (*id == '.' || *id == '-')
		return err_new(ERR_INVALID,
			       "invalid container ID `%.64s`: it must not begin with `%c`", id,
			       *id);
	if (strlen(id) > ID_MAX)
		return err_new(ERR_INVALID, "invalid container ID: longer than %d characters",
			       ID_MAX);
	return NULL;
}

static int make_parents(const char *path)
{
	auto_free char *p = str_dup(path);

	for (char *s = p + 1; *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(p, 0700) < 0 && errno != EEXIST)
			return -errno;
		*s = '/';
	}
	return mkdir(p, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static struct err *check_owner(int fd, const char *what)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(-errno, "stat %s", what);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_hint(err_new(ERR_DENIED, "%s belongs to user %u, not to us", what,
					(unsigned)st.st_uid),
				"remove it, or choose another state root with --root");
	return NULL;
}

/* Who can write there can put a record of his own beside ours. */
static struct err *check_private(int fd, const char *root)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(-errno, "stat the state root %s", root);
	if (st.st_mode & 022)
		return err_hint(err_new(ERR_DENIED,
					"the state root %s can be written by others (mode %04o)",
					root, st.st_mode & 07777),
				"chmod go-w %s, or choose another folder with --root", root);
	return NULL;
}

struct err *store_open(const char *root, bool create, int *ret_root_fd)
{
	auto_close int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0 && errno == ENOENT && !create) {
		*ret_root_fd = -EBADF;
		return NULL;
	}
	if (fd < 0 && errno == ENOENT) {
		rc = make_parents(root);
		if (rc < 0)
			return err_hint(err_sys(rc, "make the state root %s", root),
					"choose a writable folder with --root");
		fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return err_hint(err_sys(-errno, "open the state root %s", root),
				"choose another folder with --root");
	TRY(check_owner(fd, root));
	TRY(check_private(fd, root));
	*ret_root_fd = take_fd(&fd);
	return NULL;
}

struct err *store_reserve(int root_fd, const char *id, int *ret_dir_fd)
{
	int fd;

	if (mkdirat(root_fd, id, 0700) < 0) {
		if (errno == EEXIST)
			return err_hint(err_new(ERR_EXISTS, "container `%s` already exists", id),
					"choose another ID, or remove it with `davit delete %s`",
					id);
		return err_sys(-errno, "make the state folder of container `%s`", id);
	}
	fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		struct err *e = err_sys(-errno, "open the state folder of container `%s`", id);

		unlinkat(root_fd, id, AT_REMOVEDIR);
		return e;
	}
	*ret_dir_fd = fd;
	return NULL;
}

struct err *store_open_container(int root_fd, const char *id, int *ret_dir_fd)
{
	auto_close int fd = -EBADF;

	TRY(store_id_check(id));
	if (root_fd >= 0)
		fd = openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root_fd < 0 || (fd < 0 && (errno == ENOENT || errno == ENAMETOOLONG)))
		return err_hint(
			err_new(ERR_NOT_FOUND, "container `%s` does not exist", id),
			"`davit list` shows what is there; another state root is chosen with --root");
	if (fd < 0)
		return err_sys(-errno, "open the state folder of container `%s`", id);
	TRY(check_owner(fd, id));
	*ret_dir_fd = take_fd(&fd);
	return NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct err *store_list(int root_fd, struct strv *ret)
{
	struct dirent *e;
	DIR *dir;
	int fd;

	if (root_fd < 0)
		return NULL;
	fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		fd_close(fd);
		return err_sys(-errno, "read the state root");
	}
	while ((e = readdir(dir))) {
		auto_err struct err *no_id = store_id_check(e->d_name);
		struct stat st;

		/* Dot names are davit's own (caches).  What is no id is no container, and must not
		 * reach the terminal of who lists a root that others write to. */
		if (no_id || e->d_name[0] == '.')
			continue;
		if (e->d_type == DT_DIR ||
		    (e->d_type == DT_UNKNOWN &&
		     fstatat(root_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		     S_ISDIR(st.st_mode)))
			strv_add(ret, e->d_name);
	}
	closedir(dir);
	if (ret->n > 1)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare_names);
	return NULL;
}

struct err *store_remove(int root_fd, const char *id)
{
	int rc = -EAGAIN;

	/* Half a folder is worse than a second try: its record may be gone already. */
	for (int i = 0; i < REMOVE_TRIES && rc < 0; i++)
		rc = file_remove_tree_at(root_fd, id);
	TRY_SYS(rc, "remove the state folder of container `%s`", id);
	return NULL;
}

static int lock_try(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_SETLK, &l) == 0)
		return 0;
	return errno == EACCES ? -EAGAIN : -errno;
}

struct err *store_lock(int dir_fd, const char *id, int timeout_ms, int *ret_lock_fd)
{
	auto_close int fd = openat(dir_fd, STORE_LOCK,
				   O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	int waited = 0;
	int rc;

	if (fd < 0)
		return err_sys(-errno, "open the lock of container `%s`", id);
	while ((rc = lock_try(fd)) == -EAGAIN && waited < timeout_ms) {
		int pause_ms = waited < 20 ? 1 : 20;

		poll(NULL, 0, pause_ms);
		waited += pause_ms;
	}
	if (rc == -EAGAIN)
		return err_hint(
			err_new(ERR_TIMEOUT,
				"container `%s` is busy: process %d has been working on it for %d s",
				id, (int)store_lock_owner(dir_fd, STORE_LOCK), timeout_ms / 1000),
			"wait for that command, or end it");
	TRY_SYS(rc, "lock container `%s`", id);
	*ret_lock_fd = take_fd(&fd);
	return NULL;
}

pid_t store_lock_owner(int dir_fd, const char *name)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	auto_close int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || fcntl(fd, F_GETLK, &l) < 0 || l.l_type == F_UNLCK)
		return 0;
	/* The kernel says -1 or 0 for an owner in a pid namespace that we cannot see. */
	return l.l_pid > 0 ? l.l_pid : -1;
}

struct err *store_gate_open(int dir_fd, int *ret_fd)
{
	int fd = openat(dir_fd, STORE_GATE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			0600);

	TRY_SYS(fd < 0 ? -errno : fd, "make the start gate");
	*ret_fd = fd;
	return NULL;
}

struct err *store_gate_hold(int gate_fd)
{
	TRY_SYS(lock_try(gate_fd), "hold the start gate");
	return NULL;
}
