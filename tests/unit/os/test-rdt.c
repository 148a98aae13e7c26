/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schemata of a resctrl group.
 */
#include "test.h"

#include <fcntl.h>

#include "base/file.h"
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

static struct rdt_plan plan_of(struct arena *a, const char *clos, const char *l3, const char *extra)
{
	struct spec_intel_rdt rdt = { .clos_id = (char *)(uintptr_t)clos,
				      .l3_cache_schema = (char *)(uintptr_t)l3 };
	char *lines[] = { (char *)(uintptr_t)extra };
	struct spec_linux l = { .intel_rdt = &rdt };
	struct spec spec = { .linux_ = &l };
	struct rdt_plan plan;

	if (extra)
		rdt.schemata = (struct spec_strings){ .n = 1, .v = lines };
	rdt.enable_monitoring = (struct opt_bool){ .set = true, .value = true };
	expect_ok(rdt_plan_make(a, &spec, "box", &plan));
	return plan;
}

/* A directory with what the kernel makes in a group: the files, and room for monitoring. */
static int make_tree(char *top, const char *group)
{
	static const char *const files[] = { "tasks", "schemata", "mon_groups/box/tasks" };
	int fd;

	expect(mkdtemp(top));
	fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect(fd >= 0 && (streq(group, "/") || mkdirat(fd, group, 0755) == 0));
	for (int level = 0; level < 2; level++) {
		auto_free char *dir = str_format("%s/mon_groups%s", streq(group, "/") ? "." : group,
						 level ? "/box" : "");

		expect(mkdirat(fd, dir, 0755) == 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		auto_free char *file =
			str_format("%s/%s", streq(group, "/") ? "." : group, files[i]);
		int made = openat(fd, file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

		expect(made >= 0);
		close(made);
	}
	return fd;
}

static void expect_file(int root_fd, const char *path, const char *want)
{
	auto_free char *have = NULL;
	size_t len = 0;

	expect(file_read_at(root_fd, path, 4096, &have, &len) == 0);
	expect_str(have, want);
}

static void remove_tree(const char *top, int fd)
{
	close(fd);
	expect(file_remove_tree_at(AT_FDCWD, top) == 0);
}

/* row: CL-82 */
TEST(without_intel_rdt_nothing_is_planned)
{
	auto_arena struct arena *a = arena_new();
	struct spec spec = { 0 };
	struct rdt_plan plan;

	expect_ok(rdt_plan_make(a, &spec, "box", &plan));
	expect(!plan.group);
	expect_ok(rdt_enter(&plan, getpid()));
}

/* row: CL-87, CL-89 */
TEST(the_group_has_the_name_of_the_container_unless_it_is_given)
{
	auto_arena struct arena *a = arena_new();
	struct rdt_plan plan = plan_of(a, NULL, "L3:0=f\nMB:0=3", "L2:0=3");

	expect_str(plan.group, "box");
	expect_str(plan.monitor, "box");
	expect_str(plan.schemata, "L3:0=f\nL2:0=3\n");
	expect(plan.is_ours);
	plan = plan_of(a, "shared", NULL, NULL);
	expect_str(plan.group, "shared");
	expect(!plan.is_ours);
}

TEST(schemata_are_compared_as_numbers)
{
	static const char have[] = "    L3:0=00ff;1=0f\n    MB:0= 50;1=100\n";

	expect(rdt_has_schemata(have, "L3:0=ff\n"));
	expect(rdt_has_schemata(have, "L3:1=f;0=ff\nMB:1=100\n"));
	expect(rdt_has_schemata(have, "MB:0=50"));
	expect(rdt_has_schemata(have, ""));
	expect(!rdt_has_schemata(have, "L3:0=fe\n"));
	expect(!rdt_has_schemata(have, "L3:2=ff\n"));
	expect(!rdt_has_schemata(have, "L2:0=ff\n"));
	expect(!rdt_has_schemata(have, "L3:0=ff\nMB:0=51\n"));
}

/* row: CL-80, CL-83, CL-93 */
TEST(the_default_group_gets_task_schemata_and_monitoring)
{
	auto_arena struct arena *a = arena_new();
	char top[] = "/tmp/davit-rdt-XXXXXX";
	int fd = make_tree(top, "/");
	struct rdt_plan plan = plan_of(a, "/", "L3:0=f", NULL);

	expect_ok(rdt_enter_at(fd, &plan, 42));
	expect_file(fd, "tasks", "42");
	expect_file(fd, "schemata", "L3:0=f\n");
	expect_file(fd, "mon_groups/box/tasks", "42");
	remove_tree(top, fd);
}

/* row: CL-80, CL-90, CL-92 */
TEST(a_group_that_is_there_must_agree)
{
	auto_arena struct arena *a = arena_new();
	char top[] = "/tmp/davit-rdt-XXXXXX";
	int fd = make_tree(top, "shared");
	struct rdt_plan plan = plan_of(a, "shared", "L3:0=f", NULL);

	expect(file_write_at(fd, "shared/schemata", "L3:0=0f\n") == 0);
	expect_ok(rdt_enter_at(fd, &plan, 42));
	expect_file(fd, "shared/tasks", "42");
	expect_file(fd, "shared/schemata", "L3:0=0f\n");
	plan = plan_of(a, "shared", "L3:0=3", NULL);
	expect_err(rdt_enter_at(fd, &plan, 43), ERR_STATE,
		   "linux.intelRdt: the resctrl group `shared` has a different configuration");
	plan = plan_of(a, "shared", NULL, NULL);
	expect_ok(rdt_join_at(fd, &plan, 44));
	expect_file(fd, "shared/tasks", "44");
	rdt_remove_at(fd, &plan);
	expect(faccessat(fd, "shared", F_OK, 0) == 0);
	remove_tree(top, fd);
}

/* row: CL-91 */
TEST(a_group_that_is_only_named_must_exist)
{
	auto_arena struct arena *a = arena_new();
	char top[] = "/tmp/davit-rdt-XXXXXX";
	int fd = make_tree(top, "/");
	struct rdt_plan plan = plan_of(a, "nobody", NULL, NULL);

	expect_err(rdt_enter_at(fd, &plan, 42), ERR_INVALID,
		   "linux.intelRdt.closID: there is no resctrl group `nobody`");
	plan = plan_of(a, "..", "L3:0=f", NULL);
	expect_err(rdt_join_at(fd, &plan, 42), ERR_INVALID, "is no name of a group");
	expect(faccessat(fd, "nobody", F_OK, 0) < 0);
	remove_tree(top, fd);
}

/* row: CL-89, CL-92 */
TEST(the_containers_own_group_is_made_and_removed)
{
	auto_arena struct arena *a = arena_new();
	char top[] = "/tmp/davit-rdt-XXXXXX";
	int fd = make_tree(top, "/");
	struct rdt_plan plan = plan_of(a, NULL, "L3:0=f", NULL);

	/* Nobody puts files into a directory that is made here. */
	expect_err(rdt_enter_at(fd, &plan, 42), ERR_SYSTEM,
		   "write the schemata of the resctrl group box");
	expect(faccessat(fd, "box", F_OK, 0) == 0);
	rdt_remove_at(fd, &plan);
	expect(faccessat(fd, "box", F_OK, 0) < 0);
	remove_tree(top, fd);
}

TESTS(CASE(each_line_ends_with_a_newline), CASE(bandwidth_among_the_cache_lines_is_left_out),
      CASE(without_intel_rdt_nothing_is_planned),
      CASE(the_group_has_the_name_of_the_container_unless_it_is_given),
      CASE(schemata_are_compared_as_numbers),
      CASE(the_default_group_gets_task_schemata_and_monitoring),
      CASE(a_group_that_is_there_must_agree), CASE(a_group_that_is_only_named_must_exist),
      CASE(the_containers_own_group_is_made_and_removed))
