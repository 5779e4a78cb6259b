/*
 * A cluster of whole servers on simulated machines, its disks, its clients and what is known to be
 * true about it. Shared by
 *
 *   cluster_world.c    the machines and the life of the servers
 *   cluster_truth.c    what has been committed, and looking at every server after its every turn
 *   cluster_clients.c  connections and metadata of clients
 *   cluster_traffic.c  producers and consumers
 *   cluster_admin.c    topics, settings, elections
 *   cluster_trouble.c  faults, healing
 *   cluster_run.c      one history from a seed
 *
 * What is found wrong is kept in world.broken; the run ends with it.
 */
#ifndef SIM_CLUSTER_WORLD_H
#define SIM_CLUSTER_WORLD_H

#include "cluster_truth.h"
#include "conf/conf.h"
#include "server/server.h"
#include "sim.h"
#include "sim_disk.h"

#define NODES       5
#define VOTERS      3
#define CLIENT_PORT 9092
#define VOTER_PORT  29092

struct world;

struct node {
	struct world *world;
	int id;
	struct sim_machine *machine;
	struct sim_disk disk;
	struct conf conf;
	struct server_settings set;
	struct server *server; /* NULL: down */
	bool ready;            /* this process serves clients */
	bool exited;           /* the server has ended by itself, or as it was told */
	int exit_rc;           /* then; 0: in order */
	bool sick;             /* its disk has failed a sync: only a restart helps */
	struct node_view view;
};

struct world_stats {
	int64_t acked, read, kills, power_cuts, wipes, cuts, pauses, jumps, disk_faults, leaders;
};

struct world {
	uint64_t seed;
	int n; /* nodes */
	int lag_ms, session_ms;
	struct sim sim;
	struct node nodes[NODES];
	struct sim_machine *office; /* those who act, but for the clients */
	struct sim_machine *homes[2];
	struct truth truth;
	struct traffic *traffic;
	struct admin *admin;
	struct trouble *trouble;
	struct world_stats stats;
	bool fragile;     /* acknowledged records may be lost: power cuts without syncs */
	char broken[600]; /* "": nothing */
};

/* A history that goes wrong: the first thing counts. */
void world_break(struct world *w, const char *fmt, ...) PRINTF_LIKE(2, 3);
static inline bool world_broken(const struct world *w)
{
	return w->broken[0];
}

void world_init(struct world *w, uint64_t seed, int n);
void world_fini(struct world *w);
/* Up to that much virtual time, or until something is broken, or `until` says so. */
void world_run(struct world *w, int64_t us, bool (*until)(struct world *w));

static inline int64_t world_between(struct world *w, int64_t lo, int64_t hi)
{
	return rng_between(&w->sim.rng, lo, hi);
}

static inline bool world_one_in(struct world *w, uint32_t n)
{
	return rng_one_in(&w->sim.rng, n);
}

/* ---- the life of a node (cluster_world.c) ---------------------------------------------------- */

void node_start(struct node *n);
/* The process ends in the midst of what it does; with power_off the machine, too: nothing is told
 * to anybody, and what was not synced may be gone. */
void node_kill(struct node *n, bool power_off);
/* SIGTERM. */
void node_stop(struct node *n);
/* The folder is removed; the node is down. */
void node_wipe(struct node *n);
/* NULL: it is down, or has none. */
struct partition *node_replica(const struct node *n, const struct uuid *topic, int32_t index);

#endif
