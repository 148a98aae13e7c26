/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What containers use, again and again, and when the kernel kills in them for memory.
 */
#ifndef CONTAINER_EVENTS_H
#define CONTAINER_EVENTS_H

#include "cgroup/stat.h"
#include "container/container.h"
#include "os/netstat.h"

enum event_kind { EVENT_STATS, EVENT_OOM };

struct event {
	enum event_kind kind;
	const char *id;
	struct cgroup_stat stat; /* the rest is for STATS */
	struct netstat net;
	int64_t time_ns; /* of the monotonic clock */
};

struct events_opts {
	char *const *ids;
	size_t n_ids;
	bool once;
	int64_t interval_ms;
	/* What came together: the statistics of all containers, or one notice.  An error ends it.
	 */
	struct err *(*sink)(void *arg, const struct event *v, size_t n);
	/* A container that cannot be asked: the others go on.  Takes E. */
	void (*report)(void *arg, const char *id, struct err *e);
	void *arg;
};

/* Comes back when the last of the containers has ended. */
MUST_CHECK struct err *container_events(struct ctx *ctx, const struct events_opts *opts);

#endif
