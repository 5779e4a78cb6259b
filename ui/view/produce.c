/*
 * Screen 6: writing records. A form; under it which partition the key goes to, worked out, and
 * where each record went.
 */
#include <stdlib.h>

#include "base/murmur2.h"
#include "base/xalloc.h"
#include "view/picker.h"
#include "view/produce_fields.h"
#include "view/produce_send.h"

/* The places stand beside the form where there is room, else under it. */
#define BESIDE_COLS 76
#define LOG_COLS    30
#define LOG_FROM    80 /* of the columns beyond these the places get the half */
#define FORM_EXTRA  8  /* rows: title, help, the value's four lines */

struct produce {
	struct view_ctx *ctx;
	struct picker picker; /* open while there is no topic */
	struct form form;
	struct sending sending;
};

static void begin(struct produce *v, const char *topic)
{
	form_set(&v->form, "topic", str_of(topic));
	v->form.focus = form_find(&v->form, "key");
}

static void *produce_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	struct produce *v = ALLOC(struct produce);

	v->ctx = ctx;
	if (!picker_begin(&v->picker, ctx, "Write into which topic?", &arg, e)) {
		free(v);
		return NULL;
	}
	sending_init(&v->sending, ctx);
	form_init(&v->form, "produce", produce_fields, PRODUCE_FIELDS, ctx);
	if (arg)
		begin(v, arg);
	return v;
}

static void produce_close(void *view)
{
	struct produce *v = view;

	sending_fini(&v->sending);
	picker_close(&v->picker);
	form_fini(&v->form);
	free(v);
}

/* ---- the screen ----------------------------------------------------------------------------- */

static void draw_hash(struct produce *v, const struct surface *s, int y)
{
	const struct topic *t = cluster_topic(view_cluster(v->ctx), form_text(&v->form, "topic"));
	struct str key = form_text(&v->form, "key");
	struct str how = form_text(&v->form, "partitioner");
	uint32_t hash;

	if (!t || !t->n_partitions) {
		view_label(s, 1, y, "!", STYLE_WARN, "no such topic (yet)");
		return;
	}
	if (str_eqz(how, "partition")) {
		surface_printf(s, 1, y, STYLE_NORMAL, "Partitioner: all to partition %lld",
			(long long)form_number(&v->form, "partition", 0));
		return;
	}
	if (!str_eqz(how, "by key")) {
		view_label(s, 1, y, "Partitioner:", STYLE_NORMAL, "%s",
			str_eqz(how, "sticky") ? "keys do not count, one partition for a while, "
						 "then another (sticky)"
					       : "keys do not count, one partition after the other "
						 "(round robin)");
		return;
	}
	if (!key.n) {
		view_label(s, 1, y, "Partitioner:", STYLE_NORMAL,
			"by key; no key: one partition for a while, then another (sticky)");
		return;
	}
	hash = murmur2(slice_str(key));
	surface_printf(s, 1, y, STYLE_NORMAL,
		"to partition %d: murmur2(key) = 0x%08x, & 0x7fffffff = %u, mod %d",
		murmur2_partition(slice_str(key), t->n_partitions), hash, hash & 0x7fffffff,
		t->n_partitions);
}

static void draw_progress(const struct sending *g, const struct surface *s)
{
	struct buf text = BUF_EMPTY;

	if (g->count && !g->stopping)
		buf_printf(&text, "%lld of %lld", (long long)g->last.done, (long long)g->count);
	else
		buf_printf(&text, "%lld so far", (long long)g->last.done);
	if (g->n_queue)
		buf_printf(&text, ", %zu more wait%s", g->n_queue, g->n_queue == 1 ? "s" : "");
	view_label(s, 1, 0,
		g->stopping ? "stopping,"
		: g->count  ? "sending"
			    : "sending,",
		STYLE_NORMAL, "%s", buf_z(&text));
	buf_fini(&text);
}

static void draw_delivery(struct sent *d, const struct surface *s, int y)
{
	int x;

	if (d->failed) {
		view_label(s, 1, y, "✗", STYLE_ERROR, "%s", buf_z(&d->what));
		return;
	}
	if (d->offset < 0)
		x = view_label(s, 1, y, "●", STYLE_NORMAL, "p%d sent", d->partition);
	else
		x = view_label(s, 1, y, "●", STYLE_NORMAL, "p%d offset %lld", d->partition,
			(long long)d->offset);
	if (x + 2 < s->cols)
		surface_field(
			s, x + 2, y, s->cols - x - 2, ALIGN_LEFT, STYLE_DIM, buf_str(&d->what));
}

/* Where each record went, the newest at the bottom. */
static void draw_log(struct sending *g, const struct surface *s)
{
	int y = 0;
	size_t room, n;

	if (g->job) {
		draw_progress(g, s);
		y++;
	}
	room = y < s->rows ? (size_t)(s->rows - y) : 0;
	n = min_size(min_size(g->n_log, SENT_ROWS), room);
	for (size_t i = 0; i < n; i++)
		draw_delivery(&g->log[(g->n_log - n + i) % SENT_ROWS], s, y++);
}

static void produce_draw(void *view, const struct surface *s)
{
	struct produce *v = view;
	bool beside = s->cols >= BESIDE_COLS;
	int wide = s->cols > LOG_FROM ? LOG_COLS + (s->cols - LOG_FROM) / 2 : LOG_COLS;
	int cols = beside ? s->cols - wide : s->cols;
	int high = PRODUCE_FIELDS + FORM_EXTRA;
	int room = beside ? s->rows - 2 : s->rows - 4;
	int rows = high < room ? high : room;
	struct surface form = surface_sub(s, 0, 0, cols, rows);
	struct surface log = beside ? surface_sub(s, cols, 0, wide, s->rows - 2)
				    : surface_sub(s, 0, rows + 1, s->cols, s->rows - rows - 1);

	if (v->picker.open) {
		picker_draw(&v->picker, s);
		return;
	}
	form_draw(&v->form, &form);
	draw_hash(v, s, beside ? rows + 1 : rows);
	draw_log(&v->sending, &log);
}

