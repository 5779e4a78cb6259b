/*
 * The broker's listeners and client connections: frames in, replies out in the order of their
 * requests, limits on everything a peer can ask for. Knows frames, not what they say.
 *
 *   socket --> block --> frame --> request() --> … --> net_slot_reply() --> in order --> socket
 *
 * A request is handed over before the ones ahead of it are answered. Reading from a connection
 * stops while it has too many requests open, while its peer does not take its replies, and while
 * the memory budget is used up; it goes on by itself.
 *
 * Out of memory budget: readers wait in line. The first in line may pass the budget alone, so that
 * there is always progress; memory is bounded by budget + one frame. One that holds a part of a
 * frame without progress while others wait is closed.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/chain.h"
#include "base/err.h"
#include "base/list.h"

struct loop;
struct net;
struct net_conn;
struct net_listener;
struct tls_context;

struct net_settings {
	size_t max_frame;           /* socket.request.max.bytes */
	size_t memory;              /* bytes of request blocks, queued.max.request.bytes */
	size_t max_output;          /* bytes of replies in memory before reading stops */
	int32_t max_open;           /* requests not yet answered a connection */
	int32_t max_connections;    /* max.connections */
	int32_t max_connections_ip; /* max.connections.per.ip */
	int64_t idle_ms;            /* connections.max.idle.ms; 0 = never */
	int64_t stall_ms;           /* part of a frame without progress while memory is short */
};

/* The place of one reply. Whoever got it ends it once, with reply, skip or drop, whatever has
 * become of the connection. */
struct net_slot;

/*
 * One request frame without its length. `frame` is borrowed until the call returns; ref_get(hold)
 * keeps its bytes, counted against the budget until ref_put. May end the slot at once.
 */
typedef void net_request_fn(void *arg, struct net_slot *slot, struct slice frame, struct ref *hold);

struct net *net_new(struct loop *l, const struct net_settings *set, net_request_fn *fn, void *arg);
/* Closes all listeners and connections. Slots that are still open stay valid: end them before. */
void net_free(struct net *n);

/* name: Kafka's listener name ("PLAINTEXT"), copied. tag is the owner's number for it. port 0 takes
 * a free one. NULL with e as listener_new. */
struct net_listener *net_listen(struct net *n, const char *name, int tag, const char *host,
	uint16_t port, struct tls_context *tls, struct err *e) MUSTCHECK;
uint16_t net_listener_port(const struct net_listener *l);
/* For connections from here on; those that are there stay. */
void net_set_limits(struct net *n, int32_t connections, int32_t connections_ip);
/* Listeners are bound but take nobody before this: a client that comes early waits in the kernel's
 * queue instead of being refused. */
void net_start_accepting(struct net *n);
/* The same for one listener, ahead of the others. The bounds on connections are not for it: it is
 * where the nodes of the cluster talk. */
void net_listener_accept(struct net_listener *l);
/* Takes no new connections any more (orderly stop). */
void net_stop_accepting(struct net *n);
/* Closes connections that have no request open; true when none is left. */
bool net_drain(struct net *n);

/* reply: the whole frame with its length; emptied. The slot is void afterwards. */
void net_slot_reply(struct net_slot *s, struct chain *reply);
/* There is no answer to this request (acks=0). */
void net_slot_skip(struct net_slot *s);
/* Closes the connection; one log line with the peer and why. */
void net_slot_drop(struct net_slot *s, const char *why);
/* fn(arg) once when the connection goes while the slot is open; the slot is still to be ended. NULL
 * takes it back. */
void net_slot_on_gone(struct net_slot *s, void (*fn)(void *arg), void *arg);
/*
 * fn(arg) once when the connection that this request came by ends, whatever becomes of the request;
 * at once when it has ended. A close that waits for another connection is moved. The owner embeds
 * it, zeroed, and takes it back with net_close_cancel before its memory goes.
 */
struct net_close {
	struct list_node node;
	void (*fn)(void *arg);
	void *arg;
};
void net_slot_on_close(struct net_slot *s, struct net_close *c);
void net_close_cancel(struct net_close *c);
/* True when nobody waits for the answer any more. */
bool net_slot_gone(const struct net_slot *s);
/* "127.0.0.1:4711"; "" when gone. */
const char *net_slot_peer(const struct net_slot *s);
/* Tag and name of the listener the request came by. Valid also when the connection is gone. */
int net_slot_listener(const struct net_slot *s);

/* ---- faults on purpose (faults.c) ------------------------------------------------------------ */

/* Answers leave so much later; 0: at once. What is held back then goes. */
void net_set_delay(struct net *n, int64_t ms);
/* Nothing is read from connections of these listeners (bit 1 << tag); it goes on by itself when the
 * bit is gone. */
void net_set_deaf(struct net *n, uint32_t tags);
/* Closes the connections of these listeners as if the network had; returns their number. */
int32_t net_close_tags(struct net *n, uint32_t tags);
/* The connection the request came by is one of `mark`'s, and can be closed as such. */
void net_slot_mark(struct net_slot *s, int32_t mark);
void net_close_marked(struct net *n, int32_t mark);
/* As net_slot_drop, but silent. */
void net_slot_refuse(struct net_slot *s);

struct net_stats {
	uint64_t accepted, refused, closed, bytes_in, bytes_out, requests;
	int32_t connections;
	int32_t waiting; /* for memory */
	size_t memory_used;
};
void net_stats(const struct net *n, struct net_stats *out);

#endif
