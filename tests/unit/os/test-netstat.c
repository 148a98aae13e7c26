/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went through network interfaces.
 */
#include "test.h"

#include "os/netstat.h"

#define HEADING                                                                                    \
	"Inter-|   Receive                                                |  Transmit\n"           \
	" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs " \
	"drop fifo colls carrier compressed\n"

TEST(the_heading_and_the_loopback_are_left_out)
{
	auto_arena struct arena *a = arena_new();
	struct netstat n;

	netstat_parse(a,
		      HEADING "    lo: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n"
			      "  eth0: 100 2 3 4 0 0 0 9 200 5 6 7 0 0 0 0\n"
			      "veth1:1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n",
		      &n);
	expect_int(n.n, 2);
	expect_str(n.v[0].name, "eth0");
	expect(n.v[0].rx_bytes == 100 && n.v[0].rx_packets == 2 && n.v[0].rx_errors == 3 &&
	       n.v[0].rx_dropped == 4);
	expect(n.v[0].tx_bytes == 200 && n.v[0].tx_packets == 5 && n.v[0].tx_errors == 6 &&
	       n.v[0].tx_dropped == 7);
	expect_str(n.v[1].name, "veth1");
	expect(n.v[1].rx_bytes == 1 && n.v[1].tx_packets == 4);
}

TEST(anything_else_is_no_interface)
{
	auto_arena struct arena *a = arena_new();
	struct netstat n;

	netstat_parse(a, "", &n);
	expect_int(n.n, 0);
	netstat_parse(a, "eth0: 1 2 3\neth1\n\n:\nx: y\n", &n);
	expect_int(n.n, 0);
}

TESTS(CASE(the_heading_and_the_loopback_are_left_out), CASE(anything_else_is_no_interface))
