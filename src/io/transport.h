/*
 * A non-blocking stream socket whose output is a struct chain, plain or TLS behind one interface.
 *
 *   RESOLVING --> CONNECTING --> HANDSHAKE --> OPEN --> FAILED --> CLOSED
 *        (transport_connect)      (TLS only)    ^         (closed is called once)
 *                                               |
 *                          transport_from_fd ---+
 *
 * Every end of a connection goes one way: the transport remembers the reason, calls `closed` once
 * from the loop (never from inside a call of the owner), and the owner calls transport_close there
 * or later. After transport_close no callback comes; it is safe anywhere.
 *
 * Output: transport_send moves pieces in, transport_flush writes at once and watches the socket for
 * room only after EAGAIN. One transport writes at most TRANSPORT_TURN_BYTES a turn, so that a
 * reader of a big file does not starve the others.
 */
#ifndef IO_TRANSPORT_H
#define IO_TRANSPORT_H

#include "base/chain.h"
#include "base/err.h"
#include "io/tls.h"
#include <stdbool.h>
#include <sys/types.h>

struct loop;
struct transport;

enum {
	TRANSPORT_TURN_BYTES = 1 << 20,
	TRANSPORT_IOV = 64,
};

enum transport_state {
	TRANSPORT_RESOLVING,
	TRANSPORT_CONNECTING,
	TRANSPORT_HANDSHAKE,
	TRANSPORT_OPEN,
	TRANSPORT_FAILED,
	TRANSPORT_CLOSED,
};

/* What the owner hears; every member but readable and closed may be NULL. */
struct transport_events {
	/* OPEN has been reached: always once and before all others but closed. */
	void (*opened)(void *arg);
	/* Call transport_read until it says ERR_AGAIN; what is left is told again next turn. */
	void (*readable)(void *arg);
	/* The output queue has become empty in a flush that the loop made. */
	void (*drained)(void *arg);
	/* The peer ended its side. NULL: that is an end like any other (closed, ERR_CLOSED). */
	void (*ended)(void *arg);
	/* ERR_CLOSED: the peer closed in order. ERR_IO, ERR_TIMEOUT, ERR_DENIED (TLS),
	 * ERR_NOT_FOUND (host name), ERR_REFUSED (no listener there): with a line for people. */
	void (*closed)(void *arg, const struct err *why);
};

/* Takes fd (closed also on failure). tls: context to be server with, NULL = plain. The socket gets
 * non-blocking, TCP_NODELAY and keepalive where they apply. handshake_ms bounds the TLS handshake,
 * 0 = not bounded. NULL with e set. */
struct transport *transport_from_fd(struct loop *l, int fd, struct tls_context *tls,
	int64_t handshake_ms, const struct transport_events *ev, void *arg, struct err *e);

struct transport_target {
	const char *host; /* name or address; copied */
	uint16_t port;
	int64_t timeout_ms;      /* for all of name look-up, connect and handshake; 0 = 30 s */
	struct tls_context *tls; /* client context, NULL = plain; must outlive the transport */
};

/* Tries the host's addresses in order, each with its share of the time. Failure comes by closed.
 * Never NULL. */
struct transport *transport_connect(struct loop *l, const struct transport_target *to,
	const struct transport_events *ev, void *arg);

/* Closes at once; queued output is dropped. NULL is allowed. */
void transport_close(struct transport *t);

/* Moves all pieces of c to the output. Dropped (c is emptied) when the transport has failed. */
void transport_send(struct transport *t, struct chain *c);
/* Writes what the socket takes now. Errors come by closed. */
void transport_flush(struct transport *t);
/* Flushes at the end of this turn. */
void transport_flush_later(struct transport *t);
/* Bytes that wait to be written. */
size_t transport_queued(const struct transport *t);
/* Ends our side once the output has been written: the peer reads an end. What is sent from here on
 * is dropped. When the peer has ended its side too, closed comes with ERR_CLOSED. */
void transport_shutdown(struct transport *t);

/* Bytes read (1 … n), or 0 at the peer's end, ERR_AGAIN, or ERR_CLOSED when the transport has
 * failed (closed follows). n > 0. */
ssize_t transport_read(struct transport *t, void *p, size_t n) MUSTCHECK;
/* TLS keeps input that the socket no longer shows. The transport sees to it by itself. */
bool transport_has_buffered(const struct transport *t);
/* Stops and resumes `readable`: back-pressure. Counts nothing: the last call holds. */
void transport_pause(struct transport *t);
void transport_resume(struct transport *t);

enum transport_state transport_state(const struct transport *t);
/* "127.0.0.1:4711", "[::1]:4711"; "host:port" as asked while there is no address. */
const char *transport_peer(const struct transport *t);
/* Just the peer's address without port, "" when unknown. */
const char *transport_peer_host(const struct transport *t);
/* Moved since the start. */
uint64_t transport_bytes_in(const struct transport *t);
uint64_t transport_bytes_out(const struct transport *t);

#endif
