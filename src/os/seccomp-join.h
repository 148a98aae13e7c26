/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One program of several, one for each architecture.
 *
 * libseccomp's generator takes time that grows faster than the program: three architectures in one
 * go cost three times as much as one after the other.
 */
#ifndef OS_SECCOMP_JOIN_H
#define OS_SECCOMP_JOIN_H

#include <linux/filter.h>

#include "base/base.h"

struct join_part {
	uint32_t arch; /* libseccomp's token */
	size_t n;
	struct sock_filter *insns; /* malloc'ed */
};

/* Instructions in front of the parts. */
size_t join_size(const struct join_part *parts, size_t n);
/*
 * Writes the choice between the parts and the parts behind it; a call of an architecture that none
 * of them is for kills the thread, as libseccomp does it.
 */
void join_program(const struct join_part *parts, size_t n, struct sock_filter *ret);

#endif
