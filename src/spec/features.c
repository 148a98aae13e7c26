/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `features` document: what this davit understands and does, printed from its own table.
 *
 * The words come from the tables that read the config, so the document cannot fall behind them.
 * What is read but not done yet is false here.
 */
#include <ctype.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "spec/spec.h"
#include "spec/table.h"
#include "spec/words.h"

/* clang-format off */
struct switch_feature { bool enabled; };
struct cgroup_features { bool v1, v2, systemd, systemd_user, rdma; };
struct seccomp_features {
	bool enabled;
	struct spec_strings actions, operators, archs, known_flags, supported_flags;
};
struct mount_extensions { struct switch_feature idmap; };
struct memory_policy_features { struct spec_strings modes, flags; };
/* clang-format on */

struct rdt_features {
	bool enabled;
	bool schemata;
	bool monitoring;
};

struct linux_features {
	struct spec_strings namespaces;
	struct spec_strings capabilities;
	struct cgroup_features cgroup;
	struct seccomp_features seccomp;
	struct switch_feature apparmor;
	struct switch_feature selinux;
	struct rdt_features intel_rdt;
	struct memory_policy_features memory_policy;
	struct mount_extensions mount_extensions;
	struct switch_feature net_devices;
};

struct features {
	char *min;
	char *max;
	struct spec_strings hooks;
	struct spec_strings mount_options;
	struct linux_features linux_;
	struct spec_map annotations;
	struct spec_strings unsafe_annotations;
};

static const struct field switch_fields[] = {
	F_BOOL(struct switch_feature, enabled, "enabled"),
	F_END,
};
TYPE(switch_type, struct switch_feature, switch_fields);

static const struct field rdt_fields[] = {
	F_BOOL(struct rdt_features, enabled, "enabled"),
	F_BOOL(struct rdt_features, schemata, "schemata"),
	F_BOOL(struct rdt_features, monitoring, "monitoring"),
	F_END,
};
TYPE(rdt_type, struct rdt_features, rdt_fields);

static const struct field cgroup_fields[] = {
	F_BOOL(struct cgroup_features, v1, "v1"),
	F_BOOL(struct cgroup_features, v2, "v2"),
	F_BOOL(struct cgroup_features, systemd, "systemd"),
	F_BOOL(struct cgroup_features, systemd_user, "systemdUser"),
	F_BOOL(struct cgroup_features, rdma, "rdma"),
	F_END,
};
TYPE(cgroup_type, struct cgroup_features, cgroup_fields);

static const struct field seccomp_fields[] = {
	F_BOOL(struct seccomp_features, enabled, "enabled"),
	F_STRV(struct seccomp_features, actions, "actions"),
	F_STRV(struct seccomp_features, operators, "operators"),
	F_STRV(struct seccomp_features, archs, "archs"),
	F_STRV(struct seccomp_features, known_flags, "knownFlags"),
	F_STRV(struct seccomp_features, supported_flags, "supportedFlags"),
	F_END,
};
TYPE(seccomp_type, struct seccomp_features, seccomp_fields);

static const struct field mount_extensions_fields[] = {
	F_EMBED(struct mount_extensions, idmap, "idmap", switch_type),
	F_END,
};
TYPE(mount_extensions_type, struct mount_extensions, mount_extensions_fields);

static const struct field memory_policy_fields[] = {
	F_STRV(struct memory_policy_features, modes, "modes"),
	F_STRV(struct memory_policy_features, flags, "flags"),
	F_END,
};
TYPE(memory_policy_type, struct memory_policy_features, memory_policy_fields);

static const struct field linux_fields[] = {
	F_STRV(struct linux_features, namespaces, "namespaces"),
	F_STRV(struct linux_features, capabilities, "capabilities"),
	F_EMBED(struct linux_features, cgroup, "cgroup", cgroup_type),
	F_EMBED(struct linux_features, seccomp, "seccomp", seccomp_type),
	F_EMBED(struct linux_features, apparmor, "apparmor", switch_type),
	F_EMBED(struct linux_features, selinux, "selinux", switch_type),
	F_EMBED(struct linux_features, intel_rdt, "intelRdt", rdt_type),
	F_EMBED(struct linux_features, memory_policy, "memoryPolicy", memory_policy_type),
	F_EMBED(struct linux_features, mount_extensions, "mountExtensions", mount_extensions_type),
	F_EMBED(struct linux_features, net_devices, "netDevices", switch_type),
	F_END,
};
TYPE(linux_features_type, struct linux_features, linux_fields);

