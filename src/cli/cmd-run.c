/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit run: create, start, wait, delete; with --plan nothing but telling.
 */
#include "cli/cli.h"
#include "cli/run-opts.h"

/* clang-format off */
static const struct opt run_opts[] = {
	RUN_OPTS_SHARED,
	OPT_FLAG('d', "detach", struct run_args, run.detach,
		 "return as soon as the container runs"),
	OPT_FLAG( 0 , "keep", struct run_args, run.keep,
		 "keep the stopped container: do not delete it"),
	OPT_FLAG( 0 , "plan", struct run_args, plan,
		 "print what would be done and change nothing"),
	OPT_END
};
/* clang-format on */

static struct err *print_plan(struct cli *cli, const struct run_opts *opts)
{
	auto_str struct str out = { 0 };

	TRY(container_plan(&cli->ctx, opts, &out));
	return cli_print(cli, &out);
}

static struct err *run_main(struct cli *cli, int argc, char **argv)
{
	struct run_args args = { 0 };

	TRY(opts_parse(cli, &cmd_run, &argc, argv, &args));
	args.run.id = argv[0];
	if (args.plan)
		return print_plan(cli, &args.run);
	return container_run(&cli->ctx, &args.run, &cli->status);
}

const struct command cmd_run = {
	.name = "run",
	.operands = "ID",
	.summary = "Create a container, start it and wait for its end",
	.notes =
		"Ends with the exit status of the container's process, 128 + N if signal N killed it.",
	.opts = run_opts,
	.min_operands = 1,
	.max_operands = 1,
	.has_id = true,
	.enters_container = true,
	.main = run_main,
};
