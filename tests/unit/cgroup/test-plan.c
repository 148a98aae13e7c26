/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From linux.resources to rows, on hosts of each kind.
 */
#include "fixture.h"

#include "base/log.h"

#define SET(n)          \
	{               \
		true, n \
	}

static struct err *plan_path(struct arena *a, const char *host, const char *path,
			     struct cgroup_plan *ret)
{
	struct spec_linux linux_ = { .cgroups_path = (char *)path };
	struct spec spec = { .linux_ = &linux_ };
	struct cgroup_plan_opts opts = { .id = "web" };
	struct cgroup_layout layout;

	detect(a, host, &layout);
	return cgroup_plan_make(a, &spec, &layout, &opts, ret);
}

TEST(the_default_path_is_the_id)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_plan plan;

	expect_ok(plan_path(a, "hybrid", NULL, &plan));
	expect_str(plan.paths.path, "/web");
	expect_int(plan.paths.n, 14);
	expect_str(plan.paths.v[0].path, "/sys/fs/cgroup/systemd/web");
	expect_str(plan.paths.v[13].path, "/sys/fs/cgroup/unified/web");
	expect_str(plan.paths.v[13].controllers, "");
	expect_ok(plan_path(a, "hybrid", "", &plan));
	expect_str(plan.paths.path, "/web");
}

TEST(cgroups_path_is_taken_from_the_top)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_plan plan;

	expect_ok(plan_path(a, "v2-systemd", "a//b/./c/", &plan));
	expect_str(plan.paths.path, "/a/b/c");
	expect_int(plan.paths.n, 1);
	expect_str(plan.paths.v[0].path, "/sys/fs/cgroup/a/b/c");
	expect_ok(plan_path(a, "v2-systemd", "/a", &plan));
	expect_str(plan.paths.path, "/a");
}

TEST(cgroups_paths_that_lead_elsewhere_are_refused)
{
	static const char *const bad[] = { "/../x", "a/../../x", "..", "/", "/.", "a\nb" };
	auto_arena struct arena *a = arena_new();
	char long_path[6000];
	struct cgroup_plan plan;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_err(plan_path(a, "v1", bad[i], &plan), ERR_INVALID, "linux.cgroupsPath: ");
	memset(long_path, 'x', sizeof(long_path));
	long_path[256] = '\0';
	expect_err(plan_path(a, "v1", long_path, &plan), ERR_INVALID, "longer than 255 bytes");
	for (size_t i = 0; i < sizeof(long_path); i++)
		long_path[i] = i % 100 ? 'x' : '/';
	long_path[5000] = '\0';
	expect_err(plan_path(a, "v1", long_path, &plan), ERR_INVALID, "is longer than");
}

static char last_log[512];

static void keep_log(void *arg UNUSED, enum log_level level UNUSED, const char *msg)
{
	snprintf(last_log, sizeof(last_log), "%s", msg);
}

TEST(disabled_means_no_cgroup_and_a_warning_for_limits)
{
	auto_arena struct arena *a = arena_new();
	struct spec_pids pids = { SET(10) };
	struct spec_resources r = { .pids = &pids };
	struct spec_linux linux_ = { .resources = &r };
	struct spec spec = { .linux_ = &linux_ };
	struct cgroup_plan_opts opts = { .id = "web", .manager = CGROUP_MANAGER_DISABLED };
	struct cgroup_layout layout;
	struct cgroup_plan plan;

	detect(a, "v1", &layout);
	last_log[0] = '\0';
	log_set_sink(keep_log, NULL, LOG_LEVEL_WARNING);
	expect_ok(cgroup_plan_make(a, &spec, &layout, &opts, &plan));
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
	expect(!plan.paths.path);
	expect_int(plan.paths.n, 0);
	expect_int(plan.n_writes, 0);
	expect(strstr(last_log, "linux.resources.pids is ignored"));
}

