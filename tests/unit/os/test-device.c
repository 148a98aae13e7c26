/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes: the plan, and nodes, links and binds made below a temporary root.
 */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "os/device.h"
#include "spec/spec.h"

static struct err *plan_devices(struct arena *a, struct spec_device *v, size_t n,
				struct devices_plan *ret)
{
	struct spec_linux l = { .devices = v, .n_devices = n };
	struct spec spec = { .linux_ = &l };

	*ret = (struct devices_plan){ 0 };
	return devices_plan_make(a, &spec, false, false, ret);
}

static const struct device *find(const struct devices_plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n; i++)
		if (streq(plan->v[i].path, path))
			return &plan->v[i];
	return NULL;
}

TEST(six_devices_are_always_there)
{
	auto_arena struct arena *a = arena_new();
	struct devices_plan plan;

	expect_ok(plan_devices(a, NULL, 0, &plan));
	expect_int(plan.n, 6);
	expect_int(find(&plan, "/dev/null")->dev, makedev(1, 3));
	expect_int(find(&plan, "/dev/urandom")->dev, makedev(1, 9));
	expect_int(find(&plan, "/dev/tty")->mode, S_IFCHR | 0666);
}

TEST(the_config_may_change_a_default_device)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device d[] = {
		{ .path = "/dev//null",
		  .type = 'c',
		  .major = 1,
		  .minor = 3,
		  .file_mode = { true, 0600 },
		  .uid = { true, 5 } },
	};
	struct devices_plan plan;

	expect_ok(plan_devices(a, d, 1, &plan));
	expect_int(plan.n, 6);
	expect_int(find(&plan, "/dev/null")->mode, S_IFCHR | 0600);
	expect_int(find(&plan, "/dev/null")->uid, 5);
	expect_int(find(&plan, "/dev/null")->index, 0);
}

TEST(types_and_modes_follow_the_config)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device d[] = {
		{ .path = "/dev/a", .type = 'b', .major = 8, .minor = 1 },
		{ .path = "dev/b", .type = 'p' },
		{ .path = "/x/y", .type = 'c', .major = 10, .minor = 229, .file_mode = { true, 0 } },
	};
	struct devices_plan plan;

	expect_ok(plan_devices(a, d, 3, &plan));
	expect_int(find(&plan, "/dev/a")->mode, S_IFBLK | 0666);
	expect_int(find(&plan, "/dev/b")->mode, S_IFIFO | 0666);
	expect_int(find(&plan, "/x/y")->mode, S_IFCHR);
	expect_int(find(&plan, "/x/y")->dev, makedev(10, 229));
}

TEST(numbers_out_of_range_are_refused)
{
	auto_arena struct arena *a = arena_new();
	struct spec_device d[] = {
		{ .path = "/dev/ok", .type = 'c', .major = 1, .minor = 1 },
		{ .path = "/dev/a", .type = 'c', .major = 4096, .minor = 1 },
	};
	struct devices_plan plan;

	expect_err(plan_devices(a, d, 2, &plan), ERR_INVALID, "linux.devices[1]");
	d[1].major = 1;
	d[1].minor = -1;
	expect_err(plan_devices(a, d, 2, &plan), ERR_INVALID, "1:-1 is out of range");
	d[1].path = "/";
	expect_err(plan_devices(a, d, 2, &plan), ERR_INVALID, "linux.devices[1].path");
}

TEST(owners_are_mapped_for_nodes_that_the_host_makes)
{
	auto_arena struct arena *a = arena_new();
	struct spec_id_mapping map[] = { { 0, 100000, 10 } };
	struct spec_linux l = { .uid_mappings = { true, 1, map },
				.gid_mappings = { true, 1, map } };
	struct spec spec = { .linux_ = &l };
	struct devices_plan plan = { 0 };

	expect_ok(devices_plan_make(a, &spec, false, true, &plan));
	expect(plan.own_nodes && plan.bind);
	expect_int(find(&plan, "/dev/null")->host_uid, 100000);
}

/* --- below a root ----------------------------------------------------------------------------- */

struct root {
	char path[32];
	int fd;
};

static struct root root_make(void)
{
	struct root r = { .path = "/tmp/davit-device-XXXXXX" };

