/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words and their numbers: see names.h.
 */
#include "base/names.h"

#include <linux/capability.h>
#include <signal.h>
#include <strings.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/str.h"

bool word_find(const struct word *table, const char *name, long *ret)
{
	for (; table->name; table++) {
		if (streq(table->name, name)) {
			*ret = table->value;
			return true;
		}
	}
	return false;
}

const char *word_name(const struct word *table, long value)
{
	for (; table->name; table++) {
		if (table->value == value)
			return table->name;
	}
	return NULL;
}

const struct word rlimit_words[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	{ NULL, 0 },
};

/* The values are enum ns_type's of spec/spec.h. */
const struct word namespace_words[] = {
	{ "user", 0 }, { "mount", 1 },  { "pid", 2 },  { "network", 3 }, { "ipc", 4 },
	{ "uts", 5 },  { "cgroup", 6 }, { "time", 7 }, { NULL, 0 },
};

#define CAP(name)           \
	{                   \
#name, name \
	}
const struct word capability_words[] = {
	CAP(CAP_CHOWN),
	CAP(CAP_DAC_OVERRIDE),
	CAP(CAP_DAC_READ_SEARCH),
	CAP(CAP_FOWNER),
	CAP(CAP_FSETID),
	CAP(CAP_KILL),
	CAP(CAP_SETGID),
	CAP(CAP_SETUID),
	CAP(CAP_SETPCAP),
	CAP(CAP_LINUX_IMMUTABLE),
	CAP(CAP_NET_BIND_SERVICE),
	CAP(CAP_NET_BROADCAST),
	CAP(CAP_NET_ADMIN),
	CAP(CAP_NET_RAW),
	CAP(CAP_IPC_LOCK),
	CAP(CAP_IPC_OWNER),
	CAP(CAP_SYS_MODULE),
	CAP(CAP_SYS_RAWIO),
	CAP(CAP_SYS_CHROOT),
	CAP(CAP_SYS_PTRACE),
	CAP(CAP_SYS_PACCT),
	CAP(CAP_SYS_ADMIN),
	CAP(CAP_SYS_BOOT),
	CAP(CAP_SYS_NICE),
	CAP(CAP_SYS_RESOURCE),
	CAP(CAP_SYS_TIME),
	CAP(CAP_SYS_TTY_CONFIG),
	CAP(CAP_MKNOD),
	CAP(CAP_LEASE),
	CAP(CAP_AUDIT_WRITE),
	CAP(CAP_AUDIT_CONTROL),
	CAP(CAP_SETFCAP),
	CAP(CAP_MAC_OVERRIDE),
	CAP(CAP_MAC_ADMIN),
	CAP(CAP_SYSLOG),
	CAP(CAP_WAKE_ALARM),
	CAP(CAP_BLOCK_SUSPEND),
	CAP(CAP_AUDIT_READ),
	CAP(CAP_PERFMON),
	CAP(CAP_BPF),
	CAP(CAP_CHECKPOINT_RESTORE),
	{ NULL, 0 },
};
#undef CAP

static const struct word signal_words[] = {
	{ "HUP", SIGHUP },       { "INT", SIGINT },   { "QUIT", SIGQUIT },     { "ILL", SIGILL },
	{ "TRAP", SIGTRAP },     { "ABRT", SIGABRT }, { "IOT", SIGIOT },       { "BUS", SIGBUS },
	{ "FPE", SIGFPE },       { "KILL", SIGKILL }, { "USR1", SIGUSR1 },     { "SEGV", SIGSEGV },
	{ "USR2", SIGUSR2 },     { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },     { "TERM", SIGTERM },
	{ "STKFLT", SIGSTKFLT }, { "CHLD", SIGCHLD }, { "CONT", SIGCONT },     { "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },     { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },     { "URG", SIGURG },
	{ "XCPU", SIGXCPU },     { "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF },
	{ "WINCH", SIGWINCH },   { "IO", SIGIO },     { "POLL", SIGPOLL },     { "PWR", SIGPWR },
	{ "SYS", SIGSYS },       { NULL, 0 },
};

/* The kernel's real-time signals are 32 to 64; 32 and 33 belong to libc, so users count from 34. */
enum { RT_MIN = 34, RT_MAX = 64 };

static int signal_parse_rt(const char *s)
{
	uint64_t n = 0;

	if (strcasecmp(s, "RTMIN") == 0)
		return RT_MIN;
	if (strcasecmp(s, "RTMAX") == 0)
		return RT_MAX;
	if (strncasecmp(s, "RTMIN+", 6) == 0 && str_to_u64(s + 6, RT_MAX - RT_MIN, &n) == 0)
		return RT_MIN + (int)n;
	if (strncasecmp(s, "RTMAX-", 6) == 0 && str_to_u64(s + 6, RT_MAX - RT_MIN, &n) == 0)
		return RT_MAX - (int)n;
	return -EINVAL;
}

int signal_parse(const char *s)
{
	uint64_t n;

	if (str_to_u64(s, RT_MAX, &n) == 0)
		return (int)n;
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	for (const struct word *w = signal_words; w->name; w++) {
		if (strcasecmp(w->name, s) == 0)
			return (int)w->value;
	}
	return signal_parse_rt(s);
}

int capability_parse(const char *s)
{
	for (const struct word *w = capability_words; w->name; w++) {
		if (strcasecmp(w->name, s) == 0 || strcasecmp(w->name + 4, s) == 0)
			return (int)w->value;
	}
	return -EINVAL;
}

int capability_last(void)
{
	char buf[32];
	uint64_t last;

	if (file_read_line("/proc/sys/kernel/cap_last_cap", buf, sizeof(buf)) < 0 ||
	    str_to_u64(buf, 63, &last) < 0)
		return CAP_LAST_CAP;
	return (int)last;
}
