/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many allocations, one free (which the leak checker watches).
 */
#include "base/arena.h"
#include "test.h"

TEST(memory_is_zeroed_and_aligned)
{
	auto_arena struct arena *a = arena_new();

	for (size_t size = 0; size < 200; size++) {
		char *p = arena_alloc(a, size);

		expect_int((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			expect_int(p[i], 0);
		memset(p, 0xff, size);
	}
}

TEST(allocations_do_not_overlap)
{
	auto_arena struct arena *a = arena_new();
	char *p[500];

	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		p[i] = arena_alloc(a, 100);
		memset(p[i], (int)(i & 0x7f), 100);
	}
	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		expect_int(p[i][0], i & 0x7f);
		expect_int(p[i][99], i & 0x7f);
	}
}

TEST(an_allocation_larger_than_a_block_works)
{
	auto_arena struct arena *a = arena_new();
	char *big = arena_alloc(a, 1000000);
	char *small = arena_alloc(a, 1);

	memset(big, 1, 1000000);
	expect_int(*small, 0);
}

TEST(strings_are_copied_and_formatted)
{
	auto_arena struct arena *a = arena_new();
	uint32_t *list = arena_array(a, uint32_t, 4);

	list[3] = 7;
	expect_str(arena_str(a, "text"), "text");
	expect_str(arena_str_n(a, "text", 2), "te");
	expect_str(arena_str(a, ""), "");
	expect_str(arena_format(a, "%s-%d", "a", 5), "a-5");
}

TEST(freeing_nothing_is_fine)
{
	arena_free(NULL);
	arena_free(arena_new());
}

TESTS(CASE(memory_is_zeroed_and_aligned), CASE(allocations_do_not_overlap),
      CASE(an_allocation_larger_than_a_block_works), CASE(strings_are_copied_and_formatted),
      CASE(freeing_nothing_is_fine))