TEST(a_host_without_cgroups_runs_what_asks_for_none)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device_rule deny = { .access = (char *)"rwm" };
	struct spec_pids pids = { SET(10) };
	struct spec_resources r = { .n_devices = 1, .devices = &deny };
	struct cgroup_plan plan;

	last_log[0] = '\0';
	log_set_sink(keep_log, NULL, LOG_LEVEL_WARNING);
	expect_ok(plan_on(a, "none", &r, &plan));
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
	expect(!plan.paths.path);
	expect(strstr(last_log, "device rules are not enforced"));
	r.pids = &pids;
	expect_err(plan_on(a, "none", &r, &plan), ERR_UNSUPPORTED,
		   "linux.resources.pids.limit: the pids controller is not available: no hierarchy "
		   "with pids is mounted");
}

TEST(a_missing_controller_is_named_with_reason_and_way_out)
{
	auto_arena struct arena *a = arena_new();
	struct spec_memory memory = { .limit = SET(1 << 20) };
	struct spec_resources r = { .memory = &memory };
	struct cgroup_plan plan;
	struct err *e = plan_on(a, "v1-no-memory", &r, &plan);

	expect_str(err_text(e), "linux.resources.memory.limit: the memory controller is not "
				"available: memory disabled when the kernel booted: "
				"cgroup_disable=memory on the kernel command line");
	expect_str(err_get_hint(e), "boot without cgroup_disable=memory (some boards need "
				    "cgroup_enable=memory)");
	err_free(e);
}

/* row: CL-47, CL-48, CL-49, CL-50 */
TEST(memory_on_v1)
{
	auto_arena struct arena *a = arena_new();
	struct spec_memory memory = {
		.limit = SET(1000),
		.swap = SET(3000),
		.reservation = SET(500),
		.kernel = SET(400),
		.kernel_tcp = SET(300),
		.swappiness = SET(60),
		.disable_oom_killer = SET(true),
		.use_hierarchy = SET(false),
	};
	struct spec_resources r = { .memory = &memory };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "v1", &r, &plan));
	expect_rows(&plan, "/memory/web/memory.limit_in_bytes=1000\n"
			   "/memory/web/memory.memsw.limit_in_bytes=3000\n"
			   "/memory/web/memory.soft_limit_in_bytes=500\n"
			   "/memory/web/memory.kmem.limit_in_bytes=400\n"
			   "/memory/web/memory.kmem.tcp.limit_in_bytes=300\n"
			   "/memory/web/memory.swappiness=60\n"
			   "/memory/web/memory.oom_control=1\n");
	expect(plan.writes[0].is_pair);
	memory.swap.value = 999;
	expect_err(plan_on(a, "v1", &r, &plan), ERR_INVALID, "memory.swap: is below memory.limit");
}

/* row: CL-46, CL-47, CL-69 */
TEST(memory_on_v2)
{
	auto_arena struct arena *a = arena_new();
	struct spec_memory memory = {
		.limit = SET(1000),
		.swap = SET(3000),
		.reservation = SET(-1),
		.disable_oom_killer = SET(false),
	};
	struct spec_resources r = { .memory = &memory };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "v2-systemd", &r, &plan));
	expect_rows(&plan,
		    "/web/memory.max=1000\n/web/memory.swap.max=2000\n/web/memory.low=max\n");
	memory.limit.set = false;
	expect_err(plan_on(a, "v2-systemd", &r, &plan), ERR_INVALID,
		   "cannot set swap limit without the memory limit");
	memory = (struct spec_memory){ .limit = SET(-1), .swap = SET(-1) };
	expect_ok(plan_on(a, "v2-systemd", &r, &plan));
	expect_rows(&plan, "/web/memory.max=max\n/web/memory.swap.max=max\n");
}

/* row: CL-48, CL-50, CL-51, CL-69 */
TEST(what_memory_on_v2_cannot_do_is_refused)
{
	static const struct {
		struct spec_memory memory;
		const char *want;
	} rows[] = {
		{ { .swappiness = SET(10) },
		  "memory.swappiness: cannot set memory swappiness with cgroupv2" },
		{ { .disable_oom_killer = SET(true) },
		  "memory.disableOOMKiller: cannot set disableOOMKiller with cgroupv2" },
		{ { .kernel = SET(5) }, "memory.kernel: cannot set kernel memory with cgroupv2" },
		{ { .kernel_tcp = SET(5) },
		  "memory.kernelTCP: cannot set kernel TCP memory with cgroupv2" },
		{ { .use_hierarchy = SET(true) },
		  "memory.useHierarchy: cannot set useHierarchy with cgroupv2" },
	};
	auto_arena struct arena *a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct spec_memory memory = rows[i].memory;
		struct spec_resources r = { .memory = &memory };
		struct cgroup_plan plan;

		expect_err(plan_on(a, "v2-systemd", &r, &plan), ERR_UNSUPPORTED, rows[i].want);
	}
}

