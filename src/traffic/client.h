/*
 * The part of a librdkafka client that producer and consumer share: settings, the pipe by which a
 * queue wakes the loop, logs and errors as words. Inside src/traffic only.
 *
 * librdkafka's threads write one byte into the pipe when a queue becomes non-empty; the loop reads
 * the pipe dry and then takes from the queue. Whoever leaves something in the queue pokes the pipe.
 */
#ifndef TRAFFIC_CLIENT_H
#define TRAFFIC_CLIENT_H

#include "io/loop.h"
#include "traffic/traffic.h"
#include <librdkafka/rdkafka.h>

/* Sets one value; e: what is wrong with it. */
int client_set(rd_kafka_conf_t *conf, const char *name, const char *value, struct err *e) MUSTCHECK;
int client_set_int(rd_kafka_conf_t *conf, const char *name, int64_t value, struct err *e) MUSTCHECK;
/* Sets what a person gave, under Java's or librdkafka's name. */
int client_set_all(rd_kafka_conf_t *conf, const struct traffic_property *p, size_t n, bool producer,
	struct err *e) MUSTCHECK;

/* A client with those events (and logs) in its main queue, NULL with e set (ERR_INVALID). Takes
 * conf. */
rd_kafka_t *client_new(
	rd_kafka_type_t type, rd_kafka_conf_t *conf, int events, struct err *e) MUSTCHECK;

struct pipe_watch {
	int fd[2];
	struct loop_watch *watch;
};

/* fn comes (events ignored) whenever the pipe has bytes; it calls pipe_drain first. */
int pipe_open(struct pipe_watch *p, struct loop *l, loop_watch_fn *fn, void *arg,
	struct err *e) MUSTCHECK;
/* The loop's part ends: fn comes no more. librdkafka may still write. */
void pipe_unwatch(struct pipe_watch *p);
void pipe_close(struct pipe_watch *p);
void pipe_drain(struct pipe_watch *p);
/* Another turn of the loop will call fn. */
void pipe_poke(struct pipe_watch *p);

/*
 * Calls end(own), which destroys a client, on a thread beside: librdkafka waits there for its own
 * threads, and one that looks up a host name cannot be stopped. Returns when that is done, but
 * after CLIENT_GRACE_MS in any case: nobody who leaves waits for a dead name server.
 */
enum { CLIENT_GRACE_MS = 250 };
void client_end(struct loop *l, void (*end)(void *own), void *own);

/* librdkafka's log line of a RD_KAFKA_EVENT_LOG. */
void client_log(rd_kafka_event_t *ev);
/* A RD_KAFKA_EVENT_ERROR in words; returns whether it is fatal. */
bool client_error(rd_kafka_t *rk, rd_kafka_event_t *ev, const char *bootstrap, struct err *e);

#endif
