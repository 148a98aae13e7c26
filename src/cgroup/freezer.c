/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the container frozen, and freezing it.
 *
 * The record names the directories that were made when the container was created.  Since then a
 * hierarchy may have been unmounted, or its directory may lie on something that is no cgroup file
 * system at all; none of that says anything about the container's processes.
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/proc.h"
#include "cgroup/cgroup.h"
#include "cgroup/ctl.h"
#include "cgroup/dir.h"

enum { FREEZE_TIMEOUT_MS = 5000 };

/* The freezer of one container: its directory, open, or why there is none. */
struct freezer {
	enum freezer_state state; /* NONE, GONE; otherwise there is one */
	const struct cgroup_dir *d;
	int fd;
	char *why;
	char *hint;
};

static void freezer_done(struct freezer *f)
{
	fd_close(f->fd);
	free(f->why);
	free(f->hint);
}
#define auto_freezer __attribute__((cleanup(freezer_done)))

/*
 * Opens D.  A directory that is missing where its hierarchy is still mounted is GONE; a hierarchy
 * that is not there leaves NONE.  CONTROL is the file that makes it a freezer.
 */
static bool try_dir(struct freezer *f, const struct cgroup_dir *d, const char *control)
{
	auto_free char *before = NULL;
	int rc;

	f->fd = cgdir_open(d);
	if (f->fd >= 0 && faccessat(f->fd, control, F_OK, 0) == 0) {
		f->d = d;
		f->state = FREEZER_THAWED;
		return true;
	}
	before = take_ptr(&f->why);
	rc = f->fd;
	if (f->fd >= 0) {
		f->why = str_format("%s has no %s", d->path, control);
		fd_close(f->fd);
		f->fd = -EBADF;
		f->state = cgdir_is_v2(d) ? FREEZER_NONE : FREEZER_GONE;
		return false;
	}
	if (rc == -EINVAL) {
		f->why = str_format("the recorded path %s is not below %s", d->path, d->mount);
		f->state = FREEZER_GONE;
		return false;
	}
	if (cgdir_verify_path(d->mount, d) < 0) {
		f->why = str_format("%s%sno cgroup file system at %s", before ? before : "",
				    before ? ", " : "", d->mount);
		return false;
	}
	f->why = str_format("the cgroup %s: %s", d->path, strerror(-rc));
	f->state = FREEZER_GONE;
	return false;
}

/* What the kernel says is better than what was found missing. */
static void explain_none(struct freezer *f)
{
	auto_free char *found = take_ptr(&f->why);
	auto_free char *why = NULL;
	struct ctl_facts facts;
	enum cgroup_place where;

	ctl_facts_read("", &facts);
	where = ctl_absent(&facts, CTL_FREEZER, &why, &f->hint);
	if (found && where == PLACE_NOT_MOUNTED)
		f->why = str_format("the v1 freezer is not mounted: %s", found);
	else
		f->why = take_ptr(&why);
}

static struct freezer freezer_find(const struct cgroup_paths *paths, bool explain)
{
	struct freezer f = { .state = FREEZER_NONE, .fd = -EBADF };
	int v1 = cgdir_find(paths, "freezer");
	int v2 = cgdir_find(paths, NULL);

	if (!paths->path || paths->n == 0) {
		f.why = str_dup("the container has no cgroup");
		return f;
	}
	if (v1 >= 0 && (try_dir(&f, &paths->v[v1], "freezer.state") || f.state == FREEZER_GONE))
		return f;
	if (v2 >= 0 && (try_dir(&f, &paths->v[v2], "cgroup.freeze") || f.state == FREEZER_GONE))
		return f;
	if (explain)
		explain_none(&f);
	return f;
}

/* FROZEN also while freezing, and when a cgroup above is frozen. */
static enum freezer_state ask(const struct freezer *f, char **ret_why)
{
	const char *file = cgdir_is_v2(f->d) ? "cgroup.freeze" : "freezer.state";
	enum freezer_state s = FREEZER_THAWED;
	char buf[256];
	int n = file_read_line_at(f->fd, file, buf, sizeof(buf));

	if (n >= 0 && cgdir_is_v2(f->d) && !streq(buf, "1")) {
		file = "cgroup.events";
		n = file_read_line_at(f->fd, file, buf, sizeof(buf));
		if (n >= 0)
			s = strstr(buf, "frozen 1") ? FREEZER_FROZEN : FREEZER_THAWED;
		for (char *p = buf; n >= 0 && (p = strchr(p, '\n'));)
			*p = ',';
	} else if (n >= 0) {
		s = streq(buf, "THAWED") ? FREEZER_THAWED : FREEZER_FROZEN;
	}
	if (n < 0)
		s = FREEZER_GONE;
	if (ret_why)
		*ret_why = str_format("%s/%s: %s", f->d->path, file, n < 0 ? strerror(-n) : buf);
	return s;
}

enum freezer_state freezer_get(const struct cgroup_paths *paths, char **ret_why)
{
	auto_freezer struct freezer f = freezer_find(paths, ret_why != NULL);

