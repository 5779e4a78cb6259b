/* A log on a real folder: append, read, roll, reopen, recovery, producers, retention. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../folder.h"
#include "base/log.h"
#include "store/store.h"
#include "wire/kerr.h"

#define T0 INT64_C(1700000000000)

struct bench {
	char dir[FOLDER_MAX];
	char *log_dir;
	struct clock_manual clock;
	struct files files;
	struct plog_config config;
	struct plog *log;
	struct batch_builder builder;
};

static void quiet(void *arg, enum log_level level, const char *line, size_t n)
{
	(void)arg;
	(void)level;
	(void)line;
	(void)n;
}

static struct plog_open_args args_of(struct bench *b, enum plog_trust trust)
{
	return (struct plog_open_args){.io = &store_io_system,
		.files = &b->files,
		.clock = &b->clock.clock,
		.dir = b->log_dir,
		.topic = STR_LIT("orders"),
		.partition = 2,
		.config = &b->config,
		.trust = trust};
}

static int set_up(void **state)
{
	struct bench *b = ALLOC(struct bench);
	struct plog_open_args a;
	struct uuid id;

	log_set_sink(quiet, NULL);
	assert_true(folder_make(b->dir));
	b->log_dir = xasprintf("%s/orders-2", b->dir);
	clock_manual_init(&b->clock, T0);
	files_init(&b->files, &store_io_system, 8);
	b->config = plog_config_default;
	batch_builder_init(&b->builder, NULL);
	a = args_of(b, PLOG_CLEAN);
	uuid_random(&id);
	assert_int_equal(plog_create(&a, &id, 0, &b->log, NULL), 0);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	if (b->log)
		plog_drop(b->log);
	assert_int_equal(b->files.n_open, 0);
	assert_int_equal(folder_remove(b->dir), 0);
	batch_builder_fini(&b->builder);
	free(b->log_dir);
	free(b);
	return 0;
}

static void reopen(struct bench *b, enum plog_trust trust)
{
	struct plog_open_args a = args_of(b, trust);

	if (trust == PLOG_CLEAN)
		assert_int_equal(plog_close(b->log), 0);
	else
		plog_drop(b->log);
	b->log = NULL;
	assert_int_equal(plog_open(&a, &b->log, NULL), 0);
}

static struct plog_append put_as(struct bench *b, int n, int64_t timestamp, int64_t producer,
	int16_t epoch, int32_t sequence)
{
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	struct plog_append item = {.leader_epoch = 3, .coordinator_epoch = -1};
	struct slice bytes;

	opt.producer_id = producer;
	opt.producer_epoch = epoch;
	opt.base_sequence = sequence;
	batch_builder_begin(&b->builder, &opt);
	for (int i = 0; i < n; i++)
		assert_int_equal(batch_builder_add(&b->builder, timestamp, SLICE_NULL,
					 slice_str(STR_LIT("a value of some length")), NULL, 0),
			0);
	assert_int_equal(batch_builder_finish(&b->builder, &bytes), 0);
	item.batch = xmemdup(bytes.p, bytes.n);
	assert_int_equal(batch_check(bytes, &item.header), 0);
	plog_append(b->log, &item, 1, PLOG_LEADER);
	free(item.batch);
	return item;
}

static int64_t put(struct bench *b, int n, int64_t timestamp)
{
	struct plog_append item = put_as(b, n, timestamp, -1, -1, -1);

	assert_int_equal(item.error, 0);
	return item.base_offset;
}

/* Reads from the start over all segments: checks every batch, returns the offset behind. */
static int64_t read_all(struct bench *b)
{
	int64_t at = b->log->log_start;

	while (at < b->log->leo) {
		struct plog_read_result res;
		struct batch_iter it;
		struct batch_header h;
		struct slice batch;
		struct chain c;
		uint8_t *p;
		int64_t from = at;

		chain_init(&c);
		assert_int_equal(plog_read(b->log, at, 3000, b->log->leo, true, &c, &res), 0);
		assert_true(c.n > 0);
		p = xmalloc(c.n);
		assert_int_equal(chain_flatten(&c, p), 0);
		batch_iter_init(&it, slice_of(p, c.n), true);
		while (batch_next(&it, &h, &batch) == 1) {
			assert_true(h.base_offset == at || (at == from && h.base_offset < at));
			at = batch_next_offset(&h);
		}
		assert_true(at > from);
		free(p);
		chain_fini(&c);
	}
	return at;
}

