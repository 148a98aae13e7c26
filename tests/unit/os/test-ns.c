/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of namespaces, and opening those that are joined.
 */
#include "test.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>

#include "os/ns.h"

static struct err *plan(struct spec_linux *l, struct ns_plan *ret)
{
	auto_arena struct arena *a = arena_new();
	struct spec spec = { .linux_ = l };

	return ns_plan_make(a, &spec, false, ret);
}

TEST(nothing_listed_is_nothing_new)
{
	struct ns_plan p;
	struct spec_linux l = { 0 };

	expect_ok(plan(&l, &p));
	expect(p.new_flags == 0 && !p.new_user && !p.new_cgroup && !p.new_time && !p.joins_any);
	expect(p.root_is_mapped && p.root_uid == 0 && p.root_gid == 0);
	expect_ok(plan(NULL, &p));
}

TEST(user_cgroup_and_time_are_kept_apart_from_the_clone_flags)
{
	struct spec_namespace all[NS_TYPES];
	struct spec_id_mapping map[] = { { 0, 100000, 65536 } };
	struct spec_linux l = { .namespaces = all, .n_namespaces = NS_TYPES };
	struct ns_plan p;

	for (int t = 0; t < NS_TYPES; t++)
		all[t] = (struct spec_namespace){ .type = t };
	l.uid_mappings = (struct spec_id_mappings){ true, 1, map };
	l.gid_mappings = (struct spec_id_mappings){ true, 1, map };
	expect_ok(plan(&l, &p));
	expect(p.new_flags ==
	       (CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS));
	expect(p.new_user && p.new_cgroup && p.new_time && !p.joins_any);
	expect(p.root_is_mapped && p.root_uid == 100000 && p.root_gid == 100000);
}

TEST(root_that_is_not_mapped_is_known)
{
	struct spec_namespace user[] = { { .type = NS_USER } };
	struct spec_id_mapping map[] = { { 1000, 1000, 1 } };
	struct spec_linux l = { .namespaces = user, .n_namespaces = 1 };
	struct ns_plan p;

	l.uid_mappings = (struct spec_id_mappings){ true, 1, map };
	l.gid_mappings = (struct spec_id_mappings){ true, 1, map };
	expect_ok(plan(&l, &p));
	expect(!p.root_is_mapped);
}

TEST(a_type_listed_twice_is_refused)
{
	struct spec_namespace two[] = { { .type = NS_PID }, { .type = NS_PID, .path = "/x" } };
	struct spec_linux l = { .namespaces = two, .n_namespaces = 2 };
	struct ns_plan p;

	expect_err(plan(&l, &p), ERR_INVALID, "linux.namespaces[1].type: pid is listed twice");
}

TEST(mappings_without_a_user_namespace_are_refused)
{
	struct spec_id_mapping map[] = { { 0, 1000, 1 } };
	struct spec_linux l = { .gid_mappings = { true, 1, map } };
	struct ns_plan p;

	expect_err(plan(&l, &p), ERR_INVALID, "linux.gidMappings: needs a user namespace");
}

TEST(time_offsets_need_a_new_time_namespace)
{
	struct spec_time_offsets offsets = { .boottime = { .set = true, .secs = 5 } };
	struct spec_namespace joined[] = { { .type = NS_TIME, .path = "/proc/self/ns/time" } };
	struct spec_linux l = { .time_offsets = &offsets };
	struct ns_plan p;

	expect_err(plan(&l, &p), ERR_INVALID, "linux.timeOffsets: needs a new time namespace");
	l.namespaces = joined;
	l.n_namespaces = 1;
	expect_err(plan(&l, &p), ERR_INVALID, "joined by path");
}

static struct err *open_path(int type, char *path, int fds[NS_TYPES])
{
	auto_arena struct arena *a = arena_new();
	struct spec_namespace joined[] = { { .type = type, .path = path } };
	struct spec_linux l = { .namespaces = joined, .n_namespaces = 1 };
	struct spec spec = { .linux_ = &l };
	struct ns_plan p;
	struct err *e = ns_plan_make(a, &spec, false, &p);

	return e ? e : ns_open_joined(&p, fds);
}

TEST(an_empty_path_is_a_path_that_does_not_exist)
{
	int fds[NS_TYPES];

	expect_err(open_path(NS_PID, "", fds), ERR_SYSTEM,
		   "linux.namespaces[0].path: open ``: No such file or directory");
}

TEST(a_namespace_of_another_type_is_refused)
{
	int fds[NS_TYPES];

	expect_err(open_path(NS_PID, "/proc/self/ns/net", fds), ERR_INVALID,
		   "`/proc/self/ns/net` is a network namespace, not a pid one");
	for (int t = 0; t < NS_TYPES; t++)
		expect(fds[t] < 0);
}

TEST(what_is_no_namespace_is_refused_without_blocking)
{
	char fifo[] = "/tmp/test-ns-fifo-XXXXXX";
	int fds[NS_TYPES];

	expect_err(open_path(NS_UTS, "/etc/passwd", fds), ERR_INVALID, "is not a namespace");
	close(mkostemp(fifo, O_CLOEXEC));
	unlink(fifo);
	expect_int(mkfifo(fifo, 0600), 0);
	expect_err(open_path(NS_UTS, fifo, fds), ERR_INVALID, "is not a namespace");
	unlink(fifo);
}

TEST(a_namespace_of_the_right_type_is_opened_close_on_exec)
{
	int fds[NS_TYPES];

	expect_ok(open_path(NS_UTS, "/proc/self/ns/uts", fds));
	expect(fds[NS_UTS] >= 0 && fds[NS_PID] == -EBADF);
	expect_int(fcntl(fds[NS_UTS], F_GETFD), FD_CLOEXEC);
	close(fds[NS_UTS]);
}

TESTS(CASE(nothing_listed_is_nothing_new),
      CASE(user_cgroup_and_time_are_kept_apart_from_the_clone_flags),
      CASE(root_that_is_not_mapped_is_known), CASE(a_type_listed_twice_is_refused),
      CASE(mappings_without_a_user_namespace_are_refused),
      CASE(time_offsets_need_a_new_time_namespace),
      CASE(an_empty_path_is_a_path_that_does_not_exist),
      CASE(a_namespace_of_another_type_is_refused),
      CASE(what_is_no_namespace_is_refused_without_blocking),
      CASE(a_namespace_of_the_right_type_is_opened_close_on_exec))
