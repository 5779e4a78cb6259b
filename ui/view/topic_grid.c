/* The placement grid: partitions by brokers, the replicas of one partition, the topic's changes. */
#include <stdio.h>
#include <stdlib.h>

#include "view/topic.h"

/* Behind the column of partitions and those of the brokers. */
enum { GRID_ISR, GRID_PREF, GRID_START, GRID_HW, GRID_LEO, GRID_IN };

#define CHANGES_ROWS 3 /* rule and two changes: worth a place before more partitions are */

static const struct table_col extra[] = {
	[GRID_ISR] = {"ISR", 4, 4, 7, 0, ALIGN_RIGHT},
	[GRID_PREF] = {"PREF", 4, 6, 8, 30, ALIGN_LEFT},
	[GRID_START] = {"START", 7, 11, 14, 29, ALIGN_RIGHT},
	[GRID_HW] = {"HW", 7, 10, 14, 0, ALIGN_RIGHT},
	[GRID_LEO] = {"LEO", 7, 10, 14, 20, ALIGN_RIGHT},
	[GRID_IN] = {"IN/S", 4, 6, 8, 25, ALIGN_RIGHT},
};

static void put_replica(
	const struct partition *p, const struct replica *r, struct buf *text, enum style *style)
{
	if (!r) {
		buf_puts(text, "·");
		*style = STYLE_DIM;
	} else if (r->broker == p->leader) {
		buf_puts(text, "★");
		*style = STYLE_OK;
	} else if (r->offline) {
		buf_puts(text, "✗");
		*style = STYLE_ERROR;
	} else if (r->in_sync) {
		buf_puts(text, "●");
	} else {
		int64_t behind = replica_behind(p, r);
		buf_puts(text, "○");
		if (behind >= 0) {
			buf_putc(text, ' ');
			fmt_count(text, behind);
		}
		*style = STYLE_WARN;
	}
}

static void put_extra(const struct partition *p, int col, struct buf *text, enum style *style)
{
	switch (col) {
	case GRID_ISR:
		buf_printf(text, "%d/%d", p->n_isr, p->n_replicas);
		if (partition_under_replicated(p))
			*style = STYLE_WARN;
		break;
	case GRID_PREF:
		buf_printf(text, "%d%s", partition_preferred(p),
			p->leader != partition_preferred(p) ? " !" : "");
		*style = p->leader != partition_preferred(p) ? STYLE_WARN : STYLE_DIM;
		break;
	case GRID_START:
		fmt_count(text, p->start);
		*style = STYLE_DIM;
		break;
	case GRID_HW:
		fmt_count(text, p->hw);
		break;
	case GRID_LEO:
		fmt_count(text, partition_leo(p));
		break;
	case GRID_IN:
		fmt_rate(text, p->in_records);
		break;
	}
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	struct topic_view *v = arg;
	const struct topic *t = topic_view_topic(v);
	const struct cluster *c = view_cluster(v->ctx);
	const struct partition *p = t && row < (size_t)t->n_partitions ? &t->partitions[row] : NULL;

	if (!p)
		return;
	if (col == 0)
		buf_printf(text, "%d", p->index);
	else if (col <= v->n_brokers)
		put_replica(p, partition_replica(p, c->brokers[col - 1].id), text, style);
	else
		put_extra(p, col - 1 - v->n_brokers, text, style);
}

static uint64_t row_id(void *arg, size_t row)
{
	(void)arg;
	return row + 1;
}

static enum table_row_kind row_kind(void *arg, size_t row, enum style *style)
{
	struct topic_view *v = arg;
	const struct topic *t = topic_view_topic(v);

	if (t && row < (size_t)t->n_partitions && partition_offline(&t->partitions[row]))
		*style = STYLE_ERROR;
	return TABLE_ROW;
}

static const struct table_ops table_ops = {cell, row_id, row_kind};

void topic_grid_init(struct topic_view *v)
{
	table_init(&v->grid, v->cols, 0, &table_ops, v);
	v->grid.sort_col = -1;
}

void topic_grid_fini(struct topic_view *v)
{
	table_fini(&v->grid);
}

/* "up, ctrl", "down 12 s": what stands over a broker's column. */
static void broker_title(
	const struct cluster *c, const struct broker *b, int64_t now, char *out, size_t room)
{
	struct buf text = BUF_EMPTY;

	buf_puts(&text, b->n_out_of_sync && b->state == BROKER_UP ? "catching up"
								  : broker_state_name(b->state));
	if (b->state == BROKER_DOWN || b->state == BROKER_STALE) {
		buf_putc(&text, ' ');
		fmt_age(&text, now - b->since_ms);
	} else if (b->id == c->controller) {
		buf_puts(&text, ", ctrl");
	}
	snprintf(out, room, "%s", buf_z(&text));
	buf_fini(&text);
}

