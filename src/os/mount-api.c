/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount trees as descriptors: see mount-api.h.
 */
#include "os/mount-api.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "base/path.h"
#include "base/str.h"

#ifndef STATX_MNT_ID
#define STATX_MNT_ID 0x1000U
#endif
#ifndef ST_NOSYMFOLLOW
#define ST_NOSYMFOLLOW 0x2000
#endif

static const struct {
	uint64_t attr;
	unsigned long ms;
	unsigned long st;
} attrs[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY, ST_RDONLY },
	{ MOUNT_ATTR_NOSUID, MS_NOSUID, ST_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV, ST_NODEV },
	{ MOUNT_ATTR_NOEXEC, MS_NOEXEC, ST_NOEXEC },
	{ MOUNT_ATTR_NOATIME, MS_NOATIME, ST_NOATIME },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME, ST_NODIRATIME },
	{ MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW, ST_NOSYMFOLLOW },
};

int tree_clone(int dir_fd, const char *path, unsigned flags)
{
	return sys_open_tree(dir_fd, path,
			     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags |
				     (*path ? 0 : AT_EMPTY_PATH));
}

int tree_attach(int tree_fd, int target_fd)
{
	return sys_move_mount(tree_fd, "", target_fd, "",
			      MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int tree_bind_old(int source_fd, int target_fd, bool recursive)
{
	unsigned long flags = MS_BIND | (recursive ? MS_REC : 0);

	if (mount(fd_path(source_fd).s, fd_path(target_fd).s, NULL, flags, NULL) < 0)
		return -errno;
	return 0;
}

unsigned long mount_attr_to_ms(uint64_t attr)
{
	unsigned long ms = 0;

	for (size_t i = 0; i < ARRAY_LEN(attrs); i++)
		if (attr & attrs[i].attr)
			ms |= attrs[i].ms;
	if (attr & MOUNT_ATTR_STRICTATIME)
		ms |= MS_STRICTATIME;
	return ms;
}

int mount_attr_of(int fd, uint64_t *ret)
{
	struct statvfs st;
	uint64_t attr = 0;

	if (fstatvfs(fd, &st) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(attrs); i++)
		if (st.f_flag & attrs[i].st)
			attr |= attrs[i].attr;
	if (!(st.f_flag & (ST_RELATIME | ST_NOATIME)))
		attr |= MOUNT_ATTR_STRICTATIME;
	*ret = attr;
	return 0;
}

int mount_remount_old(int fd, uint64_t set, uint64_t clear)
{
	uint64_t attr = 0;
	int rc = mount_attr_of(fd, &attr);

	if (rc < 0)
		return rc;
	attr = (attr & ~clear) | set;
	if (mount(NULL, fd_path(fd).s, NULL, MS_REMOUNT | MS_BIND | mount_attr_to_ms(attr), NULL) <
	    0)
		return -errno;
	return 0;
}

int tree_set(int tree_fd, unsigned flags, uint64_t set, uint64_t clear, unsigned long propagation)
{
	struct mount_attr attr = {
		.attr_set = set,
		.attr_clr = clear,
		.propagation = propagation,
	};

	return sys_mount_setattr(tree_fd, "", AT_EMPTY_PATH | flags, &attr);
}

int mount_set_readonly(int fd)
{
	int rc = tree_set(fd, 0, MOUNT_ATTR_RDONLY, 0, 0);

	return mount_api_missing(rc) ? mount_remount_old(fd, MOUNT_ATTR_RDONLY, 0) : rc;
}

int host_open(const char *path, int flags)
{
	auto_close int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return root < 0 ? -errno : path_open_in(root, path, flags);
}

int host_open_ns(const char *path)
{
	const char *slash = strrchr(path, '/');
	auto_free char *dir = str_dup_n(path, slash ? (size_t)(slash - path) + 1 : 0);
	auto_close int dir_fd = host_open(dir, O_PATH | O_DIRECTORY);
	int fd;

	if (dir_fd < 0)
		return dir_fd;
	fd = openat(dir_fd, slash ? slash + 1 : path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int mount_propagate(int fd, unsigned long flags)
{
	int rc = tree_set(fd, flags & MS_REC ? AT_RECURSIVE : 0, 0, 0,
			  flags & ~(unsigned long)MS_REC);

	if (!mount_api_missing(rc))
		return rc;
	return mount(NULL, fd_path(fd).s, NULL, flags, NULL) < 0 ? -errno : 0;
}

/* Kernels before 5.8 do not tell the id in statx; /proc does. */
static int mount_id_from_proc(int fd, uint64_t *ret)
{
	char path[48];
	char text[512];
	const char *line;
	int rc;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	rc = file_read_line(path, text, sizeof(text));
	if (rc < 0)
		return rc;
	line = strstr(text, "mnt_id:");
	if (!line)
		return -ENOTSUP;
	*ret = strtoull(line + strlen("mnt_id:"), NULL, 10);
	return 0;
}

int mount_id_of(int fd, uint64_t *ret)
{
	struct statx st = { 0 };

	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 || !(st.stx_mask & STATX_MNT_ID))
		return mount_id_from_proc(fd, ret);
	*ret = st.stx_mnt_id;
	return 0;
}

int mount_magic_of(int fd, unsigned long *ret)
{
	struct statfs st;

	if (fstatfs(fd, &st) < 0)
		return -errno;
	*ret = (unsigned long)st.f_type;
	return 0;
}
