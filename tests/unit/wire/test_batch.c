/* Record batches: what real clients wrote, round trips, cut, flipped and lying bytes, Produce. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/crc32c.h"
#include "base/err.h"
#include "base/random.h"
#include "wire/batch.h"
#include "wire/kerr.h"

#define CAP ((size_t)1 << 22)
#define T0  INT64_C(1700000000000)

static const struct record_header some_headers[] = {
	{{"h", 1}, {(const uint8_t *)"v", 1}},
	{{"빈", 3}, {NULL, 0}},
};

/* Six records; the fifth has a null value, even ones a null key, the fourth headers. */
static void build(struct batch_builder *b, enum compress codec, struct slice *out)
{
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	opt.codec = codec;
	opt.producer_id = 7777;
	opt.producer_epoch = 3;
	opt.base_sequence = 12;
	batch_builder_begin(b, &opt);
	for (int i = 0; i < 6; i++) {
		char key[16], value[64];
		int k = snprintf(key, sizeof(key), "key-%d", i);
		int v = snprintf(value, sizeof(value), "안녕하세요 kafka %d ", i);
		struct buf text = BUF_EMPTY;
		for (int j = 0; j < 3; j++)
			buf_put(&text, value, (size_t)v);
		assert_int_equal(batch_builder_add(b, T0 + i * 10,
					 i % 2 ? slice_of(key, (size_t)k) : SLICE_NULL,
					 i == 4 ? SLICE_NULL : buf_slice(&text), some_headers,
					 i == 3 ? 2 : 0),
			0);
		buf_fini(&text);
	}
	assert_int_equal(batch_builder_finish(b, out), 0);
}

static void load_hex(const char *name, struct buf *out)
{
	const char *top = getenv("top_srcdir");
	char path[4096];
	snprintf(path, sizeof(path), "%s/tests/unit/wire/batches/%s.hex", top ? top : ".", name);
	FILE *f = fopen(path, "r");
	unsigned byte;
	assert_non_null(f);
	buf_clear(out);
	while (fscanf(f, "%2x", &byte) == 1)
		buf_put_u8(out, (uint8_t)byte);
	fclose(f);
}

static void check_record(const struct record *r, int i)
{
	struct slice rest = r->headers;
	struct record_header header;
	assert_int_equal(r->timestamp, T0 + i * 10);
	assert_int_equal(r->key.p == NULL, i % 2 == 0);
	assert_int_equal(r->value.p == NULL, i == 4);
	if (i != 4)
		assert_memory_equal(r->value.p, "안녕하세요 kafka ", 22);
	assert_int_equal(r->n_headers, i == 3 ? 2 : 0);
	if (i != 3)
		return;
	assert_true(record_header_next(&rest, &header));
	assert_true(str_eqz(header.key, "h") && header.value.n == 1);
	assert_true(record_header_next(&rest, &header));
	assert_true(str_eqz(header.key, "빈") && header.value.p == NULL);
	assert_false(record_header_next(&rest, &header));
}

static void check_six(struct slice bytes, int64_t base)
{
	struct batch_header h;
	struct record_iter it;
	struct record r;
	struct buf scratch = BUF_EMPTY;
	assert_int_equal(batch_check(bytes, &h), 0);
	assert_int_equal(h.n_records, 6);
	assert_int_equal(h.size, bytes.n);
	assert_int_equal(record_iter_init(&it, &h, bytes, NULL, CAP, &scratch), 0);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(record_next(&it, &r), 1);
		assert_int_equal(r.offset, base + i);
		check_record(&r, i);
	}
	assert_int_equal(record_next(&it, &r), 0);
	buf_fini(&scratch);
}

