/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that HOST walks: see steps.h.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/sock.h"
#include "base/sys.h"
#include "container/hooks.h"
#include "container/steps.h"
#include "container/terminal.h"
#include "os/launch.h"
#include "os/mount-api.h"
#include "os/mount-opts.h"
#include "os/netdev.h"
#include "os/seccomp-cache.h"
#include "state/store.h"

enum { CONSOLE_TIMEOUT_MS = 10 * 1000, CONFIG_MAX_BYTES = 16 * 1024 * 1024 };

bool when_new_user(const struct run *r)
{
	return r->plan.ns.new_user;
}

bool when_any_userns(const struct run *r)
{
	return r->plan.ns.new_user || r->plan.ns.join[NS_USER];
}

bool when_helper_sources(const struct run *r)
{
	return r->plan.sources_by_helper;
}

bool when_runtime_hooks(const struct run *r)
{
	const struct spec_hooks *h = r->spec->hooks;

	return h && h->kind[HOOK_PRESTART].n + h->kind[HOOK_CREATE_RUNTIME].n > 0;
}

/* A terminal whose master stays with HOST: no console socket takes it. */
bool when_terminal_here(const struct run *r)
{
	return r->plan.process.console.terminal && r->console_fd < 0;
}

static void record_times(struct run *r)
{
	struct timespec now;
	struct tm tm;
	char day[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	r->record.created = arena_format(r->arena, "%s.%06ldZ", day, now.tv_nsec / 1000);
}

static void record_cgroups(struct run *r)
{
	const struct cgroup_paths *p = &r->plan.cgroup.paths;

	r->record.cgroup_path = p->path;
	r->record.n_cgroups = p->n;
	r->record.cgroups = arena_array(r->arena, struct record_cgroup, p->n + 1);
	for (size_t i = 0; i < p->n; i++)
		r->record.cgroups[i] = (struct record_cgroup){
			.controllers = p->v[i].controllers,
			.path = p->v[i].path,
			.mount = p->v[i].mount,
		};
}

static const char *manager_name(enum cgroup_manager m)
{
	static const char *const names[] = {
		[CGROUP_MANAGER_FS] = "cgroupfs",
		[CGROUP_MANAGER_SYSTEMD] = "systemd",
		[CGROUP_MANAGER_DISABLED] = "disabled",
	};

	return names[m];
}

static char *owner_name(struct arena *a)
{
	auto_free char *name = geteuid() == 0 ? str_dup("root") : idmap_login_name(geteuid());

	return arena_str(a, name ? name : "");
}

static struct err *fill_record(struct run *r)
{
	struct record *rec = &r->record;
	struct proc_stat st;
	char boot[40];

	TRY_SYS(proc_stat_read(getpid(), &st), "read /proc/self/stat");
	TRY_SYS(proc_boot_id(boot), "read the boot id");
	rec->version = RECORD_VERSION;
	rec->phase = PHASE_CREATING;
	rec->id = arena_str(r->arena, r->opts->id);
	rec->creator_pid = getpid();
	rec->creator_start_time = st.start_time;
	rec->boot_id = arena_str(r->arena, boot);
	rec->bundle = r->plan.bundle;
	rec->rootfs = r->spec->root->path;
	rec->owner = owner_name(r->arena);
	rec->cgroup_manager = arena_str(r->arena, manager_name(r->plan.cgroup.manager));
	rec->systemd_scope = (char *)(uintptr_t)cgroup_scope_unit(&r->plan.cgroup);
	rec->private_pidns = r->plan.ns.new_flags & CLONE_NEWPID;
	rec->user_namespace = when_any_userns(r);
	rec->detached = r->is_create || r->opts->detach;
	rec->seccomp_receiver = (char *)(uintptr_t)r->plan.process.receiver;
	rec->annotations = r->spec->annotations;
	record_times(r);
	record_cgroups(r);
	return NULL;
}

static struct err *copy_config(struct run *r)
{
	const char *name = r->opts->config ? r->opts->config : STORE_CONFIG;
	int from = r->opts->config && !streq(name, STORE_CONFIG) ? AT_FDCWD : r->bundle_fd;
	auto_free char *text = NULL;
	size_t len = 0;

	TRY_SYS(file_read_at(from, name, CONFIG_MAX_BYTES, &text, &len), "read %s again", name);
	TRY_SYS(file_replace_at(r->dir_fd, STORE_CONFIG, text, len, 0600), "keep a copy of %s",
		name);
	return NULL;
}

static struct err *fill_reserved(struct run *r)
{
	TRY(store_lock(r->dir_fd, r->opts->id, STORE_LOCK_TIMEOUT_MS, &r->lock_fd));
	TRY(fill_record(r));
	TRY(record_write(r->dir_fd, &r->record));
	return copy_config(r);
}

struct err *step_reserve_id(struct run *r)
{
	struct err *e;

	TRY(store_open(r->ctx->state_root, true, &r->root_fd));
	TRY(store_reserve(r->root_fd, r->opts->id, &r->dir_fd));
	e = fill_reserved(r);
	if (e)
		undo_reserve_id(r);
	return e;
}

void undo_reserve_id(struct run *r)
{
	/* It takes a few descriptors, and their lack may be why we are here. */
	run_close_inherited(r);
	walk_close(&r->walk);
	fd_close(take_fd(&r->bundle_fd));
	fd_close(take_fd(&r->dir_fd));
	fd_close(take_fd(&r->lock_fd));
	err_free(store_remove(r->root_fd, r->opts->id));
}

struct err *step_connect_console(struct run *r)
{
	const char *path = r->exec ? r->exec->console_socket : r->opts->console_socket;
	struct err *e;
	int fd;

	if (!path || !r->plan.process.console.terminal)
		return NULL;
	fd = sock_connect(AT_FDCWD, path, SOCK_STREAM, CONSOLE_TIMEOUT_MS);
	if (fd < 0) {
		e = err_sys(fd, "console socket %s", path);
		return fd == -ETIMEDOUT
			       ? err_hint(e, "whoever listens there does not accept connections")
			       : e;
	}
	r->console_fd = fd;
	return NULL;
}

/* None could be made and none was asked for: a warning was said, we go on without. */
static void do_without_cgroup(struct run *r)
{
	r->plan.cgroup.paths = (struct cgroup_paths){ 0 };
	r->plan.cgroup.scope = NULL;
	r->plan.mounts.cgroup.n = 0;
	r->record.systemd_scope = NULL;
	record_cgroups(r);
}

/* Only looked for: systemd makes the cgroup around the process, once that is there. */
static struct err *prepare_scope(struct run *r)
{
	struct cgroup_plan *p = &r->plan.cgroup;
	struct err *e = cgroup_scope_open(r->arena, p, &r->bus);

	if (e && p->may_fail) {
		log_warn("the container runs without a cgroup: %s", err_text(e));
		err_free(e);
		do_without_cgroup(r);
		return NULL;
	}
	TRY(e);
	for (size_t i = 0; i < r->plan.mounts.cgroup.n && i < p->paths.n; i++)
		r->plan.mounts.cgroup.v[i].path = p->paths.v[i].path;
	record_cgroups(r);
	return NULL;
}

struct err *step_prepare_cgroup(struct run *r)
{
	if (cgroup_scope_unit(&r->plan.cgroup))
		return prepare_scope(r);
	TRY(cgroup_create(&r->plan.cgroup, &r->cgroup_fd));
	if (r->cgroup_fd != -ENOENT)
		return NULL;
	r->cgroup_fd = -EBADF;
	do_without_cgroup(r);
	return NULL;
}

/*
 * Before ids are mapped: the user's systemd takes only processes of the user.
 */
struct err *step_start_scope(struct run *r)
{
	if (!cgroup_scope_unit(&r->plan.cgroup))
		return NULL;
	TRY(cgroup_scope_start(r->arena, r->bus, &r->plan.cgroup, r->pid));
	r->in_v2 = r->plan.cgroup.kind == CGROUP_V2;
	r->record.owns_cgroup = true;
	record_cgroups(r);
	return record_write(r->dir_fd, &r->record);
}

void undo_prepare_cgroup(struct run *r)
{
	const struct cgroup_plan *p = &r->plan.cgroup;

	/* A unit that we did not start may be somebody else's. */
	if (cgroup_scope_unit(p)) {
		if (p->inside > 0)
			err_free(cgroup_scope_remove(r->bus, &p->paths, cgroup_scope_unit(p),
						     r->plan.is_rootless));
		return;
	}
	err_free(cgroup_remove(&r->plan.cgroup.paths));
}

struct err *step_make_gate(struct run *r)
{
	TRY(store_gate_open(r->dir_fd, &r->gate_fd));
	if (!r->is_create)
		return NULL;
	r->listen_fd = sock_listen(r->dir_fd, STORE_SOCKET, SOCK_SEQPACKET);
	TRY_SYS(r->listen_fd, "listen for `start`");
	return NULL;
}

struct err *step_open_proc(struct run *r)
{
	const struct plan *p = &r->plan;
	const struct lsm_plan *lsm = &p->process.lsm;

	if (p->sysctl.n == 0 && !lsm->apparmor && !lsm->selinux && !p->ns.new_time &&
	    !p->process.spec->oom_score_adj.set)
		return NULL;
	r->proc_fd = proc_open_root();
	TRY_SYS(r->proc_fd, "open a procfs");
	return NULL;
}

struct err *step_open_namespaces(struct run *r)
{
	struct ns_plan *ns = &r->plan.ns;

	TRY(ns_open_joined(ns, r->ns_fds));
	/* Whose root will own what we make for the container? */
	if (r->ns_fds[NS_USER] >= 0 && ns->idmap.n_uid == 0)
		TRY(ns_root_of(r->ns_fds[NS_USER], &ns->root_uid, &ns->root_gid,
			       &ns->root_is_mapped));
	return NULL;
}

/* What INIT inherits by the clone.  With a user namespace of its own see step_send_mounts. */
struct err *step_open_file_systems(struct run *r)
{
	if (r->plan.mask.n_masked > 0)
		TRY(mask_open_null(&r->null_fd));
	if (when_any_userns(r) || r->plan.is_rootless || r->plan.ns.join[NS_MOUNT])
		return NULL;
	TRY(rootfs_open(&r->plan.rootfs, &r->tree_fd));
	TRY(mounts_open_sources(&r->plan.mounts, &r->sources));
	return devices_open_sources(&r->plan.devices, &r->device_fds);
}

/* A source that is not open yet, or a cgroup directory that is bound. */
static bool needs_host_path(const struct run *r, size_t i)
{
	const struct mount_plan *m = &r->plan.mounts.v[i];

	if (mount_needs_host(m))
		return true;
	return m->kind == MOUNT_BIND && !m->inner && r->sources.fds[i] < 0;
}

/* Can INIT do without the paths of the host? */
static bool is_self_contained(const struct run *r)
{
	const struct spec_hooks *h = r->spec->hooks;

	if ((h && h->kind[HOOK_CREATE_CONTAINER].n > 0) || r->tree_fd < 0)
		return false;
	for (size_t i = 0; i < r->plan.mounts.n; i++) {
		if (needs_host_path(r, i))
			return false;
	}
	return !r->plan.rootfs.no_pivot && r->plan.ns.new_flags & CLONE_NEWNS;
}

struct err *step_open_launch(struct run *r)
{
	if (is_self_contained(r))
		launch_ns_open(r->root_fd, &r->launch_fd);
	return NULL;
}

struct err *step_share_seccomp(struct run *r)
{
	void *p;

	if (!r->plan.process.seccomp.set)
		return NULL;
	p = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		 -1, 0);
	if (p == MAP_FAILED)
		return err_sys(-errno, "map memory for the filter");
	r->shared = p;
	return NULL;
}

