/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits as unit properties.  They are made from the rows that will be written to the control
 * files, so all conversions happen once, and linux.resources.unified is included.
 *
 * systemd knows fewer limits than the kernel; the rest is only in the files.  Values that it would
 * refuse are left to the kernel, whose message says which file and which member it was.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "cgroup/dir.h"
#include "cgroup/systemd.h"

enum { MAX_CPUS = 8192, DEFAULT_PERIOD_US = 100000, QUOTA_STEP_US = 10000, IDLE_WEIGHT = 0 };

struct limits {
	struct arena *a;
	struct cgroup_plan *plan;
	bool is_update;
};

/* What systemd takes for a number: MIN to MAX, and all ones for "max". */
struct number_rule {
	const char *file;
	const char *property;
	uint64_t min, max;
};

static const struct number_rule v2_numbers[] = {
	{ "memory.min", "MemoryMin", 0, UINT64_MAX },
	{ "memory.low", "MemoryLow", 0, UINT64_MAX },
	{ "memory.high", "MemoryHigh", 1, UINT64_MAX },
	{ "memory.max", "MemoryMax", 1, UINT64_MAX },
	{ "memory.swap.max", "MemorySwapMax", 0, UINT64_MAX },
	{ "memory.zswap.max", "MemoryZSwapMax", 0, UINT64_MAX },
	{ "pids.max", "TasksMax", 1, UINT64_MAX },
	{ "cpu.weight", "CPUWeight", 1, 10000 },
};

static const struct number_rule v1_numbers[] = {
	{ "memory.limit_in_bytes", "MemoryLimit", 1, UINT64_MAX },
	{ "pids.max", "TasksMax", 1, UINT64_MAX },
	{ "cpu.shares", "CPUShares", 2, 262144 },
	{ "blkio.weight", "BlockIOWeight", 10, 1000 },
};

/* As the kernel reads it: a number, K to E behind it, "max", or -1 on v1. */
static bool parse_number(const char *s, uint64_t *ret)
{
	static const char units[] = "kmgtpe";
	size_t n = strspn(s, "0123456789");
	auto_free char *digits = str_dup_n(s, n);
	unsigned shift = 0;

	if (streq(s, "max") || streq(s, "-1")) {
		*ret = UINT64_MAX;
		return true;
	}
	if (n == 0 || (s[n] && s[n + 1]))
		return false;
	if (s[n]) {
		const char *unit = strchr(units, s[n] | 0x20);

		if (!unit)
			return false;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	if (str_to_u64(digits, UINT64_MAX >> shift, ret) < 0)
		return false;
	*ret <<= shift;
	return true;
}

static void set_number(const struct limits *l, const char *property, uint64_t value)
{
	systemd_property(l->a, l->plan->scope, property, PROPERTY_UINT64)->number = value;
}

static void add_number(const struct limits *l, const struct cgroup_write *w,
		       const struct number_rule *rules, size_t n)
{
	uint64_t value;

	for (size_t i = 0; i < n; i++)
		if (streq(w->file, rules[i].file) && parse_number(w->value, &value) &&
		    value >= rules[i].min && value <= rules[i].max)
			set_number(l, rules[i].property, value);
}

/* systemd counts in per cent of a CPU: rounded up, or the cgroups below could not have theirs. */
static void add_bandwidth(const struct limits *l, const char *quota, uint64_t period)
{
	uint64_t q, per_second;

	if (!parse_number(quota, &q) || q == 0 || period == 0)
		return;
	if (q == UINT64_MAX || q > UINT64_MAX / 1000000) {
		set_number(l, "CPUQuotaPerSecUSec", UINT64_MAX);
		return;
	}
	per_second = q * 1000000 / period;
	per_second = (per_second + QUOTA_STEP_US - 1) / QUOTA_STEP_US * QUOTA_STEP_US;
	set_number(l, "CPUQuotaPerSecUSec", MAX(per_second, (uint64_t)QUOTA_STEP_US));
	set_number(l, "CPUQuotaPeriodUSec", period);
}

/* The period in force, which a quota alone leaves as it is. */
static uint64_t current_period(const struct limits *l, const struct cgroup_write *w)
{
	auto_close int fd = l->is_update ? cgdir_open(&l->plan->paths.v[w->dir]) : -EBADF;
	uint64_t period = DEFAULT_PERIOD_US;
	char buf[64];
	const char *s;

	if (fd < 0 || file_read_line_at(fd, "cpu.max", buf, sizeof(buf)) <= 0)
		return period;
	s = strchr(buf, ' ');
	if (!s || str_to_u64(s + 1, UINT64_MAX, &period) < 0)
		return DEFAULT_PERIOD_US;
	return period;
}

static void add_cpu_max(const struct limits *l, const struct cgroup_write *w)
{
	size_t n = strcspn(w->value, " ");
	auto_free char *quota = str_dup_n(w->value, n);
	uint64_t period = 0;

	if (!w->value[n])
		period = current_period(l, w);
	else if (str_to_u64(w->value + n + 1, UINT64_MAX, &period) < 0)
		return;
	add_bandwidth(l, quota, period);
}

/* v1 has a file for each of the two. */
static void add_bandwidth_v1(const struct limits *l)
{
	const struct cgroup_plan *plan = l->plan;
	const char *quota = NULL;
	uint64_t period = DEFAULT_PERIOD_US;

	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *w = &plan->writes[i];

		if (streq(w->file, "cpu.cfs_quota_us"))
			quota = w->value;
		else if (streq(w->file, "cpu.cfs_period_us") &&
			 str_to_u64(w->value, UINT64_MAX, &period) < 0)
			return;
	}
	if (quota)
		add_bandwidth(l, quota, period);
}

