/* Rules for topic names (org.apache.kafka Topic rules; KIP-4). */
#ifndef META_TOPIC_NAME_H
#define META_TOPIC_NAME_H

#include "base/bytes.h"
#include "base/err.h"

#define TOPIC_NAME_MAX 249

/* 0, or ERR_INVALID with a message that says what is wrong and what a name may hold. */
int topic_name_check(struct str name, struct err *e) MUSTCHECK;

/* Topics that clients may not write: __consumer_offsets, __transaction_state, __share_group_state;
 * and __cluster_metadata, which is no topic of the image. */
bool topic_name_internal(struct str name);

/* Writes the name with '.' as '_' to out (name.n bytes). Metric names replace so: two names that
 * become equal must not both exist. */
void topic_name_canonical(struct str name, char *out);

#endif
