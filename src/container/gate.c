/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wait between create and start, and the launch.
 *
 * INIT holds ROOT/<id>/gate locked and listens on start.sock.  `start` connects and says go; INIT
 * answers with the error of what failed, or with "the next thing is execve" and then, the
 * connection being close-on-exec, with its end.  So `start` reports a program that cannot be
 * executed, and the status is "created" exactly until the kernel has executed it: nothing on disk
 * has to be changed. `run` uses the link of the walk as that connection.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/sock.h"
#include "base/sys.h"
#include "container/answerer.h"
#include "container/hooks.h"
#include "container/steps.h"
#include "os/program.h"
#include "state/store.h"

/* When a call that it takes is itself handed to the listener, it never comes. */
enum { LISTENER_TIMEOUT_MS = 5000 };

/* A connection that brings no go is somebody else's: `start` was killed in between. */
static int accept_go(int listen_fd)
{
	for (;;) {
		auto_close int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
		struct said said;

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return -errno;
		if (hear_raw(fd, &said, -1) == 1 && said.kind == SAID_GO)
			return take_fd(&fd);
	}
}

static struct err *step_wait_at_gate(struct run *run)
{
	struct said said;

	if (run->is_create) {
		walk_close(&run->walk);
		run->start_fd = accept_go(run->listen_fd);
		TRY_SYS(run->start_fd, "wait for `start`");
		return NULL;
	}
	run->start_fd = run->walk.link[SIDE_INIT];
	/* The runtime is gone: nobody will ever start us. */
	if (hear_raw(run->start_fd, &said, -1) != 1 || said.kind != SAID_GO)
		_exit(1);
	return NULL;
}

static struct err *step_hooks_start_container(struct run *run)
{
	return hooks_run_in_container(run, HOOK_START_CONTAINER);
}

/*
 * The listener's number goes to whoever listens at the other end, which takes it with
 * pidfd_getfd(2) or, when it may not, asks for the descriptor; we wait until it has it, since it is
 * close-on-exec.
 */
static struct err *hand_over_listener(struct run *run, int fd)
{
	struct said said;

	if (run->listener_fd < 0)
		return NULL;
	TRY_SYS(say_raw(fd, SAID_LISTENER, (size_t)run->listener_fd, NULL),
		"hand over the seccomp listener");
	do {
		if (hear_raw(fd, &said, -1) != 1)
			return err_new(ERR_SYSTEM, "nobody took the seccomp listener");
		if (said.kind == SAID_FDS)
			TRY_SYS(sock_send_fds(fd, " ", 1, &run->listener_fd, 1, -1),
				"hand over the seccomp listener");
	} while (said.kind == SAID_FDS);
	if (said.kind == SAID_ERROR)
		return said.error;
	fd_close(run->listener_fd);
	run->listener_fd = -EBADF;
	return NULL;
}

struct err *step_load_seccomp_early(struct run *run)
{
	/* Loading a filter without no_new_privs takes CAP_SYS_ADMIN, which the next step may drop.
	 */
	if (run->plan.process.cred.no_new_privs || !run->shared || !run->shared->seccomp.set)
		return NULL;
	run->shared->seccomp.insns = run->shared->insns;
	TRY(seccomp_apply(&run->shared->seccomp, &run->listener_fd));
	return hand_over_listener(run, run->walk.link[SIDE_INIT]);
}

static struct err *step_load_seccomp(struct run *run)
{
	if (!run->plan.process.cred.no_new_privs || !run->shared || !run->shared->seccomp.set)
		return NULL;
	run->shared->seccomp.insns = run->shared->insns;
	TRY(seccomp_apply(&run->shared->seccomp, &run->listener_fd));
	return hand_over_listener(run, run->start_fd);
}

static int first_own_fd(const struct run *run)
{
	return 3 + (int)run->plan.process.preserve_fds;
}

/*
 * While it waits for `start`, INIT has nothing of the host open but what it waits with: whoever is
 * let into the container by `exec` could look (CVE-2016-9962).  Files for the output of hooks
 * stay open when there are hooks yet to come.
 */
struct err *step_close_inherited(struct run *run)
{
	const struct spec_hooks *hooks = run->exec ? NULL : run->spec->hooks;
	bool has_hooks = hooks && hooks->kind[HOOK_START_CONTAINER].n > 0;
	int keep[] = { run->walk.link[SIDE_INIT], run->listen_fd, run->gate_fd,
		       has_hooks ? run->hook_fds[0] : -EBADF,
		       has_hooks ? run->hook_fds[1] : -EBADF };

	/* The log is one of those that go. */
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
	return fds_close_but(first_own_fd(run), keep, ARRAY_LEN(keep));
}

