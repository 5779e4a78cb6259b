/*
 * What API handlers see of the broker. Filled by backend/server, which owns everything in it;
 * handlers own only their calls.
 */
#ifndef API_BROKER_H
#define API_BROKER_H

#include "api/call.h"
#include "base/clock.h"
#include "base/random.h"
#include "delay/delay.h"
#include "metalog/metalog.h"
#include "repl/repl.h"
#include "wire/batch.h"

/* One listener as clients reach it (advertised.listeners). */
struct broker_endpoint {
	struct str name;
	struct str host;
	uint16_t port;
};

/* A controller that votes, and where it is reached. */
struct broker_voter {
	int32_t id;
	struct str host;
	uint16_t port;
};

/* Settings that handlers ask; kept up to date by the server. */
struct broker_settings {
	int32_t max_fetch_bytes; /* fetch.max.bytes */
	int32_t fetch_sessions;  /* max.incremental.fetch.session.cache.slots */
	bool auto_create_topics; /* auto.create.topics.enable */
	int32_t page_partitions; /* max.request.partition.size.limit */
	int32_t num_partitions;
	int16_t default_replication_factor;
};

/* Configs as DescribeConfigs and AlterConfigs need them; by the server, over its tables. */
struct config_ops;
/* A change of metadata on its way (api/submit.h). */
struct submit;

struct broker {
	const struct clock *clock;
	int32_t node_id;
	struct str cluster_id;
	struct str rack; /* null: none */
	struct broker_settings set;
	struct broker_endpoint *endpoints; /* by the listener's tag */
	int controller_tag;         /* of the controller's listener; -1: this node has none */
	struct str controller_name; /* that listener's, as the cluster knows it */
	const struct broker_voter *voters;
	int n_voters;       /* 0: not known yet */
	int64_t quarrel_ms; /* when a node of another cluster was told so last; 0: never */
	struct metalog *metalog;
	struct repl *repl;
	struct coordinator *groups; /* of consumer groups (group/group.h) */
	struct store *store;
	struct delay_queue delay;
	struct fetch_sessions *sessions; /* api/fetch_session.h */
	struct fetch_warming *warming;   /* api/fetch_warm.h */
	const struct config_ops *configs;
	struct rng rng;
	struct compress_ctx *compress;
	struct buf scratch;      /* unpacked records of one batch */
	struct api_stats *stats; /* as many as api_handlers() */
	struct list open_calls;
	struct list free_calls;
	int32_t n_free_calls;
	bool stopping; /* orderly stop has begun */
	/* producer ids: [next, end) of the block this broker holds; who waits for the next one */
	int64_t next_producer_id, end_producer_id;
	struct list want_ids;
	/* Asked by a handler for something the server does. */
	/* A block of producer ids; api_producer_ids is called with it, later. */
	void (*ids_wanted)(struct broker *b);
	/* Sends the request to the active controller, waits for one if need be, and answers. */
	void (*forward)(struct broker *b, struct submit *s);
	/* The controller here heard from a broker, by the slot's connection. */
	void (*heard)(struct broker *b, int32_t id, struct net_slot *slot);
	void (*topic_wanted)(struct broker *b, struct str name); /* auto-creation */
	/* The leader names the cluster that this node belongs to from here on. Negative: it could
	 * not be written down. */
	int (*cluster_named)(struct broker *b, struct str cluster_id);
	/* A group has got through a rebalance (group/group.h). */
	void (*rebalanced)(struct broker *b, struct str group, int32_t generation, int32_t members,
		const char *state, int64_t pause_ms);
	/* A request of this client comes in. False: its connection is to be closed. NULL: all are
	 * let in. */
	bool (*lets_in)(struct broker *b, struct net_slot *slot, struct str client_id);
	/* plog_warm_run of n pieces on another thread, then done(arg). NULL: reads block. */
	void (*read_ahead)(struct broker *b, struct plog_warm *w, int32_t n,
		void (*done)(void *arg), void *arg);
	void *owner;
};

/* A new broker context: zeroed, settings filled in, then this. */
void broker_init(struct broker *b, const struct clock *clock);
/* All calls must have been answered. */
void broker_fini(struct broker *b);

/* The listener that a call came by is the controller's. */
static inline bool broker_by_controller(const struct broker *b, const struct call *c)
{
	return net_slot_listener(c->slot) == b->controller_tag;
}

/* NULL: that node has no vote, as far as is known. */
static inline const struct broker_voter *broker_voter(const struct broker *b, int32_t id)
{
	for (int i = 0; i < b->n_voters; i++)
		if (b->voters[i].id == id)
			return &b->voters[i];
	return NULL;
}

/* Now, in milliseconds of the monotonic clock. */
static inline int64_t broker_now_ms(const struct broker *b)
{
	return clock_mono_ms(b->clock);
}

#endif
