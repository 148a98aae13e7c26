/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own binary must not be writable from a container (CVE-2019-5736): while a process of ours is
 * in a container's namespaces, /proc/PID/exe leads to it.
 */
#ifndef CONTAINER_SELF_H
#define CONTAINER_SELF_H

#include "base/err.h"

/*
 * Before a command that lets a process of ours into a container: executes the program again with
 * the same arguments from a read-only detached clone of its own mount, or from a sealed copy in
 * memory. Returns NULL when we are that copy already, or when the file cannot be written through
 * any mount that we give away; does not return when it executes.
 */
MUST_CHECK struct err *self_protect(char *const argv[]);

#endif
