/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files: limits, kinds, replacement, removal.
 */
#include "base/file.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "place.h"

TEST(a_file_is_read_whole)
{
	auto_place struct place p = place_make();
	auto_free char *text = NULL;
	size_t len = 0;

	place_write(&p, "f", "hello");
	expect_int(file_read_at(p.fd, "f", 5, &text, &len), 0);
	expect_int(len, 5);
	expect_str(text, "hello");
}

TEST(an_empty_file_is_an_empty_text)
{
	auto_place struct place p = place_make();
	auto_free char *text = NULL;
	size_t len = 1;

	place_write(&p, "f", "");
	expect_int(file_read_at(p.fd, "f", 5, &text, &len), 0);
	expect_int(len, 0);
	expect_str(text, "");
}

TEST(what_is_too_large_or_no_file_is_not_read)
{
	auto_place struct place p = place_make();
	char *text = NULL;
	size_t len = 0;

	place_write(&p, "f", "hello");
	expect_int(file_read_at(p.fd, "f", 4, &text, &len), -EFBIG);
	expect_int(file_read_at(p.fd, "missing", 4, &text, &len), -ENOENT);
	expect_int(file_read_at(p.fd, ".", 4, &text, &len), -EISDIR);
	expect_int(mkfifoat(p.fd, "pipe", 0600), 0);
	expect_int(file_read_at(p.fd, "pipe", 4, &text, &len), -EINVAL);
	expect_int(file_read_at(AT_FDCWD, "/dev/zero", 4, &text, &len), -EINVAL);
	expect(!text);
}

TEST(a_line_loses_its_newline_and_fits_the_buffer)
{
	auto_place struct place p = place_make();
	char buf[6];

	place_write(&p, "f", "12\n");
	expect_int(file_read_line_at(p.fd, "f", buf, sizeof(buf)), 2);
	expect_str(buf, "12");
	place_write(&p, "f", "1234567890\n");
	expect_int(file_read_line_at(p.fd, "f", buf, sizeof(buf)), 5);
	expect_str(buf, "12345");
	expect_int(file_read_line_at(p.fd, "missing", buf, sizeof(buf)), -ENOENT);
	place_write(&p, "f", "");
	expect_int(file_read_line_at(p.fd, "f", buf, sizeof(buf)), 0);
	expect_str(buf, "");
}

TEST(writing_never_makes_a_file)
{
	auto_place struct place p = place_make();
	char buf[16];

	expect_int(file_write_at(p.fd, "f", "1"), -ENOENT);
	expect(!place_has(&p, "f"));
	place_write(&p, "f", "abc");
	expect_int(file_write_at(p.fd, "f", "12"), 0);
	expect_int(file_read_line_at(p.fd, "f", buf, sizeof(buf)), 3);
	expect_str(buf, "12c");
}

TEST(replacing_is_atomic_and_leaves_no_other_name)
{
	auto_place struct place p = place_make();
	auto_free char *text = NULL;
	size_t len = 0;
	struct stat st;

	expect_int(file_replace_at(p.fd, "f", "one", 3, 0600), 0);
	expect_int(file_replace_at(p.fd, "f", "two!", 4, 0600), 0);
	expect_int(file_read_at(p.fd, "f", 10, &text, &len), 0);
	expect_str(text, "two!");
	expect_int(fstatat(p.fd, "f", &st, 0), 0);
	expect_int(st.st_mode & 0777, 0600);
	expect(!place_has(&p, ".f.tmp"));
}

TEST(replacing_follows_no_link_at_the_temporary_name)
{
	auto_place struct place p = place_make();

	place_write(&p, "victim", "safe");
	expect_int(symlinkat("victim", p.fd, ".f.tmp"), 0);
	expect(file_replace_at(p.fd, "f", "x", 1, 0600) <= 0);
	char buf[16];
	expect_int(file_read_line_at(p.fd, "victim", buf, sizeof(buf)), 4);
	expect_str(buf, "safe");
}

