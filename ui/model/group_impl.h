/* Private to ui/model: groups in the draft. */
#ifndef MODEL_GROUP_IMPL_H
#define MODEL_GROUP_IMPL_H

#include "base/vec.h"
#include "model/group.h"
#include "model/history.h"
#include "model/lag_ends.h"

struct model;
struct slot;

/* What is remembered of a partition's commits; counted against LAG_HISTORY_MAX. */
struct gpart_track {
	struct commits commits;
	struct series spark;
};

/* A partition that a group committed in or has a member for. A commit that was read waits in
 * next_… until the end of the same moment is there (group_settle). */
struct gpart {
	int32_t partition;
	int32_t epoch, next_epoch;
	int64_t committed, committed_ms; /* with end: a pair */
	int64_t end;
	int64_t next, next_ms;
	int64_t lagging_ms;
	int64_t unread_offset,
		unread_wall_ms;    /* timestamp of a record, as the source read it; -1 */
	struct gpart_track *track; /* NULL: nothing committed yet, or no room */
	char *metadata;            /* NULL: "" */
	uint32_t round;            /* of offsets that had it */
	int16_t kerr;
	bool pending, about, has_commit;
};

struct gtopic {
	char *name;
	struct str str; /* of name */
	VEC(struct gpart) parts;
};

struct gslot {
	struct str name;
	char *name_z;
	VEC(struct gtopic) topics;
	struct group_members *members; /* as described last */
	struct group_members *stable;  /* when it was Stable last; NULL */
	struct group *g;               /* as published last; NULL */
	char *protocol, *type, *assignor;
	struct series lag;
	struct rebalance rebalance; /* without its why */
	char *why;                  /* of the rebalance; NULL: "" */
	int64_t moving_ms;          /* since when a rebalance is seen, until it was noted; -1 */
	int64_t rest_ms;            /* since when there is none; -1 */
	int64_t listed_ms;
	uint64_t built_shape; /* the topics' when it was built last */
	struct part describe, offsets;
	int32_t coordinator, generation, stable_generation;
	uint32_t list_round, offsets_round;
	uint8_t state, misses;
	bool described, touched;
};

/* Commits' and ends' history together; who comes when it is full gets lag without its past. */
#define LAG_HISTORY_MAX ((size_t)6 << 20)
/* A commit whose end does not come is paired with the end that is there. */
#define SETTLE_LATE_MS 3000

/* NULL: no such group. */
struct gslot *model_gslot(const struct model *m, struct str name);
/* Looked up, or made where it is not there; NULL. Both move when others are added. */
struct gtopic *gslot_topic(struct gslot *g, struct str topic, bool make);
struct gpart *gtopic_part(struct gtopic *t, int32_t partition, bool make);
/* Pairs a waiting commit with its end where both are there. s NULL: no such topic. */
void group_settle(struct model *m, struct slot *s, struct gpart *p, int64_t now_ms);
/* All n of them. */
void slot_ends_free(struct model *m, struct slot *s, int32_t n);

/* "pay-7 joined; pay-0 left, no commit for 46 s": what the members that g has now and those of its
 * last rest differ by. */
void gslot_put_why(struct buf *out, const struct gslot *g, int64_t now_ms);

struct feed_group;
struct group_members *members_new(void);
/* Members as a description gives them; one reference. */
struct group_members *members_read(
	const struct model *m, const struct feed_group *in, enum group_state state);
/* The last reference frees them. */
void members_unref(struct group_members *m);
bool members_same(const struct group_members *a, const struct group_members *b);
/* Place of the member that has it; -1. */
int32_t members_owner(const struct group_members *m, struct str topic, int32_t partition);

/* Groups into a snapshot: those that were fed since are built anew, or all when topics came or
 * went. */
void groups_publish(struct model *m, struct cluster *c);
/* A snapshot's references. */
void groups_unref(struct cluster *c);
/* All groups and their history go. */
void groups_forget(struct model *m);

#endif
