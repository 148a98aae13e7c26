/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of ids and capabilities.
 */
#include "test.h"

#include <linux/capability.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/str.h"
#include "os/cred.h"
#include "spec/spec.h"

#define BIT(cap) ((uint64_t)1 << (cap))

static struct str logged;

static void sink(void *arg UNUSED, enum log_level level UNUSED, const char *msg)
{
	str_addf(&logged, "%s\n", msg);
}

static struct err *plan(const struct spec_process *p, struct cred_plan *ret)
{
	static struct arena *a;

	arena_free(a);
	a = arena_new();
	str_done(&logged);
	str_add(&logged, "");
	log_set_sink(sink, NULL, LOG_LEVEL_WARNING);
	return cred_plan_make(a, p, false, ret);
}

#define STRINGS(...)                                                     \
	{                                                                \
		true, ARRAY_LEN(((char *[]){ __VA_ARGS__ })), (char *[]) \
		{                                                        \
			__VA_ARGS__                                      \
		}                                                        \
	}

TEST(nothing_configured_is_root_without_capabilities)
{
	struct spec_process p = { 0 };
	struct cred_plan c;

	expect_ok(plan(&p, &c));
	expect(c.uid == 0 && c.gid == 0 && c.n_groups == 0 && !c.no_new_privs);
	expect(!(c.bounding | c.permitted | c.effective | c.inheritable | c.ambient));
	expect(c.has_umask && c.umask == 022);
}

TEST(names_become_bits)
{
	struct spec_capabilities caps = {
		.bounding = STRINGS("CAP_CHOWN", "CAP_BPF"),
		.permitted = STRINGS("CAP_CHOWN"),
		.effective = STRINGS("CAP_CHOWN"),
	};
	struct spec_process p = { .capabilities = &caps };
	struct cred_plan c;

	expect_ok(plan(&p, &c));
	expect(c.bounding == (BIT(CAP_CHOWN) | BIT(CAP_BPF)));
	expect(c.permitted == BIT(CAP_CHOWN) && c.effective == BIT(CAP_CHOWN));
	expect(c.inheritable == 0 && c.ambient == 0);
}

TEST(unknown_names_warn_once_and_are_left_out)
{
	struct spec_capabilities caps = {
		.bounding = STRINGS("CAP_CHOWN", "CAP_TIME_TRAVEL"),
		.permitted = STRINGS("CAP_TIME_TRAVEL", "CAP_X"),
	};
	struct spec_process p = { .capabilities = &caps };
	struct cred_plan c;

	expect_ok(plan(&p, &c));
	expect(c.bounding == BIT(CAP_CHOWN) && c.permitted == 0);
	expect_str(logged.s,
		   "ignoring unknown or unavailable capabilities: [CAP_TIME_TRAVEL CAP_X]\n");
}

TEST(ambient_without_inheritable_warns)
{
	struct spec_capabilities caps = {
		.permitted = STRINGS("CAP_CHOWN", "CAP_KILL"),
		.inheritable = STRINGS("CAP_KILL"),
		.ambient = STRINGS("CAP_CHOWN", "CAP_KILL"),
	};
	struct spec_process p = { .capabilities = &caps };
	struct cred_plan c;

	expect_ok(plan(&p, &c));
	expect(c.ambient == BIT(CAP_KILL));
	expect_str(logged.s, "can't raise ambient capability CAP_CHOWN: operation not permitted\n");
}

TEST(effective_without_permitted_is_refused)
{
	struct spec_capabilities caps = { .effective = STRINGS("CAP_CHOWN", "CAP_KILL") };
	struct spec_process p = { .capabilities = &caps };
	struct cred_plan c;

	expect_err(plan(&p, &c), ERR_INVALID,
		   "process.capabilities.effective: CAP_CHOWN, CAP_KILL: must be in permitted too");
}

TEST(the_no_change_id_is_refused)
{
	uint32_t groups[] = { 1, UINT32_MAX };
	struct spec_user user = { .uid = UINT32_MAX };
	struct spec_process p = { .user = &user };
	struct cred_plan c;

	expect_err(plan(&p, &c), ERR_INVALID, "process.user.uid: 4294967295 is not an id");
	user = (struct spec_user){ .gid = UINT32_MAX };
	expect_err(plan(&p, &c), ERR_INVALID, "process.user.gid");
	user = (struct spec_user){ .additional_gids = groups, .n_additional_gids = 2 };
	expect_err(plan(&p, &c), ERR_INVALID, "process.user.additionalGids[1]");
	user = (struct spec_user){ .n_additional_gids = 65537 };
	expect_err(plan(&p, &c), ERR_INVALID, "65537 groups, the kernel takes 65536");
}

TEST(the_umask_has_nine_bits)
{
	struct spec_user user = { .umask = { true, 01000 } };
	struct spec_process p = { .user = &user };
	struct cred_plan c;

	expect_err(plan(&p, &c), ERR_INVALID, "process.user.umask: 01000 is above 0777");
	user.umask.value = 077;
	expect_ok(plan(&p, &c));
	expect(c.umask == 077);
}

TESTS(CASE(nothing_configured_is_root_without_capabilities), CASE(names_become_bits),
      CASE(unknown_names_warn_once_and_are_left_out), CASE(ambient_without_inheritable_warns),
      CASE(effective_without_permitted_is_refused), CASE(the_no_change_id_is_refused),
      CASE(the_umask_has_nine_bits))
