/* Binary min-heap. Invariant: nodes.v[i]->at == i + 1, and no child sorts before its parent. */
#include "base/heap.h"

#include <assert.h>

static bool before(const struct heap_node *a, const struct heap_node *b)
{
	return a->key != b->key ? a->key < b->key : a->seq < b->seq;
}

static void place(struct heap *h, size_t i, struct heap_node *n)
{
	h->nodes.v[i] = n;
	n->at = i + 1;
}

static void sift_up(struct heap *h, size_t i, struct heap_node *n)
{
	while (i > 0 && before(n, h->nodes.v[(i - 1) / 2])) {
		place(h, i, h->nodes.v[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(h, i, n);
}

static void sift_down(struct heap *h, size_t i, struct heap_node *n)
{
	for (size_t kid; (kid = 2 * i + 1) < h->nodes.n; i = kid) {
		if (kid + 1 < h->nodes.n && before(h->nodes.v[kid + 1], h->nodes.v[kid]))
			kid++;
		if (!before(h->nodes.v[kid], n))
			break;
		place(h, i, h->nodes.v[kid]);
	}
	place(h, i, n);
}

void heap_init(struct heap *h)
{
	memset(h, 0, sizeof(*h));
}

void heap_fini(struct heap *h)
{
	vec_fini(&h->nodes);
}

void heap_insert(struct heap *h, struct heap_node *n, int64_t key)
{
	assert(!heap_holds(n));
	n->key = key;
	n->seq = h->seq++;
	vec_push(&h->nodes, n);
	sift_up(h, h->nodes.n - 1, n);
}

void heap_remove(struct heap *h, struct heap_node *n)
{
	struct heap_node *last;
	size_t i;

	if (!heap_holds(n))
		return;
	i = n->at - 1;
	assert(i < h->nodes.n && h->nodes.v[i] == n);
	n->at = 0;
	last = vec_pop(&h->nodes);
	if (last == n)
		return;
	if (i > 0 && before(last, h->nodes.v[(i - 1) / 2]))
		sift_up(h, i, last);
	else
		sift_down(h, i, last);
}

struct heap_node *heap_min(const struct heap *h)
{
	return h->nodes.n ? h->nodes.v[0] : NULL;
}
