/* Compression: round trips, bombs, cut and broken input, what Java framed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/random.h"
#include "wire/compress.h"

#define BOMB ((size_t)1 << 28)
#define CAP  ((size_t)1 << 20)

/* Text that compresses, with some noise. */
static void fill(struct rng *rng, struct buf *b, size_t n)
{
	buf_clear(b);
	while (b->n < n)
		buf_printf(b, "주문 %d|", (int)rng_below(rng, 1000));
	b->n = n;
}

static void round_trip(
	struct compress_ctx *c, enum compress codec, int level, const struct buf *plain)
{
	struct buf packed = BUF_EMPTY, back = BUF_EMPTY;
	buf_puts(&packed, "head");
	assert_int_equal(compress_encode(c, codec, level, buf_slice(plain), &packed), 0);
	struct slice in = slice_of(packed.p + 4, packed.n - 4);
	assert_int_equal(compress_decode(c, codec, in, plain->n, &back), 0);
	assert_int_equal(back.n, plain->n);
	if (plain->n) {
		assert_memory_equal(back.p, plain->p, plain->n);
		buf_clear(&back);
		assert_int_equal(compress_decode(c, codec, in, plain->n - 1, &back), ERR_TOO_BIG);
		assert_int_equal(back.n, 0);
	}
	buf_fini(&packed);
	buf_fini(&back);
}

static void test_round_trips(void **state)
{
	static const size_t sizes[] = {0, 1, 2, 100, 32767, 32768, 32769, 65536, 300001};
	static const int levels[] = {COMPRESS_LEVEL_DEFAULT, -200000, -1, 1, 5, 9, 1000};
	struct compress_ctx *c = compress_ctx_new();
	struct buf plain = BUF_EMPTY;
	struct rng rng;
	(void)state;
	rng_seed(&rng, 7);
	for (int codec = 0; codec < COMPRESS_COUNT; codec++)
		for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
			fill(&rng, &plain, sizes[i]);
			size_t n_levels = sizes[i] < 100000 ? ARRAY_LEN(levels) : 1;
			for (size_t l = 0; l < n_levels; l++) {
				round_trip(c, (enum compress)codec, levels[l], &plain);
				round_trip(NULL, (enum compress)codec, levels[l], &plain);
			}
		}
	buf_fini(&plain);
	compress_ctx_free(c);
}

static void test_bombs_stop_at_the_cap(void **state)
{
	struct buf zeros = BUF_EMPTY, packed = BUF_EMPTY, out = BUF_EMPTY;
	(void)state;
	buf_fill(&zeros, 0, BOMB);
	for (int codec = COMPRESS_GZIP; codec < COMPRESS_COUNT; codec++) {
		buf_clear(&packed);
		buf_fini(&out);
		buf_init(&out);
		assert_int_equal(
			compress_encode(NULL, (enum compress)codec, 1, buf_slice(&zeros), &packed),
			0);
		assert_true(packed.n < BOMB / 15);
		assert_int_equal(
			compress_decode(NULL, (enum compress)codec, buf_slice(&packed), CAP, &out),
			ERR_TOO_BIG);
		assert_true(out.n == 0 && out.cap <= 4 * CAP);
	}
	buf_fini(&zeros);
	buf_fini(&packed);
	buf_fini(&out);
}

/* The widest cap there is does not wrap to none. */
static void test_no_cap(void **state)
{
	struct buf in = BUF_EMPTY, packed = BUF_EMPTY, plain = BUF_EMPTY;

	(void)state;
	buf_fill(&in, 'x', 100000);
	for (int codec = 0; codec < COMPRESS_COUNT; codec++) {
		buf_clear(&packed);
		buf_clear(&plain);
		assert_int_equal(compress_encode(NULL, (enum compress)codec, COMPRESS_LEVEL_DEFAULT,
					 buf_slice(&in), &packed),
			0);
		assert_int_equal(compress_decode(NULL, (enum compress)codec, buf_slice(&packed),
					 SIZE_MAX, &plain),
			0);
		assert_true(slice_eq(buf_slice(&in), buf_slice(&plain)));
	}
	buf_fini(&in);
	buf_fini(&packed);
	buf_fini(&plain);
}

