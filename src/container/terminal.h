/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying between our standard streams and the container's terminal, without loss and without
 * spinning: one bounded buffer each way, read only when there is room, written only when poll(2)
 * says that it will not block.
 */
#ifndef CONTAINER_TERMINAL_H
#define CONTAINER_TERMINAL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

enum { TERMINAL_POLLFDS = 3, TERMINAL_BUFFER = 32 * 1024 };

struct flow {
	char buf[TERMINAL_BUFFER];
	size_t start, end;
	bool source_closed;
	bool sink_closed;
};

struct terminal {
	int master; /* -1: there is none, everything below does nothing */
	bool stdin_is_tty;
	struct termios saved;
	struct flow in;  /* stdin → master */
	struct flow out; /* master → stdout */
	bool eof_sent;
};

/* Before the program runs: its first look at the size, its first line are right already. */
void terminal_prepare(int master);
void terminal_begin(struct terminal *t, int master);
/* The window of our own terminal, if we have one, becomes the container's. */
void terminal_copy_size(int master);
void terminal_before_poll(struct terminal *t, struct pollfd p[TERMINAL_POLLFDS]);
void terminal_after_poll(struct terminal *t, const struct pollfd p[TERMINAL_POLLFDS]);
/* What the container wrote last is copied, and our own terminal is as it was before. */
void terminal_end(struct terminal *t);

#endif
