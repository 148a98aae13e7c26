/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device policy, its v1 rows, and its BPF program run by a small interpreter.
 */
#include "fixture.h"

#include <linux/bpf.h>

#include "cgroup/devices.h"

#define ANY       \
	{         \
		0 \
	}
#define NO(n)           \
	{               \
		true, n \
	}

static const struct spec_device_rule deny_all = { .allow = false, .access = (char *)"rwm" };

static struct device_policy policy_of(struct arena *a, const struct spec_device_rule *v, size_t n)
{
	struct device_policy p;

	device_policy_make(a, v, n, &p);
	return p;
}

static char *text_of(struct arena *a, const struct device_policy *p)
{
	char *s = arena_str(a, p->allow ? "allow" : "deny");

	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].index != DEVICE_DEFAULT)
			s = arena_format(a, "%s, %s %s", s, p->v[i].allow ? "allow" : "deny",
					 device_rule_text(a, &p->v[i]));
	return s;
}

/* What the kernel would answer: only the instructions that device_program_make() emits. */
static bool run(const struct device_program *p, char type, uint32_t major, uint32_t minor,
		uint32_t access)
{
	const struct bpf_insn *v = (const struct bpf_insn *)p->code;
	uint32_t ctx[3] = { access << 16 | (type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR),
			    major, minor };
	uint64_t reg[11] = { 0 };

	for (size_t pc = 0; pc < p->n; pc++) {
		const struct bpf_insn *i = &v[pc];
		uint64_t imm = (uint64_t)(int64_t)i->imm;

		switch (i->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			reg[i->dst_reg] = ctx[i->off / 4];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			reg[i->dst_reg] = reg[i->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			reg[i->dst_reg] = imm;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			reg[i->dst_reg] >>= imm;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			reg[i->dst_reg] &= imm;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += reg[i->dst_reg] != imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += reg[i->dst_reg] == imm ? (size_t)i->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return reg[0];
		default:
			fail_msg("unknown instruction %#x", i->code);
		}
	}
	fail_msg("the program does not end");
	return false;
}

static uint32_t kernel_bits(unsigned access)
{
	return (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
	       (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
	       (access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0);
}

/* Policy and program must agree on every device near those that the rules name. */
static void expect_program_agrees(struct arena *a, const struct device_policy *p)
{
	static const int64_t numbers[] = { 0, 1, 2, 3, 5, 8, 9, 10, 136, 200, 229, 4095 };
	struct device_program prog;

	device_program_make(a, p, &prog);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		for (size_t k = 0; k < ARRAY_LEN(numbers); k++)
			for (unsigned access = 1; access <= DEVICE_ALL; access++)
				for (const char *t = "bc"; *t; t++)
					expect_int(run(&prog, *t, (uint32_t)numbers[i],
						       (uint32_t)numbers[k], kernel_bits(access)),
						   device_policy_allows(p, *t, numbers[i],
									numbers[k], access));
}

TEST(after_deny_all_the_default_devices_are_allowed)
{
	auto_arena struct arena *a = arena_new();
	struct device_policy p = policy_of(a, &deny_all, 1);

	expect(!p.allow);
	expect(device_policy_allows(&p, 'c', 1, 3, DEVICE_ALL));
	expect(device_policy_allows(&p, 'c', 136, 77, DEVICE_READ | DEVICE_WRITE));
	expect(device_policy_allows(&p, 'b', 8, 0, DEVICE_MKNOD));
	expect(!device_policy_allows(&p, 'b', 8, 0, DEVICE_READ));
	expect(!device_policy_allows(&p, 'c', 1, 1, DEVICE_READ));
	expect(device_policy_allows(&p, 'c', 10, 200, DEVICE_ALL));
	expect_program_agrees(a, &p);
}

TEST(a_rule_can_revoke_a_default_device)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device_rule v[] = {
		deny_all,
		{ false, 'c', NO(10), NO(200), (char *)"rwm" },
		{ false, 'c', ANY, ANY, (char *)"m" },
	};
	struct device_policy p = policy_of(a, v, 3);

	expect(!device_policy_allows(&p, 'c', 10, 200, DEVICE_READ));
	expect(!device_policy_allows(&p, 'c', 8, 1, DEVICE_MKNOD));
	expect(device_policy_allows(&p, 'b', 8, 1, DEVICE_MKNOD));
	expect(device_policy_allows(&p, 'c', 1, 3, DEVICE_READ | DEVICE_WRITE));
	expect_program_agrees(a, &p);
}

TEST(a_later_rule_takes_from_those_it_covers)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device_rule v[] = {
		deny_all,
		{ true, 'c', NO(10), NO(229), (char *)"rwm" },
		{ true, 'b', NO(8), ANY, (char *)"r" },
		{ false, 'c', NO(10), ANY, (char *)"w" },
		{ true, 'b', NO(8), NO(1), (char *)"rw" },
		{ false, 'b', NO(9), NO(1), NULL },
	};
	struct device_policy p = policy_of(a, v, ARRAY_LEN(v));

	expect(!device_policy_allows(&p, 'c', 10, 229, DEVICE_READ | DEVICE_WRITE));
	expect(device_policy_allows(&p, 'c', 10, 229, DEVICE_READ | DEVICE_MKNOD));
	/* 9:1 is denied already, but for making its node. */
	expect_str(text_of(a, &p), "deny, allow c 10:229 rm, allow b 8:* r, allow b 8:1 rw, "
				   "deny b 9:1 rwm");
	expect_program_agrees(a, &p);
}

TEST(a_rule_for_all_devices_starts_again)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device_rule v[] = {
		{ true, 'c', NO(10), NO(229), NULL },
		deny_all,
		{ true, 'b', NO(8), NO(0), (char *)"r" },
		{ .allow = true, .type = 'a', .access = (char *)"rwm" },
		{ false, 'b', NO(8), NO(0), (char *)"w" },
	};
	struct device_policy p = policy_of(a, v, ARRAY_LEN(v));

	expect_str(text_of(a, &p), "allow, deny b 8:0 w");
	expect_program_agrees(a, &p);
	p = policy_of(a, v, 2);
	expect_str(text_of(a, &p), "deny");
}

