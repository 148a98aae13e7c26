/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes of a container, and signals to all of them.
 *
 * A process is signalled through a pidfd that was opened before its number was found in the cgroup
 * a second time: so it is the process of that cgroup and not one that got the number later.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/sys.h"
#include "cgroup/cgroup.h"
#include "cgroup/dir.h"

enum { KILL_TIMEOUT_MS = 5000, BATCH = 64 };

/*
 * The hierarchies agree unless somebody moved processes by hand.  The first one that has any
 * answers; those that a container engine would hardly touch come first.
 */
static int first_pids(const struct cgroup_paths *paths, struct pid_list *l)
{
	static const char *const order[] = { NULL, "pids", "memory", "freezer", "devices" };
	int first_error = 0;

	for (size_t i = 0; i < ARRAY_LEN(order) + paths->n && l->n == 0; i++) {
		size_t rest = i - ARRAY_LEN(order);
		int k = i < ARRAY_LEN(order) ? cgdir_find(paths, order[i]) : (int)rest;
		int rc = k < 0 ? 0 : cgdir_pids_of(&paths->v[k], l);

		if (rc < 0 && first_error == 0)
			first_error = rc;
	}
	pid_list_sort(l);
	return l->n > 0 ? 0 : first_error;
}

struct err *cgroup_pids(const struct cgroup_paths *paths, pid_t **ret, size_t *ret_n)
{
	auto_pids struct pid_list l = { 0 };
	int rc;

	if (!paths->path || paths->n == 0)
		return err_hint(err_new(ERR_UNSUPPORTED, "the container has no cgroup"),
				"without one its processes cannot be listed");
	rc = first_pids(paths, &l);
	TRY_SYS(rc, "read the processes of the cgroup %s", paths->path);
	*ret_n = l.n;
	*ret = take_ptr(&l.v);
	return NULL;
}

typedef int read_pids(const struct cgroup_paths *paths, struct pid_list *l);

/* Signals up to BATCH processes of L that READ finds a second time. */
static int signal_batch(const struct cgroup_paths *paths, const pid_t *pids, size_t n, int sig,
			read_pids *read)
{
	auto_pids struct pid_list again = { 0 };
	int fds[BATCH];
	int rc;

	for (size_t i = 0; i < n; i++)
		fds[i] = sys_pidfd_open(pids[i], 0);
	rc = read(paths, &again);
	for (size_t i = 0; i < n; i++) {
		int e = 0;

		if (rc == 0 && pids[i] != getpid() && pid_list_has(&again, pids[i])) {
			if (fds[i] >= 0)
				e = sys_pidfd_send_signal(fds[i], sig);
			if (fds[i] == -ENOSYS || e == -ENOSYS || fds[i] == -EMFILE)
				e = kill(pids[i], sig) < 0 ? -errno : 0;
		}
		fd_close(fds[i]);
		if (e < 0 && e != -ESRCH)
			rc = e;
	}
	return rc;
}

static int signal_list(const struct cgroup_paths *paths, const struct pid_list *l, int sig,
		       read_pids *read)
{
	int ret = 0;

	for (size_t i = 0; i < l->n; i += BATCH) {
		int rc = signal_batch(paths, l->v + i, MIN(l->n - i, (size_t)BATCH), sig, read);

		if (rc < 0)
			ret = rc;
	}
	return ret;
}

static int thaw_level(int fd, void *arg UNUSED)
{
	char state[32];

	if (file_read_line_at(fd, "freezer.state", state, sizeof(state)) > 0 &&
	    !streq(state, "THAWED"))
		return file_write_at(fd, "freezer.state", "THAWED");
	return 0;
}

/* A process that v1 froze dies only once it is thawed; cgroups below may be frozen on their own. */
static void thaw_v1(const struct cgroup_paths *paths)
{
	int i = cgdir_find(paths, "freezer");
	auto_close int fd = i < 0 ? -EBADF : cgdir_open(&paths->v[i]);
	int rc = fd < 0 ? 0 : cgdir_walk(fd, thaw_level, NULL, NULL);

	if (rc < 0)
		log_debug("thaw %s: %s", paths->v[i].path, strerror(-rc));
}

