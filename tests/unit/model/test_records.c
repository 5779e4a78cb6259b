/* The window of records: batches in, merged by time out, bounded, transactions that were aborted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "model/records.h"
#include "wire/batch.h"
#include <stdio.h>

/* n records from an offset on, ten ms apart. */
static void put_batch(
	struct buf *out, int64_t base, int n, int64_t time, enum compress codec, int64_t producer)
{
	struct batch_builder b;
	struct batch_options o = BATCH_OPTIONS_DEFAULT;
	struct slice done;
	char value[32];

	o.base_offset = base;
	o.codec = codec;
	if (producer >= 0) {
		o.producer_id = producer;
		o.producer_epoch = 0;
		o.base_sequence = 0;
		o.transactional = true;
	}
	batch_builder_init(&b, NULL);
	batch_builder_begin(&b, &o);
	for (int i = 0; i < n; i++) {
		int len = snprintf(value, sizeof(value), "v%lld", (long long)(base + i));

		assert_int_equal(batch_builder_add(&b, time + i * 10, SLICE_NULL,
					 slice_of(value, (size_t)len), NULL, 0),
			0);
	}
	assert_int_equal(batch_builder_finish(&b, &done), 0);
	buf_put_slice(out, done);
	batch_builder_fini(&b);
}

static int put(struct record_window *w, int32_t partition, struct slice in, int64_t from,
	int64_t until, int64_t *next, size_t *taken)
{
	return window_put_batches(
		w, partition, in, from, until, SIZE_MAX, NULL, 0, NULL, next, taken);
}

static void test_merge(void **state)
{
	struct record_window w;
	struct buf a = BUF_EMPTY, b = BUF_EMPTY;
	int64_t next, before = 0;
	size_t taken;

	(void)state;
	window_init(&w, 0, 0);
	window_lane(&w, 0);
	window_lane(&w, 1);
	put_batch(&a, 100, 10, 1000, COMPRESS_LZ4, -1);
	put_batch(&b, 5, 10, 1005, COMPRESS_NONE, -1);
	assert_int_equal(put(&w, 0, buf_slice(&a), 102, -1, &next, &taken), 0);
	assert_int_equal(taken, 8);
	assert_int_equal(next, 110);
	assert_int_equal(window_merge(&w, SIZE_MAX), 0); /* the other lane may have older ones */
	assert_int_equal(put(&w, 1, buf_slice(&b), 5, 12, &next, &taken), 0);
	assert_int_equal(next, 12);
	window_merge(&w, 3);
	assert_int_equal(w.n, 3);
	window_merge(&w, SIZE_MAX);
	window_lane_idle(&w, 0, true);
	window_lane_idle(&w, 1, true);
	window_merge(&w, SIZE_MAX);
	assert_int_equal(w.n, 15);
	for (size_t i = 0; i < w.n; i++) {
		const struct browse_record *r = window_at(&w, i);

		assert_true(r->timestamp >= before);
		assert_null(r->key.p);
		before = r->timestamp;
	}
	assert_null(window_at(&w, 15));
	window_keep_last(&w, 2);
	assert_int_equal(w.n, 2);
	assert_int_equal(window_at(&w, 1)->offset, 109);
	assert_memory_equal(window_at(&w, 1)->value.p, "v109", 4);
	window_fini(&w);
	buf_fini(&a);
	buf_fini(&b);
}

static void test_bounds(void **state)
{
	struct record_window w;
	struct buf a = BUF_EMPTY;
	int64_t next = 0;
	size_t taken;

	(void)state;
	window_init(&w, 50, 4096);
	for (int i = 0; i < 20; i++) {
		buf_clear(&a);
		put_batch(&a, i * 10, 10, 1000 + i * 100, COMPRESS_ZSTD, -1);
		assert_int_equal(put(&w, 0, buf_slice(&a), next, -1, &next, &taken), 0);
		window_merge(&w, SIZE_MAX);
		assert_true(w.n <= 50 && w.bytes <= 4096);
	}
	assert_int_equal(next, 200);
	assert_int_equal(w.n + w.dropped, 200);
	assert_int_equal(window_at(&w, w.n - 1)->offset, 199);
	window_reset(&w);
	assert_int_equal(w.bytes, 0);
	window_fini(&w);
	buf_fini(&a);
}

static void test_damaged_and_cut(void **state)
{
	struct record_window w;
	struct buf a = BUF_EMPTY;
	size_t first, taken;
	int64_t next;

	(void)state;
	window_init(&w, 0, 0);
	put_batch(&a, 0, 3, 1, COMPRESS_NONE, -1);
	first = a.n;
	put_batch(&a, 3, 3, 1, COMPRESS_NONE, -1);
	/* cut at every byte: whole batches count, nothing is read past the end */
	for (size_t n = 0; n <= a.n; n++) {
		struct slice in = slice_of(xmemdup(a.p, n), n);

		assert_int_equal(put(&w, 0, in, 0, -1, &next, &taken), 0);
		assert_int_equal(taken, n == a.n ? 6 : n >= first ? 3 : 0);
		window_reset(&w);
		free((void *)(uintptr_t)in.p);
	}
	a.p[first - 1] ^= 1;
	assert_int_equal(put(&w, 0, buf_slice(&a), 0, -1, &next, &taken), ERR_CORRUPT);
	assert_int_equal(next, 3);
	window_fini(&w);
	buf_fini(&a);
}

static void test_aborted(void **state)
{
	struct record_window w;
	struct buf a = BUF_EMPTY;
	const struct window_abort aborted = {7, 0};
	int64_t next;
	size_t taken;

	(void)state;
	window_init(&w, 0, 0);
	put_batch(&a, 0, 2, 1, COMPRESS_NONE, 7);
	put_batch(&a, 2, 2, 1, COMPRESS_NONE, 8);
	{
		size_t at = a.n;

		batch_put_end_txn(&a, CONTROL_ABORT, 1, 7, 0, 0);
		batch_stamp(a.p + at, 4, 0);
	}
	put_batch(&a, 5, 2, 1, COMPRESS_NONE, 7); /* the next transaction */
	assert_int_equal(window_put_batches(&w, 0, buf_slice(&a), 0, -1, SIZE_MAX, &aborted, 1,
				 NULL, &next, &taken),
		0);
	assert_int_equal(taken, 4);
	assert_int_equal(next, 7);
	window_merge(&w, SIZE_MAX);
	assert_int_equal(window_at(&w, 0)->offset, 2);
	assert_int_equal(window_at(&w, 2)->offset, 5);
	window_fini(&w);
	buf_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_damaged_and_cut),
		cmocka_unit_test(test_aborted),
	};

	return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
