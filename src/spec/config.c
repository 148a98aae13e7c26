/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows: the document itself, root, process, mounts, hooks, annotations.  In the order of the
 * specification.
 */
#include "spec/tables.h"
#include "spec/words.h"

static const struct field id_mapping_fields[] = {
	F_UINT(struct spec_id_mapping, container_id, "containerID", .flags = REQUIRED),
	F_UINT(struct spec_id_mapping, host_id, "hostID", .flags = REQUIRED),
	F_UINT(struct spec_id_mapping, size, "size", .flags = REQUIRED, .min = 1,
	       .max = UINT32_MAX),
	F_END,
};
TYPE_DEFINE(id_mapping_type, struct spec_id_mapping, id_mapping_fields);

static const struct field root_fields[] = {
	F_STR(struct spec_root, path, "path", .flags = REQUIRED | NONEMPTY),
	F_BOOL(struct spec_root, readonly, "readonly", .flags = OMIT_ZERO),
	F_END,
};
TYPE(root_type, struct spec_root, root_fields);

static const struct field console_size_fields[] = {
	F_UINT(struct spec_console_size, height, "height", .flags = REQUIRED, .max = UINT16_MAX),
	F_UINT(struct spec_console_size, width, "width", .flags = REQUIRED, .max = UINT16_MAX),
	F_END,
};
TYPE(console_size_type, struct spec_console_size, console_size_fields);

static const struct field user_fields[] = {
	F_ID(struct spec_user, uid, "uid"),
	F_ID(struct spec_user, gid, "gid"),
	F_OPT_U64(struct spec_user, umask, "umask", .max = 0777, .since = SINCE(1, 1)),
	F_IDS(struct spec_user, additional_gids, n_additional_gids, "additionalGids",
	      .present = PRESENT(struct spec_user, additional_gids_present)),
	F_STR(struct spec_user, username, "username"),
	F_END,
};
TYPE(user_type, struct spec_user, user_fields);

static const struct field capabilities_fields[] = {
	F_STRV(struct spec_capabilities, bounding, "bounding"),
	F_STRV(struct spec_capabilities, permitted, "permitted"),
	F_STRV(struct spec_capabilities, effective, "effective"),
	F_STRV(struct spec_capabilities, inheritable, "inheritable"),
	F_STRV(struct spec_capabilities, ambient, "ambient"),
	F_END,
};
TYPE(capabilities_type, struct spec_capabilities, capabilities_fields);

static const struct field rlimit_fields[] = {
	F_WORD(struct spec_rlimit, type, "type", rlimit_words, .flags = REQUIRED),
	F_UINT(struct spec_rlimit, soft, "soft", .flags = REQUIRED),
	F_UINT(struct spec_rlimit, hard, "hard", .flags = REQUIRED),
	F_END,
};
TYPE(rlimit_type, struct spec_rlimit, rlimit_fields);

static const struct field scheduler_fields[] = {
	F_WORD(struct spec_scheduler, policy, "policy", scheduler_policy_words, .flags = REQUIRED),
	F_INT(struct spec_scheduler, nice, "nice", .min = -20, .max = 19, .flags = OMIT_ZERO),
	F_INT(struct spec_scheduler, priority, "priority", .max = 99, .flags = OMIT_ZERO),
	F_FLAGS(struct spec_scheduler, flags, "flags", scheduler_flag_words),
	F_UINT(struct spec_scheduler, runtime, "runtime", .flags = OMIT_ZERO),
	F_UINT(struct spec_scheduler, deadline, "deadline", .flags = OMIT_ZERO),
	F_UINT(struct spec_scheduler, period, "period", .flags = OMIT_ZERO),
	F_END,
};
TYPE(scheduler_type, struct spec_scheduler, scheduler_fields);

static const struct field io_priority_fields[] = {
	F_WORD(struct spec_io_priority, io_class, "class", io_class_words, .flags = REQUIRED),
	F_INT(struct spec_io_priority, priority, "priority", .max = 7),
	F_END,
};
TYPE(io_priority_type, struct spec_io_priority, io_priority_fields);

static const struct field affinity_fields[] = {
	F_STR(struct spec_affinity, initial, "initial"),
	F_STR(struct spec_affinity, final, "final"),
	F_END,
};
TYPE(affinity_type, struct spec_affinity, affinity_fields);

