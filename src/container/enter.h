/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What leads into a container that runs: descriptors of its init process, its namespaces and its
 * root, and which of the namespaces there are to join.
 */
#ifndef CONTAINER_ENTER_H
#define CONTAINER_ENTER_H

#include "container/context.h"
#include "container/find.h"

/* Opens them; OP is what it is for, in case that the container has just stopped. */
MUST_CHECK struct err *enter_open(struct run *run, const struct found *f, enum container_op op);
/*
 * The namespaces in FLAGS as files, for a setns(2) that takes no pidfd (before Linux 5.8).  FDS is
 * -EBADF throughout before; the caller closes what is open, also after an error.
 */
MUST_CHECK struct err *enter_open_namespaces(const struct run *run, uint64_t flags,
					     int fds[NS_TYPES]);
/* Namespaces of the container; not the user namespace when it is ours already (setns: EINVAL). */
uint64_t enter_flags(const struct run *run);

#endif
