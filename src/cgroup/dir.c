/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories of cgroups: see dir.h.
 */
#include "cgroup/dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>

#include "base/clock.h"
#include "cgroup/ctl.h"

bool cgdir_is_v2(const struct cgroup_dir *d)
{
	return d->controllers[0] == '\0';
}

bool cgdir_has(const struct cgroup_dir *d, const char *controller)
{
	return ctl_list_has(d->controllers, ',', controller);
}

int cgdir_find(const struct cgroup_paths *paths, const char *controller)
{
	for (size_t i = 0; i < paths->n; i++) {
		const struct cgroup_dir *d = &paths->v[i];

		if (controller ? cgdir_has(d, controller) : cgdir_is_v2(d))
			return (int)i;
	}
	return -1;
}

const char *cgdir_name(const struct cgroup_dir *d, char *buf, size_t size)
{
	if (cgdir_is_v2(d))
		snprintf(buf, size, "the v2 hierarchy");
	else if (str_starts(d->controllers, "name="))
		snprintf(buf, size, "the hierarchy %s", d->controllers);
	else
		snprintf(buf, size, "the %s controller", d->controllers);
	return buf;
}

bool cgdir_is_sane(const struct cgroup_dir *d)
{
	size_t n;

	if (!d->controllers || !d->path || !d->mount || !path_is_absolute(d->path) ||
	    !path_is_absolute(d->mount) || path_has_dotdot(d->path) || path_has_dotdot(d->mount))
		return false;
	n = strlen(d->mount);
	return n > 1 && strncmp(d->path, d->mount, n) == 0 && d->path[n] == '/' &&
	       d->path[n + strspn(d->path + n, "/.")] != '\0';
}

const char *cgdir_below(const struct cgroup_dir *d)
{
	const char *s = d->path + strlen(d->mount);

	return s + strspn(s, "/");
}

static int check_type(const struct statfs *fs, const struct cgroup_dir *d)
{
	/* Compared as 32 bits: the type of f_type differs between architectures. */
	uint32_t want = cgdir_is_v2(d) ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;

	return (uint32_t)fs->f_type == want ? 0 : -EMEDIUMTYPE;
}

int cgdir_verify(int fd, const struct cgroup_dir *d)
{
	struct statfs fs;

	return fstatfs(fd, &fs) < 0 ? -errno : check_type(&fs, d);
}

int cgdir_verify_path(const char *path, const struct cgroup_dir *d)
{
	struct statfs fs;

	return statfs(path, &fs) < 0 ? -errno : check_type(&fs, d);
}

static int open_verified(const char *path, int flags, const struct cgroup_dir *d)
{
	auto_close int fd = open(path, O_DIRECTORY | O_CLOEXEC | flags);
	int rc;

	if (fd < 0)
		return -errno;
	rc = cgdir_verify(fd, d);
	return rc < 0 ? rc : take_fd(&fd);
}

/*
 * A cgroup file system holds no symlinks, so a path below the mount point that ends on one cannot
 * have left it; what hides or replaces the mount shows as another file system type.
 */
int cgdir_open(const struct cgroup_dir *d)
{
	if (!cgdir_is_sane(d))
		return -EINVAL;
	return open_verified(d->path, O_RDONLY | O_NOFOLLOW, d);
}

/* The mount point itself may be reached through a link (cpu -> cpu,cpuacct). */
int cgdir_open_mount(const struct cgroup_dir *d)
{
	if (!cgdir_is_sane(d))
		return -EINVAL;
	return open_verified(d->mount, O_PATH, d);
}

/* kernfs counts a directory's subdirectories in its links: two links are none. */
static int read_subdirs(int fd, struct strv *ret)
{
	struct stat st;
	struct dirent *e;
	DIR *dir;
	int copy;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_nlink == 2)
		return 0;
	copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (copy < 0)
		return -errno;
	dir = fdopendir(copy);
	if (!dir) {
		fd_close(copy);
		return -ENOMEM;
	}
	while ((e = readdir(dir)))
		if (e->d_type == DT_DIR && !streq(e->d_name, ".") && !streq(e->d_name, ".."))
			strv_add(ret, e->d_name);
	closedir(dir);
	return 0;
}

/* One directory on the way down: what is left to visit in it, and its own name. */
struct level {
	struct strv left;
	char *name;
};

struct walk {
	int fd; /* the directory of the last level */
	size_t depth;
	size_t room;
	struct level *v;
	cgdir_enter *enter;
	cgdir_leave *leave;
	void *arg;
};

/* Takes NAME.  FD is w->fd already. */
static int walk_enter(struct walk *w, char *name)
{
	if (w->depth == w->room) {
		w->room = w->room ? w->room * 2 : 8;
		w->v = xrealloc(w->v, w->room * sizeof(*w->v));
	}
	w->v[w->depth++] = (struct level){ .name = name };
	if (w->enter) {
		int rc = w->enter(w->fd, w->arg);

		if (rc < 0)
			return rc;
	}
	return read_subdirs(w->fd, &w->v[w->depth - 1].left);
}

