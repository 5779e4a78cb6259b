/* The coordinator's table of groups and partitions, its clockwork, and how a group comes and goes.
 */
#include "group/impl.h"

#include "base/log.h"
#include "base/utf8.h"

#include <assert.h>

/* ---- time --------------------------------------------------------------------------------- */

void timer_set(struct coordinator *c, struct group_timer *t, int64_t delay_ms,
	void (*fire)(struct coordinator *, struct group_timer *))
{
	heap_remove(&c->timers, &t->node);
	t->fire = fire;
	heap_insert(&c->timers, &t->node, mono(c) + delay_ms);
}

void timer_stop(struct coordinator *c, struct group_timer *t)
{
	heap_remove(&c->timers, &t->node);
}

void coordinator_run(struct coordinator *c)
{
	int64_t now = mono(c);
	struct heap_node *n;

	while ((n = heap_min(&c->timers)) && n->key <= now) {
		struct group_timer *t = CONTAINER_OF(n, struct group_timer, node);

		heap_remove(&c->timers, n);
		t->fire(c, t);
	}
}

int64_t coordinator_next(const struct coordinator *c)
{
	const struct heap_node *n = heap_min(&c->timers);

	return n ? n->key : INT64_MAX;
}

static void on_expiry(struct coordinator *c, struct group_timer *t)
{
	offsets_expire(c);
	timer_set(c, t, c->set->expire_every_ms, on_expiry);
}

/* ---- partitions --------------------------------------------------------------------------- */

/* Bytes that are no UTF-8 become the replacement character in Java. */
static uint32_t next_char(const uint8_t **p, const uint8_t *end)
{
	uint32_t cp;
	size_t n = utf8_decode(*p, end, &cp);

	*p += n ? n : 1;
	return n ? cp : 0xfffd;
}

size_t java_length(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n;
	size_t n = 0;

	while (p < end)
		n += next_char(&p, end) > 0xffff ? 2 : 1;
	return n;
}

/* String.hashCode over the UTF-16 units that Java would have. */
static int32_t java_hash(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p, *end = p + s.n;
	uint32_t h = 0;

	while (p < end) {
		uint32_t cp = next_char(&p, end);

		if (cp > 0xffff) {
			h = 31 * h + (0xd800 + ((cp - 0x10000) >> 10));
			cp = 0xdc00 + ((cp - 0x10000) & 0x3ff);
		}
		h = 31 * h + cp;
	}
	return (int32_t)h;
}

int32_t coordinator_partition(const struct coordinator *c, struct str group)
{
	int32_t h = java_hash(group);

	return h == INT32_MIN ? 0 : (h < 0 ? -h : h) % c->n_partitions;
}

int16_t coordinator_check(const struct coordinator *c, struct str group)
{
	switch (c->shards[coordinator_partition(c, group)]) {
	case SHARD_HERE:
		return KERR_NONE;
	case SHARD_LOADING:
		return KERR_COORDINATOR_LOAD_IN_PROGRESS;
	default:
		return KERR_NOT_COORDINATOR;
	}
}

int16_t coordinator_check_named(const struct coordinator *c, struct str group)
{
	return group.n == 0 ? KERR_INVALID_GROUP_ID : coordinator_check(c, group);
}

/* ---- groups ------------------------------------------------------------------------------- */

static const uint8_t moves[][5] = {
	[GROUP_EMPTY] = {[GROUP_PREPARING] = 1, [GROUP_STABLE] = 1, [GROUP_DEAD] = 1},
	[GROUP_PREPARING] = {[GROUP_COMPLETING] = 1, [GROUP_EMPTY] = 1, [GROUP_DEAD] = 1},
	[GROUP_COMPLETING] = {[GROUP_STABLE] = 1, [GROUP_PREPARING] = 1, [GROUP_DEAD] = 1},
	[GROUP_STABLE] = {[GROUP_PREPARING] = 1, [GROUP_DEAD] = 1},
	[GROUP_DEAD] = {0},
};

static const char *const state_names[] = {
	[GROUP_EMPTY] = "Empty",
	[GROUP_PREPARING] = "PreparingRebalance",
	[GROUP_COMPLETING] = "CompletingRebalance",
	[GROUP_STABLE] = "Stable",
	[GROUP_DEAD] = "Dead",
};

const char *group_state_name(enum group_state s)
{
	return state_names[s];
}

/* A rebalance that begins anew before its assignment is there is one pause. */
static void time_pause(struct group *g)
{
	const struct group_log *log = g->c->log;
	int64_t began = g->paused_ms;

	if (group_is(g, GROUP_PREPARING) && began < 0)
		g->paused_ms = mono(g->c);
	if (began < 0 || group_is(g, GROUP_PREPARING) || group_is(g, GROUP_COMPLETING))
		return;
	g->paused_ms = -1;
	if (log->rebalanced && !group_is(g, GROUP_DEAD))
		log->rebalanced(log->arg, g->id, g->generation, g->n_members,
			group_state_name(g->state), mono(g->c) - began);
}

void group_move(struct group *g, enum group_state to)
{
	assert(moves[g->state][to]);
	log_debug("group %.*s: %s, generation %d, %d members, was %s", STR_ARG(g->id),
		state_names[to], g->generation, g->n_members, state_names[g->state]);
	g->state = to;
	g->state_since_ms = wall(g->c);
	time_pause(g);
}

