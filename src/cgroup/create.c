/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a container's directories in all hierarchies, and taking them back when one of them fails.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "cgroup/apply.h"
#include "cgroup/cgroup.h"
#include "cgroup/ctl.h"
#include "cgroup/devices.h"
#include "cgroup/dir.h"

enum { MAX_TRIES = 50 };

/* One hierarchy's directory while it is made. */
struct making {
	const struct cgroup_plan *plan;
	const struct cgroup_dir *d;
	size_t index;
	bool is_cpuset; /* v1 */
	size_t made;    /* length of the shortest path that was made here; 0: nothing */
	int fd;         /* the directory */
};

/* The cpuset files lack their prefix on a `noprefix` mount. */
static int cpuset_read(int fd, const char *name, char *buf, size_t size)
{
	char file[32];
	int n;

	snprintf(file, sizeof(file), "cpuset.%s", name);
	n = file_read_line_at(fd, file, buf, size);
	return n == -ENOENT ? file_read_line_at(fd, name, buf, size) : n;
}

static int cpuset_write(int fd, const char *name, const char *value)
{
	char file[32];
	int rc;

	snprintf(file, sizeof(file), "cpuset.%s", name);
	rc = file_write_at(fd, file, value);
	return rc == -ENOENT ? file_write_at(fd, name, value) : rc;
}

/* A new v1 cpuset has no CPUs and no memory nodes, and then no process may enter it. */
static struct err *cpuset_inherit(const struct making *m, int parent_fd, int fd, bool is_new)
{
	static const char *const names[] = { "cpus", "mems" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char value[4096];
		int n;

		if (!is_new) {
			n = cpuset_read(fd, names[i], value, sizeof(value));
			TRY_SYS(n, "the cpuset controller: read cpuset.%s below %s", names[i],
				m->d->mount);
			if (n > 0)
				continue;
		}
		n = cpuset_read(parent_fd, names[i], value, sizeof(value));
		TRY_SYS(n, "the cpuset controller: read cpuset.%s above %s", names[i], m->d->path);
		if (n == 0)
			return err_new(ERR_UNSUPPORTED,
				       "the cpuset controller: cpuset.%s above %s is "
				       "empty",
				       names[i], m->d->path);
		TRY_SYS(cpuset_write(fd, names[i], value),
			"the cpuset controller: set cpuset.%s of %s", names[i], m->d->path);
	}
	return NULL;
}

/* Does the plan write a file of controller NAME in this directory? */
static bool is_needed(const struct making *m, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < m->plan->n_writes; i++) {
		const struct cgroup_write *w = &m->plan->writes[i];

		if (w->dir == m->index && strncmp(w->file, name, n) == 0 && w->file[n] == '.')
			return true;
	}
	return false;
}

static bool has_writes(const struct making *m)
{
	for (size_t i = 0; i < m->plan->n_writes; i++)
		if (m->plan->writes[i].dir == m->index)
			return true;
	return false;
}

static struct err *enable_error(const struct making *m, int rc, const char *name)
{
	struct err *e = err_sys(rc, "enable the %s controller in cgroup.subtree_control above %s",
				name, m->d->path);

	switch (-rc) {
	case EBUSY:
		return err_hint(e, "a cgroup with processes of its own cannot have controllers for "
				   "its children (\"no internal processes\"): move them to a leaf");
	case EINVAL:
		return err_hint(e,
				"on a kernel with CONFIG_RT_GROUP_SCHED the cpu controller needs "
				"all real-time processes to be in the root cgroup");
	case EOPNOTSUPP:
		return err_hint(e, "the cgroup is threaded: choose a linux.cgroupsPath below a "
				   "domain cgroup");
	case ENOENT:
		return err_hint(e, "the controller is not delegated to this cgroup");
	case EACCES:
	case EPERM:
	case EROFS:
		return err_hint(e,
				"the controller is not delegated: Delegate=%s in the systemd unit "
				"above",
				name);
	default:
		return e;
	}
}

/*
 * Lets the children of FD have controllers.  What the plan writes to must come; on a v2 host the
 * rest is wanted too, for statistics and for a later update, but not more than that.
 */
static struct err *enable_controllers(const struct making *m, int fd)
{
	static const char *const names[] = { "cpuset",  "cpu",  "io",   "memory",
					     "hugetlb", "pids", "rdma", "misc" };
	char available[512];
	char enabled[512];
	char all[128] = "";

