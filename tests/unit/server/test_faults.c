/* Faults on purpose: as JSON, and a disk in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "../folder.h"
#include "base/clock.h"
#include "server/faults.h"

static void read_ok(struct faults *f, const char *json)
{
	struct err e = {0};

	if (faults_read(f, str_of(json), &e) < 0)
		fail_msg("%s: %s", json, e.msg);
}

static void takes_what_is_named(void **state)
{
	struct faults f = {0};

	(void)state;
	assert_false(faults_any(&f));
	read_ok(&f, "{}");
	assert_false(faults_any(&f));
	read_ok(&f, "{\"cut\":[3,1,3],\"delay_ms\":60000}");
	assert_int_equal(f.n_cut, 2);
	assert_true(faults_cuts(&f, 3) && faults_cuts(&f, 1) && !faults_cuts(&f, 2));
	read_ok(&f, "{\"full_disk\":true,\"slow_disk_ms\":5000}");
	assert_int_equal(f.delay_ms, 60000);
	assert_true(f.full_disk && f.n_cut == 2);
	read_ok(&f, "{\"cut\":[],\"delay_ms\":0,\"full_disk\":false,\"slow_disk_ms\":0}");
	assert_false(faults_any(&f));
	read_ok(&f, "{\"stop_serving\":true,\"drop_connections\":true}");
	assert_true(f.stop_serving && f.drop_connections);
}

static void wrong_changes_nothing(void **state)
{
	static const char *const bad[] = {"", "1", "{\"delay_ms\":-1}", "{\"delay_ms\":60001}",
		"{\"delay_ms\":1e3}", "{\"slow_disk_ms\":5001}", "{\"slow_disk_ms\":null}",
		"{\"cut\":{}}", "{\"cut\":[2147483648]}", "{\"cut\":[1.5]}", "{\"full_disk\":0}",
		"{\"stop_serving\":\"true\"}", "{\"Cut\":[]}", "{\"delay_ms\":5,\"x\":1}",
		"{\"delay_ms\":5,\"delay_ms\":5}"};
	struct faults f = {.delay_ms = 7};
	struct err e;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		e = (struct err){0};
		if (faults_read(&f, str_of(bad[i]), &e) != ERR_INVALID)
			fail_msg("taken: %s", bad[i]);
		assert_true(e.msg[0]);
		assert_int_equal(f.delay_ms, 7);
		assert_int_equal(f.n_cut, 0);
	}
}

static void a_bound_on_cuts(void **state)
{
	struct buf text = BUF_EMPTY;
	struct faults f = {0};
	struct err e;

	(void)state;
	buf_puts(&text, "{\"cut\":[0");
	for (int i = 1; i < FAULTS_CUT_MAX; i++)
		buf_printf(&text, ",%d", i);
	buf_puts(&text, "]}");
	read_ok(&f, buf_z(&text));
	assert_int_equal(f.n_cut, FAULTS_CUT_MAX);
	buf_cut(&text, text.n - 2);
	buf_printf(&text, ",%d]}", FAULTS_CUT_MAX);
	assert_int_equal(faults_read(&f, buf_str(&text), &e), ERR_TOO_BIG);
	buf_fini(&text);
}

static void written_is_read(void **state)
{
	struct faults f = {.cut = {4, 2},
		.n_cut = 2,
		.delay_ms = 1,
		.slow_disk_ms = 2,
		.full_disk = true,
		.stop_serving = true};
	struct buf text = BUF_EMPTY;
	struct faults again = {0};
	struct json j;

	(void)state;
	json_init(&j, &text);
	json_object(&j);
	faults_write(&f, &j);
	json_object_end(&j);
	read_ok(&again, buf_z(&text));
	assert_memory_equal(&f, &again, sizeof(f));
	buf_fini(&text);
}

/* ---- the disk -------------------------------------------------------------------------------- */

static void a_full_disk(void **state)
{
	struct faulty_disk *d = faulty_disk_new(&store_io_system);
	struct store_io *io = faulty_disk_io(d);
	char folder[FOLDER_MAX], path[FOLDER_MAX + 16], other[FOLDER_MAX + 16];
	char byte = 0;
	int fd;

	(void)state;
	assert_true(folder_make(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	fd = io->open(io, path, O_RDWR | O_CREAT);
	assert_true(fd >= 0);
	assert_int_equal(store_write_full(io, fd, "abc", 3, 0), 0);
	faulty_disk_set(d, 0, true);
	assert_int_equal(store_write_full(io, fd, "d", 1, 3), ERR_FULL);
	assert_int_equal(io->open(io, other, O_RDWR | O_CREAT), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(io->mkdir(io, other), -1);
	assert_int_equal(io->truncate(io, fd, 100), -1);
	assert_int_equal(errno, ENOSPC);
	/* What is there can be read, shortened, renamed and removed. */
	assert_int_equal(store_read_full(io, fd, &byte, 1, 2), 0);
	assert_int_equal(byte, 'c');
	assert_int_equal(io->truncate(io, fd, 2), 0);
	assert_int_equal(io->fdatasync(io, fd), 0);
	assert_int_equal(io->rename(io, path, other), 0);
	faulty_disk_set(d, 0, false);
	assert_int_equal(store_write_full(io, fd, "d", 1, 2), 0);
	assert_int_equal(io->close(io, fd), 0);
	assert_int_equal(io->unlink(io, other), 0);
	assert_int_equal(folder_remove(folder), 0);
	faulty_disk_free(d);
}

static void a_slow_disk(void **state)
{
	struct faulty_disk *d = faulty_disk_new(&store_io_system);
	struct store_io *io = faulty_disk_io(d);
	char folder[FOLDER_MAX], path[FOLDER_MAX + 16];
	int64_t began;
	int fd;

	(void)state;
	assert_true(folder_make(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	fd = io->open(io, path, O_RDWR | O_CREAT);
	assert_true(fd >= 0);
	faulty_disk_set(d, 20, false);
	began = clock_mono_us(&clock_system);
	assert_int_equal(store_write_full(io, fd, "abc", 3, 0), 0);
	assert_int_equal(io->fdatasync(io, fd), 0);
	assert_true(clock_mono_us(&clock_system) - began >= 40000);
	assert_int_equal(io->close(io, fd), 0);
	assert_int_equal(folder_remove(folder), 0);
	faulty_disk_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_what_is_named),
		cmocka_unit_test(wrong_changes_nothing),
		cmocka_unit_test(a_bound_on_cuts),
		cmocka_unit_test(written_is_read),
		cmocka_unit_test(a_full_disk),
		cmocka_unit_test(a_slow_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
