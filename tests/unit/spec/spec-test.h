/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents in tests, with ' for " so that they can be read.
 */
#ifndef TESTS_UNIT_SPEC_SPEC_TEST_H
#define TESTS_UNIT_SPEC_SPEC_TEST_H

#include "base/arena.h"
#include "base/str.h"
#include "spec/spec.h"
#include "test.h"

static inline char *unquote(const char *text)
{
	char *s = str_dup(text);

	for (char *p = s; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	return s;
}

/* Reads TEXT and forgets the result; an error comes back. */
static inline struct err *read_config(const char *text)
{
	auto_arena struct arena *a = arena_new();
	auto_free char *json = unquote(text);
	struct spec *s = NULL;

	return spec_parse(a, json, strlen(json), &s);
}

static inline struct err *read_process(const char *text)
{
	auto_arena struct arena *a = arena_new();
	auto_free char *json = unquote(text);
	struct spec_process *p = NULL;

	return spec_parse_process(a, json, strlen(json), &p);
}

static inline struct err *read_resources(const char *text)
{
	auto_arena struct arena *a = arena_new();
	auto_free char *json = unquote(text);
	struct spec_resources *r = NULL;

	return spec_parse_resources(a, json, strlen(json), &r);
}

static inline struct err *read_mounts(const char *text)
{
	auto_arena struct arena *a = arena_new();
	auto_free char *json = unquote(text);
	struct spec_mounts *m = NULL;

	return spec_parse_mounts(a, "list", json, strlen(json), &m);
}

/* The error must be exactly TEXT. */
static inline void expect_text_at(struct err *e, const char *text, const char *file, int line)
{
	if (!e) {
		print_error("%s:%d: no error, expected \"%s\"\n", file, line, text);
		_fail(file, line);
		return;
	}
	if (!streq(err_text(e), text)) {
		print_error("%s:%d: \"%s\"\n  expected \"%s\"\n", file, line, err_text(e), text);
		err_free(e);
		_fail(file, line);
		return;
	}
	err_free(e);
}
#define expect_text(call, text) expect_text_at((call), (text), __FILE__, __LINE__)

#define V1                 "'ociVersion': '1.3.0'"
#define PROCESS(members)   "{" V1 ", 'process': {'cwd': '/', " members "}}"
#define LINUX(members)     "{" V1 ", 'linux': {" members "}}"
#define RESOURCES(members) LINUX("'resources': {" members "}")
#define SECCOMP(members)   LINUX("'seccomp': {" members "}")

#endif
