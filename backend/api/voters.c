/* See voters.h. */
#define LOG_MODULE "quorum"
#include "api/voters.h"

#include "base/log.h"

#define QUARREL_MS 10000
#define ID_SHOWN   64 /* of a cluster's id that somebody sent */

static bool may_say(struct broker *b)
{
	int64_t now = broker_now_ms(b);

	if (b->quarrel_ms && now - b->quarrel_ms < QUARREL_MS)
		return false;
	b->quarrel_ms = now;
	return true;
}

int16_t voters_check_cluster(struct call *c, struct str cluster_id)
{
	struct broker *b = c->broker;

	if (cluster_id.n == 0 || b->cluster_id.n == 0 || str_eq(cluster_id, b->cluster_id))
		return KERR_NONE;
	if (may_say(b))
		log_error("%s from %s: it belongs to cluster %.*s, this node to %.*s", c->api->name,
			net_slot_peer(c->slot), (int)min_size(cluster_id.n, ID_SHOWN), cluster_id.p,
			STR_ARG(b->cluster_id));
	return KERR_INCONSISTENT_CLUSTER_ID;
}

int16_t voters_check(struct call *c, struct str cluster_id, int32_t asked, int32_t from)
{
	struct broker *b = c->broker;
	int16_t error = voters_check_cluster(c, cluster_id);

	if (error)
		return error;
	if (asked >= 0 && asked != b->node_id) {
		if (may_say(b))
			log_error("%s from %s is meant for node %d, this is node %d: "
				  "controller.quorum.voters differs between the nodes",
				c->api->name, net_slot_peer(c->slot), asked, b->node_id);
		return KERR_INVALID_VOTER_KEY;
	}
	if (broker_voter(b, from))
		return KERR_NONE;
	if (may_say(b))
		log_error("%s from %s: node %d is no voter here: controller.quorum.voters differs "
			  "between the nodes",
			c->api->name, net_slot_peer(c->slot), from);
	return KERR_INCONSISTENT_VOTER_SET;
}

void voters_twice(struct call *c, int32_t id)
{
	if (may_say(c->broker))
		log_error("%s from %s: it has the id of node %d and another data folder, while "
			  "node %d lives: refused",
			c->api->name, net_slot_peer(c->slot), id, id);
}
