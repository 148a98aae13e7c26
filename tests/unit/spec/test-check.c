/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that span members, and what a container needs to run.
 */
#include "spec-test.h"

TEST(any_version_1_is_accepted)
{
	expect_ok(read_config("{'ociVersion': '1.0.0'}"));
	expect_ok(read_config("{'ociVersion': '1.0.0-rc5'}"));
	expect_ok(read_config("{'ociVersion': '1.3.0-dev'}"));
	expect_ok(read_config("{'ociVersion': '1.2.0+dev'}"));
	expect_ok(read_config("{'ociVersion': '1.99.1234-a.b-c+d.e'}"));
}

TEST(what_is_no_version_is_refused)
{
	static const char *const wrong[] = { "",        "1",      "1.0",      "1.0.",   "v1.0.0",
					     "1.0.0.0", "01.0.0", "1.0.0-",   "1.0.0 ", "1.a.0",
					     "-1.0.0",  "1.0.0+", "1.0.0-a_b" };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		auto_free char *text = str_format("{'ociVersion': '%s'}", wrong[i]);

		expect_err(read_config(text), ERR_INVALID,
			   "ociVersion: must be a version like 1.3.0");
	}
	expect_text(read_config("{'ociVersion': '10.0.0'}"),
		    "config.json: ociVersion: \"10.0.0\" is not supported, must be 1.x.y");
}

TEST(host_and_domain_names_need_the_uts_namespace)
{
	expect_text(read_config("{" V1 ", 'hostname': 'h', 'domainname': 'd', 'linux': {}}"),
		    "config.json: hostname: requires the UTS namespace in linux.namespaces; "
		    "domainname: requires the UTS namespace in linux.namespaces");
	expect_ok(read_config("{" V1 ", 'hostname': '', 'linux': {}}"));
	expect_ok(read_config("{" V1 ", 'hostname': 'h', 'linux': "
			      "{'namespaces': [{'type': 'uts', 'path': '/proc/1/ns/uts'}]}}"));
	expect_text(read_config("{" V1 ", 'hostname': 'h', 'linux': {'namespaces': [{}]}}"),
		    "config.json: linux.namespaces[0].type: is required");
}

TEST(long_host_names_are_refused)
{
	auto_free char *text = str_format("{" V1 ", 'hostname': '%065d', 'linux': {'namespaces': "
					  "[{'type': 'uts'}]}}",
					  0);

	expect_text(read_config(text), "config.json: hostname: is longer than 64 bytes");
}

TEST(rlimits_are_listed_once_with_soft_below_hard)
{
	expect_text(read_config(PROCESS("'rlimits': [{'type': 'RLIMIT_CPU', 'soft': 1, 'hard': 1},"
					"{'type': 'RLIMIT_CPU', 'soft': 2, 'hard': 1}]")),
		    "config.json: process.rlimits[1].type: RLIMIT_CPU is listed twice; "
		    "process.rlimits[1].soft: is above hard");
	expect_err(read_config(PROCESS("'rlimits': [{'type': 'RLIMIT_CPU', 'soft': 0, 'hard': 0},"
				       "{'type': 'RLIMIT_X', 'soft': 2, 'hard': 1}]")),
		   ERR_INVALID,
		   "config.json: process.rlimits[1].type: unknown value \"RLIMIT_X\", must be ");
}

TEST(scheduler_members_fit_the_policy)
{
	expect_text(read_config(PROCESS("'scheduler': {'policy': 'SCHED_FIFO'}")),
		    "config.json: process.scheduler.priority: must be between 1 and 99 with "
		    "SCHED_FIFO");
	expect_text(read_config(PROCESS("'scheduler': {'policy': 'SCHED_OTHER', 'priority': 1}")),
		    "config.json: process.scheduler.priority: must be 0 with SCHED_OTHER");
	expect_text(read_config(PROCESS("'scheduler': {'policy': 'SCHED_IDLE', 'runtime': 1}")),
		    "config.json: process.scheduler.runtime: is for SCHED_DEADLINE only");
	expect_text(read_config(PROCESS("'scheduler': {'policy': 'SCHED_DEADLINE'}")),
		    "config.json: process.scheduler.runtime: is required with SCHED_DEADLINE; "
		    "process.scheduler.deadline: is required with SCHED_DEADLINE");
	expect_text(read_config(PROCESS("'scheduler': {'policy': 'SCHED_DEADLINE', 'runtime': 3, "
					"'deadline': 2, 'period': 1}")),
		    "config.json: process.scheduler.runtime: is above deadline; "
		    "process.scheduler.deadline: is above period");
	expect_err(read_config(PROCESS("'scheduler': {'policy': 'SCHED_ISO'}")), ERR_INVALID,
		   "process.scheduler.policy: unknown value \"SCHED_ISO\", must be SCHED_OTHER");
	expect_text(read_config(PROCESS("'scheduler': {'policy': 'SCHED_OTHER', 'nice': 20}")),
		    "config.json: process.scheduler.nice: must be between -20 and 19, not 20");
}

