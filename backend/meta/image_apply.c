/* What one record does to the image. Every record is checked before anything is changed. */

#include "base/err.h"
#include "meta/image_impl.h"
#include "meta/topic_name.h"

/* The topics' order is by name, the brokers' by id. */
static size_t topic_at(const struct image *img, struct str name)
{
	size_t lo = 0, hi = img->topics.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (str_cmp(img->topics.v[mid]->name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void replace_ids(struct meta_ids *ids, const int32_t *v, int32_t n)
{
	if (n < 0)
		return;
	free(ids->v);
	*ids = image_own_ids(v, n);
}

#define INSERT_AT(vec, at, value)                                   \
	do {                                                        \
		vec_push(vec, value);                               \
		memmove(&(vec)->v[(at) + 1], &(vec)->v[at],         \
			((vec)->n - 1 - (at)) * sizeof(*(vec)->v)); \
		(vec)->v[at] = value;                               \
	} while (0)

static int apply_topic(struct image *img, const struct topic_record *r, struct err *e)
{
	if (topic_name_check(r->name, e) < 0)
		return err_wrap(e, "topic record");
	if (image_topic(img, r->name) || image_topic_by_id(img, &r->topic_id))
		return err_set(e, ERR_EXISTS, "topic %.*s is there already", STR_ARG(r->name));

	struct image_topic *t = ALLOC(struct image_topic);
	size_t at = topic_at(img, r->name);

	t->name = image_own(r->name);
	t->id = r->topic_id;
	t->internal = topic_name_internal(t->name);
	INSERT_AT(&img->topics, at, t);
	map_puts(&img->topics_by_name, t->name, t);
	map_put(&img->topics_by_id, slice_of(&t->id, sizeof(t->id)), t);
	if (img->listener.topic_created)
		img->listener.topic_created(img->listener.arg, t);
	return 0;
}

static struct image_partition *add_partition(struct image *img, struct image_topic *t)
{
	if (t->n_partitions == t->cap_partitions) {
		t->cap_partitions = t->cap_partitions ? t->cap_partitions * 2 : 1;
		t->partitions = xreallocarray(
			t->partitions, (size_t)t->cap_partitions, sizeof(*t->partitions));
	}
	img->n_partitions++;
	return &t->partitions[t->n_partitions++];
}

static void partition_changed(struct image *img, const struct image_topic *t, int32_t index,
	const struct image_partition *before)
{
	if (img->listener.partition_changed)
		img->listener.partition_changed(img->listener.arg, t, index, before);
}

static int apply_partition(struct image *img, const struct partition_record *r, struct err *e)
{
	struct image_topic *t = image_topic_by_id(img, &r->topic_id);

	if (!t)
		return err_set(e, ERR_NOT_FOUND, "partition record of a topic that is not there");
	if (r->partition_id < 0 || r->partition_id > t->n_partitions || r->n_replicas <= 0)
		return err_set(e, ERR_INVALID, "partition %d of topic %.*s does not follow %d",
			r->partition_id, STR_ARG(t->name), t->n_partitions - 1);

	bool fresh = r->partition_id == t->n_partitions;
	struct image_partition *p = fresh ? add_partition(img, t) : &t->partitions[r->partition_id];
	struct image_partition before = *p;

	*p = (struct image_partition){
		.replicas = image_own_ids(r->replicas, r->n_replicas),
		.isr = image_own_ids(r->isr, r->n_isr),
		.removing = image_own_ids(r->removing_replicas, r->n_removing_replicas),
		.adding = image_own_ids(r->adding_replicas, r->n_adding_replicas),
		.dirs = r->n_directories == r->n_replicas
				? image_own_uuids(r->directories, r->n_directories)
				: NULL,
		.leader = r->leader,
		.leader_epoch = r->leader_epoch,
		.partition_epoch = r->partition_epoch,
		.recovery = r->leader_recovery_state,
	};
	partition_changed(img, t, r->partition_id, fresh ? NULL : &before);
	if (!fresh)
		image_partition_fini(&before);
	return 0;
}

static void change_replicas(struct image_partition *p, const struct partition_change_record *r)
{
	if (r->n_replicas > 0 || r->n_directories >= 0) {
		free(p->dirs);
		p->dirs = NULL;
	}
	if (r->n_replicas > 0)
		replace_ids(&p->replicas, r->replicas, r->n_replicas);
	if (r->n_directories == p->replicas.n)
		p->dirs = image_own_uuids(r->directories, r->n_directories);
}

/* A leader named in a change, even the same one, begins a new leader epoch. */
static int apply_change(struct image *img, const struct partition_change_record *r, struct err *e)
{
	struct image_topic *t = image_topic_by_id(img, &r->topic_id);

	if (!t || r->partition_id < 0 || r->partition_id >= t->n_partitions)
		return err_set(e, ERR_NOT_FOUND, "change of a partition that is not there");

	struct image_partition *p = &t->partitions[r->partition_id];
	struct image_partition before = image_partition_dup(p);

	change_replicas(p, r);
	replace_ids(&p->isr, r->isr, r->n_isr);
	replace_ids(&p->removing, r->removing_replicas, r->n_removing_replicas);
	replace_ids(&p->adding, r->adding_replicas, r->n_adding_replicas);
	if (r->leader != META_LEADER_KEEP) {
		p->leader = r->leader;
		p->leader_epoch++;
	}
	if (r->leader_recovery_state >= 0)
		p->recovery = r->leader_recovery_state;
	p->partition_epoch++;
	partition_changed(img, t, r->partition_id, &before);
	image_partition_fini(&before);
	return 0;
}

static void drop_config(struct image *img, size_t at)
{
	image_config_free(img->configs.v[at]);
	vec_remove(&img->configs, at);
}

static int apply_remove_topic(struct image *img, const struct remove_topic_record *r, struct err *e)
{
	struct image_topic *t = image_topic_by_id(img, &r->topic_id);

	if (!t)
		return err_set(e, ERR_NOT_FOUND, "removal of a topic that is not there");
	if (img->listener.topic_deleted)
		img->listener.topic_deleted(img->listener.arg, t);

	if (image_config(img, META_RESOURCE_TOPIC, t->name))
		drop_config(img, image_config_at(img, META_RESOURCE_TOPIC, t->name));
	vec_remove(&img->topics, topic_at(img, t->name));
	map_dels(&img->topics_by_name, t->name);
	map_del(&img->topics_by_id, slice_of(&t->id, sizeof(t->id)));
	img->n_partitions -= t->n_partitions;
	image_topic_free(t);
	return 0;
}

static size_t entry_at(const struct image_config *c, struct str key)
{
	size_t i = 0;

	while (i < c->entries.n && str_cmp(c->entries.v[i].key, key) < 0)
		i++;
	return i;
}

static void set_entry(struct image *img, size_t at, const struct config_record *r)
{
	struct image_config *c = img->configs.v[at];
	size_t i = entry_at(c, r->name);
	bool there = i < c->entries.n && str_eq(c->entries.v[i].key, r->name);

	if (there) {
		free((char *)c->entries.v[i].value.p);
		c->entries.v[i].value = image_own(r->value);
	} else if (!str_is_null(r->value)) {
		struct image_config_entry fresh = {image_own(r->name), image_own(r->value)};

		INSERT_AT(&c->entries, i, fresh);
	}
	if (there && str_is_null(r->value)) {
		free((char *)c->entries.v[i].key.p);
		vec_remove(&c->entries, i);
	}
	if (c->entries.n == 0)
		drop_config(img, at);
}

static int apply_config(struct image *img, const struct config_record *r, struct err *e)
{
	if (r->name.n == 0)
		return err_set(e, ERR_INVALID, "config record without a key");

	size_t at = image_config_at(img, r->resource_type, r->resource_name);

	if (!image_config(img, r->resource_type, r->resource_name)) {
		struct image_config *c = ALLOC(struct image_config);

		c->type = r->resource_type;
		c->name = image_own(r->resource_name);
		INSERT_AT(&img->configs, at, c);
	}
	set_entry(img, at, r);
	if (img->listener.config_changed)
		img->listener.config_changed(
			img->listener.arg, r->resource_type, r->resource_name, r->name, r->value);
	return 0;
}

static void broker_changed(struct image *img, int32_t id, const struct image_broker *b)
{
	if (img->listener.broker_changed)
		img->listener.broker_changed(img->listener.arg, id, b);
}

static size_t broker_at(const struct image *img, int32_t id)
{
	size_t i = 0;

	while (i < img->brokers.n && img->brokers.v[i]->id < id)
		i++;
	return i;
}

static struct image_broker *broker_new(const struct register_broker_record *r)
{
	struct image_broker *b = ALLOC(struct image_broker);

	b->id = r->broker_id;
	b->epoch = r->broker_epoch;
	b->incarnation = r->incarnation_id;
	b->rack = image_own(r->rack);
	b->fenced = r->fenced;
	b->in_controlled_shutdown = r->in_controlled_shutdown;
	b->n_dirs = r->n_log_dirs > 0 ? r->n_log_dirs : 0;
	b->dirs = image_own_uuids(r->log_dirs, b->n_dirs);
	b->endpoints = xcalloc((size_t)r->n_end_points + 1, sizeof(*b->endpoints));
	for (; b->n_endpoints < r->n_end_points; b->n_endpoints++)
		b->endpoints[b->n_endpoints] = (struct image_endpoint){
			.name = image_own(r->end_points[b->n_endpoints].name),
			.host = image_own(r->end_points[b->n_endpoints].host),
			.port = r->end_points[b->n_endpoints].port,
			.protocol = r->end_points[b->n_endpoints].security_protocol,
		};
	b->features = xcalloc((size_t)r->n_features + 1, sizeof(*b->features));
	for (; b->n_features < r->n_features; b->n_features++)
		b->features[b->n_features] = (struct image_feature){
			.name = image_own(r->features[b->n_features].name),
			.min = r->features[b->n_features].min_supported_version,
			.max = r->features[b->n_features].max_supported_version,
		};
	return b;
}

static int apply_register(struct image *img, const struct register_broker_record *r, struct err *e)
{
	struct image_broker *old = image_broker(img, r->broker_id);

	if (r->broker_id < 0 || r->n_end_points < 0 || r->n_features < 0)
		return err_set(e, ERR_INVALID, "broker registration that cannot be");
	if (old && r->broker_epoch < old->epoch)
		return err_set(e, ERR_INVALID, "broker %d: epoch goes back", r->broker_id);

	struct image_broker *b = broker_new(r);
	size_t at = broker_at(img, b->id);

	if (old)
		img->brokers.v[at] = b;
	else
		INSERT_AT(&img->brokers, at, b);
	map_put64(&img->brokers_by_id, (uint32_t)b->id, b);
	broker_changed(img, b->id, b);
	if (old)
		image_broker_free(old);
	return 0;
}

/* The broker of that epoch; a record of an older incarnation is an error. */
static struct image_broker *broker_of(
	const struct image *img, int32_t id, int64_t epoch, struct err *e)
{
	struct image_broker *b = image_broker(img, id);

	if (!b)
		err_set(e, ERR_NOT_FOUND, "broker %d is not registered", id);
	else if (b->epoch != epoch)
		err_set(e, ERR_INVALID, "broker %d has epoch %lld, the record %lld", id,
			(long long)b->epoch, (long long)epoch);
	return b && b->epoch == epoch ? b : NULL;
}

static int apply_unregister(
	struct image *img, const struct unregister_broker_record *r, struct err *e)
{
	struct image_broker *b = broker_of(img, r->broker_id, r->broker_epoch, e);

	if (!b)
		return e->code;
	vec_remove(&img->brokers, broker_at(img, b->id));
	map_del64(&img->brokers_by_id, (uint32_t)b->id);
	image_broker_free(b);
	broker_changed(img, r->broker_id, NULL);
	return 0;
}

static int apply_fence(struct image *img, int32_t id, int64_t epoch, bool fenced, struct err *e)
{
	struct image_broker *b = broker_of(img, id, epoch, e);

	if (!b)
		return e->code;
	b->fenced = fenced;
	broker_changed(img, id, b);
	return 0;
}

static int apply_broker_change(
	struct image *img, const struct broker_registration_change_record *r, struct err *e)
{
	struct image_broker *b = broker_of(img, r->broker_id, r->broker_epoch, e);

	if (!b)
		return e->code;
	if (r->fenced)
		b->fenced = r->fenced > 0;
	if (r->in_controlled_shutdown > 0)
		b->in_controlled_shutdown = true;
	if (r->n_log_dirs > 0) {
		free(b->dirs);
		b->dirs = image_own_uuids(r->log_dirs, r->n_log_dirs);
		b->n_dirs = r->n_log_dirs;
	}
	broker_changed(img, b->id, b);
	return 0;
}

static int apply_feature(struct image *img, const struct feature_level_record *r)
{
	size_t i = 0;

	while (i < img->features.n && str_cmp(img->features.v[i].name, r->name) < 0)
		i++;
	if (i == img->features.n || !str_eq(img->features.v[i].name, r->name)) {
		struct image_feature_level f = {image_own(r->name), 0};

		INSERT_AT(&img->features, i, f);
	}
	img->features.v[i].level = r->feature_level;
	if (r->feature_level == 0) {
		free((char *)img->features.v[i].name.p);
		vec_remove(&img->features, i);
	}
	return 0;
}

static int apply_producer_ids(struct image *img, const struct producer_ids_record *r, struct err *e)
{
	if (r->next_producer_id < img->next_producer_id)
		return err_set(e, ERR_INVALID, "producer ids go back");
	img->next_producer_id = r->next_producer_id;
	return 0;
}

static int apply_body(struct image *img, const struct metarec *r, struct err *e)
{
	const void *b = r->body;

	switch (r->desc->key) {
	case META_REGISTER_BROKER:
		return apply_register(img, b, e);
	case META_UNREGISTER_BROKER:
		return apply_unregister(img, b, e);
	case META_TOPIC:
		return apply_topic(img, b, e);
	case META_PARTITION:
		return apply_partition(img, b, e);
	case META_CONFIG:
		return apply_config(img, b, e);
	case META_PARTITION_CHANGE:
		return apply_change(img, b, e);
	case META_FENCE_BROKER: {
		const struct fence_broker_record *f = b;

		return apply_fence(img, f->id, f->epoch, true, e);
	}
	case META_UNFENCE_BROKER: {
		const struct unfence_broker_record *f = b;

		return apply_fence(img, f->id, f->epoch, false, e);
	}
	case META_REMOVE_TOPIC:
		return apply_remove_topic(img, b, e);
	case META_FEATURE_LEVEL:
		return apply_feature(img, b);
	case META_PRODUCER_IDS:
		return apply_producer_ids(img, b, e);
	case META_BROKER_REGISTRATION_CHANGE:
		return apply_broker_change(img, b, e);
	case META_NO_OP:
	case META_REGISTER_CONTROLLER:
		return 0;
	default:
		return err_set(e, ERR_VERSION, "metadata record of type %d", r->desc->key);
	}
}

int image_apply(
	struct image *img, const struct metarec *r, int64_t offset, int32_t epoch, struct err *e)
{
	struct err mine;
	int rc = apply_body(img, r, e ? e : &mine);

	if (rc == 0) {
		img->offset = offset;
		img->epoch = epoch;
	}
	return rc;
}
