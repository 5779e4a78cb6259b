/*
 * One request on its way through an API handler.
 *
 *   frame --header, body--> api_x(call, request) --call_reply()--> slot
 *                                  |
 *                                  +-- call_park() … later … call_reply()
 *
 * A handler answers at once, or keeps the call and answers later. Until the handler returns, the
 * request and everything in call->arena is there. call_park frees both, unless the handler keeps
 * the bytes with call_hold: produce does so until its batches are in the log at the end of the
 * turn, metadata changes until they are committed.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "base/arena.h"
#include "net/net.h"
#include "wire/api.h"

struct api_stats;
struct broker;

/*
 * Bytes that decoding one request may take, and those for its answer besides: what all of the
 * cluster needs, and so much for each byte of the request. No element of an answer is more than
 * this many times the request's that asked for it (4 bytes of a partition's number, mostly), so an
 * answer to each always fits; one where a name asks for more than an element counts for itself.
 */
#define CALL_REQUEST_LIMIT ((size_t)16 << 20)
#define CALL_ANSWER_LIMIT  ((size_t)64 << 20)
#define CALL_ANSWER_TIMES  32

struct call {
	struct broker *broker;
	const struct api *api;
	struct request_header header; /* client_id is borrowed from the request */
	int16_t version;
	struct arena arena;
	struct net_slot *slot;
	struct api_stats *stats; /* of its API */
	struct ref *frame; /* holds the request's bytes; only with call_hold beyond the handler */
	bool held;
	struct list_node node; /* in the broker's list of open calls, or of free ones */
	int64_t started_us;
};

/* Encodes and sends; the call is void afterwards. An answer that cannot be encoded is a bug: the
 * connection is closed with a log line. */
void call_reply(struct call *c, const void *response);
/* No answer goes out (acks=0). */
void call_skip(struct call *c);
/* Closes the connection. */
void call_drop(struct call *c, const char *why);
/* The request's bytes and the arena stay until the reply. */
void call_hold(struct call *c);
/* Of a call that was held: the request's bytes go, the arena stays until the reply. Whoever waits
 * for other brokers does so: their requests come through the same memory. */
void call_drop_request(struct call *c);
/* The handler keeps the call; arena and request are gone. */
void call_park(struct call *c);

/* Allocation in the call's arena; NULL only past its limit, see above. */
#define CALL_NEW(c, type, n) MSG_NEW(&(c)->arena, type, n)

#endif
