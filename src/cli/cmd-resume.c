/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit resume.
 */
#include "cli/cli.h"
#include "cli/opts.h"

static const struct opt resume_opts[] = { OPT_END };

static struct err *resume_main(struct cli *cli, int argc, char **argv)
{
	TRY(opts_parse(cli, &cmd_resume, &argc, argv, NULL));
	return container_resume(&cli->ctx, argv[0]);
}

const struct command cmd_resume = {
	.name = "resume",
	.operands = "ID",
	.summary = "Thaw all processes of a container",
	.opts = resume_opts,
	.min_operands = 1,
	.max_operands = 1,
	.has_id = true,
	.main = resume_main,
};
