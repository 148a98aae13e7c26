/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this host offers to containers: see doctor.h.
 *
 * Asked are the same questions, with the same code, as when a container is made.
 */
#include "container/doctor.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "cgroup/ctl.h"
#include "cgroup/devices.h"
#include "cgroup/sdbus.h"
#include "container/plan.h"
#include "os/idmap.h"
#include "os/probe.h"

enum { CAP_SYS_ADMIN_BIT = 21 };

struct doctor {
	struct arena *a;
	const char *group;
	struct doctor_report *r;
};

struct doctor_check *doctor_add(struct doctor_list *l, struct arena *a, const char *group,
				const char *name, enum doctor_level level, const char *fmt,
				va_list ap)
{
	static struct doctor_check too_many;
	struct doctor_check *c = l->n < DOCTOR_MAX_CHECKS ? &l->v[l->n++] : &too_many;
	auto_free char *value = str_vformat(fmt, ap);

	*c = (struct doctor_check){ .group = group, .name = name, .level = level };
	c->value = arena_str(a, value);
	l->has_problem = l->has_problem || level == DOCTOR_PROBLEM;
	return c;
}

static struct doctor_check *add(struct doctor *d, const char *name, enum doctor_level level,
				const char *fmt, ...) PRINTF(4, 5);

static struct doctor_check *add(struct doctor *d, const char *name, enum doctor_level level,
				const char *fmt, ...)
{
	struct doctor_check *c;
	va_list ap;

	va_start(ap, fmt);
	c = doctor_add(&d->r->checks, d->a, d->group, name, level, fmt, ap);
	va_end(ap);
	return c;
}

static void means(struct doctor *d, struct doctor_check *c, const char *meaning, const char *hint)
{
	c->meaning = meaning ? arena_str(d->a, meaning) : NULL;
	c->hint = hint ? arena_str(d->a, hint) : NULL;
}

/* --- what has to be there -----------------------------------------------------------------------
 */

static bool has_sys_admin(void)
{
	char buf[4096];
	const char *s;

	if (file_read_line("/proc/self/status", buf, sizeof(buf)) <= 0)
		return geteuid() == 0;
	s = strstr(buf, "\nCapEff:\t");
	return s && (strtoull(s + strlen("\nCapEff:\t"), NULL, 16) >> CAP_SYS_ADMIN_BIT & 1);
}

static void check_proc(struct doctor *d)
{
	struct statfs fs;
	bool is_proc = statfs("/proc", &fs) == 0 && (uint32_t)fs.f_type == PROC_SUPER_MAGIC;
	struct doctor_check *c = add(d, "proc", is_proc ? DOCTOR_OK : DOCTOR_PROBLEM, "%s",
				     is_proc ? "mounted at /proc" : "no procfs at /proc");

	if (!is_proc)
		means(d, c, "nothing can be known about processes", "mount -t proc proc /proc");
}

static bool read_number(const char *path, long *ret)
{
	char buf[32];

	if (file_read_line(path, buf, sizeof(buf)) <= 0)
		return false;
	*ret = strtol(buf, NULL, 10);
	return true;
}

