/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing the rows of a plan into the control files.
 */
#ifndef CGROUP_APPLY_H
#define CGROUP_APPLY_H

#include "cgroup/cgroup.h"

MUST_CHECK struct err *apply_writes(const struct cgroup_plan *plan);
/* The same; *RET_REACHED is the number of rows that may have been written, in any case. */
MUST_CHECK struct err *apply_rows(const struct cgroup_plan *plan, size_t *ret_reached);

#endif
