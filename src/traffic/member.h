/*
 * A member of a consumer group whose owner decides everything a program of one's own decides: when
 * to poll, how many records to take, when to commit, when to hand partitions over. consumer.h is
 * the simple one.
 *
 * A rebalance: on_revoked -> the owner finishes what it has in hand and commits -> member_give_up
 * -> on_assigned. A member that does not poll answers no rebalance, and after max_poll_ms it is put
 * out of its group; heartbeats go on by themselves until then.
 */
#ifndef TRAFFIC_MEMBER_H
#define TRAFFIC_MEMBER_H

#include "traffic/traffic.h"
#include <stdbool.h>

struct loop;
struct member;

/* Lent for the callback. */
struct member_part {
	const char *topic;
	int32_t partition;
	int64_t offset; /* the next to read, as it is committed; -1: nothing is; -2: not known */
};

/* Where a record stands; what it says is not told. */
struct member_record {
	const char *topic; /* the same pointer for the same topic as long as the member lives */
	int32_t partition;
	int64_t offset;
};

typedef void member_records_fn(void *arg, const struct member_record *r, size_t n);
typedef void member_assigned_fn(void *arg, const struct member_part *p, size_t n);
/* lost: they are gone already, others may own them, nothing can be committed. Else they stay until
 * member_give_up, which may be called inside. */
typedef void member_revoked_fn(void *arg, const struct member_part *p, size_t n, bool lost);
/* How a member_commit went; e NULL: well. Each commit is answered once, in order. */
typedef void member_committed_fn(
	void *arg, const struct member_part *p, size_t n, const struct err *e);
/* fatal: it will not go on by itself. */
typedef void member_error_fn(void *arg, const struct err *e, bool fatal);

struct member_options {
	const char *bootstrap;
	const char *client_id;
	const char *group;
	const char *assignor; /* "range", "roundrobin", "cooperative-sticky" */
	int64_t session_ms, max_poll_ms;
	const char *reset; /* where nothing is committed: "earliest", "latest" */
	/* Settings beside these; they win over them. */
	const struct traffic_property *properties;
	size_t n_properties;

	member_records_fn *on_records;
	member_assigned_fn *on_assigned;
	member_revoked_fn *on_revoked;
	member_committed_fn *on_committed;
	member_error_fn *on_error;
	void *arg;
};

/* NULL with e set: ERR_INVALID (a setting that is unknown or cannot be: the message names it). */
struct member *member_new(struct loop *l, const struct member_options *o, struct err *e) MUSTCHECK;
/* Without a goodbye to the group. Not from inside a callback. May go on in the background, see
 * client_end. NULL is allowed. */
void member_free(struct member *m);

int member_subscribe(
	struct member *m, const char *const *topics, size_t n, struct err *e) MUSTCHECK;
/* So many records more, at most, will be delivered; 0: none. */
void member_want(struct member *m, size_t n);
/* Off: nothing is asked for any more, as by a program that hangs. */
void member_poll(struct member *m, bool on);
/* Has the group gone on without it? Known also while it does not poll. */
bool member_is_out(const struct member *m);
/* offset: the next to read. Copied. ERR_INVALID when librdkafka would not take it. */
int member_commit(struct member *m, const struct member_part *p, size_t n, struct err *e) MUSTCHECK;
/* Ends what on_revoked has begun; no effect else. */
void member_give_up(struct member *m);
/* Leaves the group, waiting no longer than timeout_ms: the others share at once. Nothing is called
 * back any more. False: it was not done in time. */
bool member_leave(struct member *m, int64_t timeout_ms) MUSTCHECK;

#endif
