/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit ps: the processes of a container, by their pids on the host.
 */
#include "cli/cli.h"
#include "cli/opts.h"
#include "cli/ps-table.h"
#include "cli/words.h"

struct ps_args {
	int format;
};

/* clang-format off */
static const struct opt ps_opts[] = {
	OPT_WORD('f', "format", "FORMAT", struct ps_args, format, output_words,
		 "table (default) or json"),
	OPT_END
};
/* clang-format on */

static void print_table(const struct pid_set *pids, struct str *out)
{
	str_add(out, "PID\n");
	for (size_t i = 0; i < pids->n; i++)
		str_addf(out, "%d\n", (int)pids->v[i]);
}

static void print_json(const struct pid_set *pids, struct str *out)
{
	str_add(out, "[\n");
	for (size_t i = 0; i < pids->n; i++)
		str_addf(out, "  %d%s\n", (int)pids->v[i], i + 1 < pids->n ? "," : "");
	str_add(out, "]\n");
}

static struct err *ps_main(struct cli *cli, int argc, char **argv)
{
	struct ps_args args = { .format = OUTPUT_TABLE };
	auto_str struct str out = { 0 };
	auto_free pid_t *v = NULL;
	struct pid_set pids;
	size_t n = 0;

	TRY(opts_parse(cli, &cmd_ps, &argc, argv, &args));
	if (args.format == OUTPUT_JSON && argc > 1)
		return err_hint(err_new(ERR_INVALID, "ps options do not go with --format=json"),
				"leave out %s", argv[1]);
	TRY(container_pids(&cli->ctx, argv[0], &v, &n));
	pids = (struct pid_set){ .v = v, .n = n };
	if (args.format == OUTPUT_JSON)
		print_json(&pids, &out);
	else if (argc > 1)
		TRY(ps_table(argv + 1, (size_t)argc - 1, &pids, &out));
	else
		print_table(&pids, &out);
	return cli_print(cli, &out);
}

const struct command cmd_ps = {
	.name = "ps",
	.operands = "ID [PS-OPTION]...",
	.summary = "List the processes of a container",
	.notes =
		"Options stand before ID: what follows is given to ps(1), whose table is printed then.",
	.opts = ps_opts,
	.min_operands = 1,
	.max_operands = ANY_NUMBER,
	.has_id = true,
	.stops_at_operand = true,
	.main = ps_main,
};
