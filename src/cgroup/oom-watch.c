/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Out of memory: see stat.h.
 *
 * v2 counts kills in memory.events, and inotify tells when that changes.  v1 signals an eventfd
 * when memory runs out, and once more when the cgroup goes away; since Linux 4.13 it counts too.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

#include "base/file.h"
#include "cgroup/dir.h"
#include "cgroup/stat.h"

static const char *count_file(const struct oom_watch *w)
{
	return w->is_v2 ? "memory.events" : "memory.oom_control";
}

static bool read_count(const struct oom_watch *w, uint64_t *ret)
{
	char buf[512];

	return file_read_line_at(w->dir_fd, count_file(w), buf, sizeof(buf)) > 0 &&
	       stat_value(buf, "oom_kill", ret);
}

static int watch_v1(int dir_fd)
{
	auto_close int control = openat(dir_fd, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	auto_close int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char line[32];

	if (control < 0 || event < 0)
		return -EBADF;
	snprintf(line, sizeof(line), "%d %d", event, control);
	return file_write_at(dir_fd, "cgroup.event_control", line) < 0 ? -EBADF : take_fd(&event);
}

static int watch_v2(int dir_fd)
{
	auto_close int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	auto_free char *path = str_format("/proc/self/fd/%d/memory.events", dir_fd);

	return fd < 0 || inotify_add_watch(fd, path, IN_MODIFY) < 0 ? -EBADF : take_fd(&fd);
}

void oom_watch_start(const struct cgroup_paths *paths, struct oom_watch *ret)
{
	int v1 = cgdir_find(paths, "memory");
	int dir = v1 >= 0 ? v1 : cgdir_find(paths, NULL);

	*ret = (struct oom_watch){ .poll_fd = -EBADF, .dir_fd = -EBADF, .is_v2 = v1 < 0 };
	ret->dir_fd = dir < 0 ? -EBADF : cgdir_open(&paths->v[dir]);
	if (ret->dir_fd < 0)
		return;
	ret->poll_fd = ret->is_v2 ? watch_v2(ret->dir_fd) : watch_v1(ret->dir_fd);
	ret->has_count = read_count(ret, &ret->count);
}

/* Empties the descriptor: the number of signals of an eventfd, 0 for inotify. */
static uint64_t drain(const struct oom_watch *w)
{
	char buf[4096] __attribute__((aligned(8)));
	uint64_t n = 0;

	while (w->poll_fd >= 0) {
		ssize_t got = read(w->poll_fd, buf, w->is_v2 ? sizeof(buf) : sizeof(n));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if (!w->is_v2) {
			memcpy(&n, buf, sizeof(n));
			break;
		}
	}
	return w->is_v2 ? 0 : n;
}

/* v1 with the killer switched off: memory has run out and everybody waits. */
static bool waits_without_killer(const struct oom_watch *w)
{
	char buf[512];
	uint64_t off = 0;
	uint64_t under = 0;

	return file_read_line_at(w->dir_fd, count_file(w), buf, sizeof(buf)) > 0 &&
	       stat_value(buf, "oom_kill_disable", &off) && stat_value(buf, "under_oom", &under) &&
	       off && under;
}

bool oom_watch_check(struct oom_watch *w)
{
	uint64_t count = 0;

	if (w->dir_fd < 0)
		return false;
	w->signals += drain(w);
	if (faccessat(w->dir_fd, count_file(w), F_OK, 0) < 0) {
		/* Gone: one signal says that, another one was for memory. */
		bool had = w->signals > 1;

		w->signals = 0;
		return had;
	}
	if (w->has_count && read_count(w, &count) && count > w->count) {
		w->count = count;
		w->signals = 0;
		return true;
	}
	if (w->signals > 0 && (!w->has_count || waits_without_killer(w))) {
		w->signals = 0;
		return true;
	}
	return false;
}

void oom_watch_done(struct oom_watch *w)
{
	fd_close(w->poll_fd);
	fd_close(w->dir_fd);
	*w = (struct oom_watch){ .poll_fd = -EBADF, .dir_fd = -EBADF };
}
