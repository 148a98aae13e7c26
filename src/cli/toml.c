/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader of TOML: see toml.h.
 */
#include "cli/toml.h"

#include <stdio.h>

enum { MAX_NESTED = 32 };

struct path {
	const char *keys[TOML_MAX_KEYS];
	size_t n;
};

struct reader {
	struct toml *doc;
	struct arena *a;
	const char *name;
	const char *p;
	unsigned line;
	unsigned nested;
	struct path table; /* of the last [header] */
};

static struct err *bad(const struct reader *r, const char *what)
{
	return err_new(ERR_INVALID, "%s: line %u: %s", r->name, r->line, what);
}

static void skip_blanks(struct reader *r)
{
	r->p += strspn(r->p, " \t");
}

/* Blanks, ends of lines and comments. */
static void skip_space(struct reader *r)
{
	for (;;) {
		skip_blanks(r);
		if (*r->p == '#')
			r->p += strcspn(r->p, "\n");
		if (*r->p == '\r' && r->p[1] == '\n')
			r->p++;
		if (*r->p != '\n')
			return;
		r->p++;
		r->line++;
	}
}

static void add_utf8(struct str *s, unsigned long c)
{
	char b[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		b[i] = (char)(0x80 | (c & 0x3f));
	b[0] = (char)(n == 1 ? c : ((0xf0 << (4 - n)) & 0xff) | c);
	str_add_n(s, b, n);
}

/* What follows a backslash. */
static struct err *read_escape(struct reader *r, struct str *s)
{
	static const char names[] = "btnfre\"\\", values[] = "\b\t\n\f\r\033\"\\";
	const char *found = *r->p ? strchr(names, *r->p) : NULL;
	size_t digits = *r->p == 'u' ? 4 : *r->p == 'U' ? 8 : 0;
	char hex[9] = "";

	if (found) {
		str_add_n(s, &values[found - names], 1);
		r->p++;
		return NULL;
	}
	if (digits && strspn(r->p + 1, "0123456789abcdefABCDEF") >= digits) {
		unsigned long c;

		memcpy(hex, r->p + 1, digits);
		c = strtoul(hex, NULL, 16);
		if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
			return bad(r, "not a character");
		add_utf8(s, c);
		r->p += 1 + digits;
		return NULL;
	}
	return bad(r, "unknown escape in a string");
}

/* A backslash at the end of a line of a long string: it goes on at the next word. */
static bool skip_line_end(struct reader *r)
{
	const char *end = r->p + strspn(r->p, " \t\r");

	if (*end != '\n')
		return false;
	for (; *r->p && strchr(" \t\r\n", *r->p); r->p++)
		r->line += *r->p == '\n';
	return true;
}

/* "…", '…', """…""" or '''…'''. */
static struct err *read_string(struct reader *r, const char **ret)
{
	auto_str struct str s = { 0 };
	char quote = *r->p;
	bool is_long = r->p[1] == quote && r->p[2] == quote;
	size_t width = is_long ? 3 : 1;

	r->p += width;
	if (is_long && *r->p == '\r')
		r->p++;
	if (is_long && *r->p == '\n') {
		r->p++;
		r->line++;
	}
	str_add(&s, "");
	while (*r->p != quote || (is_long && (r->p[1] != quote || r->p[2] != quote))) {
		if (*r->p == '\0' || (*r->p == '\n' && !is_long))
			return bad(r, "the string has no end");
		r->line += *r->p == '\n';
		if (*r->p != '\\' || quote == '\'') {
			str_add_n(&s, r->p++, 1);
			continue;
		}
		r->p++;
		if (is_long && skip_line_end(r))
			continue;
		TRY(read_escape(r, &s));
	}
	r->p += width;
	/* Quotes that stand right before the closing ones belong to the string. */
	for (; is_long && *r->p == quote; r->p++)
		str_add_n(&s, r->p, 1);
	*ret = arena_str(r->a, s.s);
	return NULL;
}

/* Adds the keys of a.b."c.d" to PATH. */
static struct err *read_keys(struct reader *r, struct path *path)
{
	static const char bare[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	for (;; r->p++) {
		size_t len;

		skip_blanks(r);
		if (path->n == TOML_MAX_KEYS)
			return bad(r, "too many keys in one another");
		if (*r->p == '"' || *r->p == '\'') {
			TRY(read_string(r, &path->keys[path->n++]));
		} else {
			len = strspn(r->p, bare);
			if (len == 0)
				return bad(r, "a key is missing");
			path->keys[path->n++] = arena_str_n(r->a, r->p, len);
			r->p += len;
		}
		skip_blanks(r);
		if (*r->p != '.')
			return NULL;
	}
}

static struct toml_value *add_value(struct reader *r, const struct path *path, enum toml_kind kind)
{
	struct toml *t = r->doc;
	struct toml_value *v;

	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->v = xrealloc(t->v, t->room * sizeof(*t->v));
	}
	v = &t->v[t->n++];
	*v = (struct toml_value){ .kind = kind, .file = r->name, .line = r->line };
	memcpy(v->keys, path->keys, path->n * sizeof(path->keys[0]));
	return v;
}

static struct err *read_value(struct reader *r, const struct path *path);

/* { key = value, … }; the keys come below PATH. */
static struct err *read_inline_table(struct reader *r, const struct path *path)
{
	for (r->p++;;) {
		struct path keys = *path;

		skip_space(r);
		if (*r->p == '}')
			break;
		TRY(read_keys(r, &keys));
		if (*r->p != '=')
			return bad(r, "`=` is missing");
		r->p++;
		skip_blanks(r);
		TRY(read_value(r, &keys));
		skip_space(r);
		if (*r->p == ',')
			r->p++;
		else if (*r->p != '}')
			return bad(r, "`}` is missing");
	}
	r->p++;
	return NULL;
}

/* The number of KEYS when those of V begin with them, else -1. */
static int prefix_len(const struct toml_value *v, const char *const *keys)
{
	int n = 0;

	for (; keys[n]; n++)
		if (!v->keys[n] || !streq(v->keys[n], keys[n]))
			return -1;
	return n;
}

static bool has_keys(const struct toml_value *v, const char *const *keys)
{
	int n = prefix_len(v, keys);

	return n >= 0 && !v->keys[n];
}

/* Does the {…} of an array, whose values came behind FIRST, say append=true? */
static bool says_append(const struct toml *t, size_t first)
{
	for (size_t i = first; i < t->n; i++)
		if (t->v[i].kind == TOML_OTHER && has_keys(&t->v[i], TOML_KEYS("append")) &&
		    streq(t->v[i].text, "true"))
			return true;
	return false;
}

/* Something in an array that is no string: read over, but for append=true. */
static struct err *read_other_item(struct reader *r, bool *appends)
{
	size_t first = r->doc->n;
	struct err *e = read_value(r, &(struct path){ 0 });

	*appends = *appends || says_append(r->doc, first);
	for (; r->doc->n > first; r->doc->n--)
		strv_done(&r->doc->v[r->doc->n - 1].items);
	return e;
}

static struct err *read_items(struct reader *r, struct strv *items, bool *appends)
{
	for (r->p++;;) {
		const char *s;

		skip_space(r);
		if (*r->p == ']')
			break;
		if (*r->p == '"' || *r->p == '\'') {
			TRY(read_string(r, &s));
			strv_add(items, s);
		} else {
			TRY(read_other_item(r, appends));
		}
		skip_space(r);
		if (*r->p == ',')
			r->p++;
		else if (*r->p != ']')
			return bad(r, "`]` is missing");
	}
	r->p++;
	return NULL;
}

static struct err *read_array(struct reader *r, const struct path *path)
{
	auto_strv struct strv items = { 0 };
	bool appends = false;
	struct toml_value *v;

	TRY(read_items(r, &items, &appends));
	v = add_value(r, path, TOML_ARRAY);
	v->items = items;
	v->appends = appends;
	items = (struct strv){ 0 };
	return NULL;
}

static struct err *read_nested(struct reader *r, const struct path *path)
{
	struct err *e;

	if (r->nested == MAX_NESTED)
		return bad(r, "too many arrays and tables in one another");
	r->nested++;
	e = *r->p == '[' ? read_array(r, path) : read_inline_table(r, path);
	r->nested--;
	return e;
}

static struct err *read_value(struct reader *r, const struct path *path)
{
	struct toml_value *v;
	const char *s;
	size_t len;

	if (*r->p == '[' || *r->p == '{')
		return read_nested(r, path);
	if (*r->p == '"' || *r->p == '\'') {
		TRY(read_string(r, &s));
		add_value(r, path, TOML_STRING)->text = s;
		return NULL;
	}
	/* true, 0x1F, 1_000.5e+3, 1979-05-27T07:32:00Z */
	len = strspn(r->p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._:");
	if (len == 0)
		return bad(r, "a value is missing");
	v = add_value(r, path, TOML_OTHER);
	v->text = arena_str_n(r->a, r->p, len);
	r->p += len;
	return NULL;
}

/* [a.b] or [[a.b]] */
static struct err *read_header(struct reader *r)
{
	size_t width = r->p[1] == '[' ? 2 : 1;

	r->table.n = 0;
	r->p += width;
	TRY(read_keys(r, &r->table));
	if (*r->p != ']' || (width == 2 && r->p[1] != ']'))
		return bad(r, "`]` is missing");
	r->p += width;
	return NULL;
}

static struct err *read_assignment(struct reader *r)
{
	struct path path = r->table;

	TRY(read_keys(r, &path));
	if (*r->p != '=')
		return bad(r, "`=` is missing");
	r->p++;
	skip_blanks(r);
	return read_value(r, &path);
}

struct err *toml_add(struct toml *t, struct arena *a, const char *name, const char *text)
{
	struct reader r = { .doc = t, .a = a, .name = name, .p = text, .line = 1 };

	if (str_starts(r.p, "\xef\xbb\xbf"))
		r.p += 3;
	for (skip_space(&r); *r.p; skip_space(&r)) {
		unsigned line;

		TRY(*r.p == '[' ? read_header(&r) : read_assignment(&r));
		line = r.line;
		skip_space(&r);
		if (*r.p && r.line == line)
			return bad(&r, "more than one value in a line");
	}
	return NULL;
}

void toml_done(struct toml *t)
{
	for (size_t i = 0; i < t->n; i++)
		strv_done(&t->v[i].items);
	free(t->v);
	*t = (struct toml){ 0 };
}

const struct toml_value *toml_get(const struct toml *t, const char *const *keys)
{
	for (size_t i = t->n; i-- > 0;)
		if (has_keys(&t->v[i], keys))
			return &t->v[i];
	return NULL;
}

const char *toml_string(const struct toml *t, const char *const *keys)
{
	const struct toml_value *v = toml_get(t, keys);

	return v && v->kind == TOML_STRING ? v->text : NULL;
}

bool toml_has_item(const struct toml *t, const char *const *keys, const char *s)
{
	for (size_t i = t->n; i-- > 0;) {
		const struct toml_value *v = &t->v[i];

		if (!has_keys(v, keys))
			continue;
		for (size_t k = 0; k < v->items.n; k++)
			if (streq(v->items.v[k], s))
				return true;
		if (!v->appends)
			return false;
	}
	return false;
}

const char *toml_next_child(const struct toml *t, const char *const *keys, size_t *at)
{
	for (; *at < t->n; (*at)++) {
		int n = prefix_len(&t->v[*at], keys);
		const char *child = n < 0 ? NULL : t->v[*at].keys[n];
		bool is_new = child;

		for (size_t i = 0; i < *at && is_new; i++)
			is_new = prefix_len(&t->v[i], keys) < 0 || !t->v[i].keys[n] ||
				 !streq(t->v[i].keys[n], child);
		if (is_new) {
			(*at)++;
			return child;
		}
	}
	return NULL;
}
