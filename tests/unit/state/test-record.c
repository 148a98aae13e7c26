/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state/record.c and state/store.c: what is written is read again, what is damaged is refused.
 */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/file.h"
#include "state/record.h"
#include "state/store.h"

struct fixture {
	char root[32];
	int root_fd;
	int dir_fd;
	struct arena *arena;
};

static void setup(struct fixture *f)
{
	*f = (struct fixture){ .root = "/tmp/davit-record-XXXXXX", .arena = arena_new() };
	assert_non_null(mkdtemp(f->root));
	expect_ok(store_open(f->root, true, &f->root_fd));
	expect_ok(store_reserve(f->root_fd, "web", &f->dir_fd));
}

static void teardown(struct fixture *f)
{
	close(f->dir_fd);
	close(f->root_fd);
	file_remove_tree_at(AT_FDCWD, f->root);
	arena_free(f->arena);
}

static struct spec_pair pairs[] = { { (char *)"a", (char *)"b/c \"d\"" },
				    { (char *)"e", (char *)"" } };
static struct record_cgroup cgroups[] = {
	{ (char *)"memory", (char *)"/sys/fs/cgroup/memory/web", (char *)"/sys/fs/cgroup/memory" },
};

static struct record example(void)
{
	return (struct record){
		.version = RECORD_VERSION,
		.phase = PHASE_CREATED,
		.id = (char *)"web",
		.pid = 42,
		.start_time = UINT64_MAX,
		.boot_id = (char *)"x",
		.bundle = (char *)"/b",
		.rootfs = (char *)"rootfs",
		.created = (char *)"2026-01-01T00:00:00.000000Z",
		.owner = (char *)"root",
		.cgroup_manager = (char *)"cgroupfs",
		.cgroup_path = (char *)"/web",
		.n_cgroups = 1,
		.cgroups = cgroups,
		.private_pidns = true,
		.annotations = { .present = true, .n = 2, .v = pairs },
	};
}

static void write_raw(struct fixture *f, const char *text)
{
	expect_int(file_replace_at(f->dir_fd, STORE_RECORD, text, strlen(text), 0600), 0);
}

TEST(what_is_written_is_read_again)
{
	struct record r = example();
	struct record *back;
	struct fixture f;

	setup(&f);
	expect_ok(record_write(f.dir_fd, &r));
	expect_ok(record_read(f.arena, f.dir_fd, "web", &back));
	expect_int(back->pid, 42);
	expect(back->start_time == UINT64_MAX);
	expect_int(back->phase, PHASE_CREATED);
	expect_str(back->cgroups[0].path, "/sys/fs/cgroup/memory/web");
	expect_str(back->annotations.v[0].value, "b/c \"d\"");
	expect(back->private_pidns && !back->user_namespace);
	teardown(&f);
}

TEST(damaged_records_are_refused_with_the_way_out)
{
	static const char *const texts[] = {
		"", "{", "[]", "{}", "{\"version\": 99, \"phase\": \"created\"}", "garbage\n",
	};
	struct record *back;
	struct fixture f;

	setup(&f);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		write_raw(&f, texts[i]);
		expect_err(record_read(f.arena, f.dir_fd, "web", &back), ERR_INVALID, "is damaged");
	}
	teardown(&f);
}

TEST(a_record_of_another_container_is_refused)
{
	struct record r = example();
	struct record *back;
	struct fixture f;

	setup(&f);
	r.id = (char *)"other";
	expect_ok(record_write(f.dir_fd, &r));
	expect_err(record_read(f.arena, f.dir_fd, "web", &back), ERR_INVALID, "another container");
	teardown(&f);
}

TEST(a_fifo_a_link_and_a_directory_are_no_records)
{
	struct record *back;
	struct fixture f;

	setup(&f);
	expect_int(mkfifoat(f.dir_fd, STORE_RECORD, 0600), 0);
	expect_err(record_read(f.arena, f.dir_fd, "web", &back), ERR_INVALID, "not a regular file");
	unlinkat(f.dir_fd, STORE_RECORD, 0);
	expect_int(symlinkat("/etc/passwd", f.dir_fd, STORE_RECORD), 0);
	expect_err(record_read(f.arena, f.dir_fd, "web", &back), ERR_INVALID, "not a regular file");
	unlinkat(f.dir_fd, STORE_RECORD, 0);
	expect_int(mkdirat(f.dir_fd, STORE_RECORD, 0700), 0);
	expect_err(record_read(f.arena, f.dir_fd, "web", &back), ERR_INVALID, "not a regular file");
	teardown(&f);
}

TEST(a_record_that_others_may_write_is_refused)
{
	struct record r = example();
	struct record *back;
	struct fixture f;

	setup(&f);
	expect_ok(record_write(f.dir_fd, &r));
	expect_int(fchmodat(f.dir_fd, STORE_RECORD, 0622, 0), 0);
	expect_err(record_read(f.arena, f.dir_fd, "web", &back), ERR_INVALID, "somebody else");
	teardown(&f);
}

