/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users and groups on the command line: see user.h.
 */
#include "cli/user.h"

static struct err *bad_user(const char *what, const char *s)
{
	return err_hint(err_new(ERR_INVALID, "invalid %s specified: `%s`", what, s),
			"--user is UID or UID:GID in numbers; names are not looked up");
}

struct err *user_parse(const char *s, struct user_arg *ret)
{
	const char *colon = strchr(s, ':');
	auto_free char *uid = str_dup_n(s, colon ? (size_t)(colon - s) : strlen(s));
	struct user_arg user = { .has_gid = colon };

	if (str_to_id(uid, &user.uid) < 0)
		return bad_user("UID", s);
	if (colon && str_to_id(colon + 1, &user.gid) < 0)
		return bad_user("USERSPEC", s);
	*ret = user;
	return NULL;
}

struct err *groups_parse(const struct strv *texts, uint32_t **ret, size_t *ret_n)
{
	*ret = NULL;
	*ret_n = 0;
	for (size_t i = 0; i < texts->n; i++) {
		for (const char *p = texts->v[i], *end; p; p = *end ? end + 1 : NULL) {
			auto_free char *group = NULL;

			end = p + strcspn(p, ",");
			group = str_dup_n(p, (size_t)(end - p));
			*ret = xrealloc(*ret, (*ret_n + 1) * sizeof(**ret));
			if (str_to_id(group, &(*ret)[*ret_n]) < 0)
				return err_hint(err_new(ERR_INVALID,
							"invalid group specified: `%s`",
							texts->v[i]),
						"--additional-gids takes numbers, with commas "
						"between them");
			(*ret_n)++;
		}
	}
	return NULL;
}
