/*
 * The partitions of a group: a row each under its topic, members that have none below with the
 * reason, then the log of the partition under the cursor and the rebalances.
 */
#include <math.h>
#include <stdlib.h>

#include "view/group.h"

enum {
	COL_PART,
	COL_MEMBER,
	COL_HOST,
	COL_COMMITTED,
	COL_END,
	COL_LAG,
	COL_AGE,
	COL_IN,
	COL_OUT,
	COL_SPARK,
	COL_VERDICT,
	COL_COUNT
};

#define MEMBER_COLS 10

static const struct table_col cols[COL_COUNT] = {
	[COL_PART] = {"PART", 4, 4, 6, 0, ALIGN_RIGHT},
	[COL_MEMBER] = {"MEMBER", MEMBER_COLS, 14, 24, 0, ALIGN_LEFT},
	[COL_HOST] = {"HOST", 9, 12, 16, 30, ALIGN_LEFT},
	[COL_COMMITTED] = {"COMMITTED", 9, 10, 26, 17, ALIGN_RIGHT},
	[COL_END] = {"END", 7, 9, 26, 18, ALIGN_RIGHT},
	[COL_LAG] = {"LAG", 6, 8, 26, 0, ALIGN_RIGHT},
	[COL_AGE] = {"AGE", 8, 9, 12, 16, ALIGN_RIGHT},
	[COL_IN] = {"IN/S", 4, 5, 7, 20, ALIGN_RIGHT},
	[COL_OUT] = {"OUT/S", 5, 5, 7, 19, ALIGN_RIGHT},
	[COL_SPARK] = {"2 MIN", GROUP_SPARK, GROUP_SPARK, GROUP_SPARK, 29, ALIGN_LEFT},
	[COL_VERDICT] = {"VERDICT", 9, 9, 12, 0, ALIGN_LEFT},
};

#define SPARK_LOW_S 60
#define NOTES_MAX   2 /* so many idle members have a reason each; of more only the last has */

/* ---- cells ------------------------------------------------------------------------------- */

static const struct group_row *line_at(const struct group_view *v, size_t row)
{
	return row < v->partitions.rows.n ? &v->lines.v[v->partitions.rows.v[row]] : NULL;
}

static const struct group_partition *partition_of(const struct group *g, const struct group_row *r)
{
	return r && r->kind == GROUP_ROW_PARTITION && r->at < g->n_partitions
		       ? &g->partitions[r->at]
		       : NULL;
}

static const struct group_member *member_of(const struct group *g, const struct group_row *r)
{
	return r && (r->kind == GROUP_ROW_IDLE || r->kind == GROUP_ROW_WHY) && r->at < g->members->n
		       ? &g->members->v[r->at]
		       : NULL;
}

/* What is wrong with the commit itself, where no verdict can say it. */
static const char *position_word(const struct group_partition *p)
{
	switch ((enum position)p->position) {
	case POSITION_NEVER:
		return "no commit";
	case POSITION_ABOVE_END:
		return "past end";
	case POSITION_NO_TOPIC:
		return "no topic";
	case POSITION_NO_PARTITION:
		return "gone";
	case POSITION_UNKNOWN:
	case POSITION_IN_LOG:
	case POSITION_BELOW_START:
		break;
	}
	return NULL;
}

static void put_verdict(const struct group_partition *p, struct buf *text, enum style *style)
{
	const char *word = position_word(p);

	if (p->kerr) {
		part_why(text, &(struct part){.kerr = p->kerr});
		*style = STYLE_ERROR;
	} else if (word) {
		buf_puts(text, word);
		*style = p->position == POSITION_NEVER ? STYLE_DIM : STYLE_WARN;
	} else {
		buf_puts(text, verdict_name((enum verdict)p->lag.verdict));
		*style = view_verdict_style((enum verdict)p->lag.verdict);
	}
}

/* To its own maximum; but less than what comes in a minute is low, not a mountain of its own. */
static void put_spark(const struct group_partition *p, struct buf *text)
{
	double v[GROUP_SPARK], max = p->lag.in > 0 ? p->lag.in * SPARK_LOW_S : 0;

	for (int i = 0; i < GROUP_SPARK; i++) {
		v[i] = (double)p->spark[i];
		max = v[i] > max ? v[i] : max;
	}
	spark_text(text, v, GROUP_SPARK, GROUP_SPARK, max);
}

