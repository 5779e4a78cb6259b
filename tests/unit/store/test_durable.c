/* What is written down for the next start is never above what is true, whatever a log goes through
 * in between; what a file of the store says wrongly costs no record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "../folder.h"
#include "base/log.h"
#include "store/store.h"
#include "wire/kerr.h"

#define RECORD_TIME INT64_C(1700000000000)

struct disk {
	struct store_io io; /* first */
	int sync_errno;     /* 0: syncs work */
	int syncs;
	char boot; /* of the machine's id */
};

struct bench {
	struct disk disk;
	char dir[FOLDER_MAX];
	struct plog_config config;
	struct batch_builder builder;
	struct store store;
	struct plog *log;
	int32_t sequence;
};

static int disk_sync(struct store_io *io, int fd)
{
	struct disk *d = (struct disk *)io;

	d->syncs++;
	if (!d->sync_errno)
		return store_io_system.fdatasync(io, fd);
	errno = d->sync_errno;
	return -1;
}

static void disk_boot_id(struct store_io *io, char out[static STORE_BOOT_ID])
{
	out[0] = ((struct disk *)io)->boot;
	out[1] = 0;
}

static void quiet(void *arg, enum log_level level, const char *line, size_t n)
{
	(void)arg;
	(void)level;
	(void)line;
	(void)n;
}

static void start(struct bench *b)
{
	struct store_options opt = {.io = &b->disk.io, .dir = b->dir, .config = b->config};
	struct err e = {0};
	int bad;

	assert_int_equal(store_open(&b->store, &opt, &e), 0);
	assert_int_equal(store_load(&b->store, 1, &bad), 0);
	assert_int_equal(bad, 0);
	b->log = store_find(&b->store, STR_LIT("t"), 0);
}

static void create(struct bench *b)
{
	assert_int_equal(store_create(&b->store, STR_LIT("t"), 0, NULL, NULL, &b->log, NULL), 0);
	b->sequence = 0;
}

/* As a kill leaves it. */
static void kill_and_start(struct bench *b)
{
	store_drop(&b->store);
	start(b);
	assert_non_null(b->log);
}

static int set_up(void **state)
{
	struct bench *b = ALLOC(struct bench);

	log_set_sink(quiet, NULL);
	b->disk.io = store_io_system;
	b->disk.io.fdatasync = disk_sync;
	b->disk.io.boot_id = disk_boot_id;
	b->disk.boot = 'a';
	b->config = plog_config_default;
	b->config.segment_bytes = 2000;
	b->config.index_interval_bytes = 100;
	batch_builder_init(&b->builder, NULL);
	*state = b;
	if (!folder_make(b->dir))
		return -1;
	start(b);
	create(b);
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	int r;

	if (b->store.dir)
		store_drop(&b->store);
	batch_builder_fini(&b->builder);
	r = folder_remove(b->dir);
	free(b);
	return r;
}

static int16_t put_as(struct bench *b, int32_t sequence, int32_t epoch)
{
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	struct plog_append item = {.leader_epoch = epoch, .coordinator_epoch = -1};
	struct slice bytes;

	opt.producer_id = 5;
	opt.producer_epoch = 0;
	opt.base_sequence = sequence;
	batch_builder_begin(&b->builder, &opt);
	assert_int_equal(batch_builder_add(&b->builder, RECORD_TIME + sequence, SLICE_NULL,
				 slice_str(STR_LIT("a value of some length")), NULL, 0),
		0);
	assert_int_equal(batch_builder_finish(&b->builder, &bytes), 0);
	item.batch = xmemdup(bytes.p, bytes.n);
	assert_int_equal(batch_check(bytes, &item.header), 0);
	plog_append(b->log, &item, 1, PLOG_LEADER);
	free(item.batch);
	return item.error;
}

static void put(struct bench *b, int n)
{
	while (n-- > 0)
		assert_int_equal(put_as(b, b->sequence++, 1), 0);
	plog_set_high_watermark(b->log, b->log->leo);
}

static bool has_line(struct bench *b, const char *name, const char *line)
{
	char *path = xasprintf("%s/%s", b->dir, name);
	struct buf text = BUF_EMPTY;
	bool there;

	assert_int_equal(checkpoint_read(&store_io_system, path, 65536, &text), 0);
	buf_put(&text, "", 1);
	there = strstr((const char *)text.p, line) != NULL;
	buf_fini(&text);
	free(path);
	return there;
}

