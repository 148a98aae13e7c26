/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.hugepageLimits.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cgroup/convert.h"
#include "cgroup/ctl.h"

static const char no_size[] = "this kernel has no huge pages of that size: see "
			      "/sys/kernel/mm/hugepages";

/*
 * The limit counts pages in use and is enforced by SIGBUS on a page fault; where the kernel can
 * (5.7) reservations are limited too, so that mmap fails instead.
 */
struct err *ctl_plan_hugetlb(struct planner *p, const struct spec_resources *r)
{
	for (size_t i = 0; i < r->n_hugepage_limits; i++) {
		const struct spec_hugepage_limit *h = &r->hugepage_limits[i];
		struct cgroup_write *w;
		struct ctl_target t;
		char member[64];
		char file[64];

		snprintf(member, sizeof(member), "linux.resources.hugepageLimits[%zu]", i);
		if (!h->page_size || !convert_is_page_size(h->page_size))
			return err_hint(err_new(ERR_INVALID, "%s.pageSize: `%s` is no page size",
						member, h->page_size ? h->page_size : ""),
					"write it as 64KB, 2MB, 1GB");
		TRY(ctl_need(p, CTL_HUGETLB, member, &t));
		snprintf(file, sizeof(file), "hugetlb.%s.%s", h->page_size,
			 t.is_v2 ? "max" : "limit_in_bytes");
		w = ctl_write(p, t.dir, file, member, "%" PRIu64, h->limit);
		w->hint = no_size;
		snprintf(file, sizeof(file), "hugetlb.%s.rsvd.%s", h->page_size,
			 t.is_v2 ? "max" : "limit_in_bytes");
		w = ctl_write(p, t.dir, file, member, "%" PRIu64, h->limit);
		w->is_optional = true;
	}
	return NULL;
}