static void appends_and_reads(void **state)
{
	struct bench *b = *state;
	struct plog_range r;

	for (int i = 0; i < 500; i++)
		assert_int_equal(put(b, 3, T0 + i), i * 3);
	assert_int_equal(b->log->leo, 1500);
	assert_int_equal(read_all(b), 1500);
	assert_int_equal(plog_locate(b->log, 1501, 100, 1500, true, &r), ERR_NOT_FOUND);
	assert_int_equal(plog_locate(b->log, 1500, 100, 1500, true, &r), 0);
	assert_null(r.segment);
	assert_int_equal(plog_locate(b->log, 100, 1 << 20, 103, true, &r), 0);
	assert_int_equal(r.first_offset, 99);
	plog_range_release(&r);
}

static void rolls_and_reopens(void **state)
{
	struct bench *b = *state;
	enum plog_trust trusts[] = {PLOG_CLEAN, PLOG_SAME_BOOT, PLOG_UNSURE};

	b->config.segment_bytes = 20000;
	b->config.index_interval_bytes = 200;
	plog_set_config(b->log, &b->config);
	for (int i = 0; i < 500; i++)
		put(b, 3, T0 + i);
	assert_true(plog_segment_count(b->log) > 3);
	for (size_t i = 0; i < ARRAY_LEN(trusts); i++) {
		size_t n = plog_segment_count(b->log);

		reopen(b, trusts[i]);
		assert_int_equal(plog_segment_count(b->log), n);
		assert_int_equal(b->log->leo, 1500 + 3 * (int64_t)i);
		assert_int_equal(b->log->found.bytes_cut, 0);
		assert_int_equal(epoch_cache_latest(&b->log->epochs), 3);
		assert_int_equal(read_all(b), b->log->leo);
		put(b, 3, T0 + 1000);
	}
}

static void cut_at_every_byte(void **state)
{
	struct bench *b = *state;
	char path[SEGMENT_PATH];
	int64_t whole, size;

	for (int i = 0; i < 5; i++)
		put(b, 2, T0);
	whole = b->log->size;
	put(b, 2, T0);
	size = b->log->size;
	segment_path(b->log_dir, 0, ".log", path);
	for (int64_t cut = size - 1; cut >= whole; cut--) {
		assert_int_equal(truncate(path, cut), 0);
		reopen(b, PLOG_SAME_BOOT);
		assert_int_equal(b->log->leo, 10);
		assert_int_equal(b->log->size, whole);
		assert_int_equal(b->log->found.bytes_cut, cut - whole);
		put(b, 2, T0);
		assert_int_equal(b->log->size, size);
	}
}

