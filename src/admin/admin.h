/*
 * Asynchronous Kafka admin client: a cache of the cluster's metadata, one connection a broker, and
 * questions that find their broker by themselves. Nothing here blocks; everything happens on the
 * loop's thread, and no callback comes from inside the call that asked for it.
 *
 * A question goes to any broker, the controller, one broker, or the leader of a partition. When
 * the cluster has changed meanwhile (NOT_CONTROLLER, NOT_LEADER_OR_FOLLOWER, a lost connection …)
 * metadata is asked for again and the question repeated, with growing pauses, until its deadline.
 * A change (CreateTopics …) that was lost under way is not repeated, because it may have happened:
 * the error says so. Addresses that do not answer never hold up others; when none answers, a
 * question fails as soon as all have been tried, with each address and its reason.
 *
 * Versions are negotiated with each broker. What a broker is too old to tell stays at the default
 * of the response's table (src/wire/msg); what it is too old to do is ERR_UNSUPPORTED.
 *
 * Responses are lent: they and the bytes they point at live until the callback returns; msg_copy
 * keeps one longer. Requests, names and arrays that are passed in are copied.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/uuid.h"
#include "link/link.h"
#include "wire/api.h"
#include "wire/kerr.h"
#include <stdbool.h>

struct loop;
struct tls_context;
struct admin;

/* A controller makes so many new partitions in one request and refuses more with POLICY_VIOLATION
 * (Kafka's ReplicationControlManager). */
#define ADMIN_MAX_NEW_PARTITIONS 10000

struct admin_options {
	const char *bootstrap;       /* "host:port,host,[::1]:9093": the port is 9092 unless said */
	const char *client_id;       /* NULL: "kdeck" */
	struct tls_context *tls;     /* NULL: plain; must outlive the client */
	int64_t timeout_ms;          /* 0: 30 s; for a question with all its repetitions */
	int64_t request_timeout_ms;  /* 0: 10 s; for one attempt */
	int64_t connect_timeout_ms;  /* 0: 5 s */
	int64_t backoff_ms;          /* 0: 50 ms; first pause before a repetition or connection */
	int64_t backoff_max_ms;      /* 0: 1 s */
	uint32_t max_response_bytes; /* 0: 100 MiB */
};

/* Connects when the first question comes. NULL with e set: ERR_INVALID, an address that cannot be
 * one. Strings are copied. */
struct admin *admin_new(struct loop *l, const struct admin_options *o, struct err *e) MUSTCHECK;
/* Cancels everything; no callback comes any more. Not from inside one of its callbacks: stop the
 * loop there and free afterwards. NULL is allowed. */
void admin_free(struct admin *a);

/* The callback of that question will not come. No effect for an unknown or finished id. What has
 * been sent may still happen. Allowed in any callback. */
void admin_cancel(struct admin *a, int64_t id);
/* Questions that have not been answered yet. */
size_t admin_pending(const struct admin *a);

/* ---- the cache --------------------------------------------------------------------------- */

struct admin_broker {
	int32_t id;
	const char *host;
	int32_t port;
	const char *rack; /* NULL: none */
};

struct admin_partition {
	int32_t index;
	int16_t error;        /* Kafka's: LEADER_NOT_AVAILABLE … */
	int32_t leader;       /* -1: none */
	int32_t leader_epoch; /* -1: not told (brokers before 2.1) */
	const int32_t *replicas, *isr, *offline;
	int32_t n_replicas, n_isr, n_offline;
};

struct admin_topic {
	struct str name; /* also NUL-terminated */
	struct uuid id;  /* zero: not told (brokers before 2.8) */
	bool internal;
	int16_t error;                            /* Kafka's */
	const struct admin_partition *partitions; /* by index, rising; indexes may have holes */
	int32_t n_partitions;
};

/* Owned by the client; valid until the loop's next turn. */
struct admin_metadata {
	const char *cluster_id;             /* NULL: not told */
	int32_t controller;                 /* -1: none known */
	const struct admin_broker *brokers; /* by id */
	size_t n_brokers;
	const struct admin_topic *const *topics; /* by name */
	size_t n_topics;
	int64_t full_at_ms;  /* loop time of the last refresh of all topics, -1: none yet */
	uint64_t generation; /* counts changes of any kind */
};

