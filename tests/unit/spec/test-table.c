/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine, with small tables of its own.
 */
#include "base/log.h"
#include "spec-test.h"
#include "spec/table.h"
#include "spec/tables.h"

static const struct word colour_words[] = { { "red", 1 },
					    { "green", 2 },
					    { "blue", 4 },
					    { NULL, 0 } };

struct leaf {
	char *key;
	int32_t number;
};

static const struct field leaf_fields[] = {
	F_INT(struct leaf, number, "number", .flags = REQUIRED),
	F_END,
};
TYPE(leaf_type, struct leaf, leaf_fields);

struct tree {
	char *text;
	char *path;
	char *colour_text;
	struct spec_strings list;
	struct spec_strings colours;
	bool flag;
	struct opt_bool opt_flag;
	int8_t i8;
	int16_t i16;
	int64_t i64;
	uint8_t u8;
	uint16_t u16;
	uint64_t u64;
	uint32_t id;
	struct opt_i64 opt_i64;
	struct opt_u64 opt_u64;
	int colour;
	char kind;
	uint32_t flags;
	uint32_t *ids;
	size_t n_ids;
	struct leaf *object;
	bool has_embedded;
	struct leaf embedded;
	size_t n_leaves;
	struct leaf *leaves;
	size_t n_keyed;
	struct leaf *keyed;
	struct spec_map map;
	int forbidden;
};

static const struct field tree_fields[] = {
	F_STR(struct tree, text, "text"),
	F_STR(struct tree, path, "path", .flags = ABSOLUTE),
	F_WORD_STR(struct tree, colour_text, "colourText", colour_words),
	F_STRV(struct tree, list, "list", .flags = NONEMPTY),
	F_WORDS(struct tree, colours, "colours", colour_words),
	F_BOOL(struct tree, flag, "flag", .flags = OMIT_ZERO),
	F_OPT_BOOL(struct tree, opt_flag, "optFlag"),
	F_INT(struct tree, i8, "i8", .flags = OMIT_ZERO),
	F_INT(struct tree, i16, "i16", .min = -3, .max = 5, .flags = OMIT_ZERO),
	F_INT(struct tree, i64, "i64", .flags = OMIT_ZERO),
	F_UINT(struct tree, u8, "u8", .flags = OMIT_ZERO),
	F_UINT(struct tree, u16, "u16", .min = 10, .flags = OMIT_ZERO),
	F_UINT(struct tree, u64, "u64", .flags = OMIT_ZERO),
	F_ID(struct tree, id, "id", .flags = OMIT_ZERO),
	F_OPT_I64(struct tree, opt_i64, "optI64"),
	F_OPT_U64(struct tree, opt_u64, "optU64", .max = 100),
	F_WORD(struct tree, colour, "colour", colour_words, .otherwise = 2),
	F_WORD(struct tree, kind, "kind", colour_words),
	F_FLAGS(struct tree, flags, "flags", colour_words),
	F_IDS(struct tree, ids, n_ids, "ids"),
	F_OBJECT(struct tree, object, "object", leaf_type),
	F_EMBED(struct tree, embedded, "embedded", leaf_type,
		.present = PRESENT(struct tree, has_embedded)),
	F_LIST(struct tree, leaves, n_leaves, "leaves", leaf_type, .flags = NONEMPTY),
	F_KEYED(struct tree, keyed, n_keyed, "keyed", leaf_type, key),
	F_MAP(struct tree, map, "map"),
	F_INT(struct tree, forbidden, "forbidden", .flags = UNSUPPORTED | OMIT_ZERO),
	F_END,
};
TYPE(tree_type, struct tree, tree_fields);

/* Parses TEXT and checks that it prints as JSON; returns the error. */
static struct err *parse(const char *text, const char *expected)
{
	auto_arena struct arena *a = arena_new();
	auto_free char *json = unquote(text);
	auto_str struct str out = { 0 };
	struct tree *t = NULL;

