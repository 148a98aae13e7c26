/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masked and read-only paths: each once, never without a mount namespace.
 */
#include "test.h"

#include "base/base.h"
#include "base/str.h"
#include "os/mask.h"
#include "spec/spec.h"

static struct spec_namespace mount_ns[] = { { NS_MOUNT, NULL } };

TEST(each_path_is_masked_once_in_the_order_of_the_config)
{
	static char *paths[] = {
		"/proc/kcore", "/a", "/proc//kcore", "a/", "/b/../a", "/proc/keys"
	};
	auto_arena struct arena *a = arena_new();
	struct spec_linux l = {
		.namespaces = mount_ns,
		.n_namespaces = 1,
		.masked_paths = { true, ARRAY_LEN(paths), paths },
		.readonly_paths = { true, 3, paths },
	};
	struct spec spec = { .linux_ = &l };
	struct mask_plan plan = { 0 };

	expect_ok(mask_plan_make(a, &spec, &plan));
	expect_int(plan.n_masked, 3);
	expect_str(plan.masked[0], "/proc/kcore");
	expect_str(plan.masked[1], "/a");
	expect_str(plan.masked[2], "/proc/keys");
	expect_int(plan.n_readonly, 2);
}

TEST(many_paths_are_planned_quickly)
{
	enum { N = 20000 };
	auto_arena struct arena *a = arena_new();
	char **paths = arena_array(a, char *, N);
	struct spec_linux l = {
		.namespaces = mount_ns,
		.n_namespaces = 1,
		.masked_paths = { true, N, paths },
	};
	struct spec spec = { .linux_ = &l };
	struct mask_plan plan = { 0 };

	for (size_t i = 0; i < N; i++)
		paths[i] = arena_format(a, "/p/%zu", i % 5000);
	expect_ok(mask_plan_make(a, &spec, &plan));
	expect_int(plan.n_masked, 5000);
}

TEST(masks_without_a_mount_namespace_are_refused)
{
	static char *paths[] = { "/proc/kcore" };
	auto_arena struct arena *a = arena_new();
	struct spec_linux l = { .masked_paths = { true, 1, paths } };
	struct spec spec = { .linux_ = &l };
	struct mask_plan plan = { 0 };

	expect_err(mask_plan_make(a, &spec, &plan), ERR_INVALID, "linux.maskedPaths");
	l = (struct spec_linux){ .readonly_paths = { true, 1, paths } };
	expect_err(mask_plan_make(a, &spec, &plan), ERR_INVALID, "linux.readonlyPaths");
	l = (struct spec_linux){ 0 };
	expect_ok(mask_plan_make(a, &spec, &plan));
}

TEST(the_null_device_is_looked_at)
{
	int fd = -EBADF;

	expect_ok(mask_open_null(&fd));
	fd_close(fd);
}

TESTS(CASE(each_path_is_masked_once_in_the_order_of_the_config),
      CASE(many_paths_are_planned_quickly), CASE(masks_without_a_mount_namespace_are_refused),
      CASE(the_null_device_is_looked_at))
