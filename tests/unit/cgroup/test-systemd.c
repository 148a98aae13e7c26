/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scopes: their names, their place, and the properties that stand for limits and annotations.
 */
#include "fixture.h"

#include "base/log.h"
#include "cgroup/systemd.h"

#define SET(n)          \
	{               \
		true, n \
	}

struct asked {
	const char *host; /* NULL: a v2 host */
	const char *path;
	const char *id; /* NULL: web */
	bool is_rootless;
	struct spec_resources *resources;
	const char *annotation, *value;
};

static struct err *plan_scope(struct arena *a, struct asked asked, struct cgroup_plan *ret)
{
	struct spec_pair pair = { (char *)asked.annotation, (char *)asked.value };
	struct spec_linux linux_ = { .cgroups_path = (char *)asked.path,
				     .resources = asked.resources };
	struct spec spec = { .linux_ = &linux_,
			     .annotations = { .n = asked.annotation != NULL, .v = &pair } };
	struct cgroup_plan_opts opts = { .id = asked.id ? asked.id : "web",
					 .manager = CGROUP_MANAGER_SYSTEMD,
					 .is_rootless = asked.is_rootless };
	struct cgroup_layout layout;

	detect(a, asked.host ? asked.host : "v2-systemd", &layout);
	*ret = (struct cgroup_plan){ 0 };
	return cgroup_plan_make(a, &spec, &layout, &opts, ret);
}

static void expect_place(struct asked asked, const char *unit, const char *slice, const char *path)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_plan plan;

	expect_ok(plan_scope(a, asked, &plan));
	expect_str(plan.scope->unit, unit);
	expect_str(plan.scope->slice, slice);
	expect_str(plan.paths.path, path);
}

TEST(slice_prefix_and_name_make_the_unit)
{
	expect_place((struct asked){ .path = "machine.slice:libpod:web" }, "libpod-web.scope",
		     "machine.slice", "/machine.slice/libpod-web.scope/container");
	expect_place((struct asked){ .path = "a-b-c.slice:cri:x:y" }, "cri-x:y.scope",
		     "a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice/cri-x:y.scope/container");
	expect_place((struct asked){ .path = "-.slice:p:n" }, "p-n.scope", "-.slice",
		     "/p-n.scope/container");
	expect_place((struct asked){ .path = "a.slice::n" }, "n.scope", "a.slice",
		     "/a.slice/n.scope/container");
	expect_place((struct asked){ .path = "a.slice:n" }, "n.scope", "a.slice",
		     "/a.slice/n.scope/container");
}

TEST(the_slice_has_a_default_for_each_manager)
{
	expect_place((struct asked){ .path = ":docker:web" }, "docker-web.scope", "system.slice",
		     "/system.slice/docker-web.scope/container");
	expect_place((struct asked){ .path = ":docker:web", .is_rootless = true },
		     "docker-web.scope", "user.slice", "/user.slice/docker-web.scope/container");
	expect_place((struct asked){ .path = NULL }, "davit-web.scope", "system.slice",
		     "/system.slice/davit-web.scope/container");
	expect_place((struct asked){ .path = "" }, "davit-web.scope", "system.slice",
		     "/system.slice/davit-web.scope/container");
	expect_place((struct asked){ .path = "just-a-name" }, "just-a-name.scope", "system.slice",
		     "/system.slice/just-a-name.scope/container");
}

TEST(bytes_that_a_unit_name_cannot_have_are_escaped)
{
	expect_place((struct asked){ .id = "a+b" }, "davit-a\\x2bb.scope", "system.slice",
		     "/system.slice/davit-a\\x2bb.scope/container");
	expect_place((struct asked){ .path = "a.slice:p:x@y z" }, "p-x\\x40y\\x20z.scope",
		     "a.slice", "/a.slice/p-x\\x40y\\x20z.scope/container");
}

