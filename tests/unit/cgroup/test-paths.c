/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded directories: which are believed, and that nothing is done in one that is no cgroup.
 *
 * The trap that is set here is a plain directory with the names of control files in it, which is
 * what is left where a hierarchy is not mounted.
 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cgroup/dir.h"

struct trap {
	char mount[64];
	char *path;
	struct cgroup_dir dir;
	struct cgroup_paths paths;
};

static void put(const struct trap *t, const char *name, const char *text)
{
	auto_free char *path = str_format("%s/%s", t->path, name);
	auto_close int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	expect(fd >= 0);
	expect_int(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void trap_set(struct trap *t, const char *controllers)
{
	*t = (struct trap){ .mount = "/tmp/davit-trap-XXXXXX" };
	expect(mkdtemp(t->mount));
	t->path = str_format("%s/web", t->mount);
	expect_int(mkdir(t->path, 0755), 0);
	put(t, "freezer.state", "FROZEN\n");
	put(t, "cgroup.freeze", "1\n");
	put(t, "cgroup.procs", "1\n");
	t->dir = (struct cgroup_dir){ (char *)controllers, t->path, t->mount };
	t->paths = (struct cgroup_paths){ (char *)"/web", 1, &t->dir };
}

static void trap_clear(struct trap *t)
{
	/* "/tmp/" is 5 bytes; the rest is the name. */
	auto_close int fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);

	file_remove_tree_at(fd, t->mount + 5);
	free(t->path);
}

static void expect_untouched(const struct trap *t)
{
	auto_close int fd = open(t->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char buf[64];

	expect(file_read_line_at(fd, "freezer.state", buf, sizeof(buf)) > 0);
	expect_str(buf, "FROZEN");
	expect(file_read_line_at(fd, "cgroup.procs", buf, sizeof(buf)) > 0);
	expect_str(buf, "1");
	expect_int(faccessat(fd, "cgroup.kill", F_OK, 0), -1);
}

TEST(a_directory_that_is_no_cgroup_freezes_nothing)
{
	static const char *const controllers[] = { "freezer", "" };

	for (size_t i = 0; i < ARRAY_LEN(controllers); i++) {
		struct trap t;
		char *why;

		trap_set(&t, controllers[i]);
		expect_int(freezer_get(&t.paths, &why), FREEZER_NONE);
		expect(strlen(why) > 0);
		free(why);
		expect_err(freezer_set(&t.paths, true), ERR_UNSUPPORTED,
			   "this host has no cgroup freezer");
		expect_untouched(&t);
		trap_clear(&t);
	}
}

TEST(a_hierarchy_that_is_gone_is_no_freezer)
{
	struct cgroup_dir dir = { (char *)"freezer", (char *)"/no/such/place/web",
				  (char *)"/no/such/place" };
	struct cgroup_paths paths = { (char *)"/web", 1, &dir };
	char *why;

	expect_int(freezer_get(&paths, &why), FREEZER_NONE);
	free(why);
	paths = (struct cgroup_paths){ 0 };
	expect_int(freezer_get(&paths, &why), FREEZER_NONE);
	expect_str(why, "the container has no cgroup");
	free(why);
	expect_err(freezer_set(&paths, true), ERR_UNSUPPORTED,
		   "cannot pause the container without a cgroup");
}

TEST(nothing_is_made_joined_or_removed_where_no_cgroup_is)
{
	struct trap t;
	struct cgroup_plan plan = { .kind = CGROUP_V1 };
	struct cgroup_dir other;
	int fd = -1;

	trap_set(&t, "memory");
	other = (struct cgroup_dir){ (char *)"memory", str_format("%s/new", t.mount), t.mount };
	plan.paths = (struct cgroup_paths){ (char *)"/new", 1, &other };
	expect_err(cgroup_create(&plan, &fd), ERR_UNSUPPORTED, "is not a cgroup file system");
	expect_int(access(other.path, F_OK), -1);
	free(other.path);

	expect_err(cgroup_attach(&t.paths, getpid(), false), ERR_UNSUPPORTED,
		   "is not on a cgroup file system");
	expect_ok(cgroup_remove(&t.paths));
	expect_ok(cgroup_kill(&t.paths, 9));
	expect_untouched(&t);
	expect_int(cgroup_open_v2(&t.paths), -EBADF);
	expect(!cgroup_had_oom(&t.paths));
	trap_clear(&t);
}

TEST(recorded_paths_must_lie_below_their_mount)
{
	static const struct {
		const char *path, *mount;
		bool sane;
	} table[] = {
		{ "/sys/fs/cgroup/memory/web", "/sys/fs/cgroup/memory", true },
		{ "/sys/fs/cgroup/memory/a/b", "/sys/fs/cgroup/memory", true },
		{ "/sys/fs/cgroup/memory", "/sys/fs/cgroup/memory", false },
		{ "/sys/fs/cgroup/memory/", "/sys/fs/cgroup/memory", false },
		{ "/sys/fs/cgroup/memory/.", "/sys/fs/cgroup/memory", false },
		{ "/sys/fs/cgroup/memory/../pids", "/sys/fs/cgroup/memory", false },
		{ "/sys/fs/cgroup/memory2/web", "/sys/fs/cgroup/memory", false },
		{ "/etc/web", "/sys/fs/cgroup/memory", false },
		{ "sys/web", "sys", false },
		{ "/web", "/", false },
		{ "/web", "", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct cgroup_dir d = { (char *)"memory", (char *)table[i].path,
					(char *)table[i].mount };
		struct cgroup_paths paths = { (char *)"/web", 1, &d };

		expect_int(cgdir_is_sane(&d), table[i].sane);
		if (!table[i].sane)
			expect_err(cgroup_remove(&paths), ERR_INVALID, "nothing was removed");
	}
}

static struct cgroup_dir some_dirs[] = {
	{ (char *)"cpu,cpuacct", (char *)"/c/cpu/web", (char *)"/c/cpu" },
	{ (char *)"memory", (char *)"/c/memory/web", (char *)"/c/memory" },
	{ (char *)"", (char *)"/c/unified/web", (char *)"/c/unified" },
};
static const struct cgroup_paths some_paths = { (char *)"/web", 3, some_dirs };

TEST(a_sub_cgroup_is_below_the_container)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_paths p;

	expect_ok(cgroup_sub(a, &some_paths, "", &p));
	expect_str(p.v[0].path, "/c/cpu/web");
	expect_ok(cgroup_sub(a, &some_paths, "/a//b", &p));
	expect_str(p.path, "/web/a/b");
	expect_str(p.v[0].path, "/c/cpu/web/a/b");
	expect_str(p.v[2].path, "/c/unified/web/a/b");
	expect_ok(cgroup_sub(a, &some_paths, "cpuacct,memory:x", &p));
	expect_str(p.path, "/web");
	expect_str(p.v[0].path, "/c/cpu/web/x");
	expect_str(p.v[1].path, "/c/memory/web/x");
	expect_str(p.v[2].path, "/c/unified/web");
	expect_str(some_dirs[0].path, "/c/cpu/web");
}

TEST(a_sub_cgroup_cannot_leave_the_container)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_paths p;

	expect_err(cgroup_sub(a, &some_paths, "../x", &p), ERR_INVALID, "`..` is not allowed");
	expect_err(cgroup_sub(a, &some_paths, "memory:a/../../x", &p), ERR_INVALID, "`..`");
	expect_err(cgroup_sub(a, &some_paths, "pids:x", &p), ERR_INVALID, "no hierarchy `pids`");
	expect_err(cgroup_sub(a, &(struct cgroup_paths){ 0 }, "x", &p), ERR_STATE, "no cgroup");
}

TEST(where_nothing_is_found_the_recorded_place_counts)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_paths p;

	expect_ok(cgroup_paths_of(a, &some_paths, getpid(), &p));
	expect_str(p.v[1].path, "/c/memory/web");
	expect_err(cgroup_paths_of(a, &some_paths, 0x7ffffffe, &p), ERR_SYSTEM, "open /proc/");
}

