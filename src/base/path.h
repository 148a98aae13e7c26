/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The only way to open anything below a root file system.  The kernel resolves symlinks and ".."
 * inside ROOT_FD (openat2, RESOLVE_IN_ROOT); kernels without openat2 get a walk of one component at
 * a time with the same result.  All return a descriptor or -errno.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include <sys/types.h>

#include "base/base.h"

/* PATH is taken from ROOT_FD whether or not it begins with "/".  O_CLOEXEC is added. */
int path_open_in(int root_fd, const char *path, int flags);
/* The same, refusing any symlink on the way (-ELOOP). */
int path_open_in_nolink(int root_fd, const char *path, int flags);
/*
 * The directory PATH below ROOT_FD, made with MODE where it (or a parent) is missing; symlinks,
 * also dangling ones, are followed inside the root.  Returns an O_PATH descriptor.
 */
int path_make_dir_in(int root_fd, const char *path, mode_t mode);
/* The same for an empty regular file (mode 0644); an existing file of any kind but a directory is
 * kept. */
int path_make_file_in(int root_fd, const char *path);
/* The parent of PATH's last component, made where missing; *ret_name points into PATH. */
int path_open_parent_in(int root_fd, const char *path, mode_t mode, const char **ret_name);

/* The text "/proc/self/fd/N", for calls that only take paths. */
struct fd_path {
	char s[32];
};
struct fd_path fd_path(int fd);

#endif
