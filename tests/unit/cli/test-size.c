/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes on the command line.
 */
#include "test.h"

#include "cli/size.h"

static int64_t size_of(const char *s)
{
	int64_t n = 0;

	expect_ok(size_parse("memory", s, &n));
	return n;
}

TEST(a_bare_number_is_bytes)
{
	expect(size_of("0") == 0);
	expect(size_of("1073741824") == 1 << 30);
	expect(size_of("9223372036854775807") == INT64_MAX);
}

TEST(a_unit_is_a_power_of_1024)
{
	expect(size_of("512k") == 512 * 1024);
	expect(size_of("100M") == 100 * 1024 * 1024);
	expect(size_of("2g") == 2LL << 30);
	expect(size_of("2GB") == 2LL << 30);
	expect(size_of("2GiB") == 2LL << 30);
	expect(size_of("1T") == 1LL << 40);
	expect(size_of("3p") == 3LL << 50);
	expect(size_of("7b") == 7);
}

TEST(a_fraction_is_a_part_of_the_unit)
{
	expect(size_of("1.5g") == 3LL << 29);
	expect(size_of("0.125m") == 128 * 1024);
	expect(size_of("0.1k") == 102);
}

TEST(minus_one_is_no_limit)
{
	expect(size_of("-1") == -1);
}

TEST(anything_else_is_refused)
{
	static const char *const wrong[] = { "",    "abc",  "m",   "50mm", "1 g", " 1",
					     "1e3", "0x10", "-5",  "+5",   "1.g", ".5g",
					     "1i",  "1bi",  "1kk", "1,5g", "--1" };
	int64_t n = 42;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		expect_err(size_parse("memory", wrong[i], &n), ERR_INVALID, "invalid memory");
	expect(n == 42);
}

TEST(what_does_not_fit_is_too_large)
{
	int64_t n = 42;

	expect_err(size_parse("memory", "9223372036854775808", &n), ERR_INVALID, "too large");
	expect_err(size_parse("memory", "8192p", &n), ERR_INVALID, "too large");
	expect_err(size_parse("memory", "99999999999999999999k", &n), ERR_INVALID, "too large");
	expect(n == 42);
}

TEST(a_time_has_units_of_its_own)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = { { "5s", 5000 },     { "5", 5000 },    { "500ms", 500 },
		     { "1.5s", 1500 },   { "2m", 120000 }, { "1h", 3600000 },
		     { "1m30s", 90000 }, { "0.25", 250 },  { "1s500ms", 1500 } };
	static const char *const wrong[] = { "",   "0",   "0s",   "s",   "-1s",          "5 s",
					     "5x", "1s5", "5sec", "1e9", "99999999999s", "1000h" };
	int64_t ms;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		expect_ok(duration_parse("interval", good[i].text, &ms));
		expect(ms == good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		expect_err(duration_parse("interval", wrong[i], &ms), ERR_INVALID,
			   "invalid interval");
}

TESTS(CASE(a_time_has_units_of_its_own), CASE(a_bare_number_is_bytes),
      CASE(a_unit_is_a_power_of_1024), CASE(a_fraction_is_a_part_of_the_unit),
      CASE(minus_one_is_no_limit), CASE(anything_else_is_refused),
      CASE(what_does_not_fit_is_too_large))
