/* A source over a cluster of its own making: filling the model, dead brokers, actions, browsing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "fake_cluster.h"
#include "model/model.h"
#include "source/source.h"
#include <stdlib.h>

struct bench {
	struct loop *loop;
	struct admin *admin;
	struct model *model;
	struct source *source;
	bool done, ok;
	struct err err;
	struct produce_report last;
	int deliveries;
	char value[32]; /* of the last one */
};

static struct bench *begin(bool read_only)
{
	struct bench *b = ALLOC(struct bench);
	struct err e;

	b->loop = loop_new(&e);
	assert_non_null(b->loop);
	b->admin = fake_start(b->loop);
	b->model = model_new();
	fake_append(0, 20, 1000);
	fake_append(1, 20, 1005);
	b->source = cluster_source_new(b->loop, b->admin, b->model,
		&(struct cluster_source_options){
			.bootstrap = "x:1", .interval_ms = 30, .read_only = read_only});
	return b;
}

static void end(struct bench *b)
{
	cluster_source_free(b->source);
	model_free(b->model);
	fake_end(b->admin);
	loop_free(b->loop);
	free(b);
}

static const struct topic *topic(const struct bench *b)
{
	return cluster_topic(model_cluster(b->model), STR_LIT("orders"));
}

static bool ready(const struct bench *b)
{
	return model_cluster(b->model)->progress.step == PROGRESS_READY;
}

static void test_fills(void **state)
{
	struct bench *b = begin(false);
	struct str visible = STR_LIT("orders");

	(void)state;
	UNTIL(b, ready(b) && topic(b)->records == 40);
	assert_int_equal(model_cluster(b->model)->totals.brokers_up, 2);
	UNTIL(b, topic(b)->size == 1000);
	assert_int_equal(topic(b)->retention_ms, -2); /* nobody looks at it */
	source_want(b->source, &(struct source_want){.visible = &visible, .n_visible = 1});
	UNTIL(b, topic(b)->retention_ms == 60000);
	assert_int_equal(topic(b)->n_configs, 0);
	source_want(b->source, &(struct source_want){.topic = "orders"});
	UNTIL(b, topic(b)->n_configs == 1 && topic(b)->partitions[0].replicas[1].end == 20);
	assert_string_equal(topic_config_find(topic(b), "retention.ms")->doc, "How long");
	fake_append(0, 5, 9000);
	UNTIL(b, topic(b)->records == 45);
	end(b);
}

/* Topics that were just made are measured once more soon, then in the usual round. */
static void test_new_topics_are_measured(void **state)
{
	struct bench *b = begin(false);
	int64_t began;

	(void)state;
	UNTIL(b, ready(b) && fake.sizes == 2);
	began = loop_now_ms(b->loop);
	UNTIL(b, fake.sizes == 4);
	assert_true(loop_now_ms(b->loop) - began < 5000);
	UNTIL(b, loop_now_ms(b->loop) - began > 3000);
	assert_int_equal(fake.sizes, 4);
	end(b);
}

static void test_freeze_and_hide(void **state)
{
	struct bench *b = begin(false);
	int asked;

	(void)state;
	UNTIL(b, ready(b) && topic(b)->records == 40);
	source_freeze(b->source, true);
	fake_append(0, 5, 9000);
	asked = fake.offsets;
	UNTIL(b, fake.offsets > asked + 4);
	assert_int_equal(topic(b)->records, 40);
	source_freeze(b->source, false);
	assert_int_equal(topic(b)->records, 45);
	source_hide(b->source, true);
	for (int i = 0; i < 10; i++)
		loop_run_once(b->loop, false);
	source_hide(b->source, false);
	fake_append(0, 5, 9000);
	UNTIL(b, topic(b)->records == 50);
	end(b);
}