static void lay_columns(struct topic_view *v, const struct cluster *c)
{
	int64_t now = clock_mono_ms(v->ctx->clock);
	int n = (int)min_size(c->n_brokers, TOPIC_GRID_BROKERS);

	v->n_brokers = n;
	v->cols[0] = (struct table_col){"PART", 4, 5, 7, 0, ALIGN_RIGHT};
	for (int i = 0; i < n; i++) {
		broker_title(c, &c->brokers[i], now, v->titles[i], sizeof(v->titles[i]));
		v->cols[1 + i] = (struct table_col){v->titles[i], 8, 11, 14, 0, ALIGN_LEFT};
	}
	for (size_t i = 0; i < ARRAY_LEN(extra); i++)
		v->cols[1 + n + (int)i] = extra[i];
	v->grid.n_cols = 1 + n + (int)ARRAY_LEN(extra);
}

static void draw_summary(struct topic_view *v, const struct topic *t, const struct surface *s)
{
	const char *gap = s->cols < 100 ? "  " : "   ";
	struct buf b = BUF_EMPTY;

	(void)v;
	fmt_things(&b, t->n_partitions, "partition");
	buf_printf(&b, "%sRF %d%smin ISR ", gap, t->replication, gap);
	fmt_count(&b, t->min_isr);
	buf_puts(&b, gap);
	if (t->cleanup & CLEANUP_COMPACT)
		buf_puts(&b, "compact");
	if (t->cleanup & CLEANUP_DELETE) {
		buf_puts(&b, t->cleanup & CLEANUP_COMPACT ? " and delete after " : "delete after ");
		fmt_retention(&b, t->retention_ms);
	}
	buf_printf(&b, "%s%s", gap, t->records_about && t->records >= 0 ? "≈ " : "");
	fmt_things(&b, t->records, "record");
	buf_puts(&b, gap);
	fmt_bytes(&b, t->size);
	buf_puts(&b, gap);
	fmt_rate(&b, t->in_records);
	buf_puts(&b, " rec/s in");
	surface_field(s, 1, 0, s->cols - 2, ALIGN_LEFT, STYLE_NORMAL, buf_str(&b));
	buf_clear(&b);
	fmt_things_of(&b, t->n_offline ? t->n_offline : t->n_under, t->n_partitions, "partition");
	if (t->n_offline)
		view_label(s, 1, 1, "✗", STYLE_ERROR, "%s without a leader", buf_z(&b));
	else if (t->n_under)
		view_label(s, 1, 1, "!", STYLE_WARN, "%s under-replicated", buf_z(&b));
	buf_fini(&b);
}

/* "broker 1" over the states that are the table's titles. */
static void draw_broker_names(
	struct topic_view *v, const struct cluster *c, const struct surface *s, int y)
{
	struct table_place places[TABLE_MAX_COLS];

	table_layout(v->cols, v->grid.n_cols, s->cols, v->grid.first_col, places);
	for (int i = 0; i < v->n_brokers; i++) {
		char name[32];
		if (!places[1 + i].cols)
			continue;
		snprintf(name, sizeof(name), "broker %d", c->brokers[i].id);
		surface_field(s, places[1 + i].x, y, places[1 + i].cols, ALIGN_LEFT, STYLE_HEAD,
			str_of(name));
	}
}

static void draw_one_replica(const struct partition *p, const struct replica *r, int64_t now,
	const struct surface *s, int y)
{
	struct buf b = BUF_EMPTY;
	enum style style = STYLE_NORMAL;
	int64_t start = r->start < 0 && r->broker == p->leader ? p->start : r->start;
	int64_t figures[] = {start, p->hw < r->end ? p->hw : r->end, r->end};

	surface_printf(s, 1, y, STYLE_NORMAL, "%6d", r->broker);
	put_replica(p, r, &b, &style);
	b.n = min_size(b.n, 3);
	surface_put(s, 10, y, style, buf_str(&b));
	for (size_t i = 0; i < ARRAY_LEN(figures); i++) {
		buf_clear(&b);
		fmt_count(&b, figures[i]);
		surface_field(s, 13 + 12 * (int)i, y, 11, ALIGN_RIGHT, STYLE_NORMAL, buf_str(&b));
	}
	buf_clear(&b);
	if (r->broker == p->leader)
		buf_putc(&b, '-');
	else
		fmt_count(&b, replica_behind(p, r));
	surface_field(s, 49, y, 8, ALIGN_RIGHT, STYLE_NORMAL, buf_str(&b));
	buf_clear(&b);
	fmt_bytes(&b, r->size);
	surface_field(s, 58, y, 10, ALIGN_RIGHT, STYLE_NORMAL, buf_str(&b));
	buf_clear(&b);
	if (r->broker == p->leader && p->leader_since_ms >= 0) {
		buf_puts(&b, "leader for ");
		fmt_age(&b, now - p->leader_since_ms);
	} else if (r->broker == p->leader) {
		buf_puts(&b, "leader");
	} else if (r->offline) {
		buf_puts(&b, r->broker == partition_preferred(p) ? "preferred leader, offline"
								 : "offline");
	}
	surface_put(s, 71, y, STYLE_DIM, buf_str(&b));
	buf_fini(&b);
}

