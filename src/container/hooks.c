/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running hooks: see hooks.h.
 */
#include "container/hooks.h"

#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sys.h"
#include "os/program.h"

/* A hook without a timeout may take long, but not for ever. */
enum { DEFAULT_TIMEOUT_S = 600, INTERRUPTED_TIMEOUT_S = 10, TAIL_BYTES = 1024, TAIL_LINES = 3 };

enum { PIPE_BYTES = 65536 };

static const char *const kind_names[HOOK_KINDS] = {
	[HOOK_PRESTART] = "prestart",
	[HOOK_CREATE_RUNTIME] = "createRuntime",
	[HOOK_CREATE_CONTAINER] = "createContainer",
	[HOOK_START_CONTAINER] = "startContainer",
	[HOOK_POSTSTART] = "poststart",
	[HOOK_POSTSTOP] = "poststop",
};

struct hook_context {
	enum hook_kind kind;
	const char *state; /* JSON */
	const char *cwd;   /* NULL: where we are */
	char *const *default_env;
	bool interrupted; /* before the first of them: they run all the same, but not for long */
	/* For standard output and errors; -EBADF: we read them.  What the hook must not have open
	 * is close-on-exec already, in INIT too. */
	const int *files;
};

/* The last bytes that a hook printed. */
struct tail {
	char text[TAIL_BYTES + 1];
	size_t len;
};

static void tail_add(struct tail *t, const char *s, size_t n)
{
	if (n > TAIL_BYTES) {
		s += n - TAIL_BYTES;
		n = TAIL_BYTES;
	}
	if (t->len + n > TAIL_BYTES) {
		size_t drop = t->len + n - TAIL_BYTES;

		memmove(t->text, t->text + drop, t->len - drop);
		t->len -= drop;
	}
	memcpy(t->text + t->len, s, n);
	t->len += n;
	t->text[t->len] = '\0';
}

/* The last lines that are not empty, in one: "cannot reach x | giving up". */
static void tail_lines(const struct tail *t, struct str *out)
{
	const char *lines[TAIL_LINES] = { 0 };
	size_t lens[TAIL_LINES] = { 0 };
	size_t n = 0;
	size_t end = t->len;

	while (end > 0 && n < TAIL_LINES) {
		size_t start = end;

		while (start > 0 && t->text[start - 1] != '\n')
			start--;
		lens[n] = end - start;
		lines[n] = t->text + start;
		while (lens[n] > 0 && isspace((unsigned char)lines[n][lens[n] - 1]))
			lens[n]--;
		n += lens[n] > 0;
		end = start > 0 ? start - 1 : 0;
	}
	str_add(out, "");
	while (n-- > 0)
		str_addf(out, "%s%.*s", out->len ? " | " : ": ", (int)lens[n], lines[n]);
}

static const char *const file_annotations[] = { "run.oci.hooks.stdout", "run.oci.hooks.stderr" };

static struct err *open_files(const struct spec *spec, int fds[2])
{
	for (size_t i = 0; i < ARRAY_LEN(file_annotations); i++) {
		const char *path = spec_annotation(spec, file_annotations[i]);

		if (!path || fds[i] >= 0)
			continue;
		/* Not blocking: a pipe that nobody reads is an error, not a hang. */
		fds[i] = open(path,
			      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
			      0700);
		if (fds[i] < 0)
			return err_sys(-errno, "annotations[\"%s\"]: open %s", file_annotations[i],
				       path);
		fcntl(fds[i], F_SETFL, O_APPEND);
	}
	return NULL;
}

static bool has_hooks(const struct spec *spec, enum hook_kind kind)
{
	return spec->hooks && spec->hooks->kind[kind].n > 0;
}

struct err *step_open_hook_files(struct run *run)
{
	for (int kind = 0; kind < HOOK_KINDS; kind++)
		if (has_hooks(run->spec, kind))
			return open_files(run->spec, run->hook_fds);
	return NULL;
}

static void exec_hook(const struct spec_hook *h, char *const *argv, char *const *env)
{
	if (strchr(h->path, '/'))
		execve(h->path, argv, env);
	else
		execvpe(h->path, argv, env);
}

