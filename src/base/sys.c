/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls that libc lacks: see sys.h.
 */
#include "base/sys.h"

#include <linux/keyctl.h>
#include <signal.h>
#include <sys/syscall.h>

#define RET(call)                                   \
	do {                                        \
		long rc_ = (call);                  \
		return rc_ < 0 ? -errno : (int)rc_; \
	} while (0)

/* clone(2) with the same meaning, for kernels before 5.3 and sandboxes that deny clone3. */
static pid_t clone_fallback(uint64_t flags, int *ret_pidfd)
{
	int pidfd = -EBADF;
	long pid;

	if (ret_pidfd)
		flags |= CLONE_PIDFD;
#if defined(__s390__) || defined(__CRIS__)
	pid = syscall(SYS_clone, NULL, flags | SIGCHLD, &pidfd, NULL, 0UL);
#else
	pid = syscall(SYS_clone, flags | SIGCHLD, NULL, &pidfd, NULL, 0UL);
#endif
	if (pid < 0)
		return -errno;
	if (ret_pidfd)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

pid_t sys_clone3(uint64_t flags, int cgroup_fd, int *ret_pidfd)
{
	int pidfd = -EBADF;
	struct clone_args args = {
		.flags = flags,
		.exit_signal = SIGCHLD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
	};
	long pid;

	if (ret_pidfd)
		args.flags |= CLONE_PIDFD;
	/* A CLONE_PARENT child takes over the exit signal of its sibling: clone(2). */
	if (flags & CLONE_PARENT)
		args.exit_signal = 0;
	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0) {
		if (errno == ENOSYS && cgroup_fd < 0)
			return clone_fallback(flags, ret_pidfd);
		return -errno;
	}
	if (ret_pidfd)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	RET(syscall(SYS_pidfd_open, pid, flags));
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	RET(syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0));
}

int sys_pidfd_getfd(int pidfd, int target_fd)
{
	RET(syscall(SYS_pidfd_getfd, pidfd, target_fd, 0));
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	RET(syscall(SYS_close_range, first, last, flags));
}

int sys_openat2(int dir_fd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

	RET(syscall(SYS_openat2, dir_fd, path, &how, sizeof(how)));
}

int sys_open_tree(int dir_fd, const char *path, unsigned flags)
{
	RET(syscall(SYS_open_tree, dir_fd, path, flags));
}

int sys_move_mount(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	RET(syscall(SYS_move_mount, from_fd, from, to_fd, to, flags));
}

int sys_mount_setattr(int dir_fd, const char *path, unsigned flags, const struct mount_attr *attr)
{
	RET(syscall(SYS_mount_setattr, dir_fd, path, flags, attr, sizeof(*attr)));
}

int sys_fsopen(const char *type, unsigned flags)
{
	RET(syscall(SYS_fsopen, type, flags));
}

int sys_fsconfig(int fs_fd, unsigned cmd, const char *key, const void *value, int aux)
{
	RET(syscall(SYS_fsconfig, fs_fd, cmd, key, value, aux));
}

int sys_fsmount(int fs_fd, unsigned flags, unsigned attr_flags)
{
	RET(syscall(SYS_fsmount, fs_fd, flags, attr_flags));
}

int sys_pivot_root(const char *new_root, const char *put_old)
{
	RET(syscall(SYS_pivot_root, new_root, put_old));
}

int sys_keyctl_join_session(const char *name)
{
	RET(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0));
}

ssize_t sys_getcwd(char *buf, size_t size)
{
	RET(syscall(SYS_getcwd, buf, size));
}

int sys_landlock_create_ruleset(const struct landlock_ruleset_attr *attr, size_t size,
				unsigned flags)
{
	RET(syscall(SYS_landlock_create_ruleset, attr, size, flags));
}

int sys_landlock_add_rule(int ruleset_fd, int type, const void *attr, unsigned flags)
{
	RET(syscall(SYS_landlock_add_rule, ruleset_fd, type, attr, flags));
}

int sys_landlock_restrict_self(int ruleset_fd, unsigned flags)
{
	RET(syscall(SYS_landlock_restrict_self, ruleset_fd, flags));
}

int sys_execveat(int fd, const char *path, char *const argv[], char *const envp[], int flags)
{
	RET(syscall(SYS_execveat, fd, path, argv, envp, flags));
}
