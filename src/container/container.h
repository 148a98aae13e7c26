/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a container: what the commands call.
 *
 * Not thread-safe.  Strings in options belong to the caller and must outlive the call.  Relative
 * paths are taken from the current directory of the call.
 */
#ifndef CONTAINER_CONTAINER_H
#define CONTAINER_CONTAINER_H

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "state/status.h"

struct ctx {
	const char *state_root; /* absolute */
	enum cgroup_manager manager;
};

struct run_opts {
	const char *id;
	const char *bundle; /* NULL: "." */
	const char *config; /* NULL or "config.json": of the bundle; else from the current directory
			     */
	const char *console_socket;
	const char *pid_file;
	const char *pidfd_socket;
	unsigned preserve_fds; /* LISTEN_FDS of the environment is added by the library */
	bool no_pivot;
	bool no_new_keyring;
	bool no_subreaper;
	bool detach; /* run */
	bool keep;   /* run */
};

MUST_CHECK struct err *container_create(struct ctx *ctx, const struct run_opts *opts);
/* *ret_status is the exit status (128 + n for a signal); 0 when detached. */
MUST_CHECK struct err *container_run(struct ctx *ctx, const struct run_opts *opts, int *ret_status);
/* The resolved plan as text, nothing is changed. */
MUST_CHECK struct err *container_plan(struct ctx *ctx, const struct run_opts *opts,
				      struct str *out);
/* Only reads and checks the bundle's config. */
MUST_CHECK struct err *container_validate(const char *bundle, const char *config);
MUST_CHECK struct err *container_start(struct ctx *ctx, const char *id);

/* The OCI state as JSON; EXPLAIN: how the answer was found, as text for people. */
MUST_CHECK struct err *container_state(struct ctx *ctx, const char *id, bool explain,
				       struct str *out);

struct list_entry {
	char *id;
	pid_t pid; /* 0 unless it is alive */
	enum container_status status;
	char *bundle, *rootfs, *created, *owner;
	char *annotations_json; /* object text or NULL */
	char *oci_version;
	char *problem; /* NULL, or why the record could not be read */
};
struct list {
	size_t n;
	struct list_entry *v; /* sorted by id */
};
MUST_CHECK struct err *container_list(struct ctx *ctx, struct list *ret);
void list_done(struct list *l);

/* ALL: every process of the container. */
MUST_CHECK struct err *container_kill(struct ctx *ctx, const char *id, int sig, bool all);
MUST_CHECK struct err *container_delete(struct ctx *ctx, const char *id, bool force);
MUST_CHECK struct err *container_pause(struct ctx *ctx, const char *id);
MUST_CHECK struct err *container_resume(struct ctx *ctx, const char *id);
struct spec_resources;

struct update_opts {
	const struct spec_resources *resources; /* what to change */
	const char *l3_cache_schema;
	const char *mem_bw_schema;
};
/* All of it or nothing. */
MUST_CHECK struct err *container_update(struct ctx *ctx, const char *id,
					const struct update_opts *opts);

struct spec_mounts;

struct mounts_opts {
	const struct spec_mounts *list;
	const char *document; /* where the list is from, for messages */
	bool remove;          /* else they are added */
};
/* Of a container that is created, running or paused; all of the list or nothing. */
MUST_CHECK struct err *container_mounts(struct ctx *ctx, const char *id,
					const struct mounts_opts *opts);

/* Host pids, ascending; *ret is malloc'ed. */
MUST_CHECK struct err *container_pids(struct ctx *ctx, const char *id, pid_t **ret, size_t *ret_n);

struct exec_opts {
	const char *id;
	const char *process; /* a process.json file; then the shaping options below must be unset */
	char *const *args;
	size_t n_args;
	const char *cwd;
	bool has_user;
	uint32_t uid, gid;
	bool has_gid;
	const uint32_t *additional_gids;
	size_t n_additional_gids;
	char *const *env; /* K=V, added to the container's */
	size_t n_env;
	char *const *caps; /* added to the container's sets */
	size_t n_caps;
	int tty; /* -1: not said, 0, 1 */
	bool no_new_privs;
	const char *process_label;
	const char *apparmor;
	const char *cgroup; /* "[controller:]path" below the container's cgroup */
	const char *console_socket;
	const char *pid_file;
	const char *pidfd_socket;
	unsigned preserve_fds;
	bool detach;
	bool ignore_paused;
};
MUST_CHECK struct err *container_exec(struct ctx *ctx, const struct exec_opts *opts,
				      int *ret_status);

/* Refuses what is not a container id: [A-Za-z0-9_+.-]+, not starting with "." or "-", up to 1024.
 */
MUST_CHECK struct err *container_id_check(const char *id);

#endif
