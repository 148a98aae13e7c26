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

enum { INSNS_PER_RULE = 8, INSNS_AROUND = 10, MAX_PROGRAMS = 64 };

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

static const char program_name[] = "davit_devices";

static int load_program(const struct device_program *p)
{
	union bpf_attr attr = { 0 };

	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uintptr_t)p->code;
	attr.insn_cnt = (uint32_t)p->n;
	attr.license = (uintptr_t) "Apache-2.0";
	memcpy(attr.prog_name, program_name, sizeof(program_name));
	return sys_bpf(BPF_PROG_LOAD, &attr);
}

/* REPLACE: the program whose place it takes, or -EBADF. */
static int attach(int program, int cgroup_fd, int replace)
{
	union bpf_attr attr = { 0 };

	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replace >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replace;
	}
	return sys_bpf(BPF_PROG_ATTACH, &attr);
}

static int detach(int program, int cgroup_fd)
{
	union bpf_attr attr = { 0 };

	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return sys_bpf(BPF_PROG_DETACH, &attr);
}

int device_program_attach(const struct device_program *p, int cgroup_fd)
{
	auto_close int fd = load_program(p);

	return fd < 0 ? fd : attach(fd, cgroup_fd, -EBADF);
}

static bool is_ours(int program)
{
	struct bpf_prog_info info = { 0 };
	union bpf_attr attr = { 0 };

	attr.info.bpf_fd = (uint32_t)program;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 &&
	       strncmp(info.name, program_name, sizeof(info.name)) == 0;
}

/* Our program on the cgroup; -ENOENT when it has none.  Others' (systemd's, the engine's) stay. */
static int find_ours(int cgroup_fd)
{
	uint32_t ids[MAX_PROGRAMS] = { 0 };
	union bpf_attr query = { 0 };
	int rc;

	query.query.target_fd = (uint32_t)cgroup_fd;
	query.query.attach_type = BPF_CGROUP_DEVICE;
	query.query.prog_ids = (uintptr_t)ids;
	query.query.prog_cnt = MAX_PROGRAMS;
	rc = sys_bpf(BPF_PROG_QUERY, &query);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < query.query.prog_cnt && i < MAX_PROGRAMS; i++) {
		union bpf_attr attr = { 0 };
		auto_close int fd = -EBADF;

		attr.prog_id = ids[i];
		fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr);
		if (fd >= 0 && is_ours(fd))
			return take_fd(&fd);
	}
	return -ENOENT;
}

int device_program_replace(const struct device_program *p, int cgroup_fd, int *ret_old)
{
	auto_close int old = find_ours(cgroup_fd);
	auto_close int fd = -EBADF;
	int rc;

	if (old < 0 && old != -ENOENT)
		return old;
	if (p) {
		fd = load_program(p);
		rc = fd < 0 ? fd : attach(fd, cgroup_fd, old);
	} else {
		rc = old < 0 ? 0 : detach(old, cgroup_fd);
	}
	if (rc < 0)
		return rc;
	*ret_old = old < 0 ? -EBADF : take_fd(&old);
	return 0;
}

int device_program_restore(int old, int cgroup_fd)
{
	auto_close int now = find_ours(cgroup_fd);

	if (now < 0 && now != -ENOENT)
		return now;
	if (old >= 0)
		return attach(old, cgroup_fd, now);
	return now < 0 ? 0 : detach(now, cgroup_fd);
}

int device_program_probe(void)
{
	auto_arena struct arena *a = arena_new();
	struct device_policy all = { .allow = true };
	struct device_program p;
	int fd;

	device_program_make(a, &all, &p);
	fd = load_program(&p);
	fd_close(fd);
	return fd < 0 ? fd : 0;
}