static void put_partition(const struct group_view *v, const struct group *g,
	const struct group_partition *p, int col, struct buf *text, enum style *style)
{
	const struct group_member *m = p->member >= 0 ? &g->members->v[p->member] : NULL;

	switch (col) {
	case COL_PART:
		buf_printf(text, "%d", p->partition);
		break;
	case COL_MEMBER:
		if (m)
			short_name_put(text, v->names, m->label);
		else
			buf_putc(text, '-');
		break;
	case COL_HOST:
		group_put_host(text, m ? m->host : "");
		break;
	case COL_COMMITTED:
		fmt_count(text, p->committed);
		break;
	case COL_END:
		fmt_count(text, p->end);
		break;
	case COL_LAG:
		*style = view_verdict_style((enum verdict)p->lag.verdict);
		fmt_count_about(text, p->lag.records, p->lag.about);
		break;
	case COL_AGE:
		lag_put_age(text, &p->lag);
		if (verdict_bad((enum verdict)p->lag.verdict))
			*style = STYLE_WARN;
		break;
	case COL_IN:
		fmt_rate(text, p->lag.in);
		break;
	case COL_OUT:
		fmt_rate(text, p->lag.out);
		break;
	case COL_SPARK:
		put_spark(p, text);
		break;
	case COL_VERDICT:
		put_verdict(p, text, style);
		break;
	}
}

