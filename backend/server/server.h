/*
 * The broker as a whole: owns every module, wires them, starts and stops them in order. The one
 * place that sees everything.
 *
 *   STARTING --log read--> REGISTERING --unfenced--> RUNNING --server_stop--> LEAVING
 *       |                       |                                                | leaders moved
 *       +-------- server_stop --+----------------------------------------->  STOPPING --> STOPPED
 *
 * A failure leads from anywhere to STOPPED. A node without the broker's role runs when its log is
 * read.
 *
 * Listeners are bound before anything on the disk is changed, and take clients when the broker
 * runs.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "api/broker.h"
#include "group/group.h"
#include "net/net.h"
#include "quorum/quorum.h"
#include "server/disk.h"

struct loop;
struct conf;
struct server;

#define SERVER_LISTENERS 8
#define SERVER_HOST      256

struct server_listener {
	char name[64]; /* Kafka's listener name */
	char host[SERVER_HOST];
	uint16_t port; /* 0: a free one */
	char advertised_host[SERVER_HOST];
	uint16_t advertised_port; /* 0: the bound one */
};

#define SERVER_VOTERS    3 /* as many as a quorum takes here */
#define SERVER_BOOTSTRAP 8
/* Tag of the controller's listener, behind those of the clients'. */
#define SERVER_CONTROLLER_TAG SERVER_LISTENERS

/* A controller that votes, and where it is reached; in a list of bootstrap servers id is -1. */
struct server_voter {
	int32_t id;
	char host[SERVER_HOST];
	uint16_t port;
};

/* What the wiring needs, taken from the settings by server_settings_read. Members that a row of
 * broker_config.def names (INTO) need nothing else; those of a module are told where its own struct
 * of settings is. */
struct server_settings {
	struct store_io *io;       /* NULL: the machine's files */
	const struct clock *clock; /* of the store; NULL: the machine's */
	int32_t node_id;
	char dir[4096];                /* log.dirs: one folder */
	char cluster_id[64];           /* "": whatever the folder says, else a new one */
	char rack[256];                /* "": none */
	bool is_broker, is_controller; /* process.roles */
	struct server_listener
		listeners[SERVER_LISTENERS]; /* for clients; none without that role */
	int n_listeners;
	struct server_listener controller; /* only with that role */
	/* The controller's port was derived: where it is taken, any other will do. */
	bool controller_anywhere;
	/* controller.quorum.voters; 0 with the controller's role: this node alone. */
	struct server_voter voters[SERVER_VOTERS];
	int n_voters;
	struct server_voter bootstrap[SERVER_BOOTSTRAP]; /* controller.quorum.bootstrap.servers */
	int n_bootstrap;
	struct net_settings net;
	struct broker_settings api;
	struct group_settings groups;
	struct disk_settings disk;
	struct repl_settings repl;     /* its numbers */
	struct quorum_settings quorum; /* its times */
	int32_t offsets_commit_ms;     /* offsets.commit.timeout.ms */
	int16_t offsets_replicas;      /* offsets.topic.replication.factor */
	int32_t offsets_segment_bytes; /* offsets.topic.segment.bytes */
	bool topic_deletion;           /* delete.topic.enable */
	int64_t replica_timeout_ms;    /* replica.socket.timeout.ms */
	int recovery_threads;
	size_t max_open_files; /* of logs; 0: STORE_OPEN_FILES */
	bool http;             /* kdeck.http.listener is set */
	char http_host[SERVER_HOST];
	uint16_t http_port;   /* 0: a free one */
	int64_t session_ms;   /* broker.session.timeout.ms */
	int64_t heartbeat_ms; /* broker.heartbeat.interval.ms */
	int64_t grace_ms;     /* kdeck.broker.grace.ms */
	bool balance;         /* auto.leader.rebalance.enable */
	int64_t balance_ms;   /* leader.imbalance.check.interval.seconds */
	int32_t balance_percentage;
	bool faults; /* kdeck.faults.enable */
};

enum server_state {
	SERVER_STARTING,
	SERVER_REGISTERING,
	SERVER_RUNNING,
	SERVER_LEAVING,
	SERVER_STOPPING,
	SERVER_STOPPED,
};

struct server_events {
	void *arg;
	void (*ready)(void *arg);
	/* Once, when all is closed; rc 0: in order. Free the server after the loop has ended. */
	void (*stopped)(void *arg, int rc);
};

/* Binds, opens, recovers; blocks for the recovery. conf is borrowed: configs are described from it.
 * NULL with e: what is in the way; nothing was changed when it is a port or the folder's lock. */
struct server *server_new(struct loop *l, const struct server_settings *set, struct conf *conf,
	const struct server_events *ev, struct err *e) MUSTCHECK;
/* Orderly: no new clients, open requests answered, all synced. */
void server_stop(struct server *s);
void server_free(struct server *s);

/* "PLAINTEXT://127.0.0.1:9092,…" with the bound ports. */
void server_listeners_text(const struct server *s, struct buf *out);
int32_t server_node_id(const struct server *s);

/* Fills set from the settings of a broker; ERR_INVALID with what is wrong and what to do. */
int server_settings_read(
	const struct conf *conf, struct server_settings *set, struct err *e) MUSTCHECK;

#endif
