/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ENOSYS in front of a filter: see seccomp-enosys.h.
 */
#include "os/seccomp-enosys.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

/* x32 shares its audit number with x86-64; this bit of the call's number tells them apart. */
#define X32_BIT 0x40000000U
/* Above it are the numbers a tracer uses to skip a call (-1). */
#define X32_LAST 0x7fffffffU
/* Private calls of 32-bit arm (cacheflush, set_tls), far above the ordinary ones. */
#define ARM_PRIVATE 0xf0000U

struct emitter {
	struct sock_filter *out;
	size_t n;
};

static void emit(struct emitter *e, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	e->out[e->n++] = (struct sock_filter){ code, jt, jf, k };
}

static void emit_load(struct emitter *e, size_t offset)
{
	emit(e, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void emit_enosys(struct emitter *e)
{
	emit(e, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);
}

/* To the filter behind; the distance is filled in when it is known. */
static void emit_leave(struct emitter *e)
{
	emit(e, BPF_JMP | BPF_JA, 0, 0, UINT32_MAX);
}

static const struct enosys_arch *find_arch(const struct enosys_arch *archs, size_t n, uint32_t arch)
{
	for (size_t i = 0; i < n; i++) {
		if (archs[i].arch == arch && archs[i].known)
			return &archs[i];
	}
	return NULL;
}

/* x86-64 and x32: either may be missing, but not both. */
static void emit_x86_64(struct emitter *e, const struct enosys_arch *x64,
			const struct enosys_arch *x32)
{
	emit_load(e, offsetof(struct seccomp_data, nr));
	emit(e, BPF_JMP | BPF_JGE | BPF_K, 2, 0, X32_BIT);
	emit(e, BPF_JMP | BPF_JGT | BPF_K, x32 ? 3 : 2, 0, x64 ? x64->max : UINT32_MAX);
	emit_leave(e);
	if (x32) {
		emit(e, BPF_JMP | BPF_JGT | BPF_K, 2, 0, X32_LAST);
		emit(e, BPF_JMP | BPF_JGT | BPF_K, 0, 1, x32->max);
	} else {
		/* A filter without x32 has its own answer to every call of it. */
		emit(e, BPF_JMP | BPF_JA, 0, 0, 1);
	}
	emit_enosys(e);
}

static void emit_plain(struct emitter *e, const struct enosys_arch *a)
{
	emit_load(e, offsetof(struct seccomp_data, nr));
	if (a->arch == SCMP_ARCH_ARM)
		emit(e, BPF_JMP | BPF_JGE | BPF_K, 2, 0, ARM_PRIVATE);
	emit(e, BPF_JMP | BPF_JGT | BPF_K, 0, 1, a->max);
	emit_enosys(e);
}

size_t enosys_program(const struct enosys_arch *archs, size_t n, struct sock_filter *ret)
{
	const struct enosys_arch *x64 = find_arch(archs, n, SCMP_ARCH_X86_64);
	const struct enosys_arch *x32 = find_arch(archs, n, SCMP_ARCH_X32);
	struct emitter e = { .out = ret };

	emit_load(&e, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < n; i++) {
		bool is_x86_64 = archs[i].arch == SCMP_ARCH_X86_64 ||
				 archs[i].arch == SCMP_ARCH_X32;
		size_t test = e.n;

		/* Both stand in one section, that of the first of them that is known. */
		if (!archs[i].known || (is_x86_64 && &archs[i] != (x64 ? x64 : x32)))
			continue;
		emit(&e, BPF_JMP | BPF_JEQ | BPF_K, 0, 0,
		     is_x86_64 ? AUDIT_ARCH_X86_64 : archs[i].arch);
		if (is_x86_64)
			emit_x86_64(&e, x64, x32);
		else
			emit_plain(&e, &archs[i]);
		emit_leave(&e);
		ret[test].jf = (uint8_t)(e.n - test - 1);
	}
	for (size_t i = 0; i < e.n; i++) {
		if (ret[i].code == (BPF_JMP | BPF_JA) && ret[i].k == UINT32_MAX)
			ret[i].k = (uint32_t)(e.n - i - 1);
	}
	/* No architecture: nothing to put in front. */
	return e.n > 1 ? e.n : 0;
}