/* row: CL-54, CL-55 */
TEST(cpu_on_v1)
{
	auto_arena struct arena *a = arena_new();
	struct spec_cpu cpu = {
		.shares = SET(512),
		.quota = SET(50000),
		.period = SET(100000),
		.burst = SET(1000),
		.realtime_period = SET(1000000),
		.realtime_runtime = SET(950000),
		.cpus = (char *)"0-1",
		.mems = (char *)"0",
	};
	struct spec_resources r = { .cpu = &cpu };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "v1-comounted", &r, &plan));
	expect_rows(&plan, "/cpu,cpuacct/web/cpu.shares=512\n"
			   "/cpu,cpuacct/web/cpu.cfs_period_us=100000\n"
			   "/cpu,cpuacct/web/cpu.cfs_quota_us=50000\n"
			   "/cpu,cpuacct/web/cpu.cfs_burst_us=1000\n"
			   "/cpu,cpuacct/web/cpu.rt_period_us=1000000\n"
			   "/cpu,cpuacct/web/cpu.rt_runtime_us=950000\n"
			   "/cpuset/web/cpuset.cpus=0-1\n"
			   "/cpuset/web/cpuset.mems=0\n");
	expect(plan.writes[1].is_pair && plan.writes[4].is_pair);
}

static void expect_cpu_v2(struct spec_cpu *cpu, const char *want)
{
	auto_arena struct arena *a = arena_new();
	struct spec_resources r = { .cpu = cpu };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "v2-systemd", &r, &plan));
	expect_rows(&plan, want);
}

/* row: CL-53, CL-54, CL-56, CL-57, CL-69 */
TEST(cpu_on_v2)
{
	expect_cpu_v2(&(struct spec_cpu){ .shares = SET(1024) }, "/web/cpu.weight=100\n");
	expect_cpu_v2(&(struct spec_cpu){ .shares = SET(0), .quota = SET(0), .period = SET(0) },
		      "");
	expect_cpu_v2(&(struct spec_cpu){ .quota = SET(50000), .period = SET(200000) },
		      "/web/cpu.max=50000 200000\n");
	expect_cpu_v2(&(struct spec_cpu){ .quota = SET(50000) }, "/web/cpu.max=50000\n");
	expect_cpu_v2(&(struct spec_cpu){ .quota = SET(-1) }, "/web/cpu.max=max\n");
	expect_cpu_v2(&(struct spec_cpu){ .quota = SET(-1), .period = SET(5000) },
		      "/web/cpu.max=max 5000\n");
	expect_cpu_v2(&(struct spec_cpu){ .period = SET(5000) }, "/web/cpu.max=max 5000\n");
	expect_cpu_v2(&(struct spec_cpu){ .quota = SET(50000), .burst = SET(1000) },
		      "/web/cpu.max=50000\n/web/cpu.max.burst=1000\n");
	expect_cpu_v2(&(struct spec_cpu){ .cpus = (char *)"0-1", .mems = (char *)"0" },
		      "/web/cpuset.cpus=0-1\n/web/cpuset.mems=0\n");
	expect_cpu_v2(&(struct spec_cpu){ .idle = SET(1), .shares = SET(10) }, "/web/cpu.idle=1\n");
	expect_cpu_v2(&(struct spec_cpu){ .idle = SET(0), .shares = SET(2) },
		      "/web/cpu.idle=0\n/web/cpu.weight=1\n");
}

/* row: CL-64 */
TEST(pids_zero_is_not_a_limit)
{
	auto_arena struct arena *a = arena_new();
	struct spec_pids pids = { SET(0) };
	struct spec_resources r = { .pids = &pids };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "v1", &r, &plan));
	expect_rows(&plan, "");
	pids.limit.value = -1;
	expect_ok(plan_on(a, "v1", &r, &plan));
	expect_rows(&plan, "/pids/web/pids.max=max\n");
	pids.limit.value = 7;
	expect_ok(plan_on(a, "in-container-v2", &r, &plan));
	expect_rows(&plan, "/web/pids.max=7\n");
}