TEST(the_state_has_the_keys_of_crun_in_its_order)
{
	auto_str struct str out = { 0 };
	auto_free char *annotations = NULL;
	struct record r = example();

	record_print_state(&r, "running", 42, &out);
	expect_str(out.s, "{\n"
			  "  \"ociVersion\": \"1.3.0\",\n"
			  "  \"id\": \"web\",\n"
			  "  \"pid\": 42,\n"
			  "  \"status\": \"running\",\n"
			  "  \"bundle\": \"/b\",\n"
			  "  \"rootfs\": \"rootfs\",\n"
			  "  \"created\": \"2026-01-01T00:00:00.000000Z\",\n"
			  "  \"systemd-scope\": \"\",\n"
			  "  \"owner\": \"root\",\n"
			  "  \"annotations\": {\n"
			  "    \"a\": \"b/c \\\"d\\\"\",\n"
			  "    \"e\": \"\"\n"
			  "  }\n"
			  "}");
	annotations = record_annotations_json(&r);
	expect_str(annotations, "{ \"a\": \"b/c \\\"d\\\"\", \"e\": \"\" }");
}

TEST(the_state_for_hooks_is_one_line)
{
	auto_str struct str out = { 0 };
	struct record r = example();

	r.annotations.n = 0;
	record_print_hook_state(&r, "created", 7, &out);
	expect_str(
		out.s,
		"{ \"ociVersion\": \"1.3.0\", \"id\": \"web\", \"pid\": 7, \"root\": \"rootfs\", "
		"\"bundle\": \"/b\", \"status\": \"created\" }\n");
}

TEST(of_two_reservations_of_one_id_one_wins)
{
	struct fixture f;
	int fd;

	setup(&f);
	expect_err(store_reserve(f.root_fd, "web", &fd), ERR_EXISTS, "already exists");
	teardown(&f);
}

TEST(bad_ids_are_refused_and_good_ones_are_not)
{
	static const char *const bad[] = { "",    ".",   "..",  ".x",      "-x",
					   "a/b", "a b", "a\n", "\xc3\xa4" };
	static const char *const good[] = { "a", "A_9+.-", "buildah-buildah123", "_x", "+x" };
	char longest[1026];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_err(store_id_check(bad[i]), ERR_INVALID, "container ID");
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		expect_ok(store_id_check(good[i]));
	memset(longest, 'a', sizeof(longest));
	longest[1025] = '\0';
	expect_err(store_id_check(longest), ERR_INVALID, "longer than");
	longest[1024] = '\0';
	expect_ok(store_id_check(longest));
}

TEST(a_lock_is_held_by_one_process_and_falls_with_it)
{
	struct fixture f;
	int ready[2];
	int lock;
	char c;
	pid_t pid;

	setup(&f);
	expect(pipe2(ready, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		struct err *e = store_lock(f.dir_fd, "web", 0, &lock);

		_exit(e || write(ready[1], "x", 1) != 1 || (pause(), 0));
	}
	expect(read(ready[0], &c, 1) == 1);
	expect_int(store_lock_owner(f.dir_fd, STORE_LOCK), pid);
	expect_err(store_lock(f.dir_fd, "web", 30, &lock), ERR_TIMEOUT, "is busy");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	expect_ok(store_lock(f.dir_fd, "web", 1000, &lock));
	close(lock);
	close(ready[0]);
	close(ready[1]);
	teardown(&f);
}

TEST(the_list_is_sorted_and_leaves_out_what_is_no_container)
{
	auto_strv struct strv ids = { 0 };
	struct fixture f;
	int fd;

	setup(&f);
	expect_ok(store_reserve(f.root_fd, "alpha", &fd));
	close(fd);
	expect_int(mkdirat(f.root_fd, ".cache", 0700), 0);
	expect_int(file_replace_at(f.root_fd, "file", "x", 1, 0600), 0);
	expect_ok(store_list(f.root_fd, &ids));
	expect_int(ids.n, 2);
	expect_str(ids.v[0], "alpha");
	expect_str(ids.v[1], "web");
	teardown(&f);
}

TESTS(CASE(what_is_written_is_read_again), CASE(damaged_records_are_refused_with_the_way_out),
      CASE(a_record_of_another_container_is_refused),
      CASE(a_fifo_a_link_and_a_directory_are_no_records),
      CASE(a_record_that_others_may_write_is_refused),
      CASE(the_state_has_the_keys_of_crun_in_its_order), CASE(the_state_for_hooks_is_one_line),
      CASE(of_two_reservations_of_one_id_one_wins), CASE(bad_ids_are_refused_and_good_ones_are_not),
      CASE(a_lock_is_held_by_one_process_and_falls_with_it),
      CASE(the_list_is_sorted_and_leaves_out_what_is_no_container))
