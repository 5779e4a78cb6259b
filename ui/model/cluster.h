/*
 * A cluster as it was at one moment: what the screens draw. A snapshot never changes after it was
 * published; topics that did not change are shared between snapshots. Everything belongs to one
 * thread. Times named at_ms are monotonic, wall_ms since 1970. -1 is "not known" wherever a number
 * cannot be negative; NaN for a rate.
 */
#ifndef MODEL_CLUSTER_H
#define MODEL_CLUSTER_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/uuid.h"
#include <stdbool.h>

/* ---- how old, and why not newer ---------------------------------------------------------- */

/* One part of the data: when it was right, how often it is asked for, what the last try said. */
struct part {
	int64_t at_ms;       /* -1: never */
	int32_t interval_ms; /* 0: asked once only, never stale */
	int16_t code;        /* 0 or enum err_code of the last try */
	int16_t kerr;        /* Kafka's error of the last try, 0: none */
};

enum part_state {
	PART_NEVER,  /* not there yet: draw "…" or "-" */
	PART_LIVE,   /* not older than two intervals */
	PART_STALE,  /* older: draw dim, with its age */
	PART_DENIED, /* the cluster forbids it: "denied" */
	PART_FAILED, /* could never be had */
};

/* What a part is worth now. */
enum part_state part_state(const struct part *p, int64_t now_ms);
/* ms since it was right, -1: never was. */
int64_t part_age_ms(const struct part *p, int64_t now_ms);
/* Appends "denied", "broker does not answer" …; nothing when the last try was fine. */
void part_why(struct buf *out, const struct part *p);

/* ---- brokers ------------------------------------------------------------------------------ */

enum broker_state {
	BROKER_UNKNOWN, /* listed, not asked yet */
	BROKER_UP,
	BROKER_STALE, /* listed, but does not answer us any more */
	BROKER_DOWN,  /* known from replica lists only, or has left */
};
const char *broker_state_name(enum broker_state s);

/* Its process, where this machine's kdeck runs it. */
enum broker_process {
	PROCESS_ELSEWHERE, /* not of a cluster that kdeck started here */
	PROCESS_RUNS,
	PROCESS_PAUSED, /* alive, and answers nothing */
	PROCESS_ENDED,
};

struct broker {
	int32_t id;
	char host[256]; /* "" when known from replica lists only */
	int32_t port;
	char rack[128]; /* "": none */
	enum broker_state state;
	int64_t since_ms;      /* in this state */
	int32_t n_leaders;     /* partitions it leads */
	int32_t n_replicas;    /* partitions it should hold */
	int32_t n_out_of_sync; /* of those, not in sync */
	int64_t disk_bytes;    /* sum of its replicas, -1 */
	int64_t disk_total;    /* of its log folders (Kafka 3.4 and newer), -1 */
	int64_t disk_free;
	double in_records; /* a second, of the partitions it leads; NaN */
	double in_bytes;   /* a second: growth of its replicas on disk; NaN */
	int64_t rtt_us;
	struct part offsets;  /* of the partitions it leads */
	struct part log_dirs; /* sizes on it */
	struct part groups;   /* its list of groups */
	char why[200];        /* why it does not answer; "" */
	uint8_t process;      /* enum broker_process */
	bool votes;           /* for the controller; known where this machine runs it */
	char fault[80];       /* "cut off from 1, 3": what was done to it; "" */
	char trouble[100];    /* "no controller: …": why it does not serve, as it says; "" */
};
/* It answers, as far as is known. */
static inline bool broker_is_up(const struct broker *b)
{
	return b->state == BROKER_UP && b->process != PROCESS_PAUSED;
}
/* It is known that it does not. */
static inline bool broker_is_gone(const struct broker *b)
{
	return b->state != BROKER_UNKNOWN && !broker_is_up(b);
}
/* Metadata has listed it, or replicas are meant to be on it: that it comes is a return. */
static inline bool broker_was_known(const struct broker *b)
{
	return b->host[0] || b->n_replicas;
}
/* "up", "down", "stale", "paused": what a row says of it. */
const char *broker_word(const struct broker *b);

/* ---- topics ------------------------------------------------------------------------------- */

struct replica {
	int32_t broker;
	bool in_sync, offline;
	int64_t start, end; /* of this replica's log (LEO), -1 */
	int64_t size;       /* bytes on disk, -1 */
	uint32_t round;     /* private: of the last answer about sizes */
};

