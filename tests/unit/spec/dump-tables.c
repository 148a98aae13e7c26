/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prints the tables for tools/check-spec, one member a line: path, JSON type, "required", the range
 * of a number, the words of a string.  With --features prints the features document.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/str.h"
#include "spec/tables.h"

static const char *type_text(const struct field *f)
{
	switch ((enum field_kind)f->kind) {
	case FIELD_STR:
	case FIELD_WORD:
	case FIELD_WORD_STR:
		return "string";
	case FIELD_BOOL:
	case FIELD_OPT_BOOL:
		return "boolean";
	case FIELD_STRINGS:
	case FIELD_WORDS:
	case FIELD_FLAGS:
	case FIELD_IDS:
	case FIELD_LIST:
		return "array";
	case FIELD_OBJECT:
	case FIELD_EMBED:
	case FIELD_KEYED:
	case FIELD_MAP:
		return "object";
	default:
		return "integer";
	}
}

static void print_range(const struct field *f)
{
	bool is_signed = f->kind == FIELD_INT || f->kind == FIELD_OPT_I64;
	unsigned bits = f->kind == FIELD_OPT_I64 || f->kind == FIELD_OPT_U64 ? 64 : f->size * 8u;
	uint64_t max = (UINT64_MAX >> (64 - bits)) >> is_signed;
	int64_t min = is_signed ? -(int64_t)max - 1 : 0;

	if (f->kind == FIELD_IDS)
		min = 0;
	if (f->min || f->max)
		min = f->min;
	if (f->max)
		max = f->max;
	printf(" %" PRId64 "..%" PRIu64, min, max);
}

static void print_words(const struct field *f)
{
	for (const struct word *w = f->words; w && w->name; w++)
		printf("%s%s", w == f->words ? " " : "|", w->name);
}

static void print_type(const struct type *type, const char *path);

static void print_field(const struct field *f, const char *path)
{
	auto_free char *items = NULL;

	printf("%s %s%s", path, type_text(f), f->flags & REQUIRED ? " required" : "");
	switch ((enum field_kind)f->kind) {
	case FIELD_INT:
	case FIELD_UINT:
	case FIELD_OPT_I64:
	case FIELD_OPT_U64:
		print_range(f);
		break;
	case FIELD_WORD:
	case FIELD_WORD_STR:
		print_words(f);
		break;
	case FIELD_STRINGS:
		printf("\n%s[] string", path);
		break;
	case FIELD_WORDS:
	case FIELD_FLAGS:
		printf("\n%s[] string", path);
		print_words(f);
		break;
	case FIELD_IDS:
		printf("\n%s[] integer", path);
		print_range(f);
		break;
	case FIELD_MAP:
		printf("\n%s{} string", path);
		break;
	case FIELD_LIST:
	case FIELD_KEYED:
		items = str_format("%s%s", path, f->kind == FIELD_LIST ? "[]" : "{}");
		printf("\n%s object\n", items);
		print_type(f->type, items);
		return;
	case FIELD_OBJECT:
	case FIELD_EMBED:
		printf("\n");
		print_type(f->type, path);
		return;
	default:
		break;
	}
	printf("\n");
}

static void print_type(const struct type *type, const char *path)
{
	for (const struct field *f = type->fields; f->kind != FIELD_END; f++) {
		auto_free char *name = str_format("%s%s%s", path, *path ? "." : "", f->name);

		print_field(f, name);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1 && streq(argv[1], "--features")) {
		auto_free char *text = spec_features();

		puts(text);
		return 0;
	}
	print_type(&spec_type.t, "");
	return 0;
}