TEST(a_failed_replacement_leaves_the_old_file)
{
	auto_place struct place p = place_make();

	expect_int(mkdirat(p.fd, "dir", 0755), 0);
	place_write(&p, "dir/x", "");
	expect(file_replace_at(p.fd, "dir", "x", 1, 0600) < 0);
	expect(place_has(&p, "dir/x"));
	expect(!place_has(&p, ".dir.tmp"));
}

TEST(trees_are_removed_without_following_links)
{
	auto_place struct place p = place_make();

	expect_int(mkdirat(p.fd, "keep", 0755), 0);
	place_write(&p, "keep/file", "");
	expect_int(mkdirat(p.fd, "tree", 0755), 0);
	expect_int(mkdirat(p.fd, "tree/a", 0755), 0);
	expect_int(mkdirat(p.fd, "tree/a/b", 0755), 0);
	place_write(&p, "tree/a/b/file", "");
	expect_int(symlinkat("../keep", p.fd, "tree/link"), 0);
	expect_int(symlinkat("/nowhere", p.fd, "tree/dangling"), 0);
	expect_int(mkfifoat(p.fd, "tree/pipe", 0600), 0);
	expect_int(file_remove_tree_at(p.fd, "tree"), 0);
	expect(!place_has(&p, "tree"));
	expect(place_has(&p, "keep/file"));
}

TEST(removing_what_is_not_there_is_fine)
{
	auto_place struct place p = place_make();

	expect_int(file_remove_tree_at(p.fd, "missing"), 0);
	place_write(&p, "file", "");
	expect_int(file_remove_tree_at(p.fd, "file"), 0);
	expect(!place_has(&p, "file"));
}

/* In a mount namespace of its own: 0 when the mounted file is still there. */
static int remove_with_a_mount_inside(const char *path)
{
	auto_free char *inner = str_format("%s/tree/inner", path);
	auto_free char *file = str_format("%s/kept", inner);
	auto_close int dir = -EBADF;
	auto_close int fd = -EBADF;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", inner, "tmpfs", 0, "size=4k") < 0)
		return 2;
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || dir < 0)
		return 3;
	return file_remove_tree_at(dir, "tree") == -EBUSY && access(file, F_OK) == 0 ? 0 : 1;
}

TEST(what_is_mounted_into_a_tree_is_kept)
{
	auto_place struct place p = place_make();
	int status = 0;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	expect_int(mkdirat(p.fd, "tree", 0700), 0);
	expect_int(mkdirat(p.fd, "tree/inner", 0700), 0);
	pid = fork();
	if (pid == 0)
		_exit(remove_with_a_mount_inside(p.path));
	expect_int(waitpid(pid, &status, 0), pid);
	expect_int(WEXITSTATUS(status), 0);
}

TEST(short_reads_and_writes_are_continued)
{
	int fds[2];
	char buf[8] = { 0 };

	expect_int(pipe2(fds, O_CLOEXEC), 0);
	expect_int(fd_write_all(fds[1], "abc", 3), 0);
	expect_int(fd_write_all(fds[1], "def", 3), 0);
	close(fds[1]);
	expect_int(fd_read_all(fds[0], buf, sizeof(buf)), 6);
	expect_str(buf, "abcdef");
	expect_int(fd_read_all(fds[0], buf, sizeof(buf)), 0);
	close(fds[0]);
	expect_int(fd_read_all(-EBADF, buf, 1), -EBADF);
	expect_int(fd_write_all(-EBADF, "x", 1), -EBADF);
}

TESTS(CASE(a_file_is_read_whole), CASE(an_empty_file_is_an_empty_text),
      CASE(what_is_too_large_or_no_file_is_not_read),
      CASE(a_line_loses_its_newline_and_fits_the_buffer), CASE(writing_never_makes_a_file),
      CASE(replacing_is_atomic_and_leaves_no_other_name),
      CASE(replacing_follows_no_link_at_the_temporary_name),
      CASE(a_failed_replacement_leaves_the_old_file),
      CASE(trees_are_removed_without_following_links), CASE(removing_what_is_not_there_is_fine),
      CASE(what_is_mounted_into_a_tree_is_kept), CASE(short_reads_and_writes_are_continued))
