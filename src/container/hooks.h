/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The six kinds of hooks.  Each gets the container's state on its standard input, runs in the
 * bundle and ends before the next one begins.  The first failure is the error; it names kind,
 * index, path, what happened and the last lines the hook printed.
 */
#ifndef CONTAINER_HOOKS_H
#define CONTAINER_HOOKS_H

#include "base/err.h"
#include "container/context.h"

/*
 * HOST: opens what run.oci.hooks.stdout and .stderr name, which INIT inherits: a hook in the
 * container writes to the files of the host, too.
 */
MUST_CHECK struct err *step_open_hook_files(struct run *run);
/* HOST.  STATUS is the word for the state on stdin; the pid is 0 when it is "stopped". */
MUST_CHECK struct err *hooks_run(struct run *run, enum hook_kind kind, const char *status);
/* INIT: createContainer (before the pivot) and startContainer (in the container). */
MUST_CHECK struct err *hooks_run_in_container(struct run *run, enum hook_kind kind);
/* After a delete: all of them run, failures are warnings. */
void hooks_run_poststop(const struct spec *spec, const struct record *record);

#endif