static void damage(struct bench *b, int64_t base, const char *suffix, int64_t at, size_t n)
{
	char path[SEGMENT_PATH];
	uint8_t junk[64];
	int fd;

	memset(junk, 0x5a, sizeof(junk));
	segment_path(b->log->dir, base, suffix, path);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, junk, n, at), n);
	close(fd);
}

static bool can_read(struct bench *b, int64_t offset)
{
	struct plog_range range;
	int r = plog_locate(b->log, offset, SIZE_MAX, b->log->leo, true, &range);

	assert_true(r == 0 || r == ERR_CORRUPT);
	plog_range_release(&range);
	return r == 0 && range.first_offset == offset;
}

static void new_topic_of_an_old_name(void **state)
{
	struct bench *b = *state;

	put(b, 30);
	assert_int_equal(plog_delete_records(b->log, 25), 0);
	assert_int_equal(plog_flush(b->log), 0);
	assert_int_equal(store_checkpoint(&b->store), 0);
	assert_true(has_line(b, "log-start-offset-checkpoint", "t 0 25\n"));
	assert_int_equal(store_delete(&b->store, b->log), 0);
	create(b);
	put(b, 3);
	kill_and_start(b);
	assert_int_equal(b->log->log_start, 0);
	assert_int_equal(b->log->leo, 3);
	/* Neither when a start lies between. */
	put(b, 10);
	assert_int_equal(plog_delete_records(b->log, 11), 0);
	assert_int_equal(store_checkpoint(&b->store), 0);
	assert_int_equal(store_delete(&b->store, b->log), 0);
	store_drop(&b->store);
	start(b);
	assert_null(b->log);
	create(b);
	put(b, 2);
	kill_and_start(b);
	assert_int_equal(b->log->leo, 2);
}

static void a_cut_lowers_what_is_written_down(void **state)
{
	struct bench *b = *state;

	put(b, 50);
	assert_int_equal(plog_flush(b->log), 0);
	assert_int_equal(plog_delete_records(b->log, 40), 0);
	assert_int_equal(store_checkpoint(&b->store), 0);
	assert_true(has_line(b, "recovery-point-offset-checkpoint", "t 0 50\n"));
	assert_int_equal(plog_truncate_to(b->log, 45), 0);
	assert_false(has_line(b, "recovery-point-offset-checkpoint", "t 0 50\n"));
	assert_true(has_line(b, "replication-offset-checkpoint", "t 0 45\n"));
	assert_int_equal(plog_truncate_fully_and_start_at(b->log, 7), 0);
	assert_true(has_line(b, "recovery-point-offset-checkpoint", "t 0 7\n"));
	assert_true(has_line(b, "log-start-offset-checkpoint", "t 0 7\n"));
	put(b, 5);
	kill_and_start(b);
	assert_int_equal(b->log->log_start, 7);
	assert_int_equal(b->log->leo, 12);
}

static void a_cut_is_refused_when_that_fails(void **state)
{
	struct bench *b = *state;

	put(b, 20);
	assert_int_equal(plog_flush(b->log), 0);
	assert_int_equal(store_checkpoint(&b->store), 0);
	b->disk.sync_errno = ENOSPC;
	assert_int_equal(plog_truncate_to(b->log, 3), ERR_IO);
	assert_int_equal(b->log->leo, 20);
	assert_int_equal(b->log->recovery_point, 20);
	assert_int_equal(b->log->high_watermark, 20);
	assert_int_equal(b->log->state, PLOG_OPEN);
	b->disk.sync_errno = 0;
	assert_int_equal(plog_truncate_to(b->log, 3), 0);
	assert_int_equal(b->log->leo, 3);
}

