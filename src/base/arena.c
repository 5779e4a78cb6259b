/*
 * Bump allocation. Blocks grow from 4 KiB to 256 KiB; a bigger wish gets a block of its own.
 * A reset keeps one block, unless it was such a wish: a big answer's memory is not held for ever.
 * Invariant: `used` counts what was handed out, rounded up to ALIGN, over all blocks.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

#define ALIGN       16
#define BLOCK_FIRST (4096 - sizeof(struct arena_block))
#define BLOCK_MOST  ((size_t)256 * 1024)

struct arena_block {
	struct arena_block *next; /* the older one */
	size_t at, cap;
	_Alignas(ALIGN) uint8_t data[];
};

void arena_init(struct arena *a, size_t limit)
{
	*a = (struct arena){NULL, 0, limit};
}

void arena_fini(struct arena *a)
{
	while (a->head) {
		struct arena_block *b = a->head;

		a->head = b->next;
		free(b);
	}
	a->used = 0;
}

void arena_reset(struct arena *a)
{
	while (a->head && (a->head->next || a->head->cap > BLOCK_MOST)) {
		struct arena_block *b = a->head;

		a->head = b->next;
		free(b);
	}
	if (a->head)
		a->head->at = 0;
	a->used = 0;
}

static struct arena_block *add_block(struct arena *a, size_t n)
{
	size_t cap = a->head ? min_size(a->head->cap * 2, BLOCK_MOST) : BLOCK_FIRST;
	struct arena_block *b;

	cap = max_size(cap, n);
	b = xmalloc(sizeof(*b) + cap);
	b->next = a->head;
	b->at = 0;
	b->cap = cap;
	a->head = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->head;
	void *p;

	if (n > SIZE_MAX / 2 || (a->limit && n > a->limit))
		return NULL;
	n = n ? (n + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
	if (a->limit && n > a->limit - min_size(a->used, a->limit))
		return NULL;
	if (!b || b->cap - b->at < n)
		b = add_block(a, n);
	p = b->data + b->at;
	b->at += n;
	a->used += n;
	return memset(p, 0, n);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	size_t n;

	if (__builtin_mul_overflow(count, size, &n))
		return NULL;
	return arena_alloc(a, n);
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p = s.p ? arena_alloc(a, s.n) : NULL;

	if (!p)
		return STR_NULL;
	memcpy(p, s.p, s.n);
	return (struct str){p, s.n};
}

struct slice arena_slice(struct arena *a, struct slice s)
{
	return slice_str(arena_str(a, str_slice(s)));
}

char *arena_strdup(struct arena *a, const char *z)
{
	size_t n = strlen(z) + 1;
	char *p = arena_alloc(a, n);

	return p ? memcpy(p, z, n) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *p;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return p;
}
