/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit state: the OCI state, or how davit came to know it.
 */
#include "cli/cli.h"
#include "cli/opts.h"

struct state_args {
	bool explain;
};

/* clang-format off */
static const struct opt state_opts[] = {
	OPT_FLAG(0, "explain", struct state_args, explain, "tell how the answer was found, as text"),
	OPT_END
};
/* clang-format on */

static struct err *state_main(struct cli *cli, int argc, char **argv)
{
	auto_str struct str out = { 0 };
	struct state_args args = { 0 };

	TRY(opts_parse(cli, &cmd_state, &argc, argv, &args));
	TRY(container_state(&cli->ctx, argv[0], args.explain, &out));
	if (out.len > 0 && out.s[out.len - 1] != '\n')
		str_add(&out, "\n");
	return cli_print(cli, &out);
}

const struct command cmd_state = {
	.name = "state",
	.operands = "ID",
	.summary = "Show the state of a container as JSON",
	.opts = state_opts,
	.min_operands = 1,
	.max_operands = 1,
	.has_id = true,
	.main = state_main,
};
