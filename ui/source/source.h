/*
 * A source that fills the model from a Kafka cluster through the admin client. Never blocks.
 *
 * Round: metadata when it is due -> groups: lists, descriptions, commits -> offsets, one question a
 * broker -> what the screen asks for (visible rows: settings; opened topic: ends of replicas, all
 * settings) -> sizes every ten seconds. Each kind has at most one question in flight; a slow
 * cluster is asked less often: the pause is never shorter than twice the time the last answers
 * took.
 */
#ifndef SOURCE_SOURCE_H
#define SOURCE_SOURCE_H

#include "model/feed.h"
#include "model/group_feed.h"
#include "model/source.h"

struct admin;
struct loop;
struct traffic_property;

struct cluster_source_options {
	const char *bootstrap; /* for the producer; the admin client has its own */
	const char *local_dir; /* brokers of ui/local that may be this cluster's; NULL: none */
	int32_t interval_ms;   /* 0: 1000 */
	bool read_only;
	/* Settings for the producer beside its own; may be NULL. */
	const struct traffic_property *properties;
	size_t n_properties;
};

/* Begins to ask at once. loop, admin and model are borrowed until cluster_source_free; strings are
 * copied. Never NULL. */
struct source *cluster_source_new(
	struct loop *l, struct admin *a, struct model *m, const struct cluster_source_options *o);
/* Cancels everything; open browses are closed. Not from inside a callback. NULL is allowed. */
void cluster_source_free(struct source *s);

#endif
