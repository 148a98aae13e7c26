/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One allocation lifetime: see arena.h.  Blocks of memory in a list, filled from front to back.
 */
#include "base/arena.h"

#include <stdio.h>

#include "base/str.h"

enum { BLOCK_SIZE = 16 * 1024, ALIGN = 16 };

struct block {
	struct block *next;
	size_t used;
	size_t size;
	_Alignas(ALIGN) char data[];
};

struct arena {
	struct block *head;
};

struct arena *arena_new(void)
{
	return xcalloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
	struct block *b = a ? a->head : NULL;

	while (b) {
		struct block *next = b->next;

		free(b);
		b = next;
	}
	free(a);
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct block *b = a->head;
	void *p;

	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!b || b->size - b->used < size) {
		size_t room = MAX(size, (size_t)BLOCK_SIZE);

		b = xcalloc(1, sizeof(*b) + room);
		b->size = room;
		b->next = a->head;
		a->head = b;
	}
	p = b->data + b->used;
	b->used += size;
	return p;
}

char *arena_str_n(struct arena *a, const char *s, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	memcpy(p, s, n);
	return p;
}

char *arena_str(struct arena *a, const char *s)
{
	return arena_str_n(a, s, strlen(s));
}

char *arena_format(struct arena *a, const char *fmt, ...)
{
	auto_free char *s = NULL;
	va_list ap;

	va_start(ap, fmt);
	s = str_vformat(fmt, ap);
	va_end(ap);
	return arena_str(a, s);
}
