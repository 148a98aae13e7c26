/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error value.  NULL is success.  It carries a code, a chain of context, the errno it came
 * from and a hint for the person at the keyboard, and crosses a process border packed in a buffer.
 *
 * Text is lower case, has no full stop and no "failed to".  The innermost hint wins.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/base.h"

enum err_code {
	ERR_INTERNAL = 1,
	ERR_INVALID,     /* the config, an option or an argument is wrong */
	ERR_NOT_FOUND,   /* no such container */
	ERR_EXISTS,      /* the container id is taken */
	ERR_STATE,       /* the container's state forbids it */
	ERR_DENIED,      /* the kernel or the policy refuses */
	ERR_UNSUPPORTED, /* this host cannot do it */
	ERR_SYSTEM,      /* a system call failed */
	ERR_TIMEOUT,     /* a deadline passed */
	ERR_HOOK,        /* a hook of the config failed */
};

struct err;

/* They never return NULL: running out of memory aborts. */
#define NEVER_NULL __attribute__((returns_nonnull))

NEVER_NULL MUST_CHECK struct err *err_new(enum err_code code, const char *fmt, ...) PRINTF(2, 3);
/* NEG_ERRNO is -errno; its text is appended.  The code follows the errno (EPERM is DENIED, …). */
NEVER_NULL MUST_CHECK struct err *err_sys(int neg_errno, const char *fmt, ...) PRINTF(2, 3);
/* The same with the errno's text in small letters, where a client looks for it as Go writes it. */
NEVER_NULL MUST_CHECK struct err *err_sys_small(int neg_errno, const char *fmt, ...) PRINTF(2, 3);
/* Puts "text: " before E.  Takes E, returns it. */
NEVER_NULL MUST_CHECK struct err *err_wrap(struct err *e, const char *fmt, ...) PRINTF(2, 3);
/* Adds a hint unless E has one already.  Takes E, returns it. */
NEVER_NULL MUST_CHECK struct err *err_hint(struct err *e, const char *fmt, ...) PRINTF(2, 3);
void err_free(struct err *e);

enum err_code err_code(const struct err *e);
/* The positive errno, or 0. */
int err_errno(const struct err *e);
/* The whole line without hint; lives as long as E. */
const char *err_text(const struct err *e);
/* NULL when there is none. */
const char *err_get_hint(const struct err *e);

/* For the link between two processes.  Returns the bytes used (text is cut to fit SIZE >= 64). */
size_t err_pack(const struct err *e, void *buf, size_t size);
MUST_CHECK struct err *err_unpack(const void *buf, size_t size);

static inline void auto_err_cleanup(struct err **e)
{
	err_free(*e);
}
#define auto_err __attribute__((cleanup(auto_err_cleanup)))

/* The only two macros in the tree that return. */
#define TRY(call)                            \
	do {                                 \
		struct err *try_e_ = (call); \
		if (try_e_)                  \
			return try_e_;       \
	} while (0)

/* RC is a descriptor, a count or 0 on success, -errno otherwise. */
#define TRY_SYS(rc, ...)                                      \
	do {                                                  \
		int try_rc_ = (int)(rc);                      \
		if (try_rc_ < 0)                              \
			return err_sys(try_rc_, __VA_ARGS__); \
	} while (0)

#endif