	if (f.state != FREEZER_NONE && f.state != FREEZER_GONE)
		return ask(&f, ret_why);
	if (ret_why)
		*ret_why = f.why ? take_ptr(&f.why) : str_dup("no freezer was found");
	return f.state;
}

/* Waits in the kernel that are what a frozen process looks like. */
static bool is_refrigerated(const char *wchan)
{
	return strstr(wchan, "refrigerator") || strstr(wchan, "freezer_trap") ||
	       strstr(wchan, "do_freezer");
}

/* "process 123 (nfsd, state D, in rpc_wait_bit_killable)" for the first ones. */
static char *name_stuck(const struct freezer *f)
{
	auto_pids struct pid_list pids = { 0 };
	auto_str struct str out = { 0 };
	int found = 0;

	if (cgdir_pids(f->fd, &pids) < 0)
		return str_dup("its processes cannot be read");
	for (size_t i = 0; i < pids.n && found < 3; i++) {
		auto_free char *dir = str_format("/proc/%d", pids.v[i]);
		auto_close int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
		struct proc_stat stat;
		char comm[64] = "";
		char wchan[128] = "";

		if (fd < 0 || proc_stat_read(pids.v[i], &stat) < 0)
			continue;
		if (file_read_line_at(fd, "wchan", wchan, sizeof(wchan)) < 0)
			wchan[0] = '\0';
		if (is_refrigerated(wchan))
			continue;
		if (file_read_line_at(fd, "comm", comm, sizeof(comm)) < 0)
			comm[0] = '\0';
		str_addf(&out, "%sprocess %d (%s, state %c%s%s)", found++ ? ", " : "", pids.v[i],
			 comm, stat.state, wchan[0] && !streq(wchan, "0") ? ", in " : "",
			 wchan[0] && !streq(wchan, "0") ? wchan : "");
	}
	return found ? take_ptr(&out.s) : str_dup("a cgroup below it");
}

static bool has_arrived(const struct freezer *f, bool freeze)
{
	char buf[256];

	if (!cgdir_is_v2(f->d))
		return file_read_line_at(f->fd, "freezer.state", buf, sizeof(buf)) > 0 &&
		       streq(buf, freeze ? "FROZEN" : "THAWED");
	return file_read_line_at(f->fd, "cgroup.events", buf, sizeof(buf)) > 0 &&
	       strstr(buf, freeze ? "frozen 1" : "frozen 0");
}

static int write_state(const struct freezer *f, bool freeze)
{
	if (cgdir_is_v2(f->d))
		return file_write_at(f->fd, "cgroup.freeze", freeze ? "1" : "0");
	return file_write_at(f->fd, "freezer.state", freeze ? "FROZEN" : "THAWED");
}

static struct err *timeout_error(const struct freezer *f, bool freeze)
{
	auto_free char *stuck = NULL;

	if (!freeze)
		return err_hint(err_new(ERR_TIMEOUT, "the cgroup %s stays frozen after %d s",
					f->d->path, FREEZE_TIMEOUT_MS / 1000),
				"a cgroup above it is frozen: thaw that one");
	stuck = name_stuck(f);
	if (write_state(f, false) < 0)
		log_warn("cannot thaw the cgroup %s again", f->d->path);
	return err_hint(
		err_new(ERR_TIMEOUT,
			"the cgroup %s did not freeze within %d s: %s; it was "
			"thawed again",
			f->d->path, FREEZE_TIMEOUT_MS / 1000, stuck),
		"a process in an uninterruptible wait (a hanging disk or network file system, "
		"the parent of a vfork) cannot be frozen");
}

static struct err *none_error(struct freezer *f)
{
	if (!f->d && f->state == FREEZER_GONE)
		return err_hint(err_new(ERR_STATE, "the container's cgroup has vanished: %s",
					f->why),
				"somebody removed it or moved the processes out of it");
	return err_hint(err_new(ERR_UNSUPPORTED, "this host has no cgroup freezer (%s)", f->why),
			"%s; cgroup v2 has a freezer always (Linux 5.2)",
			f->hint ? f->hint : "mount the v1 freezer");
}

struct err *freezer_set(const struct cgroup_paths *paths, bool freeze)
{
	auto_freezer struct freezer f = freezer_find(paths, true);
	struct backoff wait = backoff_start(FREEZE_TIMEOUT_MS);

	if (!paths->path || paths->n == 0)
		return err_new(ERR_UNSUPPORTED, "cannot %s the container without a cgroup",
			       freeze ? "pause" : "resume");
	if (f.state == FREEZER_NONE || f.state == FREEZER_GONE)
		return none_error(&f);
	for (;;) {
		/* v1 tries only when it is told: a process that resisted is asked again. */
		TRY_SYS(write_state(&f, freeze), "%s the cgroup %s", freeze ? "freeze" : "thaw",
			f.d->path);
		if (has_arrived(&f, freeze))
			return NULL;
		if (!backoff_wait(&wait))
			return timeout_error(&f, freeze);
	}
}
