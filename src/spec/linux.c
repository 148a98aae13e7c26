/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows: the object `linux`.  In the order of the specification.
 */
#include "spec/tables.h"
#include "spec/words.h"

static const struct field namespace_fields[] = {
	F_WORD(struct spec_namespace, type, "type", namespace_words, .flags = REQUIRED),
	F_STR(struct spec_namespace, path, "path", .flags = ABSOLUTE),
	F_END,
};
TYPE(namespace_type, struct spec_namespace, namespace_fields);

/* Some callers leave the file type in fileMode, as stat(2) has it. */
static const struct field device_fields[] = {
	F_WORD(struct spec_device, type, "type", device_type_words, .flags = REQUIRED),
	F_STR(struct spec_device, path, "path", .flags = REQUIRED | ABSOLUTE),
	F_INT(struct spec_device, major, "major", .max = UINT32_MAX,
	      .present = PRESENT(struct spec_device, has_major)),
	F_INT(struct spec_device, minor, "minor", .max = UINT32_MAX,
	      .present = PRESENT(struct spec_device, has_minor)),
	F_OPT_U64(struct spec_device, file_mode, "fileMode", .max = 0177777),
	F_OPT_ID(struct spec_device, uid, "uid"),
	F_OPT_ID(struct spec_device, gid, "gid"),
	F_END,
};
TYPE(device_type, struct spec_device, device_fields);

static const struct field net_device_fields[] = {
	F_STR(struct spec_net_device, name, "name"),
	F_END,
};
TYPE(net_device_type, struct spec_net_device, net_device_fields);

static const struct field intel_rdt_fields[] = {
	F_STR(struct spec_intel_rdt, clos_id, "closID"),
	F_STRV(struct spec_intel_rdt, schemata, "schemata", .since = SINCE(1, 3)),
	F_STR(struct spec_intel_rdt, l3_cache_schema, "l3CacheSchema"),
	F_STR(struct spec_intel_rdt, mem_bw_schema, "memBwSchema"),
	F_OPT_BOOL(struct spec_intel_rdt, enable_monitoring, "enableMonitoring",
		   .since = SINCE(1, 3)),
	F_END,
};
TYPE(intel_rdt_type, struct spec_intel_rdt, intel_rdt_fields);

static const struct field memory_policy_fields[] = {
	F_WORD(struct spec_memory_policy, mode, "mode", memory_mode_words, .flags = REQUIRED),
	F_STR(struct spec_memory_policy, nodes, "nodes"),
	F_FLAGS(struct spec_memory_policy, flags, "flags", memory_flag_words),
	F_END,
};
TYPE(memory_policy_type, struct spec_memory_policy, memory_policy_fields);

static const struct field personality_fields[] = {
	F_WORD(struct spec_personality, domain, "domain", personality_words, .flags = REQUIRED),
	F_STRV(struct spec_personality, flags, "flags"),
	F_END,
};
TYPE(personality_type, struct spec_personality, personality_fields);

static const struct field time_offset_fields[] = {
	F_INT(struct spec_time_offset, secs, "secs"),
	F_UINT(struct spec_time_offset, nanosecs, "nanosecs", .max = 999999999),
	F_END,
};
TYPE(time_offset_type, struct spec_time_offset, time_offset_fields);

static const struct field time_offsets_fields[] = {
	F_EMBED(struct spec_time_offsets, boottime, "boottime", time_offset_type,
		.present = PRESENT(struct spec_time_offsets, boottime.set)),
	F_EMBED(struct spec_time_offsets, monotonic, "monotonic", time_offset_type,
		.present = PRESENT(struct spec_time_offsets, monotonic.set)),
	F_END,
};
TYPE(time_offsets_type, struct spec_time_offsets, time_offsets_fields);

static const struct field linux_fields[] = {
	F_LIST(struct spec_linux, namespaces, n_namespaces, "namespaces", namespace_type),
	F_ID_MAPPINGS(struct spec_linux, uid_mappings, "uidMappings"),
	F_ID_MAPPINGS(struct spec_linux, gid_mappings, "gidMappings"),
	F_OBJECT(struct spec_linux, time_offsets, "timeOffsets", time_offsets_type,
		 .since = SINCE(1, 1)),
	F_LIST(struct spec_linux, devices, n_devices, "devices", device_type),
	F_KEYED(struct spec_linux, net_devices, n_net_devices, "netDevices", net_device_type,
		host_name, .since = SINCE(1, 3)),
	F_STR(struct spec_linux, cgroups_path, "cgroupsPath"),
	F_OBJECT(struct spec_linux, resources, "resources", resources_type),
	F_OBJECT(struct spec_linux, intel_rdt, "intelRdt", intel_rdt_type),
	F_OBJECT(struct spec_linux, memory_policy, "memoryPolicy", memory_policy_type,
		 .since = SINCE(1, 3)),
	F_MAP(struct spec_linux, sysctl, "sysctl"),
	F_OBJECT(struct spec_linux, seccomp, "seccomp", seccomp_type),
	F_WORD_STR(struct spec_linux, rootfs_propagation, "rootfsPropagation", propagation_words),
	F_STRV(struct spec_linux, masked_paths, "maskedPaths", .flags = ABSOLUTE),
	F_STRV(struct spec_linux, readonly_paths, "readonlyPaths", .flags = ABSOLUTE),
	F_STR(struct spec_linux, mount_label, "mountLabel"),
	F_OBJECT(struct spec_linux, personality, "personality", personality_type,
		 .since = SINCE(1, 1)),
	F_END,
};
TYPE_DEFINE(linux_type, struct spec_linux, linux_fields);
