/* Groups: members, positions, idle members, pairs of commit and end, events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>

#include "lag_world.h"
#include "model/snapshot_print.h"

static void says(const char *got, const char *want)
{
	if (!strstr(got, want))
		fail_msg("\"%s\" lacks \"%s\"", got, want);
}

/* The newest changes, one a line, newest first. */
static const char *events(const struct lag_world *w, struct buf *b, size_t n)
{
	buf_clear(b);
	for (size_t i = 0; i < n && changes_at(model_changes(w->m), i); i++) {
		change_put(b, changes_at(model_changes(w->m), i), true);
		buf_putc(b, '\n');
	}
	return buf_z(b);
}

static void test_members(void **state)
{
	struct lag_world w;
	const struct group *g;
	struct buf b = BUF_EMPTY;

	(void)state;
	lag_world_init(&w, 1, 3);
	lag_list(&w, 10, "g", "Stable");
	lag_describe(&w, 10, "g", "Stable", 4, 3, -1);
	for (int32_t p = 0; p < 3; p++) {
		lag_commit(&w, 20, "g", "t-00000", p, 100);
		lag_end(&w, 30, "t-00000", p, 0, 110 + p);
	}
	model_publish(w.m, 40, 1);
	g = lag_group(&w, "g");
	assert_int_equal(g->members->n, 4);
	assert_int_equal(g->n_idle, 1);
	assert_int_equal(g->generation, -1);
	assert_string_equal(g->assignor, "range");
	assert_string_equal(g->members->v[2].label, "c-2");
	assert_int_equal(g->n_partitions, 3);
	assert_int_equal(g->partitions[1].member, 1);
	assert_int_equal(g->lag.records, 33);
	assert_int_equal(g->member_lags[2].records, 12);
	assert_int_equal(g->member_lags[3].records, -1);
	assert_int_equal(group_topic_find(g, STR_LIT("t-00000"))->lag.records, 33);
	assert_non_null(group_partition_find(g, STR_LIT("t-00000"), 2));
	assert_null(group_partition_find(g, STR_LIT("t-00000"), 3));
	assert_int_equal(model_cluster(w.m)->readers[0].lag, 33);
	group_member_put_idle(&b, g, 3);
	assert_string_equal(
		buf_z(&b), "3 partitions, 4 members: a partition has one reader, so c-3 waits");
	/* Described again without a difference: members are shared. */
	lag_describe(&w, 1010, "g", "Stable", 4, 3, -1);
	group_ref(g);
	model_publish(w.m, 1020, 1);
	assert_ptr_equal(lag_group(&w, "g")->members, g->members);
	group_unref(g);
	/* In a rebalance nobody is at fault. */
	lag_describe(&w, 2010, "g", "PreparingRebalance", 4, 0, -1);
	model_publish(w.m, 2020, 1);
	g = lag_group(&w, "g");
	assert_int_equal(g->partitions[0].member, -1);
	buf_clear(&b);
	group_member_put_idle(&b, g, 0);
	says(buf_z(&b), "rebalancing");
	buf_clear(&b);
	group_put_reason(&b, g, 2020);
	says(buf_z(&b), "rebalancing");
	buf_fini(&b);
	model_free(w.m);
}

static void test_broken_members(void **state)
{
	static const uint8_t junk[] = {0, 1, 0x7f, 0xff, 0xff, 0xff, 1, 2};
	struct lag_world w;
	struct feed_member v[3] = {{.id = STR_LIT("a"), .client = STR_LIT("same")},
		{.id = STR_LIT("b"), .client = STR_LIT("same"), .instance = STR_LIT("static-b")},
		{.id = STR_LIT("c"), .client = STR_LIT("other")}};
	struct feed_group in = {.name = STR_LIT("g"),
		.state = STR_LIT("Stable"),
		.type = STR_LIT("consumer"),
		.members = v,
		.n_members = 3,
		.generation = 3};
	const struct group *g;

	(void)state;
	lag_world_init(&w, 1, 3);
	for (size_t n = 0; n <= sizeof(junk); n++) {
		v[0].assignment = v[1].subscription = slice_of(junk, n);
		feed_group(w.m, 10 + (int64_t)n, &in);
	}
	model_publish(w.m, 100, 1);
	g = lag_group(&w, "g");
	assert_int_equal(g->n_partitions, 0);
	assert_int_equal(g->members->v[0].n_given, 0);
	/* Names tell members apart. */
	assert_string_equal(g->members->v[0].label, "a");
	assert_string_equal(g->members->v[1].label, "other");
	assert_string_equal(g->members->v[2].label, "static-b");
	/* Connect's workers share out tasks, not partitions: none is idle. */
	in.type = STR_LIT("connect");
	feed_group(w.m, 200, &in);
	model_publish(w.m, 1300, 1);
	assert_int_equal(lag_group(&w, "g")->n_idle, 0);
	model_free(w.m);
}

