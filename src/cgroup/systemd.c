/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scope as it lives: made around the container's process, changed by update, stopped.
 */
#include "cgroup/systemd.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "cgroup/dir.h"
#include "cgroup/sdbus.h"

enum { START_TIMEOUT_S = 30, STOP_TIMEOUT_S = 10, MAX_DROPPED = 32, CGROUP_FILE_SIZE = 32 * 1024 };

#define MANAGER    "org.freedesktop.systemd1.Manager"
#define PROPERTIES "org.freedesktop.DBus.Properties"

/* Our job, until systemd says that it is over. */
struct job {
	const struct sdbus_api *api;
	const char *path; /* from the answer, which always comes first */
	bool is_over;
	char result[32];
	struct sd_bus_slot *slot;
};

struct cgroup_bus {
	struct sdbus *sdbus;
	int64_t deadline;
};

static int on_job_removed(struct sd_bus_message *m, void *arg, struct sd_bus_error *e UNUSED)
{
	struct job *j = arg;
	const char *path, *unit, *result;
	uint32_t id;

	if (j->api->message_is_signal(m, MANAGER, "JobRemoved") <= 0)
		return 0;
	if (j->api->message_read(m, "uoss", &id, &path, &unit, &result) < 0 || !j->path ||
	    !streq(path, j->path))
		return 0;
	snprintf(j->result, sizeof(j->result), "%s", result);
	j->is_over = true;
	return 0;
}

/* Only signals about our unit reach us. */
static struct err *job_watch(const struct cgroup_bus *bus, const char *unit, struct job *ret)
{
	auto_free char *match =
		str_format("type='signal',path='/org/freedesktop/systemd1',interface='" MANAGER
			   "',member='JobRemoved',arg2='%s'",
			   unit);

	*ret = (struct job){ .api = bus->sdbus->api };
	return sdbus_listen(bus->sdbus, match, bus->deadline, on_job_removed, ret, &ret->slot);
}

static void job_done(struct job *j)
{
	if (j->slot)
		j->api->slot_unref(j->slot);
	*j = (struct job){ 0 };
}

/* The words for messages: "StartTransientUnit of web.scope". */
static char *call_name(const char *member, const char *unit)
{
	return str_format("%s of %s", member, unit);
}

/* One (sv); a negative errno is libsystemd's. */
static int append_property(const struct sdbus_api *api, struct sd_bus_message *m,
			   const struct systemd_property *p)
{
	static const char *const types[] = {
		[PROPERTY_BOOL] = "b",        [PROPERTY_INT32] = "i",  [PROPERTY_UINT32] = "u",
		[PROPERTY_INT64] = "x",       [PROPERTY_UINT64] = "t", [PROPERTY_STRING] = "s",
		[PROPERTY_STRINGS] = "as",    [PROPERTY_BYTES] = "ay", [PROPERTY_PAIRS] = "a(ss)",
		[PROPERTY_WEIGHTS] = "a(st)",
	};
	const char *type = types[p->type];
	int rc = api->message_open_container(m, 'r', "sv");

	if (rc >= 0)
		rc = api->message_append(m, "s", p->name);
	if (rc >= 0)
		rc = api->message_open_container(m, 'v', type);
	if (rc < 0)
		return rc;
	if (p->type == PROPERTY_INT64 || p->type == PROPERTY_UINT64)
		rc = api->message_append(m, type, p->number);
	else if (p->type < PROPERTY_STRING)
		rc = api->message_append(m, type, (uint32_t)p->number);
	else if (p->type == PROPERTY_STRING)
		rc = api->message_append(m, type, p->strings[0]);
	else if (p->type == PROPERTY_STRINGS)
		rc = api->message_append_strv(m, p->strings);
	else if (p->type == PROPERTY_BYTES)
		rc = api->message_append_array(m, 'y', p->bytes, p->n);
	else
		rc = api->message_open_container(m, 'a', type + 1);
	for (size_t i = 0; p->type >= PROPERTY_PAIRS && i < p->n && rc >= 0; i++)
		rc = p->type == PROPERTY_PAIRS
			     ? api->message_append(m, type + 1, p->strings[2 * i],
						   p->strings[2 * i + 1])
			     : api->message_append(m, type + 1, p->strings[i], p->numbers[i]);
	if (rc >= 0 && p->type >= PROPERTY_PAIRS)
		rc = api->message_close_container(m);
	if (rc >= 0)
		rc = api->message_close_container(m);
	return rc < 0 ? rc : api->message_close_container(m);
}

