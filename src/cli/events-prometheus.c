/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics in the text format that Prometheus collects: all samples of a metric together.
 */
#include <inttypes.h>

#include "cli/events-print.h"

enum unit { UNIT_COUNT, UNIT_NS, UNIT_US };

#define OF(member) offsetof(struct event, member)

/* One number for each container. */
static const struct scalar {
	const char *name;
	const char *type;
	const char *help;
	size_t offset;
	enum unit unit;
	bool is_limit; /* no sample where there is none */
} scalars[] = {
	{ "cpu_usage_seconds_total", "counter", "CPU time used", OF(stat.cpu.total_ns), UNIT_NS,
	  false },
	{ "cpu_user_seconds_total", "counter", "CPU time used in user mode", OF(stat.cpu.user_ns),
	  UNIT_NS, false },
	{ "cpu_system_seconds_total", "counter", "CPU time used in the kernel",
	  OF(stat.cpu.kernel_ns), UNIT_NS, false },
	{ "cpu_periods_total", "counter", "Periods of the CPU quota", OF(stat.cpu.periods),
	  UNIT_COUNT, false },
	{ "cpu_throttled_periods_total", "counter", "Periods in which the CPU quota was used up",
	  OF(stat.cpu.throttled_periods), UNIT_COUNT, false },
	{ "cpu_throttled_seconds_total", "counter", "Time spent waiting for the CPU quota",
	  OF(stat.cpu.throttled_ns), UNIT_NS, false },
	{ "memory_usage_bytes", "gauge", "Memory in use", OF(stat.memory.usage.usage), UNIT_COUNT,
	  false },
	{ "memory_max_usage_bytes", "gauge", "Most memory ever in use", OF(stat.memory.usage.max),
	  UNIT_COUNT, false },
	{ "memory_limit_bytes", "gauge", "Memory limit", OF(stat.memory.usage.limit), UNIT_COUNT,
	  true },
	{ "memory_cache_bytes", "gauge", "Page cache", OF(stat.memory.cache), UNIT_COUNT, false },
	{ "memory_swap_usage_bytes", "gauge", "Memory and swap in use", OF(stat.memory.swap.usage),
	  UNIT_COUNT, false },
	{ "memory_swap_limit_bytes", "gauge", "Limit of memory and swap",
	  OF(stat.memory.swap.limit), UNIT_COUNT, true },
	{ "memory_kernel_usage_bytes", "gauge", "Kernel memory in use",
	  OF(stat.memory.kernel.usage), UNIT_COUNT, false },
	{ "memory_failures_total", "counter", "Times the memory limit was hit",
	  OF(stat.memory.usage.failcnt), UNIT_COUNT, false },
	{ "memory_oom_kills_total", "counter", "Processes killed for lack of memory",
	  OF(stat.memory.oom_kills), UNIT_COUNT, false },
	{ "pids", "gauge", "Processes and threads", OF(stat.pids), UNIT_COUNT, false },
	{ "pids_limit", "gauge", "Limit of processes and threads", OF(stat.pids_limit), UNIT_COUNT,
	  true },
};

static const struct interface_metric {
	const char *name;
	const char *help;
	size_t offset;
} interfaces[] = {
	{ "network_receive_bytes_total", "Bytes received",
	  offsetof(struct netstat_interface, rx_bytes) },
	{ "network_receive_packets_total", "Packets received",
	  offsetof(struct netstat_interface, rx_packets) },
	{ "network_receive_errors_total", "Packets received with errors",
	  offsetof(struct netstat_interface, rx_errors) },
	{ "network_receive_dropped_total", "Packets dropped on receipt",
	  offsetof(struct netstat_interface, rx_dropped) },
	{ "network_transmit_bytes_total", "Bytes sent",
	  offsetof(struct netstat_interface, tx_bytes) },
	{ "network_transmit_packets_total", "Packets sent",
	  offsetof(struct netstat_interface, tx_packets) },
	{ "network_transmit_errors_total", "Packets sent with errors",
	  offsetof(struct netstat_interface, tx_errors) },
	{ "network_transmit_dropped_total", "Packets dropped on sending",
	  offsetof(struct netstat_interface, tx_dropped) },
};

static const struct {
	const char *resource;
	size_t offset;
} pressures[] = {
	{ "cpu", OF(stat.cpu.psi) },
	{ "memory", OF(stat.memory.psi) },
	{ "io", OF(stat.io_psi) },
};

static uint64_t number_at(const void *object, size_t offset)
{
	return *(const uint64_t *)((const char *)object + offset);
}

static void add_heading(struct str *out, const char *name, const char *type, const char *help)
{
	str_addf(out, "# HELP davit_%s %s.\n# TYPE davit_%s %s\n", name, help, name, type);
}

