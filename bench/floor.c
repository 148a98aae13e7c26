/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor: what the kernel alone takes for `run` of the configuration that `spec` writes.
 *
 * No JSON, no state, no checks, no error texts: the namespaces, mounts, devices, masks, the pivot,
 * limits, capabilities, exec and wait, each with the cheapest calls that do them.  With --cgroups
 * also one cgroup in every hierarchy, entered and removed, and the device rules.  A runtime cannot
 * be faster, except by what the kernel does not have to do (a launch namespace without the host's
 * mounts).
 *
 *	floor [--cgroups NAME] [--cgroupns] ROOTFS PROGRAM [ARGUMENT...]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <net/if.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define CHECK(call)                           \
	do {                                  \
		if ((call) < 0)               \
			die(__LINE__, #call); \
	} while (0)

enum { MAX_HIERARCHIES = 32 };

struct hierarchy {
	char mount[128];
	char name[64]; /* last component of the mount point */
	char path[384];
	int is_devices;
};

static struct hierarchy hierarchies[MAX_HIERARCHIES];
static size_t n_hierarchies;

static void die(int line, const char *what)
{
	fprintf(stderr, "floor:%d: %s: %s\n", line, what, strerror(errno));
	_exit(125);
}

/* --- cgroups, outside ------------------------------------------------------------------------ */

static void find_hierarchies(const char *name)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[1024];

	if (!f)
		die(__LINE__, "mountinfo");
	while (fgets(line, sizeof(line), f) && n_hierarchies < MAX_HIERARCHIES) {
		struct hierarchy *h = &hierarchies[n_hierarchies];
		const char *type = strstr(line, " - ");
		char mount[sizeof(h->mount)];

		if (!type || strncmp(type, " - cgroup", 9) != 0)
			continue;
		if (sscanf(line, "%*d %*d %*s / %127s", mount) != 1 ||
		    strncmp(mount, "/sys/fs/cgroup", 14) != 0)
			continue;
		memcpy(h->mount, mount, sizeof(mount));
		snprintf(h->name, sizeof(h->name), "%s", strrchr(mount, '/') + 1);
		snprintf(h->path, sizeof(h->path), "%s/%s", mount, name);
		h->is_devices = strcmp(h->name, "devices") == 0;
		n_hierarchies++;
	}
	fclose(f);
}

static void write_at(int dir_fd, const char *file, const char *text)
{
	int fd = openat(dir_fd, file, O_WRONLY | O_CLOEXEC);

	CHECK(fd);
	CHECK(write(fd, text, strlen(text)));
	close(fd);
}

/* Deny all, then what every container may have: two rules, the nodes, ptys. */
static void limit_devices(int dir_fd)
{
	static const char *const allowed[] = {
		"c *:* m",   "b *:* m",   "c 1:3 rwm", "c 1:5 rwm",   "c 1:7 rwm",
		"c 1:8 rwm", "c 1:9 rwm", "c 5:0 rwm", "c 136:* rwm", "c 5:2 rwm",
	};

	write_at(dir_fd, "devices.deny", "a");
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		write_at(dir_fd, "devices.allow", allowed[i]);
}

static void enter_cgroups(pid_t pid)
{
	char text[32];

	snprintf(text, sizeof(text), "%d", pid);
	for (size_t i = 0; i < n_hierarchies; i++) {
		int fd;

		CHECK(mkdir(hierarchies[i].path, 0755));
		fd = open(hierarchies[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		CHECK(fd);
		write_at(fd, "cgroup.procs", text);
		if (hierarchies[i].is_devices)
			limit_devices(fd);
		close(fd);
	}
}

static void remove_cgroups(void)
{
	for (size_t i = 0; i < n_hierarchies; i++)
		rmdir(hierarchies[i].path);
}

/* --- file systems, inside -------------------------------------------------------------------- */

static void mount_file_systems(void)
{
	const unsigned long safe = MS_NOSUID | MS_NOEXEC | MS_NODEV;

	CHECK(mount("proc", "proc", "proc", 0, NULL));
	CHECK(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"));
	CHECK(mkdir("dev/pts", 0755));
	CHECK(mkdir("dev/shm", 0755));
	CHECK(mkdir("dev/mqueue", 0755));
	CHECK(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		    "newinstance,ptmxmode=0666,mode=0620,gid=5"));
	CHECK(mount("shm", "dev/shm", "tmpfs", safe, "mode=1777,size=65536k"));
	CHECK(mount("mqueue", "dev/mqueue", "mqueue", safe, NULL));
	CHECK(mount("sysfs", "sys", "sysfs", safe | MS_RDONLY, NULL));
}

/* What a v1 host gives for a mount of type cgroup: a tmpfs with the container's own cgroups in it.
 */
static void mount_cgroups(void)
{
	const unsigned long safe = MS_NOSUID | MS_NOEXEC | MS_NODEV;

	if (n_hierarchies == 0)
		return;
	CHECK(mount("tmpfs", "sys/fs/cgroup", "tmpfs", safe, "mode=755"));
	for (size_t i = 0; i < n_hierarchies; i++) {
		char to[128];

		snprintf(to, sizeof(to), "sys/fs/cgroup/%s", hierarchies[i].name);
		CHECK(mkdir(to, 0755));
		CHECK(mount(hierarchies[i].path, to, NULL, MS_BIND, NULL));
		CHECK(mount(NULL, to, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | safe, NULL));
	}
	CHECK(mount(NULL, "sys/fs/cgroup", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | safe, NULL));
}

static void make_devices(void)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} nodes[] = {
		{ "dev/null", 1, 3 },   { "dev/zero", 1, 5 },    { "dev/full", 1, 7 },
		{ "dev/random", 1, 8 }, { "dev/urandom", 1, 9 }, { "dev/tty", 5, 0 },
	};
	static const struct {
		const char *target, *path;
	} links[] = {
		{ "/proc/self/fd", "dev/fd" },       { "/proc/self/fd/0", "dev/stdin" },
		{ "/proc/self/fd/1", "dev/stdout" }, { "/proc/self/fd/2", "dev/stderr" },
		{ "pts/ptmx", "dev/ptmx" },          { "/proc/kcore", "dev/core" },
	};

	umask(0);
	for (size_t i = 0; i < ARRAY_LEN(nodes); i++)
		CHECK(mknod(nodes[i].path, S_IFCHR | 0666,
			    makedev(nodes[i].major, nodes[i].minor)));
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		CHECK(symlink(links[i].target, links[i].path));
	umask(022);
}

