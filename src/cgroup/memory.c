/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.memory.
 */
#include <inttypes.h>

#include "base/file.h"
#include "cgroup/convert.h"
#include "cgroup/ctl.h"
#include "cgroup/dir.h"

#define MEMORY "linux.resources.memory."

static const char no_swap[] = "the kernel does not account swap: boot with swapaccount=1, or leave "
			      "memory.swap out";
static const char no_kmem[] = "kernel memory has had no limit of its own since Linux 5.16";

static bool is_true(struct opt_bool b)
{
	return b.set && b.value;
}

/* What only v1 has.  `false` is what v2 does anyway. */
static const char *v1_only(const struct spec_memory *m, const char **ret_what)
{
	if (m->kernel.set)
		return *ret_what = "kernel memory", MEMORY "kernel";
	if (m->kernel_tcp.set)
		return *ret_what = "kernel TCP memory", MEMORY "kernelTCP";
	if (m->swappiness.set)
		return *ret_what = "memory swappiness", MEMORY "swappiness";
	if (is_true(m->disable_oom_killer))
		return *ret_what = "disableOOMKiller", MEMORY "disableOOMKiller";
	if (is_true(m->use_hierarchy))
		return *ret_what = "useHierarchy", MEMORY "useHierarchy";
	return NULL;
}

/* The first member that asks for something; NULL when none does. */
static const char *first_member(const struct spec_memory *m)
{
	const char *what;

	if (m->limit.set)
		return MEMORY "limit";
	if (m->swap.set)
		return MEMORY "swap";
	return m->reservation.set ? MEMORY "reservation" : v1_only(m, &what);
}

/* v1 refuses memory+swap below memory, so raising and lowering both need different orders. */
static void plan_limits_v1(struct planner *p, size_t dir, const struct spec_memory *m)
{
	/* No limit on memory implies none on memory+swap, and that one has to go first. */
	bool lifts_swap = m->limit.set && m->limit.value < 0 && !m->swap.set;
	struct cgroup_write *w;

	if (lifts_swap && p->is_update) {
		w = ctl_write(p, dir, "memory.memsw.limit_in_bytes", MEMORY "limit", "-1");
		w->is_optional = true;
	}
	if (m->limit.set) {
		w = ctl_write(p, dir, "memory.limit_in_bytes", MEMORY "limit", "%" PRId64,
			      m->limit.value);
		w->is_pair = m->swap.set;
		w->hint = "memory.limit cannot be above memory.swap, which counts both";
	}
	if (m->swap.set) {
		w = ctl_write(p, dir, "memory.memsw.limit_in_bytes", MEMORY "swap", "%" PRId64,
			      m->swap.value);
		w->is_optional = m->swap.value < 0;
		w->hint = no_swap;
	}
}

static void plan_v1(struct planner *p, size_t dir, const struct spec_memory *m)
{
	struct cgroup_write *w;

	if (is_true(m->use_hierarchy))
		ctl_write(p, dir, "memory.use_hierarchy", MEMORY "useHierarchy", "1");
	plan_limits_v1(p, dir, m);
	if (m->reservation.set)
		ctl_write(p, dir, "memory.soft_limit_in_bytes", MEMORY "reservation", "%" PRId64,
			  m->reservation.value);
	if (m->kernel.set) {
		w = ctl_write(p, dir, "memory.kmem.limit_in_bytes", MEMORY "kernel", "%" PRId64,
			      m->kernel.value);
		w->is_optional = w->warns = true;
		w->hint = no_kmem;
	}
	if (m->kernel_tcp.set)
		ctl_write(p, dir, "memory.kmem.tcp.limit_in_bytes", MEMORY "kernelTCP", "%" PRId64,
			  m->kernel_tcp.value);
	if (m->swappiness.set) {
		w = ctl_write(p, dir, "memory.swappiness", MEMORY "swappiness", "%" PRIu64,
			      m->swappiness.value);
		w->hint = "swappiness is 0 to 100";
	}
	if (is_true(m->disable_oom_killer))
		ctl_write(p, dir, "memory.oom_control", MEMORY "disableOOMKiller", "1");
}

static void write_bytes(struct planner *p, size_t dir, const char *file, const char *member,
			int64_t value)
{
	if (value < 0)
		ctl_write(p, dir, file, member, "max");
	else
		ctl_write(p, dir, file, member, "%" PRId64, value);
}

