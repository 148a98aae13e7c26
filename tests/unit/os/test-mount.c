/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of all mounts, and of the root they are in: destinations, sources, order, id mappings.
 */
#include "test.h"

#include <sys/mount.h>

#include "base/str.h"
#include "os/mount-opts.h"
#include "os/mount.h"
#include "os/rootfs.h"
#include "spec/spec.h"

static struct spec_namespace namespaces[] = {
	{ NS_MOUNT, NULL },
	{ NS_PID, NULL },
	{ NS_USER, NULL },
};
static struct spec_id_mapping map[] = { { 0, 100000, 1000 }, { 1000, 200000, 10 } };
static struct spec_linux linux_part = { .namespaces = namespaces, .n_namespaces = 2 };
static struct spec_root root = { .path = "rootfs" };

static char *words_bind[] = { "rbind", NULL };
static char *words_ro[] = { "ro", NULL };

#define BIND(from, to)                                                          \
	{                                                                       \
		.destination = to, .source = from, .type = "bind", .options = { \
			.present = true,                                        \
			.n = 1,                                                 \
			.v = words_bind,                                        \
		}                                                               \
	}
#define TMPFS(to)                                                     \
	{                                                             \
		.destination = to, .source = "tmpfs", .type = "tmpfs" \
	}
#define TMPFS_RO(to)                                                                \
	{                                                                           \
		.destination = to, .source = "tmpfs", .type = "tmpfs", .options = { \
			.present = true,                                            \
			.n = 1,                                                     \
			.v = words_ro,                                              \
		}                                                                   \
	}

static struct err *plan_mounts(struct arena *a, struct spec_mount *mounts, size_t n,
			       struct mounts_plan *ret)
{
	struct spec spec = { .root = &root, .linux_ = &linux_part, .mounts = mounts, .n_mounts = n };

	*ret = (struct mounts_plan){ 0 };
	return mounts_plan_make(a, &spec, "/bundle", "/real/rootfs", ret);
}

TEST(destinations_are_normalised_and_absolute)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount mounts[] = { TMPFS("data/../a//b/."), TMPFS("../../x"), TMPFS("/") };
	struct mounts_plan plan;

	expect_ok(plan_mounts(a, mounts, 3, &plan));
	expect_str(plan.v[0].destination, "/a/b");
	expect_str(plan.v[1].destination, "/x");
	expect_str(plan.v[2].destination, "/");
}

TEST(a_relative_source_is_taken_from_the_bundle)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount mounts[] = { BIND("data", "/a"), BIND("/srv", "/b") };
	struct mounts_plan plan;

	expect_ok(plan_mounts(a, mounts, 2, &plan));
	expect_str(plan.v[0].source, "/bundle/data");
	expect_str(plan.v[1].source, "/srv");
	expect(!plan.v[0].inner && !plan.v[1].inner);
}

TEST(a_source_inside_the_rootfs_is_found_by_both_names)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount mounts[] = {
		BIND("/real/rootfs/in/side", "/a"), BIND("rootfs/b", "/b"),
		BIND("/real/rootfs", "/c"),         BIND("/real/rootfs2/x", "/d"),
		BIND("/bundle/./rootfs/e", "/e"),
	};
	struct mounts_plan plan;

	expect_ok(plan_mounts(a, mounts, 5, &plan));
	expect_str(plan.v[0].inner, "/in/side");
	expect_str(plan.v[1].inner, "/b");
	expect_str(plan.v[2].inner, "/");
	expect(!plan.v[3].inner);
	expect_str(plan.v[4].inner, "/e");
}

TEST(a_bind_mount_without_source_is_refused)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount mounts[] = { TMPFS("/a"), BIND(NULL, "/b") };
	struct mounts_plan plan;

	expect_err(plan_mounts(a, mounts, 2, &plan), ERR_INVALID, "mounts[1].source");
}

TEST(paths_that_no_kernel_takes_are_refused)
{
	auto_arena struct arena *a = arena_new();
	char *longer = arena_alloc(a, 5000);
	struct spec_mount destination[] = { TMPFS(longer) };
	struct spec_mount source[] = { BIND(longer, "/a") };
	struct mounts_plan plan;

	memset(longer, 'x', 4999);
	expect_err(plan_mounts(a, destination, 1, &plan), ERR_INVALID,
		   "mounts[0].destination: is longer than");
	expect_err(plan_mounts(a, source, 1, &plan), ERR_INVALID,
		   "mounts[0].source: is longer than");
}

