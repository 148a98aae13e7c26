/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp programs, run by a small interpreter of the kernel's BPF.
 */
#include "test.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include "base/log.h"
#include "os/seccomp-enosys.h"
#include "os/seccomp-join.h"
#include "os/seccomp.h"
#include "spec/spec.h"

/* libseccomp's tokens, which are the kernel's audit numbers but for x32. */
#define X64     AUDIT_ARCH_X86_64
#define X32     (AUDIT_ARCH_X86_64 & ~__AUDIT_ARCH_64BIT)
#define I386    AUDIT_ARCH_I386
#define ARM     AUDIT_ARCH_ARM
#define X32_BIT 0x40000000U

#define FELL_THROUGH 0x12345678U
#define ENOSYS_RET   (SECCOMP_RET_ERRNO | ENOSYS)
#define EPERM_RET    (SECCOMP_RET_ERRNO | EPERM)

static uint32_t load(const struct seccomp_data *d, uint32_t offset)
{
	uint32_t word;

	expect(offset % 4 == 0 && offset < sizeof(*d));
	memcpy(&word, (const char *)d + offset, sizeof(word));
	return word;
}

static bool compare(uint16_t code, uint32_t a, uint32_t k)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == k;
	case BPF_JGT:
		return a > k;
	case BPF_JGE:
		return a >= k;
	case BPF_JSET:
		return (a & k) != 0;
	}
	fail_msg("jump %#x", code);
	return false;
}

static uint32_t interpret(const struct sock_filter *p, size_t n, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &p[pc];

		if (i->code == (BPF_LD | BPF_W | BPF_ABS))
			a = load(d, i->k);
		else if (i->code == (BPF_ALU | BPF_AND | BPF_K))
			a &= i->k;
		else if (i->code == (BPF_RET | BPF_K))
			return i->k;
		else if (i->code == (BPF_JMP | BPF_JA))
			pc += i->k;
		else if (BPF_CLASS(i->code) == BPF_JMP)
			pc += compare(i->code, a, i->k) ? i->jt : i->jf;
		else
			fail_msg("instruction %#x", i->code);
	}
	return FELL_THROUGH;
}

static uint32_t front(const struct enosys_arch *archs, size_t n, uint32_t arch, uint32_t nr)
{
	struct sock_filter prog[ENOSYS_PER_ARCH * 4 + ENOSYS_AROUND];
	struct seccomp_data d = { .arch = arch, .nr = (int)nr };
	size_t len = enosys_program(archs, n, prog);

	expect(len <= ENOSYS_PER_ARCH * n + ENOSYS_AROUND);
	return interpret(prog, len, &d);
}

TEST(numbers_above_the_highest_get_enosys)
{
	const struct enosys_arch archs[] = { { X64, 100, true }, { I386, 200, true } };

	expect(front(archs, 2, X64, 0) == FELL_THROUGH);
	expect(front(archs, 2, X64, 100) == FELL_THROUGH);
	expect(front(archs, 2, X64, 101) == ENOSYS_RET);
	expect(front(archs, 2, X64, X32_BIT - 1) == ENOSYS_RET);
	expect(front(archs, 2, I386, 200) == FELL_THROUGH);
	expect(front(archs, 2, I386, 201) == ENOSYS_RET);
}

TEST(x32_calls_are_left_to_a_filter_without_x32)
{
	const struct enosys_arch archs[] = { { X64, 100, true } };

	expect(front(archs, 1, X64, X32_BIT) == FELL_THROUGH);
	expect(front(archs, 1, X64, X32_BIT + 1000) == FELL_THROUGH);
	expect(front(archs, 1, X64, UINT32_MAX) == FELL_THROUGH);
}

TEST(x32_has_its_own_highest_number)
{
	const struct enosys_arch archs[] = {
		{ X32, X32_BIT + 50, true },
		{ X64, 100, true },
		{ I386, 7, true },
	};

	expect(front(archs, 3, X64, 100) == FELL_THROUGH);
	expect(front(archs, 3, X64, 101) == ENOSYS_RET);
	expect(front(archs, 3, X64, X32_BIT + 50) == FELL_THROUGH);
	expect(front(archs, 3, X64, X32_BIT + 51) == ENOSYS_RET);
	expect(front(archs, 3, X64, UINT32_MAX) == FELL_THROUGH);
	expect(front(archs, 3, I386, 8) == ENOSYS_RET);
}

