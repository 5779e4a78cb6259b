/* Intrusive doubly linked list with a sentinel; the owner embeds a struct list_node. */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/attr.h"
#include <stdbool.h>

struct list_node {
	struct list_node *prev, *next; /* NULL, NULL: in no list */
};

struct list {
	struct list_node head;
};

static inline void list_init(struct list *l)
{
	l->head.prev = l->head.next = &l->head;
}

static inline bool list_empty(const struct list *l)
{
	return l->head.next == &l->head;
}

static inline bool list_holds(const struct list_node *n)
{
	return n->next != NULL;
}

static inline void list_insert_before(struct list_node *at, struct list_node *n)
{
	n->prev = at->prev;
	n->next = at;
	at->prev->next = n;
	at->prev = n;
}

static inline void list_push_back(struct list *l, struct list_node *n)
{
	list_insert_before(&l->head, n);
}

static inline void list_push_front(struct list *l, struct list_node *n)
{
	list_insert_before(l->head.next, n);
}

/* No effect when n is in no list. */
static inline void list_remove(struct list_node *n)
{
	if (!n->next)
		return;
	n->prev->next = n->next;
	n->next->prev = n->prev;
	n->prev = n->next = NULL;
}

static inline struct list_node *list_first(const struct list *l)
{
	return list_empty(l) ? NULL : l->head.next;
}

/* Takes the first out; NULL: there is none. */
static inline struct list_node *list_pop(struct list *l)
{
	struct list_node *n = list_first(l);

	if (n)
		list_remove(n);
	return n;
}

/* Moves all of `from` to the end of `to`. */
static inline void list_move(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->head.next->prev = to->head.prev;
	to->head.prev->next = from->head.next;
	from->head.prev->next = &to->head;
	to->head.prev = from->head.prev;
	list_init(from);
}

/* Safe against removal of the current node. */
#define list_foreach(it, l)                                                                  \
	for (struct list_node *it = (l)->head.next, *it##_next = it->next; it != &(l)->head; \
		it = it##_next, it##_next = it->next)

#endif
