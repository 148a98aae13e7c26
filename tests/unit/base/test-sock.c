/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix sockets: messages, descriptors, long names, deadlines.
 */
#include "base/sock.h"

#include <sys/socket.h>

#include "base/str.h"
#include "place.h"

TEST(a_message_keeps_its_borders)
{
	int s[2];
	char buf[16];
	size_t n = 0;

	expect_int(sock_pair(s), 0);
	expect_int(sock_send_fds(s[0], "one", 3, NULL, 0, 100), 0);
	expect_int(sock_send_fds(s[0], "two!", 4, NULL, 0, 100), 0);
	expect_int(sock_recv_fds(s[1], buf, sizeof(buf), NULL, &n, 100), 3);
	expect_int(sock_recv_fds(s[1], buf, sizeof(buf), NULL, &n, 100), 4);
	expect_int(memcmp(buf, "two!", 4), 0);
	close(s[0]);
	close(s[1]);
}

TEST(descriptors_travel_and_close_on_exec)
{
	auto_place struct place p = place_make();
	int s[2];
	int fds[4];
	size_t n = ARRAY_LEN(fds);
	char c;

	place_write(&p, "f", "");
	expect_int(sock_pair(s), 0);
	expect_int(sock_send_fds(s[0], "x", 1, (int[]){ p.fd, s[0] }, 2, 100), 0);
	expect_int(sock_recv_fds(s[1], &c, 1, fds, &n, 100), 1);
	expect_int(n, 2);
	expect_int(faccessat(fds[0], "f", F_OK, 0), 0);
	expect_int(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	close(s[0]);
	close(s[1]);
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(descriptors_nobody_has_room_for_are_closed)
{
	int s[2];
	int fds[1];
	size_t n = 1;
	int before;
	char c;

	expect_int(sock_pair(s), 0);
	before = count_fds();
	expect_int(sock_send_fds(s[0], "x", 1, (int[]){ s[0], s[0], s[0] }, 3, 100), 0);
	expect_int(sock_recv_fds(s[1], &c, 1, fds, &n, 100), 1);
	expect_int(n, 1);
	close(fds[0]);
	expect_int(count_fds(), before);
	close(s[0]);
	close(s[1]);
}

TEST(too_many_descriptors_are_refused)
{
	int fds[SOCK_MAX_FDS + 1] = { 0 };

	expect_int(sock_send_fds(0, "x", 1, fds, ARRAY_LEN(fds), 0), -E2BIG);
}

TEST(as_many_descriptors_as_the_kernel_takes_arrive)
{
	int s[2];
	int out[SOCK_MAX_FDS];
	int in[SOCK_MAX_FDS];
	size_t n = SOCK_MAX_FDS;
	char c;

	expect_int(sock_pair(s), 0);
	for (size_t i = 0; i < SOCK_MAX_FDS; i++)
		out[i] = s[0];
	expect_int(sock_send_fds(s[0], "x", 1, out, SOCK_MAX_FDS, 100), 0);
	expect_int(sock_recv_fds(s[1], &c, 1, in, &n, 100), 1);
	expect_int(n, SOCK_MAX_FDS);
	for (size_t i = 0; i < n; i++)
		close(in[i]);
	close(s[0]);
	close(s[1]);
}

TEST(a_message_too_long_for_its_buffer_is_an_error)
{
	int s[2];
	char buf[2];
	size_t n = 0;

	expect_int(sock_pair(s), 0);
	expect_int(sock_send_fds(s[0], "long", 4, NULL, 0, 100), 0);
	expect_int(sock_recv_fds(s[1], buf, sizeof(buf), NULL, &n, 100), -EMSGSIZE);
	close(s[0]);
	close(s[1]);
}

TEST(waiting_ends_at_the_deadline_or_when_the_peer_is_gone)
{
	int s[2];
	char c;
	size_t n = 0;

	expect_int(sock_pair(s), 0);
	expect_int(sock_wait(s[1], 10), -ETIMEDOUT);
	expect_int(sock_recv_fds(s[1], &c, 1, NULL, &n, 10), -ETIMEDOUT);
	close(s[0]);
	expect_int(sock_wait(s[1], 1000), 0);
	expect_int(sock_recv_fds(s[1], &c, 1, NULL, &n, 1000), 0);
	expect_int(sock_send_fds(s[1], "x", 1, NULL, 0, 100), -EPIPE);
	close(s[1]);
}

TEST(sockets_are_found_by_name)
{
	auto_place struct place p = place_make();
	auto_free char *path = str_format("%s/sock", p.path);
	auto_close int server = sock_listen(p.fd, "sock", SOCK_STREAM);
	auto_close int by_dir = -EBADF;
	auto_close int by_path = -EBADF;

	expect(server >= 0);
	by_dir = sock_connect(p.fd, "sock", SOCK_STREAM, 100);
	by_path = sock_connect(AT_FDCWD, path, SOCK_STREAM, 100);
	expect(by_dir >= 0 && by_path >= 0);
	expect_int(fcntl(by_dir, F_GETFL) & O_NONBLOCK, 0);
	expect_int(sock_connect(p.fd, "missing", SOCK_STREAM, 100), -ENOENT);
	expect_int(sock_connect(p.fd, "sock", SOCK_SEQPACKET, 100), -EPROTOTYPE);
}

TEST(names_longer_than_an_address_work)
{
	auto_place struct place p = place_make();
	auto_free char *name = str_format("%0200d", 0);
	auto_free char *path = str_format("%s/%s/sock", p.path, name);
	auto_close int server = -EBADF;
	auto_close int client = -EBADF;

	expect_int(mkdirat(p.fd, name, 0755), 0);
	server = sock_listen(AT_FDCWD, path, SOCK_STREAM);
	expect(server >= 0);
	client = sock_connect(AT_FDCWD, path, SOCK_STREAM, 100);
	expect(client >= 0);
	expect_int(sock_connect(p.fd, name, SOCK_STREAM, 100), -ENAMETOOLONG);
}

TEST(a_full_backlog_ends_at_the_deadline)
{
	auto_place struct place p = place_make();
	auto_close int server = sock_listen(p.fd, "sock", SOCK_STREAM);
	int clients[64];
	size_t n = 0;
	int rc = 0;

	expect(server >= 0);
	while (n < ARRAY_LEN(clients) && (rc = sock_connect(p.fd, "sock", SOCK_STREAM, 20)) >= 0)
		clients[n++] = rc;
	expect_int(rc, -ETIMEDOUT);
	while (n > 0)
		close(clients[--n]);
}

TESTS(CASE(a_message_keeps_its_borders), CASE(descriptors_travel_and_close_on_exec),
      CASE(descriptors_nobody_has_room_for_are_closed), CASE(too_many_descriptors_are_refused),
      CASE(as_many_descriptors_as_the_kernel_takes_arrive),
      CASE(a_message_too_long_for_its_buffer_is_an_error),
      CASE(waiting_ends_at_the_deadline_or_when_the_peer_is_gone), CASE(sockets_are_found_by_name),
      CASE(names_longer_than_an_address_work), CASE(a_full_backlog_ends_at_the_deadline))
