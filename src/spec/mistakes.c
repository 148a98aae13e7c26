/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a document, collected: see mistakes.h.
 */
#include "spec/mistakes.h"

#include <stdarg.h>
#include <stdio.h>

void mistakes_add(struct mistakes *m, const char *fmt, ...)
{
	auto_free char *text = NULL;
	va_list ap;

	if (m->n++ >= MISTAKES_SHOWN)
		return;
	va_start(ap, fmt);
	text = str_vformat(fmt, ap);
	va_end(ap);
	if (m->n > 1)
		str_add(&m->text, "; ");
	str_add(&m->text, text);
}

bool mistakes_about(const struct mistakes *m, const char *fmt, ...)
{
	auto_free char *path = NULL;
	const char *s = m->text.s;
	va_list ap;
	size_t len;

	if (m->n == 0)
		return false;
	va_start(ap, fmt);
	path = str_vformat(fmt, ap);
	va_end(ap);
	len = strlen(path);
	while (s) {
		if (str_starts(s, path) && strchr(":.[", s[len]))
			return true;
		s = strstr(s, "; ");
		s = s ? s + 2 : NULL;
	}
	return false;
}

struct err *mistakes_take(struct mistakes *m, const char *what)
{
	struct err *e;

	if (m->n == 0)
		return NULL;
	if (m->n > MISTAKES_SHOWN)
		str_addf(&m->text, "; and %zu more", m->n - MISTAKES_SHOWN);
	e = err_new(ERR_INVALID, "%s: %s", what, m->text.s);
	mistakes_done(m);
	return e;
}

void mistakes_done(struct mistakes *m)
{
	str_done(&m->text);
	m->n = 0;
}

struct quoted quote(const char *s)
{
	struct quoted q;
	size_t len = 0;

	q.s[len++] = '"';
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		/* Of a character or an escape that has begun the rest fits as well. */
		size_t room = (c & 0xc0) == 0x80 ? 1 : 4;

		if (len + room + strlen("...\"") + 1 > sizeof(q.s)) {
			len += (size_t)snprintf(q.s + len, sizeof(q.s) - len, "...");
			break;
		}
		if (c == '\n' || c == '\t')
			len += (size_t)snprintf(q.s + len, sizeof(q.s) - len, "\\%c",
						c == '\n' ? 'n' : 't');
		else if (c < ' ' || c == 0x7f)
			len += (size_t)snprintf(q.s + len, sizeof(q.s) - len, "\\x%02x", c);
		else
			q.s[len++] = (char)c;
	}
	q.s[len++] = '"';
	q.s[len] = '\0';
	return q;
}
