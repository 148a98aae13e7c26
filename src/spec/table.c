/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reading side of the tables: see table.h.
 */
#include "spec/table.h"

#include <inttypes.h>
#include <json-c/json_object.h>
#include <json-c/json_object_iterator.h>
#include <stdio.h>

#include "base/log.h"
#include "spec/text.h"

struct parse {
	struct arena *arena;
	struct mistakes *mistakes;
};

/* Where we are; becomes text only when there is a mistake. */
struct at {
	const struct at *up;
	const char *name; /* NULL: INDEX */
	size_t index;
	bool is_key; /* a name that the document chose */
};

static void at_add(const struct at *at, struct str *out)
{
	if (!at)
		return;
	at_add(at->up, out);
	if (!at->name)
		str_addf(out, "[%zu]", at->index);
	else if (at->is_key)
		str_addf(out, "[%s]", quote(at->name).s);
	else
		str_addf(out, "%s%s", at->up ? "." : "", at->name);
}

static void PRINTF(3, 4) wrong(struct parse *p, const struct at *at, const char *fmt, ...)
{
	auto_free char *text = NULL;
	auto_str struct str path = { 0 };
	va_list ap;

	va_start(ap, fmt);
	text = str_vformat(fmt, ap);
	va_end(ap);
	at_add(at, &path);
	mistakes_add(p->mistakes, "%s%s%s", path.len ? path.s : "", path.len ? ": " : "", text);
}

static const char *type_text(const struct json_object *v)
{
	switch (json_object_get_type(v)) {
	case json_type_null:
		return "null";
	case json_type_boolean:
		return "a boolean";
	case json_type_double:
	case json_type_int:
		return "a number";
	case json_type_object:
		return "an object";
	case json_type_array:
		return "a list";
	case json_type_string:
		return "a string";
	}
	return "something else";
}

static bool expect_type(struct parse *p, const struct at *at, const struct json_object *v,
			enum json_type type, const char *text)
{
	if (json_object_is_type(v, type))
		return true;
	wrong(p, at, "must be %s, not %s", text, type_text(v));
	return false;
}

/* The text of V if it fits FLAGS, not copied; else NULL. */
static const char *check_string(struct parse *p, const struct at *at, struct json_object *v,
				unsigned flags)
{
	const char *s;

	if (!expect_type(p, at, v, json_type_string, "a string"))
		return NULL;
	s = json_object_get_string(v);
	if (strlen(s) != (size_t)json_object_get_string_len(v))
		wrong(p, at, "must not contain \\u0000");
	else if ((flags & (NONEMPTY | ABSOLUTE)) && !*s)
		wrong(p, at, "must not be empty");
	else if ((flags & ABSOLUTE) && *s != '/')
		wrong(p, at, "must be an absolute path, not %s", quote(s).s);
	else
		return s;
	return NULL;
}

static char *parse_string(struct parse *p, const struct at *at, struct json_object *v,
			  unsigned flags)
{
	const char *s = check_string(p, at, v, flags);

	return s ? arena_str_n(p->arena, s, (size_t)json_object_get_string_len(v)) : NULL;
}

static bool find_word(struct parse *p, const struct at *at, const struct word *words, const char *s,
		      long *ret)
{
	enum { SHOWN = 24 };
	auto_str struct str list = { 0 };
	size_t n = 0;

	if (word_find(words, s, ret))
		return true;
	for (; words[n].name && n < SHOWN; n++)
		str_addf(&list, "%s%s",
			 n == 0              ? ""
			 : words[n + 1].name ? ", "
					     : " or ",
			 words[n].name);
	wrong(p, at, "unknown value %s, must be %s%s", quote(s).s, list.s,
	      words[n].name ? ", ..." : "");
	return false;
}

static bool parse_word(struct parse *p, const struct at *at, struct json_object *v,
		       const struct word *words, long *ret)
{
	const char *s = check_string(p, at, v, 0);

	return s && find_word(p, at, words, s, ret);
}

struct number {
	bool negative;
	uint64_t bits; /* two's complement when negative */
};

