/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource limits: plan and what happens when the kernel refuses.
 */
#include "test.h"

#include "os/process.h"

TEST(a_limit_listed_twice_is_refused)
{
	struct spec_rlimit two[] = { { RLIMIT_CPU, 1, 2 }, { RLIMIT_CPU, 3, 4 } };
	struct spec_process p = { .rlimits = two, .n_rlimits = 2 };
	struct rlimit_plan plan;

	expect_err(rlimit_plan_make(&p, &plan), ERR_INVALID,
		   "process.rlimits[1].type: RLIMIT_CPU is listed twice");
}

TEST(soft_above_hard_is_refused)
{
	struct spec_rlimit one[] = { { RLIMIT_CPU, 3, 2 } };
	struct spec_process p = { .rlimits = one, .n_rlimits = 1 };
	struct rlimit_plan plan;

	expect_err(rlimit_plan_make(&p, &plan), ERR_INVALID,
		   "process.rlimits[0].soft: 3 is above hard, 2");
}

TEST(limits_not_listed_are_left_alone)
{
	struct rlimit_plan plan;

	expect_ok(rlimit_plan_make(NULL, &plan));
	for (int i = 0; i < RLIM_NLIMITS; i++)
		expect(!plan.set[i]);
	expect_ok(rlimit_apply(&plan, 0, false));
}

TEST(a_hard_limit_that_cannot_be_raised_names_both_numbers)
{
	/* Above fs.nr_open nobody may go, so that this holds for every user. */
	struct rlimit_plan plan = { 0 };
	struct rlimit now;

	plan.set[RLIMIT_NOFILE] = true;
	plan.index[RLIMIT_NOFILE] = 3;
	plan.limit[RLIMIT_NOFILE] = (struct rlimit){ 100, 4000000000 };
	expect_int(getrlimit(RLIMIT_NOFILE, &now), 0);
	expect_err(rlimit_apply(&plan, 0, false), ERR_DENIED,
		   "process.rlimits[3]: RLIMIT_NOFILE: hard 4000000000 is above this runtime's ");
	expect_ok(rlimit_apply(&plan, 0, true));
	expect_int(getrlimit(RLIMIT_NOFILE, &now), 0);
	expect_int(now.rlim_cur, 100);
}

TESTS(CASE(a_limit_listed_twice_is_refused), CASE(soft_above_hard_is_refused),
      CASE(limits_not_listed_are_left_alone),
      CASE(a_hard_limit_that_cannot_be_raised_names_both_numbers))
