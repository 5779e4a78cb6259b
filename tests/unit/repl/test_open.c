/*
 * New logs are made a few a turn, whatever the disk does: it refuses, it is slow, and what was
 * wanted changes or goes meanwhile. Time is turned by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../folder.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "repl/repl.h"
#include "wire/kerr.h"

#define MANY   200
#define A_TURN 64
#define LAG_MS 1000

/* The machine's, but for the making of folders. */
struct disk {
	struct store_io io;
	struct clock_manual clock;
	bool full;
	int64_t takes_ms;
};

struct fixture {
	char dir[FOLDER_MAX];
	struct disk disk;
	struct store store;
	struct repl *repl;
	struct image_topic topic;
	struct image_partition partitions[MANY];
	int32_t replicas[2];
};

static int disk_mkdir(struct store_io *io, const char *path)
{
	struct disk *d = CONTAINER_OF(io, struct disk, io);

	clock_manual_advance_ms(&d->clock, d->takes_ms);
	if (!d->full)
		return store_io_system.mkdir(&store_io_system, path);
	errno = ENOSPC;
	return -1;
}

static void config(void *arg, struct str topic, struct repl_config *out)
{
	(void)arg;
	(void)topic;
	*out = (struct repl_config){.log = plog_config_default,
		.max_message_bytes = 1048588,
		.min_insync_replicas = 1,
		.compression = -1};
}

static void open_broker(struct fixture *f)
{
	struct store_options opt = {.clock = &f->disk.clock.clock,
		.io = &f->disk.io,
		.node_id = 1,
		.dir = f->dir,
		.config = plog_config_default};
	struct repl_settings set = {.node_id = 1, .config = config, .lag_ms = LAG_MS};
	struct err e = {0};

	assert_int_equal(store_open(&f->store, &opt, &e), 0);
	assert_int_equal(store_load(&f->store, 1, NULL), 0);
	f->repl = repl_new(&f->store, &set);
}

static void close_broker(struct fixture *f)
{
	repl_free(f->repl);
	store_drop(&f->store);
}

static int setup(void **state)
{
	struct fixture *f = ALLOC(struct fixture);

	assert_true(folder_make(f->dir));
	f->disk.io = store_io_system;
	f->disk.io.mkdir = disk_mkdir;
	clock_manual_init(&f->disk.clock, 1700000000000);
	open_broker(f);
	f->replicas[0] = 1;
	f->replicas[1] = 2;
	f->topic = (struct image_topic){
		.name = STR_LIT("t"), .n_partitions = MANY, .partitions = f->partitions};
	uuid_random(&f->topic.id);
	for (int i = 0; i < MANY; i++)
		f->partitions[i] = (struct image_partition){.replicas = {f->replicas, 2},
			.isr = {f->replicas, 2},
			.leader = 1,
			.leader_epoch = 5};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int rc;

	close_broker(f);
	rc = folder_remove(f->dir);
	free(f);
	return rc;
}

static struct partition *part(const struct fixture *f, int32_t index)
{
	return repl_partition(repl_topic(f->repl, f->topic.name), index);
}

static int32_t n_logs(const struct fixture *f)
{
	int32_t n = 0;

	for (int32_t i = 0; i < f->topic.n_partitions; i++)
		n += part(f, i) && part(f, i)->log;
	return n;
}

static bool folder_there(const struct fixture *f, int32_t index)
{
	char path[FOLDER_MAX + 16];

	snprintf(path, sizeof(path), "%s/t-%d", f->dir, index);
	return access(path, F_OK) == 0;
}

static void run_until_idle(struct fixture *f)
{
	for (int i = 0; repl_has_work(f->repl); i++) {
		assert_true(i < MANY);
		repl_turn(f->repl);
	}
}

static void test_many(void **state)
{
	struct fixture *f = *state;
	int32_t before = 0, now;

	repl_topic_created(f->repl, &f->topic);
	assert_int_equal(n_logs(f), A_TURN);
	assert_int_equal(partition_check_leader(part(f, A_TURN - 1), 5), KERR_NONE);
	assert_int_equal(partition_check_leader(part(f, A_TURN), 5), KERR_NOT_LEADER_OR_FOLLOWER);
	/* The rest of this turn has no time for more; each further one makes as many again. */
	assert_false(repl_turn(f->repl));
	for (before = n_logs(f); repl_has_work(f->repl); before = now) {
		assert_true(repl_turn(f->repl));
		now = n_logs(f);
		assert_true(now > before && now - before <= A_TURN);
		assert_non_null(part(f, now - 1)->log);
	}
	assert_int_equal(before, MANY);
	for (int32_t i = 0; i < MANY; i++)
		assert_int_equal(partition_check_leader(part(f, i), 5), KERR_NONE);
	assert_false(repl_turn(f->repl));
}

static void test_slow(void **state)
{
	struct fixture *f = *state;
	int64_t began = clock_mono_ms(&f->disk.clock.clock);

	f->topic.n_partitions = 9;
	f->disk.takes_ms = 15;
	repl_topic_created(f->repl, &f->topic);
	assert_int_equal(n_logs(f), 2);
	assert_int_equal(clock_mono_ms(&f->disk.clock.clock) - began, 30);
	repl_turn(f->repl);
	assert_int_equal(n_logs(f), 2);
	repl_turn(f->repl);
	assert_int_equal(n_logs(f), 4);
	assert_int_equal(clock_mono_ms(&f->disk.clock.clock) - began, 60);
	run_until_idle(f);
	assert_int_equal(n_logs(f), 9);
}

