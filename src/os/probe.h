/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this kernel can do, found out by asking it: nothing that is asked here changes anything.
 */
#ifndef OS_PROBE_H
#define OS_PROBE_H

#include "base/err.h"

/* A system call that came after the oldest kernel davit runs on. */
struct probe_call {
	const char *name;
	const char *since;   /* "5.6" */
	const char *without; /* what davit does then */
	int (*ask)(void);    /* 0, or -ENOSYS: not there, or -EPERM: a filter answers for it */
};

/* Ends with a NULL name. */
extern const struct probe_call probe_calls[];

/* Makes a user namespace that is gone at once.  0 or -errno. */
int probe_user_namespace(void);
/* Maps the ids of a detached clone of the mount at PATH. */
MUST_CHECK struct err *probe_idmapped_mount(const char *path);
/* Does the kernel filter system calls, and may a filter do ACTION ("user_notif")? */
bool probe_seccomp(void);
bool probe_seccomp_action(const char *action);
/* "", or the names of the security modules with commas, as the kernel lists them. */
void probe_lsm(char *buf, size_t size);

#endif
