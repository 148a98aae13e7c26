/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache and memory bandwidth of the processor: see rdt.h.
 */
#include "os/rdt.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"

#define RESCTRL "/sys/fs/resctrl"

enum { RESCTRL_MAGIC = 0x7655821, SCHEMATA_MAX = 64 * 1024 };

static void add_lines(const char *text, bool is_l3, struct str *out)
{
	for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		size_t len = strcspn(s, "\n");

		if (len == 0 || (is_l3 && str_starts(s + strspn(s, " \t"), "MB:")))
			continue;
		str_add_n(out, s, len);
		str_add(out, "\n");
	}
}

void rdt_schemata(const char *l3, const char *mb, struct str *out)
{
	str_add(out, "");
	if (l3)
		add_lines(l3, true, out);
	if (mb)
		add_lines(mb, false, out);
}

/* The value of DOMAIN ("0") of RESOURCE ("L3") in TEXT; NULL when there is none. */
static const char *find_value(const char *text, const char *resource, size_t len,
			      const char *domain, size_t domain_len)
{
	for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		s += strspn(s, " \t");
		if (strncmp(s, resource, len) != 0 || s[len] != ':')
			continue;
		for (s += len; *s == ':' || *s == ';'; s += strcspn(s, ";\n")) {
			s += 1 + strspn(s + 1, " ");
			if (strncmp(s, domain, domain_len) == 0 && s[domain_len] == '=')
				return s + domain_len + 1;
		}
	}
	return NULL;
}

/* "MB:" counts in tens, the cache masks in sixteens and with leading zeros. */
static bool is_same(const char *resource, const char *a, const char *b)
{
	int base = str_starts(resource, "MB") ? 10 : 16;

	return b && strtoull(a, NULL, base) == strtoull(b, NULL, base);
}

bool rdt_has_schemata(const char *have, const char *want)
{
	for (const char *s = want; *s; s += *s == '\n') {
		const char *resource = s + strspn(s, " \t");
		size_t len = strcspn(resource, ":\n");

		for (s = resource + len; *s == ':' || *s == ';'; s += strcspn(s, ";\n")) {
			size_t n;

			s += 1 + strspn(s + 1, " ");
			n = strcspn(s, "=;\n");
			if (s[n] != '=')
				continue;
			if (!is_same(resource, s + n + 1, find_value(have, resource, len, s, n)))
				return false;
		}
		s += strcspn(s, "\n");
	}
	return true;
}

struct err *rdt_plan_make(struct arena *a, const struct spec *spec, const char *id,
			  struct rdt_plan *ret)
{
	const struct spec_intel_rdt *rdt = spec->linux_ ? spec->linux_->intel_rdt : NULL;
	auto_str struct str text = { 0 };

	*ret = (struct rdt_plan){ 0 };
	if (!rdt)
		return NULL;
	if (rdt->l3_cache_schema &&
	    (!str_starts(rdt->l3_cache_schema, "L3:") || strchr(rdt->l3_cache_schema, '\n')))
		log_warn("linux.intelRdt.l3CacheSchema: should be one line that begins with L3:; "
			 "other lines belong into schemata");
	rdt_schemata(rdt->l3_cache_schema, rdt->mem_bw_schema, &text);
	for (size_t i = 0; i < rdt->schemata.n; i++)
		add_lines(rdt->schemata.v[i], false, &text);
	ret->group = arena_str(a, rdt->clos_id ? rdt->clos_id : id);
	ret->monitor = rdt->enable_monitoring.value ? arena_str(a, id) : NULL;
	ret->schemata = arena_str(a, text.s ? text.s : "");
	ret->is_ours = !rdt->clos_id;
	return NULL;
}

/* -EMEDIUMTYPE: there is no resctrl. */
static int open_resctrl(void)
{
	auto_close int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int root = path_open_in_nolink(top, RESCTRL, O_PATH | O_DIRECTORY);
	struct statfs fs;

	if (root < 0 || fstatfs(root, &fs) < 0 || (uint32_t)fs.f_type != RESCTRL_MAGIC)
		return -EMEDIUMTYPE;
	return take_fd(&root);
}

