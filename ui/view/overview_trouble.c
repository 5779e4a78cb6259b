/* Problems and the worst groups on the overview: two lists under one cursor. */
#include "view/overview.h"

enum { COL_NAME, COL_LAG, COL_AGE, COL_VERDICT, COL_WHY, COL_COUNT };

static const struct table_col cols[COL_COUNT] = {
	[COL_NAME] = {"", 10, 14, 30, 0, ALIGN_LEFT},
	[COL_LAG] = {"LAG", 9, 10, 12, 0, ALIGN_RIGHT},
	[COL_AGE] = {"AGE", 10, 10, 11, 2, ALIGN_RIGHT},
	[COL_VERDICT] = {"", 9, 9, 9, 0, ALIGN_LEFT},
	[COL_WHY] = {"", 14, 76, 0, 1, ALIGN_LEFT},
};

/* ---- the cursor ---------------------------------------------------------------------------- */

static size_t count(const struct trouble *t)
{
	return t->n_problems + t->n_groups;
}

const struct problem *trouble_problem(const struct trouble *t)
{
	return t->cursor < t->n_problems ? &t->problems[t->cursor] : NULL;
}

const struct group *trouble_group(const struct trouble *t)
{
	return t->cursor >= t->n_problems && t->cursor < count(t)
		       ? t->groups[t->cursor - t->n_problems]
		       : NULL;
}

static void remember(struct trouble *t)
{
	const struct group *g = trouble_group(t);

	buf_clear(&t->group);
	if (g)
		buf_put_str(&t->group, g->name);
}

void trouble_find(struct trouble *t, const struct cluster *c)
{
	t->all_problems = cluster_problems(c, t->problems, OVERVIEW_PROBLEMS);
	t->n_problems = min_size(t->all_problems, OVERVIEW_PROBLEMS);
	t->n_groups = t->bad_groups = 0;
	for (size_t i = 0; i < c->n_groups; i++)
		t->bad_groups += verdict_bad((enum verdict)c->groups[i]->lag.verdict);
	if (t->bad_groups)
		t->n_groups = cluster_worst_groups(c, t->groups, OVERVIEW_GROUPS);
	for (size_t i = 0; t->group.n && i < t->n_groups; i++)
		if (str_eq(t->groups[i]->name, buf_str(&t->group)))
			t->cursor = t->n_problems + i;
	if (t->cursor >= count(t))
		t->cursor = count(t) ? count(t) - 1 : 0;
	remember(t);
}

void trouble_move(struct trouble *t, bool down)
{
	if (down)
		t->cursor += t->cursor + 1 < count(t);
	else
		t->cursor -= t->cursor > 0;
	remember(t);
}

/* ---- rows ---------------------------------------------------------------------------------- */

static void draw_problem(
	const struct trouble *t, const struct cluster *c, size_t i, const struct surface *s, int y)
{
	const struct problem *p = &t->problems[i];
	bool red = p->kind == PROBLEM_OFFLINE || p->kind == PROBLEM_BROKER;
	enum style style = i == t->cursor ? STYLE_CURSOR : red ? STYLE_ERROR : STYLE_WARN;
	struct buf text = BUF_EMPTY;

	problem_put(&text, c, p);
	surface_field(s, 1, y, s->cols - 2, ALIGN_LEFT, style, buf_str(&text));
	buf_fini(&text);
}

static void put_cell(const struct group *g, int col, int64_t now_ms, struct buf *out)
{
	switch (col) {
	case COL_NAME:
		buf_put_str(out, g->name);
		break;
	case COL_LAG:
		fmt_count_about(out, g->lag.records, g->lag.about);
		break;
	case COL_AGE:
		lag_put_age(out, &g->lag);
		break;
	case COL_VERDICT:
		buf_puts(out, verdict_name((enum verdict)g->lag.verdict));
		break;
	case COL_WHY:
		group_put_reason(out, g, now_ms);
		break;
	}
}

static void draw_group(
	const struct trouble *t, size_t i, int64_t now_ms, const struct surface *s, int y)
{
	const struct group *g = t->groups[i];
	bool here = t->n_problems + i == t->cursor;
	struct table_place places[TABLE_MAX_COLS];
	struct buf text = BUF_EMPTY;

	table_layout(cols, COL_COUNT, s->cols - 2, 0, places);
	if (here)
		surface_fill_row(s, 1, y, s->cols - 2, STYLE_CURSOR, ' ');
	for (int col = 0; col < COL_COUNT; col++) {
		enum style own = col >= COL_VERDICT
					 ? view_verdict_style((enum verdict)g->lag.verdict)
					 : STYLE_NORMAL;
		if (!places[col].cols)
			continue;
		buf_clear(&text);
		put_cell(g, col, now_ms, &text);
		surface_field(s, 1 + places[col].x, y, places[col].cols, cols[col].align,
			here ? STYLE_CURSOR : own, buf_str(&text));
	}
	buf_fini(&text);
}

