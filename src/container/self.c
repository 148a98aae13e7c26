/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protecting our own binary: see self.h.
 */
#include "container/self.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/sys.h"

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

/* What is verified is the file we run from, not a mark that a caller could set in our environment.
 */
static bool is_protected(int exe_fd)
{
	struct statvfs vfs;
	int seals = fcntl(exe_fd, F_GET_SEALS);

	/* Any file of a tmpfs answers with seals, so without them the mount decides. */
	if (seals >= 0 && (seals & SEALS) == SEALS)
		return true;
	return fstatvfs(exe_fd, &vfs) == 0 && (vfs.f_flag & ST_RDONLY);
}

/* Not root: the container's root is the caller at most, and the file is somebody else's. */
static bool is_out_of_reach(int exe_fd)
{
	struct stat st;

	return geteuid() != 0 && fstat(exe_fd, &st) == 0 && st.st_uid != geteuid() &&
	       !(st.st_mode & 022);
}

static int clone_readonly(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID };
	int fd = sys_open_tree(AT_FDCWD, "/proc/self/exe", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	int rc;

	if (fd < 0)
		return fd;
	rc = sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr);
	if (rc < 0) {
		fd_close(fd);
		return rc;
	}
	return fd;
}

static int copy_sealed(int exe_fd)
{
	auto_close int fd = memfd_create("davit", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;
	off_t done = 0;

	if (fd < 0 || fstat(exe_fd, &st) < 0)
		return -errno;
	while (done < st.st_size) {
		ssize_t n = sendfile(fd, exe_fd, &done, (size_t)(st.st_size - done));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -EIO;
	}
	if (fchmod(fd, 0500) < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	return take_fd(&fd);
}

struct err *self_protect(char *const argv[])
{
	auto_close int exe = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	auto_close int copy = -EBADF;
	int rc;

	if (exe < 0)
		return err_hint(err_sys(-errno, "open /proc/self/exe"), "is /proc mounted?");
	if (is_protected(exe) || is_out_of_reach(exe))
		return NULL;
	copy = clone_readonly();
	if (copy >= 0)
		sys_execveat(copy, "", argv, environ, AT_EMPTY_PATH);
	fd_close(take_fd(&copy));
	copy = copy_sealed(exe);
	TRY_SYS(copy, "make a sealed copy of our own binary");
	rc = sys_execveat(copy, "", argv, environ, AT_EMPTY_PATH);
	return err_hint(err_sys(rc, "execute the protected copy of our own binary"),
			"the binary would be writable from the container otherwise");
}
