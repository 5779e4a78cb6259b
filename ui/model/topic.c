/* Topics: memory, copies and look-ups. */
#include "model/impl.h"

#include "base/xalloc.h"
#include <math.h>

struct topic *topic_new(struct str name, int32_t n_partitions, size_t n_replicas)
{
	struct topic *t = xcalloc(1, sizeof(*t) + name.n + 1);

	memcpy(t->name_z, name.p ? name.p : "", name.n);
	t->name = (struct str){t->name_z, name.n};
	t->refs = 1;
	t->n_partitions = n_partitions;
	t->own = xcalloc((size_t)n_partitions + 1, sizeof(*t->own));
	t->own_replicas = xcalloc(n_replicas + 1, sizeof(*t->own_replicas));
	t->partitions = t->own;
	t->records = t->size = t->size_all = -1;
	t->in_records = t->in_bytes = (double)NAN;
	t->min_isr = -1;
	t->retention_ms = t->retention_bytes = -2;
	t->offsets.at_ms = t->replicas.at_ms = t->config.at_ms = -1;
	return t;
}

static size_t count_replicas(const struct topic *t)
{
	size_t n = 0;

	for (int32_t i = 0; i < t->n_partitions; i++)
		n += t->partitions[i].n_replicas;
	return n;
}

struct topic *topic_copy(const struct topic *t)
{
	size_t n_replicas = count_replicas(t);
	struct topic *c = xmalloc(sizeof(*c) + t->name.n + 1);

	memcpy(c, t, sizeof(*c) + t->name.n + 1);
	c->name.p = c->name_z;
	c->refs = 1;
	c->own = xcalloc((size_t)t->n_partitions + 1, sizeof(*c->own));
	memcpy(c->own, t->own, (size_t)t->n_partitions * sizeof(*c->own));
	c->own_replicas = xcalloc(n_replicas + 1, sizeof(*c->own_replicas));
	memcpy(c->own_replicas, t->own_replicas, n_replicas * sizeof(*c->own_replicas));
	for (int32_t i = 0; i < c->n_partitions; i++)
		c->own[i].replicas = c->own_replicas + (t->own[i].replicas - t->own_replicas);
	c->partitions = c->own;
	if (c->shared)
		c->shared->refs++;
	return c;
}

struct replica *topic_replicas_of(struct topic *t, const struct partition *p)
{
	return t->own_replicas + (p->replicas - t->own_replicas);
}

void topic_configs_unref(struct topic_configs *c)
{
	if (c && --c->refs == 0)
		free(c);
}

const struct topic *topic_ref(const struct topic *t)
{
	((struct topic *)(uintptr_t)t)->refs++;
	return t;
}

void topic_unref(const struct topic *t)
{
	struct topic *own = (struct topic *)(uintptr_t)t;

	if (!own || --own->refs > 0)
		return;
	topic_configs_unref(own->shared);
	free(own->own);
	free(own->own_replicas);
	free(own);
}

const struct partition *topic_partition(const struct topic *t, int32_t index)
{
	int32_t lo = 0, hi = t->n_partitions;

	/* Nearly always partition i is at place i. */
	if (index >= 0 && index < hi && t->partitions[index].index == index)
		return &t->partitions[index];
	while (lo < hi) {
		int32_t mid = lo + (hi - lo) / 2;

		if (t->partitions[mid].index < index)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->n_partitions && t->partitions[lo].index == index ? &t->partitions[lo] : NULL;
}

const struct topic_config *topic_config_find(const struct topic *t, const char *name)
{
	for (size_t i = 0; i < t->n_configs; i++)
		if (strcmp(t->configs[i].name, name) == 0)
			return &t->configs[i];
	return NULL;
}

const struct replica *partition_replica(const struct partition *p, int32_t broker)
{
	for (uint16_t i = 0; i < p->n_replicas; i++)
		if (p->replicas[i].broker == broker)
			return &p->replicas[i];
	return NULL;
}

int32_t partition_preferred(const struct partition *p)
{
	return p->n_replicas ? p->replicas[0].broker : -1;
}

int64_t partition_leo(const struct partition *p)
{
	const struct replica *r = partition_replica(p, p->leader);

	/* The leader's end may be older than the high watermark; it is never below. */
	return r && r->end >= 0 ? max_i64(r->end, p->hw) : p->hw;
}

int64_t replica_behind(const struct partition *p, const struct replica *r)
{
	const struct replica *leader = partition_replica(p, p->leader);
	/* Of the same question as the replica's own end, which the high watermark may be ahead of.
	 */
	int64_t leo = leader && leader->end >= 0 ? leader->end : p->hw;

	if (r->broker == p->leader)
		return 0;
	if (r->end < 0 || leo < 0)
		return -1;
	return max_i64(0, leo - r->end);
}

static void put_id(struct buf *out, bool *first, int32_t id)
{
	buf_printf(out, "%s%d", *first ? "" : ",", id);
	*first = false;
}

/* The one with the lowest id above `after`. */
static const struct replica *next_in_sync(const struct partition *p, int64_t after)
{
	const struct replica *found = NULL;

	for (uint16_t i = 0; i < p->n_replicas; i++) {
		const struct replica *r = &p->replicas[i];

		if (r->in_sync && r->broker > after && (!found || r->broker < found->broker))
			found = r;
	}
	return found;
}

void partition_put_isr(struct buf *out, const struct partition *p)
{
	const struct replica *r;
	int64_t after = -1;
	bool first = true;

	for (; (r = next_in_sync(p, after)); after = r->broker)
		put_id(out, &first, r->broker);
}

void partition_put_replicas(struct buf *out, const struct partition *p)
{
	bool first = true;

	for (uint16_t i = 0; i < p->n_replicas; i++)
		put_id(out, &first, p->replicas[i].broker);
}

const char *config_source_name(uint8_t source)
{
	static const char *const names[] = {"unknown", "topic", "broker", "all brokers",
		"broker's file", "default", "broker's logger"};

	return source < ARRAY_LEN(names) ? names[source] : names[0];
}
