/* What metalog.c, metalog_net.c and metalog_quorum.c share. */
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
	int64_t committed; /* as quorum told */
	int64_t applied;   /* image holds everything below */
	int64_t target;    /* caught up when applied; -1: no leader has been heard yet */
	bool caught_up;
	bool failed;
	bool state_refused;              /* quorum-state could not be written the last time */
	bool append_refused;             /* what was fetched could not be appended the last time */
	int32_t told_leader, told_epoch; /* in the log of this program */
	bool marked;                     /* the file that says `fresh` is there */
	bool moved;                      /* role, epoch or leader since the last `changed` */
	bool started;                    /* metalog_start has been called */
	struct loop_defer later;         /* what others are told, at the end of the turn */
	struct delay_key fetches;
	char why[200]; /* failed: for the owner */
	bool told_failed;
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
/* Something was committed, or the role changed: applied and told at the end of the turn. */
void metalog_touch(struct metalog *m);
/* After every call into quorum: its timer, and the mark of a fresh voter. */
void metalog_poke(struct metalog *m);
void metalog_sync(struct metalog *m);
/* The voter is not fresh any more. */
void metalog_unmark(struct metalog *m);
/* The voters of a LeaderChange record must be those of the settings. */
void metalog_check_voters(struct metalog *m, const struct record *r);

#endif
