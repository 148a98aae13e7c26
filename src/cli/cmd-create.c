/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit create.
 */
#include "cli/cli.h"
#include "cli/run-opts.h"

/* clang-format off */
static const struct opt create_opts[] = {
	RUN_OPTS_SHARED,
	OPT_FLAG('d', "detach", struct run_args, run.detach,
		 "for callers of run: create always returns"),
	OPT_END
};
/* clang-format on */

static struct err *create_main(struct cli *cli, int argc, char **argv)
{
	struct run_args args = { 0 };

	TRY(opts_parse(cli, &cmd_create, &argc, argv, &args));
	args.run.id = argv[0];
	args.run.detach = false;
	return container_create(&cli->ctx, &args.run);
}

const struct command cmd_create = {
	.name = "create",
	.operands = "ID",
	.summary = "Set a container up, ready for start",
	.opts = create_opts,
	.min_operands = 1,
	.max_operands = 1,
	.has_id = true,
	.enters_container = true,
	.main = create_main,
};
