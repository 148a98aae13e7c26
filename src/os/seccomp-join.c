/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One program of several: see seccomp-join.h.
 */
#include "os/seccomp-join.h"

#include <assert.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>

/* x32 shares its audit number with x86-64; this bit of the call's number tells them apart. */
#define X32_BIT 0x40000000U

enum { PER_PART = 2, FOR_X32 = 1, AROUND = 2 };

static const struct join_part *find_part(const struct join_part *parts, size_t n, uint32_t arch)
{
	for (size_t i = 0; i < n; i++) {
		if (parts[i].arch == arch)
			return &parts[i];
	}
	return NULL;
}

static bool has_both(const struct join_part *parts, size_t n)
{
	return find_part(parts, n, SCMP_ARCH_X86_64) && find_part(parts, n, SCMP_ARCH_X32);
}

size_t join_size(const struct join_part *parts, size_t n)
{
	if (n == 1)
		return 0;
	return AROUND + n * PER_PART + (has_both(parts, n) ? FOR_X32 : 0);
}

static struct sock_filter load(size_t offset)
{
	return (struct sock_filter){ BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset };
}

static struct sock_filter jump(uint16_t op, uint32_t k, size_t if_true, size_t if_false)
{
	return (struct sock_filter){ BPF_JMP | op | BPF_K, (uint8_t)if_true, (uint8_t)if_false, k };
}

/* A jump from instruction AT to the beginning of PART, which is that of all parts + BEFORE. */
static struct sock_filter jump_to(const struct join_part *parts, const struct join_part *part,
				  size_t first, size_t at)
{
	size_t target = first;

	for (const struct join_part *p = parts; p != part; p++)
		target += p->n;
	return (struct sock_filter){ BPF_JMP | BPF_JA, 0, 0, (uint32_t)(target - at - 1) };
}

void join_program(const struct join_part *parts, size_t n, struct sock_filter *ret)
{
	const struct join_part *x32 = find_part(parts, n, SCMP_ARCH_X32);
	size_t first = join_size(parts, n);
	bool both = has_both(parts, n);
	size_t at = 0;

	if (n > 1)
		ret[at++] = load(offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < n && n > 1; i++) {
		bool is_x86_64 = parts[i].arch == SCMP_ARCH_X86_64;

		if (both && &parts[i] == x32)
			continue;
		if (both && is_x86_64) {
			ret[at++] = jump(BPF_JEQ, AUDIT_ARCH_X86_64, 0, 4);
			ret[at++] = load(offsetof(struct seccomp_data, nr));
			ret[at++] = jump(BPF_JGE, X32_BIT, 0, 1);
			ret[at] = jump_to(parts, x32, first, at);
			at++;
		} else {
			ret[at++] = jump(BPF_JEQ,
					 parts[i].arch == SCMP_ARCH_X32 ? AUDIT_ARCH_X86_64
									: parts[i].arch,
					 0, 1);
		}
		ret[at] = jump_to(parts, &parts[i], first, at);
		at++;
	}
	if (n > 1)
		ret[at++] = (struct sock_filter){ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_THREAD };
	assert(at == first);
	for (size_t i = 0; i < n; i++) {
		memcpy(ret + at, parts[i].insns, parts[i].n * sizeof(*ret));
		at += parts[i].n;
	}
}
