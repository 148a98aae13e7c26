/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/terminal.c: nothing is lost between a pty and slow readers.
 */
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/file.h"
#include "container/terminal.h"

enum { AMOUNT = 2 * 1024 * 1024 };

/* Writes AMOUNT bytes of a pattern to its terminal and ends. */
static void writer_main(int slave)
{
	struct termios raw;
	char buf[4096];

	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (char)('a' + i % 26);
	for (size_t done = 0; done < AMOUNT; done += sizeof(buf)) {
		if (fd_write_all(slave, buf, sizeof(buf)) < 0)
			_exit(1);
	}
	_exit(0);
}

/* Copies like the monitor does, from MASTER to our standard output, until the writer is gone. */
static void copy(int master, pid_t writer)
{
	static struct terminal t;

	terminal_begin(&t, master);
	while (waitpid(writer, NULL, WNOHANG) == 0) {
		struct pollfd p[TERMINAL_POLLFDS];

		terminal_before_poll(&t, p);
		poll(p, ARRAY_LEN(p), 10);
		terminal_after_poll(&t, p);
	}
	terminal_end(&t);
}

static void copier_main(int out)
{
	int master, slave;
	pid_t writer;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
		_exit(1);
	writer = fork();
	if (writer == 0) {
		close(master);
		writer_main(slave);
	}
	close(slave);
	dup2(null, 0);
	dup2(out, 1);
	close(out);
	copy(master, writer);
	_exit(0);
}

TEST(megabytes_reach_a_slow_reader_without_loss)
{
	static char buf[AMOUNT + 1];
	size_t got = 0;
	int p[2];
	ssize_t n;
	pid_t pid;

	expect(pipe2(p, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		copier_main(p[1]);
	}
	close(p[1]);
	poll(NULL, 0, 100); /* the pipe fills up, then the pty */
	while ((n = read(p[0], buf + got, MIN(sizeof(buf) - got, (size_t)60000))) > 0)
		got += (size_t)n;
	waitpid(pid, NULL, 0);
	expect_int(got, AMOUNT);
	for (size_t i = 0; i < got; i++) {
		if (buf[i] != (char)('a' + (i % 4096) % 26))
			fail_msg("byte %zu differs", i);
	}
	close(p[0]);
}

TEST(a_reader_that_went_away_does_not_stop_the_writer)
{
	int p[2];
	pid_t pid;
	int status;

	expect(pipe2(p, O_CLOEXEC) == 0);
	pid = fork();
	if (pid == 0) {
		const struct sigaction ignore = { .sa_handler = SIG_IGN };

		sigaction(SIGPIPE, &ignore, NULL);
		close(p[0]);
		copier_main(p[1]);
	}
	close(p[0]);
	close(p[1]);
	expect_int(waitpid(pid, &status, 0), pid);
	expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TESTS(CASE(megabytes_reach_a_slow_reader_without_loss),
      CASE(a_reader_that_went_away_does_not_stop_the_writer))
