/*
 * Types of metadata records and lists of them. A record in memory is wire's struct metarec: the
 * controller makes lists of them, the image applies them one at a time, the log holds their bytes.
 */
#ifndef META_RECORD_H
#define META_RECORD_H

#include "base/vec.h"
#include "wire/metarec.h"

/* Kafka's numbers of the record types. */
enum meta_type {
	META_REGISTER_BROKER = 0,
	META_UNREGISTER_BROKER = 1,
	META_TOPIC = 2,
	META_PARTITION = 3,
	META_CONFIG = 4,
	META_PARTITION_CHANGE = 5,
	META_FENCE_BROKER = 7,
	META_UNFENCE_BROKER = 8,
	META_REMOVE_TOPIC = 9,
	META_FEATURE_LEVEL = 12,
	META_PRODUCER_IDS = 15,
	META_BROKER_REGISTRATION_CHANGE = 17,
	META_NO_OP = 20,
	META_BEGIN_TRANSACTION = 23,
	META_END_TRANSACTION = 24,
	META_ABORT_TRANSACTION = 25,
	META_REGISTER_CONTROLLER = 27,
};

struct meta_records {
	VEC(struct metarec) list;
};

#endif
