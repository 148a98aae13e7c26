/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that libc lacks, as in their man pages, but returning -errno instead of setting
 * errno.
 */
#ifndef BASE_SYS_H
#define BASE_SYS_H

#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/types.h>

#include "base/base.h"

/* fork-like: returns 0 in the child, the pid in the parent, -errno.  CGROUP_FD is -EBADF for none.
 */
pid_t sys_clone3(uint64_t flags, int cgroup_fd, int *ret_pidfd);
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_send_signal(int pidfd, int sig);
int sys_pidfd_getfd(int pidfd, int target_fd);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
int sys_openat2(int dir_fd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);
int sys_open_tree(int dir_fd, const char *path, unsigned flags);
int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned flags);
int sys_mount_setattr(int dir_fd, const char *path, unsigned flags, const struct mount_attr *attr);
int sys_fsopen(const char *type, unsigned flags);
int sys_fsconfig(int fs_fd, unsigned cmd, const char *key, const void *value, int aux);
int sys_fsmount(int fs_fd, unsigned flags, unsigned attr_flags);
int sys_pivot_root(const char *new_root, const char *put_old);
int sys_keyctl_join_session(const char *name);
/* The size of a path that getcwd(2) reports, without libc's "(unreachable)" filter. */
ssize_t sys_getcwd(char *buf, size_t size);
int sys_landlock_create_ruleset(const struct landlock_ruleset_attr *attr, size_t size,
				unsigned flags);
int sys_landlock_add_rule(int ruleset_fd, int type, const void *attr, unsigned flags);
int sys_landlock_restrict_self(int ruleset_fd, unsigned flags);
int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags);

#endif
