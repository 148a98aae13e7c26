/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events as runc writes them (its types/events.go, which go-runc and others read).
 */
#include <inttypes.h>

#include "cli/events-print.h"
#include "cli/json.h"

static void add_number(struct str *out, const char *name, uint64_t n)
{
	str_addf(out, "\"%s\":%" PRIu64, name, n);
}

static void add_psi_line(struct str *out, const char *name, const struct stat_psi_line *l)
{
	str_addf(out,
		 "\"%s\":{\"avg10\":%u.%02u,\"avg60\":%u.%02u,\"avg300\":%u.%02u,\"total\":%" PRIu64
		 "}",
		 name, l->avg10 / 100, l->avg10 % 100, l->avg60 / 100, l->avg60 % 100,
		 l->avg300 / 100, l->avg300 % 100, l->total_us);
}

static void add_psi(struct str *out, const struct stat_psi *p)
{
	if (!p->set)
		return;
	str_add(out, ",\"psi\":{");
	add_psi_line(out, "some", &p->some);
	str_add(out, ",");
	add_psi_line(out, "full", &p->full);
	str_add(out, "}");
}

/* With a comma before it; nothing when it is empty. */
static void add_numbers(struct str *out, const char *name, const struct stat_numbers *l)
{
	if (l->n == 0)
		return;
	str_addf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < l->n; i++)
		str_addf(out, "%s%" PRIu64, i ? "," : "", l->v[i]);
	str_add(out, "]");
}

static void add_cpu(struct str *out, const struct stat_cpu *c)
{
	str_add(out, "\"cpu\":{\"usage\":{");
	add_number(out, "total", c->total_ns);
	add_numbers(out, "percpu", &c->percpu);
	add_numbers(out, "percpu_kernel", &c->percpu_kernel);
	add_numbers(out, "percpu_user", &c->percpu_user);
	str_addf(out, ",\"kernel\":%" PRIu64 ",\"user\":%" PRIu64 "}", c->kernel_ns, c->user_ns);
	str_addf(out,
		 ",\"throttling\":{\"periods\":%" PRIu64 ",\"throttledPeriods\":%" PRIu64
		 ",\"throttledTime\":%" PRIu64 "}",
		 c->periods, c->throttled_periods, c->throttled_ns);
	add_psi(out, &c->psi);
	str_add(out, "}");
}

static void add_cpuset(struct str *out, const struct stat_cpuset *c)
{
	str_add(out, ",\"cpuset\":{");
	add_number(out, "cpu_exclusive", c->cpu_exclusive);
	add_numbers(out, "cpus", &c->cpus);
	add_numbers(out, "mems", &c->mems);
	str_addf(out,
		 ",\"mem_hardwall\":%" PRIu64 ",\"mem_exclusive\":%" PRIu64
		 ",\"memory_migrate\":%" PRIu64 ",\"memory_spread_page\":%" PRIu64
		 ",\"memory_spread_slab\":%" PRIu64 ",\"memory_pressure\":%" PRIu64
		 ",\"sched_load_balance\":%" PRIu64 ",\"sched_relax_domain_level\":%" PRId64 "}",
		 c->mem_hardwall, c->mem_exclusive, c->memory_migrate, c->memory_spread_page,
		 c->memory_spread_slab, c->memory_pressure, c->sched_load_balance,
		 c->sched_relax_domain_level);
}

static void add_entry(struct str *out, const char *name, const struct stat_memory_entry *e)
{
	str_addf(out,
		 ",\"%s\":{\"limit\":%" PRIu64 ",\"usage\":%" PRIu64 ",\"max\":%" PRIu64
		 ",\"failcnt\":%" PRIu64 "}",
		 name, e->limit, e->usage, e->max, e->failcnt);
}

static void add_memory(struct str *out, const struct stat_memory *m)
{
	str_add(out, ",\"memory\":{");
	add_number(out, "cache", m->cache);
	add_entry(out, "usage", &m->usage);
	add_entry(out, "swap", &m->swap);
	add_entry(out, "kernel", &m->kernel);
	add_entry(out, "kernelTCP", &m->kernel_tcp);
	for (size_t i = 0; i < m->n_raw; i++) {
		str_add(out, i ? "," : ",\"raw\":{");
		json_add(out, m->raw[i].name);
		str_addf(out, ":%" PRIu64, m->raw[i].value);
	}
	if (m->n_raw > 0)
		str_add(out, "}");
	add_psi(out, &m->psi);
	str_add(out, "}");
}

