/*
 * What the files of a link share: link.c has the connection and its states, versions.c what both
 * sides speak, calls.c requests and answers.
 *
 * A broker answers in the order of the requests, so calls in flight are a queue and an answer
 * belongs to its head; a call that has timed out or was cancelled stays in it, without a function,
 * until its answer has gone by.
 *
 * Every callback may free the link: whoever calls one holds the link over it (link_hold) and looks
 * for LINK_CLOSED afterwards.
 */
#ifndef LINK_LINK_IMPL_H
#define LINK_LINK_IMPL_H

#include "base/buf.h"
#include "base/list.h"
#include "base/vec.h"
#include "io/loop.h"
#include "io/transport.h"
#include "link/link.h"
#include "wire/api.h"

struct call {
	struct list_node node;
	struct io_timer timer;
	struct link *link;
	link_reply_fn *fn; /* NULL: nobody waits any more */
	void *arg;
	int64_t id;
	int64_t sent_us;
	int32_t correlation;
	int16_t key;
	int16_t version;
};

struct range {
	int16_t key, min, max;
};

struct link {
	struct loop *loop;
	char *host;
	char *name; /* host:port */
	char *client_id;
	uint16_t port;
	struct link_options opt; /* no zeros; client_id is not used */
	link_state_fn *fn;
	void *arg;

	enum link_state state;
	uint32_t holds;
	struct transport *transport;
	struct io_timer timer; /* up to READY: the connect time-out; in BACKOFF: the pause */
	uint32_t failures;     /* in a row */
	struct err last_error; /* code 0: none */

	struct buf in; /* answers, not yet whole */
	bool reading;  /* link_read is at work on `in` */
	struct arena arena;
	struct list calls; /* in the order sent */
	uint32_t n_calls;
	int32_t correlation;
	int64_t next_id;
	int64_t heard_us; /* when bytes came last */
	int64_t rtt_us;

	VEC(struct range) ranges; /* by key; empty until READY */
};

static inline void link_hold(struct link *k)
{
	k->holds++;
}
/* False when the link was freed meanwhile: it is gone then. */
bool link_release(struct link *k) MUSTCHECK;

/* The connection has failed: to BACKOFF. The link may be gone afterwards. */
void link_fail(struct link *k, const struct err *why);
/* VERSIONS has succeeded. The link may be gone afterwards. */
void link_ready(struct link *k);

/* Asks for the broker's versions. */
void link_versions_start(struct link *k);
/* Forgets what the broker speaks. */
void link_versions_clear(struct link *k);

/* Sends one request; e says why not. The call's id, or negative. */
int64_t link_send(struct link *k, const struct link_call *c, int16_t version, struct err *e);
/* Reads what has come and answers calls. The link may be gone afterwards. */
void link_read(struct link *k);
/* Answers all calls with `why`. The link must be held. */
void link_calls_fail(struct link *k, const struct err *why);

#endif
