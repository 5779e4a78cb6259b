/*
 * The image as the shortest log that leads to it: features, brokers, topics each followed by its
 * partitions, configs, producer ids.
 */
#include "meta/image_impl.h"

#define REGISTER_VERSION  3 /* with log directories */
#define PARTITION_VERSION 1 /* with directories */

static void *record(
	struct arena *a, struct meta_records *out, const struct msg_desc *d, int16_t version)
{
	struct metarec r = {.desc = d, .version = version, .body = arena_alloc(a, d->body->size)};

	if (!r.body)
		return NULL;
	msg_init(d, r.body);
	vec_push(&out->list, r);
	return r.body;
}

#define RECORD(a, out, t, version) ((struct t *)record((a), (out), &t##_desc, (version)))

static bool put_broker(const struct image_broker *b, struct arena *a, struct meta_records *out)
{
	struct register_broker_record *r = RECORD(a, out, register_broker_record, REGISTER_VERSION);

	if (!r)
		return false;
	r->broker_id = b->id;
	r->incarnation_id = b->incarnation;
	r->broker_epoch = b->epoch;
	r->rack = b->rack;
	r->fenced = b->fenced;
	r->in_controlled_shutdown = b->in_controlled_shutdown;
	r->log_dirs = b->dirs;
	r->n_log_dirs = b->n_dirs;
	r->n_end_points = b->n_endpoints;
	r->end_points = MSG_NEW(a, register_broker_record_end_points, (size_t)b->n_endpoints);
	r->n_features = b->n_features;
	r->features = MSG_NEW(a, register_broker_record_features, (size_t)b->n_features);
	if (!r->end_points || !r->features)
		return false;
	for (int32_t i = 0; i < b->n_endpoints; i++) {
		r->end_points[i].name = b->endpoints[i].name;
		r->end_points[i].host = b->endpoints[i].host;
		r->end_points[i].port = b->endpoints[i].port;
		r->end_points[i].security_protocol = b->endpoints[i].protocol;
	}
	for (int32_t i = 0; i < b->n_features; i++) {
		r->features[i].name = b->features[i].name;
		r->features[i].min_supported_version = b->features[i].min;
		r->features[i].max_supported_version = b->features[i].max;
	}
	return true;
}

static bool put_partition(
	const struct image_topic *t, int32_t index, struct arena *a, struct meta_records *out)
{
	const struct image_partition *p = &t->partitions[index];
	struct partition_record *r = RECORD(a, out, partition_record, PARTITION_VERSION);

	if (!r)
		return false;
	r->partition_id = index;
	r->topic_id = t->id;
	r->replicas = p->replicas.v;
	r->n_replicas = p->replicas.n;
	r->isr = p->isr.v;
	r->n_isr = p->isr.n;
	r->removing_replicas = p->removing.v;
	r->n_removing_replicas = p->removing.n;
	r->adding_replicas = p->adding.v;
	r->n_adding_replicas = p->adding.n;
	r->directories = p->dirs;
	r->n_directories = p->dirs ? p->replicas.n : 0;
	r->leader = p->leader;
	r->leader_epoch = p->leader_epoch;
	r->partition_epoch = p->partition_epoch;
	r->leader_recovery_state = p->recovery;
	return true;
}

static bool put_topic(const struct image_topic *t, struct arena *a, struct meta_records *out)
{
	struct topic_record *r = RECORD(a, out, topic_record, 0);

	if (!r)
		return false;
	r->name = t->name;
	r->topic_id = t->id;
	for (int32_t i = 0; i < t->n_partitions; i++)
		if (!put_partition(t, i, a, out))
			return false;
	return true;
}

static bool put_config(const struct image_config *c, struct arena *a, struct meta_records *out)
{
	vec_foreach (e, &c->entries) {
		struct config_record *r = RECORD(a, out, config_record, 0);

		if (!r)
			return false;
		r->resource_type = c->type;
		r->resource_name = c->name;
		r->name = e->key;
		r->value = e->value;
	}
	return true;
}

static bool put_feature(
	const struct image_feature_level *f, struct arena *a, struct meta_records *out)
{
	struct feature_level_record *r = RECORD(a, out, feature_level_record, 0);

	if (!r)
		return false;
	r->name = f->name;
	r->feature_level = f->level;
	return true;
}

/* Who took the last block is not kept: the record names nobody. */
static bool put_producer_ids(int64_t next, struct arena *a, struct meta_records *out)
{
	struct producer_ids_record *r = RECORD(a, out, producer_ids_record, 0);

	if (!r)
		return false;
	r->broker_id = -1;
	r->next_producer_id = next;
	return true;
}

static bool put_all(const struct image *img, struct arena *a, struct meta_records *out)
{
	vec_foreach (f, &img->features)
		if (!put_feature(f, a, out))
			return false;
	vec_foreach (b, &img->brokers)
		if (!put_broker(*b, a, out))
			return false;
	vec_foreach (t, &img->topics)
		if (!put_topic(*t, a, out))
			return false;
	vec_foreach (c, &img->configs)
		if (!put_config(*c, a, out))
			return false;
	return img->next_producer_id == 0 || put_producer_ids(img->next_producer_id, a, out);
}

bool image_to_records(const struct image *img, struct arena *a, struct meta_records *out)
{
	size_t before = out->list.n;

	vec_reserve(&out->list, before + img->topics.n + (size_t)img->n_partitions);
	if (put_all(img, a, out))
		return true;
	out->list.n = before;
	return false;
}
