/* What the files of the coordinator share. */
#ifndef GROUP_IMPL_H
#define GROUP_IMPL_H

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/random.h"
#include "group/group.h"
#include "group/records.h"
#include "wire/kerr.h"

/*
 *            first member joins                  all members have joined
 *   EMPTY ───────────────────────▶ PREPARING ───────────────────────────▶ COMPLETING
 *     ▲                             ▲  ▲   │ nobody is left                │      │
 *     ├─────────────────────────────┼──┼───┘        member comes or goes   │      │ assignment
 *     │                             │  └───────────────────────────────────┘      │ is committed
 *     │ (only by way of PREPARING)  │            member comes or goes             ▼
 *     │                             └────────────────────────────────────────── STABLE
 *     └──▶ DEAD: from everywhere, when the group is forgotten or coordinated elsewhere
 *
 * A group that is loaded with members goes from EMPTY to STABLE at once.
 */
enum group_state { GROUP_EMPTY, GROUP_PREPARING, GROUP_COMPLETING, GROUP_STABLE, GROUP_DEAD };

/* Embedded; due when the clock passes node.key. */
struct group_timer {
	struct heap_node node;
	void (*fire)(struct coordinator *c, struct group_timer *t);
};

/* One way to assign partitions that a member can take part in. */
struct group_protocol {
	struct str name;       /* owned */
	struct slice metadata; /* owned: the subscription, opaque */
};

/* A request that is answered when the group is ready for it. fn NULL: none. */
struct parked {
	struct group_reply reply;
	int16_t version; /* of the request */
};

struct member {
	struct list_node node; /* group->members, in the order of joining */
	struct group *group;
	struct str id, instance; /* owned; instance null: dynamic */
	struct str client_id, client_host;
	int32_t session_ms, rebalance_ms;
	struct group_protocol *protocols;
	int32_t n_protocols;
	struct slice assignment; /* owned */
	struct parked join, sync;
	bool is_new;  /* has not been in a generation: it may not know its id yet */
	bool to_sync; /* of this generation, its SyncGroup has not come */
	struct group_timer session;
};

/* A member id that was handed out and not used yet (KIP-394). */
struct pending {
	struct list_node node;   /* group->pending */
	struct list_node by_age; /* coordinator->pending */
	struct group *group;
	struct str id;
	struct group_timer timer;
};

/* The committed offset of one partition. */
struct committed {
	struct list_node node; /* group->offsets */
	struct str topic;      /* owned */
	int32_t partition;
	int64_t offset;
	int32_t leader_epoch;
	struct str metadata;          /* owned */
	int64_t commit_ms, expire_ms; /* wall clock; expire -1: by offsets.retention.minutes */
};

struct group {
	struct coordinator *c;
	struct str id; /* owned */
	int32_t partition;
	enum group_state state;
	int64_t state_since_ms;   /* wall clock; -1: not known */
	int64_t paused_ms;        /* mono: the rebalance that goes on began; -1: none */
	uint32_t refs;            /* appends that will come back, and the coordinator's table */
	struct str protocol_type; /* null: never had a member */
	struct str protocol;      /* null: none chosen */
	int32_t generation;
	struct member *leader;
	struct list members;
	int32_t n_before;             /* members of the generation that is or was */
	int32_t n_members, n_joining; /* n_joining: with a JoinGroup that waits */
	int32_t n_to_sync;
	struct map by_id, by_instance;
	struct list pending;
	struct map pending_by_id;
	struct map supporters; /* protocol name → how many members know it */
	/* the rebalance that goes on */
	struct group_timer join_timer, sync_timer;
	bool grew;               /* a member was added since the initial delay last began */
	int64_t initial_left_ms; /* of the initial delay; -1: not in it */
	bool storing;            /* this generation's assignment is being appended */
	struct map offset_of;    /* (topic, partition) → struct committed */
	struct list offsets;
	int32_t n_offsets;
	struct list commits; /* struct commit, under way: such a group is not forgotten */
};

enum shard_state { SHARD_ELSEWHERE, SHARD_LOADING, SHARD_HERE };

struct coordinator {
	const struct group_settings *set;
	const struct clock *clock;
	const struct group_log *log;
	int32_t n_partitions;
	struct rng rng;
	struct map groups; /* by id */
	enum shard_state *shards;
	struct list pending; /* of all groups, the oldest first */
	size_t pending_bytes;
	struct buf key; /* of an offset that is looked for */
	struct heap timers;
	struct group_timer expiry;
};

/* ---- coordinator.c: groups, time ------------------------------------------------------------ */

static inline int64_t mono(const struct coordinator *c)
{
	return clock_mono_ms(c->clock);
}

static inline int64_t wall(const struct coordinator *c)
{
	return clock_wall_ms(c->clock);
}

/* Fires once, delay_ms from now; set again before that, it starts over. */
void timer_set(struct coordinator *c, struct group_timer *t, int64_t delay_ms,
	void (*fire)(struct coordinator *, struct group_timer *));
/* No effect when it does not run. */
void timer_stop(struct coordinator *c, struct group_timer *t);

/* 0, COORDINATOR_LOAD_IN_PROGRESS or NOT_COORDINATOR. */
int16_t coordinator_check(const struct coordinator *c, struct str group);
/* The same, and INVALID_GROUP_ID for the empty name, which only offsets may have. */
int16_t coordinator_check_named(const struct coordinator *c, struct str group);
struct group *group_find(const struct coordinator *c, struct str id);
struct group *group_new(struct coordinator *c, struct str id);
/* Out of the table and DEAD; gone when the last reference is. Members are answered error. */
void group_forget(struct group *g, int16_t error);
/* Forgets a group that has nobody, nothing, and never had: no record speaks of it. */
void group_drop_unused(struct group *g);
struct group *group_get(struct group *g);
void group_put(struct group *g);

