/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command in a view: other namespaces, other ids, other limits, missing descriptors.
 *
 *     in-view [-U USERNS] [-m MNTNS] [-c CGROUPNS] [-d DIR] [-u UID:GID] [-x FD]...
 *             [-l RESOURCE=SOFT:HARD]... [-M UMASK] -- COMMAND [ARG...]
 *
 * The namespaces are given as paths (/proc/PID/ns/...).  -x closes a descriptor, -l sets a limit
 * (nofile, fsize, nproc, core, as, stack).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "in-view: %s: %s\n", what, strerror(errno));
	exit(71);
}

static int open_ns(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		die(path);
	return fd;
}

static void join(int fd, int type, const char *what)
{
	if (fd >= 0 && setns(fd, type) < 0)
		die(what);
}

static void set_limit(const char *text)
{
	static const struct {
		const char *name;
		int resource;
	} names[] = {
		{ "nofile", RLIMIT_NOFILE }, { "fsize", RLIMIT_FSIZE }, { "nproc", RLIMIT_NPROC },
		{ "core", RLIMIT_CORE },     { "as", RLIMIT_AS },       { "stack", RLIMIT_STACK },
	};
	const char *eq = strchr(text, '=');
	unsigned long soft, hard;

	for (size_t i = 0; eq && i < sizeof(names) / sizeof(names[0]); i++) {
		if (strncmp(names[i].name, text, (size_t)(eq - text)) != 0)
			continue;
		if (sscanf(eq + 1, "%lu:%lu", &soft, &hard) != 2)
			break;
		if (setrlimit(names[i].resource, &(struct rlimit){ soft, hard }) < 0)
			die(text);
		return;
	}
	errno = EINVAL;
	die(text);
}

int main(int argc, char **argv)
{
	int user = -1, mnt = -1, cg = -1, opt, close_fds[16], n_close = 0;
	const char *dir = NULL, *limits[8];
	unsigned uid = 0, gid = 0, n_limits = 0;
	int ids = 0;

	while ((opt = getopt(argc, argv, "+U:m:c:d:u:x:l:M:")) != -1) {
		switch (opt) {
		case 'U':
			user = open_ns(optarg);
			break;
		case 'm':
			mnt = open_ns(optarg);
			break;
		case 'c':
			cg = open_ns(optarg);
			break;
		case 'd':
			dir = optarg;
			break;
		case 'u':
			ids = sscanf(optarg, "%u:%u", &uid, &gid) == 2;
			break;
		case 'x':
			close_fds[n_close++ % 16] = atoi(optarg);
			break;
		case 'l':
			limits[n_limits++ % 8] = optarg;
			break;
		case 'M':
			umask((mode_t)strtoul(optarg, NULL, 8));
			break;
		default:
			return 64;
		}
	}
	if (optind == argc)
		return 64;

	join(cg, CLONE_NEWCGROUP, "join the cgroup namespace");
	join(user, CLONE_NEWUSER, "join the user namespace");
	join(mnt, CLONE_NEWNS, "join the mount namespace");
	if (dir && chdir(dir) < 0)
		die(dir);
	if (ids && (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
		    setresuid(uid, uid, uid) < 0))
		die("change the user");
	for (unsigned i = 0; i < n_limits; i++)
		set_limit(limits[i]);
	for (int i = 0; i < n_close; i++)
		close(close_fds[i]);
	execvp(argv[optind], argv + optind);
	die(argv[optind]);
}
