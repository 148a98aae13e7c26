/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit pause.
 */
#include "cli/cli.h"
#include "cli/opts.h"

static const struct opt pause_opts[] = { OPT_END };

static struct err *pause_main(struct cli *cli, int argc, char **argv)
{
	TRY(opts_parse(cli, &cmd_pause, &argc, argv, NULL));
	return container_pause(&cli->ctx, argv[0]);
}

const struct command cmd_pause = {
	.name = "pause",
	.operands = "ID",
	.summary = "Freeze all processes of a container",
	.opts = pause_opts,
	.min_operands = 1,
	.max_operands = 1,
	.has_id = true,
	.main = pause_main,
};
