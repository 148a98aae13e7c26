/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.maskedPaths and linux.readonlyPaths, after the pivot: "/" is the container's root.
 *
 * The mask never comes from the container: one empty read-only file system, made detached, whose
 * directory is cloned for directories; for files a verified null device (char 1:3) that HOST
 * opened.
 */
#ifndef OS_MASK_H
#define OS_MASK_H

#include "base/arena.h"
#include "base/err.h"

struct spec;

struct mask_plan {
	size_t n_masked;
	char **masked; /* each once */
	size_t n_readonly;
	char **readonly;
	char *label; /* SELinux; NULL */
};

MUST_CHECK struct err *mask_plan_make(struct arena *a, const struct spec *spec,
				      struct mask_plan *ret);
/* NULL_FD: the host's /dev/null as a detached tree or O_PATH descriptor (mask_open_null). */
MUST_CHECK struct err *mask_open_null(int *ret_fd);
MUST_CHECK struct err *mask_apply(const struct mask_plan *plan, int null_fd);

#endif
