/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Environment, finding the program, why it does not start, closing descriptors.
 */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/str.h"
#include "os/program.h"

static char *joined(char *const *env, size_t n)
{
	struct strv v = { 0 };
	struct str s = { 0 };

	expect_ok(env_build(env, n, 4000000000U, &v));
	for (size_t i = 0; i < v.n; i++)
		str_addf(&s, "%s;", v.v[i]);
	strv_done(&v);
	return s.s;
}

TEST(later_variables_win_and_keep_the_first_place)
{
	char *env[] = { "A=1", "HOME=/h", "B=2", "A=3", "=x", "C=" };
	auto_free char *text = joined(env, 6);

	expect_str(text, "A=3;HOME=/h;B=2;=x;C=;");
}

TEST(a_name_without_value_removes_the_variable)
{
	char *env[] = { "A=1", "B=2", "A", "HOME=/h", "Z", "", "A=4", "HOME" };
	auto_free char *text = joined(env, 8);

	expect_str(text, "B=2;A=4;HOME=/;");
}

TEST(home_is_a_slash_for_a_user_nobody_knows)
{
	char *empty[] = { "HOME=", "X=1" };
	auto_free char *none = joined(NULL, 0);
	auto_free char *replaced = joined(empty, 2);

	expect_str(none, "HOME=/;");
	expect_str(replaced, "HOME=/;X=1;");
}

TEST(many_variables_take_no_time)
{
	enum { N = 50000 };
	char **env = calloc(N, sizeof(*env));
	struct strv v = { 0 };

	for (size_t i = 0; i < N; i++)
		env[i] = str_format("V%zu=%zu", i / 2, i);
	expect_ok(env_build(env, N, 0, &v));
	expect_int(v.n, N / 2 + 1);
	expect_str(env_get(&v, "V7"), "15");
	expect(!env_get(&v, "V"));
	strv_done(&v);
	for (size_t i = 0; i < N; i++)
		free(env[i]);
	free(env);
}

static char dir[] = "/tmp/test-program-XXXXXX";

static char *make_file(const char *name, const char *text, size_t len, mode_t mode)
{
	char *path = str_format("%s/%s", dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	expect(fd >= 0 && write(fd, text, len) == (ssize_t)len);
	close(fd);
	chmod(path, mode);
	return path;
}

TEST(a_program_is_found_in_the_order_of_path)
{
	auto_free char *a = make_file("first", "", 0, 0755);
	auto_free char *path_var = str_format("/no/such:%s/sub::%s", dir, dir);
	auto_free char *sub = str_format("%s/sub", dir);
	auto_free char *shadow = NULL;
	auto_free char *found = NULL;

	mkdir(sub, 0755);
	/* Not executable: the next folder has the real one. */
	shadow = make_file("sub/first", "", 0, 0644);
	expect_ok(program_find("first", path_var, &found));
	expect_str(found, a);
}

TEST(an_empty_element_is_the_current_directory)
{
	auto_free char *a = make_file("here", "", 0, 0755);
	auto_free char *found = NULL;

	expect_int(chdir(dir), 0);
	expect_ok(program_find("here", "/no/such:", &found));
	expect_str(found, "./here");
	expect_int(chdir("/"), 0);
}

TEST(a_missing_program_is_said_in_the_words_engines_know)
{
	auto_free char *found = NULL;

	expect_err(program_find("nope", "/bin", &found), ERR_SYSTEM,
		   "executable file `nope` not found in $PATH: no such file or directory");
	expect_err(program_find("nope", NULL, &found), ERR_SYSTEM,
		   "executable file `nope` not found in $PATH: no such file or directory");
	expect_err(program_find("/x/nope", "/bin", &found), ERR_SYSTEM,
		   "executable file `/x/nope` not found: no such file or directory");
	expect_err(program_find("", "/bin", &found), ERR_INVALID, "cannot find `` in $PATH");
	expect_err(program_find(NULL, "/bin", &found), ERR_INVALID, "cannot find `` in $PATH");
}

TEST(what_cannot_be_executed_is_permission_denied)
{
	auto_free char *plain = make_file("plain", "", 0, 0644);
	auto_free char *found = NULL;

	expect_err(program_find("/etc", NULL, &found), ERR_DENIED,
		   "the path `/etc` is a directory, not a program: permission denied");
	expect_err(program_find("/dev/null", NULL, &found), ERR_DENIED,
		   "the path `/dev/null` is not a regular file: permission denied");
	expect_err(program_find(plain, NULL, &found), ERR_DENIED,
		   "exists but it is not executable: permission denied");
	expect_err(program_find("plain", dir, &found), ERR_DENIED, "permission denied");
}

TEST(a_missing_interpreter_is_named)
{
	static const char text[] = "#! /no/such/shell -e\necho\n";
	auto_free char *script = make_file("script", text, sizeof(text) - 1, 0755);

	expect_err(program_exec_error(-ENOENT, script), ERR_SYSTEM,
		   "the interpreter in its first line is not in the container: `/no/such/shell`");
}

TEST(a_missing_loader_is_named)
{
	char image[300] = "\177ELF\2\1\1";
	auto_free char *elf = NULL;

	image[32] = 64;  /* e_phoff */
	image[56] = 1;   /* e_phnum */
	image[64] = 3;   /* PT_INTERP */
	image[72] = 120; /* p_offset */
	strcpy(image + 120, "/lib/ld-nope.so.1");
	elf = make_file("elf", image, sizeof(image), 0755);
	expect_err(program_exec_error(-ENOENT, elf), ERR_SYSTEM,
		   "its loader is not in the container: `/lib/ld-nope.so.1`");
	/* Offsets that lead nowhere. */
	memset(image + 32, 0x7f, 8);
	free(elf);
	elf = make_file("elf", image, sizeof(image), 0755);
	expect_err(program_exec_error(-ENOENT, elf), ERR_SYSTEM, "(missing dynamic library?)");
}

TEST(other_refusals_say_what_may_be_wrong)
{
	auto_free char *plain = make_file("plain", "hello", 5, 0755);
	struct err *e = program_exec_error(-ENOEXEC, plain);

	expect(strstr(err_text(e), "exec container process `"));
	expect(strstr(err_text(e), "exec format error"));
	expect(strstr(err_get_hint(e), "architecture"));
	err_free(e);
	expect_err(program_exec_error(-ENOENT, "/no/such"), ERR_SYSTEM,
		   "executable file `/no/such` not found: no such file or directory");
	expect_err(program_exec_error(-EACCES, plain), ERR_DENIED, "permission denied");
}

/* In a child, since it closes what the test itself has open. */
TEST(descriptors_are_closed_but_the_one_to_keep)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int ok = dup2(1, 50) == 50 && dup2(1, 51) == 51 && dup2(1, 60) == 60;
		struct err *e = fds_close_from(50, 51);

		ok = ok && !e && fcntl(50, F_GETFD) < 0 && fcntl(51, F_GETFD) >= 0 &&
		     fcntl(60, F_GETFD) < 0;
		e = fds_cloexec_from(51);
		ok = ok && !e && fcntl(51, F_GETFD) == FD_CLOEXEC;
		_exit(ok ? 0 : 1);
	}
	expect_int(waitpid(pid, &status, 0), pid);
	expect_int(status, 0);
}