TEST(x32_alone_leaves_native_calls_alone)
{
	const struct enosys_arch archs[] = { { X64, 0, false }, { X32, X32_BIT + 50, true } };

	expect(front(archs, 2, X64, 5000) == FELL_THROUGH);
	expect(front(archs, 2, X64, X32_BIT + 51) == ENOSYS_RET);
}

TEST(private_calls_of_arm_are_no_new_calls)
{
	const struct enosys_arch archs[] = { { ARM, 400, true } };

	expect(front(archs, 1, ARM, 400) == FELL_THROUGH);
	expect(front(archs, 1, ARM, 401) == ENOSYS_RET);
	expect(front(archs, 1, ARM, 0xf0005) == FELL_THROUGH);
}

TEST(foreign_architectures_go_to_the_filter)
{
	const struct enosys_arch archs[] = { { X64, 100, true }, { I386, 0, false } };

	expect(front(archs, 2, AUDIT_ARCH_AARCH64, 5000) == FELL_THROUGH);
	expect(front(archs, 2, I386, 5000) == FELL_THROUGH);
	expect(front(NULL, 0, X64, 5000) == FELL_THROUGH);
}

static uint32_t chosen(const uint32_t *archs, size_t n, uint32_t arch, uint32_t nr)
{
	struct sock_filter body[4][2];
	struct join_part parts[4];
	struct sock_filter prog[32];
	struct seccomp_data d = { .arch = arch, .nr = (int)nr };

	for (size_t i = 0; i < n; i++) {
		body[i][0] = (struct sock_filter){ BPF_LD | BPF_W | BPF_ABS, 0, 0, 0 };
		body[i][1] = (struct sock_filter){ BPF_RET | BPF_K, 0, 0, archs[i] };
		parts[i] = (struct join_part){ archs[i], 2, body[i] };
	}
	join_program(parts, n, prog);
	return interpret(prog, join_size(parts, n) + 2 * n, &d);
}

TEST(each_architecture_gets_its_own_part)
{
	const uint32_t all[] = { X64, X32, I386, ARM };
	const uint32_t mixed[] = { I386, X32, ARM, X64 };

	for (size_t i = 0; i < 2; i++) {
		const uint32_t *archs = i ? mixed : all;

		expect(chosen(archs, 4, X64, 5) == X64);
		expect(chosen(archs, 4, X64, X32_BIT | 5) == X32);
		expect(chosen(archs, 4, I386, 5) == I386);
		expect(chosen(archs, 4, ARM, 5) == ARM);
		expect(chosen(archs, 4, AUDIT_ARCH_AARCH64, 5) == SECCOMP_RET_KILL_THREAD);
	}
	expect(chosen(all, 1, X64, 5) == X64);
	expect(chosen(mixed, 2, X64, 5) == X32);
	expect(chosen(mixed, 2, I386, X32_BIT) == I386);
}

/* The rest compiles whole profiles; numbers are x86-64's. */
#ifdef __x86_64__

#define NAMES(...)                                                       \
	{                                                                \
		true, ARRAY_LEN(((char *[]){ __VA_ARGS__ })), (char *[]) \
		{                                                        \
			__VA_ARGS__                                      \
		}                                                        \
	}

static struct arena *arena;

static struct seccomp_program compiled(const struct spec_seccomp *s)
{
	struct seccomp_program p = { 0 };

	arena_free(arena);
	arena = arena_new();
	expect_ok(seccomp_compile(arena, s, false, &p));
	return p;
}

static uint32_t ask(const struct seccomp_program *p, uint32_t arch, uint32_t nr, uint64_t arg0,
		    uint64_t arg1)
{
	struct seccomp_data d = { .arch = arch, .nr = (int)nr, .args = { arg0, arg1 } };

	return interpret(p->insns, p->n, &d);
}

enum { NR_READ = 0, NR_WRITE = 1, NR_MKDIR = 83, NR_PERSONALITY = 135, NR_BPF = 321 };

