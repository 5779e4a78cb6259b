/* MurmurHash2, 32 bits (Austin Appleby, public domain algorithm), with Kafka's seed. */
#include "base/murmur2.h"

#include <assert.h>

#define MIX  UINT32_C(0x5bd1e995)
#define SEED UINT32_C(0x9747b28c)

uint32_t murmur2(struct slice key)
{
	uint32_t h = SEED ^ (uint32_t)key.n, k;
	size_t at = 0;

	for (; key.n - at >= 4; at += 4) {
		memcpy(&k, key.p + at, 4);
		k *= MIX;
		k ^= k >> 24;
		h = (h * MIX) ^ (k * MIX);
	}
	if (key.n > at) {
		k = 0;
		memcpy(&k, key.p + at, key.n - at);
		h = (h ^ k) * MIX;
	}
	h ^= h >> 13;
	h *= MIX;
	return h ^ (h >> 15);
}

int32_t murmur2_partition(struct slice key, int32_t partitions)
{
	assert(partitions > 0);
	return (int32_t)(murmur2(key) & 0x7fffffff) % partitions;
}