TEST(type_a_with_numbers_means_both_types)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device_rule v[] = {
		{ true, 'a', NO(8), { true, -1 }, (char *)"rw" },
		{ .allow = true, .type = 'a', .access = (char *)"r" },
	};
	struct device_policy p = policy_of(a, v, 1);

	expect_str(text_of(a, &p), "deny, allow b 8:* rw, allow c 8:* rw");
	p = policy_of(a, v, 2);
	expect_str(text_of(a, &p), "deny, allow b 8:* w, allow c 8:* w, allow b *:* r, "
				   "allow c *:* r");
	expect_program_agrees(a, &p);
}

TEST(a_list_without_a_rule_for_all_denies_the_rest)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device_rule v[] = { { true, 'c', NO(10), NO(229), (char *)"rw" } };
	struct device_policy p = policy_of(a, v, 1);

	expect_str(text_of(a, &p), "deny, allow c 10:229 rw");
	expect(device_policy_allows(&p, 'c', 1, 3, DEVICE_ALL));
	expect(!device_policy_allows(&p, 'b', 8, 0, DEVICE_READ));
}

#define DEFAULT_ROWS                             \
	"/devices/web/devices.allow=c *:* m\n"   \
	"/devices/web/devices.allow=b *:* m\n"   \
	"/devices/web/devices.allow=c 1:3 rwm\n" \
	"/devices/web/devices.allow=c 1:5 rwm\n" \
	"/devices/web/devices.allow=c 1:7 rwm\n" \
	"/devices/web/devices.allow=c 1:8 rwm\n" \
	"/devices/web/devices.allow=c 1:9 rwm\n" \
	"/devices/web/devices.allow=c 5:0 rwm\n" \
	"/devices/web/devices.allow=c 5:1 rwm\n" \
	"/devices/web/devices.allow=c 5:2 rwm\n" \
	"/devices/web/devices.allow=c 136:* rwm\n"

TEST(v1_rows_deny_all_and_then_allow)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device_rule v[] = {
		deny_all,
		{ true, 'b', NO(8), NO(0), (char *)"r" },
		{ false, 'c', NO(10), NO(200), NULL },
	};
	struct spec_resources r = { .devices_present = true, .n_devices = 3, .devices = v };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "v1", &r, &plan));
	expect_rows(&plan, "/devices/web/devices.deny=a\n" DEFAULT_ROWS
			   "/devices/web/devices.allow=b 8:0 r\n");
	expect(plan.writes[1].is_optional);
	expect(!plan.writes[12].is_optional);
}

TEST(v1_rows_for_everything_but)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device_rule v[] = {
		{ .allow = true, .type = 'a' },
		{ false, 'b', NO(8), ANY, (char *)"w" },
	};
	struct spec_resources r = { .devices_present = true, .n_devices = 2, .devices = v };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "v1", &r, &plan));
	expect_rows(&plan, "/devices/web/devices.allow=a\n/devices/web/devices.deny=b 8:* w\n");
}

TEST(a_hole_that_v1_cannot_express_is_refused)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device_rule v[] = {
		deny_all,
		{ true, 'b', NO(8), ANY, (char *)"rw" },
		{ false, 'b', NO(8), NO(1), (char *)"w" },
	};
	struct spec_resources r = { .devices_present = true, .n_devices = 3, .devices = v };
	struct cgroup_plan plan;

	expect_err(plan_on(a, "v1", &r, &plan), ERR_UNSUPPORTED,
		   "linux.resources.devices[2]: `deny b 8:1 w` cannot be expressed with cgroup v1");
	/* v2 can. */
	expect_ok(plan_on(a, "v2-systemd", &r, &plan));
	expect(plan.device_program && plan.device_program->n > 0);
	expect_rows(&plan, "");
}

TEST(an_empty_list_is_no_filter)
{
	auto_arena struct arena *a = arena_new();
	struct spec_resources r = { .devices_present = true };
	struct cgroup_plan plan;

	expect_ok(plan_on(a, "v1", &r, &plan));
	expect_rows(&plan, "");
	expect_ok(plan_on(a, "v2-systemd", &r, &plan));
	expect(!plan.device_program);
}

TEST(numbers_the_kernel_does_not_have_are_refused)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device_rule v[] = { { true, 'c', NO(1), NO(INT64_C(0x100000003)), NULL } };
	struct spec_resources r = { .devices_present = true, .n_devices = 1, .devices = v };
	struct cgroup_plan plan;

	expect_err(plan_on(a, "v1", &r, &plan), ERR_INVALID, "linux.resources.devices[0].minor");
}

TESTS(CASE(after_deny_all_the_default_devices_are_allowed),
      CASE(a_rule_can_revoke_a_default_device), CASE(a_later_rule_takes_from_those_it_covers),
      CASE(a_rule_for_all_devices_starts_again), CASE(type_a_with_numbers_means_both_types),
      CASE(a_list_without_a_rule_for_all_denies_the_rest), CASE(v1_rows_deny_all_and_then_allow),
      CASE(v1_rows_for_everything_but), CASE(a_hole_that_v1_cannot_express_is_refused),
      CASE(an_empty_list_is_no_filter), CASE(numbers_the_kernel_does_not_have_are_refused))