	if (m->plan->kind != CGROUP_V2 && !has_writes(m))
		return NULL;
	if (file_read_line_at(fd, "cgroup.subtree_control", enabled, sizeof(enabled)) < 0)
		enabled[0] = '\0';
	if (file_read_line_at(fd, "cgroup.controllers", available, sizeof(available)) < 0)
		available[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool needed = is_needed(m, names[i]);
		size_t n = strlen(all);

		if (ctl_list_has(enabled, ' ', names[i]))
			continue;
		if (needed ||
		    (m->plan->kind == CGROUP_V2 && ctl_list_has(available, ' ', names[i])))
			snprintf(all + n, sizeof(all) - n, "%s+%s", n ? " " : "", names[i]);
	}
	if (!all[0] || file_write_at(fd, "cgroup.subtree_control", all) == 0)
		return NULL;
	/* One of them spoilt it: one by one. */
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char one[16];
		int rc;

		snprintf(one, sizeof(one), "+%s", names[i]);
		if (!ctl_list_has(all, ' ', one))
			continue;
		rc = file_write_at(fd, "cgroup.subtree_control", one);
		if (rc < 0 && is_needed(m, names[i]))
			return enable_error(m, rc, names[i]);
		if (rc < 0)
			log_debug("controller %s is not enabled above %s: %s", names[i], m->d->path,
				  strerror(-rc));
	}
	return NULL;
}

static struct err *mkdir_error(const struct making *m, int rc, size_t len)
{
	struct err *e = err_sys(rc, "make the cgroup %.*s", (int)len, m->d->path);

	switch (-rc) {
	case EROFS:
		return err_hint(e,
				"%s is mounted read-only: remount it, or use "
				"--cgroup-manager=disabled",
				m->d->mount);
	case EACCES:
	case EPERM:
		return err_hint(
			e, "the parent belongs to somebody else: choose a linux.cgroupsPath in "
			   "a delegated cgroup, or use --cgroup-manager=disabled");
	case EAGAIN:
		return err_hint(e,
				"cgroup.max.descendants or cgroup.max.depth of a cgroup above is "
				"reached");
	case EOPNOTSUPP:
		return err_hint(e, "a cgroup above is threaded or its domain is invalid");
	default:
		return e;
	}
}

static bool is_frozen(const struct making *m, int fd)
{
	char buf[256];

	if (cgdir_is_v2(m->d)) {
		if (file_read_line_at(fd, "cgroup.freeze", buf, sizeof(buf)) > 0 && buf[0] == '1')
			return true;
		return file_read_line_at(fd, "cgroup.events", buf, sizeof(buf)) > 0 &&
		       strstr(buf, "frozen 1");
	}
	return cgdir_has(m->d, "freezer") &&
	       file_read_line_at(fd, "freezer.state", buf, sizeof(buf)) > 0 &&
	       !streq(buf, "THAWED");
}

/* Threads only may be in a threaded one; *ret_type (may be NULL) is what it says. */
static bool is_domain(const struct making *m, int fd, char ret_type[32])
{
	char buf[32];

	if (!cgdir_is_v2(m->d) || file_read_line_at(fd, "cgroup.type", buf, sizeof(buf)) <= 0)
		return true;
	if (ret_type)
		memcpy(ret_type, buf, sizeof(buf));
	return streq(buf, "domain");
}

/*
 * An empty leaf that was there before is made anew: its limits are not ours, and a stopped
 * container that still has it on record would take our processes for its own.  One that is frozen,
 * threaded or in use is left for check_target() to refuse.
 */
static int make_leaf(const struct making *m, int parent_fd, const char *name)
{
	auto_close int fd = -EBADF;

	if (mkdirat(parent_fd, name, 0755) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || is_frozen(m, fd) || !is_domain(m, fd, NULL) ||
	    unlinkat(parent_fd, name, AT_REMOVEDIR) < 0)
		return -EEXIST;
	return mkdirat(parent_fd, name, 0755) == 0 ? 0 : -errno;
}

/* Makes one component NAME below PARENT_FD; LEN is the length of the path up to its end. */
static struct err *make_component(struct making *m, int parent_fd, const char *name, size_t len,
				  int *ret_fd, bool *ret_new)
{
	auto_close int fd = -EBADF;
	int rc;

	if (cgdir_is_v2(m->d))
		TRY(enable_controllers(m, parent_fd));
	if (len == strlen(m->d->path))
		rc = make_leaf(m, parent_fd, name);
	else
		rc = mkdirat(parent_fd, name, 0755) < 0 ? -errno : 0;
	*ret_new = rc == 0;
	if (rc == 0 && !m->made)
		m->made = len;
	if (rc < 0 && rc != -EEXIST)
		return mkdir_error(m, rc, len);
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	TRY_SYS(fd < 0 ? -errno : fd, "open the cgroup %.*s", (int)len, m->d->path);
	if (m->is_cpuset)
		TRY(cpuset_inherit(m, parent_fd, fd, *ret_new));
	*ret_fd = take_fd(&fd);
	return NULL;
}

