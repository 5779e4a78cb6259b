/* Numbers and hashes: varints at their bounds and cut short, CRC-32C, murmur2 as Java has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/murmur2.h"
#include "base/random.h"
#include "base/varint.h"

static void round_trip(uint64_t v)
{
	uint8_t out[VARINT_MAX_64];
	uint64_t u = ~v;
	int64_t s = (int64_t)~v;
	size_t n = uvarint_put64(out, v);

	assert_int_equal(n, uvarint_size64(v));
	assert_int_equal(uvarint_get64(out, out + n, &u), n);
	assert_true(u == v);
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(uvarint_get64(out, out + cut, &u), 0);
	n = varint_put64(out, (int64_t)v);
	assert_int_equal(n, varint_size64((int64_t)v));
	assert_int_equal(varint_get64(out, out + n, &s), n);
	assert_true(s == (int64_t)v);
	assert_true(unzigzag64(zigzag64((int64_t)v)) == (int64_t)v);
}

static void round_trip32(uint32_t v)
{
	uint8_t out[VARINT_MAX_32];
	uint32_t u = ~v;
	int32_t s = (int32_t)~v;
	size_t n = uvarint_put(out, v);

	assert_int_equal(n, uvarint_size(v));
	assert_int_equal(uvarint_get(out, out + n, &u), n);
	assert_int_equal(u, v);
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(uvarint_get(out, out + cut, &u), 0);
	n = varint_put(out, (int32_t)v);
	assert_int_equal(n, varint_size((int32_t)v));
	assert_int_equal(varint_get(out, out + n, &s), n);
	assert_int_equal(s, (int32_t)v);
}

static void test_varints(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 4);
	for (int bit = 0; bit < 64; bit++)
		for (int64_t d = -1; d <= 1; d++) {
			round_trip(((uint64_t)1 << bit) + (uint64_t)d);
			round_trip32((uint32_t)((uint64_t)1 << bit) + (uint32_t)d);
		}
	for (int i = 0; i < 10000; i++) {
		uint64_t v = rng_u64(&rng) >> rng_below(&rng, 64);

		round_trip(v);
		round_trip32((uint32_t)v);
	}
}

static void test_varints_that_do_not_fit(void **state)
{
	static const uint8_t ones[11] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	static const uint8_t big32[] = {0xff, 0xff, 0xff, 0xff, 0x1f};
	static const uint8_t big64[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x03};
	uint32_t u;
	uint64_t w;

	(void)state;
	assert_int_equal(uvarint_get(ones, ones + 11, &u), 0);
	assert_int_equal(uvarint_get64(ones, ones + 11, &w), 0);
	assert_int_equal(uvarint_get(big32, big32 + 5, &u), 0);
	assert_int_equal(uvarint_get64(big64, big64 + 10, &w), 0);
}

/* RFC 3720, appendix B.4. */
static void test_crc32c(void **state)
{
	uint8_t p[32];
	uint32_t whole;

	(void)state;
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	memset(p, 0, 32);
	assert_int_equal(crc32c(0, p, 32), 0x8a9136aa);
	memset(p, 0xff, 32);
	assert_int_equal(crc32c(0, p, 32), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		p[i] = i;
	whole = crc32c(0, p, 32);
	assert_int_equal(whole, 0x46dd794e);
	for (size_t cut = 0; cut <= 32; cut++)
		assert_int_equal(crc32c(crc32c(0, p, cut), p + cut, 32 - cut), whole);
	assert_int_equal(crc32c(0, p, 0), 0);
}

/* What Java's client gives (its UtilsTest has the same). */
static void test_murmur2(void **state)
{
	static const struct {
		const char *key;
		int32_t hash;
	} rows[] = {{"21", -973932308}, {"foobar", -790332482},
		{"a-little-bit-long-string", -985981536},
		{"a-little-bit-longer-string", -1486304829},
		{"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
		{"abc", 479470107}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice key = slice_str(str_of(rows[i].key));

		assert_int_equal((int32_t)murmur2(key), rows[i].hash);
		for (int32_t n = 1; n < 100; n++)
			assert_int_equal(
				murmur2_partition(key, n), (rows[i].hash & 0x7fffffff) % n);
	}
}

static void test_random(void **state)
{
	struct rng a, b;
	bool low = false, high = false;

	(void)state;
	rng_seed(&a, 7);
	rng_seed(&b, 7);
	for (int i = 0; i < 1000; i++) {
		int64_t v = rng_between(&a, -3, 3);

		assert_int_equal(v, rng_between(&b, -3, 3));
		assert_true(v >= -3 && v <= 3);
		low |= v == -3;
		high |= v == 3;
		assert_int_equal(rng_below(&a, 1), rng_below(&b, 1));
		assert_true(rng_unit(&a) < 1 && rng_unit(&b) >= 0);
	}
	assert_true(low && high);
	assert_true(rng_between(&a, INT64_MIN, INT64_MAX) != rng_between(&a, INT64_MIN, INT64_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_varints),
		cmocka_unit_test(test_varints_that_do_not_fit),
		cmocka_unit_test(test_crc32c),
		cmocka_unit_test(test_murmur2),
		cmocka_unit_test(test_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
