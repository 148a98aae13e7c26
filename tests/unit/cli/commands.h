/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command of every kind of option; what main.c would bring along.
 */
#ifndef TESTS_UNIT_CLI_COMMANDS_H
#define TESTS_UNIT_CLI_COMMANDS_H

#include "cli/command.h"

struct sample_args {
	bool detach;
	bool keep;
	int mode;
	const char *bundle;
	const char *pid_file;
	const char *pidfd_socket;
	unsigned fds;
	int format;
	struct strv env;
	int tty;
	bool version;
};

static const struct word format_words[] = { { "table", 1 }, { "json", 2 }, { NULL, 0 } };

/* clang-format off */
static const struct opt sample_opts[] = {
	OPT_FLAG('d', "detach", struct sample_args, detach, "return at once"),
	OPT_FLAG( 0 , "keep", struct sample_args, keep, "keep it"),
	OPT_SET ( 0 , "strict", struct sample_args, mode, 7, "be strict"),
	OPT_STR ('b', "bundle", "DIR", struct sample_args, bundle, "the bundle"),
	OPT_STR ( 0 , "pid-file", "FILE", struct sample_args, pid_file, "the pid"),
	OPT_STR ( 0 , "pidfd-socket", "SOCKET", struct sample_args, pidfd_socket, "the pidfd"),
	OPT_UINT( 0 , "preserve-fds", "N", struct sample_args, fds, "descriptors"),
	OPT_WORD('f', "format", "FORMAT", struct sample_args, format, format_words, "table or json"),
	OPT_LIST('e', "env", "NAME=VALUE", struct sample_args, env, "variables"),
	OPT_MAYBE('t', "tty", "BOOL", struct sample_args, tty, "a terminal"),
	OPT_LAST('v', "version", struct sample_args, version, "the version"),
	OPT_LAST('V', NULL, struct sample_args, version, NULL),
	OPT_END
};
/* clang-format on */

static const struct command sample = {
	.name = "sample",
	.operands = "ID",
	.summary = "Do a thing",
	.opts = sample_opts,
	.min_operands = 1,
	.max_operands = 1,
	.has_id = true,
};

const struct command *const commands[] = { &sample, NULL };
const struct command global_command = { .operands = "", .summary = "All", .opts = sample_opts };

#endif
