/*
 * The group coordinator: who is a member, who reads what, how far each group has read
 * (kafka-rules 5.7; KIP-62, KIP-345, KIP-394, KIP-429 leave their marks here).
 *
 * It is pure: time and chance come in with the settings, records of __consumer_offsets leave
 * through struct group_log and come back at the next start through coordinator_load_*. A group
 * belongs to the partition of __consumer_offsets that its name hashes to; the broker that leads the
 * partition coordinates it, and nothing is answered for a partition before it was loaded.
 *
 * What a client was told has been appended and committed before: a commit is answered when its
 * record is, an assignment is handed out when its group's record is.
 *
 * Every request is answered exactly once, at once or later, through its struct group_reply. The
 * request may die when the call returns; the response lives until the reply function returns, which
 * must not call the coordinator.
 */
#ifndef GROUP_GROUP_H
#define GROUP_GROUP_H

#include "base/clock.h"
#include "wire/msg.h"

struct coordinator;

#define OFFSETS_TOPIC STR_LIT("__consumer_offsets")

/* Settings by their names in Kafka; read at every use, so that they may change. */
struct group_settings {
	int32_t initial_rebalance_delay_ms; /* group.initial.rebalance.delay.ms */
	int32_t min_session_timeout_ms;     /* group.min.session.timeout.ms */
	int32_t max_session_timeout_ms;     /* group.max.session.timeout.ms */
	int32_t max_size;                   /* group.max.size */
	int32_t max_metadata_bytes; /* offset.metadata.max.bytes; in UTF-16 units, as Kafka */
	int64_t retention_ms;       /* offsets.retention.minutes, as milliseconds */
	int64_t expire_every_ms;    /* offsets.retention.check.interval.ms */
	int32_t n_partitions;       /* offsets.topic.num.partitions, until the topic is there */
};

/* One append on its way; embedded by whoever waits for it. */
struct group_write {
	/* Once, never from inside append. error is Kafka's code as the log gave it. */
	void (*done)(struct group_write *w, int16_t error);
};

struct group_entry {
	struct slice key;
	struct slice value; /* p NULL: no value, what the key names is gone */
};

/* The outside. */
struct group_log {
	void *arg;
	/* The entries as one batch at the end of the partition; they are copied. Appends to one
	 * partition are done in the order they were asked for. */
	void (*append)(void *arg, int32_t partition, const struct group_entry *entries, size_t n,
		struct group_write *w);
	/* Is there such a partition? Commits for others are refused. */
	bool (*known)(void *arg, struct str topic, int32_t partition);
	/* A rebalance is over, pause_ms after the group stopped reading for it: there is an
	 * assignment ("Stable"), or nobody is left ("Empty"). May be NULL; calls nothing here. */
	void (*rebalanced)(void *arg, struct str group, int32_t generation, int32_t members,
		const char *state, int64_t pause_ms);
};

/* settings, clock and log are borrowed. seed makes member ids. */
struct coordinator *coordinator_new(const struct group_settings *set, const struct clock *clock,
	const struct group_log *log, uint64_t seed);
/* Answers what waits with NOT_COORDINATOR. Appends must all be done. */
void coordinator_free(struct coordinator *c);

/* The topic has so many partitions, whatever the setting says now. Only while none is led here. */
void coordinator_resize(struct coordinator *c, int32_t n_partitions);

/* The partition that a group belongs to: Java's String.hashCode, made positive, modulo n. */
int32_t coordinator_partition(const struct coordinator *c, struct str group);

/*
 * This broker has become, or is no more, the leader of a partition. Between begin and end every
 * record of the partition is given, in order; a record that cannot be read is an error code and
 * otherwise ignored. Unload answers what waits with NOT_COORDINATOR.
 */
void coordinator_load_begin(struct coordinator *c, int32_t partition);
int coordinator_load_record(
	struct coordinator *c, int32_t partition, struct slice key, struct slice value) MUSTCHECK;
void coordinator_load_end(struct coordinator *c, int32_t partition);
void coordinator_unload(struct coordinator *c, int32_t partition);

/* What is due: time-outs, ends of rebalances, expiry of offsets. */
void coordinator_run(struct coordinator *c);
/* When coordinator_run has something to do next, in monotonic ms; INT64_MAX: never. */
int64_t coordinator_next(const struct coordinator *c);

/* Groups by state. */
struct group_counts {
	int32_t empty, preparing, completing, stable;
};
struct group_counts coordinator_counts(const struct coordinator *c);

/* Topics that were deleted: their offsets go. */
void coordinator_topic_deleted(struct coordinator *c, struct str topic);

/* ---- requests --------------------------------------------------------------------------- */

struct group_caller {
	int16_t version;        /* of the request */
	struct str client_id;   /* null: none */
	struct str client_host; /* "/127.0.0.1", as Kafka shows it */
};

struct group_reply {
	void (*fn)(void *arg, const void *response); /* the response of the request's API */
	void *arg;
};

struct join_group_request;
struct sync_group_request;
struct heartbeat_request;
struct leave_group_request;
struct offset_commit_request;
struct offset_fetch_request;
struct offset_delete_request;
struct describe_groups_request;
struct list_groups_request;
struct delete_groups_request;

/* A place in the next generation. Waits for the rebalance; MEMBER_ID_REQUIRED hands out an id first
 * (KIP-394); a static member takes its old place (KIP-345). */
void group_join(struct coordinator *c, const struct group_caller *who,
	const struct join_group_request *r, struct group_reply reply);
/* The member's assignment. The leader brings everybody's; the answer waits for the log. */
void group_sync(struct coordinator *c, const struct group_caller *who,
	const struct sync_group_request *r, struct group_reply reply);
/* The session goes on; REBALANCE_IN_PROGRESS asks the member to join again. */
void group_heartbeat(struct coordinator *c, const struct group_caller *who,
	const struct heartbeat_request *r, struct group_reply reply);
/* Members go, by id or (static ones) by instance id; the others rebalance. */
void group_leave(struct coordinator *c, const struct group_caller *who,
	const struct leave_group_request *r, struct group_reply reply);
/* Offsets of a member of this generation, or from outside when the group has no members. The answer
 * waits for the log. */
void group_offset_commit(struct coordinator *c, const struct group_caller *who,
	const struct offset_commit_request *r, struct group_reply reply);
/* Committed offsets of one group or (version 8) several; -1 where there is none. */
void group_offset_fetch(struct coordinator *c, const struct group_caller *who,
	const struct offset_fetch_request *r, struct group_reply reply);
/* Forgets offsets of topics that no member reads. The answer waits for the log. */
void group_offset_delete(struct coordinator *c, const struct group_caller *who,
	const struct offset_delete_request *r, struct group_reply reply);
/* State, protocol and members; a group that is not there is Dead, or (version 6) an error. */
void group_describe(struct coordinator *c, const struct group_caller *who,
	const struct describe_groups_request *r, struct group_reply reply);
/* The groups that are coordinated here, by state and type if asked. */
void group_list(struct coordinator *c, const struct group_caller *who,
	const struct list_groups_request *r, struct group_reply reply);
/* Forgets groups without members, and their offsets. The answer waits for the log. */
void group_delete(struct coordinator *c, const struct group_caller *who,
	const struct delete_groups_request *r, struct group_reply reply);

#endif