/* row: CL-58, CL-59, CL-60, CL-69 */
TEST(block_io_on_v1_and_v2)
{
	auto_arena struct arena *a = arena_new();
	struct spec_weight_device weights[] = { { 8, 0, SET(500), SET(300) } };
	struct spec_throttle_device rate[] = { { 8, 16, 1048576 } };
	struct spec_throttle_device off[] = { { 8, 16, 0 } };
	struct spec_block_io b = {
		.weight = SET(500),
		.n_weight_devices = 1,
		.weight_devices = weights,
		.read_bps = { 1, rate },
		.write_iops = { 1, off },
	};
	struct spec_resources r = { .block_io = &b };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "v1", &r, &plan));
	expect_rows(&plan, "/blkio/web/blkio.weight=500\n"
			   "/blkio/web/blkio.weight_device=8:0 500\n"
			   "/blkio/web/blkio.leaf_weight_device=8:0 300\n"
			   "/blkio/web/blkio.throttle.read_bps_device=8:16 1048576\n"
			   "/blkio/web/blkio.throttle.write_iops_device=8:16 0\n");
	expect_str(plan.writes[0].alt_file, "blkio.bfq.weight");
	expect_str(plan.writes[1].alt_file, "blkio.bfq.weight_device");
	expect_ok(plan_on(a, "hybrid-io", &r, &plan));
	expect_rows(&plan, "/unified/web/io.bfq.weight=500\n"
			   "/unified/web/io.bfq.weight=8:0 500\n"
			   "/unified/web/io.max=8:16 rbps=1048576\n"
			   "/unified/web/io.max=8:16 wiops=max\n");
	expect_str(plan.writes[0].alt_file, "io.weight");
	expect_str(plan.writes[0].alt_value, "4950");
	expect_str(plan.writes[1].alt_value, "8:0 4950");
	b = (struct spec_block_io){ .leaf_weight = SET(300) };
	expect_ok(plan_on(a, "v1", &r, &plan));
	expect_rows(&plan, "/blkio/web/blkio.leaf_weight=300\n");
	expect_err(plan_on(a, "hybrid-io", &r, &plan), ERR_UNSUPPORTED,
		   "blockIO.leafWeight: cannot set leaf_weight with cgroupv2");
	weights[0].weight.set = false;
	b = (struct spec_block_io){ .n_weight_devices = 1, .weight_devices = weights };
	expect_err(plan_on(a, "hybrid-io", &r, &plan), ERR_UNSUPPORTED,
		   "blockIO.weightDevice[0].leafWeight: cannot set leaf_weight with cgroupv2");
}

/* row: CL-61, CL-62 */
TEST(huge_pages_where_the_controller_is)
{
	auto_arena struct arena *a = arena_new();
	struct spec_hugepage_limit h = { (char *)"2MB", 4194304 };
	struct spec_resources r = { .n_hugepage_limits = 1, .hugepage_limits = &h };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "v1", &r, &plan));
	expect_rows(&plan, "/hugetlb/web/hugetlb.2MB.limit_in_bytes=4194304\n"
			   "/hugetlb/web/hugetlb.2MB.rsvd.limit_in_bytes=4194304\n");
	expect(plan.writes[1].is_optional && !plan.writes[0].is_optional);
	expect_ok(plan_on(a, "hybrid", &r, &plan));
	expect_rows(&plan, "/unified/web/hugetlb.2MB.max=4194304\n"
			   "/unified/web/hugetlb.2MB.rsvd.max=4194304\n");
	h.page_size = (char *)"../../x";
	expect_err(plan_on(a, "v1", &r, &plan), ERR_INVALID,
		   "linux.resources.hugepageLimits[0].pageSize: `../../x`");
}

