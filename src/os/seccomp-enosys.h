/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer ENOSYS for system calls that are newer than a seccomp profile.
 *
 * A program that tries a new call and falls back to an old one looks for ENOSYS.  A profile that
 * was written before the call existed answers EPERM or kills.  So, per architecture, every number
 * above the highest one the profile names gets ENOSYS from a few instructions in front of the
 * filter.
 */
#ifndef OS_SECCOMP_ENOSYS_H
#define OS_SECCOMP_ENOSYS_H

#include <linux/filter.h>

#include "base/base.h"

/* The highest number of an architecture that the profile knows; ARCH is libseccomp's token. */
struct enosys_arch {
	uint32_t arch;
	uint32_t max;
	bool known; /* the profile names at least one call of it */
};

/* Instructions that one architecture can take, and those around them. */
enum { ENOSYS_PER_ARCH = 10, ENOSYS_AROUND = 1 };

/*
 * Writes the program that goes in front of another one: it returns ENOSYS or runs on into what
 * follows.  Returns its length; RET has room for ENOSYS_PER_ARCH * N + ENOSYS_AROUND.
 */
size_t enosys_program(const struct enosys_arch *archs, size_t n, struct sock_filter *ret);

#endif
