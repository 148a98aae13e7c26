/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that will be done: see plan.h.
 */
#include "container/plan.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/capability.h>
#include <sys/stat.h>

#include "base/log.h"
#include "container/container.h"

/* The initial user namespace has a fixed inode: PROC_USER_INIT_INO, include/linux/proc_ns.h. */
enum { USERNS_INIT_INO = 0xEFFFFFFDU };

bool is_rootless(void)
{
	struct stat st;

	if (geteuid() != 0)
		return true;
	return stat("/proc/self/ns/user", &st) == 0 && st.st_ino != USERNS_INIT_INO;
}

/* LISTEN_FDS of systemd's socket activation comes on top of --preserve-fds, as in crun and runc. */
static struct err *listen_fds(int *ret)
{
	const char *s = getenv("LISTEN_FDS");
	uint64_t n = 0;

	*ret = 0;
	if (!s || !*s)
		return NULL;
	if (str_to_u64(s, 1024, &n) < 0)
		return err_new(ERR_INVALID,
			       "LISTEN_FDS=%s in the environment is not a number up to 1024", s);
	*ret = (int)n;
	return NULL;
}

static struct err *check_preserved(unsigned n)
{
	if (n > 65536)
		return err_new(ERR_INVALID, "--preserve-fds %u: more than 65536", n);
	for (unsigned fd = 3; fd < 3 + n; fd++) {
		if (fcntl((int)fd, F_GETFD) < 0)
			return err_hint(
				err_new(ERR_INVALID,
					"preserve %u descriptors: descriptor %u is not open", n,
					fd),
				"--preserve-fds N and LISTEN_FDS count from descriptor 3 without holes");
	}
	return NULL;
}

static void console_plan(const struct spec_process *process, struct console_plan *ret)
{
	ret->terminal = process->terminal;
	if (process->console_size) {
		ret->has_size = true;
		ret->rows = (unsigned short)process->console_size->height;
		ret->cols = (unsigned short)process->console_size->width;
	}
	ret->uid = process->user ? process->user->uid : 0;
}

struct err *process_plan_make(struct arena *a, const struct spec *spec,
			      const struct spec_process *process, unsigned preserve_fds,
			      struct process_plan *ret)
{
	const char *keep = spec_annotation(spec, "run.oci.keep_original_groups");

	ret->spec = process;
	TRY(cred_plan_make(a, process, keep && !streq(keep, "0"), &ret->cred));
	TRY(rlimit_plan_make(process, &ret->rlimit));
	ret->clamp_rlimits = is_rootless();
	TRY(sched_plan_make(process, &ret->sched));
	TRY(lsm_plan_make(process->apparmor_profile, process->selinux_label, &ret->lsm));
	ret->lsm.no_new_privs = ret->cred.no_new_privs;
	TRY(landlock_plan_make(a, spec, &ret->landlock));
	console_plan(process, &ret->console);
	ret->personality = spec->linux_ ? spec->linux_->personality : NULL;
	TRY(process_plan_seccomp(a, spec, ret));
	TRY(listen_fds(&ret->listen_fds));
	ret->preserve_fds = preserve_fds + (unsigned)ret->listen_fds;
	return check_preserved(ret->preserve_fds);
}

/* A mount of type cgroup shows the container's own directories. */
static void mounts_learn_cgroup(struct arena *a, const struct cgroup_plan *cg,
				struct mounts_plan *mounts)
{
	const struct cgroup_paths *p = &cg->paths;

	mounts->cgroup.is_v2 = cg->kind == CGROUP_V2;
	mounts->cgroup.n = p->n;
	mounts->cgroup.v = arena_alloc(a, sizeof(*mounts->cgroup.v) * (p->n + 1));
	for (size_t i = 0; i < p->n; i++) {
		mounts->cgroup.v[i].controllers = p->v[i].controllers;
		mounts->cgroup.v[i].mount = p->v[i].mount;
		mounts->cgroup.v[i].path = p->v[i].path;
	}
}

static struct err *terminal_rules(const struct run_opts *opts, const struct spec_process *p)
{
	if (p->terminal && opts->detach && !opts->console_socket)
		return err_hint(
			err_new(ERR_INVALID,
				"use --console-socket with --detach when a terminal is used"),
			"or set process.terminal to false");
	return NULL;
}

