/*
 * The containers of the image: making, copying, looking up, freeing. What a record does to them is
 * image_apply.c.
 */
#include "meta/image.h"

#include "meta/image_impl.h"

void image_init(struct image *img)
{
	memset(img, 0, sizeof(*img));
	map_init(&img->topics_by_name);
	map_init(&img->topics_by_id);
	map_init(&img->brokers_by_id);
	img->offset = -1;
}

void image_partition_fini(struct image_partition *p)
{
	free(p->replicas.v);
	free(p->isr.v);
	free(p->removing.v);
	free(p->adding.v);
	free(p->dirs);
}

void image_topic_free(struct image_topic *t)
{
	for (int32_t i = 0; i < t->n_partitions; i++)
		image_partition_fini(&t->partitions[i]);
	free(t->partitions);
	free((char *)t->name.p);
	free(t);
}

void image_broker_free(struct image_broker *b)
{
	for (int32_t i = 0; i < b->n_endpoints; i++) {
		free((char *)b->endpoints[i].name.p);
		free((char *)b->endpoints[i].host.p);
	}
	for (int32_t i = 0; i < b->n_features; i++)
		free((char *)b->features[i].name.p);
	free(b->endpoints);
	free(b->features);
	free(b->dirs);
	free((char *)b->rack.p);
	free(b);
}

void image_config_free(struct image_config *c)
{
	vec_foreach (e, &c->entries) {
		free((char *)e->key.p);
		free((char *)e->value.p);
	}
	vec_fini(&c->entries);
	free((char *)c->name.p);
	free(c);
}

void image_fini(struct image *img)
{
	vec_foreach (t, &img->topics)
		image_topic_free(*t);
	vec_foreach (b, &img->brokers)
		image_broker_free(*b);
	vec_foreach (c, &img->configs)
		image_config_free(*c);
	vec_foreach (f, &img->features)
		free((char *)f->name.p);
	vec_fini(&img->topics);
	vec_fini(&img->brokers);
	vec_fini(&img->configs);
	vec_fini(&img->features);
	map_fini(&img->topics_by_name);
	map_fini(&img->topics_by_id);
	map_fini(&img->brokers_by_id);
}

void image_listen(struct image *img, const struct image_listener *l)
{
	img->listener = l ? *l : (struct image_listener){0};
}

struct image_topic *image_topic(const struct image *img, struct str name)
{
	return map_gets(&img->topics_by_name, name);
}

struct image_topic *image_topic_by_id(const struct image *img, const struct uuid *id)
{
	return map_get(&img->topics_by_id, slice_of(id, sizeof(*id)));
}

struct image_partition *image_partition(const struct image *img, struct str topic, int32_t index)
{
	struct image_topic *t = image_topic(img, topic);

	return t && index >= 0 && index < t->n_partitions ? &t->partitions[index] : NULL;
}

struct image_broker *image_broker(const struct image *img, int32_t id)
{
	return map_get64(&img->brokers_by_id, (uint32_t)id);
}

const struct image_endpoint *image_endpoint(const struct image_broker *b, struct str listener)
{
	for (int32_t i = 0; i < b->n_endpoints; i++)
		if (str_is_null(listener) || str_eq(b->endpoints[i].name, listener))
			return &b->endpoints[i];
	return NULL;
}

/* The first position whose config does not sort before (type, name). */
size_t image_config_at(const struct image *img, int8_t type, struct str name)
{
	size_t lo = 0, hi = img->configs.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		const struct image_config *c = img->configs.v[mid];

		if (c->type < type || (c->type == type && str_cmp(c->name, name) < 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct image_config *image_config(const struct image *img, int8_t type, struct str name)
{
	size_t at = image_config_at(img, type, name);
	const struct image_config *c = at < img->configs.n ? img->configs.v[at] : NULL;

	return c && c->type == type && str_cmp(c->name, name) == 0 ? c : NULL;
}

struct str image_config_value(const struct image *img, int8_t type, struct str name, struct str key)
{
	const struct image_config *c = image_config(img, type, name);

	for (size_t i = 0; c && i < c->entries.n; i++)
		if (str_eq(c->entries.v[i].key, key))
			return c->entries.v[i].value;
	return STR_NULL;
}

int16_t image_feature(const struct image *img, struct str name)
{
	for (size_t i = 0; i < img->features.n; i++)
		if (str_eq(img->features.v[i].name, name))
			return img->features.v[i].level;
	return -1;
}

int32_t meta_ids_find(struct meta_ids ids, int32_t id)
{
	for (int32_t i = 0; i < ids.n; i++)
		if (ids.v[i] == id)
			return i;
	return -1;
}

bool meta_ids_equal(struct meta_ids a, struct meta_ids b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.v, b.v, (size_t)a.n * sizeof(*a.v)) == 0);
}

int32_t image_offline(const struct image *img, struct meta_ids replicas, int32_t *out)
{
	int32_t n = 0;

	for (int32_t i = 0; i < replicas.n; i++) {
		const struct image_broker *b = image_broker(img, replicas.v[i]);

		if (!b || b->fenced)
			out[n++] = replicas.v[i];
	}
	return n;
}

bool image_leads(const struct image *img, int32_t id)
{
	vec_foreach (t, &img->topics)
		for (int32_t i = 0; i < (*t)->n_partitions; i++)
			if ((*t)->partitions[i].leader == id)
				return true;
	return false;
}
