/*
 * Questions to the active controller, wherever it is, this node included. A question is sent as
 * soon as a controller is known, and again when another one takes over, when the connection ends
 * before the answer, and when the answer is that the node is not the controller; until its
 * deadline. So one that was carried out just before the controller died may be carried out again,
 * as between Kafka's brokers.
 *
 *   ask_start --> WAITING --controller known--> SENT --answer--> done
 *                    ^                            |
 *                    +---- failed, other node ----+         deadline, cancel: done without one
 */
#ifndef SERVER_ASKS_H
#define SERVER_ASKS_H

#include "io/loop.h"
#include "server/peers.h"

struct asks;
struct ask;

/* response NULL: none came in time (e: ERR_TIMEOUT), or this node is stopping (ERR_CANCELLED).
 * Otherwise as link_reply_fn. Never called from within ask_start. The ask is void by then. */
typedef void ask_done_fn(struct ask *q, const struct err *e, const void *response);

struct ask {
	/* in; all of it stays until done */
	enum peer_lane lane;
	int16_t api_key;
	int16_t version; /* exact, or LINK_BEST */
	const void *request;
	int64_t deadline_ms; /* of the loop's clock */
	ask_done_fn *done;
	/* the rest is asks.c's */
	struct list_node node;
	struct asks *asks;
	struct io_timer timer; /* the next attempt, or the deadline */
	int64_t call;          /* 0: waiting */
	int32_t to;
};

/* leader tells the node id of the active controller, -1 while there is none. */
struct asks *asks_new(struct loop *l, struct peers *p, int32_t (*leader)(void *arg), void *arg);
/* Ends all with ERR_CANCELLED. NULL is allowed. */
void asks_free(struct asks *a);
/* There may be another controller, or the one there is can decide now. */
void asks_look(struct asks *a);

void ask_start(struct asks *a, struct ask *q);
/* done is not called. No effect when it is not under way. */
void ask_cancel(struct ask *q);
static inline bool ask_active(const struct ask *q)
{
	return list_holds(&q->node);
}

#endif
