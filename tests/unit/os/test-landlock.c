/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of run.oci.davit.landlock.
 */
#include "test.h"

#include <linux/landlock.h>

#include "os/landlock.h"
#include "spec/spec.h"

static struct err *plan_of(struct arena *a, const char *value, struct landlock_plan *ret)
{
	struct spec_pair pair = { (char *)"run.oci.davit.landlock", (char *)value };
	struct spec spec = { .annotations = { .present = true, .n = value != NULL, .v = &pair } };

	*ret = (struct landlock_plan){ 0 };
	return landlock_plan_make(a, &spec, ret);
}

TEST(without_the_annotation_nothing_is_restricted)
{
	auto_arena struct arena *a = arena_new();
	struct landlock_plan plan;

	expect_ok(plan_of(a, NULL, &plan));
	expect(!plan.set);
}

TEST(words_become_rules_in_their_order)
{
	auto_arena struct arena *a = arena_new();
	struct landlock_plan plan;

	expect_ok(plan_of(a, "rx:/usr,ro:/etc,,w:/a b:c,rwx:/x", &plan));
	expect(plan.set);
	expect_int(plan.n, 4);
	expect_str(plan.v[0].path, "/usr");
	expect(plan.v[0].access & LANDLOCK_ACCESS_FS_EXECUTE);
	expect(plan.v[0].access & LANDLOCK_ACCESS_FS_READ_DIR);
	expect(!(plan.v[0].access & LANDLOCK_ACCESS_FS_WRITE_FILE));
	expect_int(plan.v[1].access, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
	expect_str(plan.v[2].path, "/a b:c");
	expect(plan.v[2].access & LANDLOCK_ACCESS_FS_MAKE_SYM);
	expect(!(plan.v[2].access & LANDLOCK_ACCESS_FS_READ_FILE));
	expect_int(plan.v[3].access, plan.v[0].access | plan.v[2].access);
}

TEST(what_is_no_rule_is_refused_by_its_word)
{
	static const char *const wrong[] = { "/usr",    "rx:usr",   "q:/usr", ":/usr",
					     "rr:/usr", "rox:/usr", "rx:",    "r-x:/usr" };
	auto_arena struct arena *a = arena_new();
	struct landlock_plan plan;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		auto_free char *value = str_format("ro:/,%s", wrong[i]);
		auto_free char *want =
			str_format("annotations[\"run.oci.davit.landlock\"]: `%s`", wrong[i]);

		expect_err(plan_of(a, value, &plan), ERR_INVALID, want);
	}
	expect_err(plan_of(a, "", &plan), ERR_INVALID, "is empty");
	expect_err(plan_of(a, ",", &plan), ERR_INVALID, "is empty");
}

TESTS(CASE(without_the_annotation_nothing_is_restricted), CASE(words_become_rules_in_their_order),
      CASE(what_is_no_rule_is_refused_by_its_word))
