/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schemata of a resctrl group.
 */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
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
	rdt_remove(&plan);
}

/* row: CL-89 */
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

/* row: CL-87, CL-88 */
TEST(lines_are_written_in_the_order_of_the_specification)
{
	auto_arena struct arena *a = arena_new();
	char *lines[] = { "L2:0=3", "L3:1=7" };
	struct spec_intel_rdt rdt = { .schemata = { .n = 2, .v = lines },
				      .mem_bw_schema = "MB:0=50",
				      .l3_cache_schema = "L3:0=f" };
	struct spec_linux l = { .intel_rdt = &rdt };
	struct spec spec = { .linux_ = &l };
	struct rdt_plan plan;

	expect_ok(rdt_plan_make(a, &spec, "box", &plan));
	expect_str(plan.schemata, "L3:0=f\nMB:0=50\nL2:0=3\nL3:1=7\n");
	rdt = (struct spec_intel_rdt){ 0 };
	expect_ok(rdt_plan_make(a, &spec, "box", &plan));
	expect_str(plan.schemata, "");
}

static char last_log[256];

static void keep_log(void *arg UNUSED, enum log_level level UNUSED, const char *msg)
{
	snprintf(last_log, sizeof(last_log), "%s", msg);
}

/* row: CL-84 */
TEST(a_cache_schema_of_more_than_one_line_is_taken_with_a_warning)
{
	static const char *const odd[] = { "L2:0=f", "L3:0=f\nL2:0=f", "L3:0=f\n" };
	auto_arena struct arena *a = arena_new();

	log_set_sink(keep_log, NULL, LOG_LEVEL_WARNING);
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		last_log[0] = '\0';
		plan_of(a, NULL, odd[i], NULL);
		expect(strstr(last_log, "linux.intelRdt.l3CacheSchema"));
	}
	last_log[0] = '\0';
	plan_of(a, NULL, "L3:0=f;1=f", NULL);
	expect_str(last_log, "");
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
}

/* row: CL-80, CL-83, CL-88, CL-90, CL-92, CL-93 */
TEST(the_default_group_gets_task_and_monitoring)
{
	auto_arena struct arena *a = arena_new();
	char top[] = "/tmp/davit-rdt-XXXXXX";
	int fd = make_tree(top, "/");
	struct rdt_plan plan = plan_of(a, "/", NULL, NULL);

	expect_ok(rdt_enter_at(fd, &plan, 42));
	expect_file(fd, "tasks", "42");
	expect_file(fd, "schemata", "");
	expect_file(fd, "mon_groups/box/tasks", "42");
	/* It is everybody's: never changed, only compared. */
	plan = plan_of(a, "/", "L3:0=f", NULL);
	expect_err(rdt_enter_at(fd, &plan, 43), ERR_STATE, "has a different configuration");
	expect_file(fd, "schemata", "");
	expect(file_write_at(fd, "schemata", "L3:0=f\n") == 0);
	expect_ok(rdt_enter_at(fd, &plan, 44));
	expect_file(fd, "tasks", "44");
	remove_tree(top, fd);
}

/* row: CL-93 */
TEST(a_monitoring_group_that_cannot_be_made_is_an_error)
{
	auto_arena struct arena *a = arena_new();
	char top[] = "/tmp/davit-rdt-XXXXXX";
	int fd = make_tree(top, "/");
	struct rdt_plan plan = plan_of(a, "/", NULL, NULL);

	expect(renameat(fd, "mon_groups", fd, "away") == 0);
	expect_err(rdt_enter_at(fd, &plan, 42), ERR_SYSTEM,
		   "linux.intelRdt.enableMonitoring: make mon_groups/box");
	remove_tree(top, fd);
}

/* row: CL-92, CL-93 */
TEST(delete_removes_the_monitoring_group_and_a_group_without_a_name_given)
{
	static const char *const groups[] = { "box", "given" };
	auto_arena struct arena *a = arena_new();
	char top[] = "/tmp/davit-rdt-XXXXXX";
	int fd;

	expect(mkdtemp(top));
	fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		struct rdt_plan plan = plan_of(a, i ? groups[i] : NULL, "L3:0=f", NULL);
		auto_free char *mon = str_format("%s/mon_groups", groups[i]);
		auto_free char *box = str_format("%s/box", mon);

		expect(mkdirat(fd, groups[i], 0755) == 0 && mkdirat(fd, mon, 0755) == 0);
		expect(mkdirat(fd, box, 0755) == 0);
		rdt_remove_at(fd, &plan);
		expect(faccessat(fd, box, F_OK, 0) < 0);
		/* The kernel's directories go with the group; here an empty one is needed. */
		unlinkat(fd, mon, AT_REMOVEDIR);
		rdt_remove_at(fd, &plan);
		expect((faccessat(fd, groups[i], F_OK, 0) == 0) == (i == 1));
	}
	remove_tree(top, fd);
}

