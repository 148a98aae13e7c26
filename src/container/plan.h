/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that will be done, decided before anything on the system changes.  Const afterwards:
 * what runs later compares no strings and reads no configuration.
 */
#ifndef CONTAINER_PLAN_H
#define CONTAINER_PLAN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "cgroup/cgroup.h"
#include "os/console.h"
#include "os/cred.h"
#include "os/device.h"
#include "os/landlock.h"
#include "os/lsm.h"
#include "os/mask.h"
#include "os/mount.h"
#include "os/ns.h"
#include "os/process.h"
#include "os/rdt.h"
#include "os/rootfs.h"
#include "os/seccomp.h"
#include "spec/spec.h"

/* What filter is loaded, and who answers the calls that it hands on: plugins before an agent. */
struct seccomp_plan {
	bool set;
	const struct spec_seccomp *profile;
	bool fail_unknown;
	struct seccomp_program raw; /* .set: this instead of the profile */
	struct spec_strings plugins;
	const char *listener; /* the agent's socket or NULL */
	const char *metadata;
};

/* What run and exec have in common: one process. */
struct process_plan {
	const struct spec_process *spec;
	const char *receiver; /* given: see seccomp_receiver_of_environment, or the record's */
	struct cred_plan cred;
	struct rlimit_plan rlimit;
	bool clamp_rlimits;
	struct sched_plan sched;
	struct lsm_plan lsm;
	struct landlock_plan landlock;
	struct console_plan console;
	const struct spec_personality *personality;
	struct seccomp_plan seccomp;
	unsigned preserve_fds;
	int listen_fds;    /* of these, so many came by LISTEN_FDS */
	bool has_affinity; /* exec: execCPUAffinity.initial and .final */
	cpu_set_t affinity_initial, affinity_final;
	bool has_affinity_initial;
};

struct plan {
	const struct spec *spec;
	const char *id;
	char *bundle; /* absolute, symlinks resolved */
	struct cgroup_layout layout;
	struct cgroup_plan cgroup;
	struct ns_plan ns;
	struct rootfs_plan rootfs;
	struct mounts_plan mounts;
	struct devices_plan devices;
	struct mask_plan mask;
	struct sysctl_plan sysctl;
	struct mempolicy_plan mempolicy;
	struct rdt_plan rdt;
	struct process_plan process;
	bool is_rootless;
	bool new_keyring;
	bool sources_by_helper; /* a user namespace, and HOST has the rights: see steps-host.c */
};

struct ctx;
struct run_opts;

MUST_CHECK struct err *plan_make(struct arena *a, const struct ctx *ctx,
				 const struct run_opts *opts, const struct spec *spec,
				 const char *bundle, struct plan *ret);
/* root.path with symlinks resolved. */
MUST_CHECK struct err *plan_rootfs_path(struct arena *a, const char *bundle,
					const struct spec *spec, char **ret);
void plan_print(const struct plan *plan, struct str *out);

MUST_CHECK struct err *process_plan_make(struct arena *a, const struct spec *spec,
					 const struct spec_process *process, unsigned preserve_fds,
					 struct process_plan *ret);

/* RUN_OCI_SECCOMP_RECEIVER, which `create` reads and the record keeps; NULL: not set. */
const char *seccomp_receiver_of_environment(struct arena *a);
/* Its seccomp part alone: what `start` has to know of it. */
MUST_CHECK struct err *process_plan_seccomp(struct arena *a, const struct spec *spec,
					    struct process_plan *ret);

/* Not euid 0 in the initial user namespace. */
bool is_rootless(void);

#endif
