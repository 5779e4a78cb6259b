/*
 * Rows of a topic list: filtered and sorted places in a snapshot's topics. Keeps its order between
 * snapshots, so that sorting again what is nearly sorted takes one pass; a filter that became
 * narrower looks at the rows that were left only.
 */
#ifndef MODEL_TOPIC_LIST_H
#define MODEL_TOPIC_LIST_H

#include "base/vec.h"
#include "model/cluster.h"
#include "model/filter.h"

enum topic_sort {
	TOPIC_BY_NAME,
	TOPIC_BY_PARTITIONS,
	TOPIC_BY_REPLICATION,
	TOPIC_BY_UNDER, /* offline first, then under-replicated */
	TOPIC_BY_RECORDS,
	TOPIC_BY_SIZE,
	TOPIC_BY_IN,
	TOPIC_BY_GROUPS,
	TOPIC_BY_LAG,
	TOPIC_BY_VERDICT, /* the worst, then by lag */
	TOPIC_BY_RETENTION,
	TOPIC_SORT_COUNT
};

struct topic_list {
	VEC(uint32_t) rows;            /* places in cluster->topics */
	const struct cluster *cluster; /* referenced */
	struct filter filter;
	enum topic_sort sort;
	bool desc;
	/* private */
	bool dirty_rows, dirty_order, narrower;
	uint64_t shape;
	VEC(uint32_t) scratch;
};

void topic_list_init(struct topic_list *l);
void topic_list_fini(struct topic_list *l);
/* Takes effect with the next update. */
void topic_list_filter(struct topic_list *l, struct str text);
void topic_list_sort(struct topic_list *l, enum topic_sort by, bool desc);
/* Brings the rows up to a snapshot (and keeps a reference to it). True when they changed. */
bool topic_list_update(struct topic_list *l, const struct cluster *c);
static inline const struct topic *topic_list_at(const struct topic_list *l, size_t row)
{
	return row < l->rows.n ? l->cluster->topics[l->rows.v[row]] : NULL;
}
/* Who reads the topic of a row; all zero and lag -1 where no group is known. */
struct topic_readers topic_list_readers(const struct topic_list *l, size_t row);
/* Stable for table_ops.row_id: of the topic's id, or of its name where there is none; never 0. */
uint64_t topic_row_id(const struct topic *t);

#endif
