/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process of the seccomp notify plugins: see answerer.h.
 */
#include "container/answerer.h"

#include <davit/seccomp_notify_plugin.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/sock.h"
#include "os/program.h"
#include "os/seccomp-plugin.h"
#include "state/store.h"

enum { LOAD_TIMEOUT_MS = 10 * 1000, GRACE_MS = 2000, OLD_KERNEL_MS = 1000 };

/* The first process of the container: with exec, too. */
struct watched {
	pid_t pid;
	uint64_t start_time;
	int pidfd; /* negative before Linux 5.3 */
	int event_fd;
};

static bool has_ended(const struct watched *w)
{
	struct pollfd p = { .fd = w->pidfd, .events = POLLIN };

	if (poll(&p, 1, w->pidfd >= 0 ? -1 : OLD_KERNEL_MS) > 0)
		return true;
	return w->pidfd < 0 && proc_is_alive(w->pid, w->start_time) != 1;
}

/* A thread: whatever a plugin does, the answerer does not stay behind. */
static void *watch(void *arg)
{
	const struct watched *w = arg;

	while (!has_ended(w))
		;
	eventfd_write(w->event_fd, 1);
	poll(NULL, 0, GRACE_MS);
	_exit(1);
}

static struct err *start_watch(const struct run *run, struct watched *w)
{
	pthread_t thread;
	int rc;

	w->pid = run->exec ? run->init_pid : run->pid;
	w->start_time = run->record.start_time;
	w->pidfd = run->exec ? run->init_pidfd : run->pidfd;
	w->event_fd = eventfd(0, EFD_CLOEXEC);
	if (w->event_fd < 0)
		return err_sys(-errno, "make an eventfd");
	rc = pthread_create(&thread, NULL, watch, w);
	TRY_SYS(-rc, "start a thread");
	return NULL;
}

/* Only `run` stays as long as we do: whoever else waits for the end of a pipe must not wait for us.
 */
static bool is_foreground(const struct run *run)
{
	return run->opts && !run->is_create && !run->opts->detach;
}

static struct err *take_streams(const struct run *run)
{
	auto_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool has_stderr = is_foreground(run);

	if (null < 0)
		return err_sys(-errno, "open /dev/null");
	if (dup2(null, 0) < 0 || dup2(has_stderr ? 2 : null, 1) < 0 ||
	    (!has_stderr && dup2(null, 2) < 0))
		return err_sys(-errno, "set the standard streams");
	return NULL;
}

/* Out of the caller's session: Ctrl-C is meant for the container. */
static struct err *settle(const struct run *run, int *keep, size_t n)
{
	interrupt_unblock();
	setsid();
	prctl(PR_SET_NAME, "davit-answerer");
	if (chdir("/") < 0)
		return err_sys(-errno, "change to /");
	TRY(take_streams(run));
	return fds_close_but(3, keep, n);
}

static struct err *answer(const struct run *run, int listener_fd, int report_fd)
{
	const char *id = run->record.id;
	auto_free char *state = str_format("%s/%s", run->ctx->state_root, id);
	auto_free char *config = str_format("%s/" STORE_CONFIG, state);
	struct run_oci_seccomp_notify_conf conf = {
		.runtime_root_path = state,
		.name = id,
		.bundle_path = run->record.bundle,
		.oci_config_path = config,
	};
	int keep[] = { listener_fd, report_fd, run->pidfd, run->init_pidfd, log_fd() };
	struct seccomp_plugins *plugins;
	static struct watched watched;

	TRY(settle(run, keep, ARRAY_LEN(keep)));
	TRY(start_watch(run, &watched));
	TRY(seccomp_plugins_load(&run->plan.process.seccomp.plugins, &plugins));
	TRY(seccomp_plugins_start(plugins, &conf));
	TRY_SYS(say_raw(report_fd, SAID_PASS, 0, NULL), "report that the plugins are ready");
	close(report_fd);
	TRY(seccomp_plugins_serve(plugins, listener_fd, watched.event_fd));
	seccomp_plugins_stop(plugins);
	return NULL;
}

