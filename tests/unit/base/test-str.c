/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings, lists of strings, numbers, paths as text.
 */
#include "base/str.h"
#include "test.h"

TEST(a_buffer_grows_and_stays_terminated)
{
	auto_str struct str b = { 0 };

	for (int i = 0; i < 1000; i++) {
		str_add(&b, "ab");
		expect_int(b.s[b.len], 0);
	}
	str_add_n(&b, "c\0d", 3);
	str_addf(&b, "%d", 42);
	expect_int(b.len, 2005);
	expect_int(memcmp(b.s + 2000, "c\0d42", 6), 0);
	str_done(&b);
	expect(!b.s && b.len == 0);
}

TEST(a_list_ends_with_null)
{
	auto_strv struct strv l = { 0 };

	for (size_t i = 0; i < 100; i++) {
		strv_take(&l, str_format("%zu", i));
		expect_int(l.n, i + 1);
		expect(l.v[l.n] == NULL);
	}
	strv_add(&l, "last");
	expect_str(l.v[0], "0");
	expect_str(l.v[99], "99");
	expect_str(l.v[100], "last");
}

TEST(unsigned_numbers_are_exact)
{
	uint64_t n = 77;

	expect_int(str_to_u64("0", UINT64_MAX, &n), 0);
	expect_int(n, 0);
	expect_int(str_to_u64("007", UINT64_MAX, &n), 0);
	expect_int(n, 7);
	expect_int(str_to_u64("18446744073709551615", UINT64_MAX, &n), 0);
	expect(n == UINT64_MAX);
	n = 77;
	expect_int(str_to_u64("18446744073709551616", UINT64_MAX, &n), -ERANGE);
	expect_int(str_to_u64("99999999999999999999999", UINT64_MAX, &n), -ERANGE);
	expect_int(str_to_u64("11", 10, &n), -ERANGE);
	expect_int(str_to_u64("", 10, &n), -EINVAL);
	expect_int(str_to_u64("-1", 10, &n), -EINVAL);
	expect_int(str_to_u64("+1", 10, &n), -EINVAL);
	expect_int(str_to_u64(" 1", 10, &n), -EINVAL);
	expect_int(str_to_u64("1 ", 10, &n), -EINVAL);
	expect_int(str_to_u64("0x1", 10, &n), -EINVAL);
	expect_int(str_to_u64("1k", 10, &n), -EINVAL);
	expect_int(n, 77);
}

TEST(signed_numbers_are_exact)
{
	int64_t n = 77;

	expect_int(str_to_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &n), 0);
	expect(n == INT64_MIN);
	expect_int(str_to_i64("9223372036854775807", INT64_MIN, INT64_MAX, &n), 0);
	expect(n == INT64_MAX);
	expect_int(str_to_i64("-0", INT64_MIN, INT64_MAX, &n), 0);
	expect_int(n, 0);
	n = 77;
	expect_int(str_to_i64("9223372036854775808", INT64_MIN, INT64_MAX, &n), -ERANGE);
	expect_int(str_to_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &n), -ERANGE);
	expect_int(str_to_i64("-11", -10, 10, &n), -ERANGE);
	expect_int(str_to_i64("--1", -10, 10, &n), -EINVAL);
	expect_int(str_to_i64("-", -10, 10, &n), -EINVAL);
	expect_int(n, 77);
}

TEST(minus_one_is_no_id)
{
	uint32_t id = 77;

	expect_int(str_to_id("4294967294", &id), 0);
	expect(id == 4294967294u);
	expect_int(str_to_id("4294967295", &id), -ERANGE);
	expect_int(str_to_id("-1", &id), -EINVAL);
	expect(id == 4294967294u);
}

TEST(dot_dot_is_found_as_a_component_only)
{
	expect(path_has_dotdot(".."));
	expect(path_has_dotdot("/a/../b"));
	expect(path_has_dotdot("a/.."));
	expect(path_has_dotdot("//..//"));
	expect(!path_has_dotdot("/a/..b/c.."));
	expect(!path_has_dotdot("/a/.../."));
	expect(!path_has_dotdot(""));
	expect(path_is_absolute("/"));
	expect(!path_is_absolute("a"));
	expect(!path_is_absolute(""));
}

TEST(paths_are_normalised_without_leaving_the_root)
{
	static const char *const cases[][2] = {
		{ "/", "/" },
		{ "//a//b/", "/a/b" },
		{ "/a/./b/.", "/a/b" },
		{ "/a/../b", "/b" },
		{ "/../../a", "/a" },
		{ "/..", "/" },
		{ "a/b/..", "a" },
		{ "a/..", "" },
		{ "../a", "a" },
		{ "", "" },
		{ ".", "" },
		{ "/a/b/c/../../d", "/a/d" },
		{ "/...", "/..." },
		{ "a/../../b/./c", "b/c" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *s = path_normalise(cases[i][0]);

		expect_str(s, cases[i][1]);
	}
}

TEST(pieces_are_copied)
{
	auto_free char *a = str_dup("abc");
	auto_free char *b = str_dup_n("abc", 2);
	auto_free char *c = str_format("%s-%d", a, 1);

	expect_str(b, "ab");
	expect_str(c, "abc-1");
	expect(str_starts(c, "abc-"));
	expect(!str_starts("ab", "abc"));
}

TESTS(CASE(a_buffer_grows_and_stays_terminated), CASE(a_list_ends_with_null),
      CASE(unsigned_numbers_are_exact), CASE(signed_numbers_are_exact), CASE(minus_one_is_no_id),
      CASE(dot_dot_is_found_as_a_component_only),
      CASE(paths_are_normalised_without_leaving_the_root), CASE(pieces_are_copied))
