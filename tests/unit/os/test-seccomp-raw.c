/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp programs that come ready, in base64.
 */
#include "test.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "os/seccomp.h"
#include "spec/spec.h"

/* BPF_RET | BPF_K with SECCOMP_RET_ALLOW; BPF_RET | BPF_A. */
#define ALLOW "BgAAAAAA/38="
#define RET_A "FgAAAAAAAAA="

static struct arena *arena;

static struct err *raw(const char *text, bool is_answered, struct seccomp_program *ret)
{
	return seccomp_raw(arena, NULL, text, is_answered, ret);
}

static void expect_refused(const char *text, const char *part)
{
	struct seccomp_program p;

	expect_err(raw(text, false, &p), ERR_INVALID, part);
}

TEST(a_ready_program_is_taken_as_it_is)
{
	struct seccomp_program p = { 0 };

	expect_ok(raw(ALLOW, false, &p));
	expect(p.set && p.is_raw && p.n == 1 && !p.has_listener);
	expect_int(p.insns[0].code, BPF_RET | BPF_K);
	expect_int(p.insns[0].k, SECCOMP_RET_ALLOW);
}

TEST(text_that_is_not_base64_is_refused_with_the_place)
{
	expect_refused("Bg!AAAAA/38=",
		       "annotation run.oci.seccomp_bpf_data: is not base64 at character 3");
	expect_refused("BgAAAAAA/38 ", "at character 12");
	expect_refused("BgAAAAAA\n/38=", "at character 9");
	expect_refused("Bg==AAAAAA==", "at character 3");
	expect_refused("====", "at character 1");
	expect_refused("=", "1 characters are no multiple of four");
	expect_refused("BgAAAAAA/38", "11 characters are no multiple of four");
	expect_refused("BgAAAAAA_38=", "at character 9");
	/* The last bits belong to no byte. */
	expect_refused("BgAAAAAA/39=", "at character 11");
	expect_refused("Bh==", "at character 2");
}

TEST(sizes_that_are_no_programs_are_refused)
{
	expect_refused("", "0 bytes are no BPF program");
	expect_refused("BgAA", "3 bytes are no BPF program");
	expect_refused("BgAAAAAA/38G", "9 bytes are no BPF program");
}

TEST(programs_longer_than_the_kernel_takes_are_refused)
{
	enum { CHARS = 4 * 8 * (BPF_MAXINSNS + 2) / 3 };
	auto_free char *text = malloc(CHARS + 1);
	struct seccomp_program p = { 0 };
	size_t longest = (size_t)BPF_MAXINSNS * 8 / 3 * 4;

	/* 4096 instructions are 32768 bytes, three of which are four characters. */
	memset(text, 'A', CHARS);
	memcpy(text + longest, "AAA=", 5);
	expect_ok(raw(text, false, &p));
	expect_int(p.n, BPF_MAXINSNS);
	/* Two more make 32784. */
	memset(text, 'A', CHARS);
	text[32784 / 3 * 4] = '\0';
	expect_err(raw(text, false, &p), ERR_INVALID, "4098 instructions, the kernel takes 4096");
}

/* Base64 of N instructions. */
static char *encode(const struct sock_filter *insns, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = (const void *)insns;
	size_t len = n * sizeof(*insns);
	char *out = calloc(1, len * 2 + 8);
	char *p = out;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)in[i] << 16;

		bits |= i + 1 < len ? (uint32_t)in[i + 1] << 8 : 0;
		bits |= i + 2 < len ? in[i + 2] : 0;
		*p++ = digits[bits >> 18];
		*p++ = digits[bits >> 12 & 63];
		*p++ = i + 1 < len ? digits[bits >> 6 & 63] : '=';
		*p++ = i + 2 < len ? digits[bits & 63] : '=';
	}
	return out;
}

TEST(a_program_that_asks_needs_somebody_who_answers)
{
	struct sock_filter asks[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpriority, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	auto_free char *text = encode(asks, ARRAY_LEN(asks));
	struct seccomp_program p = { 0 };

	expect_refused(text, "instruction 2 returns SECCOMP_RET_USER_NOTIF, and nobody");
	expect_ok(raw(text, true, &p));
	expect(p.has_listener && p.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER);
	/* One that returns what it computed may ask. */
	expect_ok(raw(RET_A, false, &p));
	expect(!p.has_listener);
	expect_ok(raw(RET_A, true, &p));
	expect(p.has_listener);
	expect_ok(raw(ALLOW, true, &p));
	expect(!p.has_listener && !(p.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER));
}

static struct err *raw_of(const struct sock_filter *insns, size_t n)
{
	auto_free char *text = encode(insns, n);
	struct seccomp_program p;

	return raw(text, true, &p);
}

TEST(a_program_that_asks_about_write_is_refused_however_it_computes_that)
{
	struct sock_filter by_jump[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_filter by_sums[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_STMT(BPF_ST, 3),
		BPF_STMT(BPF_LDX | BPF_W | BPF_MEM, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_IMM, SYS_write),
		BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 0, 2, 0),
		BPF_STMT(BPF_LD | BPF_W | BPF_IMM, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_JMP | BPF_JA, 1),
		BPF_STMT(BPF_LD | BPF_W | BPF_IMM, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_A, 0),
	};

	expect_err(raw_of(by_jump, ARRAY_LEN(by_jump)), ERR_INVALID, "for the write syscall");
	expect_err(raw_of(by_sums, ARRAY_LEN(by_sums)), ERR_INVALID, "for the write syscall");
	by_jump[1].k = SYS_read;
	by_sums[3].k = SYS_read;
	expect_ok(raw_of(by_jump, ARRAY_LEN(by_jump)));
	expect_ok(raw_of(by_sums, ARRAY_LEN(by_sums)));
}

TEST(flags_are_those_of_the_profile)
{
	char *v[] = { (char *)"SECCOMP_FILTER_FLAG_LOG" };
	struct spec_seccomp s = { .flags = { true, 1, v } };
	struct seccomp_program p = { 0 };

	expect_ok(seccomp_raw(arena, &s, ALLOW, false, &p));
	expect_int(p.flags, SECCOMP_FILTER_FLAG_LOG);
	s.flags.n = 0;
	expect_ok(seccomp_raw(arena, &s, ALLOW, false, &p));
	expect_int(p.flags, 0);
	expect_ok(raw(ALLOW, false, &p));
	expect_int(p.flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_ready_program_is_taken_as_it_is),
		CASE(text_that_is_not_base64_is_refused_with_the_place),
		CASE(sizes_that_are_no_programs_are_refused),
		CASE(programs_longer_than_the_kernel_takes_are_refused),
		CASE(a_program_that_asks_needs_somebody_who_answers),
		CASE(a_program_that_asks_about_write_is_refused_however_it_computes_that),
		CASE(flags_are_those_of_the_profile),
	};
	int rc;

	arena = arena_new();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return rc;
}
