/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of mounts[].options: what each means, which one wins, which is refused.
 */
#include "test.h"

#include <sys/mount.h>

#include "base/str.h"
#include "os/mount-opts.h"

static struct arena *arena;

static int make_arena(void **state UNUSED)
{
	arena = arena_new();
	return 0;
}

static int drop_arena(void **state UNUSED)
{
	arena_free(arena);
	return 0;
}

/* WORDS is separated by blanks; NULL: the options are absent. */
static struct err *parse_at(const char *destination, const char *type, const char *words,
			    struct mount_plan *m)
{
	struct spec_mount spec = { .type = type ? arena_str(arena, type) : NULL };
	char *text = words ? arena_str(arena, words) : NULL;
	char *word;

	*m = (struct mount_plan){
		.where = arena_str(arena, "mounts[3]"),
		.destination = arena_str(arena, destination),
	};
	spec.options.v = arena_array(arena, char *, 64);
	spec.options.present = words != NULL;
	while (text && (word = strsep(&text, " ")))
		if (*word)
			spec.options.v[spec.options.n++] = word;
	return mount_opts_parse(arena, &spec, m);
}

static struct mount_plan parse(const char *type, const char *words)
{
	struct mount_plan m;

	expect_ok(parse_at("/data", type, words, &m));
	return m;
}

TEST(each_word_has_its_flag)
{
	static const struct {
		const char *word;
		const char *opposite;
		uint64_t attr;
	} rows[] = {
		{ "ro", "rw", MOUNT_ATTR_RDONLY },
		{ "nosuid", "suid", MOUNT_ATTR_NOSUID },
		{ "nodev", "dev", MOUNT_ATTR_NODEV },
		{ "noexec", "exec", MOUNT_ATTR_NOEXEC },
		{ "nodiratime", "diratime", MOUNT_ATTR_NODIRATIME },
		{ "nosymfollow", "symfollow", MOUNT_ATTR_NOSYMFOLLOW },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		auto_free char *rword = str_format("rbind r%s", rows[i].word);
		auto_free char *ropposite = str_format("rbind r%s", rows[i].opposite);
		auto_free char *both = str_format("rbind %s %s", rows[i].word, rows[i].opposite);
		struct mount_plan m;

		expect_int(parse("tmpfs", rows[i].word).top.set, rows[i].attr);
		expect_int(parse("tmpfs", rows[i].opposite).top.clear, rows[i].attr);
		m = parse(NULL, rword);
		expect(m.tree.set == rows[i].attr && m.tree.clear == 0 && m.top.set == 0);
		m = parse(NULL, ropposite);
		expect(m.tree.clear == rows[i].attr && m.tree.set == 0);
		m = parse(NULL, both);
		expect(m.top.clear == rows[i].attr && m.top.set == 0);
	}
}

TEST(the_last_of_two_contradicting_words_wins)
{
	struct mount_plan m = parse("tmpfs", "ro rw");

	expect(m.top.set == 0 && m.top.clear == MOUNT_ATTR_RDONLY);
	m = parse("tmpfs", "rw ro");
	expect(m.top.set == MOUNT_ATTR_RDONLY && m.top.clear == 0);
	m = parse("tmpfs", "ro rw ro");
	expect(m.top.set == MOUNT_ATTR_RDONLY && m.top.clear == 0);
}