static void test_dead_broker(void **state)
{
	struct bench *b = begin(false);
	int64_t stale;

	(void)state;
	fake.dead_broker[2] = true;
	UNTIL(b, ready(b) && cluster_broker(model_cluster(b->model), 2)->state == BROKER_STALE);
	assert_string_equal(cluster_broker(model_cluster(b->model), 1)->why, "");
	stale = topic(b)->partitions[0].offsets_ms;
	fake_append(0, 1, 9000);
	UNTIL(b, topic(b)->partitions[0].hw == 21);
	assert_true(topic(b)->partitions[0].offsets_ms >= stale);
	assert_int_equal(topic(b)->partitions[1].hw, -1);
	fake.dead_broker[2] = false;
	UNTIL(b, cluster_broker(model_cluster(b->model), 2)->state == BROKER_UP &&
			 topic(b)->partitions[1].hw == 20);
	assert_int_equal(changes_at(model_changes(b->model), 0)->kind, CHANGE_BROKER_BACK);
	end(b);
}

/* Another cluster at the same address: its figures, not a mixture. */
static void test_cluster_replaced(void **state)
{
	struct bench *b = begin(false);

	(void)state;
	UNTIL(b, ready(b) && topic(b)->records == 40);
	fake.id = "another";
	fake.end[0] = 1000000;
	fake.end[1] = 7;
	source_refresh(b->source);
	UNTIL(b, strcmp(model_cluster(b->model)->id, "another") == 0 &&
			 topic(b)->partitions[0].hw == 1000000 && topic(b)->partitions[1].hw == 7);
	assert_int_equal(changes_at(model_changes(b->model), 0)->kind, CHANGE_CLUSTER);
	/* It did not receive a million records just now. */
	assert_true(!(topic(b)->in_records > 0));
	end(b);
}

/* A replica that does not answer holds up nobody else's figures. */
static void test_slow_replica(void **state)
{
	struct bench *b = begin(false);

	(void)state;
	UNTIL(b, ready(b) && topic(b)->records == 40);
	fake.slow_replica = 2;
	source_want(b->source, &(struct source_want){.topic = "orders"});
	UNTIL(b, partition_replica(&topic(b)->partitions[1], 1)->end == 20);
	assert_int_equal(partition_replica(&topic(b)->partitions[1], 2)->end, -1);
	assert_int_equal(topic(b)->replicas.code, 0);
	fake.slow_replica = 0;
	end(b);
}

/* A topic made a moment ago has no settings yet on the broker that was asked. */
static void test_settings_that_come_later(void **state)
{
	struct bench *b = begin(false);
	struct str visible = STR_LIT("orders");

	(void)state;
	UNTIL(b, ready(b));
	fake.no_configs = KERR_UNKNOWN_TOPIC_OR_PARTITION;
	source_want(b->source, &(struct source_want){.visible = &visible, .n_visible = 1});
	UNTIL(b, topic(b)->config.kerr == KERR_UNKNOWN_TOPIC_OR_PARTITION);
	fake.no_configs = 0;
	UNTIL(b, topic(b)->retention_ms == 60000);
	assert_int_equal(topic(b)->config.kerr, 0);
	end(b);
}

static void test_nobody_there(void **state)
{
	struct bench *b = begin(false);
	struct buf line = BUF_EMPTY;

	(void)state;
	fake.dead = true;
	UNTIL(b, model_cluster(b->model)->progress.why[0]);
	progress_put(&line, &model_cluster(b->model)->progress);
	assert_string_equal(buf_z(&line), "connecting: 127.0.0.1:1: connection refused");
	fake.dead = false;
	UNTIL(b, ready(b));
	buf_fini(&line);
	end(b);
}

static void on_done(void *arg, const struct err *e)
{
	struct bench *b = arg;

	b->done = true;
	b->ok = e == NULL;
	if (e)
		b->err = *e;
}

