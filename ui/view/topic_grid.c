/* The placement grid: a row a partition, a column a broker with its state over it. */
#include <stdio.h>
#include <string.h>

#include "view/topic.h"

/* Behind the column of partitions and those of the brokers. */
enum { GRID_ISR, GRID_PREF, GRID_START, GRID_HW, GRID_LEO, GRID_IN };

#define CHANGES_ROWS 3 /* rule and two changes: worth a place before more partitions are */

static const struct table_col extra[] = {
	[GRID_ISR] = {"ISR", 4, 4, 7, 0, ALIGN_RIGHT},
	[GRID_PREF] = {"PREF", 4, 4, 8, 29, ALIGN_LEFT},
	[GRID_START] = {"START", 7, 9, 14, 30, ALIGN_RIGHT},
	[GRID_HW] = {"HW", 7, 9, 14, 0, ALIGN_RIGHT},
	[GRID_LEO] = {"LEO", 7, 9, 14, 20, ALIGN_RIGHT},
	[GRID_IN] = {"IN/S", 4, 4, 8, 25, ALIGN_RIGHT},
};

void topic_put_replica(const struct cluster *c, const struct partition *p, const struct replica *r,
	bool count, struct buf *text, enum style *style)
{
	if (!r) {
		buf_puts(text, "·");
		*style = STYLE_DIM;
	} else if (r->broker == p->leader) {
		bool gone = partition_is_orphan(c, p);

		buf_puts(text, gone ? "★✗" : "★");
		*style = gone ? STYLE_ERROR : STYLE_OK;
	} else if (replica_is_lost(c, r)) {
		buf_puts(text, "✗");
		*style = STYLE_ERROR;
	} else if (r->in_sync) {
		buf_puts(text, "●");
	} else {
		int64_t behind = replica_behind(p, r);
		buf_puts(text, "○");
		if (count && behind >= 0) {
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

/* The mark of PREF where that column has no room: beside the leader. */
static void put_unpreferred(
	const struct topic_view *v, const struct partition *p, int32_t broker, struct buf *text)
{
	if (!v->shows_preferred && broker == p->leader && broker != partition_preferred(p))
		buf_puts(text, " !");
}

static int32_t broker_at(const struct cluster *c, int i)
{
	return (size_t)i < c->n_brokers ? c->brokers[i].id : -1;
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	struct topic_view *v = arg;
	const struct topic *t = topic_view_topic(v);
	const struct cluster *c = view_cluster(v->ctx);
	const struct partition *p = t && row < (size_t)t->n_partitions ? &t->partitions[row] : NULL;

	if (!p)
		return;
	if (col == 0) {
		buf_printf(text, "%d", p->index);
	} else if (col <= v->n_brokers) {
		topic_put_replica(
			c, p, partition_replica(p, broker_at(c, col - 1)), true, text, style);
		put_unpreferred(v, p, broker_at(c, col - 1), text);
	} else {
		put_extra(p, col - 1 - v->n_brokers, text, style);
	}
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

	if (t && row < (size_t)t->n_partitions &&
		(partition_offline(&t->partitions[row]) ||
			partition_is_orphan(view_cluster(v->ctx), &t->partitions[row])))
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

/* One unit of an age: a column's title must not grow. */
static void put_short_age(struct buf *out, int64_t ms)
{
	struct buf text = BUF_EMPTY;
	const char *unit, *rest;

	if (ms < 1000)
		buf_puts(&text, "0 s");
	else
		fmt_age(&text, ms);
	unit = strchr(buf_z(&text), ' ');
	rest = unit ? strchr(unit + 1, ' ') : NULL;
	buf_put(out, text.p, rest ? (size_t)(rest - buf_z(&text)) : text.n);
	buf_fini(&text);
}

/* A replica on it that is not in sync, of this topic. */
static bool is_catching_up(const struct topic *t, int32_t broker)
{
	for (int32_t i = 0; i < t->n_partitions; i++) {
		const struct replica *r = partition_replica(&t->partitions[i], broker);

		if (r && !r->in_sync)
			return true;
	}
	return false;
}

/* "up, ctrl", "catching up", "down 12 s": what stands over a broker's column. */
static void broker_title(const struct topic_view *v, const struct topic *t, const struct broker *b,
	const char *behind, char *out, size_t room)
{
	const struct cluster *c = view_cluster(v->ctx);
	int64_t now = clock_mono_ms(v->ctx->clock);
	struct buf text = BUF_EMPTY;
	bool up = broker_is_up(b);

	buf_puts(&text, up && is_catching_up(t, b->id) ? behind : broker_word(b));
	if (b->state == BROKER_DOWN || b->state == BROKER_STALE) {
		buf_putc(&text, ' ');
		put_short_age(&text, now - b->since_ms);
	} else if (b->id == c->controller && up && text.n < 5) {
		buf_puts(&text, ", ctrl");
	}
	snprintf(out, room, "%s", buf_z(&text));
	buf_fini(&text);
}

/* Wide enough for what changes every second; a state may need more. */
#define BROKER_COLS 9

static void lay_columns(
	struct topic_view *v, const struct cluster *c, const struct topic *t, int width)
{
	const char *behind = width < 100 ? "copying" : "catching up";
	int n = (int)min_size(c->n_brokers, TOPIC_GRID_BROKERS);
	struct table_place places[TABLE_MAX_COLS];

	v->n_brokers = n;
	v->cols[0] = (struct table_col){"PART", 4, 5, 7, 0, ALIGN_RIGHT};
	for (int i = 0; i < n; i++) {
		broker_title(v, t, &c->brokers[i], behind, v->titles[i], sizeof(v->titles[i]));
		v->cols[1 + i] = (struct table_col){v->titles[i], BROKER_COLS,
			(short)max_int(BROKER_COLS, text_width(str_of(v->titles[i]))), 14, 0,
			ALIGN_LEFT};
	}
	for (size_t i = 0; i < ARRAY_LEN(extra); i++)
		v->cols[1 + n + (int)i] = extra[i];
	v->grid.n_cols = 1 + n + (int)ARRAY_LEN(extra);
	table_layout(v->cols, v->grid.n_cols, width - 1, v->grid.first_col, places);
	v->shows_preferred = places[1 + n + GRID_PREF].cols > 0;
}

static void put_cleanup(struct buf *b, const struct topic *t, bool narrow)
{
	if (t->cleanup & CLEANUP_COMPACT)
		buf_puts(b, t->cleanup & CLEANUP_DELETE ? "compact and " : "compact");
	if (t->cleanup & CLEANUP_DELETE) {
		buf_puts(b, narrow ? "delete " : "delete after ");
		fmt_retention(b, t->retention_ms);
	}
}

static void draw_summary(const struct topic *t, const struct surface *s)
{
	bool narrow = s->cols < 100;
	const char *gap = narrow ? "  " : "   ";
	struct buf b = BUF_EMPTY;

	fmt_things(&b, t->n_partitions, "partition");
	buf_printf(&b, "%sRF %d%smin ISR ", gap, t->replication, gap);
	fmt_count(&b, t->min_isr);
	buf_puts(&b, gap);
	put_cleanup(&b, t, narrow);
	buf_printf(&b, "%s%s", gap, t->records_about && t->records >= 0 ? "≈ " : "");
	fmt_things(&b, t->records, "record");
	buf_puts(&b, gap);
	fmt_bytes(&b, t->size);
	buf_puts(&b, gap);
	fmt_rate(&b, t->in_records);
	buf_puts(&b, narrow ? "/s in" : " rec/s in");
	surface_field(s, 1, 0, s->cols - 2, ALIGN_LEFT, STYLE_NORMAL, buf_str(&b));
	buf_fini(&b);
}

/* Without one, nobody else is made leader, and the set in sync stays as it is. */
static void put_no_controller(struct buf *out, const struct cluster *c)
{
	if (c->controller < 0)
		buf_puts(out, "; no controller decides");
}

/* The worst that is wrong, and why. */
static void draw_headline(const struct cluster *c, const struct topic *t, const struct surface *s)
{
	struct surface line = surface_sub(s, 1, 1, s->cols - 2, 1);
	const char *what = " under-replicated";
	int32_t n = t->n_under, orphans = topic_orphans(c, t);
	bool red = t->n_offline || orphans;
	struct buf b = BUF_EMPTY;

	if (t->n_offline) {
		n = t->n_offline;
		what = " without a leader";
	} else if (orphans) {
		n = orphans;
		what = "";
	} else if (topic_below_min_isr(t)) {
		n = topic_below_min_isr(t);
		what = " below min ISR, acks=all is refused";
	}
	if (s->cols < 100)
		buf_printf(&b, "%d of %d", n, t->n_partitions);
	else
		fmt_things_of(&b, n, t->n_partitions, "partition");
	buf_puts(&b, what);
	if (*what)
		topic_put_reason(&b, c, t);
	else
		topic_put_orphaned(&b, c, t);
	put_no_controller(&b, c);
	surface_puts(&line, 0, 0, red ? STYLE_ERROR : STYLE_WARN, red ? "✗" : "!");
	surface_field(&line, 2, 0, line.cols - 2, ALIGN_LEFT, red ? STYLE_ERROR : STYLE_WARN,
		buf_str(&b));
	buf_fini(&b);
}

/* "broker 1" over the states that are the table's titles; where the table has drawn them. */
static void draw_broker_names(
	struct topic_view *v, const struct cluster *c, const struct surface *s, int y)
{
	struct table_place places[TABLE_MAX_COLS];

	table_layout(v->cols, v->grid.n_cols, s->cols - 1, v->grid.first_col, places);
	for (int i = 0; i < v->n_brokers; i++) {
		char name[32];
		if (!places[1 + i].cols)
			continue;
		snprintf(name, sizeof(name), "broker %d", c->brokers[i].id);
		surface_field(s, 1 + places[1 + i].x, y, places[1 + i].cols, ALIGN_LEFT, STYLE_HEAD,
			str_of(name));
	}
}

static void draw_legend(const struct surface *s)
{
	surface_field(s, 1, s->rows - 1, s->cols - 2, ALIGN_LEFT, STYLE_DIM,
		s->cols < 100 ? STR_LIT("★ leader  ● in sync  ○ behind  ✗ offline  · no replica  "
					"! not the preferred")
			      : STR_LIT("★ leader  ● in sync  ○ behind, records  ✗ offline  "
					"· no replica   ! leader is not the preferred"));
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
	int head = t->n_under || t->n_offline || topic_orphans(c, t) ? 3 : 2;
	int legend = s->rows > 12 ? 2 : 0;
	int room = s->rows - head - 1 - legend;
	int want = t->n_partitions + 1;
	int rows = grid_rows(v, t, want, room);
	bool detail = rows + 4 <= room;
	struct surface grid;
	int y;

	lay_columns(v, c, t, s->cols);
	table_set_rows(&v->grid, (size_t)t->n_partitions);
	draw_summary(t, s);
	if (head == 3)
		draw_headline(c, t, s);
	grid = surface_sub(s, 0, head + 1, s->cols, rows > 2 ? rows : 2);
	table_draw(&v->grid, &grid);
	draw_broker_names(v, c, s, head);
	y = head + 1 + grid.rows + 1;
	if (detail && v->grid.cursor < (size_t)t->n_partitions) {
		struct surface upper = surface_sub(s, 0, 0, s->cols, s->rows - 2);
		y = topic_replicas_draw(v, &t->partitions[v->grid.cursor], &upper, y);
		topic_changes_draw(v, t, &upper, y + 1);
	}
	if (legend)
		draw_legend(s);
}