/* An update of the swap alone counts from the memory limit that is in force. */
static struct opt_i64 limit_in_force(const struct planner *p, size_t dir,
				     const struct spec_memory *m)
{
	auto_close int fd = -EBADF;
	struct opt_i64 limit = m->limit;
	char buf[32];

	if (limit.set || !p->is_update)
		return limit;
	fd = cgdir_open(&p->plan->paths.v[dir]);
	if (fd >= 0 && file_read_line_at(fd, "memory.max", buf, sizeof(buf)) > 0)
		limit.set = str_to_i64(buf, 0, INT64_MAX, &limit.value) == 0;
	return limit;
}

static struct err *plan_swap_v2(struct planner *p, size_t dir, const struct spec_memory *m)
{
	struct opt_i64 limit = limit_in_force(p, dir, m);
	struct cgroup_write *w;
	uint64_t value;

	switch (convert_swap(m->swap.set, m->swap.value, limit.set, limit.value, &value)) {
	case SWAP_NONE:
		return NULL;
	case SWAP_NO_LIMIT:
		return err_hint(err_new(ERR_INVALID,
					MEMORY "swap: cannot set swap limit without the "
					       "memory limit"),
				"memory.swap counts memory and swap together");
	case SWAP_BELOW_LIMIT:
		return err_hint(err_new(ERR_INVALID, MEMORY "swap: is below memory.limit"),
				"memory.swap counts memory and swap together");
	case SWAP_MAX:
		w = ctl_write(p, dir, "memory.swap.max", MEMORY "swap", "max");
		w->is_optional = true;
		return NULL;
	case SWAP_VALUE:
		/* Without swap accounting there is nothing to use more of than 0. */
		w = ctl_write(p, dir, "memory.swap.max", MEMORY "swap", "%" PRIu64, value);
		w->is_optional = true;
		w->warns = value > 0;
		return NULL;
	}
	return NULL;
}

static uint64_t read_number(const struct ctl_target *t, const char *file)
{
	auto_close int fd = cgdir_open(t->at);
	char buf[32];
	uint64_t n = 0;

	if (fd < 0 || file_read_line_at(fd, file, buf, sizeof(buf)) <= 0 ||
	    str_to_u64(buf, UINT64_MAX, &n) < 0)
		return 0;
	return n;
}

/* v1 refuses by itself to go below what is used (EBUSY); v2 would kill instead. */
static struct err *check_before_update(struct planner *p, const struct ctl_target *t,
				       const struct spec_memory *m)
{
	uint64_t used;

	if (!p->is_update || !is_true(m->check_before_update))
		return NULL;
	used = read_number(t, "memory.current");
	if (m->limit.set && m->limit.value >= 0 && used >= (uint64_t)m->limit.value)
		return err_new(ERR_INVALID,
			       MEMORY "limit: %" PRId64 " is not above the current usage "
				      "of %" PRIu64,
			       m->limit.value, used);
	used += read_number(t, "memory.swap.current");
	if (m->swap.set && m->swap.value > 0 && used >= (uint64_t)m->swap.value)
		return err_new(ERR_INVALID,
			       MEMORY "swap: %" PRId64 " is not above the current usage "
				      "of %" PRIu64 " with swap",
			       m->swap.value, used);
	return NULL;
}

static struct err *plan_v2(struct planner *p, const struct ctl_target *t,
			   const struct spec_memory *m)
{
	const char *what = NULL;
	const char *member = v1_only(m, &what);

	if (member)
		return err_new(ERR_UNSUPPORTED, "%s: cannot set %s with cgroupv2", member, what);
	TRY(check_before_update(p, t, m));
	if (m->limit.set)
		write_bytes(p, t->dir, "memory.max", MEMORY "limit", m->limit.value);
	TRY(plan_swap_v2(p, t->dir, m));
	if (m->reservation.set)
		write_bytes(p, t->dir, "memory.low", MEMORY "reservation", m->reservation.value);
	return NULL;
}

struct err *ctl_plan_memory(struct planner *p, const struct spec_resources *r)
{
	const struct spec_memory *m = r->memory;
	const char *member = m ? first_member(m) : NULL;
	struct ctl_target t;

	if (!member)
		return NULL;
	TRY(ctl_need(p, CTL_MEMORY, member, &t));
	if (t.is_v2)
		return plan_v2(p, &t, m);
	if (m->limit.set && m->limit.value >= 0 && m->swap.set && m->swap.value >= 0 &&
	    m->swap.value < m->limit.value)
		return err_hint(err_new(ERR_INVALID, MEMORY "swap: is below memory.limit"),
				"memory.swap counts memory and swap together");
	plan_v1(p, t.dir, m);
	return NULL;
}
