/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroups as the rest of davit sees them: where a container's cgroup is, making it, joining it,
 * limits, freezing, killing, removing.
 *
 * Nothing here creates a file: control files are opened without O_CREAT, below a directory whose
 * file system was verified to be cgroup or cgroup2 (statfs).  Every wait has a deadline.
 */
#ifndef CGROUP_CGROUP_H
#define CGROUP_CGROUP_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct cgroup_bus;
struct cgroup_scope;
struct device_program;
struct spec;
struct spec_resources;

enum cgroup_kind {
	CGROUP_NONE, /* no cgroup file system at all */
	CGROUP_V1,
	CGROUP_HYBRID, /* v1 controllers and a v2 hierarchy beside them */
	CGROUP_V2,
};

enum cgroup_ctl {
	CTL_CPU,
	CTL_CPUACCT,
	CTL_CPUSET,
	CTL_MEMORY,
	CTL_IO, /* blkio on v1 */
	CTL_PIDS,
	CTL_DEVICES, /* on v2: a BPF program, always there */
	CTL_FREEZER, /* on v2: always there */
	CTL_HUGETLB,
	CTL_NET_CLS,
	CTL_NET_PRIO,
	CTL_PERF_EVENT,
	CTL_RDMA,
	CTL_MISC,
	CTL_COUNT,
};

/* Where a controller is, or why it is not. */
enum cgroup_place {
	PLACE_UNKNOWN,  /* this kernel does not know it */
	PLACE_V1,       /* on the v1 hierarchy at .mount */
	PLACE_V2,       /* on the v2 hierarchy */
	PLACE_DISABLED, /* the kernel knows it but it is switched off (/proc/cgroups: enabled 0) */
	PLACE_NOT_MOUNTED,   /* enabled, but no hierarchy of it is mounted */
	PLACE_NOT_DELEGATED, /* v2: missing in cgroup.controllers where davit may make cgroups */
};

struct cgroup_hierarchy {
	char *controllers; /* "cpu,cpuacct"; "name=systemd"; "" for v2 */
	char *mount;       /* "/sys/fs/cgroup/cpu,cpuacct" */
	char *self; /* davit's own cgroup in it, "/…" relative to the mount; NULL when outside */
	bool is_v2;
	bool is_readonly;
};

struct cgroup_layout {
	enum cgroup_kind kind;
	size_t n;
	struct cgroup_hierarchy *v; /* mounted hierarchies, each once */
	struct {
		enum cgroup_place place;
		size_t hierarchy; /* index into v, for PLACE_V1 and PLACE_V2 */
		const char *why;  /* for the others: text for a message */
		const char *hint; /* and the way out */
	} ctl[CTL_COUNT];
	const char *v2_base; /* "" or the cgroup below the v2 mount where davit may make others */
};

/* Asks mountinfo, /proc/cgroups, /proc/self/cgroup and statfs below ROOT ("": the real one). */
MUST_CHECK struct err *cgroup_layout_detect(struct arena *a, const char *root,
					    struct cgroup_layout *ret);

/*
 * The places of one container's cgroup: what the state record keeps, enough for every later command
 * without detecting the layout again.
 */
struct cgroup_dir {
	char *controllers; /* as in struct cgroup_hierarchy */
	char *path;        /* absolute directory of the container's cgroup */
	char *mount;       /* the hierarchy's mount point: removal never goes above it */
	size_t made; /* length of the shortest path made for it, parents included; 0: unknown */
};

struct cgroup_paths {
	char *path; /* "/a/b" within the hierarchies; NULL: the container has no cgroup */
	size_t n;
	struct cgroup_dir *v;
};

enum cgroup_manager { CGROUP_MANAGER_FS, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_DISABLED };

