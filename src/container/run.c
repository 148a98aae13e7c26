/* SPDX-License-Identifier: Apache-2.0 */
/*
 * create, start and run: START READING HERE.  The list says what the runtime does, top to bottom;
 * the functions below it are the three commands.
 */
#include "container/context.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/sock.h"
#include "container/answerer.h"
#include "container/find.h"
#include "container/hooks.h"
#include "container/monitor.h"
#include "container/notify.h"
#include "container/steps.h"
#include "os/netdev.h"
#include "state/store.h"

/*
 * HOST is the runtime; INIT is the process that becomes the container.  PASS(X, …): X has done
 * everything above, the other side waits here.  Rows between two PASS rows run at the same time on
 * both sides.  A row that has nothing to do for this plan returns at once.
 */
/* clang-format off */
static const struct step create_steps[] = {
	/*      cannot …                                            done by                      taken back by */
	ON_HOST("reserve the container id",                         step_reserve_id,             undo_reserve_id),
	ON_HOST("load the seccomp plugins",                         step_try_plugins,            NULL),
	ON_HOST("connect to the console socket",                    step_connect_console,        NULL),
	ON_HOST("set up the start gate",                            step_make_gate,              NULL),
	ON_HOST("open the joined namespaces",                       step_open_namespaces,        NULL),
	ON_HOST("open the procfs",                                  step_open_proc,              NULL),
	ON_HOST("prepare the notify socket",                        step_prepare_notify,         NULL),
	ON_HOST("open the root file system and the mounts",         step_open_file_systems,      NULL),
	ON_HOST("find the launch namespace",                        step_open_launch,            NULL),
	ON_HOST("open the files for the output of hooks",           step_open_hook_files,        NULL),
	ON_HOST("share memory for the seccomp filter",              step_share_seccomp,          NULL),
	ON_HOST("prepare the cgroup",                               step_prepare_cgroup,         undo_prepare_cgroup),
	ON_HOST("start the container process",                      step_spawn,                  undo_spawn),
	ON_HOST("record the container process",                     step_record_process,         NULL),
	ON_HOST("start the systemd scope",                          step_start_scope,            NULL),
	ON_HOST("move network devices",                             step_move_netdevs,           undo_move_netdevs),
	/* Before it changes its ids: v1 lets a caller who is not root move only processes with his own uid. */
	ON_HOST("put the process into its cgroup",                  step_enter_cgroup,           NULL),
	/* Before it becomes root: what is below /proc of a process that changed its ids belongs to the host's root. */
	ON_HOST("set process limits and the OOM score",             step_limit_process,          NULL),

	ON_INIT("leave the host's mounts behind",                   step_enter_launch),
	ON_INIT("join the given namespaces",                        step_join_namespaces),
	ON_HOST_IF(when_new_user, "map user and group ids",         step_map_ids),
	PASS_IF(when_any_userns, HOST, "ids are mapped"),
	ON_INIT("become root in the user namespace",                step_become_root),
	ON_HOST_IF(when_helper_sources, "open the mounts",          step_send_mounts),
	ON_INIT_IF(when_helper_sources, "take over the mounts",     step_receive_mounts),

	ON_HOST("delegate the cgroup",                              step_delegate_cgroup,        NULL),
	ON_HOST("enter the resctrl group",                          step_enter_rdt,              undo_enter_rdt),
	ON_INIT("join a session keyring",                           step_join_keyring),
	ON_INIT("create the time namespace",                        step_new_time_ns),
	ON_INIT("bring up the loopback interface",                  step_loopback_up),
	ON_INIT("attach the root file system",                      step_attach_root),
	PASS(HOST, "the process is in its cgroup"),
	ON_INIT("create the cgroup namespace",                      step_new_cgroup_ns),
	ON_INIT("mount the file systems",                           step_attach_mounts),
	ON_INIT("create devices",                                   step_make_devices),
	ON_INIT("finish the mounts",                                step_finish_mounts),

	PASS_IF(when_runtime_hooks, INIT, "mounts are in place"),
	ON_HOST("run the createRuntime hooks",                      step_hooks_create_runtime,   NULL),
	PASS_IF(when_runtime_hooks, HOST, "the createRuntime hooks have run"),
	ON_INIT("run the createContainer hooks",                    step_hooks_create_container),
	ON_INIT("change the root",                                  step_enter_root),
	ON_INIT("open the terminal",                                step_open_console),
	ON_HOST_IF(when_terminal_here, "take over the terminal",    step_receive_terminal),
	ON_INIT("attach the standard streams",                      step_attach_stdio),
	ON_INIT("set host and domain name",                         step_set_names),
	ON_INIT("set sysctls",                                      step_set_sysctls),
	ON_INIT("mask and protect paths",                           step_mask_paths),
	ON_INIT("finish the root file system",                      step_finish_root),
	ON_INIT("set memory policy and personality",                step_set_policies),
	ON_INIT("set security labels",                              step_set_labels),
	ON_INIT("build the environment",                            step_build_env),
	ON_INIT("enter the working directory",                      step_enter_cwd),
	ON_INIT("find the program",                                 step_find_program),

	ON_HOST("set scheduling",                                   step_schedule,               NULL),
	ON_HOST("compile the seccomp filter",                       step_compile_seccomp,        NULL),
	PASS(HOST, "everything outside is set"),
	ON_INIT("restrict the use of files",                        step_restrict_files),
	ON_INIT("load the seccomp filter",                          step_load_seccomp_early),
	ON_INIT("change user and capabilities",                     step_drop_privileges),
	ON_INIT("find the program",                                 step_find_again),
	ON_INIT("close descriptors",                                step_close_inherited),
	ON_INIT("hold the start gate",                              step_hold_gate),
	PASS(INIT, "ready to start"),

	ON_HOST("write the state",                                  step_write_state,            NULL),
	ON_HOST("send the pidfd",                                   step_send_pidfd,             NULL),
	ON_HOST("write the pid file",                               step_write_pidfile,          undo_write_pidfile),
	STEPS_END
};
/* clang-format on */