/* A path can be made again by somebody else, an inode cannot. */
static void record_inodes(struct run *r)
{
	for (size_t i = 0; i < r->record.n_cgroups; i++) {
		struct stat st;

		r->record.cgroups[i].made = r->plan.cgroup.paths.v[i].made;
		if (stat(r->record.cgroups[i].path, &st) == 0)
			r->record.cgroups[i].inode = st.st_ino;
	}
}

struct err *step_record_process(struct run *r)
{
	record_inodes(r);
	r->record.owns_cgroup = r->plan.cgroup.paths.n > 0 && !cgroup_scope_unit(&r->plan.cgroup);
	r->record.pid = (int)r->pid;
	r->record.start_time = r->start_time;
	return record_write(r->dir_fd, &r->record);
}

struct err *step_map_ids(struct run *r)
{
	return idmap_apply(&r->plan.ns.idmap, r->pid);
}

/* setns takes a pidfd since Linux 5.8. */
static int enter_mounts_of(const struct run *r)
{
	auto_free char *path = NULL;
	auto_close int fd = -EBADF;

	if (r->pidfd >= 0 && setns(r->pidfd, CLONE_NEWNS) == 0)
		return 0;
	path = str_format("/proc/%d/ns/mnt", (int)r->pid);
	fd = host_open_ns(path);
	if (fd < 0)
		return fd;
	return setns(fd, CLONE_NEWNS) < 0 ? -errno : 0;
}