static const char *const io_names[IO_KINDS] = {
	[IO_BYTES] = "ioServiceBytesRecursive", [IO_SERVICED] = "ioServicedRecursive",
	[IO_QUEUED] = "ioQueueRecursive",       [IO_SERVICE_TIME] = "ioServiceTimeRecursive",
	[IO_WAIT_TIME] = "ioWaitTimeRecursive", [IO_MERGED] = "ioMergedRecursive",
	[IO_TIME] = "ioTimeRecursive",          [IO_SECTORS] = "sectorsRecursive",
};

static void add_io(struct str *out, const struct cgroup_stat *s)
{
	auto_str struct str members = { 0 };

	str_add(&members, "");
	for (size_t kind = 0; kind < IO_KINDS; kind++) {
		const struct stat_io_list *l = &s->io[kind];

		for (size_t i = 0; i < l->n; i++) {
			if (i == 0)
				str_addf(&members, ",\"%s\":[", io_names[kind]);
			str_addf(&members, "%s{\"major\":%" PRIu64 ",\"minor\":%" PRIu64,
				 i ? "," : "", l->v[i].major, l->v[i].minor);
			if (*l->v[i].op) {
				str_add(&members, ",\"op\":");
				json_add(&members, l->v[i].op);
			}
			str_addf(&members, ",\"value\":%" PRIu64 "}", l->v[i].value);
		}
		if (l->n > 0)
			str_add(&members, "]");
	}
	add_psi(&members, &s->io_psi);
	str_addf(out, ",\"blkio\":{%s}", *members.s ? members.s + 1 : "");
}

static void add_hugetlb(struct str *out, const struct cgroup_stat *s)
{
	str_add(out, ",\"hugetlb\":{");
	for (size_t i = 0; i < s->n_hugetlb; i++) {
		const struct stat_hugetlb *h = &s->hugetlb[i];

		if (i)
			str_add(out, ",");
		json_add(out, h->size);
		str_addf(out,
			 ":{\"usage\":%" PRIu64 ",\"max\":%" PRIu64 ",\"failcnt\":%" PRIu64 "}",
			 h->usage, h->max, h->failcnt);
	}
	str_add(out, "}");
}

/* These names have no tags in runc's struct, hence the capitals. */
static void add_network(struct str *out, const struct netstat *net)
{
	str_add(out, ",\"network_interfaces\":[");
	for (size_t i = 0; i < net->n; i++) {
		const struct netstat_interface *f = &net->v[i];

		str_add(out, i ? ",{\"Name\":" : "{\"Name\":");
		json_add(out, f->name);
		str_addf(out,
			 ",\"RxBytes\":%" PRIu64 ",\"RxPackets\":%" PRIu64 ",\"RxErrors\":%" PRIu64
			 ",\"RxDropped\":%" PRIu64 ",\"TxBytes\":%" PRIu64 ",\"TxPackets\":%" PRIu64
			 ",\"TxErrors\":%" PRIu64 ",\"TxDropped\":%" PRIu64 "}",
			 f->rx_bytes, f->rx_packets, f->rx_errors, f->rx_dropped, f->tx_bytes,
			 f->tx_packets, f->tx_errors, f->tx_dropped);
	}
	str_add(out, "]");
}

static void add_data(struct str *out, const struct event *ev)
{
	const struct cgroup_stat *s = &ev->stat;

	str_add(out, ",\"data\":{");
	add_cpu(out, &s->cpu);
	add_cpuset(out, &s->cpuset);
	add_memory(out, &s->memory);
	/* runc says 0 for "not limited". */
	str_addf(out, ",\"pids\":{\"current\":%" PRIu64 ",\"limit\":%" PRIu64 "}", s->pids,
		 s->pids_limit == UINT64_MAX ? 0 : s->pids_limit);
	add_io(out, s);
	add_hugetlb(out, s);
	str_add(out, ",\"intel_rdt\":{}");
	add_network(out, &ev->net);
	str_add(out, "}");
}

void events_json(const struct event *ev, struct str *out)
{
	str_addf(out, "{\"type\":\"%s\",\"id\":", ev->kind == EVENT_OOM ? "oom" : "stats");
	json_add(out, ev->id);
	if (ev->kind == EVENT_STATS)
		add_data(out, ev);
	str_add(out, "}\n");
}
