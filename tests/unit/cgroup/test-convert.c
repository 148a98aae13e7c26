/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arithmetic between cgroup v1 and v2 values.
 */
#include "test.h"

#include "cgroup/convert.h"

/* row: CL-53, CL-69 */
TEST(shares_become_weights_by_the_quadratic_formula)
{
	static const uint64_t table[][2] = {
		{ 0, 1 },
		{ 1, 1 },
		{ 2, 1 },
		{ 3, 2 },
		{ 4, 2 },
		{ 10, 4 },
		{ 50, 10 },
		{ 100, 17 },
		{ 128, 21 },
		{ 256, 35 },
		{ 500, 58 },
		{ 512, 59 },
		{ 1000, 99 },
		{ 1023, 100 },
		{ 1024, 100 },
		{ 1025, 101 },
		{ 2048, 174 },
		{ 4096, 303 },
		{ 10000, 627 },
		{ 65536, 3023 },
		{ 100000, 4340 },
		{ 200000, 7899 },
		{ 262143, 10000 },
		{ 262144, 10000 },
		{ UINT64_MAX, 10000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		expect_int(convert_shares_to_weight(table[i][0]), table[i][1]);
}

TEST(weights_never_fall_when_shares_rise)
{
	uint64_t last = 0;

	for (uint64_t shares = 0; shares < 300000; shares += 7) {
		uint64_t weight = convert_shares_to_weight(shares);

		expect(weight >= last && weight >= 1 && weight <= 10000);
		last = weight;
	}
}

/* row: CL-58, CL-69 */
TEST(blkio_weights_become_io_weights)
{
	static const uint64_t table[][2] = {
		{ 0, 1 },        { 9, 1 },
		{ 10, 1 },       { 11, 11 },
		{ 100, 910 },    { 500, 4950 },
		{ 999, 9989 },   { 1000, 10000 },
		{ 1001, 10000 }, { UINT64_MAX, 10000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		expect_int(convert_blkio_to_io_weight(table[i][0]), table[i][1]);
}

TEST(page_sizes_are_written_like_the_kernel_does)
{
	static const char *const good[] = { "2MB", "1GB", "64KB", "512MB", "16GB" };
	static const char *const bad[] = { "",    "MB",   "2M",    "2mb",    "02MB",
					   "2TB", "2 MB", "2MB/x", "../2MB", "1.5MB" };

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		expect(convert_is_page_size(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		expect(!convert_is_page_size(bad[i]));
}

/* row: CL-47, CL-69 */
TEST(memory_and_swap_together_become_swap_alone)
{
	uint64_t v;

	expect_int(convert_swap(false, 5, true, 3, &v), SWAP_NONE);
	expect_int(convert_swap(true, -1, false, 0, &v), SWAP_MAX);
	expect_int(convert_swap(true, -1, true, 100, &v), SWAP_MAX);
	expect_int(convert_swap(true, 300, true, 100, &v), SWAP_VALUE);
	expect_int(v, 200);
	expect_int(convert_swap(true, 100, true, 100, &v), SWAP_VALUE);
	expect_int(v, 0);
	expect_int(convert_swap(true, 0, false, 0, &v), SWAP_VALUE);
	expect_int(v, 0);
	expect_int(convert_swap(true, 300, false, 0, &v), SWAP_NO_LIMIT);
	expect_int(convert_swap(true, 300, true, -1, &v), SWAP_NO_LIMIT);
	expect_int(convert_swap(true, 99, true, 100, &v), SWAP_BELOW_LIMIT);
}

TESTS(CASE(shares_become_weights_by_the_quadratic_formula),
      CASE(weights_never_fall_when_shares_rise), CASE(blkio_weights_become_io_weights),
      CASE(page_sizes_are_written_like_the_kernel_does),
      CASE(memory_and_swap_together_become_swap_alone))