/* The array of properties; PID is 0 when the unit exists. */
static int append_properties(const struct sdbus_api *api, struct sd_bus_message *m,
			     const struct cgroup_scope *s, pid_t pid)
{
	int rc = api->message_open_container(m, 'a', "(sv)");

	if (rc >= 0 && pid > 0)
		rc = api->message_append(m, "(sv)", "PIDs", "au", 1, (uint32_t)pid);
	for (size_t i = 0; i < s->n && rc >= 0; i++)
		rc = append_property(api, m, &s->v[i]);
	return rc < 0 ? rc : api->message_close_container(m);
}

/* The last resort of a start and the end of every stop; nobody waits for it to succeed. */
static struct err *reset_failed(struct cgroup_bus *bus, const char *unit)
{
	struct sdbus *b = bus->sdbus;
	auto_free char *what = call_name("ResetFailedUnit", unit);
	auto_answer struct sdbus_answer a = { 0 };
	struct sd_bus_message *m = NULL;

	TRY(sdbus_message(b, MANAGER, "ResetFailedUnit", &m));
	TRY_SYS(b->api->message_append(m, "s", unit), "%s", what);
	return sdbus_call(b, m, bus->deadline, "", what, &a);
}

static bool is_error(const struct sdbus_answer *a, const char *name)
{
	return a->error_name && streq(a->error_name, name);
}

/*
 * The property that this systemd does not know ("Cannot set property X, or unknown property."), if
 * that is what it says.
 */
static char *unknown_property(const struct sdbus_answer *a)
{
	static const char before[] = "Cannot set property ";

	if (!a->error_text || !str_starts(a->error_text, before))
		return NULL;
	return str_dup_n(a->error_text + strlen(before),
			 strcspn(a->error_text + strlen(before), ", "));
}

static bool drop_unknown(struct cgroup_scope *s, const struct sdbus_answer *a)
{
	auto_free char *name = unknown_property(a);
	const struct systemd_property *p = name ? systemd_find(s, name) : NULL;

	if (!p)
		return false;
	if (p->is_asked)
		log_warn("annotations.org.systemd.property.%s is ignored: this systemd does not "
			 "know the property",
			 name);
	else
		log_info("this systemd does not know the property %s of a scope", name);
	systemd_drop(s, name);
	return true;
}

