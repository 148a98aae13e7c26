/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch namespace: see launch.h.
 */
#include "os/launch.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/log.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/sys.h"

#define LAUNCH_DIR ".launch"
#define LAUNCH_NS  "ns"

#ifndef SYS_listmount
#define SYS_listmount 458 /* since 6.8, the same on all architectures but alpha */
#endif

/* Copying fewer mounts than these costs less than finding the namespace does. */
enum { WORTH_IT = 192 };

/* struct mnt_id_req of linux/mount.h, which is newer than most installed headers. */
struct list_request {
	uint32_t size;
	uint32_t spare;
	uint64_t mnt_id;
	uint64_t param;
};

static bool has_many_mounts(void)
{
	struct list_request req = { .size = sizeof(req), .mnt_id = UINT64_MAX }; /* LSMT_ROOT */
	uint64_t ids[WORTH_IT];

	return syscall(SYS_listmount, &req, ids, WORTH_IT, 0) == WORTH_IT;
}

/* A descriptor of a mount namespace, or of nothing. */
static int open_ns(int dir_fd)
{
	int fd = openat(dir_fd, LAUNCH_NS, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNS) {
		fd_close(fd);
		return -ENOENT;
	}
	return fd;
}

/* In a child: leaves the host's mounts behind. */
static int empty_namespace(void)
{
	auto_close int fs = -EBADF;
	auto_close int root = -EBADF;
	auto_close int old = -EBADF;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	if (fs < 0)
		return fs;
	sys_fsconfig(fs, FSCONFIG_SET_STRING, "size", "4k", 0);
	sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "0555", 0);
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -EINVAL;
	root = sys_fsmount(fs, FSMOUNT_CLOEXEC,
			   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (root < 0)
		return root;
	old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sys_move_mount(root, "", old, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) <
		    0 ||
	    fchdir(root) < 0 || sys_pivot_root(".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		return -EINVAL;
	return 0;
}

static NORETURN void child_main(int ready_fd, int wait_fd)
{
	char c = empty_namespace() == 0 ? 'y' : 'n';

	if (write(ready_fd, &c, 1) != 1 || read(wait_fd, &c, 1) < 0)
		_exit(1);
	_exit(0);
}

/*
 * Keeps the namespace of PID: its nsfs file is bound on DIR_FD/ns.  The kernel wants a private
 * mount under it, so that the binding spreads nowhere: the folder is bound on itself first.
 */
static int pin(int dir_fd, pid_t pid)
{
	auto_free char *ns = str_format("/proc/%d/ns/mnt", (int)pid);
	auto_close int self = -EBADF;
	auto_close int target = -EBADF;
	struct mount_attr private = { .propagation = MS_PRIVATE };
	int rc;

	self = sys_open_tree(dir_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (self < 0)
		return self;
	rc = sys_mount_setattr(self, "", AT_EMPTY_PATH, &private);
	if (rc == 0)
		rc = sys_move_mount(self, "", dir_fd, "",
				    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	if (rc < 0)
		return rc;
	target = openat(self, LAUNCH_NS, O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0400);
	if (target < 0)
		return -errno;
	return mount(ns, fd_path(target).s, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

static int make_ns(int dir_fd)
{
	int ready[2], go[2];
	char c = 'n';
	pid_t pid;
	int rc = -EIO;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(go, O_CLOEXEC) < 0) {
		fd_close(ready[0]);
		fd_close(ready[1]);
		return -errno;
	}
	pid = sys_clone3(0, -EBADF, NULL);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd_close(go[1]);
		child_main(ready[1], go[0]);
	}
	fd_close(ready[1]);
	fd_close(go[0]);
	if (pid > 0 && read(ready[0], &c, 1) == 1 && c == 'y')
		rc = pin(dir_fd, pid);
	fd_close(ready[0]);
	fd_close(go[1]);
	if (pid > 0)
		proc_reap(pid);
	return rc;
}

static int open_dir(int state_fd)
{
	int fd;

	if (mkdirat(state_fd, LAUNCH_DIR, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(state_fd, LAUNCH_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* One maker at a time, by a lock that falls with its holder. */
static int find_or_make(int state_fd)
{
	auto_close int dir = open_dir(state_fd);
	auto_close int lock = -EBADF;
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd;

	if (dir < 0)
		return dir;
	fd = open_ns(dir);
	if (fd >= 0)
		return fd;
	lock = openat(state_fd, LAUNCH_DIR ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		      0600);
	if (lock < 0 || fcntl(lock, F_SETLK, &l) < 0)
		return -errno;
	fd_close(take_fd(&dir));
	dir = open_dir(state_fd);
	fd = dir < 0 ? dir : open_ns(dir);
	if (fd == -ENOENT) {
		fd = make_ns(dir);
		fd_close(take_fd(&dir));
		dir = fd < 0 ? fd : open_dir(state_fd);
		fd = dir < 0 ? dir : open_ns(dir);
	}
	return fd;
}

void launch_ns_open(int state_fd, int *ret_fd)
{
	int fd;

	*ret_fd = -EBADF;
	if (!has_many_mounts())
		return;
	fd = find_or_make(state_fd);
	if (fd < 0)
		log_debug("no launch namespace: %s", strerror(-fd));
	else
		*ret_fd = fd;
}

struct err *launch_ns_enter(int fd)
{
	if (setns(fd, CLONE_NEWNS) < 0)
		return err_sys(-errno, "enter the launch namespace");
	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(-errno, "make a mount namespace");
	return NULL;
}
