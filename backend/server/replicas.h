/* How repl reaches other brokers: followers' fetches and AlterPartition over the peers' links. */
#ifndef SERVER_REPLICAS_H
#define SERVER_REPLICAS_H

#include "meta/image.h"

struct server;
struct repl_settings;

/* Fills in what of repl's settings concerns other brokers. s->peers need not be there yet. */
void server_replicas_settings(struct server *s, struct repl_settings *out);
/* The image is loaded: where all brokers are. */
void server_replicas_begin(struct server *s);
/* An image_listener's. */
void server_broker_changed(void *arg, int32_t id, const struct image_broker *b);

#endif