static struct err *refused(const struct cgroup_bus *bus, const char *what,
			   const struct sdbus_answer *a, const char *unit)
{
	struct err *e = err_new(ERR_DENIED, "systemd at %s refuses %s: %s (%s)",
				bus->sdbus->address, what, a->error_text, a->error_name);

	if (is_error(a, "org.freedesktop.systemd1.UnitExists"))
		return err_hint(e,
				"another container or service has this name: see `systemctl "
				"status %s`",
				unit);
	if (is_error(a, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired") ||
	    is_error(a, "org.freedesktop.DBus.Error.AccessDenied"))
		return err_hint(e, "this manager is not yours: log in properly instead of with su "
				   "or sudo, so that you have a systemd of your own");
	if (is_error(a, "org.freedesktop.DBus.Error.ServiceUnknown") ||
	    is_error(a, "org.freedesktop.DBus.Error.NameHasNoOwner"))
		return err_hint(e, "no systemd is on that bus");
	return e;
}

/* One attempt.  RET holds systemd's answer; with none of its errors the job is watched. */
static struct err *call_start(struct cgroup_bus *bus, const struct cgroup_scope *s, pid_t pid,
			      const char *what, struct sdbus_answer *ret)
{
	struct sdbus *b = bus->sdbus;
	struct sd_bus_message *m = NULL;
	int rc;

	TRY(sdbus_message(b, MANAGER, "StartTransientUnit", &m));
	rc = b->api->message_append(m, "ss", s->unit, "fail");
	if (rc >= 0)
		rc = append_properties(b->api, m, s, pid);
	if (rc >= 0)
		rc = b->api->message_append(m, "a(sa(sv))", 0);
	if (rc < 0)
		b->api->message_unref(m);
	TRY_SYS(rc, "put the properties of %s into a message", s->unit);
	return sdbus_call(b, m, bus->deadline, "o", what, ret);
}

static struct err *job_failed(const struct cgroup_bus *bus, const struct cgroup_scope *s,
			      const struct job *j)
{
	return err_hint(err_new(ERR_SYSTEM,
				"systemd at %s could not start %s: the job's result is "
				"`%s`",
				bus->sdbus->address, s->unit, j->result),
			"`journalctl %s--unit %s` says why", s->is_user ? "--user " : "", s->unit);
}

/*
 * A failed unit of the same name may be left from before: it is reset, and the start repeated once.
 */
static struct err *start_and_wait(struct cgroup_bus *bus, struct cgroup_scope *s, pid_t pid,
				  struct job *job)
{
	auto_free char *what = call_name("StartTransientUnit", s->unit);
	auto_free char *waiting = str_format("the job that starts %s", s->unit);
	auto_answer struct sdbus_answer a = { 0 };
	bool is_retry = false;

	for (int dropped = 0;;) {
		job->path = NULL;
		job->is_over = false;
		TRY(call_start(bus, s, pid, what, &a));
		if (a.error_name && dropped++ < MAX_DROPPED && drop_unknown(s, &a))
			continue;
		if (a.error_name && is_retry)
			return refused(bus, what, &a, s->unit);
		if (!a.error_name) {
			job->path = a.text;
			TRY(sdbus_pump(bus->sdbus, &job->is_over, bus->deadline, waiting));
			if (streq(job->result, "done"))
				return NULL;
			if (is_retry)
				return job_failed(bus, s, job);
		}
		TRY(reset_failed(bus, s->unit));
		is_retry = true;
	}
}

/* Where the manager's own cgroup is: the scopes are below it. */
static struct err *ask_root(struct cgroup_bus *bus, char **ret)
{
	struct sdbus *b = bus->sdbus;
	auto_answer struct sdbus_answer a = { 0 };
	struct sd_bus_message *m = NULL;

	TRY(sdbus_message(b, PROPERTIES, "Get", &m));
	TRY_SYS(b->api->message_append(m, "ss", MANAGER, "ControlGroup"), "ask for ControlGroup");
	TRY(sdbus_call(b, m, bus->deadline, "v", "the question for its ControlGroup", &a));
	if (a.error_name)
		return refused(bus, "to say its ControlGroup", &a, "");
	*ret = str_dup(a.text && !streq(a.text, "/") ? a.text : "");
	return NULL;
}

/* PATH within the hierarchies is where the scope's container is to be. */
static void set_path(struct arena *a, struct cgroup_plan *plan, const char *path)
{
	struct cgroup_paths *p = &plan->paths;
	struct cgroup_dir *v = arena_array(a, struct cgroup_dir, p->n + 1);

	p->path = arena_str(a, path);
	for (size_t i = 0; i < p->n; i++) {
		v[i] = p->v[i];
		v[i].path = arena_format(a, "%s%s", v[i].mount, path);
	}
	p->v = v;
}

static struct err *open_and_locate(struct arena *a, struct cgroup_plan *plan,
				   struct cgroup_bus *bus)
{
	const struct cgroup_scope *s = plan->scope;
	auto_free char *root = NULL;
	auto_free char *path = NULL;

	TRY(sdbus_open(s->is_user, &bus->sdbus));
	TRY(ask_root(bus, &root));
	path = str_format("%s%s/%s%s%s", root, systemd_expand_slice(a, s->slice), s->unit,
			  *s->subgroup ? "/" : "", s->subgroup);
	if (!path_is_absolute(path) || path_has_dotdot(path))
		return err_new(ERR_SYSTEM, "systemd at %s says that its cgroup is `%s`",
			       bus->sdbus->address, root);
	set_path(a, plan, path);
	return NULL;
}

struct err *cgroup_scope_open(struct arena *a, struct cgroup_plan *plan, struct cgroup_bus **ret)
{
	struct cgroup_bus *bus = xcalloc(1, sizeof(*bus));
	struct err *e;

	bus->deadline = sdbus_deadline(START_TIMEOUT_S);
	e = open_and_locate(a, plan, bus);
	if (e) {
		cgroup_scope_close(bus);
		return e;
	}
	*ret = bus;
	return NULL;
}

void cgroup_scope_close(struct cgroup_bus *bus)
{
	if (!bus)
		return;
	sdbus_close(bus->sdbus);
	free(bus);
}

void cgroup_scope_forget(const struct cgroup_bus *bus)
{
	if (bus)
		sdbus_forget(bus->sdbus);
}

/* The path of PID in the hierarchy in which systemd keeps its units. */
static char *unit_path(struct arena *a, const struct cgroup_plan *plan, const char *text)
{
	const char *wanted = plan->kind == CGROUP_V2 ? "0::" : ":name=systemd:";
	const char *s = strstr(text, wanted);

	if (!s && plan->kind != CGROUP_V2)
		s = strstr(text, wanted = "0::");
	if (!s)
		return NULL;
	s += strlen(wanted);
	return arena_str_n(a, s, strcspn(s, "\n"));
}

/*
 * Not what was foreseen but where the process is now: it is what will be killed and removed one
 * day, so it has to carry the unit's name.
 */
static struct err *locate(struct arena *a, struct cgroup_plan *plan, pid_t pid)
{
	const struct cgroup_scope *s = plan->scope;
	auto_free char *file = str_format("/proc/%d/cgroup", pid);
	auto_free char *text = xcalloc(CGROUP_FILE_SIZE, 1);
	auto_close int fd = open(file, O_RDONLY | O_CLOEXEC);
	char *path, *top;
	ssize_t n;

	TRY_SYS(fd < 0 ? -errno : fd, "open %s", file);
	n = fd_read_all(fd, text, CGROUP_FILE_SIZE - 1);
	TRY_SYS(n, "read %s", file);
	path = unit_path(a, plan, text);
	top = path ? systemd_scope_path(a, path, s->unit) : NULL;
	if (!top || path_has_dotdot(top))
		return err_new(ERR_SYSTEM,
			       "systemd has started %s, but process %d is in the "
			       "cgroup %s",
			       s->unit, pid, path ? path : "(none)");
	top = arena_format(a, "%s%s%s", top, *s->subgroup ? "/" : "", s->subgroup);
	if (!streq(top, plan->paths.path))
		set_path(a, plan, top);
	return NULL;
}

/* The scope may give controllers to the sub-cgroup only once it holds no process itself. */
static struct err *enter_subgroup(const struct cgroup_plan *plan, pid_t pid)
{
	int i = cgdir_find(&plan->paths, NULL);
	struct cgroup_paths v2 = { .path = plan->paths.path, .n = 1 };

	if (i < 0 || plan->kind != CGROUP_V2)
		return NULL;
	v2.v = &plan->paths.v[i];
	if (*plan->scope->subgroup && mkdir(v2.v->path, 0755) < 0 && errno != EEXIST)
		return err_hint(err_sys(-errno, "make the cgroup %s", v2.v->path),
				"is Delegate= of the unit off?");
	return cgroup_attach(&v2, pid, false);
}

struct err *cgroup_scope_start(struct arena *a, struct cgroup_bus *bus, struct cgroup_plan *plan,
			       pid_t pid)
{
	struct job job = { 0 };
	int v2_fd = -EBADF;
	struct err *e;

	bus->deadline = sdbus_deadline(START_TIMEOUT_S);
	e = job_watch(bus, plan->scope->unit, &job);
	if (!e)
		e = start_and_wait(bus, plan->scope, pid, &job);
	job_done(&job);
	TRY(e);
	TRY(locate(a, plan, pid));
	plan->inside = pid;
	TRY(enter_subgroup(plan, pid));
	e = cgroup_create(plan, &v2_fd);
	fd_close(v2_fd);
	return e;
}

static struct err *stop_and_wait(struct cgroup_bus *bus, const char *unit, struct job *job)
{
	struct sdbus *b = bus->sdbus;
	auto_free char *what = call_name("StopUnit", unit);
	auto_answer struct sdbus_answer a = { 0 };
	struct sd_bus_message *m = NULL;

	TRY(sdbus_message(b, MANAGER, "StopUnit", &m));
	TRY_SYS(b->api->message_append(m, "ss", unit, "replace"), "%s", what);
	TRY(sdbus_call(b, m, bus->deadline, "o", what, &a));
	/* Emptied, and collected already. */
	if (is_error(&a, "org.freedesktop.systemd1.NoSuchUnit"))
		return NULL;
	if (a.error_name)
		return refused(bus, what, &a, unit);
	job->path = a.text;
	TRY(sdbus_pump(b, &job->is_over, bus->deadline, what));
	return reset_failed(bus, unit);
}

static struct err *stop(struct cgroup_bus *bus, const char *unit)
{
	struct job job = { 0 };
	struct err *e;

	bus->deadline = sdbus_deadline(STOP_TIMEOUT_S);
	e = job_watch(bus, unit, &job);
	if (!e)
		e = stop_and_wait(bus, unit, &job);
	job_done(&job);
	return e;
}

/* The directories of the whole scope: what the container made beside the sub-cgroup goes too. */
static void scope_paths(struct arena *a, const struct cgroup_paths *paths, const char *unit,
			struct cgroup_paths *ret)
{
	*ret = (struct cgroup_paths){ .path = paths->path };
	ret->v = arena_array(a, struct cgroup_dir, paths->n + 1);
	for (size_t i = 0; i < paths->n; i++) {
		char *top = systemd_scope_path(a, paths->v[i].path, unit);

		ret->v[ret->n] = paths->v[i];
		if (top && strlen(top) > strlen(paths->v[i].mount))
			ret->v[ret->n].path = top;
		ret->n++;
	}
}

struct err *cgroup_scope_remove(struct cgroup_bus *bus, const struct cgroup_paths *paths,
				const char *unit, bool is_rootless)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_bus own = { 0 };
	struct cgroup_paths whole;
	struct err *e = NULL;

	scope_paths(a, paths, unit, &whole);
	/* First, since systemd would ask politely and then wait for its time-out. */
	if (whole.n > 0)
		TRY(cgroup_kill(&whole, 9));
	if (!bus) {
		bus = &own;
		e = sdbus_open(is_rootless, &own.sdbus);
	}
	/* A manager that has not answered once is not waited for again. */
	if (!e && !bus->sdbus->is_dead)
		e = stop(bus, unit);
	if (e)
		log_warn("the unit %s may stay until systemd sees that it is empty: %s", unit,
			 err_text(e));
	err_free(e);
	sdbus_close(own.sdbus);
	return cgroup_remove(&whole);
}

