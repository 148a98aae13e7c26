/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option --env.
 */
#ifndef CLI_ENV_H
#define CLI_ENV_H

#include "base/err.h"
#include "base/str.h"

/* Is each NAME=VALUE? */
MUST_CHECK struct err *env_check(const struct strv *env);

#endif
