/*
 * The active controller at work beside answering requests: who has gone silent and is fenced,
 * leaders for partitions that have none, leaders back to the preferred replicas. Asleep on a node
 * that is not the active controller.
 *
 * A broker whose heartbeat connection was closed is tried at its address: where nobody listens, it
 * is dead and fenced at once, else after the grace.
 */
#ifndef SERVER_CONTROLLER_H
#define SERVER_CONTROLLER_H

#include "api/broker.h"
#include "control/sessions.h"

struct loop;
struct controller;

struct controller_settings {
	struct sessions_settings sessions;
	bool balance;               /* auto.leader.rebalance.enable */
	int64_t balance_ms;         /* leader.imbalance.check.interval.seconds */
	int32_t balance_percentage; /* leader.imbalance.per.broker.percentage */
};

/* b is borrowed; its metalog must be there. */
struct controller *controller_new(
	struct loop *l, struct broker *b, const struct controller_settings *set);
void controller_free(struct controller *c);
/* The role may have changed: begins or ends this node's time as the controller. NULL is allowed. */
void controller_look(struct controller *c);
/* As broker->heard. */
void controller_heard(struct controller *c, int32_t broker, struct net_slot *slot);
/* Wall clock in ms of the last sign of life of a broker, -1 when this node is not the active
 * controller or has not heard of it. */
int64_t controller_silent_since(const struct controller *c, int32_t broker);

#endif
