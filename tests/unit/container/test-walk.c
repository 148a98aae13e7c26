/* SPDX-License-Identifier: Apache-2.0 */
/*
 * container/walk.c: one list, two readers.  The run that the walker hands to each row is a log
 * here.
 */
#include "test.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/str.h"
#include "container/walk.h"

struct run {
	struct walk walk;
	struct str log;
	pid_t pid;
	bool fail_host, fail_init, die_init;
};

static struct err *note(struct run *r, const char *what)
{
	str_addf(&r->log, "%s ", what);
	return NULL;
}

static struct err *host_a(struct run *r)
{
	return note(r, "a");
}

static struct err *host_b(struct run *r)
{
	note(r, "b");
	return r->fail_host ? err_hint(err_new(ERR_DENIED, "no b"), "do b") : NULL;
}

static void undo_a(struct run *r)
{
	note(r, "undo-a");
}

static void undo_fork(struct run *r)
{
	note(r, "undo-fork");
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
}

static struct err *fork_init(struct run *r)
{
	r->pid = fork();
	if (r->pid == 0)
		walk_become_init(&r->walk);
	else
		r->walk.is_forked = true;
	return NULL;
}

static struct err *init_c(struct run *r)
{
	if (r->die_init)
		raise(SIGKILL);
	return r->fail_init ? err_hint(err_sys(-ENOENT, "open c"), "make c") : NULL;
}

static bool never(const struct run *r UNUSED)
{
	return false;
}

static const struct step list[] = {
	ON_HOST("do a", host_a, undo_a),
	ON_HOST("fork", fork_init, undo_fork),
	ON_INIT("do c", init_c),
	PASS(INIT, "c is done"),
	PASS_IF(never, INIT, "nobody says this"),
	ON_HOST("do b", host_b, NULL),
	PASS(HOST, "b is done"),
	STEPS_END,
};

static struct err *post_mortem(struct run *r UNUSED)
{
	return err_new(ERR_SYSTEM, "init died");
}

static struct err *go(struct run *r)
{
	struct err *e;

	r->walk = (struct walk){ .link = { -EBADF, -EBADF }, .post_mortem = post_mortem };
	expect_ok(walk_open(&r->walk));
	e = walk(&r->walk, list, r);
	if (r->walk.side == SIDE_INIT)
		_exit(0);
	if (!e)
		waitpid(r->pid, NULL, 0);
	walk_close(&r->walk);
	return e;
}

TEST(both_sides_walk_the_list_in_order)
{
	struct run r = { 0 };

	expect_ok(go(&r));
	expect_str(r.log.s, "a b ");
	str_done(&r.log);
}

TEST(an_error_of_host_takes_back_what_was_done_in_reverse)
{
	struct run r = { .fail_host = true };
	struct err *e = go(&r);

	assert_non_null(e);
	expect_str(err_text(e), "cannot do b: no b");
	expect_str(err_get_hint(e), "do b");
	expect_int(err_code(e), ERR_DENIED);
	expect_str(r.log.s, "a b undo-fork undo-a ");
	err_free(e);
	str_done(&r.log);
}

TEST(an_error_of_init_reaches_host_whole)
{
	struct run r = { .fail_init = true };
	struct err *e = go(&r);

	assert_non_null(e);
	expect_str(err_text(e), "cannot do c: open c: No such file or directory");
	expect_str(err_get_hint(e), "make c");
	expect_int(err_errno(e), ENOENT);
	expect_str(r.log.s, "a undo-fork undo-a ");
	err_free(e);
	str_done(&r.log);
}

TEST(a_death_of_init_is_never_success)
{
	struct run r = { .die_init = true };

	expect_err(go(&r), ERR_SYSTEM, "init died");
	expect_str(r.log.s, "a undo-fork undo-a ");
	str_done(&r.log);
}

TESTS(CASE(both_sides_walk_the_list_in_order),
      CASE(an_error_of_host_takes_back_what_was_done_in_reverse),
      CASE(an_error_of_init_reaches_host_whole), CASE(a_death_of_init_is_never_success))
