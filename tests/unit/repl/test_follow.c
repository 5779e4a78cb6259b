/*
 * Three brokers replicate a partition: what is acknowledged with acks=all is on all that count, a
 * tail that nobody else has is cut off by epochs, and a leader that is none any more commits
 * nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/xalloc.h"
#include "cluster.h"
#include "repl/priv.h"
#include "wire/kerr.h"
#include "wire/msg.h"

static int setup(void **state)
{
	struct cluster *c = ALLOC(struct cluster);

	cluster_init(c);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	cluster_fini(*state);
	free(*state);
	return 0;
}

static struct plog *log_of(struct cluster *c, int32_t node)
{
	return cluster_part(c, node)->log;
}

/* Until nothing that is asked can change anything more. */
#define SOME 6

static void test_acks_all(void **state)
{
	struct cluster *c = *state;
	struct write w;

	cluster_run(c, SOME);
	cluster_write(c, 1, &w, 3);
	assert_int_equal(repl_append_outcome(&w.append), -1);
	/* Nor is it read. */
	assert_int_equal(partition_readable(cluster_part(c, 1), false), 0);
	assert_int_equal(partition_readable(cluster_part(c, 1), true), 0);
	cluster_run(c, SOME);
	for (int32_t i = 1; i <= NODES; i++)
		assert_int_equal(log_of(c, i)->leo, 3);
	assert_int_equal(repl_append_outcome(&w.append), 0);
	for (int32_t i = 1; i <= NODES; i++)
		assert_int_equal(log_of(c, i)->high_watermark, 3);
	write_drop(&w);
}

/* One of three does not answer: acks=all waits until the controller has taken it out of the ISR. */
static void test_isr_shrinks_and_grows(void **state)
{
	struct cluster *c = *state;
	struct write w, more;

	cluster_run(c, SOME);
	c->cut[3] = true;
	cluster_write(c, 1, &w, 1);
	assert_int_equal(repl_append_outcome(&w.append), -1);
	assert_int_equal(c->alters, 0);
	cluster_wait(c, 1600);
	cluster_run(c, SOME);
	assert_int_equal(c->part.isr.n, 2);
	/* The controller has it, the leader's image not yet. */
	assert_int_equal(repl_append_outcome(&w.append), -1);
	cluster_show(c, 0);
	cluster_run(c, SOME);
	assert_int_equal(repl_append_outcome(&w.append), 0);

	c->cut[3] = false;
	clock_manual_advance_ms(&c->clock, 1100);
	cluster_run(c, 2 * SOME);
	assert_int_equal(log_of(c, 3)->leo, 1);
	assert_int_equal(c->part.isr.n, 3);
	cluster_show(c, 0);
	cluster_write(c, 1, &more, 1);
	cluster_run(c, SOME);
	assert_int_equal(repl_append_outcome(&more.append), 0);
	assert_int_equal(log_of(c, 3)->high_watermark, 2);
	write_drop(&w);
	write_drop(&more);
}

/* All have it, but too few are in sync when it is asked: one that would be lost with the leader is
 * not acknowledged. */
static void test_too_few_after_the_append(void **state)
{
	struct cluster *c = *state;
	struct write w;

	cluster_run(c, SOME);
	cluster_write(c, 1, &w, 1);
	cluster_run(c, SOME);
	assert_int_equal(repl_append_outcome(&w.append), 0);
	c->part.isr.n = 1;
	c->part.partition_epoch++;
	cluster_show(c, 1);
	assert_int_equal(repl_append_outcome(&w.append), KERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND);
	write_drop(&w);
}

/* min.insync.replicas is 2: alone, the leader commits nothing. */
static void test_alone_commits_nothing(void **state)
{
	struct cluster *c = *state;
	struct write w;

	cluster_run(c, SOME);
	c->cut[2] = c->cut[3] = true;
	cluster_write(c, 1, &w, 1);
	cluster_wait(c, 1600);
	cluster_run(c, SOME);
	cluster_show(c, 0);
	cluster_run(c, SOME);
	assert_int_equal(c->part.isr.n, 1);
	assert_int_equal(repl_append_outcome(&w.append), -1);
	assert_int_equal(partition_check_isr(cluster_part(c, 1)), KERR_NOT_ENOUGH_REPLICAS);
	write_drop(&w);
}

