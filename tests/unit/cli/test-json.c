/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON strings that every reader takes.
 */
#include "cli/json.h"

#include "test.h"

static void expect_json(const char *s, const char *json)
{
	auto_str struct str out = { 0 };

	json_add(&out, s);
	expect_str(out.s, json);
}

TEST(plain_text_is_only_quoted)
{
	expect_json("", "\"\"");
	expect_json("/a/b c", "\"/a/b c\"");
	expect_json("Grüße €\xf0\x9f\x90\xb3", "\"Grüße €\xf0\x9f\x90\xb3\"");
}

TEST(quotes_and_control_characters_are_escaped)
{
	expect_json("a\"b\\c", "\"a\\\"b\\\\c\"");
	expect_json("a\nb\tc\x1b\x7f", "\"a\\nb\\tc\\u001b\\u007f\"");
}

TEST(bytes_that_are_no_utf8_are_replaced)
{
	expect_json("a\xff"
		    "b",
		    "\"a\xef\xbf\xbd"
		    "b\"");
	/* A truncated character, a too long form, a surrogate, above the last code point. */
	expect_json("\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_json("\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_json("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	expect_json("\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

TESTS(CASE(plain_text_is_only_quoted), CASE(quotes_and_control_characters_are_escaped),
      CASE(bytes_that_are_no_utf8_are_replaced))
