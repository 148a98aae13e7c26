/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a program and prints the peak of its resident memory in KiB, the largest of the program and
 * of the children that it waited for: wait4(2).
 *
 * A program started by a large process is charged with that process's memory (the kernel counts the
 * peak before execve too), hence this small one.  Its own size is the least that it can see.
 *
 *	peak FILE PROGRAM [ARGUMENT...]		the number goes into FILE
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	char text[32];
	int status;
	pid_t pid;
	int fd;
	int n;

	if (argc < 3)
		return 64;
	fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return 125;
	pid = fork();
	if (pid == 0) {
		execv(argv[2], argv + 2);
		_exit(125);
	}
	if (pid < 0)
		return 125;
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return 125;
	n = snprintf(text, sizeof(text), "%ld\n", usage.ru_maxrss);
	if (write(fd, text, (size_t)n) != n)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
