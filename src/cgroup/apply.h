/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing the rows of a plan into the control files.
 */
#ifndef CGROUP_APPLY_H
#define CGROUP_APPLY_H

#include "cgroup/cgroup.h"

MUST_CHECK struct err *apply_writes(const struct cgroup_plan *plan);

#endif