TEST(ranges_of_the_process_are_checked)
{
	expect_text(read_config(PROCESS("'oomScoreAdj': 1001")),
		    "config.json: process.oomScoreAdj: must be between -1000 and 1000, not 1001");
	expect_text(read_config(PROCESS("'ioPriority': {'class': 'IOPRIO_CLASS_RT', "
					"'priority': 8}")),
		    "config.json: process.ioPriority.priority: must be between 0 and 7, not 8");
	expect_text(read_config(PROCESS("'user': {'uid': -1, 'umask': 512}")),
		    "config.json: process.user.uid: must be between 0 and 4294967294, not -1; "
		    "process.user.umask: must be between 0 and 511, not 512");
	expect_text(read_config(PROCESS("'execCPUAffinity': {'initial': '0-3', 'final': 'all'}")),
		    "config.json: process.execCPUAffinity.final: must be a list like 0-3,7, "
		    "not \"all\"");
	expect_text(read_config(PROCESS("'consoleSize': {'height': 65536, 'width': 1}")),
		    "config.json: process.consoleSize.height: must be between 0 and 65535, not "
		    "65536");
	expect_text(read_config("{" V1 ", 'process': {'cwd': 'relative'}}"),
		    "config.json: process.cwd: must be an absolute path, not \"relative\"");
}

TEST(hooks_have_a_path_and_a_time)
{
	expect_text(read_config("{" V1 ", 'hooks': {'prestart': [{'path': 'a/b'}, "
				"{'path': '/a', 'timeout': 0}], 'poststop': [{'args': []}]}}"),
		    "config.json: hooks.prestart[1].timeout: must be between 1 and 2147483647, not "
		    "0; hooks.poststop[0].path: is required; hooks.prestart[0].path: must be an "
		    "absolute path or a name to find in PATH, not \"a/b\"");
}

TEST(mounts_have_a_destination_and_both_mappings)
{
	expect_text(read_config("{" V1 ", 'mounts': [{}, {'destination': ''}]}"),
		    "config.json: mounts[0].destination: is required; mounts[1].destination: must "
		    "not be empty");
	expect_text(read_config("{" V1 ", 'mounts': [{'destination': 'a', 'uidMappings': "
				"[{'containerID': 0, 'hostID': 1, 'size': 1}]}]}"),
		    "config.json: mounts[0].gidMappings: is required with uidMappings");
}

TEST(namespaces_are_listed_once)
{
	expect_text(read_config(LINUX("'namespaces': [{'type': 'pid'}, {'type': 'mount'}, "
				      "{'type': 'pid', 'path': '/p'}]")),
		    "config.json: linux.namespaces[2].type: pid is listed twice");
	expect_text(read_config(LINUX("'namespaces': [{'type': 'net'}, {'type': 'ipc', 'path': "
				      "'x'}]")),
		    "config.json: linux.namespaces[0].type: unknown value \"net\", must be user, "
		    "mount, pid, network, ipc, uts, cgroup or time; linux.namespaces[1].path: must "
		    "be an absolute path, not \"x\"");
}

TEST(mappings_need_the_user_namespace)
{
	expect_text(
		read_config(LINUX("'uidMappings': [{'containerID': 0, 'hostID': 1, 'size': 1}],"
				  "'gidMappings': [{'containerID': 0, 'hostID': 1, 'size': 1}]")),
		"config.json: linux.uidMappings: requires the user namespace in "
		"linux.namespaces; linux.gidMappings: requires the user namespace in "
		"linux.namespaces");
	expect_ok(read_config(LINUX("'uidMappings': [], 'gidMappings': []")));
}

