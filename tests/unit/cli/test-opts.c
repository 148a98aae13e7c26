/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options as people, conmon and containerd write them.
 */
#include "cli/opts.h"

#include "commands.h"
#include "test.h"

enum { MAX_WORDS = 8 };

/* One scan of a line of words; ended by line_done(). */
struct line {
	char *argv[MAX_WORDS];
	int argc;
	struct sample_args args;
	enum opts_outcome outcome;
};

static struct err *scan_as(struct line *l, const struct command *cmd, const char *const *words)
{
	*l = (struct line){ .args.tty = -1 };
	while (words[l->argc]) {
		l->argv[l->argc] = (char *)words[l->argc];
		l->argc++;
	}
	return opts_scan(cmd, &l->argc, l->argv, &l->args, &l->outcome);
}

static void line_done(struct line *l)
{
	strv_done(&l->args.env);
}

#define auto_line    __attribute__((cleanup(line_done)))
#define SCAN(l, ...) scan_as((l), &sample, (const char *const[]){ __VA_ARGS__, NULL })

TEST(a_flag_is_set_by_its_name_and_by_its_letter)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "--detach", "x"));
	expect(l.args.detach);
	expect_ok(SCAN(&l, "-d", "x"));
	expect(l.args.detach);
	expect_ok(SCAN(&l, "x"));
	expect(!l.args.detach);
}

TEST(a_value_may_be_attached_or_the_next_word)
{
	static const char *const forms[][4] = {
		{ "--bundle", "/b", "x" }, { "--bundle=/b", "x" }, { "-b", "/b", "x" },
		{ "-b/b", "x" },           { "-b=/b", "x" },
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		auto_line struct line l = { 0 };

		expect_ok(scan_as(&l, &sample, forms[i]));
		expect_str(l.args.bundle, "/b");
		expect_int(l.argc, 1);
	}
}

TEST(a_unique_prefix_is_enough)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "--det", "--bun=/b", "x"));
	expect(l.args.detach);
	expect_str(l.args.bundle, "/b");
}

TEST(an_ambiguous_prefix_names_the_possibilities)
{
	auto_line struct line l = { 0 };

	expect_err(SCAN(&l, "--pid", "1", "x"), ERR_INVALID,
		   "option '--pid' is ambiguous; possibilities: --pid-file --pidfd-socket");
	expect_int(l.outcome, OPTS_USAGE);
}

TEST(a_name_that_is_a_prefix_of_another_is_itself)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "--pid-file", "p", "x"));
	expect_str(l.args.pid_file, "p");
}

TEST(letters_cluster_and_the_last_may_take_a_value)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "-dtb", "/b", "x"));
	expect(l.args.detach);
	expect_int(l.args.tty, 1);
	expect_str(l.args.bundle, "/b");
}

TEST(an_optional_value_is_only_taken_when_attached)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "--tty", "false"));
	expect_int(l.args.tty, 1);
	expect_str(l.argv[0], "false");
	expect_ok(SCAN(&l, "--tty=false", "x"));
	expect_int(l.args.tty, 0);
	expect_ok(SCAN(&l, "-t=no", "x"));
	expect_int(l.args.tty, 0);
	expect_ok(SCAN(&l, "x"));
	expect_int(l.args.tty, -1);
}

TEST(two_dashes_end_the_options)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "--", "-d"));
	expect(!l.args.detach);
	expect_str(l.argv[0], "-d");
}

TEST(options_may_follow_the_operands)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "x", "-d", "y", "--bundle", "/b"));
	expect(l.args.detach);
	expect_str(l.args.bundle, "/b");
	expect_int(l.argc, 2);
	expect_str(l.argv[0], "x");
	expect_str(l.argv[1], "y");
}

TEST(a_command_may_stop_at_its_first_operand)
{
	struct command exec = sample;
	auto_line struct line l = { 0 };

	exec.stops_at_operand = true;
	expect_ok(scan_as(&l, &exec, (const char *const[]){ "-d", "x", "-b", "--", "-h", NULL }));
	expect(l.args.detach);
	expect(!l.args.bundle);
	expect_int(l.argc, 4);
	expect_str(l.argv[2], "--");
}

TEST(a_long_name_may_stand_behind_one_dash)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "-keep", "-bundle=/b", "-pid-file", "p", "x"));
	expect(l.args.keep);
	expect_str(l.args.bundle, "/b");
	expect_str(l.args.pid_file, "p");
}

TEST(a_flag_may_be_given_true_or_false)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "--detach", "--detach=false", "--keep=true", "x"));
	expect(!l.args.detach);
	expect(l.args.keep);
	expect_err(SCAN(&l, "--keep=maybe", "x"), ERR_INVALID, "'--keep' takes no argument but");
	expect_int(l.outcome, OPTS_USAGE);
}

