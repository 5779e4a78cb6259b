/*
 * The records of __consumer_offsets in Kafka's own form (wire/msg/group_records.def has the
 * fields): a key that begins with the record's type, a value that begins with its version. What is
 * written is what Kafka 4 writes: offsets as version 3, or 1 when they carry a time to expire;
 * groups as version 3. Every older and newer version is read.
 *
 *   type 0, 1   (group, topic, partition) → offset          no value: forgotten
 *   type 2      (group) → generation, members, assignments  no value: the group is gone
 */
#ifndef GROUP_RECORDS_H
#define GROUP_RECORDS_H

#include "base/arena.h"
#include "base/buf.h"
#include "wire/msg.h"

enum group_record_kind {
	GROUP_RECORD_OFFSET,
	GROUP_RECORD_GROUP,
	GROUP_RECORD_OTHER, /* of another protocol or a later Kafka: to be left alone */
};

/* One record, taken apart; strings point into what was given or into the arena. */
struct group_record {
	enum group_record_kind kind;
	struct str group;
	struct str topic; /* GROUP_RECORD_OFFSET */
	int32_t partition;
	bool deleted; /* no value */
	struct offset_commit_value offset;
	struct group_metadata_value metadata;
};

/* 0, ERR_SHORT / ERR_INVALID (not such a record), ERR_NOMEM. */
int group_record_parse(
	struct slice key, struct slice value, struct arena *a, struct group_record *out) MUSTCHECK;

/* Append the key, or the value, to out. Values fail with ERR_TOO_BIG (a string that Kafka's form
 * cannot hold). */
void group_record_offset_key(
	struct str group, struct str topic, int32_t partition, struct buf *out);
void group_record_group_key(struct str group, struct buf *out);
int group_record_offset_value(const struct offset_commit_value *v, struct buf *out) MUSTCHECK;
int group_record_group_value(const struct group_metadata_value *v, struct buf *out) MUSTCHECK;

#endif