static void garbage_at_the_end_goes(void **state)
{
	struct bench *b = *state;
	char path[SEGMENT_PATH];
	uint8_t junk[200];
	int fd;

	put(b, 2, T0);
	segment_path(b->log_dir, 0, ".log", path);
	memset(junk, 0x5a, sizeof(junk));
	fd = open(path, O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
	close(fd);
	reopen(b, PLOG_SAME_BOOT);
	assert_int_equal(b->log->leo, 2);
	assert_int_equal(b->log->found.bytes_cut, 200);
}

static void bad_indexes_are_rebuilt(void **state)
{
	struct bench *b = *state;
	char path[SEGMENT_PATH];

	b->config.index_interval_bytes = 200;
	plog_set_config(b->log, &b->config);
	for (int i = 0; i < 200; i++)
		put(b, 3, T0 + i);
	reopen(b, PLOG_CLEAN);
	segment_path(b->log_dir, 0, ".index", path);
	assert_int_equal(truncate(path, 13), 0);
	reopen(b, PLOG_SAME_BOOT);
	assert_int_equal(b->log->found.indexes_rebuilt, 1);
	assert_int_equal(unlink(path), 0);
	reopen(b, PLOG_SAME_BOOT);
	assert_int_equal(b->log->found.indexes_rebuilt, 1);
	assert_int_equal(read_all(b), 600);
}

static void producers_are_followed(void **state)
{
	struct bench *b = *state;
	struct plog_append a;

	assert_int_equal(put_as(b, 2, T0, 7, 0, 0).error, 0);
	assert_int_equal(put_as(b, 2, T0, 7, 0, 2).error, 0);
	a = put_as(b, 2, T0, 7, 0, 0);
	assert_true(a.duplicate && a.error == 0);
	assert_int_equal(a.base_offset, 0);
	assert_int_equal(put_as(b, 2, T0, 7, 0, 9).error, KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
	assert_int_equal(put_as(b, 2, T0, 7, 1, 5).error, KERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
	for (int trust = PLOG_CLEAN; trust <= PLOG_UNSURE; trust++) {
		reopen(b, (enum plog_trust)trust);
		a = put_as(b, 2, T0, 7, 0, 2);
		assert_true(a.duplicate);
		assert_int_equal(a.base_offset, 2);
	}
	assert_int_equal(put_as(b, 2, T0, 7, 1, 0).error, 0);
	assert_int_equal(put_as(b, 2, T0, 7, 0, 4).error, KERR_INVALID_PRODUCER_EPOCH);
	assert_int_equal(b->log->leo, 6);
}

static void retention_and_truncation(void **state)
{
	struct bench *b = *state;
	struct plog_time_result t;
	int64_t size;

	b->config.segment_bytes = 2000;
	b->config.retention_ms = 10000;
	plog_set_config(b->log, &b->config);
	for (int i = 0; i < 100; i++)
		put(b, 3, T0 + i * 100);
	assert_int_equal(plog_offset_for_time(b->log, T0 + 5000, b->log->leo, NULL, &t), 0);
	assert_int_equal(t.offset, 150);
	assert_int_equal(
		plog_offset_for_time(b->log, PLOG_MAX_TIMESTAMP, b->log->leo, NULL, &t), 0);
	assert_int_equal(t.offset, 297);
	size = (int64_t)plog_segment_count(b->log);
	clock_manual_advance_ms(&b->clock, 15000);
	assert_int_equal(plog_retention(b->log), 0);
	plog_set_high_watermark(b->log, 300);
	assert_true(plog_retention(b->log) > 0);
	assert_true((int64_t)plog_segment_count(b->log) < size);
	assert_true(b->log->log_start > 100 && b->log->log_start <= 153);
	assert_int_equal(read_all(b), 300);
	assert_int_equal(plog_truncate_to(b->log, 280), 0);
	assert_int_equal(b->log->leo, 279);
	assert_int_equal(read_all(b), 279);
	assert_int_equal(plog_delete_records(b->log, 300), ERR_INVALID);
	assert_int_equal(plog_delete_records(b->log, 250), 0);
	assert_int_equal(b->log->log_start, 250);
	clock_manual_advance_ms(&b->clock, 1000000);
	assert_true(plog_retention(b->log) > 0);
	assert_int_equal(b->log->log_start, 279);
	assert_int_equal(b->log->size, 0);
	assert_int_equal(plog_truncate_fully_and_start_at(b->log, 5000), 0);
	assert_int_equal(put(b, 1, T0), 5000);
}

/* A segment ends where the next batch would not fit, or would be too much younger than its first.
 */
static void segments_have_bounds(void **state)
{
	struct bench *b = *state;
	int64_t one;

	b->config.segment_bytes = 2000;
	plog_set_config(b->log, &b->config);
	put(b, 3, T0);
	one = b->log->size;
	for (int i = 0; i < 60; i++)
		put(b, 3, T0);
	assert_true(plog_segment_count(b->log) > 3);
	for (size_t i = 0; i + 1 < plog_segment_count(b->log); i++)
		assert_in_range(b->log->segments.v[i]->size, 2000 - one + 1, 2000);
	assert_int_equal(plog_roll(b->log), 0);
	b->config.segment_ms = 1000;
	plog_set_config(b->log, &b->config);
	for (int i = 0; i < 3; i++) {
		size_t n = plog_segment_count(b->log);

		put(b, 1, T0 + (i == 0 ? 0 : 1000));
		put(b, 1, T0 + 1000 + (i == 2));
		assert_int_equal(plog_segment_count(b->log), n + (i == 2));
	}
}

static int16_t put_as_follower(struct bench *b, int64_t base)
{
	struct plog_append item = {.coordinator_epoch = -1};
	struct slice bytes;

	batch_builder_begin(&b->builder, &BATCH_OPTIONS_DEFAULT);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			batch_builder_add(&b->builder, T0, SLICE_NULL, SLICE_NULL, NULL, 0), 0);
	assert_int_equal(batch_builder_finish(&b->builder, &bytes), 0);
	item.batch = xmemdup(bytes.p, bytes.n);
	batch_stamp(item.batch, base, 3);
	assert_int_equal(batch_check(slice_of(item.batch, bytes.n), &item.header), 0);
	plog_append(b->log, &item, 1, PLOG_FOLLOWER);
	free(item.batch);
	return item.error;
}

static void offsets_of_a_follower_rise(void **state)
{
	struct bench *b = *state;

	assert_int_equal(put_as_follower(b, 5), 0);
	assert_int_equal(b->log->leo, 7);
	assert_int_equal(put_as_follower(b, 6), KERR_CORRUPT_MESSAGE);
	assert_int_equal(put_as_follower(b, 0), KERR_CORRUPT_MESSAGE);
	assert_int_equal(put_as_follower(b, 7), 0);
	assert_int_equal(b->log->leo, 9);
}

/* As many segments as leave retention.bytes. */
static void retention_keeps_its_bytes(void **state)
{
	struct bench *b = *state;

	b->config.segment_bytes = 2000;
	b->config.retention_bytes = 5000;
	plog_set_config(b->log, &b->config);
	for (int i = 0; i < 100; i++)
		put(b, 3, T0);
	plog_set_high_watermark(b->log, b->log->leo);
	assert_true(plog_retention(b->log) > 0);
	assert_in_range(b->log->size, 5000, 5000 + b->log->segments.v[0]->size - 1);
	assert_int_equal(read_all(b), 300);
}

static void checkpoints_are_believed(void **state)
{
	struct bench *b = *state;
	struct plog_open_args a = args_of(b, PLOG_SAME_BOOT);

	for (int i = 0; i < 6; i++)
		put(b, 2, T0);
	plog_drop(b->log);
	b->log = NULL;
	a.log_start = 5;
	a.high_watermark = 9;
	a.recovery_point = 8;
	assert_int_equal(plog_open(&a, &b->log, NULL), 0);
	assert_int_equal(b->log->leo, 12);
	assert_int_equal(b->log->log_start, 5);
	assert_int_equal(b->log->high_watermark, 9);
	assert_int_equal(b->log->recovery_point, 8);
}

static void write_at(const char *path, int64_t at, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

/* One byte of a value; and an epoch, which no CRC covers, that lies before the one in front of it:
 * a batch from before a cut. */
static void recovery_checks_batches(void **state)
{
	struct bench *b = *state;
	char path[SEGMENT_PATH];
	int64_t whole;

	for (int i = 0; i < 5; i++)
		put(b, 2, T0);
	whole = b->log->size;
	segment_path(b->log_dir, 0, ".log", path);
	for (int round = 0; round < 2; round++) {
		put(b, 2, T0);
		if (round == 0)
			write_at(path, whole + BATCH_HEADER + 20, "?", 1);
		else
			write_at(path, whole + 12, "\0\0\0\2", 4);
		reopen(b, PLOG_SAME_BOOT);
		assert_int_equal(b->log->leo, 10);
		assert_int_equal(b->log->size, whole);
	}
}

static void nothing_stays_behind_a_cut(void **state)
{
	struct bench *b = *state;
	char path[SEGMENT_PATH];
	int64_t bases[64], size, leo;
	size_t n;

	b->config.segment_bytes = 2000;
	plog_set_config(b->log, &b->config);
	for (int i = 0; i < 60; i++)
		put(b, 3, T0);
	n = plog_segment_count(b->log);
	assert_in_range(n, 5, 64);
	for (size_t i = 0; i < n; i++)
		bases[i] = b->log->segments.v[i]->base;
	size = b->log->segments.v[1]->size;
	segment_path(b->log_dir, bases[1], ".log", path);
	assert_int_equal(truncate(path, size - 1), 0);
	reopen(b, PLOG_UNSURE);
	leo = b->log->leo;
	assert_true(leo > bases[1] && leo < bases[2]);
	assert_int_equal(plog_segment_count(b->log), 2);
	assert_int_equal(b->log->found.segments_cut, n - 2);
	for (size_t i = 2; i < n; i++) {
		segment_path(b->log_dir, bases[i], ".log", path);
		assert_int_equal(access(path, F_OK), -1);
	}
	assert_int_equal(read_all(b), leo);
}

/* A swap is a segment made anew; beside what is being cleaned it was not finished. */
static void a_swap_counts_when_finished(void **state)
{
	struct bench *b = *state;
	char path[SEGMENT_PATH], swap[SEGMENT_PATH], cleaned[SEGMENT_PATH];
	uint8_t first[200];
	int64_t one;
	int fd;

	put(b, 2, T0);
	one = b->log->size;
	put(b, 2, T0);
	segment_path(b->log_dir, 0, ".log", path);
	segment_path(b->log_dir, 0, ".log.swap", swap);
	segment_path(b->log_dir, 0, ".log.cleaned", cleaned);
	assert_true(one <= (int64_t)sizeof(first));
	fd = open(path, O_RDONLY);
	assert_int_equal(pread(fd, first, (size_t)one, 0), one);
	close(fd);
	for (int finished = 0; finished < 2; finished++) {
		write_at(swap, 0, first, (size_t)one);
		if (!finished)
			write_at(cleaned, 0, first, (size_t)one);
		reopen(b, PLOG_SAME_BOOT);
		assert_int_equal(b->log->leo, finished ? 2 : 4);
		assert_int_equal(b->log->found.leftovers, finished ? 1 : 2);
		assert_int_equal(access(swap, F_OK), -1);
		assert_int_equal(access(cleaned, F_OK), -1);
	}
}

/* The last time in the index lies before the one in front of it. */
static void times_that_fall_are_made_anew(void **state)
{
	struct bench *b = *state;
	struct plog_time_result t;
	char path[SEGMENT_PATH];
	uint8_t early[8];
	uint32_t n;

	b->config.index_interval_bytes = 200;
	plog_set_config(b->log, &b->config);
	for (int i = 0; i < 200; i++)
		put(b, 3, T0 + i);
	reopen(b, PLOG_CLEAN);
	n = b->log->segments.v[0]->times.n_file;
	assert_true(n > 10);
	put_be64(early, (uint64_t)T0);
	segment_path(b->log_dir, 0, ".timeindex", path);
	write_at(path, (int64_t)(n - 1) * TIME_INDEX_ENTRY, early, sizeof(early));
	reopen(b, PLOG_SAME_BOOT);
	assert_int_equal(b->log->found.indexes_rebuilt, 1);
	assert_int_equal(plog_offset_for_time(b->log, T0 + 199, 600, NULL, &t), 0);
	assert_int_equal(t.offset, 597);
}

/* No entry stays for what is cut. */
static void indexes_are_cut_too(void **state)
{
	struct bench *b = *state;

	b->config.index_interval_bytes = 1;
	plog_set_config(b->log, &b->config);
	for (int i = 0; i < 50; i++)
		put(b, 1, T0 + i);
	reopen(b, PLOG_CLEAN);
	assert_int_equal(plog_truncate_to(b->log, 20), 0);
	assert_int_equal(b->log->leo, 20);
	assert_true(b->log->segments.v[0]->index.last.key < 20);
	assert_true(b->log->segments.v[0]->times.last.value < 20);
	assert_true(b->log->segments.v[0]->max_timestamp < T0 + 20);
	put(b, 30, T0 + 50);
	assert_int_equal(read_all(b), 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(appends_and_reads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(rolls_and_reopens, set_up, tear_down),
		cmocka_unit_test_setup_teardown(cut_at_every_byte, set_up, tear_down),
		cmocka_unit_test_setup_teardown(garbage_at_the_end_goes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(bad_indexes_are_rebuilt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(producers_are_followed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(retention_and_truncation, set_up, tear_down),
		cmocka_unit_test_setup_teardown(segments_have_bounds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(offsets_of_a_follower_rise, set_up, tear_down),
		cmocka_unit_test_setup_teardown(retention_keeps_its_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(checkpoints_are_believed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(recovery_checks_batches, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_stays_behind_a_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_swap_counts_when_finished, set_up, tear_down),
		cmocka_unit_test_setup_teardown(times_that_fall_are_made_anew, set_up, tear_down),
		cmocka_unit_test_setup_teardown(indexes_are_cut_too, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