static int draw_replicas(
	struct topic_view *v, const struct topic *t, const struct surface *s, int y)
{
	const struct partition *p = &t->partitions[v->grid.cursor];
	int64_t now = clock_mono_ms(v->ctx->clock);
	struct buf title = BUF_EMPTY;

	buf_printf(&title, "partition %d   leader epoch %d", p->index, p->leader_epoch);
	surface_rule(s, y++, buf_str(&title));
	buf_fini(&title);
	surface_puts(s, 1, y++, STYLE_HEAD,
		"  REPL             START          HW         LEO  BEHIND        LOG");
	for (uint16_t i = 0; i < p->n_replicas && y < s->rows; i++)
		draw_one_replica(p, &p->replicas[i], now, s, y++);
	return y;
}

static void draw_topic_changes(
	struct topic_view *v, const struct topic *t, const struct surface *s, int y)
{
	const struct changes *all = model_changes(v->ctx->model);
	const struct change *c;

	if (y >= s->rows - 1)
		return;
	surface_rule(s, y++, STR_LIT("changes"));
	for (size_t i = 0; y < s->rows && (c = changes_at(all, i)); i++) {
		struct buf text = BUF_EMPTY;
		if (!c->topic || !str_eqz(t->name, c->topic))
			continue;
		fmt_clock(&text, c->wall_ms);
		buf_puts(&text, "  ");
		/* A commit that went back needs its group's name. */
		change_put(&text, c, c->group != NULL);
		surface_field(s, 1, y++, s->cols - 2, ALIGN_LEFT, STYLE_NORMAL, buf_str(&text));
		buf_fini(&text);
	}
}

static void draw_legend(const struct surface *s)
{
	surface_field(s, 1, s->rows - 1, s->cols - 2, ALIGN_LEFT, STYLE_DIM,
		STR_LIT("★ leader  ● in sync  ○ behind  ✗ offline  · no replica  "
			"! not the preferred"));
}

/* Rows of the grid: all partitions when they fit beside the replicas of one, else what is left over
 * by those and the latest changes; all of a low screen. */
static int grid_rows(const struct topic_view *v, const struct topic *t, int want, int room)
{
	size_t at = v->grid.cursor < (size_t)t->n_partitions ? v->grid.cursor : 0;
	int replicas = 3 + (t->n_partitions ? t->partitions[at].n_replicas : 0);
	int most = room - replicas;

	if (most < 4)
		return want < room ? want : room;
	if (want > most && most - CHANGES_ROWS - 1 >= 8)
		most -= CHANGES_ROWS + 1;
	/* A table that is cut has a line more: which rows it shows. */
	return want < most ? want : most;
}

void topic_grid_draw(struct topic_view *v, const struct topic *t, const struct surface *s)
{
	const struct cluster *c = view_cluster(v->ctx);
	int head = t->n_under || t->n_offline ? 3 : 2;
	int legend = s->rows > 12 ? 2 : 0;
	int room = s->rows - head - 1 - legend;
	int want = t->n_partitions + 1;
	int rows = grid_rows(v, t, want, room);
	bool detail = rows + 4 <= room;
	struct surface grid;
	int y;

	lay_columns(v, c);
	table_set_rows(&v->grid, (size_t)t->n_partitions);
	draw_summary(v, t, s);
	draw_broker_names(v, c, s, head);
	grid = surface_sub(s, 0, head + 1, s->cols, rows > 2 ? rows : 2);
	table_draw(&v->grid, &grid);
	y = head + 1 + grid.rows + 1;
	if (detail && v->grid.cursor < (size_t)t->n_partitions) {
		struct surface upper = surface_sub(s, 0, 0, s->cols, s->rows - 2);
		y = draw_replicas(v, t, &upper, y);
		draw_topic_changes(v, t, &upper, y + 1);
	}
	if (legend)
		draw_legend(s);
}
