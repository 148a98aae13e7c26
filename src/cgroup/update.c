/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changing a living cgroup: all rows of a plan, or none.  What the files say is kept before the
 * first row is written; when a row is refused, the files that say something else by then are
 * written back.
 */
#include "cgroup/update.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "cgroup/apply.h"
#include "cgroup/devices.h"
#include "cgroup/dir.h"
#include "cgroup/systemd.h"

enum { TEXT_SIZE = 64 * 1024 };

/* What a file of one line a device says for a device that has no line. */
static const struct {
	const char *file;
	const char *value;
} unset[] = {
	{ "io.max", "rbps=max wbps=max riops=max wiops=max" },
	{ "io.weight", "default" },
	{ "io.bfq.weight", "0" },
	{ "blkio.throttle.read_bps_device", "0" },
	{ "blkio.throttle.write_bps_device", "0" },
	{ "blkio.throttle.read_iops_device", "0" },
	{ "blkio.throttle.write_iops_device", "0" },
	{ "blkio.weight_device", "0" },
	{ "blkio.bfq.weight_device", "0" },
	{ "blkio.leaf_weight_device", "0" },
	{ "rdma.max", "hca_handle=max hca_object=max" },
	{ "misc.max", "max" },
};

static char *value_of_key(const char *file, const char *written, const char *text)
{
	size_t n = strcspn(written, " ") + 1;

	for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		if (strncmp(s, written, n) == 0)
			return str_dup_n(s, strcspn(s, "\n"));
	}
	for (size_t i = 0; i < ARRAY_LEN(unset); i++) {
		if (streq(file, unset[i].file))
			return str_format("%.*s%s", (int)n, written, unset[i].value);
	}
	return NULL;
}

char *update_value_before(const char *file, const char *written, const char *text)
{
	static const char oom[] = "oom_kill_disable ";
	size_t len = strcspn(text, "\n");

	/* cpu.max has one line, of quota and period. */
	if (strchr(written, ' ') && !streq(file, "cpu.max"))
		return value_of_key(file, written, text);
	if (streq(file, "memory.oom_control") && str_starts(text, oom))
		return str_dup_n(text + strlen(oom), len - strlen(oom));
	return str_dup_n(text, len);
}

/* A row of the plan and how to take it back. */
struct saved {
	const struct cgroup_write *w;
	const char *file; /* the one that the row is written to; NULL when it cannot be read */
	char *value;
};

struct change {
	const struct cgroup_plan *plan;
	struct saved *v;
};

/* The file of row W that there is: its own, the one that stands in for it, or without prefix. */
static const char *file_of(int dir_fd, const struct cgroup_write *w)
{
	if (faccessat(dir_fd, w->file, F_OK, 0) == 0)
		return w->file;
	if (w->alt_file)
		return w->alt_file;
	return str_starts(w->file, "cpuset.") ? w->file + strlen("cpuset.") : w->file;
}

static const char *value_of(const struct saved *s)
{
	return s->w->alt_file && s->file == s->w->alt_file ? s->w->alt_value : s->w->value;
}

/* What has to be written into S's file to have what it says now; NULL when nobody knows. */
static char *read_value(int dir_fd, const struct saved *s)
{
	auto_close int fd = openat(dir_fd, s->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);
	auto_free char *text = NULL;
	ssize_t n;

	if (fd < 0)
		return NULL;
	text = xcalloc(TEXT_SIZE, 1);
	n = fd_read_all(fd, text, TEXT_SIZE - 1);
	return n < 0 ? NULL : update_value_before(s->file, value_of(s), text);
}

static bool is_device_rule(const struct cgroup_write *w)
{
	return str_starts(w->file, "devices.");
}