static void test_what_clients_wrote(void **state)
{
	static const char *const names[] = {"java-none", "java-gzip", "java-snappy", "java-lz4",
		"java-zstd", "kafka-python-none", "kafka-python-gzip"};
	struct buf bytes = BUF_EMPTY;
	struct batch_builder b;
	struct slice own;
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		load_hex(names[i], &bytes);
		check_six(buf_slice(&bytes), 0);
	}
	/* Ours is Java's byte for byte, but for the leader epoch. */
	load_hex("java-none", &bytes);
	batch_builder_init(&b, NULL);
	build(&b, COMPRESS_NONE, &own);
	batch_stamp(bytes.p, 0, -1);
	assert_true(slice_eq(own, buf_slice(&bytes)));
	batch_builder_fini(&b);
	buf_fini(&bytes);
}

static void test_round_trips_and_stamps(void **state)
{
	struct compress_ctx *ctx = compress_ctx_new();
	struct batch_builder b;
	struct batch_header h;
	(void)state;
	batch_builder_init(&b, ctx);
	for (int codec = 0; codec < COMPRESS_COUNT; codec++) {
		struct slice out;
		struct buf copy = BUF_EMPTY;
		build(&b, (enum compress)codec, &out);
		buf_put_slice(&copy, out);
		batch_stamp(copy.p, 5000, 42);
		check_six(buf_slice(&copy), 5000);
		assert_int_equal(batch_check(buf_slice(&copy), &h), 0);
		assert_int_equal(h.leader_epoch, 42);
		assert_int_equal(batch_codec(&h), codec);
		assert_int_equal(batch_last_sequence(&h), 17);
		assert_int_equal(h.max_timestamp, T0 + 50);
		batch_set_log_append_time(copy.p, T0 + 999);
		assert_int_equal(batch_check(buf_slice(&copy), &h), 0);
		assert_true(batch_is_log_append_time(&h) && h.max_timestamp == T0 + 999);
		buf_fini(&copy);
	}
	assert_int_equal(batch_sequence_add(INT32_MAX, 1), 0);
	batch_builder_fini(&b);
	compress_ctx_free(ctx);
}

static void test_cut_and_flipped(void **state)
{
	struct batch_builder b;
	struct slice out;
	struct buf copy = BUF_EMPTY;
	struct batch_header h;
	struct batch_iter it;
	struct slice batch;
	(void)state;
	batch_builder_init(&b, NULL);
	build(&b, COMPRESS_NONE, &out);
	for (size_t cut = 0; cut < out.n; cut++) {
		assert_int_equal(batch_check(slice_of(out.p, cut), &h), ERR_SHORT);
		buf_clear(&copy);
		buf_put_slice(&copy, out);
		buf_put(&copy, out.p, cut);
		batch_iter_init(&it, buf_slice(&copy), true);
		assert_int_equal(batch_next(&it, &h, &batch), 1);
		assert_int_equal(batch_next(&it, &h, &batch), cut ? ERR_SHORT : 0);
	}
	buf_clear(&copy);
	buf_put_slice(&copy, out);
	for (size_t bit = 0; bit < out.n * 8; bit++) {
		copy.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		size_t at = bit / 8;
		int rc = batch_check(buf_slice(&copy), &h);
		/* Only the stamp may differ unseen. */
		if (at >= 8 && (at < 12 || at >= 16))
			assert_true(rc < 0);
		copy.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	buf_fini(&copy);
	batch_builder_fini(&b);
}

/* The same byte changes with the CRC mended: nothing may be read out of bounds. */
static void test_lies_behind_a_right_crc(void **state)
{
	struct batch_builder b;
	struct slice out;
	struct buf copy = BUF_EMPTY, scratch = BUF_EMPTY;
	(void)state;
	batch_builder_init(&b, NULL);
	for (int codec = 0; codec < COMPRESS_COUNT; codec++) {
		build(&b, (enum compress)codec, &out);
		for (size_t at = BATCH_CRC_FROM; at < out.n; at++) {
			static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};
			for (size_t i = 0; i < ARRAY_LEN(values); i++) {
				struct batch_header h;
				struct record_iter it;
				struct record r;
				int rc, n = 0;
				buf_clear(&copy);
				buf_put_slice(&copy, out);
				copy.p[at] = values[i];
				batch_set_log_append_time(copy.p, T0);
				if (batch_check(buf_slice(&copy), &h) != 0)
					continue;
				rc = record_iter_init(
					&it, &h, buf_slice(&copy), NULL, CAP, &scratch);
				while (rc == 0 && (rc = record_next(&it, &r)) == 1) {
					rc = 0;
					n++;
				}
				assert_true(rc < 0 || n == h.n_records);
			}
		}
	}
	buf_fini(&copy);
	buf_fini(&scratch);
	batch_builder_fini(&b);
}

