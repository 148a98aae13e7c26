/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command for many containers (--regex).
 */
#ifndef CLI_MATCH_H
#define CLI_MATCH_H

#include "cli/cli.h"

/*
 * Calls WORK for each container whose id matches the extended regular expression PATTERN; one
 * that fails is reported and the rest is done.
 */
MUST_CHECK struct err *
cli_each_match(struct cli *cli, const char *pattern,
	       struct err *(*work)(struct cli *cli, const char *id, void *arg), void *arg);

#endif