/* In the helper: a child of HOST with the host's rights, in INIT's mount namespace. */
static struct err *open_and_send(struct run *r)
{
	int tree = -EBADF;

	TRY_SYS(enter_mounts_of(r), "enter the mount namespace of the container process");
	TRY(rootfs_open(&r->plan.rootfs, &tree));
	TRY(mounts_open_sources(&r->plan.mounts, &r->sources));
	TRY(devices_open_sources(&r->plan.devices, &r->device_fds));
	TRY(walk_send_fds(&r->walk, &tree, 1));
	TRY(walk_send_fds(&r->walk, r->sources.fds, r->sources.n));
	if (r->device_fds)
		TRY(walk_send_fds(&r->walk, r->device_fds, r->plan.devices.n));
	return NULL;
}

static NORETURN void helper_main(struct run *r, int pipe_fd)
{
	struct err *e = open_and_send(r);

	if (e)
		say_raw(pipe_fd, SAID_ERROR, 0, e);
	_exit(e ? 1 : 0);
}

/*
 * The container's root need not be able to reach a bind source, so it is opened with the host's
 * rights; but inside INIT's mount namespace, because a tree cloned there keeps the locks the kernel
 * put on it when the user namespace was crossed: a read-only of the host stays read-only.
 */
struct err *step_send_mounts(struct run *r)
{
	auto_close int rd = -EBADF;
	struct said said;
	pid_t helper;
	int pair[2];
	int status;
	int rc;

