/*
 * Links to the other nodes of the cluster, and to this node's own listeners: the controller talks
 * to itself the way it talks to others.
 *
 * A node has a connection a lane, made when it is first needed and again when a call waits for it
 * after its end: answers come in the order of requests, so what may be parked at the other end
 * (a fetch) has a lane of its own and never holds up a vote.
 *
 *   peers_call --> waits for the connection --> in flight --> fn
 *                        |                          |
 *                        +-- time-out --> fn        +-- connection ended, time-out --> fn
 *
 * A call that waits outlives failed attempts to connect, up to its own time-out; one in flight ends
 * with its connection, since nobody knows whether it was done.
 */
#ifndef SERVER_PEERS_H
#define SERVER_PEERS_H

#include "link/link.h"

struct loop;
struct peers;

enum peer_lane {
	PEER_VOTES,    /* Vote, BeginQuorumEpoch, EndQuorumEpoch */
	PEER_METADATA, /* Fetch of the metadata log; its end is the leader's silence */
	PEER_CONTROL,  /* registration, heartbeats, AlterPartition, AllocateProducerIds */
	PEER_FORWARD,  /* what clients asked for and only the controller may do */
	PEER_REPLICAS, /* Fetch of partitions, by the broker's listener */
	PEER_LANES,
};

/* node_id: of this node; names it in the client id "broker-N". */
struct peers *peers_new(struct loop *l, int32_t node_id);
/* Calls that are open are answered with ERR_CANCELLED first. NULL is allowed. */
void peers_free(struct peers *p);

/* Where a voter's controller listener is; host is copied. Another address than before ends the
 * connections to the old one. */
void peers_set_controller(struct peers *p, int32_t node, const char *host, uint16_t port);
/* Where a broker's listener for other brokers is; PEER_REPLICAS goes there. */
void peers_set_broker(struct peers *p, int32_t node, const char *host, uint16_t port);
/* Has an address for the lane. */
bool peers_knows(const struct peers *p, int32_t node, enum peer_lane lane);

/*
 * Sends a request as link_call does; the request is copied when it has to wait. fn is called later,
 * never from within, exactly once, unless the call is cancelled; it may call everything here but
 * peers_free. Besides what link_reply_fn tells: ERR_NOT_FOUND: no address is known; ERR_TIMEOUT:
 * also when there was no connection in time; ERR_UNSUPPORTED and ERR_INVALID as link_call. A call
 * without fn (nobody answers it) is not possible. The id is > 0.
 */
int64_t peers_call(
	struct peers *p, int32_t node, enum peer_lane lane, const struct link_call *call);
/* fn will not be called. No effect for an unknown id. */
void peers_cancel(struct peers *p, int64_t id);

/* A connection ended, or none could be made (`refused`: nobody listens there). Called before the
 * calls on it are answered would be of no use, so after; one listener a lane. */
typedef void peers_closed_fn(void *arg, int32_t node, enum peer_lane lane, bool refused);
void peers_on_closed(struct peers *p, enum peer_lane lane, peers_closed_fn *fn, void *arg);

/* A fault on purpose: while on, there is no link to that node; what waits is kept waiting. */
void peers_cut(struct peers *p, int32_t node, bool on);

#endif
