/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The helper inside the test containers: says what the container process really got, as JSON,
 * and does a few small things that busybox can't.  Static, so any rootfs can hold it.
 *
 *     probe                   everything about this process (see main's table)
 *     probe openfds           the numbers and targets of the open descriptors
 *     probe burst N           N bytes to standard output, lines of 64
 *     probe sleep SECONDS     stays, without any child
 *     probe zombie            leaves a zombie child behind and stays
 *     probe sigprint          prints the name of each signal that comes, ends on TERM
 *     probe fork N            N sleeping children, then stays
 *     probe ignore            ignores every signal that can be ignored, then stays
 *     probe syscall NR        calls system call NR with zeros, prints the errno
 *     probe open PATH MODE    opens (r, w or rw), prints "ok" or the errno's name
 *     probe notify TEXT       sends TEXT to $NOTIFY_SOCKET, then stays
 *     probe ttysize           rows and columns of standard input
 *     probe daemon            a child outlives this process, which ends at once
 *     probe alloc BYTES       touches that much memory
 *     probe exit N            ends with N
 *     probe segv              ends with a signal
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

static const char *comma = "";

static void print_string(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void key(const char *name)
{
	printf("%s\n\"%s\": ", comma, name);
	comma = ",";
}

static void put_num(const char *name, long long value)
{
	key(name);
	printf("%lld", value);
}

static void put_str(const char *name, const char *value)
{
	key(name);
	print_string(value);
}

/* The lines of /proc/self/status that a test may want, by their own names. */
static void put_status(void)
{
	static const char *const wanted[] = { "CapInh",  "CapPrm",          "CapEff",
					      "CapBnd",  "CapAmb",          "NoNewPrivs",
					      "Seccomp", "SigBlk",          "SigIgn",
					      "SigCgt",  "Seccomp_filters", "Cpus_allowed_list",
					      "NSpid" };
	FILE *f = fopen("/proc/self/status", "re");
	char line[4096];

	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (!colon)
			continue;
		*colon++ = '\0';
		colon += strspn(colon, " \t");
		colon[strcspn(colon, "\n")] = '\0';
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			if (strcmp(wanted[i], line) == 0)
				put_str(line, colon);
		}
	}
	if (f)
		fclose(f);
}

static void put_file(const char *name, const char *path)
{
	char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0, got;

	if (fd < 0)
		return;
	while (n < (ssize_t)sizeof(text) - 1 &&
	       (got = read(fd, text + n, sizeof(text) - 1 - (size_t)n)) > 0)
		n += got;
	close(fd);
	text[n] = '\0';
	if (n > 0 && text[n - 1] == '\n')
		text[n - 1] = '\0';
	put_str(name, text);
}

static void put_list(const char *name, char *const *list)
{
	key(name);
	printf("[");
	for (size_t i = 0; list[i]; i++) {
		printf("%s", i ? ", " : "");
		print_string(list[i]);
	}
	printf("]");
}

static void put_groups(void)
{
	static gid_t gids[65536];
	int n = getgroups(65536, gids);

	key("groups");
	printf("[");
	for (int i = 0; i < n; i++)
		printf("%s%u", i ? ", " : "", gids[i]);
	printf("]");
}

static void put_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;
	const char *sep = "";
	char target[4096];
	ssize_t n;

	key("fds");
	printf("{");
	while (d && (e = readdir(d))) {
		if (e->d_name[0] == '.' || atoi(e->d_name) == dirfd(d))
			continue;
		n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		printf("%s\"%s\": ", sep, e->d_name);
		print_string(target);
		sep = ", ";
	}
	printf("}");
	if (d)
		closedir(d);
}

static void put_namespaces(void)
{
	static const char *const names[] = { "cgroup", "ipc",  "mnt",  "net",
					     "pid",    "time", "user", "uts" };
	char path[64];
	struct stat st;

	key("ns");
	printf("{");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		if (stat(path, &st) == 0)
			printf("%s\"%s\": %llu", i ? ", " : "", names[i],
			       (unsigned long long)st.st_ino);
	}
	printf("}");
}

