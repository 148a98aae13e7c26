/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options before the command.
 */
#ifndef CLI_GLOBALS_H
#define CLI_GLOBALS_H

#include "base/base.h"

struct global_args {
	const char *root;
	const char *log;
	const char *rootless; /* for runc's clients: what is right follows from the ids of the
				 caller */
	int manager;
	int log_format;
	int log_level;
	bool version;
	bool dump_options;
};

#endif