/* ---- what is typed --------------------------------------------------------------------------- */

static void send(struct produce *v)
{
	struct form *f = &v->form;
	int wrong = form_check(f);
	struct buf reason = BUF_EMPTY;

	if (wrong >= 0) {
		f->focus = wrong;
		view_message(v->ctx, MESSAGE_ERROR, "%s: %s", f->fields[wrong].def->label,
			buf_z(&f->fields[wrong].reason));
	} else if (!sending_allowed(&v->sending, &reason)) {
		view_message(v->ctx, MESSAGE_ERROR, "%s", buf_z(&reason));
	} else {
		sending_add(&v->sending, f);
	}
	buf_fini(&reason);
}

static bool is_ctrl(const struct event *e, uint32_t letter)
{
	return e->type == EVENT_KEY && e->key.code == letter && e->key.mods == MOD_CTRL;
}

static unsigned produce_event(void *view, const struct event *e)
{
	struct produce *v = view;
	unsigned effect;

	if (v->picker.open)
		return picker_event(&v->picker, e);
	if (is_ctrl(e, 's') || is_ctrl(e, 'x') || is_ctrl(e, 'c'))
		return VIEW_IGNORED;
	effect = form_event(&v->form, e);
	if (effect & WIDGET_CANCEL)
		return VIEW_HANDLED | VIEW_CLOSE;
	if (effect & WIDGET_SUBMIT && v->ctx->read_only)
		view_message(v->ctx, MESSAGE_ERROR, "read-only: nothing is sent");
	else if (effect & WIDGET_SUBMIT)
		send(v);
	return effect == WIDGET_IGNORED ? VIEW_IGNORED : VIEW_HANDLED | VIEW_REDRAW;
}

static enum view_focus produce_focus(const void *view)
{
	return ((const struct produce *)view)->picker.open ? VIEW_KEYS : VIEW_TYPES;
}

static unsigned produce_action(void *view, enum action_id id)
{
	struct produce *v = view;
	const struct topic *t;

	if (v->picker.open && id == ACTION_ENTER) {
		t = picker_chosen(&v->picker);
		if (t) {
			begin(v, t->name_z);
			picker_close(&v->picker);
		}
		return VIEW_HANDLED | VIEW_REDRAW;
	}
	if (id == ACTION_SEND)
		send(v);
	else if (id == ACTION_SEND_STOP)
		sending_stop(&v->sending);
	else
		return VIEW_IGNORED;
	return VIEW_HANDLED | VIEW_REDRAW;
}

static bool produce_allowed(void *view, enum action_id id, struct buf *reason)
{
	const struct produce *v = view;

	if (id == ACTION_FILTER)
		buf_puts(reason, v->picker.open ? "" : "in the form / is text");
	else if (v->picker.open && id != ACTION_ENTER)
		buf_puts(reason, "choose a topic first");
	else if (id == ACTION_SEND_STOP)
		(void)sending_stoppable(&v->sending, reason);
	else if (id == ACTION_SEND)
		(void)sending_allowed(&v->sending, reason);
	return reason->n == 0;
}

/* `/` is text in the form; it looks for a topic before that. */
static void produce_filter(void *view, struct str text)
{
	struct produce *v = view;

	if (v->picker.open)
		picker_filter(&v->picker, text);
}

/* One record as a line for the command: "key:value". */
static void put_line(const struct produce *v, struct buf *out)
{
	struct str key = form_text(&v->form, "key"), value = form_text(&v->form, "value");
	struct buf line = BUF_EMPTY;

	if (key.n)
		buf_printf(&line, "%.*s:", STR_ARG(key));
	buf_put_str(&line, value);
	shell_quote(out, buf_str(&line));
	buf_fini(&line);
}

static void produce_command(void *view, enum action_id id, struct buf *out)
{
	struct produce *v = view;
	struct str key = form_text(&v->form, "key"), value = form_text(&v->form, "value");

	(void)id;
	if (v->picker.open)
		return;
	if (value.n && !memchr(value.p, '\n', value.n)) {
		buf_puts(out, "echo ");
		put_line(v, out);
		buf_puts(out, " | ");
	}
	buf_puts(out, "kdeck produce --topic ");
	shell_quote(out, form_text(&v->form, "topic"));
	if (key.n)
		buf_puts(out, " --property parse.key=true --property key.separator=:");
}

static void produce_crumb(const void *view, struct buf *out)
{
	const struct produce *v = view;

	if (v->picker.open)
		return;
	buf_puts(out, " > ");
	buf_put_str(out, form_text(&v->form, "topic"));
}

static void produce_save(const void *view, struct buf *out)
{
	buf_put_str(out, form_text(&((const struct produce *)view)->form, "topic"));
}

const struct view_ops view_produce = {
	.screen = SCREEN_PRODUCE,
	.title = "produce",
	.open = produce_open,
	.close = produce_close,
	.draw = produce_draw,
	.event = produce_event,
	.focus = produce_focus,
	.action = produce_action,
	.allowed = produce_allowed,
	.filter = produce_filter,
	.command = produce_command,
	.crumb = produce_crumb,
	.save = produce_save,
};
