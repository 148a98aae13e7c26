/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as text: what is refused, where, and how strings are quoted.
 */
#include <json-c/json_object.h>

#include "spec-test.h"
#include "spec/text.h"

static struct err *parse_n(const char *text, size_t len)
{
	struct json_object *o = NULL;
	struct err *e = text_parse("doc", text, len, &o);

	json_object_put(o);
	return e;
}

static struct err *parse(const char *text)
{
	return parse_n(text, strlen(text));
}

TEST(json_is_read_with_white_space_around_it)
{
	expect_ok(parse(" \t\r\n{\"a\": [1, 2.5e3, -1, true, false, null, \"x\"]} \r\n"));
	expect_ok(parse("1"));
	expect_ok(parse("null"));
	expect_ok(parse("[]"));
}

TEST(the_text_need_not_end_with_nul)
{
	const char text[] = { '[', '1', ']' };

	expect_ok(parse_n(text, sizeof(text)));
	expect_ok(parse_n("12", 1));
}

TEST(syntax_errors_name_line_and_column)
{
	expect_text(parse("{\n  \"a\" 1}"),
		    "doc: line 2, column 7: expected \":\" behind the name of a member");
	expect_text(parse("{\n\n\"a\": 1 \"b\": 2}"),
		    "doc: line 3, column 8: expected \",\" or \"}\"");
	expect_text(parse("[1 2]"), "doc: line 1, column 4: expected \",\" or \"]\"");
	expect_text(parse("[tru]"),
		    "doc: line 1, column 5: not JSON: a word that is not true, false or null");
	expect_text(parse("[1]\n]"), "doc: line 2, column 1: unexpected \"]\"");
	expect_text(parse("[\n@]"), "doc: line 2, column 1: unexpected \"@\"");
}

TEST(a_name_stands_once_in_an_object)
{
	expect_text(parse("{\"a\": 1,\n \"b\": [{\"c\": 1, \"a\": 2}, \"b\"],\n \"a\": 3}"),
		    "doc: line 3, column 2: a name for the second time in one object");
	expect_text(parse("[{\"a\": {\"x\": 1}, \"\\u0061\": null}]"),
		    "doc: line 1, column 18: a name for the second time in one object");
	expect_text(parse("{\"a\\\"\": \":\", \"a\\\"\": 1}"),
		    "doc: line 1, column 14: a name for the second time in one object");
	expect_ok(parse("{\"a\": {\"a\": {\"a\": \"a\"}}, \"b\": [{\"a\": 1}, {\"a\": 1}]}"));
	expect_ok(parse("{\"a:\": \"b: c\", \"A:\": \"a:\"}"));
}

TEST(columns_count_characters_not_bytes)
{
	expect_text(parse("[\"üñ\" x]"), "doc: line 1, column 7: expected \",\" or \"]\"");
}

TEST(a_document_that_ends_too_early_says_so)
{
	expect_text(parse("{\"a\":"), "doc: line 1, column 6: the document ends too early");
	expect_text(parse("[1,\n"), "doc: line 2, column 1: the document ends too early");
	expect_text(parse("\"abc"), "doc: line 1, column 5: the document ends too early");
	expect_text(parse(""), "doc: is empty");
	expect_text(parse(" \n\t"), "doc: is empty");
}

TEST(what_strict_json_does_not_have_is_refused)
{
	expect_err(parse("{'a': 1}"), ERR_INVALID,
		   "line 1, column 2: strings stand in double quotes");
	expect_err(parse("[1,]"), ERR_INVALID, "line 1, column 4");
	expect_err(parse("{\"a\": 1,}"), ERR_INVALID, "line 1, column 9");
	expect_err(parse("/* c */ {}"), ERR_INVALID, "line 1, column 1");
	expect_err(parse("[NaN]"), ERR_INVALID, "line 1, column 2: not JSON");
	expect_err(parse("[-Infinity]"), ERR_INVALID, "line 1, column 3: not a number");
	expect_err(parse("[True]"), ERR_INVALID, "line 1, column 2: not JSON: a word");
	expect_err(parse("[01]"), ERR_INVALID, "line 1, column 4: not a number");
	expect_err(parse("[-01]"), ERR_INVALID, "not a number");
	expect_err(parse("[1.]"), ERR_INVALID, "not a number");
	expect_err(parse("[1e]"), ERR_INVALID, "not a number");
	expect_err(parse("[-]"), ERR_INVALID, "not a number");
	expect_err(parse("[.5]"), ERR_INVALID, "unexpected \".\"");
	expect_err(parse("[+1]"), ERR_INVALID, "line 1");
	expect_err(parse("[1x]"), ERR_INVALID, "line 1");
	expect_ok(parse("[0, -0, 0.5, 1e5, -1.5E-3, 10]"));
	expect_err(parse("{}{}"), ERR_INVALID, "line 1, column 3: unexpected \"{\"");
	expect_text(parse("\xef\xbb\xbf{}"), "doc: begins with a byte order mark, JSON has none");
}