/* A leader that has written what nobody took, and another that goes on elsewhere. */
static void test_tail_is_cut_by_epochs(void **state)
{
	struct cluster *c = *state;
	struct write w[3];

	cluster_run(c, SOME);
	cluster_write(c, 1, &w[0], 2);
	cluster_run(c, SOME);
	c->cut[1] = true;
	cluster_write(c, 1, &w[1], 5);
	cluster_elect(c, 2);
	cluster_show(c, 2);
	cluster_show(c, 3);
	cluster_write(c, 2, &w[2], 1);
	c->cut[1] = false;
	cluster_run(c, SOME);
	/* The old leader does not know: it takes nobody's word for its own epoch. */
	assert_int_equal(log_of(c, 1)->leo, 7);
	assert_int_equal(repl_append_outcome(&w[1].append), -1);
	assert_int_equal(log_of(c, 1)->high_watermark, 2);
	cluster_show(c, 1);
	assert_int_equal(repl_append_outcome(&w[1].append), KERR_NOT_LEADER_OR_FOLLOWER);
	clock_manual_advance_ms(&c->clock, 1100);
	cluster_run(c, SOME);
	for (int32_t i = 1; i <= NODES; i++) {
		assert_int_equal(log_of(c, i)->leo, 3);
		assert_int_equal(epoch_cache_latest(&log_of(c, i)->epochs), 1);
	}
	assert_int_equal(repl_append_outcome(&w[2].append), 0);
	for (int i = 0; i < 3; i++)
		write_drop(&w[i]);
}

/* Paused, fenced, continued: what it would like its ISR to be is refused and never counts. */
static void test_stale_leader(void **state)
{
	struct cluster *c = *state;
	struct write w;

	cluster_run(c, SOME);
	cluster_elect(c, 2);
	cluster_show(c, 2);
	cluster_show(c, 3);
	cluster_write(c, 1, &w, 1);
	cluster_wait(c, 7000);
	/* Its own came, and that of the leader that there is now. */
	assert_int_equal(c->alters, 2);
	assert_false(isr_has(c->part.isr, 1));
	assert_int_equal(repl_append_outcome(&w.append), -1);
	assert_int_equal(log_of(c, 1)->high_watermark, 0);
	write_drop(&w);
}

/* An answer that does not come: asked again, and settled by the image alone. */
static void test_unanswered_proposal(void **state)
{
	struct cluster *c = *state;
	struct write w;

	cluster_run(c, SOME);
	c->cut[3] = c->mute = true;
	cluster_write(c, 1, &w, 1);
	cluster_wait(c, 1600);
	cluster_run(c, SOME);
	assert_int_equal(c->part.isr.n, 2);
	c->mute = false;
	c->alters = 0;
	cluster_wait(c, 1000);
	assert_int_equal(c->alters, 1);
	assert_int_equal(repl_append_outcome(&w.append), -1);
	cluster_show(c, 1);
	cluster_run(c, 1);
	assert_int_equal(repl_append_outcome(&w.append), 0);
	write_drop(&w);
}

/* A fenced broker catches up as fast as others, and stays outside. */
static void test_fenced_does_not_join(void **state)
{
	struct cluster *c = *state;
	struct write w;

	c->part.isr.n = 2;
	c->part.partition_epoch++;
	c->nodes[2].fenced = true;
	cluster_show(c, 0);
	cluster_write(c, 1, &w, 1);
	cluster_run(c, SOME);
	assert_int_equal(log_of(c, 3)->leo, 1);
	assert_int_equal(repl_append_outcome(&w.append), 0);
	assert_int_equal(c->alters, 0);
	c->nodes[2].fenced = false;
	repl_broker_changed(c->nodes[0].repl, 3);
	cluster_run(c, SOME);
	assert_int_equal(c->part.isr.n, 3);
	write_drop(&w);
}

