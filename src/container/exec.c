/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: one more process in a running container.  Its list shares the rows of INIT with create.
 */
#include <fcntl.h>
#include <sched.h>

#include "base/log.h"
#include "base/proc.h"
#include "container/enter.h"
#include "container/find.h"
#include "container/monitor.h"
#include "container/steps.h"
#include "os/program.h"
#include "state/store.h"

/* clang-format off */
static const struct step exec_steps[] = {
	ON_HOST("connect to the console socket",          step_connect_console,   NULL),
	ON_HOST("open the procfs",                        step_open_proc,         NULL),
	ON_HOST("share memory for the seccomp filter",    step_share_seccomp,     NULL),
	ON_HOST("start the process",                      step_exec_spawn,        undo_spawn),
	ON_HOST("put the process into its cgroup",        step_enter_cgroup,      NULL),
	ON_HOST("enter the resctrl group",                step_enter_rdt,         NULL),
	ON_HOST("set process limits and the OOM score",   step_limit_process,     NULL),
	ON_HOST("set scheduling",                         step_schedule,          NULL),
	PASS(HOST, "the process is in its cgroup"),
	ON_HOST("compile the seccomp filter",             step_compile_seccomp,   NULL),
	ON_INIT("join the container",                     step_join_container),
	ON_INIT("become root in the user namespace",      step_become_root),
	ON_INIT("open the terminal",                      step_open_console),
	ON_HOST_IF(when_terminal_here, "take over the terminal", step_receive_terminal),
	ON_INIT("attach the standard streams",            step_attach_stdio),
	ON_INIT("set personality",                        step_set_policies),
	ON_INIT("set security labels",                    step_set_labels),
	ON_INIT("build the environment",                  step_build_env),
	ON_INIT("enter the working directory",            step_enter_cwd),
	ON_INIT("find the program",                       step_find_program),
	PASS(HOST, "everything outside is set"),
	ON_INIT("restrict the use of files",              step_restrict_files),
	ON_INIT("load the seccomp filter",                step_load_seccomp_early),
	ON_INIT("change user and capabilities",           step_drop_privileges),
	ON_INIT("find the program",                       step_find_again),
	ON_INIT("close descriptors",                      step_close_inherited),
	ON_INIT("outlive the runtime",                    step_hold_gate),
	PASS(INIT, "ready to start"),
	ON_HOST("send the pidfd",                         step_send_pidfd,        NULL),
	STEPS_END
};
/* clang-format on */

static char *const default_env[] = { (char *)"PATH=" DEFAULT_PATH, NULL };

static void set_strings(struct arena *a, struct spec_strings *s, char *const *v, size_t n)
{
	s->present = true;
	s->n = n;
	s->v = arena_array(a, char *, n + 1);
	for (size_t i = 0; i < n; i++)
		s->v[i] = v[i];
}

static void add_strings(struct arena *a, struct spec_strings *s, char *const *v, size_t n)
{
	struct spec_strings old = *s;

	set_strings(a, s, old.v, old.n);
	s->v = arena_array(a, char *, old.n + n + 1);
	for (size_t i = 0; i < old.n; i++)
		s->v[i] = old.v[i];
	for (size_t i = 0; i < n; i++)
		s->v[old.n + i] = v[i];
	s->n = old.n + n;
}

static void set_user(struct arena *a, const struct exec_opts *o, struct spec_process *p)
{
	struct spec_user *u = arena_alloc(a, sizeof(*u));

	if (p->user)
		*u = *p->user;
	if (o->has_user) {
		/* Another user does not inherit the groups of the first. */
		u->uid = o->uid;
		u->gid = o->has_gid ? o->gid : 0;
		u->n_additional_gids = 0;
	}
	if (o->n_additional_gids > 0) {
		u->additional_gids_present = true;
		u->n_additional_gids = o->n_additional_gids;
		u->additional_gids = arena_array(a, uint32_t, o->n_additional_gids);
		memcpy(u->additional_gids, o->additional_gids,
		       o->n_additional_gids * sizeof(*u->additional_gids));
	}
	p->user = u;
}

/* As runc: bounding, permitted and effective grow; inheritable stays as configured. */
static void add_caps(struct arena *a, const struct exec_opts *o, struct spec_process *p)
{
	struct spec_capabilities *c = arena_alloc(a, sizeof(*c));

	if (p->capabilities)
		*c = *p->capabilities;
	add_strings(a, &c->bounding, o->caps, o->n_caps);
	add_strings(a, &c->effective, o->caps, o->n_caps);
	add_strings(a, &c->permitted, o->caps, o->n_caps);
	p->capabilities = c;
}

/* Everything that the flags do not say is as the container's own process has it. */
static void process_from_flags(struct arena *a, const struct exec_opts *o,
			       const struct spec_process *config, struct spec_process *p)
{
	*p = *config;
	set_strings(a, &p->args, o->args, o->n_args);
	p->terminal = o->tty == 1;
	p->console_size = NULL;
	if (o->cwd)
		p->cwd = arena_str(a, o->cwd);
	if (o->n_env > 0)
		add_strings(a, &p->env, o->env, o->n_env);
	if (!p->env.present)
		set_strings(a, &p->env, default_env, 1);
	if (o->has_user || o->n_additional_gids > 0)
		set_user(a, o, p);
	if (o->n_caps > 0)
		add_caps(a, o, p);
	if (o->no_new_privs)
		p->no_new_privileges = (struct opt_bool){ .set = true, .value = true };
	if (o->apparmor)
		p->apparmor_profile = arena_str(a, o->apparmor);
	if (o->process_label)
		p->selinux_label = arena_str(a, o->process_label);
}

