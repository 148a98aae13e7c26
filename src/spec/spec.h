/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json as C: one struct per JSON object of the OCI runtime-spec 1.3 (Linux part).
 *
 * Everything lives in the arena the document was read into and is const afterwards.  A member that
 * was absent is NULL, an empty list, or { .set = false }; words are numbers already.
 */
#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "spec/value.h"

/* The version of the specification that all documents of ours comply with. */
#define SPEC_OCI_VERSION "1.3.0"

struct spec_hook {
	char *path;
	struct spec_strings args;
	struct spec_strings env;
	struct opt_i64 timeout; /* seconds */
};

struct spec_hook_list {
	size_t n;
	struct spec_hook *v;
};

enum hook_kind {
	HOOK_PRESTART,
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_KINDS,
};

struct spec_hooks {
	struct spec_hook_list kind[HOOK_KINDS];
};

struct spec_root {
	char *path;
	bool readonly;
};

struct spec_id_mapping {
	uint32_t container_id;
	uint32_t host_id;
	uint32_t size;
};

struct spec_id_mappings {
	bool present;
	size_t n;
	struct spec_id_mapping *v;
};

struct spec_mount {
	char *destination;
	char *source;
	char *type;
	struct spec_strings options;
	struct spec_id_mappings uid_mappings;
	struct spec_id_mappings gid_mappings;
};

/* A list of mounts that is a document of its own (`mounts add`). */
struct spec_mounts {
	size_t n;
	struct spec_mount *v;
};

struct spec_console_size {
	uint64_t height;
	uint64_t width;
};

struct spec_user {
	uint32_t uid;
	uint32_t gid;
	struct opt_u64 umask;
	bool additional_gids_present;
	size_t n_additional_gids;
	uint32_t *additional_gids;
	char *username;
};

struct spec_capabilities {
	struct spec_strings bounding;
	struct spec_strings permitted;
	struct spec_strings effective;
	struct spec_strings inheritable;
	struct spec_strings ambient;
};

struct spec_rlimit {
	int type; /* RLIMIT_*, resource.h */
	uint64_t soft;
	uint64_t hard;
};

struct spec_scheduler {
	int policy; /* SCHED_*, sched.h */
	int32_t nice;
	int32_t priority;
	uint64_t flags;    /* SCHED_FLAG_* or-ed */
	uint64_t runtime;  /* ns */
	uint64_t deadline; /* ns */
	uint64_t period;   /* ns */
};

struct spec_io_priority {
	int io_class; /* IOPRIO_CLASS_* */
	int32_t priority;
};

struct spec_affinity {
	char *initial;
	char *final;
};

struct spec_process {
	bool terminal;
	struct spec_console_size *console_size;
	struct spec_user *user; /* NULL when absent */
	struct spec_strings args;
	char *command_line;
	struct spec_strings env;
	char *cwd;
	struct spec_capabilities *capabilities;
	struct spec_rlimit *rlimits;
	size_t n_rlimits;
	struct opt_bool no_new_privileges;
	char *apparmor_profile;
	struct opt_i64 oom_score_adj;
	char *selinux_label;
	struct spec_scheduler *scheduler;
	struct spec_io_priority *io_priority;
	struct spec_affinity *exec_cpu_affinity;
};

enum ns_type {
	NS_USER,
	NS_MOUNT,
	NS_PID,
	NS_NETWORK,
	NS_IPC,
	NS_UTS,
	NS_CGROUP,
	NS_TIME,
	NS_TYPES,
};

struct spec_namespace {
	int type; /* enum ns_type */
	char *path;
};

struct spec_device {
	char *path;
	char type;      /* 'c' (also for 'u'), 'b' or 'p' */
	bool has_major; /* a 'c' or 'b' has both */
	bool has_minor;
	int64_t major;
	int64_t minor;
	struct opt_u64 file_mode;
	struct opt_u64 uid;
	struct opt_u64 gid;
};

struct spec_net_device {
	char *host_name; /* the key */
	char *name;      /* new name or NULL */
};

struct spec_memory {
	struct opt_i64 limit;
	struct opt_i64 reservation;
	struct opt_i64 swap;
	struct opt_i64 kernel;
	struct opt_i64 kernel_tcp;
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer;
	struct opt_bool use_hierarchy;
	struct opt_bool check_before_update;
};

