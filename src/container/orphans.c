/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that a killed runtime left before it could note them.  They have the container's gate
 * open, which nobody else ever has; that finds them in whatever cgroup and namespace they are.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/sys.h"
#include "container/find.h"
#include "state/store.h"

enum { DEATH_TIMEOUT_MS = 2000, MAX_ROUNDS = 8 };

static DIR *open_dir(int proc_fd, const char *path)
{
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		fd_close(fd);
	return dir;
}

static bool has_open(int proc_fd, const char *pid, const struct stat *gate)
{
	const struct dirent *e;
	char path[32];
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof(path), "%.16s/fd", pid);
	dir = open_dir(proc_fd, path);
	if (!dir)
		return false;
	while (!found && (e = readdir(dir))) {
		struct stat st;

		found = e->d_name[0] != '.' && fstatat(dirfd(dir), e->d_name, &st, 0) == 0 &&
			st.st_ino == gate->st_ino && st.st_dev == gate->st_dev;
	}
	closedir(dir);
	return found;
}

/* True: it was one, and is dead or dying. */
static bool kill_holder(const struct found *f, int proc_fd, const char *name,
			const struct stat *gate)
{
	pid_t pid = (pid_t)strtol(name, NULL, 10);
	auto_close int pidfd = -EBADF;
	struct pollfd p;

	if (pid <= 0 || pid == getpid())
		return false;
	pidfd = sys_pidfd_open(pid, 0);
	if (!has_open(proc_fd, name, gate))
		return false;
	log_info("container `%s`: killing process %d, which its creator left behind", f->id, pid);
	if (pidfd < 0)
		return kill(pid, SIGKILL) == 0;
	if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0)
		return false;
	p = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	poll(&p, 1, DEATH_TIMEOUT_MS);
	return true;
}

static bool kill_round(const struct found *f, int proc_fd, const struct stat *gate)
{
	DIR *dir = open_dir(proc_fd, ".");
	const struct dirent *e;
	bool any = false;

	while (dir && (e = readdir(dir)))
		any |= kill_holder(f, proc_fd, e->d_name, gate);
	if (dir)
		closedir(dir);
	return any;
}

void found_kill_orphans(const struct found *f)
{
	auto_close int proc_fd = -EBADF;
	struct stat gate;

	if (f->record->pid > 0 || !record_is_this_boot(f->record) ||
	    fstatat(f->dir_fd, STORE_GATE, &gate, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	proc_fd = proc_open_root();
	if (proc_fd < 0)
		return;
	/* The process that joins namespaces may have made another one meanwhile. */
	for (int round = 0; round < MAX_ROUNDS && kill_round(f, proc_fd, &gate); round++)
		;
}
