/*
 * Four brokers and topic orders, six partitions of three replicas, at rates and offsets like those
 * of a class: broker 4 can be lost and broker 3 be behind. Uses the stage's model and clock.
 */
#ifndef TESTS_BROKERS_WORLD_H
#define TESTS_BROKERS_WORLD_H

#include "stage.h"

#define WORLD_PARTITIONS 6

struct brokers_world {
	struct stage s; /* first */
	bool lost[5];   /* not in metadata: by id */
	bool behind[5]; /* in no ISR but that of p5 */
	int32_t epoch;  /* of p2 */
	int32_t controller;
	int32_t leaders[WORLD_PARTITIONS];
	struct feed_partition parts[WORLD_PARTITIONS];
	int32_t isr[WORLD_PARTITIONS][3], offline[WORLD_PARTITIONS][3];
};

static const int32_t world_replicas[WORLD_PARTITIONS][3] = {
	{1, 2, 3}, {2, 3, 4}, {4, 1, 3}, {2, 1, 4}, {1, 2, 3}, {2, 1, 3}};
static const int64_t world_start[] = {121480, 121302, 121655, 121390, 121218, 121347};
static const int64_t world_hw[] = {184220, 183975, 184402, 184110, 183868, 184031};
static const int64_t world_leo[] = {184223, 183975, 184407, 184112, 183868, 184035};

static void world_partition(struct brokers_world *w, int32_t i)
{
	struct feed_partition *p = &w->parts[i];

	*p = (struct feed_partition){.index = i,
		.leader = w->leaders[i],
		.leader_epoch = i == 2 ? w->epoch : 3,
		.replicas = world_replicas[i],
		.n_replicas = 3,
		.isr = w->isr[i],
		.offline = w->offline[i]};
	for (int k = 0; k < 3; k++) {
		int32_t id = world_replicas[i][k];

		if (w->lost[id])
			w->offline[i][p->n_offline++] = id;
		else if (!w->behind[id] || (i != 0 && i != 4))
			w->isr[i][p->n_isr++] = id;
	}
}

static void world_give(void *arg, size_t i, struct feed_topic *out)
{
	struct brokers_world *w = arg;

	(void)i;
	for (int32_t k = 0; k < WORLD_PARTITIONS; k++)
		world_partition(w, k);
	*out = (struct feed_topic){.name = STR_LIT("orders"),
		.partitions = w->parts,
		.n_partitions = WORLD_PARTITIONS};
	out->id.b[0] = 7;
}

static inline void world_metadata(struct brokers_world *w)
{
	struct feed_broker brokers[4];
	size_t n = 0;

	for (int32_t id = 1; id <= 4; id++)
		if (!w->lost[id])
			brokers[n++] =
				(struct feed_broker){id, STR_LIT("127.0.0.1"), 9091 + id, STR_NULL};
	feed_metadata(w->s.w.m, stage_now(&w->s),
		&(struct feed_metadata){.cluster_id = STR_LIT("abc"),
			.controller = w->controller,
			.brokers = brokers,
			.n_brokers = n,
			.n_topics = 1,
			.topic = world_give,
			.arg = w,
			.interval_ms = 5000});
	for (size_t i = 0; i < n; i++)
		feed_broker_state(w->s.w.m, stage_now(&w->s), brokers[i].id, BROKER_UP, 300, NULL);
}

/* back: how long before the figures above; 70 records a second come. */
static inline void world_offsets(struct brokers_world *w, int64_t back_s)
{
	struct model *m = w->s.w.m;
	int64_t now = stage_now(&w->s), less = 70 * back_s;

	for (int32_t i = 0; i < WORLD_PARTITIONS; i++) {
		if (w->leaders[i] < 0)
			continue;
		feed_offset(m, now, STR_LIT("orders"), i, FEED_START, -1, world_start[i], 0);
		feed_offset(m, now, STR_LIT("orders"), i, FEED_END, -1, world_hw[i] - less, 0);
		for (int k = 0; k < 3; k++) {
			int32_t id = world_replicas[i][k];
			bool behind = w->behind[id] && (i == 0 || i == 4);
			int64_t end = behind                ? world_leo[i] - (i ? 1198 : 1240)
				      : id == w->leaders[i] ? world_leo[i]
							    : world_hw[i];

			if (w->lost[id])
				continue;
			feed_offset(m, now, STR_LIT("orders"), i, FEED_REPLICA_START, id,
				world_start[i], 0);
			feed_offset(
				m, now, STR_LIT("orders"), i, FEED_REPLICA_END, id, end - less, 0);
		}
	}
	feed_topic_replicas(m, now, STR_LIT("orders"), 1000, 0);
	for (int32_t id = 1; id <= 4; id++)
		if (!w->lost[id])
			feed_broker_offsets(m, now, id, 1000, 0);
}

static inline void world_sizes(struct brokers_world *w)
{
	for (int32_t id = 1; id <= 4; id++) {
		feed_sizes_begin(w->s.w.m, id);
		for (int32_t i = 0; i < WORLD_PARTITIONS; i++)
			feed_size(w->s.w.m, id, STR_LIT("orders"), i, 12600000 - 100000 * i);
		feed_sizes_end(w->s.w.m, stage_now(&w->s), id, 500000000000, 320000000000, 10000);
	}
}

/* All well, with twelve seconds of offsets behind it. */
static inline void world_init(struct brokers_world *w)
{
	static const struct topic_config configs[] = {{.name = "cleanup.policy", .value = "delete"},
		{.name = "min.insync.replicas", .value = "2"},
		{.name = "retention.ms", .value = "604800000"}};

	*w = (struct brokers_world){.epoch = 6, .controller = 2, .leaders = {1, 2, 4, 2, 1, 2}};
	stage_init(&w->s, 0, 0);
	for (int64_t back = 24; back >= 12; back--) {
		clock_manual_advance_ms(&w->s.clock, 1000);
		world_metadata(w);
		world_offsets(w, back);
	}
	world_sizes(w);
	feed_configs(w->s.w.m, stage_now(&w->s), STR_LIT("orders"), configs, ARRAY_LEN(configs),
		true, 30000);
	feed_progress(w->s.w.m, &(struct progress){.step = PROGRESS_READY});
	stage_publish(&w->s);
}

/* Broker 3 is behind in p0 and p4; broker 4 has gone twelve seconds ago, and 1 leads p2. */
static inline void world_lose(struct brokers_world *w)
{
	w->behind[3] = true;
	world_metadata(w);
	stage_publish(&w->s);
	w->lost[4] = true;
	w->leaders[2] = 1;
	w->epoch = 7;
	for (int64_t back = 12; back >= 0; back--) {
		world_metadata(w);
		world_offsets(w, back);
		stage_publish(&w->s);
		if (back)
			clock_manual_advance_ms(&w->s.clock, 1000);
	}
}

static inline void world_fini(struct brokers_world *w)
{
	stage_fini(&w->s);
}

#endif
