/*
 * Groups into the model. Order of a round: what groups there are, their descriptions, their
 * commits, and only then the ends (feed_offset FEED_START, FEED_END) of the partitions committed
 * in, asked for after the commits were answered: so lag is never below 0 and both are of one
 * moment. A commit without a newer end waits SETTLE_LATE_MS, then it is shown with ≈.
 */
#ifndef MODEL_GROUP_FEED_H
#define MODEL_GROUP_FEED_H

#include "model/feed.h"
#include "model/group.h"

/* ListGroups of a broker: begin, one call a group, end. A group that its coordinator leaves out
 * once is Dead, twice and it goes; groups of a broker that does not answer stay, with the age of
 * what is known of them. When metadata does not list that broker any more, they go as soon as all
 * coordinators that there are have answered without them. state, type, protocol may be null. */
void feed_groups_begin(struct model *m, int32_t broker);
void feed_group_listed(struct model *m, int64_t now_ms, int32_t broker, struct str name,
	struct str state, struct str type, struct str protocol);
void feed_groups_end(struct model *m, int64_t now_ms, int32_t broker, int32_t interval_ms);
/* code 0 or enum err_code, kerr Kafka's. */
void feed_groups_failed(
	struct model *m, int32_t broker, int32_t interval_ms, int code, int16_t kerr);

struct feed_member {
	struct str id, instance /* null: none */, client, host;
	struct slice subscription,
		assignment; /* as in DescribeGroups; broken ones count as empty */
};

struct feed_group {
	struct str name, state, type, assignor;
	int32_t coordinator;
	int32_t generation; /* -1: not told */
	const struct feed_member *members;
	size_t n_members;
	int32_t interval_ms;
};
/* DescribeGroups. A group that was not listed is added. */
void feed_group(struct model *m, int64_t now_ms, const struct feed_group *in);
void feed_group_failed(struct model *m, struct str name, int code, int16_t kerr);

/* OffsetFetch of a group that is there (others are ignored: an answer may come late): begin, one
 * call a partition, end. full: a commit that is not named has gone. now_ms: when the answer came.
 * offset -1: never committed. */
void feed_commits_begin(struct model *m, struct str group);
void feed_commit(struct model *m, int64_t now_ms, struct str group, struct str topic,
	int32_t partition, int64_t offset, int32_t epoch, struct str metadata, int16_t kerr);
void feed_commits_end(
	struct model *m, int64_t now_ms, struct str group, bool full, int32_t interval_ms);
void feed_commits_failed(
	struct model *m, struct str group, int32_t interval_ms, int code, int16_t kerr);
/* Timestamp of the record at offset, the next that the group reads: makes its age exact until it
 * is read. */
void feed_unread(struct model *m, struct str group, struct str topic, int32_t partition,
	int64_t offset, int64_t timestamp_wall_ms);

#endif
