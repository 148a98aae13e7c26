/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix sockets and passing descriptors: see sock.h.
 */
#include "base/sock.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/path.h"
#include "base/str.h"

int sock_pair(int ret_fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_fds) < 0 ? -errno : 0;
}

static int poll_for(int fd, short events, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int rc;

	do {
		rc = poll(&p, 1, timeout_ms);
	} while (rc < 0 && errno == EINTR);
	if (rc < 0)
		return -errno;
	return rc == 0 ? -ETIMEDOUT : 0;
}

int sock_wait(int fd, int timeout_ms)
{
	return poll_for(fd, POLLIN, timeout_ms);
}

/*
 * sun_path holds 107 bytes; a longer path is reached through a descriptor of its directory.
 * *KEEP_FD stays open for as long as the address is used.
 */
static int fill_address(int dir_fd, const char *path, struct sockaddr_un *addr, int *keep_fd)
{
	const char *name = path;

	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (dir_fd == AT_FDCWD && strlen(path) < sizeof(addr->sun_path)) {
		memcpy(addr->sun_path, path, strlen(path) + 1);
		return 0;
	}
	if (strchr(path, '/')) {
		const char *slash = strrchr(path, '/');
		auto_free char *dir = str_dup_n(path, (size_t)(slash - path + 1));

		*keep_fd = openat(dir_fd, dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (*keep_fd < 0)
			return -errno;
		dir_fd = *keep_fd;
		name = slash + 1;
	} else if (dir_fd == AT_FDCWD) {
		return -ENAMETOOLONG;
	}
	if (snprintf(addr->sun_path, sizeof(addr->sun_path), "/proc/self/fd/%d/%s", dir_fd, name) >=
	    (int)sizeof(addr->sun_path))
		return -ENAMETOOLONG;
	return 0;
}

static int connect_wait(int fd, const struct sockaddr_un *addr, int timeout_ms)
{
	int waited = 0;

	/* A full backlog of a unix socket says EAGAIN and cannot be polled for: connect(2). */
	while (connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		if (waited >= timeout_ms)
			return -ETIMEDOUT;
		poll(NULL, 0, 10);
		waited += 10;
	}
	return 0;
}

int sock_connect(int dir_fd, const char *path, int type, int timeout_ms)
{
	auto_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	auto_close int keep = -EBADF;
	struct sockaddr_un addr;
	int rc;

	if (fd < 0)
		return -errno;
	rc = fill_address(dir_fd, path, &addr, &keep);
	if (rc == 0)
		rc = connect_wait(fd, &addr, timeout_ms);
	if (rc == 0 && fcntl(fd, F_SETFL, 0) < 0)
		rc = -errno;
	return rc < 0 ? rc : take_fd(&fd);
}

int sock_listen(int dir_fd, const char *name, int type)
{
	auto_close int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	auto_close int keep = -EBADF;
	struct sockaddr_un addr;
	int rc;

	if (fd < 0)
		return -errno;
	rc = fill_address(dir_fd, name, &addr, &keep);
	if (rc < 0)
		return rc;
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 16) < 0)
		return -errno;
	return take_fd(&fd);
}

int sock_send_fds(int fd, const void *data, size_t len, const int *fds, size_t n_fds,
		  int timeout_ms)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * SOCK_MAX_FDS)] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;
	int rc;

	if (n_fds > SOCK_MAX_FDS)
		return -E2BIG;
	if (n_fds > 0) {
		struct cmsghdr *c;

		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	rc = timeout_ms < 0 ? 0 : poll_for(fd, POLLOUT, timeout_ms);
	if (rc < 0)
		return rc;
	do {
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

static void take_fds(struct msghdr *msg, int *fds, size_t room, size_t *ret_n)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (n < room)
				fds[n++] = fd;
			else
				fd_close(fd);
		}
	}
	*ret_n = n;
}

ssize_t sock_recv_fds(int fd, void *data, size_t size, int *fds, size_t *n_fds, int timeout_ms)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int) * SOCK_MAX_FDS)];
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;
	int rc = sock_wait(fd, timeout_ms);

	if (rc < 0)
		return rc;
	do {
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	take_fds(&msg, fds, *n_fds, n_fds);
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		while (*n_fds > 0)
			fd_close(fds[--*n_fds]);
		return -EMSGSIZE;
	}
	return n;
}
