/* `kdeck snapshot`: one plain page of a cluster for a pipe, and the same as JSON. */
#ifndef MODEL_SNAPSHOT_PRINT_H
#define MODEL_SNAPSHOT_PRINT_H

#include "model/cluster.h"

/* Name and address stand in the first line; either may be NULL. At most max_rows topics and as many
 * groups (0: all), the rest counted in a line. */
struct snapshot_options {
	const char *name, *address;
	size_t max_rows;
	bool internal; /* list internal topics too */
};

/* Appends the page as text. */
void snapshot_text(
	struct buf *out, const struct cluster *c, const struct snapshot_options *o, int64_t now_ms);
/* An object: cluster, brokers, topics with partitions, groups with theirs, problems; Kafka's field
 * names. Ends with a
 * newline. */
void snapshot_json(
	struct buf *out, const struct cluster *c, const struct snapshot_options *o, int64_t now_ms);

#endif
