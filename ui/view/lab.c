/*
 * Screen 9: producers and consumers that the console runs. Above a row a member and why the one
 * under the cursor is as it is; below the lag of the lab's groups, and which member owned which
 * partition of the group that the cursor's member is in.
 */
#include <stdio.h>
#include <stdlib.h>

#include "view/lab_view.h"

enum {
	COL_NAME,
	COL_KIND,
	COL_PID,
	COL_TOPIC,
	COL_GROUP,
	COL_SETTINGS,
	COL_PARTS,
	COL_RATE,
	COL_DONE,
	COL_AGAIN,
	COL_LOST,
	COL_STATE,
	COL_COUNT
};

static const struct table_col cols[COL_COUNT] = {
	[COL_NAME] = {"NAME", 11, 12, 24, 0, ALIGN_LEFT},
	[COL_KIND] = {"KIND", 8, 8, 8, 5, ALIGN_LEFT},
	[COL_PID] = {"PID", 7, 7, 8, 6, ALIGN_RIGHT},
	[COL_TOPIC] = {"TOPIC", 10, 15, 24, 3, ALIGN_LEFT},
	[COL_GROUP] = {"GROUP", 12, 15, 24, 2, ALIGN_LEFT},
	[COL_SETTINGS] = {"SETTINGS", 34, 34, 46, 9, ALIGN_LEFT},
	[COL_PARTS] = {"PARTITIONS", 10, 10, 16, 0, ALIGN_LEFT},
	[COL_RATE] = {"RATE", 5, 6, 7, 1, ALIGN_RIGHT},
	[COL_DONE] = {"DONE", 6, 7, 11, 4, ALIGN_RIGHT},
	[COL_AGAIN] = {"AGAIN", 5, 5, 9, 8, ALIGN_RIGHT},
	[COL_LOST] = {"LOST", 6, 6, 9, 7, ALIGN_RIGHT},
	[COL_STATE] = {"STATE", 8, 8, 8, 0, ALIGN_LEFT},
};

#define GROUPS_MAX 64 /* as many as members */

static const struct lab *members(const struct lab_view *v)
{
	return v->held ? v->held : v->ctx->lab;
}

/* `z` holds the members as it does the snapshot. */
static void hold(struct lab_view *v)
{
	if (v->ctx->frozen && !v->held && v->ctx->lab)
		v->held = lab_hold(v->ctx->lab);
	if (v->ctx->frozen || !v->held)
		return;
	lab_hold_free(v->held);
	v->held = NULL;
}

/* Asked after the rows were told: a member may have been taken away meanwhile. */
static const struct lab_member *lab_view_at(const struct lab_view *v, size_t row)
{
	const struct lab *l = members(v);

	return l && row < v->list.rows.n && v->list.rows.v[row] < l->n
		       ? l->members[v->list.rows.v[row]]
		       : NULL;
}

static const struct lab_member *lab_view_cursor(const struct lab_view *v)
{
	return lab_view_at(v, v->list.table.cursor);
}