/* The setting that forbids user namespaces, and how to change it. */
static const char *userns_hint(struct doctor *d)
{
	static const struct {
		const char *key;
		const char *path;
		long bad;
		long good;
	} settings[] = {
		{ "user.max_user_namespaces", "/proc/sys/user/max_user_namespaces", 0, 15000 },
		{ "kernel.unprivileged_userns_clone", "/proc/sys/kernel/unprivileged_userns_clone",
		  0, 1 },
		{ "kernel.apparmor_restrict_unprivileged_userns",
		  "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		long value;

		if (read_number(settings[i].path, &value) && value == settings[i].bad)
			return arena_format(d->a, "%s is %ld: sysctl -w %s=%ld", settings[i].key,
					    value, settings[i].key, settings[i].good);
	}
	return "use a kernel with CONFIG_USER_NS, outside of a sandbox that forbids them";
}

/* Either the rights of the host, or a user namespace to have rights in. */
static void check_rights(struct doctor *d)
{
	bool is_admin = has_sys_admin();
	int rc = probe_user_namespace();
	struct doctor_check *c;

	if (is_admin)
		add(d, "rights", DOCTOR_OK, "CAP_SYS_ADMIN%s",
		    d->r->is_rootless ? " in a user namespace" : "");
	else if (rc == 0)
		add(d, "rights", DOCTOR_OK, "user %u, in a user namespace", geteuid());
	else
		means(d,
		      add(d, "rights", DOCTOR_PROBLEM,
			  "no CAP_SYS_ADMIN, and no user namespace to have it in: %s",
			  strerror(-rc)),
		      "no mount can be made", userns_hint(d));
	d->group = "namespaces";
	if (rc == 0) {
		add(d, "user", DOCTOR_OK, "can be made");
		return;
	}
	c = add(d, "user", is_admin ? DOCTOR_NOTE : DOCTOR_PROBLEM, "cannot be made: %s",
		strerror(-rc));
	means(d, c, "containers with a user namespace of their own do not start", userns_hint(d));
}

static void check_namespaces(struct doctor *d)
{
	static const struct {
		const char *name;
		const char *config;
		enum doctor_level missing;
	} kinds[] = {
		{ "mnt", "a kernel with namespaces", DOCTOR_PROBLEM },
		{ "pid", "CONFIG_PID_NS", DOCTOR_NOTE },
		{ "net", "CONFIG_NET_NS", DOCTOR_NOTE },
		{ "ipc", "CONFIG_IPC_NS", DOCTOR_NOTE },
		{ "uts", "CONFIG_UTS_NS", DOCTOR_NOTE },
		{ "cgroup", "CONFIG_CGROUPS", DOCTOR_NOTE },
		{ "time", "CONFIG_TIME_NS (Linux 5.6)", DOCTOR_NOTE },
	};

	d->group = "namespaces";
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		auto_free char *path = str_format("/proc/self/ns/%s", kinds[i].name);
		struct stat st;

		if (stat(path, &st) == 0)
			add(d, kinds[i].name, DOCTOR_OK, "there");
		else
			means(d, add(d, kinds[i].name, kinds[i].missing, "not in this kernel"),
			      "containers that ask for one do not start", kinds[i].config);
	}
}

/* The nearest directory that exists: there the rest would be made. */
static char *nearest(const char *path)
{
	char *s = str_dup(path);
	struct stat st;

	while (stat(s, &st) < 0 && strrchr(s, '/') && s[1])
		*(strrchr(s, '/') == s ? s + 1 : strrchr(s, '/')) = '\0';
	return s;
}

static void check_state_root(struct doctor *d)
{
	const char *root = d->r->state_root;
	auto_free char *there = nearest(root);
	struct stat st;
	bool is_dir = stat(there, &st) == 0 && S_ISDIR(st.st_mode);
	int rc = !is_dir                                                   ? -ENOTDIR
		 : faccessat(AT_FDCWD, there, W_OK | X_OK, AT_EACCESS) < 0 ? -errno
									   : 0;

	d->group = "host";
	if (rc == 0)
		add(d, "state root", DOCTOR_OK, "%s%s", root,
		    streq(root, there) ? "" : ", will be made");
	else
		means(d,
		      add(d, "state root", DOCTOR_PROBLEM, "%s cannot be used: %s: %s", root, there,
			  strerror(-rc)),
		      "no container can be kept track of",
		      "choose another place with --root, or set XDG_RUNTIME_DIR");
}

/* --- cgroups
 * --------------------------------------------------------------------------------------- */

static bool is_comounted(const struct cgroup_layout *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->v[i].is_v2 && strchr(l->v[i].controllers, ','))
			return true;
	return false;
}

static const char *layout_name(const struct cgroup_layout *l)
{
	switch (l->kind) {
	case CGROUP_NONE:
		return "none";
	case CGROUP_V1:
		return is_comounted(l) ? "v1 co-mounted" : "v1";
	case CGROUP_HYBRID:
		return "hybrid";
	case CGROUP_V2:
		return "v2";
	}
	return "none";
}

static void check_freezer(struct doctor *d)
{
	const struct cgroup_layout *l = &d->r->layout;
	enum cgroup_place place = l->ctl[CTL_FREEZER].place;
	struct doctor_check *c;

	if (place == PLACE_V1 || place == PLACE_V2) {
		d->r->freezer = place == PLACE_V1 ? "v1" : "v2";
		d->r->freezer_mount = l->v[l->ctl[CTL_FREEZER].hierarchy].mount;
		add(d, "freezer", DOCTOR_OK, "%s at %s", d->r->freezer, d->r->freezer_mount);
		return;
	}
	d->r->freezer = "none";
	c = add(d, "freezer", DOCTOR_NOTE, "none: %s",
		l->ctl[CTL_FREEZER].why ? l->ctl[CTL_FREEZER].why : "no cgroup file system");
	means(d, c, "containers cannot be paused; all else works", l->ctl[CTL_FREEZER].hint);
}

