/*
 * Screen 5: the records of a topic. A table of those in the window, newest at the bottom; Enter
 * opens one (record_detail.c). Opened with "topic", "topic/partition", or nothing: then it asks.
 */
#include "view/records.h"

#include <stdio.h>
#include <stdlib.h>

static void on_changed(void *arg, struct browse *b)
{
	struct records *v = arg;

	(void)b;
	view_redraw(v->ctx);
}

void records_browse(struct records *v)
{
	if (v->browse)
		source_browse_close(v->ctx->source, v->browse);
	v->spec.topic = buf_z(&v->topic);
	v->browse = source_browse(v->ctx->source, &v->spec, on_changed, v);
	table_clear_marks(&v->table);
	records_table_restart(v);
	records_table_update(v);
}

/* "topic", "topic/partition" or "topic/partition/offset". */
static void begin(struct records *v, const char *what)
{
	const char *slash = strchr(what, '/'), *second = slash ? strchr(slash + 1, '/') : NULL;

	picker_close(&v->picker);
	buf_clear(&v->topic);
	buf_put(&v->topic, what, slash ? (size_t)(slash - what) : strlen(what));
	v->spec = (struct browse_spec){.partition = slash ? atoi(slash + 1) : -1,
		.from = BROWSE_LAST,
		.at = 100,
		.follow = true};
	if (second) {
		v->spec.from = BROWSE_OFFSET;
		v->spec.at = strtoll(second + 1, NULL, 10);
		v->spec.follow = false;
	}
	records_browse(v);
}

static void *records_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	struct records *v = ALLOC(struct records);

	v->ctx = ctx;
	if (!picker_begin(&v->picker, ctx, "Records of which topic?", &arg, e)) {
		free(v);
		return NULL;
	}
	record_detail_init(&v->detail);
	records_table_init(v);
	if (arg)
		begin(v, arg);
	return v;
}

static void records_close(void *view)
{
	struct records *v = view;

	if (v->browse)
		source_browse_close(v->ctx->source, v->browse);
	picker_close(&v->picker);
	formbox_close(&v->box);
	record_detail_fini(&v->detail);
	records_table_fini(v);
	buf_fini(&v->topic);
	free(v);
}

/* ---- drawing ------------------------------------------------------------------------------- */

static void put_window(const struct records *v, struct buf *text)
{
	const struct browse *b = v->browse;
	bool filtered = filter_active(&v->filter);

	if (filtered) {
		fmt_count(text, (int64_t)v->rows.n);
		buf_puts(text, " match of ");
		fmt_count(text, (int64_t)b->window.n);
	} else {
		fmt_things(text, (int64_t)v->rows.n, "record");
	}
	if (b->window.dropped) {
		buf_puts(text, "   older ones let go: ");
		fmt_count(text, (int64_t)b->window.dropped);
	}
	if (v->table.marks.n)
		buf_printf(text, "   %zu marked", v->table.marks.n);
}

/* The brokers' words for that differ; the list of topics knows. */
static bool is_gone(const struct records *v)
{
	const struct cluster *c = view_cluster(v->ctx);

	return c->progress.step >= PROGRESS_OFFSETS && !cluster_topic(c, buf_str(&v->topic));
}

static void draw_state(struct records *v, const struct surface *s)
{
	const struct browse *b = v->browse;
	struct buf text = BUF_EMPTY;
	enum style style = b->state == BROWSE_FAILED      ? STYLE_ERROR
			   : b->why[0]                    ? STYLE_WARN
			   : b->state == BROWSE_FOLLOWING ? STYLE_OK
							  : STYLE_DIM;

	if (is_gone(v))
		buf_printf(&text, "! topic %s does not exist (any more): Esc goes back   ",
			buf_z(&v->topic));
	else if (b->why[0])
		buf_printf(&text, "! %s   ", b->why);
	buf_puts(&text, browse_state_name(b->state));
	buf_puts(&text, "   ");
	put_window(v, &text);
	if (b->state == BROWSE_PAGE)
		buf_puts(&text, "   G reads on");
	else if (b->state == BROWSE_END)
		buf_puts(&text, "   f follows what comes");
	surface_field(s, 1, 0, s->cols - 2, ALIGN_LEFT, style, buf_str(&text));
	buf_fini(&text);
}

static const char *empty_text(const struct records *v)
{
	switch (v->browse->state) {
	case BROWSE_STARTING:
	case BROWSE_READING:
		return !view_lost(view_cluster(v->ctx)) ? "…"
							: "no broker answers: what they "
							  "have is shown once one does";
	case BROWSE_FAILED:
		return "these records cannot be read";
	case BROWSE_FOLLOWING:
		return v->browse->window.n ? "none of them matches the filter"
					   : "no records yet: those that come are shown here";
	default:
		return v->browse->window.n ? "none of them matches the filter" : "no records here";
	}
}

