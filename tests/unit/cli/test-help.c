/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The help of a command, from its table.
 */
#include "cli/help.h"

#include <json-c/json.h>

#include "commands.h"
#include "test.h"

TEST(help_shows_how_to_call_the_command)
{
	auto_str struct str out = { 0 };

	help_print(&sample, &out);
	expect(str_starts(out.s,
			  "Usage: davit [OPTION]... sample [OPTION]... ID\n\nDo a thing.\n"));
}

TEST(help_shows_every_option_that_is_not_hidden)
{
	auto_str struct str out = { 0 };

	help_print(&sample, &out);
	expect(strstr(out.s, "\n  -d, --detach              return at once\n"));
	expect(strstr(out.s, "\n      --pid-file FILE       the pid\n"));
	expect(strstr(out.s, "\n  -t, --tty[=BOOL]          a terminal\n"));
	expect(strstr(out.s, "\n  -h, --help "));
	expect(!strstr(out.s, "-V"));
}

TEST(a_wide_option_gets_its_own_line)
{
	auto_str struct str out = { 0 };

	help_print(&sample, &out);
	expect(strstr(out.s, "\n      --preserve-fds N      descriptors\n"));
	expect(strstr(out.s, "\n      --pidfd-socket SOCKET the pidfd\n"));
}

TEST(the_dump_is_json_with_all_commands)
{
	auto_str struct str out = { 0 };
	struct json_object *list = NULL;
	struct json_object *doc;

	help_dump(&out);
	doc = json_tokener_parse(out.s);
	expect(doc);
	expect(json_object_object_get_ex(doc, "commands", &list));
	expect_int(json_object_array_length(list), 2);
	json_object_put(doc);
}

TESTS(CASE(help_shows_how_to_call_the_command), CASE(help_shows_every_option_that_is_not_hidden),
      CASE(a_wide_option_gets_its_own_line), CASE(the_dump_is_json_with_all_commands))