static void save(struct change *c)
{
	const struct cgroup_plan *plan = c->plan;

	c->v = xcalloc(plan->n_writes + 1, sizeof(*c->v));
	for (size_t i = 0; i < plan->n_writes; i++) {
		struct saved *s = &c->v[i];
		auto_close int fd = cgdir_open(&plan->paths.v[plan->writes[i].dir]);

		s->w = &plan->writes[i];
		if (fd < 0)
			continue;
		s->file = file_of(fd, s->w);
		if (!is_device_rule(s->w))
			s->value = read_value(fd, s);
	}
}

static void change_done(struct change *c)
{
	for (size_t i = 0; c->v && i < c->plan->n_writes; i++)
		free(c->v[i].value);
	free(c->v);
}

/* The planner wrote only what changes the list, so the opposite undoes it: devices.h. */
static int restore_device_rule(int fd, const struct cgroup_write *w)
{
	bool allowed = streq(w->file, "devices.allow");

	if (streq(w->value, "a"))
		return -EOPNOTSUPP;
	return file_write_at(fd, allowed ? "devices.deny" : "devices.allow", w->value);
}

/* 0, or -errno when the file does not say again what it said. */
static int restore(const struct change *c, const struct saved *s)
{
	auto_close int fd = cgdir_open(&c->plan->paths.v[s->w->dir]);
	auto_free char *now = NULL;

	if (fd < 0 || !s->file)
		return 0;
	if (is_device_rule(s->w))
		return restore_device_rule(fd, s->w);
	if (!s->value)
		return 0;
	now = read_value(fd, s);
	if (now && streq(now, s->value))
		return 0;
	return file_write_at(fd, s->file, s->value);
}

/* Backwards; what binds each other (memory below memory+swap) may need the second round. */
static void restore_all(const struct change *c, size_t n)
{
	bool again = false;

	for (size_t i = n; i-- > 0;)
		if (restore(c, &c->v[i]) < 0)
			again = true;
	for (size_t i = n; again && i-- > 0;) {
		const struct saved *s = &c->v[i];
		int rc = is_device_rule(s->w) ? 0 : restore(c, s);

		if (rc < 0)
			log_warn("%s/%s is not what it was before: writing `%s` back: %s",
				 c->plan->paths.v[s->w->dir].path, s->file, s->value,
				 strerror(-rc));
	}
}

/* In place of the program that is there.  *RET_OLD is that one, for taking it back. */
static struct err *change_program(const struct cgroup_plan *plan, int *ret_old)
{
	const struct cgroup_dir *d;
	auto_close int fd = -EBADF;
	int rc;

	if (!plan->device_update)
		return NULL;
	d = &plan->paths.v[plan->device_dir];
	fd = cgdir_open(d);
	TRY_SYS(fd, "open the cgroup %s", d->path);
	rc = device_program_replace(plan->device_program, fd, ret_old);
	if (rc < 0 && plan->is_rootless) {
		log_debug("device rules are not enforced: %s", strerror(-rc));
		return NULL;
	}
	TRY_SYS(rc, "linux.resources.devices: replace the BPF program of %s", d->path);
	return NULL;
}

static void restore_program(const struct cgroup_plan *plan, int old)
{
	auto_close int fd = -EBADF;
	int rc;

	if (!plan->device_update)
		return;
	fd = cgdir_open(&plan->paths.v[plan->device_dir]);
	rc = fd < 0 ? fd : device_program_restore(old, fd);
	if (rc < 0)
		log_warn("the device rules of %s are not what they were before: %s",
			 plan->paths.v[plan->device_dir].path, strerror(-rc));
}

struct err *cgroup_update(const struct cgroup_plan *plan, struct err *(*commit)(void *arg),
			  void *arg)
{
	struct change c = { .plan = plan };
	auto_close int old = -EBADF;
	size_t reached = 0;
	struct err *e;

	save(&c);
	e = apply_rows(plan, &reached);
	if (!e) {
		e = change_program(plan, &old);
		if (!e && plan->scope)
			e = systemd_update(plan);
		if (!e && commit) {
			e = commit(arg);
			if (e)
				restore_program(plan, old);
		}
	}
	if (e)
		restore_all(&c, reached);
	change_done(&c);
	return e;
}
