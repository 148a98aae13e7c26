/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a document, collected: one error in the end, one line, each mistake with the
 * path of its member.
 */
#ifndef SPEC_MISTAKES_H
#define SPEC_MISTAKES_H

#include "base/err.h"
#include "base/str.h"

enum { MISTAKES_SHOWN = 10 };

/* { 0 } is none. */
struct mistakes {
	struct str text;
	size_t n;
};

void mistakes_add(struct mistakes *m, const char *fmt, ...) PRINTF(2, 3);
/* Is a mistake about this path, or something below it, among those collected? */
bool mistakes_about(const struct mistakes *m, const char *fmt, ...) PRINTF(2, 3);
/* NULL, or ERR_INVALID: "WHAT: a; b; and 3 more".  M is empty afterwards. */
MUST_CHECK struct err *mistakes_take(struct mistakes *m, const char *what);
void mistakes_done(struct mistakes *m);
#define auto_mistakes __attribute__((cleanup(mistakes_done)))

/*
 * Text from outside, in quotes, cut and without anything that a terminal or a log would obey:
 * "RLIMIT_X", "a\nb".
 */
struct quoted {
	char s[88];
};
struct quoted quote(const char *s);

#endif