struct partition {
	int32_t index;
	int32_t leader; /* -1: none */
	int32_t leader_epoch;
	int16_t error;       /* Kafka's, of metadata or offsets; 0 */
	uint16_t n_replicas; /* in the order of assignment: the first is preferred */
	uint16_t n_isr;
	const struct replica *replicas;
	int64_t start, hw;       /* log start offset, high watermark (END); -1 */
	int64_t offsets_ms;      /* when hw was right, -1 */
	int64_t leader_since_ms; /* seen change of leader, -1: led before we looked */
	double in_records;       /* a second, mean of 10 s; NaN */
};

/* The copy on a broker; NULL: none there. */
const struct replica *partition_replica(const struct partition *p, int32_t broker);
/* -1 when there are no replicas. */
int32_t partition_preferred(const struct partition *p);
static inline bool partition_under_replicated(const struct partition *p)
{
	return p->n_isr < p->n_replicas;
}
static inline bool partition_offline(const struct partition *p)
{
	return p->leader < 0;
}
/* The leader's own end; the high watermark where it is not known; -1. */
int64_t partition_leo(const struct partition *p);
/* Records the replica lacks of the leader's log; 0 for the leader, -1: not known. Never below. */
int64_t replica_behind(const struct partition *p, const struct replica *r);
/* "1,3,4": by id. */
void partition_put_isr(struct buf *out, const struct partition *p);
/* "4,1,3": the preferred leader first. */
void partition_put_replicas(struct buf *out, const struct partition *p);

/* One setting of a topic. Strings live with the topic. */
struct topic_config {
	const char *name;
	const char *value; /* NULL: secret or null */
	const char *doc;   /* what it means, NULL: not told */
	uint8_t source;    /* as in DescribeConfigs: 1 topic, 2 broker, 3 all brokers, 4 static, 5
			      default */
	uint8_t type; /* 0 unknown 1 boolean 2 string 3 int 4 short 5 long 6 double 7 list 8 class 9
			 password */
	bool read_only, sensitive;
};
const char *config_source_name(uint8_t source);

enum { CLEANUP_DELETE = 1, CLEANUP_COMPACT = 2 };

struct topic_configs; /* shared by snapshots */

struct topic {
	struct str name; /* also NUL-terminated */
	struct uuid id;  /* zero: not told */
	bool internal;
	int16_t error;
	int32_t n_partitions;
	const struct partition *partitions; /* by index, rising */
	/* totals over the partitions */
	int32_t replication; /* replicas of partition 0 */
	int32_t n_under, n_offline, n_unpreferred;
	int64_t records;    /* sum of hw - start of what is known, -1: nothing is */
	bool records_about; /* ≈: compacted, or not every partition is known */
	int64_t size;       /* bytes of the leaders' replicas, -1 */
	int64_t size_all;   /* of all replicas, -1 */
	double in_records;  /* a second; NaN */
	double in_bytes;    /* a second: growth of size; NaN */
	/* settings that lists show */
	uint8_t cleanup;                    /* CLEANUP_… or-ed, 0: not known */
	int32_t min_isr;                    /* -1 */
	int64_t retention_ms;               /* -1 forever, -2 not known */
	int64_t retention_bytes;            /* -1 no bound, -2 not known */
	const struct topic_config *configs; /* by name; only of opened topics */
	size_t n_configs;
	struct part offsets;  /* oldest of the partitions' */
	struct part replicas; /* ends of the followers; opened topics only */
	struct part config;
	/* private to ui/model */
	struct topic_configs *shared;
	struct partition *own;
	struct replica *own_replicas;
	uint32_t refs;
	char name_z[];
};

/* NULL: no such partition. */
const struct partition *topic_partition(const struct topic *t, int32_t index);
/* NULL when it is not known (yet). */
const struct topic_config *topic_config_find(const struct topic *t, const char *name);
/* Keeps a topic longer than its snapshot; cast away const inside. */
const struct topic *topic_ref(const struct topic *t);
void topic_unref(const struct topic *t);

/* ---- the whole ---------------------------------------------------------------------------- */

/* What a console that has just started is doing. */
enum progress_step {
	PROGRESS_CONNECTING,
	PROGRESS_METADATA,
	PROGRESS_OFFSETS,
	PROGRESS_READY,
};

struct progress {
	enum progress_step step;
	int32_t done, total; /* brokers, in PROGRESS_OFFSETS */
	char why[300];       /* the last failure on the way; "" */
};
/* "connecting", "metadata", "offsets 3/5 brokers", "" when ready; the failure behind it. */
void progress_put(struct buf *out, const struct progress *p);