static void a_late_job_writes_nothing_old(void **state)
{
	struct bench *b = *state;
	struct store_job job, other;

	put(b, 20);
	assert_int_equal(store_checkpoint(&b->store), 0);
	assert_false(store_job_begin(&b->store, STORE_KEEP_RECOVERY | STORE_KEEP_HIGH, &job));
	put(b, 5);
	assert_int_equal(plog_flush(b->log), 0);
	assert_true(store_job_begin(&b->store, STORE_KEEP_RECOVERY | STORE_KEEP_HIGH, &job));
	assert_false(store_job_begin(&b->store, STORE_KEEP_RECOVERY, &other));
	assert_int_equal(plog_truncate_to(b->log, 0), 0);
	store_job_run(&job);
	assert_int_equal(store_job_done(&b->store, &job), 0);
	assert_true(has_line(b, "recovery-point-offset-checkpoint", "t 0 0\n"));
	assert_true(has_line(b, "replication-offset-checkpoint", "t 0 0\n"));
	/* A checkpoint does not rely on a job that has not run. */
	put(b, 1);
	assert_true(store_job_begin(&b->store, STORE_KEEP_HIGH, &job));
	assert_int_equal(store_checkpoint(&b->store), 0);
	assert_true(has_line(b, "replication-offset-checkpoint", "t 0 1\n"));
	store_job_run(&job);
	assert_int_equal(store_job_done(&b->store, &job), 0);
	/* One that fails is made up for. */
	put(b, 1);
	b->disk.sync_errno = EIO;
	assert_true(store_job_begin(&b->store, STORE_KEEP_HIGH, &job));
	store_job_run(&job);
	assert_int_equal(store_job_done(&b->store, &job), ERR_IO);
	assert_int_equal(job.errnum, EIO);
	b->disk.sync_errno = 0;
	assert_true(store_job_begin(&b->store, STORE_KEEP_HIGH, &job));
	store_job_run(&job);
	assert_int_equal(store_job_done(&b->store, &job), 0);
	assert_true(has_line(b, "replication-offset-checkpoint", "t 0 2\n"));
}

static void a_sync_says_nothing_of_what_was_cut(void **state)
{
	struct bench *b = *state;
	struct plog_sync sync;

	put(b, 10);
	assert_true(plog_sync_begin(b->log, false, &sync) > 0);
	assert_int_equal(plog_truncate_to(b->log, 4), 0);
	b->sequence = 4;
	put(b, 10);
	plog_sync_run(&sync);
	assert_int_equal(plog_sync_done(&sync), 0);
	assert_true(b->log->recovery_point <= 4);
	assert_true(plog_sync_begin(b->log, false, &sync) > 0);
	plog_sync_run(&sync);
	assert_int_equal(plog_sync_done(&sync), 0);
	assert_int_equal(b->log->recovery_point, 14);
}

static void a_failed_sync_tells_why(void **state)
{
	struct bench *b = *state;
	struct plog_sync sync;

	put(b, 1);
	assert_true(plog_sync_begin(b->log, false, &sync) > 0);
	b->disk.sync_errno = ENOSPC;
	plog_sync_run(&sync);
	assert_int_equal(sync.errnum, ENOSPC);
	assert_int_equal(plog_sync_done(&sync), ERR_IO);
	assert_int_equal(b->log->state, PLOG_FAILED);
	assert_int_equal(b->log->recovery_point, 0);
}

static int no_descriptor(UNUSED struct store_io *io, UNUSED const char *path, UNUSED int flags)
{
	errno = EMFILE;
	return -1;
}

/* It has not begun: nothing is lost, and the log goes on. */
static void a_sync_without_a_descriptor_is_tried_again(void **state)
{
	struct bench *b = *state;
	struct plog_sync sync;

	put(b, 1);
	assert_int_equal(plog_flush(b->log), 0);
	b->log->epochs_changed++;
	b->disk.io.open = no_descriptor;
	put(b, 1);
	assert_int_equal(plog_sync_begin(b->log, false, &sync), ERR_AGAIN);
	assert_int_equal(plog_flush(b->log), ERR_AGAIN);
	assert_int_equal(b->log->state, PLOG_OPEN);
	assert_int_equal(b->log->recovery_point, 1);
	put(b, 1);
	b->disk.io.open = store_io_system.open;
	assert_true(plog_sync_begin(b->log, false, &sync) > 0);
	plog_sync_run(&sync);
	assert_int_equal(plog_sync_done(&sync), 0);
	assert_int_equal(b->log->recovery_point, 3);
}

static void full_segments_are_synced_apart(void **state)
{
	struct bench *b = *state;
	struct plog_sync sync;
	int64_t active;

	put(b, 100);
	assert_true(plog_segment_count(b->log) > 2);
	active = (*vec_last(&b->log->segments))->base;
	assert_true(plog_sync_rolled_due(b->log));
	assert_true(plog_sync_begin(b->log, true, &sync) > 0);
	assert_false(plog_sync_rolled_due(b->log));
	plog_sync_run(&sync);
	assert_int_equal(plog_sync_done(&sync), 0);
	assert_int_equal(b->log->recovery_point, active);
	assert_false(plog_sync_rolled_due(b->log));
}