TEST(what_names_no_unit_is_refused)
{
	auto_arena struct arena *a = arena_new();
	char long_name[400] = "a.slice:p:";
	struct cgroup_plan plan;
	struct err *e;

	e = plan_scope(a, (struct asked){ .path = "/machine/web" }, &plan);
	expect_str(err_text(e), "linux.cgroupsPath: `/machine/web` does not name a systemd unit");
	expect(strstr(err_get_hint(e), "slice:prefix:name"));
	err_free(e);
	expect_err(plan_scope(a, (struct asked){ .path = "a.slice:p:" }, &plan), ERR_INVALID,
		   "does not name");
	expect_err(plan_scope(a, (struct asked){ .path = "a.slice:p:b/../c" }, &plan), ERR_INVALID,
		   "does not name");
	expect_err(plan_scope(a, (struct asked){ .path = "machine:p:n" }, &plan), ERR_INVALID,
		   "`machine` is not the name of a slice");
	expect_err(plan_scope(a, (struct asked){ .path = "a/../b.slice:p:n" }, &plan), ERR_INVALID,
		   "is not the name of a slice");
	memset(long_name + strlen(long_name), 'x', 250);
	expect_err(plan_scope(a, (struct asked){ .path = long_name }, &plan), ERR_INVALID,
		   "longer than 255 bytes");
	expect_err(plan_scope(a, (struct asked){ .host = "none" }, &plan), ERR_UNSUPPORTED,
		   "no cgroup file system is mounted");
}

TEST(slices_are_nested_by_their_dashes)
{
	static const char *const bad[] = { "",         ".slice",     "a",        "-a.slice",
					   "a-.slice", "a--b.slice", "a/b.slice" };
	auto_arena struct arena *a = arena_new();

	expect_str(systemd_expand_slice(a, "a.slice"), "/a.slice");
	expect_str(systemd_expand_slice(a, "a-b.slice"), "/a.slice/a-b.slice");
	expect_str(systemd_expand_slice(a, "-.slice"), "");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect(!systemd_expand_slice(a, bad[i]));
}

TEST(the_subgroup_can_be_chosen_and_left_out)
{
	static const char name[] = "run.oci.systemd.subgroup";
	auto_arena struct arena *a = arena_new();
	struct cgroup_plan plan;

	expect_place((struct asked){ .annotation = name, .value = "" }, "davit-web.scope",
		     "system.slice", "/system.slice/davit-web.scope");
	expect_place((struct asked){ .annotation = name, .value = "inner" }, "davit-web.scope",
		     "system.slice", "/system.slice/davit-web.scope/inner");
	expect_place((struct asked){ .host = "hybrid" }, "davit-web.scope", "system.slice",
		     "/system.slice/davit-web.scope");
	expect_err(plan_scope(a, (struct asked){ .annotation = name, .value = "../x" }, &plan),
		   ERR_INVALID, "is not the name of a cgroup");
	expect_err(plan_scope(a, (struct asked){ .annotation = name, .value = ".." }, &plan),
		   ERR_INVALID, "is not the name of a cgroup");
}