struct run run_new(struct ctx *ctx)
{
	struct run run = {
		.ctx = ctx,
		.arena = arena_new(),
		.walk = { .link = { -EBADF, -EBADF },
			  .post_mortem = spawn_post_mortem,
			  .on_listener = gate_listener },
		.root_fd = -EBADF,
		.dir_fd = -EBADF,
		.lock_fd = -EBADF,
		.bundle_fd = -EBADF,
		.proc_fd = -EBADF,
		.console_fd = -EBADF,
		.cgroup_fd = -EBADF,
		.listen_fd = -EBADF,
		.gate_fd = -EBADF,
		.null_fd = -EBADF,
		.hook_fds = { -EBADF, -EBADF },
		.tree_fd = -EBADF,
		.launch_fd = -EBADF,
		.pidfd = -EBADF,
		.master_fd = -EBADF,
		.notify_fd = -EBADF,
		.net_fd = -EBADF,
		.init_pidfd = -EBADF,
		.container_root_fd = -EBADF,
		.host_root_fd = -EBADF,
		.init_root_fd = -EBADF,
		.slave_fd = -EBADF,
		.start_fd = -EBADF,
		.listener_fd = -EBADF,
	};

	for (int t = 0; t < NS_TYPES; t++)
		run.ns_fds[t] = -EBADF;
	return run;
}

void run_close_inherited(struct run *run)
{
	fd_close(take_fd(&run->proc_fd));
	fd_close(take_fd(&run->console_fd));
	fd_close(take_fd(&run->cgroup_fd));
	cgroup_scope_close(take_ptr(&run->bus));
	fd_close(take_fd(&run->listen_fd));
	fd_close(take_fd(&run->gate_fd));
	fd_close(take_fd(&run->null_fd));
	fd_close(take_fd(&run->hook_fds[0]));
	fd_close(take_fd(&run->hook_fds[1]));
	fd_close(take_fd(&run->tree_fd));
	fd_close(take_fd(&run->launch_fd));
	for (int t = 0; t < NS_TYPES; t++)
		fd_close(take_fd(&run->ns_fds[t]));
	mount_sources_done(&run->sources);
	for (size_t i = 0; run->device_fds && i < run->plan.devices.n; i++)
		fd_close(run->device_fds[i]);
	free(take_ptr(&run->device_fds));
}

void run_done(struct run *run)
{
	run_close_inherited(run);
	walk_close(&run->walk);
	fd_close(run->root_fd);
	fd_close(run->dir_fd);
	fd_close(run->lock_fd);
	fd_close(run->bundle_fd);
	fd_close(run->pidfd);
	fd_close(run->master_fd);
	fd_close(run->notify_fd);
	fd_close(run->net_fd);
	fd_close(run->init_pidfd);
	fd_close(run->container_root_fd);
	fd_close(run->host_root_fd);
	if (run->shared)
		munmap(run->shared, sizeof(*run->shared));
	strv_done(&run->env);
	arena_free(run->arena);
}

