/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch namespace: a mount namespace with nothing in it, kept below the state root.
 *
 * A new mount namespace begins as a copy of all mounts of its maker, and all of them are taken down
 * again after the pivot: on a host with thousands of mounts that is most of a container's start.  A
 * container whose sources are open already is made from this one instead.  It is only kept where it
 * pays: hosts with few mounts never see it.
 */
#ifndef OS_LAUNCH_H
#define OS_LAUNCH_H

#include "base/err.h"

/*
 * *ret_fd is the namespace's descriptor, or -EBADF where the host has few mounts or the kernel
 * cannot count them; what goes wrong on the way is only worth a debug line.  STATE_FD: the state
 * root, where
 * ".launch/ns" is made on first use.
 */
void launch_ns_open(int state_fd, int *ret_fd);
/* INIT: a mount namespace of its own, made from the one at FD. */
MUST_CHECK struct err *launch_ns_enter(int fd);

#endif
