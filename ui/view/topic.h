/* What topic.c (the screen), topic_grid.c (placement), topic_replicas.c and topic_changes.c (below
 * it), topic_configs.c (settings) and topic_groups.c (readers) share. */
#ifndef VIEW_TOPIC_H
#define VIEW_TOPIC_H

#include "model/group.h"
#include "view/list.h"
#include "view/picker.h"
#include "view/reassign_form.h"
#include "view/topic_actions.h"

enum { TOPIC_TAB_PLACEMENT, TOPIC_TAB_CONFIGS, TOPIC_TAB_GROUPS };

/* Columns of the grid beside the brokers'. */
#define TOPIC_GRID_EXTRA   7
#define TOPIC_GRID_BROKERS (TABLE_MAX_COLS - TOPIC_GRID_EXTRA)
#define TOPIC_REPLICAS     32 /* of one partition that are listed */

struct topic_view {
	struct view_ctx *ctx;
	struct buf name;
	struct picker picker; /* open while there is no name */
	int tab;
	struct export export;
	struct topic_actions actions;
	struct reassign_form moves;
	struct table grid;
	struct table_col cols[TABLE_MAX_COLS];
	char titles[TOPIC_GRID_BROKERS][24]; /* state of each broker, over its column */
	int n_brokers;
	bool shows_preferred; /* there is room for that column */
	struct table configs;
	struct filter filter;     /* of the settings */
	VEC(uint32_t) rows;       /* settings that it takes */
	struct view_list readers; /* places in the cluster's groups */
};

/* NULL: deleted, or not known yet. */
const struct topic *topic_view_topic(const struct topic_view *v);

void topic_grid_init(struct topic_view *v);
void topic_grid_fini(struct topic_view *v);
void topic_grid_draw(struct topic_view *v, const struct topic *t, const struct surface *s);

/* ★ ● ○ ✗ ·; with count, behind ○ the records it lacks. r NULL: no replica there. */
void topic_put_replica(const struct cluster *c, const struct partition *p, const struct replica *r,
	bool count, struct buf *text, enum style *style);
/* Each draws from line y on as far as s goes. */
int topic_replicas_draw(
	struct topic_view *v, const struct partition *p, const struct surface *s, int y);
void topic_changes_draw(
	struct topic_view *v, const struct topic *t, const struct surface *s, int y);

void topic_configs_init(struct topic_view *v);
void topic_configs_fini(struct topic_view *v);
void topic_configs_draw(struct topic_view *v, const struct topic *t, const struct surface *s);
void topic_configs_filter(struct topic_view *v, struct str text);
void topic_configs_edit(struct topic_view *v, const struct topic *t);
void topic_configs_command(struct topic_view *v, const struct topic *t, struct buf *out);
void topic_configs_explain(struct topic_view *v, const struct topic *t, struct buf *out);

void topic_groups_init(struct topic_view *v);
void topic_groups_fini(struct topic_view *v);
void topic_groups_draw(struct topic_view *v, const struct topic *t, const struct surface *s);
/* By the next column, or the other way round. */
void topic_groups_sort(struct topic_view *v, bool turn);
/* NULL: none. */
const struct group *topic_groups_at_cursor(const struct topic_view *v);
void topic_groups_command(struct topic_view *v, struct buf *out);
void topic_groups_explain(struct buf *out);

#endif