static void test_positions(void **state)
{
	static const int want[] = {POSITION_IN_LOG, POSITION_NEVER, POSITION_BELOW_START,
		POSITION_ABOVE_END, POSITION_NO_PARTITION};
	static const int64_t committed[] = {15, -1, 5, 30, 1};
	struct lag_world w;
	const struct group *g;
	const struct group_partition *p;
	struct buf b = BUF_EMPTY;

	(void)state;
	lag_world_init(&w, 1, 4);
	lag_list(&w, 10, "g", "Empty");
	feed_commits_begin(w.m, STR_LIT("g"));
	for (int32_t i = 0; i < 5; i++)
		feed_commit(w.m, 20, STR_LIT("g"), STR_LIT("t-00000"), i, committed[i], 7,
			STR_LIT("note"), 0);
	feed_commit(w.m, 20, STR_LIT("g"), STR_LIT("gone"), 0, 9, -1, STR_NULL, 0);
	feed_commit(w.m, 20, STR_LIT("g"), STR_LIT("gone"), -1, 9, -1, STR_NULL, 0);
	feed_commits_end(w.m, 20, STR_LIT("g"), true, 1000);
	for (int32_t i = 0; i < 4; i++)
		lag_end(&w, 30, "t-00000", i, 10, 20);
	model_publish(w.m, 40, 1);
	g = lag_group(&w, "g");
	assert_int_equal(g->n_partitions, 6);
	assert_int_equal(g->partitions[0].position, POSITION_NO_TOPIC);
	assert_int_equal(g->partitions[0].lag.records, -1);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(g->partitions[i + 1].position, want[i]);
	p = &g->partitions[3];
	assert_int_equal(p->lag.records, 15);
	assert_int_equal(p->lag.verdict, VERDICT_LOST);
	assert_int_equal(p->epoch, 7);
	assert_string_equal(p->metadata, "note");
	assert_int_equal(g->partitions[1].lag.verdict, VERDICT_STOPPED);
	assert_int_equal(g->partitions[4].lag.records, 0);
	assert_int_equal(g->lag.records, 20);
	assert_false(g->lag.about);
	group_put_reason(&b, g, 40);
	assert_string_equal(
		buf_z(&b), "t-00000 partition 2: 5 records were deleted before they were read");
	buf_clear(&b);
	group_partition_put_reason(&b, g, &g->partitions[4], 40);
	assert_string_equal(buf_z(&b), "committed 30, but the log ends at 20");
	/* Expired: rows that nobody has go, and their history. */
	feed_commits_begin(w.m, STR_LIT("g"));
	feed_commits_end(w.m, 1100, STR_LIT("g"), true, 1000);
	model_publish(w.m, 1200, 1);
	assert_int_equal(lag_group(&w, "g")->n_partitions, 0);
	assert_int_equal(lag_group(&w, "g")->lag.verdict, VERDICT_NONE);
	buf_fini(&b);
	model_free(w.m);
}

