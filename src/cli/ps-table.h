/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ps(1) run for a container: its table with the lines of other processes left out.
 */
#ifndef CLI_PS_TABLE_H
#define CLI_PS_TABLE_H

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

struct pid_set {
	const pid_t *v; /* ascending */
	size_t n;
};

/* Runs ps(1) with ARGS (n_args of them) and keeps its header and the lines of PIDS. */
MUST_CHECK struct err *ps_table(char *const *args, size_t n_args, const struct pid_set *pids,
				struct str *out);
/* The filter alone, for the tests. */
MUST_CHECK struct err *ps_filter(const char *text, const struct pid_set *pids, struct str *out);

#endif