static bool parse_number(struct parse *p, const struct at *at, struct json_object *v, int64_t min,
			 uint64_t max, struct number *ret)
{
	int64_t i;
	bool fits;

	if (json_object_is_type(v, json_type_double)) {
		wrong(p, at, "must be a whole number");
		return false;
	}
	if (!expect_type(p, at, v, json_type_int, "a number"))
		return false;
	/* Numbers above INT64_MAX come back as INT64_MAX here, and exact from get_uint64. */
	i = json_object_get_int64(v);
	ret->negative = i < 0;
	ret->bits = i < 0 ? (uint64_t)i : json_object_get_uint64(v);
	if (i < 0)
		fits = i >= min;
	else
		fits = ret->bits <= max && (min <= 0 || ret->bits >= (uint64_t)min);
	if (fits)
		return true;
	wrong(p, at, "must be between %" PRId64 " and %" PRIu64 ", not %s", min, max,
	      json_object_get_string(v));
	return false;
}

/* The range of row F: what it says, else all that its C type holds. */
static bool parse_field_number(struct parse *p, const struct field *f, const struct at *at,
			       struct json_object *v, struct number *ret)
{
	unsigned bits = f->kind == FIELD_OPT_I64 || f->kind == FIELD_OPT_U64 ? 64 : f->size * 8u;
	bool is_signed = f->kind == FIELD_INT || f->kind == FIELD_OPT_I64;
	uint64_t type_max = (UINT64_MAX >> (64 - bits)) >> is_signed;
	int64_t type_min = is_signed ? -(int64_t)type_max - 1 : 0;

	return parse_number(p, at, v, f->min || f->max ? f->min : type_min,
			    f->max ? f->max : type_max, ret);
}

static void store(void *member, size_t size, uint64_t bits)
{
	switch (size) {
	case 1:
		*(uint8_t *)member = (uint8_t)bits;
		break;
	case 2:
		*(uint16_t *)member = (uint16_t)bits;
		break;
	case 4:
		*(uint32_t *)member = (uint32_t)bits;
		break;
	default:
		*(uint64_t *)member = bits;
	}
}

static void parse_strings(struct parse *p, const struct field *f, const struct at *at,
			  struct json_object *v, struct spec_strings *ret)
{
	bool words = f->kind == FIELD_WORDS;
	struct spec_strings list = { .present = true };
	long ignored;
	size_t n;

	if (!expect_type(p, at, v, json_type_array, "a list"))
		return;
	n = json_object_array_length(v);
	if (n == 0 && (f->flags & NONEMPTY))
		wrong(p, at, "must not be empty");
	list.v = arena_array(p->arena, char *, n + 1);
	for (size_t i = 0; i < n; i++) {
		struct at item = { .up = at, .index = i };
		char *s = parse_string(p, &item, json_object_array_get_idx(v, i), f->flags);

		if (s && (!words || find_word(p, &item, f->words, s, &ignored)))
			list.v[list.n++] = s;
	}
	*ret = list;
}

static void parse_flags(struct parse *p, const struct field *f, const struct at *at,
			struct json_object *v, void *member)
{
	uint64_t bits = 0;

	if (!expect_type(p, at, v, json_type_array, "a list"))
		return;
	for (size_t i = 0; i < json_object_array_length(v); i++) {
		struct at item = { .up = at, .index = i };
		long flag;

		if (parse_word(p, &item, json_object_array_get_idx(v, i), f->words, &flag))
			bits |= (unsigned long)flag;
	}
	store(member, f->size, bits);
}

static void parse_ids(struct parse *p, const struct field *f, const struct at *at,
		      struct json_object *v, char *object)
{
	uint32_t *ids;
	size_t n;

	if (!expect_type(p, at, v, json_type_array, "a list"))
		return;
	n = json_object_array_length(v);
	ids = arena_array(p->arena, uint32_t, n);
	for (size_t i = 0; i < n; i++) {
		struct at item = { .up = at, .index = i };
		struct number number;

		if (parse_number(p, &item, json_object_array_get_idx(v, i), 0, f->max, &number))
			ids[i] = (uint32_t)number.bits;
	}
	*(uint32_t **)(object + f->offset) = ids;
	*(size_t *)(object + f->n_offset) = n;
}

static void parse_map(struct parse *p, const struct field *f, const struct at *at,
		      struct json_object *v, struct spec_map *ret)
{
	struct spec_map map = { .present = true };
	struct json_object_iterator it, end;

