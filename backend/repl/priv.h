/*
 * What the files of this module share:
 *
 *   repl.c       which partitions are here        partition.c  appends of a turn
 *   open.c       their logs
 *   role.c       leading and following            leader.c     followers' fetches, commits
 *   isr.c        AlterPartition                   replica.c    the arithmetic
 *   fetcher.c    one session a leader             follower.c   what an answer does to a log
 */
#ifndef REPL_PRIV_H
#define REPL_PRIV_H

#include "base/vec.h"
#include "repl/repl.h"

/* Proposals on their way to the controller: one request at a time. */
struct isr_asker {
	struct list waiting;           /* partition.alter */
	VEC(struct partition *) asked; /* of the request in flight, with references */
	int64_t call;                  /* 0: none */
	int64_t retry_ms;
	uint32_t failures;
	struct arena arena;
};

struct repl {
	struct store *store;
	struct repl_settings set;
	struct map by_name; /* struct repl_topic, owned */
	struct map by_id;
	struct list dirty;             /* partitions with something queued */
	struct list opening;           /* partitions whose log is to be made */
	int n_opened;                  /* logs taken or made in this turn */
	int64_t opening_us;            /* spent on that */
	struct list moved;             /* partitions whose replicas moved */
	VEC(struct plog_append) items; /* of one plog_append */
	struct isr_asker asker;
	struct map fetchers;    /* struct repl_fetcher by leader, owned */
	int64_t check_ms;       /* when to look for replicas that lag */
	int64_t say_refused_ms; /* partitions that a leader refuses are counted until then, not said
				 */
	int n_unsaid;
};

static inline int64_t repl_now(const struct repl *r)
{
	return clock_mono_ms(r->store->clock);
}

/* base doubled with each failure, up to most. */
static inline int64_t repl_backoff(uint32_t failures, int64_t base, int64_t most)
{
	return failures >= 16 ? most : min_i64(most, base << failures);
}

/* ---- open.c ---- */
/* What p is to be: at once when its log is there or can be made in this turn, else soon. */
void partition_want(struct partition *p, const struct image_partition *ip);
/* It is to be nothing any more. */
void partition_unwant(struct partition *p);
/* Makes the logs that this turn has time for. True: some have theirs now. */
bool partitions_open(struct repl *r);
/* Those that could not be made are tried again. */
void partition_try_again(struct partition *p);

/* ---- partition.c ---- */
/* Answers what is queued with an error. */
void partition_refuse_pending(struct partition *p, int16_t error);
/* Has what is queued in all partitions appended. */
void partitions_append(struct repl *r);

/* ---- role.c ---- */
/* Leads or follows as the image says; p->topic->partitions has p. */
void partition_assign(struct partition *p, const struct image_partition *ip);
/* Neither leads nor follows any more: what is queued is refused with error, those who wait are
 * woken. */
void partition_resign(struct partition *p, int16_t error);

/* ---- leader.c ---- */
/* Moves the high watermark as far as it may and wakes those who wait. */
void partition_advance(struct partition *p);
/* The log of one that leads has grown from `before`. */
void partition_grown(struct partition *p, int64_t before);
/* Looked at again at the end of the turn. */
void partition_touch(struct partition *p);
/* Whose brokers are live is looked up anew. */
void partition_look_live(struct partition *p);
void partitions_moved(struct repl *r);
/* Every half lag time: replicas that lag leave the ISR. */
void partitions_check(struct repl *r);

/* ---- isr.c ---- */
void isr_asker_init(struct repl *r);
void isr_asker_fini(struct repl *r);
/* Queues p's proposal, if there is one that was not sent. */
void isr_ask(struct partition *p);
void isr_send(struct repl *r);
int64_t isr_due_ms(const struct repl *r);

/* ---- fetcher.c ---- */
void fetchers_init(struct repl *r);
void fetchers_fini(struct repl *r);
/* p is fetched from p->leader from its log's end on, told with the next request; the epoch is new
 * or p was not fetched. */
void fetcher_add(struct partition *p);
/* No effect when p is not fetched. */
void fetcher_remove(struct partition *p);
void fetchers_send(struct repl *r);
int64_t fetchers_due_ms(const struct repl *r);

/* ---- follower.c ---- */
struct fetch_response_partitions;

enum follower_verdict {
	FOLLOWER_SAME,   /* nothing to tell the leader */
	FOLLOWER_MOVED,  /* the next fetch is from another offset */
	FOLLOWER_WAITS,  /* for a sync; follower_synced comes */
	FOLLOWER_FAILED, /* pause, then again */
};
/* Takes the leader's answer for p into its log. */
enum follower_verdict follower_take(
	struct partition *p, const struct fetch_response_partitions *answer);
/* The epoch of the last record here, as asked in Fetch. */
int32_t follower_last_epoch(const struct partition *p);
/* fetcher.c: the sync that FOLLOWER_WAITS waited for is over. */
void fetcher_synced(struct partition *p);

#endif
