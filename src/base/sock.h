/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix sockets and passing descriptors.  All return 0 or a count or a descriptor, or -errno.
 */
#ifndef BASE_SOCK_H
#define BASE_SOCK_H

#include "base/base.h"

enum { SOCK_MAX_FDS = 253 }; /* SCM_MAX_FD of the kernel */

/* A connected pair of SOCK_SEQPACKET sockets, close-on-exec. */
int sock_pair(int ret_fds[2]);
/* TYPE is SOCK_STREAM or SOCK_SEQPACKET.  PATH may be longer than sun_path. */
int sock_connect(int dir_fd, const char *path, int type, int timeout_ms);
int sock_listen(int dir_fd, const char *name, int type);
/* One message with up to SOCK_MAX_FDS descriptors; waits at most TIMEOUT_MS (-1: for ever). */
int sock_send_fds(int fd, const void *data, size_t len, const int *fds, size_t n_fds,
		  int timeout_ms);
/* Received descriptors are close-on-exec; *n_fds is room on entry, the count on return. */
ssize_t sock_recv_fds(int fd, void *data, size_t size, int *fds, size_t *n_fds, int timeout_ms);
/* Waits until FD is readable or the peer is gone.  -ETIMEDOUT after TIMEOUT_MS. */
int sock_wait(int fd, int timeout_ms);

#endif