struct group *group_find(const struct coordinator *c, struct str id)
{
	return map_gets(&c->groups, id);
}

struct group *group_new(struct coordinator *c, struct str id)
{
	struct group *g = ALLOC(struct group);

	g->c = c;
	g->id = own_str(id);
	g->partition = coordinator_partition(c, id);
	g->state_since_ms = wall(c);
	g->paused_ms = -1;
	g->refs = 1;
	g->initial_left_ms = -1;
	list_init(&g->members);
	list_init(&g->pending);
	list_init(&g->offsets);
	list_init(&g->commits);
	map_init(&g->by_id);
	map_init(&g->by_instance);
	map_init(&g->offset_of);
	map_init(&g->pending_by_id);
	map_init(&g->supporters);
	map_puts(&c->groups, g->id, g);
	return g;
}

struct group *group_get(struct group *g)
{
	g->refs++;
	return g;
}

void group_put(struct group *g)
{
	if (--g->refs)
		return;
	assert(list_empty(&g->members) && list_empty(&g->pending));
	map_fini(&g->by_id);
	map_fini(&g->by_instance);
	map_fini(&g->offset_of);
	map_fini(&g->pending_by_id);
	map_fini(&g->supporters);
	free((char *)g->id.p);
	free((char *)g->protocol_type.p);
	free((char *)g->protocol.p);
	free(g);
}

void group_forget(struct group *g, int16_t error)
{
	struct coordinator *c = g->c;

	group_move(g, GROUP_DEAD);
	timer_stop(c, &g->join_timer);
	timer_stop(c, &g->sync_timer);
	list_foreach (n, &g->members)
		member_remove(CONTAINER_OF(n, struct member, node), error);
	list_foreach (n, &g->pending)
		pending_remove(CONTAINER_OF(n, struct pending, node));
	list_foreach (n, &g->offsets)
		offset_remove(g, CONTAINER_OF(n, struct committed, node));
	map_dels(&c->groups, g->id);
	group_put(g);
}

void group_drop_unused(struct group *g)
{
	if (group_is(g, GROUP_EMPTY) && g->generation == 0 && list_empty(&g->pending) &&
		g->n_offsets == 0 && list_empty(&g->commits))
		group_forget(g, KERR_UNKNOWN_MEMBER_ID);
}

int16_t offset_write_error(int16_t log)
{
	switch (log) {
	case KERR_NONE:
		return KERR_NONE;
	case KERR_UNKNOWN_TOPIC_OR_PARTITION:
	case KERR_NOT_ENOUGH_REPLICAS:
	case KERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
	case KERR_REQUEST_TIMED_OUT:
		return KERR_COORDINATOR_NOT_AVAILABLE;
	case KERR_NOT_LEADER_OR_FOLLOWER:
	case KERR_KAFKA_STORAGE_ERROR:
		return KERR_NOT_COORDINATOR;
	case KERR_MESSAGE_TOO_LARGE:
	case KERR_RECORD_LIST_TOO_LARGE:
	case KERR_INVALID_FETCH_SIZE:
		return KERR_INVALID_COMMIT_OFFSET_SIZE;
	default:
		return log;
	}
}

int16_t group_write_error(int16_t log)
{
	int16_t error = offset_write_error(log);

	return error == KERR_INVALID_COMMIT_OFFSET_SIZE ? KERR_UNKNOWN_SERVER_ERROR : error;
}

/* ---- coming and going --------------------------------------------------------------------- */

struct coordinator *coordinator_new(const struct group_settings *set, const struct clock *clock,
	const struct group_log *log, uint64_t seed)
{
	struct coordinator *c = ALLOC(struct coordinator);

	assert(set->n_partitions > 0);
	c->set = set;
	c->clock = clock;
	c->log = log;
	rng_seed(&c->rng, seed);
	map_init(&c->groups);
	heap_init(&c->timers);
	list_init(&c->pending);
	c->n_partitions = set->n_partitions;
	c->shards = xcalloc((size_t)c->n_partitions, sizeof(*c->shards));
	timer_set(c, &c->expiry, set->expire_every_ms, on_expiry);
	return c;
}

void coordinator_free(struct coordinator *c)
{
	if (!c)
		return;
	for (int32_t i = 0; i < c->n_partitions; i++)
		coordinator_unload(c, i);
	map_fini(&c->groups);
	heap_fini(&c->timers);
	buf_fini(&c->key);
	free(c->shards);
	free(c);
}

void coordinator_resize(struct coordinator *c, int32_t n_partitions)
{
	assert(n_partitions > 0 && c->groups.n == 0);
	free(c->shards);
	c->n_partitions = n_partitions;
	c->shards = xcalloc((size_t)n_partitions, sizeof(*c->shards));
}

void coordinator_unload(struct coordinator *c, int32_t partition)
{
	void *value;

	if (c->shards[partition] == SHARD_ELSEWHERE)
		return;
	for (size_t i = 0; map_next(&c->groups, &i, NULL, &value);) {
		struct group *g = value;

		if (g->partition == partition)
			group_forget(g, KERR_NOT_COORDINATOR);
	}
	c->shards[partition] = SHARD_ELSEWHERE;
}
