/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes and times on the command line, as people and engines write them.
 */
#ifndef CLI_SIZE_H
#define CLI_SIZE_H

#include "base/err.h"

/*
 * "1073741824", "512k", "100M", "1.5g", "2GiB": a number and a unit of 1024 (b, k, m, g, t, p, each
 * also with b or ib behind it); "-1" is no limit.  Nothing may follow.
 */
MUST_CHECK struct err *size_parse(const char *name, const char *s, int64_t *ret);
/* "5s", "500ms", "1.5s", "2m", "1h", "1m30s"; a bare number is seconds.  At least 1 ms. */
MUST_CHECK struct err *duration_parse(const char *name, const char *s, int64_t *ret_ms);

#endif
