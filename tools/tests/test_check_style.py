# SPDX-License-Identifier: Apache-2.0
"""tools/check-style finds a breach of each rule, and nothing in a right file."""
import subprocess

import pytest

from conftest import TOOLS

RIGHT = r'''#include <stdio.h>

#define take_ptr(p) ({ __typeof__(*(p)) t_ = *(p); *(p) = NULL; t_; })

struct x {
	int (*open)(const char *path);
};

static const struct x table[] = { { NULL } };

/* strcpy(a, b) is not called, and neither is printf("x"). */
static int work(struct x *x, const char *path)
{
	auto_close int fd = -EBADF;
	auto_free char *a = NULL, *b = f(1, 2);
	auto_str struct str s = { 0 };

	x->open(path);
	table[0].open(path);
	log_warn("do not use system(3) or exit(1); goto nowhere");
	fd = openat(dir_fd, path, O_PATH | O_CLOEXEC);
	mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	mount("a", fd_path(fd).s, NULL, MS_BIND, NULL);
	if (chdir("/") < 0)
		goto out;
	signal(SIGINT, SIG_DFL);
	fprintf(f, "%d", my_exit(1));
out:
	return 0;
}
'''


def test_a_right_file_has_no_problem(tree):
    tree.add("src/os/a.c", RIGHT)

    assert tree.problems("check-style") == []


# --- sources and sizes ----------------------------------------------------------------------------------

@pytest.mark.parametrize("path, head, problem", [
    ("src/os/a.c", "/*\n * No licence.\n */\n", ":1: no SPDX-License-Identifier: line in the first two lines"),
    ("src/os/a.h", "/* SPDX-License-Identifier: Apache-2.0 */\n#ifndef A\n#endif\n",
     ":2: no opening comment that says what the file owns"),
    ("tools/a", "#!/usr/bin/python3\nimport os\n",
     ":1: no SPDX-License-Identifier: line in the first two lines"),
    ("tests/a.py", "# SPDX-License-Identifier: Apache-2.0\nimport os\n",
     ":2: no opening comment that says what the file owns"),
    ("tools/b", "#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\nset -eu\n",
     ":3: no opening comment that says what the file owns"),
])
def test_a_source_says_its_licence_and_its_purpose(tree, path, head, problem):
    tree.add(path, head=head)

    assert tree.problems("check-style") == [path + problem]


@pytest.mark.parametrize("path", ["tests/data/a.c", "README.md", "tests/x.json"])
def test_data_needs_no_licence_line(tree, path):
    tree.add(path, "anything", head="")

    assert tree.problems("check-style") == []


@pytest.mark.parametrize("lines, wrong", [(100, False), (101, True)])
def test_a_function_has_at_most_100_lines(tree, lines, wrong):
    tree.add("src/base/a.c", "static int long_one(void)\n{\n" + "\tx();\n" * (lines - 3) + "}\n")

    assert tree.problems("check-style") == (
        [f"src/base/a.c:5: long_one() has {lines} lines, the limit is 100"] if wrong else [])


def test_a_long_table_is_no_function(tree):
    tree.add("src/base/a.c", "static const int f[] = {\n" + "\tX(1),\n" * 150 + "};\n"
             "struct y {\n" + "\tint a;\n" * 150 + "};\n")

    assert tree.problems("check-style") == []


@pytest.mark.parametrize("lines, wrong", [(900, False), (901, True)])
def test_a_file_has_at_most_900_lines(tree, lines, wrong):
    tree.add("tests/unit/a.c", "int x;\n" * (lines - 4))

    assert tree.problems("check-style") == (
        [f"tests/unit/a.c:901: the file has {lines} lines, the limit is 900"] if wrong else [])


def test_a_long_function_in_python_is_found(tree):
    tree.add("tests/a.py", "def f():\n" + "    x()\n" * 100,
             head="# SPDX-License-Identifier: Apache-2.0\n# A test.\n")

    assert tree.problems("check-style") == ["tests/a.py:3: f() has 101 lines, the limit is 100"]


# --- rules for C --------------------------------------------------------------------------------------

def lines_of(tree, statement, path="src/base/a.c"):
    tree.add(path, f"int f(void)\n{{\n\t{statement}\n}}\n")
    return [problem.partition(":7: ")[2] for problem in tree.problems("check-style")]


@pytest.mark.parametrize("statement, name", [
    ("auto_close int fd;", "auto_close fd"), ("auto_free char *a, *b = NULL;", "auto_free a"),
    ("auto_free char *a = f(1, 2), *b;", "auto_free b"), ("auto_run struct run *run;", "auto_run run"),
])
def test_an_auto_variable_without_a_value_is_found(tree, statement, name):
    assert lines_of(tree, statement) == [f"{name} is not initialised where it is declared"]


def test_only_goto_out(tree):
    assert lines_of(tree, "goto fail;") == ["goto fail: only `goto out`"]


@pytest.mark.parametrize("call", [
    "strcpy(a, b)", "strcat(a, b)", "sprintf(a, b)", "gets(a)", "strtok(a, b)", "atoi(a)", "system(a)",
    "popen(a, b)", "alloca(1)", "strncpy(a, b, 1)", "signal(SIGINT, handler)", "vfork()", "realpath(a, b)",
    "canonicalize_file_name(a)"])
def test_a_replaced_function_is_named_with_its_replacement(tree, call):
    problems = lines_of(tree, f"{call};")

    assert len(problems) == 1
    assert problems[0].startswith(f"{call.partition('(')[0]}(): use ")


def test_a_helper_of_the_tests_may_use_them(tree):
    assert lines_of(tree, "atoi(a);", "tests/tools/a.c") == []


