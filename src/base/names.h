/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words and their numbers: signals, capabilities, rlimits, namespaces, hooks.
 */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include "base/base.h"

struct word {
	const char *name;
	long value;
};

/* Tables end with a NULL name.  Both return false / NULL when there is no such row. */
bool word_find(const struct word *table, const char *name, long *ret);
const char *word_name(const struct word *table, long value);

extern const struct word rlimit_words[];     /* "RLIMIT_NOFILE" */
extern const struct word capability_words[]; /* "CAP_CHOWN" */
extern const struct word namespace_words[]; /* "network" → enum ns_type order of spec.h: see names.c
					     */

/*
 * "TERM", "SIGTERM", "term", "RTMIN+3", "15" → 15; 0 is allowed (the existence test).  Returns
 * -EINVAL for anything else, numbers above SIGRTMAX included.
 */
MUST_CHECK int signal_parse(const char *s);
/* "CAP_CHOWN", any letter case, with or without CAP_ → number, else -EINVAL. */
MUST_CHECK int capability_parse(const char *s);
/* The highest capability this kernel knows (/proc/sys/kernel/cap_last_cap). */
int capability_last(void);

#endif