static struct err *need_resctrl(int *ret)
{
	*ret = open_resctrl();
	if (*ret >= 0)
		return NULL;
	return err_hint(err_new(ERR_UNSUPPORTED,
				"linux.intelRdt: there is no resctrl file system at %s", RESCTRL),
			"mount it: mount -t resctrl resctrl %s (needs a processor and a "
			"kernel with CONFIG_X86_CPU_RESCTRL)",
			RESCTRL);
}

static int open_below(int root_fd, const char *group)
{
	if (streq(group, "/"))
		return fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	if (strchr(group, '/') || *group == '.' || !*group)
		return -EINVAL;
	return path_open_in_nolink(root_fd, group, O_PATH | O_DIRECTORY);
}

static struct err *open_group(int root_fd, const char *group, int *ret)
{
	int fd = open_below(root_fd, group);

	if (fd == -EINVAL)
		return err_new(ERR_INVALID, "linux.intelRdt.closID: `%s` is no name of a group",
			       group);
	TRY_SYS(fd, "open the resctrl group %s/%s", RESCTRL, group);
	*ret = fd;
	return NULL;
}

static struct err *write_schemata(int fd, const char *group, const char *text)
{
	char status[256] = "";
	int rc = *text ? file_write_at(fd, "schemata", text) : 0;
	struct err *e;

	if (rc >= 0)
		return NULL;
	e = err_sys(rc, "write the schemata of the resctrl group %s", group);
	if (file_read_line(RESCTRL "/info/last_cmd_status", status, sizeof(status)) > 0)
		return err_hint(e, "the kernel says: %s", status);
	return e;
}

static struct err *check_schemata(int fd, const struct rdt_plan *plan)
{
	auto_free char *have = NULL;
	size_t len = 0;

	if (!*plan->schemata)
		return NULL;
	TRY_SYS(file_read_at(fd, "schemata", SCHEMATA_MAX, &have, &len),
		"read the schemata of the resctrl group %s", plan->group);
	if (rdt_has_schemata(have, plan->schemata))
		return NULL;
	return err_hint(err_new(ERR_STATE,
				"linux.intelRdt: the resctrl group `%s` has a different "
				"configuration",
				plan->group),
			"see %s/%s/schemata; choose another closID, or the same schemata", RESCTRL,
			plan->group);
}

/* The name is the container's, so what is in there is its own or a leftover. */
static struct err *need_no_tasks(int fd, const struct rdt_plan *plan)
{
	char task[32];
	int n = file_read_line_at(fd, "tasks", task, sizeof(task));

	TRY_SYS(n, "read the tasks of the resctrl group %s", plan->group);
	if (n == 0)
		return NULL;
	return err_hint(err_new(ERR_STATE,
				"linux.intelRdt: the resctrl group `%s` has processes of somebody "
				"else",
				plan->group),
			"to share a group name it in closID; see %s/%s/tasks", RESCTRL,
			plan->group);
}

static struct err *make_directory(int root_fd, const struct rdt_plan *plan, bool *ret_new)
{
	struct err *e;

	*ret_new = mkdirat(root_fd, plan->group, 0755) == 0;
	if (*ret_new || errno == EEXIST)
		return NULL;
	e = err_sys(-errno, "make the resctrl group %s", plan->group);
	if (err_errno(e) == ENOSPC)
		e = err_hint(e,
			     "the processor has no more classes of service: see num_closids below "
			     "%s/info",
			     RESCTRL);
	return e;
}

static struct err *need_group(int root_fd, const struct rdt_plan *plan)
{
	if (faccessat(root_fd, plan->group, F_OK, 0) == 0)
		return NULL;
	return err_hint(err_new(ERR_INVALID,
				"linux.intelRdt.closID: there is no resctrl group `%s`",
				plan->group),
			"without a schema the group must exist; give l3CacheSchema, memBwSchema or "
			"schemata to have it made");
}

