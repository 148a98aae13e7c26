/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes put over resources, as update keeps them.
 */
#include "test.h"

#include "spec/spec.h"

static struct spec_resources *parse(struct arena *a, const char *text)
{
	struct spec_resources *r = NULL;

	expect_ok(spec_parse_resources(a, text, strlen(text), &r));
	return r;
}

/* BASE with OVER put over it is WANT. */
static void expect_merged(const char *base, const char *over, const char *want)
{
	auto_arena struct arena *a = arena_new();
	auto_str struct str got = { 0 };
	auto_str struct str wanted = { 0 };
	struct spec_resources *b = base ? parse(a, base) : NULL;
	auto_str struct str before = { 0 };
	auto_str struct str after = { 0 };

	if (b)
		spec_print_resources(b, &before);
	spec_print_resources(spec_merge_resources(a, b, parse(a, over)), &got);
	spec_print_resources(parse(a, want), &wanted);
	expect_str(got.s, wanted.s);
	if (!b)
		return;
	spec_print_resources(b, &after);
	expect_str(after.s, before.s);
}

TEST(what_is_not_named_stays)
{
	expect_merged("{\"cpu\":{\"quota\":5,\"period\":6},\"pids\":{\"limit\":7}}",
		      "{\"cpu\":{\"period\":8}}",
		      "{\"cpu\":{\"quota\":5,\"period\":8},\"pids\":{\"limit\":7}}");
}

TEST(there_may_be_nothing_before)
{
	expect_merged(NULL, "{\"memory\":{\"limit\":9}}", "{\"memory\":{\"limit\":9}}");
}

TEST(limits_of_devices_are_replaced_one_by_one)
{
	expect_merged(
		"{\"blockIO\":{\"throttleReadBpsDevice\":["
		"{\"major\":8,\"minor\":0,\"rate\":1},{\"major\":8,\"minor\":1,\"rate\":2}]}}",
		"{\"blockIO\":{\"throttleReadBpsDevice\":["
		"{\"major\":8,\"minor\":1,\"rate\":3},{\"major\":8,\"minor\":2,\"rate\":4}]}}",
		"{\"blockIO\":{\"throttleReadBpsDevice\":["
		"{\"major\":8,\"minor\":0,\"rate\":1},{\"major\":8,\"minor\":1,\"rate\":3},"
		"{\"major\":8,\"minor\":2,\"rate\":4}]}}");
}

TEST(page_sizes_interfaces_rdma_and_unified_have_their_keys)
{
	expect_merged(
		"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1}],"
		"\"network\":{\"priorities\":[{\"name\":\"a\",\"priority\":1}]},"
		"\"rdma\":{\"x\":{\"hcaHandles\":1}},\"unified\":{\"memory.high\":\"1\"}}",
		"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":2},"
		"{\"pageSize\":\"1GB\",\"limit\":3}],"
		"\"network\":{\"classID\":4,\"priorities\":[{\"name\":\"b\",\"priority\":5}]},"
		"\"rdma\":{\"x\":{\"hcaHandles\":6}},\"unified\":{\"memory.low\":\"7\"}}",
		"{\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":2},"
		"{\"pageSize\":\"1GB\",\"limit\":3}],"
		"\"network\":{\"classID\":4,\"priorities\":[{\"name\":\"a\",\"priority\":1},"
		"{\"name\":\"b\",\"priority\":5}]},\"rdma\":{\"x\":{\"hcaHandles\":6}},"
		"\"unified\":{\"memory.high\":\"1\",\"memory.low\":\"7\"}}");
}

TEST(device_rules_are_replaced_as_a_whole_unless_there_are_none)
{
	expect_merged("{\"devices\":[{\"allow\":false}]}",
		      "{\"devices\":[{\"allow\":true,\"type\":\"c\"}]}",
		      "{\"devices\":[{\"allow\":true,\"type\":\"c\"}]}");
	expect_merged("{\"devices\":[{\"allow\":false}]}", "{\"devices\":[]}",
		      "{\"devices\":[{\"allow\":false}]}");
}

TEST(an_empty_cpu_list_is_no_list)
{
	expect_merged("{\"cpu\":{\"cpus\":\"0-1\"}}", "{\"cpu\":{\"cpus\":\"\",\"mems\":\"0\"}}",
		      "{\"cpu\":{\"cpus\":\"0-1\",\"mems\":\"0\"}}");
}

TESTS(CASE(what_is_not_named_stays), CASE(there_may_be_nothing_before),
      CASE(limits_of_devices_are_replaced_one_by_one),
      CASE(page_sizes_interfaces_rdma_and_unified_have_their_keys),
      CASE(device_rules_are_replaced_as_a_whole_unless_there_are_none),
      CASE(an_empty_cpu_list_is_no_list))