TEST(allowed_denied_and_new_calls_of_a_profile)
{
	struct spec_seccomp_rule rules[] = {
		{ .names = NAMES("read", "bpf"), .action = SECCOMP_ALLOW },
		{ .names = NAMES("mkdir"), .action = SECCOMP_ERRNO, .errno_ret = { true, EACCES } },
	};
	struct spec_seccomp s = {
		.default_action = SECCOMP_ERRNO,
		.n_syscalls = 2,
		.syscalls = rules,
	};
	struct seccomp_program p = compiled(&s);

	expect(p.set && !p.has_listener && p.flags == SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	expect(ask(&p, X64, NR_READ, 0, 0) == SECCOMP_RET_ALLOW);
	expect(ask(&p, X64, NR_BPF, 0, 0) == SECCOMP_RET_ALLOW);
	expect(ask(&p, X64, NR_WRITE, 0, 0) == EPERM_RET);
	expect(ask(&p, X64, NR_MKDIR, 0, 0) == (SECCOMP_RET_ERRNO | EACCES));
	expect(ask(&p, X64, NR_BPF + 1, 0, 0) == ENOSYS_RET);
	/* Not in the filter: killed, and no ENOSYS gets in the way. */
	expect(ask(&p, I386, NR_READ, 0, 0) == SECCOMP_RET_KILL_THREAD);
	expect(ask(&p, X64, X32_BIT | NR_READ, 0, 0) == SECCOMP_RET_KILL_THREAD);
}

TEST(a_permissive_default_has_no_enosys)
{
	static const int actions[] = { SECCOMP_ALLOW, SECCOMP_LOG, SECCOMP_TRACE };
	struct spec_seccomp_rule rule = { .names = NAMES("mkdir"), .action = SECCOMP_ERRNO };

	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		struct spec_seccomp s = {
			.default_action = actions[i],
			.n_syscalls = 1,
			.syscalls = &rule,
		};
		struct seccomp_program p = compiled(&s);

		expect(ask(&p, X64, 5000, 0, 0) != ENOSYS_RET);
		expect(ask(&p, X64, NR_MKDIR, 0, 0) == EPERM_RET);
	}
}

/* row: CL-100 */
TEST(every_action_reaches_the_program)
{
	static const struct {
		int action;
		uint32_t ret;
	} rows[] = {
		{ SECCOMP_KILL, SECCOMP_RET_KILL_THREAD },
		{ SECCOMP_KILL_THREAD, SECCOMP_RET_KILL_THREAD },
		{ SECCOMP_KILL_PROCESS, SECCOMP_RET_KILL_PROCESS },
		{ SECCOMP_TRAP, SECCOMP_RET_TRAP },
		{ SECCOMP_ERRNO, EPERM_RET },
		{ SECCOMP_TRACE, SECCOMP_RET_TRACE | EPERM },
		{ SECCOMP_LOG, SECCOMP_RET_LOG },
		{ SECCOMP_NOTIFY, SECCOMP_RET_USER_NOTIF },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct spec_seccomp_rule rule = { .names = NAMES("mkdir"),
						  .action = rows[i].action };
		struct spec_seccomp s = {
			.default_action = SECCOMP_ALLOW,
			.n_syscalls = 1,
			.syscalls = &rule,
			.listener_path = "/x",
		};
		struct seccomp_program p = compiled(&s);

		expect_int(ask(&p, X64, NR_MKDIR, 0, 0), rows[i].ret);
		expect(p.has_listener == (rows[i].action == SECCOMP_NOTIFY));
	}
}

static bool op_allows(int op, uint64_t value, uint64_t value_two, uint64_t arg)
{
	struct spec_seccomp_arg cond = { .index = 0,
					 .value = value,
					 .value_two = value_two,
					 .op = op };
	struct spec_seccomp_rule rule = {
		.names = NAMES("personality"),
		.action = SECCOMP_ALLOW,
		.n_args = 1,
		.args = &cond,
	};
	struct spec_seccomp s = {
		.default_action = SECCOMP_ERRNO,
		.n_syscalls = 1,
		.syscalls = &rule,
	};
	struct seccomp_program p = compiled(&s);

	return ask(&p, X64, NR_PERSONALITY, arg, 0) == SECCOMP_RET_ALLOW;
}