static void test_commit_waits_for_its_end(void **state)
{
	struct lag_world w;
	const struct group *g;

	(void)state;
	lag_world_init(&w, 1, 1);
	lag_list(&w, 10, "g", "Stable");
	lag_describe(&w, 10, "g", "Stable", 1, 1, 1);
	lag_end(&w, 15, "t-00000", 0, 0, 100);
	lag_commit(&w, 20, "g", "t-00000", 0, 90);
	model_publish(w.m, 25, 1);
	/* The end is older: nothing is shown yet. */
	assert_int_equal(lag_group(&w, "g")->lag.records, -1);
	lag_end(&w, 30, "t-00000", 0, 0, 100);
	model_publish(w.m, 35, 1);
	g = lag_group(&w, "g");
	assert_int_equal(g->lag.records, 10);
	/* Late answers do not bring a group back. */
	lag_commit(&w, 36, "late", "t-00000", 0, 90);
	model_publish(w.m, 40, 1);
	assert_int_equal(model_cluster(w.m)->n_groups, 1);
	lag_commit(&w, 1020, "g", "t-00000", 0, 150);
	model_publish(w.m, 1025, 1);
	g = lag_group(&w, "g");
	assert_int_equal(g->lag.records, 10);
	assert_int_equal(g->partitions[0].committed, 90);
	assert_false(g->lag.about);
	lag_end(&w, 1030, "t-00000", 0, 0, 151);
	lag_end(&w, 2040, "t-00000", 0, 0, 160);
	model_publish(w.m, 2050, 1);
	g = lag_group(&w, "g");
	/* Far apart: about. */
	assert_int_equal(g->lag.records, 10);
	assert_int_equal(g->partitions[0].committed, 150);
	assert_true(g->lag.about);
	/* The leader does not answer for ends: about, and never below zero. */
	lag_commit(&w, 3020, "g", "t-00000", 0, 500);
	model_publish(w.m, 3025, 1);
	assert_int_equal(lag_group(&w, "g")->partitions[0].committed, 150);
	feed_offset(w.m, 7000, STR_LIT("t-00000"), 0, FEED_END, -1, 0, 6);
	model_publish(w.m, 7001, 1);
	g = lag_group(&w, "g");
	assert_int_equal(g->partitions[0].committed, 500);
	assert_int_equal(g->lag.records, 0);
	assert_true(g->lag.about);
	assert_int_equal(g->partitions[0].position, POSITION_IN_LOG);
	model_free(w.m);
}

static void test_events(void **state)
{
	struct lag_world w;
	struct buf b = BUF_EMPTY;

	(void)state;
	lag_world_init(&w, 1, 3);
	lag_list(&w, 10, "g", "Stable");
	lag_describe(&w, 10, "g", "Stable", 2, 2, 6);
	lag_commit(&w, 20, "g", "t-00000", 0, 1000);
	lag_end(&w, 30, "t-00000", 0, 0, 1500);
	model_publish(w.m, 40, 1);
	assert_int_equal(model_changes(w.m)->n, 0);

	/* One comes: a pause, then a generation more. */
	lag_describe(&w, 1000, "g", "PreparingRebalance", 3, 0, 6);
	model_publish(w.m, 1010, 1);
	assert_string_equal(events(&w, &b, 9), "g  c-2 joined from 10.0.0.1\n");
	lag_describe(&w, 2100, "g", "Stable", 3, 3, 7);
	model_publish(w.m, 2110, 1);
	says(events(&w, &b, 1),
		"g  rebalanced: c-2 joined   generation 6 > 7   1 of 3 partitions moved   "
		"1.10 s paused\n");
	assert_int_equal(lag_group(&w, "g")->rebalance.count, 1);

	/* One goes; the look missed the pause. */
	lag_describe(&w, 3100, "g", "Stable", 2, 2, 8);
	lag_commit(&w, 3100, "g", "t-00000", 0, 400);
	lag_end(&w, 3110, "t-00000", 0, 0, 1500);
	model_publish(w.m, 3120, 1);
	says(events(&w, &b, 3), "g  c-2 left, was on 10.0.0.1\n");
	says(events(&w, &b, 3),
		"g  rebalanced: c-2 left   generation 7 > 8   0 of 2 partitions moved\n");
	says(events(&w, &b, 3),
		"g  t-00000 p0 commit went back: 1,000 > 400, 600 records to be read again\n");

	/* All go, much later. */
	lag_describe(&w, 200000, "g", "Empty", 0, 0, 9);
	lag_commit(&w, 200000, "g", "t-00000", 0, 400);
	lag_end(&w, 200010, "t-00000", 0, 0, 1500);
	model_publish(w.m, 200020, 1);
	says(events(&w, &b, 9),
		"g  commits stopped: partition 0: the group has no member, 1,100 records wait\n");

	lag_list(&w, 201000, "new", "Empty");
	model_publish(w.m, 201010, 1);
	says(events(&w, &b, 1), "new  new group\n");
	lag_list(&w, 202000, "new", "Empty");
	model_publish(w.m, 202010, 1);
	says(events(&w, &b, 1), "g  group gone\n");
	buf_fini(&b);
	model_free(w.m);
}

