/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.network: net_cls and net_prio, which only cgroup v1 has.
 */
#include <inttypes.h>
#include <stdio.h>

#include "cgroup/ctl.h"

#define NETWORK "linux.resources.network."

static struct err *need(struct planner *p, enum cgroup_ctl c, const char *member,
			struct ctl_target *ret)
{
	if (p->layout->kind == CGROUP_V2 && p->layout->ctl[c].place != PLACE_V1)
		return err_hint(err_new(ERR_UNSUPPORTED,
					"%s: network limits not supported on cgroupv2", member),
				"use a BPF program or nftables' `socket cgroupv2` instead");
	return ctl_need(p, c, member, ret);
}

struct err *ctl_plan_net(struct planner *p, const struct spec_resources *r)
{
	const struct spec_network *n = r->network;
	struct ctl_target t;

	if (!n)
		return NULL;
	if (n->class_id.set) {
		TRY(need(p, CTL_NET_CLS, NETWORK "classID", &t));
		ctl_write(p, t.dir, "net_cls.classid", NETWORK "classID", "%" PRIu64,
			  n->class_id.value);
	}
	for (size_t i = 0; i < n->n_priorities; i++) {
		const struct spec_net_priority *prio = &n->priorities[i];
		struct cgroup_write *w;
		char member[64];

		snprintf(member, sizeof(member), NETWORK "priorities[%zu]", i);
		TRY(need(p, CTL_NET_PRIO, member, &t));
		w = ctl_write(p, t.dir, "net_prio.ifpriomap", member, "%s %" PRIu32, prio->name,
			      prio->priority);
		w->hint = "there is no such network interface on the host";
	}
	return NULL;
}
