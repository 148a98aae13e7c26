/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device policy in the terms of the v1 devices controller.
 *
 * It knows one default and a list of exceptions to it.  Writing the opposite of an exception
 * removes that exception only when type and numbers are the same: a hole in a wider exception
 * cannot be said, and the kernel would silently ignore the attempt.
 */
#include "cgroup/devices.h"

/*
 * Does R, which says again what the default is, only narrow the leave to make nodes that every
 * container has?  A node that cannot be opened is harmless, so there the hole may stay closed.
 */
static bool narrows_mknod_only(const struct device_rule *r, const struct device_rule *wide)
{
	return wide->index == DEVICE_DEFAULT && (r->access & wide->access) == DEVICE_MKNOD &&
	       wide->access == DEVICE_MKNOD;
}

static struct err *refuse_hole(struct planner *p, const struct device_rule *r,
			       const struct device_rule *wide)
{
	struct err *e =
		err_new(ERR_UNSUPPORTED,
			"linux.resources.devices[%zu]: `%s %s` cannot be "
			"expressed with cgroup v1: a wider rule before it says the opposite",
			r->index, r->allow ? "allow" : "deny", device_rule_text(p->a, r));

	if (wide->index == DEVICE_DEFAULT)
		return err_hint(e, "it is inside the default rule `allow %s`",
				device_rule_text(p->a, wide));
	return err_hint(e, "replace linux.resources.devices[%zu] by rules without that device",
			wide->index);
}

static struct err *check_holes(struct planner *p, const struct device_policy *policy)
{
	for (size_t i = 0; i < policy->n; i++) {
		const struct device_rule *r = &policy->v[i];

		if (r->allow != policy->allow)
			continue;
		for (size_t k = 0; k < i; k++) {
			const struct device_rule *wide = &policy->v[k];

			if (wide->allow != r->allow && device_rules_overlap(wide, r) &&
			    !narrows_mknod_only(r, wide))
				return refuse_hole(p, r, wide);
		}
	}
	return NULL;
}

struct err *device_policy_plan_v1(struct planner *p, size_t dir, const struct device_policy *policy)
{
	static const char member[] = "linux.resources.devices";
	struct cgroup_write *w;

	TRY(check_holes(p, policy));
	w = ctl_write(p, dir, policy->allow ? "devices.allow" : "devices.deny", member, "a");
	/* Below a cgroup that does not allow everything, everything means what that one has. */
	w->is_optional = policy->allow;
	for (size_t i = 0; i < policy->n; i++) {
		const struct device_rule *r = &policy->v[i];

		if (r->allow == policy->allow)
			continue;
		w = ctl_write(p, dir, r->allow ? "devices.allow" : "devices.deny", member, "%s",
			      device_rule_text(p->a, r));
		w->is_optional = r->index == DEVICE_DEFAULT;
	}
	return NULL;
}
