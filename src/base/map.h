/*
 * Hash map from bytes to a pointer. Keys are copied, values are not owned. Order of iteration is
 * not defined; an entry may be removed while iterating only by map_del of the entry just returned.
 * Seeded per process (random.h), so that keys chosen by a peer do not collide on purpose.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/bytes.h"

struct map_entry;

struct map {
	struct map_entry *slots; /* open addressing, linear probing, power of two */
	size_t cap;
	size_t n;
};

void map_init(struct map *m);
/* Frees the keys and the table; values are the caller's. */
void map_fini(struct map *m);
void map_clear(struct map *m);

/* NULL when it is not there. */
void *map_get(const struct map *m, struct slice key);
/* Returns the value that was there before, or NULL. value must not be NULL. */
void *map_put(struct map *m, struct slice key, void *value);
/* Returns the value that was there, or NULL. */
void *map_del(struct map *m, struct slice key);

/* The same with a string or a number (its eight bytes) as key. */
void *map_gets(const struct map *m, struct str key);
void *map_puts(struct map *m, struct str key, void *value);
void *map_dels(struct map *m, struct str key);
void *map_get64(const struct map *m, uint64_t key);
void *map_put64(struct map *m, uint64_t key, void *value);
void *map_del64(struct map *m, uint64_t key);

/* for (size_t i = 0; map_next(m, &i, &key, &value);) … key and value may be NULL. */
bool map_next(const struct map *m, size_t *i, struct slice *key, void **value);

#endif