static void level_done(struct level *l)
{
	strv_done(&l->left);
	free(l->name);
}

static int walk_down(struct walk *w)
{
	struct strv *left = &w->v[w->depth - 1].left;
	auto_free char *name = left->v[--left->n];
	int fd;
	int rc;

	left->v[left->n] = NULL;
	fd = openat(w->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -errno;
	fd_close(w->fd);
	w->fd = fd;
	rc = walk_enter(w, take_ptr(&name));
	return rc == -ENOENT || rc == -ENODEV ? 0 : rc;
}

static int walk_up(struct walk *w)
{
	struct level *l = &w->v[w->depth - 1];
	int rc = 0;
	int up;

	if (w->depth > 1) {
		up = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (up < 0)
			return -errno;
		fd_close(w->fd);
		w->fd = up;
		if (w->leave)
			rc = w->leave(up, l->name, w->arg);
	}
	level_done(l);
	w->depth--;
	return rc == -ENOENT || rc == -ENODEV ? 0 : rc;
}

int cgdir_walk(int top_fd, cgdir_enter *enter, cgdir_leave *leave, void *arg)
{
	struct walk w = { .enter = enter, .leave = leave, .arg = arg };
	int rc;

	w.fd = openat(top_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (w.fd < 0)
		return -errno;
	rc = walk_enter(&w, NULL);
	while (rc >= 0 && w.depth > 0)
		rc = w.v[w.depth - 1].left.n > 0 ? walk_down(&w) : walk_up(&w);
	while (w.depth > 0)
		level_done(&w.v[--w.depth]);
	free(w.v);
	fd_close(w.fd);
	return rc < 0 ? rc : 0;
}

void pid_list_add(struct pid_list *l, pid_t pid)
{
	if (l->n == l->room) {
		l->room = l->room ? l->room * 2 : 32;
		l->v = xrealloc(l->v, l->room * sizeof(*l->v));
	}
	l->v[l->n++] = pid;
}

void pid_list_done(struct pid_list *l)
{
	free(l->v);
	*l = (struct pid_list){ 0 };
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a;
	pid_t y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

void pid_list_sort(struct pid_list *l)
{
	size_t n = 0;

	if (l->n == 0)
		return;
	qsort(l->v, l->n, sizeof(*l->v), compare_pids);
	for (size_t i = 0; i < l->n; i++)
		if (n == 0 || l->v[i] != l->v[n - 1])
			l->v[n++] = l->v[i];
	l->n = n;
}

bool pid_list_has(const struct pid_list *l, pid_t pid)
{
	return l->n > 0 && bsearch(&pid, l->v, l->n, sizeof(*l->v), compare_pids);
}

/*
 * Numbers are collected digit by digit, so that one split over two reads is still one.  0 is a
 * process that our pid namespace does not see: nobody here can name it.
 */
static int add_procs(int dir_fd, void *arg)
{
	struct pid_list *l = arg;
	auto_close int fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	char buf[4096];
	pid_t pid = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		/* A threaded cgroup: its processes are listed in the domain above. */
		if (n < 0)
			return errno == EOPNOTSUPP ? 0 : -errno;
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] >= '0' && buf[i] <= '9') {
				pid = pid * 10 + (buf[i] - '0');
				continue;
			}
			if (pid > 0)
				pid_list_add(l, pid);
			pid = 0;
		}
	}
	return 0;
}

int cgdir_pids(int fd, struct pid_list *l)
{
	return cgdir_walk(fd, add_procs, NULL, l);
}

int cgdir_pids_of(const struct cgroup_dir *d, struct pid_list *l)
{
	auto_close int fd = cgdir_open(d);
	int rc = fd < 0 ? fd : cgdir_pids(fd, l);

	return rc == -ENOENT || rc == -ENODEV || rc == -EMEDIUMTYPE ? 0 : rc;
}

int cgdir_pids_of_all(const struct cgroup_paths *paths, struct pid_list *l)
{
	for (size_t i = 0; i < paths->n; i++) {
		int rc = cgdir_pids_of(&paths->v[i], l);

		if (rc < 0)
			return rc;
	}
	pid_list_sort(l);
	return 0;
}

struct backoff backoff_start(int64_t timeout_ms)
{
	return (struct backoff){ .deadline_us = monotonic_us() + timeout_ms * 1000,
				 .step_us = 200 };
}

bool backoff_wait(struct backoff *b)
{
	struct timespec t = { .tv_nsec = b->step_us * 1000 };

	if (monotonic_us() >= b->deadline_us)
		return false;
	nanosleep(&t, NULL);
	b->step_us = MIN(b->step_us * 2, 50000);
	return true;
}