@pytest.mark.parametrize("call, right", [
    ("open(p, O_RDONLY)", "open(p, O_RDONLY | O_CLOEXEC)"),
    ("openat(fd, p, flags)", "openat(fd, p, flags | O_CLOEXEC)"),
    ("socket(AF_UNIX, SOCK_STREAM, 0)", "socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)"),
    ("pipe(p)", "pipe2(p, O_CLOEXEC)"), ("dup(fd)", "fcntl(fd, F_DUPFD_CLOEXEC, 3)"),
    ("accept(fd, NULL, NULL)", "accept4(fd, NULL, NULL, SOCK_CLOEXEC)"),
    ('fopen(p, "r")', 'fopen(p, "re")'), ("fcntl(fd, F_DUPFD, 3)", "fcntl(fd, F_DUPFD_CLOEXEC, 3)"),
    ("memfd_create(n, 0)", "memfd_create(n, MFD_CLOEXEC)"),
    ("eventfd(0, 0)", "eventfd(0, EFD_CLOEXEC)"), ("mkstemp(t)", "mkostemp(t, O_CLOEXEC)"),
    ("recvmsg(fd, &m, 0)", "recvmsg(fd, &m, MSG_CMSG_CLOEXEC)"),
])
def test_a_descriptor_is_close_on_exec_from_birth(tree, call, right):
    problems = lines_of(tree, f"x = {call};")
    assert len(problems) == 1 and problems[0].startswith(call.partition("(")[0] + "(")
    assert lines_of(tree, f"x = {right};") == []


@pytest.mark.parametrize("call", ['printf("x")', 'fprintf(stderr, "x")', 'perror("x")', 'puts("x")',
                                  'fputs("x", stdout)', 'dprintf(STDERR_FILENO, "x")'])
def test_only_cli_prints(tree, call):
    assert "only src/cli prints" in lines_of(tree, f"{call};")[0]
    assert lines_of(tree, ";") == []
    assert lines_of(tree, f"{call};", "src/cli/a.c") == []


def test_a_hint_is_not_taken_for_an_error(tree):
    call = 'x = err_hint(err_sys(rc, "permission denied"), "%s")'

    assert lines_of(tree, call % "look" + ";") == []
    assert "engines take that" in lines_of(tree, call % "or Permission denied" + ";")[0]
    assert "engines take that" in lines_of(tree, call % 'permission " "denied' + ";")[0]


@pytest.mark.parametrize("call", ["exit(1)", "_exit(1)"])
def test_only_cli_handlers_and_init_end_the_process(tree, call):
    assert "may end the process" in lines_of(tree, f"{call};", "src/container/a.c")[0]
    for path in ("src/container/a.c", "src/cli/a.c", "handlers/a.c", "src/container/walk.c"):
        statement = ";" if path == "src/container/a.c" else f"{call};"
        assert lines_of(tree, statement, path) == []


@pytest.mark.parametrize("call", [
    'mount("proc", path, "proc", 0, NULL)', "mkdir(path, 0755)", "open(path, O_PATH | O_CLOEXEC)",
    "chdir(path)", "umount2(path, 0)", "mknod(path, 0, 0)", "symlink(a, path)", "unlink(path)",
    "rename(a, b)", "openat(AT_FDCWD, path, O_CLOEXEC)", 'chroot("/x")',
])
def test_os_and_container_take_no_paths(tree, call):
    for path in ("src/os/a.c", "src/container/b.c"):
        problems = lines_of(tree, f"{call};", path)
        (tree.directory / path).unlink()
        assert len(problems) == 1 and "by path: use " in problems[0]
    assert lines_of(tree, f"{call};", "src/base/a.c") == []


def test_the_problem_names_file_and_line(tree):
    tree.add("src/os/a.c", "\n\nint f(void)\n{\n\treturn atoi(x);\n}\n")

    assert tree.problems("check-style") == ["src/os/a.c:9: atoi(): use the number parsers of base/str.h"]


def test_only_the_named_files_are_checked(tree):
    tree.add("src/os/a.c", "int f(void)\n{\n\treturn atoi(x);\n}\n").add("src/os/b.c")

    assert tree.problems("check-style", "src/os/b.c") == []


def test_every_exception_has_a_reason():
    text = (TOOLS / "check-style").read_text(encoding="utf-8")
    scope = {}
    start = text.index("EXCEPTIONS = {")
    exec(text[start:text.index("\n}\n", start) + 2], scope)    # pylint: disable=exec-used

    for key, reason in scope["EXCEPTIONS"].items():
        assert len(key) == 3 and len(reason) >= 10, key


def test_an_exception_that_nothing_needs_is_found(tree):
    tree.add("src/container/spawn.c", "int f(void)\n{\n\treturn 0;\n}\n")

    problems = tree.problems("check-style")

    assert problems and all("is no longer needed" in problem for problem in problems)


# --- size-report -------------------------------------------------------------------------------------

def test_size_report_names_the_longest(tree):
    tree.add("src/os/a.c", "int short_one(void)\n{\n}\n\nint long_one(void)\n{\n" + "\tx();\n" * 70 + "}\n")

    out = tree.run("size-report", "-n", "1")

    assert out.returncode == 0
    assert "    73  long_one()  src/os/a.c:9" in out.stdout
    assert "short_one" not in out.stdout
    assert "1 functions over 60 lines (50.0 %" in out.stdout


@pytest.mark.parametrize("tool", ["check-style", "size-report", "install-deps"])
def test_help(tool):
    out = subprocess.run([TOOLS / tool, "--help"], capture_output=True, text=True, check=True)

    assert "usage:" in out.stdout
