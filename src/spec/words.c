/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of config.json: see words.h.
 */
#include "spec/words.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/mount.h>
#include <sys/personality.h>

#include "spec/spec.h"

/* Linux 6.9. */
#define MPOL_WEIGHTED_INTERLEAVE_ 6
/* Linux 5.19. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

#define WORD(name)          \
	{                   \
#name, name \
	}

/* clang-format off */
const char *const mount_option_words[] = {
	"defaults",
	"ro", "rw", "suid", "nosuid", "dev", "nodev", "exec", "noexec", "sync", "async",
	"dirsync", "mand", "nomand", "atime", "noatime", "diratime", "nodiratime",
	"relatime", "norelatime", "strictatime", "nostrictatime", "symfollow", "nosymfollow",
	"lazytime", "nolazytime", "iversion", "noiversion", "silent", "loud",
	"remount", "bind", "rbind",
	"private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable",
	"rro", "rrw", "rsuid", "rnosuid", "rdev", "rnodev", "rexec", "rnoexec", "rsync", "rasync",
	"rdirsync", "rmand", "rnomand", "ratime", "rnoatime", "rdiratime", "rnodiratime",
	"rrelatime", "rnorelatime", "rstrictatime", "rnostrictatime", "rsymfollow", "rnosymfollow",
	"tmpcopyup", "copy-symlink", "src-nofollow", "dest-nofollow", "idmap", "ridmap",
	NULL,
};

const char *const hook_words[] = {
	[HOOK_PRESTART] = "prestart",
	[HOOK_CREATE_RUNTIME] = "createRuntime",
	[HOOK_CREATE_CONTAINER] = "createContainer",
	[HOOK_START_CONTAINER] = "startContainer",
	[HOOK_POSTSTART] = "poststart",
	[HOOK_POSTSTOP] = "poststop",
	[HOOK_KINDS] = NULL,
};

/* SCHED_ISO is reserved by the specification and not implemented by Linux. */
const struct word scheduler_policy_words[] = {
	{ "SCHED_OTHER", SCHED_NORMAL },
	WORD(SCHED_FIFO), WORD(SCHED_RR), WORD(SCHED_BATCH), WORD(SCHED_IDLE),
	WORD(SCHED_DEADLINE),
	{ NULL, 0 },
};

const struct word scheduler_flag_words[] = {
	WORD(SCHED_FLAG_RESET_ON_FORK), WORD(SCHED_FLAG_RECLAIM), WORD(SCHED_FLAG_DL_OVERRUN),
	WORD(SCHED_FLAG_KEEP_POLICY), WORD(SCHED_FLAG_KEEP_PARAMS),
	WORD(SCHED_FLAG_UTIL_CLAMP_MIN), WORD(SCHED_FLAG_UTIL_CLAMP_MAX),
	{ NULL, 0 },
};

const struct word io_class_words[] = {
	WORD(IOPRIO_CLASS_RT), WORD(IOPRIO_CLASS_BE), WORD(IOPRIO_CLASS_IDLE),
	{ NULL, 0 },
};

const struct word device_type_words[] = {
	{ "c", 'c' }, { "b", 'b' }, { "u", 'c' }, { "p", 'p' },
	{ NULL, 0 },
};

const struct word device_rule_type_words[] = {
	{ "a", 'a' }, { "c", 'c' }, { "b", 'b' },
	{ NULL, 0 },
};

const struct word propagation_words[] = {
	{ "private", MS_PRIVATE },       { "rprivate", MS_PRIVATE | MS_REC },
	{ "shared", MS_SHARED },         { "rshared", MS_SHARED | MS_REC },
	{ "slave", MS_SLAVE },           { "rslave", MS_SLAVE | MS_REC },
	{ "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
	{ NULL, 0 },
};

const struct word personality_words[] = {
	{ "LINUX", PER_LINUX }, { "LINUX32", PER_LINUX32 },
	{ NULL, 0 },
};

const struct word memory_mode_words[] = {
	WORD(MPOL_DEFAULT), WORD(MPOL_BIND), WORD(MPOL_INTERLEAVE),
	{ "MPOL_WEIGHTED_INTERLEAVE", MPOL_WEIGHTED_INTERLEAVE_ },
	WORD(MPOL_PREFERRED), WORD(MPOL_PREFERRED_MANY), WORD(MPOL_LOCAL),
	{ NULL, 0 },
};

const struct word memory_flag_words[] = {
	WORD(MPOL_F_NUMA_BALANCING), WORD(MPOL_F_RELATIVE_NODES), WORD(MPOL_F_STATIC_NODES),
	{ NULL, 0 },
};

const struct word seccomp_action_words[] = {
	{ "SCMP_ACT_KILL", SECCOMP_KILL },
	{ "SCMP_ACT_KILL_PROCESS", SECCOMP_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", SECCOMP_KILL_THREAD },
	{ "SCMP_ACT_TRAP", SECCOMP_TRAP },
	{ "SCMP_ACT_ERRNO", SECCOMP_ERRNO },
	{ "SCMP_ACT_TRACE", SECCOMP_TRACE },
	{ "SCMP_ACT_ALLOW", SECCOMP_ALLOW },
	{ "SCMP_ACT_LOG", SECCOMP_LOG },
	{ "SCMP_ACT_NOTIFY", SECCOMP_NOTIFY },
	{ NULL, 0 },
};

const struct word seccomp_op_words[] = {
	{ "SCMP_CMP_NE", SECCOMP_NE }, { "SCMP_CMP_LT", SECCOMP_LT }, { "SCMP_CMP_LE", SECCOMP_LE },
	{ "SCMP_CMP_EQ", SECCOMP_EQ }, { "SCMP_CMP_GE", SECCOMP_GE }, { "SCMP_CMP_GT", SECCOMP_GT },
	{ "SCMP_CMP_MASKED_EQ", SECCOMP_MASKED_EQ },
	{ NULL, 0 },
};

const struct word seccomp_arch_words[] = {
	{ "SCMP_ARCH_X86", 0 },       { "SCMP_ARCH_X86_64", 1 },      { "SCMP_ARCH_X32", 2 },
	{ "SCMP_ARCH_ARM", 3 },       { "SCMP_ARCH_AARCH64", 4 },     { "SCMP_ARCH_LOONGARCH64", 5 },
	{ "SCMP_ARCH_M68K", 6 },      { "SCMP_ARCH_MIPS", 7 },        { "SCMP_ARCH_MIPS64", 8 },
	{ "SCMP_ARCH_MIPS64N32", 9 }, { "SCMP_ARCH_MIPSEL", 10 },     { "SCMP_ARCH_MIPSEL64", 11 },
	{ "SCMP_ARCH_MIPSEL64N32", 12 }, { "SCMP_ARCH_PPC", 13 },     { "SCMP_ARCH_PPC64", 14 },
	{ "SCMP_ARCH_PPC64LE", 15 },  { "SCMP_ARCH_S390", 16 },       { "SCMP_ARCH_S390X", 17 },
	{ "SCMP_ARCH_SH", 18 },       { "SCMP_ARCH_SHEB", 19 },       { "SCMP_ARCH_PARISC", 20 },
	{ "SCMP_ARCH_PARISC64", 21 }, { "SCMP_ARCH_RISCV64", 22 },
	{ NULL, 0 },
};

const struct word seccomp_flag_words[] = {
	WORD(SECCOMP_FILTER_FLAG_TSYNC), WORD(SECCOMP_FILTER_FLAG_LOG),
	WORD(SECCOMP_FILTER_FLAG_SPEC_ALLOW), WORD(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV),
	{ NULL, 0 },
};
/* clang-format on */