	expect(mkdtemp(r.path) != NULL);
	r.fd = open(r.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	expect(r.fd >= 0);
	return r;
}

static void root_drop(struct root *r)
{
	close(r->fd);
	expect_int(file_remove_tree_at(AT_FDCWD, r->path), 0);
}

/* Only fifos and links: device nodes need rights that a test need not have. */
static struct devices_plan only(struct device *d)
{
	d->uid = getuid();
	d->gid = getgid();
	return (struct devices_plan){ .n = 1, .v = d };
}

TEST(links_and_a_fifo_are_made)
{
	struct device d = { .path = "/dev/deep/er/p", .mode = S_IFIFO | 0642, .index = 4 };
	struct devices_plan plan = only(&d);
	struct root r = root_make();
	mode_t mask = umask(0);
	char to[64] = "";
	struct stat st;

	expect_ok(devices_make(&plan, NULL, r.fd));
	umask(mask);
	expect_int(fstatat(r.fd, "dev/deep/er/p", &st, AT_SYMLINK_NOFOLLOW), 0);
	expect_int(st.st_mode, S_IFIFO | 0642);
	expect(readlinkat(r.fd, "dev/ptmx", to, sizeof(to) - 1) > 0);
	expect_str(to, "pts/ptmx");
	/* Once more: what is there already is right. */
	expect_ok(devices_make(&plan, NULL, r.fd));
	root_drop(&r);
}

TEST(what_the_image_put_there_is_replaced)
{
	struct device d = { .path = "/dev/p", .mode = S_IFIFO | 0600, .index = SIZE_MAX };
	struct devices_plan plan = only(&d);
	struct root r = root_make();
	char to[64] = "";
	struct stat st;

	expect_int(mkdirat(r.fd, "dev", 0755), 0);
	expect_int(symlinkat("/etc/passwd", r.fd, "dev/p"), 0);
	expect_int(symlinkat("/etc/passwd", r.fd, "dev/ptmx"), 0);
	expect_ok(devices_make(&plan, NULL, r.fd));
	expect_int(fstatat(r.fd, "dev/p", &st, AT_SYMLINK_NOFOLLOW), 0);
	expect(S_ISFIFO(st.st_mode));
	expect(readlinkat(r.fd, "dev/ptmx", to, sizeof(to) - 1) > 0);
	expect_str(to, "pts/ptmx");
	root_drop(&r);
}

TEST(a_full_folder_in_the_place_of_a_device_is_an_error)
{
	struct device d = { .path = "/dev/p", .mode = S_IFIFO | 0600, .index = SIZE_MAX };
	struct devices_plan plan = only(&d);
	struct root r = root_make();

	expect_int(mkdirat(r.fd, "dev", 0755), 0);
	expect_int(mkdirat(r.fd, "dev/p", 0755), 0);
	expect_int(mkdirat(r.fd, "dev/p/x", 0755), 0);
	expect_err(devices_make(&plan, NULL, r.fd), ERR_SYSTEM, "device /dev/p");
	root_drop(&r);
}

TEST(something_else_at_the_path_of_a_listed_device_is_refused)
{
	struct device d = { .path = "/dev/p", .mode = S_IFIFO | 0600, .index = 2 };
	struct devices_plan plan = only(&d);
	struct root r = root_make();
	char to[64] = "";

	expect_int(mkdirat(r.fd, "dev", 0755), 0);
	expect_int(symlinkat("/etc/passwd", r.fd, "dev/p"), 0);
	expect_err(devices_make(&plan, NULL, r.fd), ERR_INVALID, "linux.devices[2] /dev/p");
	expect(readlinkat(r.fd, "dev/p", to, sizeof(to) - 1) > 0);
	root_drop(&r);
}

TEST(a_node_that_is_there_gets_mode_and_owner)
{
	struct device d = { .path = "/dev/p", .mode = S_IFIFO | 0640, .index = 2 };
	struct devices_plan plan = only(&d);
	struct root r = root_make();
	struct stat st;

	expect_int(mkdirat(r.fd, "dev", 0755), 0);
	expect_int(mkfifoat(r.fd, "dev/p", 0600), 0);
	expect_ok(devices_make(&plan, NULL, r.fd));
	expect_int(fstatat(r.fd, "dev/p", &st, AT_SYMLINK_NOFOLLOW), 0);
	expect_int(st.st_mode, S_IFIFO | 0640);
	root_drop(&r);
}

TEST(a_linked_dev_stays_inside)
{
	struct device d = { .path = "/dev/p", .mode = S_IFIFO | 0600, .index = 2 };
	struct devices_plan plan = only(&d);
	struct root r = root_make();
	struct stat st;

	expect_int(symlinkat("../../../../tmp/davit-no-such", r.fd, "dev"), 0);
	expect_ok(devices_make(&plan, NULL, r.fd));
	expect_int(fstatat(r.fd, "tmp/davit-no-such/p", &st, AT_SYMLINK_NOFOLLOW), 0);
	expect(stat("/tmp/davit-no-such", &st) < 0);
	root_drop(&r);
}

TEST(nothing_is_made_in_the_hosts_dev)
{
	struct devices_plan plan = { .skip = true };
	struct root r = root_make();
	struct stat st;

	expect_ok(devices_make(&plan, NULL, r.fd));
	expect(fstatat(r.fd, "dev", &st, 0) < 0);
	root_drop(&r);
}

TESTS(CASE(six_devices_are_always_there), CASE(the_config_may_change_a_default_device),
      CASE(types_and_modes_follow_the_config), CASE(numbers_out_of_range_are_refused),
      CASE(owners_are_mapped_for_nodes_that_the_host_makes), CASE(links_and_a_fifo_are_made),
      CASE(what_the_image_put_there_is_replaced),
      CASE(a_full_folder_in_the_place_of_a_device_is_an_error),
      CASE(something_else_at_the_path_of_a_listed_device_is_refused),
      CASE(a_node_that_is_there_gets_mode_and_owner), CASE(a_linked_dev_stays_inside),
      CASE(nothing_is_made_in_the_hosts_dev))