	TRY(table_parse(a, &tree_type.t, "doc", json, strlen(json), &t));
	table_print(&tree_type.t, t, &out);
	if (expected)
		expect_str(out.s, expected);
	return NULL;
}

#define EMPTY "{\n  \"colour\": \"green\"\n}"

TEST(absent_members_are_empty_and_not_printed)
{
	expect_ok(parse("{}", EMPTY));
}

TEST(null_is_the_same_as_absent)
{
	expect_ok(parse("{'text': null, 'list': null, 'object': null, 'u8': null, 'map': null,"
			"'leaves': null, 'forbidden': null}",
			EMPTY));
}

TEST(unknown_members_are_ignored)
{
	expect_ok(parse("{'new': {'a': 1}, 'TEXT': 1, '': 2}", EMPTY));
}

static char last_record[256];

static void remember(void *arg UNUSED, enum log_level level UNUSED, const char *msg)
{
	snprintf(last_record, sizeof(last_record), "%s", msg);
}

TEST(unknown_members_are_logged_for_debugging)
{
	log_set_sink(remember, NULL, LOG_LEVEL_DEBUG);
	expect_ok(parse("{'leaves': [{'number': 1, 'a\\nb': 1}]}", NULL));
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
	expect_str(last_record, "ignored the unknown member leaves[0][\"a\\nb\"]");
}

TEST(wrong_types_are_named)
{
	expect_text(parse("{'text': 1}", NULL), "doc: text: must be a string, not a number");
	expect_text(parse("{'text': 1.5}", NULL), "doc: text: must be a string, not a number");
	expect_text(parse("{'list': 'x'}", NULL), "doc: list: must be a list, not a string");
	expect_text(parse("{'list': ['a', null]}", NULL),
		    "doc: list[1]: must be a string, not null");
	expect_text(parse("{'flag': 1}", NULL), "doc: flag: must be true or false, not a number");
	expect_text(parse("{'optFlag': 'true'}", NULL),
		    "doc: optFlag: must be true or false, not a string");
	expect_text(parse("{'u8': '1'}", NULL), "doc: u8: must be a number, not a string");
	expect_text(parse("{'u8': true}", NULL), "doc: u8: must be a number, not a boolean");
	expect_text(parse("{'object': []}", NULL), "doc: object: must be an object, not a list");
	expect_text(parse("{'leaves': {}}", NULL), "doc: leaves: must be a list, not an object");
	expect_text(parse("{'leaves': [1]}", NULL),
		    "doc: leaves[0]: must be an object, not a number");
	expect_text(parse("{'keyed': []}", NULL), "doc: keyed: must be an object, not a list");
	expect_text(parse("{'keyed': {'x y': 1}}", NULL),
		    "doc: keyed[\"x y\"]: must be an object, not a number");
	expect_text(parse("{'map': {'k': 1}}", NULL),
		    "doc: map[\"k\"]: must be a string, not a number");
	expect_text(parse("{'map': []}", NULL), "doc: map: must be an object, not a list");
	expect_text(parse("{'flags': 'red'}", NULL), "doc: flags: must be a list, not a string");
	expect_text(parse("{'ids': 5}", NULL), "doc: ids: must be a list, not a number");
	expect_text(parse("{'colour': 1}", NULL), "doc: colour: must be a string, not a number");
	expect_text(parse("{'colour': null, 'embedded': 1}", NULL),
		    "doc: embedded: must be an object, not a number");
	expect_text(parse("'x'", NULL), "doc: must be an object, not a string");
	expect_text(parse("null", NULL), "doc: must be an object, not null");
}

