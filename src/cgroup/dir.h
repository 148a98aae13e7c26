/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories of cgroups: opened only after it was verified that they are on a cgroup file system,
 * walked without recursion and with three descriptors at most, however deep a container has nested.
 *
 * Return a descriptor, a count or 0, or -errno; -EMEDIUMTYPE says "not a cgroup file system".
 */
#ifndef CGROUP_DIR_H
#define CGROUP_DIR_H

#include "cgroup/cgroup.h"

bool cgdir_is_v2(const struct cgroup_dir *d);
/* Is the controller (v1 name) in D's hierarchy? */
bool cgdir_has(const struct cgroup_dir *d, const char *controller);
/* The index in PATHS of CONTROLLER's v1 hierarchy, or of the v2 one (NULL); -1: not there. */
int cgdir_find(const struct cgroup_paths *paths, const char *controller);
/* "the pids controller", "the v2 hierarchy", for messages. */
const char *cgdir_name(const struct cgroup_dir *d, char *buf, size_t size);

/* A record may be damaged: the path must be absolute, without "..", and truly below its mount. */
bool cgdir_is_sane(const struct cgroup_dir *d);
/* The path below the mount point, without a leading slash. */
const char *cgdir_below(const struct cgroup_dir *d);
/* Is FD (or PATH) on a cgroup file system of D's version?  0, -EMEDIUMTYPE or -errno. */
int cgdir_verify(int fd, const struct cgroup_dir *d);
int cgdir_verify_path(const char *path, const struct cgroup_dir *d);
int cgdir_open(const struct cgroup_dir *d);
int cgdir_open_mount(const struct cgroup_dir *d);

/*
 * Walks the cgroups below TOP_FD (TOP_FD itself is entered, never left).  ENTER sees each directory
 * before, LEAVE its parent and its name after those below it; each may be NULL, and stops the walk
 * by returning a negative number, which is passed on.  What vanishes meanwhile is skipped.
 */
typedef int cgdir_enter(int fd, void *arg);
typedef int cgdir_leave(int parent_fd, const char *name, void *arg);
int cgdir_walk(int top_fd, cgdir_enter *enter, cgdir_leave *leave, void *arg);

struct pid_list {
	pid_t *v;
	size_t n;
	size_t room;
};

void pid_list_add(struct pid_list *l, pid_t pid);
void pid_list_done(struct pid_list *l);
void pid_list_sort(struct pid_list *l);                 /* ascending, each once */
bool pid_list_has(const struct pid_list *l, pid_t pid); /* of a sorted list */
#define auto_pids __attribute__((cleanup(pid_list_done)))

/* Adds the processes of FD and of all cgroups below. */
int cgdir_pids(int fd, struct pid_list *l);
/* Of D; one that does not exist (any more) has none. */
int cgdir_pids_of(const struct cgroup_dir *d, struct pid_list *l);
/* Of all of them, sorted. */
int cgdir_pids_of_all(const struct cgroup_paths *paths, struct pid_list *l);

/* Waiting for the kernel: short sleeps that grow, until a deadline. */
struct backoff {
	int64_t deadline_us; /* of the monotonic clock */
	int64_t step_us;
};

struct backoff backoff_start(int64_t timeout_ms);
/* Sleeps; false once the time is over. */
bool backoff_wait(struct backoff *b);

#endif
