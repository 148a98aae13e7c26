/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels that the host cannot give are refused.  (Where it can, the integration tests look.)
 */
#include "test.h"

#include "os/lsm.h"

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

TEST(nothing_asked_is_nothing_done)
{
	struct lsm_plan plan;

	expect_ok(lsm_plan_make(NULL, "", &plan));
	expect(!plan.apparmor && !plan.selinux);
	expect_ok(lsm_apply(&plan, -1));
	expect_ok(lsm_label_keyring(&plan, -1));
}

TEST(an_absent_module_is_refused)
{
	struct lsm_plan plan;

	if (!exists("/sys/module/apparmor/parameters/enabled"))
		expect_err(lsm_plan_make("crun-default", NULL, &plan), ERR_UNSUPPORTED,
			   "process.apparmorProfile");
	if (!exists("/sys/fs/selinux/enforce"))
		expect_err(lsm_plan_make(NULL, "system_u:system_r:container_t:s0", &plan),
			   ERR_UNSUPPORTED, "process.selinuxLabel: SELinux is not enabled");
}

TEST(a_label_of_mounts_is_not_silently_left_out)
{
	expect_ok(lsm_check_mount_label(NULL));
	expect_ok(lsm_check_mount_label(""));
	expect_err(lsm_check_mount_label("a\",ro"), ERR_INVALID, "linux.mountLabel");
	expect_err(lsm_check_mount_label("a\nb"), ERR_INVALID, "linux.mountLabel");
	if (exists("/sys/fs/selinux/enforce"))
		expect_ok(lsm_check_mount_label("system_u:object_r:container_file_t:s0"));
	else
		expect_err(lsm_check_mount_label("system_u:object_r:container_file_t:s0"),
			   ERR_UNSUPPORTED, "linux.mountLabel: SELinux is not enabled");
}

TEST(unconfined_asks_for_nothing)
{
	struct lsm_plan plan;

	expect_ok(lsm_plan_make("unconfined", NULL, &plan));
}

TEST(a_label_is_one_line)
{
	struct lsm_plan plan;

	expect_err(lsm_plan_make("a\nb", NULL, &plan), ERR_INVALID, "process.apparmorProfile");
	expect_err(lsm_plan_make(NULL, "a\nb", &plan), ERR_INVALID, "process.selinuxLabel");
}

TESTS(CASE(nothing_asked_is_nothing_done), CASE(an_absent_module_is_refused),
      CASE(a_label_of_mounts_is_not_silently_left_out), CASE(unconfined_asks_for_nothing),
      CASE(a_label_is_one_line))