struct spec_cpu {
	struct opt_u64 shares;
	struct opt_i64 quota;  /* us */
	struct opt_u64 burst;  /* us */
	struct opt_u64 period; /* us */
	struct opt_i64 realtime_runtime;
	struct opt_u64 realtime_period;
	char *cpus;
	char *mems;
	struct opt_i64 idle;
};

struct spec_pids {
	struct opt_i64 limit;
};

struct spec_weight_device {
	int64_t major;
	int64_t minor;
	struct opt_u64 weight;
	struct opt_u64 leaf_weight;
};

struct spec_throttle_device {
	int64_t major;
	int64_t minor;
	uint64_t rate;
};

struct spec_throttle_list {
	size_t n;
	struct spec_throttle_device *v;
};

struct spec_block_io {
	struct opt_u64 weight;
	struct opt_u64 leaf_weight;
	size_t n_weight_devices;
	struct spec_weight_device *weight_devices;
	struct spec_throttle_list read_bps;
	struct spec_throttle_list write_bps;
	struct spec_throttle_list read_iops;
	struct spec_throttle_list write_iops;
};

struct spec_hugepage_limit {
	char *page_size;
	uint64_t limit;
};

struct spec_net_priority {
	char *name;
	uint32_t priority;
};

struct spec_network {
	struct opt_u64 class_id;
	size_t n_priorities;
	struct spec_net_priority *priorities;
};

struct spec_rdma {
	char *device; /* the key */
	struct opt_u64 hca_handles;
	struct opt_u64 hca_objects;
};

struct spec_device_rule {
	bool allow;
	char type;            /* 'a', 'b', 'c' */
	struct opt_i64 major; /* unset or -1: any */
	struct opt_i64 minor;
	char *access; /* of "rwm"; NULL: all three */
};

struct spec_resources {
	bool devices_present;
	size_t n_devices;
	struct spec_device_rule *devices;
	struct spec_memory *memory;
	struct spec_cpu *cpu;
	struct spec_pids *pids;
	struct spec_block_io *block_io;
	size_t n_hugepage_limits;
	struct spec_hugepage_limit *hugepage_limits;
	struct spec_network *network;
	size_t n_rdma;
	struct spec_rdma *rdma;
	struct spec_map unified;
};

struct spec_seccomp_arg {
	uint32_t index;
	uint64_t value;
	uint64_t value_two;
	int op; /* enum scmp_compare's value */
};

/* The order of the specification; os/seccomp.c turns them into libseccomp's. */
enum seccomp_action {
	SECCOMP_KILL,
	SECCOMP_KILL_PROCESS,
	SECCOMP_KILL_THREAD,
	SECCOMP_TRAP,
	SECCOMP_ERRNO,
	SECCOMP_TRACE,
	SECCOMP_ALLOW,
	SECCOMP_LOG,
	SECCOMP_NOTIFY,
};

enum seccomp_op {
	SECCOMP_NE,
	SECCOMP_LT,
	SECCOMP_LE,
	SECCOMP_EQ,
	SECCOMP_GE,
	SECCOMP_GT,
	SECCOMP_MASKED_EQ,
};

struct spec_seccomp_rule {
	struct spec_strings names;
	int action; /* enum seccomp_action */
	struct opt_u64 errno_ret;
	size_t n_args;
	struct spec_seccomp_arg *args;
};

struct spec_seccomp {
	int default_action; /* enum seccomp_action */
	struct opt_u64 default_errno_ret;
	struct spec_strings flags;         /* SECCOMP_FILTER_FLAG_* words, checked */
	struct spec_strings architectures; /* SCMP_ARCH_* words, checked */
	char *listener_path;
	char *listener_metadata;
	size_t n_syscalls;
	struct spec_seccomp_rule *syscalls;
};

struct spec_intel_rdt {
	char *clos_id;
	struct spec_strings schemata;
	char *l3_cache_schema;
	char *mem_bw_schema;
	struct opt_bool enable_monitoring;
};

struct spec_memory_policy {
	int mode; /* MPOL_*, linux/mempolicy.h */
	char *nodes;
	uint64_t flags; /* MPOL_F_* or-ed */
};

struct spec_personality {
	unsigned long domain; /* PER_LINUX or PER_LINUX32 */
	struct spec_strings flags;
};

