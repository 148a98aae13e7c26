/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that span members, for the document as a whole: see check.h.
 */
#include "spec/check.h"

#include <inttypes.h>
#include <linux/utsname.h>
#include <stdio.h>

#include "spec/words.h"

enum { ID_MAPPINGS_MAX = 340 }; /* UID_GID_MAP_MAX_EXTENTS of the kernel */

/* A decimal number without leading zeros; moves *S behind it. */
static bool skip_number(const char **s)
{
	size_t n = strspn(*s, "0123456789");
	bool ok = n > 0 && (n == 1 || **s != '0');

	*s += n;
	return ok;
}

/* Semantic versioning 2.0.0: major.minor.patch, then -pre.release and +build of letters and digits.
 */
static bool is_version(const char *s)
{
	static const char word[] = "0123456789"
				   "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ-.";

	for (int i = 0; i < 3; i++) {
		if (i > 0 && *s++ != '.')
			return false;
		if (!skip_number(&s))
			return false;
	}
	for (const char *mark = "-+"; *mark; mark++) {
		size_t n;

		if (*s != *mark)
			continue;
		n = strspn(s + 1, word);
		if (n == 0)
			return false;
		s += 1 + n;
	}
	return !*s;
}

static void check_version(const struct spec *s, struct mistakes *m)
{
	if (!s->oci_version)
		return;
	if (!is_version(s->oci_version))
		mistakes_add(m, "ociVersion: must be a version like 1.3.0, not %s",
			     quote(s->oci_version).s);
	else if (!str_starts(s->oci_version, "1.") && !str_starts(s->oci_version, "0."))
		mistakes_add(m, "ociVersion: %s is not supported, must be 1.x.y",
			     quote(s->oci_version).s);
}

static void check_uts_namespace(const struct spec *s, const char *member, const char *name,
				struct mistakes *m)
{
	if (!name || !*name)
		return;
	if (!spec_find_ns(s, NS_UTS) && !mistakes_about(m, "linux.namespaces"))
		mistakes_add(m, "%s: requires the UTS namespace in linux.namespaces", member);
}

static void check_uts_length(const char *member, const char *name, struct mistakes *m)
{
	if (name && strlen(name) > __NEW_UTS_LEN)
		mistakes_add(m, "%s: is longer than %d bytes", member, __NEW_UTS_LEN);
}

static void check_overlaps(const struct spec_id_mappings *map, size_t i, const char *path,
			   struct mistakes *m)
{
	const struct spec_id_mapping *b = &map->v[i];

	for (size_t j = 0; j < i; j++) {
		const struct spec_id_mapping *a = &map->v[j];

		if ((uint64_t)a->container_id < (uint64_t)b->container_id + b->size &&
		    (uint64_t)b->container_id < (uint64_t)a->container_id + a->size)
			mistakes_add(m, "%s[%zu].containerID: overlaps the range of [%zu]", path, i,
				     j);
		else if ((uint64_t)a->host_id < (uint64_t)b->host_id + b->size &&
			 (uint64_t)b->host_id < (uint64_t)a->host_id + a->size)
			mistakes_add(m, "%s[%zu].hostID: overlaps the range of [%zu]", path, i, j);
		else
			continue;
		return;
	}
}

void check_id_mappings(const struct spec_id_mappings *map, const char *path, struct mistakes *m)
{
	if (map->n > ID_MAPPINGS_MAX) {
		mistakes_add(m, "%s: has %zu mappings, the kernel takes %d", path, map->n,
			     ID_MAPPINGS_MAX);
		return;
	}
	/* Numbers that the table refused are zero here and would seem to overlap. */
	if (mistakes_about(m, "%s", path))
		return;
	for (size_t i = 0; i < map->n; i++) {
		const struct spec_id_mapping *v = &map->v[i];

		/* The last id is never one: (uid_t)-1. */
		if (v->size > UINT32_MAX - MAX(v->container_id, v->host_id))
			mistakes_add(m, "%s[%zu].size: goes beyond the highest id, %" PRIu32, path,
				     i, UINT32_MAX - 1);
		check_overlaps(map, i, path, m);
	}
}

void check_mount(const struct spec_mount *v, const char *list, size_t i, struct mistakes *m)
{
	char path[64];

	if (!v->uid_mappings.present && !v->gid_mappings.present)
		return;
	if (v->uid_mappings.n > 0 && v->gid_mappings.n == 0)
		mistakes_add(m, "%s[%zu].gidMappings: is required with uidMappings", list, i);
	if (v->gid_mappings.n > 0 && v->uid_mappings.n == 0)
		mistakes_add(m, "%s[%zu].uidMappings: is required with gidMappings", list, i);
	snprintf(path, sizeof(path), "%s[%zu].uidMappings", list, i);
	check_id_mappings(&v->uid_mappings, path, m);
	snprintf(path, sizeof(path), "%s[%zu].gidMappings", list, i);
	check_id_mappings(&v->gid_mappings, path, m);
}

/* A name without "/" is searched in PATH, as crun does. */
static void check_hooks(const struct spec_hooks *h, struct mistakes *m)
{
	for (int kind = 0; h && kind < HOOK_KINDS; kind++) {
		for (size_t i = 0; i < h->kind[kind].n; i++) {
			const char *path = h->kind[kind].v[i].path;

			if (path && *path != '/' && strchr(path, '/'))
				mistakes_add(m,
					     "hooks.%s[%zu].path: must be an absolute path or a "
					     "name to find in PATH, not %s",
					     hook_words[kind], i, quote(path).s);
		}
	}
}

void check_config(const struct spec *s, struct mistakes *m)
{
	check_version(s, m);
	if (s->process)
		check_process(s->process, "process.", m);
	check_uts_length("hostname", s->hostname, m);
	check_uts_length("domainname", s->domainname, m);
	/* Without `linux` it is a document for another system, which we may read, not run. */
	if (s->linux_) {
		check_uts_namespace(s, "hostname", s->hostname, m);
		check_uts_namespace(s, "domainname", s->domainname, m);
	}
	for (size_t i = 0; i < s->n_mounts; i++)
		check_mount(&s->mounts[i], "mounts", i, m);
	check_hooks(s->hooks, m);
	check_linux(s, m);
}

struct err *spec_check_runnable(const struct spec *s)
{
	auto_mistakes struct mistakes m = { 0 };

	if (str_starts(s->oci_version, "0."))
		mistakes_add(&m, "ociVersion: %s is not supported, must be 1.x.y",
			     quote(s->oci_version).s);
	if (!s->root)
		mistakes_add(&m, "root: is required to create a container");
	if (!s->process)
		mistakes_add(&m, "process: is required to create a container");
	else if (s->process->args.n == 0)
		mistakes_add(&m, "process.args: must name a program");
	if (!s->linux_) {
		check_uts_namespace(s, "hostname", s->hostname, &m);
		check_uts_namespace(s, "domainname", s->domainname, &m);
	}
	if (s->linux_ && s->linux_->n_net_devices > 0 && !spec_find_ns(s, NS_NETWORK))
		mistakes_add(&m, "linux.netDevices: needs a network namespace of the container");
	return mistakes_take(&m, "config.json");
}
