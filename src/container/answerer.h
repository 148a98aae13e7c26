/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answerer: the process in which the seccomp notify plugins of a container run.
 *
 * A plugin is somebody else's code and may hang or crash, so it never runs in the runtime itself,
 * and it must answer as long as the container lives, also when the runtime has left (`create`,
 * `start`, --detach).  The answerer ends when no process is left that could ask, or with the
 * container's first process; a plugin that holds it up then is cut short after two seconds.
 */
#ifndef CONTAINER_ANSWERER_H
#define CONTAINER_ANSWERER_H

#include "base/err.h"
#include "container/context.h"

/* HOST, before anything is made: could they be loaded?  `create` is to say so, not `start`. */
MUST_CHECK struct err *step_try_plugins(struct run *run);
/* Returns when the plugins are ready to answer on LISTENER_FD. */
MUST_CHECK struct err *answerer_start(struct run *run, int listener_fd);
/* A foreground process has ended: gives stop() of the plugins the time to finish. */
void answerer_wait(struct run *run);
/* A child that was not asked for: when it is the answerer, its death is said. */
void answerer_reaped(struct run *run, pid_t pid, int status);

#endif
