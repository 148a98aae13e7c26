/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics in the files of cgroup v2.
 */
#include <stdio.h>

#include "cgroup/stat.h"

static void read_psi(struct arena *a, int fd, const char *file, struct stat_psi *ret)
{
	char *text = stat_text(a, fd, file);

	if (text)
		stat_parse_psi(text, ret);
}

static void read_us(const char *text, const char *key, uint64_t *ret_ns)
{
	uint64_t us;

	if (stat_value(text, key, &us))
		*ret_ns = us * 1000;
}

static void read_cpu(struct arena *a, int fd, struct stat_cpu *c)
{
	char *text = stat_text(a, fd, "cpu.stat");

	read_psi(a, fd, "cpu.pressure", &c->psi);
	if (!text)
		return;
	read_us(text, "usage_usec", &c->total_ns);
	read_us(text, "user_usec", &c->user_ns);
	read_us(text, "system_usec", &c->kernel_ns);
	(void)stat_value(text, "nr_periods", &c->periods);
	(void)stat_value(text, "nr_throttled", &c->throttled_periods);
	read_us(text, "throttled_usec", &c->throttled_ns);
}

static void read_cpuset(struct arena *a, int fd, struct stat_cpuset *c)
{
	char *cpus = stat_text(a, fd, "cpuset.cpus.effective");
	char *mems = stat_text(a, fd, "cpuset.mems.effective");

	if (cpus)
		stat_list(a, cpus, &c->cpus);
	if (mems)
		stat_list(a, mems, &c->mems);
}

/* Swap is counted with memory, as v1 does it, where there is no such maximum. */
static void read_swap(int fd, struct stat_memory *m)
{
	uint64_t used;

	if (!stat_number(fd, "memory.swap.current", &used))
		return;
	m->swap.usage = used + m->usage.usage;
	(void)stat_number(fd, "memory.swap.max", &m->swap.limit);
	if (m->swap.limit != UINT64_MAX && m->usage.limit != UINT64_MAX)
		m->swap.limit += m->usage.limit;
	else
		m->swap.limit = UINT64_MAX;
}

static void read_memory(struct arena *a, int fd, struct stat_memory *m)
{
	char *events = stat_text(a, fd, "memory.events");
	char *text = stat_text(a, fd, "memory.stat");

	read_psi(a, fd, "memory.pressure", &m->psi);
	if (!stat_number(fd, "memory.current", &m->usage.usage))
		return;
	(void)stat_number(fd, "memory.max", &m->usage.limit);
	(void)stat_number(fd, "memory.peak", &m->usage.max);
	if (events) {
		(void)stat_value(events, "max", &m->usage.failcnt);
		(void)stat_value(events, "oom_kill", &m->oom_kills);
	}
	read_swap(fd, m);
	if (!text)
		return;
	stat_pairs(a, text, &m->raw, &m->n_raw);
	(void)stat_value(text, "file", &m->cache);
	(void)stat_value(text, "kernel", &m->kernel.usage);
}

static const struct {
	const char *key;
	enum stat_io_kind kind;
	const char *op;
} io_keys[] = {
	{ "rbytes", IO_BYTES, "Read" },    { "wbytes", IO_BYTES, "Write" },
	{ "dbytes", IO_BYTES, "Discard" }, { "rios", IO_SERVICED, "Read" },
	{ "wios", IO_SERVICED, "Write" },  { "dios", IO_SERVICED, "Discard" },
};

/* "8:0 rbytes=1 wbytes=2 …" */
static void parse_io_line(struct arena *a, const char *line, struct cgroup_stat *ret)
{
	unsigned long long major, minor;
	auto_free char *copy = str_dup_n(line, strcspn(line, "\n"));
	char *rest;
	char *word = strtok_r(copy, " ", &rest);

	if (!word || sscanf(word, "%llu:%llu", &major, &minor) != 2)
		return;
	while ((word = strtok_r(NULL, " ", &rest))) {
		char *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		for (size_t i = 0; i < ARRAY_LEN(io_keys); i++) {
			struct stat_io_list *l = &ret->io[io_keys[i].kind];

			if (streq(word, io_keys[i].key))
				l->v[l->n++] = (struct stat_io_entry){ major, minor,
								       arena_str(a, io_keys[i].op),
								       stat_parse_number(value) };
		}
	}
}

static void read_io(struct arena *a, int fd, struct cgroup_stat *ret)
{
	char *text = stat_text(a, fd, "io.stat");
	size_t room = 1;

	read_psi(a, fd, "io.pressure", &ret->io_psi);
	if (!text)
		return;
	/* No line has a key twice, but nobody has to rely on it. */
	for (const char *s = text; *s; s++)
		room += *s == '=';
	ret->io[IO_BYTES].v = arena_array(a, struct stat_io_entry, room);
	ret->io[IO_SERVICED].v = arena_array(a, struct stat_io_entry, room);
	for (const char *s = text; *s; s = stat_next_line(s))
		parse_io_line(a, s, ret);
}

void stat_read_v2(struct arena *a, int dir_fd, struct cgroup_stat *ret)
{
	read_cpu(a, dir_fd, &ret->cpu);
	read_cpuset(a, dir_fd, &ret->cpuset);
	read_memory(a, dir_fd, &ret->memory);
	(void)stat_number(dir_fd, "pids.current", &ret->pids);
	(void)stat_number(dir_fd, "pids.max", &ret->pids_limit);
	read_io(a, dir_fd, ret);
	stat_hugetlb(a, dir_fd, ".current", ".peak", ".events", "max", &ret->hugetlb,
		     &ret->n_hugetlb);
}
