/* Private to ui/source: the cluster source and its parts. */
#ifndef SOURCE_IMPL_H
#define SOURCE_IMPL_H

#include "admin/admin.h"
#include "base/list.h"
#include "base/vec.h"
#include "io/loop.h"
#include "source/source.h"
#include "traffic/producer.h"

#define METADATA_EVERY_MS 5000
#define SIZES_EVERY_MS    10000
#define CONFIGS_EVERY_MS  30000
#define CONFIGS_RETRY_MS  3000 /* where they could not be had */
#define QUESTION_MS       5000 /* deadline of one question of a round */
#define DEAD_PAUSE_MS     1000 /* before a broker that failed is asked again, doubled up to: */
#define DEAD_PAUSE_MAX_MS 30000
#define VISIBLE_MAX       200

/* When one kind of question is asked next. */
struct turn {
	bool busy;
	int64_t id;       /* of the question in flight */
	int64_t due_ms;   /* loop time */
	int64_t asked_ms; /* when the last was asked */
};

/* Questions to one broker: a dead one holds up nobody else. */
struct broker_poll {
	struct cluster_source *s;
	int32_t id;
	struct turn offsets, sizes;
	int64_t pause_ms; /* 0: it answers */
	unsigned round;
	bool seen, answered; /* listed by metadata; a first answer (or failure) came */
	bool *handled;       /* answers of the round under way that were fed */
};

struct cluster_source {
	struct source base; /* first */
	struct loop *loop;
	struct admin *admin;
	struct model *model;
	char *bootstrap;
	struct traffic_property *properties;
	size_t n_properties;
	int32_t interval_ms;
	bool read_only, frozen, hidden;
	struct io_timer timer;
	struct turn metadata, configs, detail, replicas;
	int64_t configs_retry_ms; /* rows that failed are asked for again then */
	bool *replicas_fed;       /* answers of `replicas` that were fed */
	VEC(struct broker_poll *) brokers;
	VEC(struct feed_partition) scratch;
	char *opened;
	VEC(char *) visible;
	struct list ops, browses, produces;
	int64_t next_id;
};

static inline struct cluster_source *source_of(struct source *s)
{
	return CONTAINER_OF(s, struct cluster_source, base);
}

static inline int64_t now_of(const struct cluster_source *s)
{
	return loop_now_ms(s->loop);
}

/* One turn of asking. */
void turn_begin(struct cluster_source *s, struct turn *t);
/* The next is due after the interval, or twice the time this one took. */
void turn_end(struct cluster_source *s, struct turn *t, int64_t interval_ms);
void turn_cancel(struct cluster_source *s, struct turn *t);

/* Asks what is due and starts the timer for the rest. */
void poll_run(struct cluster_source *s);
void poll_stop(struct cluster_source *s);
/* Metadata and, behind it, offsets at once. */
void poll_now(struct cluster_source *s);
/* Shows what was fed, unless frozen. */
void poll_publish(struct cluster_source *s);

/* Settings of visible rows, settings and ends of the opened topic. Return the next due time. */
int64_t detail_run(struct cluster_source *s);
void detail_stop(struct cluster_source *s);

/* Actions (act.c) */
int64_t act_create_topic(
	struct source *base, const struct topic_spec *t, source_done_fn *fn, void *arg);
int64_t act_delete_topics(
	struct source *base, const char *const *names, size_t n, source_done_fn *fn, void *arg);
int64_t act_add_partitions(
	struct source *base, const char *name, int32_t total, source_done_fn *fn, void *arg);
int64_t act_alter_configs(struct source *base, const char *name, const struct config_change *v,
	size_t n, source_done_fn *fn, void *arg);
int64_t act_purge(struct source *base, const struct purge_spec *p, source_done_fn *fn, void *arg);
int64_t act_elect(
	struct source *base, const char *topic, int32_t partition, source_done_fn *fn, void *arg);
/* False when no action under way has that id. */
bool act_cancel(struct cluster_source *s, int64_t id);
void act_stop(struct cluster_source *s);
/* A word quoted for a shell. */
void put_word(struct buf *out, const char *z);

int64_t produce_start(struct source *s, const struct produce_spec *p, source_produce_fn *fn,
	source_delivery_fn *each, void *arg);
bool produce_cancel(struct cluster_source *s, int64_t id);
/* As produce_cancel, and nobody is called back any more. */
void produce_forget(struct source *s, int64_t id);
void produce_stop(struct cluster_source *s);

struct browse *browse_open(
	struct source *s, const struct browse_spec *b, browse_changed_fn *fn, void *arg);
void browse_more(struct source *s, struct browse *b);
void browse_pause(struct source *s, struct browse *b, bool on);
void browse_follow(struct source *s, struct browse *b, bool on);
void browse_close(struct source *s, struct browse *b);
void browse_stop(struct cluster_source *s);

#endif
