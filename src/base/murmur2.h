/* murmur2 as Java clients hash keys (org.apache.kafka.common.utils.Utils.murmur2, seed 0x9747b28c).
 */
#ifndef BASE_MURMUR2_H
#define BASE_MURMUR2_H

#include "base/bytes.h"

/* As org.apache.kafka.common.utils.Utils.murmur2 hashes; seed 0x9747b28c. */
uint32_t murmur2(struct slice key);

/* The partition of a non-null key: (murmur2 & 0x7fffffff) % partitions. partitions > 0. */
int32_t murmur2_partition(struct slice key, int32_t partitions);

#endif
