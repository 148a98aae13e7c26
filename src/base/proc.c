/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a process is: see proc.h.
 */
#include "base/proc.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/str.h"
#include "base/sys.h"

int proc_stat_parse(const char *text, struct proc_stat *ret)
{
	const char *p = strrchr(text, ')');
	unsigned long long start;
	int ppid;
	char state;

	/* Fields 3 (state), 4 (ppid) and 22 (starttime): proc_pid_stat(5). */
	if (!p ||
	    sscanf(p + 1,
		   " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		   &state, &ppid, &start) != 3)
		return -EINVAL;
	*ret = (struct proc_stat){ .state = state, .ppid = ppid, .start_time = start };
	return 0;
}

int proc_stat_read(pid_t pid, struct proc_stat *ret)
{
	char path[32];
	char buf[1024];
	int rc;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	rc = file_read_line(path, buf, sizeof(buf));
	if (rc < 0)
		return rc == -ENOENT ? -ESRCH : rc;
	return proc_stat_parse(buf, ret);
}

int proc_is_alive(pid_t pid, uint64_t start_time)
{
	struct proc_stat st;
	int rc;

	if (pid <= 0 || start_time == 0)
		return 0;
	rc = proc_stat_read(pid, &st);
	if (rc < 0)
		return rc == -ESRCH ? 0 : rc;
	return st.start_time == start_time && st.state != 'Z' && st.state != 'X';
}

int proc_open(pid_t pid, uint64_t start_time)
{
	int pidfd;
	int alive;

	if (pid <= 0 || start_time == 0)
		return -ESRCH;
	pidfd = sys_pidfd_open(pid, 0);
	if (pidfd < 0)
		return pidfd;
	/* Checked after the descriptor exists: from here on the number cannot change its owner. */
	alive = proc_is_alive(pid, start_time);
	if (alive <= 0) {
		fd_close(pidfd);
		return alive < 0 ? alive : -ESRCH;
	}
	return pidfd;
}

int proc_signal(pid_t pid, uint64_t start_time, int sig)
{
	int pidfd = proc_open(pid, start_time);
	int rc;

	if (pidfd == -ENOSYS) {
		/* Before Linux 5.3: the number is checked as late as can be. */
		rc = proc_is_alive(pid, start_time);
		if (rc <= 0)
			return rc < 0 ? rc : -ESRCH;
		return kill(pid, sig) < 0 ? -errno : 0;
	}
	if (pidfd < 0)
		return pidfd;
	rc = sys_pidfd_send_signal(pidfd, sig);
	fd_close(pidfd);
	return rc;
}

bool proc_wait_dead(pid_t pid, uint64_t start_time, int timeout_ms)
{
	int waited = 0;

	while (proc_is_alive(pid, start_time) == 1) {
		int pause = waited < 10 ? 1 : 10;

		if (waited >= timeout_ms)
			return false;
		poll(NULL, 0, pause);
		waited += pause;
	}
	return true;
}

int proc_boot_id(char buf[40])
{
	int rc = file_read_line("/proc/sys/kernel/random/boot_id", buf, 40);

	return rc < 0 ? rc : 0;
}

void proc_reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

pid_t proc_reap_within(pid_t pid, int *ret_status, int timeout_ms)
{
	for (int waited = 0; waited < timeout_ms; waited++) {
		pid_t got = waitpid(pid, ret_status, WNOHANG);

		if (got > 0)
			return got;
		if (got < 0 && errno != EINTR)
			return -errno;
		poll(NULL, 0, 1);
	}
	return 0;
}

int proc_open_root(void)
{
	auto_close int fs = sys_fsopen("proc", FSOPEN_CLOEXEC);
	struct statfs st;
	int fd = -EBADF;

	if (fs >= 0 && sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
		fd = sys_fsmount(fs, FSMOUNT_CLOEXEC,
				 MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	if (fd >= 0)
		return fd;
	fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &st) < 0 || (unsigned long)st.f_type != PROC_SUPER_MAGIC) {
		fd_close(fd);
		return -ENOTSUP;
	}
	return fd;
}
