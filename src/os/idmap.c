/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Id mappings: see idmap.h.
 *
 * The kernel lets an unprivileged process map its own id only; more goes through newuidmap and
 * newgidmap, which know what /etc/subuid and /etc/subgid grant.
 */
#include "os/idmap.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "os/program.h"

enum { SUBID_FILE_MAX = 16 << 20, MAP_TEXT_MAX = 4096 };

bool idmap_to_host(const struct spec_id_mapping *map, size_t n, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (id >= map[i].container_id && id - map[i].container_id < map[i].size) {
			*ret = map[i].host_id + (id - map[i].container_id);
			return true;
		}
	}
	return false;
}

bool idmap_text_root(const char *text, uint32_t *ret)
{
	unsigned inside;
	unsigned outside;
	unsigned count;
	int used;

	while (sscanf(text, " %u %u %u%n", &inside, &outside, &count, &used) == 3) {
		if (inside == 0 && count > 0) {
			*ret = outside;
			return true;
		}
		text += used;
	}
	return false;
}

/* Takes up to WANT ids from the unused rest of the ranges in R; container ids go on from *ID. */
static size_t take_ranges(struct spec_id_mapping *r, size_t n_r, uint32_t want, uint32_t *id,
			  struct spec_id_mapping *ret, size_t n)
{
	for (size_t i = 0; i < n_r && want > 0 && n < IDMAP_MAX; i++) {
		uint32_t size = MIN(MIN(r[i].size, want), UINT32_MAX - 1 - *id);

		if (size == 0)
			continue;
		ret[n++] = (struct spec_id_mapping){ *id, r[i].host_id, size };
		r[i].host_id += size;
		r[i].size -= size;
		*id += size;
		want -= size;
	}
	return n;
}

/* A line "name:first:count" that is meant for NAME or ID. */
static bool parse_sub_line(char *line, const char *name, uint32_t id, struct spec_id_mapping *ret)
{
	char *first = strchr(line, ':');
	char *count = first ? strchr(first + 1, ':') : NULL;
	uint64_t start;
	uint64_t size;
	uint32_t number;

	if (!count)
		return false;
	*first++ = '\0';
	*count++ = '\0';
	if (!(name && streq(line, name)) && !(str_to_id(line, &number) == 0 && number == id))
		return false;
	if (str_to_u64(first, UINT32_MAX - 1, &start) < 0 ||
	    str_to_u64(count, UINT32_MAX, &size) < 0)
		return false;
	*ret = (struct spec_id_mapping){ 0, (uint32_t)start,
					 (uint32_t)MIN(size, (uint64_t)UINT32_MAX - start) };
	return size > 0;
}

size_t idmap_default(const char *sub_text, const char *name, uint32_t host_id, uint32_t id,
		     struct spec_id_mapping *ret)
{
	struct spec_id_mapping ranges[IDMAP_MAX / 2];
	auto_free char *text = str_dup(sub_text ? sub_text : "");
	size_t n_ranges = 0;
	char *rest = text;
	uint32_t next = 0;
	size_t n;

	for (char *line = strsep(&rest, "\n"); line && n_ranges < ARRAY_LEN(ranges);
	     line = strsep(&rest, "\n"))
		n_ranges += parse_sub_line(line, name, host_id, &ranges[n_ranges]);

	n = take_ranges(ranges, n_ranges, id, &next, ret, 0);
	ret[n++] = (struct spec_id_mapping){ id, host_id, 1 };
	next = id + 1;
	return take_ranges(ranges, n_ranges, UINT32_MAX, &next, ret, n);
}

char *idmap_login_name(uint32_t uid)
{
	auto_free char *text = NULL;
	char *rest;
	size_t len;

	if (file_read_at(AT_FDCWD, "/etc/passwd", SUBID_FILE_MAX, &text, &len) < 0)
		return NULL;
	rest = text;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		char *password = strchr(line, ':');
		char *number = password ? strchr(password + 1, ':') : NULL;
		uint32_t found;

		if (!number)
			continue;
		*password = '\0';
		number[1 + strcspn(number + 1, ":")] = '\0';
		if (str_to_id(number + 1, &found) == 0 && found == uid)
			return str_dup(line);
	}
	return NULL;
}

bool idmap_has_helpers(void)
{
	auto_free char *uids = program_find_own("newuidmap");
	auto_free char *gids = program_find_own("newgidmap");

	return uids && gids;
}

