/*
 * What this broker saw happen in the cluster: elections, in-sync sets, brokers coming and going,
 * controllers, rebalances of the groups it coordinates, faults set on purpose. The last
 * EVENTS_KEPT are kept, each as the JSON object that `GET /events` gives out:
 *
 *   id, time (ms since 1970), type, and by type
 *   leader      topic, partition, leader (-1: none), leader_before, leader_epoch,
 *               leader_epoch_before, leaderless_ms
 *   isr         topic, partition, leader_epoch, isr, isr_before
 *   broker      broker, state (registered, unfenced, fenced, shutting down, unregistered), epoch
 *   controller  controller (-1: none known), controller_before, epoch
 *   rebalance   group, generation, members, state, pause_ms
 *   faults      the faults from here on
 *
 * leaderless_ms is how long a partition had no leader that lived: from the last sign of the old
 * one to the election of the new one. 0 when the old one handed over. Only the active controller
 * hears the signs of life: elsewhere it is null, or counts from when this broker learned that the
 * partition had none. Where the active controller itself died, from when this broker lost it.
 */
#ifndef SERVER_EVENTS_H
#define SERVER_EVENTS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "meta/image.h"

struct events;

#define EVENTS_KEPT 1000

struct events_settings {
	const struct clock *clock;
	/* Wall ms of the last sign of life of a broker, -1: not known. NULL: never known. */
	int64_t (*silent_since)(void *arg, int32_t broker);
	void *arg;
};

struct events *events_new(const struct events_settings *set);
/* NULL is allowed, here and as the events of all calls that record: nothing is recorded then. */
void events_free(struct events *e);

/* What is there already does not happen any more: brokers of the image are known from here on. */
void events_begin_with(struct events *e, const struct image *img);
/* `out` records what it hears and then tells `inner`, which is copied. Once. */
void events_wrap(struct events *e, const struct image_listener *inner, struct image_listener *out);

/* The quorum's leader as this node knows it, -1: none; recorded when it is another than before. */
void events_controller(struct events *e, int32_t controller, int32_t epoch);
/* A group has got through a rebalance, or has lost its last member. */
void events_rebalance(struct events *e, struct str group, int32_t generation, int32_t members,
	const char *state, int64_t pause_ms);

/* One of another type: members are written between the two. NULL: nothing is recorded. */
struct json *events_open(struct events *e, const char *type);
void events_close(struct events *e);

/* Id of the last one, 0: there was none. */
int64_t events_last(const struct events *e);
struct events_counts {
	uint64_t elections; /* partitions that got another leader, or lost theirs */
	uint64_t isr_shrinks, isr_expands;
};
struct events_counts events_counts(const struct events *e);

/* {"events": […], "next": id to ask after the next time, "lost": how many after `after` are not
 * kept any more}. An `after` beyond the last id is of an earlier life of this broker: all are
 * given. */
void events_write(const struct events *e, int64_t after, struct buf *out);

#endif
