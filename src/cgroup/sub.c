/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other cgroups than the container's own: below it, or wherever a process of it is now.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cgroup/cgroup.h"
#include "cgroup/dir.h"

enum { CGROUP_FILE_SIZE = 32 * 1024 };

static void copy_paths(struct arena *a, const struct cgroup_paths *paths, struct cgroup_paths *ret)
{
	*ret = *paths;
	ret->v = arena_array(a, struct cgroup_dir, paths->n + 1);
	if (paths->n > 0)
		memcpy(ret->v, paths->v, paths->n * sizeof(*paths->v));
}

struct err *cgroup_sub(struct arena *a, const struct cgroup_paths *paths, const char *sub,
		       struct cgroup_paths *ret)
{
	const char *colon = strchr(sub, ':');
	const char *path = colon ? colon + 1 : sub;
	auto_free char *wanted = str_dup_n(sub, colon ? (size_t)(colon - sub) : 0);
	auto_free char *absolute = str_format("/%s", path);
	auto_free char *below = NULL;
	bool found = !colon;

	if (path_has_dotdot(path))
		return err_new(ERR_INVALID, "the cgroup `%s`: `..` is not allowed", sub);
	if (*sub && (!paths->path || paths->n == 0))
		return err_new(ERR_STATE, "the cgroup `%s`: the container has no cgroup", sub);
	copy_paths(a, paths, ret);
	below = path_normalise(absolute);
	for (size_t i = 0; i < ret->n; i++) {
		struct cgroup_dir *d = &ret->v[i];

		/* "cpu,memory:path" means each hierarchy that one of the names is in. */
		if (colon) {
			bool is_wanted = false;
			char *rest;
			auto_free char *list = str_dup(wanted);

			for (char *s = strtok_r(list, ",", &rest); s;
			     s = strtok_r(NULL, ",", &rest))
				is_wanted = is_wanted || cgdir_has(d, s);
			if (!is_wanted)
				continue;
			found = true;
		}
		if (!streq(below, "/"))
			d->path = arena_format(a, "%s%s", d->path, below);
	}
	if (!found)
		return err_new(ERR_INVALID, "the cgroup `%s`: the container has no hierarchy `%s`",
			       sub, wanted);
	if (!colon && !streq(below, "/"))
		ret->path = arena_format(a, "%s%s", paths->path, below);
	return NULL;
}

/* The line of D's hierarchy in a /proc/PID/cgroup; NUL-terminated path or NULL. */
static char *find_line(struct arena *a, const char *text, const struct cgroup_dir *d)
{
	const char *line = text;

	while (line && *line) {
		const char *end = strchrnul(line, '\n');
		const char *list = memchr(line, ':', (size_t)(end - line));
		const char *path = list ? memchr(list + 1, ':', (size_t)(end - list - 1)) : NULL;
		size_t n = strlen(d->controllers);

		if (path && (size_t)(path - list - 1) == n &&
		    memcmp(list + 1, d->controllers, n) == 0)
			return arena_str_n(a, path + 1, (size_t)(end - path - 1));
		line = *end ? end + 1 : NULL;
	}
	return NULL;
}

/*
 * The directory for PATH of /proc/PID/cgroup.  Where the mount shows only a part of the hierarchy
 * the path begins above it: then what follows the container's own path counts.
 */
static char *dir_of(struct arena *a, const struct cgroup_dir *d, const char *path)
{
	const char *own = d->path + strlen(d->mount);
	size_t n = strlen(own);
	char *full;
	const char *s;

	if (path_has_dotdot(path) || streq(path, "/"))
		return NULL;
	full = arena_format(a, "%s%s", d->mount, path);
	if (cgdir_verify_path(full, d) == 0)
		return full;
	for (s = strstr(path, own); s; s = strstr(s + 1, own))
		if (s[n] == '\0' || s[n] == '/')
			break;
	full = s ? arena_format(a, "%s%s", d->mount, s) : NULL;
	return full && cgdir_verify_path(full, d) == 0 ? full : NULL;
}

struct err *cgroup_paths_of(struct arena *a, const struct cgroup_paths *paths, pid_t pid,
			    struct cgroup_paths *ret)
{
	auto_free char *file = str_format("/proc/%d/cgroup", pid);
	auto_close int fd = open(file, O_RDONLY | O_CLOEXEC);
	auto_free char *text = xcalloc(CGROUP_FILE_SIZE, 1);
	ssize_t n;

	TRY_SYS(fd < 0 ? -errno : fd, "open %s", file);
	n = fd_read_all(fd, text, CGROUP_FILE_SIZE - 1);
	TRY_SYS(n, "read %s", file);
	copy_paths(a, paths, ret);
	for (size_t i = 0; i < ret->n; i++) {
		char *path = find_line(a, text, &ret->v[i]);
		char *dir = path ? dir_of(a, &ret->v[i], path) : NULL;

		if (dir)
			ret->v[i].path = dir;
	}
	return NULL;
}