TEST(mounts_need_a_mount_namespace)
{
	auto_arena struct arena *a = arena_new();
	struct spec_linux none = { 0 };
	struct spec_mount mounts[] = { TMPFS("/a") };
	struct spec spec = { .root = &root, .linux_ = &none, .mounts = mounts, .n_mounts = 1 };
	struct mounts_plan plan = { 0 };

	expect_err(mounts_plan_make(a, &spec, "/bundle", "/real/rootfs", &plan), ERR_INVALID,
		   "mounts: need a mount namespace");
	spec.n_mounts = 0;
	expect_ok(mounts_plan_make(a, &spec, "/bundle", "/real/rootfs", &plan));
}

TEST(only_procfs_goes_on_proc)
{
	auto_arena struct arena *a = arena_new();
	static const char *const refused[] = { "/proc/sys", "/proc/net", "proc/../proc/self/attr" };
	struct spec_mount at_proc[] = { TMPFS("/proc") };
	struct spec_mount over_file[] = { BIND("/lxcfs/meminfo", "/proc/meminfo") };
	struct mounts_plan plan;

	expect_err(plan_mounts(a, at_proc, 1, &plan), ERR_INVALID,
		   "mounts[0].destination: only procfs may be mounted on /proc");
	at_proc[0].type = "cgroup";
	expect_err(plan_mounts(a, at_proc, 1, &plan), ERR_INVALID, "only procfs");
	at_proc[0].type = "proc";
	expect_ok(plan_mounts(a, at_proc, 1, &plan));
	expect_ok(plan_mounts(a, over_file, 1, &plan));
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct spec_mount below[] = { TMPFS((char *)refused[i]) };

		expect_err(plan_mounts(a, below, 1, &plan), ERR_INVALID, "is inside /proc");
	}
}

TEST(a_bind_on_dev_means_the_hosts_devices)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount host[] = { BIND("/dev", "/dev/") };
	struct spec_mount own[] = { TMPFS("/dev"), BIND("/dev/fuse", "/dev/fuse") };
	struct mounts_plan plan;

	expect_ok(plan_mounts(a, host, 1, &plan));
	expect(plan.host_dev);
	expect_ok(plan_mounts(a, own, 2, &plan));
	expect(!plan.host_dev);
}

TEST(a_read_only_tmpfs_waits_unless_it_is_covered)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount mounts[] = { TMPFS_RO("/a"), TMPFS_RO("/b"), BIND("/srv", "/a"),
				       TMPFS("/c") };
	struct mounts_plan plan;

	expect_ok(plan_mounts(a, mounts, 4, &plan));
	expect(plan.v[0].readonly_late && plan.v[0].covered);
	expect(plan.v[1].readonly_late && !plan.v[1].covered);
	expect(!plan.v[3].readonly_late);
}

/* --- id mappings ------------------------------------------------------------------------------ */

static struct err *plan_idmap(struct arena *a, struct spec_mount *m, char *word, bool userns,
			      struct mounts_plan *plan)
{
	char *words[] = { "bind", word, NULL };
	struct err *e;

	m->options.v = words;
	m->options.n = 2;
	linux_part.n_namespaces = userns ? 3 : 2;
	linux_part.uid_mappings = (struct spec_id_mappings){ true, userns ? 2 : 0, map };
	linux_part.gid_mappings = linux_part.uid_mappings;
	e = plan_mounts(a, m, 1, plan);
	linux_part.n_namespaces = 2;
	return e;
}

TEST(idmap_without_mappings_takes_those_of_the_container)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount m[] = { BIND("/srv", "/a") };
	struct mounts_plan plan;

	expect_ok(plan_idmap(a, m, "idmap", true, &plan));
	expect(plan.v[0].idmap.of_container);
	expect_int(plan.v[0].idmap.uids.v[1].host_id, 200000);
	expect_err(plan_idmap(a, m, "idmap", false, &plan), ERR_INVALID,
		   "mounts[0].options: idmap needs mappings");
}

TEST(idmap_text_gives_rows_also_relative_to_the_container)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount m[] = { BIND("/srv", "/a") };
	const struct mount_idmap *idmap;
	struct mounts_plan plan;

	expect_ok(plan_idmap(a, m, "ridmap=uids=0-5-10#@20-1003-2;gids=7-8-9", true, &plan));
	idmap = &plan.v[0].idmap;
	expect(idmap->recursive && !idmap->of_container);
	expect_int(idmap->uids.n, 2);
	expect_int(idmap->uids.v[0].host_id, 5);
	expect_int(idmap->uids.v[1].container_id, 20);
	expect_int(idmap->uids.v[1].host_id, 200003);
	expect_int(idmap->gids.v[0].size, 9);
}

