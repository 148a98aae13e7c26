/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics in the files of the cgroup v1 controllers.
 */
#include <stdio.h>

#include "cgroup/ctl.h"
#include "cgroup/stat.h"

enum { NS_PER_S = 1000 * 1000 * 1000 };

static void read_cpu(struct arena *a, int fd, struct cgroup_stat *s)
{
	char *text = stat_text(a, fd, "cpu.stat");

	if (!text)
		return;
	(void)stat_value(text, "nr_periods", &s->cpu.periods);
	(void)stat_value(text, "nr_throttled", &s->cpu.throttled_periods);
	(void)stat_value(text, "throttled_time", &s->cpu.throttled_ns);
}

/* One number a processor. */
static void parse_percpu(struct arena *a, const char *text, struct stat_numbers *ret)
{
	size_t room = 1;

	for (const char *s = text; *s; s++)
		room += *s == ' ';
	ret->v = arena_array(a, uint64_t, room);
	for (const char *s = text;;) {
		char *end;
		uint64_t n = strtoull(s, &end, 10);

		if (end == s)
			return;
		ret->v[ret->n++] = n;
		s = end;
	}
}

/* "cpu user system", then a line for each processor. */
static void parse_usage_all(struct arena *a, const char *text, struct stat_cpu *c)
{
	size_t room = 1;

	for (const char *s = text; *s; s++)
		room += *s == '\n';
	c->percpu_user.v = arena_array(a, uint64_t, room);
	c->percpu_kernel.v = arena_array(a, uint64_t, room);
	for (const char *s = stat_next_line(text); *s; s = stat_next_line(s)) {
		unsigned long long user, kernel;
		char line[128];

		if (sscanf(stat_line(s, line, sizeof(line)), "%*u %llu %llu", &user, &kernel) != 2)
			return;
		c->percpu_user.v[c->percpu_user.n++] = user;
		c->percpu_kernel.v[c->percpu_kernel.n++] = kernel;
	}
}

static void read_ticks(const char *text, const char *key, uint64_t *ret_ns)
{
	long hz = sysconf(_SC_CLK_TCK);
	uint64_t ticks;

	if (hz > 0 && stat_value(text, key, &ticks))
		*ret_ns = ticks * ((uint64_t)NS_PER_S / (uint64_t)hz);
}

static void read_cpuacct(struct arena *a, int fd, struct cgroup_stat *s)
{
	char *text = stat_text(a, fd, "cpuacct.stat");
	char *percpu = stat_text(a, fd, "cpuacct.usage_percpu");
	char *all = stat_text(a, fd, "cpuacct.usage_all");

	(void)stat_number(fd, "cpuacct.usage", &s->cpu.total_ns);
	if (text) {
		read_ticks(text, "user", &s->cpu.user_ns);
		read_ticks(text, "system", &s->cpu.kernel_ns);
	}
	s->cpu.percpu = s->cpu.percpu_user = s->cpu.percpu_kernel = (struct stat_numbers){ 0 };
	if (percpu)
		parse_percpu(a, percpu, &s->cpu.percpu);
	if (all)
		parse_usage_all(a, all, &s->cpu);
}

/* With the prefix, or without it (the file system of old cpusets, mount option noprefix). */
static bool cpuset_number(int fd, const char *name, uint64_t *ret)
{
	return stat_number(fd, name, ret) || stat_number(fd, name + strlen("cpuset."), ret);
}

static char *cpuset_text(struct arena *a, int fd, const char *name)
{
	char *text = stat_text(a, fd, name);

	return text ? text : stat_text(a, fd, name + strlen("cpuset."));
}

static void read_cpuset(struct arena *a, int fd, struct cgroup_stat *s)
{
	struct stat_cpuset *c = &s->cpuset;
	char *cpus = cpuset_text(a, fd, "cpuset.cpus");
	char *mems = cpuset_text(a, fd, "cpuset.mems");
	char *level = cpuset_text(a, fd, "cpuset.sched_relax_domain_level");

	if (cpus)
		stat_list(a, cpus, &c->cpus);
	if (mems)
		stat_list(a, mems, &c->mems);
	(void)cpuset_number(fd, "cpuset.cpu_exclusive", &c->cpu_exclusive);
	(void)cpuset_number(fd, "cpuset.mem_hardwall", &c->mem_hardwall);
	(void)cpuset_number(fd, "cpuset.mem_exclusive", &c->mem_exclusive);
	(void)cpuset_number(fd, "cpuset.memory_migrate", &c->memory_migrate);
	(void)cpuset_number(fd, "cpuset.memory_spread_page", &c->memory_spread_page);
	(void)cpuset_number(fd, "cpuset.memory_spread_slab", &c->memory_spread_slab);
	(void)cpuset_number(fd, "cpuset.memory_pressure", &c->memory_pressure);
	(void)cpuset_number(fd, "cpuset.sched_load_balance", &c->sched_load_balance);
	if (level)
		c->sched_relax_domain_level = strtoll(level, NULL, 10);
}

