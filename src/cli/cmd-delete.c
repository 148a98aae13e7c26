/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit delete: remove one container, or all whose id matches.
 */
#include "cli/cli.h"
#include "cli/match.h"
#include "cli/opts.h"

struct delete_args {
	bool force;
	bool regex;
};

/* clang-format off */
static const struct opt delete_opts[] = {
	OPT_FLAG('f', "force", struct delete_args, force,
		 "kill it first if it runs; no error if there is none"),
	OPT_FLAG('r', "regex", struct delete_args, regex, "ID is a regular expression"),
	OPT_END
};
/* clang-format on */

static struct err *delete_one(struct cli *cli, const char *id, void *arg)
{
	const struct delete_args *args = arg;

	return container_delete(&cli->ctx, id, args->force);
}

static struct err *delete_main(struct cli *cli, int argc, char **argv)
{
	struct delete_args args = { 0 };

	TRY(opts_parse(cli, &cmd_delete, &argc, argv, &args));
	if (args.regex)
		return cli_each_match(cli, argv[0], delete_one, &args);
	return delete_one(cli, argv[0], &args);
}

const struct command cmd_delete = {
	.name = "delete",
	.operands = "ID",
	.summary = "Remove a container and what belongs to it",
	.opts = delete_opts,
	.min_operands = 1,
	.max_operands = 1,
	.has_id = true,
	.main = delete_main,
};