static struct err *attach(struct cgroup_bus *bus, const char *unit, const char *sub, pid_t pid)
{
	struct sdbus *b = bus->sdbus;
	auto_free char *what = call_name("AttachProcessesToUnit", unit);
	auto_answer struct sdbus_answer a = { 0 };
	struct sd_bus_message *m = NULL;

	TRY(sdbus_message(b, MANAGER, "AttachProcessesToUnit", &m));
	TRY_SYS(b->api->message_append(m, "ssau", unit, sub, 1, (uint32_t)pid), "%s", what);
	TRY(sdbus_call(b, m, bus->deadline, "", what, &a));
	return a.error_name ? refused(bus, what, &a, unit) : NULL;
}

struct err *cgroup_scope_attach(const struct cgroup_paths *paths, const char *unit, pid_t pid,
				bool is_rootless)
{
	struct cgroup_bus bus = { .deadline = sdbus_deadline(STOP_TIMEOUT_S) };
	auto_arena struct arena *a = arena_new();
	int i = cgdir_find(paths, NULL);
	char *top = i < 0 ? NULL : systemd_scope_path(a, paths->v[i].path, unit);
	struct err *e;

	if (!top)
		return err_new(ERR_STATE, "the process is not to be in the unit %s", unit);
	TRY(sdbus_open(is_rootless, &bus.sdbus));
	e = attach(&bus, unit, paths->v[i].path + strlen(top), pid);
	sdbus_close(bus.sdbus);
	return e;
}

