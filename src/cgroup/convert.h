/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic between what the specification says (in terms of cgroup v1) and what cgroup v2 takes.
 * Pure functions.
 */
#ifndef CGROUP_CONVERT_H
#define CGROUP_CONVERT_H

#include "base/base.h"

/* cpu.shares 2…262144 to cpu.weight 1…10000; the default 1024 is the default 100. */
uint64_t convert_shares_to_weight(uint64_t shares);
/* blkio.weight 10…1000 to io.weight 1…10000. */
uint64_t convert_blkio_to_io_weight(uint64_t weight);
/* "2MB", "1GB", "64KB" as the kernel names its hugetlb files: a number without leading zero, then a
 * unit. */
bool convert_is_page_size(const char *s);

enum swap_kind {
	SWAP_NONE, /* nothing to write */
	SWAP_MAX,
	SWAP_VALUE,
	SWAP_NO_LIMIT, /* memory+swap is limited but memory is not */
	SWAP_BELOW_LIMIT,
};

/* memory+swap, as v1 counts it, to swap alone. */
enum swap_kind convert_swap(bool has_swap, int64_t swap, bool has_limit, int64_t limit,
			    uint64_t *ret);

#endif