	TRY_SYS(sock_pair(pair), "make a socket pair");
	rd = pair[0];
	helper = sys_clone3(0, -EBADF, NULL);
	if (helper == 0)
		helper_main(r, pair[1]);
	fd_close(pair[1]);
	TRY_SYS(helper, "start a helper process");
	rc = hear_raw(rd, &said, -1);
	while (waitpid(helper, &status, 0) < 0 && errno == EINTR)
		;
	if (rc == 1 && said.kind == SAID_ERROR)
		return said.error;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_new(ERR_SYSTEM, "the process that opens the mounts died");
	return NULL;
}

/* Rootless, from a session that is not below the user's manager: that one may have us moved. */
static struct err *enter_by_systemd(struct run *r, struct err *refused)
{
	const char *unit = r->record.systemd_scope;
	int no = err_errno(refused);
	struct err *e;

	if (!r->plan.is_rootless || !unit || !*unit || (no != EACCES && no != EPERM))
		return refused;
	e = cgroup_scope_attach(&r->exec_cgroup, unit, r->pid, true);
	if (e)
		log_info("%s", err_text(e));
	else
		err_free(take_ptr(&refused));
	err_free(e);
	return refused;
}

struct err *step_enter_cgroup(struct run *r)
{
	struct err *e =
		cgroup_attach(r->exec ? &r->exec_cgroup : &r->plan.cgroup.paths, r->pid, r->in_v2);

	return e && r->exec ? enter_by_systemd(r, e) : e;
}

struct err *step_delegate_cgroup(struct run *r)
{
	return cgroup_delegate(&r->plan.cgroup, r->pid);
}

struct err *step_move_netdevs(struct run *r)
{
	if (!netdevs_wanted(r->spec))
		return NULL;
	if (r->plan.ns.join[NS_NETWORK])
		r->net_fd = fcntl(r->ns_fds[NS_NETWORK], F_DUPFD_CLOEXEC, 3);
	else
		r->net_fd = netdevs_namespace_of(r->pid);
	TRY_SYS(r->net_fd, "open the container's network namespace");
	return netdevs_move(r->spec, r->net_fd);
}

/* Its descriptor holds the namespace, so this works when the container is dead, too. */
void undo_move_netdevs(struct run *r)
{
	auto_close int fd = take_fd(&r->net_fd);

	if (fd >= 0)
		netdevs_return(r->spec, fd);
}

struct err *step_enter_rdt(struct run *r)
{
	const struct rdt_plan *p = &r->plan.rdt;

	return r->exec ? rdt_join(p, r->pid) : rdt_enter(p, r->pid);
}

void undo_enter_rdt(struct run *r)
{
	rdt_remove(&r->plan.rdt);
}