TEST(numbers_are_exact_and_within_the_range_of_their_type)
{
	expect_ok(parse("{'i8': -128, 'i16': 5, 'i64': -9223372036854775808, 'u8': 255,"
			"'u16': 65535, 'u64': 18446744073709551615, 'id': 4294967294}",
			"{\n  \"i8\": -128,\n  \"i16\": 5,\n  \"i64\": -9223372036854775808,\n"
			"  \"u8\": 255,\n  \"u16\": 65535,\n  \"u64\": 18446744073709551615,\n"
			"  \"id\": 4294967294,\n  \"colour\": \"green\"\n}"));
	expect_text(parse("{'i8': 128}", NULL), "doc: i8: must be between -128 and 127, not 128");
	expect_text(parse("{'i8': -129}", NULL), "doc: i8: must be between -128 and 127, not -129");
	expect_text(parse("{'i16': 6}", NULL), "doc: i16: must be between -3 and 5, not 6");
	expect_text(parse("{'i64': 9223372036854775808}", NULL),
		    "doc: i64: must be between -9223372036854775808 and 9223372036854775807, "
		    "not 9223372036854775808");
	expect_text(parse("{'u16': 9}", NULL), "doc: u16: must be between 10 and 65535, not 9");
	expect_text(parse("{'u16': -1}", NULL), "doc: u16: must be between 10 and 65535, not -1");
	expect_text(parse("{'u64': -1}", NULL),
		    "doc: u64: must be between 0 and 18446744073709551615, not -1");
	expect_text(parse("{'id': 4294967295}", NULL),
		    "doc: id: must be between 0 and 4294967294, not 4294967295");
	expect_text(parse("{'ids': [1, 4294967295]}", NULL),
		    "doc: ids[1]: must be between 0 and 4294967294, not 4294967295");
	expect_text(parse("{'optU64': 101}", NULL),
		    "doc: optU64: must be between 0 and 100, not 101");
	expect_text(parse("{'u8': 1.0}", NULL), "doc: u8: must be a whole number");
	expect_text(parse("{'u8': 1e2}", NULL), "doc: u8: must be a whole number");
}

TEST(words_become_numbers_and_words_again)
{
	expect_ok(parse("{'colour': 'blue', 'kind': 'red', 'flags': ['blue', 'red', 'red'],"
			"'colourText': 'red', 'colours': ['green']}",
			"{\n  \"colourText\": \"red\",\n  \"colours\": [\n    \"green\"\n  ],\n"
			"  \"colour\": \"blue\",\n  \"kind\": \"red\",\n"
			"  \"flags\": [\n    \"red\",\n    \"blue\"\n  ]\n}"));
	expect_text(parse("{'colour': 'x'}", NULL),
		    "doc: colour: unknown value \"x\", must be red, green or blue");
	expect_text(parse("{'flags': ['red', 'Red']}", NULL),
		    "doc: flags[1]: unknown value \"Red\", must be red, green or blue");
	expect_text(parse("{'colours': ['']}", NULL),
		    "doc: colours[0]: unknown value \"\", must be red, green or blue");
	expect_text(parse("{'colourText': 'a\\nb'}", NULL),
		    "doc: colourText: unknown value \"a\\nb\", must be red, green or blue");
}

TEST(rows_can_ask_for_more)
{
	expect_text(parse("{'path': ''}", NULL), "doc: path: must not be empty");
	expect_text(parse("{'path': 'a'}", NULL), "doc: path: must be an absolute path, not \"a\"");
	expect_text(parse("{'list': ['a', '']}", NULL), "doc: list[1]: must not be empty");
	expect_text(parse("{'list': []}", NULL), "doc: list: must not be empty");
	expect_text(parse("{'leaves': []}", NULL), "doc: leaves: must not be empty");
	expect_text(parse("{'map': {'': 'x'}}", NULL), "doc: map: must not have an empty name");
	expect_text(parse("{'keyed': {'': {'number': 1}}}", NULL),
		    "doc: keyed: must not have an empty name");
	expect_text(parse("{'leaves': [{}]}", NULL), "doc: leaves[0].number: is required");
	expect_text(parse("{'object': {'number': null}}", NULL), "doc: object.number: is required");
	expect_text(parse("{'forbidden': 0}", NULL), "doc: forbidden: is not supported");
}

