/*
 * Clients of a simulated cluster, over the links that the programs use: a client program's
 * connections and what it knows of who leads what; producers, consumers and admins on top of it.
 */
#ifndef SIM_CLUSTER_CLIENTS_H
#define SIM_CLUSTER_CLIENTS_H

#include "cluster_world.h"
#include "link/link.h"
#include "wire/api.h"
#include "wire/batch.h"
#include "wire/kerr.h"

struct known_partition {
	char topic[24];
	struct uuid id;
	int32_t index;
	int leader; /* -1 */
	int32_t epoch;
};

struct client {
	struct world *world;
	struct loop *loop;
	struct link *links[NODES];
	VEC(struct known_partition) known;
	bool asking;
	struct io_timer refresh;
	struct arena arena; /* of requests, until they are encoded */
};

void client_init(struct client *c, struct world *w, struct loop *l);
void client_fini(struct client *c);
/* Connects where there is no connection; ERR_AGAIN: not now. The answer comes as link_call says. */
int client_call(struct client *c, int node, const struct link_call *call) MUSTCHECK;
/* A node with a connection, by chance; -1: none. Makes those that there are not. */
int client_any(struct client *c);
/* What it knows is old: asked for anew, soon. */
void client_refresh(struct client *c);
/* NULL: not known. */
const struct known_partition *client_partition(
	const struct client *c, const char *topic, int32_t index);

/* ---- traffic (cluster_traffic.c) ------------------------------------------------------------- */

void traffic_start(struct world *w);
void traffic_free(struct world *w);
/* One more partition to write to and to read. */
void traffic_add(struct world *w, const char *topic, int32_t index);
/* No new records from here on; what is open is tried again until it is acknowledged. */
void traffic_end(struct world *w, bool end);
/* Nothing is open, and consumers have read to the end of all. */
bool traffic_done(struct world *w);
/* Why not. */
void traffic_say(struct world *w, struct buf *out);

/* ---- admins (cluster_admin.c) ---------------------------------------------------------------- */

void admin_start(struct world *w);
void admin_free(struct world *w);
/* The topics that traffic goes to are there. */
bool admin_ready(struct world *w);
/* Nothing new from here on. */
void admin_rest(struct world *w, bool rest);

/* ---- trouble (cluster_trouble.c) ------------------------------------------------------------- */

void trouble_start(struct world *w);
void trouble_free(struct world *w);
/* No new faults; what is broken is mended, what is down is started. */
void trouble_heal(struct world *w);
/* Begins anew. */
void trouble_begin(struct world *w, bool grave);

#endif
