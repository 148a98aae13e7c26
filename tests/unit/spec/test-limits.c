/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents that are too large are refused before they cost memory, with a clear text.
 */
#include "spec-test.h"
#include "spec/table.h"

static struct err *parse(struct str *text)
{
	auto_arena struct arena *a = arena_new();
	struct spec *s = NULL;

	return spec_parse(a, text->s, text->len, &s);
}

static void add_times(struct str *out, const char *s, size_t n)
{
	while (n-- > 0)
		str_add(out, s);
}

TEST(a_document_above_16_mib_is_refused_unread)
{
	auto_str struct str text = { 0 };

	str_add(&text, "not even JSON");
	add_times(&text, "                                                                ",
		  TABLE_MAX_BYTES / 64);
	expect_text(parse(&text), "config.json: larger than 16 MiB");
}

TEST(a_hundred_thousand_variables_are_refused_at_once)
{
	auto_str struct str text = { 0 };

	str_add(&text,
		"{\"ociVersion\": \"1.0.0\", \"process\": {\"cwd\": \"/\", \"env\": [\"A=B\"");
	add_times(&text, ",\n\"A=B\"", 99999);
	str_add(&text, "]}}");
	expect_err(parse(&text), ERR_INVALID,
		   "config.json: line 65536, column 6: too many items in one list or object, "
		   "the limit is 65536");
}

TEST(as_many_variables_as_the_limit_are_read)
{
	auto_str struct str text = { 0 };

	str_add(&text,
		"{\"ociVersion\": \"1.0.0\", \"process\": {\"cwd\": \"/\", \"env\": [\"A=B\"");
	add_times(&text, ",\"A=B\"", TABLE_MAX_ITEMS - 1);
	str_add(&text, "]}}");
	expect_ok(parse(&text));
}

TEST(many_small_lists_are_refused_too)
{
	auto_str struct str text = { 0 };

	str_add(&text, "[0");
	for (int i = 0; i < 10; i++) {
		str_add(&text, ",[0");
		add_times(&text, ",0", 60000);
		str_add(&text, "]");
	}
	str_add(&text, "]");
	expect_err(parse(&text), ERR_INVALID,
		   "too many values in the document, the limit is 262144");
}

TEST(many_empty_lists_in_lists_count_as_values)
{
	auto_str struct str text = { 0 };

	str_add(&text, "[0");
	for (int i = 0; i < 60000; i++)
		str_add(&text, ",[[[[[[]]]]]]");
	str_add(&text, "]");
	expect_err(parse(&text), ERR_INVALID, "too many values in the document");
}

static void nest(struct str *text, size_t levels)
{
	str_add(text, "{\"ociVersion\": \"1.0.0\", \"unknown\": ");
	add_times(text, "[", levels - 1);
	add_times(text, "]", levels - 1);
	str_add(text, "}");
}

TEST(thirty_two_levels_are_read)
{
	auto_str struct str text = { 0 };

	nest(&text, TABLE_MAX_DEPTH);
	expect_ok(parse(&text));
}

TEST(deeper_nesting_is_refused)
{
	auto_str struct str text = { 0 };

	nest(&text, TABLE_MAX_DEPTH + 1);
	expect_text(parse(&text), "config.json: line 1, column 67: nested too deeply, the limit is "
				  "32 levels");
}

TEST(a_million_brackets_do_no_harm)
{
	auto_str struct str text = { 0 };

	add_times(&text, "[", 1000000);
	expect_err(parse(&text), ERR_INVALID, "nested too deeply");
	text.len = 0;
	add_times(&text, "]", 1000000);
	expect_err(parse(&text), ERR_INVALID, "line 1, column 1");
}

TEST(many_mistakes_are_one_short_line)
{
	auto_str struct str text = { 0 };
	struct err *e;

	str_add(&text, "{\"ociVersion\": \"1.0.0\", \"process\": {\"cwd\": \"/\", \"args\": [0");
	add_times(&text, ",0", 50000);
	str_add(&text, "]}}");
	e = parse(&text);
	expect(e != NULL);
	expect(strstr(err_text(e), "; and 49991 more"));
	expect(strlen(err_text(e)) < 1000);
	expect(!strchr(err_text(e), '\n'));
	err_free(e);
}

TEST(many_id_mappings_are_refused_before_they_are_compared)
{
	auto_str struct str text = { 0 };

	str_add(&text,
		"{\"ociVersion\": \"1.0.0\", \"linux\": {\"namespaces\": [{\"type\": \"user\"}],"
		"\"uidMappings\": [{\"containerID\": 0, \"hostID\": 0, \"size\": 1}");
	add_times(&text, ",{\"containerID\": 0, \"hostID\": 0, \"size\": 1}", 30000);
	str_add(&text, "]}}");
	expect_text(parse(&text), "config.json: linux.uidMappings: has 30001 mappings, the kernel "
				  "takes 340");
}

TESTS(CASE(a_document_above_16_mib_is_refused_unread),
      CASE(a_hundred_thousand_variables_are_refused_at_once),
      CASE(as_many_variables_as_the_limit_are_read), CASE(many_small_lists_are_refused_too),
      CASE(many_empty_lists_in_lists_count_as_values), CASE(thirty_two_levels_are_read),
      CASE(deeper_nesting_is_refused), CASE(a_million_brackets_do_no_harm),
      CASE(many_mistakes_are_one_short_line),
      CASE(many_id_mappings_are_refused_before_they_are_compared))
