/*
 * The controller's decisions. Every function reads an image and a request and gives back records
 * and an answer; it changes nothing. The caller appends the records as one batch, waits until they
 * are committed, and only then sends the answer. Records of one result belong together: all or
 * none.
 *
 * Everything in a result (record bodies, answers, texts) lives in the arena of the call.
 */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "base/arena.h"
#include "base/random.h"
#include "meta/image.h"

struct create_topics_request;
struct create_topics_response;
struct create_partitions_request;
struct create_partitions_response;
struct delete_topics_request;
struct delete_topics_response;
struct alter_configs_request;
struct alter_configs_response;
struct incremental_alter_configs_request;
struct incremental_alter_configs_response;
struct broker_registration_request;
struct broker_registration_response;
struct broker_heartbeat_request;
struct broker_heartbeat_response;
struct alter_partition_request;
struct alter_partition_response;
struct allocate_producer_ids_request;
struct allocate_producer_ids_response;
struct elect_leaders_request;
struct elect_leaders_response;
struct alter_partition_reassignments_request;
struct alter_partition_reassignments_response;
struct list_partition_reassignments_request;
struct list_partition_reassignments_response;
struct unregister_broker_request;
struct unregister_broker_response;

#define CONTROL_MAX_PARTITIONS_A_REQUEST 10000 /* Kafka's */
#define CONTROL_PRODUCER_ID_BLOCK        1000

/* Where an effective value comes from, by Kafka's ConfigSource numbers. */
enum config_source {
	CONFIG_FROM_TOPIC = 1,
	CONFIG_FROM_BROKER = 2,      /* an override of this broker */
	CONFIG_FROM_ALL_BROKERS = 3, /* an override of all brokers */
	CONFIG_FROM_FILE = 4,
	CONFIG_FROM_DEFAULT = 5,
};

/* One config as CreateTopics v5+ answers it. */
struct control_topic_config {
	struct str name, value;
	enum config_source source;
};

/* The config tables, seen from here: keys, types and defaults belong to others. */
struct control_config_ops {
	void *arg;
	/* 0, or ERR_NOT_FOUND (unknown key; the message suggests), ERR_INVALID (bad value; the
	 * message says what was expected), ERR_DENIED (cannot be changed while running). NULL:
	 * everything is allowed. */
	int (*check)(void *arg, int8_t type, struct str key, struct str value, struct err *e);
	/* True for keys that hold a comma-separated list (APPEND, SUBTRACT). NULL: none. */
	bool (*is_list)(void *arg, int8_t type, struct str key);
	/* The effective value without the resource's own override; null: none. May be NULL. */
	struct str (*inherited)(
		void *arg, const struct image *img, int8_t type, struct str name, struct str key);
	/* All configs of a topic to be, with these overrides, into the arena; returns their number,
	 * or ERR_NOMEM. May be NULL: the answer then lists the overrides only. */
	int32_t (*describe)(void *arg, const struct image *img, struct arena *a,
		const struct image_config_entry *overrides, int32_t n_overrides,
		struct control_topic_config **out);
};

struct control_settings {
	struct str cluster_id;
	int32_t num_partitions;             /* num.partitions */
	int16_t default_replication_factor; /* default.replication.factor */
	bool unclean_leader_election;       /* unclean.leader.election.enable of the brokers */
	bool topic_deletion_disabled;       /* delete.topic.enable=false */
	struct control_config_ops configs;
};

/* What a decision may look at. */
struct control_env {
	const struct image *image; /* with the leader's own uncommitted tail */
	const struct control_settings *set;
	struct rng *rng;
	struct arena *arena;
	/* Offset that the first record of this result will get; a registration's epoch. */
	int64_t next_offset;
};

struct control_result {
	struct meta_records records;
};

void control_result_init(struct control_result *r);
/* The list of records; their bodies are the arena's. */
void control_result_fini(struct control_result *r);

/*
 * Requests of clients. The answer is filled in whole; errors of single topics or resources are in
 * it, with a line that says what to do. validate_only gives an answer and no records. 0, or
 * ERR_NOMEM when the arena's limit was reached (no records then).
 */
