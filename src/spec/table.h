/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table per JSON object: parse, check and print from the same rows.
 *
 * The engine knows json-c, nobody above it does.  It collects mistakes (up to MISTAKES_SHOWN) with
 * the path of the member, so that a wrong document is reported once, completely.
 *
 *	static const struct field rlimit_fields[] = {
 *		F_WORD(struct spec_rlimit, type, "type", rlimit_words, .flags = REQUIRED),
 *		F_UINT(struct spec_rlimit, soft, "soft", .flags = REQUIRED),
 *		F_END,
 *	};
 *	TYPE(rlimit_type, struct spec_rlimit, rlimit_fields);
 *
 * A row that does not fit its C member does not compile.  Member names are exact, unknown members
 * are ignored (a debug line), null is the same as absent, and no name stands twice in an object.
 */
#ifndef SPEC_TABLE_H
#define SPEC_TABLE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/names.h"
#include "base/str.h"
#include "spec/bounds.h"
#include "spec/mistakes.h"
#include "spec/value.h"

enum field_kind {
	FIELD_END,
	FIELD_STR,      /* char * */
	FIELD_WORD_STR, /* char *, one of a table's words */
	FIELD_STRINGS,  /* struct spec_strings */
	FIELD_WORDS,    /* struct spec_strings, each one of a table's words */
	FIELD_BOOL,     /* bool */
	FIELD_OPT_BOOL, /* struct opt_bool */
	FIELD_INT,      /* any signed integer */
	FIELD_UINT,     /* any unsigned integer */
	FIELD_OPT_I64,  /* struct opt_i64 */
	FIELD_OPT_U64,  /* struct opt_u64 */
	FIELD_WORD,     /* a word, as its number in any integer (a char too) */
	FIELD_FLAGS,    /* a list of words, or-ed into any unsigned integer */
	FIELD_IDS,      /* uint32_t * and a count: a list of user or group ids */
	FIELD_OBJECT,   /* a pointer to a struct, NULL when absent */
	FIELD_EMBED,    /* a struct within the struct */
	FIELD_LIST,     /* a pointer to structs and a count */
	FIELD_KEYED,    /* the same from an object: the key goes into a member of the struct */
	FIELD_MAP,      /* struct spec_map */
};

enum field_flags {
	REQUIRED = 1,    /* must be there */
	ABSOLUTE = 2,    /* a string, or each of a list, begins with "/" */
	NONEMPTY = 4,    /* a string, or each of a list, is not ""; a list is not [] */
	OMIT_ZERO = 8,   /* not printed when it is 0 or false */
	UNSUPPORTED = 16 /* known, but refused when it is used */
};

/* The version of the specification that brought the member, 0 for 1.0. */
#define SINCE(major, minor) ((major)*10 + (minor))

struct type;

struct field {
	const char *name;
	union {
		const struct word *words;
		const struct type *type;
	};
	/* Both 0: the range of the C type. */
	union {
		int64_t min;
		int64_t otherwise; /* the number of a word that is absent */
	};
	uint64_t max;
	uint8_t kind;
	uint8_t flags;
	uint8_t size; /* of the integer */
	uint8_t since;
	uint16_t offset;
	uint16_t n_offset; /* of the count */
	uint16_t key;      /* of the key within the nested struct */
	uint16_t present;  /* of a bool that says "was there", plus 1; see PRESENT */
	uint16_t owner;    /* the size of the struct this row is for */
};

struct type {
	const char *name;
	size_t size;
	const struct field *fields;
};

/*
 * A type that only this file uses, and one for a header.  `tag` is never there: it lets the rows
 * that use the type check that their C member is of the same struct.
 */
#define TYPE(id, ctype, rows)        static TYPE_DECLARE_AS_(id, ctype) id = TYPE_INIT_(ctype, rows)
#define TYPE_DECLARE(id, ctype)      extern TYPE_DECLARE_AS_(id, ctype) id
#define TYPE_DEFINE(id, ctype, rows) const union id##_of id = TYPE_INIT_(ctype, rows)

