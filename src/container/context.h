/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one walk works on.  HOST fills it before the clone; INIT has a copy of everything from
 * there.
 */
#ifndef CONTAINER_CONTEXT_H
#define CONTAINER_CONTEXT_H

#include "base/arena.h"
#include "base/str.h"
#include "container/container.h"
#include "container/plan.h"
#include "container/walk.h"
#include "os/seccomp.h"
#include "state/record.h"

/* Filled by HOST after the clone, read by INIT: a mapping that both share. */
struct shared {
	struct seccomp_program seccomp; /* .insns is unused */
	struct sock_filter insns[4096];
};

struct run {
	struct ctx *ctx;
	const struct run_opts *opts; /* NULL for exec */
	const struct exec_opts *exec;
	struct arena *arena;
	struct spec *spec;
	struct plan plan;
	struct walk walk;
	struct record record;
	bool is_create; /* `create`: HOST leaves after the walk, `start` comes later */

	/* HOST; INIT inherits what it uses. */
	int root_fd; /* state root */
	int dir_fd;  /* the container's state folder */
	int lock_fd;
	int bundle_fd;
	int proc_fd;            /* base/proc.h, -EBADF unless something needs it */
	int console_fd;         /* connected console socket */
	int cgroup_fd;          /* v2 directory for the clone */
	struct cgroup_bus *bus; /* to systemd, when it makes the cgroup */
	bool in_v2;             /* the clone put INIT there */
	int listen_fd;          /* start.sock */
	int gate_fd;
	int null_fd;
	int hook_fds[2]; /* where hooks print, when an annotation says so; else -EBADF */
	int tree_fd;     /* the root file system, detached */
	int launch_fd;   /* os/launch.h, or -EBADF */
	int ns_fds[NS_TYPES];
	struct mount_sources sources;
	int *device_fds;
	bool made_pidfile;
	bool hooks_begun; /* from here on a failure is followed by the poststop hooks */
	pid_t pid;
	int pidfd;
	uint64_t start_time;
	struct shared *shared;
	int master_fd; /* terminal, foreground */
	int net_fd; /* HOST: the container's network namespace, while it has devices of the host */
	pid_t answerer_pid; /* HOST: the process of the seccomp plugins, 0 for none */
	int notify_fd;      /* sd_notify socket that the container's messages arrive at */

	/* exec, mounts: the container */
	pid_t init_pid;
	int init_pidfd;
	int container_root_fd; /* where "/" of the container's init process is */
	uint64_t join_flags;
	int host_root_fd; /* mounts: where our own "/" is */
	struct cgroup_paths exec_cgroup;

	/* INIT */
	int init_root_fd;
	int slave_fd;
	int start_fd; /* where the start is said, and the outcome reported */
	struct strv env;
	char *program;
	bool cwd_denied;
	int listener_fd;
};

struct run run_new(struct ctx *ctx);
void run_done(struct run *run);
/* What only INIT needed: HOST lets go of it as soon as the container is created, or was not. */
void run_close_inherited(struct run *run);

/* Reads and checks the bundle: spec, absolute bundle path, descriptor. */
MUST_CHECK struct err *run_load(struct run *run, const struct run_opts *opts, char **ret_bundle);

/* container/spawn.c: the clone, directly or through a process that joins namespaces first. */
MUST_CHECK struct err *step_spawn(struct run *run);
void undo_spawn(struct run *run);
MUST_CHECK struct err *step_join_namespaces(struct run *run);
MUST_CHECK struct err *step_exec_spawn(struct run *run);
MUST_CHECK struct err *exec_join(const struct run *run, uint64_t flags);
/* Why INIT died, from its wait status. */
MUST_CHECK struct err *spawn_post_mortem(struct run *run);

/* container/gate.c */
extern const struct step launch_steps[];
MUST_CHECK struct err *gate_start(int fd, struct run *run);
NORETURN void init_launch(struct run *run);
MUST_CHECK struct err *gate_listener(struct run *run, int fd, int number);

#endif