TEST(the_working_directory_is_inside_or_refused)
{
	auto_free char *file = make_file("file", "", 0, 0644);
	auto_free char *missing = str_format("%s/new/deep", dir);
	auto_free char *here = NULL;
	bool denied = true;
	char buf[64];
	int fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	expect_ok(cwd_enter(dir, false, &denied));
	expect(!denied);
	here = getcwd(NULL, 0);
	expect_str(here, dir);
	expect_err(cwd_enter(missing, false, &denied), ERR_SYSTEM, "No such file or directory");
	expect_ok(cwd_enter(missing, true, &denied));
	expect_ok(cwd_enter("tmp", false, NULL));
	expect_err(cwd_enter(file, true, NULL), ERR_SYSTEM, "process.cwd: chdir to `");
	snprintf(buf, sizeof(buf), "/proc/self/fd/%d", fd);
	expect_err(cwd_enter(buf, true, NULL), ERR_SYSTEM, "process.cwd: chdir to `/proc/self/fd/");
	expect_err(cwd_enter("/proc/self/cwd", false, NULL), ERR_SYSTEM, "process.cwd");
	expect_ok(cwd_enter("", false, NULL));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(later_variables_win_and_keep_the_first_place),
		CASE(a_name_without_value_removes_the_variable),
		CASE(home_is_a_slash_for_a_user_nobody_knows),
		CASE(many_variables_take_no_time),
		CASE(a_program_is_found_in_the_order_of_path),
		CASE(an_empty_element_is_the_current_directory),
		CASE(a_missing_program_is_said_in_the_words_engines_know),
		CASE(what_cannot_be_executed_is_permission_denied),
		CASE(a_missing_interpreter_is_named),
		CASE(a_missing_loader_is_named),
		CASE(other_refusals_say_what_may_be_wrong),
		CASE(descriptors_are_closed_but_the_one_to_keep),
		CASE(the_working_directory_is_inside_or_refused),
	};
	int rc;

	if (!mkdtemp(dir))
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	if (chdir("/") == 0) {
		auto_free char *command = str_format("rm -rf %s", dir);

		rc |= system(command);
	}
	return rc;
}
