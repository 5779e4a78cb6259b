/* Kafka's error codes: what peers say to each other. Inside the program errors are enum err. */
#ifndef WIRE_KERR_H
#define WIRE_KERR_H

#include <stdbool.h>
#include <stdint.h>

enum kerr {
#define KERR(code, NAME, retriable, text) KERR_##NAME = code,
#include "wire/kerr.def"
};

/* "NOT_LEADER_OR_FOLLOWER"; "UNKNOWN" for a code that is not in the table. Static storage. */
const char *kerr_name(int16_t code);
/* One line for a person: what it means and what to do. Static storage. */
const char *kerr_text(int16_t code);
/* The same request may succeed later, perhaps after new metadata. */
bool kerr_retriable(int16_t code);
/* False for a code that is not in the table. */
bool kerr_known(int16_t code);

#endif
