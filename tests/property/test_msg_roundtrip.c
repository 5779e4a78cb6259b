/*
 * For every message and version: random values encode to as many bytes as counted, decode to what
 * they were, and any shorter input is an error, not a crash.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/metarec.h"
#include "wire/msg.h"

#define ROUNDS    10
#define ARENA_MAX (64u << 20)

static void each(void (*check)(const struct msg_desc *, int16_t, struct rng *, struct arena *))
{
	struct rng rng;
	struct arena a;

	rng_seed(&rng, 20);
	arena_init(&a, ARENA_MAX);
	for (const struct msg_desc *const *d = msg_all; *d; d++)
		for (int16_t v = (*d)->min; v <= (*d)->max; v++)
			for (int i = 0; i < ROUNDS; i++) {
				check(*d, v, &rng, &a);
				arena_reset(&a);
			}
	arena_fini(&a);
}

/* Encodes into memory of exactly that length, so that a sanitizer sees a byte too many. */
static uint8_t *encoded(
	const struct msg_desc *d, int16_t v, struct rng *rng, struct arena *a, void *in, size_t *n)
{
	struct buf b = BUF_EMPTY;
	uint8_t *exact;

	assert_true(msg_random(d, v, rng, a, in));
	assert_int_equal(msg_encode_buf(d, v, in, &b), 0);
	assert_int_equal(msg_size(d, v, in), b.n);
	*n = b.n;
	exact = malloc(b.n + !b.n);
	assert_non_null(exact);
	if (b.n)
		memcpy(exact, b.p, b.n);
	buf_fini(&b);
	return exact;
}

static void round_trip(const struct msg_desc *d, int16_t v, struct rng *rng, struct arena *a)
{
	void *in = arena_alloc(a, d->body->size);
	void *out = arena_alloc(a, d->body->size);
	size_t n, used;
	uint8_t *p = encoded(d, v, rng, a, in, &n);

	assert_int_equal(msg_decode(d, v, slice_of(p, n), a, out, &used), 0);
	assert_int_equal(used, n);
	assert_true(msg_equal(d, v, in, out));
	free(p);
}

static void truncation(const struct msg_desc *d, int16_t v, struct rng *rng, struct arena *a)
{
	void *in = arena_alloc(a, d->body->size);
	void *out = arena_alloc(a, d->body->size);
	size_t n;
	uint8_t *p = encoded(d, v, rng, a, in, &n);

	for (size_t i = n > 400 ? n - 400 : 0; i < n; i++) {
		uint8_t *cut = malloc(i + !i);
		assert_non_null(cut);
		memcpy(cut, p, i);
		assert_true(msg_decode(d, v, slice_of(cut, i), a, out, NULL) < 0);
		free(cut);
	}
	free(p);
}

static void damage(const struct msg_desc *d, int16_t v, struct rng *rng, struct arena *a)
{
	void *in = arena_alloc(a, d->body->size);
	void *out = arena_alloc(a, d->body->size);
	struct buf text = BUF_EMPTY;
	size_t n;
	uint8_t *p = encoded(d, v, rng, a, in, &n);

	for (int i = 0; n && i < 4; i++)
		p[rng_below(rng, n)] = (uint8_t)rng_u64(rng);
	if (msg_decode(d, v, slice_of(p, n), a, out, NULL) == 0)
		assert_true(msg_size(d, v, out) > 0 || n == 0);
	msg_print(d, v, out, &text);
	assert_true(text.n > 0);
	buf_fini(&text);
	free(p);
}

static void framed(const struct msg_desc *d, int16_t v, struct rng *rng, struct arena *a)
{
	void *in = arena_alloc(a, d->body->size);
	struct buf b = BUF_EMPTY;
	struct metarec rec;

	if (d->kind != MSG_METADATA)
		return;
	assert_true(msg_random(d, v, rng, a, in));
	assert_int_equal(metarec_encode(d, v, in, &b), 0);
	assert_int_equal(metarec_decode(buf_slice(&b), a, &rec), 0);
	assert_ptr_equal(rec.desc, d);
	assert_int_equal(rec.version, v);
	assert_true(msg_equal(d, v, in, rec.body));
	buf_fini(&b);
}

static void test_round_trip(void **state)
{
	(void)state;
	each(round_trip);
}

static void test_truncation(void **state)
{
	(void)state;
	each(truncation);
}

static void test_damage(void **state)
{
	(void)state;
	each(damage);
}

static void test_metadata_frame(void **state)
{
	(void)state;
	each(framed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_metadata_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
