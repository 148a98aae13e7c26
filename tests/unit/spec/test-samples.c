/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/data/spec: good documents are read and survive printing, bad ones give the error beside
 * them.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/file.h"
#include "spec-test.h"

static int sample_filter(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && streq(dot, ".json");
}

/* Calls CHECK for each document of a folder. */
static void each_sample(const char *folder, void (*check)(int dir_fd, const char *name))
{
	auto_free char *path = str_format("%s/%s", TEST_DATA, folder);
	auto_close int dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **list = NULL;
	int n;

	expect(dir_fd >= 0);
	n = scandir(path, &list, sample_filter, alphasort);
	expect(n > 0);
	for (int i = 0; i < n; i++) {
		check(dir_fd, list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

static void check_good(int dir_fd, const char *name)
{
	auto_arena struct arena *a = arena_new();
	auto_str struct str first = { 0 };
	auto_str struct str second = { 0 };
	struct spec *s = NULL;

	expect_ok(spec_read(a, dir_fd, name, &s));
	spec_print(s, &first);
	expect_ok(spec_parse(a, first.s, first.len, &s));
	spec_print(s, &second);
	expect_str(first.s, second.s);
}

TEST(good_samples_are_read_and_survive_printing)
{
	each_sample("good", check_good);
}

static void check_bad(int dir_fd, const char *name)
{
	auto_arena struct arena *a = arena_new();
	auto_free char *error_name = str_format("%.*s.error", (int)strlen(name) - 5, name);
	auto_free char *text = NULL;
	auto_free char *expected = NULL;
	struct spec *s = NULL;
	size_t len = 0;

	expect_int(file_read_at(dir_fd, error_name, 4096, &text, &len), 0);
	text[strcspn(text, "\n")] = '\0';
	expected = str_format("%s: %s", name, text);
	expect_text(spec_read(a, dir_fd, name, &s), expected);
}

TEST(bad_samples_give_the_error_beside_them)
{
	each_sample("bad", check_bad);
}

/* full.json has every member, in our order and our layout. */
TEST(the_full_sample_prints_as_it_was)
{
	auto_arena struct arena *a = arena_new();
	auto_str struct str out = { 0 };
	auto_free char *text = NULL;
	struct spec *s = NULL;
	size_t len = 0;

	expect_int(file_read_at(AT_FDCWD, TEST_DATA "/good/full.json", 65536, &text, &len), 0);
	expect_ok(spec_parse(a, text, len, &s));
	spec_print(s, &out);
	str_add(&out, "\n");
	expect_str(out.s, text);
}

TEST(the_full_sample_is_in_the_structs)
{
	auto_arena struct arena *a = arena_new();
	struct spec *s = NULL;

	expect_ok(spec_read(a, AT_FDCWD, TEST_DATA "/good/full.json", &s));
	expect_int(s->process->user->gid, 4294967294u);
	expect_int(s->process->user->n_additional_gids, 3);
	expect(s->process->rlimits[0].hard == UINT64_MAX);
	expect(s->process->rlimits[1].soft == (uint64_t)INT64_MAX + 1);
	expect(s->process->no_new_privileges.set && !s->process->no_new_privileges.value);
	expect(s->process->oom_score_adj.set && s->process->oom_score_adj.value == -1000);
	expect(s->process->capabilities->permitted.present);
	expect_int(s->process->capabilities->permitted.n, 0);
	expect(s->process->args.v[s->process->args.n] == NULL);
	expect_int(s->n_mounts, 3);
	expect(!s->mounts[0].options.present);
	expect(s->mounts[2].options.present);
	expect_int(s->hooks->kind[HOOK_POSTSTOP].n, 2);
	expect_str(spec_annotation(s, "z"), "");
	expect(!spec_annotation(s, "missing"));
	expect_str(spec_find_ns(s, NS_NETWORK)->path, "/proc/1/ns/net");
	expect(!spec_find_ns(s, NS_PID)->path);
	expect(s->linux_->time_offsets->monotonic.secs == -5);
	expect_int(s->linux_->devices[1].type, 'b');
	expect(!s->linux_->devices[2].has_major);
	expect_str(s->linux_->net_devices[1].host_name, "eth1");
	expect(!s->linux_->net_devices[1].name);
	expect(s->linux_->resources->memory->kernel.value == INT64_MAX);
	expect_str(s->linux_->resources->rdma[1].device, "rxe3");
	expect_int(s->linux_->seccomp->syscalls[1].action, SECCOMP_NOTIFY);
	expect(s->linux_->seccomp->syscalls[1].args[0].value == UINT64_MAX);
}

TESTS(CASE(good_samples_are_read_and_survive_printing),
      CASE(bad_samples_give_the_error_beside_them), CASE(the_full_sample_prints_as_it_was),
      CASE(the_full_sample_is_in_the_structs))
