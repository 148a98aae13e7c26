/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clone.  One clone3 makes the process with all its new namespaces.  Where namespaces have to
 * be joined before it exists (a pid or user namespace by path, or a new user namespace beside
 * joined ones), a process in the middle joins them, clones INIT as our child (CLONE_PARENT) and
 * goes away.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sys.h"
#include "container/context.h"
#include "container/enter.h"

enum { DEATH_TIMEOUT_MS = 2000 };

/* The bits of a line of /proc/self/status; all of them when it is not there. */
static uint64_t signal_bits(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	return line ? strtoull(line + strlen(name), NULL, 16) : UINT64_MAX;
}

/*
 * Dispositions and mask as the specification's clients expect: all default, nothing blocked.  One
 * look at procfs costs less than 64 calls that mostly change nothing.
 */
static void signals_reset(void)
{
	/* The kernel's own structure, all zero: SIG_DFL.  libc does not let us at signals 32
	 * and 33. */
	const unsigned long dfl[8] = { 0 };
	char status[4096] = "";
	uint64_t changed;
	sigset_t none;

	if (file_read_line("/proc/self/status", status, sizeof(status)) < 0)
		*status = '\0';
	changed = signal_bits(status, "\nSigIgn:") | signal_bits(status, "\nSigCgt:");
	for (int sig = 1; sig < NSIG; sig++) {
		if (!(changed & (uint64_t)1 << (sig - 1)))
			continue;
		syscall(SYS_rt_sigaction, sig, dfl, NULL, NSIG / 8);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void become_init(struct run *run)
{
	walk_become_init(&run->walk);
	signals_reset();
	/* Until the gate: the runtime's death is ours.  A dead parent is seen at the link. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/*
	 * No process of the container looks into us while we set it up (CVE-2016-9962).  A new user
	 * namespace has nobody in it yet, and without privileges HOST could not write our maps
	 * then: step_become_root comes to it.
	 */
	if (!run->plan.ns.new_user)
		prctl(PR_SET_DUMPABLE, 0);
	fd_close(run->lock_fd);
	run->lock_fd = -EBADF;
	cgroup_scope_forget(run->bus);
}

/*
 * A cgroup that cannot be cloned into (threaded, a kernel before 5.7, or ENOENT: we are outside of
 * the cgroup namespace that we have joined) is joined afterwards; its own message is better than
 * clone3's.
 */
static bool retry_without_cgroup(int rc)
{
	return rc == -ENOSYS || rc == -EOPNOTSUPP || rc == -EACCES || rc == -EBUSY ||
	       rc == -E2BIG || rc == -EINVAL || rc == -ENOENT;
}

static pid_t clone_init(struct run *run, uint64_t flags, int *ret_pidfd)
{
	pid_t pid = sys_clone3(flags, run->cgroup_fd, ret_pidfd);

	run->in_v2 = run->cgroup_fd >= 0;
	if (pid < 0 && run->cgroup_fd >= 0 && retry_without_cgroup(pid)) {
		run->in_v2 = false;
		pid = sys_clone3(flags, -EBADF, ret_pidfd);
	}
	return pid;
}

static struct err *clone_error(int rc, uint64_t flags)
{
	struct err *e = err_sys(rc, "clone with namespaces %#llx", (unsigned long long)flags);

	if (rc == -EAGAIN)
		return err_hint(e,
				"a pids limit of the caller's cgroup or RLIMIT_NPROC is reached");
	if (rc == -ENOSPC || rc == -EUSERS)
		return err_hint(e, "a limit below /proc/sys/user/ (max_*_namespaces) is reached");
	if (rc == -EPERM)
		return err_hint(
			e,
			"new namespaces need root, or a user namespace (kernel.unprivileged_userns_clone)");
	if (rc == -EINVAL)
		return err_hint(e, "this kernel lacks one of the namespaces");
	return e;
}

/* The process in the middle.  Joined namespaces that refuse us are tried again from inside the
 * joined user namespace: they may belong to it. */
static struct err *join_all(const struct run *run)
{
	const struct ns_plan *ns = &run->plan.ns;
	bool pending[NS_TYPES] = { false };

	for (int t = 0; t < NS_TYPES; t++) {
		if (t == NS_USER || run->ns_fds[t] < 0)
			continue;
		if (setns(run->ns_fds[t], (int)ns_flag(t)) == 0)
			continue;
		if (errno != EPERM || run->ns_fds[NS_USER] < 0)
			return err_sys(-errno, "join the %s namespace %s", ns_name(t), ns->join[t]);
		pending[t] = true;
	}
	if (run->ns_fds[NS_USER] >= 0 && setns(run->ns_fds[NS_USER], CLONE_NEWUSER) < 0)
		return err_sys(-errno, "join the user namespace %s", ns->join[NS_USER]);
	for (int t = 0; t < NS_TYPES; t++) {
		if (pending[t] && setns(run->ns_fds[t], (int)ns_flag(t)) < 0)
			return err_sys(-errno, "join the %s namespace %s", ns_name(t), ns->join[t]);
	}
	return NULL;
}

struct middle_message {
	int32_t pid; /* 0: an error follows */
	bool in_v2;
	char error[1024];
};

/* Returns in INIT only. */
static void middle_main(struct run *run, uint64_t flags, struct err *(*join)(const struct run *),
			int pipe_fd)
{
	struct middle_message m = { 0 };
	struct err *e = join(run);
	pid_t pid = 0;

	if (!e) {
		pid = clone_init(run, flags | CLONE_PARENT, NULL);
		if (pid == 0) {
			fd_close(pipe_fd);
			become_init(run);
			return;
		}
		if (pid < 0)
			e = clone_error(pid, flags);
	}
	m.pid = e ? 0 : pid;
	m.in_v2 = run->in_v2;
	if (e)
		err_pack(e, m.error, sizeof(m.error));
	_exit(write(pipe_fd, &m, sizeof(m)) == sizeof(m) ? 0 : 1);
}

static struct err *spawn_through_middle(struct run *run, uint64_t flags,
					struct err *(*join)(const struct run *))
{
	auto_close int rd = -EBADF;
	struct middle_message m;
	pid_t middle;
	ssize_t n;
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(-errno, "make a pipe");
	rd = p[0];
	middle = sys_clone3(0, -EBADF, NULL);
	if (middle == 0) {
		fd_close(take_fd(&rd));
		middle_main(run, flags, join, p[1]);
		return NULL; /* this is INIT */
	}
	fd_close(p[1]);
	if (middle < 0)
		return clone_error(middle, 0);
	do {
		n = read(rd, &m, sizeof(m));
	} while (n < 0 && errno == EINTR);
	proc_reap(middle);
	if (n != sizeof(m))
		return err_new(ERR_SYSTEM, "the process that joins the namespaces died");
	if (m.pid == 0)
		return err_unpack(m.error, sizeof(m.error));
	run->pid = m.pid;
	run->in_v2 = m.in_v2;
	run->pidfd = sys_pidfd_open(run->pid, 0);
	return NULL;
}

static struct err *spawn(struct run *run, uint64_t flags)
{
	pid_t pid = clone_init(run, flags, &run->pidfd);

	if (pid == 0) {
		become_init(run);
		return NULL;
	}
	if (pid < 0)
		return clone_error(pid, flags);
	run->pid = pid;
	return NULL;
}

static struct err *learn_start_time(struct run *run)
{
	struct proc_stat st;
	struct err *e;
	int rc;

	if (run->walk.side == SIDE_INIT)
		return NULL;
	run->walk.is_forked = true;
	rc = proc_stat_read(run->pid, &st);
	if (rc < 0) {
		e = err_sys(rc, "read /proc/%d/stat", (int)run->pid);
		/* A step that fails undoes what it did itself. */
		undo_spawn(run);
		return e;
	}
	run->start_time = st.start_time;
	return NULL;
}

struct err *step_spawn(struct run *run)
{
	const struct ns_plan *ns = &run->plan.ns;
	uint64_t flags = ns->new_flags | (ns->new_user ? CLONE_NEWUSER : 0);
	bool middle = ns->join[NS_PID] || ns->join[NS_USER] || (ns->new_user && ns->joins_any);

	/* INIT makes its mount namespace from the launch namespace, not from ours. */
	if (run->launch_fd >= 0)
		flags &= ~(uint64_t)CLONE_NEWNS;
	if (middle)
		TRY(spawn_through_middle(run, flags, join_all));
	else
		TRY(spawn(run, flags));
	return learn_start_time(run);
}

/* INIT: what needs no process in the middle. */
struct err *step_join_namespaces(struct run *run)
{
	const struct ns_plan *ns = &run->plan.ns;

	if (!ns->joins_any || ns->join[NS_PID] || ns->join[NS_USER] || ns->new_user)
		return NULL;
	for (int t = 0; t < NS_TYPES; t++) {
		if (run->ns_fds[t] >= 0 && setns(run->ns_fds[t], (int)ns_flag(t)) < 0)
			return err_sys(-errno, "join the %s namespace %s", ns_name(t), ns->join[t]);
	}
	/* A joined mount namespace moved us to its root. */
	if (ns->join[NS_MOUNT] && run->bundle_fd >= 0 && fchdir(run->bundle_fd) < 0)
		return err_sys(-errno, "return to the bundle");
	return NULL;
}

void undo_spawn(struct run *run)
{
	if (run->pid <= 0)
		return;
	if (run->pidfd < 0 || sys_pidfd_send_signal(run->pidfd, SIGKILL) < 0)
		kill(run->pid, SIGKILL); /* our child, not yet waited for: the number is still its
					    own */
	proc_reap(run->pid);
	run->pid = 0;
}

struct err *spawn_post_mortem(struct run *run)
{
	const struct cgroup_paths *cg = run->exec ? &run->exec_cgroup : &run->plan.cgroup.paths;
	struct err *e;
	int status = 0;
	pid_t pid = proc_reap_within(run->pid, &status, DEATH_TIMEOUT_MS);

	if (pid == 0)
		return err_new(ERR_SYSTEM, "the container process hung up without a word");
	if (pid > 0)
		run->pid = 0;
	if (pid > 0 && WIFSIGNALED(status))
		e = err_new(ERR_SYSTEM, "the container process was killed by signal %d (%s)",
			    WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		e = err_new(ERR_SYSTEM, "the container process ended with status %d",
			    WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	if (cgroup_had_oom(cg))
		return err_hint(err_wrap(e, "OOM: the memory limit could be too low"),
				"raise linux.resources.memory.limit");
	return e;
}

/*
 * exec: the pid namespace has to be entered before the clone.  With the rights over it HOST does
 * that itself; otherwise a process in the middle joins everything.  So it does when there is no way
 * back from there, as in a user namespace, and HOST has one more child to make: the process of the
 * seccomp plugins, which no process of the container is to see.
 */
static struct err *join_container(const struct run *run)
{
	return exec_join(run, run->join_flags);
}

static struct err *join_each(const struct run *run, const int fds[NS_TYPES])
{
	/* NS_USER is first: it gives the rights over the others. */
	for (int t = 0; t < NS_TYPES; t++) {
		if (fds[t] >= 0 && setns(fds[t], (int)ns_flag(t)) < 0)
			return err_sys(-errno, "join the %s namespace of process %d", ns_name(t),
				       (int)run->init_pid);
	}
	return NULL;
}

/* One call where the kernel takes a pidfd (5.8), else one namespace after the other. */
struct err *exec_join(const struct run *run, uint64_t flags)
{
	int fds[NS_TYPES];
	struct err *e;

	if (flags == 0 || (run->init_pidfd >= 0 && setns(run->init_pidfd, (int)flags) == 0))
		return NULL;
	if (run->init_pidfd >= 0 && errno != EINVAL)
		return err_sys(-errno, "join the namespaces of process %d", (int)run->init_pid);
	for (int t = 0; t < NS_TYPES; t++)
		fds[t] = -EBADF;
	e = enter_open_namespaces(run, flags, fds);
	if (!e)
		e = join_each(run, fds);
	for (int t = 0; t < NS_TYPES; t++)
		fd_close(fds[t]);
	return e;
}

static bool enter_pidns(const struct run *run)
{
	struct err *e = exec_join(run, CLONE_NEWPID);

	err_free(e);
	return !e;
}

static bool may_enter(const struct run *run, int own)
{
	return run->plan.process.seccomp.plugins.n == 0 || setns(own, CLONE_NEWPID) == 0;
}

struct err *step_exec_spawn(struct run *run)
{
	uint64_t rest = run->join_flags & ~(uint64_t)CLONE_NEWPID;
	auto_close int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);

	if (!(run->join_flags & CLONE_NEWPID) || (may_enter(run, own) && enter_pidns(run))) {
		struct err *e = spawn(run, 0);

		/* Later children of ours are to be ours again. */
		if (run->walk.side == SIDE_HOST && own >= 0 && setns(own, CLONE_NEWPID) < 0)
			log_debug("cannot return to our own pid namespace: %s", strerror(errno));
		TRY(e);
		if (run->walk.side == SIDE_HOST)
			return learn_start_time(run);
		run->join_flags = rest;
		return NULL;
	}
	TRY(spawn_through_middle(run, 0, join_container));
	if (run->walk.side == SIDE_INIT)
		run->join_flags = 0;
	return learn_start_time(run);
}