static struct err *make_all_components(struct making *m, int mount_fd, bool *ret_new)
{
	const char *s = cgdir_below(m->d);
	auto_close int fd = -EBADF;
	int parent_fd = mount_fd;

	while (*s) {
		size_t n = strcspn(s, "/");
		auto_free char *name = str_dup_n(s, n);
		int next = -EBADF;

		s += n;
		TRY(make_component(m, parent_fd, name, (size_t)(s - m->d->path), &next, ret_new));
		fd_close(fd);
		parent_fd = fd = next;
		s += strspn(s, "/");
	}
	m->fd = take_fd(&fd);
	return NULL;
}

/* A parent may be taken away by the delete of its last container while we are about to use it. */
static struct err *make_nested(struct making *m, int mount_fd, bool *ret_new)
{
	struct err *e = make_all_components(m, mount_fd, ret_new);

	for (int i = 0; i < MAX_TRIES && e && err_errno(e) == ENOENT; i++) {
		err_free(e);
		e = make_all_components(m, mount_fd, ret_new);
	}
	return e;
}

/*
 * What was there before must not be somebody's: a process already in it would be killed with the
 * container, and in a frozen cgroup (or below one) init would wait for ever.
 */
static struct err *check_target(const struct making *m, bool is_new)
{
	auto_pids struct pid_list pids = { 0 };
	char buf[32];

	if (!is_new) {
		TRY_SYS(cgdir_pids(m->fd, &pids), "read the processes of the cgroup %s",
			m->d->path);
		pid_list_sort(&pids);
		if (pids.n > (m->plan->inside && pid_list_has(&pids, m->plan->inside)))
			return err_hint(
				err_new(ERR_STATE,
					"the cgroup %s exists and is not empty: "
					"process %d is in it",
					m->d->path, pids.v[0]),
				"another container may use the same linux.cgroupsPath; choose "
				"another one or end what runs there");
	}
	if (is_frozen(m, m->fd))
		return err_hint(err_new(ERR_STATE, "the cgroup %s is frozen", m->d->path),
				cgdir_is_v2(m->d)
					? "thaw it: echo 0 > cgroup.freeze there or above"
					: "thaw it: echo THAWED > freezer.state there or above");
	if (!is_domain(m, m->fd, buf))
		return err_hint(err_new(ERR_UNSUPPORTED,
					"the cgroup %s cannot hold a container: its "
					"cgroup.type is `%s`",
					m->d->path, buf),
				"a cgroup above it is threaded: choose a linux.cgroupsPath below a "
				"domain cgroup");
	return NULL;
}

static struct err *make_dir(struct making *m)
{
	auto_close int mount_fd = cgdir_open_mount(m->d);
	const char *below = cgdir_below(m->d);
	bool is_nested = strchr(below, '/');
	bool is_new = true;

