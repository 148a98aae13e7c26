/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that INIT walks: see steps.h.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/sock.h"
#include "container/hooks.h"
#include "container/steps.h"
#include "os/launch.h"
#include "os/program.h"
#include "state/store.h"

enum { CONSOLE_TIMEOUT_MS = 10 * 1000 };

struct err *step_enter_launch(struct run *r)
{
	return r->launch_fd >= 0 ? launch_ns_enter(r->launch_fd) : NULL;
}

struct err *step_become_root(struct run *r)
{
	const struct cred_plan *c = &r->plan.process.cred;

	if (!when_any_userns(r))
		return NULL;
	TRY(ns_become_root(&r->plan.ns, c->uid, c->gid));
	/* The ids changed, and with them the kernel's idea of who may look at us. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_DUMPABLE, 0);
	return NULL;
}

struct err *step_new_time_ns(struct run *r)
{
	if (!r->plan.ns.new_time)
		return NULL;
	return ns_new_time(&r->plan.ns, r->proc_fd);
}

struct err *step_join_keyring(struct run *r)
{
	if (!r->plan.new_keyring)
		return NULL;
	if (r->plan.process.lsm.selinux)
		TRY(lsm_label_keyring(&r->plan.process.lsm, r->proc_fd));
	return keyring_join(r->plan.id);
}

struct err *step_loopback_up(struct run *r)
{
	return r->plan.ns.new_flags & CLONE_NEWNET ? netns_loopback_up() : NULL;
}

struct err *step_receive_mounts(struct run *r)
{
	TRY(walk_recv_fds(&r->walk, &r->tree_fd, 1));
	r->sources.n = r->plan.mounts.n;
	r->sources.fds = xcalloc(r->sources.n, sizeof(int));
	TRY(walk_recv_fds(&r->walk, r->sources.fds, r->sources.n));
	if (!r->plan.devices.bind)
		return NULL;
	r->device_fds = xcalloc(r->plan.devices.n, sizeof(int));
	return walk_recv_fds(&r->walk, r->device_fds, r->plan.devices.n);
}

struct err *step_attach_root(struct run *r)
{
	return rootfs_attach(&r->plan.rootfs, r->tree_fd, &r->init_root_fd);
}

struct err *step_new_cgroup_ns(struct run *r)
{
	if (r->plan.ns.new_cgroup && unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(-errno, "unshare");
	return NULL;
}

/* Mount points and nodes get exactly the modes of the configuration. */
struct err *step_attach_mounts(struct run *r)
{
	umask(0);
	return mounts_attach(&r->plan.mounts, &r->sources, r->init_root_fd);
}

struct err *step_make_devices(struct run *r)
{
	return devices_make(&r->plan.devices, r->device_fds, r->init_root_fd);
}

struct err *step_finish_mounts(struct run *r)
{
	return mounts_finish(&r->plan.mounts, r->init_root_fd);
}

struct err *step_hooks_create_container(struct run *r)
{
	return hooks_run_in_container(r, HOOK_CREATE_CONTAINER);
}

struct err *step_enter_root(struct run *r)
{
	return rootfs_enter(&r->plan.rootfs, r->init_root_fd);
}

struct err *step_open_console(struct run *r)
{
	const struct console_plan *c = &r->plan.process.console;
	auto_close int master = -EBADF;

	if (!c->terminal)
		return NULL;
	TRY(console_open(c, &master, &r->slave_fd));
	if (c->bind_console)
		TRY(console_bind(r->slave_fd));
	if (r->console_fd < 0)
		return walk_send_fds(&r->walk, &master, 1);
	TRY_SYS(sock_send_fds(r->console_fd, " ", 1, &master, 1, CONSOLE_TIMEOUT_MS),
		"send the terminal to the console socket");
	fd_close(take_fd(&r->console_fd));
	return NULL;
}

struct err *step_attach_stdio(struct run *r)
{
	const struct cred_plan *c = &r->plan.process.cred;

