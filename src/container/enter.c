/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What leads into a container that runs: see enter.h.
 */
#include "container/enter.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/proc.h"

uint64_t enter_flags(const struct run *run)
{
	const struct spec_linux *l = run->spec->linux_;
	uint64_t flags = 0;
	struct stat ours, theirs;
	auto_free char *path = NULL;

	for (size_t i = 0; l && i < l->n_namespaces; i++)
		flags |= ns_flag((enum ns_type)l->namespaces[i].type);
	if (run->record.user_namespace)
		flags |= CLONE_NEWUSER;
	path = str_format("/proc/%d/ns/user", (int)run->init_pid);
	if ((flags & CLONE_NEWUSER) && stat("/proc/self/ns/user", &ours) == 0 &&
	    stat(path, &theirs) == 0 && ours.st_ino == theirs.st_ino)
		flags &= ~(uint64_t)CLONE_NEWUSER;
	return flags;
}

struct err *enter_open_namespaces(const struct run *run, uint64_t flags, int fds[NS_TYPES])
{
	static const char *const files[NS_TYPES] = {
		[NS_USER] = "user",     [NS_MOUNT] = "mnt", [NS_PID] = "pid",
		[NS_NETWORK] = "net",   [NS_IPC] = "ipc",   [NS_UTS] = "uts",
		[NS_CGROUP] = "cgroup", [NS_TIME] = "time",
	};

	for (int t = 0; t < NS_TYPES; t++) {
		auto_free char *path = str_format("/proc/%d/ns/%s", (int)run->init_pid, files[t]);

		if (!(flags & ns_flag((enum ns_type)t)))
			continue;
		fds[t] = open(path, O_RDONLY | O_CLOEXEC);
		if (fds[t] < 0)
			return err_sys(-errno, "join the %s namespace of process %d",
				       ns_name((enum ns_type)t), (int)run->init_pid);
	}
	/* The number was still its own when they were opened. */
	if (proc_is_alive(run->init_pid, run->record.start_time) == 0)
		return err_sys(-ESRCH, "join the namespaces of process %d", (int)run->init_pid);
	return NULL;
}

struct err *enter_open(struct run *run, const struct found *f, enum container_op op)
{
	auto_free char *root = NULL;

	run->record = *f->record;
	run->root_fd = fcntl(f->root_fd, F_DUPFD_CLOEXEC, 3);
	run->init_pid = f->record->pid;
	run->init_pidfd = proc_open(f->record->pid, f->record->start_time);
	if (run->init_pidfd == -ESRCH)
		return status_check(op, STATUS_STOPPED, f->id);
	if (run->init_pidfd != -ENOSYS)
		TRY_SYS(run->init_pidfd, "open the container's init process %d", f->record->pid);
	root = str_format("/proc/%d/root", f->record->pid);
	run->container_root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (run->container_root_fd < 0)
		return err_sys(-errno, "open the root of the container's init process %d",
			       f->record->pid);
	/* The number was still its own when the root was opened. */
	if (proc_is_alive(f->record->pid, f->record->start_time) == 0)
		return status_check(op, STATUS_STOPPED, f->id);
	return NULL;
}
