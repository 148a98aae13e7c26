/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing a living cgroup: how a write is taken back, what a devices.list says.
 */
#include "fixture.h"

#include "cgroup/devices.h"
#include "cgroup/update.h"

static void expect_before(const char *file, const char *written, const char *text, const char *want)
{
	auto_free char *got = update_value_before(file, written, text);

	if (!want) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	expect_str(got, want);
}

TEST(a_file_of_one_value_gets_that_back)
{
	expect_before("pids.max", "5", "max\n", "max");
	expect_before("memory.limit_in_bytes", "5", "9223372036854771712\n", "9223372036854771712");
	expect_before("cpuset.cpus", "0", "0-3,7\n", "0-3,7");
	expect_before("cpuset.cpus", "0", "\n", "");
}

TEST(cpu_max_has_two_values_in_one_line)
{
	expect_before("cpu.max", "5000", "max 100000\n", "max 100000");
	expect_before("cpu.max", "5000 20000", "7000 50000\n", "7000 50000");
}

TEST(a_line_of_a_device_gets_that_line_back)
{
	static const char text[] = "8:0 rbps=1 wbps=max riops=max wiops=max\n"
				   "8:16 rbps=2 wbps=max riops=max wiops=max\n";

	expect_before("io.max", "8:16 rbps=9", text, "8:16 rbps=2 wbps=max riops=max wiops=max");
	expect_before("io.max", "8:1 rbps=9", text, "8:1 rbps=max wbps=max riops=max wiops=max");
	expect_before("blkio.throttle.read_bps_device", "8:0 9", "8:16 5\n", "8:0 0");
	expect_before("rdma.max", "mlx hca_handle=9", "mlx hca_handle=3 hca_object=max\n",
		      "mlx hca_handle=3 hca_object=max");
	expect_before("net_prio.ifpriomap", "eth0 5", "lo 0\neth0 0\n", "eth0 0");
}

TEST(a_weight_has_a_default)
{
	expect_before("io.weight", "200", "default 100\n8:0 50\n", "default 100");
	expect_before("io.weight", "8:0 200", "default 100\n8:0 50\n", "8:0 50");
	expect_before("io.weight", "8:1 200", "default 100\n8:0 50\n", "8:1 default");
}

TEST(oom_control_says_more_than_it_takes)
{
	expect_before("memory.oom_control", "1", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
		      "0");
}

TEST(what_nobody_knows_is_not_guessed)
{
	expect_before("io.latency", "8:0 target=5", "", NULL);
}

TEST(a_devices_list_is_read)
{
	auto_arena struct arena *a = arena_new();
	struct device_policy p;

	device_policy_parse(a, "c 1:3 rwm\nb *:* m\nc 136:* rw\nnonsense\n", &p);
	expect(!p.allow);
	expect_int(p.n, 3);
	expect(p.v[0].type == 'c' && p.v[0].major == 1 && p.v[0].minor == 3);
	expect_int(p.v[0].access, DEVICE_ALL);
	expect(p.v[1].type == 'b' && p.v[1].major == DEVICE_ANY && p.v[1].minor == DEVICE_ANY);
	expect_int(p.v[1].access, DEVICE_MKNOD);
	expect(p.v[2].major == 136 && p.v[2].minor == DEVICE_ANY);
	expect_int(p.v[2].access, DEVICE_READ | DEVICE_WRITE);
}

TEST(a_devices_list_that_allows_all)
{
	auto_arena struct arena *a = arena_new();
	struct device_policy p;

	device_policy_parse(a, "a *:* rwm\n", &p);
	expect(p.allow);
	device_policy_parse(a, "", &p);
	expect(!p.allow);
	expect_int(p.n, 0);
}

TEST(a_list_that_cannot_be_read_is_written_anew)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device_rule rules[] = { { .allow = false, .type = 'a' } };
	struct spec_resources r = { .devices = rules, .n_devices = 1 };
	struct cgroup_dir dir = { (char *)"devices", (char *)"/nonexistent/devices/old",
				  (char *)"/nonexistent/devices" };
	struct cgroup_paths paths = { (char *)"/old", 1, &dir };
	struct cgroup_layout layout;
	struct cgroup_plan plan;

	detect(a, "v1", &layout);
	expect_ok(cgroup_plan_update(a, &r, &layout, &paths, false, &plan));
	expect_str(plan.writes[0].file, "devices.deny");
	expect_str(plan.writes[0].value, "a");
}

TESTS(CASE(a_file_of_one_value_gets_that_back), CASE(cpu_max_has_two_values_in_one_line),
      CASE(a_line_of_a_device_gets_that_line_back), CASE(a_weight_has_a_default),
      CASE(oom_control_says_more_than_it_takes), CASE(what_nobody_knows_is_not_guessed),
      CASE(a_devices_list_is_read), CASE(a_devices_list_that_allows_all),
      CASE(a_list_that_cannot_be_read_is_written_anew))
