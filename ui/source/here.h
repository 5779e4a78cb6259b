/*
 * The brokers of the cluster that run on this machine as processes of kdeck: who runs, and what can
 * be done to them. Private to ui/source.
 */
#ifndef SOURCE_HERE_H
#define SOURCE_HERE_H

#include "local/local.h"
#include "model/source.h"

#define HERE_EVERY_MS 1000

struct cluster_source;

struct here {
	char *dir; /* of the cluster; NULL: none was named */
	struct local_cluster now;
	bool ours;   /* the cluster that answers is the folder's */
	char id[64]; /* of the cluster that this is known of */
	int64_t due_ms;
};

void here_init(struct here *h, const char *dir);
void here_fini(struct here *h);
/* Looks at the folder when that is due and tells the model; returns the next due time. */
int64_t here_run(struct cluster_source *s);
/* NULL: not one of ours. */
const struct local_broker *here_find(const struct here *h, int32_t broker);

#endif
