/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's terminal: a pty from the container's own devpts, verified by descriptor.
 */
#ifndef OS_CONSOLE_H
#define OS_CONSOLE_H

#include <sys/types.h>

#include "base/err.h"

struct console_plan {
	bool terminal;
	bool has_size;
	unsigned short rows;
	unsigned short cols;
	uid_t uid;         /* owner of the slave */
	bool bind_console; /* make /dev/console (run, create); exec does not */
};

/* INIT, after the pivot: opens /dev/ptmx (devpts verified), unlocks, gets the peer by descriptor.
 */
MUST_CHECK struct err *console_open(const struct console_plan *plan, int *ret_master,
				    int *ret_slave);
/* INIT: mounts the slave on /dev/console, below the container's root. */
MUST_CHECK struct err *console_bind(int slave_fd);
/* INIT: setsid, controlling terminal, fds 0 to 2.  Closes SLAVE_FD. */
MUST_CHECK struct err *console_attach(int slave_fd);

/*
 * Descriptors 0 to 2 without a terminal: what is the host's /dev/null becomes the container's (only
 * a verified char 1:3); pipes and sockets go to UID:GID (fchown), devices never.
 */
MUST_CHECK struct err *stdio_adopt(uid_t uid, gid_t gid);

#endif
