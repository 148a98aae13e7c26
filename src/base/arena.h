/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One allocation lifetime for a config or a plan: many allocations, one free.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>

#include "base/base.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);
/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_str(struct arena *a, const char *s);
char *arena_str_n(struct arena *a, const char *s, size_t n);
char *arena_format(struct arena *a, const char *fmt, ...) PRINTF(2, 3);

#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))

static inline void auto_arena_cleanup(struct arena **a)
{
	arena_free(*a);
}
#define auto_arena __attribute__((cleanup(auto_arena_cleanup)))

#endif