static void auto_run_cleanup(struct run *run)
{
	run_done(run);
}
#define auto_run __attribute__((cleanup(auto_run_cleanup)))

static struct err *open_bundle(const char *bundle, int *ret_fd, char **ret_path)
{
	auto_free char *real = canonicalize_file_name(bundle);
	int fd;

	if (!real)
		return err_hint(
			err_sys(-errno, "open the bundle %s", bundle),
			"a bundle is the directory of a config.json: name it with --bundle");
	fd = open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(-errno, "open the bundle %s", real);
	*ret_fd = fd;
	*ret_path = take_ptr(&real);
	return NULL;
}

static struct err *read_spec(struct arena *a, int bundle_fd, const char *config, struct spec **ret)
{
	/* crun: the word config.json is the bundle's, any other path the caller's. */
	if (!config || streq(config, STORE_CONFIG))
		return spec_read(a, bundle_fd, STORE_CONFIG, ret);
	return spec_read(a, AT_FDCWD, config, ret);
}

struct err *run_load(struct run *run, const struct run_opts *opts, char **ret_bundle)
{
	auto_free char *bundle = NULL;

	run->opts = opts;
	TRY(store_id_check(opts->id));
	TRY(open_bundle(opts->bundle ? opts->bundle : ".", &run->bundle_fd, &bundle));
	TRY(read_spec(run->arena, run->bundle_fd, opts->config, &run->spec));
	TRY(spec_check_runnable(run->spec));
	*ret_bundle = take_ptr(&bundle);
	return NULL;
}

static struct err *run_prepare(struct run *run, const struct run_opts *opts)
{
	auto_free char *bundle = NULL;

	TRY(run_load(run, opts, &bundle));
	TRY(notify_adjust_spec(run, opts->id));
	return plan_make(run->arena, run->ctx, opts, run->spec, bundle, &run->plan);
}

static bool has_create_hooks(const struct spec *spec)
{
	const struct spec_hooks *h = spec->hooks;

	return h && h->kind[HOOK_PRESTART].n + h->kind[HOOK_CREATE_RUNTIME].n +
				    h->kind[HOOK_CREATE_CONTAINER].n >
			    0;
}

/* In INIT this does not return. */
static struct err *create_walk(struct run *run)
{
	struct err *e;

	TRY(walk_open(&run->walk));
	interrupt_block();
	e = walk(&run->walk, create_steps, run);
	if (e) {
		/* runtime-spec, lifecycle: a failed create hook leads to poststop. */
		if (run->hooks_begun && has_create_hooks(run->spec))
			hooks_run_poststop(run->spec, &run->record);
		return e;
	}
	if (run->walk.side == SIDE_INIT)
		init_launch(run);
	run_close_inherited(run);
	return NULL;
}

static struct err *remove_container(struct run *run)
{
	struct found found;
	struct err *e = find_container(run->ctx, run->opts->id, &found);

	/* Somebody else's `delete` was faster. */
	if (e && err_code(e) == ERR_NOT_FOUND &&
	    faccessat(run->dir_fd, STORE_RECORD, F_OK, 0) < 0) {
		err_free(e);
		return NULL;
	}
	TRY(e);
	e = found_remove(&found, true);
	found_done(&found);
	return e;
}

/* What was created is gone again, as far as it got. */
static struct err *give_up(struct run *run, struct err *e)
{
	struct err *left;

	undo_move_netdevs(run);
	undo_spawn(run);
	fd_close(take_fd(&run->lock_fd));
	left = remove_container(run);
	if (left)
		err_free(remove_container(run));
	err_free(left);
	return e;
}

struct err *container_create(struct ctx *ctx, const struct run_opts *opts)
{
	auto_run struct run run = run_new(ctx);
	struct err *e;

	run.is_create = true;
	TRY(run_prepare(&run, opts));
	if (run.plan.process.console.terminal && !opts->console_socket)
		return err_hint(err_new(ERR_INVALID,
					"use --console-socket with create when a terminal is used"),
				"or set process.terminal to false");
	e = create_walk(&run);
	interrupt_unblock();
	return e;
}

static struct err *started(struct run *run)
{
	TRY(gate_start(run->walk.link[SIDE_HOST], run));
	/* From here on the network devices are the container's. */
	if (!netdevs_go_back(run->spec))
		fd_close(take_fd(&run->net_fd));
	TRY(notify_wait_ready(run));
	return hooks_run(run, HOOK_POSTSTART, "running");
}

