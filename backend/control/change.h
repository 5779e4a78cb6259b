/*
 * One partition as it is to be. Decisions change a copy of what the image says, let it elect, and
 * write one record with what differs; leader epochs grow with every new leader, also with none.
 */
#ifndef CONTROL_CHANGE_H
#define CONTROL_CHANGE_H

#include "control/impl.h"

struct control_next {
	const struct image_topic *topic;
	int32_t index;
	/* The lists are the image's or the arena's. */
	struct meta_ids replicas, isr, adding, removing;
	int32_t leader;
	int8_t recovery;
	bool bump;    /* a new leader epoch, also when the leader stays */
	int32_t gone; /* this broker counts as dead, whatever the image says; -1: none */
	int32_t come; /* this one as live */
	bool changed; /* by control_next_write: there is a record */
};

void control_next_init(struct control_next *n, const struct image_topic *t, int32_t index);

/*
 * A leader that is live and in sync stays; else the first of the replicas that is, in their order;
 * else, where the topic's unclean.leader.election.enable says so, the first live one: it is alone
 * in the ISR then and recovers. Else none. 0 or ERR_NOMEM.
 */
int control_next_elect(const struct control_env *env, struct control_next *n) MUSTCHECK;

/* Its leader is not in sync: it is alone in the ISR from here on, and recovers. 0 or ERR_NOMEM. */
int control_next_alone(const struct control_env *env, struct control_next *n) MUSTCHECK;

/* Ends the reassignment when every replica to add is in sync and somebody stays in the ISR; then
 * elects. Nothing happens otherwise. */
int control_next_complete(const struct control_env *env, struct control_next *n) MUSTCHECK;

/* The record, if anything differs from the image. */
int control_next_write(const struct control_env *env, struct control_next *n,
	struct control_result *out) MUSTCHECK;

/* ids without those in `out`, in the arena. */
int control_ids_without(const struct control_env *env, struct meta_ids ids, struct meta_ids out,
	struct meta_ids *left) MUSTCHECK;

/* The effective unclean.leader.election.enable of a topic. */
bool control_unclean(const struct control_env *env, const struct image_topic *t);

#endif