static struct err *set_properties(struct cgroup_bus *bus, struct cgroup_scope *s)
{
	struct sdbus *b = bus->sdbus;
	auto_free char *what = call_name("SetUnitProperties", s->unit);
	auto_answer struct sdbus_answer a = { 0 };

	for (int dropped = 0; dropped < MAX_DROPPED; dropped++) {
		struct sd_bus_message *m = NULL;
		int rc;

		TRY(sdbus_message(b, MANAGER, "SetUnitProperties", &m));
		rc = b->api->message_append(m, "sb", s->unit, 1);
		if (rc >= 0)
			rc = append_properties(b->api, m, s, 0);
		if (rc < 0)
			b->api->message_unref(m);
		TRY_SYS(rc, "put the properties of %s into a message", s->unit);
		TRY(sdbus_call(b, m, bus->deadline, "", what, &a));
		if (!a.error_name || !drop_unknown(s, &a))
			break;
	}
	return a.error_name ? refused(bus, what, &a, s->unit) : NULL;
}

struct err *systemd_update(const struct cgroup_plan *plan)
{
	struct cgroup_bus bus = { .deadline = sdbus_deadline(START_TIMEOUT_S) };
	struct err *e;

	if (plan->scope->n == 0)
		return NULL;
	TRY(sdbus_open(plan->scope->is_user, &bus.sdbus));
	e = set_properties(&bus, plan->scope);
	sdbus_close(bus.sdbus);
	return e;
}