/* row: CL-111 */
TEST(every_operator_compares_64_bits)
{
	const uint64_t big = (uint64_t)1 << 40;

	expect(op_allows(SECCOMP_EQ, big + 1, 0, big + 1) && !op_allows(SECCOMP_EQ, big + 1, 0, 1));
	expect(op_allows(SECCOMP_NE, big, 0, 0) && !op_allows(SECCOMP_NE, big, 0, big));
	expect(op_allows(SECCOMP_LT, big, 0, 5) && !op_allows(SECCOMP_LT, big, 0, big));
	expect(op_allows(SECCOMP_LE, big, 0, big) && !op_allows(SECCOMP_LE, big, 0, big + 1));
	expect(op_allows(SECCOMP_GE, big, 0, big) && !op_allows(SECCOMP_GE, big, 0, big - 1));
	expect(op_allows(SECCOMP_GT, big, 0, big + 1) && !op_allows(SECCOMP_GT, big, 0, big));
	expect(op_allows(SECCOMP_MASKED_EQ, 0xf0, 0x20, 0x2f));
	expect(!op_allows(SECCOMP_MASKED_EQ, 0xf0, 0x20, 0x3f));
}

TEST(conditions_on_different_arguments_must_all_hold)
{
	struct spec_seccomp_arg conds[] = {
		{ .index = 0, .value = 1, .op = SECCOMP_EQ },
		{ .index = 1, .value = 2, .op = SECCOMP_EQ },
	};
	struct spec_seccomp_rule rule = { .names = NAMES("personality"),
					  .action = SECCOMP_ALLOW,
					  .n_args = 2,
					  .args = conds };
	struct spec_seccomp s = {
		.default_action = SECCOMP_ERRNO,
		.n_syscalls = 1,
		.syscalls = &rule,
	};
	struct seccomp_program p = compiled(&s);

	expect(ask(&p, X64, NR_PERSONALITY, 1, 2) == SECCOMP_RET_ALLOW);
	expect(ask(&p, X64, NR_PERSONALITY, 1, 3) == EPERM_RET);
	expect(ask(&p, X64, NR_PERSONALITY, 2, 2) == EPERM_RET);
}

TEST(conditions_on_one_argument_are_alternatives)
{
	struct spec_seccomp_arg conds[] = {
		{ .index = 0, .value = 1, .op = SECCOMP_EQ },
		{ .index = 0, .value = 5, .op = SECCOMP_EQ },
	};
	struct spec_seccomp_rule rule = { .names = NAMES("personality"),
					  .action = SECCOMP_ALLOW,
					  .n_args = 2,
					  .args = conds };
	struct spec_seccomp s = {
		.default_action = SECCOMP_ERRNO,
		.n_syscalls = 1,
		.syscalls = &rule,
	};
	struct seccomp_program p = compiled(&s);

	expect(ask(&p, X64, NR_PERSONALITY, 1, 0) == SECCOMP_RET_ALLOW);
	expect(ask(&p, X64, NR_PERSONALITY, 5, 0) == SECCOMP_RET_ALLOW);
	expect(ask(&p, X64, NR_PERSONALITY, 2, 0) == EPERM_RET);
}

/* The search tree has hundreds of leaves; each must be the right one. */
TEST(every_call_of_a_large_profile_gets_its_own_answer)
{
	enum { MOST = 512 };
	static struct spec_seccomp_rule rules[MOST];
	static char *names[MOST];
	struct spec_seccomp s = {
		.default_action = SECCOMP_KILL,
		.architectures = NAMES("SCMP_ARCH_X86"),
		.syscalls = rules,
	};
	struct seccomp_program p;
	uint32_t last = 0;

	for (uint32_t nr = 0; nr < MOST; nr++) {
		names[nr] = seccomp_syscall_resolve_num_arch(X64, (int)nr);
		if (!names[nr] || nr % 3 == 0)
			continue;
		last = nr;
		rules[s.n_syscalls++] = (struct spec_seccomp_rule){
			.names = { true, 1, &names[nr] },
			.action = nr % 3 == 1 ? SECCOMP_ALLOW : SECCOMP_ERRNO,
			.errno_ret = { nr % 3 == 2, nr },
		};
	}
	expect(s.n_syscalls > 200);
	p = compiled(&s);
	for (uint32_t nr = 0; nr <= last; nr++) {
		uint32_t right = SECCOMP_RET_KILL_THREAD;
		int nr32 = names[nr] ? seccomp_syscall_resolve_name_arch(I386, names[nr]) : -1;

		if (names[nr] && nr % 3)
			right = nr % 3 == 1 ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | nr;
		expect_int(ask(&p, X64, nr, 0, 0), right);
		/* A name that is several calls there may be decided by another rule. */
		if (nr32 >= 0 && right != SECCOMP_RET_KILL_THREAD)
			expect_int(ask(&p, I386, (uint32_t)nr32, 0, 0), right);
	}
	for (uint32_t nr = 0; nr < MOST; nr++)
		free(names[nr]);
}

