/*
 * The questions about single groups that actions ask (src/admin/groups.h), answered from a struct.
 * Answers come deferred and can be cancelled.
 */
#ifndef FAKE_GROUP_CALLS_H
#define FAKE_GROUP_CALLS_H

#include "admin/groups.h"

struct fake_member {
	const char *id, *client, *instance;
};

struct fake_group_calls {
	int16_t error;     /* of the group, in whatever is asked */
	int16_t missing;   /* of DescribeGroups alone */
	const char *state; /* NULL: "Empty" */
	struct fake_member members[8];
	int n_members;
	int64_t committed[2]; /* in orders, -1: never */
	const char *gone;     /* a topic with a commit that is not there any more */
	int16_t no_commit;    /* in the answer for partition 1 of orders */
	int16_t refuse[2];    /* of a commit or deletion, by partition */
	bool silent;          /* a commit's answer leaves partition 1 out */
	const char *refused;  /* a group that cannot be deleted … */
	int16_t why;          /* … and why */
	int asked;            /* questions of all kinds */
	int commits, deletes;
	int64_t to[2]; /* committed; -1: not in the request */
	int32_t n_partitions;
	size_t n_groups;
};

extern struct fake_group_calls fake_calls;

/* At the beginning and the end of a test. */
void fake_calls_reset(void);

#endif
