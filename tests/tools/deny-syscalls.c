/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command on an "older kernel": the named system calls fail.
 *
 *     deny-syscalls [-e ERRNO] NAME[,NAME...]... -- COMMAND [ARG...]
 *
 * Each NAME may be a list with commas.  ERRNO is a number or one of a few names; the default is
 * ENOSYS, what a kernel says that has never heard of the call.  The filter is inherited by
 * everything the command starts.  A name that this kernel's headers don't know is a mistake,
 * unless it is written with a question mark behind it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#elif defined(__s390x__)
#define NATIVE_ARCH AUDIT_ARCH_S390X
#else
#error "add this architecture"
#endif

/* Numbers that are newer than Debian 12's headers; they are the same on every architecture. */
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif
#ifndef __NR_statmount
#define __NR_statmount 457
#endif
#ifndef __NR_listmount
#define __NR_listmount 458
#endif
#ifndef __NR_open_tree_attr
#define __NR_open_tree_attr 467
#endif

#define ROW(name)                  \
	{                          \
#name, __NR_##name \
	}

static const struct {
	const char *name;
	int nr;
} calls[] = {
	ROW(openat2),         ROW(open_tree),       ROW(move_mount), ROW(fsopen),
	ROW(fsconfig),        ROW(fsmount),         ROW(fspick),     ROW(mount_setattr),
	ROW(clone3),          ROW(close_range),     ROW(pidfd_open), ROW(pidfd_send_signal),
	ROW(pidfd_getfd),     ROW(faccessat2),      ROW(fchmodat2),  ROW(statmount),
	ROW(listmount),       ROW(open_tree_attr),  ROW(statx),      ROW(memfd_create),
	ROW(execveat),        ROW(renameat2),       ROW(getrandom),  ROW(keyctl),
	ROW(add_key),         ROW(mount),           ROW(umount2),    ROW(pivot_root),
	ROW(setns),           ROW(unshare),         ROW(seccomp),    ROW(chroot),
	ROW(mkdirat),         ROW(mknodat),         ROW(fsync),      ROW(fdatasync),
	ROW(prlimit64),       ROW(sethostname),     ROW(setgroups),  ROW(setresuid),
	ROW(setresgid),       ROW(capset),          ROW(flock),      ROW(epoll_pwait2),
	ROW(set_mempolicy),   ROW(sched_setattr),   ROW(ioprio_set), ROW(sched_setaffinity),
	ROW(process_madvise), ROW(copy_file_range), ROW(sendfile),   ROW(splice),
	ROW(symlinkat),       ROW(fchownat),        ROW(prctl),      ROW(landlock_create_ruleset),
};

static const struct {
	const char *name;
	int value;
} errnos[] = {
	{ "ENOSYS", ENOSYS }, { "EPERM", EPERM }, { "EINVAL", EINVAL }, { "EACCES", EACCES },
	{ "ENOMEM", ENOMEM }, { "EINTR", EINTR }, { "EBUSY", EBUSY },   { "ENOSPC", ENOSPC },
	{ "EIO", EIO },       { "EROFS", EROFS },
};

static struct sock_filter filter[4 + 2 * 128];
static unsigned short n_filter;

static void usage(const char *why, const char *what)
{
	fprintf(stderr, "deny-syscalls: %s%s\n", why, what);
	exit(64);
}

static void add(struct sock_filter ins)
{
	if (n_filter == sizeof(filter) / sizeof(filter[0]))
		usage("too many names", "");
	filter[n_filter++] = ins;
}

static void deny(char *name, int error)
{
	size_t len = strlen(name);
	int optional = len > 0 && name[len - 1] == '?';

	if (optional)
		name[len - 1] = '\0';
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) != 0)
			continue;
		add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].nr, 0, 1));
		add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error));
		return;
	}
	if (!optional)
		usage("unknown system call ", name);
}

static int parse_errno(const char *text)
{
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
		if (strcmp(errnos[i].name, text) == 0)
			return errnos[i].value;
	}
	return atoi(text);
}

int main(int argc, char **argv)
{
	int error = ENOSYS, i = 1;
	struct sock_fprog prog;

	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					 offsetof(struct seccomp_data, arch)));
	add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCH, 1, 0));
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
	add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					 offsetof(struct seccomp_data, nr)));
	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "-e") == 0) {
			if (++i == argc)
				usage("-e needs a value", "");
			error = parse_errno(argv[i]);
			continue;
		}
		for (char *save, *name = strtok_r(argv[i], ",", &save); name;
		     name = strtok_r(NULL, ",", &save))
			deny(name, error);
	}
	if (i + 1 >= argc)
		usage("no command after --", "");
	add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));

	prog = (struct sock_fprog){ .len = n_filter, .filter = filter };
	/* With CAP_SYS_ADMIN no_new_privs is not needed, and it would change what the test sees. */
	if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	     syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)) {
		perror("deny-syscalls: seccomp");
		return 71;
	}
	execvp(argv[i + 1], argv + i + 1);
	perror(argv[i + 1]);
	return 127;
}
