/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit list: a table for people (crun's columns), JSON for programs (go-runc's members).
 *
 * A container whose record cannot be read is listed as "unknown" and reported on standard error; it
 * hides none of the others and is no error of list.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "cli/opts.h"
#include "cli/words.h"

struct list_args {
	bool quiet;
	int format;
};

const struct word output_words[] = {
	{ "table", OUTPUT_TABLE },
	{ "json", OUTPUT_JSON },
	{ NULL, 0 },
};

/* clang-format off */
static const struct opt list_opts[] = {
	OPT_FLAG('q', "quiet", struct list_args, quiet, "the ids only"),
	OPT_WORD('f', "format", "FORMAT", struct list_args, format, output_words,
		 "table (default) or json"),
	OPT_END
};
/* clang-format on */

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static const char *entry_status(const struct list_entry *c)
{
	return c->problem ? "unknown" : status_name(c->status);
}

static void print_ids(const struct list *list, struct str *out)
{
	for (size_t i = 0; i < list->n; i++)
		str_addf(out, "%s\n", list->v[i].id);
}

static void print_table(const struct list *list, struct str *out)
{
	size_t width = 4;

	for (size_t i = 0; i < list->n; i++)
		width = MAX(width, strlen(list->v[i].id));
	width++;
	str_addf(out, "%-*s%-10s%-8s %-39s %-30s %s\n", (int)width, "NAME", "PID", "STATUS",
		 "BUNDLE PATH", "CREATED", "OWNER");
	for (size_t i = 0; i < list->n; i++) {
		const struct list_entry *c = &list->v[i];

		str_addf(out, "%-*s%-10d%-8s %-39s %-30s %s\n", (int)width, c->id, (int)c->pid,
			 entry_status(c), or_empty(c->bundle), or_empty(c->created),
			 or_empty(c->owner));
	}
}

/* NULL is left out: go-runc would not take "" as a time. */
static void add_member(struct str *out, const char *name, const char *value)
{
	if (!value)
		return;
	str_addf(out, ",\n    \"%s\": ", name);
	json_add(out, value);
}

static void print_json(const struct list *list, struct str *out)
{
	str_add(out, "[");
	for (size_t i = 0; i < list->n; i++) {
		const struct list_entry *c = &list->v[i];

		str_add(out, i == 0 ? "\n  {\n    \"id\": " : ",\n  {\n    \"id\": ");
		json_add(out, c->id);
		add_member(out, "ociVersion", c->oci_version);
		str_addf(out, ",\n    \"pid\": %d", (int)c->pid);
		add_member(out, "status", entry_status(c));
		add_member(out, "bundle", c->bundle);
		add_member(out, "rootfs", c->rootfs);
		add_member(out, "created", c->created);
		add_member(out, "owner", c->owner);
		if (c->annotations_json)
			str_addf(out, ",\n    \"annotations\": %s", c->annotations_json);
		str_add(out, "\n  }");
	}
	str_add(out, list->n == 0 ? "]\n" : "\n]\n");
}

static void report_problems(struct cli *cli, const struct list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct list_entry *c = &list->v[i];

		if (c->problem)
			logger_notice(&cli->logger, c->problem);
	}
}

static struct err *list_main(struct cli *cli, int argc, char **argv)
{
	struct list_args args = { .format = OUTPUT_TABLE };
	auto_str struct str out = { 0 };
	struct list list = { 0 };

	TRY(opts_parse(cli, &cmd_list, &argc, argv, &args));
	TRY(container_list(&cli->ctx, &list));
	if (args.format == OUTPUT_JSON)
		print_json(&list, &out);
	else if (args.quiet)
		print_ids(&list, &out);
	else
		print_table(&list, &out);
	report_problems(cli, &list);
	list_done(&list);
	return out.len > 0 ? cli_print(cli, &out) : NULL;
}

const struct command cmd_list = {
	.name = "list",
	.operands = "",
	.summary = "List the containers",
	.opts = list_opts,
	.main = list_main,
};