static void test_actions(void **state)
{
	struct bench *b = begin(false);
	const struct config_change set[] = {
		{"cleanup.policy", "compact,delete"}, {"retention.ms", NULL}};
	const struct topic_spec spec = {.name = "it's new", .partitions = 3, .replication = 2};
	const struct change *c;
	int64_t id;

	(void)state;
	UNTIL(b, ready(b));
	source_create_topic(b->source, &spec, on_done, b);
	assert_false(b->done); /* never from inside the call */
	UNTIL(b, b->done);
	assert_true(b->ok);
	assert_int_equal(fake.last_count, 3);
	c = changes_at(model_changes(b->model), 0);
	assert_string_equal(c->command,
		"kdeck topics --create --topic 'it'\\''s new' --partitions 3 "
		"--replication-factor 2");
	b->done = false;
	source_alter_configs(b->source, "orders", set, 2, on_done, b);
	UNTIL(b, b->done);
	c = changes_at(model_changes(b->model), 0);
	assert_string_equal(c->command,
		"kdeck configs --alter --entity-type topics --entity-name orders --add-config "
		"'cleanup.policy=[compact,delete]' --delete-config retention.ms");
	b->done = false;
	fake.refuse = KERR_TOPIC_ALREADY_EXISTS;
	source_add_partitions(b->source, "orders", 9, on_done, b);
	UNTIL(b, b->done);
	assert_false(b->ok);
	assert_int_equal(changes_at(model_changes(b->model), 0)->kind, CHANGE_FAILED);
	fake.refuse = 0;
	b->done = false;
	source_purge(b->source,
		&(struct purge_spec){.topic = "orders", .partition = -1, .before_offset = -1},
		on_done, b);
	UNTIL(b, b->done);
	assert_true(b->ok);
	assert_int_equal(fake.last_count, 2);
	b->done = false;
	source_purge(b->source, &(struct purge_spec){.topic = "nope", .partition = -1}, on_done, b);
	UNTIL(b, b->done);
	assert_int_equal(b->err.code, ERR_NOT_FOUND);
	b->done = false;
	id = source_elect(b->source, NULL, -1, on_done, b);
	source_cancel(b->source, id);
	for (int i = 0; i < 5; i++)
		loop_run_once(b->loop, false);
	assert_false(b->done);
	end(b);
}

static void test_elections(void **state)
{
	struct bench *b = begin(false);

	(void)state;
	UNTIL(b, ready(b));
	source_elect(b->source, "orders", -1, on_done, b);
	UNTIL(b, b->done);
	assert_true(b->ok);
	fake.refuse = KERR_PREFERRED_LEADER_NOT_AVAILABLE;
	b->done = false;
	source_elect(b->source, "orders", -1, on_done, b);
	UNTIL(b, b->done);
	assert_false(b->ok);
	assert_non_null(strstr(b->err.msg, "PREFERRED_LEADER_NOT_AVAILABLE"));
	end(b);
}

static void on_moves(void *arg, const struct err *e, const struct moving *v, size_t n)
{
	struct bench *b = arg;

	b->ok = !e && n == 1 && v[0].partition == 1 && v[0].n_replicas == 2 && v[0].n_adding == 1 &&
		v[0].adding[0] == 2 && v[0].n_removing == 0;
	b->done = true;
}

static void test_moves(void **state)
{
	struct bench *b = begin(false);
	const int32_t to[] = {2, 1};
	const struct replica_move begun[] = {{0, to, 2}, {1, to, 1}}, cancelled = {.partition = 1};
	const struct change *c;

	(void)state;
	UNTIL(b, ready(b));
	source_move_replicas(b->source, "orders", begun, 2, on_done, b);
	assert_false(b->done);
	UNTIL(b, b->done);
	assert_true(b->ok);
	assert_int_equal(fake.last_key, API_ALTER_PARTITION_REASSIGNMENTS);
	assert_int_equal(fake.last_count, 2);
	c = changes_at(model_changes(b->model), 0);
	assert_string_equal(c->command,
		"kdeck reassign --execute --reassignment-json-file <(echo '{\"partitions\":["
		"{\"topic\":\"orders\",\"partition\":0,\"replicas\":[2,1]},"
		"{\"topic\":\"orders\",\"partition\":1,\"replicas\":[2]}],\"version\":1}')");
	b->done = false;
	source_move_replicas(b->source, "orders", &cancelled, 1, on_done, b);
	UNTIL(b, b->done);
	assert_int_equal(fake.last_count, -1);
	c = changes_at(model_changes(b->model), 0);
	assert_true(str_starts(str_of(c->command), "kdeck reassign --cancel "));
	b->done = b->ok = false;
	source_list_moves(b->source, "orders", on_moves, b);
	assert_false(b->done);
	UNTIL(b, b->done);
	assert_true(b->ok);
	/* Looking changes nothing: no line, and read-only does not mind. */
	assert_ptr_equal(c, changes_at(model_changes(b->model), 0));
	source_set_read_only(b->source, true);
	b->done = b->ok = false;
	source_list_moves(b->source, "orders", on_moves, b);
	UNTIL(b, b->done);
	assert_true(b->ok);
	b->done = false;
	source_move_replicas(b->source, "orders", begun, 2, on_done, b);
	UNTIL(b, b->done);
	assert_int_equal(b->err.code, ERR_DENIED);
	source_cancel(b->source, source_list_moves(b->source, "orders", on_moves, b));
	end(b);
}