/* It lost its end: all of it comes again before it counts. */
static void test_shorter_after_a_restart(void **state)
{
	struct cluster *c = *state;
	struct write w[2];
	struct replica *r;

	cluster_run(c, SOME);
	cluster_write(c, 1, &w[0], 4);
	cluster_write(c, 1, &w[1], 4);
	cluster_run(c, SOME);
	c->part.isr.n = 2;
	c->part.partition_epoch++;
	cluster_show(c, 0);
	assert_int_equal(plog_truncate_to(log_of(c, 3), 4), 0);
	cluster_restart(c, 3);
	r = replicas_find(&cluster_part(c, 1)->replicas, 3);
	/* It counts by its new registration only, and by what it has now. */
	repl_broker_changed(c->nodes[0].repl, 3);
	assert_false(r->live);
	cluster_run(c, 1);
	assert_int_equal(r->leo, 4);
	cluster_run(c, SOME);
	assert_int_equal(log_of(c, 3)->leo, 8);
	assert_int_equal(c->part.isr.n, 3);
	write_drop(&w[0]);
	write_drop(&w[1]);
}

/* The leader's log begins behind the follower's end. */
static void test_starts_over(void **state)
{
	struct cluster *c = *state;
	struct write w[2];

	cluster_run(c, SOME);
	cluster_write(c, 1, &w[0], 4);
	cluster_run(c, SOME);
	c->cut[3] = true;
	cluster_run(c, SOME);
	cluster_write(c, 1, &w[1], 4);
	c->part.isr.n = 2;
	c->part.partition_epoch++;
	c->nodes[2].fenced = true;
	cluster_show(c, 0);
	repl_broker_changed(c->nodes[0].repl, 3);
	clock_manual_advance_ms(&c->clock, 100);
	cluster_run(c, SOME);
	assert_int_equal(log_of(c, 1)->high_watermark, 8);
	/* In the middle of the second batch. */
	assert_int_equal(plog_delete_records(log_of(c, 1), 6), 0);
	partition_wake_readers(cluster_part(c, 1));
	c->cut[3] = false;
	clock_manual_advance_ms(&c->clock, 2000);
	cluster_run(c, 2 * SOME);
	assert_int_equal(log_of(c, 3)->leo, 8);
	assert_int_equal(log_of(c, 3)->log_start, 6);
	assert_int_equal(log_of(c, 2)->log_start, 6);
	write_drop(&w[0]);
	write_drop(&w[1]);
}

static void test_low_watermark(void **state)
{
	struct cluster *c = *state;
	struct write w;

	cluster_run(c, SOME);
	cluster_write(c, 1, &w, 4);
	cluster_run(c, SOME);
	assert_int_equal(partition_low_watermark(cluster_part(c, 1)), 0);
	assert_int_equal(plog_delete_records(log_of(c, 1), 4), 0);
	partition_wake_readers(cluster_part(c, 1));
	assert_int_equal(partition_low_watermark(cluster_part(c, 1)), 0);
	cluster_run(c, SOME);
	assert_int_equal(partition_low_watermark(cluster_part(c, 1)), 4);
	write_drop(&w);
}

/* A byte was turned on the way. */
static void test_corrupt_records(void **state)
{
	struct cluster *c = *state;
	struct write w;

	cluster_run(c, SOME);
	c->corrupt = true;
	cluster_write(c, 1, &w, 30);
	cluster_run(c, SOME);
	assert_int_equal(log_of(c, 2)->leo, 0);
	assert_int_equal(repl_append_outcome(&w.append), -1);
	c->corrupt = false;
	clock_manual_advance_ms(&c->clock, 1100);
	cluster_run(c, SOME);
	assert_int_equal(log_of(c, 2)->leo, 30);
	assert_int_equal(repl_append_outcome(&w.append), 0);
	write_drop(&w);
}

static void put_batch(struct batch_builder *b, int64_t base, int32_t epoch, struct buf *out)
{
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	struct slice bytes;
	size_t at = out->n;

	batch_builder_begin(b, &opt);
	assert_int_equal(batch_builder_add(b, 1000, SLICE_NULL, slice_of("v", 1), NULL, 0), 0);
	assert_int_equal(batch_builder_finish(b, &bytes), 0);
	buf_put_slice(out, bytes);
	batch_stamp(out->p + at, base, epoch);
}

/* The leader went on in a later epoch while the fetch was under way: what is of that one waits for
 * the image (KAFKA-18723). */
