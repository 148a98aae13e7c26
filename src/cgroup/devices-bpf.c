/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device policy as an eBPF program, which is what cgroup v2 has instead of a devices controller.
 *
 * The program walks the rules from the last to the first and keeps, in r5, the accesses that no
 * rule has decided yet: a rule that denies one of them ends it, a rule that allows takes its own
 * away.
 */
#include <linux/bpf.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "cgroup/devices.h"

enum { INSNS_PER_RULE = 8, INSNS_AROUND = 10 };

struct builder {
	struct bpf_insn *v;
	size_t n;
};

static void emit(struct builder *b, uint8_t code, uint8_t dst, uint8_t src, int16_t off,
		 int32_t imm)
{
	b->v[b->n++] = (struct bpf_insn){ .code = code,
					  .dst_reg = dst,
					  .src_reg = src,
					  .off = off,
					  .imm = imm };
}

static void emit_exit(struct builder *b, bool allow)
{
	emit(b, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
	emit(b, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* r2: type, r3: major, r4: minor, r5: the accesses asked for. */
static void emit_start(struct builder *b)
{
	emit(b, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1,
	     offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	emit(b, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_3, BPF_REG_1,
	     offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(b, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_4, BPF_REG_1,
	     offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
	emit(b, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_5, BPF_REG_2, 0, 0);
	emit(b, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_5, 0, 0, 16);
	emit(b, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
}

static unsigned kernel_access(unsigned access)
{
	return (access & DEVICE_READ ? BPF_DEVCG_ACC_READ : 0) |
	       (access & DEVICE_WRITE ? BPF_DEVCG_ACC_WRITE : 0) |
	       (access & DEVICE_MKNOD ? BPF_DEVCG_ACC_MKNOD : 0);
}

static void emit_rule(struct builder *b, const struct device_rule *r)
{
	int32_t type = r->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	int32_t access = (int32_t)kernel_access(r->access);
	size_t first = b->n;

	/* The jumps go to what follows the rule: filled in below. */
	emit(b, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, -1, type);
	if (r->major != DEVICE_ANY)
		emit(b, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_3, 0, -1, (int32_t)r->major);
	if (r->minor != DEVICE_ANY)
		emit(b, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_4, 0, -1, (int32_t)r->minor);
	if (r->allow) {
		emit(b, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_5, 0, 0, ~access);
		emit(b, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_5, 0, -1, 0);
		emit_exit(b, true);
	} else {
		emit(b, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_0, BPF_REG_5, 0, 0);
		emit(b, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_0, 0, 0, access);
		emit(b, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, -1, 0);
		emit_exit(b, false);
	}
	for (size_t i = first; i < b->n; i++)
		if (b->v[i].off == -1)
			b->v[i].off = (int16_t)(b->n - i - 1);
}

_Static_assert(sizeof(struct bpf_insn) == sizeof(uint64_t), "an instruction is 8 bytes");

void device_program_make(struct arena *a, const struct device_policy *p, struct device_program *ret)
{
	struct builder b = { 0 };

	b.v = arena_array(a, struct bpf_insn, INSNS_AROUND + INSNS_PER_RULE * p->n);
	emit_start(&b);
	for (size_t i = p->n; i-- > 0;)
		emit_rule(&b, &p->v[i]);
	emit_exit(&b, p->allow);
	ret->n = b.n;
	ret->code = (uint64_t *)b.v;
}

static int sys_bpf(int cmd, union bpf_attr *attr)
{
	int rc = (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return rc < 0 ? -errno : rc;
}

int device_program_attach(const struct device_program *p, int cgroup_fd)
{
	union bpf_attr load = { 0 };
	union bpf_attr attach = { 0 };
	auto_close int fd = -EBADF;

	load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	load.insns = (uintptr_t)p->code;
	load.insn_cnt = (uint32_t)p->n;
	load.license = (uintptr_t) "Apache-2.0";
	memcpy(load.prog_name, "davit_devices", sizeof("davit_devices"));
	fd = sys_bpf(BPF_PROG_LOAD, &load);
	if (fd < 0)
		return fd;
	attach.target_fd = (uint32_t)cgroup_fd;
	attach.attach_bpf_fd = (uint32_t)fd;
	attach.attach_type = BPF_CGROUP_DEVICE;
	attach.attach_flags = BPF_F_ALLOW_MULTI;
	return sys_bpf(BPF_PROG_ATTACH, &attach);
}