struct spec_time_offset {
	bool set;
	int64_t secs;
	uint32_t nanosecs;
};

struct spec_time_offsets {
	struct spec_time_offset boottime;
	struct spec_time_offset monotonic;
};

struct spec_linux {
	struct spec_id_mappings uid_mappings;
	struct spec_id_mappings gid_mappings;
	struct spec_map sysctl;
	struct spec_resources *resources;
	char *cgroups_path;
	size_t n_namespaces;
	struct spec_namespace *namespaces;
	size_t n_devices;
	struct spec_device *devices;
	size_t n_net_devices;
	struct spec_net_device *net_devices;
	struct spec_seccomp *seccomp;
	char *rootfs_propagation; /* one of the words, checked */
	struct spec_strings masked_paths;
	struct spec_strings readonly_paths;
	char *mount_label;
	struct spec_intel_rdt *intel_rdt;
	struct spec_memory_policy *memory_policy;
	struct spec_personality *personality;
	struct spec_time_offsets *time_offsets;
};

struct spec {
	char *oci_version;
	struct spec_root *root;
	struct spec_process *process;
	char *hostname;
	char *domainname;
	bool mounts_present;
	size_t n_mounts;
	struct spec_mount *mounts;
	struct spec_hooks *hooks;
	struct spec_map annotations;
	struct spec_linux *linux_; /* `linux` is a macro of gnu17 */
};

/*
 * Read from a document of LEN bytes (spec_read: of the file NAME below DIR_FD, AT_FDCWD for the
 * current folder).  All mistakes come in one error, a line each, with the path of the member;
 * syntax errors with line and column.  The document is checked across members too (spec/check.c).
 */
MUST_CHECK struct err *spec_read(struct arena *a, int dir_fd, const char *name, struct spec **ret);
MUST_CHECK struct err *spec_parse(struct arena *a, const char *text, size_t len, struct spec **ret);
/* A process document (exec --process) and a resources document (update --resources). */
MUST_CHECK struct err *spec_read_process(struct arena *a, int dir_fd, const char *name,
					 struct spec_process **ret);
MUST_CHECK struct err *spec_parse_process(struct arena *a, const char *text, size_t len,
					  struct spec_process **ret);
MUST_CHECK struct err *spec_parse_resources(struct arena *a, const char *text, size_t len,
					    struct spec_resources **ret);
/* A list of mounts; WHAT names the document in messages: "WHAT: [1].destination: is required". */
MUST_CHECK struct err *spec_parse_mounts(struct arena *a, const char *what, const char *text,
					 size_t len, struct spec_mounts **ret);
/*
 * BASE (may be NULL) with OVER's members in place of its own, devices and the like by their keys.
 * The result shares what it is made of.
 */
struct spec_resources *spec_merge_resources(struct arena *a, const struct spec_resources *base,
					    const struct spec_resources *over);
/* A resources document again: what spec_parse_resources() reads back. */
void spec_print_resources(const struct spec_resources *r, struct str *out);

/*
 * What a document may lack but a container cannot: `root` and `process` with something to run.
 * Called before planning, so that `validate` and `features` tools may read less.
 */
MUST_CHECK struct err *spec_check_runnable(const struct spec *s);
/* The document again, as JSON: what spec_parse() reads back into an equal struct. */
void spec_print(const struct spec *s, struct str *out);

const struct spec_namespace *spec_find_ns(const struct spec *s, enum ns_type type);
/* The mount point that gets only the v1 hierarchy name=systemd, for a systemd before cgroup v2. */
#define FORCE_SYSTEMD_V1 "run.oci.systemd.force_cgroup_v1"
/* The value of annotation NAME, or NULL. */
const char *spec_annotation(const struct spec *s, const char *name);

/* The document `davit spec` writes: a valid config, owned by the caller. */
struct spec_template_opts {
	bool rootless;
	bool cgroup_v2;
	char *const *args;  /* NULL-terminated; NULL: a shell */
	char *const *env;   /* more of it, NULL-terminated; may be NULL */
	const char *rootfs; /* NULL: "rootfs" */
};
MUST_CHECK char *spec_template(const struct spec_template_opts *opts);
/* The `features` document, owned by the caller. */
MUST_CHECK char *spec_features(void);

#endif
