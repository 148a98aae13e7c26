/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command gets from main(): the context of the library, where records go, how davit exits.
 *
 * Output goes through cli_print(), so that a full or closed standard output is an error.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/err.h"
#include "base/str.h"
#include "cli/logger.h"
#include "container/container.h"

/* The exit codes of davit itself; run and exec also end with the status of the program. */
enum {
	EXIT_ERROR = 1,
	EXIT_USAGE = 64,       /* sysexits.h, as crun */
	EXIT_EXEC_ERROR = 255, /* exec could not start the program */
};

struct cli {
	struct ctx ctx;
	struct logger logger;
	char **argv;           /* the words of the call, as they came */
	bool is_stdout_closed; /* by the caller: descriptor 1 is /dev/null now */
	int status;            /* what davit ends with unless an error is returned */
	int error_status;      /* and what it ends with then */
};

MUST_CHECK struct err *cli_print(struct cli *cli, const struct str *text);
/* Reports E and goes on to the next object: davit ends with EXIT_ERROR.  Takes E; NULL is fine. */
void cli_report(struct cli *cli, struct err *e);

/* Where the state of the containers is; OPTION is --root or NULL.  Owned by the caller. */
MUST_CHECK struct err *cli_state_root(const char *option, char **ret);

#endif