struct cgroup_write {
	size_t dir; /* index into paths.v */
	char *file; /* "memory.limit_in_bytes" */
	char *value;
	char *what;           /* "linux.resources.memory.limit", for messages */
	bool is_optional;     /* a missing file is no error */
	bool warns;           /* but the user is told */
	bool is_pair;         /* when refused, the next row is written first */
	bool is_shared_out;   /* when refused, what removed cgroups had may come back soon */
	const char *hint;     /* NULL, or what helps when the kernel refuses it */
	const char *alt_file; /* NULL, or written when there is no FILE */
	const char *alt_value;
};

/* What will be done, decided before anything is touched. */
struct cgroup_plan {
	enum cgroup_manager manager;
	bool is_rootless;
	enum cgroup_kind kind;
	struct cgroup_paths paths;
	size_t n_writes;
	struct cgroup_write *writes; /* in the order they are made */
	bool may_fail; /* without a path that was asked for: go on without a cgroup, and warn */
	struct device_program *device_program; /* NULL, or for paths.v[device_dir] */
	size_t device_dir;
	bool device_update;         /* DEVICE_PROGRAM, or none, takes the place of what is there */
	struct cgroup_scope *scope; /* systemd's unit around the container; NULL: none */
	pid_t inside; /* the process that the unit was made around: in the cgroup from the start */
	const char *delegate; /* v2: the cgroup below, "a/b", that init begins in; or NULL */
	const uid_t *owner;   /* v2: the host's id of who may arrange that cgroup; or NULL */
};

/* For the hint of what cannot be done without a cgroup. */
#define NO_CGROUP_WHY "it was created on a host, or with options, that gave it none"

struct cgroup_plan_opts {
	const char *id;
	enum cgroup_manager manager;
	bool is_rootless;
	bool is_in_userns; /* as its root: somebody has made it for us */
};

/* Pure but for LAYOUT.  Refuses what the host cannot do, naming member, controller and way out. */
MUST_CHECK struct err *cgroup_plan_make(struct arena *a, const struct spec *spec,
					const struct cgroup_layout *layout,
					const struct cgroup_plan_opts *opts,
					struct cgroup_plan *ret);
/*
 * SUB (may be NULL) is the value of run.oci.delegate-cgroup; OWNER (may be NULL) gets the directory
 * and the files that the kernel's delegate list names.
 */
MUST_CHECK struct err *cgroup_plan_delegation(struct arena *a, const char *sub, const uid_t *owner,
					      struct cgroup_plan *plan);
void cgroup_plan_print(const struct cgroup_plan *plan, struct str *out);
/* The writes for RES in an existing cgroup (update); looks at what is in force there. */
MUST_CHECK struct err *cgroup_plan_update(struct arena *a, const struct spec_resources *res,
					  const struct cgroup_layout *layout,
					  const struct cgroup_paths *paths, bool is_rootless,
					  struct cgroup_plan *ret);

/*
 * Makes the directories and enables v2 controllers on the way down; applies the limits.  A cgroup
 * that exists already must be empty and thawed, otherwise it is refused with the reason.  On error
 * everything made here is removed again.  *ret_v2_fd is a descriptor for CLONE_INTO_CGROUP, or
 * -EBADF when the container has no v2 cgroup.  When PLAN may fail and no cgroup can be made it
 * warns, succeeds and sets *ret_v2_fd to -ENOENT: the caller goes on with empty paths.
 */
MUST_CHECK struct err *cgroup_create(const struct cgroup_plan *plan, int *ret_v2_fd);
/* For a container of the systemd driver: PLAN, an update, changes the properties of UNIT too. */
void cgroup_plan_update_unit(struct arena *a, const char *unit, bool is_rootless,
			     struct cgroup_plan *plan);
/*
 * With systemd the cgroup is a unit around a process, so it is made in two steps.  Before the
 * clone: connects to the manager and corrects PLAN's paths, which depend on where that one is.
 * After it: starts the unit with PID in it, then does what cgroup_create() does in there; PID is in
 * the v2 directory afterwards and has yet to be attached to the v1 ones.
 */
MUST_CHECK struct err *cgroup_scope_open(struct arena *a, struct cgroup_plan *plan,
					 struct cgroup_bus **ret);
