/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sources of bind mounts for a container that runs: its own mount namespace does not show them.
 */
#ifndef CONTAINER_MOUNT_SOURCES_H
#define CONTAINER_MOUNT_SOURCES_H

#include "container/context.h"

/* HOST: opens them as detached trees, into .sources. */
MUST_CHECK struct err *step_open_live_sources(struct run *r);

#endif
