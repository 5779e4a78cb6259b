/* xoshiro256** (Blackman, Vigna 2018), seeded by splitmix64. */
#include "base/random.h"

#include <string.h>

static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t v, int by)
{
	return (v << by) | (v >> (64 - by));
}

void rng_seed(struct rng *r, uint64_t seed)
{
	for (size_t i = 0; i < ARRAY_LEN(r->s); i++)
		r->s[i] = splitmix64(&seed);
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t out = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return out;
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	/* numbers under 2^64 mod n are thrown away: the rest divides evenly */
	uint64_t least = -n % n, v;

	do
		v = rng_u64(r);
	while (v < least);
	return v % n;
}

int64_t rng_between(struct rng *r, int64_t lo, int64_t hi)
{
	uint64_t span = (uint64_t)hi - (uint64_t)lo + 1;

	/* a span of 2^64 has wrapped to 0 */
	return (int64_t)((uint64_t)lo + (span ? rng_below(r, span) : rng_u64(r)));
}

bool rng_one_in(struct rng *r, uint32_t n)
{
	return rng_below(r, n) == 0;
}

double rng_unit(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

void rng_bytes(struct rng *r, void *p, size_t n)
{
	uint8_t *out = p;

	while (n > 0) {
		uint64_t v = rng_u64(r);
		size_t take = min_size(n, sizeof(v));

		memcpy(out, &v, take);
		out += take;
		n -= take;
	}
}
