/* Private to ui/model: the draft that feeds write and publish turns into a snapshot. */
#ifndef MODEL_IMPL_H
#define MODEL_IMPL_H

#include "base/map.h"
#include "base/vec.h"
#include "model/feed.h"
#include "model/group_impl.h"
#include "model/owners.h"

/* Settings as one block of memory, shared by copies of a topic. */
struct topic_configs {
	uint32_t refs;
	size_t n;
	struct topic_config v[];
};

/* A topic of the draft and what is remembered about it. t may be shared with snapshots: write only
 * what slot_write returns. */
struct slot {
	struct topic *t;
	struct rate *rates; /* one a partition */
	struct ends **ends; /* one a partition that a group reads; NULL: none is */
	struct rate size_rate;
	struct series minutes;
	uint64_t round; /* of the last metadata that had it */
	bool touched;   /* since the last publish */
};

struct broker_track {
	int32_t id;
	struct rate disk;
	struct series in;
	uint32_t round; /* of its sizes */
	uint32_t group_round;
	bool seen, no_controller;
};

struct pin {
	char *name;
	struct series in;
	struct owners owners; /* of a group */
};
struct pins {
	struct pin *v;
	size_t n, cap;
};

struct model {
	struct cluster *now;
	VEC(struct slot *) slots;   /* by name */
	struct map by_name;         /* name -> slot */
	VEC(struct broker) brokers; /* by id */
	VEC(struct broker_track) tracks;
	struct pins pins; /* oldest first */
	struct pins group_pins;
	VEC(struct gslot *) groups; /* by name once published */
	struct map group_by_name;   /* name -> gslot */
	size_t lag_bytes;           /* against LAG_HISTORY_MAX */
	uint64_t group_shape;
	int64_t lacking_ms; /* when some group had no coordinator last; 0: never */
	bool groups_unsorted;
	struct series totals[TOTAL_COUNT];
	struct changes changes;
	struct part metadata;
	struct progress progress;
	char cluster_id[64];
	int32_t controller, voters, voters_run;
	uint64_t round, shape;
	bool dirty, sizes_came;
	model_changed_fn *changed;
	void *changed_arg;
};

/* ---- topics ---- */

/* Room for partitions and replicas; everything unknown; one reference. */
struct topic *topic_new(struct str name, int32_t n_partitions, size_t n_replicas);
struct topic *topic_copy(const struct topic *t);
struct replica *topic_replicas_of(struct topic *t, const struct partition *p);
void topic_configs_unref(struct topic_configs *c);

/* ---- the draft ---- */

struct slot *model_slot(const struct model *m, struct str name);
/* A topic that no snapshot shares. */
struct topic *slot_write(struct model *m, struct slot *s);
void slot_free(struct model *m, struct slot *s);
struct broker *model_broker(struct model *m, int32_t id);
struct broker_track *model_track(struct model *m, int32_t id);
void model_track_drop(struct model *m, int32_t id);
/* What was remembered of a topic by that name is of another one. */
void model_forget_topic(struct model *m, struct slot *s, struct str name);
/* Another cluster: nothing carries over but what happened. */
void model_forget_all(struct model *m);
struct broker *model_broker_add(struct model *m, int32_t id);
void broker_set_state(struct model *m, struct broker *b, enum broker_state state, int64_t now_ms);

#endif
