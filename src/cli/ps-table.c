/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ps(1) run for a container: see ps-table.h.
 */
#include "cli/ps-table.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

enum { PS_MAX_BYTES = 64 * 1024 * 1024 };

/* The next field of the line at *P, or false; *P moves behind it. */
static bool next_field(const char **p, const char **ret, size_t *ret_len)
{
	*p += strspn(*p, " \t");
	*ret = *p;
	*ret_len = strcspn(*p, " \t\n");
	*p += *ret_len;
	return *ret_len > 0;
}

/* The number of the column headed PID, or -1. */
static int pid_column(const char *header)
{
	const char *field;
	size_t len;

	for (int i = 0; next_field(&header, &field, &len); i++) {
		if (len == 3 && memcmp(field, "PID", 3) == 0)
			return i;
	}
	return -1;
}

static bool line_pid(const char *line, int column, pid_t *ret)
{
	auto_free char *text = NULL;
	const char *field = NULL;
	uint64_t pid;
	size_t len = 0;

	for (int i = 0; i <= column; i++) {
		if (!next_field(&line, &field, &len))
			return false;
	}
	text = str_dup_n(field, len);
	if (str_to_u64(text, INT32_MAX, &pid) < 0)
		return false;
	*ret = (pid_t)pid;
	return true;
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

struct err *ps_filter(const char *text, const struct pid_set *pids, struct str *out)
{
	int column = pid_column(text);
	bool is_header = true;

	if (column < 0)
		return err_hint(err_new(ERR_INVALID, "the output of ps(1) has no column PID"),
				"choose columns with pid among them: -o pid,comm");
	while (*text) {
		size_t len = strcspn(text, "\n");
		pid_t pid = 0;

		if (is_header || (line_pid(text, column, &pid) && pids->n > 0 &&
				  bsearch(&pid, pids->v, pids->n, sizeof(pid), compare_pids))) {
			str_add_n(out, text, len);
			str_add(out, "\n");
		}
		is_header = false;
		text += len + (text[len] == '\n');
	}
	return NULL;
}

/* Starts ps(1) with its standard output in a pipe; *RET_FD is the end to read. */
static struct err *ps_spawn(char *const *args, size_t n_args, pid_t *ret_pid, int *ret_fd)
{
	auto_free char **argv = xcalloc(n_args + 2, sizeof(*argv));
	posix_spawn_file_actions_t actions;
	auto_close int out = -EBADF;
	auto_close int in = -EBADF;
	posix_spawnattr_t attr;
	sigset_t defaults;
	int ends[2];
	int rc;

	argv[0] = (char *)"ps";
	memcpy(argv + 1, args, n_args * sizeof(*args));
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(-errno, "make a pipe for ps(1)");
	in = ends[0];
	out = ends[1];

	/* What main() ignores, ps(1) must not. */
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	rc = posix_spawnp(ret_pid, "ps", &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	if (rc != 0)
		return err_hint(err_sys(-rc, "run ps(1)"),
				"without ps options davit lists the pids itself");
	*ret_fd = take_fd(&in);
	return NULL;
}

static struct err *read_pipe(int fd, struct str *out)
{
	char buf[16384];

	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(-errno, "read the output of ps(1)");
		if (n == 0)
			return NULL;
		if (out->len + (size_t)n > PS_MAX_BYTES)
			return err_new(ERR_INVALID, "the output of ps(1) is above 64 MiB");
		str_add_n(out, buf, (size_t)n);
	}
}

static struct err *ps_wait(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(-errno, "wait for ps(1)");
	}
	if (status == 0)
		return NULL;
	return err_hint(err_new(ERR_INVALID, "ps(1) ended with %s %d",
				WIFEXITED(status) ? "status" : "signal",
				WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status)),
			"what follows the id is given to ps(1)");
}

struct err *ps_table(char *const *args, size_t n_args, const struct pid_set *pids, struct str *out)
{
	auto_err struct err *read_error = NULL;
	auto_str struct str text = { 0 };
	auto_close int fd = -EBADF;
	pid_t pid;

	TRY(ps_spawn(args, n_args, &pid, &fd));
	read_error = read_pipe(fd, &text);
	/* Closed first: a ps(1) that still writes must end. */
	fd_close(take_fd(&fd));
	if (read_error) {
		err_free(ps_wait(pid));
		return take_ptr(&read_error);
	}
	TRY(ps_wait(pid));
	str_add(&text, "");
	return ps_filter(text.s, pids, out);
}
