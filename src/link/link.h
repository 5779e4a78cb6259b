/*
 * One connection to a Kafka broker: connect, agree on versions, pipeline requests, match answers.
 * For the console and between brokers. Everything happens on the loop's thread.
 *
 *   IDLE ----> CONNECTING ----> VERSIONS ----> READY
 *     ^             |               |            |
 *     |             v               v            v
 *     +---------- BACKOFF <---------+------------+        any --> CLOSED (link_free)
 *    (the pause is over)
 *
 * link_connect starts from IDLE. When a connection fails or ends, every call in flight is answered
 * with an error, the state becomes BACKOFF, and after a growing, jittered pause IDLE: whether to
 * connect again is the owner's choice.
 */
#ifndef LINK_LINK_H
#define LINK_LINK_H

#include "base/arena.h"
#include "base/err.h"
#include "io/tls.h"
#include <stdbool.h>

struct loop;
struct link;

enum link_state {
	LINK_IDLE,
	LINK_CONNECTING,
	LINK_VERSIONS,
	LINK_READY,
	LINK_BACKOFF,
	LINK_CLOSED,
};

struct link_options {
	const char *client_id;       /* NULL: "kdeck" */
	struct tls_context *tls;     /* NULL: plain */
	int64_t connect_timeout_ms;  /* 0: 10 s; up to READY */
	int64_t request_timeout_ms;  /* 0: 30 s; default for calls */
	int64_t backoff_ms;          /* 0: 50 ms; first pause */
	int64_t backoff_max_ms;      /* 0: 1 s */
	uint32_t max_in_flight;      /* 0: 1000 */
	uint32_t max_response_bytes; /* 0: 100 MiB: a longer answer ends the connection */
};

/* err is NULL except on the way to BACKOFF, where it tells why. The link may be freed in it. */
typedef void link_state_fn(void *arg, struct link *k, enum link_state now, const struct err *why);

/* host is copied; opts may be NULL. fn may be NULL. Starts IDLE. */
struct link *link_new(struct loop *l, const char *host, uint16_t port,
	const struct link_options *opts, link_state_fn *fn, void *arg);
/* Calls in flight are answered with ERR_CANCELLED first. NULL is allowed. */
void link_free(struct link *k);

/* 0; ERR_AGAIN in BACKOFF; ERR_EXISTS when it is under way or there. */
int link_connect(struct link *k);
/* Ends the connection as if it had failed, but to IDLE, without a pause. */
void link_disconnect(struct link *k);

enum link_state link_state(const struct link *k);
/* "host:port" */
const char *link_name(const struct link *k);
/* Why the last connection ended; NULL when none did. */
const struct err *link_last_error(const struct link *k);
uint32_t link_in_flight(const struct link *k);
/* Microseconds between the last request that was answered and its answer, -1 before. */
int64_t link_rtt_us(const struct link *k);

/* Highest version of the API that both speak, bounded by `cap` (-1: none); negative when there is
 * none or the link has not been READY yet. */
int16_t link_version_for(const struct link *k, int16_t api_key, int16_t cap);
/* The broker's range; false when it does not have the API. */
bool link_broker_range(const struct link *k, int16_t api_key, int16_t *min, int16_t *max);

/*
 * An answer. Success: e is NULL, response is the decoded struct of that API and `version`; it, the
 * arena and the bytes it borrows from live until the callback returns. Failure: response is NULL;
 * e: ERR_TIMEOUT, ERR_CLOSED/ERR_IO (connection), ERR_CANCELLED (link_free), ERR_CORRUPT (an
 * answer that cannot be decoded). The link may be freed in it. Never called from inside link_call.
 */
typedef void link_reply_fn(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena);

struct link_call {
	int16_t api_key;
	int16_t version;    /* LINK_BEST or exact */
	int16_t cap;        /* with LINK_BEST: highest version that suits `request`; 0 = no bound */
	int64_t timeout_ms; /* 0: the link's */
	const void *request; /* struct of the API's request; encoded before link_call returns */
	link_reply_fn *fn;   /* NULL: the broker sends no answer (Produce with acks 0) */
	void *arg;
};

#define LINK_BEST ((int16_t)-1)

/* The call's id (> 0) for link_cancel, or: ERR_AGAIN (not READY), ERR_FULL (in-flight bound),
 * ERR_UNSUPPORTED (no version in common), ERR_INVALID (the request does not fit the version). e
 * (may be NULL) has the words. Sent at the end of the turn, with all others of the turn. */
int64_t link_call(struct link *k, const struct link_call *call, struct err *e) MUSTCHECK;
/* fn will not be called; the answer is dropped when it comes. No effect for an unknown id. */
void link_cancel(struct link *k, int64_t id);

/* The pause before attempt `attempt` (0 = first retry): base doubled each time up to max, times a
 * random factor of 0.8 to 1.2. */
int64_t link_backoff_ms(int64_t base_ms, int64_t max_ms, uint32_t attempt, uint64_t random);

#endif