static const struct field features_fields[] = {
	F_STR(struct features, min, "ociVersionMin", .flags = REQUIRED),
	F_STR(struct features, max, "ociVersionMax", .flags = REQUIRED),
	F_STRV(struct features, hooks, "hooks"),
	F_STRV(struct features, mount_options, "mountOptions"),
	F_EMBED(struct features, linux_, "linux", linux_features_type),
	F_MAP(struct features, annotations, "annotations"),
	F_STRV(struct features, unsafe_annotations, "potentiallyUnsafeConfigAnnotations"),
	F_END,
};
TYPE(features_type, struct features, features_fields);

static struct spec_strings list_of(struct arena *a, const char *const *names)
{
	struct spec_strings list = { .present = true };
	size_t n = 0;

	while (names[n])
		n++;
	list.v = arena_array(a, char *, n + 1);
	for (; list.n < n; list.n++)
		list.v[list.n] = arena_str(a, names[list.n]);
	return list;
}

/* The names of those WORDS that HAS approves of; all without HAS. */
static struct spec_strings words_of(struct arena *a, const struct word *words,
				    bool (*has)(const struct word *))
{
	struct spec_strings list = { .present = true };
	size_t n = 0;

	while (words[n].name)
		n++;
	list.v = arena_array(a, char *, n + 1);
	for (const struct word *w = words; w->name; w++) {
		if (!has || has(w))
			list.v[list.n++] = arena_str(a, w->name);
	}
	return list;
}

/* SCMP_ARCH_X86_64 → "x86_64": libseccomp knows more architectures with every release. */
static bool has_arch(const struct word *w)
{
	char name[32];
	size_t n = 0;

	for (const char *s = w->name + strlen("SCMP_ARCH_"); *s && n < sizeof(name) - 1; s++)
		name[n++] = (char)tolower((unsigned char)*s);
	name[n] = '\0';
	return seccomp_arch_resolve_name(name) != 0;
}

/* The kernel looks at the flags before it reads the program, which is not there. */
static bool has_filter_flag(const struct word *w)
{
	unsigned long flags = (unsigned long)w->value;

	/* Refused alone, since it is about the listener. */
	if (streq(w->name, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"))
		flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static struct spec_map annotations_of(struct arena *a)
{
	const struct scmp_version *v = seccomp_version();
	const struct spec_pair pairs[] = {
		{ "io.github.seccomp.libseccomp.version",
		  arena_format(a, "%u.%u.%u", v->major, v->minor, v->micro) },
		{ "org.opencontainers.runc.checkpoint.enabled", "false" },
		{ "run.oci.crun.checkpoint.enabled", "false" },
		{ "run.oci.davit.version", DAVIT_VERSION },
	};
	struct spec_map map = { true, ARRAY_LEN(pairs), NULL };

	map.v = arena_alloc(a, sizeof(pairs));
	memcpy(map.v, pairs, sizeof(pairs));
	return map;
}

static struct seccomp_features seccomp_of(struct arena *a)
{
	return (struct seccomp_features){
		.enabled = true,
		.actions = words_of(a, seccomp_action_words, NULL),
		.operators = words_of(a, seccomp_op_words, NULL),
		.archs = words_of(a, seccomp_arch_words, has_arch),
		.known_flags = words_of(a, seccomp_flag_words, NULL),
		.supported_flags = words_of(a, seccomp_flag_words, has_filter_flag),
	};
}

char *spec_features(void)
{
	/* What a config may ask of the runtime through annotations, as prefixes. */
	static const char *const unsafe[] = { "run.oci.", "org.systemd.property.", NULL };
	auto_arena struct arena *a = arena_new();
	struct str out = { 0 };
	struct features f = {
		.min = "1.0.0",
		.max = "1.3.0",
		.hooks = list_of(a, hook_words),
		.mount_options = list_of(a, mount_option_words),
		.annotations = annotations_of(a),
		.unsafe_annotations = list_of(a, unsafe),
	};

	f.linux_ = (struct linux_features){
		.namespaces = words_of(a, namespace_words, NULL),
		.capabilities = words_of(a, capability_words, NULL),
		.cgroup = { .v1 = true, .v2 = true, .rdma = true },
		.seccomp = seccomp_of(a),
		.apparmor = { true },
		.net_devices = { true },
		.intel_rdt = { .enabled = true, .schemata = true, .monitoring = true },
		.selinux = { true },
		.memory_policy = {
			.modes = words_of(a, memory_mode_words, NULL),
			.flags = words_of(a, memory_flag_words, NULL),
		},
		.mount_extensions = { { true } },
	};
	table_print(&features_type.t, &f, &out);
	return out.s;
}
