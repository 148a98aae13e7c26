/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events for people: a line for each container, numbers with units.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/events-print.h"

enum { WIDTH = 12 };

/* Above this nobody has limited anything (v1 says 2^63 less a page). */
#define NO_LIMIT (UINT64_C(1) << 60)

static const char *human(uint64_t n, char *buf, size_t size)
{
	static const char units[] = "BKMGTP";
	size_t unit = 0;
	uint64_t rest = 0;

	if (n >= NO_LIMIT) {
		snprintf(buf, size, "-");
		return buf;
	}
	for (; n >= 1024 && unit < sizeof(units) - 2; unit++) {
		rest = n % 1024;
		n /= 1024;
	}
	if (unit > 0 && n < 100)
		snprintf(buf, size, "%" PRIu64 ".%" PRIu64 "%c", n, rest * 10 / 1024, units[unit]);
	else
		snprintf(buf, size, "%" PRIu64 "%c", n, units[unit]);
	return buf;
}

static void add_pair(struct str *out, uint64_t a, uint64_t b)
{
	char one[32], other[32], both[72];

	snprintf(both, sizeof(both), "%s/%s", human(a, one, sizeof(one)),
		 human(b, other, sizeof(other)));
	str_addf(out, " %-15s", both);
}

static struct events_before *find_before(struct events_table *t, const char *id)
{
	for (size_t i = 0; i < t->n; i++)
		if (streq(t->v[i].id, id))
			return &t->v[i];
	t->v = xrealloc(t->v, (t->n + 1) * sizeof(*t->v));
	t->v[t->n] = (struct events_before){ .id = str_dup(id) };
	return &t->v[t->n++];
}

/* In hundredths of a per cent of one processor since the last line. */
static void add_share(struct events_table *t, const struct event *ev, struct str *out)
{
	struct events_before *b = find_before(t, ev->id);
	int64_t passed = ev->time_ns - b->time_ns;
	char text[32] = "-";

	if (b->time_ns && passed > 0 && ev->stat.cpu.total_ns >= b->cpu_ns) {
		uint64_t share =
			(ev->stat.cpu.total_ns - b->cpu_ns) / ((uint64_t)passed / 10000 + 1);

		snprintf(text, sizeof(text), "%" PRIu64 ".%02" PRIu64 "%%", share / 100,
			 share % 100);
	}
	b->cpu_ns = ev->stat.cpu.total_ns;
	b->time_ns = ev->time_ns;
	str_addf(out, " %9s", text);
}

static uint64_t sum_io(const struct stat_io_list *l, const char *op)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < l->n; i++)
		if (streq(l->v[i].op, op))
			sum += l->v[i].value;
	return sum;
}

static void add_line(struct events_table *t, const struct event *ev, struct str *out)
{
	const struct cgroup_stat *s = &ev->stat;
	uint64_t rx = 0, tx = 0;
	char pids[48], limit[32] = "-";

	for (size_t i = 0; i < ev->net.n; i++) {
		rx += ev->net.v[i].rx_bytes;
		tx += ev->net.v[i].tx_bytes;
	}
	if (s->pids_limit && s->pids_limit != UINT64_MAX)
		snprintf(limit, sizeof(limit), "%" PRIu64, s->pids_limit);
	snprintf(pids, sizeof(pids), "%" PRIu64 "/%s", s->pids, limit);
	str_addf(out, "%-*s %8" PRIu64 ".%02" PRIu64 "s", WIDTH, ev->id,
		 s->cpu.total_ns / 1000000000, s->cpu.total_ns / 10000000 % 100);
	add_share(t, ev, out);
	str_add(out, " ");
	add_pair(out, s->memory.usage.usage, s->memory.usage.limit);
	str_addf(out, " %-11s", pids);
	add_pair(out, rx, tx);
	add_pair(out, sum_io(&s->io[IO_BYTES], "Read"), sum_io(&s->io[IO_BYTES], "Write"));
	str_addf(out, " %" PRIu64 "\n", s->memory.oom_kills);
}

void events_table(struct events_table *t, const struct event *v, size_t n, struct str *out)
{
	if (!t->has_heading)
		str_addf(out, "%-*s %12s %9s  %-15s %-11s %-15s %-15s %s\n", WIDTH, "ID",
			 "CPU TIME", "CPU", "MEMORY/LIMIT", "PIDS/LIMIT", "NET RX/TX",
			 "DISK READ/WRITE", "OOM");
	t->has_heading = true;
	for (size_t i = 0; i < n; i++) {
		if (v[i].kind == EVENT_OOM)
			str_addf(out, "%-*s out of memory\n", WIDTH, v[i].id);
		else
			add_line(t, &v[i], out);
	}
}

void events_table_done(struct events_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].id);
	free(t->v);
	*t = (struct events_table){ 0 };
}