static void records_draw(void *view, const struct surface *s)
{
	struct records *v = view;
	struct surface rest = surface_sub(s, 0, 1, s->cols, s->rows - 1);

	if (v->picker.open) {
		picker_draw(&v->picker, s);
		return;
	}
	records_table_update(v);
	if (v->detail.open) {
		record_detail_draw(&v->detail, s);
	} else {
		draw_state(v, s);
		v->table.empty = empty_text(v);
		table_draw(&v->table, &rest);
	}
	formbox_draw(&v->box, s);
}

/* ---- events -------------------------------------------------------------------------------- */

static void close_detail(struct records *v)
{
	v->detail.open = false;
}

static unsigned detail_event(struct records *v, const struct event *e)
{
	unsigned effect = record_detail_event(&v->detail, e);

	if (effect != WIDGET_IGNORED)
		return view_table_effect(effect);
	if (e->type != EVENT_KEY || (!key_is(e->key, K_ESC) && !key_is(e->key, 'q')))
		return VIEW_IGNORED;
	close_detail(v);
	return VIEW_HANDLED | VIEW_REDRAW;
}

static unsigned records_event(void *view, const struct event *e)
{
	struct records *v = view;
	unsigned effect;

	if (v->picker.open)
		return picker_event(&v->picker, e);
	if (v->box.open)
		return formbox_event(&v->box, e);
	if (v->detail.open)
		return detail_event(v, e);
	records_table_update(v);
	effect = table_event(&v->table, e);
	if (effect != WIDGET_IGNORED && v->table.cursor + 1 >= v->rows.n &&
		v->browse->state == BROWSE_PAGE)
		source_browse_more(v->ctx->source, v->browse);
	return effect & WIDGET_SUBMIT ? VIEW_IGNORED : view_table_effect(effect);
}

static enum view_focus records_focus(const void *view)
{
	return ((const struct records *)view)->box.open ? VIEW_MODAL : VIEW_KEYS;
}

/* ---- actions ------------------------------------------------------------------------------- */

static void produced(void *arg, const struct produce_report *r)
{
	struct view_ctx *ctx = arg;

	if (r->finished && !r->e)
		view_message(ctx, MESSAGE_OK, "written to partition %d at offset %lld",
			r->partition, (long long)r->offset);
	else if (r->finished)
		view_message(ctx, MESSAGE_ERROR, "%s", r->e->msg);
}

#define AGAIN_HEADERS 64

/* The same key, value and headers into the same partition. */
static void again(struct records *v, const struct browse_record *r)
{
	struct produce_header headers[AGAIN_HEADERS];
	struct slice rest = r->headers, value;
	struct str name;
	size_t n = 0;
	struct produce_spec spec = {.topic = buf_z(&v->topic),
		.partition = r->partition,
		.key = r->key,
		.value = r->value,
		.headers = headers,
		.literal = true,
		.count = 1};

	while (n < AGAIN_HEADERS && browse_header_next(&rest, &name, &value))
		headers[n++] = (struct produce_header){str_dup(name), value};
	spec.n_headers = n;
	source_produce(v->ctx->source, &spec, produced, NULL, v->ctx);
	while (n > 0)
		free((char *)(uintptr_t)headers[--n].name);
}

/* The record before or behind the one that is open. */
static void step(struct records *v, bool forward)
{
	size_t to = forward ? v->table.cursor + 1 : v->table.cursor - 1;
	const struct browse_record *r = !forward && !v->table.cursor ? NULL : records_at(v, to);

	if (!r) {
		view_message(v->ctx, MESSAGE_OK, "there is none %s", forward ? "behind" : "before");
		return;
	}
	table_set_cursor(&v->table, to);
	if (v->detail.open)
		record_detail_show(&v->detail, r);
}

/* Enter: a record; in one, the whole text of what is too long for its line. */
static void enter(struct records *v)
{
	const struct browse_record *r = records_at(v, v->table.cursor);
	const struct topic *t;

	if (v->picker.open) {
		t = picker_chosen(&v->picker);
		if (t) {
			char *name = xstrdup(t->name_z);
			begin(v, name);
			free(name);
		}
	} else if (v->detail.open) {
		view_show(v->ctx, record_tab_names[v->detail.tab], record_detail_text(&v->detail));
	} else if (r) {
		record_detail_show(&v->detail, r);
	}
}

static void follow(struct records *v)
{
	v->spec.follow = !v->spec.follow;
	source_browse_follow(v->ctx->source, v->browse, v->spec.follow);
	if (v->spec.follow && v->rows.n)
		table_set_cursor(&v->table, v->rows.n - 1);
	view_message(v->ctx, MESSAGE_OK,
		v->spec.follow ? "following: records are shown as they come"
			       : "held: f goes on where it stopped, nothing is lost");
}

static void export_rows(struct records *v)
{
	v->export = (struct export){
		.ctx = v->ctx, .table = &v->table, .row = records_export_row, .arg = v};
	snprintf(v->export.stem, sizeof(v->export.stem), "%s-records", buf_z(&v->topic));
	export_open(&v->export, &v->box);
}