#define USERNS "'namespaces': [{'type': 'user'}], "

TEST(mappings_do_not_overlap)
{
	expect_text(read_config(LINUX(USERNS "'uidMappings': ["
					     "{'containerID': 0, 'hostID': 1000, 'size': 10},"
					     "{'containerID': 9, 'hostID': 2000, 'size': 10},"
					     "{'containerID': 20, 'hostID': 1009, 'size': 1}]")),
		    "config.json: linux.uidMappings[1].containerID: overlaps the range of [0]; "
		    "linux.uidMappings[2].hostID: overlaps the range of [0]");
	expect_ok(read_config(LINUX(USERNS "'gidMappings': ["
					   "{'containerID': 0, 'hostID': 1000, 'size': 10},"
					   "{'containerID': 10, 'hostID': 1010, 'size': 10}]")));
}

TEST(mappings_have_a_size_within_the_ids)
{
	expect_text(read_config(LINUX(USERNS "'uidMappings': ["
					     "{'containerID': 0, 'hostID': 1000, 'size': 0}]")),
		    "config.json: linux.uidMappings[0].size: must be between 1 and 4294967295, "
		    "not 0");
	expect_text(read_config(LINUX(USERNS
				      "'uidMappings': ["
				      "{'containerID': 1, 'hostID': 0, 'size': 4294967295}]")),
		    "config.json: linux.uidMappings[0].size: goes beyond the highest id, "
		    "4294967294");
	expect_ok(
		read_config(LINUX(USERNS "'uidMappings': ["
					 "{'containerID': 0, 'hostID': 0, 'size': 4294967295}]")));
}

TEST(clocks_need_a_time_namespace_of_their_own)
{
	expect_text(read_config(LINUX("'timeOffsets': {'boottime': {'secs': 1}}")),
		    "config.json: linux.timeOffsets: requires a new time namespace in "
		    "linux.namespaces");
	expect_text(read_config(LINUX("'timeOffsets': {'monotonic': {'secs': 1}}, 'namespaces': "
				      "[{'type': 'time', 'path': '/t'}]")),
		    "config.json: linux.timeOffsets: cannot change the clocks of a time namespace "
		    "that is joined by path");
	expect_ok(read_config(LINUX("'timeOffsets': {}")));
	expect_text(read_config(LINUX("'timeOffsets': {'boottime': {'nanosecs': 1000000000}}, "
				      "'namespaces': [{'type': 'time'}]")),
		    "config.json: linux.timeOffsets.boottime.nanosecs: must be between 0 and "
		    "999999999, not 1000000000");
}

TEST(devices_have_numbers_unless_they_are_pipes)
{
	expect_text(read_config(LINUX("'devices': [{'type': 'c', 'path': '/a', 'major': 1}, "
				      "{'type': 'b', 'path': 'b', 'minor': 0}, "
				      "{'type': 'p', 'path': '/c'}]")),
		    "config.json: linux.devices[1].path: must be an absolute path, not \"b\"; "
		    "linux.devices[0].minor: is required for type c; "
		    "linux.devices[1].major: is required for type b");
	expect_text(
		read_config(LINUX("'devices': [{'type': 'x', 'path': '/a'}]")),
		"config.json: linux.devices[0].type: unknown value \"x\", must be c, b, u or p");
}

TEST(paths_of_the_container_are_absolute)
{
	expect_text(read_config(LINUX("'maskedPaths': ['/ok', 'proc'], 'readonlyPaths': ['']")),
		    "config.json: linux.maskedPaths[1]: must be an absolute path, not \"proc\"; "
		    "linux.readonlyPaths[0]: must not be empty");
	expect_text(read_config(LINUX("'cgroupsPath': '/a/../../b'")),
		    "config.json: linux.cgroupsPath: must not contain \"..\"");
	expect_ok(read_config(LINUX("'cgroupsPath': 'system.slice:a..b:c'")));
	expect_ok(read_config(LINUX("'cgroupsPath': ''")));
	expect_err(read_config(LINUX("'rootfsPropagation': 'public'")), ERR_INVALID,
		   "linux.rootfsPropagation: unknown value \"public\", must be private, rprivate");
}