static void appends_do_not_sync(void **state)
{
	struct bench *b = *state;

	b->disk.syncs = 0;
	put(b, 200);
	assert_int_equal(put_as(b, b->sequence++, 2), 0);
	assert_int_equal(b->disk.syncs, 0);
}

static void a_snapshot_with_a_gap_behind_is_not_used(void **state)
{
	struct bench *b = *state;
	char path[SEGMENT_PATH], saved[SEGMENT_PATH];

	put(b, 1);
	assert_int_equal(plog_checkpoint_producers(b->log), 0);
	segment_path(b->log->dir, 1, ".snapshot", path);
	snprintf(saved, sizeof(saved), "%s/saved", b->dir);
	assert_int_equal(link(path, saved), 0);
	put(b, 60);
	assert_int_equal(plog_delete_records(b->log, 55), 0);
	assert_true(b->log->segments.v[0]->base > 1);
	/* A power cut lost the names of the later ones and the removal of this. */
	for (size_t i = 0; i < b->log->segments.n; i++) {
		char later[SEGMENT_PATH];

		segment_path(b->log->dir, b->log->segments.v[i]->base, ".snapshot", later);
		unlink(later);
	}
	assert_int_equal(rename(saved, path), 0);
	kill_and_start(b);
	assert_int_equal(put_as(b, b->sequence, 1), 0);
}

static void a_text_cut_within_a_number_is_no_text(void **state)
{
	struct epoch_cache c;
	struct offset_list l = {0};

	(void)state;
	epoch_cache_init(&c);
	assert_int_equal(epoch_cache_parse(&c, STR_LIT("0\n2\n0 0\n1 23\n")), 0);
	assert_int_equal(epoch_cache_parse(&c, STR_LIT("0\n2\n0 0\n1 2")), ERR_CORRUPT);
	assert_int_equal(offset_list_parse(&l, STR_LIT("0\n1\nt 0 12\n")), 0);
	assert_int_equal(offset_list_parse(&l, STR_LIT("0\n1\nt 0 1")), ERR_CORRUPT);
	offset_list_fini(&l);
	epoch_cache_fini(&c);
}

static void epochs_of_a_later_start_are_found_again(void **state)
{
	struct bench *b = *state;
	char *path = xasprintf("%s/leader-epoch-checkpoint", b->log->dir);
	static const char later[] = "0\n1\n7 40\n";

	put(b, 10);
	assert_int_equal(checkpoint_replace(
				 &store_io_system, path, slice_of(later, sizeof(later) - 1), false),
		0);
	kill_and_start(b);
	assert_int_equal(epoch_cache_at(&b->log->epochs, 0), 1);
	assert_int_equal(epoch_cache_latest(&b->log->epochs), 1);
	free(path);
}

static void epochs_of_a_refused_batch_are_found_again(void **state)
{
	struct bench *b = *state;
	char *path = xasprintf("%s/leader-epoch-checkpoint", b->log->dir);
	static const char refused[] = "0\n2\n1 0\n2 12\n";

	put(b, 10);
	for (int i = 0; i < 5; i++)
		assert_int_equal(put_as(b, b->sequence++, 2), 0);
	assert_int_equal(checkpoint_replace(&store_io_system, path,
				 slice_of(refused, sizeof(refused) - 1), false),
		0);
	kill_and_start(b);
	assert_int_equal(epoch_cache_at(&b->log->epochs, 9), 1);
	assert_int_equal(epoch_cache_at(&b->log->epochs, 10), 2);
	free(path);
}

static void bad_index_entries_are_made_anew(void **state)
{
	struct bench *b = *state;

	b->config.segment_bytes = 1 << 20;
	plog_set_config(b->log, &b->config);
	put(b, 200);
	assert_int_equal(store_close(&b->store), 0);
	start(b);
	damage(b, 0, ".index", 160, 40);
	for (int64_t at = 0; at < 200; at++)
		assert_true(can_read(b, at));
	assert_int_equal(b->log->leo, 200);
}

static void bad_times_are_made_anew(void **state)
{
	struct bench *b = *state;
	struct plog_time_result t;

	b->config.segment_bytes = 1 << 20;
	plog_set_config(b->log, &b->config);
	put(b, 200);
	assert_int_equal(store_close(&b->store), 0);
	start(b);
	/* All but the last two, which would be seen at the start: every offset is out of bounds. */
	for (int64_t at = 8; at < 480; at += 12)
		damage(b, 0, ".timeindex", at, 4);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(plog_offset_for_time(b->log, RECORD_TIME + i, 200, NULL, &t), 0);
		assert_int_equal(t.offset, i);
	}
}

