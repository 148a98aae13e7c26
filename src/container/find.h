/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container that exists: its record, its cgroup, what it is doing.
 */
#ifndef CONTAINER_FIND_H
#define CONTAINER_FIND_H

#include "base/arena.h"
#include "base/err.h"
#include "cgroup/cgroup.h"
#include "container/container.h"
#include "spec/spec.h"
#include "state/record.h"
#include "state/status.h"

struct found {
	struct arena *arena;
	int root_fd;
	int dir_fd;
	char *id;
	struct record *record;
	struct cgroup_paths cgroup;
};

/* ERR_NOT_FOUND: no such container; ERR_INVALID: its record is damaged. */
MUST_CHECK struct err *find_container(struct ctx *ctx, const char *id, struct found *ret);
/* The same below a state root that is open; ROOT_FD stays the caller's. */
MUST_CHECK struct err *find_at(int root_fd, const char *id, struct found *ret);
void found_done(struct found *f);

enum container_status found_status(const struct found *f, struct str *why);
/* Is OP legal now? */
MUST_CHECK struct err *found_check(const struct found *f, enum container_op op);
/* The copy of the config that the container was made from. */
MUST_CHECK struct err *found_spec(const struct found *f, struct arena *a, struct spec **ret);
/*
 * Before anything is killed, frozen or removed by cgroup: directories that are not the ones the
 * container was created with (another inode) are taken out of .cgroup, with a warning.
 */
void found_keep_own_cgroup(struct found *f);
/* In each hierarchy, or below; yes when that cannot be told. */
bool found_init_is_in_cgroup(const struct found *f);
/* SIGKILL to the init process, if it is still the one on record. */
MUST_CHECK struct err *found_kill_init(const struct found *f);
/* SIGKILL to the processes of a creator that died before it put init's pid on record: orphans.c. */
void found_kill_orphans(const struct found *f);
/*
 * Ends what is left and removes cgroup and state folder; the poststop hooks run when HOOKS.  Every
 * step is safe to repeat.
 */
MUST_CHECK struct err *found_remove(struct found *f, bool hooks);

#endif
