/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The list of seccomp plugins.  What they do is in tests/integration/test_seccomp_plugins.py.
 */
#include "test.h"

#include "os/seccomp-plugin.h"

TEST(names_are_absolute_paths_or_bare)
{
	auto_strv struct strv names = { 0 };

	expect_ok(seccomp_plugin_names("/a/b.so:c.so", &names));
	expect_int(names.n, 2);
	expect_str(names.v[0], "/a/b.so");
	expect_str(names.v[1], "c.so");
}

TEST(empty_names_are_passed_over)
{
	auto_strv struct strv names = { 0 };

	expect_ok(seccomp_plugin_names(":c.so::", &names));
	expect_int(names.n, 1);
}

TEST(a_list_without_names_is_refused)
{
	auto_strv struct strv names = { 0 };

	expect_err(seccomp_plugin_names("", &names), ERR_INVALID, "names no plugin");
	expect_err(seccomp_plugin_names("::", &names), ERR_INVALID, "names no plugin");
}

TEST(relative_paths_are_refused)
{
	auto_strv struct strv names = { 0 };

	expect_err(seccomp_plugin_names("/a.so:./b.so", &names), ERR_INVALID,
		   "`./b.so` is a relative path");
}

TEST(a_library_without_the_functions_is_no_plugin)
{
	struct spec_strings none = { .n = 1, .v = (char *[]){ (char *)"/no/such.so" } };
	struct spec_strings libc = { .n = 1, .v = (char *[]){ (char *)"libc.so.6" } };
	struct seccomp_plugins *p;

	expect_err(seccomp_plugins_load(&none, &p), ERR_INVALID, "load `/no/such.so`");
	expect_err(seccomp_plugins_load(&libc, &p), ERR_INVALID,
		   "`libc.so.6` does not export run_oci_seccomp_notify_handle_request");
}

TESTS(CASE(names_are_absolute_paths_or_bare), CASE(empty_names_are_passed_over),
      CASE(a_list_without_names_is_refused), CASE(relative_paths_are_refused),
      CASE(a_library_without_the_functions_is_no_plugin))
