/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statistics from the files of one cgroup.
 */
#include <fcntl.h>

#include "fixture.h"

#include "cgroup/stat.h"

#define ALL_V1 "cpu,cpuacct,cpuset,memory,pids,blkio,hugetlb"

static int open_dir(const char *name)
{
	auto_free char *path = str_format("%s/%s", DATA, name);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	expect(fd >= 0);
	return fd;
}

static struct cgroup_stat read_v1(struct arena *a, const char *name, const char *controllers)
{
	auto_close int fd = open_dir(name);
	struct cgroup_stat s = { 0 };

	stat_read_v1(a, fd, controllers, &s);
	return s;
}

static struct cgroup_stat read_v2(struct arena *a, const char *name)
{
	auto_close int fd = open_dir(name);
	struct cgroup_stat s = { 0 };

	stat_read_v2(a, fd, &s);
	return s;
}

static void expect_numbers(const struct stat_numbers *l, const char *want)
{
	auto_str struct str got = { 0 };

	str_add(&got, "");
	for (size_t i = 0; i < l->n; i++)
		str_addf(&got, "%llu ", (unsigned long long)l->v[i]);
	expect_str(got.s, want);
}

static void expect_io(const struct stat_io_list *l, const char *want)
{
	auto_str struct str got = { 0 };

	str_add(&got, "");
	for (size_t i = 0; i < l->n; i++)
		str_addf(&got, "%llu:%llu %s %llu;", (unsigned long long)l->v[i].major,
			 (unsigned long long)l->v[i].minor, l->v[i].op,
			 (unsigned long long)l->v[i].value);
	expect_str(got.s, want);
}

TEST(cpu_time_is_nanoseconds_in_both)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_stat v1 = read_v1(a, "stat-v1", ALL_V1);
	struct cgroup_stat v2 = read_v2(a, "stat-v2");

	expect(v1.cpu.total_ns == 1500000000 && v2.cpu.total_ns == 1500000000);
	expect(v1.cpu.user_ns == 1000000000 && v2.cpu.user_ns == 1000000000);
	expect(v1.cpu.kernel_ns == 500000000 && v2.cpu.kernel_ns == 500000000);
	expect(v1.cpu.periods == 10 && v2.cpu.periods == 10);
	expect(v1.cpu.throttled_periods == 3 && v2.cpu.throttled_periods == 3);
	expect(v1.cpu.throttled_ns == 7000000 && v2.cpu.throttled_ns == 7000000);
}

TEST(v1_tells_each_processor)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_stat s = read_v1(a, "stat-v1", "cpuacct");

	expect_numbers(&s.cpu.percpu, "1000000000 500000000 ");
	expect_numbers(&s.cpu.percpu_user, "600000000 300000000 ");
	expect_numbers(&s.cpu.percpu_kernel, "400000000 200000000 ");
	/* Only the controllers of the directory are read. */
	expect(s.cpu.periods == 0 && s.memory.usage.usage == 0);
}

TEST(pressure_is_hundredths_of_a_per_cent)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_stat s = read_v2(a, "stat-v2");

	expect(s.cpu.psi.set && s.memory.psi.set && s.io_psi.set);
	expect_int(s.cpu.psi.some.avg10, 123);
	expect_int(s.cpu.psi.some.avg60, 5);
	expect_int(s.cpu.psi.some.avg300, 10000);
	expect_int(s.cpu.psi.some.total_us, 4567);
	expect_int(s.cpu.psi.full.avg300, 1);
	expect_int(s.io_psi.some.avg10, 10);
	expect(!read_v1(a, "stat-v1", ALL_V1).cpu.psi.set);
}

TEST(cpusets_are_lists)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_stat v1 = read_v1(a, "stat-v1", ALL_V1);
	struct cgroup_stat v2 = read_v2(a, "stat-v2");

	expect_numbers(&v1.cpuset.cpus, "1 3 ");
	expect_numbers(&v1.cpuset.mems, "0 1 ");
	expect(v1.cpuset.cpu_exclusive == 1 && v1.cpuset.sched_load_balance == 1);
	expect(v1.cpuset.sched_relax_domain_level == -1);
	expect_numbers(&v2.cpuset.cpus, "0 1 2 7 ");
	expect_numbers(&v2.cpuset.mems, "0 ");
}

TEST(memory_of_v1)
{
	auto_arena struct arena *a = arena_new();
	struct stat_memory m = read_v1(a, "stat-v1", ALL_V1).memory;

	expect(m.usage.usage == 4096000 && m.usage.max == 5000000);
	expect(m.usage.limit == 67108864 && m.usage.failcnt == 4);
	expect(m.swap.usage == 4097000 && m.swap.limit == 134217728);
	expect(m.kernel.usage == 300 && m.kernel_tcp.usage == 0);
	expect(m.cache == 2000 && m.oom_kills == 1);
	expect_int(m.n_raw, 4);
	expect_str(m.raw[2].name, "hierarchical_memory_limit");
	expect(m.raw[2].value == 67108864);
}

