/* Input blocks and their budget. Free blocks of one size are one list, taken and put at its front:
 * the one used last is the one whose pages are warm. */
#include "net/block.h"

#include "base/xalloc.h"

#include <assert.h>
#include <stdlib.h>

static size_t class_size(int class)
{
	return NET_BLOCK_MIN << class;
}

/* NET_BLOCK_CLASSES when want is larger than all of them. */
static int class_of(size_t want)
{
	int class = 0;

	while (class < NET_BLOCK_CLASSES && class_size(class) < want)
		class ++;
	return class;
}

static size_t size_for(size_t want)
{
	int class = class_of(want);
	return class < NET_BLOCK_CLASSES ? class_size(class) : want;
}

void net_budget_init(struct net_budget *b, size_t limit, size_t keep_limit)
{
	*b = (struct net_budget){.limit = limit, .keep_limit = keep_limit};
	for (int i = 0; i < NET_BLOCK_CLASSES; i++)
		list_init(&b->free[i]);
}

void net_budget_fini(struct net_budget *b)
{
	assert(b->used == 0);
	net_budget_trim(b, 0);
}

bool net_budget_short(const struct net_budget *b, size_t want)
{
	size_t size = size_for(want);
	/* A quarter is for small requests: parts of large ones, however many, leave room for them.
	 */
	size_t limit = size <= NET_BLOCK_MIN ? b->limit : b->limit - b->limit / 4;

	return b->used && b->used + size > limit;
}

static void block_release(struct ref *r)
{
	struct net_block *k = CONTAINER_OF(r, struct net_block, ref);
	struct net_budget *b = k->budget;
	int class = class_of(k->cap);

	b->used -= k->cap;
	if (class < NET_BLOCK_CLASSES && b->kept + k->cap <= b->keep_limit) {
		b->kept += k->cap;
		list_push_front(&b->free[class], &k->node);
	} else {
		free(k);
	}
	if (b->released)
		b->released(b->arg);
}

struct net_block *net_block_new(struct net_budget *b, size_t want)
{
	int class = class_of(want);
	struct list_node *kept = class < NET_BLOCK_CLASSES ? list_pop(&b->free[class]) : NULL;
	struct net_block *k;

	if (kept) {
		k = CONTAINER_OF(kept, struct net_block, node);
		b->kept -= k->cap;
	} else {
		size_t cap = size_for(want);
		k = xmalloc(sizeof(*k) + cap);
		k->cap = cap;
		k->budget = b;
		k->node = (struct list_node){NULL, NULL};
	}
	k->n = 0;
	b->used += k->cap;
	ref_init(&k->ref, block_release);
	return k;
}

void net_budget_trim(struct net_budget *b, size_t keep)
{
	for (int i = NET_BLOCK_CLASSES - 1; i >= 0; i--) {
		struct list_node *n;
		while (b->kept > keep && (n = list_pop(&b->free[i]))) {
			struct net_block *k = CONTAINER_OF(n, struct net_block, node);
			b->kept -= k->cap;
			free(k);
		}
	}
}
