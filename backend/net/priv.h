/* What net.c (listeners, limits) and conn.c (one connection) share. */
#ifndef NET_PRIV_H
#define NET_PRIV_H

#include "io/listener.h"
#include "io/loop.h"
#include "io/transport.h"
#include "net/block.h"
#include "net/net.h"

struct net_listener {
	struct list_node node;
	struct net *net;
	char *name;
	int tag;
	struct listener *listener;
	struct tls_context *tls;
	bool unbounded; /* the bounds on connections are not for it */
};

struct net {
	struct loop *loop;
	struct net_settings set;
	net_request_fn *fn;
	void *arg;
	struct net_budget budget;
	struct list listeners;
	struct list conns;     /* by last use, longest idle first */
	struct list waiting;   /* for memory, in line */
	struct list answered;  /* paused by their own limits, and had an answer since */
	struct net_conn *over; /* the one that may pass the budget */
	struct list free_slots;
	int32_t n_free_slots;
	struct loop_defer admit;
	struct io_timer sweep;
	/* faults */
	int64_t delay_ms;
	uint32_t deaf;
	struct list held; /* connections whose next answer is ready and not due */
	struct io_timer release;
	int64_t release_ms; /* when it fires */
	struct net_stats stats;
	bool accepting;
	bool closing; /* net_free has begun */
};

#define NET_UNMARKED (-1)

enum net_slot_state { NET_SLOT_OPEN, NET_SLOT_READY };

struct net_slot {
	struct list_node node; /* in conn->slots, or in net->free_slots */
	struct net *net;
	struct net_conn *conn; /* NULL: gone */
	enum net_slot_state state;
	int tag;
	int64_t due_ms; /* READY: goes out then */
	struct chain reply;
	void (*gone)(void *arg);
	void *gone_arg;
};

struct net_conn {
	struct list_node node;     /* net->conns */
	struct list_node waiting;  /* net->waiting */
	struct list_node answered; /* net->answered */
	struct list_node held;     /* net->held */
	struct net *net;
	struct transport *transport;
	struct net_block *in; /* NULL at rest */
	size_t at;            /* first byte of in that is not yet handled */
	size_t want;          /* bytes of the block that the next read needs */
	size_t usual;         /* size of the last frames: of the next block */
	struct list slots;    /* in the order of the requests */
	struct list closers;  /* struct net_close */
	int32_t n_slots;
	int32_t n_open; /* of which not answered */
	int tag;
	bool paused;
	bool closed; /* the transport is gone; memory goes with the last call on the stack */
	bool handling;
	int64_t used_ms; /* last progress */
	int32_t mark;    /* NET_UNMARKED, or whose connection it is */
	char host[64];
};

/* Takes fd. */
void conn_new(struct net_listener *l, int fd);
void conn_close(struct net_conn *c);
/* Memory may be there now: takes the connection out of the line and reads on. */
void conn_admit(struct net_conn *c);
/* Sends what is ready, and due, at the head of the line of replies. */
void conn_send_ready(struct net_conn *c);
/* Its next answer is ready and not due: the connection is looked at again when it is. */
void net_hold(struct net_conn *c, int64_t due_ms);
void net_faults_init(struct net *n);
/* Something has changed that may have stopped the connection: it is looked at soon. */
void conn_answered(struct net_conn *c);

#endif
