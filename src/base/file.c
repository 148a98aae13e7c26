/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files, relative to a descriptor: see file.h.
 */
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

ssize_t fd_read_all(int fd, void *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, (char *)buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

int fd_write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_read_at(int dir_fd, const char *path, size_t max, char **ret, size_t *ret_len)
{
	auto_close int fd = -EBADF;
	auto_free char *text = NULL;
	struct stat st;
	ssize_t n;

	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if ((uint64_t)st.st_size > max)
		return -EFBIG;
	/* One byte more than the size, so that the end is seen without a second read. */
	text = xcalloc((size_t)st.st_size + 2, 1);
	n = fd_read_all(fd, text, (size_t)st.st_size + 1);
	if (n < 0)
		return (int)n;
	if (n > st.st_size)
		return -EAGAIN;
	text[n] = '\0';
	*ret_len = (size_t)n;
	*ret = take_ptr(&text);
	return 0;
}

int file_read_line_at(int dir_fd, const char *path, char *buf, size_t size)
{
	auto_close int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return -errno;
	if (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return (int)n;
}

int file_read_line(const char *path, char *buf, size_t size)
{
	return file_read_line_at(AT_FDCWD, path, buf, size);
}

int file_write_at(int dir_fd, const char *path, const char *text)
{
	auto_close int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = write(fd, text, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int file_replace_at(int dir_fd, const char *name, const void *data, size_t len, mode_t mode)
{
	auto_free char *tmp = str_format(".%s.tmp", name);
	auto_close int fd = -EBADF;
	int rc;

	fd = openat(dir_fd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	rc = fd_write_all(fd, data, len);
	if (rc == 0 && renameat(dir_fd, tmp, dir_fd, name) < 0)
		rc = -errno;
	if (rc < 0)
		unlinkat(dir_fd, tmp, 0);
	return rc;
}

static int remove_entries(DIR *dir)
{
	struct dirent *e;

	while ((errno = 0, e = readdir(dir))) {
		int rc;

		if (streq(e->d_name, ".") || streq(e->d_name, ".."))
			continue;
		rc = file_remove_tree_at(dirfd(dir), e->d_name);
		if (rc < 0)
			return rc;
	}
	return -errno;
}

/* What somebody mounted into the tree is not ours to remove. */
static bool is_same_mount(int dir_fd, int fd)
{
	struct statx above, below;

	if (dir_fd == AT_FDCWD)
		return true;
	if (statx(dir_fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &above) < 0 ||
	    statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &below) < 0)
		return false;
	/* Kernels before 5.8 tell no mount id, but the device. */
	if (!(above.stx_mask & below.stx_mask & STATX_MNT_ID))
		return above.stx_dev_major == below.stx_dev_major &&
		       above.stx_dev_minor == below.stx_dev_minor;
	return above.stx_mnt_id == below.stx_mnt_id;
}

int file_remove_tree_at(int dir_fd, const char *name)
{
	DIR *dir;
	int fd;
	int rc;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!is_same_mount(dir_fd, fd)) {
		fd_close(fd);
		return -EBUSY;
	}
	dir = fdopendir(fd);
	if (!dir) {
		fd_close(fd);
		return -ENOMEM;
	}
	rc = remove_entries(dir);
	closedir(dir);
	if (rc == 0 && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		rc = -errno;
	return rc;
}
