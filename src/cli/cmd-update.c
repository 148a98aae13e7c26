/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit update: other limits for a container.
 *
 * The flags of crun and runc.  What --resources says is read first, and flags beside it count more.
 */
#include "cli/cli.h"
#include "cli/document.h"
#include "cli/opts.h"
#include "cli/size.h"
#include "spec/spec.h"

struct update_args {
	const char *resources;
	const char *blkio_weight;
	const char *cpu_period;
	const char *cpu_quota;
	const char *cpu_burst;
	const char *cpu_shares;
	const char *cpu_idle;
	const char *cpu_rt_period;
	const char *cpu_rt_runtime;
	const char *cpuset_cpus;
	const char *cpuset_mems;
	const char *kernel_memory;
	const char *kernel_memory_tcp;
	const char *memory;
	const char *memory_reservation;
	const char *memory_swap;
	const char *pids_limit;
	const char *l3_cache_schema;
	const char *mem_bw_schema;
};

/* clang-format off */
static const struct opt update_opts[] = {
	OPT_STR('r', "resources", "FILE", struct update_args, resources,
		"read a linux.resources document; - is standard input"),
	OPT_STR( 0 , "blkio-weight", "N", struct update_args, blkio_weight,
		"weight of its block I/O, 10 to 1000"),
	OPT_STR( 0 , "cpu-period", "US", struct update_args, cpu_period,
		"period of the CPU quota, in microseconds"),
	OPT_STR( 0 , "cpu-quota", "US", struct update_args, cpu_quota,
		"CPU time in a period, in microseconds; -1: no limit"),
	OPT_STR( 0 , "cpu-burst", "US", struct update_args, cpu_burst,
		"unused CPU time that may be added to a later period"),
	OPT_STR( 0 , "cpu-share", "N", struct update_args, cpu_shares,
		"share of CPU time, 2 to 262144"),
	OPT_STR( 0 , "cpu-shares", "N", struct update_args, cpu_shares, NULL),
	OPT_STR( 0 , "cpu-idle", "N", struct update_args, cpu_idle,
		"1: run only when nothing else does"),
	OPT_STR( 0 , "cpu-rt-period", "US", struct update_args, cpu_rt_period,
		"period of the real-time CPU limit"),
	OPT_STR( 0 , "cpu-rt-runtime", "US", struct update_args, cpu_rt_runtime,
		"real-time CPU time in a period"),
	OPT_STR( 0 , "cpuset-cpus", "LIST", struct update_args, cpuset_cpus,
		"CPUs to run on, as in 0-3,7"),
	OPT_STR( 0 , "cpuset-mems", "LIST", struct update_args, cpuset_mems,
		"memory nodes to use"),
	OPT_STR( 0 , "kernel-memory", "SIZE", struct update_args, kernel_memory,
		"kernel memory (cgroup v1, before Linux 5.16)"),
	OPT_STR( 0 , "kernel-memory-tcp", "SIZE", struct update_args, kernel_memory_tcp,
		"kernel memory of TCP buffers (cgroup v1)"),
	OPT_STR( 0 , "memory", "SIZE", struct update_args, memory,
		"memory; -1: no limit"),
	OPT_STR( 0 , "memory-reservation", "SIZE", struct update_args, memory_reservation,
		"memory it keeps when the host has little"),
	OPT_STR( 0 , "memory-swap", "SIZE", struct update_args, memory_swap,
		"memory and swap together; -1: no limit"),
	OPT_STR( 0 , "pids-limit", "N", struct update_args, pids_limit,
		"processes and threads; -1: no limit"),
	OPT_STR( 0 , "l3-cache-schema", "SCHEMA", struct update_args, l3_cache_schema,
		"resctrl schema of the L3 cache"),
	OPT_STR( 0 , "mem-bw-schema", "SCHEMA", struct update_args, mem_bw_schema,
		"resctrl schema of the memory bandwidth"),
	OPT_END
};
/* clang-format on */

static struct err *bad_number(const char *name, const char *s, const char *takes)
{
	return err_hint(err_new(ERR_INVALID, "invalid %s specified: `%s`", name, s),
			"--%s takes %s", name, takes);
}

static struct err *take_unsigned(const char *name, const char *s, uint64_t max, struct opt_u64 *ret)
{
	if (!s)
		return NULL;
	if (str_to_u64(s, max, &ret->value) < 0)
		return bad_number(name, s, "a number from 0");
	ret->set = true;
	return NULL;
}

