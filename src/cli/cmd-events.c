/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit events: statistics once or again and again, and a notice when memory runs out.
 */
#include "cli/cli.h"
#include "cli/events-print.h"
#include "cli/opts.h"
#include "cli/size.h"

enum format { FORMAT_JSON, FORMAT_TABLE, FORMAT_PROMETHEUS };

struct events_args {
	bool stats;
	bool all;
	int format;
	const char *interval;
};

static const struct word format_words[] = {
	{ "json", FORMAT_JSON },
	{ "table", FORMAT_TABLE },
	{ "prometheus", FORMAT_PROMETHEUS },
	{ NULL, 0 },
};

/* clang-format off */
static const struct opt events_opts[] = {
	OPT_FLAG( 0 , "stats", struct events_args, stats,
		 "the statistics of this moment, then end"),
	OPT_STR ( 0 , "interval", "TIME", struct events_args, interval,
		 "time between statistics (default: 5s)"),
	OPT_WORD('f', "format", "FORMAT", struct events_args, format, format_words,
		 "json (default), table or prometheus"),
	OPT_FLAG('a', "all", struct events_args, all,
		 "of every container that is alive"),
	OPT_END
};
/* clang-format on */

struct printer {
	struct cli *cli;
	int format;
	struct events_table table;
};

static struct err *print_events(void *arg, const struct event *v, size_t n)
{
	struct printer *p = arg;
	auto_str struct str out = { 0 };

	if (p->format == FORMAT_TABLE)
		events_table(&p->table, v, n, &out);
	else if (p->format == FORMAT_PROMETHEUS)
		events_prometheus(v, n, &out);
	for (size_t i = 0; i < n && p->format == FORMAT_JSON; i++)
		events_json(&v[i], &out);
	return out.len > 0 ? cli_print(p->cli, &out) : NULL;
}

static void report(void *arg, const char *id, struct err *e)
{
	struct printer *p = arg;

	(void)id;
	cli_report(p->cli, e);
}

static struct err *list_alive(struct cli *cli, struct strv *ret)
{
	struct list list = { 0 };

	TRY(container_list(&cli->ctx, &list));
	for (size_t i = 0; i < list.n; i++) {
		const struct list_entry *c = &list.v[i];

		if (!c->problem && c->status != STATUS_STOPPED && c->status != STATUS_CREATING)
			strv_add(ret, c->id);
	}
	list_done(&list);
	return NULL;
}

static struct err *choose(struct cli *cli, const struct events_args *args, int argc, char **argv,
			  struct strv *ret)
{
	if (args->all && argc > 0)
		return err_hint(err_new(ERR_INVALID, "--all and an ID exclude each other"),
				"leave out %s", argv[0]);
	if (args->all)
		return list_alive(cli, ret);
	if (argc == 0)
		return err_hint(err_new(ERR_INVALID, "please specify a ID for the container"),
				"davit events %s, or --all", cmd_events.operands);
	for (int i = 0; i < argc; i++)
		strv_add(ret, argv[i]);
	return NULL;
}

static struct err *events_main(struct cli *cli, int argc, char **argv)
{
	struct events_args args = { .interval = "5s", .format = FORMAT_JSON };
	struct printer printer = { .cli = cli };
	struct events_opts opts = { .sink = print_events, .report = report, .arg = &printer };
	auto_strv struct strv ids = { 0 };
	struct err *e;

	TRY(opts_parse(cli, &cmd_events, &argc, argv, &args));
	TRY(duration_parse("interval", args.interval, &opts.interval_ms));
	TRY(choose(cli, &args, argc, argv, &ids));
	printer.format = args.format;
	opts.ids = ids.v;
	opts.n_ids = ids.n;
	opts.once = args.stats;
	e = container_events(&cli->ctx, &opts);
	events_table_done(&printer.table);
	return e;
}

const struct command cmd_events = {
	.name = "events",
	.operands = "[ID]...",
	.summary = "Show what containers use, and when memory runs out",
	.notes = "Without --stats it goes on until the last of the containers has ended.\n"
		 "TIME is a number of seconds, or one with a unit: 500ms, 5s, 1m.",
	.opts = events_opts,
	.max_operands = ANY_NUMBER,
	.main = events_main,
};