/* "Name=value" of what is not the same for every scope. */
static void expect_limits(const char *host, struct spec_resources *r, const char *want)
{
	auto_arena struct arena *a = arena_new();
	auto_str struct str text = { 0 };
	auto_str struct str got = { 0 };
	struct cgroup_plan plan;
	char *line, *rest;

	expect_ok(plan_scope(a, (struct asked){ .host = host, .resources = r }, &plan));
	systemd_print(plan.scope, &text);
	str_add(&got, "");
	for (line = strtok_r(text.s, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		static const char before[] = "  property ";

		if (str_starts(line, before) && !strstr(line, "Accounting") &&
		    !strstr(line, "Description") && !strstr(line, "Slice ") &&
		    !strstr(line, "DefaultDependencies") && !strstr(line, "Delegate") &&
		    !strstr(line, "CollectMode"))
			str_addf(&got, "%s\n", line + strlen(before));
	}
	expect_str(got.s, want);
}

TEST(limits_on_v2)
{
	struct spec_memory memory = { .limit = SET(1000),
				      .swap = SET(3000),
				      .reservation = SET(500) };
	struct spec_cpu cpu = { .shares = SET(1024),
				.quota = SET(25000),
				.period = SET(100000),
				.cpus = (char *)"0-2,9",
				.mems = (char *)"0" };
	struct spec_pids pids = { SET(-1) };
	struct spec_block_io io = { .weight = SET(500) };
	struct spec_resources r = { .memory = &memory, .cpu = &cpu, .pids = &pids, .block_io = &io };

	/* MemorySwapMax is swap alone: linux.resources.memory.swap counts memory too. */
	expect_limits(NULL, &r,
		      "MemoryMax = t 1000\n"
		      "MemorySwapMax = t 2000\n"
		      "MemoryLow = t 500\n"
		      "TasksMax = t infinity\n"
		      "CPUWeight = t 100\n"
		      "CPUQuotaPerSecUSec = t 250000\n"
		      "CPUQuotaPeriodUSec = t 100000\n"
		      "AllowedCPUs = ay 07 02\n"
		      "AllowedMemoryNodes = ay 01\n"
		      "IOWeight = t 4950\n");
}

TEST(unified_wins_over_the_members)
{
	struct spec_memory memory = { .limit = SET(1000) };
	struct spec_pair pairs[] = {
		{ (char *)"memory.max", (char *)"1G" },
		{ (char *)"memory.high", (char *)"max" },
		{ (char *)"memory.min", (char *)"4K" },
		{ (char *)"pids.max", (char *)"7" },
		{ (char *)"cpu.weight", (char *)"55" },
		{ (char *)"cpu.max", (char *)"max 50000" },
		{ (char *)"io.weight", (char *)"default 7\n8:0 9" },
	};
	struct spec_resources r = { .memory = &memory,
				    .unified = { .n = ARRAY_LEN(pairs), .v = pairs } };

	expect_limits(NULL, &r,
		      "MemoryMax = t 1073741824\n"
		      "MemoryHigh = t infinity\n"
		      "MemoryMin = t 4096\n"
		      "TasksMax = t 7\n"
		      "CPUWeight = t 55\n"
		      "CPUQuotaPerSecUSec = t infinity\n"
		      "IOWeight = t 7\n"
		      "IODeviceWeight = a(st) /dev/block/8:0:9\n");
}

TEST(quotas_are_rounded_up_to_a_per_cent)
{
	struct spec_cpu cpu = { .quota = SET(1001), .period = SET(100000) };
	struct spec_resources r = { .cpu = &cpu };

	expect_limits(NULL, &r, "CPUQuotaPerSecUSec = t 20000\nCPUQuotaPeriodUSec = t 100000\n");
	cpu = (struct spec_cpu){ .quota = SET(-1) };
	expect_limits(NULL, &r, "CPUQuotaPerSecUSec = t infinity\n");
	cpu = (struct spec_cpu){ .quota = SET(50000) };
	expect_limits(NULL, &r, "CPUQuotaPerSecUSec = t 500000\nCPUQuotaPeriodUSec = t 100000\n");
	expect_limits("v1", &r, "CPUQuotaPerSecUSec = t 500000\nCPUQuotaPeriodUSec = t 100000\n");
	cpu = (struct spec_cpu){ .idle = SET(1) };
	expect_limits(NULL, &r, "CPUWeight = t 0\n");
}

TEST(what_systemd_would_refuse_is_left_to_the_kernel)
{
	struct spec_pair pairs[] = { { (char *)"memory.max", (char *)"0" },
				     { (char *)"pids.max", (char *)"0" },
				     { (char *)"cpu.weight", (char *)"20000" },
				     { (char *)"cpuset.cpus", (char *)"3-1" },
				     { (char *)"memory.high", (char *)"lots" } };
	struct spec_resources r = { .unified = { .n = ARRAY_LEN(pairs), .v = pairs } };

	expect_limits(NULL, &r, "");
}

TEST(limits_on_v1)
{
	struct spec_memory memory = { .limit = SET(-1), .swap = SET(-1) };
	struct spec_cpu cpu = { .shares = SET(512), .cpus = (char *)"0" };
	struct spec_block_io io = { .weight = SET(500) };
	struct spec_resources r = { .memory = &memory, .cpu = &cpu, .block_io = &io };

	expect_limits("v1", &r,
		      "MemoryLimit = t infinity\nCPUShares = t 512\nBlockIOWeight = t 500\n");
}

static char last_log[512];

static void keep_log(void *arg UNUSED, enum log_level level UNUSED, const char *msg)
{
	snprintf(last_log, sizeof(last_log), "%s", msg);
}

TEST(device_rules_are_the_units_on_v1_only)
{
	struct spec_device_rule deny = { .type = 'a', .access = (char *)"rwm" };
	struct spec_device_rule open[] = {
		{ .allow = true, .type = 'a', .access = (char *)"rwm" },
		{ .type = 'c', .major = SET(10), .minor = SET(229), .access = (char *)"rw" },
	};
	struct spec_resources r = { .n_devices = 1, .devices = &deny };

	expect_limits(NULL, &r, "");
	expect_limits("v1", &r,
		      "DevicePolicy = s strict\n"
		      "DeviceAllow = a(ss) char-*:m block-*:m /dev/char/1:3:rwm /dev/char/1:5:rwm "
		      "/dev/char/1:7:rwm /dev/char/1:8:rwm /dev/char/1:9:rwm /dev/char/5:0:rwm "
		      "/dev/char/5:1:rwm /dev/char/5:2:rwm char-136:rwm /dev/char/10:200:rwm\n");
	r = (struct spec_resources){ .n_devices = 2, .devices = open };
	log_set_sink(keep_log, NULL, LOG_LEVEL_WARNING);
	expect_limits("v1", &r, "DevicePolicy = s auto\nDeviceAllow = a(ss) \n");
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
	expect(strstr(last_log, "`deny c 10:229 rw` is lost when systemd reloads"));
}

static void expect_annotation(const char *name, const char *value, const char *want)
{
	auto_arena struct arena *a = arena_new();
	auto_free char *key = str_format("org.systemd.property.%s", name);
	auto_free char *line = str_format("  property %s\n", want);
	auto_str struct str text = { 0 };
	struct cgroup_plan plan;

	expect_ok(plan_scope(a, (struct asked){ .annotation = key, .value = value }, &plan));
	systemd_print(plan.scope, &text);
	if (!strstr(text.s, line))
		print_error("no \"%s\" in\n%s", line, text.s);
	expect(strstr(text.s, line));
}

TEST(annotations_are_properties)
{
	expect_annotation("SendSIGHUP", "true", "SendSIGHUP = b true");
	expect_annotation("KillMode", "'mixed'", "KillMode = s mixed");
	expect_annotation("KillMode", "\"it's\"", "KillMode = s it's");
	expect_annotation("KillMode", "'a\\'b'", "KillMode = s a'b");
	expect_annotation("After", "['a.service', 'b.service']", "After = as a.service b.service");
	expect_annotation("After", "[]", "After = as ");
	expect_annotation("OOMScoreAdjust", "-5", "OOMScoreAdjust = i -5");
	expect_annotation("OOMScoreAdjust", "int32 7", "OOMScoreAdjust = i 7");
	expect_annotation("TasksMax", "uint64 18446744073709551615", "TasksMax = t infinity");
	expect_annotation("LimitNICE", "int64 -9", "LimitNICE = x -9");
	expect_annotation("Mask", "uint32 4294967295", "Mask = u 4294967295");
	/* One of davit's own is replaced. */
	expect_annotation("CollectMode", "'inactive'", "CollectMode = s inactive");
	expect_annotation("Delegate", "['cpu']", "Delegate = as cpu");
}

TEST(seconds_become_microseconds)
{
	expect_annotation("TimeoutStopSec", "5", "TimeoutStopUSec = t 5000000");
	expect_annotation("TimeoutStopSec", "uint64 5", "TimeoutStopUSec = t 5000000");
	expect_annotation("TimeoutStopUSec", "uint64 5", "TimeoutStopUSec = t 5");
}

TEST(bad_annotations_are_refused_with_their_name)
{
	static const struct {
		const char *name, *value;
	} bad[] = {
		{ "ab", "1" },          { "killMode", "1" },     { "Kill-Mode", "1" },
		{ "PIDs", "[1]" },      { "KillMode", "" },      { "KillMode", "mixed" },
		{ "KillMode", "'x" },   { "After", "['a'" },     { "After", "['a' 'b']" },
		{ "After", "[1]" },     { "Nice", "5 x" },       { "Nice", "99999999999" },
		{ "TimeoutSec", "-1" }, { "TimeoutSec", "'5'" }, { "TimeoutSec", "1.5" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_arena struct arena *a = arena_new();
		auto_free char *key = str_format("org.systemd.property.%s", bad[i].name);
		struct asked asked = { .annotation = key, .value = bad[i].value };
		struct cgroup_plan plan;

		expect_err(plan_scope(a, asked, &plan), ERR_INVALID, key);
	}
}

TEST(cpu_lists_are_bits)
{
	auto_arena struct arena *a = arena_new();
	uint8_t *mask;
	size_t n;

	expect(systemd_cpu_mask(a, "0", &mask, &n));
	expect(n == 1 && mask[0] == 1);
	expect(systemd_cpu_mask(a, "7-8, 15", &mask, &n));
	expect(n == 2 && mask[0] == 0x80 && mask[1] == 0x81);
	expect(!systemd_cpu_mask(a, "", &mask, &n));
	expect(!systemd_cpu_mask(a, "x", &mask, &n));
	expect(!systemd_cpu_mask(a, "0-99999", &mask, &n));
}

TEST(the_scope_is_found_in_a_path)
{
	auto_arena struct arena *a = arena_new();

	expect_str(systemd_scope_path(a, "/a.slice/u.scope/container", "u.scope"),
		   "/a.slice/u.scope");
	expect_str(systemd_scope_path(a, "/a.slice/u.scope", "u.scope"), "/a.slice/u.scope");
	expect_str(systemd_scope_path(a, "/a.slice/_cpu.scope/x", "cpu.scope"),
		   "/a.slice/_cpu.scope");
	expect(!systemd_scope_path(a, "/a.slice/u.scope2/container", "u.scope"));
	expect(!systemd_scope_path(a, "/user.slice/session-1.scope", "u.scope"));
}

TESTS(CASE(slice_prefix_and_name_make_the_unit), CASE(the_slice_has_a_default_for_each_manager),
      CASE(bytes_that_a_unit_name_cannot_have_are_escaped), CASE(what_names_no_unit_is_refused),
      CASE(slices_are_nested_by_their_dashes), CASE(the_subgroup_can_be_chosen_and_left_out),
      CASE(limits_on_v2), CASE(unified_wins_over_the_members),
      CASE(quotas_are_rounded_up_to_a_per_cent),
      CASE(what_systemd_would_refuse_is_left_to_the_kernel), CASE(limits_on_v1),
      CASE(device_rules_are_the_units_on_v1_only), CASE(annotations_are_properties),
      CASE(seconds_become_microseconds), CASE(bad_annotations_are_refused_with_their_name),
      CASE(cpu_lists_are_bits), CASE(the_scope_is_found_in_a_path))
