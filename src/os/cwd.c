/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The working directory: see program.h.
 *
 * It is opened below the container's root without magic links and entered by descriptor, so that a
 * path like /proc/self/fd/N cannot lead to a directory of the host (CVE-2024-21626).
 */
#include <fcntl.h>
#include <limits.h>

#include "base/path.h"
#include "base/sys.h"
#include "os/program.h"

static struct err *explain(int neg_errno, const char *cwd)
{
	struct err *e = err_sys(neg_errno, "process.cwd: chdir to `%.256s`", cwd);

	if (neg_errno == -ELOOP)
		return err_hint(
			e,
			"links below /proc/PID that lead out of the container's file system are not followed");
	if (neg_errno == -EROFS)
		return err_hint(
			e,
			"the directory is missing, and the read-only root does not let it be made");
	return e;
}

static struct err *check_inside(const char *cwd)
{
	char buf[PATH_MAX];
	ssize_t n = sys_getcwd(buf, sizeof(buf));

	if (n == -ENAMETOOLONG || n == -ERANGE)
		return NULL;
	TRY_SYS(n, "process.cwd: `%.256s`", cwd);
	if (buf[0] == '/')
		return NULL;
	return err_new(
		ERR_DENIED,
		"process.cwd: `%.256s`: the working directory is not accessible from the current namespace",
		cwd);
}

struct err *cwd_enter(const char *cwd, bool make, bool *ret_denied)
{
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int fd = -EBADF;

	if (root < 0)
		return err_sys(-errno, "open the container's root");
	if (!cwd || !*cwd)
		cwd = "/";
	if (ret_denied)
		*ret_denied = false;
	fd = make ? path_make_dir_in(root, cwd, 0755)
		  : path_open_in(root, cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && fchdir(fd) < 0) {
		fd_close(fd);
		fd = -errno;
	}
	if (fd == -EACCES && ret_denied) {
		*ret_denied = true;
		return NULL;
	}
	if (fd < 0)
		return explain(fd, cwd);
	return check_inside(cwd);
}