static void a_bad_batch_takes_no_other_segment_along(void **state)
{
	struct bench *b = *state;
	int64_t bad, next;
	size_t n;

	put(b, 100);
	n = plog_segment_count(b->log);
	assert_true(n > 3);
	bad = b->log->segments.v[1]->base;
	next = b->log->segments.v[2]->base;
	assert_int_equal(store_close(&b->store), 0);
	start(b);
	damage(b, bad, ".log", b->log->segments.v[1]->size - 90, 40);
	for (int i = 0; i < 2; i++) {
		kill_and_start(b);
		assert_int_equal(plog_segment_count(b->log), n);
		assert_int_equal(b->log->leo, 100);
		assert_true(can_read(b, bad));
		assert_false(can_read(b, next - 1));
		assert_true(can_read(b, next));
		assert_true(can_read(b, 99));
	}
}

/* As a follower takes it: the leader's log was compacted. */
static void put_at(struct bench *b, int64_t base)
{
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	struct plog_append item = {.coordinator_epoch = -1};
	struct slice bytes;

	batch_builder_begin(&b->builder, &opt);
	assert_int_equal(
		batch_builder_add(&b->builder, RECORD_TIME, SLICE_NULL, SLICE_NULL, NULL, 0), 0);
	assert_int_equal(batch_builder_finish(&b->builder, &bytes), 0);
	item.batch = xmemdup(bytes.p, bytes.n);
	batch_stamp(item.batch, base, 1);
	assert_int_equal(batch_check(slice_of(item.batch, bytes.n), &item.header), 0);
	assert_int_equal(plog_append(b->log, &item, 1, PLOG_FOLLOWER), 1);
	free(item.batch);
}

static void a_read_in_a_gap_begins_behind_it(void **state)
{
	struct bench *b = *state;
	struct plog_range r;

	for (int64_t base = 0; base < 4000; base += 50)
		put_at(b, base);
	for (int i = 0; i < 2; i++) {
		for (int64_t at = 1; at < 3950; at += 10) {
			assert_int_equal(plog_locate(b->log, at, 1, b->log->leo, true, &r), 0);
			assert_int_equal(r.first_offset, (at + 49) / 50 * 50);
			plog_range_release(&r);
		}
		for (size_t k = 1; k < b->log->segments.n; k++)
			assert_int_equal(
				b->log->segments.v[k]->base, b->log->segments.v[k - 1]->next);
		kill_and_start(b);
	}
}

/* What a process left that died counts as whole while its machine runs, and only then; a mark of a
 * clean end is good for one start. */
static void another_boot_trusts_nothing(void **state)
{
	struct bench *b = *state;

	put(b, 3);
	kill_and_start(b);
	assert_int_equal(b->store.trust, PLOG_SAME_BOOT);
	b->disk.boot = 'b';
	kill_and_start(b);
	assert_int_equal(b->store.trust, PLOG_UNSURE);
	assert_int_equal(store_close(&b->store), 0);
	b->disk.boot = 'c';
	start(b);
	assert_int_equal(b->store.trust, PLOG_CLEAN);
	kill_and_start(b);
	assert_int_equal(b->store.trust, PLOG_SAME_BOOT);
	assert_int_equal(b->log->leo, 3);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_topic_of_an_old_name),
		TEST(a_cut_lowers_what_is_written_down),
		TEST(a_cut_is_refused_when_that_fails),
		TEST(a_late_job_writes_nothing_old),
		TEST(a_sync_says_nothing_of_what_was_cut),
		TEST(a_failed_sync_tells_why),
		TEST(a_sync_without_a_descriptor_is_tried_again),
		TEST(full_segments_are_synced_apart),
		TEST(appends_do_not_sync),
		TEST(a_snapshot_with_a_gap_behind_is_not_used),
		TEST(a_text_cut_within_a_number_is_no_text),
		TEST(epochs_of_a_later_start_are_found_again),
		TEST(epochs_of_a_refused_batch_are_found_again),
		TEST(bad_index_entries_are_made_anew),
		TEST(bad_times_are_made_anew),
		TEST(a_bad_batch_takes_no_other_segment_along),
		TEST(a_read_in_a_gap_begins_behind_it),
		TEST(another_boot_trusts_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
