/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TOML of engines' configurations.
 */
#include "test.h"

#include "cli/toml.h"

struct doc {
	struct arena *a;
	struct toml t;
};

static void doc_done(struct doc *d)
{
	toml_done(&d->t);
	arena_free(d->a);
}
#define auto_doc __attribute__((cleanup(doc_done)))

static struct doc read_text(const char *text)
{
	struct doc d = { .a = arena_new() };

	expect_ok(toml_add(&d.t, d.a, "test.conf", text));
	return d;
}

static void refused(const char *text, const char *part)
{
	auto_doc struct doc d = { .a = arena_new() };

	expect_err(toml_add(&d.t, d.a, "test.conf", text), ERR_INVALID, part);
}

TEST(values_have_the_keys_of_their_table)
{
	auto_doc struct doc d =
		read_text("top = 'level'\n"
			  "[engine] # of podman\r\n"
			  "runtime = \"davit\"\r\n"
			  "[ plugins . \"io.containerd.grpc.v1.cri\" . containerd ]\n"
			  "default_runtime_name=\"web\"\n"
			  "a.'b.c'.d = \"deep\"");

	expect_str(toml_string(&d.t, TOML_KEYS("top")), "level");
	expect_str(toml_string(&d.t, TOML_KEYS("engine", "runtime")), "davit");
	expect_str(toml_string(&d.t, TOML_KEYS("plugins", "io.containerd.grpc.v1.cri", "containerd",
					       "default_runtime_name")),
		   "web");
	expect_str(toml_string(&d.t, TOML_KEYS("plugins", "io.containerd.grpc.v1.cri", "containerd",
					       "a", "b.c", "d")),
		   "deep");
	expect(!toml_get(&d.t, TOML_KEYS("engine")));
	expect(!toml_get(&d.t, TOML_KEYS("runtime")));
	expect_int(toml_get(&d.t, TOML_KEYS("engine", "runtime"))->line, 3);
}

TEST(numbers_and_booleans_are_kept_as_written)
{
	auto_doc struct doc d = read_text("a = true\nb = 0x1F\nc = -1_000.5e+3\n"
					  "d = 1979-05-27T07:32:00Z");

	expect_str(toml_get(&d.t, TOML_KEYS("a"))->text, "true");
	expect_str(toml_get(&d.t, TOML_KEYS("b"))->text, "0x1F");
	expect_str(toml_get(&d.t, TOML_KEYS("c"))->text, "-1_000.5e+3");
	expect_str(toml_get(&d.t, TOML_KEYS("d"))->text, "1979-05-27T07:32:00Z");
	expect(!toml_string(&d.t, TOML_KEYS("a")));
}

TEST(strings_of_all_four_kinds_are_read)
{
	auto_doc struct doc d =
		read_text("a = \"tab\\tquote\\\" \\u00e9\\U0001F600 # no comment\"\n"
			  "b = 'C:\\no\\escape'\n"
			  "c = \"\"\"\nfirst\nsec\\\n    ond \"\" end\"\"\"\"\n"
			  "d = '''\nraw \\n\n'''\n"
			  "e = \"\"\n");

	expect_str(toml_string(&d.t, TOML_KEYS("a")),
		   "tab\tquote\" \xc3\xa9\xf0\x9f\x98\x80 # no comment");
	expect_str(toml_string(&d.t, TOML_KEYS("b")), "C:\\no\\escape");
	expect_str(toml_string(&d.t, TOML_KEYS("c")), "first\nsecond \"\" end\"");
	expect_str(toml_string(&d.t, TOML_KEYS("d")), "raw \\n\n");
	expect_str(toml_string(&d.t, TOML_KEYS("e")), "");
	expect_int(toml_get(&d.t, TOML_KEYS("e"))->line, 10);
}

TEST(arrays_may_have_many_lines_and_comments)
{
	auto_doc struct doc d =
		read_text("a = [ # list\n  \"one\", 'two', # 2\n\n  3, [\"in\"], ]\n"
			  "b = []\n");

	expect(toml_has_item(&d.t, TOML_KEYS("a"), "one"));
	expect(toml_has_item(&d.t, TOML_KEYS("a"), "two"));
	expect(!toml_has_item(&d.t, TOML_KEYS("a"), "3"));
	expect(!toml_has_item(&d.t, TOML_KEYS("a"), "in"));
	expect_int(toml_get(&d.t, TOML_KEYS("b"))->items.n, 0);
}