/* The caller's own id alone: the kernel takes it without any privilege. */
static bool is_self_only(const struct spec_id_mapping *map, size_t n, uint32_t host_id)
{
	return n == 1 && map[0].size == 1 && map[0].host_id == host_id;
}

static struct err *check_map(const char *member, const struct spec_id_mappings *m)
{
	if (m->n > IDMAP_MAX)
		return err_new(ERR_INVALID, "%s: %zu mappings, the kernel takes %d", member, m->n,
			       IDMAP_MAX);
	for (size_t i = 0; i < m->n; i++) {
		const struct spec_id_mapping *x = &m->v[i];

		if (x->size == 0)
			return err_new(ERR_INVALID, "%s[%zu].size: is 0", member, i);
		if ((uint64_t)x->container_id + x->size > UINT32_MAX ||
		    (uint64_t)x->host_id + x->size > UINT32_MAX)
			return err_new(ERR_INVALID, "%s[%zu].size: goes beyond the highest id",
				       member, i);
		for (size_t k = 0; k < i; k++) {
			const struct spec_id_mapping *y = &m->v[k];

			if ((x->container_id < y->container_id + y->size &&
			     y->container_id < x->container_id + x->size) ||
			    (x->host_id < y->host_id + y->size &&
			     y->host_id < x->host_id + x->size))
				return err_new(ERR_INVALID, "%s[%zu]: overlaps %s[%zu]", member, i,
					       member, k);
		}
	}
	return NULL;
}

struct default_map {
	const char *member;
	const char *sub_file;
	uint32_t host_id;
	uint32_t id;
	const char *name;
	bool may_use_ranges;
};

static void plan_map(struct arena *a, const struct spec_id_mappings *m, const struct default_map *d,
		     const struct spec_id_mapping **ret, size_t *ret_n)
{
	struct spec_id_mapping rows[IDMAP_MAX + 1];
	struct spec_id_mapping *copy;
	auto_free char *sub_text = NULL;
	size_t len;

	if (m->n > 0) {
		*ret = m->v;
		*ret_n = m->n;
		return;
	}
	if (d->may_use_ranges)
		(void)file_read_at(AT_FDCWD, d->sub_file, SUBID_FILE_MAX, &sub_text, &len);
	*ret_n = idmap_default(sub_text, d->name, d->host_id, d->id, rows);
	copy = arena_array(a, struct spec_id_mapping, *ret_n);
	memcpy(copy, rows, *ret_n * sizeof(*copy));
	*ret = copy;
	if (d->may_use_ranges && *ret_n == 1)
		log_warn(
			"%s is not set and %s has no range for the caller: only id %u exists in the container",
			d->member, d->sub_file, d->id);
}

struct err *idmap_plan_make(struct arena *a, const struct spec *spec, struct idmap_plan *ret)
{
	static const struct spec_linux none;
	const struct spec_linux *l = spec->linux_ ? spec->linux_ : &none;
	const struct spec_user *user = spec->process ? spec->process->user : NULL;
	bool is_root = geteuid() == 0;
	bool has_defaults = l->uid_mappings.n == 0 || l->gid_mappings.n == 0;
	bool has_helpers = is_root || idmap_has_helpers();
	auto_free char *name = has_defaults ? idmap_login_name(geteuid()) : NULL;
	struct idmap_plan plan = { 0 };

	TRY(check_map("linux.uidMappings", &l->uid_mappings));
	TRY(check_map("linux.gidMappings", &l->gid_mappings));
	if (has_defaults && !has_helpers)
		log_warn(
			"newuidmap and newgidmap are not in $PATH: only the caller's own id is mapped");
	plan_map(a, &l->uid_mappings,
		 &(struct default_map){ "linux.uidMappings", "/etc/subuid", geteuid(),
					user ? user->uid : 0, name, has_helpers },
		 &plan.uid, &plan.n_uid);
	plan_map(a, &l->gid_mappings,
		 &(struct default_map){ "linux.gidMappings", "/etc/subgid", getegid(),
					user ? user->gid : 0, name, has_helpers },
		 &plan.gid, &plan.n_gid);
	plan.deny_setgroups = !is_root && is_self_only(plan.gid, plan.n_gid, getegid());
	plan.use_helpers = !is_root && !(is_self_only(plan.uid, plan.n_uid, geteuid()) &&
					 is_self_only(plan.gid, plan.n_gid, getegid()));
	*ret = plan;
	return NULL;
}

