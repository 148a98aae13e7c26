/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes put over a `linux.resources` object: what `update` keeps, so that the next one knows.
 *
 * A member that is there replaces the one of the base.  Where the kernel has a value for each
 * device, page size, interface or file, so has the result; device rules are replaced as a whole,
 * because their order counts.
 */
#include "spec/spec.h"
#include "spec/tables.h"

#define TAKE(to, from, member)                         \
	do {                                           \
		if ((from)->member.set)                \
			(to)->member = (from)->member; \
	} while (0)

/* A copy of the object in the base, or an empty one, to put changes into. */
#define COPY_OF(a, base)                                                   \
	({                                                                 \
		__typeof__(base) copy_ = arena_alloc((a), sizeof(*copy_)); \
		if (base)                                                  \
			*copy_ = *(base);                                  \
		copy_;                                                     \
	})

/* N items at BASE, then those of OVER: one that IS_SAME takes the place of the old one. */
static size_t merge_list(struct arena *a, const void *base, size_t n_base, const void *over,
			 size_t n_over, size_t size, bool (*is_same)(const void *x, const void *y),
			 void **ret)
{
	char *v = arena_alloc(a, (n_base + n_over + 1) * size);
	size_t n = n_base;

	if (n_base > 0)
		memcpy(v, base, n_base * size);
	for (size_t i = 0; i < n_over; i++) {
		const char *item = (const char *)over + i * size;
		size_t k = 0;

		while (k < n && !is_same(v + k * size, item))
			k++;
		memcpy(v + k * size, item, size);
		n = MAX(n, k + 1);
	}
	*ret = v;
	return n;
}

static bool same_weight_device(const void *x, const void *y)
{
	const struct spec_weight_device *a = x;
	const struct spec_weight_device *b = y;

	return a->major == b->major && a->minor == b->minor;
}

static bool same_throttle(const void *x, const void *y)
{
	const struct spec_throttle_device *a = x;
	const struct spec_throttle_device *b = y;

	return a->major == b->major && a->minor == b->minor;
}

static bool same_page_size(const void *x, const void *y)
{
	const struct spec_hugepage_limit *a = x;
	const struct spec_hugepage_limit *b = y;

	return streq(a->page_size, b->page_size);
}

static bool same_interface(const void *x, const void *y)
{
	const struct spec_net_priority *a = x;
	const struct spec_net_priority *b = y;

	return streq(a->name, b->name);
}

static bool same_rdma(const void *x, const void *y)
{
	const struct spec_rdma *a = x;
	const struct spec_rdma *b = y;

	return streq(a->device, b->device);
}

static bool same_name(const void *x, const void *y)
{
	const struct spec_pair *a = x;
	const struct spec_pair *b = y;

	return streq(a->name, b->name);
}

#define MERGE(a, to, from, list, count, is_same)                                             \
	((to)->count = merge_list((a), (to)->list, (to)->count, (from)->list, (from)->count, \
				  sizeof(*(to)->list), (is_same), (void **)&(to)->list))

static void merge_memory(struct spec_memory *to, const struct spec_memory *from)
{
	TAKE(to, from, limit);
	TAKE(to, from, reservation);
	TAKE(to, from, swap);
	TAKE(to, from, kernel);
	TAKE(to, from, kernel_tcp);
	TAKE(to, from, swappiness);
	TAKE(to, from, disable_oom_killer);
	TAKE(to, from, use_hierarchy);
	TAKE(to, from, check_before_update);
}

static void merge_cpu(struct spec_cpu *to, const struct spec_cpu *from)
{
	TAKE(to, from, shares);
	TAKE(to, from, quota);
	TAKE(to, from, burst);
	TAKE(to, from, period);
	TAKE(to, from, realtime_runtime);
	TAKE(to, from, realtime_period);
	TAKE(to, from, idle);
	if (from->cpus && *from->cpus)
		to->cpus = from->cpus;
	if (from->mems && *from->mems)
		to->mems = from->mems;
}

static void merge_throttle(struct arena *a, struct spec_throttle_list *to,
			   const struct spec_throttle_list *from)
{
	MERGE(a, to, from, v, n, same_throttle);
}

static void merge_block_io(struct arena *a, struct spec_block_io *to,
			   const struct spec_block_io *from)
{
	TAKE(to, from, weight);
	TAKE(to, from, leaf_weight);
	MERGE(a, to, from, weight_devices, n_weight_devices, same_weight_device);
	merge_throttle(a, &to->read_bps, &from->read_bps);
	merge_throttle(a, &to->write_bps, &from->write_bps);
	merge_throttle(a, &to->read_iops, &from->read_iops);
	merge_throttle(a, &to->write_iops, &from->write_iops);
}

static void merge_network(struct arena *a, struct spec_network *to, const struct spec_network *from)
{
	TAKE(to, from, class_id);
	MERGE(a, to, from, priorities, n_priorities, same_interface);
}

struct spec_resources *spec_merge_resources(struct arena *a, const struct spec_resources *base,
					    const struct spec_resources *over)
{
	struct spec_resources *r = arena_alloc(a, sizeof(*r));

	if (base)
		*r = *base;
	if (over->n_devices > 0) {
		r->devices_present = true;
		r->devices = over->devices;
		r->n_devices = over->n_devices;
	}
	if (over->memory)
		merge_memory(r->memory = COPY_OF(a, r->memory), over->memory);
	if (over->cpu)
		merge_cpu(r->cpu = COPY_OF(a, r->cpu), over->cpu);
	if (over->pids) {
		r->pids = COPY_OF(a, r->pids);
		TAKE(r->pids, over->pids, limit);
	}
	if (over->block_io)
		merge_block_io(a, r->block_io = COPY_OF(a, r->block_io), over->block_io);
	if (over->network)
		merge_network(a, r->network = COPY_OF(a, r->network), over->network);
	MERGE(a, r, over, hugepage_limits, n_hugepage_limits, same_page_size);
	MERGE(a, r, over, rdma, n_rdma, same_rdma);
	MERGE(a, &r->unified, &over->unified, v, n, same_name);
	r->unified.present = r->unified.n > 0;
	return r;
}

void spec_print_resources(const struct spec_resources *r, struct str *out)
{
	table_print(&resources_type.t, r, out);
}