int control_create_topics(const struct control_env *env, const struct create_topics_request *req,
	struct create_topics_response *resp, struct control_result *out) MUSTCHECK;
int control_create_partitions(const struct control_env *env,
	const struct create_partitions_request *req, struct create_partitions_response *resp,
	struct control_result *out) MUSTCHECK;
/* Both forms of the request: topics (v6) and topic_names. Internal topics are refused. */
int control_delete_topics(const struct control_env *env, const struct delete_topics_request *req,
	struct delete_topics_response *resp, struct control_result *out) MUSTCHECK;
/* Replaces all overrides of each resource. */
int control_alter_configs(const struct control_env *env, const struct alter_configs_request *req,
	struct alter_configs_response *resp, struct control_result *out) MUSTCHECK;
int control_incremental_alter_configs(const struct control_env *env,
	const struct incremental_alter_configs_request *req,
	struct incremental_alter_configs_response *resp, struct control_result *out) MUSTCHECK;
int control_elect_leaders(const struct control_env *env, const struct elect_leaders_request *req,
	struct elect_leaders_response *resp, struct control_result *out) MUSTCHECK;
/* Begins, replaces or (replicas null) cancels reassignments. One whose new replicas are in sync
 * already is done at once. */
int control_alter_reassignments(const struct control_env *env,
	const struct alter_partition_reassignments_request *req,
	struct alter_partition_reassignments_response *resp, struct control_result *out) MUSTCHECK;
/* Those under way. */
int control_list_reassignments(const struct control_env *env,
	const struct list_partition_reassignments_request *req,
	struct list_partition_reassignments_response *resp) MUSTCHECK;
/* Forgets a broker, also a live one: out of every ISR but the last; replica lists keep naming it.
 */
int control_unregister_broker(const struct control_env *env,
	const struct unregister_broker_request *req, struct unregister_broker_response *resp,
	struct control_result *out) MUSTCHECK;

/* What the controller does of itself. */

/* The session of a broker ended. No effect when it is fenced or unknown. */
int control_fence_broker(
	const struct control_env *env, int32_t id, struct control_result *out) MUSTCHECK;
/* Leaders for partitions that have none: an in-sync replica, or any live one where the topic's
 * unclean.leader.election.enable (which may have been turned on just now) says so. */
int control_elect_offline(const struct control_env *env, struct control_result *out) MUSTCHECK;
/* leader.imbalance.per.broker.percentage: preferred leaders back for every broker that leads too
 * few of the partitions it is preferred for; at most max elections. */
int control_balance_leaders(const struct control_env *env, int32_t percent, int32_t max,
	struct control_result *out) MUSTCHECK;

/* Requests of brokers. */

/*
 * Registration: a broker with a new incarnation of a known directory replaces the old one at once
 * (out of every ISR but the last, leader epochs bumped). With another directory it has lost its
 * data: it leaves every ISR, also where it was the last, and is refused while the old one lives.
 * The broker begins fenced; its epoch is the offset of its record.
 */
int control_register_broker(const struct control_env *env,
	const struct broker_registration_request *req, struct broker_registration_response *resp,
	struct control_result *out) MUSTCHECK;
/* Unfences a broker whose image has its registration, fences one that wants it, and takes one down
 * that wants to go: its leaders move away first, at its next request it is fenced and may go. */
int control_heartbeat(const struct control_env *env, const struct broker_heartbeat_request *req,
	struct broker_heartbeat_response *resp, struct control_result *out) MUSTCHECK;
/* A new ISR; a reassignment whose new replicas are all in it ends with it. Where that takes the
 * lead from the one who asks, its answer is NEW_LEADER_ELECTED. */
int control_alter_partition(const struct control_env *env,
	const struct alter_partition_request *req, struct alter_partition_response *resp,
	struct control_result *out) MUSTCHECK;
int control_allocate_producer_ids(const struct control_env *env,
	const struct allocate_producer_ids_request *req,
	struct allocate_producer_ids_response *resp, struct control_result *out) MUSTCHECK;

#endif
