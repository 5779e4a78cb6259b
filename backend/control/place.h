/*
 * Where replicas of new partitions go. The brokers form a ring in which racks take turns; each new
 * partition is led by the next live broker of the ring, so that leaders are spread evenly over all
 * partitions of a request, and its followers are the brokers behind it that share the fewest racks
 * with it. With each turn round the ring the followers move on by one, so that the load of a lost
 * broker falls on all others. Fenced brokers are taken only when the live ones do not suffice, and
 * never lead.
 */
#ifndef CONTROL_PLACE_H
#define CONTROL_PLACE_H

#include "control/impl.h"

struct placer_broker {
	int32_t id;
	int32_t rack; /* index into rack_uses */
	int32_t turn; /* how many of its rack come before it */
	bool dead;
	bool taken; /* by the partition at hand */
};

struct placer {
	struct placer_broker *ring; /* live brokers, then the others; in the arena */
	int32_t n, n_live;
	int32_t *rack_uses; /* replicas of the partition at hand in each rack */
	int32_t n_racks;
	uint64_t start; /* random */
	uint64_t next;  /* partitions placed */
};

/* 0, or ERR_NOMEM. */
int placer_init(struct placer *p, const struct control_env *env) MUSTCHECK;
/* Whether that many replicas can be placed. */
int placer_check(const struct placer *p, const struct control_env *env, int32_t n_replicas,
	struct control_fault *f) MUSTCHECK;
/* The replicas of the next partition, the leader to be first; placer_check said yes. */
void placer_next(struct placer *p, int32_t n_replicas, int32_t *out);

#endif
