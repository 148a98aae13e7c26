/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option --env: see env.h.
 */
#include "cli/env.h"

#include <string.h>

struct err *env_check(const struct strv *env)
{
	for (size_t i = 0; i < env->n; i++) {
		if (!strchr(env->v[i], '=') || env->v[i][0] == '=')
			return err_hint(err_new(ERR_INVALID, "invalid --env `%s`", env->v[i]),
					"--env takes NAME=VALUE");
	}
	return NULL;
}