/* In the child.  With a listener the plugins answer on it, without one they are only tried. */
static NORETURN void child_main(const struct run *run, int listener_fd, int report_fd)
{
	struct seccomp_plugins *plugins;
	struct err *e;

	if (listener_fd >= 0)
		e = answer(run, listener_fd, report_fd);
	else
		e = seccomp_plugins_load(&run->plan.process.seccomp.plugins, &plugins);
	if (e && say_raw(report_fd, SAID_ERROR, 0, e) < 0)
		log_warn("seccomp plugins: %s", err_text(e));
	if (!e && listener_fd < 0)
		(void)say_raw(report_fd, SAID_PASS, 0, NULL);
	_exit(e ? 1 : 0);
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	proc_reap(pid);
}

/* Why the child said nothing.  It may also have closed all descriptors and live on. */
static struct err *died(pid_t pid)
{
	int status = 0;

	if (proc_reap_within(pid, &status, GRACE_MS) == 0) {
		end_child(pid);
		return err_new(
			ERR_SYSTEM,
			"a seccomp plugin closed the descriptors of its process while it was loaded");
	}
	if (WIFSIGNALED(status))
		return err_new(ERR_SYSTEM,
			       "a seccomp plugin crashed while it was loaded: signal %d",
			       WTERMSIG(status));
	return err_new(ERR_SYSTEM, "a seccomp plugin ended the process while it was loaded");
}

static struct err *hear_child(pid_t pid, int fd)
{
	struct said said;
	int rc = hear_raw(fd, &said, LOAD_TIMEOUT_MS);

	if (rc == 1 && said.kind == SAID_PASS)
		return NULL;
	if (rc == 0)
		return died(pid);
	end_child(pid);
	if (rc == 1)
		return said.kind == SAID_ERROR
			       ? said.error
			       : err_new(ERR_INTERNAL, "the answerer says %d", said.kind);
	if (rc == -ETIMEDOUT)
		return err_new(ERR_TIMEOUT, "a seccomp plugin is not ready after %d s",
			       LOAD_TIMEOUT_MS / 1000);
	if (rc == -EINTR)
		return err_new(ERR_SYSTEM, "interrupted by signal %d", interrupt_pending());
	return err_sys(rc, "hear from the process of the seccomp plugins");
}

static struct err *fork_child(const struct run *run, int listener_fd, pid_t *ret)
{
	int pair[2];
	struct err *e;
	pid_t pid;

	TRY_SYS(sock_pair(pair), "make a socket pair");
	pid = fork();
	if (pid == 0) {
		close(pair[0]);
		child_main(run, listener_fd, pair[1]);
	}
	close(pair[1]);
	e = pid < 0 ? err_sys(-errno, "start a process for the seccomp plugins")
		    : hear_child(pid, pair[0]);
	close(pair[0]);
	*ret = e ? 0 : pid;
	return e;
}

struct err *step_try_plugins(struct run *run)
{
	pid_t pid = 0;

	if (run->plan.process.seccomp.plugins.n == 0)
		return NULL;
	TRY(fork_child(run, -EBADF, &pid));
	end_child(pid);
	return NULL;
}

struct err *answerer_start(struct run *run, int listener_fd)
{
	return fork_child(run, listener_fd, &run->answerer_pid);
}

void answerer_wait(struct run *run)
{
	int status = 0;
	pid_t pid;

	if (run->answerer_pid <= 0)
		return;
	pid = proc_reap_within(run->answerer_pid, &status, GRACE_MS + GRACE_MS / 4);
	if (pid > 0)
		answerer_reaped(run, pid, status);
	else if (pid == 0)
		end_child(run->answerer_pid);
	run->answerer_pid = 0;
}

void answerer_reaped(struct run *run, pid_t pid, int status)
{
	if (pid != run->answerer_pid)
		return;
	run->answerer_pid = 0;
	if (WIFSIGNALED(status))
		log_warn(
			"a seccomp plugin crashed: signal %d.  Calls that it would answer fail with ENOSYS",
			WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		log_warn("the process of the seccomp plugins ended early");
}
