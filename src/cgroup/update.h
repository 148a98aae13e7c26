/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a control file has to be told to say again what it said before a write.
 */
#ifndef CGROUP_UPDATE_H
#define CGROUP_UPDATE_H

#include "cgroup/cgroup.h"

/*
 * FILE says TEXT, and WRITTEN is about to be written into it.  NULL when there is nothing that
 * would take that back.  Owned by the caller.
 */
char *update_value_before(const char *file, const char *written, const char *text);

#endif
