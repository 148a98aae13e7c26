/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table per JSON object: parse, check and print from the same rows.
 *
 * The engine knows json-c, nobody above it does.  It collects mistakes (up to TABLE_MAX_ERRORS) with
 * the path of the member, so that a wrong document is reported once, completely.
 */
#ifndef SPEC_TABLE_H
#define SPEC_TABLE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/names.h"
#include "base/str.h"

/* Limits on any document, checked before and while it is parsed. */
enum {
	TABLE_MAX_BYTES = 16 * 1024 * 1024,
	TABLE_MAX_DEPTH = 32,
	TABLE_MAX_ITEMS = 65536, /* in one list or object */
	TABLE_MAX_ERRORS = 10,
};

struct type;

/*
 * The spec owner completes this header: struct field, the F_* row macros with static checks that a
 * row fits its C member, struct type, and these calls.
 */

/* Parses TEXT into *RET, an object of TYPE allocated in A.  WHAT names the document in messages. */
MUST_CHECK struct err *table_parse(struct arena *a, const struct type *type, const char *what,
				   const char *text, size_t len, void *ret);
/* Prints OBJECT as JSON, indented by two spaces as crun's output is; ends without newline. */
void table_print(const struct type *type, const void *object, struct str *out);

#endif
