/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel parameters of the container's namespaces (linux.sysctl): see process.h.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/path.h"
#include "base/str.h"
#include "os/ns.h"
#include "os/process.h"

enum { VALUE_MAX = 4095 };

/* What a parameter belongs to.  A name that ends with "/" stands for everything below it. */
static const struct {
	const char *path;
	enum ns_type ns;
} owners[] = {
	{ "kernel/msgmax", NS_IPC },     { "kernel/msgmnb", NS_IPC },
	{ "kernel/msgmni", NS_IPC },     { "kernel/sem", NS_IPC },
	{ "kernel/shmall", NS_IPC },     { "kernel/shmmax", NS_IPC },
	{ "kernel/shmmni", NS_IPC },     { "kernel/shm_rmid_forced", NS_IPC },
	{ "fs/mqueue/", NS_IPC },        { "net/", NS_NETWORK },
	{ "kernel/domainname", NS_UTS }, { "user/", NS_USER },
};

static bool find_owner(const char *path, enum ns_type *ret)
{
	for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
		size_t n = strlen(owners[i].path);
		bool is_dir = owners[i].path[n - 1] == '/';

		if (is_dir ? strncmp(path, owners[i].path, n) == 0 : streq(path, owners[i].path)) {
			*ret = owners[i].ns;
			return true;
		}
	}
	return false;
}

/*
 * The separator is the one that comes first, as in sysctl.d(5): the other then is a plain
 * character, and "net.ipv4.conf.eth0/1.forwarding" is the interface eth0.1.
 */
static char *key_to_path(struct arena *a, const char *key)
{
	char *path = arena_str(a, key);
	size_t first = strcspn(path, "./");

	if (path[first] == '/')
		return path;
	for (char *p = path; *p; p++) {
		if (*p == '.')
			*p = '/';
		else if (*p == '/')
			*p = '.';
	}
	return path;
}

static bool is_plain_path(const char *path)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"_-.:@";

	while (true) {
		size_t n = strspn(path, allowed);

		if (n == 0 || (path[0] == '.' && (n == 1 || (n == 2 && path[1] == '.'))))
			return false;
		path += n;
		if (!*path)
			return true;
		if (*path++ != '/')
			return false;
	}
}

static bool is_plain_value(const char *value)
{
	size_t n = strlen(value);

	if (n > VALUE_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)value[i] < ' ' && value[i] != '\t')
			return false;
	}
	return true;
}

/* A namespace given by path may be the host's own. */
static bool is_own_namespace(enum ns_type type, const char *path)
{
	static const char *const links[NS_TYPES] = {
		[NS_USER] = "/proc/self/ns/user",
		[NS_NETWORK] = "/proc/self/ns/net",
		[NS_IPC] = "/proc/self/ns/ipc",
		[NS_UTS] = "/proc/self/ns/uts",
	};
	struct stat own;
	struct stat other;

	return links[type] && stat(links[type], &own) == 0 && stat(path, &other) == 0 &&
	       own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

static struct err *check_namespace(const struct spec *spec, const char *key, enum ns_type type)
{
	const struct spec_linux *l = spec->linux_;

	for (size_t i = 0; i < l->n_namespaces; i++) {
		const struct spec_namespace *ns = &l->namespaces[i];

		if (ns->type != (int)type)
			continue;
		if (ns->path && is_own_namespace(type, ns->path))
			return err_new(
				ERR_INVALID,
				"linux.sysctl: the sysctl `%s` would change the %s namespace of the host",
				key, ns_name(type));
		return NULL;
	}
	return err_new(ERR_INVALID, "linux.sysctl: the sysctl `%s` requires a new %s namespace",
		       key, ns_name(type));
}

static struct err *check_entry(const struct spec *spec, const struct spec_pair *p, const char *path,
			       bool *ret_skip)
{
	enum ns_type type;

	if (!is_plain_path(path))
		return err_new(ERR_INVALID, "linux.sysctl: `%s` is not the name of a sysctl",
			       p->name);
	if (!is_plain_value(p->value))
		return err_new(
			ERR_INVALID,
			"linux.sysctl: %s: the value has a control character or is longer than %d bytes",
			p->name, VALUE_MAX);
	if (streq(path, "kernel/hostname"))
		return err_new(
			ERR_INVALID,
			"linux.sysctl: the sysctl `%s` conflicts with the member hostname: use that",
			p->name);
	if (!find_owner(path, &type))
		return err_new(ERR_INVALID, "linux.sysctl: the sysctl `%s` is not namespaced",
			       p->name);
	TRY(check_namespace(spec, p->name, type));
	if (type != NS_UTS || !spec->domainname)
		return NULL;
	if (!streq(spec->domainname, p->value))
		return err_new(ERR_INVALID,
			       "linux.sysctl: the sysctl `%s` conflicts with the member domainname",
			       p->name);
	*ret_skip = true;
	return NULL;
}

struct err *sysctl_plan_make(struct arena *a, const struct spec *spec, struct sysctl_plan *ret)
{
	const struct spec_map *map = spec->linux_ ? &spec->linux_->sysctl : NULL;
	struct sysctl_plan plan = { 0 };

	if (!map || map->n == 0) {
		*ret = plan;
		return NULL;
	}
	plan.v = arena_alloc(a, map->n * sizeof(*plan.v));
	for (size_t i = 0; i < map->n; i++) {
		const struct spec_pair *p = &map->v[i];
		char *path = key_to_path(a, p->name);
		bool skip = false;

		TRY(check_entry(spec, p, path, &skip));
		if (skip)
			continue;
		plan.v[plan.n].path = path;
		plan.v[plan.n].value = arena_str(a, p->value);
		plan.v[plan.n].key = arena_str(a, p->name);
		plan.n++;
	}
	*ret = plan;
	return NULL;
}

static struct err *write_one(int proc_fd, const char *path, const char *key, const char *value)
{
	auto_free char *below = str_format("sys/%s", path);
	auto_close int fd = path_open_in_nolink(proc_fd, below, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(value);
	struct statfs fs;
	ssize_t n;

	if (fd == -ENOENT)
		return err_hint(err_sys(fd, "linux.sysctl: %s", key),
				"this kernel, or the container's namespace, does not have it");
	TRY_SYS(fd, "linux.sysctl: %s: open for writing", key);
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return err_new(ERR_DENIED,
			       "linux.sysctl: %s: something is mounted over the procfs file", key);
	/* The kernel takes a parameter in one write only. */
	n = write(fd, value, len);
	if (n < 0)
		return err_sys(-errno, "linux.sysctl: %s: write `%s`", key, value);
	if ((size_t)n != len)
		return err_new(ERR_SYSTEM, "linux.sysctl: %s: only a part of `%s` was taken", key,
			       value);
	return NULL;
}

struct err *sysctl_apply(const struct sysctl_plan *plan, int proc_fd)
{
	for (size_t i = 0; i < plan->n; i++)
		TRY(write_one(proc_fd, plan->v[i].path, plan->v[i].key, plan->v[i].value));
	return NULL;
}
