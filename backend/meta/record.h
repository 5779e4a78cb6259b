/*
 * A metadata record in memory: its type and the struct that wire's tables decode it to. The
 * controller makes lists of them, the image applies them one at a time, the log holds their bytes.
 */
#ifndef META_RECORD_H
#define META_RECORD_H

#include "base/arena.h"
#include "base/vec.h"

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

struct meta_record {
	int16_t type;    /* enum meta_type */
	int16_t version; /* of the layout, for the encoder */
	/* struct topic_record, partition_record, partition_change_record … of wire by type */
	const void *body;
};

struct meta_records {
	VEC(struct meta_record) list;
};

#endif
