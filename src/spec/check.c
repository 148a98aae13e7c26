/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that span members: see check.h.
 */
#include "spec/check.h"

void check_config(const struct spec *s, struct mistakes *m)
{
}

void check_process(const struct spec_process *p, const char *path, struct mistakes *m)
{
}

void check_resources(const struct spec_resources *r, const char *path, struct mistakes *m)
{
}

struct err *spec_check_runnable(const struct spec *s)
{
	if (!s->root)
		return err_new(ERR_INVALID, "root: is required to create a container");
	if (!s->process)
		return err_new(ERR_INVALID, "process: is required to create a container");
	if (s->process->args.n == 0)
		return err_new(ERR_INVALID, "process.args: must not be empty");
	return NULL;
}
