/*
 * Bump allocation that is freed at once: one arena per request or per snapshot. The first block is
 * embedded by the allocator's choice; a limit bounds what peer input can make it hold.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/bytes.h"

struct arena_block;

struct arena {
	struct arena_block *head;
	size_t used;  /* bytes handed out */
	size_t limit; /* 0 = none */
};

/* limit in bytes; arena_alloc returns NULL beyond it. */
void arena_init(struct arena *a, size_t limit);
void arena_fini(struct arena *a);
/* Everything handed out is void; a block of ordinary size is kept for the next use. */
void arena_reset(struct arena *a);

/* Zeroed, aligned to 16. NULL only when the limit is reached. n may be 0. */
void *arena_alloc(struct arena *a, size_t n);
/* count * size with the product checked. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* Copies; null stays null. On a limit: null. */
struct str arena_str(struct arena *a, struct str s);
struct slice arena_slice(struct arena *a, struct slice s);
char *arena_strdup(struct arena *a, const char *z);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))

#endif