#define TYPE_DECLARE_AS_(id, ctype) \
	const union id##_of {       \
		struct type t;      \
		ctype *tag;         \
	}
#define TYPE_INIT_(ctype, rows)                      \
	{                                            \
		.t = { #ctype, sizeof(ctype), rows } \
	}

/* For .present: MEMBER of T is a bool that becomes true when the JSON member is there. */
#define PRESENT(T, member) (offsetof(T, member) + 1 + F_CHECK_(F_IS_(T, member, bool), "no bool"))

/* 0, or no program. */
#define F_CHECK_(cond, text)                 \
	(0 * sizeof(struct {                 \
		 char c;                     \
		 _Static_assert(cond, text); \
	 }))
#define F_MEMBER_(T, member)    __typeof__(((T *)0)->member)
#define F_IS_(T, member, ctype) __builtin_types_compatible_p(F_MEMBER_(T, member), ctype)
#define F_IS_UNSIGNED_(T, member) \
	((F_MEMBER_(T, member)) - 1 > (F_MEMBER_(T, member))1 && !F_IS_(T, member, bool))
#define F_IS_SIGNED_(T, member) (!((F_MEMBER_(T, member)) - 1 > (F_MEMBER_(T, member))0))

#define F_ROW_(T, member, json, field_kind, cond, text, ...)                                    \
	{                                                                                       \
		.name = json, .kind = field_kind,                                               \
		.offset = offsetof(T, member) + F_CHECK_(cond, #T "." #member " is not " text), \
		.size = sizeof(((T *)0)->member) < 256 ? sizeof(((T *)0)->member) : 0,          \
		.owner = sizeof(T), __VA_ARGS__                                                 \
	}
#define F_SIMPLE_(T, member, json, field_kind, ctype, ...) \
	F_ROW_(T, member, json, field_kind, F_IS_(T, member, ctype), #ctype, __VA_ARGS__)

#define F_STR(T, member, json, ...) F_SIMPLE_(T, member, json, FIELD_STR, char *, __VA_ARGS__)
#define F_WORD_STR(T, member, json, list, ...) \
	F_SIMPLE_(T, member, json, FIELD_WORD_STR, char *, .words = list, __VA_ARGS__)
#define F_STRV(T, member, json, ...) \
	F_SIMPLE_(T, member, json, FIELD_STRINGS, struct spec_strings, __VA_ARGS__)
#define F_WORDS(T, member, json, list, ...) \
	F_SIMPLE_(T, member, json, FIELD_WORDS, struct spec_strings, .words = list, __VA_ARGS__)
#define F_BOOL(T, member, json, ...) F_SIMPLE_(T, member, json, FIELD_BOOL, bool, __VA_ARGS__)
#define F_OPT_BOOL(T, member, json, ...) \
	F_SIMPLE_(T, member, json, FIELD_OPT_BOOL, struct opt_bool, __VA_ARGS__)
#define F_INT(T, member, json, ...) \
	F_ROW_(T, member, json, FIELD_INT, F_IS_SIGNED_(T, member), "a signed integer", __VA_ARGS__)
#define F_UINT(T, member, json, ...)                                                          \
	F_ROW_(T, member, json, FIELD_UINT, F_IS_UNSIGNED_(T, member), "an unsigned integer", \
	       __VA_ARGS__)
#define F_OPT_I64(T, member, json, ...) \
	F_SIMPLE_(T, member, json, FIELD_OPT_I64, struct opt_i64, __VA_ARGS__)
#define F_OPT_U64(T, member, json, ...) \
	F_SIMPLE_(T, member, json, FIELD_OPT_U64, struct opt_u64, __VA_ARGS__)
/* User and group ids: (uid_t)-1 means "no change" to the kernel, so it is never one. */
#define F_ID(T, member, json, ...) \
	F_SIMPLE_(T, member, json, FIELD_UINT, uint32_t, .max = (uint32_t)-2, __VA_ARGS__)
#define F_OPT_ID(T, member, json, ...) F_OPT_U64(T, member, json, .max = (uint32_t)-2, __VA_ARGS__)
#define F_IDS(T, member, count, json, ...)                                                         \
	F_SIMPLE_(T, member, json, FIELD_IDS, uint32_t *, F_COUNT_(T, count), .max = (uint32_t)-2, \
		  __VA_ARGS__)
#define F_WORD(T, member, json, list, ...)                                                        \
	F_ROW_(T, member, json, FIELD_WORD, F_IS_SIGNED_(T, member) || F_IS_UNSIGNED_(T, member), \
	       "an integer", .words = list, __VA_ARGS__)
#define F_FLAGS(T, member, json, list, ...)                                                    \
	F_ROW_(T, member, json, FIELD_FLAGS, F_IS_UNSIGNED_(T, member), "an unsigned integer", \
	       .words = list, __VA_ARGS__)
#define F_MAP(T, member, json, ...) \
	F_SIMPLE_(T, member, json, FIELD_MAP, struct spec_map, __VA_ARGS__)

/* NESTED is the id of a TYPE. */
#define F_OBJECT(T, member, json, nested, ...)                                              \
	F_SIMPLE_(T, member, json, FIELD_OBJECT, __typeof__(nested.tag), .type = &nested.t, \
		  __VA_ARGS__)
#define F_EMBED(T, member, json, nested, ...)                                               \
	F_SIMPLE_(T, member, json, FIELD_EMBED, __typeof__(*nested.tag), .type = &nested.t, \
		  __VA_ARGS__)
#define F_LIST(T, member, count, json, nested, ...)                                       \
	F_SIMPLE_(T, member, json, FIELD_LIST, __typeof__(nested.tag), .type = &nested.t, \
		  F_COUNT_(T, count), __VA_ARGS__)
/* KEY is a char * of the nested struct. */
#define F_KEYED(T, member, count, json, nested, key_member, ...)                           \
	F_SIMPLE_(T, member, json, FIELD_KEYED, __typeof__(nested.tag), .type = &nested.t, \
		  F_COUNT_(T, count),                                                      \
		  .key = offsetof(__typeof__(*nested.tag), key_member) +                   \
			 F_CHECK_(F_IS_(__typeof__(*nested.tag), key_member, char *),      \
				  #key_member " is not char *"),                           \
		  __VA_ARGS__)

#define F_COUNT_(T, count)               \
	.n_offset = offsetof(T, count) + \
		    F_CHECK_(F_IS_(T, count, size_t), #T "." #count " is not size_t")
#define F_END     \
	{         \
		0 \
	}

/*
 * Parses TEXT into *RET, a pointer to an object of TYPE allocated in A.  WHAT names the document in
 * messages: `config.json: process.cwd: is required; mounts[1].type: must be a string, not a
 * number`.
 */
MUST_CHECK struct err *table_parse(struct arena *a, const struct type *type, const char *what,
				   const char *text, size_t len, void *ret);
/* The same, but mistakes are added to M, and *RET is as complete as it can be. */
MUST_CHECK struct err *table_parse_into(struct arena *a, const struct type *type, const char *what,
					const char *text, size_t len, struct mistakes *m,
					void *ret);
/*
 * The same for a document that is a list.  ROW says of what and where it goes: an F_LIST of the
 * struct that *RET will point to.
 */
MUST_CHECK struct err *table_parse_list_into(struct arena *a, const struct field *row,
					     const char *what, const char *text, size_t len,
					     struct mistakes *m, void *ret);
/* Prints OBJECT as JSON, indented by two spaces as crun's output is; ends without newline. */
void table_print(const struct type *type, const void *object, struct str *out);

#endif
