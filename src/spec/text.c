/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text: see text.h.
 *
 * A scan over the bytes stands before json-c.  It enforces the limits before memory is taken, and
 * refuses what json-c lets pass even in its strict mode: NUL in member names (it would cut them),
 * control characters in strings, strings in single quotes, NaN and Infinity, numbers like 01, and
 * integers beyond 64 bits (it would change them).  Names are counted: when json-c's tree has fewer,
 * one stood twice in its object.
 */
#include "spec/text.h"

#include <ctype.h>
#include <json-c/json_object.h>
#include <json-c/json_object_iterator.h>
#include <json-c/json_tokener.h>
#include <stdio.h>

#include "spec/bounds.h"
#include "spec/mistakes.h"

/* "line 3, column 14"; columns count characters, not bytes. */
struct place {
	char s[64];
};

static struct place place_of(const char *text, size_t offset)
{
	size_t line = 1, column = 1;
	struct place p;

	for (size_t i = 0; i < offset; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	snprintf(p.s, sizeof(p.s), "line %zu, column %zu", line, column);
	return p;
}

/* How many bytes of white space TEXT begins with. */
static size_t blank_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && (text[n] == ' ' || text[n] == '\t' || text[n] == '\r' || text[n] == '\n'))
		n++;
	return n;
}

struct scan {
	const char *text;
	size_t len;
	size_t pos;
	unsigned depth;
	size_t values;
	size_t names;
	size_t items[TABLE_MAX_DEPTH];
};

/* At a comma or an opening bracket: one value more. */
static const char *scan_value(struct scan *s)
{
	if (++s->values >= TABLE_MAX_VALUES)
		return "too many values in the document, the limit is 262144";
	return NULL;
}

static const char *scan_open(struct scan *s)
{
	if (s->depth == TABLE_MAX_DEPTH)
		return "nested too deeply, the limit is 32 levels";
	s->items[s->depth++] = 0;
	return scan_value(s);
}

static const char *scan_comma(struct scan *s)
{
	if (s->depth > 0 && ++s->items[s->depth - 1] >= TABLE_MAX_ITEMS)
		return "too many items in one list or object, the limit is 65536";
	return scan_value(s);
}

static size_t scan_digits(struct scan *s)
{
	size_t start = s->pos;

	while (s->pos < s->len && s->text[s->pos] >= '0' && s->text[s->pos] <= '9')
		s->pos++;
	return s->pos - start;
}

static bool scan_char(struct scan *s, const char *set)
{
	bool found = s->pos < s->len && s->text[s->pos] && strchr(set, s->text[s->pos]);

	s->pos += found;
	return found;
}

/* From START to POS stands an integer. */
static bool scan_fits(const struct scan *s, size_t start)
{
	char digits[32];
	size_t n = s->pos - start;
	int64_t i;
	uint64_t u;

	if (n >= sizeof(digits))
		return false;
	memcpy(digits, s->text + start, n);
	digits[n] = '\0';
	return digits[0] == '-' ? str_to_i64(digits, INT64_MIN, INT64_MAX, &i) == 0
				: str_to_u64(digits, UINT64_MAX, &u) == 0;
}

static const char beyond_64_bits[] = "an integer beyond 64 bits";

/* RFC 8259, section 6. */
static const char *scan_number(struct scan *s)
{
	size_t start = s->pos;
	bool is_integer = true;
	size_t first, n;

	scan_char(s, "-");
	first = s->pos;
	n = scan_digits(s);
	if (n == 0 || (n > 1 && first < s->len && s->text[first] == '0'))
		return "not a number";
	if (scan_char(s, ".")) {
		is_integer = false;
		if (scan_digits(s) == 0)
			return "not a number";
	}
	if (scan_char(s, "eE")) {
		is_integer = false;
		scan_char(s, "+-");
		if (scan_digits(s) == 0)
			return "not a number";
	}
	if (!is_integer || scan_fits(s, start))
		return NULL;
	s->pos = start;
	return beyond_64_bits;
}

/* Is the string that ends before POS a member's name? */
static bool scan_is_name(const struct scan *s)
{
	size_t i = s->pos + blank_len(s->text + s->pos, s->len - s->pos);

	return i < s->len && s->text[i] == ':';
}

/* From behind the opening quote to behind the closing one. */
static const char *scan_string(struct scan *s)
{
	bool has_nul = false;

	for (; s->pos < s->len; s->pos++) {
		unsigned char c = (unsigned char)s->text[s->pos];

		if (c == '"') {
			s->pos++;
			return has_nul && scan_is_name(s) ? "\\u0000 in the name of a member"
							  : NULL;
		}
		if (c < ' ')
			return "a control character in a string, it must be escaped";
		if (c == '\\') {
			if (s->len - s->pos > 5 && memcmp(s->text + s->pos, "\\u0000", 6) == 0)
				has_nul = true;
			s->pos++;
		}
	}
	return NULL;
}