TEST(a_nul_in_a_string_is_refused)
{
	expect_text(parse("{'text': 'a\\u0000b'}", NULL), "doc: text: must not contain \\u0000");
	expect_text(parse("{'list': ['a', '\\u0000']}", NULL),
		    "doc: list[1]: must not contain \\u0000");
	expect_text(parse("{'map': {'k': 'a\\u0000'}}", NULL),
		    "doc: map[\"k\"]: must not contain \\u0000");
}

TEST(all_mistakes_come_at_once)
{
	expect_text(parse("{'u8': 256, 'list': [1, 'a', 2], 'leaves': [{'number': 'x'}, {}]}",
			  NULL),
		    "doc: u8: must be between 0 and 255, not 256; "
		    "list[0]: must be a string, not a number; "
		    "list[2]: must be a string, not a number; "
		    "leaves[0].number: must be a number, not a string; "
		    "leaves[1].number: is required");
}

TEST(empty_lists_and_maps_are_not_absent)
{
	expect_ok(parse("{'colours': [], 'map': {}}",
			"{\n  \"colours\": [],\n  \"colour\": \"green\",\n  \"map\": {}\n}"));
}

TEST(nested_objects_are_indented)
{
	expect_ok(parse("{'object': {'number': 1}, 'embedded': {'number': 2},"
			"'leaves': [{'number': 3}, {'number': -4}], 'keyed': {'k/': {'number': 5}},"
			"'map': {'b': '1', 'a': '2'}, 'ids': [7, 8]}",
			"{\n"
			"  \"colour\": \"green\",\n"
			"  \"ids\": [\n    7,\n    8\n  ],\n"
			"  \"object\": {\n    \"number\": 1\n  },\n"
			"  \"embedded\": {\n    \"number\": 2\n  },\n"
			"  \"leaves\": [\n    {\n      \"number\": 3\n    },\n"
			"    {\n      \"number\": -4\n    }\n  ],\n"
			"  \"keyed\": {\n    \"k/\": {\n      \"number\": 5\n    }\n  },\n"
			"  \"map\": {\n    \"b\": \"1\",\n    \"a\": \"2\"\n  }\n"
			"}"));
}

/* The mask of seen members has 64 bits, and a row writes into the struct it was made for. */
static void check_table(const struct type *type, unsigned depth)
{
	size_t n = 0;

	for (const struct field *f = type->fields; f->kind != FIELD_END; f++, n++) {
		expect_int(f->owner, type->size);
		expect(f->offset + (f->size ? f->size : 1u) <= type->size);
		for (const struct field *g = type->fields; g < f; g++)
			expect(!streq(f->name, g->name));
		if (f->kind >= FIELD_OBJECT && f->kind <= FIELD_KEYED && depth < TABLE_MAX_DEPTH)
			check_table(f->type, depth + 1);
	}
	expect(n <= 64);
}

TEST(every_row_of_the_spec_fits_its_struct)
{
	check_table(&spec_type.t, 0);
	check_table(&tree_type.t, 0);
}

TESTS(CASE(absent_members_are_empty_and_not_printed), CASE(null_is_the_same_as_absent),
      CASE(unknown_members_are_ignored), CASE(unknown_members_are_logged_for_debugging),
      CASE(wrong_types_are_named), CASE(numbers_are_exact_and_within_the_range_of_their_type),
      CASE(words_become_numbers_and_words_again), CASE(rows_can_ask_for_more),
      CASE(a_nul_in_a_string_is_refused), CASE(all_mistakes_come_at_once),
      CASE(empty_lists_and_maps_are_not_absent), CASE(nested_objects_are_indented),
      CASE(every_row_of_the_spec_fits_its_struct))
