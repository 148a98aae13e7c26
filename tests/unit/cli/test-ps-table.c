/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of ps(1), cut down to a container.
 */
#include "cli/ps-table.h"

#include "test.h"

static const pid_t two_pids[] = { 7, 42 };
static const struct pid_set two = { .v = two_pids, .n = 2 };

TEST(the_header_and_the_lines_of_the_container_stay)
{
	auto_str struct str out = { 0 };

	expect_ok(ps_filter("UID   PID CMD\n"
			    "root    1 init 7\n"
			    "root   42 sleep 42\n"
			    "root    7 sh\n"
			    "root  742 x\n",
			    &two, &out));
	expect_str(out.s, "UID   PID CMD\nroot   42 sleep 42\nroot    7 sh\n");
}

TEST(the_pid_may_be_in_any_column)
{
	auto_str struct str out = { 0 };

	expect_ok(ps_filter("PID\n 7\n 8\n", &two, &out));
	expect_str(out.s, "PID\n 7\n");
}

TEST(short_lines_and_a_missing_newline_are_no_trouble)
{
	auto_str struct str out = { 0 };

	expect_ok(ps_filter("A B PID\n\n7\nx y 42", &two, &out));
	expect_str(out.s, "A B PID\nx y 42\n");
}

TEST(no_processes_leave_the_header)
{
	auto_str struct str out = { 0 };

	expect_ok(ps_filter("PID\n1\n", &(struct pid_set){ 0 }, &out));
	expect_str(out.s, "PID\n");
}

TEST(a_table_without_pids_is_refused)
{
	auto_str struct str out = { 0 };

	expect_err(ps_filter("CMD PPID\nsh 7\n", &two, &out), ERR_INVALID, "no column PID");
	expect_err(ps_filter("", &two, &out), ERR_INVALID, "no column PID");
}

TESTS(CASE(the_header_and_the_lines_of_the_container_stay), CASE(the_pid_may_be_in_any_column),
      CASE(short_lines_and_a_missing_newline_are_no_trouble), CASE(no_processes_leave_the_header),
      CASE(a_table_without_pids_is_refused))