struct err *plan_rootfs_path(struct arena *a, const char *bundle, const struct spec *spec,
			     char **ret)
{
	auto_free char *joined = *spec->root->path == '/'
					 ? str_dup(spec->root->path)
					 : str_format("%s/%s", bundle, spec->root->path);
	auto_free char *real = canonicalize_file_name(joined);
	struct stat st;

	if (!real && errno == ENOENT)
		return err_hint(err_new(ERR_INVALID,
					"root.path: the rootfs path `%s` does not exist", joined),
				"a relative root.path is taken from the bundle %s", bundle);
	if (!real)
		return err_sys(-errno, "root.path: resolve %s", joined);
	if (stat(real, &st) < 0)
		return err_sys(-errno, "root.path: stat %s", real);
	if (!S_ISDIR(st.st_mode))
		return err_new(ERR_INVALID, "root.path: %s is not a directory", real);
	*ret = arena_str(a, real);
	return NULL;
}

/* mknod(2) needs the right in the initial user namespace. */
static bool mknod_allowed(const struct plan *p)
{
	return !p->is_rootless && !p->ns.new_user && !p->ns.join[NS_USER];
}

static struct err *plan_file_systems(struct arena *a, const struct run_opts *opts, struct plan *p)
{
	char *rootfs = NULL;

	TRY(plan_rootfs_path(a, p->bundle, p->spec, &rootfs));
	TRY(rootfs_plan_make(a, p->spec, p->bundle, opts->no_pivot, &p->rootfs));
	p->rootfs.path = rootfs;
	TRY(mounts_plan_make(a, p->spec, p->bundle, rootfs, &p->mounts));
	p->mounts.host_view |= p->is_rootless;
	mounts_learn_cgroup(a, &p->cgroup, &p->mounts);
	TRY(devices_plan_make(a, p->spec, p->mounts.host_dev, !mknod_allowed(p), &p->devices));
	TRY(mask_plan_make(a, p->spec, &p->mask));
	return NULL;
}

/* A cgroup file system at /sys/fs/cgroup that the payload can write to. */
static bool has_writable_cgroupfs(const struct spec *spec)
{
	bool writable = false;

	for (size_t i = 0; i < spec->n_mounts; i++) {
		const struct spec_mount *m = &spec->mounts[i];

		if (!streq(m->destination, "/sys/fs/cgroup") || !m->type ||
		    (!streq(m->type, "cgroup") && !streq(m->type, "cgroup2")))
			continue;
		writable = true;
		for (size_t o = 0; o < m->options.n; o++)
			writable = streq(m->options.v[o], "rw") ||
				   (writable && !streq(m->options.v[o], "ro"));
	}
	return writable;
}

/* What the user of the process is on the host; false when that is nobody, or root, who may anyway.
 */
static bool host_user(const struct plan *p, uid_t *ret)
{
	uint32_t uid = p->process.cred.uid;

	*ret = uid;
	if (p->ns.new_user && !idmap_to_host(p->ns.idmap.uid, p->ns.idmap.n_uid, uid, ret))
		return false;
	if (p->ns.join[NS_USER]) {
		*ret = p->ns.root_uid;
		return uid == 0 && p->ns.root_is_mapped && *ret != 0;
	}
	return *ret != 0;
}

/* runtime-spec, config-linux, cgroup ownership. */
static struct err *plan_delegation(struct arena *a, struct plan *p)
{
	const char *sub = spec_annotation(p->spec, "run.oci.delegate-cgroup");
	bool may = p->ns.new_cgroup && (sub || has_writable_cgroupfs(p->spec));
	uid_t owner;

	may = may && host_user(p, &owner);
	return cgroup_plan_delegation(a, sub, may ? &owner : NULL, &p->cgroup);
}

