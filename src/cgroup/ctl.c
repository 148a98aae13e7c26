/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The controllers' names, and the reasons why a host does not have one.
 */
#include "cgroup/ctl.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"

const struct ctl_info ctl_info[CTL_COUNT] = {
	[CTL_CPU] = { "cpu", "cpu", "CONFIG_CGROUP_SCHED" },
	[CTL_CPUACCT] = { "cpuacct", "", "CONFIG_CGROUP_CPUACCT" },
	[CTL_CPUSET] = { "cpuset", "cpuset", "CONFIG_CPUSETS" },
	[CTL_MEMORY] = { "memory", "memory", "CONFIG_MEMCG" },
	[CTL_IO] = { "blkio", "io", "CONFIG_BLK_CGROUP" },
	[CTL_PIDS] = { "pids", "pids", "CONFIG_CGROUP_PIDS" },
	[CTL_DEVICES] = { "devices", "", "CONFIG_CGROUP_DEVICE" },
	[CTL_FREEZER] = { "freezer", "", "CONFIG_CGROUP_FREEZER" },
	[CTL_HUGETLB] = { "hugetlb", "hugetlb", "CONFIG_CGROUP_HUGETLB" },
	[CTL_NET_CLS] = { "net_cls", NULL, "CONFIG_CGROUP_NET_CLASSID" },
	[CTL_NET_PRIO] = { "net_prio", NULL, "CONFIG_CGROUP_NET_PRIO" },
	[CTL_PERF_EVENT] = { "perf_event", "", "CONFIG_CGROUP_PERF" },
	[CTL_RDMA] = { "rdma", "rdma", "CONFIG_CGROUP_RDMA" },
	[CTL_MISC] = { "misc", "misc", "CONFIG_CGROUP_MISC" },
};

bool ctl_list_has(const char *list, char sep, const char *word)
{
	size_t n = strlen(word);

	for (;;) {
		const char *end = strchr(list, sep);
		size_t len = end ? (size_t)(end - list) : strlen(list);

		if (len == n && memcmp(list, word, n) == 0)
			return true;
		if (!end)
			return false;
		list = end + 1;
	}
}

enum cgroup_ctl ctl_find(const char *name, size_t len, bool is_v2)
{
	enum cgroup_ctl c;

	for (c = 0; c < CTL_COUNT; c++) {
		const char *s = is_v2 ? ctl_info[c].v2 : ctl_info[c].v1;

		if (s && strlen(s) == len && memcmp(s, name, len) == 0)
			break;
	}
	return c;
}

/* A small file below ROOT; empty when it cannot be read. */
static void read_below(const char *root, const char *path, char *buf, size_t size)
{
	auto_free char *full = str_format("%s%s", root, path);

	if (file_read_line(full, buf, size) < 0)
		buf[0] = '\0';
}

/* NAME, or "all", when the value of KEY on the kernel command line lists it; else NULL. */
static const char *cmdline_lists(const char *cmdline, const char *key, const char *name)
{
	const char *s = cmdline;
	size_t n = strlen(key);

	while ((s = strstr(s, key))) {
		size_t len = strcspn(s + n, " \n");
		auto_free char *value = str_dup_n(s + n, len);

		if (s == cmdline || s[-1] == ' ') {
			if (ctl_list_has(value, ',', name))
				return name;
			if (ctl_list_has(value, ',', "all"))
				return "all";
		}
		s += n + len;
	}
	return NULL;
}

/* The row of NAME in /proc/cgroups: "name  hierarchy  number  enabled". */
static bool find_row(const char *table, const char *name, unsigned *ret_hierarchy,
		     unsigned *ret_enabled)
{
	size_t n = strlen(name);
	unsigned number;

	while (table) {
		if (strncmp(table, name, n) == 0 && table[n] == '\t')
			return sscanf(table + n, "%u %u %u", ret_hierarchy, &number, ret_enabled) ==
			       3;
		table = strchr(table, '\n');
		table += table ? 1 : 0;
	}
	return false;
}

static char *mount_hint(const char *name)
{
	return str_format("mount it: mkdir -p /sys/fs/cgroup/%s && "
			  "mount -t cgroup -o %s cgroup /sys/fs/cgroup/%s",
			  name, name, name);
}

void ctl_facts_read(const char *root, struct ctl_facts *ret)
{
	read_below(root, "/proc/cgroups", ret->table, sizeof(ret->table));
	read_below(root, "/proc/cmdline", ret->cmdline, sizeof(ret->cmdline));
}

enum cgroup_place ctl_absent(const struct ctl_facts *facts, enum cgroup_ctl c, char **ret_why,
			     char **ret_hint)
{
	const struct ctl_info *info = &ctl_info[c];
	const char *name = info->v1;
	const char *option;
	unsigned hierarchy = 0;
	unsigned enabled = 0;

	option = cmdline_lists(facts->cmdline, "cgroup_no_v1=", name);
	if (option) {
		*ret_why = str_format("v1 %s disabled: cgroup_no_v1=%s on the kernel command line",
				      name, option);
		*ret_hint = str_format("boot without cgroup_no_v1=%s, or mount cgroup v2", option);
		return PLACE_DISABLED;
	}
	if (!find_row(facts->table, name, &hierarchy, &enabled)) {
		*ret_why = facts->table[0]
				   ? str_format("this kernel has no %s controller", name)
				   : str_dup("this kernel has no cgroups (no /proc/cgroups)");
		*ret_hint = str_format("use a kernel with %s", info->config);
		return PLACE_UNKNOWN;
	}
	if (!enabled) {
		*ret_why =
			str_format("%s disabled when the kernel booted: cgroup_disable=%s on the "
				   "kernel command line",
				   name, name);
		*ret_hint = str_format("boot without cgroup_disable=%s (some boards need "
				       "cgroup_enable=%s)",
				       name, name);
		return PLACE_DISABLED;
	}
	*ret_why = hierarchy ? str_format("the v1 hierarchy of %s is not mounted here", name)
			     : str_format("no hierarchy with %s is mounted", name);
	*ret_hint = mount_hint(name);
	return PLACE_NOT_MOUNTED;
}