/* Returns what is wrong at POS, or NULL. */
static const char *scan_text(struct scan *s)
{
	const char *wrong = NULL;

	while (!wrong && s->pos < s->len) {
		switch (s->text[s->pos]) {
		case '"':
			s->pos++;
			wrong = scan_string(s);
			continue;
		case '{':
		case '[':
			wrong = scan_open(s);
			break;
		case '}':
		case ']':
			s->depth -= s->depth > 0;
			break;
		case ',':
			wrong = scan_comma(s);
			break;
		case ':':
			s->names++;
			break;
		case '-':
		case '0' ... '9':
			wrong = scan_number(s);
			continue;
		case '\0':
			wrong = "a NUL byte";
			break;
		case 'N':
		case 'I':
			wrong = "not JSON: a word that is not true, false or null";
			break;
		case '\'':
			wrong = "strings stand in double quotes";
			break;
		}
		s->pos += !wrong;
	}
	return wrong;
}

/* --- which member an offset is in ---------------------------------------------------------- */

struct level {
	bool is_list;
	size_t index;    /* of a list */
	const char *key; /* of an object: as it is written */
	size_t key_len;
};

static bool is_plain_name(const char *key, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)key[i]) && key[i] != '_')
			return false;
	return len > 0;
}

static void add_level(const struct level *l, struct str *out)
{
	if (l->is_list)
		str_addf(out, "[%zu]", l->index);
	else if (is_plain_name(l->key, l->key_len))
		str_addf(out, "%s%.*s", out->len ? "." : "", (int)l->key_len, l->key);
	else
		str_addf(out, "[\"%.*s\"]", (int)l->key_len, l->key);
}

/* Reads again what was scanned up to END: mistakes are rare, and only they need the names. */
static void add_path(const char *text, size_t end, struct str *out)
{
	struct level v[TABLE_MAX_DEPTH] = { 0 };
	struct scan s = { .text = text, .len = end };
	unsigned depth = 0;

	while (s.pos < end) {
		char c = text[s.pos++];
		size_t start = s.pos;

		if (c == '"') {
			scan_string(&s);
			if (depth > 0 && scan_is_name(&s)) {
				v[depth - 1].key = text + start;
				v[depth - 1].key_len = s.pos - 1 - start;
			}
		} else if (c == '{' || c == '[') {
			v[depth++] = (struct level){ .is_list = c == '[', .key = "" };
		} else if (c == '}' || c == ']') {
			depth -= depth > 0;
		} else if (c == ',' && depth > 0) {
			v[depth - 1].index++;
		}
	}
	for (unsigned i = 0; i < depth; i++)
		add_level(&v[i], out);
}

/* --- what is wrong -------------------------------------------------------------------------- */

/* A number is wrong as a value of its member, which is easier to find than a column. */
static struct err *scan_error(const char *what, const struct scan *s, const char *wrong)
{
	auto_str struct str path = { 0 };
	struct place place = place_of(s->text, s->pos);

	if (wrong == beyond_64_bits)
		add_path(s->text, s->pos, &path);
	if (path.len)
		return err_new(ERR_INVALID, "%s: %s: %s (%s)", what, path.s, wrong, place.s);
	return err_new(ERR_INVALID, "%s: %s: %s", what, place.s, wrong);
}

static size_t count_names(struct json_object *v)
{
	struct json_object_iterator it, end;
	size_t n = 0;

	if (json_object_is_type(v, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(v); i++)
			n += count_names(json_object_array_get_idx(v, i));
	} else if (json_object_is_type(v, json_type_object)) {
		it = json_object_iter_begin(v);
		end = json_object_iter_end(v);
		for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it))
			n += 1 + count_names(json_object_iter_peek_value(&it));
	}
	return n;
}

/* The string from START to END, quotes included, without its escapes. */
static struct json_object *unescape(const char *text, size_t start, size_t end)
{
	struct json_tokener *tok = json_tokener_new();
	struct json_object *v = json_tokener_parse_ex(tok, text + start, (int)(end - start));

	json_tokener_free(tok);
	return v;
}

/* Reads the string at POS; is it a name that SEEN has already?  Then POS stays. */
static bool is_seen_name(struct scan *s, struct json_object *seen)
{
	size_t start = s->pos++;
	struct json_object *name = NULL;
	bool is_seen = false;

	(void)scan_string(s);
	if (!scan_is_name(s))
		return false;
	name = unescape(s->text, start, s->pos);
	is_seen = json_object_object_get_ex(seen, json_object_get_string(name), NULL);
	if (!is_seen)
		json_object_object_add(seen, json_object_get_string(name), NULL);
	json_object_put(name);
	if (is_seen)
		s->pos = start;
	return is_seen;
}

