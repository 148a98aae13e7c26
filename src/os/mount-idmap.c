/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Id-mapped mounts: see mount-idmap.h.
 *
 * The kernel takes the mappings from a user namespace.  A short-lived child makes one for us; the
 * namespace lives on in the descriptor and in the mount.
 */
#include "os/mount-idmap.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "base/file.h"
#include "base/proc.h"
#include "base/sock.h"
#include "base/str.h"
#include "os/mount-api.h"

enum { MAX_ROWS = 340 };

/* --- the plan --------------------------------------------------------------------------------- */

static struct err *bad_text(const struct mount_plan *m)
{
	return err_hint(err_new(ERR_INVALID, "%s.options: cannot read idmap=%s", m->where,
				m->idmap.text),
			"idmap=uids=FS-HOST-LENGTH[#...];gids=FS-HOST-LENGTH[#...]");
}

/* "@5": id 5 of the container's user namespace, as a host id. */
static bool container_to_host(const struct spec_id_mappings *map, uint32_t *id)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct spec_id_mapping *r = &map->v[i];

		if (*id >= r->container_id && *id - r->container_id < r->size) {
			*id = r->host_id + (*id - r->container_id);
			return true;
		}
	}
	return false;
}

static bool parse_row(const char *text, size_t n, const struct spec_id_mappings *container,
		      struct spec_id_mapping *ret)
{
	auto_free char *row = str_dup_n(text, n);
	bool relative = *row == '@';
	char *fs = row + relative;
	char *host = strchr(fs, '-');
	char *size = host ? strchr(host + 1, '-') : NULL;

	if (!size)
		return false;
	*host++ = '\0';
	*size++ = '\0';
	if (str_to_id(fs, &ret->container_id) < 0 || str_to_id(host, &ret->host_id) < 0 ||
	    str_to_id(size, &ret->size) < 0 || ret->size == 0)
		return false;
	return !relative || container_to_host(container, &ret->host_id);
}

/* "A-B-C#D-E-F" up to a ";" or the end. */
static bool parse_rows(struct arena *a, const char *text, const struct spec_id_mappings *container,
		       struct spec_id_mappings *ret)
{
	if (ret->present)
		return false;
	ret->present = true;
	ret->v = arena_array(a, struct spec_id_mapping, MAX_ROWS);
	for (;;) {
		size_t n = strcspn(text, "#;");

		if (ret->n == MAX_ROWS || !parse_row(text, n, container, &ret->v[ret->n]))
			return false;
		ret->n++;
		if (text[n] != '#')
			return true;
		text += n + 1;
	}
}

static struct err *parse_text(struct arena *a, const struct spec *spec, struct mount_plan *m)
{
	const char *text = m->idmap.text;

	while (*text) {
		size_t n = strcspn(text, ";");
		bool is_uids = str_starts(text, "uids=");

		if (!is_uids && !str_starts(text, "gids="))
			return bad_text(m);
		if (!parse_rows(a, text + strlen("uids="),
				is_uids ? &spec->linux_->uid_mappings : &spec->linux_->gid_mappings,
				is_uids ? &m->idmap.uids : &m->idmap.gids))
			return bad_text(m);
		text += n + (text[n] == ';');
	}
	if (m->idmap.uids.n == 0 || m->idmap.gids.n == 0)
		return bad_text(m);
	return NULL;
}

struct err *mount_idmap_plan(struct arena *a, const struct spec *spec, const struct spec_mount *m,
			     struct mount_plan *ret)
{
	struct mount_idmap *map = &ret->idmap;
	const struct spec_namespace *ns = spec_find_ns(spec, NS_USER);

	if (m->uid_mappings.n > 0 || m->gid_mappings.n > 0) {
		if (m->uid_mappings.n == 0 || m->gid_mappings.n == 0)
			return err_new(ERR_INVALID,
				       "%s.%s: is missing: uidMappings and gidMappings "
				       "belong together",
				       ret->where,
				       m->uid_mappings.n ? "gidMappings" : "uidMappings");
		map->wanted = true;
		map->uids = m->uid_mappings;
		map->gids = m->gid_mappings;
	}
	if (map->text && spec->linux_)
		return parse_text(a, spec, ret);
	if (!map->wanted || map->uids.n > 0)
		return NULL;
	if (!ns || !spec->linux_)
		return err_hint(err_new(ERR_INVALID,
					"%s.options: idmap needs mappings or a user "
					"namespace of the container",
					ret->where),
				"set uidMappings and gidMappings of the mount");
	map->of_container = true;
	map->userns_path = ns->path ? arena_str(a, ns->path) : NULL;
	map->uids = spec->linux_->uid_mappings;
	map->gids = spec->linux_->gid_mappings;
	return NULL;
}

