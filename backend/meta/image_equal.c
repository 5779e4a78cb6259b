/* Comparison of two images. All lists of an image are sorted, so equal images have equal lists. */
#include "meta/image_impl.h"

static bool uuids_equal(const struct uuid *a, const struct uuid *b, int32_t n)
{
	if (!a || !b)
		return a == b;
	return memcmp(a, b, (size_t)n * sizeof(*a)) == 0;
}

static bool partition_equal(const struct image_partition *a, const struct image_partition *b)
{
	return meta_ids_equal(a->replicas, b->replicas) && meta_ids_equal(a->isr, b->isr) &&
	       meta_ids_equal(a->removing, b->removing) && meta_ids_equal(a->adding, b->adding) &&
	       uuids_equal(a->dirs, b->dirs, a->replicas.n) && a->leader == b->leader &&
	       a->leader_epoch == b->leader_epoch && a->partition_epoch == b->partition_epoch &&
	       a->recovery == b->recovery;
}

static bool topic_equal(const struct image_topic *a, const struct image_topic *b)
{
	if (!str_eq(a->name, b->name) || !uuid_eq(&a->id, &b->id) ||
		a->n_partitions != b->n_partitions)
		return false;
	for (int32_t i = 0; i < a->n_partitions; i++)
		if (!partition_equal(&a->partitions[i], &b->partitions[i]))
			return false;
	return true;
}

static bool endpoint_equal(const struct image_endpoint *a, const struct image_endpoint *b)
{
	return str_eq(a->name, b->name) && str_eq(a->host, b->host) && a->port == b->port &&
	       a->protocol == b->protocol;
}

static bool broker_equal(const struct image_broker *a, const struct image_broker *b)
{
	if (a->id != b->id || a->epoch != b->epoch || !uuid_eq(&a->incarnation, &b->incarnation) ||
		!str_eq(a->rack, b->rack) || a->fenced != b->fenced ||
		a->in_controlled_shutdown != b->in_controlled_shutdown ||
		a->n_endpoints != b->n_endpoints || a->n_features != b->n_features ||
		a->n_dirs != b->n_dirs || !uuids_equal(a->dirs, b->dirs, a->n_dirs))
		return false;
	for (int32_t i = 0; i < a->n_endpoints; i++)
		if (!endpoint_equal(&a->endpoints[i], &b->endpoints[i]))
			return false;
	for (int32_t i = 0; i < a->n_features; i++)
		if (!str_eq(a->features[i].name, b->features[i].name) ||
			a->features[i].min != b->features[i].min ||
			a->features[i].max != b->features[i].max)
			return false;
	return true;
}

static bool config_equal(const struct image_config *a, const struct image_config *b)
{
	if (a->type != b->type || !str_eq(a->name, b->name) || a->entries.n != b->entries.n)
		return false;
	for (size_t i = 0; i < a->entries.n; i++)
		if (!str_eq(a->entries.v[i].key, b->entries.v[i].key) ||
			!str_eq(a->entries.v[i].value, b->entries.v[i].value))
			return false;
	return true;
}

static bool features_equal(const struct image *a, const struct image *b)
{
	for (size_t i = 0; i < a->features.n; i++)
		if (!str_eq(a->features.v[i].name, b->features.v[i].name) ||
			a->features.v[i].level != b->features.v[i].level)
			return false;
	return true;
}

bool image_equal(const struct image *a, const struct image *b)
{
	if (a->topics.n != b->topics.n || a->brokers.n != b->brokers.n ||
		a->configs.n != b->configs.n || a->features.n != b->features.n ||
		a->next_producer_id != b->next_producer_id || !features_equal(a, b))
		return false;
	for (size_t i = 0; i < a->brokers.n; i++)
		if (!broker_equal(a->brokers.v[i], b->brokers.v[i]))
			return false;
	for (size_t i = 0; i < a->topics.n; i++)
		if (!topic_equal(a->topics.v[i], b->topics.v[i]))
			return false;
	for (size_t i = 0; i < a->configs.n; i++)
		if (!config_equal(a->configs.v[i], b->configs.v[i]))
			return false;
	return true;
}
