/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collected mistakes: one line, at most ten, nothing a terminal obeys.
 */
#include "spec-test.h"
#include "spec/mistakes.h"

TEST(no_mistakes_are_no_error)
{
	struct mistakes m = { 0 };

	expect(!mistakes_take(&m, "doc"));
}

TEST(mistakes_become_one_line)
{
	auto_mistakes struct mistakes m = { 0 };

	mistakes_add(&m, "a.b: is %s", "required");
	mistakes_add(&m, "c[%d]: is wrong", 1);
	expect_text(mistakes_take(&m, "doc"), "doc: a.b: is required; c[1]: is wrong");
	expect(!mistakes_take(&m, "doc"));
}

TEST(more_than_ten_are_counted)
{
	auto_mistakes struct mistakes m = { 0 };

	for (int i = 0; i < 13; i++)
		mistakes_add(&m, "%d", i);
	expect_text(mistakes_take(&m, "doc"), "doc: 0; 1; 2; 3; 4; 5; 6; 7; 8; 9; and 3 more");
}

TEST(mistakes_know_what_they_are_about)
{
	auto_mistakes struct mistakes m = { 0 };

	expect(!mistakes_about(&m, "a"));
	mistakes_add(&m, "a.b[10].c: is wrong");
	mistakes_add(&m, "d: is wrong");
	expect(mistakes_about(&m, "a"));
	expect(mistakes_about(&m, "a.b"));
	expect(mistakes_about(&m, "a.b[%d]", 10));
	expect(!mistakes_about(&m, "a.b[%d]", 1));
	expect(!mistakes_about(&m, "a.x"));
	expect(mistakes_about(&m, "d"));
}

TEST(quoted_text_is_harmless_and_short)
{
	struct quoted q = quote("a\n\t\033[31m\x7f");
	char path[400];

	expect_str(q.s, "\"a\\n\\t\\x1b[31m\\x7f\"");
	expect_str(quote("a\"; b\\").s, "\"a\\x22; b\\\\\"");
	expect_str(quote("\xc2\x9b"
			 "31m\xc3\xa9")
			   .s,
		   "\"\\x9b31m\xc3\xa9\"");
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	q = quote(path);
	expect(strlen(q.s) < sizeof(q.s));
	expect_str(q.s + strlen(q.s) - 5, "x...\"");
	expect_str(quote("").s, "\"\"");
	/* Escapes and characters of several bytes at every distance from the end. */
	for (size_t n = 60; n < 100; n++) {
		auto_free char *escapes = str_format("%0*d\b\b\b\b", (int)n, 0);
		auto_free char *letters = str_format("%0*d\xf0\x9f\x99\x82", (int)n, 0);

		q = quote(escapes);
		expect(strlen(q.s) < sizeof(q.s));
		q = quote(letters);
		expect(strlen(q.s) < sizeof(q.s));
		expect(strstr(q.s, "\x9f\x99\x82\"") || !strchr(q.s, 0xf0));
	}
}

TESTS(CASE(no_mistakes_are_no_error), CASE(mistakes_become_one_line),
      CASE(more_than_ten_are_counted), CASE(mistakes_know_what_they_are_about),
      CASE(quoted_text_is_harmless_and_short))
