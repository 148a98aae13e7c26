/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command and kills it with SIGKILL at its Nth system call: the runtime's sudden death at a
 * point that can be repeated.
 *
 *     kill-at [-c | -s] N FILE COMMAND [ARG...]
 *
 * Counts the system calls of the command itself; with -c those of its first child instead (the
 * container's init), which then is the one that dies.  With -s the children are stopped first, as
 * if they got no processor: they cannot notice the death and go by themselves.  FILE gets what
 * happened: "killed N in NR", or "ended after N" when there were fewer.  Ends as the command ended
 * (128 + signal).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(71);
}

static void note(const char *path, const char *what, long n, long nr)
{
	FILE *f = fopen(path, "we");

	if (!f)
		die(path);
	if (nr >= 0)
		fprintf(f, "%s %ld in %ld\n", what, n, nr);
	else
		fprintf(f, "%s %ld\n", what, n);
	fclose(f);
}

/* The number of the system call that PID is entering, or -1 when it is leaving one. */
static long entering(pid_t pid)
{
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0)
		return -1;
	return info.op == PTRACE_SYSCALL_INFO_ENTRY ? (long)info.entry.nr : -1;
}

static void stop_children(pid_t pid)
{
	char path[64];
	FILE *f;
	int child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &child) == 1)
		kill(child, SIGSTOP);
	if (f)
		fclose(f);
}

int main(int argc, char **argv)
{
	int in_child = argc > 1 && strcmp(argv[1], "-c") == 0, status, code = 0;
	int stop_first = argc > 1 && strcmp(argv[1], "-s") == 0;
	long n, count = 0, options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
	int killed = 0;
	pid_t command, victim, pid;
	const char *file;

	argv += 1 + (in_child | stop_first);
	argc -= 1 + (in_child | stop_first);
	if (argc < 3)
		return 64;
	n = atol(argv[0]);
	file = argv[1];
	command = fork();
	if (command < 0)
		die("fork");
	if (command == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		execvp(argv[2], argv + 2);
		die(argv[2]);
	}
	if (waitpid(command, &status, 0) < 0 || !WIFSTOPPED(status))
		die("waitpid");
	if (in_child)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE;
	if (ptrace(PTRACE_SETOPTIONS, command, 0, options) < 0)
		die("PTRACE_SETOPTIONS");
	victim = in_child ? 0 : command;
	ptrace(in_child ? PTRACE_CONT : PTRACE_SYSCALL, command, 0, 0);

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		int sig = 0, stop;
		long nr;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (pid != command)
				continue;
			code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			/* What else we trace may go on without us. */
			if (!killed)
				note(file, "ended after", count, -1);
			return code;
		}
		if (!WIFSTOPPED(status))
			continue;
		stop = WSTOPSIG(status);
		if (in_child && victim == 0 && pid != command)
			victim = pid;
		if (stop == (SIGTRAP | 0x80)) {
			nr = pid == victim ? entering(pid) : -1;
			if (nr >= 0 && ++count == n) {
				note(file, "killed", n, nr);
				killed = 1;
				if (stop_first)
					stop_children(pid);
				kill(pid, SIGKILL);
				continue;
			}
		} else if (stop != SIGTRAP &&
			   !(stop == SIGSTOP && (status >> 16 == 0) && pid != command)) {
			sig = stop;
		}
		ptrace(pid == victim && !killed ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, sig);
	}
	return code;
}
