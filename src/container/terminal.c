/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copying between our standard streams and the container's terminal: see terminal.h.
 */
#include "container/terminal.h"

#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/base.h"

/* A pipe that poll(2) calls writable takes this much without blocking: pipe(7), PIPE_BUF. */
enum { CHUNK = 4096 };

void terminal_copy_size(int master)
{
	struct winsize size;

	if (master >= 0 && (ioctl(0, TIOCGWINSZ, &size) == 0 || ioctl(1, TIOCGWINSZ, &size) == 0))
		ioctl(master, TIOCSWINSZ, &size);
}

static void make_raw(struct terminal *t)
{
	struct termios raw;

	t->stdin_is_tty = tcgetattr(0, &t->saved) == 0;
	if (!t->stdin_is_tty)
		return;
	raw = t->saved;
	cfmakeraw(&raw);
	/* "\n" of other writers to this terminal still begins a line. */
	raw.c_oflag |= OPOST;
	tcsetattr(0, TCSANOW, &raw);
}

/*
 * Our own terminal turns "\n" into "\r\n"; if the container's did that too, each line would end in
 * two carriage returns, and in a pipe nobody wants even one.  runc does the same.
 */
static void keep_newlines(int master)
{
	struct termios t;

	if (tcgetattr(master, &t) < 0)
		return;
	t.c_oflag &= ~(tcflag_t)ONLCR;
	tcsetattr(master, TCSANOW, &t);
}

void terminal_prepare(int master)
{
	keep_newlines(master);
	terminal_copy_size(master);
}

void terminal_begin(struct terminal *t, int master)
{
	t->master = master;
	if (master < 0)
		return;
	t->in = (struct flow){ .start = 0 };
	t->out = (struct flow){ .start = 0 };
	t->eof_sent = false;
	fcntl(master, F_SETFL, O_NONBLOCK);
	make_raw(t);
	terminal_copy_size(master);
}

static size_t flow_room(const struct flow *f)
{
	return sizeof(f->buf) - (f->end - f->start);
}

static bool flow_wants_read(const struct flow *f)
{
	return !f->source_closed && flow_room(f) > 0;
}

static bool flow_wants_write(const struct flow *f)
{
	return f->end > f->start && !f->sink_closed;
}

static void flow_read(struct flow *f, int fd)
{
	ssize_t n;

	if (f->start > 0) {
		memmove(f->buf, f->buf + f->start, f->end - f->start);
		f->end -= f->start;
		f->start = 0;
	}
	n = read(fd, f->buf + f->end, sizeof(f->buf) - f->end);
	if (n > 0)
		f->end += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		f->source_closed = true; /* EIO: no process has the terminal open any more */
	/* Nobody reads any more: the writer must not be stopped by that. */
	if (f->sink_closed)
		f->start = f->end = 0;
}

static void flow_write(struct flow *f, int fd)
{
	ssize_t n = write(fd, f->buf + f->start, MIN(f->end - f->start, (size_t)CHUNK));

	if (n > 0)
		f->start += (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		f->sink_closed = true;
	if (f->sink_closed)
		f->start = f->end = 0;
}

/*
 * Input that is no terminal ends one day; a program that reads lines is told so, as a person would
 * with ^D.  A program that took the terminal out of line mode is left alone.
 */
static void send_eof(struct terminal *t)
{
	struct termios now;

	if (t->eof_sent || t->stdin_is_tty || !t->in.source_closed || flow_wants_write(&t->in))
		return;
	t->eof_sent = true;
	if (tcgetattr(t->master, &now) == 0 && (now.c_lflag & ICANON) &&
	    write(t->master, &now.c_cc[VEOF], 1) < 0)
		t->in.sink_closed = true;
}

void terminal_before_poll(struct terminal *t, struct pollfd p[TERMINAL_POLLFDS])
{
	short master = 0;

	for (int i = 0; i < TERMINAL_POLLFDS; i++)
		p[i] = (struct pollfd){ .fd = -1 };
	if (t->master < 0)
		return;
	send_eof(t);
	if (flow_wants_read(&t->in))
		p[0] = (struct pollfd){ .fd = 0, .events = POLLIN };
	if (flow_wants_write(&t->out))
		p[1] = (struct pollfd){ .fd = 1, .events = POLLOUT };
	if (flow_wants_read(&t->out))
		master |= POLLIN;
	if (flow_wants_write(&t->in))
		master |= POLLOUT;
	/* A terminal that was hung up is always "ready": it is not asked again. */
	if (master && !t->out.source_closed)
		p[2] = (struct pollfd){ .fd = t->master, .events = master };
}

void terminal_after_poll(struct terminal *t, const struct pollfd p[TERMINAL_POLLFDS])
{
	if (t->master < 0)
		return;
	if (p[0].fd >= 0 && p[0].revents)
		flow_read(&t->in, 0);
	if (p[2].revents & (POLLIN | POLLHUP | POLLERR) && flow_wants_read(&t->out))
		flow_read(&t->out, t->master);
	if (p[2].revents & POLLOUT && flow_wants_write(&t->in))
		flow_write(&t->in, t->master);
	if (p[1].fd >= 0 && p[1].revents)
		flow_write(&t->out, 1);
}

void terminal_end(struct terminal *t)
{
	if (t->master < 0)
		return;
	/* The process is gone; what it wrote is in the kernel's buffer and ours. */
	while (!t->out.source_closed || flow_wants_write(&t->out)) {
		size_t before = t->out.end - t->out.start;

		if (!t->out.source_closed && flow_room(&t->out) > 0)
			flow_read(&t->out, t->master);
		if (flow_wants_write(&t->out))
			flow_write(&t->out, 1);
		else if (t->out.end - t->out.start == before)
			break; /* others hold it open, and have said nothing more */
	}
	if (t->stdin_is_tty)
		tcsetattr(0, TCSANOW, &t->saved);
}