static void read_entry(int fd, const char *prefix, struct stat_memory_entry *e)
{
	char file[64];

	snprintf(file, sizeof(file), "%s.usage_in_bytes", prefix);
	if (!stat_number(fd, file, &e->usage))
		return;
	snprintf(file, sizeof(file), "%s.max_usage_in_bytes", prefix);
	(void)stat_number(fd, file, &e->max);
	snprintf(file, sizeof(file), "%s.limit_in_bytes", prefix);
	(void)stat_number(fd, file, &e->limit);
	snprintf(file, sizeof(file), "%s.failcnt", prefix);
	(void)stat_number(fd, file, &e->failcnt);
}

static void read_memory(struct arena *a, int fd, struct cgroup_stat *s)
{
	char *text = stat_text(a, fd, "memory.stat");
	char *oom = stat_text(a, fd, "memory.oom_control");

	read_entry(fd, "memory", &s->memory.usage);
	read_entry(fd, "memory.memsw", &s->memory.swap);
	read_entry(fd, "memory.kmem", &s->memory.kernel);
	read_entry(fd, "memory.kmem.tcp", &s->memory.kernel_tcp);
	if (oom)
		(void)stat_value(oom, "oom_kill", &s->memory.oom_kills);
	if (!text)
		return;
	stat_pairs(a, text, &s->memory.raw, &s->memory.n_raw);
	/* That of cgroups below counts too, unless the hierarchy is flat. */
	if (!stat_value(text, "total_cache", &s->memory.cache))
		(void)stat_value(text, "cache", &s->memory.cache);
}

static void read_pids(struct arena *a, int fd, struct cgroup_stat *s)
{
	(void)stat_number(fd, "pids.current", &s->pids);
	(void)stat_number(fd, "pids.max", &s->pids_limit);
}

/* "8:0 Read 123", "8:0 123"; the sum over all devices, "Total 123", is left out. */
static void parse_io(struct arena *a, const char *text, struct stat_io_list *ret)
{
	size_t room = 1;

	for (const char *s = text; *s; s++)
		room += *s == '\n';
	*ret = (struct stat_io_list){ .v = arena_array(a, struct stat_io_entry, room) };
	for (const char *s = text; *s; s = stat_next_line(s)) {
		unsigned long long major, minor, value;
		char op[32] = "";
		char line[128];

		stat_line(s, line, sizeof(line));
		if (sscanf(line, "%llu:%llu %31[A-Za-z] %llu", &major, &minor, op, &value) != 4) {
			op[0] = '\0';
			if (sscanf(line, "%llu:%llu %llu", &major, &minor, &value) != 3)
				continue;
		}
		ret->v[ret->n++] = (struct stat_io_entry){ major, minor, arena_str(a, op), value };
	}
}

/* Each scheduler has its own files, and only the one in use has lines in them. */
static void read_io(struct arena *a, int fd, struct cgroup_stat *s)
{
	static const char *const names[IO_KINDS] = {
		[IO_BYTES] = "io_service_bytes_recursive",
		[IO_SERVICED] = "io_serviced_recursive",
		[IO_QUEUED] = "io_queued_recursive",
		[IO_SERVICE_TIME] = "io_service_time_recursive",
		[IO_WAIT_TIME] = "io_wait_time_recursive",
		[IO_MERGED] = "io_merged_recursive",
		[IO_TIME] = "time_recursive",
		[IO_SECTORS] = "sectors_recursive",
	};
	static const char *const schedulers[] = { "blkio.bfq.", "blkio.", "blkio.throttle." };

	for (size_t kind = 0; kind < IO_KINDS; kind++) {
		s->io[kind] = (struct stat_io_list){ 0 };
		for (size_t i = 0; i < ARRAY_LEN(schedulers) && s->io[kind].n == 0; i++) {
			char file[64];
			char *text;

			snprintf(file, sizeof(file), "%s%s", schedulers[i], names[kind]);
			text = stat_text(a, fd, file);
			if (text)
				parse_io(a, text, &s->io[kind]);
		}
	}
}

static void read_hugetlb(struct arena *a, int fd, struct cgroup_stat *s)
{
	stat_hugetlb(a, fd, ".usage_in_bytes", ".max_usage_in_bytes", ".failcnt", NULL, &s->hugetlb,
		     &s->n_hugetlb);
}

void stat_read_v1(struct arena *a, int dir_fd, const char *controllers, struct cgroup_stat *ret)
{
	static const struct {
		const char *controller;
		void (*read)(struct arena *a, int fd, struct cgroup_stat *s);
	} readers[] = {
		{ "cpu", read_cpu },         { "cpuacct", read_cpuacct }, { "cpuset", read_cpuset },
		{ "memory", read_memory },   { "pids", read_pids },       { "blkio", read_io },
		{ "hugetlb", read_hugetlb },
	};

	for (size_t i = 0; i < ARRAY_LEN(readers); i++)
		if (ctl_list_has(controllers, ',', readers[i].controller))
			readers[i].read(a, dir_fd, ret);
}