static void put_rlimits(void)
{
	static const char *const names[] = {
		[RLIMIT_CPU] = "CPU",           [RLIMIT_FSIZE] = "FSIZE",
		[RLIMIT_DATA] = "DATA",         [RLIMIT_STACK] = "STACK",
		[RLIMIT_CORE] = "CORE",         [RLIMIT_RSS] = "RSS",
		[RLIMIT_NPROC] = "NPROC",       [RLIMIT_NOFILE] = "NOFILE",
		[RLIMIT_MEMLOCK] = "MEMLOCK",   [RLIMIT_AS] = "AS",
		[RLIMIT_LOCKS] = "LOCKS",       [RLIMIT_SIGPENDING] = "SIGPENDING",
		[RLIMIT_MSGQUEUE] = "MSGQUEUE", [RLIMIT_NICE] = "NICE",
		[RLIMIT_RTPRIO] = "RTPRIO",     [RLIMIT_RTTIME] = "RTTIME",
	};
	struct rlimit r;

	key("rlimits");
	printf("{");
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		getrlimit(i, &r);
		printf("%s\"%s\": [%llu, %llu]", i ? ", " : "", names[i],
		       (unsigned long long)r.rlim_cur, (unsigned long long)r.rlim_max);
	}
	printf("}");
}

static int probe(char **argv)
{
	char cwd[4096] = "";
	struct utsname uts;
	mode_t mask = umask(0);
	char tty[256] = "";

	umask(mask);
	uname(&uts);
	syscall(SYS_getcwd, cwd, sizeof(cwd));
	if (isatty(0))
		ttyname_r(0, tty, sizeof(tty));

	printf("{");
	put_num("uid", getuid());
	put_num("euid", geteuid());
	put_num("gid", getgid());
	put_num("egid", getegid());
	put_groups();
	put_num("pid", getpid());
	put_num("ppid", getppid());
	put_num("sid", getsid(0));
	put_num("pgid", getpgid(0));
	put_num("umask", mask);
	put_num("nice", getpriority(PRIO_PROCESS, 0));
	put_num("policy", sched_getscheduler(0));
	put_num("ioprio", syscall(SYS_ioprio_get, 1, 0));
	put_num("keepcaps", prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
	put_num("securebits", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	put_num("dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	put_num("pdeathsig", ({
			int s = 0;
			prctl(PR_GET_PDEATHSIG, &s, 0, 0, 0);
			s;
		}));
	put_num("subreaper", ({
			int s = 0;
			prctl(PR_GET_CHILD_SUBREAPER, &s, 0, 0, 0);
			s;
		}));
	put_status();
	put_str("cwd", cwd);
	put_str("tty", tty);
	put_str("hostname", uts.nodename);
	put_str("domainname", uts.domainname);
	put_str("machine", uts.machine);
	put_list("env", environ);
	put_list("args", argv);
	put_fds();
	put_namespaces();
	put_rlimits();
	put_file("oom_score_adj", "/proc/self/oom_score_adj");
	put_file("cgroup", "/proc/self/cgroup");
	put_file("mountinfo", "/proc/self/mountinfo");
	put_file("uid_map", "/proc/self/uid_map");
	put_file("gid_map", "/proc/self/gid_map");
	put_file("setgroups", "/proc/self/setgroups");
	put_file("timens_offsets", "/proc/self/timens_offsets");
	put_file("personality", "/proc/self/personality");
	put_file("attr", "/proc/self/attr/current");
	printf("\n}\n");
	return 0;
}

static int open_fds(char **argv)
{
	(void)argv;
	printf("{");
	put_fds();
	printf("}\n");
	return 0;
}

static int stay(void)
{
	fflush(stdout);
	for (;;)
		pause();
	return 0;
}

static int burst(char **argv)
{
	long long left = atoll(argv[0] ? argv[0] : "0");
	char line[65];

	memset(line, 'x', sizeof(line));
	line[63] = '\n';
	while (left > 0) {
		size_t n = left < 64 ? (size_t)left : 64;

		if (fwrite(line, 1, n, stdout) != n)
			return 1;
		left -= (long long)n;
	}
	return fflush(stdout) ? 1 : 0;
}

static int sleep_only(char **argv)
{
	sleep((unsigned)atoi(argv[0] ? argv[0] : "60"));
	return 0;
}

