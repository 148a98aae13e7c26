/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtnetlink: see netlink.h.
 */
#include "os/netlink.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/base.h"

enum { TIMEOUT_S = 10, BUFFER = 32 * 1024 };

int netlink_open(void)
{
	const struct timeval timeout = { .tv_sec = TIMEOUT_S };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
	    connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		int rc = -errno;

		fd_close(fd);
		return rc;
	}
	return fd;
}

void netlink_begin(struct netlink_request *r, unsigned short type, unsigned short flags,
		   const void *body, size_t size)
{
	memset(r, 0, sizeof(*r));
	r->header.nlmsg_type = type;
	r->header.nlmsg_flags = (unsigned short)(NLM_F_REQUEST | flags);
	r->header.nlmsg_len = (unsigned)(NLMSG_LENGTH(0) + size);
	memcpy(r->bytes + NLMSG_LENGTH(0), body, size);
}

void netlink_add(struct netlink_request *r, unsigned short type, const void *data, size_t size)
{
	size_t at = NLMSG_ALIGN(r->header.nlmsg_len);
	struct rtattr attr = { .rta_type = type, .rta_len = (unsigned short)RTA_LENGTH(size) };

	if (size > sizeof(r->bytes) || at + RTA_LENGTH(size) > sizeof(r->bytes)) {
		r->error = -EMSGSIZE;
		return;
	}
	memcpy(r->bytes + at, &attr, sizeof(attr));
	memcpy(r->bytes + at + RTA_LENGTH(0), data, size);
	r->header.nlmsg_len = (unsigned)(at + RTA_LENGTH(size));
}

/* 1: that was the last one. */
static int take_answer(const struct nlmsghdr *h, netlink_answer *answer, void *arg)
{
	if (h->nlmsg_type == NLMSG_DONE)
		return 1;
	if (h->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *e = (const struct nlmsgerr *)NLMSG_DATA(h);

		return e->error < 0 ? e->error : 1;
	}
	return answer ? answer(h, arg) : 0;
}

int netlink_ask(int fd, struct netlink_request *r, netlink_answer *answer, void *arg)
{
	auto_free char *buf = malloc(BUFFER);
	static unsigned sequence;

	if (r->error < 0 || !buf)
		return r->error < 0 ? r->error : -ENOMEM;
	r->header.nlmsg_seq = ++sequence;
	/* In other messages the two bits mean something else. */
	if ((r->header.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		r->header.nlmsg_flags |= NLM_F_ACK;
	if (send(fd, r->bytes, r->header.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(fd, buf, BUFFER, 0);
		unsigned left = (unsigned)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -ECONNRESET;
		for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)buf; NLMSG_OK(h, left);
		     h = NLMSG_NEXT(h, left)) {
			int rc = h->nlmsg_seq == sequence ? take_answer(h, answer, arg) : 0;

			if (rc != 0)
				return rc < 0 ? rc : 0;
		}
	}
}
