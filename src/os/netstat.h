/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went through the network interfaces of a process's network namespace.
 */
#ifndef OS_NETSTAT_H
#define OS_NETSTAT_H

#include <sys/types.h>

#include "base/arena.h"

struct netstat_interface {
	char *name;
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};

struct netstat {
	size_t n;
	struct netstat_interface *v;
};

/* The text of /proc/net/dev; the loopback interface is left out. */
void netstat_parse(struct arena *a, const char *text, struct netstat *ret);
/* Nothing when PID shares our network, or cannot be asked. */
void netstat_read(struct arena *a, pid_t pid, struct netstat *ret);

#endif
