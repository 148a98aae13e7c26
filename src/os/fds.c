/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Closing what the program must not inherit: see program.h.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>

#include "base/proc.h"
#include "base/sys.h"
#include "os/program.h"

enum what { FDS_CLOSE, FDS_CLOEXEC };

static int treat(int fd, enum what what)
{
	if (what == FDS_CLOEXEC)
		return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
	/* Linux releases the number whatever close(2) answers. */
	close(fd);
	return 0;
}

static int treat_listed(DIR *dir, int first, int keep_fd, enum what what)
{
	struct dirent *e;

	while ((errno = 0, e = readdir(dir))) {
		uint64_t fd;
		int rc;

		if (str_to_u64(e->d_name, INT_MAX, &fd) < 0)
			continue;
		if ((int)fd < first || (int)fd == keep_fd || (int)fd == dirfd(dir))
			continue;
		rc = treat((int)fd, what);
		if (rc < 0)
			return rc;
	}
	return -errno;
}

/* Before close_range(2), or where a filter denies it.  The list comes from a procfs that is one. */
static int walk_fds(int first, int keep_fd, enum what what)
{
	auto_close int proc = proc_open_root();
	DIR *dir;
	int fd;
	int rc;

	if (proc < 0)
		return proc;
	fd = openat(proc, "self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* It is one of the numbers that the walk would close. */
	fd_close(take_fd(&proc));
	dir = fdopendir(fd);
	if (!dir) {
		fd_close(fd);
		return -ENOMEM;
	}
	rc = treat_listed(dir, first, keep_fd, what);
	closedir(dir);
	return rc;
}

enum { CHUNK = 512 };

/* One poll(2) tells which of CHUNK numbers are open; where it may not be called, all are tried. */
static int try_chunk(int first, int keep_fd, enum what what)
{
	struct pollfd p[CHUNK];
	bool know;

	for (int i = 0; i < CHUNK; i++)
		p[i] = (struct pollfd){ .fd = first + i };
	know = poll(p, CHUNK, 0) >= 0;
	for (int i = 0; i < CHUNK; i++) {
		int rc;

		if (p[i].fd == keep_fd || (know && p[i].revents & POLLNVAL))
			continue;
		rc = treat(p[i].fd, what);
		if (rc < 0 && rc != -EBADF)
			return rc;
	}
	return 0;
}

/*
 * Without a procfs too.  A limit that was lowered leaves descriptors above it, so what counts is
 * the highest that a limit can be: fs.nr_open, 1048576 unless somebody raised it.
 */
static int try_fds(int first, int keep_fd, enum what what)
{
	int rc = 0;

	for (int fd = first; rc == 0 && fd < 1024 * 1024; fd += CHUNK)
		rc = try_chunk(fd, keep_fd, what);
	return rc;
}

static int close_range_around(int first, int keep_fd, unsigned flags)
{
	int rc = 0;

	if (keep_fd < first)
		return sys_close_range((unsigned)first, ~0U, flags);
	if (keep_fd > first)
		rc = sys_close_range((unsigned)first, (unsigned)keep_fd - 1, flags);
	return rc < 0 ? rc : sys_close_range((unsigned)keep_fd + 1, ~0U, flags);
}

static struct err *treat_from(int first, int keep_fd, enum what what)
{
	int rc = close_range_around(first, keep_fd, what == FDS_CLOEXEC ? CLOSE_RANGE_CLOEXEC : 0);

	if (rc < 0)
		rc = walk_fds(first, keep_fd, what);
	if (rc < 0)
		rc = try_fds(first, keep_fd, what);
	TRY_SYS(rc, "%s the descriptors from %d on",
		what == FDS_CLOEXEC ? "mark close-on-exec" : "close", first);
	return NULL;
}

struct err *fds_close_from(int first, int keep_fd)
{
	return treat_from(first, keep_fd, FDS_CLOSE);
}

struct err *fds_cloexec_from(int first)
{
	return treat_from(first, -1, FDS_CLOEXEC);
}

struct err *fds_close_but(int first, int *keep, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t low = i;

		for (size_t k = i + 1; k < n; k++)
			low = keep[k] < keep[low] ? k : low;
		int fd = keep[low];

		keep[low] = keep[i];
		if (fd < first)
			continue;
		if (fd > first && sys_close_range((unsigned)first, (unsigned)fd - 1, 0) < 0) {
			for (int each = first; each < fd; each++)
				close(each);
		}
		first = fd + 1;
	}
	return fds_close_from(first, -1);
}