static struct err *make_group(int root_fd, const struct rdt_plan *plan, int *ret, bool *ret_new)
{
	if (!streq(plan->group, "/")) {
		if (!plan->is_ours && !*plan->schemata)
			TRY(need_group(root_fd, plan));
		else
			TRY(make_directory(root_fd, plan, ret_new));
	}
	TRY(open_group(root_fd, plan->group, ret));
	if (*ret_new)
		return write_schemata(*ret, plan->group, plan->schemata);
	if (!plan->is_ours)
		return check_schemata(*ret, plan);
	TRY(need_no_tasks(*ret, plan));
	return write_schemata(*ret, plan->group, plan->schemata);
}

static struct err *add_task(int fd, const char *file, const struct rdt_plan *plan, pid_t pid)
{
	auto_free char *text = str_format("%d", pid);
	int rc = file_write_at(fd, file, text);

	TRY_SYS(rc, "move process %d into the resctrl group %s (%s)", pid, plan->group, file);
	return NULL;
}

static struct err *monitor(int fd, const struct rdt_plan *plan, pid_t pid, bool make)
{
	auto_free char *dir = NULL;
	auto_free char *tasks = NULL;

	if (!plan->monitor)
		return NULL;
	dir = str_format("mon_groups/%s", plan->monitor);
	tasks = str_format("%s/tasks", dir);
	if (make && mkdirat(fd, dir, 0755) < 0 && errno != EEXIST)
		return err_hint(err_sys(-errno, "linux.intelRdt.enableMonitoring: make %s", dir),
				"see num_rmids below %s/info/L3_MON", RESCTRL);
	return add_task(fd, tasks, plan, pid);
}

static struct err *enter(int root_fd, const struct rdt_plan *plan, pid_t pid, bool *ret_new)
{
	auto_close int fd = -EBADF;

	TRY(make_group(root_fd, plan, &fd, ret_new));
	TRY(add_task(fd, "tasks", plan, pid));
	return monitor(fd, plan, pid, true);
}

struct err *rdt_enter_at(int root_fd, const struct rdt_plan *plan, pid_t pid)
{
	bool is_new = false;
	struct err *e = enter(root_fd, plan, pid, &is_new);

	/* Classes of service are few: 16 or less. */
	if (e && is_new)
		unlinkat(root_fd, plan->group, AT_REMOVEDIR);
	return e;
}

struct err *rdt_join_at(int root_fd, const struct rdt_plan *plan, pid_t pid)
{
	auto_close int fd = -EBADF;

	TRY(open_group(root_fd, plan->group, &fd));
	TRY(add_task(fd, "tasks", plan, pid));
	return monitor(fd, plan, pid, false);
}

void rdt_remove_at(int root_fd, const struct rdt_plan *plan)
{
	auto_close int fd = open_below(root_fd, plan->group);

	if (fd >= 0 && plan->monitor) {
		auto_free char *dir = str_format("mon_groups/%s", plan->monitor);

		unlinkat(fd, dir, AT_REMOVEDIR);
	}
	if (fd >= 0 && plan->is_ours && unlinkat(root_fd, plan->group, AT_REMOVEDIR) < 0 &&
	    errno != ENOENT)
		log_warn("cannot remove the resctrl group %s/%s: %s", RESCTRL, plan->group,
			 strerror(errno));
}

struct err *rdt_enter(const struct rdt_plan *plan, pid_t pid)
{
	auto_close int root = -EBADF;

	if (!plan->group)
		return NULL;
	TRY(need_resctrl(&root));
	return rdt_enter_at(root, plan, pid);
}

struct err *rdt_join(const struct rdt_plan *plan, pid_t pid)
{
	auto_close int root = -EBADF;

	if (!plan->group)
		return NULL;
	TRY(need_resctrl(&root));
	return rdt_join_at(root, plan, pid);
}

void rdt_remove(const struct rdt_plan *plan)
{
	auto_close int root = plan->group ? open_resctrl() : -EBADF;

	if (root >= 0)
		rdt_remove_at(root, plan);
}

struct err *rdt_update(const char *group, const char *l3, const char *mb)
{
	auto_str struct str text = { 0 };
	auto_close int root = -EBADF;
	auto_close int fd = -EBADF;

	TRY(need_resctrl(&root));
	TRY(open_group(root, group, &fd));
	rdt_schemata(l3, mb, &text);
	return write_schemata(fd, group, text.s);
}