/* row: CL-59, CL-65 */
TEST(resources_become_no_other_file_and_no_other_line)
{
	expect_text(read_config(RESOURCES("'unified': {'../x': '1', '..': '1', 'cpu.max': 'max'}")),
		    "config.json: linux.resources.unified[\"../x\"]: must be the name of a file, "
		    "without \"/\"; linux.resources.unified[\"..\"]: must be the name of a file, "
		    "without \"/\"");
	expect_text(read_config(RESOURCES("'rdma': {'a b': {'hcaObjects': 1}}")),
		    "config.json: linux.resources.rdma[\"a b\"]: is not the name of a device");
	expect_text(read_config(RESOURCES("'rdma': {'a': {}}")),
		    "config.json: linux.resources.rdma[\"a\"]: needs hcaHandles or hcaObjects");
	expect_text(
		read_config(RESOURCES("'blockIO': {'weightDevice': [{'major': 8, 'minor': 0}]}")),
		"config.json: linux.resources.blockIO.weightDevice[0]: needs weight or leafWeight");
	expect_text(read_config(RESOURCES("'network': {'priorities': [{'name': 'a\\nb', "
					  "'priority': 1}]}")),
		    "config.json: linux.resources.network.priorities[0].name: \"a\\nb\" is not the "
		    "name of an interface");
}

/* row: CL-45, CL-46, CL-62 */
TEST(resources_have_their_own_shapes)
{
	expect_text(read_config(RESOURCES("'devices': [{'type': 'c', 'access': 'rx'}]")),
		    "config.json: linux.resources.devices[0].allow: is required; "
		    "linux.resources.devices[0].access: must be made of r, w and m, not \"rx\"");
	expect_text(read_config(RESOURCES("'hugepageLimits': [{'pageSize': '2MB', 'limit': 1}, "
					  "{'pageSize': '02MB', 'limit': 1}, "
					  "{'pageSize': 'MB', 'limit': 1}]")),
		    "config.json: linux.resources.hugepageLimits[1].pageSize: must be like 64KB, "
		    "2MB or 1GB, not \"02MB\"; linux.resources.hugepageLimits[2].pageSize: must be "
		    "like 64KB, 2MB or 1GB, not \"MB\"");
	expect_text(read_config(RESOURCES("'memory': {'limit': -2}")),
		    "config.json: linux.resources.memory.limit: must be between -1 and "
		    "9223372036854775807, not -2");
	expect_text(read_config(RESOURCES("'blockIO': {'weight': 65536}")),
		    "config.json: linux.resources.blockIO.weight: must be between 0 and 65535, not "
		    "65536");
}

/* row: CL-101, CL-109, CL-111 */
TEST(seccomp_actions_and_numbers_agree)
{
	expect_text(
		read_config(SECCOMP("'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': ["
				    "{'names': ['a'], 'action': 'SCMP_ACT_LOG', 'errnoRet': 1}]")),
		"config.json: linux.seccomp.syscalls[0].errnoRet: is for SCMP_ACT_ERRNO and "
		"SCMP_ACT_TRACE only");
	expect_text(read_config(SECCOMP("'defaultAction': 'SCMP_ACT_KILL', 'defaultErrnoRet': 1")),
		    "config.json: linux.seccomp.defaultErrnoRet: is for SCMP_ACT_ERRNO and "
		    "SCMP_ACT_TRACE only");
	expect_text(read_config(SECCOMP("'defaultAction': 'SCMP_ACT_NOTIFY'")),
		    "config.json: linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as "
		    "default action");
	expect_text(read_config(SECCOMP("'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': ["
					"{'names': ['read', 'write'], 'action': "
					"'SCMP_ACT_NOTIFY'}]")),
		    "config.json: linux.seccomp.syscalls[0].action: SCMP_ACT_NOTIFY cannot be used "
		    "for the write syscall");
	expect_text(read_config(SECCOMP("'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': ["
					"{'names': [], 'action': 'SCMP_ACT_LOG', 'args': ["
					"{'index': 6, 'value': 0, 'op': 'SCMP_CMP_EQ'}]}]")),
		    "config.json: linux.seccomp.syscalls[0].names: must not be empty; "
		    "linux.seccomp.syscalls[0].args[0].index: must be between 0 and 5, not 6");
}

