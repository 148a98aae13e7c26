/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every file may use: scope-bound clean-up, ownership hand-over, attributes.
 */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MUST_CHECK         __attribute__((warn_unused_result))
#define PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define NORETURN           __attribute__((noreturn))
#define UNUSED             __attribute__((unused))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)    ((a) < (b) ? (a) : (b))
#define MAX(a, b)    ((a) > (b) ? (a) : (b))

/* Closes FD unless it is negative; errno survives. */
static inline void fd_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
}

static inline void auto_close_cleanup(int *fd)
{
	fd_close(*fd);
}

static inline void auto_free_cleanup(void *p)
{
	int saved = errno;

	free(*(void **)p);
	errno = saved;
}

/* Both must be initialised where they are declared: -EBADF, NULL. */
#define auto_close __attribute__((cleanup(auto_close_cleanup)))
#define auto_free  __attribute__((cleanup(auto_free_cleanup)))

/* Gives the descriptor away: the auto_close variable no longer owns it. */
static inline int take_fd(int *fd)
{
	int ret = *fd;

	*fd = -EBADF;
	return ret;
}

#define take_ptr(p)                         \
	({                                  \
		__typeof__(*(p)) t_ = *(p); \
		*(p) = NULL;                \
		t_;                         \
	})

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

#endif
