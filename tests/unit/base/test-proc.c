/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a process is.
 */
#include "base/proc.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/str.h"
#include "test.h"

#define REST " 0 -1 4194304 102 0 0 0 1 2 0 0 20 0 1 0 987654 2400256 1 18446744073709551615"

TEST(a_stat_line_is_parsed)
{
	struct proc_stat st;

	expect_int(proc_stat_parse("12 (sh) S 7 12 12" REST, &st), 0);
	expect_int(st.state, 'S');
	expect_int(st.ppid, 7);
	expect_int(st.start_time, 987654);
}

TEST(the_name_of_a_process_may_hold_anything)
{
	struct proc_stat st;

	expect_int(proc_stat_parse("12 (a) R 1 1 (b) \n) Z 5 12 12" REST, &st), 0);
	expect_int(st.state, 'Z');
	expect_int(st.ppid, 5);
	expect_int(proc_stat_parse("12 ()) T 5 12 12" REST, &st), 0);
	expect_int(st.state, 'T');
}

TEST(what_is_no_stat_line_is_refused)
{
	struct proc_stat st;

	expect_int(proc_stat_parse("", &st), -EINVAL);
	expect_int(proc_stat_parse("12 (sh", &st), -EINVAL);
	expect_int(proc_stat_parse("12 (sh) S", &st), -EINVAL);
	expect_int(proc_stat_parse("12 (sh) S 7 12 12 0 -1", &st), -EINVAL);
	expect_int(proc_stat_parse("12 (sh) S x 12 12" REST, &st), -EINVAL);
}

TEST(this_process_is_alive)
{
	struct proc_stat st;
	auto_close int fd = -EBADF;

	expect_int(proc_stat_read(getpid(), &st), 0);
	expect_int(st.ppid, getppid());
	expect_int(proc_is_alive(getpid(), st.start_time), 1);
	fd = proc_open(getpid(), st.start_time);
	expect(fd >= 0);
}

TEST(another_start_time_is_another_process)
{
	struct proc_stat st;

	expect_int(proc_stat_read(getpid(), &st), 0);
	expect_int(proc_is_alive(getpid(), st.start_time + 1), 0);
	expect_int(proc_open(getpid(), st.start_time + 1), -ESRCH);
	expect_int(proc_is_alive(getpid(), 0), 0);
	expect_int(proc_open(0, 1), -ESRCH);
	expect_int(proc_is_alive(-1, 1), 0);
}

TEST(a_zombie_is_not_alive_and_then_it_is_gone)
{
	struct proc_stat st;
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	expect(pid > 0);
	expect_int(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	expect_int(proc_stat_read(pid, &st), 0);
	expect_int(st.state, 'Z');
	expect_int(proc_is_alive(pid, st.start_time), 0);
	expect_int(proc_open(pid, st.start_time), -ESRCH);
	expect_int(waitpid(pid, NULL, 0), pid);
	expect_int(proc_stat_read(pid, &st), -ESRCH);
	expect_int(proc_is_alive(pid, st.start_time), 0);
}

TEST(only_the_process_that_is_meant_is_signalled)
{
	struct proc_stat st;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(proc_stat_read(pid, &st), 0);

	assert_int_equal(proc_signal(pid, st.start_time + 1, SIGKILL), -ESRCH);
	assert_false(proc_wait_dead(pid, st.start_time, 1));
	assert_int_equal(proc_signal(pid, st.start_time, SIGKILL), 0);
	assert_true(proc_wait_dead(pid, st.start_time, 10000));
	proc_reap(pid);
	assert_int_equal(proc_signal(pid, st.start_time, SIGKILL), -ESRCH);
}

TEST(the_boot_id_is_36_characters)
{
	char first[40];
	char second[40];

	expect_int(proc_boot_id(first), 0);
	expect_int(strlen(first), 36);
	expect_int(proc_boot_id(second), 0);
	expect_str(first, second);
}

TEST(the_root_of_proc_is_procfs)
{
	auto_close int root = proc_open_root();
	auto_close int fd = -EBADF;

	expect(root >= 0);
	fd = openat(root, "self/stat", O_RDONLY | O_CLOEXEC);
	expect(fd >= 0);
}

TESTS(CASE(a_stat_line_is_parsed), CASE(the_name_of_a_process_may_hold_anything),
      CASE(what_is_no_stat_line_is_refused), CASE(this_process_is_alive),
      CASE(another_start_time_is_another_process), CASE(a_zombie_is_not_alive_and_then_it_is_gone),
      CASE(only_the_process_that_is_meant_is_signalled), CASE(the_boot_id_is_36_characters),
      CASE(the_root_of_proc_is_procfs))
