/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit --version.
 */
#ifndef CLI_VERSION_H
#define CLI_VERSION_H

#include "base/err.h"

struct cli;

/* The commit of the build, from commit.c. */
extern const char davit_commit[];

MUST_CHECK struct err *version_print(struct cli *cli);

#endif