static void test_look_ups(void **state)
{
	struct batch_builder b;
	struct slice out;
	struct batch_header h;
	struct record r;
	struct buf s = BUF_EMPTY;
	(void)state;
	batch_builder_init(&b, NULL);
	build(&b, COMPRESS_ZSTD, &out);
	assert_int_equal(batch_check(out, &h), 0);
	assert_int_equal(record_find_offset(&h, out, NULL, CAP, &s, 3, &r), 1);
	assert_int_equal(r.offset, 3);
	assert_int_equal(record_find_offset(&h, out, NULL, CAP, &s, 6, &r), 0);
	assert_int_equal(record_find_time(&h, out, NULL, CAP, &s, T0 + 11, 0, &r), 1);
	assert_int_equal(r.offset, 2);
	assert_int_equal(record_find_time(&h, out, NULL, CAP, &s, T0 + 11, 4, &r), 1);
	assert_int_equal(r.offset, 4);
	assert_int_equal(record_find_time(&h, out, NULL, CAP, &s, T0 + 51, 0, &r), 0);
	assert_int_equal(record_find_max_time(&h, out, NULL, CAP, &s, &r), 1);
	assert_int_equal(r.offset, 5);
	assert_int_equal(record_find_offset(&h, out, NULL, 10, &s, 0, &r), ERR_TOO_BIG);
	buf_fini(&s);
	batch_builder_fini(&b);
}

static void test_markers(void **state)
{
	struct buf out = BUF_EMPTY, s = BUF_EMPTY;
	struct batch_header h;
	struct record r;
	int32_t epoch;
	(void)state;
	batch_put_end_txn(&out, CONTROL_COMMIT, T0, 9, 2, 31);
	assert_int_equal(batch_check(buf_slice(&out), &h), 0);
	assert_true(batch_is_control(&h) && batch_is_transactional(&h));
	assert_int_equal(record_find_offset(&h, buf_slice(&out), NULL, CAP, &s, 0, &r), 1);
	assert_int_equal(control_key_parse(r.key), CONTROL_COMMIT);
	assert_int_equal(control_end_txn_parse(r.value, &epoch), 0);
	assert_int_equal(epoch, 31);
	assert_int_equal(control_key_parse(slice_of("\0\0\0", 3)), ERR_SHORT);
	assert_int_equal(control_key_parse(slice_of("\xff\xff\0\0", 4)), ERR_VERSION);
	buf_fini(&out);
	buf_fini(&s);
}

static void test_magic_is_seen(void **state)
{
	uint8_t old[40] = {0};
	struct batch_header h;
	(void)state;
	put_be32(old + 8, 28);
	old[BATCH_MAGIC_AT] = 1;
	assert_int_equal(batch_magic(slice_of(old, sizeof(old))), 1);
	assert_int_equal(batch_peek(slice_of(old, 12)), 40);
	assert_int_equal(batch_check(slice_of(old, sizeof(old)), &h), ERR_VERSION);
	put_be32(old + 8, 0xffffffff);
	assert_int_equal(batch_peek(slice_of(old, 12)), ERR_CORRUPT);
}

static struct produce_rules rules_for(struct buf *scratch)
{
	return (struct produce_rules){
		.api_version = 9,
		.max_message_bytes = 1048588,
		.segment_bytes = 1 << 30,
		.now_ms = T0,
		.before_max_ms = INT64_MAX,
		.after_max_ms = 3600000,
		.unpack_cap = CAP,
		.scratch = scratch,
	};
}