	if (r->plan.process.console.terminal)
		return console_attach(take_fd(&r->slave_fd));
	/* A session of its own: the caller's terminal is not the container's. */
	setsid();
	return stdio_adopt(c->uid, c->gid);
}

struct err *step_set_names(struct run *r)
{
	return uts_apply(r->spec->hostname, r->spec->domainname);
}

struct err *step_set_sysctls(struct run *r)
{
	return sysctl_apply(&r->plan.sysctl, r->proc_fd);
}

struct err *step_mask_paths(struct run *r)
{
	return mask_apply(&r->plan.mask, r->null_fd);
}

struct err *step_finish_root(struct run *r)
{
	return rootfs_finish(&r->plan.rootfs);
}

struct err *step_set_policies(struct run *r)
{
	TRY(mempolicy_apply(&r->plan.mempolicy));
	return r->plan.process.personality ? personality_apply(r->plan.process.personality) : NULL;
}

struct err *step_set_labels(struct run *r)
{
	const struct lsm_plan *l = &r->plan.process.lsm;

	return l->apparmor || l->selinux ? lsm_apply(l, r->proc_fd) : NULL;
}

struct err *step_build_env(struct run *r)
{
	const struct process_plan *p = &r->plan.process;

	TRY(env_build(p->spec->env.v, p->spec->env.n, p->cred.uid, &r->env));
	if (p->listen_fds > 0 && !env_get(&r->env, "LISTEN_PID"))
		strv_add(&r->env, "LISTEN_PID=1");
	if (p->listen_fds > 0 && !env_get(&r->env, "LISTEN_FDS"))
		strv_take(&r->env, str_format("LISTEN_FDS=%d", p->listen_fds));
	return NULL;
}

struct err *step_enter_cwd(struct run *r)
{
	return cwd_enter(r->plan.process.spec->cwd, !r->exec, &r->cwd_denied);
}

struct err *step_find_program(struct run *r)
{
	const struct spec_process *p = r->plan.process.spec;
	struct err *e;

	if (p->args.n == 0)
		return err_new(ERR_INVALID, "process.args: is empty, there is nothing to execute");
	e = program_find(p->args.v[0], env_get(&r->env, "PATH"), &r->program);
	/* Root in a user namespace may lack what the user has: step_find_again. */
	if (e && err_errno(e) != ENOENT && r->plan.process.cred.uid != 0) {
		err_free(e);
		return NULL;
	}
	return e;
}

/* Before a filter that may not know Landlock, and before the right to restrict goes. */
struct err *step_restrict_files(struct run *r)
{
	return landlock_apply(&r->plan.process.landlock);
}

struct err *step_drop_privileges(struct run *r)
{
	const struct cred_plan *c = &r->plan.process.cred;

	if (c->has_umask)
		umask(c->umask);
	else
		umask(0022);
	TRY(cred_apply(c));
	return cred_no_new_privs(c);
}

struct err *step_find_again(struct run *r)
{
	const struct spec_process *p = r->plan.process.spec;
	bool still_denied = false;

	/* The user switch reset these. */
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (r->cwd_denied)
		TRY(cwd_enter(p->cwd, false, &still_denied));
	if (still_denied)
		return err_sys(-EACCES, "process.cwd: chdir to %s", p->cwd);
	if (!r->program)
		return program_find(p->args.v[0], env_get(&r->env, "PATH"), &r->program);
	return NULL;
}

/* From here on the container outlives the runtime. */
struct err *step_hold_gate(struct run *r)
{
	prctl(PR_SET_PDEATHSIG, 0);
	/* Without privileges only the owner of a process that may be looked into can enter it. */
	if (r->is_create && r->plan.is_rootless)
		prctl(PR_SET_DUMPABLE, 1);
	return r->gate_fd >= 0 ? store_gate_hold(r->gate_fd) : NULL;
}

struct err *step_join_container(struct run *r)
{
	TRY(exec_join(r, r->join_flags));
	/*
	 * The root of a mount namespace need not be the container's: with --no-pivot, without a
	 * mount namespace of its own, or when the runtime that created it stood in a chroot itself.
	 */
	if (fchdir(r->container_root_fd) < 0 || chroot(".") < 0)
		return err_sys(-errno, "change to the container's root");
	fd_close(take_fd(&r->container_root_fd));
	return NULL;
}