static struct err *take_signed(const char *name, const char *s, struct opt_i64 *ret)
{
	if (!s)
		return NULL;
	if (str_to_i64(s, -1, INT64_MAX, &ret->value) < 0)
		return bad_number(name, s, "a number, or -1 for no limit");
	ret->set = true;
	return NULL;
}

static struct err *take_size(const char *name, const char *s, struct opt_i64 *ret)
{
	if (!s)
		return NULL;
	TRY(size_parse(name, s, &ret->value));
	ret->set = true;
	return NULL;
}

static struct err *take_cpu(struct arena *a, const struct update_args *args, struct spec_cpu *c)
{
	TRY(take_unsigned("cpu-period", args->cpu_period, INT64_MAX, &c->period));
	TRY(take_signed("cpu-quota", args->cpu_quota, &c->quota));
	TRY(take_unsigned("cpu-burst", args->cpu_burst, INT64_MAX, &c->burst));
	TRY(take_unsigned("cpu-share", args->cpu_shares, INT64_MAX, &c->shares));
	TRY(take_unsigned("cpu-rt-period", args->cpu_rt_period, INT64_MAX, &c->realtime_period));
	TRY(take_signed("cpu-rt-runtime", args->cpu_rt_runtime, &c->realtime_runtime));
	if (args->cpu_idle && !streq(args->cpu_idle, "0") && !streq(args->cpu_idle, "1"))
		return bad_number("cpu-idle", args->cpu_idle, "0 or 1");
	TRY(take_signed("cpu-idle", args->cpu_idle, &c->idle));
	if (args->cpuset_cpus)
		c->cpus = arena_str(a, args->cpuset_cpus);
	if (args->cpuset_mems)
		c->mems = arena_str(a, args->cpuset_mems);
	return NULL;
}

static struct err *take_memory(const struct update_args *args, struct spec_memory *m)
{
	TRY(take_size("memory", args->memory, &m->limit));
	TRY(take_size("memory-reservation", args->memory_reservation, &m->reservation));
	TRY(take_size("memory-swap", args->memory_swap, &m->swap));
	TRY(take_size("kernel-memory", args->kernel_memory, &m->kernel));
	return take_size("kernel-memory-tcp", args->kernel_memory_tcp, &m->kernel_tcp);
}

static struct err *read_flags(struct arena *a, const struct update_args *args,
			      struct spec_resources *ret)
{
	ret->cpu = arena_alloc(a, sizeof(*ret->cpu));
	ret->memory = arena_alloc(a, sizeof(*ret->memory));
	ret->pids = arena_alloc(a, sizeof(*ret->pids));
	ret->block_io = arena_alloc(a, sizeof(*ret->block_io));
	TRY(take_cpu(a, args, ret->cpu));
	TRY(take_memory(args, ret->memory));
	TRY(take_signed("pids-limit", args->pids_limit, &ret->pids->limit));
	return take_unsigned("blkio-weight", args->blkio_weight, UINT16_MAX,
			     &ret->block_io->weight);
}

static struct err *read_resources(struct arena *a, const struct update_args *args,
				  const struct spec_resources **ret)
{
	struct spec_resources *flags = arena_alloc(a, sizeof(*flags));
	auto_str struct str text = { 0 };
	struct spec_resources *document;

	TRY(read_flags(a, args, flags));
	*ret = flags;
	if (!args->resources)
		return NULL;
	TRY(document_read(args->resources, &text));
	TRY(spec_parse_resources(a, text.len ? text.s : "", text.len, &document));
	*ret = spec_merge_resources(a, document, flags);
	return NULL;
}

static struct err *update_main(struct cli *cli, int argc, char **argv)
{
	auto_arena struct arena *a = arena_new();
	struct update_args args = { 0 };
	struct update_opts opts = { 0 };

	TRY(opts_parse(cli, &cmd_update, &argc, argv, &args));
	TRY(read_resources(a, &args, &opts.resources));
	opts.l3_cache_schema = args.l3_cache_schema;
	opts.mem_bw_schema = args.mem_bw_schema;
	return container_update(&cli->ctx, argv[0], &opts);
}

const struct command cmd_update = {
	.name = "update",
	.operands = "ID",
	.summary = "Change the resource limits of a container",
	.notes = "What is not named keeps its value. Either all of it is done, or nothing.\n"
		 "SIZE is a number of bytes, or one with a unit: 512k, 100M, 1.5g.",
	.opts = update_opts,
	.min_operands = 1,
	.max_operands = 1,
	.has_id = true,
	.main = update_main,
};