/* row: CL-63, CL-69 */
TEST(network_needs_v1)
{
	auto_arena struct arena *a = arena_new();
	struct spec_net_priority prio = { (char *)"eth0", 5 };
	struct spec_network n = { .class_id = SET(1048577),
				  .n_priorities = 1,
				  .priorities = &prio };
	struct spec_resources r = { .network = &n };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "v1-comounted", &r, &plan));
	expect_rows(&plan, "/net_cls,net_prio/web/net_cls.classid=1048577\n"
			   "/net_cls,net_prio/web/net_prio.ifpriomap=eth0 5\n");
	expect_err(plan_on(a, "v2-systemd", &r, &plan), ERR_UNSUPPORTED,
		   "linux.resources.network.classID: network limits not supported on cgroupv2");
}

/* row: CL-65 */
TEST(rdma_is_not_ignored)
{
	auto_arena struct arena *a = arena_new();
	struct spec_rdma d = { (char *)"mlx5_1", SET(3), SET(10000) };
	struct spec_resources r = { .n_rdma = 1, .rdma = &d };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "v2-systemd", &r, &plan));
	expect_rows(&plan, "/web/rdma.max=mlx5_1 hca_handle=3 hca_object=10000\n");
	d.hca_handles.set = false;
	expect_ok(plan_on(a, "v1", &r, &plan));
	expect_rows(&plan, "/rdma/web/rdma.max=mlx5_1 hca_object=10000\n");
}

static struct err *plan_unified(struct arena *a, const char *host, const char *key,
				const char *value, struct cgroup_plan *ret)
{
	struct spec_pair pair = { (char *)key, (char *)value };
	struct spec_resources r = { .unified = { true, 1, &pair } };

	return plan_on(a, host, &r, ret);
}

TEST(unified_writes_each_line)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_plan plan;

	expect_ok(plan_unified(a, "v2-systemd", "io.max", "8:0 rbps=1\n8:16 wbps=2\n", &plan));
	expect_rows(&plan, "/web/io.max=8:0 rbps=1\n/web/io.max=8:16 wbps=2\n");
	expect_str(plan.writes[0].what, "linux.resources.unified.io.max");
	expect_ok(plan_unified(a, "v2-systemd", "memory.high", "", &plan));
	expect_rows(&plan, "");
	expect_ok(plan_unified(a, "v2-systemd", "cgroup.max.depth", "3", &plan));
	expect_rows(&plan, "/web/cgroup.max.depth=3\n");
}

/* row: CL-68 */
TEST(unified_keys_are_checked)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_plan plan;

	expect_err(plan_unified(a, "v2-systemd", "../x.y", "1", &plan), ERR_INVALID, "`/`");
	expect_err(plan_unified(a, "v2-systemd", "memory", "1", &plan), ERR_INVALID,
		   "no file name");
	expect_err(plan_unified(a, "v2-systemd", "cgroup.freeze", "1", &plan), ERR_INVALID,
		   "is not a limit");
	expect_err(plan_unified(a, "v2-systemd", "wifi.max", "1", &plan), ERR_UNSUPPORTED,
		   "controller `wifi` is not available under /sys/fs/cgroup");
	expect_err(plan_unified(a, "in-container-v2", "io.max", "1", &plan), ERR_UNSUPPORTED,
		   "controller `io` is not available under /sys/fs/cgroup");
	expect_err(plan_unified(a, "hybrid", "memory.max", "1", &plan), ERR_UNSUPPORTED,
		   "controller `memory` is not available under /sys/fs/cgroup/unified");
	expect_ok(plan_unified(a, "hybrid", "hugetlb.2MB.max", "0", &plan));
	expect_err(plan_unified(a, "v1", "memory.max", "1", &plan), ERR_UNSUPPORTED,
		   "cannot set unified without cgroup v2");
}

