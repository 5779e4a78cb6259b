/*
 * The group coordinator at work: its records go into the partitions of __consumer_offsets that this
 * broker leads, and are read from there when it begins to lead one.
 *
 *   partition not led ──led──▶ loading, a slice a turn ──at its end──▶ coordinated
 *           ▲                                                             │
 *           └───────────────── not led any more, or gone ─────────────────┘
 */
#ifndef SERVER_GROUPS_H
#define SERVER_GROUPS_H

#include "api/broker.h"
#include "group/group.h"
#include "io/loop.h"

struct groups;

/* set is borrowed. Makes b->groups; b->repl must be there and outlive it. */
struct groups *groups_new(
	struct loop *l, struct broker *b, const struct group_settings *set, int32_t commit_ms);
/* Everybody who waits is answered NOT_COORDINATOR; nothing is coordinated from here on. */
void groups_stop(struct groups *g);
/* After groups_stop. NULL is allowed. */
void groups_free(struct groups *g);

/* Who leads what may have changed; looked at in groups_turn. */
void groups_follow(struct groups *g);
/* At the end of a turn: follows, and sets the timer for what is due next. */
void groups_turn(struct groups *g);

#endif
