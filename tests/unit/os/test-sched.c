/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scheduling: what the plan refuses; lists of CPUs; NUMA nodes.
 */
#include "test.h"

#include <linux/mempolicy.h>
#include <linux/sched.h>

#include "os/process.h"

static struct err *plan(struct spec_scheduler s)
{
	struct spec_process p = { .scheduler = &s };
	struct sched_plan ret;

	return sched_plan_make(&p, &ret);
}

TEST(priorities_belong_to_the_real_time_policies)
{
	expect_ok(plan((struct spec_scheduler){ .policy = SCHED_FIFO, .priority = 99 }));
	expect_err(plan((struct spec_scheduler){ .policy = SCHED_RR }), ERR_INVALID,
		   "process.scheduler.priority: 0 is not within 1 to 99");
	expect_err(plan((struct spec_scheduler){ .policy = SCHED_OTHER, .priority = 1 }),
		   ERR_INVALID, "process.scheduler.priority: is for SCHED_FIFO and SCHED_RR only");
	expect_err(plan((struct spec_scheduler){ .policy = SCHED_OTHER, .nice = 20 }), ERR_INVALID,
		   "process.scheduler.nice: 20");
}

TEST(deadlines_must_fit_into_each_other)
{
	expect_ok(plan(
		(struct spec_scheduler){ .policy = SCHED_DEADLINE, .runtime = 1, .deadline = 2 }));
	expect_err(plan((struct spec_scheduler){ .policy = SCHED_DEADLINE, .deadline = 2 }),
		   ERR_INVALID, "process.scheduler.runtime: SCHED_DEADLINE needs a value");
	expect_err(plan((struct spec_scheduler){ .policy = SCHED_DEADLINE,
						 .runtime = 3,
						 .deadline = 2,
						 .period = 9 }),
		   ERR_INVALID, "process.scheduler.runtime: 3 is above deadline, 2");
	expect_err(plan((struct spec_scheduler){ .policy = SCHED_DEADLINE,
						 .runtime = 3,
						 .deadline = 5,
						 .period = 4 }),
		   ERR_INVALID, "process.scheduler.deadline: 5 is above period, 4");
	expect_err(plan((struct spec_scheduler){ .policy = SCHED_OTHER, .period = 4 }), ERR_INVALID,
		   "process.scheduler.period: is for SCHED_DEADLINE only");
}

TEST(io_priorities_are_0_to_7)
{
	struct spec_io_priority io = { .io_class = 2, .priority = 8 };
	struct spec_process p = { .io_priority = &io };
	struct sched_plan ret;

	expect_err(sched_plan_make(&p, &ret), ERR_INVALID, "process.ioPriority.priority: 8");
	io.priority = 7;
	expect_ok(sched_plan_make(&p, &ret));
	expect(ret.has_ioprio && !ret.has_policy);
}

TEST(a_list_of_cpus_is_a_set)
{
	cpu_set_t set;

	expect_ok(affinity_parse("x", "0-3, 7,9 - 10", &set));
	expect_int(CPU_COUNT(&set), 7);
	expect(CPU_ISSET(0, &set) && CPU_ISSET(3, &set) && CPU_ISSET(7, &set) &&
	       CPU_ISSET(10, &set));
	expect_ok(affinity_parse("x", "", &set));
	expect_int(CPU_COUNT(&set), 0);
}

TEST(a_bad_list_of_cpus_is_refused)
{
	static const char *const bad[] = { "a",
					   "1-",
					   "-1",
					   "3-1",
					   "1,,2",
					   "1,",
					   ",",
					   "1024",
					   "1 2",
					   "0x1",
					   "99999999999999999999",
					   "1-2-3" };
	cpu_set_t set;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_err(affinity_parse("process.execCPUAffinity.final", bad[i], &set),
			   ERR_INVALID, "process.execCPUAffinity.final: cannot parse input `");
}

static struct err *nodes(int mode, char *list, struct mempolicy_plan *ret)
{
	struct spec_memory_policy p = { .mode = mode, .nodes = list, .flags = MPOL_F_STATIC_NODES };
	struct spec_linux l = { .memory_policy = &p };
	struct spec spec = { .linux_ = &l };

	return mempolicy_plan_make(&spec, ret);
}

/* row: CL-95 */
TEST(memory_nodes_are_a_mask)
{
	struct mempolicy_plan p;

	expect_ok(nodes(MPOL_BIND, "0-2,65", &p));
	expect(p.set && p.mode == (MPOL_BIND | MPOL_F_STATIC_NODES));
	expect(p.nodes[0] == 7 && p.nodes[1] == 2);
	expect_err(nodes(MPOL_BIND, "0-", &p), ERR_INVALID, "invalid memory policy nodes `0-`");
	expect_err(nodes(MPOL_BIND, "1024", &p), ERR_INVALID, "invalid memory policy nodes");
	expect_err(nodes(MPOL_BIND, NULL, &p), ERR_INVALID, "this mode needs nodes");
	expect_err(nodes(MPOL_LOCAL, "0", &p), ERR_INVALID, "must be empty");
	expect_ok(nodes(MPOL_DEFAULT, "", &p));
}

TESTS(CASE(priorities_belong_to_the_real_time_policies), CASE(deadlines_must_fit_into_each_other),
      CASE(io_priorities_are_0_to_7), CASE(a_list_of_cpus_is_a_set),
      CASE(a_bad_list_of_cpus_is_refused), CASE(memory_nodes_are_a_mask))