/*
 * A foreground container is ours to the end, however it comes.  What could not be removed is tried
 * a second time: nobody else will.
 */
static struct err *run_foreground(struct run *run, int *ret_status)
{
	struct err *e = monitor_run(run, ret_status);
	struct err *left;

	answerer_wait(run);
	undo_move_netdevs(run);
	if (run->opts->keep && !e)
		return NULL;
	fd_close(take_fd(&run->lock_fd));
	left = remove_container(run);
	if (left) {
		struct err *again = remove_container(run);

		if (!again)
			log_warn("removed at the second attempt: %s", err_text(left));
		err_free(left);
		left = again;
	}
	if (e)
		err_free(left);
	return e ? e : left;
}

struct err *container_run(struct ctx *ctx, const struct run_opts *opts, int *ret_status)
{
	auto_run struct run run = run_new(ctx);
	struct err *e;

	*ret_status = 0;
	TRY(run_prepare(&run, opts));
	if (!opts->detach && !opts->no_subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 1);
	TRY(create_walk(&run));
	e = started(&run);
	if (e)
		return give_up(&run, e);
	if (opts->detach) {
		interrupt_unblock();
		return NULL;
	}
	return run_foreground(&run, ret_status);
}

struct err *container_plan(struct ctx *ctx, const struct run_opts *opts, struct str *out)
{
	auto_run struct run run = run_new(ctx);

	TRY(run_prepare(&run, opts));
	plan_print(&run.plan, out);
	return NULL;
}

struct err *container_validate(const char *bundle, const char *config)
{
	auto_arena struct arena *a = arena_new();
	auto_close int fd = -EBADF;
	auto_free char *path = NULL;
	struct spec *spec;

	TRY(open_bundle(bundle ? bundle : ".", &fd, &path));
	TRY(read_spec(a, fd, config, &spec));
	return spec_check_runnable(spec);
}

struct err *container_id_check(const char *id)
{
	return store_id_check(id);
}

/* Everything `start` does in another process than the one that created. */
static struct err *start_locked(struct run *run, struct found *found)
{
	auto_close int fd = -EBADF;

	fd = sock_connect(found->dir_fd, STORE_SOCKET, SOCK_SEQPACKET, 2000);
	TRY_SYS(fd, "reach the waiting container process");
	TRY(notify_listen(run, found->dir_fd));
	TRY(gate_start(fd, run));
	TRY(notify_wait_ready(run));
	return hooks_run(run, HOOK_POSTSTART, "running");
}

static bool is_frozen_now(struct found *found)
{
	return freezer_get(&found->cgroup, NULL) == FREEZER_FROZEN;
}

/*
 * What could not be started does not stay half started.  runtime-spec, lifecycle: a failed hook
 * leads to the end of the container, poststop hooks included; else `delete` has the last word.
 */
static void end_failed(struct found *found, const struct err *e)
{
	struct err *left;

	if (err_code(e) != ERR_HOOK || interrupt_pending()) {
		err_free(found_kill_init(found));
		return;
	}
	left = found_remove(found, true);
	if (left)
		log_warn("container `%s` is left behind: %s", found->id, err_text(left));
	err_free(left);
}

static struct err *start_found(struct run *run, struct found *found)
{
	auto_close int lock = -EBADF;
	struct err *e;

	TRY(store_lock(found->dir_fd, found->record->id, STORE_LOCK_TIMEOUT_MS, &lock));
	TRY(found_check(found, OP_START));
	if (is_frozen_now(found))
		return err_hint(err_new(ERR_STATE,
					"the container `%s` is paused: it cannot be started",
					found->record->id),
				"resume it first with `davit resume %s`", found->record->id);
	run->record = *found->record;
	run->pid = run->record.pid;
	run->pidfd = proc_open(run->pid, run->record.start_time);
	TRY(found_spec(found, run->arena, &run->spec));
	run->plan.process.receiver = run->record.seccomp_receiver;
	/* Without no_new_privs `create` has loaded the filter. */
	if (run->spec->process->no_new_privileges.value)
		TRY(process_plan_seccomp(run->arena, run->spec, &run->plan.process));
	interrupt_block();
	e = start_locked(run, found);
	run->pid = 0; /* not our child */
	if (e)
		end_failed(found, e);
	interrupt_unblock();
	return e;
}

struct err *container_start(struct ctx *ctx, const char *id)
{
	auto_run struct run run = run_new(ctx);
	struct found found;
	struct err *e;

	TRY(find_container(ctx, id, &found));
	e = start_found(&run, &found);
	found_done(&found);
	return e;
}