/* Judges a copy in which one field was changed and the CRC mended. */
static int16_t judge(
	struct slice batch, size_t at, int width, uint64_t value, const struct produce_rules *rules)
{
	struct buf copy = BUF_EMPTY;
	struct produce_verdict v;
	buf_put_slice(&copy, batch);
	for (int i = 0; i < width; i++)
		copy.p[at + (size_t)i] = (uint8_t)(value >> 8 * (width - 1 - i));
	put_be32(copy.p + 17, crc32c(0, copy.p + BATCH_CRC_FROM, copy.n - BATCH_CRC_FROM));
	int16_t error = batch_validate_produce(buf_slice(&copy), rules, &v);
	assert_int_equal(error == KERR_NONE, v.message[0] == 0);
	buf_fini(&copy);
	return error;
}

static void test_produce_rules(void **state)
{
	struct batch_builder b;
	struct slice out;
	struct buf s = BUF_EMPTY, two = BUF_EMPTY;
	struct produce_verdict v;
	struct produce_rules rules = rules_for(&s);
	(void)state;
	batch_builder_init(&b, NULL);
	build(&b, COMPRESS_ZSTD, &out);
	assert_int_equal(batch_validate_produce(out, &rules, &v), KERR_NONE);
	assert_int_equal(v.header.n_records, 6);
	assert_int_equal(s.cap, 0); /* nothing was unpacked */
	assert_int_equal(judge(out, 0, 8, 1, &rules), KERR_INVALID_RECORD);
	assert_int_equal(judge(out, 16, 1, 1, &rules), KERR_INVALID_RECORD);
	assert_int_equal(judge(out, 21, 2, 0x24, &rules), KERR_INVALID_RECORD);
	assert_int_equal(judge(out, 21, 2, 0x0c, &rules), KERR_INVALID_TIMESTAMP);
	assert_int_equal(judge(out, 23, 4, 6, &rules), KERR_INVALID_RECORD);
	assert_int_equal(judge(out, 57, 4, 0, &rules), KERR_INVALID_RECORD);
	assert_int_equal(judge(out, 57, 4, 0xffffffff, &rules), KERR_INVALID_RECORD);
	assert_int_equal(judge(out, 53, 4, 0xffffffff, &rules), KERR_INVALID_RECORD);
	assert_int_equal(judge(out, 35, 8, T0 + 3600001, &rules), KERR_INVALID_TIMESTAMP);
	assert_int_equal(judge(out, 35, 8, T0 + 3600000, &rules), KERR_NONE);
	rules.log_append_time = true;
	assert_int_equal(judge(out, 35, 8, T0 + 3600001, &rules), KERR_NONE);
	rules = rules_for(&s);
	rules.api_version = 6;
	assert_int_equal(
		batch_validate_produce(out, &rules, &v), KERR_UNSUPPORTED_COMPRESSION_TYPE);
	rules = rules_for(&s);
	rules.max_message_bytes = (int32_t)out.n - 1;
	assert_int_equal(batch_validate_produce(out, &rules, &v), KERR_MESSAGE_TOO_LARGE);
	rules = rules_for(&s);
	rules.segment_bytes = (int32_t)out.n - 1;
	assert_int_equal(batch_validate_produce(out, &rules, &v), KERR_RECORD_LIST_TOO_LARGE);
	rules = rules_for(&s);
	rules.need_keys = true;
	assert_int_equal(batch_validate_produce(out, &rules, &v), KERR_INVALID_RECORD);
	assert_true(v.n_bad == 3 && v.bad_record == 0);
	rules.unpack_cap = 100;
	assert_int_equal(batch_validate_produce(out, &rules, &v), KERR_MESSAGE_TOO_LARGE);
	rules = rules_for(&s);
	rules.now_ms = T0 + 1000;
	rules.before_max_ms = 965; /* the first four records are too old */
	assert_int_equal(batch_validate_produce(out, &rules, &v), KERR_INVALID_TIMESTAMP);
	rules = rules_for(&s);
	assert_int_equal(batch_validate_produce(SLICE_NULL, &rules, &v), KERR_INVALID_RECORD);
	buf_put_slice(&two, out);
	buf_put_slice(&two, out);
	assert_int_equal(batch_validate_produce(buf_slice(&two), &rules, &v), KERR_INVALID_RECORD);
	two.p[out.n - 1] ^= 1;
	assert_int_equal(
		batch_validate_produce(slice_of(two.p, out.n), &rules, &v), KERR_CORRUPT_MESSAGE);
	for (size_t cut = 1; cut < out.n; cut++)
		assert_int_equal(batch_validate_produce(slice_of(out.p, cut), &rules, &v),
			KERR_CORRUPT_MESSAGE);
	buf_fini(&two);
	buf_fini(&s);
	batch_builder_fini(&b);
}

