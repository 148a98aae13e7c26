/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TOML that configures engines: containers.conf, containerd's config.toml, CRI-O's crio.conf.
 *
 * Kept are strings, booleans and numbers, and the strings of arrays.  The rest is read over: what
 * else arrays hold, and what makes [[tables]] different from [tables].  A document may come from
 * several files; of two values with the same keys the later one counts.
 */
#ifndef CLI_TOML_H
#define CLI_TOML_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { TOML_MAX_KEYS = 16 };

enum toml_kind { TOML_STRING, TOML_ARRAY, TOML_OTHER };

struct toml_value {
	const char *keys[TOML_MAX_KEYS + 1]; /* ends with NULL */
	enum toml_kind kind;
	const char *text;  /* the string; of other values, what is written there */
	struct strv items; /* the strings of an array */
	bool appends; /* {append=true} among them: containers.conf adds them to the earlier ones */
	const char *file;
	unsigned line;
};

struct toml {
	size_t n;
	size_t room;
	struct toml_value *v;
};

/* Adds what TEXT says.  NAME is for messages and for the values; it lives as long as A. */
MUST_CHECK struct err *toml_add(struct toml *t, struct arena *a, const char *name,
				const char *text);
void toml_done(struct toml *t);

/* KEYS end with NULL.  NULL when there is no value. */
const struct toml_value *toml_get(const struct toml *t, const char *const *keys);
/* Only of that kind: NULL, or its text. */
const char *toml_string(const struct toml *t, const char *const *keys);
/* Is S one of the array's strings? */
bool toml_has_item(const struct toml *t, const char *const *keys, const char *s);
/*
 * The names right below KEYS, each once, in order.  *AT begins with 0; NULL ends.
 */
const char *toml_next_child(const struct toml *t, const char *const *keys, size_t *at);

#define TOML_KEYS(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
