/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The printing side of the tables: see table.h.  Members that are absent are not printed, words are
 * words again, so that what is printed reads back into the same struct.
 */
#include <inttypes.h>

#include "spec/table.h"
#include "spec/text.h"

struct print {
	struct str *out;
	unsigned depth;
	bool first; /* in the innermost list or object */
};

static void next_line(struct print *p)
{
	str_add_n(p->out, "\n", 1);
	for (unsigned i = 0; i < p->depth; i++)
		str_add_n(p->out, "  ", 2);
}

static void next_item(struct print *p)
{
	if (!p->first)
		str_add_n(p->out, ",", 1);
	p->first = false;
	next_line(p);
}

static void next_name(struct print *p, const char *name)
{
	next_item(p);
	text_add_string(p->out, name);
	str_add_n(p->out, ": ", 2);
}

static void open_bracket(struct print *p, const char *bracket)
{
	str_add_n(p->out, bracket, 1);
	p->depth++;
	p->first = true;
}

static void close_bracket(struct print *p, const char *bracket)
{
	p->depth--;
	if (!p->first)
		next_line(p);
	p->first = false;
	str_add_n(p->out, bracket, 1);
}

static uint64_t load(const void *member, size_t size, bool is_signed)
{
	switch (size) {
	case 1:
		return is_signed ? (uint64_t) * (const int8_t *)member : *(const uint8_t *)member;
	case 2:
		return is_signed ? (uint64_t) * (const int16_t *)member : *(const uint16_t *)member;
	case 4:
		return is_signed ? (uint64_t) * (const int32_t *)member : *(const uint32_t *)member;
	default:
		return *(const uint64_t *)member;
	}
}

static void print_strings(struct print *p, const struct spec_strings *list)
{
	open_bracket(p, "[");
	for (size_t i = 0; i < list->n; i++) {
		next_item(p);
		text_add_string(p->out, list->v[i]);
	}
	close_bracket(p, "]");
}

static void print_map(struct print *p, const struct spec_map *map)
{
	open_bracket(p, "{");
	for (size_t i = 0; i < map->n; i++) {
		next_name(p, map->v[i].name);
		text_add_string(p->out, map->v[i].value);
	}
	close_bracket(p, "}");
}

static void print_flags(struct print *p, const struct word *words, uint64_t bits)
{
	open_bracket(p, "[");
	for (; words->name; words++) {
		if (!(bits & (unsigned long)words->value))
			continue;
		next_item(p);
		text_add_string(p->out, words->name);
	}
	close_bracket(p, "]");
}

static void print_object(struct print *p, const struct type *type, const char *object);

/* FIELD_LIST, FIELD_KEYED, FIELD_IDS. */
static void print_list(struct print *p, const struct field *f, const char *object)
{
	const char *items = *(const char *const *)(object + f->offset);
	size_t n = *(const size_t *)(object + f->n_offset);

	open_bracket(p, f->kind == FIELD_KEYED ? "{" : "[");
	for (size_t i = 0; i < n; i++) {
		if (f->kind == FIELD_IDS) {
			next_item(p);
			str_addf(p->out, "%" PRIu32, ((const uint32_t *)items)[i]);
			continue;
		}
		if (f->kind == FIELD_KEYED)
			next_name(p, *(char *const *)(items + i * f->type->size + f->key));
		else
			next_item(p);
		print_object(p, f->type, items + i * f->type->size);
	}
	close_bracket(p, f->kind == FIELD_KEYED ? "}" : "]");
}

static bool is_absent(const struct field *f, const char *object)
{
	const char *member = object + f->offset;

	if (f->present && !*(const bool *)(object + f->present - 1))
		return true;
	switch ((enum field_kind)f->kind) {
	case FIELD_STR:
	case FIELD_WORD_STR:
	case FIELD_OBJECT:
		return !*(const void *const *)member;
	case FIELD_STRINGS:
	case FIELD_WORDS:
		return !((const struct spec_strings *)member)->present;
	case FIELD_MAP:
		return !((const struct spec_map *)member)->present;
	case FIELD_OPT_BOOL:
		return !((const struct opt_bool *)member)->set;
	case FIELD_OPT_I64:
		return !((const struct opt_i64 *)member)->set;
	case FIELD_OPT_U64:
		return !((const struct opt_u64 *)member)->set;
	case FIELD_IDS:
	case FIELD_LIST:
	case FIELD_KEYED:
		return !f->present && !(f->flags & REQUIRED) &&
		       *(const size_t *)(object + f->n_offset) == 0;
	case FIELD_FLAGS:
		return load(member, f->size, false) == 0;
	case FIELD_BOOL:
	case FIELD_INT:
	case FIELD_UINT:
		return (f->flags & OMIT_ZERO) && load(member, f->size, false) == 0;
	case FIELD_WORD:
		/* 0 that is no word: the member was absent. */
		return !word_name(f->words, (long)load(member, f->size, true));
	default:
		return false;
	}
}

static void print_value(struct print *p, const struct field *f, const char *object)
{
	const char *member = object + f->offset;

	switch ((enum field_kind)f->kind) {
	case FIELD_STR:
	case FIELD_WORD_STR:
		text_add_string(p->out, *(const char *const *)member);
		break;
	case FIELD_STRINGS:
	case FIELD_WORDS:
		print_strings(p, (const struct spec_strings *)member);
		break;
	case FIELD_MAP:
		print_map(p, (const struct spec_map *)member);
		break;
	case FIELD_BOOL:
		str_add(p->out, *(const bool *)member ? "true" : "false");
		break;
	case FIELD_OPT_BOOL:
		str_add(p->out, ((const struct opt_bool *)member)->value ? "true" : "false");
		break;
	case FIELD_INT:
		str_addf(p->out, "%" PRId64, (int64_t)load(member, f->size, true));
		break;
	case FIELD_UINT:
		str_addf(p->out, "%" PRIu64, load(member, f->size, false));
		break;
	case FIELD_OPT_I64:
		str_addf(p->out, "%" PRId64, ((const struct opt_i64 *)member)->value);
		break;
	case FIELD_OPT_U64:
		str_addf(p->out, "%" PRIu64, ((const struct opt_u64 *)member)->value);
		break;
	case FIELD_WORD:
		text_add_string(p->out, word_name(f->words, (long)load(member, f->size, true)));
		break;
	case FIELD_FLAGS:
		print_flags(p, f->words, load(member, f->size, false));
		break;
	case FIELD_OBJECT:
		print_object(p, f->type, *(const char *const *)member);
		break;
	case FIELD_EMBED:
		print_object(p, f->type, member);
		break;
	default:
		print_list(p, f, object);
	}
}

static void print_object(struct print *p, const struct type *type, const char *object)
{
	open_bracket(p, "{");
	for (const struct field *f = type->fields; f->kind != FIELD_END; f++) {
		if (is_absent(f, object))
			continue;
		next_name(p, f->name);
		print_value(p, f, object);
	}
	close_bracket(p, "}");
}

void table_print(const struct type *type, const void *object, struct str *out)
{
	struct print p = { .out = out };

	print_object(&p, type, object);
}