struct totals {
	int32_t brokers_up, brokers;
	int32_t topics, internal_topics;
	int32_t partitions, under, offline;
	int32_t orphans;       /* led by a broker that does not answer */
	int32_t below_min_isr; /* of the topics whose min.insync.replicas is known */
	int64_t records, size; /* internal topics left out; -1 */
	bool records_about;
	double in_records, in_bytes;  /* a second; NaN */
	int32_t groups, groups_known; /* listed; with lag_known */
	int64_t lag;                  /* of the groups that are known, -1: none is */
	bool lag_about;
};

struct group; /* model/group.h */

/* Who reads a topic. */
struct topic_readers {
	int32_t groups;
	int64_t lag;     /* sum over the groups, -1 */
	bool about;      /* ≈ */
	uint8_t verdict; /* enum verdict: the worst */
};

struct cluster {
	char id[64]; /* "": not told */
	int32_t controller;
	int32_t voters, voters_run;   /* nodes that elect the controller; voters 0: not known */
	const struct broker *brokers; /* by id */
	size_t n_brokers;
	const struct topic *const *topics; /* by name */
	size_t n_topics;
	const struct topic_readers *readers; /* one a topic; NULL: no group is known */
	const struct group *const *groups;   /* by name */
	size_t n_groups;
	struct totals totals;
	struct part metadata;
	struct part group_list; /* the brokers' lists of groups: the oldest */
	struct progress progress;
	uint64_t generation;  /* of the snapshot */
	uint64_t shape;       /* changes when topics come, go or change their place in the list */
	uint64_t group_shape; /* the same for groups */
	int64_t at_ms, wall_ms;
	uint32_t refs; /* private */
};

/* Two ids that are told and differ. */
bool cluster_is_other(const char *a, const char *b);
/* Keeps a snapshot, lets it go; looks things up in it (NULL: not there). */
const struct cluster *cluster_ref(const struct cluster *c);
void cluster_unref(const struct cluster *c);
const struct broker *cluster_broker(const struct cluster *c, int32_t id);
const struct topic *cluster_topic(const struct cluster *c, struct str name);
/* Place in topics, or -1. */
ptrdiff_t cluster_topic_at(const struct cluster *c, struct str name);

/* It is known that with so many voters running nobody can be elected: they are no majority. */
static inline bool cluster_cannot_elect(const struct cluster *c, int32_t running)
{
	return c->voters > 0 && running <= c->voters / 2;
}

/* "2", or "none". */
void cluster_put_controller(struct buf *out, const struct cluster *c);

/* One thing that is wrong, as the overview lists it, worst first. */
enum problem_kind {
	PROBLEM_OFFLINE,
	PROBLEM_TROUBLE, /* of brokers that answer: the same of all of them in one */
	PROBLEM_ORPHAN,
	PROBLEM_BROKER,
	PROBLEM_FAULT, /* of brokers that answer: all in one */
	PROBLEM_UNDER,
	PROBLEM_MIN_ISR,
	PROBLEM_UNPREFERRED
};
struct problem {
	enum problem_kind kind;
	int32_t broker;            /* PROBLEM_BROKER, the first of PROBLEM_TROUBLE and _FAULT */
	const struct topic *topic; /* borrowed from the snapshot */
	int32_t count;             /* partitions */
	int32_t partition;         /* the first of them */
};
/* The copy cannot be had: its broker is down, or says that its disk is. */
bool replica_is_lost(const struct cluster *c, const struct replica *r);
/* It has a leader, but that broker does not answer: nobody writes or reads it until another one is
 * elected. */
bool partition_is_orphan(const struct cluster *c, const struct partition *p);
int32_t topic_orphans(const struct cluster *c, const struct topic *t);
/* Its ends have come, or will not: of partitions without a leader, or whose leader does not answer.
 */
bool topic_offsets_there(const struct cluster *c, const struct topic *t);
/* Partitions of which acks=all is refused; 0 where min.insync.replicas is not known. */
int32_t topic_below_min_isr(const struct topic *t);
/* ": broker 4 is down, broker 3 is catching up": whose replicas the topic lacks; nothing when it
 * lacks none. */
void topic_put_reason(struct buf *out, const struct cluster *c, const struct topic *t);
/* " led by broker 3, which is down": of its partitions that topic_orphans counts. */
void topic_put_orphaned(struct buf *out, const struct cluster *c, const struct topic *t);
/* At most max of them; returns how many there are in all. */
size_t cluster_problems(const struct cluster *c, struct problem *out, size_t max);
/* "topic orders: 5 of 6 partitions under-replicated: broker 4 is down" */
void problem_put(struct buf *out, const struct cluster *c, const struct problem *p);

#endif