/* As with crun: a name that is none of the handlers changes nothing.  There are none here. */
static void warn_of_handlers(const struct spec *spec)
{
	static const char *const names[] = { "run.oci.handler", "module.wasm.image/variant" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (spec_annotation(spec, names[i]))
			log_warn("annotations[\"%s\"]: there is no handler `%s` here: the program "
				 "itself is executed",
				 names[i], spec_annotation(spec, names[i]));
}

struct err *plan_make(struct arena *a, const struct ctx *ctx, const struct run_opts *opts,
		      const struct spec *spec, const char *bundle, struct plan *ret)
{
	struct cgroup_plan_opts cg = { .id = opts->id, .manager = ctx->manager };
	bool rootless = is_rootless();

	ret->spec = spec;
	ret->id = opts->id;
	ret->bundle = arena_str(a, bundle);
	ret->is_rootless = rootless;
	ret->new_keyring = !opts->no_new_keyring;
	cg.is_rootless = rootless;
	cg.is_in_userns = rootless && geteuid() == 0;
	warn_of_handlers(spec);
	TRY(ns_plan_make(a, spec, geteuid() != 0, &ret->ns));
	ret->sources_by_helper = (ret->ns.new_user || ret->ns.join[NS_USER]) && geteuid() == 0;
	TRY(cgroup_layout_detect(a, "", &ret->layout));
	TRY(cgroup_plan_make(a, spec, &ret->layout, &cg, &ret->cgroup));
	TRY(lsm_check_mount_label(spec->linux_ ? spec->linux_->mount_label : NULL));
	TRY(plan_file_systems(a, opts, ret));
	TRY(sysctl_plan_make(a, spec, &ret->sysctl));
	TRY(mempolicy_plan_make(spec, &ret->mempolicy));
	TRY(rdt_plan_make(a, spec, opts->id, &ret->rdt));
	ret->process.receiver = seccomp_receiver_of_environment(a);
	TRY(process_plan_make(a, spec, spec->process, opts->preserve_fds, &ret->process));
	TRY(plan_delegation(a, ret));
	ret->process.console.bind_console = true;
	return terminal_rules(opts, spec->process);
}

static void print_ids(const char *what, size_t n, const struct spec_id_mapping *v, struct str *out)
{
	for (size_t i = 0; i < n; i++)
		str_addf(out, "  %s %u -> %u, %u ids\n", what, v[i].container_id, v[i].host_id,
			 v[i].size);
}

static void print_namespaces(const struct ns_plan *ns, struct str *out)
{
	str_add(out, "namespaces\n");
	for (int t = 0; t < NS_TYPES; t++) {
		bool is_new = (ns->new_flags & ns_flag((enum ns_type)t)) ||
			      (t == NS_USER && ns->new_user) ||
			      (t == NS_CGROUP && ns->new_cgroup) || (t == NS_TIME && ns->new_time);

		if (ns->join[t])
			str_addf(out, "  %s: join %s\n", ns_name((enum ns_type)t), ns->join[t]);
		else
			str_addf(out, "  %s: %s\n", ns_name((enum ns_type)t),
				 is_new ? "new" : "host");
	}
	print_ids("uid", ns->idmap.n_uid, ns->idmap.uid, out);
	print_ids("gid", ns->idmap.n_gid, ns->idmap.gid, out);
}

static void print_process(const struct process_plan *p, struct str *out)
{
	str_addf(out, "process\n  user %u:%u, %zu more groups\n", p->cred.uid, p->cred.gid,
		 p->cred.n_groups);
	str_addf(
		out,
		"  capabilities bounding %#llx effective %#llx permitted %#llx inheritable %#llx ambient %#llx\n",
		(unsigned long long)p->cred.bounding, (unsigned long long)p->cred.effective,
		(unsigned long long)p->cred.permitted, (unsigned long long)p->cred.inheritable,
		(unsigned long long)p->cred.ambient);
	str_addf(out, "  no_new_privs %s, seccomp %s, terminal %s\n",
		 p->cred.no_new_privs ? "yes" : "no", p->seccomp.set ? "yes" : "no",
		 p->console.terminal ? "yes" : "no");
	str_addf(out, "  cwd %s\n  args", p->spec->cwd);
	for (size_t i = 0; i < p->spec->args.n; i++)
		str_addf(out, " %s", p->spec->args.v[i]);
	str_add(out, "\n");
}

void plan_print(const struct plan *plan, struct str *out)
{
	str_addf(out, "container %s\n  bundle %s\n  root %s%s\n", plan->id, plan->bundle,
		 plan->rootfs.path, plan->rootfs.readonly ? " (read-only)" : "");
	print_namespaces(&plan->ns, out);
	cgroup_plan_print(&plan->cgroup, out);
	mounts_plan_print(&plan->mounts, out);
	str_add(out, "devices\n");
	for (size_t i = 0; i < plan->devices.n; i++)
		str_addf(out, "  %s %o\n", plan->devices.v[i].path,
			 plan->devices.v[i].mode & 07777);
	str_add(out, "masked\n");
	for (size_t i = 0; i < plan->mask.n_masked; i++)
		str_addf(out, "  %s\n", plan->mask.masked[i]);
	str_add(out, "read-only\n");
	for (size_t i = 0; i < plan->mask.n_readonly; i++)
		str_addf(out, "  %s\n", plan->mask.readonly[i]);
	print_process(&plan->process, out);
}