static inline bool group_is(const struct group *g, enum group_state s)
{
	return g->state == s;
}

/* The one place that moves. */
void group_move(struct group *g, enum group_state to);
/* Kafka's name: "Empty", "PreparingRebalance" … */
const char *group_state_name(enum group_state s);

/* Kafka's code to a client for what the log said (kafka-rules 5.7): of offsets, and of an
 * assignment, that could not be stored. */
int16_t offset_write_error(int16_t log);
int16_t group_write_error(int16_t log);
/* As Java counts: UTF-16 units. */
size_t java_length(struct str s);

/* ---- members.c ------------------------------------------------------------------------------ */

/* Empty text for a null one; owned copies. */
struct str own_str(struct str s);
struct slice own_slice(struct slice s);

struct member *member_find(const struct group *g, struct str id);
struct member *member_by_instance(const struct group *g, struct str instance);
/* A member of the group; the first one leads. session runs from now. */
struct member *member_add(struct group *g, struct str id, const struct group_caller *who,
	const struct join_group_request *r);
/* Also out of the lead; what waits is answered error. */
void member_remove(struct member *m, int16_t error);
/* A SyncGroup of it is, or is not, waited for. */
void member_expect_sync(struct member *m, bool expect);
/* A static member that came back under a new id: the old one's requests are fenced. */
void member_rename(struct member *m, struct str id);
/* Takes time-outs and protocols over from a JoinGroup. */
void member_update(struct member *m, const struct join_group_request *r);
/* The same protocols in the same order with the same metadata. */
bool member_same_protocols(const struct member *m, const struct join_group_request *r);
/* The metadata for the group's protocol; empty if none. */
struct slice member_metadata(const struct member *m, struct str protocol);
/* The session begins again. */
void member_alive(struct member *m);
/* Of the member named, 0, UNKNOWN_MEMBER_ID or FENCED_INSTANCE_ID (KIP-345). *out is set when 0. */
int16_t member_check(
	const struct group *g, struct str id, struct str instance, struct member **out);

void member_answer_join(struct member *m, const struct join_group_response *r);
void member_answer_join_error(struct member *m, int16_t error);
void member_answer_sync(struct member *m, int16_t error);
/* Its assignment is this one from here on; copied. */
void member_assign(struct member *m, struct slice assignment);
void member_park_join(struct member *m, struct group_reply reply, int16_t version);
/* Sends an answer to JoinGroup in the words of the request's version. */
void send_join(struct group_reply reply, int16_t version, const struct join_group_response *r);

struct pending *pending_find(const struct group *g, struct str id);
void pending_add(struct group *g, struct str id, int32_t session_ms);
void pending_remove(struct pending *p);

/* The longest of the members. */
int32_t group_rebalance_ms(const struct group *g);
/* True: this request's protocols fit everybody. */
bool group_supports(const struct group *g, const struct join_group_request *r);
/* What all members support, and most prefer; null when there is no member. Borrowed from one. */
struct str group_choose_protocol(const struct group *g);
/* Does the group read this topic? True also when one of its subscriptions cannot be read. */
bool group_reads(const struct group *g, struct str topic);

/* ---- rebalance.c ---------------------------------------------------------------------------- */

/* Members are asked to join again, unless that has begun. */
void group_rebalance(struct group *g);
/* Answers the SyncGroups that wait; the sessions of those who sent them go on. */
void group_answer_sync(struct group *g, int16_t error);
/* Ends the join phase when all are there. */
void group_try_complete(struct group *g);
/* A member has gone: what that means for the others. */
void group_left(struct group *g, struct member *m, int16_t error);
/* The member's answer in the generation that is. */
void group_answer_join(struct group *g, struct member *m);
/* The group as a record: with its members, or as the empty group. w NULL: nobody waits. */
void group_store(struct group *g, struct group_write *w);
/* The member has sent SyncGroup; when everybody of the generation has, nobody is waited for. */
void group_synced(struct member *m);

/* ---- entries.c: batches of records on their way ---------------------------------------------- */

struct entries {
	struct buf bytes;
	VEC(struct group_entry) v; /* offsets into bytes until entries_append */
};

void entries_init(struct entries *e);
void entries_fini(struct entries *e);
/* A record with no value. Offsets are many at times and need not be forgotten together: much that
 * is there already is sent before, so that no batch is too large for the log. */
void entries_forget_offset(struct entries *e, struct group *g, struct str topic, int32_t partition);
void entries_forget_group(struct entries *e, struct str group);
int entries_offset(struct entries *e, struct str group, struct str topic, int32_t partition,
	const struct offset_commit_value *v) MUSTCHECK;
int entries_group(
	struct entries *e, struct str group, const struct group_metadata_value *v) MUSTCHECK;
/* Sends them; w NULL: only a log line tells of an error. */
void entries_append(struct entries *e, struct group *g, struct group_write *w);

/* ---- offsets.c ------------------------------------------------------------------------------ */

struct committed *offset_find(const struct group *g, struct str topic, int32_t partition);
void offset_put(
	struct group *g, struct str topic, int32_t partition, const struct offset_commit_value *v);
void offset_remove(struct group *g, struct committed *o);
/* The offset is no more, stored or on its way; a record that says so is added to e. */
void offset_forget(struct group *g, struct str topic, int32_t partition, struct entries *e);
/* The offsets that are stored, or on their way into the log, as records that forget them. */
void offsets_forget_all(struct group *g, struct entries *e);
/* Offsets of groups that nobody reads with any more; and such groups. */
void offsets_expire(struct coordinator *c);

#endif
