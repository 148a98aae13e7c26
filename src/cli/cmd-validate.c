/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit validate: every mistake in a config at once, nothing is run.
 */
#include "cli/cli.h"
#include "cli/opts.h"

struct validate_args {
	const char *bundle;
	const char *config;
};

/* clang-format off */
static const struct opt validate_opts[] = {
	OPT_STR('b', "bundle", "DIR", struct validate_args, bundle,
		"directory of the bundle (default: .)"),
	OPT_STR('f', "config", "FILE", struct validate_args, config,
		"check this instead of the bundle's config.json"),
	OPT_END
};
/* clang-format on */

static struct err *validate_main(struct cli *cli, int argc, char **argv)
{
	struct validate_args args = { 0 };
	auto_str struct str out = { 0 };

	TRY(opts_parse(cli, &cmd_validate, &argc, argv, &args));
	TRY(container_validate(args.bundle, args.config));
	str_addf(&out, "%s is valid\n", args.config ? args.config : "config.json");
	return cli_print(cli, &out);
}

const struct command cmd_validate = {
	.name = "validate",
	.operands = "",
	.summary = "Check a config and list all its mistakes",
	.opts = validate_opts,
	.main = validate_main,
};
