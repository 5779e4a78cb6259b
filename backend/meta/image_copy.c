/* Deep copies of an image and of its parts. */
#include "meta/image_impl.h"

#include "base/xalloc.h"

struct str image_own(struct str s)
{
	return (struct str){str_dup(s), s.n};
}

struct meta_ids image_own_ids(const int32_t *v, int32_t n)
{
	if (n <= 0)
		return (struct meta_ids){NULL, 0};
	return (struct meta_ids){xmemdup(v, (size_t)n * sizeof(*v)), n};
}

struct uuid *image_own_uuids(const struct uuid *v, int32_t n)
{
	return n > 0 ? xmemdup(v, (size_t)n * sizeof(*v)) : NULL;
}

struct image_partition image_partition_dup(const struct image_partition *p)
{
	struct image_partition d = *p;

	d.replicas = image_own_ids(p->replicas.v, p->replicas.n);
	d.isr = image_own_ids(p->isr.v, p->isr.n);
	d.removing = image_own_ids(p->removing.v, p->removing.n);
	d.adding = image_own_ids(p->adding.v, p->adding.n);
	d.dirs = p->dirs ? image_own_uuids(p->dirs, p->replicas.n) : NULL;
	return d;
}

static void copy_topic(struct image *dst, const struct image_topic *src)
{
	struct image_topic *t = ALLOC(struct image_topic);

	*t = *src;
	t->name = image_own(src->name);
	t->partitions = NULL;
	t->cap_partitions = src->n_partitions;
	if (src->n_partitions)
		t->partitions =
			xreallocarray(NULL, (size_t)src->n_partitions, sizeof(*t->partitions));
	for (int32_t i = 0; i < src->n_partitions; i++)
		t->partitions[i] = image_partition_dup(&src->partitions[i]);
	vec_push(&dst->topics, t);
	map_puts(&dst->topics_by_name, t->name, t);
	map_put(&dst->topics_by_id, slice_of(&t->id, sizeof(t->id)), t);
}

static void copy_broker(struct image *dst, const struct image_broker *src)
{
	struct image_broker *b = ALLOC(struct image_broker);

	*b = *src;
	b->rack = image_own(src->rack);
	b->dirs = image_own_uuids(src->dirs, src->n_dirs);
	b->endpoints = xcalloc((size_t)src->n_endpoints + 1, sizeof(*b->endpoints));
	for (int32_t i = 0; i < src->n_endpoints; i++) {
		b->endpoints[i] = src->endpoints[i];
		b->endpoints[i].name = image_own(src->endpoints[i].name);
		b->endpoints[i].host = image_own(src->endpoints[i].host);
	}
	b->features = xcalloc((size_t)src->n_features + 1, sizeof(*b->features));
	for (int32_t i = 0; i < src->n_features; i++) {
		b->features[i] = src->features[i];
		b->features[i].name = image_own(src->features[i].name);
	}
	vec_push(&dst->brokers, b);
	map_put64(&dst->brokers_by_id, (uint32_t)b->id, b);
}

static void copy_config(struct image *dst, const struct image_config *src)
{
	struct image_config *c = ALLOC(struct image_config);

	c->type = src->type;
	c->name = image_own(src->name);
	vec_foreach (e, &src->entries) {
		struct image_config_entry copy = {image_own(e->key), image_own(e->value)};

		vec_push(&c->entries, copy);
	}
	vec_push(&dst->configs, c);
}

void image_copy(struct image *dst, const struct image *src)
{
	image_init(dst);
	vec_reserve(&dst->topics, src->topics.n);
	vec_foreach (t, &src->topics)
		copy_topic(dst, *t);
	vec_foreach (b, &src->brokers)
		copy_broker(dst, *b);
	vec_foreach (c, &src->configs)
		copy_config(dst, *c);
	vec_foreach (f, &src->features) {
		struct image_feature_level copy = {image_own(f->name), f->level};

		vec_push(&dst->features, copy);
	}
	dst->next_producer_id = src->next_producer_id;
	dst->n_partitions = src->n_partitions;
	dst->offset = src->offset;
	dst->epoch = src->epoch;
}