struct err *step_limit_process(struct run *r)
{
	const struct process_plan *p = &r->plan.process;

	TRY(rlimit_apply(&p->rlimit, r->pid, p->clamp_rlimits));
	if (p->spec->oom_score_adj.set)
		TRY(oom_score_adj_apply(r->proc_fd, r->pid, (int)p->spec->oom_score_adj.value));
	return NULL;
}

struct err *step_schedule(struct run *r)
{
	const struct process_plan *p = &r->plan.process;

	if (r->exec && p->has_affinity)
		TRY(affinity_apply(r->pid, &p->affinity_final));
	else
		TRY(affinity_apply(r->pid, NULL));
	return sched_apply(&p->sched, r->pid);
}

/* Below the state root; without it every filter is compiled anew. */
static int open_seccomp_cache(int root_fd)
{
	auto_close int cache = -EBADF;

	if (mkdirat(root_fd, ".cache", 0700) < 0 && errno != EEXIST)
		return -errno;
	cache = openat(root_fd, ".cache", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (cache < 0 || (mkdirat(cache, "seccomp", 0700) < 0 && errno != EEXIST))
		return -errno;
	return openat(cache, "seccomp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

struct err *step_compile_seccomp(struct run *r)
{
	const struct seccomp_plan *p = &r->plan.process.seccomp;
	struct seccomp_program prog = p->raw;
	auto_close int cache = -EBADF;

	if (!p->set)
		return NULL;
	if (!prog.set) {
		cache = open_seccomp_cache(r->root_fd);
		TRY(seccomp_get(r->arena, p->profile, p->fail_unknown, cache, &prog));
	}
	if (prog.n > ARRAY_LEN(r->shared->insns))
		return err_new(
			ERR_INVALID,
			"linux.seccomp: the filter has %zu instructions, the kernel takes %zu",
			prog.n, ARRAY_LEN(r->shared->insns));
	r->shared->seccomp = prog;
	memcpy(r->shared->insns, prog.insns, prog.n * sizeof(*prog.insns));
	return NULL;
}

struct err *step_hooks_create_runtime(struct run *r)
{
	r->hooks_begun = true;
	TRY(hooks_run(r, HOOK_PRESTART, "created"));
	return hooks_run(r, HOOK_CREATE_RUNTIME, "created");
}

struct err *step_receive_terminal(struct run *r)
{
	TRY(walk_recv_fds(&r->walk, &r->master_fd, 1));
	terminal_prepare(r->master_fd);
	return NULL;
}

struct err *step_write_state(struct run *r)
{
	/* The service manager makes its scope around the process, so only now it is there. */
	if (r->plan.cgroup.manager == CGROUP_MANAGER_SYSTEMD)
		record_inodes(r);
	r->record.phase = PHASE_CREATED;
	return record_write(r->dir_fd, &r->record);
}

static const char *pidfile_of(const struct run *r)
{
	return r->exec ? r->exec->pid_file : r->opts->pid_file;
}

struct err *step_write_pidfile(struct run *r)
{
	const char *path = pidfile_of(r);
	auto_close int fd = -EBADF;
	char text[16];
	int rc;

	if (!path)
		return NULL;
	snprintf(text, sizeof(text), "%d", (int)r->pid);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	r->made_pidfile = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	rc = fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
	if (rc < 0)
		undo_write_pidfile(r);
	TRY_SYS(rc, "write the pid file %s", path);
	return NULL;
}

void undo_write_pidfile(struct run *r)
{
	/* What was there before, a device perhaps, is not ours to remove. */
	if (r->made_pidfile)
		unlink(pidfile_of(r));
	r->made_pidfile = false;
}

struct err *step_send_pidfd(struct run *r)
{
	const char *option = r->exec ? r->exec->pidfd_socket : r->opts->pidfd_socket;
	const char *path = option ? option : spec_annotation(r->spec, "run.oci.pidfd_receiver");
	auto_close int fd = -EBADF;

	if (!path)
		return NULL;
	fd = sock_connect(AT_FDCWD, path, SOCK_STREAM, CONSOLE_TIMEOUT_MS);
	TRY_SYS(fd, "pidfd socket %s", path);
	TRY_SYS(sock_send_fds(fd, option ? "pidfd" : "0", option ? 5 : 1, &r->pidfd, 1,
			      CONSOLE_TIMEOUT_MS),
		"send the pidfd to %s", path);
	return NULL;
}
