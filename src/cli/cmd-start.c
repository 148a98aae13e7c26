/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit start.
 */
#include "cli/cli.h"
#include "cli/opts.h"

static const struct opt start_opts[] = { OPT_END };

static struct err *start_main(struct cli *cli, int argc, char **argv)
{
	TRY(opts_parse(cli, &cmd_start, &argc, argv, NULL));
	return container_start(&cli->ctx, argv[0]);
}

const struct command cmd_start = {
	.name = "start",
	.operands = "ID",
	.summary = "Start the program of a created container",
	.opts = start_opts,
	.min_operands = 1,
	.max_operands = 1,
	.has_id = true,
	.main = start_main,
};
