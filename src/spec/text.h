/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text: to json-c's tree within our limits, and the quoting of strings.
 */
#ifndef SPEC_TEXT_H
#define SPEC_TEXT_H

#include "base/err.h"
#include "base/str.h"

struct json_object;

/*
 * Strict JSON, UTF-8, within the limits of table.h.  *RET is put by the caller.  Errors name the
 * line and the column: `config.json: line 3, column 7: unexpected "}"`.
 */
MUST_CHECK struct err *text_parse(const char *what, const char *text, size_t len,
				  struct json_object **ret);
/* S as a JSON string with its quotes; "/" is not escaped. */
void text_add_string(struct str *out, const char *s);

#endif
