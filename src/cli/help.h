/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the option tables say to people (--help) and to tools (--dump-options).
 */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/str.h"
#include "cli/command.h"

void help_print(const struct command *cmd, struct str *out);
/* All commands and options as JSON, for tools/check-cli. */
void help_dump(struct str *out);
/* Prints the help of CMD and ends: with 0, or EXIT_ERROR when standard output is full or closed. */
NORETURN void help_and_exit(struct cli *cli, const struct command *cmd);

#endif
