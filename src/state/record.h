/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state record of one container: state.json, versioned, replaced atomically.
 *
 * It is written before the first resource exists and says what is about to be made, so that a
 * runtime killed at any instant leaves nothing that `delete --force` does not find.  It is not
 * fsynced: rename(2) protects against a killed runtime, and after a power loss no process of the
 * container lives (the boot id says so).
 */
#ifndef STATE_RECORD_H
#define STATE_RECORD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "spec/spec.h"

enum { RECORD_VERSION = 1 };

enum record_phase {
	PHASE_CREATING, /* resources may exist, the init process may */
	PHASE_CREATED,  /* the init process stands at the gate, or went through it */
};

struct record_cgroup {
	char *controllers;
	char *path;
	char *mount;
	size_t made;    /* of cgroup_dir */
	uint64_t inode; /* of the directory that was made; 0: not yet */
};

struct record {
	int version;
	int phase; /* enum record_phase */
	char *id;
	int pid; /* the init process; 0 until it is known */
	uint64_t start_time;
	int creator_pid; /* the runtime that creates it */
	uint64_t creator_start_time;
	char *boot_id;
	char *bundle;
	char *rootfs;  /* root.path as written in the config */
	char *created; /* RFC 3339, UTC */
	char *owner;
	char *cgroup_manager;
	char *cgroup_path; /* NULL: no cgroup */
	bool owns_cgroup;  /* the directories were made, or found empty: what is in them is ours */
	size_t n_cgroups;
	struct record_cgroup *cgroups;
	char *systemd_scope;
	bool private_pidns; /* killing init kills everything */
	bool user_namespace;
	bool detached;
	char *seccomp_receiver; /* the agent that the environment of `create` named, or NULL */
	struct spec_map annotations;
};

MUST_CHECK struct err *record_write(int dir_fd, const struct record *r);
/* ERR_NOT_FOUND when there is none, ERR_INVALID when it is damaged or not a regular file of ours.
 */
MUST_CHECK struct err *record_read(struct arena *a, int dir_fd, const char *id,
				   struct record **ret);
/* Is this boot the one the record was written in? */
bool record_is_this_boot(const struct record *r);
/* {"ociVersion", "id", …}: crun's keys and order.  STATUS is a word, PID 0 when stopped. */
void record_print_state(const struct record *r, const char *status, int pid, struct str *out);
/* One line, what a hook reads: the state and, as crun has it, "root". */
void record_print_hook_state(const struct record *r, const char *status, int pid, struct str *out);
/* The JSON text of a map of strings on one line, or NULL when it is empty.  Owned by the caller. */
char *record_annotations_json(const struct record *r);

#endif
