/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding hierarchies and controllers, on trees of hosts of each kind (tests/data/cgroup).
 */
#include "fixture.h"

static const struct cgroup_hierarchy *find(const struct cgroup_layout *l, const char *controllers)
{
	for (size_t i = 0; i < l->n; i++)
		if (streq(l->v[i].controllers, controllers))
			return &l->v[i];
	return NULL;
}

static void expect_at(const struct cgroup_layout *l, enum cgroup_ctl c, enum cgroup_place place,
		      const char *mount)
{
	expect_int(l->ctl[c].place, place);
	expect_str(l->v[l->ctl[c].hierarchy].mount, mount);
}

static void expect_absent(const struct cgroup_layout *l, enum cgroup_ctl c, enum cgroup_place place,
			  const char *why, const char *hint)
{
	expect_int(l->ctl[c].place, place);
	expect_str(l->ctl[c].why, why);
	expect(strstr(l->ctl[c].hint, hint));
}

TEST(v1_has_every_controller_on_its_own_mount)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_layout l;

	detect(a, "v1", &l);
	expect_int(l.kind, CGROUP_V1);
	expect_int(l.n, 14);
	expect_at(&l, CTL_MEMORY, PLACE_V1, "/sys/fs/cgroup/memory");
	expect_at(&l, CTL_IO, PLACE_V1, "/sys/fs/cgroup/blkio");
	expect_at(&l, CTL_FREEZER, PLACE_V1, "/sys/fs/cgroup/freezer");
	expect_absent(&l, CTL_MISC, PLACE_UNKNOWN, "this kernel has no misc controller",
		      "CONFIG_CGROUP_MISC");
	expect_str(find(&l, "name=systemd")->mount, "/sys/fs/cgroup/systemd");
}

TEST(controllers_mounted_together_share_one_hierarchy)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_layout l;

	detect(a, "v1-comounted", &l);
	expect_int(l.kind, CGROUP_V1);
	expect_at(&l, CTL_CPU, PLACE_V1, "/sys/fs/cgroup/cpu,cpuacct");
	expect_int(l.ctl[CTL_CPU].hierarchy, l.ctl[CTL_CPUACCT].hierarchy);
	expect_at(&l, CTL_NET_PRIO, PLACE_V1, "/sys/fs/cgroup/net_cls,net_prio");
	expect_str(find(&l, "cpu,cpuacct")->self, "/system.slice/ssh.service");
	expect_str(find(&l, "memory")->self, "/");
}

TEST(hybrid_takes_each_controller_from_where_it_is)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_layout l;

	detect(a, "hybrid", &l);
	expect_int(l.kind, CGROUP_HYBRID);
	expect_at(&l, CTL_MEMORY, PLACE_V1, "/sys/fs/cgroup/memory");
	expect_at(&l, CTL_HUGETLB, PLACE_V2, "/sys/fs/cgroup/unified");
	expect_at(&l, CTL_FREEZER, PLACE_V1, "/sys/fs/cgroup/freezer");
	expect(find(&l, "")->is_v2);

	detect(a, "hybrid-io", &l);
	expect_int(l.kind, CGROUP_HYBRID);
	expect_at(&l, CTL_IO, PLACE_V2, "/sys/fs/cgroup/unified");
	expect_at(&l, CTL_RDMA, PLACE_V2, "/sys/fs/cgroup/unified");
	expect_at(&l, CTL_CPU, PLACE_V1, "/sys/fs/cgroup/cpu");
}

TEST(v2_has_devices_and_freezer_without_a_controller)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_layout l;

	detect(a, "v2-systemd", &l);
	expect_int(l.kind, CGROUP_V2);
	expect_int(l.n, 1);
	expect_at(&l, CTL_MEMORY, PLACE_V2, "/sys/fs/cgroup");
	expect_at(&l, CTL_DEVICES, PLACE_V2, "/sys/fs/cgroup");
	expect_at(&l, CTL_FREEZER, PLACE_V2, "/sys/fs/cgroup");
	expect_absent(&l, CTL_NET_CLS, PLACE_NOT_MOUNTED, "no hierarchy with net_cls is mounted",
		      "mount -t cgroup -o net_cls");
	expect_str(l.v[0].self, "/user.slice/user-0.slice/session-3.scope");
}

TEST(a_disabled_controller_says_by_which_option)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_layout l;

	detect(a, "v1-no-memory", &l);
	expect_absent(&l, CTL_MEMORY, PLACE_DISABLED,
		      "memory disabled when the kernel booted: cgroup_disable=memory on the kernel "
		      "command line",
		      "boot without cgroup_disable=memory");
	detect(a, "v1-no-freezer", &l);
	expect_absent(&l, CTL_FREEZER, PLACE_DISABLED,
		      "v1 freezer disabled: cgroup_no_v1=freezer on the kernel command line",
		      "boot without cgroup_no_v1=freezer");
}

TEST(a_directory_without_a_mount_is_no_hierarchy)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_layout l;

	detect(a, "v1-freezer-unmounted", &l);
	expect_int(l.kind, CGROUP_V1);
	expect(!find(&l, "freezer"));
	expect_absent(&l, CTL_FREEZER, PLACE_NOT_MOUNTED,
		      "the v1 hierarchy of freezer is not mounted here",
		      "mount -t cgroup -o freezer cgroup /sys/fs/cgroup/freezer");
}

