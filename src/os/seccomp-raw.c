/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ready BPF program in base64: see seccomp.h.
 *
 * It is somebody's own work and goes to the kernel as it is, which checks it once more.
 */
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/syscall.h>

#include "os/seccomp.h"

#define MEMBER "annotation run.oci.seccomp_bpf_data"

static int base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = strchr(digits, c);

	return c && p ? (int)(p - digits) : -EINVAL;
}

/* LEN characters without the padding; RET has room for three quarters of them. */
static struct err *base64_decode(const char *text, size_t len, unsigned char *ret, size_t *ret_n)
{
	uint32_t bits = 0;

	*ret_n = 0;
	for (size_t i = 0; i < len; i++) {
		int value = base64_value(text[i]);

		if (value < 0)
			return err_new(ERR_INVALID, MEMBER ": is not base64 at character %zu",
				       i + 1);
		bits = bits << 6 | (uint32_t)value;
		if (i % 4)
			ret[(*ret_n)++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
	}
	/* What does not fill a byte is zero, or the text was cut. */
	if (len % 4 && bits & (len % 4 == 2 ? 0xf : 0x3))
		return err_new(ERR_INVALID, MEMBER ": is not base64 at character %zu", len);
	return NULL;
}

static struct err *decode(const char *text, unsigned char *ret, size_t *ret_n)
{
	size_t len = strlen(text);
	size_t padding = 0;

	while (padding < 2 && padding < len && text[len - padding - 1] == '=')
		padding++;
	TRY(base64_decode(text, len - padding, ret, ret_n));
	if (len % 4)
		return err_new(ERR_INVALID,
			       MEMBER ": is not base64: %zu characters are no multiple of four",
			       len);
	return NULL;
}

/* Whether instruction I hands calls on to a listener: certainly, or as the accumulator has it. */
static bool may_notify(const struct sock_filter *insn, bool *ret_certain)
{
	if (insn->code == (BPF_RET | BPF_K) &&
	    (insn->k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
		*ret_certain = true;
	return *ret_certain || insn->code == (BPF_RET | BPF_A);
}

static struct err *plan_listener(struct seccomp_program *p, bool is_answered)
{
	for (size_t i = 0; i < p->n && !p->has_listener; i++) {
		bool is_certain = false;

		p->has_listener = may_notify(&p->insns[i], &is_certain) && is_answered;
		if (is_certain && !is_answered)
			return err_hint(
				err_new(ERR_INVALID,
					MEMBER
					": instruction %zu returns SECCOMP_RET_USER_NOTIF, and nobody is there to answer",
					i),
				"name an agent in linux.seccomp.listenerPath, or plugins in the annotation run.oci.seccomp.plugins");
	}
	return NULL;
}

/* The kernel's machine, as far as seccomp(2) lets a program use it. */
struct machine {
	uint32_t a;
	uint32_t x;
	uint32_t memory[BPF_MEMWORDS];
};

static uint32_t calculate(uint16_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return b ? a / b : 0;
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return b < 32 ? a << b : 0;
	case BPF_RSH:
		return b < 32 ? a >> b : 0;
	case BPF_NEG:
		return -a;
	}
	return a;
}

static bool compare(uint16_t op, uint32_t a, uint32_t b)
{
	return op == BPF_JEQ   ? a == b
	       : op == BPF_JGT ? a > b
	       : op == BPF_JGE ? a >= b
			       : (a & b) != 0;
}

static uint32_t load(const struct machine *m, const struct sock_filter *i,
		     const struct seccomp_data *d)
{
	uint32_t word = 0;

	if (BPF_MODE(i->code) == BPF_IMM)
		return i->k;
	if (BPF_MODE(i->code) == BPF_LEN)
		return sizeof(*d);
	if (BPF_MODE(i->code) == BPF_MEM)
		return i->k < BPF_MEMWORDS ? m->memory[i->k] : 0;
	if (i->k <= sizeof(*d) - sizeof(word))
		memcpy(&word, (const char *)d + i->k, sizeof(word));
	return word;
}

/* What the program returns for a call; 0 (kill) when it goes wrong, which the kernel will refuse.
 */
static uint32_t run_program(const struct seccomp_program *p, const struct seccomp_data *d)
{
	struct machine m = { 0 };

	for (size_t pc = 0; pc < p->n; pc++) {
		const struct sock_filter *i = &p->insns[pc];
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? m.x : i->k;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			m.a = load(&m, i, d);
			break;
		case BPF_LDX:
			m.x = load(&m, i, d);
			break;
		case BPF_ST:
		case BPF_STX:
			if (i->k < BPF_MEMWORDS)
				m.memory[i->k] = BPF_CLASS(i->code) == BPF_ST ? m.a : m.x;
			break;
		case BPF_ALU:
			m.a = calculate(BPF_OP(i->code), m.a, operand);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				pc += i->k;
			else
				pc += compare(BPF_OP(i->code), m.a, operand) ? i->jt : i->jf;
			break;
		case BPF_MISC:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				m.x = m.a;
			else
				m.a = m.x;
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
		}
	}
	return SECCOMP_RET_KILL_THREAD;
}

/* As in seccomp_check: the hand-over writes when the filter is loaded and nobody can answer yet. */
static struct err *check_write(const struct seccomp_program *p)
{
	const struct seccomp_data write_call = { .nr = SYS_write, .arch = seccomp_arch_native() };

	if (p->has_listener &&
	    (run_program(p, &write_call) & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
		return err_new(ERR_INVALID, MEMBER
			       ": SECCOMP_RET_USER_NOTIF cannot be used for the write syscall");
	return NULL;
}

struct err *seccomp_raw(struct arena *a, const struct spec_seccomp *s, const char *base64,
			bool is_answered, struct seccomp_program *ret)
{
	struct seccomp_program program = { .set = true, .is_raw = true };
	unsigned char *data = arena_alloc(a, strlen(base64) / 4 * 3 + 4);
	size_t n = 0;

	TRY(decode(base64, data, &n));
	if (n == 0 || n % sizeof(struct sock_filter))
		return err_new(ERR_INVALID,
			       MEMBER ": %zu bytes are no BPF program, whose instructions have %zu",
			       n, sizeof(struct sock_filter));
	program.n = n / sizeof(struct sock_filter);
	if (program.n > BPF_MAXINSNS)
		return err_new(ERR_INVALID, MEMBER ": %zu instructions, the kernel takes %d",
			       program.n, BPF_MAXINSNS);
	program.insns = (struct sock_filter *)(void *)data;
	TRY(plan_listener(&program, is_answered));
	TRY(check_write(&program));
	TRY(seccomp_plan_flags(s, program.has_listener, &program.flags));
	*ret = program;
	return NULL;
}
