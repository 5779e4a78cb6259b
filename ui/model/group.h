/*
 * Consumer groups in a snapshot: members and what they were given, commits, lag. As with topics, a
 * group never changes after it was published. What the cluster does not tell is -1, NaN or "".
 */
#ifndef MODEL_GROUP_H
#define MODEL_GROUP_H

#include "model/cluster.h"
#include "model/lag.h"

enum group_state {
	GROUP_UNKNOWN,
	GROUP_EMPTY,      /* no members */
	GROUP_PREPARING,  /* a rebalance: members are asked to join */
	GROUP_COMPLETING, /* a rebalance: the leader shares out */
	GROUP_STABLE,
	GROUP_DEAD, /* gone, or about to go */
	GROUP_STATE_COUNT,
};
/* Kafka's name: "Stable", "PreparingRebalance" … "Unknown". */
const char *group_state_name(enum group_state s);
/* From Kafka's name; states of the newer protocol fall to the nearest. */
enum group_state group_state_of(struct str name);
/* Members may hold nothing for a moment without anything being wrong. */
static inline bool group_state_moving(enum group_state s)
{
	return s == GROUP_PREPARING || s == GROUP_COMPLETING;
}

/* Why a member has no partition. */
enum idle {
	IDLE_NO,
	IDLE_REBALANCE, /* nobody knows yet */
	IDLE_SURPLUS,   /* more members than partitions */
	IDLE_NOTHING,   /* what it subscribed to has no partition, or is not there */
	IDLE_OTHER,     /* its assignor decided so */
};

struct group_given {
	struct str topic;
	int32_t partition;
};

struct group_member {
	const char *id, *client, *host;
	const char *instance; /* of a static member; "" */
	const char *label;    /* what to call it: instance, client where it is one's own, else id */
	const struct group_given *given; /* by topic, partition */
	size_t n_given;
	const struct str *topics; /* subscribed to */
	size_t n_topics;
	uint8_t idle; /* enum idle */
};

/* What to call a member; twin: another one has the same client id. */
static inline struct str group_member_name(
	struct str instance, struct str client, bool twin, struct str id)
{
	return instance.n ? instance : client.n && !twin ? client : id;
}

/* Shared by snapshots of a group until its members change. */
struct group_members {
	uint32_t refs;
	size_t n;
	struct group_member *v; /* by label, then id */
};

/* Where a commit lies in the log. */
enum position {
	POSITION_UNKNOWN, /* commit or log not known yet */
	POSITION_IN_LOG,
	POSITION_NEVER,        /* nothing was committed */
	POSITION_BELOW_START,  /* the records were deleted before they were read */
	POSITION_ABOVE_END,    /* the log ends before: truncated or made anew */
	POSITION_NO_TOPIC,     /* deleted */
	POSITION_NO_PARTITION, /* the topic was made anew with fewer */
};

#define GROUP_SPARK    8 /* cells of "2 MIN" */
#define GROUP_SPARK_MS 15000

struct group_partition {
	struct str topic; /* also NUL-terminated */
	int32_t partition;
	int32_t member;       /* place in members, -1: nobody */
	int64_t committed;    /* -1: never */
	int32_t epoch;        /* leader epoch of the commit, -1 */
	const char *metadata; /* what the client wrote beside it; "" */
	int64_t start, end;   /* END is the high watermark; -1 */
	int64_t committed_ms; /* when the commit was looked at, -1 */
	int64_t last_ms;      /* when it was last seen to move, -1 */
	uint8_t position;     /* enum position */
	int16_t kerr;         /* of the last try for the commit; 0 */
	struct lag lag;
	float spark[GROUP_SPARK]; /* lag, oldest first; NaN: not known */
};

/* One topic of a group: its rows lie together. */
struct group_topic {
	struct str name;
	size_t first, n; /* in partitions */
	struct lag lag;
	ptrdiff_t at; /* private: in the cluster's topics, as long as its shape is the same; -1 */
};

/* The last rebalance as it was seen. */
struct rebalance {
	uint32_t count; /* seen so far; 0: none */
	int64_t at_ms;
	int64_t paused_ms;    /* from the first look that saw it to the one that saw its end; -1 */
	int32_t moved, total; /* partitions that have another owner now */
	int32_t from, to;     /* generations; -1: not told */
	const char *why;      /* "pay-7 joined; pay-0 left"; "" */
};

struct group {
	struct str name; /* also NUL-terminated */
	uint8_t state;   /* enum group_state */
	bool described;  /* members are known */
	bool lag_known;  /* commits were read at least once, and an end after one of them */
	int32_t coordinator;
	int32_t generation;                  /* -1 */
	const char *protocol;                /* "classic", "consumer"; "" */
	const char *type;                    /* protocol type: "consumer", "connect"; "" */
	const char *assignor;                /* "" */
	const struct group_members *members; /* never NULL */
	int32_t n_idle;
	const struct lag *member_lags;            /* one a member */
	const struct group_partition *partitions; /* by topic, partition */
	size_t n_partitions;
	const struct group_topic *topics; /* by name */
	size_t n_topics;
	struct lag lag;
	ptrdiff_t worst; /* partition that the verdict is about, -1 */
	struct rebalance rebalance;
	int64_t listed_ms;
	struct part describe, offsets;
	uint32_t refs; /* private */
};

/* Keeps a group longer than its snapshot. */
const struct group *group_ref(const struct group *g);
void group_unref(const struct group *g);
/* NULL: not there. */
const struct group *cluster_group(const struct cluster *c, struct str name);
const struct group_partition *group_partition_find(
	const struct group *g, struct str topic, int32_t partition);
const struct group_topic *group_topic_find(const struct group *g, struct str topic);
/* The groups with most weight: by verdict, then by lag. Borrowed; returns how many were put. */
size_t cluster_worst_groups(const struct cluster *c, const struct group **out, size_t max);

/* Every broker that answers has listed its groups, or does not let us, and of at least so many of
 * them (or all) the lag is there, or will not come: for whoever prints once. */
bool cluster_groups_there(const struct cluster *c, size_t most);

/* One sentence behind a verdict: "pay-4 takes 12/s of 70/s and will never catch up at this pace";
 * nothing where all is well. */
void group_partition_put_reason(
	struct buf *out, const struct group *g, const struct group_partition *p, int64_t now_ms);
/* The same about the partition it is worst for, or about the group's state. */
void group_put_reason(struct buf *out, const struct group *g, int64_t now_ms);
/* The same about one topic of the group only. */
void group_topic_put_reason(
	struct buf *out, const struct group *g, const struct group_topic *t, int64_t now_ms);
/* "6 partitions, 7 members: a partition has one reader, so pay-7 waits"; nothing when not idle. */
void group_member_put_idle(struct buf *out, const struct group *g, size_t member);

#endif
