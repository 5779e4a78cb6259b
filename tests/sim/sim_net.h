/*
 * Connections between the machines of a simulation: what sim_net.c (segments on their way) and
 * sim_transport.c (io/transport.h, io/listener.h over them) share.
 *
 *   transport --write--> segments --delay, in order--> end.in --read--> transport
 *
 * A segment that finds its way cut, or the machine without power, is sent again later, as TCP does;
 * one that finds nobody is answered with a reset. What a process wrote before it died arrives.
 */
#ifndef SIM_SIM_NET_H
#define SIM_SIM_NET_H

#include "base/buf.h"
#include "base/chain.h"
#include "sim.h"

struct transport;
struct listener;

/* Bytes that may lie before a reader and on the way to it before its writer has to wait. */
#define SIM_WINDOW ((size_t)512 << 10)

enum sim_segment_kind { SIM_DATA, SIM_SYN, SIM_OPEN, SIM_REFUSED, SIM_FIN, SIM_RESET };

struct sim_segment {
	struct list_node node;
	enum sim_segment_kind kind;
	int64_t due_us;
	size_t n;
	uint8_t data[];
};

/* One end of a connection, and what is on its way there. */
struct sim_end {
	int index; /* in the connection */
	struct sim_machine *machine;
	struct transport *transport; /* NULL: not accepted yet, or gone */
	struct list_node waiting;    /* the waiting ones of who listens there */
	bool gone;                   /* nobody is here (any more) */
	bool ended, reset;           /* what has come from the peer */
	struct buf in;
	struct list segments;
	struct sim_event arrival;
	int64_t last_due_us;
	size_t queued; /* bytes in segments */
	int tries;     /* of the first segment */
};

struct sim_conn {
	struct list_node node;
	struct sim *sim;
	uint64_t id;
	uint16_t port;
	struct sim_end ends[2]; /* 0: the one that connects */
};

struct sim_conn *sim_conn_new(struct sim_machine *from, struct sim_machine *to, uint16_t port);
/* Towards end `to`. Nothing leaves a machine without power, no bytes leave a dying process. */
void sim_conn_send(
	struct sim_conn *c, int to, enum sim_segment_kind kind, const struct chain *bytes);
/* The end's owner lets go of it: told to the peer. The connection may be gone afterwards. */
void sim_conn_leave(struct sim_conn *c, int end);

/* Of sim_transport.c: something has come for it. */
void sim_transport_arrived(struct transport *t, enum sim_segment_kind kind);
/* True when somebody listens there: it has the connection then. */
bool sim_listener_take(struct sim_machine *m, struct sim_conn *c);

#endif
