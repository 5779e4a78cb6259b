/* Committed offsets: the table of a group, and what is forgotten when. */
#include "group/impl.h"

#include "group/commit.h"

/* ---- the table ---------------------------------------------------------------------------- */

/* One key for (topic, partition), until the next one is made. */
static struct slice key_of(const struct group *g, struct str topic, int32_t partition)
{
	struct buf *mem = &g->c->key;

	buf_clear(mem);
	buf_put_be32(mem, (uint32_t)partition);
	buf_put_str(mem, topic);
	return buf_slice(mem);
}

struct committed *offset_find(const struct group *g, struct str topic, int32_t partition)
{
	return map_get(&g->offset_of, key_of(g, topic, partition));
}

static struct committed *offset_new(struct group *g, struct str topic, int32_t partition)
{
	struct committed *o = ALLOC(struct committed);

	o->topic = own_str(topic);
	o->partition = partition;
	list_push_back(&g->offsets, &o->node);
	map_put(&g->offset_of, key_of(g, topic, partition), o);
	g->n_offsets++;
	return o;
}

void offset_put(
	struct group *g, struct str topic, int32_t partition, const struct offset_commit_value *v)
{
	struct committed *o = offset_find(g, topic, partition);

	if (!o)
		o = offset_new(g, topic, partition);
	free((char *)o->metadata.p);
	o->metadata = own_str(v->metadata);
	o->offset = v->offset;
	o->leader_epoch = v->leader_epoch;
	o->commit_ms = v->commit_timestamp;
	o->expire_ms = v->expire_timestamp;
}

void offset_remove(struct group *g, struct committed *o)
{
	map_del(&g->offset_of, key_of(g, o->topic, o->partition));
	list_remove(&o->node);
	g->n_offsets--;
	free((char *)o->topic.p);
	free((char *)o->metadata.p);
	free(o);
}

void offsets_forget_all(struct group *g, struct entries *e)
{
	list_foreach (n, &g->offsets) {
		const struct committed *o = CONTAINER_OF(n, struct committed, node);

		entries_forget_offset(e, g, o->topic, o->partition);
	}
	list_foreach (n, &g->commits) {
		const struct commit *x = CONTAINER_OF(n, struct commit, node);

		for (size_t i = 0; i < x->n_rows; i++)
			entries_forget_offset(e, g, x->rows[i].topic, x->rows[i].partition);
	}
}

/* ---- forgetting --------------------------------------------------------------------------- */

/* Commits of the offset that are under way: what they bring is forgotten, too. */
static bool forget_commits(struct group *g, struct str topic, int32_t partition)
{
	bool any = false;

	list_foreach (n, &g->commits) {
		struct commit *x = CONTAINER_OF(n, struct commit, node);

		for (size_t i = 0; i < x->n_rows; i++)
			if (x->rows[i].partition == partition && str_eq(x->rows[i].topic, topic))
				any = x->rows[i].forgotten = true;
	}
	return any;
}

void offset_forget(struct group *g, struct str topic, int32_t partition, struct entries *e)
{
	struct committed *o = offset_find(g, topic, partition);
	bool coming = forget_commits(g, topic, partition);

	if (o || coming)
		entries_forget_offset(e, g, topic, partition);
	if (o)
		offset_remove(g, o);
}

/* A group without members and offsets is no more; sends what e has in any case. */
static void settle(struct group *g, struct entries *e)
{
	bool over = group_is(g, GROUP_EMPTY) && g->n_offsets == 0 && list_empty(&g->pending) &&
		    list_empty(&g->commits);

	if (over && (g->generation > 0 || e->v.n))
		entries_forget_group(e, g->id);
	if (e->v.n)
		entries_append(e, g, NULL);
	if (over)
		group_forget(g, KERR_UNKNOWN_MEMBER_ID);
}

/* Since when nobody has needed this offset, in wall time; INT64_MAX: it is needed. */
static int64_t unused_since(const struct group *g, const struct committed *o)
{
	if (str_is_null(g->protocol_type))
		return o->commit_ms;
	if (group_is(g, GROUP_EMPTY))
		return g->state_since_ms >= 0 ? max_i64(g->state_since_ms, o->commit_ms)
					      : o->commit_ms;
	if (group_is(g, GROUP_STABLE) && str_eqz(g->protocol_type, "consumer") &&
		!group_reads(g, o->topic))
		return o->commit_ms;
	return INT64_MAX;
}

static bool expired(const struct group *g, const struct committed *o, int64_t now)
{
	int64_t since;

	list_foreach (n, &g->commits)
		if (commit_touches(CONTAINER_OF(n, struct commit, node), o->topic, o->partition))
			return false;
	since = unused_since(g, o);
	if (since == INT64_MAX)
		return false;
	return o->expire_ms >= 0 ? now >= o->expire_ms : now - since >= g->c->set->retention_ms;
}

/* What one group forgets, as records in e. True: it may be over now. */
typedef bool forget_fn(struct group *g, const void *arg, struct entries *e);

static void forget_everywhere(struct coordinator *c, forget_fn *forget, const void *arg)
{
	void *value;

	for (size_t i = 0; map_next(&c->groups, &i, NULL, &value);) {
		struct group *g = value;
		struct entries e;

		if (c->shards[g->partition] != SHARD_HERE)
			continue;
		entries_init(&e);
		if (forget(g, arg, &e))
			settle(g, &e);
		entries_fini(&e);
	}
}

static bool forget_old(struct group *g, const void *now, struct entries *e)
{
	list_foreach (n, &g->offsets) {
		struct committed *o = CONTAINER_OF(n, struct committed, node);

		if (expired(g, o, *(const int64_t *)now))
			offset_forget(g, o->topic, o->partition, e);
	}
	return true;
}

void offsets_expire(struct coordinator *c)
{
	int64_t now = wall(c);

	forget_everywhere(c, forget_old, &now);
}

/* The partitions of the topic that the group has, or will have, offsets of. */
static bool forget_topic(struct group *g, const void *arg, struct entries *e)
{
	struct str topic = *(const struct str *)arg;

	list_foreach (n, &g->offsets) {
		const struct committed *o = CONTAINER_OF(n, struct committed, node);

		if (str_eq(o->topic, topic))
			offset_forget(g, topic, o->partition, e);
	}
	list_foreach (n, &g->commits) {
		const struct commit *x = CONTAINER_OF(n, struct commit, node);

		for (size_t i = 0; i < x->n_rows; i++)
			if (!x->rows[i].forgotten && str_eq(x->rows[i].topic, topic))
				offset_forget(g, topic, x->rows[i].partition, e);
	}
	return e->v.n > 0;
}

void coordinator_topic_deleted(struct coordinator *c, struct str topic)
{
	forget_everywhere(c, forget_topic, &topic);
}
