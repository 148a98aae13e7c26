/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the option tables say: see help.h.
 */
#include "cli/help.h"

#include "cli/cli.h"
#include "cli/json.h"

enum { HELP_COLUMN = 28 };

static void pad_to(struct str *out, size_t line_start, size_t column)
{
	if (out->len - line_start >= column) {
		str_add(out, "\n");
		line_start = out->len - 1;
		column++;
	}
	while (out->len - line_start < column)
		str_add(out, " ");
}

static void print_option(struct str *out, const struct opt *o)
{
	size_t start = out->len;

	str_add(out, "  ");
	if (o->letter)
		str_addf(out, "-%c", o->letter);
	if (o->letter && o->name)
		str_add(out, ", ");
	if (!o->letter)
		str_add(out, "    ");
	if (o->name)
		str_addf(out, "--%s", o->name);
	if (o->arg)
		str_addf(out, o->kind == OPT_KIND_MAYBE ? "[=%s]" : " %s", o->arg);
	pad_to(out, start, HELP_COLUMN);
	str_addf(out, "%s\n", o->help);
}

static bool has_visible_option(const struct command *cmd)
{
	for (const struct opt *o = cmd->opts; o->kind; o++) {
		if (o->help)
			return true;
	}
	return false;
}

static void print_commands(struct str *out)
{
	str_add(out, "\nCommands:\n");
	for (const struct command *const *c = commands; *c; c++)
		str_addf(out, "  %-12s%s\n", (*c)->name, (*c)->summary);
}

void help_print(const struct command *cmd, struct str *out)
{
	static const struct opt help = { .letter = 'h',
					 .name = "help",
					 .help = "show this help (also -?, --usage)" };

	str_add(out, "Usage: davit [OPTION]...");
	if (cmd->name) {
		str_addf(out, " %s%s", cmd->name, has_visible_option(cmd) ? " [OPTION]..." : "");
		if (*cmd->operands)
			str_addf(out, " %s", cmd->operands);
	} else {
		str_add(out, " COMMAND [OPTION]... [ARGUMENT]...");
	}
	str_addf(out, "\n\n%s.\n", cmd->summary);
	if (cmd->notes)
		str_addf(out, "\n%s\n", cmd->notes);
	if (!cmd->name)
		print_commands(out);
	str_add(out, "\nOptions:\n");
	for (const struct opt *o = cmd->opts; o->kind; o++) {
		if (o->help)
			print_option(out, o);
	}
	print_option(out, &help);
	if (!cmd->name)
		str_add(out, "\n`davit COMMAND --help` tells about one command.\n");
}

void help_and_exit(struct cli *cli, const struct command *cmd)
{
	auto_str struct str out = { 0 };
	struct err *e;

	help_print(cmd, &out);
	e = cli_print(cli, &out);
	cli_report(cli, e);
	exit(cli->status);
}

static void dump_words(struct str *out, const struct word *words)
{
	str_add(out, "[");
	for (const struct word *w = words; w && w->name; w++) {
		str_add(out, w == words ? "" : ", ");
		json_add(out, w->name);
	}
	str_add(out, "]");
}

static void dump_option(struct str *out, const struct opt *o)
{
	static const char *const kinds[] = {
		[OPT_KIND_FLAG] = "flag",   [OPT_KIND_SET] = "flag",  [OPT_KIND_STR] = "string",
		[OPT_KIND_UINT] = "uint",   [OPT_KIND_WORD] = "word", [OPT_KIND_LIST] = "list",
		[OPT_KIND_MAYBE] = "maybe",
	};
	char letter[2] = { o->letter, '\0' };

	str_addf(out, "{\"kind\": \"%s\", \"letter\": ", kinds[o->kind]);
	json_add(out, letter);
	str_add(out, ", \"name\": ");
	json_add(out, o->name ? o->name : "");
	str_add(out, ", \"arg\": ");
	json_add(out, o->arg ? o->arg : "");
	str_add(out, ", \"words\": ");
	dump_words(out, o->words);
	str_add(out, ", \"help\": ");
	json_add(out, o->help);
	str_add(out, "}");
}

static void dump_command(struct str *out, const struct command *cmd)
{
	bool first = true;

	str_add(out, "    {\"name\": ");
	json_add(out, cmd->name ? cmd->name : "");
	str_add(out, ", \"operands\": ");
	json_add(out, cmd->operands);
	str_add(out, ", \"summary\": ");
	json_add(out, cmd->summary);
	str_addf(out, ", \"has_id\": %s, \"stops_at_operand\": %s, \"verbs\": ",
		 cmd->has_id ? "true" : "false", cmd->stops_at_operand ? "true" : "false");
	dump_words(out, cmd->verbs);
	str_add(out, ", \"options\": [");
	for (const struct opt *o = cmd->opts; o->kind; o++) {
		if (!o->help)
			continue;
		str_add(out, first ? "\n      " : ",\n      ");
		dump_option(out, o);
		first = false;
	}
	str_add(out, "]}");
}

void help_dump(struct str *out)
{
	str_add(out, "{\n  \"commands\": [\n");
	dump_command(out, &global_command);
	for (const struct command *const *c = commands; *c; c++) {
		str_add(out, ",\n");
		dump_command(out, *c);
	}
	str_add(out, "\n  ]\n}\n");
}
