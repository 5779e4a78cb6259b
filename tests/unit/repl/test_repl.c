/*
 * Partitions on a real folder: they follow the image, a turn appends what was queued at once, the
 * high watermark wakes those who wait, and who may not write is told why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../folder.h"
#include "base/xalloc.h"
#include "repl/repl.h"
#include "wire/kerr.h"

struct fixture {
	char dir[FOLDER_MAX];
	struct store store;
	struct repl *repl;
	struct image_topic topic;
	struct image_partition partitions[2];
	int32_t replicas[2];
};

static void config(void *arg, struct str topic, struct repl_config *out)
{
	(void)arg;
	(void)topic;
	*out = (struct repl_config){.log = plog_config_default,
		.max_message_bytes = 1048588,
		.min_insync_replicas = 1,
		.compression = -1};
}

static int setup(void **state)
{
	struct fixture *f = ALLOC(struct fixture);
	struct store_options opt = {.clock = &clock_system, .node_id = 1};
	struct repl_settings set = {.node_id = 1, .config = config, .lag_ms = 30000};
	struct err e = {0};

	assert_true(folder_make(f->dir));
	opt.dir = f->dir;
	opt.config = plog_config_default;
	assert_int_equal(store_open(&f->store, &opt, &e), 0);
	assert_int_equal(store_load(&f->store, 1, NULL), 0);
	f->repl = repl_new(&f->store, &set);
	f->replicas[0] = 1;
	f->replicas[1] = 2;
	f->topic = (struct image_topic){.name = STR_LIT("t"), .n_partitions = 2};
	uuid_random(&f->topic.id);
	f->topic.partitions = f->partitions;
	for (int i = 0; i < 2; i++)
		f->partitions[i] = (struct image_partition){.replicas = {f->replicas, 1},
			.isr = {f->replicas, 1},
			.leader = 1,
			.leader_epoch = 5};
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int rc;

	repl_free(f->repl);
	store_drop(&f->store);
	rc = folder_remove(f->dir);
	free(f);
	return rc;
}

struct write {
	struct repl_append append;
	struct buf bytes;
	int done;
};

static void on_done(struct repl_append *a)
{
	struct write *w = CONTAINER_OF(a, struct write, append);

	w->done++;
}

static void make(struct write *w, int n)
{
	struct batch_builder b;
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	struct slice out;

	*w = (struct write){.append = {.done = on_done}};
	batch_builder_init(&b, NULL);
	batch_builder_begin(&b, &opt);
	for (int i = 0; i < n; i++)
		assert_int_equal(
			batch_builder_add(&b, 1000 + i, SLICE_NULL, slice_of("v", 1), NULL, 0), 0);
	assert_int_equal(batch_builder_finish(&b, &out), 0);
	buf_put_slice(&w->bytes, out);
	batch_builder_fini(&b);
	w->append.batch = w->bytes.p;
	assert_int_equal(batch_parse(buf_slice(&w->bytes), &w->append.header), 0);
}

static void drop(struct write *w)
{
	partition_put(w->append.partition);
	buf_fini(&w->bytes);
}

static bool try_wake(struct delay_op *d)
{
	delay_finish(d);
	return true;
}

static const struct delay_ops delay_ops = {try_wake, NULL};

static void test_one_turn(void **state)
{
	struct fixture *f = *state;
	struct partition *p;
	struct write w[3];
	struct delay_queue q;
	struct delay_op op = {0};
	struct delay_watch watch;

	repl_topic_created(f->repl, &f->topic);
	p = repl_partition(repl_topic(f->repl, STR_LIT("t")), 1);
	assert_non_null(p);
	assert_ptr_equal(p, repl_partition(repl_topic_by_id(f->repl, &f->topic.id), 1));
	assert_int_equal(partition_check_leader(p, -1), KERR_NONE);
	assert_int_equal(partition_check_leader(p, 4), KERR_FENCED_LEADER_EPOCH);
	assert_int_equal(partition_check_leader(p, 6), KERR_UNKNOWN_LEADER_EPOCH);
	delay_queue_init(&q);
	delay_start(&q, &op, &delay_ops, INT64_MAX);
	delay_watch_add(&op, &watch, &p->reads);
	for (int i = 0; i < 3; i++) {
		make(&w[i], i + 1);
		repl_append(p, &w[i].append);
	}
	assert_int_equal(p->log->leo, 0);
	assert_true(repl_has_work(f->repl));
	repl_turn(f->repl);
	assert_false(repl_has_work(f->repl));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(w[i].done, 1);
		assert_int_equal(w[i].append.error, KERR_NONE);
		drop(&w[i]);
	}
	assert_int_equal(w[2].append.base_offset, 3);
	assert_int_equal(p->log->high_watermark, 6);
	assert_int_equal(partition_readable(p, false), 6);
	assert_int_equal(p->records_in, 6);
	delay_run(&q, 0);
	assert_null(op.ops);
	delay_queue_fini(&q);
}

static void test_leadership_goes(void **state)
{
	struct fixture *f = *state;
	struct partition *p;
	struct write w;

	repl_topic_created(f->repl, &f->topic);
	p = partition_get(repl_partition(repl_topic(f->repl, STR_LIT("t")), 0));
	make(&w, 1);
	repl_append(p, &w.append);
	f->partitions[0].leader = 2;
	f->partitions[0].leader_epoch = 6;
	f->partitions[0].replicas = (struct meta_ids){f->replicas, 2};
	repl_partition_changed(f->repl, &f->topic, 0);
	assert_int_equal(w.done, 1);
	assert_int_equal(w.append.error, KERR_NOT_LEADER_OR_FOLLOWER);
	assert_int_equal(partition_check_leader(p, -1), KERR_NOT_LEADER_OR_FOLLOWER);
	drop(&w);
	partition_put(p);
}

static void test_topic_goes(void **state)
{
	struct fixture *f = *state;
	struct partition *p;
	struct write w;

	repl_topic_created(f->repl, &f->topic);
	p = partition_get(repl_partition(repl_topic(f->repl, STR_LIT("t")), 0));
	make(&w, 1);
	repl_append(p, &w.append);
	repl_topic_deleted(f->repl, &f->topic);
	assert_int_equal(w.append.error, KERR_UNKNOWN_TOPIC_OR_PARTITION);
	assert_int_equal(partition_check_leader(p, -1), KERR_UNKNOWN_TOPIC_OR_PARTITION);
	assert_null(repl_topic(f->repl, STR_LIT("t")));
	assert_null(store_find(&f->store, STR_LIT("t"), 0));
	drop(&w);
	partition_put(p);
}

static void test_too_few_in_sync(void **state)
{
	struct fixture *f = *state;
	struct repl_topic *t;

	f->partitions[0].replicas = (struct meta_ids){f->replicas, 2};
	repl_topic_created(f->repl, &f->topic);
	t = repl_topic(f->repl, STR_LIT("t"));
	assert_int_equal(partition_check_isr(t->partitions[0]), KERR_NONE);
	t->config.min_insync_replicas = 2;
	assert_int_equal(partition_check_isr(t->partitions[0]), KERR_NOT_ENOUGH_REPLICAS);
	/* More than there are replicas cannot be asked for. */
	assert_int_equal(partition_check_isr(t->partitions[1]), KERR_NONE);
}

#define WITH_STORE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STORE(test_one_turn),
		WITH_STORE(test_leadership_goes),
		WITH_STORE(test_topic_goes),
		WITH_STORE(test_too_few_in_sync),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
