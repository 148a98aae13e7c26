/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON strings for log records and lists.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include "base/str.h"

/* S in quotes.  Bytes that are no UTF-8 become U+FFFD, so that any reader takes the document. */
void json_add(struct str *out, const char *s);

/* The length of the UTF-8 character at S, 0 when it is none. */
size_t utf8_length(const char *s);

#endif