/* What is told of a partition while it waits is what it becomes. */
static void test_changes_while_waiting(void **state)
{
	struct fixture *f = *state;
	struct image_partition *moved = &f->partitions[MANY - 1], *gone = &f->partitions[MANY - 2];

	repl_topic_created(f->repl, &f->topic);
	*moved = (struct image_partition){.replicas = {f->replicas, 2},
		.isr = {f->replicas, 1},
		.leader = 2,
		.leader_epoch = 6,
		.partition_epoch = 1};
	repl_partition_changed(f->repl, &f->topic, MANY - 1);
	gone->replicas = gone->isr = (struct meta_ids){f->replicas + 1, 1};
	gone->leader = 2;
	repl_partition_changed(f->repl, &f->topic, MANY - 2);
	assert_null(part(f, MANY - 1)->log);
	assert_null(part(f, MANY - 2));
	run_until_idle(f);
	assert_int_equal(n_logs(f), MANY - 1);
	assert_false(folder_there(f, MANY - 2));
	assert_false(part(f, MANY - 1)->leads);
	assert_int_equal(part(f, MANY - 1)->leader, 2);
	assert_int_equal(part(f, MANY - 1)->leader_epoch, 6);
	assert_int_equal(part(f, MANY - 1)->n_isr, 1);
}

static void test_deleted_while_waiting(void **state)
{
	struct fixture *f = *state;
	struct partition *held;

	repl_topic_created(f->repl, &f->topic);
	held = partition_get(part(f, MANY - 1));
	assert_null(held->log);
	repl_topic_deleted(f->repl, &f->topic);
	assert_int_equal(partition_check_leader(held, -1), KERR_UNKNOWN_TOPIC_OR_PARTITION);
	assert_false(repl_has_work(f->repl));
	repl_turn(f->repl);
	assert_false(folder_there(f, 0));
	assert_false(folder_there(f, MANY - 1));
	partition_put(held);
	/* The name is free for another. */
	uuid_random(&f->topic.id);
	repl_topic_created(f->repl, &f->topic);
	run_until_idle(f);
	assert_int_equal(n_logs(f), MANY);
	assert_true(uuid_eq(&part(f, MANY - 1)->log->topic_id, &f->topic.id));
}

/* Half the lag time is over, and a turn comes. */
static void wait_for_check(struct fixture *f)
{
	clock_manual_advance_ms(&f->disk.clock, LAG_MS / 2);
	assert_true(repl_due_ms(f->repl) <= clock_mono_ms(&f->disk.clock.clock));
	repl_turn(f->repl);
	run_until_idle(f);
}

static void test_disk_refuses(void **state)
{
	struct fixture *f = *state;

	f->disk.full = true;
	repl_topic_created(f->repl, &f->topic);
	assert_int_equal(partition_check_leader(part(f, 0), 5), KERR_KAFKA_STORAGE_ERROR);
	assert_int_equal(partition_check_leader(part(f, MANY - 1), 5), KERR_NOT_LEADER_OR_FOLLOWER);
	/* Not tried over and over. */
	run_until_idle(f);
	for (int32_t i = 0; i < MANY; i++)
		assert_int_equal(partition_check_leader(part(f, i), 5), KERR_KAFKA_STORAGE_ERROR);
	wait_for_check(f);
	assert_true(part(f, 0)->offline);
	/* A change in between does not hide it. */
	f->partitions[0].leader_epoch = 6;
	repl_partition_changed(f->repl, &f->topic, 0);
	assert_int_equal(partition_check_leader(part(f, 0), 6), KERR_KAFKA_STORAGE_ERROR);
	f->disk.full = false;
	wait_for_check(f);
	assert_int_equal(n_logs(f), MANY);
	assert_false(part(f, 0)->offline);
	assert_int_equal(partition_check_leader(part(f, 0), 6), KERR_NONE);
	assert_int_equal(partition_check_leader(part(f, MANY - 1), 5), KERR_NONE);
}

/* A process that ends meanwhile: those that have a log lead as soon as it is back, the rest are
 * made then. */
static void test_restart(void **state)
{
	struct fixture *f = *state;
	struct image img = {0};

	repl_topic_created(f->repl, &f->topic);
	repl_turn(f->repl);
	repl_turn(f->repl);
	assert_int_equal(n_logs(f), 2 * A_TURN);
	close_broker(f);
	open_broker(f);
	vec_push(&img.topics, &f->topic);
	repl_load(f->repl, &img);
	vec_fini(&img.topics);
	assert_int_equal(n_logs(f), 2 * A_TURN);
	assert_int_equal(partition_check_leader(part(f, 2 * A_TURN - 1), 5), KERR_NONE);
	run_until_idle(f);
	assert_int_equal(n_logs(f), MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_changes_while_waiting, setup, teardown),
		cmocka_unit_test_setup_teardown(test_deleted_while_waiting, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disk_refuses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_restart, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
