/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache of seccomp programs: its key, its checks, its size.
 */
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "os/seccomp-cache.h"
#include "spec/spec.h"

static void hex(const void *data, size_t len, char out[2 * SHA256_SIZE + 1])
{
	unsigned char sum[SHA256_SIZE];

	sha256(data, len, sum);
	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(out + 2 * i, 3, "%02x", sum[i]);
}

TEST(sha256_gives_the_standards_answers)
{
	static char million[1000000];
	char out[2 * SHA256_SIZE + 1];

	hex("", 0, out);
	expect_str(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	hex("abc", 3, out);
	expect_str(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, out);
	expect_str(out, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', sizeof(million));
	hex(million, sizeof(million), out);
	expect_str(out, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

#define NAMES(...)                                                       \
	{                                                                \
		true, ARRAY_LEN(((char *[]){ __VA_ARGS__ })), (char *[]) \
		{                                                        \
			__VA_ARGS__                                      \
		}                                                        \
	}

static bool same(const struct spec_seccomp *a, const struct spec_seccomp *b)
{
	struct seccomp_key x;
	struct seccomp_key y;

	seccomp_cache_key(a, false, &x);
	seccomp_cache_key(b, false, &y);
	return memcmp(&x, &y, sizeof(x)) == 0;
}

TEST(everything_that_shapes_the_program_is_in_the_key)
{
	struct spec_seccomp_arg arg[] = { { .index = 1, .value = 2 } };
	struct spec_seccomp_rule rule[] = { { .names = NAMES("mkdir"), .action = SECCOMP_ERRNO } };
	struct spec_seccomp_rule other[] = { { .names = NAMES("mkdir"), .action = SECCOMP_ERRNO } };
	struct spec_seccomp a = { .default_action = SECCOMP_ALLOW,
				  .n_syscalls = 1,
				  .syscalls = rule };
	struct spec_seccomp b = { .default_action = SECCOMP_ALLOW,
				  .n_syscalls = 1,
				  .syscalls = other };
	struct seccomp_key x;
	struct seccomp_key y;

	expect(same(&a, &b));
	other[0].names = (struct spec_strings)NAMES("mkd", "ir");
	expect(!same(&a, &b));
	other[0] = rule[0];
	other[0].errno_ret = (struct opt_u64){ true, 13 };
	expect(!same(&a, &b));
	other[0] = rule[0];
	other[0].n_args = 1;
	other[0].args = arg;
	expect(!same(&a, &b));
	other[0] = rule[0];
	b.flags.present = true;
	expect(!same(&a, &b));
	b.flags.present = false;
	b.architectures = (struct spec_strings)NAMES("SCMP_ARCH_X86");
	expect(!same(&a, &b));
	seccomp_cache_key(&a, false, &x);
	seccomp_cache_key(&a, true, &y);
	expect(memcmp(&x, &y, sizeof(x)) != 0);
}

/* Each row is another profile, and what a key without lengths joins is the same in all. */
TEST(profiles_that_look_alike_when_joined_have_keys_of_their_own)
{
	struct spec_seccomp_arg args[] = { { .index = 1, .value = 2, .value_two = 3 },
					   { .index = 1, .value = 2, .value_two = 3 } };
	struct spec_seccomp_arg swapped[] = { { .index = 1, .value = 3, .value_two = 2 } };
	struct spec_seccomp_rule rules[][2] = {
		{ { .names = NAMES("ab", "cd") }, { .names = NAMES("ef") } },
		{ { .names = NAMES("ab") }, { .names = NAMES("cd", "ef") } },
		{ { .names = NAMES("abcd") }, { .names = NAMES("ef") } },
		{ { .names = NAMES("a", "bcd") }, { .names = NAMES("ef") } },
		{ { .names = NAMES("ab", "cd", "") }, { .names = NAMES("ef") } },
		{ { .names = NAMES("ab", "", "cd") }, { .names = NAMES("ef") } },
		{ { .names = NAMES("ab", "cd"), .n_args = 1, .args = args },
		  { .names = NAMES("ef") } },
		{ { .names = NAMES("ab", "cd") },
		  { .names = NAMES("ef"), .n_args = 1, .args = args } },
		{ { .names = NAMES("ab", "cd") },
		  { .names = NAMES("ef"), .n_args = 2, .args = args } },
		{ { .names = NAMES("ab", "cd") },
		  { .names = NAMES("ef"), .n_args = 1, .args = swapped } },
		{ { .names = NAMES("ab", "cd"), .errno_ret = { true, 0 } },
		  { .names = NAMES("ef") } },
		{ { .names = NAMES("ab", "cd") },
		  { .names = NAMES("ef"), .errno_ret = { true, 0 } } },
	};
	struct spec_seccomp profiles[ARRAY_LEN(rules) + 4] = { 0 };
	size_t n = ARRAY_LEN(rules);

	for (size_t i = 0; i < n; i++)
		profiles[i] = (struct spec_seccomp){ .n_syscalls = 2, .syscalls = rules[i] };
	/* The same words as flags and as architectures, in one list and in two. */
	profiles[n++] = (struct spec_seccomp){ .flags = NAMES("x", "y") };
	profiles[n++] = (struct spec_seccomp){ .architectures = NAMES("x", "y") };
	profiles[n++] = (struct spec_seccomp){ .flags = NAMES("x"), .architectures = NAMES("y") };
	profiles[n++] = (struct spec_seccomp){ .flags = NAMES("xy") };
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++)
			expect(same(&profiles[i], &profiles[k]) == (i == k));
	}
}

static char dir[] = "/tmp/test-cache-XXXXXX";
static int dir_fd = -EBADF;
static struct arena *arena;

static struct seccomp_program program(void)
{
	static struct sock_filter insns[] = { { BPF_RET | BPF_K, 0, 0, 0x7fff0000 },
					      { 0, 1, 2, 3 } };

	return (struct seccomp_program){ .set = true,
					 .flags = 6,
					 .has_listener = true,
					 .n = 2,
					 .insns = insns };
}

static bool found(const struct seccomp_key *key)
{
	struct seccomp_program p;

	return seccomp_cache_load(dir_fd, key, arena, &p);
}

static size_t count(void)
{
	DIR *d = fdopendir(openat(dir_fd, ".", O_RDONLY | O_CLOEXEC));
	size_t n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

TEST(what_was_stored_comes_back)
{
	struct seccomp_key key = { "k" };
	struct seccomp_key other = { "o" };
	struct seccomp_program in = program();
	struct seccomp_program out = { 0 };

	seccomp_cache_store(dir_fd, &key, &in);
	expect(seccomp_cache_load(dir_fd, &key, arena, &out));
	expect(out.set && out.flags == 6 && out.has_listener && out.n == 2);
	expect(memcmp(in.insns, out.insns, 2 * sizeof(*in.insns)) == 0);
	expect(!found(&other));
	expect(!seccomp_cache_load(-EBADF, &key, arena, &out));
}

static void name_of(const struct seccomp_key *key, char out[2 * SHA256_SIZE + 1])
{
	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(out + 2 * i, 3, "%02x", key->hash[i]);
}

TEST(a_file_that_fails_a_check_is_absent)
{
	struct seccomp_key key = { "damaged" };
	struct seccomp_key moved = { "moved" };
	struct seccomp_program p = program();
	char name[2 * SHA256_SIZE + 1];
	char other[2 * SHA256_SIZE + 1];
	int fd;

	name_of(&key, name);
	name_of(&moved, other);
	seccomp_cache_store(dir_fd, &key, &p);
	expect(found(&key));

	/* For another profile. */
	expect_int(linkat(dir_fd, name, dir_fd, other, 0), 0);
	expect(!found(&moved));
	unlinkat(dir_fd, other, 0);

	/* Readable, writable for others. */
	expect_int(fchmodat(dir_fd, name, 0620, 0), 0);
	expect(!found(&key));
	expect_int(fchmodat(dir_fd, name, 0600, 0), 0);
	expect(found(&key));

	/* One bit, one byte more, one less, nothing. */
	fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC);
	expect_int(pwrite(fd, "\1", 1, 96), 1);
	expect(!found(&key));
	seccomp_cache_store(dir_fd, &key, &p);
	close(fd);
	fd = openat(dir_fd, name, O_RDWR | O_APPEND | O_CLOEXEC);
	expect_int(write(fd, "x", 1), 1);
	expect(!found(&key));
	expect_int(ftruncate(fd, 103), 0);
	expect(!found(&key));
	expect_int(ftruncate(fd, 0), 0);
	expect(!found(&key));
	close(fd);

	/* A link, a FIFO. */
	expect_int(unlinkat(dir_fd, name, 0), 0);
	expect_int(symlinkat("/etc/passwd", dir_fd, name), 0);
	expect(!found(&key));
	expect_int(unlinkat(dir_fd, name, 0), 0);
	expect_int(mkfifoat(dir_fd, name, 0600), 0);
	expect(!found(&key));
	unlinkat(dir_fd, name, 0);
}

TEST(a_directory_others_can_write_is_not_used)
{
	struct seccomp_key key = { "dir" };
	struct seccomp_program p = program();

	expect_int(fchmod(dir_fd, 0770), 0);
	seccomp_cache_store(dir_fd, &key, &p);
	expect_int(fchmod(dir_fd, 0700), 0);
	expect(!found(&key));
	seccomp_cache_store(dir_fd, &key, &p);
	expect(found(&key));
	expect_int(fchmod(dir_fd, 0707), 0);
	expect(!found(&key));
	expect_int(fchmod(dir_fd, 0700), 0);
}

TEST(the_cache_does_not_grow_for_ever)
{
	struct seccomp_program p = program();

	for (unsigned i = 0; i < 3 * SECCOMP_CACHE_MAX; i++) {
		struct seccomp_key key = { "n" };

		memcpy(key.hash + 4, &i, sizeof(i));
		seccomp_cache_store(dir_fd, &key, &p);
		expect(found(&key));
	}
	expect(count() <= SECCOMP_CACHE_MAX);
}

TEST(a_profile_is_compiled_once)
{
	struct spec_seccomp_rule rule[] = { { .names = NAMES("mkdir"), .action = SECCOMP_ERRNO } };
	struct spec_seccomp s = { .default_action = SECCOMP_ALLOW,
				  .n_syscalls = 1,
				  .syscalls = rule };
	struct seccomp_program a = { 0 };
	struct seccomp_program b = { 0 };
	struct seccomp_key key;

	seccomp_cache_key(&s, false, &key);
	expect(!found(&key));
	expect_ok(seccomp_get(arena, &s, false, dir_fd, &a));
	expect(found(&key));
	expect_ok(seccomp_get(arena, &s, false, dir_fd, &b));
	expect(a.n == b.n && a.flags == b.flags &&
	       memcmp(a.insns, b.insns, a.n * sizeof(*a.insns)) == 0);
	rule[0].n_args = 0;
	expect_ok(seccomp_get(arena, &s, false, -EBADF, &a));
}

static void count_log(void *arg, enum log_level level, const char *msg)
{
	++*(int *)arg;
}

TEST(what_has_to_be_said_is_said_each_time_to_who_listens)
{
	struct spec_seccomp_rule rule[] = { { .names = NAMES("teleport"),
					      .action = SECCOMP_ERRNO } };
	struct spec_seccomp s = { .default_action = SECCOMP_ALLOW,
				  .n_syscalls = 1,
				  .syscalls = rule };
	struct seccomp_program a = { 0 };
	struct seccomp_key key;
	int said = 0;

	seccomp_cache_key(&s, false, &key);
	expect_ok(seccomp_get(arena, &s, false, dir_fd, &a));
	expect(found(&key));
	log_set_sink(count_log, &said, LOG_LEVEL_WARNING);
	expect_ok(seccomp_get(arena, &s, false, dir_fd, &a));
	expect_int(said, 1);
	log_set_sink(count_log, &said, LOG_LEVEL_ERROR);
	expect_ok(seccomp_get(arena, &s, false, dir_fd, &a));
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
	expect_int(said, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(sha256_gives_the_standards_answers),
		CASE(everything_that_shapes_the_program_is_in_the_key),
		CASE(profiles_that_look_alike_when_joined_have_keys_of_their_own),
		CASE(what_was_stored_comes_back),
		CASE(a_file_that_fails_a_check_is_absent),
		CASE(a_directory_others_can_write_is_not_used),
		CASE(a_profile_is_compiled_once),
		CASE(what_has_to_be_said_is_said_each_time_to_who_listens),
		CASE(the_cache_does_not_grow_for_ever),
	};
	int rc;

	if (!mkdtemp(dir))
		return 1;
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	arena = arena_new();
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	close(dir_fd);
	return rc | file_remove_tree_at(AT_FDCWD, dir);
}
