/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens in containers as text: JSON in runc's shape, a table for people, and the exposition
 * format of Prometheus.
 */
#ifndef CLI_EVENTS_PRINT_H
#define CLI_EVENTS_PRINT_H

#include "container/events.h"

/* One line an event. */
void events_json(const struct event *ev, struct str *out);

/* Shares of CPU time need the line before; the heading comes once. */
struct events_table {
	bool has_heading;
	size_t n;
	struct events_before {
		char *id;
		uint64_t cpu_ns;
		int64_t time_ns;
	} * v;
};

void events_table(struct events_table *t, const struct event *v, size_t n, struct str *out);
void events_table_done(struct events_table *t);

/* A notice that memory ran out has no line: a counter tells it. */
void events_prometheus(const struct event *v, size_t n, struct str *out);

#endif
