/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit features: what this build can do, as the runtime-spec's features document.
 */
#include "cli/cli.h"
#include "cli/opts.h"
#include "spec/spec.h"

static const struct opt features_opts[] = { OPT_END };

static struct err *features_main(struct cli *cli, int argc, char **argv)
{
	auto_free char *text = NULL;
	auto_str struct str out = { 0 };

	TRY(opts_parse(cli, &cmd_features, &argc, argv, NULL));
	text = spec_features();
	str_add(&out, text);
	if (out.len > 0 && out.s[out.len - 1] != '\n')
		str_add(&out, "\n");
	return cli_print(cli, &out);
}

const struct command cmd_features = {
	.name = "features",
	.operands = "",
	.summary = "Show what this davit supports as JSON",
	.opts = features_opts,
	.main = features_main,
};
