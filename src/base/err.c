/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error value: see err.h.
 */
#include "base/err.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

struct err {
	enum err_code code;
	int errnum;
	char *text;
	char *hint;
};

/* What packed errors begin with; both strings follow, each with its NUL. */
struct packed {
	uint32_t code;
	int32_t errnum;
	uint32_t text_len;
	uint32_t hint_len;
};

static struct err *err_make(enum err_code code, int errnum, char *text)
{
	struct err *e = xcalloc(1, sizeof(*e));

	e->code = code;
	e->errnum = errnum;
	e->text = text;
	return e;
}

static enum err_code code_of_errno(int errnum)
{
	switch (errnum) {
	case EPERM:
	case EACCES:
		return ERR_DENIED;
	case ENOSYS:
	case EOPNOTSUPP:
		return ERR_UNSUPPORTED;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	default:
		return ERR_SYSTEM;
	}
}

struct err *err_new(enum err_code code, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = str_vformat(fmt, ap);
	va_end(ap);
	return err_make(code, 0, text);
}

static struct err *make_sys(int errnum, bool small, const char *fmt, va_list ap)
{
	auto_free char *what = str_vformat(fmt, ap);
	const char *why = strerror(errnum);

	return err_make(code_of_errno(errnum), errnum,
			str_format("%s: %c%s", what, small ? tolower((unsigned char)*why) : *why,
				   why + 1));
}

struct err *err_sys(int neg_errno, const char *fmt, ...)
{
	struct err *e;
	va_list ap;

	va_start(ap, fmt);
	e = make_sys(-neg_errno, false, fmt, ap);
	va_end(ap);
	return e;
}

struct err *err_sys_small(int neg_errno, const char *fmt, ...)
{
	struct err *e;
	va_list ap;

	va_start(ap, fmt);
	e = make_sys(-neg_errno, true, fmt, ap);
	va_end(ap);
	return e;
}

struct err *err_wrap(struct err *e, const char *fmt, ...)
{
	auto_free char *outer = NULL;
	char *joined;
	va_list ap;

	va_start(ap, fmt);
	outer = str_vformat(fmt, ap);
	va_end(ap);
	joined = str_format("%s: %s", outer, e->text);
	free(e->text);
	e->text = joined;
	return e;
}

struct err *err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (e->hint)
		return e;
	va_start(ap, fmt);
	e->hint = str_vformat(fmt, ap);
	va_end(ap);
	return e;
}

void err_free(struct err *e)
{
	if (!e)
		return;
	free(e->text);
	free(e->hint);
	free(e);
}

enum err_code err_code(const struct err *e)
{
	return e->code;
}

int err_errno(const struct err *e)
{
	return e->errnum;
}

const char *err_text(const struct err *e)
{
	return e->text;
}

const char *err_get_hint(const struct err *e)
{
	return e->hint;
}

size_t err_pack(const struct err *e, void *buf, size_t size)
{
	struct packed head = { .code = (uint32_t)e->code, .errnum = e->errnum };
	size_t text_room = size - sizeof(head);
	char *p = (char *)buf + sizeof(head);

	head.text_len = (uint32_t)MIN(strlen(e->text), text_room);
	if (e->hint)
		head.hint_len = (uint32_t)MIN(strlen(e->hint), text_room - head.text_len);
	memcpy(buf, &head, sizeof(head));
	memcpy(p, e->text, head.text_len);
	if (head.hint_len > 0)
		memcpy(p + head.text_len, e->hint, head.hint_len);
	return sizeof(head) + head.text_len + head.hint_len;
}

struct err *err_unpack(const void *buf, size_t size)
{
	const char *p = (const char *)buf + sizeof(struct packed);
	struct packed head;
	struct err *e;

	if (size < sizeof(head))
		return err_new(ERR_INTERNAL, "a message between davit's processes is too short");
	memcpy(&head, buf, sizeof(head));
	if ((size_t)head.text_len + head.hint_len > size - sizeof(head))
		return err_new(ERR_INTERNAL, "a message between davit's processes is damaged");
	e = err_make((enum err_code)head.code, head.errnum, str_dup_n(p, head.text_len));
	if (head.hint_len > 0)
		e->hint = str_dup_n(p + head.text_len, head.hint_len);
	return e;
}