TEST(strings_are_utf8_without_raw_control_characters)
{
	expect_err(parse("[\"a\nb\"]"), ERR_INVALID,
		   "line 1, column 4: a control character in a string");
	expect_err(parse("[\"\xff\"]"), ERR_INVALID, "not UTF-8");
	expect_err(parse("[\"\xc3\"]"), ERR_INVALID, "not UTF-8");
	expect_err(parse("[\"\\x\"]"), ERR_INVALID, "a string with a wrong escape");
	expect_err(parse("[\"\\u12g4\"]"), ERR_INVALID, "a string with a wrong escape");
	expect_ok(parse("[\"\\u00e9\\ud83d\\ude42\\/\"]"));
}

TEST(a_nul_is_refused_in_the_text_and_in_names)
{
	expect_err(parse_n("[1,\0 2]", 7), ERR_INVALID, "line 1, column 4: a NUL byte");
	expect_err(parse("{\"cwd\\u0000x\" : 1}"), ERR_INVALID, "\\u0000 in the name of a member");
	expect_ok(parse("{\"a\": \"\\\\u0000\"}"));
}

TEST(numbers_beyond_64_bits_are_refused_with_their_place)
{
	expect_ok(parse("[18446744073709551615, -9223372036854775808]"));
	expect_text(parse("[18446744073709551616]"),
		    "doc: [0]: an integer beyond 64 bits (line 1, column 2)");
	expect_err(parse("[-9223372036854775809]"), ERR_INVALID, "an integer beyond 64 bits");
	expect_err(parse("[1234567890123456789012345678901234567890]"), ERR_INVALID,
		   "an integer beyond 64 bits");
}

TEST(a_number_beyond_64_bits_is_named_by_its_member)
{
	static const char big[] = "99999999999999999999";
	static const struct {
		const char *before;
		const char *path;
	} cases[] = {
		{ "{\"a\": ", "a" },
		{ "{\"a\": {\"b\": [1, {}, ", "a.b[2]" },
		{ "{\"x\": [1, 2], \"a\": {\"y\": \"z: {[\\\"\", \"c\" : ", "a.c" },
		{ "{\"sysctl\": {\"net.ipv4.x\": ", "sysctl[\"net.ipv4.x\"]" },
		{ "[[1, 2], [3, {\"k\":\n ", "[1][1].k" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_free char *text = str_format("%s%s", cases[i].before, big);
		auto_free char *want =
			str_format("doc: %s: an integer beyond 64 bits (line", cases[i].path);

		expect_err(parse(text), ERR_INVALID, want);
	}
	expect_text(parse(big), "doc: line 1, column 1: an integer beyond 64 bits");
}

TEST(strings_are_quoted_so_that_they_read_back)
{
	auto_str struct str out = { 0 };

	text_add_string(&out, "/a\"\\\b\f\n\r\t\x01\x7f\xc3\xa9");
	expect_str(out.s, "\"/a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f\xc3\xa9\"");
	out.len = 0;
	text_add_string(&out, "");
	expect_str(out.s, "\"\"");
}

TESTS(CASE(json_is_read_with_white_space_around_it), CASE(the_text_need_not_end_with_nul),
      CASE(syntax_errors_name_line_and_column), CASE(columns_count_characters_not_bytes),
      CASE(a_name_stands_once_in_an_object), CASE(a_document_that_ends_too_early_says_so),
      CASE(what_strict_json_does_not_have_is_refused),
      CASE(strings_are_utf8_without_raw_control_characters),
      CASE(a_nul_is_refused_in_the_text_and_in_names),
      CASE(numbers_beyond_64_bits_are_refused_with_their_place),
      CASE(a_number_beyond_64_bits_is_named_by_its_member),
      CASE(strings_are_quoted_so_that_they_read_back))
