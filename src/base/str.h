/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building strings, lists of strings, parsing numbers.  Allocation failure aborts: the process is
 * short-lived and what input can make it allocate is limited before.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>

#include "base/base.h"

void *xcalloc(size_t n, size_t size) __attribute__((malloc));
void *xrealloc(void *p, size_t size);
char *str_dup(const char *s);
char *str_dup_n(const char *s, size_t n);
char *str_format(const char *fmt, ...) PRINTF(1, 2);
char *str_vformat(const char *fmt, va_list ap) PRINTF(1, 0);

/* A growing buffer, always NUL-terminated once something was added; { 0 } is empty. */
struct str {
	char *s;
	size_t len;
	size_t room;
};

void str_add(struct str *b, const char *s);
void str_add_n(struct str *b, const char *s, size_t n);
void str_addf(struct str *b, const char *fmt, ...) PRINTF(2, 3);
void str_done(struct str *b);
#define auto_str __attribute__((cleanup(str_done)))

/* A NULL-terminated list of owned strings; { 0 } is empty. */
struct strv {
	char **v;
	size_t n;
};

void strv_add(struct strv *l, const char *s);
void strv_take(struct strv *l, char *s);
void strv_done(struct strv *l);
#define auto_strv __attribute__((cleanup(strv_done)))

/*
 * The one set of number parsers: base 10, no white space, no sign for the unsigned one, no trailing
 * bytes.  Return 0, -EINVAL or -ERANGE; *ret is set on success only.
 */
MUST_CHECK int str_to_u64(const char *s, uint64_t max, uint64_t *ret);
MUST_CHECK int str_to_i64(const char *s, int64_t min, int64_t max, int64_t *ret);
/* (uid_t)-1 means "no change" to the kernel, so it is never an id. */
MUST_CHECK int str_to_id(const char *s, uint32_t *ret);

/* Is S an absolute path, or made of components without ".."? */
bool path_is_absolute(const char *s);
bool path_has_dotdot(const char *s);
/* Removes doubled slashes and "." components, resolves ".." lexically never above "/".  Owned. */
char *path_normalise(const char *s);

#endif