/* row: CL-102 */
TEST(listed_architectures_join_the_native_one)
{
	struct spec_seccomp_rule rule = { .names = NAMES("mkdir"), .action = SECCOMP_ALLOW };
	struct spec_seccomp s = {
		.default_action = SECCOMP_ERRNO,
		.architectures = NAMES("SCMP_ARCH_X86", "SCMP_ARCH_X32"),
		.n_syscalls = 1,
		.syscalls = &rule,
	};
	struct seccomp_program p = compiled(&s);

	expect(ask(&p, X64, NR_MKDIR, 0, 0) == SECCOMP_RET_ALLOW);
	expect(ask(&p, X64, X32_BIT | NR_MKDIR, 0, 0) == SECCOMP_RET_ALLOW);
	expect(ask(&p, I386, 39, 0, 0) == SECCOMP_RET_ALLOW);
	expect(ask(&p, I386, 38, 0, 0) == EPERM_RET);
	expect(ask(&p, I386, 40, 0, 0) == ENOSYS_RET);
	expect(ask(&p, X64, X32_BIT | 84, 0, 0) == ENOSYS_RET);
	expect(ask(&p, AUDIT_ARCH_AARCH64, 0, 0, 0) == SECCOMP_RET_KILL_THREAD);
}

/* row: CL-103 */
TEST(flags_are_taken_or_refused)
{
	struct spec_seccomp_rule rule = { .names = NAMES("mkdir"), .action = SECCOMP_NOTIFY };
	struct spec_seccomp s = { .default_action = SECCOMP_ALLOW, .flags = { .present = true } };
	struct seccomp_program p = compiled(&s);

	expect(p.flags == 0);
	s.flags = (struct spec_strings)NAMES("SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG",
					     "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
	p = compiled(&s);
	/* Nobody listens, so nobody waits. */
	expect(p.flags == (SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG));
	s.syscalls = &rule;
	s.n_syscalls = 1;
	s.listener_path = "/x";
	p = compiled(&s);
	expect(p.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER &&
	       p.flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
	s.flags = (struct spec_strings)NAMES("SECCOMP_FILTER_FLAG_X");
	expect_err(seccomp_compile(arena, &s, false, &p), ERR_INVALID,
		   "linux.seccomp.flags[0]: `SECCOMP_FILTER_FLAG_X` is not known");
}

static char last_log[256];

static void sink(void *arg UNUSED, enum log_level level, const char *msg)
{
	snprintf(last_log, sizeof(last_log), "%d %s", (int)level, msg);
}

TEST(unknown_calls_are_left_out_and_said_when_that_opens_something)
{
	struct spec_seccomp_rule rule = { .names = NAMES("teleport"), .action = SECCOMP_ERRNO };
	struct spec_seccomp s = {
		.default_action = SECCOMP_ALLOW,
		.n_syscalls = 1,
		.syscalls = &rule,
	};
	struct seccomp_program p;

	log_set_sink(sink, NULL, LOG_LEVEL_DEBUG);
	compiled(&s);
	expect(last_log[0] == '0' + LOG_LEVEL_WARNING && strstr(last_log, "`teleport` is unknown"));
	s.default_action = SECCOMP_ERRNO;
	rule.action = SECCOMP_ALLOW;
	compiled(&s);
	expect(last_log[0] == '0' + LOG_LEVEL_DEBUG);
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
	expect_err(seccomp_compile(arena, &s, true, &p), ERR_INVALID,
		   "unknown system call `teleport`");
}

TEST(of_two_rules_for_a_call_the_first_decides)
{
	struct spec_seccomp_arg cond = { .value = 5, .op = SECCOMP_EQ };
	struct spec_seccomp_rule rules[] = {
		{ .names = NAMES("mkdir"), .action = SECCOMP_TRAP },
		{ .names = NAMES("rmdir", "mkdir"), .action = SECCOMP_ALLOW },
	};
	struct spec_seccomp s = {
		.default_action = SECCOMP_KILL,
		.n_syscalls = 2,
		.syscalls = rules,
	};
	struct seccomp_program p;

	log_set_sink(sink, NULL, LOG_LEVEL_WARNING);
	p = compiled(&s);
	expect(ask(&p, X64, NR_MKDIR, 0, 0) == SECCOMP_RET_TRAP);
	expect(strstr(last_log, "syscalls[1]: has no effect on `mkdir`: syscalls[0] decides it"));
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
	for (size_t i = 0; i < 2; i++) {
		rules[i].n_args = 1;
		rules[i].args = &cond;
	}
	expect_err(seccomp_compile(arena, &s, false, &p), ERR_INVALID,
		   "linux.seccomp.syscalls[1]: `mkdir`: an earlier rule");
}

TEST(mistakes_of_a_profile_are_refused_by_name)
{
	struct spec_seccomp_rule rules[] = {
		{ .names = NAMES("mkdir"), .action = SECCOMP_ERRNO, .errno_ret = { true, 4096 } },
		{ .names = NAMES("mkdir"), .action = SECCOMP_ALLOW },
	};
	struct spec_seccomp s = { .default_action = SECCOMP_KILL,
				  .n_syscalls = 1,
				  .syscalls = rules };
	struct seccomp_program p;

	expect_err(seccomp_check(&s), ERR_INVALID, "syscalls[0].errnoRet: 4096 is above 4095");
	rules[0].action = SECCOMP_TRAP;
	expect_err(seccomp_check(&s), ERR_INVALID, "not for SCMP_ACT_TRAP");
	rules[0].errno_ret.set = false;
	expect_ok(seccomp_check(&s));
	s.default_errno_ret = (struct opt_u64){ true, 1 };
	expect_err(seccomp_check(&s), ERR_INVALID, "linux.seccomp.defaultErrnoRet");
	s.default_errno_ret.set = false;
	rules[0].action = SECCOMP_NOTIFY;
	expect_ok(seccomp_check(&s));
	expect_err(seccomp_check_listener(&s), ERR_INVALID, "linux.seccomp.listenerPath");
	s.listener_path = "relative";
	expect_err(seccomp_check_listener(&s), ERR_INVALID, "`relative` is not absolute");
	s.listener_path = NULL;
	s.listener_metadata = "x";
	expect_err(seccomp_check_listener(&s), ERR_INVALID,
		   "linux.seccomp.listenerMetadata: needs");
	s.listener_metadata = NULL;
	rules[0].action = SECCOMP_TRAP;
	s.default_action = SECCOMP_NOTIFY;
	expect_err(seccomp_check(&s), ERR_INVALID, "cannot be used as default action");
	s.default_action = SECCOMP_KILL;
	s.architectures = (struct spec_strings)NAMES("SCMP_ARCH_PDP11");
	expect_err(seccomp_check(&s), ERR_UNSUPPORTED, "libseccomp does not know SCMP_ARCH_PDP11");
	s.architectures = (struct spec_strings)NAMES("SCMP_ARCH_S390X");
	expect_err(seccomp_compile(arena, &s, false, &p), ERR_INVALID,
		   "linux.seccomp.architectures: one of them, 0x80000016, cannot be");
	arena_free(arena);
	arena = NULL;
}
#endif

TESTS(CASE(numbers_above_the_highest_get_enosys), CASE(x32_calls_are_left_to_a_filter_without_x32),
      CASE(x32_has_its_own_highest_number), CASE(x32_alone_leaves_native_calls_alone),
      CASE(private_calls_of_arm_are_no_new_calls), CASE(foreign_architectures_go_to_the_filter),
      CASE(each_architecture_gets_its_own_part),
#ifdef __x86_64__
      CASE(allowed_denied_and_new_calls_of_a_profile), CASE(a_permissive_default_has_no_enosys),
      CASE(every_action_reaches_the_program), CASE(every_operator_compares_64_bits),
      CASE(conditions_on_different_arguments_must_all_hold),
      CASE(conditions_on_one_argument_are_alternatives),
      CASE(every_call_of_a_large_profile_gets_its_own_answer),
      CASE(listed_architectures_join_the_native_one), CASE(flags_are_taken_or_refused),
      CASE(unknown_calls_are_left_out_and_said_when_that_opens_something),
      CASE(of_two_rules_for_a_call_the_first_decides),
      CASE(mistakes_of_a_profile_are_refused_by_name),
#endif
)
