/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state root on disk: one folder a container.
 *
 *	ROOT/<id>/state.json   the record (state/record.h)
 *	ROOT/<id>/config.json  copy of the config the container was made from
 *	ROOT/<id>/resources.json  linux.resources after `update`
 *	ROOT/<id>/lock         held (fcntl) by a command that changes the container
 *	ROOT/<id>/gate         held (fcntl) by the init process until it executes the program
 *	ROOT/<id>/start.sock   where `start` meets the waiting init process
 *
 * fcntl(2) record locks, because a child does not inherit them and the kernel gives them back when
 * the owner dies or executes: no stale lock survives a kill.
 */
#ifndef STATE_STORE_H
#define STATE_STORE_H

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

#define STORE_RECORD    "state.json"
#define STORE_CONFIG    "config.json"
#define STORE_RESOURCES "resources.json"
#define STORE_LOCK      "lock"
#define STORE_GATE      "gate"
#define STORE_SOCKET    "start.sock"

enum { STORE_LOCK_TIMEOUT_MS = 10 * 1000 };

MUST_CHECK struct err *store_id_check(const char *id);

/* CREATE makes ROOT and its parents (0700).  Without it a missing root is -EBADF and no error. */
MUST_CHECK struct err *store_open(const char *root, bool create, int *ret_root_fd);
/* Makes ROOT/<id>, which must not exist: of many callers exactly one wins. */
MUST_CHECK struct err *store_reserve(int root_fd, const char *id, int *ret_dir_fd);
/* ERR_NOT_FOUND "container `x` does not exist". */
MUST_CHECK struct err *store_open_container(int root_fd, const char *id, int *ret_dir_fd);
/* The ids, sorted. */
MUST_CHECK struct err *store_list(int root_fd, struct strv *ret);
MUST_CHECK struct err *store_remove(int root_fd, const char *id);

/* Waits up to TIMEOUT_MS for whoever works on the container; released by closing the descriptor. */
MUST_CHECK struct err *store_lock(int dir_fd, const char *id, int timeout_ms, int *ret_lock_fd);
/* Is somebody working on it?  *ret_pid is that process, 0 for nobody. */
pid_t store_lock_owner(int dir_fd, const char *name);
/* INIT takes the gate on a descriptor that HOST opened; it falls when INIT executes or dies. */
MUST_CHECK struct err *store_gate_open(int dir_fd, int *ret_fd);
MUST_CHECK struct err *store_gate_hold(int gate_fd);

#endif