static void check_controllers(struct doctor *d)
{
	const struct cgroup_layout *l = &d->r->layout;

	for (size_t i = 0; i < CTL_COUNT; i++) {
		enum cgroup_place place = l->ctl[i].place;
		const char *name = ctl_info[i].v1;
		struct doctor_check *c;

		if (i == CTL_FREEZER)
			continue;
		if (l->kind == CGROUP_V2 && ctl_info[i].v2 && *ctl_info[i].v2)
			name = ctl_info[i].v2;
		if (place == PLACE_V1 || place == PLACE_V2) {
			add(d, name, DOCTOR_OK, "%s at %s", place == PLACE_V1 ? "v1" : "v2",
			    l->v[l->ctl[i].hierarchy].mount);
			continue;
		}
		c = add(d, name, DOCTOR_NOTE, "%s", l->ctl[i].why ? l->ctl[i].why : "not there");
		means(d, c, NULL, l->ctl[i].hint);
	}
}

/* On v2 the rules are a program, which a kernel may not take. */
static void check_device_rules(struct doctor *d)
{
	const struct cgroup_layout *l = &d->r->layout;
	int rc;

	if (l->ctl[CTL_DEVICES].place != PLACE_V2 || d->r->is_rootless)
		return;
	rc = device_program_probe();
	if (rc == 0)
		add(d, "device rules", DOCTOR_OK, "a BPF program on the v2 cgroup");
	else
		means(d,
		      add(d, "device rules", DOCTOR_NOTE, "the kernel takes no BPF program: %s",
			  strerror(-rc)),
		      "device rules are not enforced", "use a kernel with CONFIG_CGROUP_BPF");
}

static void check_writable(struct doctor *d)
{
	const struct cgroup_layout *l = &d->r->layout;

	for (size_t i = 0; i < l->n; i++) {
		auto_free char *dir = str_format("%s%s", l->v[i].mount,
						 l->v[i].is_v2 && l->v2_base ? l->v2_base : "");
		struct doctor_check *c;

		if (l->kind == CGROUP_V2 && !l->v[i].is_v2)
			continue;
		if (faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) == 0)
			continue;
		c = add(d, "place", DOCTOR_NOTE, "no cgroup can be made in %s: %s", dir,
			strerror(errno));
		means(d, c, "containers run without limits, and those that ask for some do not",
		      l->v[i].is_v2 && d->r->is_rootless
			      ? "run in a session that systemd delegates: systemd-run --user --scope "
				"-p Delegate=yes, or loginctl enable-linger"
		      : d->r->is_rootless ? "cgroup v1 gives nothing to users: boot with "
					    "systemd.unified_cgroup_hierarchy=1"
					  : "mount -o remount,rw it");
		return;
	}
}

static struct err *check_cgroups(struct doctor *d)
{
	struct doctor_check *c;