static void test_lists(void **state)
{
	struct lag_world w;
	const struct group *worst[2];
	const struct cluster *kept;

	(void)state;
	lag_world_init(&w, 1, 3);
	feed_groups_begin(w.m, 1);
	feed_group_listed(w.m, 10, 1, STR_LIT("zz"), STR_LIT("Stable"), STR_NULL, STR_NULL);
	feed_group_listed(w.m, 10, 1, STR_LIT("aa"), STR_LIT("Nonsense"), STR_NULL, STR_NULL);
	feed_group_listed(w.m, 10, 1, STR_LIT("한국"), STR_LIT("Empty"), STR_NULL, STR_NULL);
	feed_groups_end(w.m, 10, 1, 1000);
	lag_commit(&w, 20, "aa", "t-00000", 0, 1);
	lag_commit(&w, 20, "zz", "t-00000", 1, 1);
	for (int32_t p = 0; p < 2; p++)
		lag_end(&w, 30, "t-00000", p, 0, 10 + 10 * p);
	model_publish(w.m, 40, 1);
	kept = cluster_ref(model_cluster(w.m));
	assert_int_equal(kept->n_groups, 3);
	assert_int_equal(kept->totals.groups_known, 2);
	assert_true(kept->totals.lag_about);
	assert_int_equal(kept->totals.lag, 28);
	assert_int_equal(kept->readers[0].groups, 2);
	assert_int_equal(lag_group(&w, "aa")->state, GROUP_UNKNOWN);
	assert_int_equal(cluster_worst_groups(kept, worst, 2), 2);
	assert_ptr_equal(worst[0], lag_group(&w, "zz"));
	assert_int_equal(cluster_worst_groups(kept, worst, 1), 1);
	assert_ptr_equal(worst[0], lag_group(&w, "zz"));
	/* A broker that does not answer keeps its groups. */
	feed_groups_failed(w.m, 1, 1000, ERR_TIMEOUT, 0);
	model_publish(w.m, 5000, 1);
	assert_int_equal(model_cluster(w.m)->n_groups, 3);
	assert_int_equal(part_state(&model_cluster(w.m)->group_list, 5000), PART_STALE);
	/* A frozen snapshot outlives its groups. */
	feed_groups_begin(w.m, 1);
	feed_groups_end(w.m, 6000, 1, 1000);
	feed_groups_begin(w.m, 1);
	feed_groups_end(w.m, 7000, 1, 1000);
	model_publish(w.m, 7000, 1);
	assert_int_equal(model_cluster(w.m)->n_groups, 0);
	assert_int_equal(cluster_group(kept, STR_LIT("zz"))->lag.records, 19);
	cluster_unref(kept);
	model_free(w.m);
}

/* Brokers 1 and 2, or 1 alone; what groups commit lies in one partition, led by `leader`. */
struct moving_world {
	struct model *m;
	int32_t leader;
	struct feed_partition part;
};

static void give_offsets(void *arg, size_t i, struct feed_topic *out)
{
	struct moving_world *w = arg;
	static const int32_t replicas[] = {2, 1};

	(void)i;
	w->part = (struct feed_partition){.index = 0,
		.leader = w->leader,
		.replicas = replicas,
		.n_replicas = 2,
		.isr = replicas,
		.n_isr = 1};
	*out = (struct feed_topic){.name = STR_LIT("__consumer_offsets"),
		.internal = true,
		.partitions = &w->part,
		.n_partitions = 1};
}

static void moving_metadata(struct moving_world *w, int64_t now, size_t n_brokers, int32_t leader)
{
	const struct feed_broker brokers[] = {
		{1, STR_LIT("one"), 9092, STR_NULL}, {2, STR_LIT("two"), 9093, STR_NULL}};

	w->leader = leader;
	feed_metadata(w->m, now,
		&(struct feed_metadata){.cluster_id = STR_LIT("abc"),
			.controller = 1,
			.brokers = brokers,
			.n_brokers = n_brokers,
			.n_topics = 1,
			.topic = give_offsets,
			.arg = w,
			.interval_ms = 5000});
}

/* A list of broker 1 with that group, or without one; how many groups there are then. */
static size_t list_of_one(struct moving_world *w, int64_t now, const char *group)
{
	feed_groups_begin(w->m, 1);
	if (group)
		feed_group_listed(
			w->m, now, 1, str_of(group), STR_LIT("Empty"), STR_NULL, STR_NULL);
	feed_groups_end(w->m, now, 1, 1000);
	model_publish(w->m, now, now);
	return model_cluster(w->m)->n_groups;
}

/* Two groups whose coordinator, broker 2, leaves the cluster and never comes back: one is taken
 * over by broker 1; the other is nowhere, and goes when all that could have it have answered. */