TEST(idmap_text_with_mistakes_is_refused)
{
	static const char *const texts[] = {
		"idmap=",
		"idmap=uids=0-0-1",
		"idmap=gids=0-0-1",
		"idmap=uids=0-0;gids=0-0-1",
		"idmap=uids=0-0-0;gids=0-0-1",
		"idmap=uids=a-0-1;gids=0-0-1",
		"idmap=uids=0-0-1;gids=0-0-1;x",
		"idmap=uids=0-0-1#;gids=0-0-1",
		"idmap=uids=@0-5000-1;gids=0-0-1",
		"idmap=uids=;gids=",
		"idmap=uids=0-0-1;uids=0-0-1;gids=0-0-1",
	};
	auto_arena struct arena *a = arena_new();
	struct mounts_plan plan;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct spec_mount m[] = { BIND("/srv", "/a") };
		auto_free char *word = str_dup(texts[i]);

		expect_err(plan_idmap(a, m, word, true, &plan), ERR_INVALID, "cannot read idmap=");
	}
}

TEST(mappings_of_a_mount_come_in_pairs)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount m[] = { BIND("/srv", "/a") };
	struct mounts_plan plan;

	m[0].uid_mappings = (struct spec_id_mappings){ true, 2, map };
	expect_err(plan_mounts(a, m, 1, &plan), ERR_INVALID, "mounts[0].gidMappings");
	m[0].gid_mappings = m[0].uid_mappings;
	expect_ok(plan_mounts(a, m, 1, &plan));
	expect(plan.v[0].idmap.wanted && !plan.v[0].idmap.recursive);
}

TEST(the_printed_plan_names_every_decision)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount mounts[] = { TMPFS_RO("/a"), BIND("rootfs/b", "/b") };
	auto_str struct str out = { 0 };
	struct mounts_plan plan;

	expect_ok(plan_mounts(a, mounts, 2, &plan));
	mounts_plan_print(&plan, &out);
	expect_str(out.s, "mounts\n"
			  "  /a: type tmpfs ro\n"
			  "  /b: rbind /bundle/rootfs/b (in the rootfs: /b) rprivate\n");
}

/* --- the root --------------------------------------------------------------------------------- */

TEST(the_root_is_taken_from_the_bundle)
{
	auto_arena struct arena *a = arena_new();
	struct spec spec = { .root = &root, .linux_ = &linux_part };
	struct rootfs_plan plan = { 0 };

	expect_ok(rootfs_plan_make(a, &spec, "/bundle", true, &plan));
	expect_str(plan.path, "/bundle/rootfs");
	expect(plan.no_pivot && plan.new_mount_ns && !plan.readonly);
	expect_int(plan.propagation, 0);
}

TEST(propagation_words_of_the_root)
{
	static const struct {
		char *word;
		unsigned long flags;
	} rows[] = {
		{ "private", MS_PRIVATE },       { "rprivate", MS_PRIVATE | MS_REC },
		{ "slave", MS_SLAVE },           { "rslave", MS_SLAVE | MS_REC },
		{ "shared", MS_SHARED },         { "rshared", MS_SHARED | MS_REC },
		{ "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
	};
	auto_arena struct arena *a = arena_new();
	struct spec_linux l = { .namespaces = namespaces, .n_namespaces = 1 };
	struct spec spec = { .root = &root, .linux_ = &l };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rootfs_plan plan = { 0 };

		l.rootfs_propagation = rows[i].word;
		expect_ok(rootfs_plan_make(a, &spec, "/bundle", false, &plan));
		expect_int(plan.propagation, rows[i].flags);
	}
	l.rootfs_propagation = "sharde";
	expect_err(rootfs_plan_make(a, &spec, "/bundle", false, &(struct rootfs_plan){ 0 }),
		   ERR_INVALID, "linux.rootfsPropagation: unknown value `sharde`");
}

TEST(a_read_only_root_needs_a_mount_namespace)
{
	auto_arena struct arena *a = arena_new();
	struct spec_linux none = { 0 };
	struct spec_root ro = { .path = "/r", .readonly = true };
	struct spec spec = { .root = &ro, .linux_ = &none };

	expect_err(rootfs_plan_make(a, &spec, "/bundle", false, &(struct rootfs_plan){ 0 }),
		   ERR_INVALID, "root.readonly");
}

TEST(the_option_for_labels_is_the_one_of_the_annotation)
{
	auto_arena struct arena *a = arena_new();
	struct spec_pair pair = { (char *)"run.oci.mount_context_type", (char *)"rootcontext" };
	struct spec spec = { .root = &root, .linux_ = &linux_part };
	struct mounts_plan plan = { 0 };

	expect_ok(mounts_plan_make(a, &spec, "/bundle", "/real/rootfs", &plan));
	expect_str(plan.label_option, "context");
	spec.annotations = (struct spec_map){ .present = true, .n = 1, .v = &pair };
	expect_ok(mounts_plan_make(a, &spec, "/bundle", "/real/rootfs", &plan));
	expect_str(plan.label_option, "rootcontext");
	pair.value = (char *)"label";
	expect_err(mounts_plan_make(a, &spec, "/bundle", "/real/rootfs", &plan), ERR_INVALID,
		   "annotations[\"run.oci.mount_context_type\"]: `label`");
}

