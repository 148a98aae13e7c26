/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that span members, for `linux` and the document of `update --resources`: see check.h.
 */
#include <net/if.h>

#include "base/names.h"
#include "spec/check.h"
#include "spec/words.h"

static void check_namespaces(const struct spec_linux *l, struct mistakes *m)
{
	bool seen[NS_TYPES] = { 0 };

	for (size_t i = 0; i < l->n_namespaces; i++) {
		int type = l->namespaces[i].type;

		if (mistakes_about(m, "linux.namespaces[%zu]", i))
			continue;
		if (seen[type])
			mistakes_add(m, "linux.namespaces[%zu].type: %s is listed twice", i,
				     word_name(namespace_words, type));
		seen[type] = true;
	}
}

/* What only makes sense in a namespace of the container's own. */
static void check_needs_namespace(const struct spec *s, struct mistakes *m)
{
	const struct spec_linux *l = s->linux_;
	const struct spec_namespace *time = spec_find_ns(s, NS_TIME);

	if (mistakes_about(m, "linux.namespaces"))
		return;
	if (l->uid_mappings.n > 0 && !spec_find_ns(s, NS_USER))
		mistakes_add(m, "linux.uidMappings: requires the user namespace in "
				"linux.namespaces");
	if (l->gid_mappings.n > 0 && !spec_find_ns(s, NS_USER))
		mistakes_add(m, "linux.gidMappings: requires the user namespace in "
				"linux.namespaces");
	if (!l->time_offsets || !(l->time_offsets->boottime.set || l->time_offsets->monotonic.set))
		return;
	if (!time)
		mistakes_add(m, "linux.timeOffsets: requires a new time namespace in "
				"linux.namespaces");
	else if (time->path)
		mistakes_add(m, "linux.timeOffsets: cannot change the clocks of a time namespace "
				"that is joined by path");
}

static void check_devices(const struct spec_linux *l, struct mistakes *m)
{
	for (size_t i = 0; i < l->n_devices; i++) {
		const struct spec_device *d = &l->devices[i];

		if (d->type != 'c' && d->type != 'b')
			continue;
		if (!d->has_major)
			mistakes_add(m, "linux.devices[%zu].major: is required for type %c", i,
				     d->type);
		if (!d->has_minor)
			mistakes_add(m, "linux.devices[%zu].minor: is required for type %c", i,
				     d->type);
	}
}

static bool is_interface_name(const char *s)
{
	return *s && strlen(s) < IF_NAMESIZE && !s[strcspn(s, "/: \t\n\v\f\r")] && !streq(s, ".") &&
	       !streq(s, "..");
}

static void check_net_devices(const struct spec_linux *l, struct mistakes *m)
{
	for (size_t i = 0; i < l->n_net_devices; i++) {
		const struct spec_net_device *d = &l->net_devices[i];

		if (!is_interface_name(d->host_name))
			mistakes_add(m, "linux.netDevices[%s]: is not the name of an interface",
				     quote(d->host_name).s);
		if (d->name && *d->name && !is_interface_name(d->name))
			mistakes_add(
				m, "linux.netDevices[%s].name: %s is not the name of an interface",
				quote(d->host_name).s, quote(d->name).s);
	}
}

static void check_intel_rdt(const struct spec_intel_rdt *r, struct mistakes *m)
{
	if (r->clos_id &&
	    (strchr(r->clos_id, '/') || streq(r->clos_id, ".") || streq(r->clos_id, "..")) &&
	    !streq(r->clos_id, "/"))
		mistakes_add(m, "linux.intelRdt.closID: must be the name of a directory, not %s",
			     quote(r->clos_id).s);
	if (r->mem_bw_schema &&
	    (!str_starts(r->mem_bw_schema, "MB:") || strchr(r->mem_bw_schema, '\n')))
		mistakes_add(m,
			     "linux.intelRdt.memBwSchema: must be one line that begins with MB:");
	for (size_t i = 0; i < r->schemata.n; i++) {
		if (strchr(r->schemata.v[i], '\n'))
			mistakes_add(m, "linux.intelRdt.schemata[%zu]: must be one line", i);
	}
}

static void check_seccomp_rule(const struct spec_seccomp_rule *r, size_t i, struct mistakes *m)
{
	if (mistakes_about(m, "linux.seccomp.syscalls[%zu]", i))
		return;
	if (r->errno_ret.set && r->action != SECCOMP_ERRNO && r->action != SECCOMP_TRACE)
		mistakes_add(m,
			     "linux.seccomp.syscalls[%zu].errnoRet: is for SCMP_ACT_ERRNO and "
			     "SCMP_ACT_TRACE only",
			     i);
	for (size_t k = 0; k < r->names.n && r->action == SECCOMP_NOTIFY; k++) {
		/* The runtime itself has to write while the agent is not there yet. */
		if (streq(r->names.v[k], "write"))
			mistakes_add(m,
				     "linux.seccomp.syscalls[%zu].action: SCMP_ACT_NOTIFY cannot "
				     "be used for the write syscall",
				     i);
	}
}