TEST(a_missing_value_is_an_error_of_usage)
{
	auto_line struct line l = { 0 };

	expect_err(SCAN(&l, "x", "--bundle"), ERR_INVALID, "'--bundle' requires an argument");
	expect_int(l.outcome, OPTS_USAGE);
	expect_err(SCAN(&l, "-b"), ERR_INVALID, "'--bundle' requires an argument");
}

TEST(an_unknown_option_is_an_error_of_usage)
{
	auto_line struct line l = { 0 };
	struct err *e;

	e = SCAN(&l, "--nope", "x");
	expect_str(err_get_hint(e), "Try `davit sample --help` for more information");
	expect_err(e, ERR_INVALID, "unrecognized option '--nope'");
	expect_int(l.outcome, OPTS_USAGE);
	expect_err(SCAN(&l, "-dz"), ERR_INVALID, "unrecognized option '-z'");
	expect_err(SCAN(&l, "--=x"), ERR_INVALID, "unrecognized option '--=x'");
}

TEST(a_set_option_takes_no_value)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "--strict", "x"));
	expect_int(l.args.mode, 7);
	expect_err(SCAN(&l, "--strict=1", "x"), ERR_INVALID, "doesn't allow an argument");
}

TEST(a_number_must_be_one_completely)
{
	static const char *const bad[] = { "", "-1", "1x", " 1", "+1", "4294967296", "0x10" };
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "--preserve-fds", "3", "x"));
	expect_int(l.args.fds, 3);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		expect_err(SCAN(&l, "--preserve-fds", bad[i], "x"), ERR_INVALID,
			   "invalid preserve-fds specified");
		/* Not one of usage: the option was understood. */
		expect_int(l.outcome, OPTS_DONE);
	}
}

TEST(a_word_must_be_in_the_table)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "-f", "json", "x"));
	expect_int(l.args.format, 2);
	expect_err(SCAN(&l, "--format=xml", "x"), ERR_INVALID, "unknown format specified: `xml`");
}

TEST(a_list_keeps_all_values_in_order)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "-e", "A=1", "--env=B=2", "-eC=3", "x"));
	expect_int(l.args.env.n, 3);
	expect_str(l.args.env.v[0], "A=1");
	expect_str(l.args.env.v[1], "B=2");
	expect_str(l.args.env.v[2], "C=3");
}

TEST(the_last_string_counts)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "-b", "/a", "-b", "/b", "x"));
	expect_str(l.args.bundle, "/b");
}

TEST(help_is_asked_for_in_four_ways)
{
	static const char *const forms[] = { "--help", "-h", "-?", "--usage", "--he", "-help" };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		auto_line struct line l = { 0 };

		expect_ok(SCAN(&l, forms[i], "--nope"));
		expect_int(l.outcome, OPTS_HELP);
	}
}

TEST(after_the_version_nothing_matters)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "--version", "--nope", "x"));
	expect(l.args.version);
	expect_ok(SCAN(&l, "-V", "--nope"));
	expect(l.args.version);
}

TEST(a_hidden_option_is_no_prefix)
{
	auto_line struct line l = { 0 };

	expect_err(SCAN(&l, "--versionx", "x"), ERR_INVALID, "unrecognized option '--versionx'");
}

TEST(a_negative_number_is_an_operand)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "x", "-9"));
	expect_int(l.argc, 2);
	expect_str(l.argv[1], "-9");
	expect_ok(SCAN(&l, "-", "x"));
	expect_str(l.argv[0], "-");
}

TEST(a_value_may_look_like_an_option)
{
	auto_line struct line l = { 0 };

	expect_ok(SCAN(&l, "--bundle", "-d", "x"));
	expect_str(l.args.bundle, "-d");
	expect(!l.args.detach);
}

TESTS(CASE(a_flag_is_set_by_its_name_and_by_its_letter),
      CASE(a_value_may_be_attached_or_the_next_word), CASE(a_unique_prefix_is_enough),
      CASE(an_ambiguous_prefix_names_the_possibilities),
      CASE(a_name_that_is_a_prefix_of_another_is_itself),
      CASE(letters_cluster_and_the_last_may_take_a_value),
      CASE(an_optional_value_is_only_taken_when_attached), CASE(two_dashes_end_the_options),
      CASE(options_may_follow_the_operands), CASE(a_command_may_stop_at_its_first_operand),
      CASE(a_long_name_may_stand_behind_one_dash), CASE(a_flag_may_be_given_true_or_false),
      CASE(a_missing_value_is_an_error_of_usage), CASE(an_unknown_option_is_an_error_of_usage),
      CASE(a_set_option_takes_no_value), CASE(a_number_must_be_one_completely),
      CASE(a_word_must_be_in_the_table), CASE(a_list_keeps_all_values_in_order),
      CASE(the_last_string_counts), CASE(help_is_asked_for_in_four_ways),
      CASE(after_the_version_nothing_matters), CASE(a_hidden_option_is_no_prefix),
      CASE(a_negative_number_is_an_operand), CASE(a_value_may_look_like_an_option))
