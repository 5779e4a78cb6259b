/*
 * What a leader knows of the other replicas of one partition, and what follows from it: who is in
 * sync, how far everything is committed (kafka-rules 5.4). Plain data and arithmetic: nothing here
 * reads a clock, a log or the image.
 *
 *   committed ISR    as the metadata log has it: decides whether acks=all may be accepted
 *   proposed ISR     asked of the controller and not yet settled
 *   maximal ISR      both together: all of them must have a record before it is committed, because
 *                    either may be the one that the next leader is taken from
 *
 *        propose                       the image moved past it, or it was refused
 *   SETTLED ─────────▶ PROPOSED ──sent──▶ SENT ─────────────────▶ SETTLED
 *                         ▲                 │
 *                         └──no answer──────┘
 */
#ifndef REPL_REPLICA_H
#define REPL_REPLICA_H

#include "meta/image.h"

#define REPLICA_UNKNOWN INT64_C(-1)
#define REPLICA_NEVER   (-(INT64_C(1) << 60)) /* a time that no lag reaches back to */

/* Another replica, as this leader has heard of it since it leads. */
struct replica {
	int32_t id;
	int64_t leo;          /* of its last fetch: it has all below. REPLICA_UNKNOWN: none yet */
	int64_t log_start;    /* told with it */
	int64_t broker_epoch; /* told with it, -1: not told */
	int64_t fetched_ms;   /* when */
	int64_t leader_leo;   /* where the leader's log ended then */
	int64_t caught_up_ms; /* last time that it was known to have all that there was */
	bool live;            /* the image has its broker unfenced, and with broker_epoch */
};

enum isr_state { ISR_SETTLED, ISR_PROPOSED, ISR_SENT };

struct isr {
	enum isr_state state;
	struct meta_ids committed; /* owned */
	struct meta_ids proposed;  /* owned; of PROPOSED and SENT */
	int64_t *epochs;           /* owned: whom of each broker that means; -1: not known */
	int32_t base_epoch;        /* partition epoch that the proposal changes */
};

/* The replicas of a partition that this broker leads. */
struct replicas {
	int32_t me;
	struct replica *v; /* all but this broker */
	int32_t n;
	struct isr isr;
	int64_t epoch_start; /* where the log ended when the leader's epoch began */
};

void replicas_init(struct replicas *rs, int32_t me);
void replicas_fini(struct replicas *rs);

/* A new epoch begins: nothing is known of the others. Members of the ISR have the whole lag time
 * from now on to show that they are there. */
void replicas_lead(
	struct replicas *rs, const struct image_partition *ip, int64_t leo, int64_t now_ms);
/* The same epoch, but replicas or ISR changed in the image; those that stay keep what is known. */
void replicas_change(struct replicas *rs, const struct image_partition *ip, int64_t now_ms);
/* NULL: none of the partition's. */
struct replica *replicas_find(const struct replicas *rs, int32_t id);

/* What a follower's fetch tells. */
struct replica_fetch {
	int32_t replica;
	int64_t broker_epoch; /* -1: not told */
	int64_t live_epoch;   /* the one that the image has, while it is unfenced; -1: not known */
	int64_t offset;       /* it has all below */
	int64_t log_start;    /* -1: not told */
	int64_t leader_leo;
	int64_t now_ms;
};
/* False: it counts for nothing. An earlier incarnation of that broker asks, or somebody else. */
bool replica_fetched(struct replica *r, const struct replica_fetch *f);

bool isr_has(struct meta_ids isr, int32_t id);
/* In the committed or the proposed one. */
bool isr_maximal_has(const struct isr *i, int32_t id);

/* It is in sync as far as time goes: has all, or had all less than lag_ms ago. */
bool replica_caught_up(const struct replica *r, int64_t leo, int64_t now_ms, int64_t lag_ms);
/* What replicas_commit needs besides. */
struct commit_view {
	int64_t leo, high_watermark;
	int32_t min_isr; /* already bounded by the number of replicas */
	int64_t now_ms, lag_ms;
};
/* May come into the ISR: has all that is committed and all of earlier epochs, would not be taken
 * out again for lagging, and its broker is the one that the controller admitted. */
bool replica_may_join(
	const struct replicas *rs, const struct replica *r, const struct commit_view *v);
/* The high watermark as it may be now; never below the one before. */
int64_t replicas_commit(const struct replicas *rs, const struct commit_view *v);

/* Begins a proposal, unless one is open: takes out those that lag, brings in those that may join.
 * False: the committed ISR is as it should be. shrink: also take out. What is proposed are brokers
 * as they are now: of one that starts again before it is settled, nothing is known. */
bool isr_propose(
	struct replicas *rs, const struct commit_view *v, int32_t partition_epoch, bool shrink);
/* The image has reached partition_epoch: a proposal on an older one is settled. */
void isr_settle(struct isr *i, int32_t partition_epoch);
/* The controller will not make it true: no proposal is open any more. */
void isr_refused(struct isr *i);

/* Lowest log start of this broker and the live others; REPLICA_UNKNOWN: one has not told. */
int64_t replicas_low_watermark(const struct replicas *rs, int64_t log_start);

#endif
