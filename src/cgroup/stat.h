/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container has used so far: one struct, read from the files of v1 or of v2, and the
 * kernel's word when it kills for memory.
 *
 * What a host does not tell is 0 or empty; no limit is UINT64_MAX.
 */
#ifndef CGROUP_STAT_H
#define CGROUP_STAT_H

#include "cgroup/cgroup.h"
#include "cgroup/stat-file.h"

struct stat_memory_entry {
	uint64_t limit;
	uint64_t usage;
	uint64_t max;
	uint64_t failcnt;
};

enum stat_io_kind {
	IO_BYTES,
	IO_SERVICED,
	IO_QUEUED,
	IO_SERVICE_TIME,
	IO_WAIT_TIME,
	IO_MERGED,
	IO_TIME,
	IO_SECTORS,
	IO_KINDS,
};

struct stat_io_entry {
	uint64_t major;
	uint64_t minor;
	char *op; /* "Read", "Write", …; "" where there is no such thing */
	uint64_t value;
};

struct stat_io_list {
	size_t n;
	struct stat_io_entry *v;
};

struct stat_cpu {
	uint64_t total_ns;
	uint64_t user_ns;
	uint64_t kernel_ns;
	struct stat_numbers percpu;
	struct stat_numbers percpu_kernel;
	struct stat_numbers percpu_user;
	uint64_t periods;
	uint64_t throttled_periods;
	uint64_t throttled_ns;
	struct stat_psi psi;
};

struct stat_cpuset {
	struct stat_numbers cpus;
	struct stat_numbers mems;
	uint64_t cpu_exclusive;
	uint64_t mem_hardwall;
	uint64_t mem_exclusive;
	uint64_t memory_migrate;
	uint64_t memory_spread_page;
	uint64_t memory_spread_slab;
	uint64_t memory_pressure;
	uint64_t sched_load_balance;
	int64_t sched_relax_domain_level;
};

struct stat_memory {
	uint64_t cache;
	struct stat_memory_entry usage;
	struct stat_memory_entry swap; /* with memory, as v1 counts it */
	struct stat_memory_entry kernel;
	struct stat_memory_entry kernel_tcp;
	size_t n_raw;
	struct stat_pair *raw; /* memory.stat */
	uint64_t oom_kills;
	struct stat_psi psi;
};

struct cgroup_stat {
	struct stat_cpu cpu;
	struct stat_cpuset cpuset;
	struct stat_memory memory;
	uint64_t pids;
	uint64_t pids_limit;
	struct stat_io_list io[IO_KINDS];
	struct stat_psi io_psi;
	size_t n_hugetlb;
	struct stat_hugetlb *hugetlb;
};

/* ERR_STATE when the cgroup is gone, ERR_UNSUPPORTED when the container has none. */
MUST_CHECK struct err *cgroup_stat_read(struct arena *a, const struct cgroup_paths *paths,
					struct cgroup_stat *ret);
/* The same from one directory, whatever file system it is on: adds to RET what it finds. */
void stat_read_v1(struct arena *a, int dir_fd, const char *controllers, struct cgroup_stat *ret);
void stat_read_v2(struct arena *a, int dir_fd, struct cgroup_stat *ret);

/*
 * Waits for the kernel to run out of a container's memory.  POLL_FD becomes readable when
 * something may have happened (-EBADF: ask now and then); oom_watch_check() says whether it did.
 */
struct oom_watch {
	int poll_fd;
	int dir_fd;
	bool is_v2;
	bool has_count;   /* the kernel counts what it kills */
	uint64_t count;   /* as of the last check */
	uint64_t signals; /* v1: that came, and are not explained by the count yet */
};

/* Not an error when it cannot be watched: then nothing is ever seen. */
void oom_watch_start(const struct cgroup_paths *paths, struct oom_watch *ret);
bool oom_watch_check(struct oom_watch *w);
void oom_watch_done(struct oom_watch *w);

#endif
