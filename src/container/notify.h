/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd_notify(3): a container's READY=1 reaches whoever started the runtime with NOTIFY_SOCKET.
 *
 * The container gets a socket of its own, ROOT/<id>/notify/notify, mounted at the path that the
 * caller's variable names; the runtime forwards what concerns the service (READY, STATUS,
 * RELOADING, STOPPING, ERRNO and such), with MAINPID once.
 */
#ifndef CONTAINER_NOTIFY_H
#define CONTAINER_NOTIFY_H

#include "base/err.h"
#include "container/context.h"

/* HOST: the folder that is mounted; with `run` the socket too. */
MUST_CHECK struct err *step_prepare_notify(struct run *run);
/* `start`: binds the socket before the program runs. */
MUST_CHECK struct err *notify_listen(struct run *run, int dir_fd);
/* Until READY=1 has come and gone on, or the process has ended.  Nothing without NOTIFY_SOCKET. */
MUST_CHECK struct err *notify_wait_ready(struct run *run);
/* What has to change in the plan's spec: a mount and a variable of the environment. */
MUST_CHECK struct err *notify_adjust_spec(struct run *run, const char *id);

#endif