static void test_records_of_a_later_epoch_wait(void **state)
{
	struct cluster *c = *state;
	struct fetch_response_partitions a;
	struct partition *p = cluster_part(c, 2);
	struct batch_builder b;
	struct buf records = BUF_EMPTY;

	batch_builder_init(&b, NULL);
	put_batch(&b, 0, p->leader_epoch, &records);
	put_batch(&b, 1, p->leader_epoch + 1, &records);
	msg_struct_init(&fetch_response_partitions_struct, &a);
	a.log_start_offset = 0;
	a.records.bytes = buf_slice(&records);
	assert_int_equal(follower_take(p, &a), FOLLOWER_MOVED);
	assert_int_equal(p->log->leo, 1);
	assert_int_equal(epoch_cache_latest(&p->log->epochs), p->leader_epoch);
	buf_fini(&records);
	batch_builder_fini(&b);
}

/* Another topic of the same name: nothing of the old one comes into it. */
static void test_topic_made_again(void **state)
{
	struct cluster *c = *state;
	struct write w;

	cluster_run(c, SOME);
	cluster_write(c, 1, &w, 3);
	for (int i = 0; i < NODES; i++)
		repl_turn(c->nodes[i].repl);
	for (int i = 0; i < NODES; i++)
		repl_topic_deleted(c->nodes[i].repl, &c->topic);
	assert_int_equal(repl_append_outcome(&w.append), KERR_NOT_LEADER_OR_FOLLOWER);
	uuid_random(&c->topic.id);
	for (int i = 0; i < NODES; i++)
		repl_topic_created(c->nodes[i].repl, &c->topic);
	cluster_run(c, SOME);
	for (int32_t i = 1; i <= NODES; i++)
		assert_int_equal(log_of(c, i)->leo, 0);
	write_drop(&w);
	cluster_write(c, 1, &w, 2);
	clock_manual_advance_ms(&c->clock, 100);
	cluster_run(c, SOME);
	assert_int_equal(repl_append_outcome(&w.append), 0);
	write_drop(&w);
}

/* A new leader does not say where the end is before it has committed all that it found. */
static void test_new_leader_finds_its_end(void **state)
{
	struct cluster *c = *state;
	struct write w;
	struct partition *p;

	cluster_run(c, SOME);
	cluster_write(c, 1, &w, 3);
	/* The followers have it, and know nothing of its being committed. */
	cluster_run(c, 1);
	cluster_elect(c, 2);
	cluster_show(c, 0);
	p = cluster_part(c, 2);
	assert_int_equal(p->log->leo, 3);
	assert_int_equal(p->log->high_watermark, 0);
	assert_false(partition_knows_end(p));
	clock_manual_advance_ms(&c->clock, 100);
	cluster_run(c, SOME);
	assert_true(partition_knows_end(p));
	assert_int_equal(p->log->high_watermark, 3);
	write_drop(&w);
}

/* The same leader in a later epoch: what waits to be committed goes on waiting. */
static void test_epoch_goes_up_under_the_leader(void **state)
{
	struct cluster *c = *state;
	struct write w;

	cluster_run(c, SOME);
	cluster_write(c, 1, &w, 1);
	cluster_elect(c, 1);
	cluster_show(c, 0);
	assert_int_equal(repl_append_outcome(&w.append), -1);
	clock_manual_advance_ms(&c->clock, 100);
	cluster_run(c, SOME);
	assert_int_equal(repl_append_outcome(&w.append), 0);
	/* Away and back: who knows what became of it. */
	cluster_elect(c, 2);
	cluster_show(c, 0);
	cluster_elect(c, 1);
	cluster_show(c, 0);
	assert_int_equal(repl_append_outcome(&w.append), KERR_NOT_LEADER_OR_FOLLOWER);
	write_drop(&w);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_acks_all),
		TEST(test_isr_shrinks_and_grows),
		TEST(test_too_few_after_the_append),
		TEST(test_alone_commits_nothing),
		TEST(test_tail_is_cut_by_epochs),
		TEST(test_stale_leader),
		TEST(test_unanswered_proposal),
		TEST(test_fenced_does_not_join),
		TEST(test_shorter_after_a_restart),
		TEST(test_starts_over),
		TEST(test_low_watermark),
		TEST(test_corrupt_records),
		TEST(test_records_of_a_later_epoch_wait),
		TEST(test_topic_made_again),
		TEST(test_new_leader_finds_its_end),
		TEST(test_epoch_goes_up_under_the_leader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
