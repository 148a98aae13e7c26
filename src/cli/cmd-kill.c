/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit kill: send a signal to one container, or to all whose id matches.
 */
#include <signal.h>

#include "base/names.h"
#include "cli/cli.h"
#include "cli/match.h"
#include "cli/opts.h"

struct kill_args {
	bool all;
	bool regex;
	int sig;
};

/* clang-format off */
static const struct opt kill_opts[] = {
	OPT_FLAG('a', "all",   struct kill_args, all,   "every process of the container"),
	OPT_FLAG('r', "regex", struct kill_args, regex, "ID is a regular expression"),
	OPT_END
};
/* clang-format on */

static struct err *kill_one(struct cli *cli, const char *id, void *arg)
{
	const struct kill_args *args = arg;

	return container_kill(&cli->ctx, id, args->sig, args->all);
}

static struct err *kill_main(struct cli *cli, int argc, char **argv)
{
	struct kill_args args = { .sig = SIGTERM };

	TRY(opts_parse(cli, &cmd_kill, &argc, argv, &args));
	if (argc > 1)
		args.sig = signal_parse(argv[1]);
	if (args.sig < 0)
		return err_hint(err_new(ERR_INVALID, "unknown signal `%s`", argv[1]),
				"a signal is a name such as TERM or a number from 0 to 64");
	if (args.regex)
		return cli_each_match(cli, argv[0], kill_one, &args);
	return kill_one(cli, argv[0], &args);
}

const struct command cmd_kill = {
	.name = "kill",
	.operands = "ID [SIGNAL]",
	.summary = "Send a signal (default: TERM) to a container",
	.opts = kill_opts,
	.min_operands = 1,
	.max_operands = 2,
	.has_id = true,
	.main = kill_main,
};
