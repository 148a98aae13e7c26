/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.rdma.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cgroup/ctl.h"

/* One line a device; what is not named keeps its value. */
struct err *ctl_plan_rdma(struct planner *p, const struct spec_resources *r)
{
	for (size_t i = 0; i < r->n_rdma; i++) {
		const struct spec_rdma *d = &r->rdma[i];
		auto_free char *member = str_format("linux.resources.rdma.%s", d->device);
		auto_str struct str value = { 0 };
		struct cgroup_write *w;
		struct ctl_target t;

		if (!d->hca_handles.set && !d->hca_objects.set)
			continue;
		TRY(ctl_need(p, CTL_RDMA, member, &t));
		str_add(&value, d->device);
		if (d->hca_handles.set)
			str_addf(&value, " hca_handle=%" PRIu64, d->hca_handles.value);
		if (d->hca_objects.set)
			str_addf(&value, " hca_object=%" PRIu64, d->hca_objects.value);
		w = ctl_write(p, t.dir, "rdma.max", member, "%s", value.s);
		w->hint = "there is no such RDMA device on the host";
	}
	return NULL;
}
