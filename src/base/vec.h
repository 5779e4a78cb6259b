/*
 * Typed vectors: VEC(struct topic) topics = {0}; *vec_add(&topics) = t; vec_foreach(topic, &topics)
 * … Elements move when the vector grows: keep indexes, not pointers, across an add.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/xalloc.h"
#include <stdlib.h>
#include <string.h>

#define VEC(type)              \
	struct {               \
		type *v;       \
		size_t n, cap; \
	}

/* Grows to hold `want` elements of `size` bytes; returns the (moved) memory. */
void *vec_grow(void *v, size_t *cap, size_t want, size_t size);

#define vec_reserve(vec, want)                              \
	((vec)->cap >= (want) ? (void)0                     \
			      : (void)((vec)->v = vec_grow( \
					       (vec)->v, &(vec)->cap, (want), sizeof(*(vec)->v))))

/* Pointer to a new zeroed element at the end. */
#define vec_add(vec)                                                                          \
	(vec_reserve((vec), (vec)->n + 1), memset(&(vec)->v[(vec)->n], 0, sizeof(*(vec)->v)), \
		&(vec)->v[(vec)->n++])
#define vec_push(vec, value) (vec_reserve((vec), (vec)->n + 1), (vec)->v[(vec)->n++] = (value))
#define vec_pop(vec)         ((vec)->v[--(vec)->n])
#define vec_last(vec)        (&(vec)->v[(vec)->n - 1])
/* Removes element i, keeping order. */
#define vec_remove(vec, i)                                                                    \
	(memmove(&(vec)->v[(i)], &(vec)->v[(i) + 1], ((vec)->n - (i)-1) * sizeof(*(vec)->v)), \
		(void)(vec)->n--)
#define vec_clear(vec) ((void)((vec)->n = 0))
#define vec_fini(vec)  (free((vec)->v), (vec)->v = NULL, (vec)->n = (vec)->cap = 0, (void)0)
#define vec_foreach(it, vec) \
	for (__typeof__((vec)->v[0]) *it = (vec)->v; it && it < (vec)->v + (vec)->n; it++)
#define vec_sort(vec, cmp) \
	((vec)->n > 1 ? qsort((vec)->v, (vec)->n, sizeof(*(vec)->v), (cmp)) : (void)0)

#endif