	if (mount_fd == -EMEDIUMTYPE)
		return err_new(ERR_UNSUPPORTED, "%s is not a cgroup file system (any more)",
			       m->d->mount);
	TRY_SYS(mount_fd, "open %s", m->d->mount);
	/* The usual case costs one call: nothing is to be done on the way down. */
	if (!cgdir_is_v2(m->d) && !m->is_cpuset && mkdirat(mount_fd, below, 0755) == 0) {
		m->made = strlen(m->d->path);
		if (!is_nested || !cgdir_has(m->d, "freezer"))
			return NULL;
		m->fd = openat(mount_fd, below, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		TRY_SYS(m->fd < 0 ? -errno : m->fd, "open the cgroup %s", m->d->path);
	} else {
		TRY(make_nested(m, mount_fd, &is_new));
	}
	/* Only what existed before, or lies below something that did, can be in the way. */
	return is_new && !is_nested ? NULL : check_target(m, is_new);
}

/* Removes what was made here, from the longest path to the shortest. */
static void unmake_dir(struct making *m)
{
	auto_free char *path = str_dup(m->d->path);
	size_t len = strlen(path);

	while (m->made && len >= m->made) {
		path[len] = '\0';
		if (rmdir(path) < 0 && errno != ENOENT)
			log_warn("cannot remove the cgroup %s: %s", path, strerror(errno));
		while (len > 0 && path[len] != '/')
			len--;
		while (len > 0 && path[len - 1] == '/')
			len--;
	}
}

/* Without CONFIG_CGROUP_BPF, or without privileges, no device policy can be had on v2. */
static void attach_devices(const struct cgroup_plan *plan, const struct making *v)
{
	int rc;

	if (!plan->device_program)
		return;
	rc = device_program_attach(plan->device_program, v[plan->device_dir].fd);
	if (rc < 0 && plan->is_rootless)
		log_debug("device rules are not enforced: %s", strerror(-rc));
	else if (rc < 0)
		log_warn(
			"device rules are not enforced: the kernel refuses the BPF program for %s: %s",
			v[plan->device_dir].d->path, strerror(-rc));
}

static struct err *create_all(const struct cgroup_plan *plan, struct making *v)
{
	for (size_t i = 0; i < plan->paths.n; i++) {
		const struct cgroup_dir *d = &plan->paths.v[i];

		v[i] = (struct making){ .plan = plan,
					.d = d,
					.index = i,
					.fd = -EBADF,
					.is_cpuset = cgdir_has(d, "cpuset") };
		if (!cgdir_is_sane(d))
			return err_new(ERR_INTERNAL, "%s is no cgroup path below %s", d->path,
				       d->mount);
		TRY(make_dir(&v[i]));
	}
	TRY(apply_writes(plan));
	attach_devices(plan, v);
	return NULL;
}

/* What would be lost without a cgroup; device rules cannot be had without privileges anyway. */
static const char *first_limit(const struct cgroup_plan *plan)
{
	for (size_t i = 0; i < plan->n_writes; i++)
		if (!str_starts(plan->writes[i].file, "devices."))
			return plan->writes[i].what;
	return NULL;
}

/* All limits that are lost, each once: "linux.resources.memory.limit, linux.resources.pids.limit".
 */
static char *all_limits(const struct cgroup_plan *plan)
{
	auto_str struct str names = { 0 };

	for (size_t i = 0; i < plan->n_writes; i++) {
		const struct cgroup_write *w = &plan->writes[i];

		if (str_starts(w->file, "devices.") || (names.s && strstr(names.s, w->what)))
			continue;
		str_addf(&names, "%s%s", names.len ? ", " : "", w->what);
	}
	return names.s ? take_ptr(&names.s) : NULL;
}

/* Nothing could be made and that is no error: the user is told what is lost. */
static void warn_of_loss(const struct cgroup_plan *plan, const struct err *e)
{
	auto_free char *limits = all_limits(plan);

	if (limits)
		log_warn("the container runs without a cgroup, so %s cannot be applied: %s; "
			 "`davit doctor` shows how to get one",
			 limits, err_text(e));
	else
		log_warn("the container runs without a cgroup: %s", err_text(e));
}

struct err *cgroup_create(const struct cgroup_plan *plan, int *ret_v2_fd)
{
	auto_free struct making *v = xcalloc(plan->paths.n + 1, sizeof(*v));
	struct err *e = create_all(plan, v);
	int v2 = cgdir_find(&plan->paths, NULL);
	int no = e ? err_errno(e) : 0;
	bool had_some = false;

	/* With a process in it already it is not for us to take back: cgroup_scope_remove(). */
	for (size_t i = plan->paths.n; e && !plan->inside && i-- > 0;) {
		had_some = had_some || v[i].made;
		if (v[i].made)
			unmake_dir(&v[i]);
	}
	for (size_t i = 0; i < plan->paths.n && !e; i++)
		plan->paths.v[i].made = v[i].made;
	if (!e)
		*ret_v2_fd = v2 >= 0 ? take_fd(&v[v2].fd) : -EBADF;
	for (size_t i = 0; i < plan->paths.n; i++)
		if (v[i].d)
			fd_close(v[i].fd);
	if (no != EACCES && no != EPERM && no != EROFS)
		return e;
	/* Where some can be had, a limit is not lost for want of another. */
	if (!plan->may_fail || (had_some && first_limit(plan)))
		return first_limit(plan) ? err_wrap(e, "%s needs a cgroup", first_limit(plan)) : e;
	warn_of_loss(plan, e);
	err_free(e);
	*ret_v2_fd = -ENOENT;
	return NULL;
}
