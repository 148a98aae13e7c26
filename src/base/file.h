/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files, relative to a descriptor: read with a limit, write at once, replace atomically.
 * All return 0 or a count, or -errno.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include "base/base.h"
#include "base/str.h"

/* Loops over EINTR and short counts. */
ssize_t fd_read_all(int fd, void *buf, size_t size);
int fd_write_all(int fd, const void *buf, size_t len);

/*
 * Reads a regular file without ever blocking on it: -ENODEV-like kinds (fifo, directory, device)
 * give -EINVAL, more than MAX bytes -EFBIG.  The text is NUL-terminated and owned.
 */
int file_read_at(int dir_fd, const char *path, size_t max, char **ret, size_t *ret_len);
/* A kernel file (/proc, /sys, cgroup): up to size - 1 bytes in one read; the last newline is cut.
 */
int file_read_line_at(int dir_fd, const char *path, char *buf, size_t size);
int file_read_line(const char *path, char *buf, size_t size);
/* One write to an existing file, never O_CREAT. */
int file_write_at(int dir_fd, const char *path, const char *text);
/* Written to a temporary name below DIR_FD, then renamed.  NAME must not contain "/". */
int file_replace_at(int dir_fd, const char *name, const void *data, size_t len, mode_t mode);
/* Removes NAME and everything below it, not following links; a mount in it is -EBUSY. */
int file_remove_tree_at(int dir_fd, const char *name);

#endif
