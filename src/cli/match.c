/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One command for many containers: see match.h.
 */
#include "cli/match.h"

#include <regex.h>

static struct err *compile_pattern(const char *pattern, regex_t *ret)
{
	char why[128];
	int rc = regcomp(ret, pattern, REG_EXTENDED | REG_NOSUB);

	if (rc == 0)
		return NULL;
	regerror(rc, ret, why, sizeof(why));
	return err_hint(err_new(ERR_INVALID, "invalid regular expression `%s`: %s", pattern, why),
			"--regex takes a POSIX extended regular expression");
}

struct err *cli_each_match(struct cli *cli, const char *pattern,
			   struct err *(*work)(struct cli *cli, const char *id, void *arg),
			   void *arg)
{
	struct list list = { 0 };
	struct err *e;
	regex_t regex;

	TRY(compile_pattern(pattern, &regex));
	e = container_list(&cli->ctx, &list);
	for (size_t i = 0; !e && i < list.n; i++) {
		if (regexec(&regex, list.v[i].id, 0, NULL, 0) == 0)
			cli_report(cli, work(cli, list.v[i].id, arg));
	}
	list_done(&list);
	regfree(&regex);
	return e;
}