	TRY(cgroup_layout_detect(d->a, "", &d->r->layout));
	d->r->layout_name = layout_name(&d->r->layout);
	d->group = "cgroup";
	if (d->r->layout.kind == CGROUP_NONE) {
		c = add(d, "layout", DOCTOR_NOTE, "none");
		means(d, c, "containers run without limits and cannot be paused",
		      "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
	} else {
		add(d, "layout", DOCTOR_OK, "%s", d->r->layout_name);
	}
	check_writable(d);
	check_freezer(d);
	check_controllers(d);
	check_device_rules(d);
	return NULL;
}

/* --- more
 * ---------------------------------------------------------------------------------------------- */

static void check_systemd(struct doctor *d)
{
	struct sdbus *bus = NULL;
	struct err *e = sdbus_open(d->r->is_rootless, &bus);
	struct doctor_check *c;

	d->group = "systemd";
	if (!e) {
		add(d, "manager", DOCTOR_OK, "reachable at %s", bus->address);
		sdbus_close(bus);
		return;
	}
	c = add(d, "manager", DOCTOR_NOTE, "not reachable: %s", err_text(e));
	means(d, c, "--systemd-cgroup does not work; cgroupfs does", err_get_hint(e));
	err_free(e);
}

/* "name:first:count" or "uid:first:count", the sum of all. */
static unsigned long long count_ids(const char *file, const char *name, uid_t uid)
{
	auto_free char *text = NULL;
	auto_free char *number = str_format("%u", uid);
	unsigned long long sum = 0;
	size_t len;
	char *rest;

	if (file_read_at(AT_FDCWD, file, 1024 * 1024, &text, &len) < 0)
		return 0;
	for (char *s = strtok_r(text, "\n", &rest); s; s = strtok_r(NULL, "\n", &rest)) {
		char *colon = strchr(s, ':');
		unsigned long long first, count;

		if (!colon || sscanf(colon + 1, "%llu:%llu", &first, &count) != 2)
			continue;
		*colon = '\0';
		if (streq(s, name) || streq(s, number))
			sum += count;
	}
	return sum;
}

static void check_ids(struct doctor *d)
{
	auto_free char *login = idmap_login_name(geteuid());
	const char *name = login ? login : "";
	unsigned long long uids = count_ids("/etc/subuid", name, geteuid());
	unsigned long long gids = count_ids("/etc/subgid", name, geteuid());
	bool has_helpers = idmap_has_helpers();
	bool matters = geteuid() != 0;
	struct doctor_check *c;

	d->group = "ids";
	c = add(d, "ranges", (uids && gids) || !matters ? DOCTOR_OK : DOCTOR_NOTE,
		"%llu users in /etc/subuid, %llu groups in /etc/subgid", uids, gids);
	if (c->level != DOCTOR_OK)
		means(d, c, "a container has one user only",
		      "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 and your name");
	c = add(d, "helpers", has_helpers || !matters ? DOCTOR_OK : DOCTOR_NOTE, "%s",
		has_helpers ? "newuidmap and newgidmap are there"
			    : "newuidmap and newgidmap are not in $PATH");
	if (c->level != DOCTOR_OK)
		means(d, c, "a container has one user only", "install the package uidmap");
}

static void check_security(struct doctor *d)
{
	struct doctor_check *modules;
	char lsm[256];

	d->group = "security";
	if (!probe_seccomp())
		means(d, add(d, "seccomp", DOCTOR_NOTE, "not in this kernel"),
		      "containers with a seccomp profile do not start",
		      "use a kernel with CONFIG_SECCOMP_FILTER");
	else
		add(d, "seccomp", DOCTOR_OK, "there%s",
		    probe_seccomp_action("user_notif") ? ", with notifications" : "");
	probe_lsm(lsm, sizeof(lsm));
	modules = add(d, "modules", DOCTOR_OK, "%s", *lsm ? lsm : "none");
	if (!strstr(lsm, "apparmor") && !strstr(lsm, "selinux"))
		means(d, modules,
		      "containers with an AppArmor profile or an SELinux label do not start", NULL);
}

static void check_idmap(struct doctor *d)
{
	struct err *e;

	d->group = "mounts";
	if (!has_sys_admin()) {
		add(d, "id-mapped", DOCTOR_OK, "not asked: needs CAP_SYS_ADMIN");
		return;
	}
	e = probe_idmapped_mount("/");
	if (!e) {
		add(d, "id-mapped", DOCTOR_OK, "work for the file system of /");
		return;
	}
	means(d, add(d, "id-mapped", DOCTOR_NOTE, "not for the file system of /: %s", err_text(e)),
	      "mounts with mappings there do not work", err_get_hint(e));
	err_free(e);
}

static void check_calls(struct doctor *d)
{
	d->group = "calls";
	for (const struct probe_call *p = probe_calls; p->name; p++) {
		int rc = p->ask();
		auto_free char *hint = str_format("Linux %s has it", p->since);

		if (rc == 0)
			add(d, p->name, DOCTOR_OK, "there");
		else if (rc == -ENOSYS)
			means(d, add(d, p->name, DOCTOR_NOTE, "not there"), p->without, hint);
		else
			means(d, add(d, p->name, DOCTOR_NOTE, "denied by a filter around davit"),
			      p->without, "run davit outside of that sandbox");
	}
}

struct err *container_doctor(struct ctx *ctx, struct arena *a, struct doctor_report *ret)
{
	struct doctor d = { .a = a, .group = "host", .r = ret };
	struct utsname u;

	*ret = (struct doctor_report){ .state_root = ctx->state_root };
	ret->is_rootless = is_rootless();
	ret->kernel = arena_str(a, uname(&u) < 0 ? "unknown" : u.release);
	check_proc(&d);
	check_state_root(&d);
	check_rights(&d);
	check_namespaces(&d);
	TRY(check_cgroups(&d));
	check_systemd(&d);
	check_ids(&d);
	check_security(&d);
	check_idmap(&d);
	check_calls(&d);
	return NULL;
}