static void put_idle(
	const struct group_view *v, const struct group_member *m, int col, struct buf *text)
{
	if (col == COL_MEMBER)
		short_name_put(text, v->names, m->label);
	else if (col == COL_HOST)
		group_put_host(text, m->host);
	else if (col == COL_VERDICT)
		buf_puts(text, "idle");
	else if (col != COL_SPARK)
		buf_putc(text, '-');
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	const struct group_view *v = arg;
	const struct group *g = group_view_group(v);
	const struct group_row *r = g ? line_at(v, row) : NULL;
	const struct group_partition *p = r ? partition_of(g, r) : NULL;
	const struct group_member *m = r ? member_of(g, r) : NULL;

	if (p) {
		put_partition(v, g, p, col, text, style);
	} else if (m && r->kind == GROUP_ROW_IDLE) {
		*style = STYLE_WARN;
		put_idle(v, m, col, text);
	} else if (m) {
		buf_fill(text, ' ', 7);
		group_member_put_idle(text, g, r->at);
	} else if (r && r->kind == GROUP_ROW_TOPIC && r->at < g->n_topics) {
		buf_printf(text, "  %s", g->topics[r->at].name.p);
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	const struct group_view *v = arg;
	const struct group *g = group_view_group(v);
	const struct group_row *r = g ? line_at(v, row) : NULL;
	const struct group_partition *p = r ? partition_of(g, r) : NULL;
	const struct group_member *m = r ? member_of(g, r) : NULL;

	if (p)
		return id_mix(str_id(p->topic), (uint64_t)p->partition + 1);
	return m && r->kind == GROUP_ROW_IDLE ? str_id(str_of(m->id)) : 0;
}

static enum table_row_kind row_kind(void *arg, size_t row, enum style *style)
{
	const struct group_row *r = line_at(arg, row);

	if (r && r->kind == GROUP_ROW_TOPIC) {
		*style = STYLE_NORMAL;
		return TABLE_ROW_HEADING;
	}
	if (r && r->kind == GROUP_ROW_WHY) {
		*style = STYLE_WARN;
		return TABLE_ROW_NOTE;
	}
	return TABLE_ROW;
}

static const struct table_ops table_ops = {cell, row_id, row_kind};

/* ---- rows -------------------------------------------------------------------------------- */

struct sorting {
	const struct group *g;
	int col;
	bool desc;
};

static double key_of(const struct group_partition *p, int col)
{
	double n = 0;

	switch (col) {
	case COL_MEMBER:
	case COL_HOST:
		return p->member; /* members stand by label */
	case COL_COMMITTED:
		return (double)p->committed;
	case COL_END:
		return (double)p->end;
	case COL_LAG:
		return (double)p->lag.records;
	case COL_AGE:
		return (double)p->lag.age_ms;
	case COL_IN:
		n = p->lag.in;
		break;
	case COL_OUT:
		n = p->lag.out;
		break;
	case COL_VERDICT:
		return p->lag.verdict * 1e16 + (double)p->lag.records;
	default:
		return p->partition;
	}
	return isnan(n) ? -1 : n;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct group_row *x = a, *y = b;
	const struct sorting *s = arg;
	double p = key_of(&s->g->partitions[x->at], s->col);
	double q = key_of(&s->g->partitions[y->at], s->col);

	if (p != q)
		return (p < q) == s->desc ? 1 : -1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static bool takes(
	const struct group_view *v, const struct group *g, const struct group_partition *p)
{
	const struct group_member *m = p->member >= 0 ? &g->members->v[p->member] : NULL;
	const struct filter *f = &v->partitions.filter;
	const struct str texts[] = {p->topic, str_of(m ? m->label : ""), str_of(m ? m->id : ""),
		str_of(m ? m->host : ""), str_of(verdict_name((enum verdict)p->lag.verdict))};
	size_t n = 0;

	if (!filter_active(f))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		n += filter_match(f, texts[i]);
	return f->inverse ? n == ARRAY_LEN(texts) : n > 0;
}

/* A topic's partitions, sorted among themselves, under its name. */
static void put_topic(struct group_view *v, const struct group *g, uint32_t topic)
{
	const struct group_topic *t = &g->topics[topic];
	struct sorting s = {g, v->partitions.table.sort_col, v->partitions.table.sort_desc};
	size_t first = v->lines.n + 1;

	vec_push(&v->lines, ((struct group_row){GROUP_ROW_TOPIC, topic}));
	for (size_t i = t->first; i < t->first + t->n; i++)
		if (takes(v, g, &g->partitions[i]))
			vec_push(&v->lines, ((struct group_row){GROUP_ROW_PARTITION, (uint32_t)i}));
	if (v->lines.n == first)
		v->lines.n--;
	else
		qsort_r(v->lines.v + first, v->lines.n - first, sizeof(*v->lines.v), compare, &s);
}

static bool takes_idle(const struct group_view *v, const struct group_member *m)
{
	const struct filter *f = &v->partitions.filter;
	bool label = filter_match(f, str_of(m->label));
	bool word = filter_match(f, STR_LIT("idle"));

	return m->idle != IDLE_NO && (f->inverse ? label && word : label || word);
}

static void put_idles(struct group_view *v, const struct group *g)
{
	uint32_t last = 0;
	size_t n = 0;

	for (uint32_t i = 0; i < g->members->n; i++) {
		if (!takes_idle(v, &g->members->v[i]))
			continue;
		vec_push(&v->lines, ((struct group_row){GROUP_ROW_IDLE, i}));
		if (g->n_idle <= NOTES_MAX)
			vec_push(&v->lines, ((struct group_row){GROUP_ROW_WHY, i}));
		last = i;
		n++;
	}
	if (n && g->n_idle > NOTES_MAX)
		vec_push(&v->lines, ((struct group_row){GROUP_ROW_WHY, last}));
}

static void fill(void *arg)
{
	struct group_view *v = arg;
	const struct group *g = group_view_group(v);

	vec_clear(&v->lines);
	v->lines_of = view_cluster(v->ctx)->generation;
	if (!g)
		return;
	v->names = short_member_names(g, MEMBER_COLS);
	for (uint32_t i = 0; i < g->n_topics; i++)
		put_topic(v, g, i);
	/* In a rebalance nobody has anything: that says nothing of single members. */
	if (!group_state_moving((enum group_state)g->state))
		put_idles(v, g);
	for (uint32_t i = 0; i < v->lines.n; i++)
		vec_push(&v->partitions.rows, i);
}

/* The cursor goes to the partition that the verdict is about, once. */
static void place(struct group_view *v, const struct group *g)
{
	for (size_t i = 0; !v->placed && g->worst >= 0 && i < v->partitions.rows.n; i++) {
		const struct group_row *r = line_at(v, i);

		if (r->kind != GROUP_ROW_PARTITION || r->at != (uint32_t)g->worst)
			continue;
		table_set_cursor(&v->partitions.table, i);
		v->placed = true;
	}
}

const struct group_partition *group_partitions_row(
	const struct group_view *v, const struct group *g, size_t row)
{
	return partition_of(g, line_at(v, row));
}

const struct group_partition *group_partitions_at(const struct group_view *v, const struct group *g)
{
	return group_partitions_row(v, g, v->partitions.table.cursor);
}

/* The idle member under the cursor; NULL. */
static const struct group_member *group_partitions_idle(
	const struct group_view *v, const struct group *g)
{
	return member_of(g, line_at(v, v->partitions.table.cursor));
}

/* ---- life, sorting -------------------------------------------------------------------- */

void group_partitions_init(struct group_view *v)
{
	v->cols = xcalloc(COL_COUNT, sizeof(*v->cols));
	memcpy(v->cols, cols, sizeof(cols));
	view_list_init(&v->partitions, v->ctx, v->cols, COL_COUNT, &table_ops, fill, v);
}

void group_partitions_fini(struct group_view *v)
{
	view_list_fini(&v->partitions);
	vec_fini(&v->lines);
	free(v->cols);
}

void group_partitions_sort(struct group_view *v, bool turn)
{
	struct table *t = &v->partitions.table;

	if (turn) {
		t->sort_desc = !t->sort_desc;
	} else {
		/* By number when it is by nothing else. */
		do
			table_sort_next(t);
		while (t->sort_col == COL_PART || t->sort_col == COL_HOST ||
			t->sort_col == COL_SPARK);
		t->sort_desc = t->sort_col > COL_MEMBER;
	}
	view_list_update(&v->partitions);
}

/* ---- drawing ----------------------------------------------------------------------------- */

/* "start 121,390  ━━━━━◆░░░  184,110 end" and, under the mark, where the group is. */
static int draw_log(const struct group_partition *p, const struct surface *s, int y)
{
	double all = (double)(p->end - p->start), part = (double)(p->committed - p->start);
	struct buf text = BUF_EMPTY;
	int x, right, mark, wide;

	buf_puts(&text, "start ");
	fmt_count(&text, p->start);
	x = 1 + surface_put(s, 1, y, STYLE_DIM, buf_str(&text)) + 2;
	buf_clear(&text);
	fmt_count(&text, p->end);
	buf_puts(&text, " end");
	right = surface_put_right(s, s->cols - 1, y, STYLE_DIM, buf_str(&text)) - 2;
	buf_clear(&text);
	buf_puts(&text, "committed ");
	fmt_count(&text, p->committed);
	buf_puts(&text, "  lag ");
	fmt_count_about(&text, p->lag.records, p->lag.about);
	wide = text_width(buf_str(&text));
	mark = x;
	if (p->start >= 0 && p->end >= p->start && p->committed >= 0 && right > x) {
		part = all > 0 ? part / all : 1;
		part = part < 0 ? 0 : part > 1 ? 1 : part;
		bar_draw(
			s, x, y, right - x, view_verdict_style((enum verdict)p->lag.verdict), part);
		mark = x + (int)(part * (right - x - 1) + 0.5) - wide / 2;
	}
	if (mark + wide > s->cols - 1)
		mark = s->cols - 1 - wide;
	surface_put(s, mark > 1 ? mark : 1, y + 1, STYLE_NORMAL, buf_str(&text));
	buf_fini(&text);
	return y + 2;
}

/* Of what is under the cursor. */
static int draw_detail(
	const struct group_view *v, const struct group *g, const struct surface *s, int y)
{
	const struct group_partition *p = group_partitions_at(v, g);
	const struct group_member *m = group_partitions_idle(v, g);
	struct buf title = BUF_EMPTY, text = BUF_EMPTY;

	if (p) {
		buf_printf(&title, "%s, partition %d", p->topic.p, p->partition);
		if (!group_state_moving((enum group_state)g->state))
			group_partition_put_reason(&text, g, p, clock_mono_ms(v->ctx->clock));
		if (text.n)
			buf_printf(&title, ": %s", buf_z(&text));
		surface_rule(s, y, buf_str(&title));
		y = draw_log(p, s, y + 1);
	} else if (m) {
		struct surface lines = surface_sub(s, 1, y + 1, s->cols - 2, 2);

		buf_printf(&title, "member %s", m->label);
		surface_rule(s, y, buf_str(&title));
		group_member_put_idle(&text, g, (size_t)(m - g->members->v));
		(void)wrap_draw(&lines, STYLE_WARN, buf_str(&text), 0);
		y += 3;
	}
	buf_fini(&title);
	buf_fini(&text);
	return y;
}

#define DETAIL_ROWS    3 /* rule, bar, where the group is */
#define ROWS_MIN       4 /* titles and some rows are worth more than what stands below */
#define REBALANCES_MAX 6

/* Blank lines go where they would cost a row. */
struct layout {
	int table, detail, rebalances; /* rows; the last two 0: not drawn */
	bool airy;
};

static struct layout lay_out(int want, int rebalances, int rows)
{
	struct layout l = {.airy = want + DETAIL_ROWS + 2 + rebalances <= rows};
	int left;

	l.table = want;
	left = rows - want - l.airy;
	if (left < DETAIL_ROWS && rows - DETAIL_ROWS >= ROWS_MIN)
		left = DETAIL_ROWS;
	l.detail = left >= DETAIL_ROWS ? DETAIL_ROWS : 0;
	left -= l.detail + l.airy;
	l.rebalances = left >= 2 ? (left < rebalances ? left : rebalances) : 0;
	if (l.table > rows - l.detail - l.rebalances - 2 * l.airy)
		l.table = rows - l.detail - l.rebalances - 2 * l.airy;
	return l;
}

/* "≈ 12 m 30 s": the sign takes two cells, and what is ten minutes and more one for its digit. */
static int age_cols(const struct lag *l)
{
	int n = l->age_ms >= 600 * 1000 ? 9 : 8;

	return n + ((l->age == AGE_ABOUT || l->age == AGE_LEAST) && l->age_ms >= 60 * 1000 ? 2 : 0);
}

/* As wide as the largest figures. */
static void fit_columns(struct group_view *v, const struct group *g)
{
	int64_t committed = -1, end = -1, lag = -1;
	double in = 0, out = 0;
	bool about = false;
	int age = cols[COL_AGE].min;

	for (size_t i = 0; i < g->n_partitions; i++) {
		const struct group_partition *p = &g->partitions[i];

		age = age_cols(&p->lag) > age ? age_cols(&p->lag) : age;
		committed = max_i64(committed, p->committed);
		end = max_i64(end, p->end);
		lag = max_i64(lag, p->lag.records);
		about = about || p->lag.about;
		in = p->lag.in > in ? p->lag.in : in;
		out = p->lag.out > out ? p->lag.out : out;
	}
	v->cols[COL_IN].min = group_count_cols((int64_t)in, false, cols[COL_IN].min);
	v->cols[COL_OUT].min = group_count_cols((int64_t)out, false, cols[COL_OUT].min);
	v->cols[COL_COMMITTED].min = group_count_cols(committed, false, cols[COL_COMMITTED].min);
	v->cols[COL_END].min = group_count_cols(end, false, cols[COL_END].min);
	v->cols[COL_LAG].min = group_count_cols(lag, about, cols[COL_LAG].min);
	v->cols[COL_AGE].min = (short)age;
	v->cols[COL_AGE].ideal = (short)(age > cols[COL_AGE].ideal ? age : cols[COL_AGE].ideal);
}

static const char *nothing(const struct group_view *v, const struct group *g)
{
	enum part_state state = part_state(&g->offsets, clock_mono_ms(v->ctx->clock));

	if (state == PART_DENIED)
		return "denied: this cluster does not let us read the group's commits";
	if (!g->lag_known)
		return state == PART_FAILED ? "the coordinator does not answer" : "…";
	if (g->type[0] && strcmp(g->type, "consumer") != 0)
		return "no consumers: its members share something else than partitions";
	return "the group has committed nothing, and nobody was given a partition";
}

void group_partitions_draw(struct group_view *v, const struct group *g, const struct surface *s)
{
	const struct owners *o = model_group_owners(v->ctx->model, g->name);
	struct surface table;
	struct layout l;
	int y;

	view_list_update(&v->partitions);
	fit_columns(v, g);
	place(v, g);
	l = lay_out((int)min_size(v->lines.n ? v->lines.n + 1 : 2, INT16_MAX),
		rebalances_rows(o, REBALANCES_MAX + 1), s->rows);
	table = surface_sub(s, 0, 0, s->cols, l.table);
	v->partitions.table.stale =
		part_state(&g->offsets, clock_mono_ms(v->ctx->clock)) == PART_STALE;
	view_list_draw(
		&v->partitions, &table, s, nothing(v, g), "no partition and no member matches");
	y = l.table + l.airy;
	if (l.detail)
		y = draw_detail(v, g, s, y) + l.airy;
	if (l.rebalances) {
		struct surface low = surface_sub(s, 0, y, s->cols, l.rebalances);
		(void)rebalances_draw(&low, 0, o);
	}
}