TEST(rootless_may_fail_when_nothing_is_asked)
{
	auto_arena struct arena *a = arena_new();
	struct spec_pids pids = { SET(5) };
	struct spec_resources r = { 0 };
	struct spec_linux linux_ = { .resources = &r };
	struct spec spec = { .linux_ = &linux_ };
	struct cgroup_plan_opts opts = { .id = "web", .is_rootless = true };
	struct cgroup_layout layout;
	struct cgroup_plan plan;

	detect(a, "v2-systemd", &layout);
	expect_ok(cgroup_plan_make(a, &spec, &layout, &opts, &plan));
	expect(plan.may_fail);
	linux_.cgroups_path = (char *)"/box";
	expect_ok(cgroup_plan_make(a, &spec, &layout, &opts, &plan));
	expect(!plan.may_fail);
	linux_.cgroups_path = NULL;
	/* A limit has to be kept, but for what an engine in a user namespace asks for on v1. */
	r.pids = &pids;
	expect_ok(cgroup_plan_make(a, &spec, &layout, &opts, &plan));
	expect(!plan.may_fail);
	opts.is_in_userns = true;
	expect_ok(cgroup_plan_make(a, &spec, &layout, &opts, &plan));
	expect(!plan.may_fail);
	detect(a, "v1", &layout);
	expect_ok(cgroup_plan_make(a, &spec, &layout, &opts, &plan));
	expect(plan.may_fail);
	linux_.cgroups_path = (char *)"/box";
	expect_ok(cgroup_plan_make(a, &spec, &layout, &opts, &plan));
	expect(!plan.may_fail);
	/* On v1 nothing can be delegated, so a path is no demand. */
	r.pids = NULL;
	expect_ok(cgroup_plan_make(a, &spec, &layout, &opts, &plan));
	expect(plan.may_fail);
	/* Root in a container whose cgroups are read-only. */
	detect(a, "in-container-v1", &layout);
	linux_.cgroups_path = NULL;
	opts.is_rootless = false;
	expect_ok(cgroup_plan_make(a, &spec, &layout, &opts, &plan));
	expect(plan.may_fail);
}

TEST(an_update_uses_the_recorded_directories)
{
	auto_arena struct arena *a = arena_new();
	struct spec_memory memory = { .limit = SET(-1) };
	struct spec_resources r = { .memory = &memory };
	struct cgroup_dir dir = { (char *)"memory", (char *)"/sys/fs/cgroup/memory/old",
				  (char *)"/sys/fs/cgroup/memory" };
	struct cgroup_paths paths = { (char *)"/old", 1, &dir };
	struct cgroup_layout layout;
	struct cgroup_plan plan;

	detect(a, "v1", &layout);
	expect_ok(cgroup_plan_update(a, &r, &layout, &paths, false, &plan));
	/* No limit on memory means none on memory and swap, which goes first. */
	expect_rows(&plan, "/memory/old/memory.memsw.limit_in_bytes=-1\n"
			   "/memory/old/memory.limit_in_bytes=-1\n");
	paths = (struct cgroup_paths){ 0 };
	expect_err(cgroup_plan_update(a, &r, &layout, &paths, false, &plan), ERR_STATE,
		   "the container has no cgroup");
}

TEST(a_plan_can_be_printed)
{
	auto_arena struct arena *a = arena_new();
	auto_str struct str out = { 0 };
	struct spec_pids pids = { SET(5) };
	struct spec_resources r = { .pids = &pids };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "in-container-v2", &r, &plan));
	cgroup_plan_print(&plan, &out);
	expect_str(out.s, "cgroup: manager cgroupfs, layout v2, path /web\n"
			  "  directory /sys/fs/cgroup/web\n"
			  "  write /sys/fs/cgroup/web/pids.max = 5 (linux.resources.pids.limit)\n");
}

TESTS(CASE(the_default_path_is_the_id), CASE(cgroups_path_is_taken_from_the_top),
      CASE(cgroups_paths_that_lead_elsewhere_are_refused),
      CASE(disabled_means_no_cgroup_and_a_warning_for_limits),
      CASE(a_host_without_cgroups_runs_what_asks_for_none),
      CASE(a_missing_controller_is_named_with_reason_and_way_out), CASE(memory_on_v1),
      CASE(memory_on_v2), CASE(what_memory_on_v2_cannot_do_is_refused), CASE(cpu_on_v1),
      CASE(cpu_on_v2), CASE(pids_zero_is_not_a_limit), CASE(block_io_on_v1_and_v2),
      CASE(huge_pages_where_the_controller_is), CASE(network_needs_v1), CASE(rdma_is_not_ignored),
      CASE(unified_writes_each_line), CASE(unified_keys_are_checked),
      CASE(rootless_may_fail_when_nothing_is_asked), CASE(an_update_uses_the_recorded_directories),
      CASE(a_plan_can_be_printed))
