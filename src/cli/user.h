/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and groups on the command line: numbers only, names are never looked up in an image.
 */
#ifndef CLI_USER_H
#define CLI_USER_H

#include "base/err.h"
#include "base/str.h"

struct user_arg {
	uint32_t uid;
	uint32_t gid;
	bool has_gid;
};

/* "1000" or "1000:100". */
MUST_CHECK struct err *user_parse(const char *s, struct user_arg *ret);
/* Each of TEXTS is a group or several with commas between; *ret is malloc'ed, set in any case. */
MUST_CHECK struct err *groups_parse(const struct strv *texts, uint32_t **ret, size_t *ret_n);

#endif
