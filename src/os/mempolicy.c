/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NUMA memory policy (linux.memoryPolicy): see process.h.
 */
#include <limits.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>

#include "base/str.h"
#include "os/process.h"

enum { LONG_BITS = sizeof(long) * CHAR_BIT };

/* "0-3,7" → a bit mask.  Returns the number of nodes or -EINVAL. */
static int parse_nodes(const char *list, unsigned long *mask, size_t max)
{
	auto_free char *text = str_dup(list);
	char *rest = text;
	int n = 0;

	while (*text && rest) {
		char *part = strsep(&rest, ",");
		char *dash = strchr(part, '-');
		uint64_t first;
		uint64_t last;

		if (dash)
			*dash = '\0';
		if (str_to_u64(part, max - 1, &first) < 0 ||
		    str_to_u64(dash ? dash + 1 : part, max - 1, &last) < 0 || first > last)
			return -EINVAL;
		for (uint64_t i = first; i <= last; i++, n++)
			mask[i / LONG_BITS] |= 1UL << (i % LONG_BITS);
	}
	return n;
}

struct err *mempolicy_plan_make(const struct spec *spec, struct mempolicy_plan *ret)
{
	const struct spec_memory_policy *p = spec->linux_ ? spec->linux_->memory_policy : NULL;
	struct mempolicy_plan plan = { 0 };
	size_t max = ARRAY_LEN(plan.nodes) * LONG_BITS;
	int n = 0;

	if (!p) {
		*ret = plan;
		return NULL;
	}
	if (p->nodes)
		n = parse_nodes(p->nodes, plan.nodes, max);
	if (n < 0)
		return err_hint(
			err_new(ERR_INVALID,
				"linux.memoryPolicy.nodes: invalid memory policy nodes `%s`",
				p->nodes),
			"a list of nodes looks like 0-3,7; numbers are below %zu", max);
	if (n > 0 && (p->mode == MPOL_DEFAULT || p->mode == MPOL_LOCAL))
		return err_new(
			ERR_INVALID,
			"linux.memoryPolicy.nodes: must be empty for MPOL_DEFAULT and MPOL_LOCAL");
	if (n == 0 && p->mode != MPOL_DEFAULT && p->mode != MPOL_LOCAL && p->mode != MPOL_PREFERRED)
		return err_new(ERR_INVALID, "linux.memoryPolicy.nodes: this mode needs nodes");
	plan.set = true;
	plan.mode = p->mode | (int)p->flags;
	*ret = plan;
	return NULL;
}

struct err *mempolicy_apply(const struct mempolicy_plan *plan)
{
	bool any = false;
	struct err *e;

	if (!plan->set)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(plan->nodes); i++)
		any |= plan->nodes[i] != 0;
	/* The kernel counts one bit less than it is told: set_mempolicy(2). */
	if (syscall(SYS_set_mempolicy, plan->mode, any ? plan->nodes : NULL,
		    any ? ARRAY_LEN(plan->nodes) * LONG_BITS + 1 : 0) == 0)
		return NULL;
	e = err_sys(-errno, "linux.memoryPolicy: set_mempolicy");
	if (err_errno(e) == EINVAL)
		e = err_hint(
			e,
			"the mode or a flag is unknown to this kernel, or no node is online and in the cpuset");
	return e;
}