MUST_CHECK struct err *cgroup_scope_start(struct arena *a, struct cgroup_bus *bus,
					  struct cgroup_plan *plan, pid_t pid);
void cgroup_scope_close(struct cgroup_bus *bus);
/* In INIT, which has inherited the connection. */
void cgroup_scope_forget(const struct cgroup_bus *bus);
/* The name of the unit, or NULL. */
const char *cgroup_scope_unit(const struct cgroup_plan *plan);
/*
 * Kills what is left, stops the unit and removes its directories, also when systemd is gone.  BUS
 * may be NULL.
 */
MUST_CHECK struct err *cgroup_scope_remove(struct cgroup_bus *bus, const struct cgroup_paths *paths,
					   const char *unit, bool is_rootless);
/* Has the manager move PID into UNIT, on v2 into the sub-cgroup of PATHS. */
MUST_CHECK struct err *cgroup_scope_attach(const struct cgroup_paths *paths, const char *unit,
					   pid_t pid, bool is_rootless);
/* Moves PID into every v1 directory, and into the v2 one unless IN_V2 (it was cloned into it). */
MUST_CHECK struct err *cgroup_attach(const struct cgroup_paths *paths, pid_t pid, bool in_v2);
/* Once PID is in its cgroup: what cgroup_plan_delegation() decided. */
MUST_CHECK struct err *cgroup_delegate(const struct cgroup_plan *plan, pid_t pid);
/*
 * The rows of a plan by cgroup_plan_update(): all of them or none.  COMMIT (may be NULL) is called
 * when they are in force; when it fails, as when the kernel refuses a row, all is put back.
 */
MUST_CHECK struct err *cgroup_update(const struct cgroup_plan *plan,
				     struct err *(*commit)(void *arg), void *arg);
/* Kills what is left, removes all directories bottom-up.  Missing ones are fine.  Bounded. */
MUST_CHECK struct err *cgroup_remove(const struct cgroup_paths *paths);
/*
 * For a container whose runtime was killed before it had made the directories: they may be somebody
 * else's.  Removes those that are empty, kills nothing.
 */
void cgroup_remove_empty(const struct cgroup_paths *paths);

enum freezer_state {
	FREEZER_NONE, /* this host has no freezer for the container: *ret_why says why */
	FREEZER_GONE, /* there is a freezer but the container's cgroup has vanished */
	FREEZER_THAWED,
	FREEZER_FROZEN, /* also while freezing */
};

/* Never an error: what cannot be read is NONE or GONE.  RET_WHY (may be NULL) is set in each case:
 * which file was asked and what it said; owned by the caller. */
enum freezer_state freezer_get(const struct cgroup_paths *paths, char **ret_why);
/* Freezes or thaws and waits (bounded) until the kernel says so. */
MUST_CHECK struct err *freezer_set(const struct cgroup_paths *paths, bool freeze);

/* All processes of the container's cgroup, sub-cgroups included; *ret is malloc'ed. */
MUST_CHECK struct err *cgroup_pids(const struct cgroup_paths *paths, pid_t **ret, size_t *ret_n);
/* Signals all of them: SIGKILL by cgroup.kill where there is one, else walks until empty. */
MUST_CHECK struct err *cgroup_kill(const struct cgroup_paths *paths, int sig);
/* For an error message: did the kernel kill something for memory in this cgroup? */
bool cgroup_had_oom(const struct cgroup_paths *paths);

/* exec: the directories to join below PATHS: SUB is "" or "controller:path" or "path". */
MUST_CHECK struct err *cgroup_sub(struct arena *a, const struct cgroup_paths *paths,
				  const char *sub, struct cgroup_paths *ret);
/* Where PID is now, for exec into a container whose init moved itself. */
MUST_CHECK struct err *cgroup_paths_of(struct arena *a, const struct cgroup_paths *paths, pid_t pid,
				       struct cgroup_paths *ret);
/* A descriptor of the v2 directory for CLONE_INTO_CGROUP, or -EBADF. */
int cgroup_open_v2(const struct cgroup_paths *paths);

#endif
