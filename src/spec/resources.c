/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows: linux.resources, also the document of `update --resources`.  In the order of the
 * specification.
 */
#include "spec/tables.h"
#include "spec/words.h"

static const struct field device_rule_fields[] = {
	F_BOOL(struct spec_device_rule, allow, "allow", .flags = REQUIRED),
	F_WORD(struct spec_device_rule, type, "type", device_rule_type_words, .otherwise = 'a'),
	F_OPT_I64(struct spec_device_rule, major, "major", .min = -1, .max = UINT32_MAX),
	F_OPT_I64(struct spec_device_rule, minor, "minor", .min = -1, .max = UINT32_MAX),
	F_STR(struct spec_device_rule, access, "access"),
	F_END,
};
TYPE(device_rule_type, struct spec_device_rule, device_rule_fields);

static const struct field memory_fields[] = {
	F_OPT_I64(struct spec_memory, limit, "limit", .min = -1, .max = INT64_MAX),
	F_OPT_I64(struct spec_memory, reservation, "reservation", .min = -1, .max = INT64_MAX),
	F_OPT_I64(struct spec_memory, swap, "swap", .min = -1, .max = INT64_MAX),
	F_OPT_I64(struct spec_memory, kernel, "kernel", .min = -1, .max = INT64_MAX),
	F_OPT_I64(struct spec_memory, kernel_tcp, "kernelTCP", .min = -1, .max = INT64_MAX),
	F_OPT_U64(struct spec_memory, swappiness, "swappiness", .max = 100),
	F_OPT_BOOL(struct spec_memory, disable_oom_killer, "disableOOMKiller"),
	F_OPT_BOOL(struct spec_memory, use_hierarchy, "useHierarchy"),
	F_OPT_BOOL(struct spec_memory, check_before_update, "checkBeforeUpdate",
		   .since = SINCE(1, 1)),
	F_END,
};
TYPE(memory_type, struct spec_memory, memory_fields);

static const struct field cpu_fields[] = {
	F_OPT_U64(struct spec_cpu, shares, "shares"),
	F_OPT_I64(struct spec_cpu, quota, "quota"),
	F_OPT_U64(struct spec_cpu, burst, "burst", .since = SINCE(1, 1)),
	F_OPT_U64(struct spec_cpu, period, "period"),
	F_OPT_I64(struct spec_cpu, realtime_runtime, "realtimeRuntime"),
	F_OPT_U64(struct spec_cpu, realtime_period, "realtimePeriod"),
	F_STR(struct spec_cpu, cpus, "cpus"),
	F_STR(struct spec_cpu, mems, "mems"),
	F_OPT_I64(struct spec_cpu, idle, "idle", .since = SINCE(1, 1)),
	F_END,
};
TYPE(cpu_type, struct spec_cpu, cpu_fields);

static const struct field pids_fields[] = {
	F_OPT_I64(struct spec_pids, limit, "limit"),
	F_END,
};
TYPE(pids_type, struct spec_pids, pids_fields);

static const struct field weight_device_fields[] = {
	F_INT(struct spec_weight_device, major, "major", .flags = REQUIRED, .max = UINT32_MAX),
	F_INT(struct spec_weight_device, minor, "minor", .flags = REQUIRED, .max = UINT32_MAX),
	F_OPT_U64(struct spec_weight_device, weight, "weight", .max = UINT16_MAX),
	F_OPT_U64(struct spec_weight_device, leaf_weight, "leafWeight", .max = UINT16_MAX),
	F_END,
};
TYPE(weight_device_type, struct spec_weight_device, weight_device_fields);

static const struct field throttle_device_fields[] = {
	F_INT(struct spec_throttle_device, major, "major", .flags = REQUIRED, .max = UINT32_MAX),
	F_INT(struct spec_throttle_device, minor, "minor", .flags = REQUIRED, .max = UINT32_MAX),
	F_UINT(struct spec_throttle_device, rate, "rate"),
	F_END,
};
TYPE(throttle_device_type, struct spec_throttle_device, throttle_device_fields);

#define F_THROTTLE(member, json) \
	F_LIST(struct spec_block_io, member.v, member.n, json, throttle_device_type)

static const struct field block_io_fields[] = {
	F_OPT_U64(struct spec_block_io, weight, "weight", .max = UINT16_MAX),
	F_OPT_U64(struct spec_block_io, leaf_weight, "leafWeight", .max = UINT16_MAX),
	F_LIST(struct spec_block_io, weight_devices, n_weight_devices, "weightDevice",
	       weight_device_type),
	F_THROTTLE(read_bps, "throttleReadBpsDevice"),
	F_THROTTLE(write_bps, "throttleWriteBpsDevice"),
	F_THROTTLE(read_iops, "throttleReadIOPSDevice"),
	F_THROTTLE(write_iops, "throttleWriteIOPSDevice"),
	F_END,
};
TYPE(block_io_type, struct spec_block_io, block_io_fields);

static const struct field hugepage_limit_fields[] = {
	F_STR(struct spec_hugepage_limit, page_size, "pageSize", .flags = REQUIRED),
	F_UINT(struct spec_hugepage_limit, limit, "limit", .flags = REQUIRED),
	F_END,
};
TYPE(hugepage_limit_type, struct spec_hugepage_limit, hugepage_limit_fields);

static const struct field net_priority_fields[] = {
	F_STR(struct spec_net_priority, name, "name", .flags = REQUIRED | NONEMPTY),
	F_UINT(struct spec_net_priority, priority, "priority", .flags = REQUIRED),
	F_END,
};
TYPE(net_priority_type, struct spec_net_priority, net_priority_fields);

static const struct field network_fields[] = {
	F_OPT_U64(struct spec_network, class_id, "classID", .max = UINT32_MAX),
	F_LIST(struct spec_network, priorities, n_priorities, "priorities", net_priority_type),
	F_END,
};
TYPE(network_type, struct spec_network, network_fields);

static const struct field rdma_fields[] = {
	F_OPT_U64(struct spec_rdma, hca_handles, "hcaHandles", .max = UINT32_MAX),
	F_OPT_U64(struct spec_rdma, hca_objects, "hcaObjects", .max = UINT32_MAX),
	F_END,
};
TYPE(rdma_type, struct spec_rdma, rdma_fields);

static const struct field resources_fields[] = {
	F_LIST(struct spec_resources, devices, n_devices, "devices", device_rule_type,
	       .present = PRESENT(struct spec_resources, devices_present)),
	F_OBJECT(struct spec_resources, memory, "memory", memory_type),
	F_OBJECT(struct spec_resources, cpu, "cpu", cpu_type),
	F_OBJECT(struct spec_resources, pids, "pids", pids_type),
	F_OBJECT(struct spec_resources, block_io, "blockIO", block_io_type),
	F_LIST(struct spec_resources, hugepage_limits, n_hugepage_limits, "hugepageLimits",
	       hugepage_limit_type),
	F_OBJECT(struct spec_resources, network, "network", network_type),
	F_KEYED(struct spec_resources, rdma, n_rdma, "rdma", rdma_type, device,
		.since = SINCE(1, 1)),
	F_MAP(struct spec_resources, unified, "unified", .since = SINCE(1, 1)),
	F_END,
};
TYPE_DEFINE(resources_type, struct spec_resources, resources_fields);
