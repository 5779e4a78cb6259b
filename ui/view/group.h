/* What groups.c (the list), group.c (one group), group_partitions.c, group_members.c,
 * group_export.c, group_words.c and group_pick.c share. */
#ifndef VIEW_GROUP_H
#define VIEW_GROUP_H

#include "model/group.h"
#include "view/group_actions.h"
#include "view/list.h"
#include "view/owners_draw.h"

/* ---- words (group_words.c) ---- */

/* "+58", "-120", "0"; "-" where it is not known. */
void group_put_net(struct buf *out, const struct lag *l);
/* What a list says: "behind: partition 3: pay-4 takes 12/s of 70/s …", "ok", "rebalancing: …". */
void group_put_verdict(struct buf *out, const struct group *g, int64_t now_ms);
/* Head of the group's own screen: "FALLING BEHIND". */
const char *group_title(const struct group *g);
enum style group_style(const struct group *g);
/* Cells that a column needs for a figure like n: a number is never cut. At least `least`. */
short group_count_cols(int64_t n, bool about, short least);
/* "10.0.0.11": brokers write an address as Java does, with a slash before it; "-". */
void group_put_host(struct buf *out, const char *host);
/* The group in plain words; NULL: what the columns mean only. */
void group_explain(struct buf *out, const struct group *g, int64_t now_ms);
/* An answer to why nothing is there. */
const char *groups_empty(const struct view_ctx *ctx);

/* ---- which group? (group_pick.c) ---- */

struct group_picker {
	struct view_list list;
	bool open;
};
/* The only group there is; NULL when it must be asked. */
const struct group *group_picker_only(const struct view_ctx *ctx);
/* False with e set when there is nothing to choose from. */
bool group_picker_open(struct group_picker *p, struct view_ctx *ctx, struct err *e);
/* Closed is fine. */
void group_picker_close(struct group_picker *p);
void group_picker_draw(struct group_picker *p, const struct surface *s);
/* Under the cursor; NULL: nothing is. Lent until the next draw. */
const struct group *group_picker_chosen(struct group_picker *p);

/* ---- one group ---- */

enum { GROUP_TAB_PARTITIONS, GROUP_TAB_MEMBERS, GROUP_TAB_OWNERS };

/* A line of the table of partitions. */
enum group_row_kind { GROUP_ROW_TOPIC, GROUP_ROW_PARTITION, GROUP_ROW_IDLE, GROUP_ROW_WHY };
struct group_row {
	enum group_row_kind kind;
	uint32_t at; /* in topics, partitions, members, members */
};

struct group_view {
	struct view_ctx *ctx;
	struct buf name;
	struct group_picker picker; /* open while there is no name */
	int tab;
	struct group_actions *actions;
	struct view_list partitions; /* rows are places in lines */
	struct table_col *cols;      /* of its table */
	bool placed;                 /* the cursor: on the worst, or where somebody put it */
	VEC(struct group_row) lines;
	uint64_t lines_of; /* the snapshot whose rows they are */
	struct short_names names;
	struct short_names member_names;
	struct view_list members; /* rows are places in the group's members */
	struct owners_scroll owners;
};

/* NULL: gone, or not known yet. */
const struct group *group_view_group(const struct group_view *v);

void group_partitions_init(struct group_view *v);
void group_partitions_fini(struct group_view *v);
void group_partitions_draw(struct group_view *v, const struct group *g, const struct surface *s);
/* Under the cursor; NULL: a member that waits, or nothing. */
const struct group_partition *group_partitions_at(
	const struct group_view *v, const struct group *g);
/* Of a row; NULL: it is another kind. */
const struct group_partition *group_partitions_row(
	const struct group_view *v, const struct group *g, size_t row);
/* ACTION_SORT and ACTION_SORT_TURN. */
void group_partitions_sort(struct group_view *v, bool turn);

/* `x` on the tab of partitions: their rows, with the topic in each. */
void group_export(struct group_view *v);

void group_members_init(struct group_view *v);
void group_members_fini(struct group_view *v);
void group_members_draw(struct group_view *v, const struct group *g, const struct surface *s);

#endif
