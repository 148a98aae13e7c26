/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.blockIO.
 */
#include <inttypes.h>

#include "base/log.h"
#include "cgroup/convert.h"
#include "cgroup/ctl.h"

#define BLOCK "linux.resources.blockIO."

static const char no_weight[] = "the kernel needs CONFIG_BFQ_GROUP_IOSCHED, or on cgroup v2 "
				"CONFIG_BLK_CGROUP_IOCOST; the weight is 10 to 1000";
static const char no_leaf[] = "leaf weights went away with the CFQ scheduler in Linux 5.0";
static const char no_device[] = "the device must be a whole disk that exists on the host";

/* An alternative to W's file, for kernels that do not have it. */
static void write_else(struct planner *p, struct cgroup_write *w, const char *file, char *value)
{
	w->alt_file = arena_str(p->a, file);
	w->alt_value = value;
	w->hint = no_weight;
}

static void plan_weight(struct planner *p, const struct ctl_target *t, uint64_t weight)
{
	struct cgroup_write *w;

	if (t->is_v2) {
		w = ctl_write(p, t->dir, "io.bfq.weight", BLOCK "weight", "%" PRIu64, weight);
		write_else(p, w, "io.weight",
			   arena_format(p->a, "%" PRIu64, convert_blkio_to_io_weight(weight)));
	} else {
		w = ctl_write(p, t->dir, "blkio.weight", BLOCK "weight", "%" PRIu64, weight);
		write_else(p, w, "blkio.bfq.weight", w->value);
	}
}

static void plan_weight_device(struct planner *p, const struct ctl_target *t,
			       const struct spec_weight_device *d)
{
	static const char member[] = BLOCK "weightDevice";
	struct cgroup_write *w;

	if (!d->weight.set)
		return;
	w = ctl_write(p, t->dir, t->is_v2 ? "io.bfq.weight" : "blkio.weight_device", member,
		      "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor, d->weight.value);
	if (t->is_v2)
		write_else(p, w, "io.weight",
			   arena_format(p->a, "%" PRId64 ":%" PRId64 " %" PRIu64, d->major,
					d->minor, convert_blkio_to_io_weight(d->weight.value)));
	else
		write_else(p, w, "blkio.bfq.weight_device", w->value);
}

/* v2 has no leaf weights: with a weight beside it the entry still says something. */
static struct err *leave_out_leaf(const struct spec_weight_device *d, size_t i)
{
	if (!d->weight.set)
		return err_new(ERR_UNSUPPORTED,
			       BLOCK "weightDevice[%zu].leafWeight: cannot set leaf_weight with "
				     "cgroupv2",
			       i);
	log_warn(BLOCK "weightDevice[%zu].leafWeight is ignored: cgroup v2 does not have it", i);
	return NULL;
}

static struct err *plan_weights(struct planner *p, const struct ctl_target *t,
				const struct spec_block_io *b)
{
	struct cgroup_write *w;

	if (b->weight.set && b->weight.value != 0)
		plan_weight(p, t, b->weight.value);
	if (b->leaf_weight.set && b->leaf_weight.value != 0) {
		if (t->is_v2)
			return err_new(ERR_UNSUPPORTED,
				       BLOCK "leafWeight: cannot set leaf_weight with "
					     "cgroupv2");
		w = ctl_write(p, t->dir, "blkio.leaf_weight", BLOCK "leafWeight", "%" PRIu64,
			      b->leaf_weight.value);
		w->hint = no_leaf;
	}
	for (size_t i = 0; i < b->n_weight_devices; i++) {
		const struct spec_weight_device *d = &b->weight_devices[i];

		plan_weight_device(p, t, d);
		if (!d->leaf_weight.set)
			continue;
		if (t->is_v2) {
			TRY(leave_out_leaf(d, i));
			continue;
		}
		w = ctl_write(p, t->dir, "blkio.leaf_weight_device", BLOCK "weightDevice",
			      "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor,
			      d->leaf_weight.value);
		w->is_optional = w->warns = true;
	}
	return NULL;
}

static void plan_throttle(struct planner *p, const struct ctl_target *t, const char *member,
			  const char *v1_file, const char *v2_key,
			  const struct spec_throttle_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct spec_throttle_device *d = &l->v[i];
		struct cgroup_write *w;

		if (!t->is_v2)
			w = ctl_write(p, t->dir, v1_file, member,
				      "%" PRId64 ":%" PRId64 " %" PRIu64, d->major, d->minor,
				      d->rate);
		else if (d->rate == 0) /* what lifts a limit on v1 */
			w = ctl_write(p, t->dir, "io.max", member, "%" PRId64 ":%" PRId64 " %s=max",
				      d->major, d->minor, v2_key);
		else
			w = ctl_write(p, t->dir, "io.max", member,
				      "%" PRId64 ":%" PRId64 " %s=%" PRIu64, d->major, d->minor,
				      v2_key, d->rate);
		w->hint = no_device;
	}
}

struct err *ctl_plan_io(struct planner *p, const struct spec_resources *r)
{
	const struct spec_block_io *b = r->block_io;
	struct ctl_target t;

	if (!b || (!(b->weight.set && b->weight.value) &&
		   !(b->leaf_weight.set && b->leaf_weight.value) && !b->n_weight_devices &&
		   !b->read_bps.n && !b->write_bps.n && !b->read_iops.n && !b->write_iops.n))
		return NULL;
	TRY(ctl_need(p, CTL_IO, "linux.resources.blockIO", &t));
	TRY(plan_weights(p, &t, b));
	plan_throttle(p, &t, BLOCK "throttleReadBpsDevice", "blkio.throttle.read_bps_device",
		      "rbps", &b->read_bps);
	plan_throttle(p, &t, BLOCK "throttleWriteBpsDevice", "blkio.throttle.write_bps_device",
		      "wbps", &b->write_bps);
	plan_throttle(p, &t, BLOCK "throttleReadIOPSDevice", "blkio.throttle.read_iops_device",
		      "riops", &b->read_iops);
	plan_throttle(p, &t, BLOCK "throttleWriteIOPSDevice", "blkio.throttle.write_iops_device",
		      "wiops", &b->write_iops);
	return NULL;
}