TEST(inside_a_container_the_top_is_our_own_cgroup)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_layout l;

	detect(a, "in-container-v1", &l);
	expect_int(l.kind, CGROUP_V1);
	expect_str(find(&l, "memory")->self, "/");
	expect(find(&l, "memory")->is_readonly);

	detect(a, "in-container-v2", &l);
	expect_int(l.kind, CGROUP_V2);
	expect_at(&l, CTL_PIDS, PLACE_V2, "/sys/fs/cgroup");
	expect_absent(&l, CTL_IO, PLACE_NOT_DELEGATED,
		      "io is missing in /sys/fs/cgroup/cgroup.controllers: it was not delegated",
		      "Delegate=io");
	/* Not in /proc/cgroups: newer kernels list there only what v1 has. */
	expect_absent(&l, CTL_MISC, PLACE_NOT_DELEGATED,
		      "misc is missing in /sys/fs/cgroup/cgroup.controllers: it was not delegated, "
		      "or the kernel has none",
		      "Delegate=misc");
}

TEST(no_path_leads_above_the_cgroup_namespace)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_layout l;

	detect(a, "above-namespace", &l);
	expect_int(l.n, 2);
	expect(!find(&l, "memory")->self);
	expect_at(&l, CTL_MEMORY, PLACE_V1, "/sys/fs/cgroup/memory");
}

TEST(hierarchies_are_found_at_any_mount_point)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_layout l;

	detect(a, "odd-places", &l);
	expect_int(l.kind, CGROUP_HYBRID);
	expect_at(&l, CTL_CPU, PLACE_V1, "/dev/cpu ctl");
	expect_at(&l, CTL_MEMORY, PLACE_V1, "/dev/memcg");
	expect_at(&l, CTL_PIDS, PLACE_V2, "/dev/cg2");
	detect(a, "noprefix", &l);
	expect_at(&l, CTL_CPUSET, PLACE_V1, "/dev/cpuset");
}

TEST(a_mount_of_the_whole_hierarchy_is_preferred)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_layout l;

	detect(a, "bound-twice", &l);
	expect_int(l.n, 1);
	expect_at(&l, CTL_MEMORY, PLACE_V1, "/sys/fs/cgroup/memory");
}

TEST(a_host_without_cgroups_is_no_error)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_layout l;

	detect(a, "none", &l);
	expect_int(l.kind, CGROUP_NONE);
	expect_int(l.n, 0);
	expect_absent(&l, CTL_MEMORY, PLACE_NOT_MOUNTED, "no hierarchy with memory is mounted",
		      "mount it");
	detect(a, "no-kernel-support", &l);
	expect_int(l.kind, CGROUP_NONE);
	expect_absent(&l, CTL_PIDS, PLACE_UNKNOWN, "this kernel has no cgroups (no /proc/cgroups)",
		      "CONFIG_CGROUP_PIDS");
}

static enum cgroup_place absent(const char *cmdline, const char *table, char **ret_why)
{
	struct ctl_facts facts;
	auto_free char *hint = NULL;

	snprintf(facts.cmdline, sizeof(facts.cmdline), "%s", cmdline);
	snprintf(facts.table, sizeof(facts.table), "%s", table);
	return ctl_absent(&facts, CTL_FREEZER, ret_why, &hint);
}

TEST(the_kernel_command_line_is_read_by_words)
{
	static const char table[] = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
				    "freezer\t0\t1\t1\n";
	static const struct {
		const char *cmdline;
		enum cgroup_place place;
		const char *why;
	} t[] = {
		{ "cgroup_no_v1=all quiet", PLACE_DISABLED, "cgroup_no_v1=all on" },
		{ "a cgroup_no_v1=cpu,freezer", PLACE_DISABLED, "cgroup_no_v1=freezer on" },
		{ "cgroup_no_v1=cpu cgroup_no_v1=freezer", PLACE_DISABLED, "=freezer on" },
		{ "cgroup_no_v1=freezers", PLACE_NOT_MOUNTED, "no hierarchy with freezer" },
		{ "xcgroup_no_v1=freezer", PLACE_NOT_MOUNTED, "no hierarchy with freezer" },
		{ "", PLACE_NOT_MOUNTED, "no hierarchy with freezer" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		auto_free char *why = NULL;

		expect_int(absent(t[i].cmdline, table, &why), t[i].place);
		expect(strstr(why, t[i].why));
	}
}

TEST(words_are_found_whole_in_lists)
{
	expect(ctl_list_has("cpu,cpuacct", ',', "cpu"));
	expect(ctl_list_has("cpu,cpuacct", ',', "cpuacct"));
	expect(!ctl_list_has("cpuset,cpuacct", ',', "cpu"));
	expect(!ctl_list_has("", ',', "cpu"));
	expect(ctl_list_has("", ',', ""));
}

TESTS(CASE(v1_has_every_controller_on_its_own_mount),
      CASE(controllers_mounted_together_share_one_hierarchy),
      CASE(hybrid_takes_each_controller_from_where_it_is),
      CASE(v2_has_devices_and_freezer_without_a_controller),
      CASE(a_disabled_controller_says_by_which_option),
      CASE(a_directory_without_a_mount_is_no_hierarchy),
      CASE(inside_a_container_the_top_is_our_own_cgroup),
      CASE(no_path_leads_above_the_cgroup_namespace),
      CASE(hierarchies_are_found_at_any_mount_point),
      CASE(a_mount_of_the_whole_hierarchy_is_preferred), CASE(a_host_without_cgroups_is_no_error),
      CASE(the_kernel_command_line_is_read_by_words), CASE(words_are_found_whole_in_lists))
