/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options before the command, as a table.
 */
#include "cli/globals.h"

#include "cgroup/cgroup.h"
#include "cli/command.h"
#include "cli/logger.h"

static const struct word manager_words[] = {
	{ "cgroupfs", CGROUP_MANAGER_FS },
	{ "systemd", CGROUP_MANAGER_SYSTEMD },
	{ "disabled", CGROUP_MANAGER_DISABLED },
	{ NULL, 0 },
};

static const struct word format_words[] = {
	{ "text", LOGGER_TEXT },
	{ "json", LOGGER_JSON },
	{ NULL, 0 },
};

static const struct word level_words[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARNING },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
	{ NULL, 0 },
};

/* clang-format off */
static const struct opt global_opts[] = {
	OPT_STR ( 0 , "root", "DIR", struct global_args, root,
		 "where the state of containers is kept (default: /run/davit)"),
	OPT_WORD( 0 , "cgroup-manager", "MANAGER", struct global_args, manager, manager_words,
		 "who makes cgroups: cgroupfs (default), systemd or disabled"),
	OPT_SET ( 0 , "systemd-cgroup", struct global_args, manager, CGROUP_MANAGER_SYSTEMD,
		 "the same as --cgroup-manager=systemd"),
	OPT_STR ( 0 , "log", "TARGET", struct global_args, log,
		 "log to [file:]PATH, syslog:IDENT or journald:IDENT"),
	OPT_WORD( 0 , "log-format", "FORMAT", struct global_args, log_format, format_words,
		 "text (default) or json"),
	OPT_WORD( 0 , "log-level", "LEVEL", struct global_args, log_level, level_words,
		 "error (default), warning, info or debug"),
	OPT_SET ( 0 , "debug", struct global_args, log_level, LOG_LEVEL_DEBUG,
		 "the same as --log-level=debug"),
	OPT_STR ( 0 , "rootless", "VALUE", struct global_args, rootless,
		 "accepted as runc does: davit finds out by itself"),
	OPT_LAST('v', "version", struct global_args, version, "show version and features"),
	OPT_LAST('V', NULL, struct global_args, version, NULL),
	OPT_LAST( 0 , "dump-options", struct global_args, dump_options, NULL),
	OPT_END
};
/* clang-format on */

const struct command global_command = {
	.operands = "COMMAND",
	.summary = "Run containers from OCI bundles",
	.opts = global_opts,
	.max_operands = ANY_NUMBER,
	.stops_at_operand = true,
};
