/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A JSON document that the caller names on the command line, or gives on standard input.
 */
#ifndef CLI_DOCUMENT_H
#define CLI_DOCUMENT_H

#include "base/err.h"
#include "base/str.h"

/* PATH "-" is standard input.  A pipe is fine: the caller waits for what it asked for. */
MUST_CHECK struct err *document_read(const char *path, struct str *ret);
/* What to call it in messages. */
const char *document_name(const char *path);

#endif
