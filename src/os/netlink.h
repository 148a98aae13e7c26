/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink(7), as much of it as moving a network device takes.  Return 0 or -errno.
 */
#ifndef OS_NETLINK_H
#define OS_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>

/* One message while it is put together; too many attributes are -EMSGSIZE when it is sent. */
struct netlink_request {
	union {
		struct nlmsghdr header;
		char bytes[1024];
	};
	int error;
};

/* A NETLINK_ROUTE socket of the caller's network namespace, or -errno. */
int netlink_open(void);
/* Begins a message of TYPE with the fixed part BODY. */
void netlink_begin(struct netlink_request *r, unsigned short type, unsigned short flags,
		   const void *body, size_t size);
void netlink_add(struct netlink_request *r, unsigned short type, const void *data, size_t size);

/* Sees each answer; what it returns other than 0 ends the exchange and is returned. */
typedef int netlink_answer(const struct nlmsghdr *answer, void *arg);
/* Sends, and waits for the acknowledgement or the end of the dump.  ANSWER may be NULL. */
int netlink_ask(int fd, struct netlink_request *r, netlink_answer *answer, void *arg);

#endif
