/*
 * The quorum over the network: what metalog has to say to other nodes goes out as Vote,
 * BeginQuorumEpoch, EndQuorumEpoch and Fetch over the peers' links, and their answers come back.
 *
 *   voter, or broker that knows the voters      asks them
 *   broker with bootstrap servers only          asks those who the voters are, then as above
 *
 * A node that has no cluster id yet asks for it before it fetches. One that is told at its start
 * that it belongs to another cluster, or has other voters, ends.
 */
#ifndef SERVER_QUORUM_NET_H
#define SERVER_QUORUM_NET_H

#include "api/broker.h"
#include "server/peers.h"
#include "server/server.h"

struct quorum_net;

struct quorum_net_settings {
	int64_t request_timeout_ms;
	/* Nodes to ask for the voters, when those are not known; the hosts are borrowed. */
	struct broker_voter bootstrap[SERVER_BOOTSTRAP];
	int n_bootstrap;
	void *arg;
	/* The voters, asked for; the strings live until it returns. Negative: they cannot be. */
	int (*voters_named)(void *arg, const struct broker_voter *voters, int n);
	/* As metalog_net's. */
	int (*elected)(void *arg);
	/* This node cannot be part of that quorum. */
	void (*misplaced)(void *arg, const char *why);
};

/* b->voters and b->cluster_id are looked at whenever they are needed; b->metalog is set before
 * quorum_net_start. */
struct quorum_net *quorum_net_new(struct loop *l, struct broker *b, struct peers *peers,
	const struct quorum_net_settings *set);
/* Calls under way are cancelled. NULL is allowed. */
void quorum_net_free(struct quorum_net *q);
/* For metalog_settings. */
void quorum_net_ops(struct quorum_net *q, struct metalog_net *out);
/* Asks for the voters, when they are not known. */
void quorum_net_start(struct quorum_net *q);

#endif
