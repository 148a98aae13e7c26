/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walker: see walk.h.  This is the only code that reads or writes the link.
 */
#include "container/walk.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/sock.h"
#include "base/str.h"

enum { MESSAGE_MAX = 16 * 1024 };

struct message {
	uint32_t kind;
	uint32_t row;
	char payload[MESSAGE_MAX - 8];
};

static sigset_t old_mask;
static bool is_blocked;

/* All of them: what comes before the monitor listens is kept for it, and forwarded. */
void interrupt_block(void)
{
	sigset_t all;

	if (is_blocked)
		return;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old_mask);
	is_blocked = true;
}

void interrupt_unblock(void)
{
	if (is_blocked)
		sigprocmask(SIG_SETMASK, &old_mask, NULL);
	is_blocked = false;
}

int interrupt_pending(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t pending;

	if (!is_blocked || sigpending(&pending) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
		if (sigismember(&pending, signals[i]))
			return signals[i];
	}
	return 0;
}

struct err *walk_open(struct walk *w)
{
	w->side = SIDE_HOST;
	TRY_SYS(sock_pair(w->link), "make the link to the container process");
	return NULL;
}

static void link_close(struct walk *w, enum side side)
{
	fd_close(w->link[side]);
	w->link[side] = -EBADF;
}

void walk_close(struct walk *w)
{
	link_close(w, SIDE_HOST);
	link_close(w, SIDE_INIT);
}

void walk_become_init(struct walk *w)
{
	w->side = SIDE_INIT;
	link_close(w, SIDE_HOST);
}

/*
 * write(2), not send(2): a seccomp filter that is loaded already may hand send to a supervisor that
 * waits for us, but never write (os/seccomp.c refuses that).
 */
