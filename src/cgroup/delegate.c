/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cgroup that the payload may arrange itself (v2 only): the directory's new owner, and crun's
 * run.oci.delegate-cgroup, a cgroup below the one with the limits that init begins in.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "cgroup/cgroup.h"
#include "cgroup/dir.h"

#define DELEGATE_FILE "/sys/kernel/cgroup/delegate"

enum { LIST_SIZE = 4096 };

struct err *cgroup_plan_delegation(struct arena *a, const char *sub, const uid_t *owner,
				   struct cgroup_plan *plan)
{
	static const char member[] = "annotations.run.oci.delegate-cgroup";
	auto_free char *absolute = sub ? str_format("/%s", sub) : NULL;
	auto_free char *below = NULL;

	if (owner && plan->kind == CGROUP_V2 && plan->paths.path) {
		uid_t *copy = arena_alloc(a, sizeof(*copy));

		*copy = *owner;
		plan->owner = copy;
	}
	if (!sub)
		return NULL;
	below = path_normalise(absolute);
	if (*sub == '/' || path_has_dotdot(sub) || streq(below, "/") || strchr(sub, '\n'))
		return err_hint(err_new(ERR_INVALID,
					"%s: `%s` is no path below the container's cgroup", member,
					sub),
				"a relative path without `..`, such as `payload`");
	if (plan->kind != CGROUP_V2)
		return err_new(ERR_UNSUPPORTED, "%s: a cgroup can be delegated on cgroup v2 only",
			       member);
	if (!plan->paths.path)
		return err_new(ERR_INVALID, "%s: the container has no cgroup", member);
	plan->delegate = arena_str(a, below + 1);
	return NULL;
}

/* Every controller that can be had: what the payload does with them is its own affair. */
static void enable_all(int fd, const char *path)
{
	char list[LIST_SIZE];
	char *rest;

	if (file_read_line_at(fd, "cgroup.controllers", list, sizeof(list)) < 0)
		return;
	for (char *s = strtok_r(list, " ", &rest); s; s = strtok_r(NULL, " ", &rest)) {
		auto_free char *on = str_format("+%s", s);
		int rc = file_write_at(fd, "cgroup.subtree_control", on);

		if (rc < 0)
			log_debug("controller %s is not enabled in %s: %s", s, path, strerror(-rc));
	}
}

/*
 * runtime-spec, config-linux, cgroup ownership: the directory and these files, nothing else.  An
 * ordinary user can give nothing away.
 */
static struct err *change_owner(int fd, const char *path, uid_t owner)
{
	char list[LIST_SIZE] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads";
	auto_close int delegate = open(DELEGATE_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n = delegate < 0 ? -1 : fd_read_all(delegate, list, sizeof(list) - 1);
	char *rest;
	int rc;

	if (n > 0)
		list[n] = '\0';
	rc = fchown(fd, owner, (gid_t)-1) < 0 ? -errno : 0;
	if (rc == -EPERM) {
		log_debug("the cgroup %s is not ours to give to user %u", path, owner);
		return NULL;
	}
	TRY_SYS(rc, "give the cgroup %s to user %u", path, owner);
	for (char *s = strtok_r(list, "\n", &rest); s; s = strtok_r(NULL, "\n", &rest)) {
		if (strchr(s, '/'))
			continue;
		if (fchownat(fd, s, owner, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return err_sys(-errno, "give %s/%s to user %u", path, s, owner);
	}
	return NULL;
}

static struct err *make_below(const struct cgroup_dir *top, const char *sub)
{
	auto_close int fd = cgdir_open(top);

	TRY_SYS(fd, "open the cgroup %s", top->path);
	while (*sub) {
		size_t n = strcspn(sub, "/");
		auto_free char *name = str_dup_n(sub, n);
		int next;

		if (mkdirat(fd, name, 0755) < 0 && errno != EEXIST)
			return err_sys(-errno, "make the cgroup %s below %s", name, top->path);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		TRY_SYS(next < 0 ? -errno : next, "open the cgroup %s below %s", name, top->path);
		fd_close(fd);
		fd = next;
		sub += n + strspn(sub + n, "/");
	}
	return NULL;
}

/* A cgroup with processes gives no controllers on: PID has left it by now. */
static struct err *enable_on_the_way(const struct cgroup_dir *top, const char *sub)
{
	auto_close int fd = cgdir_open(top);

	TRY_SYS(fd, "open the cgroup %s", top->path);
	for (const char *slash = sub; slash; slash = strchr(slash + 1, '/')) {
		auto_free char *upper = str_dup_n(sub, (size_t)(slash - sub));
		auto_close int dir = *upper ? openat(fd, upper, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
					    : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		TRY_SYS(dir < 0 ? -errno : dir, "open the cgroup %s below %s", upper, top->path);
		enable_all(dir, top->path);
	}
	return NULL;
}

static struct err *enter_delegated(const struct cgroup_plan *plan, const struct cgroup_dir *top,
				   pid_t pid, char **ret_path)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_paths below;

	TRY(make_below(top, plan->delegate));
	TRY(cgroup_sub(a, &plan->paths, plan->delegate, &below));
	TRY(cgroup_attach(&below, pid, false));
	TRY(enable_on_the_way(top, plan->delegate));
	*ret_path = str_dup(below.v[cgdir_find(&below, NULL)].path);
	return NULL;
}

struct err *cgroup_delegate(const struct cgroup_plan *plan, pid_t pid)
{
	int i = plan->delegate || plan->owner ? cgdir_find(&plan->paths, NULL) : -1;
	auto_free char *path = NULL;
	auto_close int fd = -EBADF;
	struct cgroup_dir d;

	if (i < 0)
		return NULL;
	d = plan->paths.v[i];
	if (plan->delegate) {
		TRY(enter_delegated(plan, &plan->paths.v[i], pid, &path));
		d.path = path;
	}
	if (!plan->owner)
		return NULL;
	fd = cgdir_open(&d);
	TRY_SYS(fd, "open the cgroup %s", d.path);
	return change_owner(fd, d.path, *plan->owner);
}
