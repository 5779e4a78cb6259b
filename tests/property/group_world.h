/*
 * What is outside of the coordinator in test_group: a log that stores late and is cut by crashes
 * (group_world.c), clients and what their answers must not say (group_clients.c).
 */
#ifndef TESTS_PROPERTY_GROUP_WORLD_H
#define TESTS_PROPERTY_GROUP_WORLD_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/vec.h"
#include "group/group.h"

#define SHARDS     3
#define GROUPS     3
#define CLIENTS    5 /* of each group */
#define PARTITIONS 6
#define SESSION_MS 6000
#define STATIC     "static"

struct stored {
	int32_t shard;
	struct buf key, value;
	bool deleted;
	uint64_t write; /* the append it belongs to */
};

struct append {
	struct group_write *w;
	uint64_t number;
};

/* What is known of one generation of a group. */
struct told {
	int32_t group, generation;
	char leader[80];
	char owner[PARTITIONS][80];
	uint64_t members; /* a hash of who its leader was told of; 0: not yet */
	bool handed_out;
};

struct offsets {
	int64_t sent, acked; /* highest */
	int64_t dead;        /* at most this much was deleted for good */
};

struct world;

struct client {
	struct world *w;
	int32_t group;
	bool is_static; /* one of each group: its instance id is STATIC */
	char id[80], old_id[80];
	int32_t generation;
	bool joining, syncing;
	bool rejoin, to_sync; /* what is next for it */
	char members[CLIENTS * 2][80];
	int32_t n_members;
};

struct world {
	struct rng rng;
	struct clock_manual clock;
	struct group_settings set;
	struct group_log log;
	struct coordinator *c;
	uint64_t seed;
	VEC(struct stored) records;
	VEC(struct append) appends;
	uint64_t n_appends, n_crashes;
	VEC(struct told) told;
	struct offsets offsets[GROUPS][PARTITIONS];
	int32_t incarnation[GROUPS];
	struct client clients[GROUPS][CLIENTS];
	const char *fault; /* the first rule that was broken */
	uint64_t joined, joined_static, synced, committed, deleted;
};

/* Keeps the first rule that was broken. */
void world_broken(struct world *w, const char *what);
struct str world_group_name(int32_t group);
void world_init(struct world *w, uint64_t seed);
void world_fini(struct world *w);
/* The coordinator goes, some of what it wrote with it, and another reads what is left. */
void world_crash(struct world *w);
/* Some of what waits is stored. */
void world_store_some(struct world *w);

/* What a client says; its answer is held against the rules. */
void client_join(struct client *k);
void client_sync(struct client *k, int32_t generation);
void client_heartbeat(struct client *k);
void client_leave(struct client *k, const char *id);
void client_commit(struct client *k, int32_t generation);
void client_fetch(struct client *k);
/* Somebody deletes the group. */
void world_delete_group(struct world *w, int32_t group);

#endif