/* The weight 0 is systemd's word for idle. */
static void add_idle(const struct limits *l, const struct cgroup_write *w)
{
	if (streq(w->value, "1"))
		set_number(l, "CPUWeight", IDLE_WEIGHT);
	else if (l->is_update)
		set_number(l, "CPUWeight", 100);
}

bool systemd_cpu_mask(struct arena *a, const char *list, uint8_t **ret, size_t *ret_n)
{
	auto_free char *copy = str_dup(list);
	uint8_t *mask = arena_alloc(a, MAX_CPUS / 8);
	size_t n = 0;
	char *rest;

	for (char *s = strtok_r(copy, ", \n", &rest); s; s = strtok_r(NULL, ", \n", &rest)) {
		char *dash = strchr(s, '-');
		uint64_t from, to;

		if (dash)
			*dash = '\0';
		if (str_to_u64(s, MAX_CPUS - 1, &from) < 0 ||
		    str_to_u64(dash ? dash + 1 : s, MAX_CPUS - 1, &to) < 0 || from > to)
			return false;
		for (uint64_t i = from; i <= to; i++)
			mask[i / 8] |= (uint8_t)(1U << (i % 8));
		n = MAX(n, (size_t)(to / 8 + 1));
	}
	*ret = mask;
	*ret_n = n;
	return n > 0;
}

static void add_mask(const struct limits *l, const struct cgroup_write *w, const char *property)
{
	struct systemd_property *p;
	uint8_t *mask;
	size_t n;

	if (!systemd_cpu_mask(l->a, w->value, &mask, &n))
		return;
	p = systemd_property(l->a, l->plan->scope, property, PROPERTY_BYTES);
	p->bytes = mask;
	p->n = n;
}

static void add_device_weight(const struct limits *l, const char *device, uint64_t weight)
{
	const struct systemd_property *old = systemd_find(l->plan->scope, "IODeviceWeight");
	size_t n = old ? old->n : 0;
	char **strings = arena_array(l->a, char *, n + 2);
	uint64_t *numbers = arena_array(l->a, uint64_t, n + 1);
	struct systemd_property *p;

	for (size_t i = 0; i < n; i++) {
		strings[i] = old->strings[i];
		numbers[i] = old->numbers[i];
	}
	strings[n] = arena_format(l->a, "/dev/block/%s", device);
	numbers[n] = weight;
	p = systemd_property(l->a, l->plan->scope, "IODeviceWeight", PROPERTY_WEIGHTS);
	p->n = n + 1;
	p->strings = strings;
	p->numbers = numbers;
}