static int count(int fd UNUSED, void *arg)
{
	++*(int *)arg;
	return 0;
}

static int remove_one(int parent_fd, const char *name, void *arg UNUSED)
{
	return unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* Far below what descriptors or the stack would allow a recursion. */
TEST(a_walk_reaches_everything_however_deep)
{
	char top[] = "/tmp/davit-walk-XXXXXX";
	auto_close int fd = -EBADF;
	int n = 0;

	expect(mkdtemp(top));
	fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect_int(mkdirat(fd, "side", 0755), 0);
	expect_int(mkdirat(fd, "side/b", 0755), 0);
	for (int i = 0; i < 1100; i++) {
		int next;

		expect_int(mkdirat(fd, "x", 0755), 0);
		next = openat(fd, "x", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fd_close(fd);
		fd = next;
	}
	fd_close(fd);
	fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect_int(cgdir_walk(fd, count, NULL, &n), 0);
	expect_int(n, 1103);
	expect_int(cgdir_walk(fd, NULL, remove_one, NULL), 0);
	expect_int(rmdir(top), 0);
}

TEST(pid_lists_are_sorted_and_unique)
{
	auto_pids struct pid_list l = { 0 };

	pid_list_sort(&l);
	expect(!pid_list_has(&l, 1));
	for (int i = 100; i > 0; i--) {
		pid_list_add(&l, i);
		pid_list_add(&l, 50);
	}
	pid_list_sort(&l);
	expect_int(l.n, 100);
	expect_int(l.v[0], 1);
	expect_int(l.v[99], 100);
	expect(pid_list_has(&l, 50) && !pid_list_has(&l, 101));
}

TESTS(CASE(a_directory_that_is_no_cgroup_freezes_nothing),
      CASE(a_hierarchy_that_is_gone_is_no_freezer),
      CASE(nothing_is_made_joined_or_removed_where_no_cgroup_is),
      CASE(recorded_paths_must_lie_below_their_mount), CASE(a_sub_cgroup_is_below_the_container),
      CASE(a_sub_cgroup_cannot_leave_the_container),
      CASE(where_nothing_is_found_the_recorded_place_counts),
      CASE(a_walk_reaches_everything_however_deep), CASE(pid_lists_are_sorted_and_unique))
