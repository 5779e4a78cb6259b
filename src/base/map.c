/*
 * Hash map, see map.h. Linear probing; a removal moves the rest of its run one back, so that there
 * are no tombstones. Hash: SipHash-1-3 (Aumasson, Bernstein 2012) under a seed of the process.
 * Invariants: a slot is free when its value is NULL; at least a quarter of the slots is free; keys
 * of up to KEY_INLINE bytes live in the slot.
 */
#include "base/map.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/random.h"
#include "base/xalloc.h"

#define KEY_INLINE 16
#define FIRST_CAP  16

struct map_entry {
	void *value;
	uint64_t hash;
	size_t n;
	union {
		uint8_t bytes[KEY_INLINE];
		uint8_t *heap;
	} key;
};

static inline uint64_t rotl(uint64_t v, int by)
{
	return (v << by) | (v >> (64 - by));
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static uint64_t seed(int which)
{
	static _Atomic uint64_t seeds[2];
	uint64_t s = atomic_load_explicit(&seeds[which], memory_order_relaxed);
	uint64_t none = 0;

	if (s)
		return s;
	s = random_u64() | 1; /* never 0: that means unset */
	return atomic_compare_exchange_strong(&seeds[which], &none, s) ? s : none;
}

static uint64_t hash_of(struct slice key)
{
	uint64_t k0 = seed(0), k1 = seed(1), word;
	uint64_t v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
		k1 ^ 0x7465646279746573};
	size_t at = 0;

	for (; key.n - at >= 8; at += 8) {
		memcpy(&word, key.p + at, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = 0;
	if (key.n > at)
		memcpy(&word, key.p + at, key.n - at);
	word |= (uint64_t)key.n << 56;
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static inline const uint8_t *entry_key(const struct map_entry *e)
{
	return e->n <= KEY_INLINE ? e->key.bytes : e->key.heap;
}

static inline bool entry_is(const struct map_entry *e, uint64_t hash, struct slice key)
{
	return e->hash == hash && e->n == key.n &&
	       (key.n == 0 || memcmp(entry_key(e), key.p, key.n) == 0);
}

/* The entry of key, or the free slot where it belongs. The table has slots. */
static struct map_entry *find(const struct map *m, uint64_t hash, struct slice key)
{
	size_t mask = m->cap - 1, i = hash & mask;

	while (m->slots[i].value && !entry_is(&m->slots[i], hash, key))
		i = (i + 1) & mask;
	return &m->slots[i];
}

static void resize(struct map *m, size_t cap)
{
	struct map_entry *old = m->slots;
	size_t n = m->cap, mask = cap - 1;

	assert(cap <= (size_t)1 << 31); /* map_next packs two indexes */
	m->slots = xcalloc(cap, sizeof(*m->slots));
	m->cap = cap;
	for (size_t i = 0; i < n; i++) {
		size_t at = old[i].hash & mask;

		if (!old[i].value)
			continue;
		while (m->slots[at].value)
			at = (at + 1) & mask;
		m->slots[at] = old[i];
	}
	free(old);
}

static void entry_free_key(struct map_entry *e)
{
	if (e->value && e->n > KEY_INLINE)
		free(e->key.heap);
}

void map_init(struct map *m)
{
	*m = (struct map){NULL, 0, 0};
}

void map_fini(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++)
		entry_free_key(&m->slots[i]);
	free(m->slots);
	map_init(m);
}

void map_clear(struct map *m)
{
	for (size_t i = 0; i < m->cap; i++) {
		entry_free_key(&m->slots[i]);
		m->slots[i].value = NULL;
	}
	m->n = 0;
}

void *map_get(const struct map *m, struct slice key)
{
	if (m->n == 0)
		return NULL;
	return find(m, hash_of(key), key)->value;
}

void *map_put(struct map *m, struct slice key, void *value)
{
	uint64_t hash = hash_of(key);
	struct map_entry *e = m->cap ? find(m, hash, key) : NULL;

	assert(value);
	if (e && e->value) {
		void *was = e->value;

		e->value = value;
		return was;
	}
	if ((m->n + 1) * 4 > m->cap * 3) {
		resize(m, m->cap ? m->cap * 2 : FIRST_CAP);
		e = find(m, hash, key);
	}
	e->hash = hash;
	e->n = key.n;
	if (key.n > KEY_INLINE)
		e->key.heap = xmemdup(key.p, key.n);
	else if (key.n)
		memcpy(e->key.bytes, key.p, key.n);
	e->value = value;
	m->n++;
	return NULL;
}

/* Frees slot i by moving back every entry behind it that may stand nearer to its home. */
static void close_gap(struct map *m, size_t i)
{
	size_t mask = m->cap - 1;

	for (size_t j = (i + 1) & mask; m->slots[j].value; j = (j + 1) & mask) {
		size_t home = m->slots[j].hash & mask;

		if (((j - home) & mask) < ((j - i) & mask))
			continue;
		m->slots[i] = m->slots[j];
		i = j;
	}
	m->slots[i].value = NULL;
}

void *map_del(struct map *m, struct slice key)
{
	struct map_entry *e;
	void *was;

	if (m->n == 0)
		return NULL;
	e = find(m, hash_of(key), key);
	was = e->value;
	if (!was)
		return NULL;
	entry_free_key(e);
	close_gap(m, (size_t)(e - m->slots));
	m->n--;
	return was;
}

void *map_gets(const struct map *m, struct str key)
{
	return map_get(m, slice_str(key));
}

void *map_puts(struct map *m, struct str key, void *value)
{
	return map_put(m, slice_str(key), value);
}

void *map_dels(struct map *m, struct str key)
{
	return map_del(m, slice_str(key));
}

void *map_get64(const struct map *m, uint64_t key)
{
	return map_get(m, slice_of(&key, sizeof(key)));
}

void *map_put64(struct map *m, uint64_t key, void *value)
{
	return map_put(m, slice_of(&key, sizeof(key)), value);
}

void *map_del64(struct map *m, uint64_t key)
{
	return map_del(m, slice_of(&key, sizeof(key)));
}

/*
 * Runs downwards from a free slot: what a removal moves back then comes from slots that were
 * visited already, and no run crosses the start. *i holds that slot (high half) and the number of
 * slots visited (low half, never 0 after the first call).
 */
bool map_next(const struct map *m, size_t *i, struct slice *key, void **value)
{
	size_t start = *i >> 32, step = *i & UINT32_MAX;

	if (m->n == 0)
		return false;
	if (*i == 0)
		while (m->slots[start].value)
			start++;
	for (step++; step < m->cap; step++) {
		const struct map_entry *e = &m->slots[(start - step) & (m->cap - 1)];

		if (!e->value)
			continue;
		*i = start << 32 | step;
		if (key)
			*key = (struct slice){entry_key(e), e->n};
		if (value)
			*value = e->value;
		return true;
	}
	return false;
}