/* io.weight: "100", "default 100" or "8:0 100". */
static void add_io_weight(const struct limits *l, const char *value)
{
	const char *space = strchr(value, ' ');
	const char *number = space ? space + 1 : value;
	auto_free char *key = str_dup_n(value, space ? (size_t)(space - value) : 0);
	uint64_t weight;

	if (!parse_number(number, &weight) || weight < 1 || weight > 10000)
		return;
	if (!*key || streq(key, "default"))
		set_number(l, "IOWeight", weight);
	else if (strspn(key, "0123456789:") == strlen(key))
		add_device_weight(l, key, weight);
}

static void add_v2(const struct limits *l, const struct cgroup_write *w)
{
	if (streq(w->file, "cpu.max"))
		add_cpu_max(l, w);
	else if (streq(w->file, "cpu.idle"))
		add_idle(l, w);
	else if (streq(w->file, "cpuset.cpus"))
		add_mask(l, w, "AllowedCPUs");
	else if (streq(w->file, "cpuset.mems"))
		add_mask(l, w, "AllowedMemoryNodes");
	else if (streq(w->file, "io.weight"))
		add_io_weight(l, w->value);
	else if (streq(w->file, "io.bfq.weight") && w->alt_file)
		add_io_weight(l, w->alt_value);
	else
		add_number(l, w, v2_numbers, ARRAY_LEN(v2_numbers));
}

/* "c 1:3 rwm" as systemd names the devices: by number, "char-136" for all of a major one. */
static char *device_name(struct arena *a, const char *rule)
{
	bool is_block = rule[0] == 'b';
	const char *major = rule + 2;
	size_t n = strcspn(major, ":");
	const char *minor = major + n + 1;
	size_t k = strcspn(minor, " ");

	if (*minor != '*')
		return *major == '*' ? NULL
				     : arena_format(a, "/dev/%s/%.*s", is_block ? "block" : "char",
						    (int)(n + 1 + k), major);
	return arena_format(a, "%s-%.*s", is_block ? "block" : "char", (int)n, major);
}

/*
 * v1: a reload makes systemd write the scope's device list anew, and without a policy of the unit
 * that is "everything".  On v2 the policy is a program on the sub-cgroup, or beside systemd's on
 * the scope, and what a hook adds to it is not taken back: the unit has none.
 */
static void add_devices_v1(const struct limits *l)
{
	const struct cgroup_plan *plan = l->plan;
	char **pairs = arena_array(l->a, char *, 2 * plan->n_writes + 1);
	struct systemd_property *p;
	const char *policy = NULL;
	size_t n = 0;

	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *w = &plan->writes[i];
		bool allow = streq(w->file, "devices.allow");
		char *name;

		if (!allow && !streq(w->file, "devices.deny"))
			continue;
		if (streq(w->value, "a")) {
			policy = allow ? "auto" : "strict";
			continue;
		}
		name = allow ? device_name(l->a, w->value) : NULL;
		if (!name) {
			log_warn("%s: `%s %s` is lost when systemd reloads: it has no such rules",
				 w->what, allow ? "allow" : "deny", w->value);
			continue;
		}
		pairs[2 * n] = name;
		pairs[2 * n++ + 1] = strrchr(w->value, ' ') + 1;
	}
	if (!policy)
		return;
	p = systemd_property(l->a, plan->scope, "DevicePolicy", PROPERTY_STRING);
	p->strings = arena_array(l->a, char *, 2);
	p->strings[0] = arena_str(l->a, policy);
	p->n = 1;
	p = systemd_property(l->a, plan->scope, "DeviceAllow", PROPERTY_PAIRS);
	p->strings = pairs;
	p->n = n;
}

void systemd_plan_limits(struct arena *a, struct cgroup_plan *plan, bool is_update)
{
	struct limits l = { .a = a, .plan = plan, .is_update = is_update };

	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *w = &plan->writes[i];

		if (cgdir_is_v2(&plan->paths.v[w->dir]))
			add_v2(&l, w);
		else
			add_number(&l, w, v1_numbers, ARRAY_LEN(v1_numbers));
	}
	if (plan->kind == CGROUP_V2)
		return;
	add_bandwidth_v1(&l);
	add_devices_v1(&l);
}
