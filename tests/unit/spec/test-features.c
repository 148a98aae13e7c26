/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The features document: JSON, complete, and in step with the tables.
 */
#include <json-c/json.h>

#include "spec-test.h"
#include "spec/words.h"

/* The value at PATH, a list of names; the tree is put by the caller. */
static struct json_object *at(struct json_object *o, const char *const *path)
{
	for (; *path && o; path++)
		o = json_object_object_get(o, *path);
	return o;
}
#define AT(o, ...) at((o), (const char *const[]){ __VA_ARGS__, NULL })

static struct json_object *features(void)
{
	auto_free char *text = spec_features();
	struct json_object *o = json_tokener_parse(text);

	expect(o != NULL);
	return o;
}

static bool has(struct json_object *list, const char *word)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		if (streq(json_object_get_string(json_object_array_get_idx(list, i)), word))
			return true;
	}
	return false;
}

TEST(versions_and_lists_are_there)
{
	struct json_object *o = features();

	expect_str(json_object_get_string(AT(o, "ociVersionMin")), "1.0.0");
	expect_str(json_object_get_string(AT(o, "ociVersionMax")), "1.3.0");
	expect_int(json_object_array_length(AT(o, "hooks")), HOOK_KINDS);
	expect_int(json_object_array_length(AT(o, "linux", "namespaces")), NS_TYPES);
	expect(has(AT(o, "linux", "namespaces"), "time"));
	expect(has(AT(o, "linux", "capabilities"), "CAP_CHECKPOINT_RESTORE"));
	expect(has(AT(o, "linux", "seccomp", "actions"), "SCMP_ACT_NOTIFY"));
	expect_int(json_object_array_length(AT(o, "linux", "seccomp", "operators")), 7);
	expect(has(AT(o, "linux", "seccomp", "archs"), "SCMP_ARCH_X86_64"));
	expect(has(AT(o, "linux", "seccomp", "knownFlags"), "SECCOMP_FILTER_FLAG_LOG"));
	expect(has(AT(o, "linux", "memoryPolicy", "modes"), "MPOL_BIND"));
	expect(has(AT(o, "linux", "memoryPolicy", "flags"), "MPOL_F_STATIC_NODES"));
	expect(has(AT(o, "potentiallyUnsafeConfigAnnotations"), "run.oci."));
	expect(has(AT(o, "potentiallyUnsafeConfigAnnotations"), "org.systemd.property."));
	json_object_put(o);
}

TEST(every_mount_option_is_listed_once)
{
	struct json_object *o = features();
	struct json_object *list = AT(o, "mountOptions");

	for (size_t i = 0; mount_option_words[i]; i++) {
		expect(has(list, mount_option_words[i]));
		for (size_t k = 0; k < i; k++)
			expect(!streq(mount_option_words[i], mount_option_words[k]));
	}
	expect(has(list, "rro") && has(list, "idmap") && has(list, "nosymfollow"));
	json_object_put(o);
}

TEST(what_is_not_done_yet_is_false)
{
	struct json_object *o = features();

	expect(json_object_get_boolean(AT(o, "linux", "cgroup", "v1")));
	expect(json_object_get_boolean(AT(o, "linux", "cgroup", "v2")));
	expect(json_object_get_boolean(AT(o, "linux", "cgroup", "rdma")));
	expect(json_object_is_type(AT(o, "linux", "intelRdt", "enabled"), json_type_boolean));
	expect(json_object_get_boolean(AT(o, "linux", "intelRdt", "enabled")));
	expect(json_object_get_boolean(AT(o, "linux", "intelRdt", "schemata")));
	expect(json_object_get_boolean(AT(o, "linux", "intelRdt", "monitoring")));
	expect(json_object_is_type(AT(o, "linux", "netDevices", "enabled"), json_type_boolean));
	expect(json_object_get_boolean(AT(o, "linux", "netDevices", "enabled")));
	expect(json_object_is_type(AT(o, "linux", "cgroup", "systemd"), json_type_boolean));
	json_object_put(o);
}

TEST(annotations_are_strings)
{
	struct json_object *o = features();

	json_object_object_foreach(AT(o, "annotations"), name, value)
	{
		expect(*name);
		expect(json_object_is_type(value, json_type_string));
	}
	json_object_put(o);
}

TESTS(CASE(versions_and_lists_are_there), CASE(every_mount_option_is_listed_once),
      CASE(what_is_not_done_yet_is_false), CASE(annotations_are_strings))