/*
 * The gate falls with the exec, and the connection must outlive everything that can fail: both are
 * close-on-exec.  All else goes before, so that no path of the program can be one of our
 * descriptors (CVE-2024-21626).
 */
static struct err *step_close_fds(struct run *run)
{
	int keep[] = { run->start_fd, run->gate_fd };

	return fds_close_but(first_own_fd(run), keep, ARRAY_LEN(keep));
}

/* Said before the filter is loaded: a strict profile needs to allow execve and nothing of ours. */
static struct err *step_announce(struct run *run)
{
	TRY_SYS(say_raw(run->start_fd, SAID_EXEC, 0, NULL), "report the start");
	return NULL;
}

static struct err *step_exec_program(struct run *run)
{
	const struct spec_process *p = run->plan.process.spec;

	execve(run->program, p->args.v, run->env.v);
	return program_exec_error(-errno, run->program);
}

/* clang-format off */
const struct step launch_steps[] = {
	ON_INIT("wait for start",                 step_wait_at_gate),
	ON_INIT("run the startContainer hooks",   step_hooks_start_container),
	ON_INIT("close descriptors",              step_close_fds),
	ON_INIT("report the start",               step_announce),
	ON_INIT("load the seccomp filter",        step_load_seccomp),
	ON_INIT("start the program",              step_exec_program),
	STEPS_END
};
/* clang-format on */

/* INIT goes on alone from here. */
void init_launch(struct run *run)
{
	struct err *e = NULL;

	for (const struct step *s = launch_steps; s->what && !e; s++) {
		e = s->go(run);
		if (e && s->go != step_exec_program)
			e = err_wrap(e, "cannot %s", s->what);
	}
	if (e && run->start_fd >= 0)
		say_raw(run->start_fd, SAID_ERROR, 0, e);
	_exit(1);
}

/* INIT sends it, unless its filter wants the call that does so answered: by us, in a moment. */
static struct err *ask_for_listener(int fd, int *ret)
{
	size_t n = 1;
	char byte;
	ssize_t rc;

	TRY_SYS(say_raw(fd, SAID_FDS, 0, NULL), "ask for the seccomp listener");
	rc = sock_recv_fds(fd, &byte, 1, ret, &n, LISTENER_TIMEOUT_MS);
	TRY_SYS(rc, "receive the seccomp listener");
	if (rc == 0 || n == 0)
		return err_new(ERR_SYSTEM,
			       "the container process does not send the seccomp listener");
	return NULL;
}

/*
 * Taken, so that INIT has as little as possible to call under its filter; that is a right of a
 * tracer, which without privileges, or with Yama's ptrace_scope, we may not have.
 */
static struct err *take_listener(struct run *run, int fd, int number, int *ret)
{
	int rc = sys_pidfd_getfd(run->pidfd, number);
	struct err *e;

	if (rc >= 0) {
		*ret = rc;
		return NULL;
	}
	e = ask_for_listener(fd, ret);
	return e ? err_hint(
			   e,
			   "it cannot be taken either (pidfd_getfd: %s), so the profile must allow sendmsg",
			   strerror(-rc))
		 : NULL;
}

static struct err *pass_listener_on(struct run *run, int fd, int number)
{
	const struct seccomp_plan *p = &run->plan.process.seccomp;
	auto_close int listener = -EBADF;
	auto_str struct str state = { 0 };

	TRY(take_listener(run, fd, number, &listener));
	if (p->plugins.n > 0)
		return answerer_start(run, listener);
	record_print_state(&run->record, run->exec ? "running" : "creating", (int)run->pid, &state);
	return seccomp_send_listener(p->listener, p->metadata, (int)run->pid, state.s, listener);
}

struct err *gate_listener(struct run *run, int fd, int number)
{
	struct err *e = pass_listener_on(run, fd, number);

	TRY_SYS(say_raw(fd, e ? SAID_ERROR : SAID_PASS, 0, e), "answer the container process");
	return e;
}

/* The far side of the launch: says go and hears how it went.  The program runs when this is NULL.
 */
struct err *gate_start(int fd, struct run *run)
{
	bool executing = false;
	struct said said;
	int rc;

	TRY_SYS(say_raw(fd, SAID_GO, 0, NULL), "tell the container process to start");
	while ((rc = hear_raw(fd, &said, -1)) == 1) {
		if (said.kind == SAID_ERROR)
			return said.error;
		if (said.kind == SAID_LISTENER)
			TRY(gate_listener(run, fd, (int)said.row));
		executing = executing || said.kind == SAID_EXEC;
	}
	if (rc == -EINTR)
		return err_new(ERR_SYSTEM, "interrupted by signal %d", interrupt_pending());
	TRY_SYS(rc, "hear from the container process");
	if (!executing)
		return err_new(ERR_SYSTEM,
			       "the container process died before it executed the program");
	return NULL;
}
