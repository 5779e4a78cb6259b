/*
 * The model: the present snapshot, history and changes of one cluster. A source feeds it (feed.h)
 * and publishes; views read. One thread; no clock: time comes with each call.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include "model/change.h"
#include "model/cluster.h"
#include "model/history.h"

struct model;
struct owners; /* model/owners.h */

struct model *model_new(void);
void model_free(struct model *m);

/* The present snapshot: never NULL, at first empty with nothing known. Lent until the next publish:
 * cluster_ref keeps it (frozen screens). */
const struct cluster *model_cluster(const struct model *m);
const struct changes *model_changes(const struct model *m);

enum total_series {
	TOTAL_IN_RECORDS,
	TOTAL_IN_BYTES,
	TOTAL_UNDER,
	TOTAL_LAG,
	TOTAL_COUNT,
};
/* An hour by the second. */
const struct series *model_total(const struct model *m, enum total_series which);
/* Records a second of a topic: by the second for an hour where it is opened or pinned, else by the
 * minute. NULL: not known yet. */
const struct series *model_topic_series(const struct model *m, struct str topic);
/* Asks for history by the second, at most MODEL_PINS topics: the one pinned longest ago goes. */
#define MODEL_PINS 16
void model_pin(struct model *m, struct str topic);
/* Lag of a group in records: by the second for an hour where it is pinned, else by the minute.
 * NULL: not known yet. Groups have MODEL_PINS pins of their own. */
const struct series *model_group_series(const struct model *m, struct str group);
void model_pin_group(struct model *m, struct str group);
/* Who owned its partitions over the rebalances that were seen, from the moment it was pinned; NULL:
 * not pinned. Lent until the next publish or pin. */
const struct owners *model_group_owners(const struct model *m, struct str group);
/* Bytes held by history, for tests and the curious. */
size_t model_history_bytes(const struct model *m);

/* Called after a publish that changed something, or a change was added. */
typedef void model_changed_fn(void *arg);
void model_on_change(struct model *m, model_changed_fn *fn, void *arg);

#endif
