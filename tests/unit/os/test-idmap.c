/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Id mappings: the default one, checks, look-up.
 */
#include "test.h"

#include "os/idmap.h"

static void expect_rows(const struct spec_id_mapping *rows, size_t n,
			const struct spec_id_mapping *want, size_t n_want)
{
	expect_int(n, n_want);
	for (size_t i = 0; i < n; i++) {
		expect_int(rows[i].container_id, want[i].container_id);
		expect_int(rows[i].host_id, want[i].host_id);
		expect_int(rows[i].size, want[i].size);
	}
}

TEST(the_caller_becomes_the_configured_user)
{
	struct spec_id_mapping rows[IDMAP_MAX];
	const struct spec_id_mapping want[] = {
		{ 0, 100000, 33 },
		{ 33, 1000, 1 },
		{ 34, 100033, 65503 },
	};

	expect_rows(rows, idmap_default("x:1:2\nme:100000:65536\n", "me", 1000, 33, rows), want, 3);
}

TEST(the_caller_becomes_root_when_root_is_configured)
{
	struct spec_id_mapping rows[IDMAP_MAX];
	const struct spec_id_mapping want[] = { { 0, 1000, 1 }, { 1, 100000, 65536 } };

	expect_rows(rows, idmap_default("me:100000:65536", "me", 1000, 0, rows), want, 2);
}

TEST(lines_for_the_number_count_too_and_all_ranges_are_used)
{
	struct spec_id_mapping rows[IDMAP_MAX];
	const struct spec_id_mapping want[] = {
		{ 0, 10, 3 }, { 3, 20, 2 }, { 5, 7, 1 }, { 6, 22, 1 }, { 7, 30, 4 },
	};

	expect_rows(rows, idmap_default("me:10:3\n7:20:3\n8:1:1\nme:30:4\n", "me", 7, 5, rows),
		    want, 5);
}

TEST(without_ranges_only_the_caller_is_mapped)
{
	struct spec_id_mapping rows[IDMAP_MAX];
	const struct spec_id_mapping want[] = { { 5, 1000, 1 } };

	expect_rows(rows, idmap_default(NULL, NULL, 1000, 5, rows), want, 1);
	expect_rows(rows,
		    idmap_default("me:1:0\nme\nme:\nme:x:3\nme:1:-3\n:::\n", "me", 1000, 5, rows),
		    want, 1);
}

TEST(more_ranges_than_the_kernel_takes_are_cut_off)
{
	struct spec_id_mapping rows[IDMAP_MAX];
	char text[4096] = "";

	for (size_t i = 0; i < 400; i++)
		strcat(text, "me:9:2\n");
	expect(idmap_default(text, "me", 1000, 7, rows) <= IDMAP_MAX);
}

TEST(look_up_maps_into_the_range_only)
{
	const struct spec_id_mapping map[] = { { 0, 1000, 1 }, { 1, 100000, 10 } };
	uint32_t id = 0;

	expect(idmap_to_host(map, 2, 10, &id) && id == 100009);
	expect(idmap_to_host(map, 2, 0, &id) && id == 1000);
	expect(!idmap_to_host(map, 2, 11, &id));
}

TEST(the_kernels_text_tells_where_root_is)
{
	uint32_t id = 0;

	expect(idmap_text_root("         1     100000  65536\n         0       1000          1\n",
			       &id));
	expect_int(id, 1000);
	expect(!idmap_text_root("         5     100000  65536\n", &id));
	expect(!idmap_text_root("", &id));
}

static struct err *plan(struct spec_id_mapping *map, size_t n)
{
	auto_arena struct arena *a = arena_new();
	struct spec_id_mapping one[] = { { 0, 0, 1 } };
	struct spec_linux l = {
		.uid_mappings = { true, 1, one },
		.gid_mappings = { true, n, map },
	};
	struct spec spec = { .linux_ = &l };
	struct idmap_plan p;

	return idmap_plan_make(a, &spec, &p);
}

TEST(wrong_mappings_are_refused_by_name)
{
	struct spec_id_mapping zero[] = { { 0, 0, 1 }, { 5, 5, 0 } };
	struct spec_id_mapping inside[] = { { 0, 0, 10 }, { 9, 100, 10 } };
	struct spec_id_mapping outside[] = { { 0, 100, 10 }, { 50, 91, 10 } };
	struct spec_id_mapping high[] = { { 4294967290U, 0, 10 } };
	struct spec_id_mapping many[IDMAP_MAX + 1];

	expect_err(plan(zero, 2), ERR_INVALID, "linux.gidMappings[1].size: is 0");
	expect_err(plan(inside, 2), ERR_INVALID,
		   "linux.gidMappings[1]: overlaps linux.gidMappings[0]");
	expect_err(plan(outside, 2), ERR_INVALID, "linux.gidMappings[1]: overlaps");
	expect_err(plan(high, 1), ERR_INVALID, "goes beyond the highest id");
	for (size_t i = 0; i <= IDMAP_MAX; i++)
		many[i] = (struct spec_id_mapping){ (uint32_t)i, (uint32_t)i, 1 };
	expect_err(plan(many, IDMAP_MAX + 1), ERR_INVALID, "341 mappings, the kernel takes 340");
	expect_ok(plan(many, IDMAP_MAX));
}

TESTS(CASE(the_caller_becomes_the_configured_user),
      CASE(the_caller_becomes_root_when_root_is_configured),
      CASE(lines_for_the_number_count_too_and_all_ranges_are_used),
      CASE(without_ranges_only_the_caller_is_mapped),
      CASE(more_ranges_than_the_kernel_takes_are_cut_off), CASE(look_up_maps_into_the_range_only),
      CASE(the_kernels_text_tells_where_root_is), CASE(wrong_mappings_are_refused_by_name))
