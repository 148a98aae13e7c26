/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that says what a container is doing (ARCHITECTURE.md, "Truth of state").
 */
#ifndef STATE_STATUS_H
#define STATE_STATUS_H

#include "base/err.h"
#include "base/str.h"
#include "state/record.h"

enum container_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSED,
	STATUS_STOPPED,
};

const char *status_name(enum container_status s);

struct status_query {
	const struct record *record;
	int dir_fd; /* the container's state folder */
	/* Asked last, of a live and started process only.  WHY may be NULL. */
	bool (*is_frozen)(void *arg, struct str *why);
	void *arg;
};

/* WHY (may be NULL) gets a line for each question that was asked. */
enum container_status status_get(const struct status_query *q, struct str *why);

enum container_op {
	OP_START,
	OP_EXEC,
	OP_KILL,
	OP_PAUSE,
	OP_RESUME,
	OP_UPDATE,
	OP_MOUNT,
	OP_PS,
	OP_DELETE,
	OP_COUNT,
};

/* One table of what is legal when; the error names container, state and way out. */
MUST_CHECK struct err *status_check(enum container_op op, enum container_status s, const char *id);

#endif
