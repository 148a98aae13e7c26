/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents from files: what is no regular file, is missing or is too large.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "spec-test.h"

/* A directory of this test's own, removed at the end of the scope. */
struct place {
	char path[64];
	int fd;
};

static struct place place_make(void)
{
	struct place p = { .path = "/tmp/test-read.XXXXXX" };

	expect(mkdtemp(p.path) != NULL);
	p.fd = open(p.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect(p.fd >= 0);
	return p;
}

static void place_done(struct place *p)
{
	fd_close(p->fd);
	expect_int(file_remove_tree_at(AT_FDCWD, p->path), 0);
}
#define auto_place __attribute__((cleanup(place_done)))

static struct err *read_in(struct place *p)
{
	auto_arena struct arena *a = arena_new();
	struct spec *s = NULL;

	return spec_read(a, p->fd, "config.json", &s);
}

static void write_in(struct place *p, const char *text)
{
	expect_int(file_replace_at(p->fd, "config.json", text, strlen(text), 0600), 0);
}

TEST(a_file_is_read)
{
	auto_place struct place p = place_make();

	write_in(&p, "{\"ociVersion\": \"1.0.0\"}");
	expect_ok(read_in(&p));
}

TEST(mistakes_carry_the_name_of_the_file)
{
	auto_place struct place p = place_make();

	write_in(&p, "{\"ociVersion\": 1}");
	expect_text(read_in(&p), "config.json: ociVersion: must be a string, not a number");
}

TEST(a_missing_config_names_the_bundle_and_hints_at_the_option)
{
	auto_place struct place p = place_make();
	auto_free char *text = NULL;
	struct err *e = read_in(&p);

	text = str_format("open config.json in the bundle %s: No such file or directory", p.path);
	expect(e != NULL);
	expect_str(err_text(e), text);
	expect_int(err_errno(e), ENOENT);
	expect(strstr(err_get_hint(e), "-b DIR"));
	err_free(e);
}

TEST(what_is_no_regular_file_is_refused_without_waiting)
{
	auto_place struct place p = place_make();

	expect_int(mkfifoat(p.fd, "config.json", 0600), 0);
	expect_text(read_in(&p), "config.json: not a regular file");
	expect_int(unlinkat(p.fd, "config.json", 0), 0);
	expect_int(mkdirat(p.fd, "config.json", 0700), 0);
	expect_text(read_in(&p), "open config.json: Is a directory");
	expect_int(unlinkat(p.fd, "config.json", AT_REMOVEDIR), 0);
	expect_int(symlinkat("/dev/null", p.fd, "config.json"), 0);
	expect_text(read_in(&p), "config.json: not a regular file");
}

TEST(a_file_of_50_megabytes_is_refused_unread)
{
	auto_place struct place p = place_make();
	int fd = openat(p.fd, "config.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	expect_int(ftruncate(fd, 50 * 1000 * 1000), 0);
	close(fd);
	expect_text(read_in(&p), "config.json: larger than 16 MiB");
}

TEST(a_process_document_has_paths_without_prefix)
{
	auto_place struct place p = place_make();
	auto_arena struct arena *a = arena_new();
	struct spec_process *process = NULL;

	write_in(&p, "{\"args\": [\"sh\"], \"rlimits\": [{\"type\": \"RLIMIT_CPU\", \"soft\": 2, "
		     "\"hard\": 1}]}");
	expect_text(spec_read_process(a, p.fd, "config.json", &process),
		    "config.json: cwd: is required; rlimits[0].soft: is above hard");
	write_in(&p, "{\"args\": [\"sh\"], \"cwd\": \"/\"}");
	expect_ok(spec_read_process(a, p.fd, "config.json", &process));
	expect_str(process->args.v[0], "sh");
	expect_err(spec_read_process(a, p.fd, "missing", &process), ERR_SYSTEM,
		   "open missing: No such");
}

TEST(a_resources_document_has_paths_without_prefix)
{
	expect_ok(read_resources("{'memory': {'limit': 1}}"));
	expect_ok(read_resources("{}"));
	expect_text(read_resources("{'memory': {'limit': 'x'}, 'unified': {'a/b': ''}}"),
		    "resources document: memory.limit: must be a number, not a string; "
		    "unified[\"a/b\"]: must be the name of a file, without \"/\"");
	expect_text(read_process("{'cwd': 1}"),
		    "process document: cwd: must be a string, not a number");
}

TEST(a_list_of_mounts_has_the_place_in_it)
{
	auto_arena struct arena *a = arena_new();
	static const char text[] = "[{\"destination\": \"/a\"}, {\"destination\": \"/b\"}]";
	struct spec_mounts *m = NULL;

	expect_ok(spec_parse_mounts(a, "list", text, strlen(text), &m));
	expect_int(m->n, 2);
	expect_str(m->v[1].destination, "/b");
	expect_ok(read_mounts("[]"));
	expect_text(read_mounts("{}"), "list: must be a list, not an object");
	expect_text(read_mounts("[{'destination': '/a'}, {'type': 1}]"),
		    "list: [1].type: must be a string, not a number; [1].destination: is required");
	expect_text(read_mounts("[{'destination': '/a', 'uidMappings': [{'containerID': 0, "
				"'hostID': 1, 'size': 1}]}]"),
		    "list: [0].gidMappings: is required with uidMappings");
}

TESTS(CASE(a_file_is_read), CASE(mistakes_carry_the_name_of_the_file),
      CASE(a_missing_config_names_the_bundle_and_hints_at_the_option),
      CASE(what_is_no_regular_file_is_refused_without_waiting),
      CASE(a_file_of_50_megabytes_is_refused_unread),
      CASE(a_process_document_has_paths_without_prefix),
      CASE(a_resources_document_has_paths_without_prefix),
      CASE(a_list_of_mounts_has_the_place_in_it))