static void test_cut_anywhere(void **state)
{
	struct buf plain = BUF_EMPTY, packed = BUF_EMPTY, out = BUF_EMPTY;
	struct compress_ctx *c = compress_ctx_new();
	struct rng rng;
	(void)state;
	rng_seed(&rng, 8);
	fill(&rng, &plain, 2000);
	for (int codec = COMPRESS_GZIP; codec < COMPRESS_COUNT; codec++) {
		buf_clear(&packed);
		assert_int_equal(
			compress_encode(c, (enum compress)codec, 3, buf_slice(&plain), &packed), 0);
		for (size_t cut = 0; cut < packed.n; cut++) {
			int rc = compress_decode(
				c, (enum compress)codec, slice_of(packed.p, cut), CAP, &out);
			/* snappy's stream header alone is an empty stream. */
			if (codec == COMPRESS_SNAPPY && cut == 16)
				assert_int_equal(rc, 0);
			else
				assert_true(rc == ERR_SHORT || rc == ERR_CORRUPT);
			assert_int_equal(out.n, 0);
		}
		buf_puts(&packed, "rubbish!");
		assert_true(compress_decode(
				    c, (enum compress)codec, buf_slice(&packed), CAP, &out) < 0);
	}
	buf_fini(&plain);
	buf_fini(&packed);
	buf_fini(&out);
	compress_ctx_free(c);
}

static void test_streams_in_a_row(void **state)
{
	struct buf packed = BUF_EMPTY, out = BUF_EMPTY;
	(void)state;
	for (int codec = COMPRESS_NONE; codec < COMPRESS_COUNT; codec++) {
		buf_clear(&packed);
		buf_clear(&out);
		for (int i = 0; i < 2; i++)
			assert_int_equal(
				compress_encode(NULL, (enum compress)codec, COMPRESS_LEVEL_DEFAULT,
					slice_str(STR_LIT("twice ")), &packed),
				0);
		assert_int_equal(
			compress_decode(NULL, (enum compress)codec, buf_slice(&packed), 12, &out),
			0);
		assert_string_equal(buf_z(&out), "twice twice ");
	}
	buf_fini(&packed);
	buf_fini(&out);
}

static void test_raw_snappy(void **state)
{
	/* length 5, a literal of 5 bytes */
	static const uint8_t raw[] = {5, 4 << 2, 'h', 'e', 'l', 'l', 'o'};
	/* claims 2^31 bytes */
	static const uint8_t liar[] = {0x80, 0x80, 0x80, 0x80, 8, 0};
	struct buf out = BUF_EMPTY;
	(void)state;
	assert_int_equal(
		compress_decode(NULL, COMPRESS_SNAPPY, slice_of(raw, sizeof(raw)), 5, &out), 0);
	assert_string_equal(buf_z(&out), "hello");
	assert_int_equal(
		compress_decode(NULL, COMPRESS_SNAPPY, slice_of(raw, sizeof(raw)), 4, &out),
		ERR_TOO_BIG);
	assert_int_equal(compress_decode(NULL, COMPRESS_SNAPPY, slice_of(liar, sizeof(liar)),
				 SIZE_MAX / 2, &out),
		ERR_CORRUPT);
	assert_int_equal(out.n, 5);
	buf_fini(&out);
}

static void test_names(void **state)
{
	int min, max, def;
	(void)state;
	for (int codec = 0; codec < COMPRESS_COUNT; codec++)
		assert_int_equal(compress_by_name(str_of(compress_name(codec))), codec);
	assert_int_equal(compress_by_name(STR_LIT("uncompressed")), COMPRESS_NONE);
	assert_int_equal(compress_by_name(STR_LIT("brotli")), ERR_NOT_FOUND);
	assert_string_equal(compress_name(7), "unknown");
	assert_true(compress_levels(COMPRESS_ZSTD, &min, &max, &def) && max == 22 && def == 3);
	assert_false(compress_levels(COMPRESS_SNAPPY, &min, &max, &def));
}

static void test_no_such_codec(void **state)
{
	struct buf out = BUF_EMPTY;
	(void)state;
	assert_int_equal(
		compress_decode(NULL, (enum compress)5, slice_of("x", 1), 9, &out), ERR_INVALID);
	assert_int_equal(
		compress_encode(NULL, (enum compress)7, 0, slice_of("x", 1), &out), ERR_INVALID);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_bombs_stop_at_the_cap),
		cmocka_unit_test(test_no_cap),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_streams_in_a_row),
		cmocka_unit_test(test_raw_snappy),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_such_codec),
	};
	return cmocka_run_group_tests_name("compress", tests, NULL, NULL);
}