/* Never NULL; empty before the first answer. */
const struct admin_metadata *admin_metadata(const struct admin *a);
/* NULL when the cache does not have it. */
const struct admin_topic *admin_topic_find(const struct admin *a, struct str name);
const struct admin_partition *admin_partition_find(const struct admin_topic *t, int32_t index);
const struct admin_broker *admin_broker_find(const struct admin *a, int32_t id);

typedef void admin_refresh_fn(void *arg, const struct err *e);
/* Asks anew for brokers, controller and these topics (topics NULL: all of them, n 0 otherwise:
 * none). A topic that the cluster does not have leaves the cache. Refreshes that come together
 * become one request. fn may be NULL. Returns the question's id. */
int64_t admin_refresh(struct admin *a, const struct str *topics, size_t n, int64_t timeout_ms,
	admin_refresh_fn *fn, void *arg);

/* What is known about the connection to a broker, for a screen. */
struct admin_connection {
	enum link_state state;  /* LINK_IDLE when none was needed yet */
	int64_t rtt_us;         /* of its last answer, -1: none yet */
	const struct err *last; /* why the last connection ended, NULL: none did; lent */
};
/* False for a broker that the cache does not know. */
bool admin_connection(const struct admin *a, int32_t broker, struct admin_connection *out);
/* What a broker says of the cluster may be old, because it is cut off from the controller: as long
 * as that is so, questions for any broker, Metadata above all, go to another one that is connected.
 * No effect for a broker that the cache does not know. */
void admin_doubt(struct admin *a, int32_t broker, bool on);
/* Version of an API that would be used with that broker (-1: any that is connected); -1 when there
 * is none in common or no connection has been made yet. */
int16_t admin_version(const struct admin *a, int32_t broker, int16_t api_key);

/* ---- one question ------------------------------------------------------------------------ */

enum admin_to { ADMIN_ANY, ADMIN_CONTROLLER, ADMIN_BROKER, ADMIN_LEADER };

struct admin_target {
	enum admin_to to;
	int32_t broker;    /* ADMIN_BROKER */
	struct str topic;  /* ADMIN_LEADER */
	int32_t partition; /* ADMIN_LEADER */
};

#define ADMIN_TO_ANY        ((struct admin_target){.to = ADMIN_ANY})
#define ADMIN_TO_CONTROLLER ((struct admin_target){.to = ADMIN_CONTROLLER})

/*
 * Success: e is NULL, response is the struct of the API's response at `version`. It may hold error
 * codes, of the whole or of items: admin_first_error finds them. Failure: response is NULL, e says
 * what failed, where and why: ERR_TIMEOUT, ERR_CLOSED or ERR_IO (no connection), ERR_REFUSED
 * (nor at any address: none listens), ERR_NOT_FOUND
 * (no such broker, topic or partition), ERR_UNSUPPORTED (the broker is too old), ERR_INVALID.
 */
typedef link_reply_fn admin_reply_fn;

/* The way to any API: `request` is its request struct. timeout_ms 0: the client's. Returns the
 * question's id (> 0); every failure comes by fn. */
int64_t admin_call(struct admin *a, int16_t api_key, const void *request,
	const struct admin_target *to, int64_t timeout_ms, admin_reply_fn *fn, void *arg);

/* The same question to every broker of the cache (asked for first when it is empty), side by side.
 * fn comes once a broker, as they answer; left counts those still to come. When there is not even
 * a list of brokers it comes once with broker -1, e set and left 0. */
typedef void admin_each_fn(void *arg, int32_t broker, const struct err *e, int16_t version,
	const void *response, size_t left);
int64_t admin_call_each(struct admin *a, int16_t api_key, const void *request, int64_t timeout_ms,
	admin_each_fn *fn, void *arg);

/* Changes, to the controller. The request's own timeout_ms is for the cluster to obey. */
int64_t admin_create_topics(
	struct admin *a, const struct create_topics_request *r, admin_reply_fn *fn, void *arg);
/* Fill r->topics also for old brokers: it is turned into names. */
int64_t admin_delete_topics(
	struct admin *a, const struct delete_topics_request *r, admin_reply_fn *fn, void *arg);