static void test_coordinator_gone_for_good(void **state)
{
	struct moving_world w = {.m = model_new()};

	(void)state;
	moving_metadata(&w, 0, 2, 2);
	feed_broker_state(w.m, 0, 1, BROKER_UP, -1, NULL);
	feed_broker_state(w.m, 0, 2, BROKER_UP, -1, NULL);
	feed_groups_begin(w.m, 2);
	feed_group_listed(w.m, 10, 2, STR_LIT("moves"), STR_LIT("Empty"), STR_NULL, STR_NULL);
	feed_group_listed(w.m, 10, 2, STR_LIT("ends"), STR_LIT("Empty"), STR_NULL, STR_NULL);
	feed_groups_end(w.m, 10, 2, 1000);
	assert_int_equal(list_of_one(&w, 20, NULL), 2);

	/* The cluster has not noticed yet: nobody says that they are gone. */
	feed_broker_state(w.m, 1000, 2, BROKER_STALE, -1, "no answer");
	feed_groups_failed(w.m, 2, 1000, ERR_TIMEOUT, 0);
	assert_int_equal(list_of_one(&w, 20000, NULL), 2);
	/* It has, but nobody can read what they committed. */
	moving_metadata(&w, 20100, 1, -1);
	assert_int_equal(list_of_one(&w, 40000, NULL), 2);
	assert_int_equal(part_state(&model_cluster(w.m)->group_list, 40000), PART_STALE);
	/* Broker 1 leads it, and loads. */
	moving_metadata(&w, 40100, 1, 1);
	feed_groups_failed(w.m, 1, 1000, ERR_TIMEOUT, 14);
	assert_int_equal(list_of_one(&w, 41000, "moves"), 2);
	assert_int_equal(list_of_one(&w, 46000, "moves"), 1);
	assert_int_equal(cluster_group(model_cluster(w.m), STR_LIT("moves"))->coordinator, 1);
	assert_null(cluster_group(model_cluster(w.m), STR_LIT("ends")));
	/* What broker 2 said last is of no group any more. */
	assert_int_equal(part_state(&model_cluster(w.m)->group_list, 46100), PART_LIVE);
	model_free(w.m);
}

/* Who takes groups over lists them only when it has read them: they do not blink meanwhile. */
static void test_coordinator_is_taken_over(void **state)
{
	struct moving_world w = {.m = model_new()};

	(void)state;
	moving_metadata(&w, 0, 2, 2);
	feed_groups_begin(w.m, 2);
	feed_group_listed(w.m, 10, 2, STR_LIT("moves"), STR_LIT("Empty"), STR_NULL, STR_NULL);
	feed_groups_end(w.m, 10, 2, 1000);
	moving_metadata(&w, 1000, 1, 1);
	assert_int_equal(list_of_one(&w, 1100, NULL), 1);
	assert_int_equal(list_of_one(&w, 2100, NULL), 1);
	feed_groups_failed(w.m, 1, 1000, ERR_TIMEOUT, 14);
	assert_int_equal(list_of_one(&w, 3100, "moves"), 1);
	assert_int_equal(list_of_one(&w, 60000, "moves"), 1);
	model_free(w.m);
}

static void test_topic_made_anew(void **state)
{
	struct lag_world w;
	const struct group *g;

	(void)state;
	lag_world_init(&w, 1, 2);
	lag_list(&w, 10, "g", "Stable");
	model_pin_group(w.m, STR_LIT("g"));
	for (int64_t now = 1000; now < 20000; now += 1000) {
		lag_commit(&w, now, "g", "t-00000", 1, now / 20);
		lag_end(&w, now + 5, "t-00000", 1, 0, now / 10);
		model_publish(w.m, now + 10, 1);
	}
	assert_int_equal(lag_group(&w, "g")->partitions[0].lag.age, AGE_ABOUT);
	assert_int_equal(model_group_series(w.m, STR_LIT("g"))->step_ms, 1000);
	w.id = 2;
	lag_metadata(&w, 20000);
	lag_commit(&w, 20000, "g", "t-00000", 1, 950);
	lag_end(&w, 20005, "t-00000", 1, 0, 3);
	model_publish(w.m, 20010, 1);
	g = lag_group(&w, "g");
	assert_int_equal(g->partitions[0].position, POSITION_ABOVE_END);
	assert_int_equal(g->lag.records, 0);
	/* More partitions: history follows to its place; deleted: said so. */
	w.partitions = 5;
	lag_metadata(&w, 21000);
	lag_commit(&w, 21000, "g", "t-00000", 1, 2);
	lag_end(&w, 21005, "t-00000", 1, 0, 30);
	model_publish(w.m, 21010, 1);
	assert_int_equal(lag_group(&w, "g")->lag.records, 28);
	assert_int_equal(lag_group(&w, "g")->lag.verdict, VERDICT_REWOUND);
	w.topics = 0;
	lag_metadata(&w, 22000);
	lag_commit(&w, 22000, "g", "t-00000", 1, 2);
	model_publish(w.m, 22010, 1);
	assert_int_equal(lag_group(&w, "g")->partitions[0].position, POSITION_NO_TOPIC);
	assert_int_equal(lag_group(&w, "g")->lag.records, -1);
	model_free(w.m);
}

