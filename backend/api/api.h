/*
 * The door of the broker: a frame comes in, the handler of its API answers it. Which APIs are
 * served, in which versions and on which listeners, is the table in wire/api.def; ApiVersions
 * answers from it, so that nothing is offered that is not there.
 */
#ifndef API_API_H
#define API_API_H

#include "api/broker.h"
#include "wire/kerr.h"

struct api_handler {
	int16_t key, min, max;
	void (*serve)(struct call *c, const void *request);
};

/* NULL: not served. */
const struct api_handler *api_handler(int16_t key);

#define API_TIME_STEPS 12
/* Upper bounds in microseconds; what takes longer is counted by n alone. */
extern const int64_t api_time_steps[API_TIME_STEPS];

/* What became of requests of one API, by the index of its handler. A request's time is from its
 * frame to its answer, as the loop's clock tells: it stands still within a turn. */
struct api_stats {
	uint64_t n; /* answered, also by silence; those dropped are not counted */
	uint64_t bytes_in, bytes_out;
	uint64_t time_us;               /* of all together */
	uint64_t steps[API_TIME_STEPS]; /* each in the first step that holds it */
};
/* Of a handler of the table. */
struct api_stats *api_stats(const struct broker *b, const struct api_handler *h);
/* All of them, for ApiVersions; returns their number. */
size_t api_handlers(const struct api_handler **out);

/* The listener with that tag takes this API: those of the controllers stay among controllers. */
bool api_served_by(const struct broker *b, int16_t key, int tag);

/* A net_request_fn; arg is a struct broker. */
void api_request(void *arg, struct net_slot *slot, struct slice frame, struct ref *hold);

/* What everybody may do, as bits 1 << Kafka's AclOperation: there is no authorizer. All operations
 * that a topic and the cluster have. */
#define ALL_TOPIC_OPERATIONS   3576
#define ALL_CLUSTER_OPERATIONS 8096

/* The answer to ApiVersions with an error code. */
void api_answer_versions(struct call *c, int16_t error);

/* Whom clients of this listener are told to ask for changes: the active controller where it is a
 * broker that they reach, else this one, which passes them on. */
int32_t api_controller(const struct call *c);

/* Where clients of the listener by which this call came reach a broker. False: by that listener
 * they do not. */
bool api_reach(const struct call *c, const struct image_broker *b, struct broker_endpoint *out);

/* The block of producer ids that broker->ids_wanted asked for, or why there is none. */
void api_producer_ids(struct broker *b, int16_t error, int64_t start, int32_t n);

/* Waiting operations that became possible or are due. Call it after repl_turn. */
void api_turn(struct broker *b);

/* api_produce, api_fetch …: each API that somebody serves is in the file of its key and name. */
#define API(key, NAME, name, message, min, max, flexible, who, what) API_DECLARE_##who(message)
#define API_DECLARE_B(message) \
	void api_##message(struct call *c, const struct message##_request *r);
#define API_DECLARE_C(message)  API_DECLARE_B(message)
#define API_DECLARE_BC(message) API_DECLARE_B(message)
#define API_DECLARE_NOBODY(message)
#include "wire/api.def"

#endif