/* --- the namespace ---------------------------------------------------------------------------- */

static NORETURN void child_main(int fd)
{
	char pid[32] = "";
	char c;

	/* Else its maps belong to the host's root, and a user namespace may not write them. */
	prctl(PR_SET_DUMPABLE, 1);
	/* The number that this /proc knows us by, whatever pid namespace it shows. */
	if (readlink("/proc/self", pid, sizeof(pid) - 1) > 0 &&
	    write(fd, pid, sizeof(pid)) == sizeof(pid))
		(void)!read(fd, &c, 1);
	for (;;)
		raise(SIGKILL);
}

static int write_map(const char *pid, const char *file, const struct spec_id_mappings *map)
{
	auto_free char *path = str_format("/proc/%s/%s", pid, file);
	auto_str struct str text = { 0 };

	for (size_t i = 0; i < map->n; i++)
		str_addf(&text, "%u %u %u\n", map->v[i].container_id, map->v[i].host_id,
			 map->v[i].size);
	return file_write_at(AT_FDCWD, path, text.s ? text.s : "");
}

static int fill_namespace(int link, const struct mount_idmap *map, int *ret_fd)
{
	char pid[32] = "";
	auto_free char *path = NULL;
	int rc;

	if (read(link, pid, sizeof(pid)) != sizeof(pid))
		return -ESRCH;
	pid[sizeof(pid) - 1] = '\0';
	rc = write_map(pid, "uid_map", &map->uids);
	if (rc == 0)
		rc = write_map(pid, "gid_map", &map->gids);
	if (rc < 0)
		return rc;
	path = str_format("/proc/%s/ns/user", pid);
	rc = host_open_ns(path);
	if (rc < 0)
		return rc;
	*ret_fd = rc;
	return 0;
}

static struct err *make_namespace(const struct mount_idmap *map, int *ret_fd)
{
	auto_close int near = -EBADF;
	int pair[2];
	pid_t pid;
	int rc;

	TRY_SYS(sock_pair(pair), "make a socket pair");
	near = pair[0];
	pid = sys_clone3(CLONE_NEWUSER, -EBADF, NULL);
	if (pid == 0) {
		fd_close(pair[0]);
		child_main(pair[1]);
	}
	fd_close(pair[1]);
	TRY_SYS(pid, "make a user namespace for an id-mapped mount");
	rc = fill_namespace(near, map, ret_fd);
	fd_close(take_fd(&near));
	proc_reap(pid);
	TRY_SYS(rc, "write the mappings of an id-mapped mount");
	return NULL;
}

struct err *mount_idmap_apply(const struct mount_plan *m, int tree_fd)
{
	auto_close int ns_fd = -EBADF;
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	int rc;

	if (m->idmap.userns_path) {
		ns_fd = host_open_ns(m->idmap.userns_path);
		TRY_SYS(ns_fd, "open the user namespace %s", m->idmap.userns_path);
	} else {
		TRY(make_namespace(&m->idmap, &ns_fd));
	}
	attr.userns_fd = (uint64_t)ns_fd;
	rc = sys_mount_setattr(tree_fd, "", AT_EMPTY_PATH | (m->idmap.recursive ? AT_RECURSIVE : 0),
			       &attr);
	if (rc == -EINVAL)
		return err_hint(err_sys(rc, "map the ids of the mount"),
				"this kernel has no id-mapped mounts of the source's file system "
				"(those of tmpfs came with Linux 6.3), or the source is id-mapped "
				"already");
	if (rc == -ENOSYS)
		return err_hint(err_sys(rc, "map the ids of the mount"),
				"id-mapped mounts need Linux 5.12");
	TRY_SYS(rc, "map the ids of the mount");
	return NULL;
}
