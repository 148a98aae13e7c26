/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the words of a command by its table (command.h).
 *
 * As getopt_long(3): --name value, --name=value, unique prefixes, clusters of short options, "--"
 * ends.  Beyond it: options may follow the operands unless the command says stops_at_operand; a
 * long name may stand behind one dash and a flag may be given =true or =false, the way Go programs
 * write them; a word that begins like a negative number is an operand.
 *
 * Strings are not copied: they live as long as argv.
 */
#ifndef CLI_OPTS_H
#define CLI_OPTS_H

#include "base/err.h"
#include "cli/command.h"

enum opts_outcome {
	OPTS_DONE,
	OPTS_HELP,  /* asked for help: nothing else counts */
	OPTS_USAGE, /* the returned error is one of usage */
};

/*
 * Moves the operands to ARGV[0] … ARGV[*ARGC - 1] and stores the options in ARGS.  Neither prints
 * nor ends: for opts_parse(), and for tests.  *RET is set in any case.
 */
MUST_CHECK struct err *opts_scan(const struct command *cmd, int *argc, char **argv, void *args,
				 enum opts_outcome *ret);

/*
 * What a command begins with: opts_scan(), --help (prints and ends the process), the number of
 * operands.
 */
MUST_CHECK struct err *opts_parse(struct cli *cli, const struct command *cmd, int *argc,
				  char **argv, void *args);

#endif