int say_raw(int fd, enum said_kind kind, size_t row, const struct err *e)
{
	struct message m = { .kind = kind, .row = (uint32_t)row };
	size_t len = 8;
	ssize_t n;

	if (e)
		len += err_pack(e, m.payload, sizeof(m.payload));
	do {
		n = write(fd, &m, len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Looks every so often for a signal that wants us to stop: a wait never outlives it by much. */
static int wait_readable(int fd, int timeout_ms)
{
	int waited = 0;

	for (;;) {
		int slice = timeout_ms < 0 ? 100 : MIN(100, timeout_ms - waited);
		int rc = sock_wait(fd, slice);

		if (rc != -ETIMEDOUT)
			return rc;
		waited += slice;
		if (interrupt_pending())
			return -EINTR;
		if (timeout_ms >= 0 && waited >= timeout_ms)
			return -ETIMEDOUT;
	}
}

int hear_raw(int fd, struct said *ret, int timeout_ms)
{
	struct message m;
	ssize_t n;
	int rc = wait_readable(fd, timeout_ms);

	if (rc < 0)
		return rc;
	do {
		n = recv(fd, &m, sizeof(m), 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == ECONNRESET)
		return 0;
	if (n < 0)
		return -errno;
	if (n == 0)
		return 0;
	if (n < 8)
		return -EBADMSG;
	*ret = (struct said){ .kind = m.kind, .row = m.row };
	if (m.kind == SAID_ERROR)
		ret->error = err_unpack(m.payload, (size_t)n - 8);
	return 1;
}

static struct err *init_is_gone(struct walk *w, struct run *run)
{
	if (w->side == SIDE_HOST && w->post_mortem)
		return w->post_mortem(run);
	return err_new(ERR_INTERNAL, "the other process of davit died");
}

static struct err *hear_row(struct walk *w, size_t row, struct run *run)
{
	int fd = w->link[w->side];
	struct said said;
	int rc;

	while ((rc = hear_raw(fd, &said, -1)) == 1 && said.kind == SAID_LISTENER)
		TRY(w->on_listener(run, fd, (int)said.row));
	if (rc == -EINTR)
		return err_new(ERR_SYSTEM, "interrupted by signal %d", interrupt_pending());
	TRY_SYS(rc, "hear from the other process");
	if (rc == 0)
		return init_is_gone(w, run);
	if (said.kind == SAID_ERROR)
		return said.error;
	if (said.kind != SAID_PASS || said.row != row)
		return err_new(ERR_INTERNAL, "at row %zu, the other process at %zu", row, said.row);
	return NULL;
}

static struct err *say_row(struct walk *w, size_t row, struct run *run)
{
	struct said said;
	int rc = say_raw(w->link[w->side], SAID_PASS, row, NULL);

	if (rc == 0)
		return NULL;
	if (rc != -EPIPE && rc != -ECONNRESET)
		return err_sys(rc, "speak to the other process");
	/* The other side is gone; what it had to say is more than our EPIPE. */
	if (hear_raw(w->link[w->side], &said, 0) == 1 && said.kind == SAID_ERROR)
		return said.error;
	return init_is_gone(w, run);
}

static struct err *walk_row(struct walk *w, const struct step *s, size_t row, struct run *run)
{
	struct err *e;

	if (s->when && !s->when(run))
		return NULL;
	if (s->pass)
		return s->side == w->side ? say_row(w, row, run) : hear_row(w, row, run);
	if (s->side != w->side)
		return NULL;
	if (log_enabled(LOG_LEVEL_DEBUG))
		log_debug("%s: %s", w->side == SIDE_HOST ? "host" : "init", s->what);
	if (w->side == SIDE_HOST && interrupt_pending())
		return err_new(ERR_SYSTEM, "interrupted by signal %d", interrupt_pending());
	e = s->go(run);
	return e ? err_wrap(e, "cannot %s", s->what) : NULL;
}

/* INIT may have failed first (HOST then sees a dead process): its reason is the better one. */
static struct err *prefer_reason_of_init(struct walk *w, struct err *e)
{
	struct said said;

	while (w->link[SIDE_HOST] >= 0 && hear_raw(w->link[SIDE_HOST], &said, 0) == 1) {
		if (said.kind != SAID_ERROR)
			continue;
		err_free(e);
		return said.error;
	}
	return e;
}

static void undo(const struct step *list, size_t row, struct run *run)
{
	while (row-- > 0) {
		if (list[row].side == SIDE_HOST && list[row].undo &&
		    (!list[row].when || list[row].when(run)))
			list[row].undo(run);
	}
}

struct err *walk(struct walk *w, const struct step *list, struct run *run)
{
	struct err *e;

	for (size_t row = 0; list[row].what; row++) {
		e = walk_row(w, &list[row], row, run);
		if (!e) {
			/* Only INIT is left on its side; a closed end shows its death. */
			if (w->side == SIDE_HOST && w->is_forked && w->link[SIDE_INIT] >= 0)
				link_close(w, SIDE_INIT);
			continue;
		}
		if (w->side == SIDE_INIT) {
			say_raw(w->link[SIDE_INIT], SAID_ERROR, row, e);
			_exit(1);
		}
		e = prefer_reason_of_init(w, e);
		undo(list, row, run);
		return e;
	}
	return NULL;
}

struct err *walk_send_fds(struct walk *w, const int *fds, size_t n)
{
	/* Slots without a descriptor are said in the text, since none can be sent for them. */
	auto_free char *map = xcalloc(n + 1, 1);
	auto_free int *real = xcalloc(n, sizeof(int));

	for (size_t first = 0; first < n; first += SOCK_MAX_FDS) {
		size_t count = MIN(n - first, (size_t)SOCK_MAX_FDS);
		size_t n_real = 0;

		for (size_t i = 0; i < count; i++) {
			map[i] = fds[first + i] >= 0 ? '1' : '0';
			if (fds[first + i] >= 0)
				real[n_real++] = fds[first + i];
		}
		TRY_SYS(sock_send_fds(w->link[w->side], map, count, real, n_real, -1),
			"hand over %zu descriptors", n);
	}
	return NULL;
}

struct err *walk_recv_fds(struct walk *w, int *fds, size_t n)
{
	for (size_t first = 0; first < n;) {
		int real[SOCK_MAX_FDS];
		size_t n_real = ARRAY_LEN(real);
		char map[SOCK_MAX_FDS];
		size_t used = 0;
		ssize_t count =
			sock_recv_fds(w->link[w->side], map, sizeof(map), real, &n_real, -1);

		TRY_SYS(count, "take over %zu descriptors", n);
		if (count == 0)
			return err_new(ERR_INTERNAL, "the other process of davit died");
		for (ssize_t i = 0; i < count && first < n; i++)
			fds[first++] = map[i] == '1' && used < n_real ? real[used++] : -EBADF;
	}
	return NULL;
}
