/* A broker, topics and groups for the tests of groups: what a source would feed. */
#ifndef TESTS_LAG_WORLD_H
#define TESTS_LAG_WORLD_H

#include "model/group_feed.h"
#include "wire/msg.h"

/* Topics t-00000 … of `partitions` each, led by broker 1; groups are the test's. */
struct lag_world {
	struct model *m;
	int32_t topics, partitions;
	uint8_t id;      /* of the topics */
	bool leaderless; /* partition 0 of each */
	char name[32];
	struct feed_partition parts[16];
};

static const int32_t lag_replica[] = {1};

static inline void lag_give(void *arg, size_t i, struct feed_topic *out)
{
	struct lag_world *w = arg;

	snprintf(w->name, sizeof(w->name), "t-%05zu", i);
	for (int32_t k = 0; k < w->partitions; k++)
		w->parts[k] = (struct feed_partition){.index = k,
			.leader = w->leaderless && k == 0 ? -1 : 1,
			.replicas = lag_replica,
			.n_replicas = 1,
			.isr = lag_replica,
			.n_isr = 1};
	*out = (struct feed_topic){
		.name = str_of(w->name), .partitions = w->parts, .n_partitions = w->partitions};
	out->id.b[0] = w->id;
}

static inline void lag_metadata(struct lag_world *w, int64_t now)
{
	const struct feed_broker broker = {1, STR_LIT("one"), 9092, STR_NULL};

	feed_metadata(w->m, now,
		&(struct feed_metadata){.cluster_id = STR_LIT("abc"),
			.controller = 1,
			.brokers = &broker,
			.n_brokers = 1,
			.n_topics = (size_t)w->topics,
			.topic = lag_give,
			.arg = w,
			.interval_ms = 5000});
}

static inline void lag_world_init(struct lag_world *w, int32_t topics, int32_t partitions)
{
	*w = (struct lag_world){
		.m = model_new(), .topics = topics, .partitions = partitions, .id = 1};
	lag_metadata(w, 0);
	feed_broker_state(w->m, 0, 1, BROKER_UP, -1, NULL);
}

static inline void lag_list(struct lag_world *w, int64_t now, const char *group, const char *state)
{
	feed_groups_begin(w->m, 1);
	if (group)
		feed_group_listed(w->m, now, 1, str_of(group), str_of(state), STR_LIT("consumer"),
			STR_LIT("classic"));
	feed_groups_end(w->m, now, 1, 1000);
}

/* Partitions [first, first + n) of t-00000 as a member's assignment. */
static inline struct slice lag_assign(struct buf *out, int32_t first, int32_t n)
{
	int32_t v[16];
	struct consumer_protocol_assignment_assigned_partitions t = {
		.topic = STR_LIT("t-00000"), .partitions = v, .n_partitions = n};
	struct consumer_protocol_assignment a;

	for (int32_t i = 0; i < n; i++)
		v[i] = first + i;
	msg_init(&consumer_protocol_assignment_desc, &a);
	a.assigned_partitions = &t;
	a.n_assigned_partitions = n ? 1 : 0;
	buf_clear(out);
	buf_put_be16(out, 1);
	assert_int_equal(msg_encode_buf(&consumer_protocol_assignment_desc, 1, &a, out), 0);
	return buf_slice(out);
}

static inline struct slice lag_subscribe(struct buf *out, const char *topic)
{
	struct str name = str_of(topic);
	struct consumer_protocol_subscription s;

	msg_init(&consumer_protocol_subscription_desc, &s);
	s.topics = &name;
	s.n_topics = 1;
	buf_clear(out);
	buf_put_be16(out, 0);
	assert_int_equal(msg_encode_buf(&consumer_protocol_subscription_desc, 0, &s, out), 0);
	return buf_slice(out);
}

/* n members c-0 …, one partition each from p0 on while there are `given`. */
static inline void lag_describe(struct lag_world *w, int64_t now, const char *group,
	const char *state, int32_t n, int32_t given, int32_t generation)
{
	struct feed_member v[8] = {0};
	struct buf as[8] = {0}, sub = BUF_EMPTY;
	char names[8][16];

	lag_subscribe(&sub, "t-00000");
	for (int32_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(names[i]), "c-%d", i);
		v[i] = (struct feed_member){.id = str_of(names[i]),
			.client = str_of(names[i]),
			.host = STR_LIT("/10.0.0.1"),
			.subscription = buf_slice(&sub),
			.assignment = lag_assign(&as[i], i, i < given ? 1 : 0)};
	}
	feed_group(w->m, now,
		&(struct feed_group){.name = str_of(group),
			.state = str_of(state),
			.type = STR_LIT("consumer"),
			.assignor = STR_LIT("range"),
			.coordinator = 1,
			.generation = generation,
			.members = v,
			.n_members = (size_t)n,
			.interval_ms = 1000});
	for (int32_t i = 0; i < n; i++)
		buf_fini(&as[i]);
	buf_fini(&sub);
}

static inline void lag_commit(struct lag_world *w, int64_t now, const char *group,
	const char *topic, int32_t partition, int64_t offset)
{
	feed_commits_begin(w->m, str_of(group));
	feed_commit(w->m, now, str_of(group), str_of(topic), partition, offset, 0, STR_NULL, 0);
	feed_commits_end(w->m, now, str_of(group), false, 1000);
}

static inline void lag_end(struct lag_world *w, int64_t now, const char *topic, int32_t partition,
	int64_t start, int64_t end)
{
	feed_offset(w->m, now, str_of(topic), partition, FEED_START, -1, start, 0);
	feed_offset(w->m, now, str_of(topic), partition, FEED_END, -1, end, 0);
}

static inline const struct group *lag_group(const struct lag_world *w, const char *name)
{
	const struct group *g = cluster_group(model_cluster(w->m), str_of(name));

	assert_non_null(g);
	return g;
}

#endif