TEST(inline_tables_give_their_keys)
{
	auto_doc struct doc d = read_text("runtimes = { davit = { path = \"/usr/bin/davit\" }, "
					  "x.y = 1 }\n");

	expect_str(toml_string(&d.t, TOML_KEYS("runtimes", "davit", "path")), "/usr/bin/davit");
	expect_str(toml_get(&d.t, TOML_KEYS("runtimes", "x", "y"))->text, "1");
}

TEST(the_later_value_counts)
{
	auto_doc struct doc d = read_text("[engine]\nruntime = \"crun\"\nlist = [\"a\"]\n");

	expect_ok(toml_add(&d.t, d.a, "later.conf", "[engine]\nruntime = \"davit\"\nlist = []\n"));

	expect_str(toml_string(&d.t, TOML_KEYS("engine", "runtime")), "davit");
	expect_str(toml_get(&d.t, TOML_KEYS("engine", "runtime"))->file, "later.conf");
	expect(!toml_has_item(&d.t, TOML_KEYS("engine", "list"), "a"));
}

TEST(an_array_that_appends_keeps_the_earlier_ones)
{
	auto_doc struct doc d = read_text("list = [\"a\"]\n");

	expect_ok(toml_add(&d.t, d.a, "more", "list = [\"b\", {append = true}]\n"));
	expect(toml_has_item(&d.t, TOML_KEYS("list"), "a"));
	expect(toml_has_item(&d.t, TOML_KEYS("list"), "b"));

	expect_ok(toml_add(&d.t, d.a, "last", "list = [\"c\", {append = false}]\n"));
	expect(!toml_has_item(&d.t, TOML_KEYS("list"), "a"));
}

TEST(children_come_once_and_in_order)
{
	auto_doc struct doc d = read_text("[r.one]\na = 1\nb = 2\n[r.two.options]\nc = 3\n"
					  "[other]\nd = 4\n[r.one]\ne = 5\n");
	size_t at = 0;

	expect_str(toml_next_child(&d.t, TOML_KEYS("r"), &at), "one");
	expect_str(toml_next_child(&d.t, TOML_KEYS("r"), &at), "two");
	expect(!toml_next_child(&d.t, TOML_KEYS("r"), &at));
}

TEST(what_is_broken_is_told_with_its_line)
{
	refused("a = 1\nb\n", "test.conf: line 2: `=` is missing");
	refused("a =\n", "line 1: a value is missing");
	refused("\n[a\n", "line 2: `]` is missing");
	refused("[[a]\n", "line 1: `]` is missing");
	refused("[]\n", "line 1: a key is missing");
	refused("a = \"x\n", "line 1: the string has no end");
	refused("a = \"\"\"x\n", "line 2: the string has no end");
	refused("a = [1,\n2\n", "line 3: `]` is missing");
	refused("a = {b = 1\n", "line 2: `}` is missing");
	refused("a = 1 b = 2\n", "line 1: more than one value in a line");
	refused("a = \"\\q\"\n", "line 1: unknown escape");
	refused("a = \"\\ud800\"\n", "line 1: not a character");
	refused("a = \"\\", "line 1: ");
	refused("a = [\"b\" \"c\"]", "line 1: `]` is missing");
	refused("a = [[], {x = [\"b\"", "line 1: ");
}

TEST(too_much_of_anything_is_refused)
{
	char deep[128] = "a = ";

	memset(deep + 4, '[', 100);
	refused(deep, "too many arrays");
	refused("a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1", "too many keys");
}

TESTS(CASE(values_have_the_keys_of_their_table), CASE(numbers_and_booleans_are_kept_as_written),
      CASE(strings_of_all_four_kinds_are_read), CASE(arrays_may_have_many_lines_and_comments),
      CASE(inline_tables_give_their_keys), CASE(the_later_value_counts),
      CASE(an_array_that_appends_keeps_the_earlier_ones), CASE(children_come_once_and_in_order),
      CASE(what_is_broken_is_told_with_its_line), CASE(too_much_of_anything_is_refused))