/* The page and its JSON: what is known of groups, and "-" or null for what is not. */
static void test_snapshot(void **state)
{
	struct snapshot_options o = {.name = "demo", .address = "a:1"};
	struct lag_world w;
	struct buf b = BUF_EMPTY;

	(void)state;
	lag_world_init(&w, 1, 3);
	model_publish(w.m, 5, 5);
	snapshot_text(&b, model_cluster(w.m), &o, 5);
	says(buf_z(&b), "groups -   lag -\n");
	says(buf_z(&b), "\ngroups: -\n");
	buf_clear(&b);
	snapshot_json(&b, model_cluster(w.m), &o, 5);
	says(buf_z(&b), "\"groupCount\":null,\"groupsKnown\":null,\"lag\":null");
	feed_groups_failed(w.m, 1, 1000, ERR_DENIED, 0);
	model_publish(w.m, 6, 6);
	buf_clear(&b);
	snapshot_text(&b, model_cluster(w.m), &o, 6);
	says(buf_z(&b), "\ngroups: denied\n");
	lag_list(&w, 10, "payments", "Stable");
	lag_describe(&w, 10, "payments", "Stable", 4, 3, 7);
	lag_commit(&w, 10, "payments", "t-00000", 1, 40);
	lag_end(&w, 11, "t-00000", 1, 5, 100);
	model_publish(w.m, 12, 12);
	buf_clear(&b);
	snapshot_text(&b, model_cluster(w.m), &o, 12);
	says(buf_z(&b), "groups 1   lag 60\n");
	says(buf_z(&b), " GROUP     STATE   MEMBERS  LAG    AGE  NET/S");
	says(buf_z(&b), " payments  Stable        4   60  > 1 s      -         -  -\n");
	buf_clear(&b);
	snapshot_json(&b, model_cluster(w.m), &o, 12);
	says(buf_z(&b), "\"groups\":[{\"groupId\":\"payments\",\"groupState\":\"Stable\","
			"\"groupType\":\"classic\",\"protocolType\":\"consumer\","
			"\"partitionAssignor\":\"range\",\"coordinator\":1,\"generationId\":7,"
			"\"members\":4,\"idleMembers\":1,\"lag\":60,\"lagApproximate\":false,");
	says(buf_z(&b), "{\"topic\":\"t-00000\",\"partition\":1,\"currentOffset\":40,"
			"\"leaderEpoch\":0,\"logStartOffset\":5,\"logEndOffset\":100,"
			"\"lag\":60,\"lagApproximate\":false,");
	says(buf_z(&b), "\"currentOffset\":null");
	says(buf_z(&b), "\"memberId\":\"c-1\",\"clientId\":\"c-1\",\"clientHost\":");
	says(buf_z(&b), "\"groups\":1,\"lag\":60,\"lagApproximate\":false,\"partitions\":");
	o.max_rows = 1;
	feed_group_listed(w.m, 13, 1, STR_LIT("second"), STR_LIT("Empty"), STR_NULL, STR_NULL);
	feed_group_listed(w.m, 13, 1, STR_LIT("third"), STR_LIT("Empty"), STR_NULL, STR_NULL);
	model_publish(w.m, 14, 14);
	buf_clear(&b);
	snapshot_text(&b, model_cluster(w.m), &o, 14);
	says(buf_z(&b), " and 2 more groups\n");
	buf_fini(&b);
	model_free(w.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_broken_members),
		cmocka_unit_test(test_positions),
		cmocka_unit_test(test_commit_waits_for_its_end),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_coordinator_gone_for_good),
		cmocka_unit_test(test_coordinator_is_taken_over),
		cmocka_unit_test(test_topic_made_anew),
		cmocka_unit_test(test_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
