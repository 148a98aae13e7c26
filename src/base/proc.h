/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a process is: /proc readers, and the end of a child.  Return 0 or -errno (-ESRCH: no such
 * process).
 */
#ifndef BASE_PROC_H
#define BASE_PROC_H

#include <sys/types.h>

#include "base/base.h"

struct proc_stat {
	char state; /* 'R', 'S', 'D', 'Z', 'X', 'T', … */
	pid_t ppid;
	uint64_t start_time; /* field 22 of proc(5) stat: ticks since boot */
};

int proc_stat_read(pid_t pid, struct proc_stat *ret);
/* Parses the text of /proc/PID/stat; the name in it may hold any byte. */
int proc_stat_parse(const char *text, struct proc_stat *ret);
/* Is PID the process that started at START_TIME, and not a zombie?  1, 0, or -errno. */
int proc_is_alive(pid_t pid, uint64_t start_time);
/* Opens a pidfd and checks that it is the process that started at START_TIME; -ESRCH when not. */
int proc_open(pid_t pid, uint64_t start_time);
/* Sends SIG to the process that started at START_TIME; -ESRCH when PID is not it, or dead. */
int proc_signal(pid_t pid, uint64_t start_time, int sig);
/* Waits for its end; a zombie has ended.  False when it still lives after TIMEOUT_MS. */
bool proc_wait_dead(pid_t pid, uint64_t start_time, int timeout_ms);
/* Waits for the child PID to end, whatever its status. */
void proc_reap(pid_t pid);
/* The same for TIMEOUT_MS at most: PID and its wait status, 0 while it still runs, or -errno. */
pid_t proc_reap_within(pid_t pid, int *ret_status, int timeout_ms);
/* /proc/sys/kernel/random/boot_id, 36 characters and a NUL. */
int proc_boot_id(char buf[40]);
/*
 * A private procfs instance (fsopen), or a checked descriptor of /proc where the kernel has no
 * fsopen: what it names is really procfs and not something mounted by a container.
 */
int proc_open_root(void);

#endif