static void on_report(void *arg, const struct produce_report *r)
{
	struct bench *b = arg;

	b->last = *r;
	if (r->e)
		b->err = *r->e;
	b->done = b->done || r->finished;
}

static void on_each(void *arg, const struct produce_delivery *d)
{
	struct bench *b = arg;

	assert_int_equal(d->partition, 1);
	assert_int_equal(d->offset, b->deliveries++);
	assert_null(d->e);
	assert_true(d->value.n < sizeof(b->value));
	memcpy(b->value, d->value.p, d->value.n);
	b->value[d->value.n] = 0;
}

static void test_read_only(void **state)
{
	struct bench *b = begin(true);
	const char *name = "orders";

	(void)state;
	UNTIL(b, ready(b));
	source_delete_topics(b->source, &name, 1, on_done, b);
	UNTIL(b, b->done);
	assert_int_equal(b->err.code, ERR_DENIED);
	b->done = false;
	source_purge(b->source,
		&(struct purge_spec){.topic = "orders", .partition = -1, .before_offset = -1},
		on_done, b);
	UNTIL(b, b->done);
	assert_int_equal(b->err.code, ERR_DENIED);
	b->done = false;
	b->err.code = 0;
	source_produce(b->source, &(struct produce_spec){.topic = "orders", .count = 1}, on_report,
		NULL, b);
	UNTIL(b, b->done);
	assert_int_equal(b->err.code, ERR_DENIED);
	assert_int_equal(fake.changes + fake.sent, 0);
	source_set_read_only(b->source, false);
	b->done = false;
	source_delete_topics(b->source, &name, 1, on_done, b);
	UNTIL(b, b->done);
	assert_true(b->ok);
	assert_int_equal(fake.changes, 1);
	end(b);
}

static void test_produce(void **state)
{
	struct bench *b = begin(false);
	const struct produce_spec spec = {
		.topic = "orders", .partition = -1, .value = slice_of("n {n}", 5), .count = 10};
	struct produce_spec forever = spec;
	int64_t id;

	(void)state;
	source_produce(b->source, &spec, on_report, on_each, b);
	UNTIL(b, b->done);
	assert_int_equal(b->last.done, 10);
	assert_int_equal(b->deliveries, 10);
	assert_int_equal(b->last.offset, 9);
	assert_string_equal(b->value, "n 9");
	assert_string_equal(changes_at(model_changes(b->model), 0)->text, "10 records written");
	b->done = false;
	forever.count = 0;
	id = source_produce(b->source, &forever, on_report, on_each, b);
	UNTIL(b, b->deliveries > 20);
	assert_false(b->done);
	source_cancel(b->source, id);
	UNTIL(b, b->done);
	assert_int_equal(b->last.sent, b->last.done);
	end(b);
}