static void mask_paths(void)
{
	static const char *const masked[] = {
		"proc/acpi",          "proc/asound",     "proc/kcore",       "proc/keys",
		"proc/latency_stats", "proc/timer_list", "proc/timer_stats", "proc/sched_debug",
		"sys/firmware",       "proc/scsi",
	};
	static const char *const readonly[] = {
		"proc/bus", "proc/fs", "proc/irq", "proc/sys", "proc/sysrq-trigger",
	};
	const char *empty = NULL;
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(readonly); i++) {
		if (mount(readonly[i], readonly[i], NULL, MS_BIND | MS_REC, NULL) < 0)
			continue;
		CHECK(mount(NULL, readonly[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	}
	for (size_t i = 0; i < ARRAY_LEN(masked); i++) {
		if (stat(masked[i], &st) < 0)
			continue;
		if (!S_ISDIR(st.st_mode)) {
			CHECK(mount("dev/null", masked[i], NULL, MS_BIND, NULL));
		} else if (empty) {
			CHECK(mount(empty, masked[i], NULL, MS_BIND, NULL));
		} else {
			CHECK(mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, NULL));
			empty = masked[i];
		}
	}
}

static void enter_root(const char *rootfs)
{
	CHECK(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL));
	CHECK(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL));
	CHECK(chdir(rootfs));
	mount_file_systems();
	mount_cgroups();
	make_devices();
	mask_paths();
	CHECK(syscall(SYS_pivot_root, ".", "."));
	CHECK(umount2(".", MNT_DETACH));
	CHECK(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	CHECK(chdir("/"));
}

/* --- the process, inside --------------------------------------------------------------------- */

static void raise_loopback(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CHECK(fd);
	CHECK(ioctl(fd, SIOCSIFFLAGS, &lo));
	close(fd);
}

static void drop_privileges(void)
{
	const uint32_t kept = 1U << CAP_AUDIT_WRITE | 1U << CAP_KILL | 1U << CAP_NET_BIND_SERVICE;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .effective = kept, .permitted = kept } };
	struct rlimit files = { 1024, 1024 };

	CHECK(setrlimit(RLIMIT_NOFILE, &files));
	for (unsigned cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap >= 32 || !(kept & 1U << cap))
			prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	CHECK(syscall(SYS_capset, &header, data));
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void inside(int gate_fd, const char *rootfs, char **argv)
{
	static char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm",
					     NULL };
	char byte;

	CHECK(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
	if (gate_fd >= 0 && read(gate_fd, &byte, 1) != 1)
		_exit(125);
	enter_root(rootfs);
	CHECK(sethostname("floor", 5));
	CHECK(setsid());
	raise_loopback();
	drop_privileges();
	execve(argv[0], argv, environment);
	die(__LINE__, argv[0]);
}

int main(int argc, char **argv)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS,
		.exit_signal = SIGCHLD,
	};
	int gate[2] = { -1, -1 };
	int status;
	long pid;

	for (argv++; *argv && strncmp(*argv, "--", 2) == 0; argv++) {
		if (strcmp(*argv, "--cgroupns") == 0)
			args.flags |= CLONE_NEWCGROUP;
		else if (strcmp(*argv, "--cgroups") == 0 && argv[1])
			find_hierarchies(*++argv);
		else
			argc = 0;
	}
	if (argc == 0 || !argv[0] || !argv[1]) {
		fputs("usage: floor [--cgroups NAME] [--cgroupns] ROOTFS PROGRAM [ARGUMENT...]\n",
		      stderr);
		return 64;
	}
	if (n_hierarchies > 0)
		CHECK(pipe2(gate, O_CLOEXEC));
	pid = syscall(SYS_clone3, &args, sizeof(args));
	CHECK(pid);
	if (pid == 0)
		inside(gate[0], argv[0], argv + 1);
	if (n_hierarchies > 0) {
		enter_cgroups((pid_t)pid);
		CHECK(write(gate[1], "", 1));
	}
	CHECK(waitpid((pid_t)pid, &status, 0));
	remove_cgroups();
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
