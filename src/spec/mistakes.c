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

/* Adds the escape of what S begins with to BUF (5 bytes); returns its length in S, 0 for no escape.
 */
static size_t escape(const char *s, char buf[5])
{
	unsigned char c = (unsigned char)s[0];
	/* U+0080 to U+009F, of which terminals obey some. */
	bool is_c1 = c == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0;

	/* As a number: who splits a line into its mistakes counts the quotes. */
	if (c == '"')
		snprintf(buf, 5, "\\x%02x", c);
	else if (c == '\\')
		snprintf(buf, 5, "\\\\");
	else if (c == '\n' || c == '\t')
		snprintf(buf, 5, "\\%c", c == '\n' ? 'n' : 't');
	else if (is_c1)
		snprintf(buf, 5, "\\x%02x", (unsigned char)s[1]);
	else if (c < ' ' || c == 0x7f)
		snprintf(buf, 5, "\\x%02x", c);
	else
		return 0;
	return is_c1 ? 2 : 1;
}

struct quoted quote(const char *s)
{
	struct quoted q;
	size_t len = 0;

	q.s[len++] = '"';
	while (*s) {
		/* Of a character or an escape that has begun the rest fits as well. */
		size_t room = ((unsigned char)*s & 0xc0) == 0x80 ? 1 : 4;
		char escaped[5];
		size_t used;

		if (len + room + strlen("...\"") + 1 > sizeof(q.s)) {
			len += (size_t)snprintf(q.s + len, sizeof(q.s) - len, "...");
			break;
		}
		used = escape(s, escaped);
		if (used > 0)
			len += (size_t)snprintf(q.s + len, sizeof(q.s) - len, "%s", escaped);
		else
			q.s[len++] = *s;
		s += MAX(used, (size_t)1);
	}
	q.s[len++] = '"';
	q.s[len] = '\0';
	return q;
}
