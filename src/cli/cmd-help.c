/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit help [COMMAND].
 */
#include "cli/cli.h"
#include "cli/help.h"
#include "cli/opts.h"

static const struct opt help_opts[] = { OPT_END };

static struct err *help_main(struct cli *cli, int argc, char **argv)
{
	const struct command *cmd = &global_command;

	TRY(opts_parse(cli, &cmd_help, &argc, argv, NULL));
	if (argc > 0)
		cmd = command_find(argv[0]);
	if (!cmd)
		return err_hint(err_new(ERR_INVALID, "unknown command %s", argv[0]),
				"`davit --help` lists the commands");
	help_and_exit(cli, cmd);
}

const struct command cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "Tell about a command",
	.opts = help_opts,
	.max_operands = 1,
	.main = help_main,
};