/* Where in a text that is good JSON a name stands for the second time in its object. */
static size_t find_second_name(const char *text, size_t len)
{
	struct scan s = { .text = text, .len = len };
	struct json_object *seen[TABLE_MAX_DEPTH] = { 0 };

	while (s.pos < len) {
		char c = text[s.pos];

		if (c == '"') {
			if (is_seen_name(&s, s.depth > 0 ? seen[s.depth - 1] : NULL))
				break;
			continue;
		}
		if (c == '{' || c == '[')
			seen[s.depth++] = json_object_new_object();
		else if (c == '}' || c == ']')
			json_object_put(seen[--s.depth]);
		s.pos++;
	}
	while (s.depth > 0)
		json_object_put(seen[--s.depth]);
	return s.pos;
}

static const char *syntax_text(enum json_tokener_error code)
{
	switch (code) {
	case json_tokener_error_depth:
		return "nested too deeply";
	case json_tokener_error_parse_null:
	case json_tokener_error_parse_boolean:
		return "not JSON: a word that is not true, false or null";
	case json_tokener_error_parse_number:
		return "not a number";
	case json_tokener_error_parse_array:
		return "expected \",\" or \"]\"";
	case json_tokener_error_parse_object_key_name:
		return "expected the name of a member in double quotes";
	case json_tokener_error_parse_object_key_sep:
		return "expected \":\" behind the name of a member";
	case json_tokener_error_parse_object_value_sep:
		return "expected \",\" or \"}\"";
	case json_tokener_error_parse_string:
		return "a string with a wrong escape or without its closing quote";
	case json_tokener_error_parse_comment:
		return "JSON has no comments";
	case json_tokener_error_parse_utf8_string:
		return "not UTF-8";
	default:
		return NULL;
	}
}

static struct err *syntax_error(const char *what, const char *text, size_t len, size_t at,
				enum json_tokener_error code)
{
	const char *why = syntax_text(code);
	char c[2] = { 0 };

	if (code == json_tokener_continue || at >= len)
		return err_new(ERR_INVALID, "%s: %s: the document ends too early", what,
			       place_of(text, len).s);
	if (why)
		return err_new(ERR_INVALID, "%s: %s: %s", what, place_of(text, at).s, why);
	c[0] = text[at];
	if ((unsigned char)c[0] >= 0x80)
		return err_new(ERR_INVALID, "%s: %s: a character that is not JSON", what,
			       place_of(text, at).s);
	return err_new(ERR_INVALID, "%s: %s: unexpected %s", what, place_of(text, at).s,
		       quote(c).s);
}

struct err *text_parse(const char *what, const char *text, size_t len, struct json_object **ret)
{
	struct scan scan = { .text = text, .len = len };
	struct json_object *root;
	struct json_tokener *tok;
	enum json_tokener_error code;
	const char *wrong;
	size_t end;

	if (len > TABLE_MAX_BYTES)
		return err_new(ERR_INVALID, "%s: larger than 16 MiB", what);
	if (blank_len(text, len) == len)
		return err_new(ERR_INVALID, "%s: is empty", what);
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return err_new(ERR_INVALID, "%s: begins with a byte order mark, JSON has none",
			       what);
	wrong = scan_text(&scan);
	if (wrong)
		return scan_error(what, &scan, wrong);

	/* json-c counts the value itself as a level. */
	tok = json_tokener_new_ex(TABLE_MAX_DEPTH + 1);
	if (!tok)
		abort();
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	root = json_tokener_parse_ex(tok, text, (int)len);
	code = json_tokener_get_error(tok);
	/* A number alone has no end until the text has one. */
	if (code == json_tokener_continue && scan.depth == 0) {
		root = json_tokener_parse_ex(tok, "", 1);
		code = json_tokener_get_error(tok);
		end = len;
	} else {
		end = json_tokener_get_parse_end(tok);
	}
	json_tokener_free(tok);
	if (code != json_tokener_success)
		return syntax_error(what, text, len, end, code);
	if (count_names(root) != scan.names) {
		json_object_put(root);
		return err_new(ERR_INVALID, "%s: %s: a name for the second time in one object",
			       what, place_of(text, find_second_name(text, len)).s);
	}
	*ret = root;
	return NULL;
}

void text_add_string(struct str *out, const char *s)
{
	static const char short_escape[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	str_add_n(out, "\"", 1);
	while (*s) {
		size_t plain = 0;
		const char *p;
		unsigned char c;

		while ((unsigned char)s[plain] >= ' ' && s[plain] != '"' && s[plain] != '\\')
			plain++;
		str_add_n(out, s, plain);
		s += plain;
		c = (unsigned char)*s;
		if (!c)
			break;
		for (p = short_escape; *p && (unsigned char)p[0] != c; p += 2)
			;
		if (*p)
			str_add_n(out, (char[]){ '\\', p[1] }, 2);
		else
			str_addf(out, "\\u%04x", c);
		s++;
	}
	str_add_n(out, "\"", 1);
}