static const struct group *group_of(const struct lab_view *v, const char *name)
{
	return cluster_group(view_cluster(v->ctx), str_of(name));
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	const struct lab_member *m = lab_view_at(arg, row);
	bool reads = m && m->spec.kind == LAB_CONSUMER;

	if (!m)
		return;
	switch (col) {
	case COL_NAME:
		buf_puts(text, m->spec.name);
		break;
	case COL_KIND:
		buf_puts(text, reads ? "consumer" : "producer");
		break;
	case COL_PID:
		buf_printf(text, "%d", m->pid);
		break;
	case COL_TOPIC:
		buf_puts(text, m->spec.topic);
		break;
	case COL_GROUP:
		buf_puts(text, reads ? m->spec.group : "-");
		break;
	case COL_SETTINGS:
		lab_put_settings(text, m);
		break;
	case COL_PARTS:
		lab_put_shares(text, m);
		break;
	case COL_RATE:
		fmt_rate(text, m->rate);
		break;
	case COL_DONE:
		fmt_count(text, m->done);
		break;
	case COL_AGAIN:
		fmt_count(text, reads ? m->again : -1);
		break;
	case COL_LOST:
		fmt_count(text, reads ? m->lost : -1);
		break;
	case COL_STATE:
		buf_puts(text, lab_state_word(m));
		*style = lab_state_style(m);
		break;
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	const struct lab_member *m = lab_view_at(arg, row);

	return m ? m->id : 0;
}

static enum table_row_kind row_kind(void *arg, size_t row, enum style *style)
{
	const struct lab_member *m = lab_view_at(arg, row);

	if (m && !lab_state_alive(m->state))
		*style = STYLE_DIM;
	return TABLE_ROW;
}

static const struct table_ops table_ops = {cell, row_id, row_kind};

static void fill(void *arg)
{
	struct lab_view *v = arg;
	const struct lab *l = members(v);
	struct buf text = BUF_EMPTY;

	for (uint32_t i = 0; l && i < l->n; i++) {
		const struct lab_member *m = l->members[i];
		buf_clear(&text);
		buf_printf(&text, "%s %s %s %s %s",
			m->spec.kind == LAB_CONSUMER ? "consumer" : "producer", m->spec.name,
			m->spec.topic, m->spec.kind == LAB_CONSUMER ? m->spec.group : "",
			lab_state_word(m));
		if (filter_match(&v->list.filter, buf_str(&text)))
			vec_push(&v->list.rows, i);
	}
	buf_fini(&text);
}

/* ---- its groups -------------------------------------------------------------------------------
 */

/* The names of the lab's groups, each once, in the order they came. */
static size_t lab_groups(const struct lab_view *v, struct str names[static GROUPS_MAX])
{
	const struct lab *l = members(v);
	size_t n = 0;

	for (size_t i = 0; l && i < l->n && n < GROUPS_MAX; i++) {
		const struct lab_member *m = l->members[i];
		bool there = m->spec.kind != LAB_CONSUMER;
		for (size_t k = 0; k < n; k++)
			there = there || str_eqz(names[k], m->spec.group);
		if (!there)
			names[n++] = str_of(m->spec.group);
	}
	return n;
}

/* The cursor's member's group stays when the cursor goes on to a producer. */
static void choose_group(struct lab_view *v, const struct str *names, size_t n)
{
	const struct lab_member *m = lab_view_cursor(v);
	bool there = false;

	if (m && m->spec.kind == LAB_CONSUMER && strcmp(v->shown, m->spec.group) != 0) {
		snprintf(v->shown, sizeof(v->shown), "%s", m->spec.group);
		v->owners = (struct owners_scroll){0};
	}
	for (size_t i = 0; i < n; i++)
		there = there || str_eqz(names[i], v->shown);
	if (!there)
		snprintf(v->shown, sizeof(v->shown), "%.*s", n ? (int)names[0].n : 0,
			n ? names[0].p : "");
}

/* Tells the source which groups are looked at, each time: another screen may have told something
 * else. Their history by the second is asked for when they are others than before. */
static void want(struct lab_view *v)
{
	struct str names[GROUPS_MAX];
	struct source_want w = {.groups = names};
	uint64_t id = 1;

	w.n_groups = lab_groups(v, names);
	choose_group(v, names, w.n_groups);
	w.group = v->shown[0] ? v->shown : NULL;
	for (size_t i = 0; i < w.n_groups; i++)
		id = id_mix(id, str_id(names[i]));
	id = id_mix(id, str_id(str_of(v->shown)));
	for (size_t i = 0; id != v->pinned && i < w.n_groups; i++)
		model_pin_group(v->ctx->model, names[i]);
	v->pinned = id;
	source_want(v->ctx->source, &w);
}

/* "shop   lag 1,203   +58/s   age 12 s   behind" */
static void draw_group(
	const struct lab_view *v, const struct surface *s, int y, struct str name, int width)
{
	const struct group *g = cluster_group(view_cluster(v->ctx), name);
	bool shown = str_eqz(name, v->shown);
	struct buf text = BUF_EMPTY;
	enum style style = STYLE_NORMAL;
	size_t before;

	surface_puts(s, 1, y, STYLE_KEY, shown ? ">" : " ");
	surface_field(s, 3, y, width, ALIGN_LEFT, shown ? STYLE_TITLE : STYLE_NORMAL, name);
	if (!g || g->lag.records < 0) {
		buf_puts(&text, !g             ? "not there yet"
				: g->lag_known ? "nothing is committed yet"
					       : "lag not known yet");
		style = STYLE_DIM;
	} else {
		buf_puts(&text, "lag ");
		fmt_count_about(&text, g->lag.records, g->lag.about);
		buf_puts(&text, "   ");
		fmt_growth(&text, lag_net(&g->lag));
		buf_puts(&text, "/s   ");
		before = text.n;
		group_put_reason(&text, g, clock_mono_ms(v->ctx->clock));
		if (text.n == before && g->lag.verdict == VERDICT_OK)
			buf_puts(&text, verdict_name(VERDICT_OK));
		style = view_verdict_style((enum verdict)g->lag.verdict);
	}
	surface_field(s, 5 + width, y, s->cols - 6 - width, ALIGN_LEFT, style, buf_str(&text));
	buf_fini(&text);
}

static void draw_groups_rule(const struct surface *s, int y, size_t shown, size_t n)
{
	struct buf title = BUF_EMPTY;

	buf_puts(&title, "groups");
	if (shown < n)
		buf_printf(&title, ", %zu of %zu", shown, n);
	surface_rule(s, y, buf_str(&title));
	buf_fini(&title);
}

/* With their title, in so many rows below it. Returns the line after the last one. */
static int draw_groups(const struct lab_view *v, const struct surface *s, int y, int rows)
{
	struct str names[GROUPS_MAX];
	size_t n = lab_groups(v, names), from = 0;
	int width = 4;

	for (size_t i = 0; i < n; i++)
		width = text_width(names[i]) > width ? text_width(names[i]) : width;
	width = width > s->cols / 3 ? s->cols / 3 : width;
	draw_groups_rule(s, y++, rows > 0 && (size_t)rows < n ? (size_t)rows : n, n);
	/* The one that is shown is among those that fit. */
	for (size_t i = 0; i < n; i++)
		if (str_eqz(names[i], v->shown) && (int)i >= rows)
			from = i - (size_t)rows + 1;
	for (size_t i = from; i < n && (int)(i - from) < rows; i++)
		draw_group(v, s, y++, names[i], width);
	return y;
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

/* The same for all members, so that nothing jumps while the cursor moves. */
static int note_rows(const struct surface *s)
{
	return s->cols >= 100 ? 2 : s->rows >= 14 ? 3 : 1;
}

static void draw_note(const struct lab_view *v, const struct surface *s, int y)
{
	const struct lab_member *m = lab_view_cursor(v);
	struct surface part = surface_sub(s, 1, y, s->cols - 2, note_rows(s));
	struct buf text = BUF_EMPTY;
	bool bad;

	if (!m)
		return;
	bad = m->why[0] || m->state == LAB_FAILED;
	buf_printf(&text, "%s%s: ", bad ? "! " : "", m->spec.name);
	lab_put_settings(&text, m);
	buf_puts(&text, "; ");
	lab_put_note(&text, m, group_of(v, m->spec.group));
	wrap_draw(&part, bad ? STYLE_WARN : STYLE_DIM, buf_str(&text), 0);
	buf_fini(&text);
}

static void draw_rule(const struct lab_view *v, const struct surface *s, int y)
{
	struct buf title = BUF_EMPTY;

	buf_printf(&title, "who owned which partition of %s", v->shown);
	surface_rule(s, y, buf_str(&title));
	buf_fini(&title);
}

/* From y on: the groups, and the time line of one of them where there is room. */
static void draw_below(struct lab_view *v, const struct surface *s, int y)
{
	const struct owners *o = model_group_owners(v->ctx->model, str_of(v->shown));
	int left = s->rows - y;
	struct surface part;

	if (!v->shown[0] || left < 2)
		return;
	y = draw_groups(v, s, y, left >= 9 ? (left - 6) / 2 : left - 1);
	if (s->rows - y < 5)
		return;
	draw_rule(v, s, y++);
	part = surface_sub(s, 0, y, s->cols, s->rows - y);
	owners_draw(&part, o, &v->owners);
}

/* Rows of the table: all members where they fit beside the rest, else half of the screen. */
static int table_rows(const struct lab_view *v, const struct surface *s)
{
	int all = (int)v->list.rows.n + 1, most = s->rows - note_rows(s) - 4;
	int half = s->rows / 2 > 4 ? s->rows / 2 : 4;

	if (v->list.table.filter.n)
		all++;
	if (!v->shown[0])
		return most > all ? all : most > 1 ? most : s->rows;
	return all < half ? all : half;
}

static const char *empty_text(const struct lab_view *v)
{
	return v->ctx->read_only ? "the lab is empty, and kdeck was started with --read-only"
				 : "the lab is empty: a adds a producer or a consumer that this "
				   "console runs";
}

static void lab_draw(void *view, const struct surface *s)
{
	struct lab_view *v = view;
	struct surface top;
	int rows;

	hold(v);
	view_list_update(&v->list);
	want(v);
	rows = v->list.rows.n ? table_rows(v, s) : s->rows;
	top = surface_sub(s, 0, 0, s->cols, rows);
	if (v->list.rows.n) {
		draw_note(v, s, rows);
		draw_below(v, s, rows + note_rows(s));
	}
	view_list_draw(&v->list, &top, s, empty_text(v), "no member matches the filter");
}

/* ---- life and events --------------------------------------------------------------------------
 */

static void *lab_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	struct lab_view *v = ALLOC(struct lab_view);

	(void)arg;
	(void)e;
	v->ctx = ctx;
	lab_form_init(v);
	view_list_init(&v->list, ctx, cols, COL_COUNT, &table_ops, fill, v);
	view_list_update(&v->list);
	want(v);
	return v;
}

static void lab_close(void *view)
{
	struct lab_view *v = view;

	view_list_fini(&v->list);
	lab_hold_free(v->held);
	free(v);
}

/* The one that was just added, once it has a row. */
static void follow(struct lab_view *v)
{
	view_list_update(&v->list);
	for (size_t i = 0; v->go_to && i < v->list.rows.n; i++) {
		if (lab_view_at(v, i)->id != v->go_to)
			continue;
		table_set_cursor(&v->list.table, i);
		v->go_to = 0;
	}
}

static unsigned lab_event(void *view, const struct event *e)
{
	struct lab_view *v = view;
	const struct owners *o = model_group_owners(v->ctx->model, str_of(v->shown));
	unsigned effect;

	if (v->in_owners && !v->list.box.open) {
		effect = owners_event(&v->owners, o, e);
		if (effect != WIDGET_IGNORED)
			return view_table_effect(effect);
	}
	effect = view_list_event(&v->list, e);
	lab_form_turn(v);
	follow(v);
	return effect;
}

static enum view_focus lab_focus(const void *view)
{
	return view_list_focus(&((const struct lab_view *)view)->list);
}

static void lab_filter(void *view, struct str text)
{
	view_list_filter(&((struct lab_view *)view)->list, text);
}

/* ---- actions ----------------------------------------------------------------------------------
 */

/* Why it cannot be done to m; NULL: it can. */
static const char *refusal(enum action_id id, const struct lab_member *m)
{
	bool ended = m && !lab_state_alive(m->state);

	switch ((int)id) {
	case ACTION_ENTER:
	case ACTION_LAB_EDIT:
	case ACTION_LAB_PAUSE:
	case ACTION_LAB_SLOW:
	case ACTION_LAB_KILL:
	case ACTION_LAB_STOP:
	case ACTION_LAB_START:
	case ACTION_EXPORT:
	case ACTION_MARK:
		if (!m)
			return "there is no member under the cursor";
		break;
	case ACTION_SORT:
	case ACTION_SORT_TURN:
		return "members stand in the order they were added";
	default:
		return NULL;
	}
	if (id == ACTION_LAB_START && !ended)
		return "it runs already";
	if ((id == ACTION_LAB_PAUSE || id == ACTION_LAB_KILL) && ended)
		return "it has ended: t starts it again";
	if (id == ACTION_LAB_PAUSE && m->state != LAB_RUNNING && m->state != LAB_PAUSED)
		return "it does not run yet, or not any more";
	if (id == ACTION_LAB_STOP && m->state == LAB_STOPPING)
		return "it is stopping already; kill does not wait";
	return NULL;
}

static bool lab_allowed(void *view, enum action_id id, struct buf *reason)
{
	struct lab_view *v = view;
	const char *why;

	view_list_update(&v->list);
	why = id == ACTION_LAB_ADD && !v->ctx->lab ? "no cluster to work on"
						   : refusal(id, lab_view_cursor(v));
	if (why)
		buf_puts(reason, why);
	return !why;
}

/* Twice the time for each record; half the records a second. */
static int slow(struct lab_view *v, const struct lab_member *m, struct err *e)
{
	struct lab_spec s = m->spec;
	int rc;

	s.process_ms = (int32_t)min_i64(max_i64(s.process_ms * 2, 2), LAB_PROCESS_MAX_MS);
	s.rate = s.rate > 1 ? s.rate / 2 : 1;
	rc = lab_edit(v->ctx->lab, m->id, &s, e);
	if (rc == 0 && s.kind == LAB_CONSUMER)
		view_message(
			v->ctx, MESSAGE_OK, "%s takes %d ms a record now", s.name, s.process_ms);
	else if (rc == 0)
		view_message(
			v->ctx, MESSAGE_OK, "%s writes %d records a second now", s.name, s.rate);
	return rc;
}

static int act(struct lab_view *v, enum action_id id, const struct lab_member *m, struct err *e)
{
	struct lab *l = v->ctx->lab;

	switch ((int)id) {
	case ACTION_LAB_PAUSE:
		return lab_pause(l, m->id, m->state == LAB_RUNNING, e);
	case ACTION_LAB_SLOW:
		return slow(v, m, e);
	case ACTION_LAB_KILL:
		return lab_kill(l, m->id, e);
	case ACTION_LAB_STOP:
		return lab_state_alive(m->state) ? lab_stop(l, m->id, e) : lab_remove(l, m->id, e);
	case ACTION_LAB_START:
		return lab_start(l, m->id, e);
	}
	return 0;
}

/* The consumer's group, the producer's topic. */
static void enter(struct lab_view *v, const struct lab_member *m)
{
	if (m->spec.kind == LAB_PRODUCER)
		view_push(v->ctx, SCREEN_TOPIC, m->spec.topic);
	else
		view_push(v->ctx, SCREEN_GROUP, m->spec.group);
}

static unsigned lab_action(void *view, enum action_id id)
{
	struct lab_view *v = view;
	const struct lab_member *m = lab_view_cursor(v);
	struct err e = {0};

	if (id == ACTION_LAB_ADD)
		lab_form_add(v);
	else if (id == ACTION_TAB || id == ACTION_TAB_BACK)
		v->in_owners = !v->in_owners;
	else if (!m)
		return VIEW_IGNORED;
	else if (id == ACTION_LAB_EDIT)
		lab_form_edit(v, m);
	else if (id == ACTION_ENTER)
		enter(v, m);
	else if (id == ACTION_EXPORT)
		view_list_export(&v->list, "lab");
	else if (act(v, id, m, &e) < 0)
		view_message(v->ctx, MESSAGE_ERROR, "%s", e.msg);
	return VIEW_HANDLED | VIEW_REDRAW;
}

static void lab_copy(void *view, struct buf *out)
{
	view_table_copy(&((struct lab_view *)view)->list.table, out);
}

static void lab_subject(const void *view, struct buf *out)
{
	const struct lab_member *m = lab_view_cursor(view);

	if (m)
		buf_puts(out, m->spec.name);
}

static void explain(void *view, struct buf *out)
{
	const struct lab_view *v = view;
	const struct lab_member *m = lab_view_cursor(v);

	lab_explain(out, m, m ? group_of(v, m->spec.group) : NULL);
}

static unsigned lab_tick(void *view, int64_t now_ms)
{
	(void)now_ms;
	want(view);
	return VIEW_IGNORED;
}

const struct view_ops view_lab = {
	.screen = SCREEN_LAB,
	.title = "lab",
	.open = lab_open,
	.close = lab_close,
	.draw = lab_draw,
	.event = lab_event,
	.focus = lab_focus,
	.allowed = lab_allowed,
	.action = lab_action,
	.tick = lab_tick,
	.filter = lab_filter,
	.subject = lab_subject,
	.copy = lab_copy,
	.explain = explain,
};
