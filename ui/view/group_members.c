/* The members of a group: who they are, where they run, what they were given, why they wait. */
#include "view/group.h"

enum {
	COL_MEMBER,
	COL_CLIENT,
	COL_HOST,
	COL_INSTANCE,
	COL_PARTITIONS,
	COL_LAG,
	COL_TOPICS,
	COL_OWNS,
	COL_COUNT
};

#define MEMBER_COLS 12

static const struct table_col cols[COL_COUNT] = {
	[COL_MEMBER] = {"MEMBER", MEMBER_COLS, 12, 24, 0, ALIGN_LEFT},
	[COL_CLIENT] = {"CLIENT", 10, 10, 24, 8, ALIGN_LEFT},
	[COL_HOST] = {"HOST", 10, 10, 16, 5, ALIGN_LEFT},
	[COL_INSTANCE] = {"INSTANCE", 8, 8, 20, 9, ALIGN_LEFT},
	[COL_PARTITIONS] = {"PARTS", 5, 5, 6, 2, ALIGN_RIGHT},
	[COL_LAG] = {"LAG", 9, 9, 26, 0, ALIGN_RIGHT},
	[COL_TOPICS] = {"TOPICS", 8, 8, 24, 7, ALIGN_LEFT},
	[COL_OWNS] = {"OWNS", 14, 60, 0, 0, ALIGN_LEFT},
};

static const struct group_member *at(const struct group_view *v, const struct group *g, size_t row)
{
	return g && row < v->members.rows.n && v->members.rows.v[row] < g->members->n
		       ? &g->members->v[v->members.rows.v[row]]
		       : NULL;
}

static void put_topics(const struct group_member *m, struct buf *text)
{
	for (size_t i = 0; i < m->n_topics; i++) {
		buf_puts(text, i ? ", " : "");
		buf_put_str(text, m->topics[i]);
	}
	if (!m->n_topics)
		buf_putc(text, '-');
}

/* "orders 0-3, 7  bills 1": given by topic and partition. */
static void put_owned(const struct group_member *m, struct buf *text)
{
	for (size_t i = 0, end; i < m->n_given; i = end) {
		const struct group_given *first = &m->given[i];
		bool topic = !i || !str_eq(first->topic, first[-1].topic);

		for (end = i + 1; end < m->n_given && str_eq(m->given[end].topic, first->topic) &&
				  m->given[end].partition == m->given[end - 1].partition + 1;)
			end++;
		if (topic) {
			buf_puts(text, i ? "  " : "");
			buf_put_str(text, first->topic);
		}
		buf_printf(text, topic ? " %d" : ", %d", first->partition);
		if (end - i > 1)
			buf_printf(text, "-%d", m->given[end - 1].partition);
	}
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	struct group_view *v = arg;
	const struct group *g = group_view_group(v);
	const struct group_member *m = at(v, g, row);
	const struct lag *l = m ? &g->member_lags[m - g->members->v] : NULL;

	if (!m)
		return;
	switch (col) {
	case COL_MEMBER:
		short_name_put(text, v->member_names, m->label);
		break;
	case COL_CLIENT:
		buf_puts(text, m->client[0] ? m->client : "-");
		break;
	case COL_HOST:
		group_put_host(text, m->host);
		break;
	case COL_INSTANCE:
		buf_puts(text, m->instance[0] ? m->instance : "-");
		break;
	case COL_PARTITIONS:
		buf_printf(text, "%zu", m->n_given);
		break;
	case COL_LAG:
		*style = view_verdict_style((enum verdict)l->verdict);
		fmt_count_about(text, l->records, l->about);
		break;
	case COL_TOPICS:
		put_topics(m, text);
		break;
	case COL_OWNS:
		if (m->idle != IDLE_NO) {
			*style = STYLE_WARN;
			buf_puts(text, "idle: ");
			group_member_put_idle(text, g, (size_t)(m - g->members->v));
		} else {
			put_owned(m, text);
		}
		break;
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	const struct group_view *v = arg;
	const struct group_member *m = at(v, group_view_group(v), row);

	return m ? str_id(str_of(m->id)) : 0;
}

static const struct table_ops table_ops = {cell, row_id, NULL};

static void fill(void *arg)
{
	struct group_view *v = arg;
	const struct group *g = group_view_group(v);

	if (g)
		v->member_names = short_member_names(g, MEMBER_COLS);
	for (uint32_t i = 0; g && i < g->members->n; i++) {
		const struct group_member *m = &g->members->v[i];
		const struct str texts[] = {str_of(m->label), str_of(m->id), str_of(m->client),
			str_of(m->host), str_of(m->idle != IDLE_NO ? "idle" : "")};
		size_t n = 0;

		for (size_t k = 0; k < ARRAY_LEN(texts); k++)
			n += filter_match(&v->members.filter, texts[k]);
		if (v->members.filter.inverse ? n == ARRAY_LEN(texts) : n > 0)
			vec_push(&v->members.rows, i);
	}
}

void group_members_init(struct group_view *v)
{
	view_list_init(&v->members, v->ctx, cols, COL_COUNT, &table_ops, fill, v);
}

void group_members_fini(struct group_view *v)
{
	view_list_fini(&v->members);
}

/* Names in full, and what had no room in the row. */
static void draw_detail(const struct group_view *v, const struct group *g,
	const struct group_member *m, const struct surface *s)
{
	struct surface lines = surface_sub(s, 1, 1, s->cols - 2, s->rows - 1);
	struct buf text = BUF_EMPTY;

	buf_puts(&text, "member ");
	short_name_put(&text, v->member_names, m->label);
	surface_rule(s, 0, buf_str(&text));
	buf_clear(&text);
	buf_printf(&text, "id %s\nclient %s   host ", m->id, m->client[0] ? m->client : "-");
	group_put_host(&text, m->host);
	buf_printf(&text, "   instance %s\nsubscribed to ", m->instance[0] ? m->instance : "-");
	put_topics(m, &text);
	buf_putc(&text, '\n');
	if (m->idle != IDLE_NO) {
		group_member_put_idle(&text, g, (size_t)(m - g->members->v));
	} else {
		buf_puts(&text, "owns ");
		put_owned(m, &text);
	}
	(void)wrap_draw(&lines, STYLE_NORMAL, buf_str(&text), 0);
	buf_fini(&text);
}

#define DETAIL_ROWS 6
#define ROWS_MIN    4

void group_members_draw(struct group_view *v, const struct group *g, const struct surface *s)
{
	int detail = s->rows >= DETAIL_ROWS + ROWS_MIN ? DETAIL_ROWS : 0;
	const struct group_member *m;
	int rows;

	view_list_update(&v->members);
	rows = (int)min_size(v->members.rows.n + 2, (size_t)(s->rows - detail));
	struct surface table = surface_sub(s, 0, 0, s->cols, rows > 3 ? rows : 3);
	view_list_draw(&v->members, &table, s,
		!g->described ? "…"
			      : "no members: nobody reads; the commits stay until they expire",
		"no member matches the filter");
	m = at(v, g, v->members.table.cursor);
	if (detail && m) {
		struct surface low = surface_sub(s, 0, table.rows, s->cols, s->rows - table.rows);
		draw_detail(v, g, m, &low);
	}
}
