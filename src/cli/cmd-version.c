/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit version, davit --version: touches nothing on the system.
 */
#include "cli/cli.h"
#include "cli/opts.h"
#include "cli/version.h"
#include "spec/spec.h"

struct err *version_print(struct cli *cli)
{
	auto_str struct str out = { 0 };

	str_addf(&out, "davit version " DAVIT_VERSION "\ncommit: %s\nrundir: %s\n", davit_commit,
		 cli->ctx.state_root);
	str_add(&out, "spec: " SPEC_OCI_VERSION "\n"
		      "+SYSTEMD +SELINUX +APPARMOR +CAP +SECCOMP +EBPF +JSON_C\n");
	return cli_print(cli, &out);
}

static const struct opt version_opts[] = { OPT_END };

static struct err *version_main(struct cli *cli, int argc, char **argv)
{
	TRY(opts_parse(cli, &cmd_version, &argc, argv, NULL));
	return version_print(cli);
}

const struct command cmd_version = {
	.name = "version",
	.operands = "",
	.summary = "Show version and features",
	.opts = version_opts,
	.main = version_main,
};
