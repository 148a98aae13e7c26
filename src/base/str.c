/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Building strings, lists of strings, parsing numbers: see str.h.
 */
#include "base/str.h"

#include <limits.h>
#include <stdio.h>

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		abort();
	return p;
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p)
		abort();
	return p;
}

char *str_dup(const char *s)
{
	return str_dup_n(s, strlen(s));
}

char *str_dup_n(const char *s, size_t n)
{
	char *p = xcalloc(n + 1, 1);

	memcpy(p, s, n);
	return p;
}

char *str_vformat(const char *fmt, va_list ap)
{
	char *p = NULL;

	if (vasprintf(&p, fmt, ap) < 0)
		abort();
	return p;
}

char *str_format(const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = str_vformat(fmt, ap);
	va_end(ap);
	return p;
}

void str_add_n(struct str *b, const char *s, size_t n)
{
	if (b->len + n + 1 > b->room) {
		b->room = MAX(b->room * 2, b->len + n + 64);
		b->s = xrealloc(b->s, b->room);
	}
	memcpy(b->s + b->len, s, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void str_add(struct str *b, const char *s)
{
	str_add_n(b, s, strlen(s));
}

void str_addf(struct str *b, const char *fmt, ...)
{
	auto_free char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	s = str_vformat(fmt, ap);
	va_end(ap);
	str_add(b, s);
}

void str_done(struct str *b)
{
	free(b->s);
	*b = (struct str){ 0 };
}

void strv_take(struct strv *l, char *s)
{
	/* Room for the terminator too; grown in powers of two. */
	if ((l->n & (l->n + 1)) == 0)
		l->v = xrealloc(l->v, (2 * l->n + 2) * sizeof(*l->v));
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void strv_add(struct strv *l, const char *s)
{
	strv_take(l, str_dup(s));
}

void strv_done(struct strv *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
	*l = (struct strv){ 0 };
}

int str_to_u64(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*s - '0'), &value))
			return -ERANGE;
	}
	if (value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int str_to_i64(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t magnitude;
	int64_t value;
	int rc;

	rc = str_to_u64(negative ? s + 1 : s, (uint64_t)INT64_MAX + negative, &magnitude);
	if (rc < 0)
		return rc;
	if (negative)
		value = magnitude == (uint64_t)INT64_MAX + 1 ? INT64_MIN : -(int64_t)magnitude;
	else
		value = (int64_t)magnitude;
	if (value < min || value > max)
		return -ERANGE;
	*ret = value;
	return 0;
}

int str_to_id(const char *s, uint32_t *ret)
{
	uint64_t value;
	int rc = str_to_u64(s, UINT32_MAX - 1, &value);

	if (rc == 0)
		*ret = (uint32_t)value;
	return rc;
}

bool path_is_absolute(const char *s)
{
	return *s == '/';
}

bool path_has_dotdot(const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "/");

		if (n == 2 && s[0] == '.' && s[1] == '.')
			return true;
		s += n;
		s += *s == '/';
	}
	return false;
}

char *path_normalise(const char *s)
{
	char *out = xcalloc(strlen(s) + 2, 1);
	bool absolute = *s == '/';
	size_t len = 0;

	if (absolute)
		out[len++] = '/';
	while (*s) {
		size_t n = strcspn(s, "/");

		if (n == 2 && s[0] == '.' && s[1] == '.') {
			while (len > absolute && out[len - 1] != '/')
				len--;
			if (len > absolute)
				len--;
		} else if (n > 0 && !(n == 1 && s[0] == '.')) {
			if (len > absolute)
				out[len++] = '/';
			memcpy(out + len, s, n);
			len += n;
		}
		s += n;
		s += *s == '/';
	}
	out[len] = '\0';
	return out;
}
