/* A disk that refuses: full, short writes, failed syncs, failed cuts. Nothing is acknowledged that
 * does not stay, nothing refused stays, offsets have no gap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "../folder.h"
#include "base/log.h"
#include "store/store.h"
#include "wire/kerr.h"

struct disk {
	struct store_io io; /* first */
	int writes_left;    /* -1: no limit; then a half write, then ENOSPC */
	bool no_sync, no_truncate, no_room;
	int asked;          /* how often room was */
	int64_t room, held; /* what was asked for; its end in the file, 0: given back */
};

static struct disk disk;
static char dir[FOLDER_MAX];

static ssize_t bad_pwritev(struct store_io *io, int fd, const struct iovec *iov, int n, int64_t at)
{
	struct disk *d = (struct disk *)io;
	struct iovec half = {iov->iov_base, iov->iov_len / 2};

	if (d->writes_left < 0)
		return store_io_system.pwritev(io, fd, iov, n, at);
	if (d->writes_left-- > 0)
		return store_io_system.pwritev(io, fd, &half, 1, at);
	d->writes_left = 0;
	errno = ENOSPC;
	return -1;
}

static int bad_fdatasync(struct store_io *io, int fd)
{
	if (!((struct disk *)io)->no_sync)
		return store_io_system.fdatasync(io, fd);
	errno = EIO;
	return -1;
}

static int bad_truncate(struct store_io *io, int fd, int64_t size)
{
	((struct disk *)io)->held = 0;
	if (!((struct disk *)io)->no_truncate)
		return store_io_system.truncate(io, fd, size);
	errno = EIO;
	return -1;
}

static int bad_reserve(struct store_io *io, UNUSED int fd, int64_t at, int64_t n)
{
	struct disk *d = (struct disk *)io;

	d->asked++;
	d->room = n;
	if (d->no_room)
		return -1;
	d->held = at + n;
	return 0;
}

static void quiet(void *arg, enum log_level level, const char *line, size_t n)
{
	(void)arg;
	(void)level;
	(void)line;
	(void)n;
}

static void start(struct store *s)
{
	struct store_options opt = {.io = &disk.io, .dir = dir, .config = plog_config_default};
	struct err e = {0};

	assert_int_equal(store_open(s, &opt, &e), 0);
	assert_int_equal(store_load(s, 2, NULL), 0);
}

static int set_up(UNUSED void **state)
{
	log_set_sink(quiet, NULL);
	disk = (struct disk){.io = store_io_system, .writes_left = -1};
	disk.io.pwritev = bad_pwritev;
	disk.io.fdatasync = bad_fdatasync;
	disk.io.truncate = bad_truncate;
	disk.io.reserve = bad_reserve;
	return folder_make(dir) ? 0 : -1;
}

static int tear_down(UNUSED void **state)
{
	return folder_remove(dir);
}

static int16_t put_value(struct plog *log, int32_t sequence, struct slice value, bool *duplicate)
{
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	struct plog_append item = {.leader_epoch = 1, .coordinator_epoch = -1};
	struct batch_builder b;
	struct slice bytes;

	opt.producer_id = 5;
	opt.producer_epoch = 0;
	opt.base_sequence = sequence;
	batch_builder_init(&b, NULL);
	batch_builder_begin(&b, &opt);
	assert_int_equal(batch_builder_add(&b, 1000, SLICE_NULL, value, NULL, 0), 0);
	assert_int_equal(batch_builder_finish(&b, &bytes), 0);
	item.batch = xmemdup(bytes.p, bytes.n);
	assert_int_equal(batch_check(bytes, &item.header), 0);
	plog_append(log, &item, 1, PLOG_LEADER);
	free(item.batch);
	batch_builder_fini(&b);
	*duplicate = item.duplicate;
	return item.error;
}

static int16_t put(struct plog *log, int32_t sequence, bool *duplicate)
{
	return put_value(log, sequence, SLICE_NULL, duplicate);
}

static void full_disk_leaves_nothing(UNUSED void **state)
{
	struct store s;
	struct plog *log;
	bool dup;

	start(&s);
	assert_int_equal(store_create(&s, STR_LIT("t"), 0, NULL, NULL, &log, NULL), 0);
	assert_int_equal(put(log, 0, &dup), 0);
	for (int halves = 0; halves < 3; halves++) {
		int64_t size = log->size;

		disk.writes_left = halves;
		assert_int_equal(put(log, halves + 1, &dup), KERR_KAFKA_STORAGE_ERROR);
		assert_int_equal(log->size, size);
		disk.writes_left = -1;
		assert_int_equal(put(log, halves + 1, &dup), 0);
		assert_false(dup);
	}
	assert_int_equal(log->leo, 4);
	store_drop(&s);
	start(&s);
	assert_int_equal(s.trust, PLOG_SAME_BOOT);
	log = store_find(&s, STR_LIT("t"), 0);
	assert_non_null(log);
	assert_int_equal(log->leo, 4);
	assert_int_equal(log->found.bytes_cut, 0);
	assert_int_equal(put(log, 3, &dup), 0);
	assert_true(dup);
	assert_int_equal(store_close(&s), 0);
	start(&s);
	assert_true(s.clean);
	assert_int_equal(store_close(&s), 0);
}

