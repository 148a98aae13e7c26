/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels: what is refused, and what is written to a kernel that can give them, which is a directory
 * with files here.
 */
#include "test.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/place.h"
#include "base/str.h"
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

TEST(a_label_of_mounts_is_one)
{
	expect_ok(lsm_check_mount_label(NULL));
	expect_ok(lsm_check_mount_label(""));
	expect_err(lsm_check_mount_label("a\",ro"), ERR_INVALID, "linux.mountLabel");
	expect_err(lsm_check_mount_label("a\nb"), ERR_INVALID, "linux.mountLabel");
	expect_ok(lsm_check_mount_label("system_u:object_r:container_file_t:s0"));
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

/* --- a kernel with the module --------------------------------------------------------------- */

static struct {
	const struct place *proc;
	const char *file;   /* below thread-self/attr */
	const char *answer; /* what it shows after a write */
	char written[256];
} kernel;

static void read_written(void)
{
	auto_free char *path = str_format("thread-self/attr/%s", kernel.file);
	auto_free char *text = NULL;
	size_t len;

	expect_int(file_read_at(kernel.proc->fd, path, sizeof(kernel.written) - 1, &text, &len), 0);
	if (len == 0 || streq(text, kernel.answer))
		return;
	memcpy(kernel.written, text, len + 1);
	place_write(kernel.proc, path, kernel.answer);
}

/* Libc's is not linked then.  Each file of the fake is asked for before it is read. */
int fstatfs(int fd UNUSED, struct statfs *ret)
{
	read_written();
	*ret = (struct statfs){ .f_type = PROC_SUPER_MAGIC };
	return 0;
}

static struct err *apply(struct lsm_plan plan, const char *file, const char *answer)
{
	auto_place struct place proc = place_make();
	auto_free char *path = str_format("thread-self/attr/%s", file);

	expect_int(mkdirat(proc.fd, "thread-self", 0755), 0);
	expect_int(mkdirat(proc.fd, "thread-self/attr", 0755), 0);
	expect_int(mkdirat(proc.fd, "thread-self/attr/apparmor", 0755), 0);
	place_write(&proc, path, "");
	if (plan.no_new_privs)
		place_write(&proc, "thread-self/attr/apparmor/current", "runtime (enforce)\n");
	kernel.proc = &proc;
	kernel.file = file;
	kernel.answer = answer;
	kernel.written[0] = '\0';
	return lsm_apply(&plan, proc.fd);
}

/* row: CF-39 */
TEST(the_profile_is_set_for_the_next_exec)
{
	struct lsm_plan plan = { .apparmor = "crun-default" };

	expect_ok(apply(plan, "apparmor/exec", "crun-default (enforce)\n"));
	expect_str(kernel.written, "exec crun-default");
	/* Linux before 5.8. */
	expect_ok(apply(plan, "exec", "crun-default (enforce)\n"));
	expect_str(kernel.written, "exec crun-default");
	/* A confined runtime may only narrow its profile. */
	plan.no_new_privs = true;
	expect_ok(apply(plan, "apparmor/exec", "runtime//&crun-default (enforce)\n"));
	expect_str(kernel.written, "stack crun-default");
}

/* row: CF-39 */
TEST(a_profile_that_did_not_take_effect_is_an_error)
{
	struct lsm_plan plan = { .apparmor = "crun-default" };

	expect_err(apply(plan, "apparmor/exec", "unconfined\n"), ERR_SYSTEM,
		   "process.apparmorProfile: `crun-default` did not take effect");
	expect_err(apply(plan, "apparmor/exec", "crun-default-other (enforce)\n"), ERR_SYSTEM,
		   "process.apparmorProfile: `crun-default` did not take effect");
}

/* row: CF-49 */
TEST(the_label_is_set_for_the_next_exec)
{
	const char *label = "system_u:system_r:container_t:s0:c1,c2";
	struct lsm_plan plan = { .selinux = label };

	expect_ok(apply(plan, "exec", label));
	expect_err(apply(plan, "exec", "system_u:system_r:init_t:s0"), ERR_SYSTEM,
		   "process.selinuxLabel");
	expect_str(kernel.written, label);
}

TESTS(CASE(nothing_asked_is_nothing_done), CASE(an_absent_module_is_refused),
      CASE(a_label_of_mounts_is_one), CASE(unconfined_asks_for_nothing), CASE(a_label_is_one_line),
      CASE(the_profile_is_set_for_the_next_exec),
      CASE(a_profile_that_did_not_take_effect_is_an_error),
      CASE(the_label_is_set_for_the_next_exec))
