/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening below a root: everything twice, with openat2 and with the walk for kernels that lack it.
 */
#include "base/path.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "place.h"

/* A root with a file outside of it that a wrong resolution would find. */
struct jail {
	struct place place;
	int root;
};

static struct jail jail_make(void)
{
	struct jail j = { .place = place_make() };

	place_write(&j.place, "secret", "outside");
	expect_int(mkdirat(j.place.fd, "root", 0755), 0);
	j.root = openat(j.place.fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	expect(j.root >= 0);
	place_write(&j.place, "root/file", "inside");
	expect_int(mkdirat(j.root, "dir", 0755), 0);
	place_write(&j.place, "root/dir/file", "in dir");
	return j;
}

static void jail_done(struct jail *j)
{
	fd_close(j->root);
	place_done(&j->place);
}
#define auto_jail __attribute__((cleanup(jail_done)))

/* The text of PATH below the root, in BUF, or -errno. */
static int read_below(const struct jail *j, const char *path, char *buf, size_t size)
{
	auto_close int fd = path_open_in(j->root, path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

static void expect_read(const struct jail *j, const char *path, const char *text)
{
	char buf[32];

	expect_int(read_below(j, path, buf, sizeof(buf)), 0);
	expect_str(buf, text);
}

static int error_of(const struct jail *j, const char *path, int flags)
{
	int fd = path_open_in(j->root, path, flags);

	fd_close(fd);
	return MIN(fd, 0);
}

TEST(paths_are_taken_from_the_root)
{
	auto_jail struct jail j = jail_make();

	expect_read(&j, "file", "inside");
	expect_read(&j, "/file", "inside");
	expect_read(&j, "//dir///./file", "in dir");
	expect_read(&j, "dir/../file", "inside");
	expect_int(error_of(&j, "", O_PATH | O_DIRECTORY), 0);
	expect_int(error_of(&j, "/", O_PATH | O_DIRECTORY), 0);
}

TEST(dot_dot_cannot_leave_the_root)
{
	auto_jail struct jail j = jail_make();

	expect_int(error_of(&j, "../secret", O_RDONLY), -ENOENT);
	expect_int(error_of(&j, "dir/../../../secret", O_RDONLY), -ENOENT);
	expect_read(&j, "../../file", "inside");
}

TEST(links_are_resolved_inside_the_root)
{
	auto_jail struct jail j = jail_make();
	auto_free char *outside = str_format("%s/secret", j.place.path);

	expect_int(symlinkat("/dir/file", j.root, "absolute"), 0);
	expect_int(symlinkat("../../../file", j.root, "dir/climbing"), 0);
	expect_int(symlinkat("dir", j.root, "to-dir"), 0);
	expect_int(symlinkat("to-dir/climbing", j.root, "chain"), 0);
	expect_int(symlinkat(outside, j.root, "escape"), 0);
	expect_int(symlinkat("/..", j.root, "up"), 0);
	expect_read(&j, "absolute", "in dir");
	expect_read(&j, "dir/climbing", "inside");
	expect_read(&j, "chain", "inside");
	expect_read(&j, "to-dir/file", "in dir");
	expect_int(error_of(&j, "escape", O_RDONLY), -ENOENT);
	expect_int(error_of(&j, "up/secret", O_RDONLY), -ENOENT);
	expect_read(&j, "up/file", "inside");
}

TEST(loops_end)
{
	auto_jail struct jail j = jail_make();

	expect_int(symlinkat("b", j.root, "a"), 0);
	expect_int(symlinkat("a", j.root, "b"), 0);
	expect_int(symlinkat("self/x", j.root, "self"), 0);
	expect_int(error_of(&j, "a", O_RDONLY), -ELOOP);
	expect_int(error_of(&j, "self", O_RDONLY), -ELOOP);
}

TEST(wrong_kinds_on_the_way_are_errors)
{
	auto_jail struct jail j = jail_make();

	expect_int(error_of(&j, "file/x", O_RDONLY), -ENOTDIR);
	expect_int(error_of(&j, "missing/x", O_RDONLY), -ENOENT);
	expect_int(error_of(&j, "file", O_PATH | O_DIRECTORY), -ENOTDIR);
}

TEST(the_last_link_can_be_opened_itself)
{
	auto_jail struct jail j = jail_make();
	auto_close int fd = -EBADF;
	struct stat st;

	expect_int(symlinkat("file", j.root, "link"), 0);
	fd = path_open_in(j.root, "link", O_PATH | O_NOFOLLOW);
	expect(fd >= 0);
	expect_int(fstat(fd, &st), 0);
	expect(S_ISLNK(st.st_mode));
	expect_int(error_of(&j, "link", O_RDONLY | O_NOFOLLOW), -ELOOP);
}

TEST(links_can_be_refused_altogether)
{
	auto_jail struct jail j = jail_make();
	auto_close int fd = -EBADF;

	expect_int(symlinkat("dir", j.root, "to-dir"), 0);
	fd = path_open_in_nolink(j.root, "dir/file", O_PATH);
	expect(fd >= 0);
	expect_int(path_open_in_nolink(j.root, "to-dir/file", O_PATH), -ELOOP);
	expect_int(path_open_in_nolink(j.root, "to-dir", O_RDONLY), -ELOOP);
}

TEST(descriptors_close_on_exec)
{
	auto_jail struct jail j = jail_make();
	auto_close int fd = path_open_in(j.root, "file", O_RDONLY);
	auto_close int path_fd = path_open_in(j.root, "dir", O_PATH);

	expect_int(fcntl(fd, F_GETFD), FD_CLOEXEC);
	expect_int(fcntl(path_fd, F_GETFD), FD_CLOEXEC);
}

static mode_t mode_of(const struct jail *j, const char *path)
{
	auto_close int fd = path_open_in(j->root, path, O_PATH | O_NOFOLLOW);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? st.st_mode : 0;
}

TEST(directories_are_made_where_they_are_missing)
{
	auto_jail struct jail j = jail_make();
	auto_close int fd = path_make_dir_in(j.root, "/dir/a//b/./c", 0700);
	auto_close int again = path_make_dir_in(j.root, "dir/a/b/c", 0755);
	struct stat st;

	expect(fd >= 0 && again >= 0);
	expect_int(fstat(fd, &st), 0);
	expect_int(st.st_mode, S_IFDIR | 0700);
	expect_int(mode_of(&j, "dir/a"), S_IFDIR | 0700);
	expect_int(mode_of(&j, "dir"), S_IFDIR | 0755);
}

TEST(directories_are_made_through_links_inside_the_root)
{
	auto_jail struct jail j = jail_make();
	int fd;

	expect_int(symlinkat("dir", j.root, "to-dir"), 0);
	expect_int(symlinkat("/made/by-link", j.root, "dangling"), 0);
	expect_int(symlinkat("../../../up", j.root, "dir/climbing"), 0);
	fd = path_make_dir_in(j.root, "to-dir/new", 0755);
	expect(fd >= 0);
	close(fd);
	expect_int(mode_of(&j, "dir/new"), S_IFDIR | 0755);
	fd = path_make_dir_in(j.root, "dangling/x", 0755);
	expect(fd >= 0);
	close(fd);
	expect_int(mode_of(&j, "made/by-link/x"), S_IFDIR | 0755);
	fd = path_make_dir_in(j.root, "dir/climbing", 0755);
	expect(fd >= 0);
	close(fd);
	expect_int(mode_of(&j, "up"), S_IFDIR | 0755);
	expect(!place_has(&j.place, "up"));
}

TEST(making_a_directory_over_something_else_fails)
{
	auto_jail struct jail j = jail_make();

	expect_int(symlinkat("loop", j.root, "loop"), 0);
	expect_int(path_make_dir_in(j.root, "file", 0755), -ENOTDIR);
	expect_int(path_make_dir_in(j.root, "file/x", 0755), -ENOTDIR);
	expect_int(path_make_dir_in(j.root, "loop/x", 0755), -ELOOP);
}

TEST(files_are_made_where_they_are_missing)
{
	auto_jail struct jail j = jail_make();
	int fd;

	fd = path_make_file_in(j.root, "/new/sub/file");
	expect(fd >= 0);
	close(fd);
	expect_int(mode_of(&j, "new/sub/file"), S_IFREG | 0644);
	fd = path_make_file_in(j.root, "file");
	expect(fd >= 0);
	close(fd);
	expect_read(&j, "file", "inside");
}

TEST(files_are_made_through_links_inside_the_root)
{
	auto_jail struct jail j = jail_make();
	int fd;

	expect_int(symlinkat("/made/here", j.root, "dangling"), 0);
	expect_int(symlinkat("../../beside", j.root, "dir/relative"), 0);
	fd = path_make_file_in(j.root, "dangling");
	expect(fd >= 0);
	close(fd);
	expect_int(mode_of(&j, "made/here"), S_IFREG | 0644);
	fd = path_make_file_in(j.root, "dir/relative");
	expect(fd >= 0);
	close(fd);
	expect_int(mode_of(&j, "beside"), S_IFREG | 0644);
	expect(!place_has(&j.place, "beside"));
	expect_int(symlinkat("loop", j.root, "loop"), 0);
	expect_int(path_make_file_in(j.root, "loop"), -ELOOP);
}

TEST(the_parent_of_a_path_is_made_and_its_name_found)
{
	auto_jail struct jail j = jail_make();
	auto_close int fd = -EBADF;
	const char *name = NULL;

	fd = path_open_parent_in(j.root, "/a/b/leaf", 0755, &name);
	expect(fd >= 0);
	expect_str(name, "leaf");
	expect_int(mode_of(&j, "a/b"), S_IFDIR | 0755);
	expect(!place_has(&j.place, "root/a/b/leaf"));
	fd_close(fd);
	fd = path_open_parent_in(j.root, "leaf", 0755, &name);
	expect(fd >= 0);
	expect_str(name, "leaf");
	expect_int(path_open_parent_in(j.root, "a/..", 0755, &name), -EINVAL);
	expect_int(path_open_parent_in(j.root, "a/", 0755, &name), -EINVAL);
	expect_int(path_open_parent_in(j.root, "", 0755, &name), -EINVAL);
}

TEST(long_paths_are_refused)
{
	auto_jail struct jail j = jail_make();
	auto_free char *name = str_format("%0300d", 0);

	expect_int(error_of(&j, name, O_PATH), -ENAMETOOLONG);
}

TEST(a_descriptor_has_a_path)
{
	expect_str(fd_path(7).s, "/proc/self/fd/7");
}

/* From now on openat2 answers ENOSYS in this process. */
static void deny_openat2(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_LEN(code), .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		abort();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(paths_are_taken_from_the_root),
		CASE(dot_dot_cannot_leave_the_root),
		CASE(links_are_resolved_inside_the_root),
		CASE(loops_end),
		CASE(wrong_kinds_on_the_way_are_errors),
		CASE(the_last_link_can_be_opened_itself),
		CASE(links_can_be_refused_altogether),
		CASE(descriptors_close_on_exec),
		CASE(directories_are_made_where_they_are_missing),
		CASE(directories_are_made_through_links_inside_the_root),
		CASE(making_a_directory_over_something_else_fails),
		CASE(files_are_made_where_they_are_missing),
		CASE(files_are_made_through_links_inside_the_root),
		CASE(the_parent_of_a_path_is_made_and_its_name_found),
		CASE(long_paths_are_refused),
		CASE(a_descriptor_has_a_path),
	};
	int failed;

	umask(022);
	failed = cmocka_run_group_tests_name("openat2", tests, NULL, NULL);
	deny_openat2();
	return failed + cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
