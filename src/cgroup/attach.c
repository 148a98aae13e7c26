/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving a process into the container's cgroups.
 */
#include <fcntl.h>
#include <stdio.h>

#include "cgroup/cgroup.h"
#include "cgroup/dir.h"

enum { ATTACH_TIMEOUT_MS = 2000 };

/* EAGAIN: a process that forks or changes its scheduling just now. */
static int write_pid(int fd, pid_t pid)
{
	struct backoff wait = backoff_start(ATTACH_TIMEOUT_MS);
	char buf[16];
	int n = snprintf(buf, sizeof(buf), "%d", pid);

	while (write(fd, buf, (size_t)n) < 0) {
		int rc = -errno;

		if ((rc != -EINTR && rc != -EAGAIN) || !backoff_wait(&wait))
			return rc;
	}
	return 0;
}

static struct err *attach_error(const struct cgroup_dir *d, pid_t pid, int rc)
{
	char name[128];
	struct err *e = err_sys(rc, "%s: move process %d into %s",
				cgdir_name(d, name, sizeof(name)), pid, d->path);

	switch (-rc) {
	case ENOSPC:
		return err_hint(e, "cpuset.cpus or cpuset.mems of that cgroup is empty");
	case EBUSY:
		return err_hint(e, "a cgroup that gives controllers to its children cannot hold "
				   "processes (\"no internal processes\")");
	case EOPNOTSUPP:
		return err_hint(e,
				"the cgroup is threaded or its domain is invalid: see cgroup.type");
	case EINVAL:
		return err_hint(e, "a real-time process needs cpu.rt_runtime_us in that cgroup");
	case EAGAIN:
		return err_hint(e,
				"the process keeps changing; is pids.max of that cgroup reached?");
	case EACCES:
	case EPERM:
		return err_hint(e, "moving needs write access to cgroup.procs of the cgroup above "
				   "both places");
	case ENOENT:
	case ENODEV:
		return err_hint(e, "the cgroup has been removed");
	default:
		return e;
	}
}

static struct err *attach_one(const struct cgroup_dir *d, pid_t pid)
{
	auto_free char *path = str_format("%s/cgroup.procs", d->path);
	auto_close int fd = -EBADF;
	int rc;

	if (!cgdir_is_sane(d))
		return err_new(ERR_INVALID, "%s is no cgroup path below %s", d->path, d->mount);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	rc = fd < 0 ? -errno : cgdir_verify(fd, d);
	if (rc == -EMEDIUMTYPE)
		return err_new(ERR_UNSUPPORTED, "%s is not on a cgroup file system", d->path);
	if (rc == 0)
		rc = write_pid(fd, pid);
	return rc < 0 ? attach_error(d, pid, rc) : NULL;
}

struct err *cgroup_attach(const struct cgroup_paths *paths, pid_t pid, bool in_v2)
{
	for (size_t i = 0; i < paths->n; i++)
		if (!in_v2 || !cgdir_is_v2(&paths->v[i]))
			TRY(attach_one(&paths->v[i], pid));
	return NULL;
}

int cgroup_open_v2(const struct cgroup_paths *paths)
{
	int i = cgdir_find(paths, NULL);
	int fd = i < 0 ? -EBADF : cgdir_open(&paths->v[i]);

	return fd < 0 ? -EBADF : fd;
}