/* What of [from, to) is seen in `rows` rows: the cursor, when it is among them. */
static size_t first_seen(const struct trouble *t, size_t from, size_t to, int rows)
{
	size_t most = rows > 0 ? (size_t)rows : 0;

	return t->cursor >= from + most && t->cursor < to ? t->cursor - most + 1 : from;
}

static int draw_rows(const struct trouble *t, const struct cluster *c, int64_t now_ms,
	const struct surface *s, int y, size_t from, size_t to, int rows)
{
	for (size_t i = first_seen(t, from, to, rows); i < to && rows-- > 0; i++, y++)
		if (i < t->n_problems)
			draw_problem(t, c, i, s, y);
		else
			draw_group(t, i - t->n_problems, now_ms, s, y);
	return y;
}

/* The rule over the groups carries the titles of the figures. */
static void draw_group_rule(const struct trouble *t, const struct surface *s, int y)
{
	struct table_place places[TABLE_MAX_COLS];
	struct buf title = BUF_EMPTY;

	table_layout(cols, COL_COUNT, s->cols - 2, 0, places);
	buf_puts(&title, "groups");
	if (t->bad_groups > t->n_groups)
		buf_printf(&title, ", worst %zu of %zu", t->n_groups, t->bad_groups);
	surface_rule(s, y, buf_str(&title));
	for (int col = COL_LAG; col <= COL_AGE; col++) {
		if (!places[col].cols)
			continue;
		buf_clear(&title);
		buf_printf(&title, " %s ", cols[col].title);
		surface_put_right(
			s, 2 + places[col].x + places[col].cols, y, STYLE_HEAD, buf_str(&title));
	}
	buf_fini(&title);
}

/* One line where no group needs a look, or nothing is known of them. */
static void draw_quiet(const struct cluster *c, int64_t now_ms, const struct surface *s, int y)
{
	struct buf text = BUF_EMPTY;
	enum style style = STYLE_NORMAL;
	int32_t known = c->totals.groups_known;

	if (view_part_cell(&c->group_list, now_ms, &text, &style)) {
		buf_clear(&text);
		part_why(&text, &c->group_list);
		buf_puts(&text, text.n ? "" : "not known yet");
	} else if (!c->totals.groups) {
		buf_puts(&text, "none yet");
		style = STYLE_DIM;
	} else if (known < c->totals.groups) {
		fmt_count(&text, known);
		buf_puts(&text, " of ");
		fmt_count(&text, c->totals.groups);
		buf_puts(&text, " looked at, none of them behind");
	} else {
		fmt_count(&text, known);
		buf_puts(&text, known == 1 ? ", not behind" : ", none of them behind");
	}
	surface_puts(s, 1, y, STYLE_DIM, "groups");
	surface_field(s, 9, y, s->cols - 10, ALIGN_LEFT, style, buf_str(&text));
	buf_fini(&text);
}

/* ---- both lists ---------------------------------------------------------------------------- */

static int draw_problems(const struct trouble *t, const struct cluster *c, int64_t now_ms,
	const struct surface *s, int y, int rows)
{
	struct buf title = BUF_EMPTY;

	buf_puts(&title, "what is wrong");
	if (t->all_problems > (size_t)rows - 1) {
		buf_puts(&title, ": ");
		fmt_things(&title, (int64_t)t->all_problems, "problem");
	}
	surface_rule(s, y++, buf_str(&title));
	buf_fini(&title);
	if (t->n_problems)
		return draw_rows(t, c, now_ms, s, y, 0, t->n_problems, rows - 1);
	surface_puts(s, 1, y, STYLE_OK,
		c->progress.step == PROGRESS_READY ? "nothing" : "not known yet");
	return y + 1;
}

int trouble_draw(const struct trouble *t, const struct cluster *c, int64_t now_ms,
	const struct surface *s, int y, int room, int keep)
{
	int problems = 1 + (t->n_problems ? (int)t->n_problems : 1);
	int groups = t->n_groups ? 1 + (int)t->n_groups : 1;
	int most = room - keep, gap;

	/* Problems give way first, down to two of them: where they are many, they are alike. */
	if (problems + groups > most)
		problems = min_int(problems, most - groups > 3 ? most - groups : 3);
	if (problems + groups > most)
		groups = most - problems > 2 ? most - problems : 2;
	gap = problems + groups + 2 <= most;
	y = draw_problems(t, c, now_ms, s, y, problems) + gap;
	if (!t->n_groups) {
		draw_quiet(c, now_ms, s, y);
		return y + 1 + gap;
	}
	draw_group_rule(t, s, y++);
	return draw_rows(t, c, now_ms, s, y, t->n_problems, count(t), groups - 1) + gap;
}

int trouble_draw_low(const struct trouble *t, const struct cluster *c, int64_t now_ms,
	const struct surface *s, int y)
{
	int rows = s->rows - y;

	if (!t->n_problems && rows > 1)
		surface_puts(s, 1, y++, STYLE_OK,
			c->progress.step == PROGRESS_READY ? "nothing is wrong" : "not known yet");
	if (!count(t)) {
		draw_quiet(c, now_ms, s, y);
		return y + 1;
	}
	return draw_rows(t, c, now_ms, s, y, 0, count(t), s->rows - y);
}
