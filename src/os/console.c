/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's terminal and standard streams: see console.h.
 */
#include "os/console.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include "base/path.h"
#include "os/mount-api.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static bool is_char_device(int fd, unsigned major, unsigned minor)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(major, minor);
}

/*
 * Looked at before it is opened: the image may have left a fifo or another device there, and
 * opening these has effects.
 */
static int open_ptmx(int root_fd, const char *path)
{
	auto_close int at = path_open_in(root_fd, path, O_PATH);
	auto_close int fd = -EBADF;

	if (at < 0)
		return at;
	if (!is_char_device(at, 5, 2))
		return -ENODEV;
	fd = path_open_in(root_fd, path, O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fd;
	if (!is_char_device(fd, 5, 2) || fcntl(fd, F_SETFL, O_RDWR) < 0)
		return -ENODEV;
	return take_fd(&fd);
}

static struct err *open_peer(int master, int *ret_fd)
{
	unsigned long magic = 0;
	int unlock = 0;
	auto_close int fd = -EBADF;

	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return err_sys(-errno, "unlock the terminal");
	/* By descriptor (since 4.13): the name /dev/pts/N may belong to the image. */
	fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(-errno, "open the other end of the terminal");
	TRY_SYS(mount_magic_of(fd, &magic), "stat the file system of the terminal");
	if (magic != DEVPTS_SUPER_MAGIC)
		return err_new(ERR_DENIED, "the terminal is not on a devpts file system");
	*ret_fd = take_fd(&fd);
	return NULL;
}

struct err *console_open(const struct console_plan *plan, int *ret_master, int *ret_slave)
{
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int master = -EBADF;
	auto_close int slave = -EBADF;
	struct winsize size = { .ws_row = plan->rows, .ws_col = plan->cols };

	if (root < 0)
		return err_sys(-errno, "open the container's /");
	master = open_ptmx(root, "/dev/pts/ptmx");
	if (master < 0)
		master = open_ptmx(root, "/dev/ptmx");
	if (master < 0)
		return err_hint(err_sys(master, "open /dev/ptmx"),
				"a terminal needs a mount of type devpts on /dev/pts");
	TRY(open_peer(master, &slave));
	if (plan->uid != 0 && fchown(slave, plan->uid, (gid_t)-1) < 0)
		return err_sys(-errno, "set the owner of the terminal");
	if (plan->has_size && ioctl(slave, TIOCSWINSZ, &size) < 0)
		return err_sys(-errno, "set the size of the terminal");
	*ret_master = take_fd(&master);
	*ret_slave = take_fd(&slave);
	return NULL;
}

/* /dev/console as a file of its own that a mount can cover; a symlink of the image goes. */
static struct err *make_console_file(int dev_fd, int *ret_fd)
{
	auto_close int fd = -EBADF;
	struct stat st;
	int made;

	for (int i = 0; i < 2; i++) {
		made = openat(dev_fd, "console",
			      O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC | O_WRONLY,
			      0600);
		if (made < 0 && errno != EEXIST)
			return err_sys(-errno, "create /dev/console");
		fd_close(made);
		fd_close(take_fd(&fd));
		fd = openat(dev_fd, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0)
			return err_sys(-errno, "open /dev/console");
		if (!S_ISLNK(st.st_mode))
			break;
		if (unlinkat(dev_fd, "console", 0) < 0)
			return err_sys(-errno, "replace the symlink /dev/console");
	}
	if (S_ISLNK(st.st_mode) || S_ISDIR(st.st_mode))
		return err_new(ERR_INVALID, "/dev/console is a %s in the root file system",
			       S_ISDIR(st.st_mode) ? "directory" : "symlink");
	*ret_fd = take_fd(&fd);
	return NULL;
}

struct err *console_bind(int slave_fd)
{
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int dev = -EBADF;
	auto_close int target = -EBADF;
	auto_close int tree = -EBADF;
	int rc;

	if (root < 0)
		return err_sys(-errno, "open the container's /");
	dev = path_make_dir_in(root, "/dev", 0755);
	TRY_SYS(dev, "open /dev of the root file system");
	TRY(make_console_file(dev, &target));
	tree = tree_clone(slave_fd, "", 0);
	rc = tree < 0 ? tree : tree_attach(tree, target);
	if (mount_api_missing(rc))
		rc = tree_bind_old(slave_fd, target, false);
	TRY_SYS(rc, "mount the terminal on /dev/console");
	return NULL;
}

struct err *console_attach(int slave_fd)
{
	auto_close int fd = slave_fd;

	/* EPERM: a group leader already, then it has a session or makes do with the one it has. */
	if (setsid() < 0 && errno != EPERM)
		return err_sys(-errno, "start a session");
	if (ioctl(fd, TIOCSCTTY, 0) < 0)
		return err_sys(-errno, "make the terminal the controlling one");
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (dup2(fd, i) < 0)
			return err_sys(-errno, "move the terminal to descriptor %d", i);
	if (fd <= STDERR_FILENO)
		(void)!take_fd(&fd);
	return NULL;
}

/* The container's null device, or -errno where it has none that is one. */
static int open_null(void)
{
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int at = -EBADF;
	auto_close int fd = -EBADF;

	if (root < 0)
		return -errno;
	at = path_open_in_nolink(root, "/dev/null", O_PATH);
	if (at < 0)
		return at;
	if (!is_char_device(at, 1, 3))
		return -ENODEV;
	fd = path_open_in_nolink(root, "/dev/null", O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return fd;
	if (!is_char_device(fd, 1, 3))
		return -ENODEV;
	return take_fd(&fd);
}

struct err *stdio_adopt(uid_t uid, gid_t gid)
{
	auto_close int null = -EBADF;
	struct stat st;

	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
		if (fstat(i, &st) < 0)
			continue;
		if (is_char_device(i, 1, 3)) {
			if (null < 0)
				null = open_null();
			/* Where the container has none, the host's stays: it can do no harm. */
			if (null >= 0 && dup2(null, i) < 0)
				return err_sys(-errno, "replace descriptor %d", i);
			continue;
		}
		/* A file belongs to somebody on the host; a device to everybody. */
		if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))
			continue;
		if (fchown(i, uid, gid) < 0 && errno != EINVAL && errno != EPERM &&
		    errno != EROFS && errno != EBADF)
			return err_sys(-errno, "give descriptor %d to uid %u", i, uid);
	}
	return NULL;
}