/* davit_NAME{id="…" and what follows; an id holds nothing that needs escaping. */
static void add_name(struct str *out, const char *name, const struct event *ev)
{
	str_addf(out, "davit_%s{id=\"%s\"", name, ev->id);
}

static void add_value(struct str *out, uint64_t n, enum unit unit)
{
	switch (unit) {
	case UNIT_COUNT:
		str_addf(out, "} %" PRIu64 "\n", n);
		break;
	case UNIT_NS:
		str_addf(out, "} %" PRIu64 ".%09" PRIu64 "\n", n / 1000000000, n % 1000000000);
		break;
	case UNIT_US:
		str_addf(out, "} %" PRIu64 ".%06" PRIu64 "\n", n / 1000000, n % 1000000);
		break;
	}
}

static bool is_no_limit(uint64_t n)
{
	return n == 0 || n >= UINT64_C(1) << 60;
}

static void add_scalar(struct str *out, const struct scalar *m, const struct event *v, size_t n)
{
	add_heading(out, m->name, m->type, m->help);
	for (size_t i = 0; i < n; i++) {
		uint64_t value = number_at(&v[i], m->offset);

		if (m->is_limit && is_no_limit(value))
			continue;
		add_name(out, m->name, &v[i]);
		add_value(out, value, m->unit);
	}
}

static void add_interfaces(struct str *out, const struct interface_metric *m, const struct event *v,
			   size_t n)
{
	add_heading(out, m->name, "counter", m->help);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < v[i].net.n; k++) {
			add_name(out, m->name, &v[i]);
			str_addf(out, ",interface=\"%s\"", v[i].net.v[k].name);
			add_value(out, number_at(&v[i].net.v[k], m->offset), UNIT_COUNT);
		}
	}
}

static void add_io(struct str *out, const char *name, const char *help, enum stat_io_kind kind,
		   const struct event *v, size_t n)
{
	add_heading(out, name, "counter", help);
	for (size_t i = 0; i < n; i++) {
		const struct stat_io_list *l = &v[i].stat.io[kind];

		for (size_t k = 0; k < l->n; k++) {
			/* The sums over the kinds of operation, and an older split of them. */
			if (!streq(l->v[k].op, "Read") && !streq(l->v[k].op, "Write") &&
			    !streq(l->v[k].op, "Discard"))
				continue;
			add_name(out, name, &v[i]);
			str_addf(out, ",device=\"%" PRIu64 ":%" PRIu64 "\",operation=\"%s\"",
				 l->v[k].major, l->v[k].minor, l->v[k].op);
			add_value(out, l->v[k].value, UNIT_COUNT);
		}
	}
}

static void add_hugetlb(struct str *out, const struct event *v, size_t n)
{
	add_heading(out, "hugetlb_usage_bytes", "gauge", "Huge pages in use");
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < v[i].stat.n_hugetlb; k++) {
			add_name(out, "hugetlb_usage_bytes", &v[i]);
			str_addf(out, ",size=\"%s\"", v[i].stat.hugetlb[k].size);
			add_value(out, v[i].stat.hugetlb[k].usage, UNIT_COUNT);
		}
	}
}

static void add_pressure(struct str *out, const struct event *ev, const char *resource,
			 const char *share, uint64_t us)
{
	add_name(out, "pressure_seconds_total", ev);
	str_addf(out, ",resource=\"%s\",share=\"%s\"", resource, share);
	add_value(out, us, UNIT_US);
}

static void add_pressures(struct str *out, const struct event *v, size_t n)
{
	add_heading(out, "pressure_seconds_total", "counter",
		    "Time in which some or all (full) tasks waited for a resource");
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < ARRAY_LEN(pressures); k++) {
			const struct stat_psi *p =
				(const void *)((const char *)&v[i] + pressures[k].offset);

			if (!p->set)
				continue;
			add_pressure(out, &v[i], pressures[k].resource, "some", p->some.total_us);
			add_pressure(out, &v[i], pressures[k].resource, "full", p->full.total_us);
		}
	}
}

void events_prometheus(const struct event *v, size_t n, struct str *out)
{
	if (n == 0 || v[0].kind != EVENT_STATS)
		return;
	for (size_t i = 0; i < ARRAY_LEN(scalars); i++)
		add_scalar(out, &scalars[i], v, n);
	add_hugetlb(out, v, n);
	add_io(out, "block_bytes_total", "Bytes read and written", IO_BYTES, v, n);
	add_io(out, "block_operations_total", "Reads and writes", IO_SERVICED, v, n);
	for (size_t i = 0; i < ARRAY_LEN(interfaces); i++)
		add_interfaces(out, &interfaces[i], v, n);
	add_pressures(out, v, n);
}