static void failed_cut_stops_the_log(UNUSED void **state)
{
	struct store s;
	struct plog *log;
	bool dup;

	start(&s);
	assert_int_equal(store_create(&s, STR_LIT("t"), 0, NULL, NULL, &log, NULL), 0);
	assert_int_equal(put(log, 0, &dup), 0);
	disk.writes_left = 1;
	disk.no_truncate = true;
	assert_int_equal(put(log, 1, &dup), KERR_KAFKA_STORAGE_ERROR);
	assert_int_equal(log->state, PLOG_FAILED);
	disk.writes_left = -1;
	disk.no_truncate = false;
	assert_int_equal(put(log, 1, &dup), KERR_KAFKA_STORAGE_ERROR);
	store_drop(&s);
	start(&s);
	log = store_find(&s, STR_LIT("t"), 0);
	assert_int_equal(log->leo, 1);
	assert_true(log->found.bytes_cut > 0);
	store_drop(&s);
}

/* What a cut writes it writes first: refused, it may be tried again. */
static void full_disk_refuses_a_cut(UNUSED void **state)
{
	struct store s;
	struct plog *log;
	bool dup;

	start(&s);
	assert_int_equal(store_create(&s, STR_LIT("t"), 0, NULL, NULL, &log, NULL), 0);
	for (int32_t i = 0; i < 3; i++)
		assert_int_equal(put(log, i, &dup), 0);
	for (int i = 0; i < 2; i++) {
		disk.writes_left = 0;
		assert_true(plog_truncate_to(log, 0) < 0);
		assert_true(plog_truncate_fully_and_start_at(log, 7) < 0);
		assert_int_equal(log->state, PLOG_OPEN);
		assert_int_equal(log->leo, 3);
		assert_int_equal(epoch_cache_latest(&log->epochs), 1);
		disk.writes_left = -1;
		assert_int_equal(put(log, 2, &dup), 0);
		assert_true(dup);
		if (i == 0) {
			store_drop(&s);
			start(&s);
			log = store_find(&s, STR_LIT("t"), 0);
		}
	}
	assert_int_equal(plog_truncate_to(log, 0), 0);
	assert_int_equal(log->leo, 0);
	assert_int_equal(epoch_cache_latest(&log->epochs), NO_EPOCH);
	assert_int_equal(put(log, 0, &dup), 0);
	store_drop(&s);
}

static void failed_sync_stops_the_log(UNUSED void **state)
{
	struct store s;
	struct plog *log;
	bool dup;

	start(&s);
	assert_int_equal(store_create(&s, STR_LIT("t"), 0, NULL, NULL, &log, NULL), 0);
	assert_int_equal(put(log, 0, &dup), 0);
	disk.no_sync = true;
	assert_int_equal(plog_flush(log), ERR_IO);
	assert_int_equal(log->recovery_point, 0);
	assert_int_equal(put(log, 1, &dup), KERR_KAFKA_STORAGE_ERROR);
	assert_int_equal(store_close(&s), ERR_IO);
	disk.no_sync = false;
	start(&s);
	assert_false(s.clean);
	assert_int_equal(store_close(&s), 0);
}

/* Of a busy log only, in pieces larger than a write, and nothing is kept that is not used. */
static void busy_log_reserves_room(UNUSED void **state)
{
	static uint8_t much[256 * 1024];
	struct slice value = slice_of(much, sizeof(much));
	struct store s;
	struct plog *log;
	bool dup;
	int64_t before;

	start(&s);
	assert_int_equal(store_create(&s, STR_LIT("t"), 0, NULL, NULL, &log, NULL), 0);
	for (int32_t i = 0; i < 10; i++)
		assert_int_equal(put(log, i, &dup), 0);
	assert_int_equal(disk.asked, 0);
	before = log->size;
	assert_int_equal(put_value(log, 10, value, &dup), 0);
	assert_int_equal(disk.asked, 1);
	assert_true(disk.room > 4 * (log->size - before) && disk.room < (4 << 20));
	for (int32_t i = 11; i < 31; i++)
		assert_int_equal(put_value(log, i, value, &dup), 0);
	assert_in_range(disk.asked, 2, 4);
	assert_true(disk.held > log->size);
	assert_int_equal(plog_roll(log), 0);
	assert_int_equal(disk.held, 0);
	assert_int_equal(put_value(log, 31, value, &dup), 0);
	assert_true(disk.held > 0);
	assert_int_equal(plog_truncate_to(log, 31), 0);
	assert_int_equal(put_value(log, 31, value, &dup), 0);
	assert_true(disk.held > 0);
	assert_int_equal(store_close(&s), 0);
	assert_int_equal(disk.held, 0);
}

static void no_room_to_reserve_stops_nobody(UNUSED void **state)
{
	static uint8_t much[256 * 1024];
	struct slice value = slice_of(much, sizeof(much));
	struct store s;
	struct plog *log;
	bool dup;

	disk.no_room = true;
	start(&s);
	assert_int_equal(store_create(&s, STR_LIT("t"), 0, NULL, NULL, &log, NULL), 0);
	for (int32_t i = 0; i < 3; i++)
		assert_int_equal(put_value(log, i, value, &dup), 0);
	assert_int_equal(disk.asked, 1);
	assert_int_equal(log->leo, 3);
	assert_int_equal(store_close(&s), 0);
}

static void one_owner_a_folder(UNUSED void **state)
{
	struct store_options opt = {.io = &disk.io, .dir = dir, .config = plog_config_default};
	struct store s, other;
	struct err e = {0};

	start(&s);
	assert_int_equal(store_open(&other, &opt, &e), ERR_IN_USE);
	assert_int_equal(store_close(&s), 0);
	opt.node_id = 4;
	assert_int_equal(store_open(&other, &opt, &e), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(full_disk_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failed_cut_stops_the_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(full_disk_refuses_a_cut, set_up, tear_down),
		cmocka_unit_test_setup_teardown(failed_sync_stops_the_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(busy_log_reserves_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_room_to_reserve_stops_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_owner_a_folder, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
