/*
 * The cluster as the metadata log tells it: brokers, topics, partitions, configs, features and the
 * next producer id. Plain data that changes in one way only, image_apply() of one record, so that
 * equal logs give equal images on every node.
 *
 *   - lookups by name and by id are O(1); topics and brokers also stand in sorted arrays
 *   - whoever must act on a change (open a log, move a leader) listens instead of comparing
 *   - image_to_records() gives the shortest log that leads to this image
 *
 * Pointers into an image hold until the next image_apply() on it.
 */
#ifndef META_IMAGE_H
#define META_IMAGE_H

#include "base/err.h"
#include "base/map.h"
#include "base/uuid.h"
#include "base/vec.h"
#include "meta/record.h"

#define META_NO_LEADER   (-1)
#define META_LEADER_KEEP (-2) /* in a change record: the leader stays as it is */

/* Resource types as Kafka's config requests and ConfigRecord number them. */
enum meta_resource { META_RESOURCE_TOPIC = 2, META_RESOURCE_BROKER = 4 };

/* A short list of broker ids in an order that matters (replicas: the first is preferred). */
struct meta_ids {
	int32_t *v; /* NULL when n is 0 */
	int32_t n;
};

struct image_partition {
	struct meta_ids replicas;
	struct meta_ids isr;
	struct meta_ids removing;
	struct meta_ids adding;
	struct uuid *dirs; /* one per replica, or NULL when the record named none */
	int32_t leader;    /* META_NO_LEADER: offline */
	int32_t leader_epoch;
	int32_t partition_epoch; /* +1 with each change */
	int8_t recovery;         /* 1: elected unclean and not yet recovered */
};

struct image_topic {
	struct str name; /* owned, NUL-terminated */
	struct uuid id;
	bool internal;
	struct image_partition *partitions; /* by partition id, without holes */
	int32_t n_partitions;
	int32_t cap_partitions;
};

struct image_endpoint {
	struct str name; /* listener name; owned */
	struct str host; /* owned */
	uint16_t port;
	int16_t protocol; /* SecurityProtocol: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL */
};

struct image_feature {
	struct str name; /* owned */
	int16_t min, max;
};

struct image_broker {
	int32_t id;
	int64_t epoch; /* offset of its registration record */
	struct uuid incarnation;
	struct str rack; /* null: none */
	bool fenced;
	bool in_controlled_shutdown;
	struct image_endpoint *endpoints;
	int32_t n_endpoints;
	struct image_feature *features;
	int32_t n_features;
	struct uuid *dirs; /* directory ids of its log.dirs */
	int32_t n_dirs;
};

struct image_config_entry {
	struct str key;
	struct str value;
};

/* Overrides of one resource; an empty one does not exist. */
struct image_config {
	int8_t type;     /* enum meta_resource */
	struct str name; /* topic; broker id as text; "" = default of all brokers */
	VEC(struct image_config_entry) entries; /* sorted by key */
};

struct image_feature_level {
	struct str name;
	int16_t level;
};

/*
 * What image_apply() just did. Any member may be NULL. Called after the change, except
 * topic_deleted, which is called while the topic is still there.
 */
struct image_listener {
	void *arg;
	void (*topic_created)(void *arg, const struct image_topic *t);
	void (*topic_deleted)(void *arg, const struct image_topic *t);
	/* before is NULL for a new partition; it dies when the call returns. */
	void (*partition_changed)(void *arg, const struct image_topic *t, int32_t index,
		const struct image_partition *before);
	/* value null: the override was removed. A deleted topic's configs are not reported. */
	void (*config_changed)(
		void *arg, int8_t type, struct str name, struct str key, struct str value);
	/* b is NULL when the broker was unregistered. */
	void (*broker_changed)(void *arg, int32_t id, const struct image_broker *b);
};

struct image {
	struct map topics_by_name;
	struct map topics_by_id;
	struct map brokers_by_id;
	VEC(struct image_topic *) topics;         /* sorted by name */
	VEC(struct image_broker *) brokers;       /* sorted by id */
	VEC(struct image_config *) configs;       /* sorted by type, name */
	VEC(struct image_feature_level) features; /* sorted by name */
	int64_t next_producer_id;
	int64_t n_partitions; /* of all topics */
	int64_t offset;       /* of the last record applied; -1: none */
	int32_t epoch;        /* of that record */
	struct image_listener listener;
};

void image_init(struct image *img);
void image_fini(struct image *img);
/* Deep copy into an image that is not initialised; the listener is not copied. */
void image_copy(struct image *dst, const struct image *src);

/* Replaces the listener; NULL: nobody. */
void image_listen(struct image *img, const struct image_listener *l);

/*
 * Applies one record that was read at (offset, epoch). Everything kept is copied. A record that
 * does not fit (partition of an unknown topic, stale broker epoch …) leaves the image unchanged
 * and gives ERR_NOT_FOUND or ERR_INVALID with a message; an unknown record type ERR_VERSION.
 */
int image_apply(struct image *img, const struct metarec *r, int64_t offset, int32_t epoch,
	struct err *e) MUSTCHECK;

/*
 * The image as records, pushed in an order that can be applied. Their bodies are the arena's; the
 * strings and lists in them are borrowed from the image, so that they hold until it changes. False
 * when the arena's limit was reached (nothing is pushed then).
 */
bool image_to_records(const struct image *img, struct arena *a, struct meta_records *out) MUSTCHECK;

/* Same content; offset and epoch are not compared. */
bool image_equal(const struct image *a, const struct image *b);

/* NULL: not there. */
struct image_topic *image_topic(const struct image *img, struct str name);
struct image_topic *image_topic_by_id(const struct image *img, const struct uuid *id);
struct image_partition *image_partition(const struct image *img, struct str topic, int32_t index);
/* A copy that the caller owns; fini frees what it points at. */
struct image_partition image_partition_dup(const struct image_partition *p);
void image_partition_fini(struct image_partition *p);
struct image_broker *image_broker(const struct image *img, int32_t id);
/* The endpoint of a listener, or the first when name is null. */
const struct image_endpoint *image_endpoint(const struct image_broker *b, struct str listener);
const struct image_config *image_config(const struct image *img, int8_t type, struct str name);
/* The value of an override; null when there is none. */
struct str image_config_value(
	const struct image *img, int8_t type, struct str name, struct str key);
/* -1: the feature is not finalized. */
int16_t image_feature(const struct image *img, struct str name);

/* The replicas whose brokers are not there or fenced, into out, which has room for all of them;
 * returns their number. */
int32_t image_offline(const struct image *img, struct meta_ids replicas, int32_t *out);

/* Does the broker lead any partition? */
bool image_leads(const struct image *img, int32_t id);

/* Position of id in the list, or -1. */
int32_t meta_ids_find(struct meta_ids ids, int32_t id);
/* The same ids in the same order. */
bool meta_ids_equal(struct meta_ids a, struct meta_ids b);

#endif