TEST(access_times_are_one_choice)
{
	static const struct {
		const char *words;
		uint64_t set;
		uint64_t clear;
	} rows[] = {
		{ "noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
		{ "atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
		{ "relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
		{ "strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
		{ "nostrictatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
		{ "norelatime", 0, 0 },
		{ "noatime atime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
		{ "noatime strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
		{ "strictatime atime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
		{ "noatime nostrictatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
		{ "noatime norelatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
		{ "relatime norelatime", 0, 0 },
		{ "strictatime relatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mount_plan m = parse("tmpfs", rows[i].words);

		expect_int(m.top.set, rows[i].set);
		expect_int(m.top.clear, rows[i].clear);
	}
	expect_int(parse(NULL, "rbind rnoatime").tree.set, MOUNT_ATTR_NOATIME);
	expect_int(parse(NULL, "rbind rrelatime").tree.clear, MOUNT_ATTR__ATIME);
	expect_int(parse(NULL, "rbind rstrictatime").tree.set, MOUNT_ATTR_STRICTATIME);
}

TEST(recursive_words_of_a_single_mount_are_its_own)
{
	struct mount_plan m = parse(NULL, "bind nosuid rro");

	expect_int(m.top.set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY);
	expect(m.tree.set == 0 && m.tree.clear == 0);
	m = parse("tmpfs", "ro noatime rrw rstrictatime");
	expect_int(m.top.set, MOUNT_ATTR_STRICTATIME);
	expect_int(m.top.clear, MOUNT_ATTR_RDONLY | MOUNT_ATTR__ATIME);
}

TEST(propagation_words_stand_in_order)
{
	struct mount_plan m = parse(NULL, "rbind rslave shared");

	expect_int(m.n_propagations, 2);
	expect_int(m.propagations[0], MS_SLAVE | MS_REC);
	expect_int(m.propagations[1], MS_SHARED);
	m = parse(NULL, "bind runbindable");
	expect_int(m.propagations[0], MS_UNBINDABLE | MS_REC);
}

TEST(a_bind_mount_is_private_by_default)
{
	struct mount_plan m = parse(NULL, "rbind");

	expect_int(m.n_propagations, 1);
	expect_int(m.propagations[0], MS_PRIVATE | MS_REC);
	expect_int(parse("tmpfs", "ro").n_propagations, 0);
}

TEST(too_many_propagation_words_are_refused)
{
	struct mount_plan m;

	expect_err(parse_at("/d", NULL, "bind shared slave shared slave private", &m), ERR_INVALID,
		   "mounts[3].options: too many propagation words");
}

TEST(kinds_follow_words_and_type)
{
	expect_int(parse("bind", "ro").kind, MOUNT_BIND);
	expect_int(parse("bind", "").kind, MOUNT_BIND);
	expect(!parse("bind", "").recursive);
	expect_int(parse("none", "rbind").kind, MOUNT_BIND);
	expect(parse("none", "rbind").recursive);
	expect_int(parse("tmpfs", "bind").kind, MOUNT_BIND);
	expect_int(parse("cgroup", "ro").kind, MOUNT_CGROUP);
	expect_int(parse("cgroup2", "ro").kind, MOUNT_FS);
	expect_int(parse("tmpfs", "remount").kind, MOUNT_CHANGE);
	expect_int(parse(NULL, "bind remount").kind, MOUNT_CHANGE);
}

TEST(a_mount_without_type_is_refused)
{
	struct mount_plan m;

	expect_err(parse_at("/d", NULL, "ro", &m), ERR_INVALID, "invalid mount type for `/d`");
	expect_err(parse_at("/d", "", NULL, &m), ERR_INVALID, "mounts[3].type");
}

TEST(unknown_words_are_data_of_a_file_system)
{
	struct mount_plan m = parse("tmpfs", "size=64k ro mode=1777 huge=never");

	expect_str(m.data, "size=64k,mode=1777,huge=never");
	expect(m.has_mode);
	expect(parse("tmpfs", "ro").data == NULL);
	expect(!parse("tmpfs", "ro").has_mode);
}

TEST(unknown_words_of_a_bind_mount_are_refused)
{
	static const char *const words[] = { "z", "Z", "U", "nocopy", "size=1", "readonly", "ROO" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		auto_free char *line = str_format("rbind %s", words[i]);
		auto_free char *text = str_format("unknown option `%s`", words[i]);
		struct mount_plan m;

		expect_err(parse_at("/d", NULL, line, &m), ERR_INVALID, text);
		expect_err(parse_at("/d", "bind", words[i], &m), ERR_INVALID, "mounts[3].options");
	}
}

TEST(flags_of_the_super_block_are_kept_apart)
{
	struct mount_plan m = parse("ext4", "sync dirsync mand iversion silent async loud");

	expect_int(m.sb_flags, MS_DIRSYNC | MS_MANDLOCK | MS_I_VERSION);
	expect_int(m.top.set, 0);
}

TEST(absent_options_get_the_defaults_of_the_destination)
{
	struct mount_plan m;

	expect_ok(parse_at("/dev/pts", "devpts", NULL, &m));
	expect_int(m.top.set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	expect_str(m.data, "newinstance,ptmxmode=0666,mode=620,gid=5");
	expect_ok(parse_at("/dev", "tmpfs", NULL, &m));
	expect_int(m.top.set, MOUNT_ATTR_NOEXEC | MOUNT_ATTR_STRICTATIME);
	expect_str(m.data, "mode=755");
	expect_ok(parse_at("/dev/shm", "tmpfs", NULL, &m));
	expect_str(m.data, "mode=1777,size=65536k");
	expect_ok(parse_at("/proc", "proc", NULL, &m));
	expect(m.top.set == 0 && !m.data);
	expect_ok(parse_at("/dev/pts", "devpts", "", &m));
	expect(m.top.set == 0 && !m.data);
}

TEST(words_that_do_not_go_together_are_refused)
{
	struct mount_plan m;

	expect_err(parse_at("/d", NULL, "bind copy-symlink src-nofollow", &m), ERR_INVALID,
		   "copy-symlink does not go with");
	expect_err(parse_at("/d", "tmpfs", "src-nofollow", &m), ERR_INVALID, "src-nofollow");
	expect_err(parse_at("/d", "proc", "dest-nofollow", &m), ERR_INVALID, "dest-nofollow");
	expect_err(parse_at("/d", "ext4", "tmpcopyup", &m), ERR_INVALID, "tmpcopyup");
	expect_err(parse_at("/", "tmpfs", "tmpcopyup", &m), ERR_INVALID, "the destination /");
	expect(parse("tmpfs", "tmpcopyup").tmpcopyup);
	expect(parse(NULL, "bind copy-symlink").copy_symlink);
	expect(parse(NULL, "bind src-nofollow dest-nofollow").dest_nofollow);
}

TEST(idmap_words_are_taken)
{
	struct mount_plan m = parse(NULL, "bind idmap");

	expect(m.idmap.wanted && !m.idmap.recursive && !m.idmap.text);
	m = parse(NULL, "rbind ridmap=uids=0-1-2;gids=0-1-2");
	expect(m.idmap.recursive);
	expect_str(m.idmap.text, "uids=0-1-2;gids=0-1-2");
}

TEST(only_known_files_of_proc_may_be_covered)
{
	expect(mount_allowed_in_proc("/proc/cpuinfo"));
	expect(mount_allowed_in_proc("/proc/sys/kernel/ns_last_pid"));
	expect(!mount_allowed_in_proc("/proc/cpuinfo/x"));
	expect(!mount_allowed_in_proc("/proc"));
	expect(!mount_allowed_in_proc("/proc/sys"));
	expect(!mount_allowed_in_proc("/processes"));
}

TEST(some_mounts_need_the_paths_of_the_host)
{
	struct mount_plan m = parse("tmpfs", "size=1m ro");

	expect(!mount_needs_host(&m));
	m = parse("ext4", "iversion");
	expect(mount_needs_host(&m));
	m = parse("tmpfs", "remount ro");
	expect(!mount_needs_host(&m));
	m = parse("tmpfs", "remount size=1m");
	expect(mount_needs_host(&m));
	m = parse("tmpfs", "idmap");
	expect(mount_needs_host(&m));
	m = parse(NULL, "rbind idmap");
	expect(!mount_needs_host(&m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_word_has_its_flag),
		CASE(the_last_of_two_contradicting_words_wins),
		CASE(access_times_are_one_choice),
		CASE(recursive_words_of_a_single_mount_are_its_own),
		CASE(propagation_words_stand_in_order),
		CASE(a_bind_mount_is_private_by_default),
		CASE(too_many_propagation_words_are_refused),
		CASE(kinds_follow_words_and_type),
		CASE(a_mount_without_type_is_refused),
		CASE(unknown_words_are_data_of_a_file_system),
		CASE(unknown_words_of_a_bind_mount_are_refused),
		CASE(flags_of_the_super_block_are_kept_apart),
		CASE(absent_options_get_the_defaults_of_the_destination),
		CASE(words_that_do_not_go_together_are_refused),
		CASE(idmap_words_are_taken),
		CASE(some_mounts_need_the_paths_of_the_host),
		CASE(only_known_files_of_proc_may_be_covered),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
