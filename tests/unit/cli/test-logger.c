/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as Podman, conmon and containerd read them.
 */
#include "cli/logger.h"

#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>

#include "test.h"

static char log_path[64];

/* What a fresh log holds after one error, with standard error out of the way. */
static char *log_one(enum logger_format format, struct err *e)
{
	struct logger l = { .fd = -EBADF };
	char *text = xcalloc(4096, 1);
	int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int fd;

	snprintf(log_path, sizeof(log_path), "/tmp/davit-test-logger-%d", (int)getpid());
	dup2(null, STDERR_FILENO);
	expect_ok(logger_open(&l, log_path, format, LOG_LEVEL_ERROR));
	logger_error(&l, e);
	log_warn("below the level");
	logger_close(&l);
	err_free(e);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(null);

	fd = open(log_path, O_RDONLY | O_CLOEXEC);
	expect(read(fd, text, 4095) > 0);
	close(fd);
	unlink(log_path);
	return text;
}

static const char *member(struct json_object *o, const char *name)
{
	struct json_object *value = NULL;

	return json_object_object_get_ex(o, name, &value) ? json_object_get_string(value) : NULL;
}

TEST(an_error_is_one_json_object_on_one_line)
{
	struct err *e = err_hint(err_new(ERR_INVALID, "two\nlines \"x\""), "look");
	auto_free char *text = log_one(LOGGER_JSON, e);
	struct json_object *o = json_tokener_parse(text);

	expect(o);
	expect(strchr(text, '\n') == text + strlen(text) - 1);
	expect_str(member(o, "msg"), "two\nlines \"x\" (hint: look)");
	expect_str(member(o, "level"), "error");
	expect_int(strlen(member(o, "time")), strlen("2026-11-23T21:40:00.679106Z"));
	expect_str(member(o, "hint"), "look");
	json_object_put(o);
}

TEST(an_error_without_hint_has_no_member_for_it)
{
	auto_free char *text = log_one(LOGGER_JSON, err_new(ERR_INVALID, "x"));

	expect(!strstr(text, "hint"));
}

TEST(text_cannot_forge_a_record)
{
	struct err *e = err_new(ERR_INVALID, "a\n2026 error: b\x1b[2J");
	auto_free char *text = log_one(LOGGER_TEXT, e);

	expect(strstr(text, " error: a; 2026 error: b\\x1b[2J\n"));
	expect(strchr(text, '\n') == text + strlen(text) - 1);
}

static void expect_refused(const char *spec, const char *why, enum err_code code)
{
	struct logger l = { .fd = -EBADF };

	expect_err(logger_open(&l, spec, LOGGER_TEXT, LOG_LEVEL_ERROR), code, why);
	logger_close(&l);
}

TEST(a_log_that_cannot_be_opened_is_refused)
{
	expect_refused("carrier:pigeon", "unknown log type `carrier`", ERR_INVALID);
	expect_refused("/nonexistent/log", "open the log /nonexistent/log: No such file",
		       ERR_SYSTEM);
	expect_refused("file:/", "open the log /: Is a directory", ERR_SYSTEM);
	expect_refused("", "open the log", ERR_SYSTEM);
}

TEST(a_path_may_hold_a_colon)
{
	expect_refused("/nonexistent/a:b", "open the log /nonexistent/a:b", ERR_SYSTEM);
	expect_refused("./nonexistent:/b", "open the log ./nonexistent:/b", ERR_SYSTEM);
}

TESTS(CASE(an_error_is_one_json_object_on_one_line),
      CASE(an_error_without_hint_has_no_member_for_it), CASE(text_cannot_forge_a_record),
      CASE(a_log_that_cannot_be_opened_is_refused), CASE(a_path_may_hold_a_colon))
