/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schemata of a resctrl group.
 */
#include "test.h"

#include "os/rdt.h"

static void expect_schemata(const char *l3, const char *mb, const char *want)
{
	auto_str struct str out = { 0 };

	rdt_schemata(l3, mb, &out);
	expect_str(out.s, want);
}

TEST(each_line_ends_with_a_newline)
{
	expect_schemata("L3:0=f", NULL, "L3:0=f\n");
	expect_schemata("L3:0=f\nL2:0=3\n", "MB:0=50", "L3:0=f\nL2:0=3\nMB:0=50\n");
	expect_schemata(NULL, "MB:0=50", "MB:0=50\n");
	expect_schemata(NULL, NULL, "");
}

TEST(bandwidth_among_the_cache_lines_is_left_out)
{
	expect_schemata("MB:0=70\nL3:0=f\n  MB:1=3", NULL, "L3:0=f\n");
}

TESTS(CASE(each_line_ends_with_a_newline), CASE(bandwidth_among_the_cache_lines_is_left_out))