int64_t admin_create_partitions(
	struct admin *a, const struct create_partitions_request *r, admin_reply_fn *fn, void *arg);
/* election_type of elect_leaders_request. */
enum admin_election {
	ADMIN_ELECT_PREFERRED = 0, /* the first replica, when it is in sync */
	ADMIN_ELECT_UNCLEAN = 1, /* any that lives, where there is no leader: records may be lost */
};
/* topic_partitions NULL: everywhere, and then the answer leaves out what needs no election. */
int64_t admin_elect_leaders(
	struct admin *a, const struct elect_leaders_request *r, admin_reply_fn *fn, void *arg);
/* Replicas NULL (n -1) cancels what is under way for the partition. Brokers before 4.1 cannot
 * refuse a change of the replication factor: ERR_UNSUPPORTED when it is not to be allowed. */
int64_t admin_alter_reassignments(struct admin *a,
	const struct alter_partition_reassignments_request *r, admin_reply_fn *fn, void *arg);
/* struct list_partition_reassignments_response: what is under way of these topics, topics NULL (n
 * -1): of all. Partitions that are not moving, and topics that there are not, are left out. */
int64_t admin_list_reassignments(struct admin *a,
	const struct list_partition_reassignments_request *r, admin_reply_fn *fn, void *arg);

/* Resource types and operations of the config APIs. */
enum admin_resource {
	ADMIN_RESOURCE_TOPIC = 2,
	ADMIN_RESOURCE_BROKER = 4,
	ADMIN_RESOURCE_BROKER_LOGGER = 8,
};
enum admin_config_op {
	ADMIN_CONFIG_SET = 0,
	ADMIN_CONFIG_DELETE = 1,
	ADMIN_CONFIG_APPEND = 2,
	ADMIN_CONFIG_SUBTRACT = 3,
};
enum admin_config_source {
	ADMIN_SOURCE_UNKNOWN = 0,
	ADMIN_SOURCE_TOPIC = 1,
	ADMIN_SOURCE_BROKER = 2,
	ADMIN_SOURCE_ALL_BROKERS = 3,
	ADMIN_SOURCE_STATIC = 4,
	ADMIN_SOURCE_DEFAULT = 5,
	ADMIN_SOURCE_BROKER_LOGGER = 6,
};

/* Resources of one broker (type broker with a name) go to that broker and cannot be mixed with
 * others in one question (ERR_INVALID); everything else goes to any broker. */
int64_t admin_describe_configs(
	struct admin *a, const struct describe_configs_request *r, admin_reply_fn *fn, void *arg);
/* Where the broker lacks IncrementalAlterConfigs (before 2.3) the present settings are read, the
 * changes applied, and all of them written by AlterConfigs; that is refused with ERR_UNSUPPORTED
 * when a secret that cannot be read would be lost. The answer is always a struct
 * incremental_alter_configs_response. */
int64_t admin_alter_configs(struct admin *a, const struct incremental_alter_configs_request *r,
	admin_reply_fn *fn, void *arg);

/* struct describe_quorum_response of __cluster_metadata. */
int64_t admin_describe_quorum(struct admin *a, admin_reply_fn *fn, void *arg);
/* struct describe_log_dirs_response, once a broker; r NULL: everything. */
int64_t admin_describe_log_dirs(
	struct admin *a, const struct describe_log_dirs_request *r, admin_each_fn *fn, void *arg);

/* ---- many partitions, one request a broker ------------------------------------------------ */

#define ADMIN_LATEST        (-1)
#define ADMIN_EARLIEST      (-2)
#define ADMIN_MAX_TIMESTAMP (-3) /* brokers before 3.0: UNSUPPORTED_VERSION */

struct admin_offset {
	/* asked */
	struct str topic;
	int32_t partition;
	int32_t replica;   /* -1: the leader; a broker's id: the end of that replica */
	int64_t timestamp; /* in ms since 1970, or ADMIN_LATEST … */
	/* told */
	bool answered;  /* what follows is valid */
	int16_t error;  /* Kafka's; NETWORK_EXCEPTION, REQUEST_TIMED_OUT when none could be asked */
	int32_t broker; /* who was asked, -1: nobody */
	int32_t epoch;  /* leader epoch of that offset, -1: not told */
	int64_t offset; /* -1: no such record */
	int64_t at;     /* timestamp of the record, -1: none */
	const char *why; /* for an error: a line for a person; NULL without one. Lent */
};

