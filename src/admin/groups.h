/*
 * Questions about consumer groups. Each group has a coordinator, the broker that leads its part of
 * __consumer_offsets: it is looked up first, for many groups in one FindCoordinator, and every
 * coordinator gets one request for its groups (brokers before 3.0: one a group).
 *
 * A coordinator that has moved, is still loading, or is lost is looked up and asked again after a
 * pause, until the deadline. Commits and deletions that were lost under way are not repeated,
 * because they may have happened; `why` says so. All other rules are those of admin.h.
 */
#ifndef ADMIN_GROUPS_H
#define ADMIN_GROUPS_H

#include "admin/admin.h"

struct admin_group {
	struct str group; /* asked; also NUL-terminated */
	bool answered;    /* what follows is valid */
	int16_t error; /* Kafka's; NETWORK_EXCEPTION, REQUEST_TIMED_OUT when none could be asked */
	int32_t coordinator; /* -1: not known */
	const char *why;     /* for an error: a line for a person; NULL without one */
	/* Of the call that was made; NULL otherwise, and with an error of the whole group. */
	const struct describe_groups_response_groups *described;
	/* Beside described, for a group of the newer protocol (KIP-848): epochs, targets, racks. */
	const struct consumer_group_describe_response_groups *consumer;
	const struct offset_fetch_response_groups *offsets;
	const struct offset_commit_response *committed;       /* errors are in its partitions */
	const struct offset_delete_response *deleted_offsets; /* likewise */
};

/* all[0 … n) in the order asked, those without an answer yet have answered = false; broker has just
 * answered (-1: nobody in particular), left is the number still open; 0: this was the last call.
 * Everything is lent until the last call returns. */
typedef void admin_groups_fn(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left);

/* Who coordinates them. With n 0 fn comes once, here and below. timeout_ms 0: the client's. */
int64_t admin_find_coordinators(struct admin *a, const struct str *groups, size_t n,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg);
/* DescribeGroups: state, protocol, members. A group that is not there has the state "Dead", or
 * GROUP_ID_NOT_FOUND from brokers since 4.0. Those that the coordinator does not know so are asked
 * for with ConsumerGroupDescribe, one more request a coordinator, where it has that: a group of the
 * newer protocol ("consumer" in ListGroups) has consumer set, and described says the same in the
 * older form: the assignor as protocol, what members are subscribed to and own as the bytes that
 * consumers of the older protocol would send. Its generation is consumer->group_epoch. */
int64_t admin_describe_groups(struct admin *a, const struct str *groups, size_t n,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg);
/* OffsetFetch: everything these groups have committed. */
int64_t admin_fetch_group_offsets(struct admin *a, const struct str *groups, size_t n,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg);
/* The same for groups that `broker` coordinates as far as the caller knows (it has listed them): it
 * is asked at once. Only groups that are not there any more are looked up. */
int64_t admin_describe_groups_at(struct admin *a, int32_t broker, const struct str *groups,
	size_t n, int64_t timeout_ms, admin_groups_fn *fn, void *arg);
int64_t admin_fetch_group_offsets_at(struct admin *a, int32_t broker, const struct str *groups,
	size_t n, int64_t timeout_ms, admin_groups_fn *fn, void *arg);
/* The same for groups that are known to be of the newer protocol: that question alone. A group that
 * is not is GROUP_ID_NOT_FOUND; UNSUPPORTED_VERSION from brokers before 3.7. */
int64_t admin_describe_consumer_groups_at(struct admin *a, int32_t broker, const struct str *groups,
	size_t n, int64_t timeout_ms, admin_groups_fn *fn, void *arg);
/* DeleteGroups: groups without members, with their offsets. */
int64_t admin_delete_groups(struct admin *a, const struct str *groups, size_t n, int64_t timeout_ms,
	admin_groups_fn *fn, void *arg);
/* OffsetCommit from outside: leave generation (-1) and member ("") at their defaults. Refused with
 * UNKNOWN_MEMBER_ID while the group has members. Topics by name. fn's n is 1. */
int64_t admin_commit_offsets(struct admin *a, const struct offset_commit_request *r,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg);
/* OffsetDelete; refused for topics that a member is subscribed to. fn's n is 1. */
int64_t admin_delete_group_offsets(struct admin *a, const struct offset_delete_request *r,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg);

/* ListGroups from every broker, each with the groups it coordinates: struct list_groups_response.
 * A broker whose coordinator still loads is asked again until the deadline. Filters are Kafka's
 * names ("Stable", "classic"); n 0: no filter. Brokers before 2.6 cannot filter by state, those
 * before 3.8 not by type: ERR_UNSUPPORTED. */
int64_t admin_list_groups(struct admin *a, const struct str *states, size_t n_states,
	const struct str *types, size_t n_types, int64_t timeout_ms, admin_each_fn *fn, void *arg);

#endif