static const struct field process_fields[] = {
	F_BOOL(struct spec_process, terminal, "terminal", .flags = OMIT_ZERO),
	F_OBJECT(struct spec_process, console_size, "consoleSize", console_size_type),
	F_OBJECT(struct spec_process, user, "user", user_type),
	F_STRV(struct spec_process, args, "args"),
	F_STR(struct spec_process, command_line, "commandLine"),
	F_STRV(struct spec_process, env, "env"),
	F_STR(struct spec_process, cwd, "cwd", .flags = REQUIRED | ABSOLUTE),
	F_OBJECT(struct spec_process, capabilities, "capabilities", capabilities_type),
	F_LIST(struct spec_process, rlimits, n_rlimits, "rlimits", rlimit_type),
	F_OPT_BOOL(struct spec_process, no_new_privileges, "noNewPrivileges"),
	F_STR(struct spec_process, apparmor_profile, "apparmorProfile"),
	F_OPT_I64(struct spec_process, oom_score_adj, "oomScoreAdj", .min = -1000, .max = 1000),
	F_STR(struct spec_process, selinux_label, "selinuxLabel"),
	F_OBJECT(struct spec_process, scheduler, "scheduler", scheduler_type, .since = SINCE(1, 1)),
	F_OBJECT(struct spec_process, io_priority, "ioPriority", io_priority_type,
		 .since = SINCE(1, 1)),
	F_OBJECT(struct spec_process, exec_cpu_affinity, "execCPUAffinity", affinity_type,
		 .since = SINCE(1, 2)),
	F_END,
};
TYPE_DEFINE(process_type, struct spec_process, process_fields);

static const struct field mount_fields[] = {
	F_STR(struct spec_mount, destination, "destination", .flags = REQUIRED | NONEMPTY),
	F_STR(struct spec_mount, type, "type"),
	F_STR(struct spec_mount, source, "source"),
	F_STRV(struct spec_mount, options, "options"),
	F_ID_MAPPINGS(struct spec_mount, uid_mappings, "uidMappings"),
	F_ID_MAPPINGS(struct spec_mount, gid_mappings, "gidMappings"),
	F_END,
};
TYPE(mount_type, struct spec_mount, mount_fields);

const struct field mounts_row = F_LIST(struct spec_mounts, v, n, "mounts", mount_type);

static const struct field hook_fields[] = {
	F_STR(struct spec_hook, path, "path", .flags = REQUIRED | NONEMPTY),
	F_STRV(struct spec_hook, args, "args"),
	F_STRV(struct spec_hook, env, "env"),
	F_OPT_I64(struct spec_hook, timeout, "timeout", .min = 1, .max = INT32_MAX),
	F_END,
};
TYPE(hook_type, struct spec_hook, hook_fields);

#define F_HOOKS(hook, json, ...) \
	F_LIST(struct spec_hooks, kind[hook].v, kind[hook].n, json, hook_type, __VA_ARGS__)

static const struct field hooks_fields[] = {
	F_HOOKS(HOOK_PRESTART, "prestart"),
	F_HOOKS(HOOK_CREATE_RUNTIME, "createRuntime", .since = SINCE(1, 1)),
	F_HOOKS(HOOK_CREATE_CONTAINER, "createContainer", .since = SINCE(1, 1)),
	F_HOOKS(HOOK_START_CONTAINER, "startContainer", .since = SINCE(1, 1)),
	F_HOOKS(HOOK_POSTSTART, "poststart"),
	F_HOOKS(HOOK_POSTSTOP, "poststop"),
	F_END,
};
TYPE(hooks_type, struct spec_hooks, hooks_fields);

static const struct field spec_fields[] = {
	F_STR(struct spec, oci_version, "ociVersion", .flags = REQUIRED),
	F_OBJECT(struct spec, process, "process", process_type),
	F_OBJECT(struct spec, root, "root", root_type),
	F_STR(struct spec, hostname, "hostname"),
	F_STR(struct spec, domainname, "domainname", .since = SINCE(1, 1)),
	F_LIST(struct spec, mounts, n_mounts, "mounts", mount_type,
	       .present = PRESENT(struct spec, mounts_present)),
	F_OBJECT(struct spec, hooks, "hooks", hooks_type),
	F_MAP(struct spec, annotations, "annotations"),
	F_OBJECT(struct spec, linux_, "linux", linux_type),
	F_END,
};
TYPE_DEFINE(spec_type, struct spec, spec_fields);
