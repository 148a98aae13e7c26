/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A foreground process: signals are handed on, its terminal is copied, its exit status returned.
 */
#ifndef CONTAINER_MONITOR_H
#define CONTAINER_MONITOR_H

#include "base/err.h"
#include "container/context.h"

/* Until run->pid ends.  128 + n for a signal. */
MUST_CHECK struct err *monitor_run(struct run *run, int *ret_status);

#endif