static struct err *survivors_error(const struct cgroup_paths *paths, const struct pid_list *l,
				   int rc)
{
	auto_str struct str s = { 0 };

	for (size_t i = 0; i < l->n && i < 8; i++)
		str_addf(&s, " %d", l->v[i]);
	if (rc < 0)
		return err_sys(rc, "kill the processes%s of the cgroup %s", s.s ? s.s : "",
			       paths->path);
	return err_hint(err_new(ERR_TIMEOUT,
				"processes%s of the cgroup %s are still there %d s after "
				"SIGKILL",
				s.s ? s.s : "", paths->path, KILL_TIMEOUT_MS / 1000),
			"they hang in the kernel (state D), or a cgroup above is frozen");
}

/* Not waited for: it only keeps them from forking while they are listed and signalled. */
static void freeze_v1(const struct cgroup_paths *paths)
{
	int i = cgdir_find(paths, "freezer");
	auto_close int fd = i < 0 ? -EBADF : cgdir_open(&paths->v[i]);
	int rc = fd < 0 ? 0 : file_write_at(fd, "freezer.state", "FROZEN");

	if (rc < 0)
		log_debug("freeze %s: %s", paths->v[i].path, strerror(-rc));
}

/* Since 5.14, and the only way that no fork can escape. */
static bool kill_v2(const struct cgroup_paths *paths)
{
	int i = cgdir_find(paths, NULL);
	auto_close int fd = i < 0 ? -EBADF : cgdir_open(&paths->v[i]);

	return fd >= 0 && file_write_at(fd, "cgroup.kill", "1") == 0;
}

static struct err *kill_until_empty(const struct cgroup_paths *paths)
{
	struct backoff wait = backoff_start(KILL_TIMEOUT_MS);
	bool by_kernel = kill_v2(paths);

	for (;;) {
		auto_pids struct pid_list l = { 0 };
		int rc = cgdir_pids_of_all(paths, &l);
		bool is_inside = pid_list_has(&l, getpid());
		int sent;

		TRY_SYS(rc, "read the processes of the cgroup %s", paths->path);
		if (l.n == (is_inside ? 1 : 0))
			return NULL;
		if (!by_kernel && !is_inside) {
			freeze_v1(paths);
			l.n = 0;
			rc = cgdir_pids_of_all(paths, &l);
		}
		sent = rc < 0 ? rc : signal_list(paths, &l, SIGKILL, cgdir_pids_of_all);
		thaw_v1(paths);
		if (!backoff_wait(&wait))
			return survivors_error(paths, &l, sent);
	}
}

struct err *cgroup_kill(const struct cgroup_paths *paths, int sig)
{
	auto_pids struct pid_list l = { 0 };
	bool freeze;
	int rc;

	if (!paths->path || paths->n == 0)
		return err_hint(err_new(ERR_UNSUPPORTED, "the container has no cgroup"),
				"without one only its init process can be signalled");
	if (sig == SIGKILL)
		return kill_until_empty(paths);
	rc = first_pids(paths, &l);
	TRY_SYS(rc, "read the processes of the cgroup %s", paths->path);
	/* Frozen, nobody forks between the list and the signal.  Without a freezer: as well as we
	 * can. */
	freeze = sig != 0 && !pid_list_has(&l, getpid()) &&
		 freezer_get(paths, NULL) == FREEZER_THAWED;
	if (freeze) {
		auto_err struct err *e = freezer_set(paths, true);

		freeze = !e;
		l.n = 0;
		rc = first_pids(paths, &l);
	}
	if (rc == 0)
		rc = signal_list(paths, &l, sig, first_pids);
	if (freeze)
		TRY(freezer_set(paths, false));
	TRY_SYS(rc, "signal the processes of the cgroup %s", paths->path);
	return NULL;
}

/* The number after KEY in FILE of the controller's directory; 0 when there is none. */
static uint64_t read_counter(const struct cgroup_paths *paths, int dir, const char *file,
			     const char *key)
{
	auto_close int fd = dir < 0 ? -EBADF : cgdir_open(&paths->v[dir]);
	char buf[512];
	char *s = buf;

	if (fd < 0 || file_read_line_at(fd, file, buf, sizeof(buf)) < 0)
		return 0;
	while (s) {
		if (str_starts(s, key) && s[strlen(key)] == ' ')
			return strtoull(s + strlen(key) + 1, NULL, 10);
		s = strchr(s, '\n');
		s += s ? 1 : 0;
	}
	return 0;
}

bool cgroup_had_oom(const struct cgroup_paths *paths)
{
	return read_counter(paths, cgdir_find(paths, "memory"), "memory.oom_control", "oom_kill") >
		       0 ||
	       read_counter(paths, cgdir_find(paths, NULL), "memory.events", "oom_kill") > 0;
}