/* crun: what the document leaves out comes from the container's configuration. */
static void process_inherit(const struct spec_process *config, struct spec_process *p)
{
	if (!p->selinux_label)
		p->selinux_label = config->selinux_label;
	if (!p->apparmor_profile)
		p->apparmor_profile = config->apparmor_profile;
	if (!p->user)
		p->user = config->user;
	if (!p->capabilities)
		p->capabilities = config->capabilities;
	if (p->env.n == 0)
		p->env = config->env;
	if (!p->oom_score_adj.set)
		p->oom_score_adj = config->oom_score_adj;
}

static struct err *make_process(struct run *run, struct spec_process *p)
{
	const struct exec_opts *o = run->exec;
	const struct spec_process *config = run->spec->process;

	if (o->process) {
		struct spec_process *document = NULL;

		TRY(spec_read_process(run->arena, AT_FDCWD, o->process, &document));
		*p = *document;
		process_inherit(config, p);
		if (o->tty >= 0)
			p->terminal = o->tty;
	} else {
		process_from_flags(run->arena, o, config, p);
	}
	if (p->args.n == 0)
		return err_new(ERR_INVALID, "process.args: is empty, there is nothing to execute");
	if (p->terminal && o->detach && !o->console_socket)
		return err_hint(
			err_new(ERR_INVALID,
				"use --console-socket with --detach when a terminal is used"),
			"or leave out --tty");
	return NULL;
}

static struct err *plan_affinity(const struct spec_process *p, struct process_plan *plan)
{
	const struct spec_affinity *aff = p->exec_cpu_affinity;

	if (!aff)
		return NULL;
	if (aff->initial) {
		plan->has_affinity_initial = true;
		TRY(affinity_parse("process.execCPUAffinity.initial", aff->initial,
				   &plan->affinity_initial));
	}
	if (!aff->final)
		return NULL;
	plan->has_affinity = true;
	return affinity_parse("process.execCPUAffinity.final", aff->final, &plan->affinity_final);
}

/* An init that moved itself to another cgroup is followed; --cgroup is taken as it is said. */
static struct err *plan_cgroup(struct run *run, const struct found *f)
{
	if (!f->cgroup.path)
		return NULL;
	if (run->exec->cgroup)
		TRY(cgroup_sub(run->arena, &f->cgroup, run->exec->cgroup, &run->exec_cgroup));
	else
		TRY(cgroup_paths_of(run->arena, &f->cgroup, run->init_pid, &run->exec_cgroup));
	run->cgroup_fd = cgroup_open_v2(&run->exec_cgroup);
	return NULL;
}

static struct err *exec_prepare(struct run *run, const struct found *f)
{
	struct spec_process *p = arena_alloc(run->arena, sizeof(*p));

	TRY(found_spec(f, run->arena, &run->spec));
	TRY(enter_open(run, f, OP_EXEC));
	TRY(make_process(run, p));
	run->plan.spec = run->spec;
	run->plan.id = f->id;
	run->plan.bundle = f->record->bundle;
	run->plan.is_rootless = is_rootless();
	TRY(ns_plan_make(run->arena, run->spec, run->record.user_namespace && geteuid() != 0,
			 &run->plan.ns));
	run->plan.process.receiver = f->record->seccomp_receiver
					     ? f->record->seccomp_receiver
					     : seccomp_receiver_of_environment(run->arena);
	TRY(process_plan_make(run->arena, run->spec, p, run->exec->preserve_fds,
			      &run->plan.process));
	TRY(plan_affinity(p, &run->plan.process));
	TRY(mempolicy_plan_make(run->spec, &run->plan.mempolicy));
	TRY(rdt_plan_make(run->arena, run->spec, f->id, &run->plan.rdt));
	run->join_flags = enter_flags(run);
	return plan_cgroup(run, f);
}

static struct err *exec_started(struct run *run, int *ret_status)
{
	TRY(gate_start(run->walk.link[SIDE_HOST], run));
	/* Last, since its absence tells conmon that there is no process. */
	TRY(step_write_pidfile(run));
	if (run->exec->detach)
		return NULL;
	return monitor_run(run, ret_status);
}

static struct err *exec_walk(struct run *run, int *ret_status)
{
	struct err *e;

	TRY(walk_open(&run->walk));
	interrupt_block();
	if (run->plan.process.has_affinity_initial)
		TRY(affinity_apply(0, &run->plan.process.affinity_initial));
	TRY(walk(&run->walk, exec_steps, run));
	if (run->walk.side == SIDE_INIT)
		init_launch(run);
	fd_close(take_fd(&run->console_fd));
	e = exec_started(run, ret_status);
	if (e)
		undo_spawn(run);
	interrupt_unblock();
	return e;
}

static struct err *exec_check(const struct found *f, const struct exec_opts *o)
{
	enum container_status s = found_status(f, NULL);

	if (s == STATUS_PAUSED && o->ignore_paused)
		return NULL;
	return status_check(OP_EXEC, s, f->id);
}

struct err *container_exec(struct ctx *ctx, const struct exec_opts *opts, int *ret_status)
{
	struct run run = run_new(ctx);
	struct found f;
	struct err *e;

	*ret_status = 0;
	e = find_container(ctx, opts->id, &f);
	if (e) {
		run_done(&run);
		return e;
	}
	run.exec = opts;
	e = exec_check(&f, opts);
	if (!e)
		e = exec_prepare(&run, &f);
	if (!e)
		e = exec_walk(&run, ret_status);
	run_done(&run);
	found_done(&f);
	return e;
}