TEST(what_is_wrong_with_several_mounts_is_said_at_once)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount mounts[] = { BIND(NULL, "/a"), TMPFS("/b"), { .destination = "/c" } };
	struct mounts_plan plan;
	struct err *e = plan_mounts(a, mounts, 3, &plan);

	expect(e != NULL);
	expect_str(err_text(e), "mounts[0].source: a bind mount needs a source (/a); "
				"mounts[2].type: is missing: invalid mount type for `/c`");
	expect_str(err_get_hint(e), "a bind mount needs the option bind or rbind");
	err_free(e);
}

static struct err *plan_added(struct arena *a, struct spec_mount *mounts, size_t n,
			      struct mounts_plan *ret)
{
	struct spec spec = { .root = &root, .linux_ = &linux_part };
	struct spec_mounts list = { .n = n, .v = mounts };

	*ret = (struct mounts_plan){ 0 };
	return mounts_plan_add(a, &spec, &list, "/bundle", "/real/rootfs", ret);
}

TEST(an_added_mount_is_named_by_its_place_in_the_list)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount mounts[] = { BIND("data", "/a"), TMPFS("/") };
	struct mounts_plan plan;

	expect_ok(plan_added(a, mounts, 1, &plan));
	expect_str(plan.v[0].where, "[0]");
	expect_str(plan.v[0].source, "/bundle/data");
	expect_err(plan_added(a, mounts, 2, &plan), ERR_INVALID,
		   "[1].destination: is the root, which a container that runs keeps");
}

TEST(what_adds_no_mount_is_refused_in_a_running_container)
{
	auto_arena struct arena *a = arena_new();
	static char *words[] = { "remount", "ro", NULL };
	struct spec_mount mounts[] = {
		{ .destination = "/a", .options = { .present = true, .n = 2, .v = words } },
		{ .destination = "/sys/fs/cgroup", .type = "cgroup" },
	};
	struct mounts_plan plan;

	expect_err(plan_added(a, mounts, 2, &plan), ERR_INVALID,
		   "[0].options: remount adds no mount (destination /a); "
		   "[1].type: cgroup is for the config only");
}

TEST(what_lies_deeper_is_removed_first)
{
	auto_arena struct arena *a = arena_new();
	struct spec_mount mounts[] = { { .destination = "/a" }, { .destination = "../a/./b" } };
	struct spec_mounts list = { .n = 2, .v = mounts };
	struct mounts_plan plan = { 0 };

	expect_ok(mounts_plan_remove(a, &list, &plan));
	expect_str(plan.v[0].destination, "/a/b");
	expect_str(plan.v[0].where, "[1]");
	expect_str(plan.v[1].destination, "/a");
	mounts[0].destination = "a/..";
	expect_err(mounts_plan_remove(a, &list, &plan), ERR_INVALID,
		   "[0].destination: is the root");
	mounts[0].destination = "a/b/";
	expect_err(mounts_plan_remove(a, &list, &plan), ERR_INVALID,
		   "[1].destination: /a/b is listed twice");
}

TESTS(CASE(destinations_are_normalised_and_absolute),
      CASE(a_relative_source_is_taken_from_the_bundle),
      CASE(a_source_inside_the_rootfs_is_found_by_both_names),
      CASE(a_bind_mount_without_source_is_refused), CASE(paths_that_no_kernel_takes_are_refused),
      CASE(mounts_need_a_mount_namespace), CASE(only_procfs_goes_on_proc),
      CASE(a_bind_on_dev_means_the_hosts_devices),
      CASE(a_read_only_tmpfs_waits_unless_it_is_covered),
      CASE(idmap_without_mappings_takes_those_of_the_container),
      CASE(idmap_text_gives_rows_also_relative_to_the_container),
      CASE(idmap_text_with_mistakes_is_refused), CASE(mappings_of_a_mount_come_in_pairs),
      CASE(the_printed_plan_names_every_decision), CASE(the_root_is_taken_from_the_bundle),
      CASE(propagation_words_of_the_root), CASE(a_read_only_root_needs_a_mount_namespace),
      CASE(the_option_for_labels_is_the_one_of_the_annotation),
      CASE(what_is_wrong_with_several_mounts_is_said_at_once),
      CASE(an_added_mount_is_named_by_its_place_in_the_list),
      CASE(what_adds_no_mount_is_refused_in_a_running_container),
      CASE(what_lies_deeper_is_removed_first))