/* One record has a number, too; one that is written again has not. */
static void test_produce_one(void **state)
{
	struct bench *b = begin(false);
	struct produce_spec spec = {
		.topic = "orders", .partition = -1, .value = slice_of("n {n}", 5), .count = 1};

	(void)state;
	source_produce(b->source, &spec, on_report, on_each, b);
	UNTIL(b, b->done);
	assert_string_equal(b->value, "n 0");
	assert_string_equal(changes_at(model_changes(b->model), 0)->text, "1 record written");
	b->done = false;
	spec.literal = true;
	source_produce(b->source, &spec, on_report, on_each, b);
	UNTIL(b, b->done);
	assert_string_equal(b->value, "n {n}");
	end(b);
}

/* Who asked has gone: it is not called, what was asked for is written all the same. */
static void test_produce_forgotten(void **state)
{
	struct bench *b = begin(false);
	struct produce_spec spec = {
		.topic = "orders", .partition = -1, .value = slice_of("v", 1), .count = 1};
	int64_t id;

	(void)state;
	id = source_produce(b->source, &spec, on_report, on_each, b);
	source_produce_forget(b->source, id);
	UNTIL(b, changes_at(model_changes(b->model), 0));
	assert_string_equal(changes_at(model_changes(b->model), 0)->text, "1 record written");
	assert_int_equal(fake.sent, 1);
	spec.count = 0;
	b->deliveries = 1;
	id = source_produce(b->source, &spec, on_report, on_each, b);
	UNTIL(b, b->deliveries > 5);
	source_produce_forget(b->source, id);
	b->deliveries = 0;
	UNTIL(b, changes_at(model_changes(b->model), 1));
	assert_int_equal(b->deliveries, 0);
	assert_false(b->done);
	end(b);
}

static void test_browse(void **state)
{
	struct bench *b = begin(false);
	struct browse *v;
	int64_t before = 0;

	(void)state;
	v = source_browse(b->source,
		&(struct browse_spec){
			.topic = "orders", .partition = -1, .from = BROWSE_EARLIEST, .page = 15},
		NULL, NULL);
	UNTIL(b, v->state == BROWSE_PAGE);
	assert_int_equal(v->window.n, 15);
	source_browse_more(b->source, v);
	UNTIL(b, v->state == BROWSE_PAGE && v->window.n == 30);
	source_browse_more(b->source, v);
	UNTIL(b, v->state == BROWSE_END);
	assert_int_equal(v->window.n, 40);
	for (size_t i = 0; i < 40; i++) {
		assert_true(window_at(&v->window, i)->timestamp >= before);
		before = window_at(&v->window, i)->timestamp;
	}
	/* Following from here on. */
	source_browse_follow(b->source, v, true);
	UNTIL(b, v->state == BROWSE_FOLLOWING);
	fake_append(1, 100, 5000);
	UNTIL(b, v->window.n == 140);
	fake_append(0, 7, 9000);
	UNTIL(b, v->window.n == 147);
	source_browse_close(b->source, v);

	v = source_browse(b->source,
		&(struct browse_spec){
			.topic = "orders", .partition = 1, .from = BROWSE_LAST, .at = 3},
		NULL, NULL);
	UNTIL(b, v->state == BROWSE_END);
	assert_int_equal(v->window.n, 3);
	assert_int_equal(window_at(&v->window, 0)->offset, 117);
	source_browse_close(b->source, v);
	v = source_browse(
		b->source, &(struct browse_spec){.topic = "none", .partition = -1}, NULL, NULL);
	UNTIL(b, v->state == BROWSE_FAILED);
	assert_string_equal(v->why, "the cluster has no such topic");
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fills),
		cmocka_unit_test(test_new_topics_are_measured),
		cmocka_unit_test(test_freeze_and_hide),
		cmocka_unit_test(test_dead_broker),
		cmocka_unit_test(test_cluster_replaced),
		cmocka_unit_test(test_slow_replica),
		cmocka_unit_test(test_settings_that_come_later),
		cmocka_unit_test(test_nobody_there),
		cmocka_unit_test(test_actions),
		cmocka_unit_test(test_elections),
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_produce),
		cmocka_unit_test(test_produce_one),
		cmocka_unit_test(test_produce_forgotten),
		cmocka_unit_test(test_browse),
	};

	return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