/* row: CL-80, CL-90 */
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
	remove_tree(top, fd);
}

/* row: CL-91 */
TEST(a_group_that_is_only_named_must_exist)
{
	auto_arena struct arena *a = arena_new();
	char top[] = "/tmp/davit-rdt-XXXXXX";
	int fd = make_tree(top, "shared");
	struct rdt_plan plan = plan_of(a, "nobody", NULL, NULL);

	expect_err(rdt_enter_at(fd, &plan, 42), ERR_INVALID,
		   "linux.intelRdt.closID: there is no resctrl group `nobody`");
	expect(faccessat(fd, "nobody", F_OK, 0) < 0);
	plan = plan_of(a, "shared", NULL, NULL);
	expect_ok(rdt_enter_at(fd, &plan, 42));
	expect_file(fd, "shared/tasks", "42");
	plan = plan_of(a, "..", "L3:0=f", NULL);
	expect_err(rdt_join_at(fd, &plan, 42), ERR_INVALID, "is no name of a group");
	remove_tree(top, fd);
}

/* Nobody puts files into a directory that is made here, so what is made cannot be entered. */
/* row: CL-89, CL-90 */
TEST(a_missing_group_is_made_and_gone_again_after_an_error)
{
	static const char *const ids[] = { NULL, "named" };
	auto_arena struct arena *a = arena_new();
	char top[] = "/tmp/davit-rdt-XXXXXX";
	int fd = make_tree(top, "/");

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct rdt_plan plan = plan_of(a, ids[i], "L3:0=f", NULL);
		auto_free char *want = str_format("write the schemata of the resctrl group %s",
						  ids[i] ? ids[i] : "box");

		expect_err(rdt_enter_at(fd, &plan, 42), ERR_SYSTEM, want);
		expect(faccessat(fd, plan.group, F_OK, 0) < 0);
	}
	remove_tree(top, fd);
}

/* row: CL-89 */
TEST(a_leftover_is_taken_over_unless_it_is_in_use)
{
	auto_arena struct arena *a = arena_new();
	char top[] = "/tmp/davit-rdt-XXXXXX";
	int fd = make_tree(top, "box");
	struct rdt_plan plan = plan_of(a, NULL, "L3:0=f", NULL);

	expect(file_write_at(fd, "box/schemata", "L3:0=3\n") == 0);
	expect_ok(rdt_enter_at(fd, &plan, 42));
	expect_file(fd, "box/schemata", "L3:0=f\n");
	expect_file(fd, "box/tasks", "42");
	expect_err(rdt_enter_at(fd, &plan, 43), ERR_STATE,
		   "linux.intelRdt: the resctrl group `box` has processes of somebody else");
	expect_file(fd, "box/tasks", "42");
	remove_tree(top, fd);
}

TESTS(CASE(each_line_ends_with_a_newline), CASE(bandwidth_among_the_cache_lines_is_left_out),
      CASE(without_intel_rdt_nothing_is_planned),
      CASE(the_group_has_the_name_of_the_container_unless_it_is_given),
      CASE(schemata_are_compared_as_numbers),
      CASE(lines_are_written_in_the_order_of_the_specification),
      CASE(a_cache_schema_of_more_than_one_line_is_taken_with_a_warning),
      CASE(the_default_group_gets_task_and_monitoring),
      CASE(a_monitoring_group_that_cannot_be_made_is_an_error),
      CASE(delete_removes_the_monitoring_group_and_a_group_without_a_name_given),
      CASE(a_group_that_is_there_must_agree), CASE(a_group_that_is_only_named_must_exist),
      CASE(a_missing_group_is_made_and_gone_again_after_an_error),
      CASE(a_leftover_is_taken_over_unless_it_is_in_use))