	if (!expect_type(p, at, v, json_type_object, "an object"))
		return;
	map.v = arena_array(p->arena, struct spec_pair, (size_t)json_object_object_length(v));
	it = json_object_iter_begin(v);
	end = json_object_iter_end(v);
	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *name = json_object_iter_peek_name(&it);
		struct at item = { .up = at, .name = name, .is_key = true };
		char *s = parse_string(p, &item, json_object_iter_peek_value(&it), f->flags);

		if (!*name)
			wrong(p, at, "must not have an empty name");
		else if (s)
			map.v[map.n++] = (struct spec_pair){ arena_str(p->arena, name), s };
	}
	*ret = map;
}

static void parse_object(struct parse *p, const struct type *type, const struct at *at,
			 struct json_object *v, void *object);

static void parse_list(struct parse *p, const struct field *f, const struct at *at,
		       struct json_object *v, char *object)
{
	char *items;
	size_t n;

	if (!expect_type(p, at, v, json_type_array, "a list"))
		return;
	n = json_object_array_length(v);
	if (n == 0 && (f->flags & NONEMPTY))
		wrong(p, at, "must not be empty");
	items = arena_alloc(p->arena, n * f->type->size);
	for (size_t i = 0; i < n; i++) {
		struct at item = { .up = at, .index = i };

		parse_object(p, f->type, &item, json_object_array_get_idx(v, i),
			     items + i * f->type->size);
	}
	*(char **)(object + f->offset) = items;
	*(size_t *)(object + f->n_offset) = n;
}

static void parse_keyed(struct parse *p, const struct field *f, const struct at *at,
			struct json_object *v, char *object)
{
	struct json_object_iterator it, end;
	char *items, *next;

	if (!expect_type(p, at, v, json_type_object, "an object"))
		return;
	items = arena_alloc(p->arena, (size_t)json_object_object_length(v) * f->type->size);
	next = items;
	it = json_object_iter_begin(v);
	end = json_object_iter_end(v);
	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *name = json_object_iter_peek_name(&it);
		struct at item = { .up = at, .name = name, .is_key = true };

		if (!*name)
			wrong(p, at, "must not have an empty name");
		*(char **)(next + f->key) = arena_str(p->arena, name);
		parse_object(p, f->type, &item, json_object_iter_peek_value(&it), next);
		next += f->type->size;
	}
	*(char **)(object + f->offset) = items;
	*(size_t *)(object + f->n_offset) = (size_t)json_object_object_length(v);
}

static void parse_scalar(struct parse *p, const struct field *f, const struct at *at,
			 struct json_object *v, char *member)
{
	struct number number;
	long word;

	switch ((enum field_kind)f->kind) {
	case FIELD_WORD_STR:
		if (parse_word(p, at, v, f->words, &word))
			*(char **)member = parse_string(p, at, v, 0);
		break;
	case FIELD_STR:
		*(char **)member = parse_string(p, at, v, f->flags);
		break;
	case FIELD_WORD:
		if (parse_word(p, at, v, f->words, &word))
			store(member, f->size, (unsigned long)word);
		break;
	case FIELD_BOOL:
		if (expect_type(p, at, v, json_type_boolean, "true or false"))
			*(bool *)member = json_object_get_boolean(v);
		break;
	case FIELD_OPT_BOOL:
		if (expect_type(p, at, v, json_type_boolean, "true or false"))
			*(struct opt_bool *)member = (struct opt_bool){
				true,
				json_object_get_boolean(v),
			};
		break;
	case FIELD_OPT_I64:
		if (parse_field_number(p, f, at, v, &number))
			*(struct opt_i64 *)member = (struct opt_i64){ true, (int64_t)number.bits };
		break;
	case FIELD_OPT_U64:
		if (parse_field_number(p, f, at, v, &number))
			*(struct opt_u64 *)member = (struct opt_u64){ true, number.bits };
		break;
	default: /* FIELD_INT, FIELD_UINT */
		if (parse_field_number(p, f, at, v, &number))
			store(member, f->size, number.bits);
	}
}

static void parse_field(struct parse *p, const struct field *f, const struct at *at,
			struct json_object *v, char *object)
{
	char *member = object + f->offset;
	void *nested;