TEST(swap_of_v2_is_told_with_memory)
{
	auto_arena struct arena *a = arena_new();
	struct stat_memory m = read_v2(a, "stat-v2").memory;

	expect(m.usage.usage == 4096000 && m.usage.max == 5000000);
	expect(m.usage.limit == UINT64_MAX && m.usage.failcnt == 4);
	expect(m.swap.usage == 4097000 && m.swap.limit == UINT64_MAX);
	expect(m.cache == 2000 && m.kernel.usage == 300 && m.oom_kills == 1);
	expect_int(m.n_raw, 4);
}

TEST(pids_of_both)
{
	auto_arena struct arena *a = arena_new();

	expect(read_v1(a, "stat-v1", ALL_V1).pids == 3);
	expect(read_v1(a, "stat-v1", ALL_V1).pids_limit == 20);
	expect(read_v2(a, "stat-v2").pids_limit == UINT64_MAX);
}

TEST(the_scheduler_that_has_lines_is_taken)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_stat s = read_v1(a, "stat-v1", ALL_V1);

	expect_io(&s.io[IO_BYTES], "8:0 Read 10;8:0 Write 20;8:0 Total 30;");
	expect_io(&s.io[IO_SERVICED], "8:0 Read 1;");
	expect_io(&s.io[IO_TIME], "8:0  77;");
	expect_io(&s.io[IO_MERGED], "");
}

TEST(io_of_v2_is_split_as_v1_does)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_stat s = read_v2(a, "stat-v2");

	expect_io(&s.io[IO_BYTES], "8:0 Read 10;8:0 Write 20;8:0 Discard 0;"
				   "8:16 Read 30;8:16 Write 40;8:16 Discard 5;");
	expect_io(&s.io[IO_SERVICED], "8:0 Read 1;8:0 Write 2;8:0 Discard 0;"
				      "8:16 Read 3;8:16 Write 4;8:16 Discard 6;");
}

TEST(huge_pages_without_reservations)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_stat v1 = read_v1(a, "stat-v1", ALL_V1);
	struct cgroup_stat v2 = read_v2(a, "stat-v2");

	expect_int(v1.n_hugetlb, 1);
	expect_str(v1.hugetlb[0].size, "2MB");
	expect(v1.hugetlb[0].usage == 2097152 && v1.hugetlb[0].max == 4194304);
	expect(v1.hugetlb[0].failcnt == 6);
	expect_int(v2.n_hugetlb, 2);
	expect_str(v2.hugetlb[0].size, "1GB");
	expect_str(v2.hugetlb[1].size, "2MB");
	expect(v2.hugetlb[1].usage == 2097152 && v2.hugetlb[1].failcnt == 6);
}

TEST(garbage_is_not_believed_and_does_no_harm)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_stat v1 = read_v1(a, "stat-garbage", ALL_V1);
	struct cgroup_stat v2 = read_v2(a, "stat-garbage");

	expect(v1.cpu.total_ns == 0 && v2.cpu.total_ns == 0);
	expect(v1.cpu.percpu.n == 0 && v1.cpu.percpu_user.n == 0);
	expect(v2.cpu.psi.some.total_us == 0 && v2.cpu.psi.full.avg10 == 0);
	expect(v2.cpuset.cpus.n <= 65536);
	expect(v1.io[IO_SERVICED].n == 0);
	expect_int(v2.n_hugetlb, 0);
}

TEST(an_empty_directory_has_nothing)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_stat s = read_v2(a, "v2-systemd/proc");
	struct cgroup_stat none = { 0 };

	expect(s.memory.usage.usage == none.memory.usage.usage && s.n_hugetlb == 0);
	expect(!s.cpu.psi.set && s.pids == 0);
}

TEST(a_container_without_a_cgroup_is_told)
{
	auto_arena struct arena *a = arena_new();
	struct cgroup_paths paths = { 0 };
	struct cgroup_stat s;

	expect_err(cgroup_stat_read(a, &paths, &s), ERR_UNSUPPORTED, "has no cgroup");
}

TESTS(CASE(cpu_time_is_nanoseconds_in_both), CASE(v1_tells_each_processor),
      CASE(pressure_is_hundredths_of_a_per_cent), CASE(cpusets_are_lists), CASE(memory_of_v1),
      CASE(swap_of_v2_is_told_with_memory), CASE(pids_of_both),
      CASE(the_scheduler_that_has_lines_is_taken), CASE(io_of_v2_is_split_as_v1_does),
      CASE(huge_pages_without_reservations), CASE(garbage_is_not_believed_and_does_no_harm),
      CASE(an_empty_directory_has_nothing), CASE(a_container_without_a_cgroup_is_told))
