/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One list, two readers: HOST is the runtime, INIT the process that becomes the container.  Both
 * walk the same table of steps in order; PASS rows are the only places where they wait for each
 * other.
 */
#ifndef CONTAINER_WALK_H
#define CONTAINER_WALK_H

#include <sys/types.h>

#include "base/err.h"

struct run;

enum side { SIDE_HOST, SIDE_INIT };

struct step {
	const char *what; /* reads as a sentence after "cannot …" */
	enum side side;
	bool pass;
	/* Rows whose condition is false are skipped; it gives the same answer on both sides. */
	bool (*when)(const struct run *run);
	struct err *(*go)(struct run *run);
	void (*undo)(struct run *run); /* HOST only: takes a finished step back */
};

#define ON_HOST(text, fn, undo_fn)                                         \
	{                                                                  \
		.what = text, .side = SIDE_HOST, .go = fn, .undo = undo_fn \
	}
#define ON_INIT(text, fn)                                 \
	{                                                 \
		.what = text, .side = SIDE_INIT, .go = fn \
	}
#define ON_INIT_IF(cond, text, fn)                                      \
	{                                                               \
		.what = text, .side = SIDE_INIT, .when = cond, .go = fn \
	}
#define ON_HOST_IF(cond, text, fn)                                      \
	{                                                               \
		.what = text, .side = SIDE_HOST, .when = cond, .go = fn \
	}
#define PASS(from, text)                                        \
	{                                                       \
		.what = text, .side = SIDE_##from, .pass = true \
	}
#define PASS_IF(cond, from, text)                                             \
	{                                                                     \
		.what = text, .side = SIDE_##from, .pass = true, .when = cond \
	}
#define STEPS_END            \
	{                    \
		.what = NULL \
	}

struct walk {
	enum side side;
	int link[2];    /* HOST's end, INIT's end; -EBADF when closed */
	bool is_forked; /* HOST: INIT exists and has its end */
	/* HOST, when the link breaks: why did INIT die? */
	struct err *(*post_mortem)(struct run *run);
	/* HOST: INIT offers its seccomp listener, descriptor NUMBER; the answer goes to FD. */
	struct err *(*on_listener)(struct run *run, int fd, int number);
};

MUST_CHECK struct err *walk_open(struct walk *w);
void walk_close(struct walk *w);
/* After the clone, in INIT: the rest of the list is walked as SIDE_INIT. */
void walk_become_init(struct walk *w);
/*
 * Walks LIST.  On HOST an error takes back the finished steps in reverse.  On INIT an error is sent
 * to HOST, packed, and the process ends.
 */
MUST_CHECK struct err *walk(struct walk *w, const struct step *list, struct run *run);

/* Descriptors cross the link between a pair of rows. */
MUST_CHECK struct err *walk_send_fds(struct walk *w, const int *fds, size_t n);
MUST_CHECK struct err *walk_recv_fds(struct walk *w, int *fds, size_t n);

/* What INIT says after the walk, on the link or on a connection of `start`. */
enum said_kind {
	SAID_PASS = 1, /* row N is reached */
	SAID_ERROR,    /* an error follows, packed */
	SAID_FDS,      /* HOST: the listener, please */
	SAID_GO,       /* start */
	SAID_EXEC,     /* the next thing is execve */
	SAID_LISTENER, /* seccomp: the number of the notify descriptor follows */
};
/* -errno on failure. */
int say_raw(int fd, enum said_kind kind, size_t row, const struct err *e);
struct said {
	enum said_kind kind;
	size_t row;
	struct err *error;
};
/* 0: the peer is gone.  1: *ret is filled.  -errno.  Signals in the wait mask give -EINTR. */
int hear_raw(int fd, struct said *ret, int timeout_ms);

/*
 * Signals are blocked while HOST works; SIGINT, SIGTERM, SIGHUP and SIGQUIT are noticed where it
 * waits, so that everything is taken back.  The old mask is kept for INIT and hooks.
 */
void interrupt_block(void);
void interrupt_unblock(void);
/* The pending signal that asks HOST to stop, or 0. */
int interrupt_pending(void);

#endif
