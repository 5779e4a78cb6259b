/*
 * Binary min-heap of int64 deadlines, intrusive: the owner embeds a struct heap_node and can remove
 * it from the middle. Equal keys come out in the order they went in.
 */
#ifndef BASE_HEAP_H
#define BASE_HEAP_H

#include "base/vec.h"
#include <stdbool.h>

struct heap_node {
	int64_t key;
	uint64_t seq;
	size_t at; /* index + 1; 0 = not in a heap */
};

struct heap {
	VEC(struct heap_node *) nodes;
	uint64_t seq;
};

void heap_init(struct heap *h);
/* Does not touch the nodes that are still in. */
void heap_fini(struct heap *h);
void heap_insert(struct heap *h, struct heap_node *n, int64_t key);
/* No effect when n is in no heap. */
void heap_remove(struct heap *h, struct heap_node *n);
struct heap_node *heap_min(const struct heap *h);
static inline bool heap_holds(const struct heap_node *n)
{
	return n->at != 0;
}

#endif