/* row: CL-83, CL-85 */
TEST(intel_rdt_stays_in_its_directory)
{
	expect_text(read_config(LINUX("'intelRdt': {'closID': '../x', 'memBwSchema': 'L3:1'}")),
		    "config.json: linux.intelRdt.closID: must be the name of a directory, not "
		    "\"../x\"; linux.intelRdt.memBwSchema: must be one line that begins with MB:");
	expect_ok(read_config(LINUX("'intelRdt': {'closID': '/'}")));
}

TEST(net_devices_are_interfaces)
{
	expect_text(read_config(LINUX("'netDevices': {'eth/0': {}, 'e': {'name': "
				      "'sixteen-letters-'}}")),
		    "config.json: linux.netDevices[\"eth/0\"]: is not the name of an interface; "
		    "linux.netDevices[\"e\"].name: \"sixteen-letters-\" is not the name of an "
		    "interface");
}

static struct err *check_runnable(const char *text)
{
	auto_arena struct arena *a = arena_new();
	auto_free char *json = unquote(text);
	struct spec *s = NULL;

	TRY(spec_parse(a, json, strlen(json), &s));
	return spec_check_runnable(s);
}

TEST(a_container_needs_a_root_and_a_process)
{
	expect_text(check_runnable("{" V1 "}"),
		    "config.json: root: is required to create a container; process: is required to "
		    "create a container");
	expect_text(check_runnable("{" V1 ", 'root': {'path': 'r'}, 'process': {'cwd': '/'}}"),
		    "config.json: process.args: must name a program");
	expect_ok(check_runnable("{" V1 ", 'root': {'path': 'r'}, 'process': {'cwd': '/', 'args': "
				 "['sh']}}"));
	expect_err(check_runnable("{'ociVersion': '0.5.0'}"), ERR_INVALID,
		   "ociVersion: \"0.5.0\" is not supported");
}

TEST(a_document_for_another_system_cannot_rename_the_host)
{
	expect_text(check_runnable("{" V1 ", 'hostname': 'h', 'root': {'path': 'r'}, 'process': "
				   "{'cwd': '/', 'args': ['sh']}}"),
		    "config.json: hostname: requires the UTS namespace in linux.namespaces");
}

TEST(devices_need_a_network_to_go_to)
{
	expect_text(check_runnable("{" V1
				   ", 'root': {'path': 'r'}, 'process': {'cwd': '/', 'args': "
				   "['sh']}, 'linux': {'netDevices': {'eth0': {}}}}"),
		    "config.json: linux.netDevices: needs a network namespace of the container");
}

TESTS(CASE(any_version_1_is_accepted), CASE(what_is_no_version_is_refused),
      CASE(host_and_domain_names_need_the_uts_namespace), CASE(long_host_names_are_refused),
      CASE(rlimits_are_listed_once_with_soft_below_hard), CASE(scheduler_members_fit_the_policy),
      CASE(ranges_of_the_process_are_checked), CASE(hooks_have_a_path_and_a_time),
      CASE(mounts_have_a_destination_and_both_mappings), CASE(namespaces_are_listed_once),
      CASE(mappings_need_the_user_namespace), CASE(mappings_do_not_overlap),
      CASE(mappings_have_a_size_within_the_ids), CASE(clocks_need_a_time_namespace_of_their_own),
      CASE(devices_have_numbers_unless_they_are_pipes), CASE(paths_of_the_container_are_absolute),
      CASE(resources_become_no_other_file_and_no_other_line), CASE(resources_have_their_own_shapes),
      CASE(seccomp_actions_and_numbers_agree), CASE(intel_rdt_stays_in_its_directory),
      CASE(net_devices_are_interfaces), CASE(a_container_needs_a_root_and_a_process),
      CASE(a_document_for_another_system_cannot_rename_the_host),
      CASE(devices_need_a_network_to_go_to))
