/* What metalog.c and metalog_quorum.c share. */
#ifndef METALOG_PRIV_H
#define METALOG_PRIV_H

#include "base/random.h"
#include "io/loop.h"
#include "io/work.h"
#include "metalog/metalog.h"
#include "wire/batch.h"

struct metalog_sync {
	struct work work;
	struct metalog *metalog;
	struct plog_sync sync;
};

struct metalog {
	struct loop *loop;
	struct store *store;
	const struct clock *clock;
	struct metalog_settings set;
	struct metalog_events ev;
	struct plog *log; /* the store's */
	struct quorum quorum;
	struct io_timer timer;
	struct rng rng;
	struct image image; /* committed */
	struct image ahead; /* leader: with its own uncommitted records */
	bool ahead_valid;
	int64_t applied; /* image holds everything below */
	int64_t end_at_start;
	bool caught_up;
	bool failed;
	struct list ops; /* by end */
	struct metalog_sync sync;
	bool syncing;
	struct arena arena;
	struct batch_builder builder;
	struct buf value, input, unpacked;
};

/* Log, quorum-state and quorum; 0 or negative with e. */
int metalog_open(struct metalog *m, struct err *e) MUSTCHECK;
/* One batch at the end of the log, then a sync. ERR_FULL: refused by the disk, nothing of it stays.
 */
int metalog_append(struct metalog *m, struct slice batch, int32_t epoch) MUSTCHECK;
/* The log cannot be used any more; tells the owner once. */
void metalog_fail(struct metalog *m, const char *why);
void metalog_apply(struct metalog *m, int64_t committed);
void metalog_lead_if_ready(struct metalog *m);

#endif