static void check_seccomp(const struct spec_seccomp *s, struct mistakes *m)
{
	if (s->default_action == SECCOMP_NOTIFY)
		mistakes_add(m, "linux.seccomp.defaultAction: SCMP_ACT_NOTIFY cannot be used as "
				"default action");
	if (s->default_errno_ret.set && s->default_action != SECCOMP_ERRNO &&
	    s->default_action != SECCOMP_TRACE && !mistakes_about(m, "linux.seccomp.defaultAction"))
		mistakes_add(m, "linux.seccomp.defaultErrnoRet: is for SCMP_ACT_ERRNO and "
				"SCMP_ACT_TRACE only");
	for (size_t i = 0; i < s->n_syscalls; i++)
		check_seccomp_rule(&s->syscalls[i], i, m);
}

void check_linux(const struct spec *s, struct mistakes *m)
{
	const struct spec_linux *l = s->linux_;

	if (!l)
		return;
	check_namespaces(l, m);
	check_needs_namespace(s, m);
	check_id_mappings(&l->uid_mappings, "linux.uidMappings", m);
	check_id_mappings(&l->gid_mappings, "linux.gidMappings", m);
	check_devices(l, m);
	check_net_devices(l, m);
	if (l->cgroups_path && path_has_dotdot(l->cgroups_path))
		mistakes_add(m, "linux.cgroupsPath: must not contain \"..\"");
	if (l->resources)
		check_resources(l->resources, "linux.resources.", m);
	if (l->intel_rdt)
		check_intel_rdt(l->intel_rdt, m);
	if (l->seccomp)
		check_seccomp(l->seccomp, m);
}

static void check_device_rules(const struct spec_resources *r, const char *path, struct mistakes *m)
{
	for (size_t i = 0; i < r->n_devices; i++) {
		const char *access = r->devices[i].access;

		if (access && access[strspn(access, "rwm")])
			mistakes_add(m, "%sdevices[%zu].access: must be made of r, w and m, not %s",
				     path, i, quote(access).s);
	}
}

/* "2MB", "1GB": the kernel names its sizes in powers of two, [1-9][0-9]*[KMG]B. */
static bool is_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && *s != '0' && s[n] && strchr("KMG", s[n]) && streq(s + n + 1, "B");
}

/* The name of a file in the cgroup's directory, never a path. */
static bool is_file_name(const char *s)
{
	return *s && !strchr(s, '/') && !streq(s, ".") && !streq(s, "..");
}

static bool has_blank(const char *s)
{
	return s[strcspn(s, " \t\n\v\f\r")];
}

static void check_weight_devices(const struct spec_resources *r, const char *path,
				 struct mistakes *m)
{
	for (size_t i = 0; r->block_io && i < r->block_io->n_weight_devices; i++) {
		const struct spec_weight_device *d = &r->block_io->weight_devices[i];

		if (!d->weight.set && !d->leaf_weight.set)
			mistakes_add(m, "%sblockIO.weightDevice[%zu]: needs weight or leafWeight",
				     path, i);
	}
}

void check_resources(const struct spec_resources *r, const char *path, struct mistakes *m)
{
	check_device_rules(r, path, m);
	for (size_t i = 0; i < r->n_hugepage_limits; i++) {
		const char *size = r->hugepage_limits[i].page_size;

		if (size && !is_page_size(size))
			mistakes_add(
				m,
				"%shugepageLimits[%zu].pageSize: must be like 64KB, 2MB or 1GB, "
				"not %s",
				path, i, quote(size).s);
	}
	/* These become a part of a line in a kernel file. */
	for (size_t i = 0; r->network && i < r->network->n_priorities; i++) {
		const char *name = r->network->priorities[i].name;

		if (name && !is_interface_name(name))
			mistakes_add(m,
				     "%snetwork.priorities[%zu].name: %s is not the name of an "
				     "interface",
				     path, i, quote(name).s);
	}
	check_weight_devices(r, path, m);
	for (size_t i = 0; i < r->n_rdma; i++) {
		if (!r->rdma[i].hca_handles.set && !r->rdma[i].hca_objects.set)
			mistakes_add(m, "%srdma[%s]: needs hcaHandles or hcaObjects", path,
				     quote(r->rdma[i].device).s);
		if (has_blank(r->rdma[i].device))
			mistakes_add(m, "%srdma[%s]: is not the name of a device", path,
				     quote(r->rdma[i].device).s);
	}
	for (size_t i = 0; i < r->unified.n; i++) {
		if (!is_file_name(r->unified.v[i].name))
			mistakes_add(m, "%sunified[%s]: must be the name of a file, without \"/\"",
				     path, quote(r->unified.v[i].name).s);
	}
}
