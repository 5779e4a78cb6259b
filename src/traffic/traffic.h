/* What producer and consumer share. Both stand on librdkafka, whose threads stay behind them: every
 * callback comes on the loop's thread, and librdkafka's log goes to base/log.h. */
#ifndef TRAFFIC_TRAFFIC_H
#define TRAFFIC_TRAFFIC_H

#include "base/bytes.h"
#include "base/err.h"
#include <stdbool.h>

/* A client setting under Java's or librdkafka's name; Java's names are translated, and those that
 * mean nothing here (key.serializer …) are accepted. */
struct traffic_property {
	const char *name;
	const char *value;
};

/* Could a client be made with this setting: 0; ERR_NOT_FOUND: nobody knows the name; ERR_INVALID:
 * the value cannot be. e has the words. */
int traffic_property_check(
	const struct traffic_property *p, bool producer, struct err *e) MUSTCHECK;

/* name is never null, value may be. */
struct traffic_header {
	struct str name;
	struct slice value;
};

/* Kafka's code when it is >= -1, one of librdkafka's own (MSG_TIMED_OUT …) below that.
 * "NOT_LEADER_OR_FOLLOWER", "MSG_TIMED_OUT". Static storage. */
const char *traffic_error_name(int code);
/* What it means and what to do, one line. Static storage. */
const char *traffic_error_text(int code);

#endif
