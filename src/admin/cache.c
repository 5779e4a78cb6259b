/* What Metadata told. A topic is one piece of memory, replaced as a whole. */
#include "admin/admin_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

const struct admin_metadata *admin_metadata(const struct admin *a)
{
	return &a->cache.pub;
}

static int topic_cmp(const void *a, const void *b)
{
	return str_cmp((*(const struct admin_topic *const *)a)->name,
		(*(const struct admin_topic *const *)b)->name);
}

static int partition_cmp(const void *a, const void *b)
{
	const struct admin_partition *x = a, *y = b;
	return (x->index > y->index) - (x->index < y->index);
}

static int broker_cmp(const void *a, const void *b)
{
	const struct admin_broker *x = a, *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

static const struct admin_topic **topic_slot(const struct cache *c, struct str name)
{
	struct admin_topic key = {.name = name};
	const struct admin_topic *want = &key;

	return c->topics.n ? bsearch(&want, c->topics.v, c->topics.n, sizeof(want), topic_cmp)
			   : NULL;
}

const struct admin_topic *admin_topic_find(const struct admin *a, struct str name)
{
	const struct admin_topic **at = topic_slot(&a->cache, name);
	return at ? *at : NULL;
}

const struct admin_partition *admin_partition_find(const struct admin_topic *t, int32_t index)
{
	struct admin_partition want = {.index = index};

	return t->n_partitions ? bsearch(&want, t->partitions, (size_t)t->n_partitions,
					 sizeof(want), partition_cmp)
			       : NULL;
}

const struct admin_broker *admin_broker_find(const struct admin *a, int32_t id)
{
	struct admin_broker want = {.id = id};
	const struct cache *c = &a->cache;

	return c->brokers.n ? bsearch(&want, c->brokers.v, c->brokers.n, sizeof(want), broker_cmp)
			    : NULL;
}

static size_t ints(int32_t n)
{
	return n > 0 ? (size_t)n : 0;
}

static const int32_t *put_ints(int32_t **to, const int32_t *from, int32_t n)
{
	const int32_t *at = *to;

	if (n > 0)
		memcpy(*to, from, (size_t)n * sizeof(*from));
	*to += ints(n);
	return at;
}

/* What is to be kept of one partition: a broker that lags behind may tell of an older leader than
 * one before it did (KIP-320); then the newer stays. */
static struct admin_partition view(
	const struct metadata_response_partitions *p, const struct admin_topic *old)
{
	struct admin_partition v = {
		.index = p->partition_index,
		.error = p->error_code,
		.leader = p->leader_id,
		.leader_epoch = p->leader_epoch,
		.replicas = p->replica_nodes,
		.isr = p->isr_nodes,
		.offline = p->offline_replicas,
		.n_replicas = (int32_t)ints(p->n_replica_nodes),
		.n_isr = (int32_t)ints(p->n_isr_nodes),
		.n_offline = (int32_t)ints(p->n_offline_replicas),
	};
	const struct admin_partition *o = old ? admin_partition_find(old, v.index) : NULL;

	return o && v.leader_epoch >= 0 && v.leader_epoch < o->leader_epoch ? *o : v;
}

static struct admin_topic *topic_new(
	const struct metadata_response_topics *r, const struct admin_topic *old)
{
	size_t n = ints(r->n_partitions), n_ints = 0;
	struct admin_partition *parts;
	struct admin_topic *t;
	int32_t *at;
	char *name;

	if (old && !(uuid_eq(&old->id, &r->topic_id) && !uuid_is_zero(&old->id)))
		old = NULL;
	for (size_t i = 0; i < n; i++) {
		struct admin_partition v = view(&r->partitions[i], old);
		n_ints += ints(v.n_replicas) + ints(v.n_isr) + ints(v.n_offline);
	}
	t = xcalloc(1, sizeof(*t) + n * sizeof(*parts) + n_ints * sizeof(*at) + r->name.n + 1);
	parts = (struct admin_partition *)(t + 1);
	at = (int32_t *)(parts + n);
	name = (char *)(at + n_ints);
	for (size_t i = 0; i < n; i++) {
		struct admin_partition v = view(&r->partitions[i], old);
		v.replicas = put_ints(&at, v.replicas, v.n_replicas);
		v.isr = put_ints(&at, v.isr, v.n_isr);
		v.offline = put_ints(&at, v.offline, v.n_offline);
		parts[i] = v;
	}
	qsort(parts, n, sizeof(*parts), partition_cmp);
	memcpy(name, r->name.p, r->name.n); /* with xcalloc's NUL behind it */
	*t = (struct admin_topic){
		.name = {name, r->name.n},
		.id = r->topic_id,
		.internal = r->is_internal,
		.error = r->error_code,
		.partitions = parts,
		.n_partitions = (int32_t)n,
	};
	return t;
}

static void topic_free(const struct admin_topic *t)
{
	free((void *)(uintptr_t)t);
}

static void brokers_free(struct cache *c)
{
	vec_foreach (b, &c->brokers) {
		free((void *)(uintptr_t)b->host);
		free((void *)(uintptr_t)b->rack);
	}
	vec_clear(&c->brokers);
}

static void take_brokers(struct cache *c, const struct metadata_response *r)
{
	brokers_free(c);
	for (int32_t i = 0; i < r->n_brokers; i++) {
		const struct metadata_response_brokers *b = &r->brokers[i];
		if (!b->host.n || b->port < 1 || b->port > 65535 || b->node_id < 0)
			continue;
		vec_push(&c->brokers, ((struct admin_broker){b->node_id, str_dup(b->host), b->port,
					      str_dup(b->rack)}));
	}
	vec_sort(&c->brokers, broker_cmp);
}

static bool is_gone(int16_t code)
{
	return code == KERR_UNKNOWN_TOPIC_OR_PARTITION || code == KERR_UNKNOWN_TOPIC_ID ||
	       code == KERR_INVALID_TOPIC_EXCEPTION;
}

/* All at once: the new list takes over from the old. */
static void take_all(struct cache *c, const struct metadata_response *r)
{
	__typeof__(c->topics) fresh = {0};

	vec_reserve(&fresh, ints(r->n_topics));
	for (int32_t i = 0; i < r->n_topics; i++) {
		const struct metadata_response_topics *t = &r->topics[i];
		const struct admin_topic **old;
		if (!t->name.p || is_gone(t->error_code))
			continue;
		old = topic_slot(c, t->name);
		vec_push(&fresh, topic_new(t, old ? *old : NULL));
	}
	vec_sort(&fresh, topic_cmp);
	vec_foreach (t, &c->topics)
		topic_free(*t);
	vec_fini(&c->topics);
	c->topics.v = fresh.v;
	c->topics.n = fresh.n;
	c->topics.cap = fresh.cap;
}

static void take_some(struct cache *c, const struct metadata_response *r)
{
	for (int32_t i = 0; i < r->n_topics; i++) {
		const struct metadata_response_topics *t = &r->topics[i];
		const struct admin_topic **at, *old;
		if (!t->name.p)
			continue;
		at = topic_slot(c, t->name);
		old = at ? *at : NULL;
		if (is_gone(t->error_code)) {
			if (at)
				vec_remove(&c->topics, (size_t)(at - c->topics.v));
		} else if (at) {
			*at = topic_new(t, old);
		} else {
			vec_push(&c->topics, topic_new(t, NULL));
			vec_sort(&c->topics, topic_cmp);
		}
		topic_free(old);
	}
}

void cache_update(struct admin *a, const struct metadata_response *r, bool full)
{
	struct cache *c = &a->cache;

	/* A broker that has just started knows nobody yet. */
	if (r->n_brokers > 0) {
		take_brokers(c, r);
		c->pub.controller = r->controller_id;
	}
	if (r->cluster_id.p) {
		free(c->cluster_id);
		c->cluster_id = str_dup(r->cluster_id);
	}
	if (full) {
		take_all(c, r);
		c->pub.full_at_ms = loop_now_ms(a->loop);
	} else {
		take_some(c, r);
	}
	c->pub.cluster_id = c->cluster_id;
	c->pub.brokers = c->brokers.v;
	c->pub.n_brokers = c->brokers.n;
	c->pub.topics = c->topics.v;
	c->pub.n_topics = c->topics.n;
	c->pub.generation++;
	nodes_update(a);
}

void cache_free(struct cache *c)
{
	brokers_free(c);
	vec_fini(&c->brokers);
	vec_foreach (t, &c->topics)
		topic_free(*t);
	vec_fini(&c->topics);
	free(c->cluster_id);
}