	if (f->flags & UNSUPPORTED) {
		wrong(p, at, "is not supported");
		return;
	}
	if (f->present)
		*(bool *)(object + f->present - 1) = true;
	switch ((enum field_kind)f->kind) {
	case FIELD_STRINGS:
	case FIELD_WORDS:
		parse_strings(p, f, at, v, (struct spec_strings *)member);
		break;
	case FIELD_FLAGS:
		parse_flags(p, f, at, v, member);
		break;
	case FIELD_IDS:
		parse_ids(p, f, at, v, object);
		break;
	case FIELD_MAP:
		parse_map(p, f, at, v, (struct spec_map *)member);
		break;
	case FIELD_OBJECT:
		nested = arena_alloc(p->arena, f->type->size);
		*(void **)member = nested;
		parse_object(p, f->type, at, v, nested);
		break;
	case FIELD_EMBED:
		parse_object(p, f->type, at, v, member);
		break;
	case FIELD_LIST:
		parse_list(p, f, at, v, object);
		break;
	case FIELD_KEYED:
		parse_keyed(p, f, at, v, object);
		break;
	default:
		parse_scalar(p, f, at, v, member);
	}
}

/* The row for NAME.  Documents follow the order of the specification, so the search goes on at
 * HINT. */
static const struct field *find_field(const struct field *fields, size_t n, size_t hint,
				      const char *name)
{
	for (size_t i = 0; i < n; i++) {
		const struct field *f = &fields[(hint + i) % n];

		if (streq(f->name, name))
			return f;
	}
	return NULL;
}

static size_t count_fields(const struct type *type)
{
	size_t n = 0;

	while (type->fields[n].kind != FIELD_END)
		n++;
	return n;
}

static void log_unknown(const struct at *at)
{
	auto_str struct str path = { 0 };

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	at_add(at, &path);
	log_debug("ignored the unknown member %s", path.s);
}

static void parse_object(struct parse *p, const struct type *type, const struct at *at,
			 struct json_object *v, void *object)
{
	size_t n = count_fields(type), next = 0;
	struct json_object_iterator it, end;
	uint64_t seen = 0;

	if (!expect_type(p, at, v, json_type_object, "an object"))
		return;
	it = json_object_iter_begin(v);
	end = json_object_iter_end(v);
	for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it)) {
		const char *name = json_object_iter_peek_name(&it);
		struct json_object *value = json_object_iter_peek_value(&it);
		struct at here = { .up = at, .name = name };
		const struct field *f = find_field(type->fields, n, next, name);

		if (!f) {
			here.is_key = true;
			log_unknown(&here);
			continue;
		}
		next = (size_t)(f - type->fields) + 1;
		if (!value)
			continue;
		seen |= UINT64_C(1) << (next - 1);
		parse_field(p, f, &here, value, object);
	}
	for (size_t i = 0; i < n; i++) {
		const struct field *f = &type->fields[i];
		struct at here = { .up = at, .name = f->name };

		if (seen & (UINT64_C(1) << i))
			continue;
		if (f->flags & REQUIRED)
			wrong(p, &here, "is required");
		if (f->kind == FIELD_WORD && f->otherwise)
			store((char *)object + f->offset, f->size, (uint64_t)f->otherwise);
	}
}

struct err *table_parse_into(struct arena *a, const struct type *type, const char *what,
			     const char *text, size_t len, struct mistakes *m, void *ret)
{
	struct parse p = { .arena = a, .mistakes = m };
	struct json_object *root = NULL;
	void *object = arena_alloc(a, type->size);

	TRY(text_parse(what, text, len, &root));
	parse_object(&p, type, NULL, root, object);
	json_object_put(root);
	*(void **)ret = object;
	return NULL;
}

struct err *table_parse_list_into(struct arena *a, const struct field *row, const char *what,
				  const char *text, size_t len, struct mistakes *m, void *ret)
{
	struct parse p = { .arena = a, .mistakes = m };
	struct json_object *root = NULL;
	void *object = arena_alloc(a, row->owner);

	TRY(text_parse(what, text, len, &root));
	parse_list(&p, row, NULL, root, object);
	json_object_put(root);
	*(void **)ret = object;
	return NULL;
}

struct err *table_parse(struct arena *a, const struct type *type, const char *what,
			const char *text, size_t len, void *ret)
{
	auto_mistakes struct mistakes m = { 0 };
	void *object = NULL;

	TRY(table_parse_into(a, type, what, text, len, &m, &object));
	TRY(mistakes_take(&m, what));
	*(void **)ret = object;
	return NULL;
}
