/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and groups in numbers, and nothing that only looks like one.
 */
#include "cli/user.h"

#include "test.h"

TEST(a_user_has_an_optional_group)
{
	struct user_arg u = { 0 };

	expect_ok(user_parse("1000", &u));
	expect_int(u.uid, 1000);
	expect(!u.has_gid);
	expect_ok(user_parse("0:4294967294", &u));
	expect_int(u.uid, 0);
	expect(u.has_gid);
	expect_int(u.gid, 4294967294);
}

TEST(a_user_that_is_no_number_is_refused)
{
	static const char *const bad[] = { "",   "root",       "1000x",
					   "-1", "4294967295", ":1000",
					   " 1", "4294967296", "18446744073709551616" };
	struct user_arg u = { .uid = 77 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_err(user_parse(bad[i], &u), ERR_INVALID, "invalid UID specified");
	expect_int(u.uid, 77);
}

TEST(a_group_that_is_no_number_is_refused)
{
	static const char *const bad[] = { "1:", "1:2:3", "1:x", "1:-1", "1:4294967295" };
	struct user_arg u = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect_err(user_parse(bad[i], &u), ERR_INVALID, "invalid USERSPEC specified");
}

static struct err *parse_groups(const char *a, const char *b, uint32_t **ret, size_t *ret_n)
{
	auto_strv struct strv texts = { 0 };

	strv_add(&texts, a);
	if (b)
		strv_add(&texts, b);
	return groups_parse(&texts, ret, ret_n);
}

TEST(groups_come_repeated_or_with_commas)
{
	auto_free uint32_t *gids = NULL;
	size_t n = 0;

	expect_ok(parse_groups("1,22", "333", &gids, &n));
	expect_int(n, 3);
	expect_int(gids[0], 1);
	expect_int(gids[1], 22);
	expect_int(gids[2], 333);
}

TEST(an_empty_or_wrong_group_is_refused)
{
	static const char *const bad[] = { "", "1,", ",1", "1,,2", "wheel", "-1" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		auto_free uint32_t *gids = NULL;
		size_t n = 0;

		expect_err(parse_groups(bad[i], NULL, &gids, &n), ERR_INVALID,
			   "invalid group specified");
	}
}

TESTS(CASE(a_user_has_an_optional_group), CASE(a_user_that_is_no_number_is_refused),
      CASE(a_group_that_is_no_number_is_refused), CASE(groups_come_repeated_or_with_commas),
      CASE(an_empty_or_wrong_group_is_refused))
