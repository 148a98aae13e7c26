/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sysctls a container may set.
 */
#include "test.h"

#include "os/process.h"

static struct sysctl_plan plan;

static struct err *make(char *key, char *value, int ns, char *ns_path)
{
	static struct arena *a;
	struct spec_pair pair[] = { { key, value } };
	struct spec_namespace namespaces[] = { { .type = ns, .path = ns_path } };
	struct spec_linux l = {
		.sysctl = { true, 1, pair },
		.namespaces = namespaces,
		.n_namespaces = ns >= 0,
	};
	struct spec spec = { .linux_ = &l, .domainname = "example" };

	arena_free(a);
	a = arena_new();
	return sysctl_plan_make(a, &spec, &plan);
}

TEST(both_separators_name_an_interface_with_a_dot)
{
	expect_ok(make("net.ipv4.conf.eth0/1.forwarding", "1", NS_NETWORK, NULL));
	expect_str(plan.v[0].path, "net/ipv4/conf/eth0.1/forwarding");
	expect_ok(make("net/ipv4/conf/eth0.1/forwarding", "1", NS_NETWORK, NULL));
	expect_str(plan.v[0].path, "net/ipv4/conf/eth0.1/forwarding");
	expect_ok(make("net.ipv4.ip_local_port_range", "1024\t65000", NS_NETWORK, NULL));
	expect_str(plan.v[0].path, "net/ipv4/ip_local_port_range");
	expect_str(plan.v[0].value, "1024\t65000");
}

TEST(each_parameter_needs_its_namespace)
{
	expect_ok(make("kernel.msgmax", "1", NS_IPC, NULL));
	expect_ok(make("fs.mqueue.msg_max", "1", NS_IPC, NULL));
	expect_ok(make("user.max_user_namespaces", "1", NS_USER, NULL));
	expect_err(make("kernel.msgmax", "1", -1, NULL), ERR_INVALID,
		   "the sysctl `kernel.msgmax` requires a new ipc namespace");
	expect_err(make("net.core.somaxconn", "1", NS_IPC, NULL), ERR_INVALID, "a new network");
	expect_err(make("user.max_user_namespaces", "1", NS_IPC, NULL), ERR_INVALID, "a new user");
}

TEST(the_hosts_own_namespace_is_no_container_namespace)
{
	expect_err(make("net.core.somaxconn", "1", NS_NETWORK, "/proc/self/ns/net"), ERR_INVALID,
		   "would change the network namespace of the host");
	expect_ok(make("net.core.somaxconn", "1", NS_NETWORK, "/no/such"));
}

TEST(what_is_not_namespaced_is_refused)
{
	static char *const bad[] = { "vm.swappiness", "kernel.panic", "kernel.msgmax2",
				     "kernel.shm",    "fs.file-max",  "kernel",
				     "netx.a" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_err(make(bad[i], "1", NS_IPC, NULL), ERR_INVALID, "is not namespaced");
}

TEST(names_that_leave_their_folder_are_refused)
{
	static char *const bad[] = { "net/../kernel/hostname",
				     "net..ipv4",
				     "",
				     ".net",
				     "net.",
				     "net/",
				     "/net",
				     "net.a+b",
				     "net.a\nb",
				     "net.a b",
				     "net/./x",
				     "net.ipv4.//.x" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_err(make(bad[i], "1", NS_NETWORK, NULL), ERR_INVALID,
			   "is not the name of a sysctl");
}

TEST(values_are_one_line)
{
	static char big[5000];

	memset(big, '1', sizeof(big) - 1);
	expect_err(make("net.core.somaxconn", "1\n2", NS_NETWORK, NULL), ERR_INVALID,
		   "net.core.somaxconn: the value has a control character");
	expect_err(make("net.core.somaxconn", big, NS_NETWORK, NULL), ERR_INVALID,
		   "longer than 4095");
}

TEST(names_of_the_host_have_members_of_their_own)
{
	expect_err(make("kernel.hostname", "x", NS_UTS, NULL), ERR_INVALID,
		   "conflicts with the member hostname");
	expect_err(make("kernel.domainname", "x", NS_UTS, NULL), ERR_INVALID,
		   "conflicts with the member domainname");
	expect_ok(make("kernel.domainname", "example", NS_UTS, NULL));
	expect_int(plan.n, 0);
}

TESTS(CASE(both_separators_name_an_interface_with_a_dot), CASE(each_parameter_needs_its_namespace),
      CASE(the_hosts_own_namespace_is_no_container_namespace),
      CASE(what_is_not_namespaced_is_refused), CASE(names_that_leave_their_folder_are_refused),
      CASE(values_are_one_line), CASE(names_of_the_host_have_members_of_their_own))
