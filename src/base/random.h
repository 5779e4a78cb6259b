/* Random numbers: a seedable generator (xoshiro256**) that is passed around, and the system's. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "base/attr.h"
#include <stdbool.h>

struct rng {
	uint64_t s[4];
};

/* The same seed gives the same numbers on every machine. */
void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_u64(struct rng *r);
/* Uniform in [0, n); n > 0. */
uint64_t rng_below(struct rng *r, uint64_t n);
/* Uniform in [lo, hi]. */
int64_t rng_between(struct rng *r, int64_t lo, int64_t hi);
/* True once in n. */
bool rng_one_in(struct rng *r, uint32_t n);
double rng_unit(struct rng *r);
void rng_bytes(struct rng *r, void *p, size_t n);

/* From the kernel: for ids and hash seeds. */
void random_bytes(void *p, size_t n);
uint64_t random_u64(void);

#endif