static unsigned records_action(void *view, enum action_id id)
{
	struct records *v = view;
	const struct browse_record *r = records_at(v, v->table.cursor);

	switch ((int)id) {
	case ACTION_ENTER:
		enter(v);
		break;
	case ACTION_RECORDS_FORMAT:
		view_message(v->ctx, MESSAGE_OK, "shown %s", record_detail_format(&v->detail));
		break;
	case ACTION_RECORDS_NEXT:
		step(v, true);
		break;
	case ACTION_RECORDS_PREVIOUS:
		step(v, false);
		break;
	case ACTION_RECORDS_FOLLOW:
		follow(v);
		break;
	case ACTION_RECORDS_SEEK:
		close_detail(v);
		records_seek_open(v);
		break;
	case ACTION_RECORDS_AGAIN:
		again(v, r);
		break;
	case ACTION_EXPORT:
		export_rows(v);
		break;
	case ACTION_PRODUCE:
		view_push(v->ctx, SCREEN_PRODUCE, buf_z(&v->topic));
		break;
	default:
		return VIEW_IGNORED;
	}
	return VIEW_HANDLED | VIEW_REDRAW;
}

static bool records_allowed(void *view, enum action_id id, struct buf *reason)
{
	struct records *v = view;

	if (id == ACTION_SORT || id == ACTION_SORT_TURN)
		buf_puts(reason, "records stand in the order of their time");
	else if (v->picker.open && id != ACTION_ENTER && id != ACTION_MARK)
		buf_puts(reason, "choose a topic first");
	else if (v->picker.open)
		return true;
	else if ((id == ACTION_RECORDS_AGAIN || id == ACTION_RECORDS_NEXT ||
			 id == ACTION_RECORDS_PREVIOUS || id == ACTION_MARK ||
			 id == ACTION_EXPORT) &&
		 !records_at(v, v->table.cursor))
		buf_puts(reason, "there is no record under the cursor");
	return reason->n == 0;
}

static void records_filter(void *view, struct str text)
{
	struct records *v = view;

	if (v->picker.open) {
		picker_filter(&v->picker, text);
		return;
	}
	close_detail(v);
	filter_set(&v->filter, text, NULL);
	view_table_filter(&v->table, text);
	records_table_restart(v);
	records_table_update(v);
}

/* ---- what the frame asks --------------------------------------------------------------------- */

static bool records_tabs(const void *view, struct view_tabs *out)
{
	const struct records *v = view;

	*out = (struct view_tabs){record_tab_names, RECORD_TABS, v->detail.tab};
	return v->detail.open;
}

static void records_open_tab(void *view, int tab)
{
	record_detail_tab(&((struct records *)view)->detail, tab);
}

static void records_crumb(const void *view, struct buf *out)
{
	const struct records *v = view;

	if (v->picker.open)
		return;
	buf_puts(out, " > ");
	buf_put_str(out, buf_str(&v->topic));
	if (v->spec.partition >= 0)
		buf_printf(out, " partition %d", v->spec.partition);
}

static void records_command(void *view, enum action_id id, struct buf *out)
{
	struct records *v = view;
	const struct browse_record *r = records_at(v, v->table.cursor);

	(void)id;
	if (v->picker.open)
		return;
	buf_puts(out, "kdeck consume --topic ");
	shell_quote(out, buf_str(&v->topic));
	if (r)
		buf_printf(out, " --partition %d --offset %lld --max-messages 1", r->partition,
			(long long)r->offset);
}

static void records_copy(void *view, struct buf *out)
{
	struct records *v = view;
	const struct browse_record *r = records_at(v, v->table.cursor);

	if (v->detail.open)
		buf_put_str(out, record_detail_text(&v->detail));
	else if (v->table.marks.n)
		view_table_copy(&v->table, out);
	else if (r)
		buf_put_slice(out, r->value);
}

static void records_explain(void *view, struct buf *out)
{
	(void)view;
	buf_puts(out,
		"A record is a key, a value, headers and a timestamp. Its partition and offset are "
		"its address for ever: reading takes nothing away.\n\n"
		"null is no value at all; in a compacted topic it deletes its key. \"\" is a value "
		"of no bytes, 0x… one that is no text.\n"
		"Between partitions there is no order: the table merges them by timestamp.\n\n"
		"Enter opens a record: JSON folds with Enter, Left and Right, Tab goes to its key "
		"and headers, [ and ] to the records beside it, h changes between JSON, text and "
		"hex.\n"
		"f holds and follows, o goes to an offset or a time, / filters keys and values of "
		"what is loaded, x saves it, marked rows only where Space has marked some.\n");
}

static void records_save(const void *view, struct buf *out)
{
	const struct records *v = view;

	buf_put_str(out, buf_str(&v->topic));
	if (v->topic.n && v->spec.partition >= 0)
		buf_printf(out, "/%d", v->spec.partition);
}

const struct view_ops view_records = {
	.screen = SCREEN_RECORDS,
	.title = "records",
	.open = records_open,
	.close = records_close,
	.draw = records_draw,
	.event = records_event,
	.focus = records_focus,
	.action = records_action,
	.allowed = records_allowed,
	.filter = records_filter,
	.tabs = records_tabs,
	.open_tab = records_open_tab,
	.crumb = records_crumb,
	.command = records_command,
	.copy = records_copy,
	.explain = records_explain,
	.save = records_save,
};
