/* What the files of kdeck groups share. Inside ui/cli (and its tests) only. */
#ifndef CLI_GROUPS_H
#define CLI_GROUPS_H

#include "admin/groups.h"
#include "cli/impl.h"

/* ---- what was asked of the cluster (groups_ask.c) ------------------------------------------- */

struct group_place {
	struct str topic;
	int32_t partition;
	int64_t offset; /* committed */
	int32_t epoch;  /* -1: none */
};

struct group_member {
	struct str id, instance, client, host; /* instance is null for a dynamic member */
	struct group_place *assigned;          /* by topic and partition; offset is not set */
	size_t n_assigned;
};

struct group_info {
	struct str group;
	int16_t error; /* of DescribeGroups or OffsetFetch */
	const char *why;
	int32_t coordinator;
	struct str state, protocol_type, assignor;
	struct group_member *members;
	size_t n_members;
	struct group_place *committed; /* by topic and partition */
	size_t n_committed;
};

struct groups {
	struct cli *c;
	struct arena arena;       /* of everything here */
	VEC(struct group_info) v; /* by name */
	VEC(struct admin_offset) places;
	int status;
	bool done;
};

void groups_init(struct groups *g, struct cli *c);
void groups_fini(struct groups *g);
/* Those of --group, or the cluster's consumer groups for --all-groups. */
int groups_choose(struct groups *g) MUSTCHECK;
/* Fills in state and members, or error and why. */
int groups_describe_them(struct groups *g) MUSTCHECK;
/* Fills in what those without an error have committed. */
int groups_fetch_them(struct groups *g) MUSTCHECK;
/* Answers g->places, in their order; errors are in them. Nothing is asked about partitions that do
 * not exist or have no leader: they have an error then too. */
int groups_ask_places(struct groups *g) MUSTCHECK;
/* One group's request; errors of the whole are printed. */
typedef int64_t groups_start_fn(
	struct admin *a, const void *request, int64_t timeout_ms, admin_groups_fn *fn, void *arg);
typedef int groups_use_fn(struct groups *g, const struct admin_group *answer, void *arg);
int groups_change(struct groups *g, groups_start_fn *start, const void *request, groups_use_fn *use,
	void *arg) MUSTCHECK;
/* Does the group have no members? A group that is not there has none. */
bool group_inactive(const struct group_info *i);
bool group_missing(const struct group_info *i);
/* NULL: nothing is committed there. */
const struct group_place *group_committed(
	const struct group_info *i, struct str topic, int32_t partition);

/* The partitions that --topic NAME[:P,P] names, or all of the topic; appended to out, names in
 * g->arena. A topic that is not there gets one with partition -1. */
typedef VEC(struct group_place) group_places;
int groups_take_topics(struct groups *g, group_places *out) MUSTCHECK;
int group_place_cmp(const void *a, const void *b);
void group_places_unique(group_places *p);

/* The text padded to that many characters. Names of groups, members and clients are anybody's
 * bytes: what a terminal would obey is shown as an escape. */
void put_column(struct buf *out, struct str s, size_t width);
/* Characters, not bytes. */
size_t column_width(struct str s);

/* ---- plans in files (groups_csv.c) ------------------------------------------------------------
 */

struct csv_plan {
	struct str group; /* null: not named */
	struct str topic;
	int32_t partition;
	int64_t offset;
	size_t line; /* of the file, from 1 */
};
typedef VEC(struct csv_plan) csv_plans;

/* Appends a line. */
void csv_put_plan(struct buf *out, const struct csv_plan *p);
/* By group, topic and partition, each once; strings in the arena. ERR_INVALID with the line that
 * cannot be read. */
int csv_plans_read(csv_plans *out, struct arena *a, struct str text, struct err *e) MUSTCHECK;

/* ---- the actions ------------------------------------------------------------------------------
 */

int groups_describe(struct cli *c);
int groups_reset(struct cli *c);
int groups_delete_offsets(struct cli *c);

/* ---- --list (groups.c) ---- */

struct listed {
	struct str group, protocol, state, type;
};
typedef VEC(struct listed) listed_groups;
/* By name, each once: a broker that is cut off still lists the groups that others have taken over.
 */
void listed_groups_unique(listed_groups *v);

#endif