struct admin_offsets_options {
	bool read_committed; /* LATEST is the last stable offset; brokers before 0.11 ignore it */
	int64_t timeout_ms;  /* 0: the client's */
};

/* all[0 … n): in the order asked, those without an answer yet have answered = false. broker is who
 * has just answered (-1: nobody in particular), left the number of items still open; 0: this was
 * the last call. all is lent. */
typedef void admin_offsets_fn(
	void *arg, const struct admin_offset *all, size_t n, int32_t broker, size_t left);
/* ListOffsets: one request a broker for all partitions it leads (two when a partition is asked for
 * twice). fn comes as brokers answer. opts may be NULL. With n 0, fn comes once. */
int64_t admin_list_offsets(struct admin *a, const struct admin_offset *ask, size_t n,
	const struct admin_offsets_options *opts, admin_offsets_fn *fn, void *arg);

/* DeleteRecords: everything before `timestamp` taken as an offset (-1: the high watermark) goes.
 * Told: offset is the new start of the partition's log. */
int64_t admin_delete_records(struct admin *a, const struct admin_offset *ask, size_t n,
	int64_t timeout_ms, admin_offsets_fn *fn, void *arg);

/* ---- records ------------------------------------------------------------------------------ */

struct admin_fetch {
	struct str topic;
	int32_t partition;
	int64_t offset;
	int32_t max_bytes; /* 0: 1 MiB; the first batch comes whole even when it is larger */
};

struct admin_fetch_options {
	int32_t max_wait_ms; /* 0: answer at once; else wait that long for min_bytes: tailing */
	int32_t min_bytes;   /* 0: 1 */
	int32_t max_bytes;   /* of one broker's answer; 0: 16 MiB */
	bool read_committed; /* records up to the last stable offset; aborted ones are still there
			      */
	int64_t timeout_ms;  /* 0: the client's, and max_wait_ms */
};

struct admin_fetched {
	size_t i; /* index into what was asked */
	struct str topic;
	int32_t partition;
	int32_t broker;                             /* who answered, -1: nobody */
	int16_t error;                              /* Kafka's: OFFSET_OUT_OF_RANGE … */
	const char *why;                            /* with an error: a line for a person */
	int64_t start_offset;                       /* -1: not told (brokers before 0.11) */
	int64_t high_watermark, last_stable_offset; /* -1: not told */
	/* Batches one behind the other as they lie in the log: the first may begin before the
	 * offset asked for, the last may be cut. Empty: nothing there yet. */
	struct slice records;
	const struct fetch_response_aborted_transactions *aborted;
	int32_t n_aborted;
};

/* left: partitions still to be answered; 0: the last call. Everything is lent. */
typedef void admin_fetch_fn(void *arg, const struct admin_fetched *got, size_t n, size_t left);
/* Raw records from the leaders, one request a broker; fn comes as they answer. Fetches have their
 * own connections (one for those that wait, one for those that do not), so that no question stands
 * behind them; those that wait stand behind each other: follow several partitions in one call. */
int64_t admin_fetch(struct admin *a, const struct admin_fetch *ask, size_t n,
	const struct admin_fetch_options *opts, admin_fetch_fn *fn, void *arg);

/* ---- errors as words ---------------------------------------------------------------------- */

/* "topic orders: TOPIC_ALREADY_EXISTS: what the broker said (A topic of that name exists already.)"
 * fmt names the thing; said may be null. Sets e->code to ERR_DENIED for authorization errors,
 * ERR_NOT_FOUND, ERR_EXISTS, ERR_UNSUPPORTED, ERR_AGAIN (retriable) or ERR_INVALID; returns it. */
int admin_kerr(struct err *e, int16_t code, struct str said, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* The first error code in a response, of the whole or of an item, as words that name the item.
 * Returns the code (0: none, e is not touched); count, when not NULL, is how many there are. */
int16_t admin_first_error(
	int16_t api_key, int16_t version, const void *response, struct err *e, size_t *count);

#endif