/* Producer ids begin with 0; a key may be empty, and is there then. */
static void test_least_id_and_key(void **state)
{
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	struct buf s = BUF_EMPTY;
	struct produce_rules rules = rules_for(&s);
	struct batch_builder b;
	struct slice out;
	(void)state;
	rules.need_keys = true;
	opt.producer_id = 0;
	opt.producer_epoch = 0;
	opt.base_sequence = 0;
	batch_builder_init(&b, NULL);
	batch_builder_begin(&b, &opt);
	assert_int_equal(batch_builder_add(&b, T0, slice_of("", 0), slice_of("v", 1), NULL, 0), 0);
	assert_int_equal(batch_builder_finish(&b, &out), 0);
	assert_int_equal(judge(out, 53, 4, 0, &rules), KERR_NONE);
	assert_int_equal(judge(out, 53, 4, 0xffffffff, &rules), KERR_INVALID_RECORD);
	buf_fini(&s);
	batch_builder_fini(&b);
}

static void test_random_records(void **state)
{
	struct rng rng;
	struct batch_builder b;
	struct buf noise = BUF_EMPTY, s = BUF_EMPTY;
	(void)state;
	rng_seed(&rng, 99);
	batch_builder_init(&b, NULL);
	rng_bytes(&rng, buf_extend(&noise, 5000), 5000);
	for (int round = 0; round < 100; round++) {
		struct batch_options opt = BATCH_OPTIONS_DEFAULT;
		struct slice values[50], out;
		struct batch_header h;
		struct record_iter it;
		struct record r;
		opt.codec = (enum compress)(round % COMPRESS_COUNT);
		batch_builder_begin(&b, &opt);
		int n = (int)rng_between(&rng, 1, 50);
		for (int i = 0; i < n; i++) {
			size_t before = batch_builder_size(&b);
			values[i] = rng_one_in(&rng, 5) ? SLICE_NULL
							: slice_of(noise.p, rng_below(&rng, 5000));
			assert_int_equal(batch_builder_add(&b, (int64_t)rng_u64(&rng) / 2,
						 SLICE_NULL, values[i], NULL, 0),
				0);
			assert_true(batch_builder_size(&b) - before <=
				    batch_record_bound(SLICE_NULL, values[i], NULL, 0));
		}
		assert_int_equal(batch_builder_finish(&b, &out), 0);
		assert_int_equal(batch_check(out, &h), 0);
		assert_int_equal(record_iter_init(&it, &h, out, NULL, CAP, &s), 0);
		for (int i = 0; i < n; i++) {
			assert_int_equal(record_next(&it, &r), 1);
			assert_int_equal(r.value.p == NULL, values[i].p == NULL);
			assert_true(r.value.n == values[i].n &&
				    (r.value.n == 0 || memcmp(r.value.p, noise.p, r.value.n) == 0));
		}
		assert_int_equal(record_next(&it, &r), 0);
	}
	buf_fini(&noise);
	buf_fini(&s);
	batch_builder_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_clients_wrote),
		cmocka_unit_test(test_round_trips_and_stamps),
		cmocka_unit_test(test_cut_and_flipped),
		cmocka_unit_test(test_lies_behind_a_right_crc),
		cmocka_unit_test(test_look_ups),
		cmocka_unit_test(test_markers),
		cmocka_unit_test(test_magic_is_seen),
		cmocka_unit_test(test_produce_rules),
		cmocka_unit_test(test_least_id_and_key),
		cmocka_unit_test(test_random_records),
	};
	return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
