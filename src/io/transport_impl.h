/*
 * What the files of the transport share. transport.c moves the states and talks to the owner,
 * transport_connect.c gets a socket, transport_plain.c and transport_tls.c move bytes.
 */
#ifndef IO_TRANSPORT_IMPL_H
#define IO_TRANSPORT_IMPL_H

#include "io/addr.h"
#include "io/loop.h"
#include "io/transport.h"

struct dial;
struct tls_session;

/* How bytes get through the socket. Each that says ERR_CLOSED has called transport_fail. */
struct transport_ops {
	/* Bytes, 0 at the peer's end, ERR_AGAIN, ERR_CLOSED. */
	ssize_t (*read)(struct transport *t, void *p, size_t n);
	/* Writes from the front of t->out, which is not empty, about max bytes, and consumes them:
	 * bytes, ERR_AGAIN, ERR_CLOSED. */
	ssize_t (*write)(struct transport *t, size_t max);
	/* Ends our side after the last output: 0, ERR_AGAIN, ERR_CLOSED. */
	int (*shutdown)(struct transport *t);
};

/* Calls to make at the end of the turn, in this order. */
enum {
	LATER_OPENED = 1,
	LATER_READ = 2,
	LATER_ENDED = 4,
	LATER_FLUSH = 8,
	LATER_REPORT = 16,
};

struct transport {
	struct loop *loop;
	struct loop_watch *watch;
	int fd;       /* -1: none */
	int watching; /* events that the watch is set to */
	enum transport_state state;
	const struct transport_ops *ops;
	struct transport_events ev;
	void *arg;

	struct chain out;
	uint64_t turn; /* the turn that `left` holds for */
	size_t left;   /* bytes that may still be written in it */
	uint64_t bytes_in, bytes_out;

	bool blocked;  /* output waits for the watch */
	bool paused;   /* the owner wants no input */
	bool eof;      /* the peer has ended its side */
	bool shut;     /* the owner has ended our side */
	bool shut_out; /* and the peer has been told */
	/* TLS may have to write in order to read, and the other way round. */
	bool read_needs_write, write_needs_read;

	struct loop_defer later, release;
	unsigned later_what;
	struct io_timer timer;
	int64_t deadline_ms; /* for look-up, connect and handshake; 0 = none */

	struct dial *dial;           /* until there is a connection */
	struct tls_context *tls;     /* NULL: plain */
	struct tls_session *session; /* from HANDSHAKE on */
	bool server;                 /* the peer connected to us */
	char *host;                  /* as asked by transport_connect, else NULL */
	char *asked;                 /* "host:port" */
	struct addr_text peer;       /* empty while unknown */
	struct err why;
};

extern const struct transport_ops transport_plain;

/* The one way out: takes down the socket, drops the output and has `closed` called at the end of
 * the turn. Always ERR_CLOSED. */
int transport_fail(struct transport *t, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
int transport_fail_errno(struct transport *t, int errnum, const char *what);
void transport_move(struct transport *t, enum transport_state to);
/* Sets the watch to what the state and the flags want. */
void transport_rewatch(struct transport *t);
void transport_later(struct transport *t, unsigned what);
/* Takes fd (closed also on failure) and watches it for nothing yet: 0 or ERR_IO with e set. */
int transport_adopt(struct transport *t, int fd, struct err *e) MUSTCHECK;
/* Lets go of watch and descriptor. */
void transport_drop_socket(struct transport *t);
/* There is a connection: goes on to HANDSHAKE or OPEN. */
void transport_connected(struct transport *t);
/* OPEN has been reached. */
void transport_open(struct transport *t);

/* transport_connect.c: begins with t->host; goes on by itself. */
void dial_start(struct transport *t, uint16_t port, int64_t timeout_ms);
/* The socket that is connecting has an event; its time is over. */
void dial_event(struct transport *t);
void dial_timeout(struct transport *t);
void dial_free(struct dial *d);

#endif
