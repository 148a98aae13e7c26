/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went through the network interfaces: see netstat.h.
 */
#include "os/netstat.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "base/str.h"

enum { TEXT_SIZE = 64 * 1024 };

/* "  eth0: bytes packets errs drop fifo frame compressed multicast bytes packets errs drop …" */
static bool parse_line(struct arena *a, const char *line, struct netstat_interface *ret)
{
	const char *name = line + strspn(line, " ");
	const char *colon = strchr(name, ':');
	unsigned long long rx[4], tx[4];
	char numbers[512];

	if (!colon || memchr(name, '\n', (size_t)(colon - name)))
		return false;
	snprintf(numbers, sizeof(numbers), "%.*s", (int)strcspn(colon + 1, "\n"), colon + 1);
	if (sscanf(numbers, "%llu %llu %llu %llu %*u %*u %*u %*u %llu %llu %llu %llu", &rx[0],
		   &rx[1], &rx[2], &rx[3], &tx[0], &tx[1], &tx[2], &tx[3]) != 8)
		return false;
	*ret = (struct netstat_interface){ arena_str_n(a, name, (size_t)(colon - name)),
					   rx[0],
					   rx[1],
					   rx[2],
					   rx[3],
					   tx[0],
					   tx[1],
					   tx[2],
					   tx[3] };
	return !streq(ret->name, "lo");
}

void netstat_parse(struct arena *a, const char *text, struct netstat *ret)
{
	size_t room = 1;

	for (const char *s = text; *s; s++)
		room += *s == '\n';
	*ret = (struct netstat){ .v = arena_array(a, struct netstat_interface, room) };
	for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n')
		if (parse_line(a, s, &ret->v[ret->n]))
			ret->n++;
}

static bool is_our_network(int proc_fd, const char *theirs)
{
	struct stat a, b;

	return fstatat(proc_fd, theirs, &a, 0) < 0 || fstatat(proc_fd, "self/ns/net", &b, 0) < 0 ||
	       (a.st_dev == b.st_dev && a.st_ino == b.st_ino);
}

void netstat_read(struct arena *a, pid_t pid, struct netstat *ret)
{
	auto_close int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int proc = path_open_in_nolink(top, "proc", O_PATH | O_DIRECTORY);
	auto_free char *ns = str_format("%d/ns/net", (int)pid);
	auto_free char *file = str_format("%d/net/dev", (int)pid);
	auto_close int fd = -EBADF;
	auto_free char *text = NULL;

	*ret = (struct netstat){ 0 };
	if (pid <= 0 || proc < 0 || is_our_network(proc, ns))
		return;
	fd = openat(proc, file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return;
	text = xcalloc(TEXT_SIZE, 1);
	if (fd_read_all(fd, text, TEXT_SIZE - 1) > 0)
		netstat_parse(a, text, ret);
}
