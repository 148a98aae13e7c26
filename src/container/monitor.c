/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A foreground process: see monitor.h.
 */
#include "container/monitor.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "base/sys.h"
#include "container/answerer.h"
#include "container/terminal.h"

enum { RETRY_MS = 50 };

/* Ours, not the container's: child exits, window size, and what the kernel sends for our own I/O.
 */
static bool is_forwarded(unsigned sig)
{
	return sig != SIGCHLD && sig != SIGWINCH && sig != SIGPIPE && sig != SIGURG &&
	       sig != SIGTTIN && sig != SIGTTOU && sig != SIGXFSZ;
}

static void forward(const struct run *run, unsigned sig)
{
	if (run->pidfd < 0 || sys_pidfd_send_signal(run->pidfd, (int)sig) == -ENOSYS)
		kill(run->pid, (int)sig); /* our child, not waited for yet */
}

static void take_signals(struct run *run, struct terminal *t, int sfd)
{
	struct signalfd_siginfo info;

	while (read(sfd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH)
			terminal_copy_size(t->master);
		else if (is_forwarded(info.ssi_signo))
			forward(run, info.ssi_signo);
	}
}

enum reaped { REAPED_OTHERS, REAPED_OURS, REAP_AGAIN };

static enum reaped reap(struct run *run, int *ret_status)
{
	int status;
	pid_t pid;

	/* Others are processes of the container that were left to us as the nearest subreaper. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != run->pid) {
			answerer_reaped(run, pid, status);
			continue;
		}
		*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		return REAPED_OURS;
	}
	if (pid == 0)
		return REAPED_OTHERS;
	/* The signal that told of the end does not come twice. */
	return errno == ECHILD ? REAPED_OURS : REAP_AGAIN;
}

static struct err *loop(struct run *run, struct terminal *t, int sfd, int *ret_status)
{
	struct pollfd p[1 + TERMINAL_POLLFDS];
	enum reaped reaped = reap(run, ret_status); /* it may have ended before we looked */

	while (reaped != REAPED_OURS) {
		p[0] = (struct pollfd){ .fd = sfd, .events = POLLIN };
		terminal_before_poll(t, p + 1);
		if (poll(p, ARRAY_LEN(p), reaped == REAP_AGAIN ? RETRY_MS : -1) < 0 &&
		    errno != EINTR)
			return err_sys(-errno, "wait for the container process");
		terminal_after_poll(t, p + 1);
		if (p[0].revents & POLLIN)
			take_signals(run, t, sfd);
		if (p[0].revents & POLLIN || reaped == REAP_AGAIN)
			reaped = reap(run, ret_status);
	}
	return NULL;
}

struct err *monitor_run(struct run *run, int *ret_status)
{
	struct terminal t;
	auto_close int sfd = -EBADF;
	sigset_t all, old;
	struct err *e;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	sfd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sfd < 0) {
		e = err_sys(-errno, "make a signalfd");
		sigprocmask(SIG_SETMASK, &old, NULL);
		return e;
	}
	*ret_status = 255;
	terminal_begin(&t, run->master_fd);
	e = loop(run, &t, sfd, ret_status);
	terminal_end(&t);
	if (!e)
		run->pid = 0;
	sigprocmask(SIG_SETMASK, &old, NULL);
	interrupt_unblock();
	return e;
}