static int zombie(char **argv)
{
	(void)argv;
	if (fork() == 0)
		_exit(0);
	puts("zombie");
	return stay();
}

static volatile sig_atomic_t seen;

static void on_signal(int sig)
{
	seen = sig;
}

static int sigprint(char **argv)
{
	sigset_t all, old;

	(void)argv;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	for (int i = 1; i <= SIGRTMAX; i++)
		signal(i, on_signal);
	puts("ready");
	fflush(stdout);
	for (;;) {
		const char *name;
		int sig = sigwaitinfo(&all, NULL);

		if (sig < 0)
			continue;
		name = sigabbrev_np(sig);
		if (name)
			printf("%s\n", name);
		else
			printf("%d\n", sig);
		fflush(stdout);
		if (sig == SIGTERM)
			return 0;
	}
}

static int forks(char **argv)
{
	for (int i = atoi(argv[0] ? argv[0] : "1"); i > 0; i--) {
		if (fork() == 0)
			stay();
	}
	puts("forked");
	return stay();
}

static int ignore(char **argv)
{
	(void)argv;
	for (int i = 1; i <= SIGRTMAX; i++)
		signal(i, SIG_IGN);
	puts("ready");
	return stay();
}

static int call(char **argv)
{
	long nr = atol(argv[0] ? argv[0] : "0");
	long ret = syscall(nr, 0L, 0L, 0L, 0L, 0L, 0L);

	if (ret >= 0)
		printf("%ld\n", ret);
	else
		printf("%s\n", strerrorname_np(errno));
	return 0;
}

static int try_open(char **argv)
{
	const char *mode = argv[0] && argv[1] ? argv[1] : "r";
	int flags = strcmp(mode, "rw") == 0 ? O_RDWR : *mode == 'w' ? O_WRONLY : O_RDONLY;
	int fd = argv[0] ? open(argv[0], flags | O_CLOEXEC | O_NONBLOCK) : -1;

	printf("%s\n", fd >= 0 ? "ok" : strerrorname_np(errno));
	return 0;
}

static int notify(char **argv)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!path || strlen(path) >= sizeof(sun.sun_path) || !argv[0]) {
		puts("no NOTIFY_SOCKET");
		return 1;
	}
	strcpy(sun.sun_path, path);
	if (sendto(fd, argv[0], strlen(argv[0]), 0, (struct sockaddr *)&sun, sizeof(sun)) < 0) {
		printf("%s\n", strerrorname_np(errno));
		return 1;
	}
	puts("sent");
	return stay();
}

static int ttysize(char **argv)
{
	struct winsize w = { 0 };

	(void)argv;
	if (ioctl(0, TIOCGWINSZ, &w) < 0) {
		printf("%s\n", strerrorname_np(errno));
		return 1;
	}
	printf("%u %u\n", w.ws_row, w.ws_col);
	return 0;
}

static int daemonise(char **argv)
{
	(void)argv;
	if (fork() == 0) {
		setsid();
		stay();
	}
	return 0;
}

static int alloc(char **argv)
{
	size_t n = (size_t)atoll(argv[0] ? argv[0] : "0");
	char *p = malloc(n);

	if (!p)
		return 1;
	memset(p, 1, n);
	puts("touched");
	return p[n / 2] == 1 ? 0 : 1;
}

static int leave(char **argv)
{
	return atoi(argv[0] ? argv[0] : "0");
}

static int segv(char **argv)
{
	(void)argv;
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(char **argv);
} commands[] = {
	{ "openfds", open_fds }, { "burst", burst },       { "sleep", sleep_only },
	{ "zombie", zombie },    { "sigprint", sigprint }, { "fork", forks },
	{ "ignore", ignore },    { "syscall", call },      { "open", try_open },
	{ "notify", notify },    { "ttysize", ttysize },   { "daemon", daemonise },
	{ "alloc", alloc },      { "exit", leave },        { "segv", segv },
};

int main(int argc, char **argv)
{
	if (argc < 2)
		return probe(argv);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argv + 2);
	}
	fprintf(stderr, "probe: unknown command %s\n", argv[1]);
	return 64;
}