static NORETURN void hook_child(const struct hook_context *c, const struct spec_hook *h, int in,
				int out)
{
	char *const own_argv[] = { h->path, NULL };
	char *const *argv = h->args.n > 0 ? h->args.v : own_argv;
	char *const *env = h->env.present ? h->env.v : c->default_env;
	const struct sigaction dfl = { .sa_handler = SIG_DFL };
	sigset_t none;

	/* It ends with us: a killed runtime leaves no hook behind.  Its children are in its group.
	 */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigaction(SIGPIPE, &dfl, NULL);
	sigaction(SIGXFSZ, &dfl, NULL);
	if (dup2(in, 0) < 0 || dup2(c->files[0] < 0 ? out : c->files[0], 1) < 0 ||
	    dup2(c->files[1] < 0 ? out : c->files[1], 2) < 0)
		_exit(126);
	if (c->cwd && chdir(c->cwd) < 0)
		_exit(126);
	err_free(fds_close_from(3, -1));
	exec_hook(h, argv, env);
	dprintf(2, "%s\n", strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* A hook that is being waited for. */
struct waited {
	pid_t pid;
	int pidfd; /* -EBADF on kernels without it: then looked at every few milliseconds */
	int in;
	int out;       /* what it prints */
	int out_write; /* the hook's end */
	const char *state;
	struct tail tail;
};

/* Feeds the state and collects the output; a hook that reads nothing or prints for ever is no
 * problem. */
static void pump(struct waited *w, int timeout_ms)
{
	struct pollfd p[3] = {
		{ .fd = w->in, .events = POLLOUT },
		{ .fd = w->out, .events = POLLIN },
		{ .fd = w->pidfd, .events = POLLIN },
	};
	char buf[4096];
	ssize_t n;

	if (poll(p, 3, w->pidfd < 0 ? MIN(timeout_ms, 5) : timeout_ms) <= 0)
		return;
	if (p[0].revents) {
		n = write(w->in, w->state, strlen(w->state));
		if (n > 0)
			w->state += n;
		if (n < 0 || !*w->state)
			fd_close(take_fd(&w->in));
	}
	if (p[1].revents) {
		n = read(w->out, buf, sizeof(buf));
		if (n > 0)
			tail_add(&w->tail, buf, (size_t)n);
		else
			fd_close(take_fd(&w->out));
	}
}

/* What is in the pipe now; what children of the hook go on printing nobody waits for. */
static void drain(struct waited *w)
{
	char buf[4096];
	ssize_t n = 1;

	if (w->out < 0)
		return;
	fcntl(w->out, F_SETFL, O_NONBLOCK);
	fcntl(w->out_write, F_SETFL, O_NONBLOCK);
	for (size_t got = 0; n > 0 && got < PIPE_BYTES; got += (size_t)MAX(n, 0)) {
		n = read(w->out, buf, sizeof(buf));
		if (n > 0)
			tail_add(&w->tail, buf, (size_t)n);
	}
}

enum wait_result { HOOK_ENDED, HOOK_LATE, HOOK_INTERRUPTED };

static enum wait_result hook_wait(struct waited *w, const struct hook_context *c, int64_t timeout_s,
				  int *ret_status)
{
	int64_t end = monotonic_ms() + timeout_s * 1000;
	enum wait_result result = HOOK_ENDED;

	for (;;) {
		pid_t got = waitpid(w->pid, ret_status, WNOHANG);

		if (got == w->pid || (got < 0 && errno != EINTR))
			break;
		if (monotonic_ms() >= end)
			result = HOOK_LATE;
		else if (!c->interrupted && interrupt_pending())
			result = HOOK_INTERRUPTED;
		if (result != HOOK_ENDED) {
			if (kill(-w->pid, SIGKILL) < 0)
				kill(w->pid, SIGKILL);
			while (waitpid(w->pid, ret_status, 0) < 0 && errno == EINTR)
				;
			break;
		}
		pump(w, (int)MIN(end - monotonic_ms(), 100));
	}
	drain(w);
	return result;
}

static struct err *hook_error(enum wait_result result, int status, int64_t timeout_s,
			      const struct tail *t)
{
	auto_str struct str lines = { 0 };

	tail_lines(t, &lines);
	if (result == HOOK_LATE)
		return err_new(ERR_TIMEOUT, "killed after its timeout of %lld s%s",
			       (long long)timeout_s, lines.s);
	if (result == HOOK_INTERRUPTED)
		return err_new(ERR_SYSTEM, "interrupted by signal %d", interrupt_pending());
	if (WIFSIGNALED(status))
		return err_new(ERR_SYSTEM, "killed by signal %d%s", WTERMSIG(status), lines.s);
	if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		return err_new(ERR_SYSTEM, "exit status %d%s", WEXITSTATUS(status), lines.s);
	return NULL;
}

/*
 * A daemon that a hook started keeps the hook's output.  With the write end alone it would die of
 * SIGPIPE once we are gone; opened for both, the pipe always has a reader, and a write to it when
 * it is full fails with EAGAIN.
 */
static void open_for_both(int *fd)
{
	auto_close int proc_fd = proc_open_root();
	char path[sizeof("self/fd/") + 12];
	int both;

	if (proc_fd < 0)
		return;
	snprintf(path, sizeof(path), "self/fd/%d", *fd);
	both = openat(proc_fd, path, O_RDWR | O_CLOEXEC);
	if (both < 0)
		return;
	fd_close(*fd);
	*fd = both;
}

static struct err *hook_spawn(const struct hook_context *c, const struct spec_hook *h,
			      struct waited *w)
{
	int in[2] = { -EBADF, -EBADF };
	int out[2] = { -EBADF, -EBADF };

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0) {
		struct err *e = err_sys(-errno, "make a pipe");

		fd_close(in[0]);
		fd_close(in[1]);
		return e;
	}
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	open_for_both(&out[1]);
	w->pid = sys_clone3(0, -EBADF, &w->pidfd);
	if (w->pid == 0)
		hook_child(c, h, in[0], out[1]);
	fd_close(in[0]);
	w->in = in[1];
	w->out = out[0];
	w->out_write = out[1];
	TRY_SYS(w->pid, "fork");
	return NULL;
}

static struct err *hook_run(const struct hook_context *c, const struct spec_hook *h)
{
	int64_t longest = c->interrupted ? INTERRUPTED_TIMEOUT_S : DEFAULT_TIMEOUT_S;
	int64_t timeout = !h->timeout.set  ? longest
			  : c->interrupted ? MIN(h->timeout.value, longest)
					   : h->timeout.value;
	struct waited w = {
		.pidfd = -EBADF,
		.in = -EBADF,
		.out = -EBADF,
		.out_write = -EBADF,
		.state = c->state,
	};
	enum wait_result result = HOOK_ENDED;
	int status = 0;
	struct err *e = hook_spawn(c, h, &w);

	if (!e)
		result = hook_wait(&w, c, timeout, &status);
	fd_close(w.in);
	fd_close(w.out);
	fd_close(w.out_write);
	fd_close(w.pidfd);
	if (e)
		return e;
	if (!h->timeout.set && result == HOOK_LATE)
		log_warn("hook %s has no timeout, the default of %lld s was applied", h->path,
			 (long long)timeout);
	return hook_error(result, status, timeout, &w.tail);
}

static struct err *hook_failed(const struct hook_context *c, size_t i, const char *path,
			       struct err *why)
{
	struct err *e = err_new(ERR_HOOK, "hooks.%s[%zu]: %s: %s", kind_names[c->kind], i, path,
				err_text(why));

	err_free(why);
	return e;
}

static struct err *run_list(const struct hook_context *c, const struct spec_hook_list *l,
			    bool keep_going)
{
	for (size_t i = 0; i < l->n; i++) {
		struct err *e = hook_run(c, &l->v[i]);

		if (!e)
			continue;
		e = hook_failed(c, i, l->v[i].path, e);
		if (!keep_going)
			return e;
		log_warn("%s", err_text(e));
		err_free(e);
	}
	return NULL;
}

static void fill_context(struct hook_context *c, enum hook_kind kind, const char *state,
			 const char *cwd, const int *files)
{
	*c = (struct hook_context){
		.kind = kind,
		.state = state,
		.cwd = cwd,
		.default_env = environ,
		.files = files,
	};
}

struct err *hooks_run(struct run *run, enum hook_kind kind, const char *status)
{
	auto_str struct str state = { 0 };
	struct hook_context c;

	if (!has_hooks(run->spec, kind))
		return NULL;
	/* `start` comes here without the steps. */
	TRY(open_files(run->spec, run->hook_fds));
	record_print_hook_state(&run->record, status, (int)run->pid, &state);
	fill_context(&c, kind, state.s, run->record.bundle, run->hook_fds);
	return run_list(&c, &run->spec->hooks->kind[kind], false);
}

struct err *hooks_run_in_container(struct run *run, enum hook_kind kind)
{
	bool inside = kind == HOOK_START_CONTAINER;
	auto_str struct str state = { 0 };
	struct hook_context c;

	if (!run->spec || !has_hooks(run->spec, kind))
		return NULL;
	/* The pid as the container's own processes see it. */
	record_print_hook_state(&run->record, "created", (int)getpid(), &state);
	fill_context(&c, kind, state.s, inside ? NULL : run->record.bundle, run->hook_fds);
	if (inside)
		c.default_env = run->env.v;
	return run_list(&c, &run->spec->hooks->kind[kind], false);
}

void hooks_run_poststop(const struct spec *spec, const struct record *record)
{
	auto_str struct str state = { 0 };
	int files[2] = { -EBADF, -EBADF };
	struct hook_context c;
	struct err *e;

	if (!has_hooks(spec, HOOK_POSTSTOP))
		return;
	e = open_files(spec, files);
	if (e)
		log_warn("%s", err_text(e));
	err_free(e);
	record_print_hook_state(record, "stopped", 0, &state);
	fill_context(&c, HOOK_POSTSTOP, state.s, record->bundle, files);
	c.interrupted = interrupt_pending() != 0;
	err_free(run_list(&c, &spec->hooks->kind[HOOK_POSTSTOP], true));
	fd_close(files[0]);
	fd_close(files[1]);
}