static int write_map(pid_t pid, const char *file, const struct spec_id_mapping *map, size_t n)
{
	auto_str struct str text = { 0 };
	char path[64];

	for (size_t i = 0; i < n; i++)
		str_addf(&text, "%u %u %u\n", map[i].container_id, map[i].host_id, map[i].size);
	/* The kernel takes less than a page, in one write. */
	if (text.len >= MAP_TEXT_MAX)
		return -E2BIG;
	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return file_write_at(AT_FDCWD, path, text.s);
}

/* The last line that a helper wrote to its stderr, cut to a sane length. */
static void read_last_line(int fd, char *buf, size_t size)
{
	ssize_t n = fd_read_all(fd, buf, size - 1);
	char *nl;

	buf[n > 0 ? n : 0] = '\0';
	while ((nl = strrchr(buf, '\n')) && nl[1] == '\0')
		*nl = '\0';
	if (nl)
		memmove(buf, nl + 1, strlen(nl + 1) + 1);
	for (char *p = buf; *p; p++) {
		if ((unsigned char)*p < ' ')
			*p = ' ';
	}
}

static int spawn_helper(const char *program, char *const argv[], int err_fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int rc;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, err_fd, STDERR_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	rc = posix_spawnp(ret_pid, program, &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

static struct err *run_helper(const char *program, pid_t pid, const struct spec_id_mapping *map,
			      size_t n)
{
	auto_strv struct strv argv = { 0 };
	auto_close int read_fd = -EBADF;
	auto_close int write_fd = -EBADF;
	char text[1024];
	pid_t child;
	int status;
	int fds[2];
	int rc;

	strv_add(&argv, program);
	strv_take(&argv, str_format("%d", (int)pid));
	for (size_t i = 0; i < n; i++) {
		strv_take(&argv, str_format("%u", map[i].container_id));
		strv_take(&argv, str_format("%u", map[i].host_id));
		strv_take(&argv, str_format("%u", map[i].size));
	}
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(-errno, "make a pipe for %s", program);
	read_fd = fds[0];
	write_fd = fds[1];
	rc = spawn_helper(program, argv.v, write_fd, &child);
	if (rc < 0)
		return err_hint(
			err_sys(rc, "run %s", program),
			"mapping more than the caller's own id needs %s (package uidmap or shadow-utils)",
			program);
	fd_close(take_fd(&write_fd));
	read_last_line(read_fd, text, sizeof(text));
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			return err_sys(-errno, "wait for %s", program);
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return NULL;
	return err_hint(
		err_new(ERR_DENIED, "%s: %s", program, *text ? text : "gave no reason"),
		"the mappings must lie in the ranges that /etc/subuid and /etc/subgid give to the caller");
}

static struct err *apply_map(const struct idmap_plan *plan, pid_t pid, bool is_gid)
{
	const struct spec_id_mapping *map = is_gid ? plan->gid : plan->uid;
	size_t n = is_gid ? plan->n_gid : plan->n_uid;
	const char *member = is_gid ? "linux.gidMappings" : "linux.uidMappings";
	int rc;

	if (plan->use_helpers && !is_self_only(map, n, is_gid ? getegid() : geteuid())) {
		struct err *e = run_helper(is_gid ? "newgidmap" : "newuidmap", pid, map, n);

		return e ? err_wrap(e, "%s", member) : NULL;
	}
	rc = write_map(pid, is_gid ? "gid_map" : "uid_map", map, n);
	if (rc == -EPERM)
		return err_hint(err_sys(rc, "%s: write the mapping", member),
				"host ids must be mapped in the runtime's own user namespace too");
	TRY_SYS(rc, "%s: write the mapping", member);
	return NULL;
}

struct err *idmap_apply(const struct idmap_plan *plan, pid_t pid)
{
	char path[64];
	int rc;

	if (plan->deny_setgroups) {
		snprintf(path, sizeof(path), "/proc/%d/setgroups", (int)pid);
		rc = file_write_at(AT_FDCWD, path, "deny");
		/* Before Linux 3.19 there is no such file, and no need for it. */
		if (rc < 0 && rc != -ENOENT)
			return err_sys(rc, "deny setgroups in the user namespace");
	}
	TRY(apply_map(plan, pid, true));
	return apply_map(plan, pid, false);
}
