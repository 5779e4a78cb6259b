/*
 * Screen 5: the records of a topic. A table of those in the window, newest at the bottom; Enter
 * opens one: JSON indented, text, or hex. Opened with "topic" or "topic/partition".
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "model/filter.h"
#include "model/value.h"
#include "view/common.h"
#include "widget/viewer.h"

enum { COL_PART, COL_OFFSET, COL_TIME, COL_KEY, COL_VALUE, COL_SIZE, COL_COUNT };

static const struct table_col cols[COL_COUNT] = {
	[COL_PART] = {"PART", 4, 4, 6, 0, ALIGN_RIGHT},
	[COL_OFFSET] = {"OFFSET", 7, 10, 16, 0, ALIGN_RIGHT},
	[COL_TIME] = {"TIME", 8, 12, 12, 2, ALIGN_LEFT},
	[COL_KEY] = {"KEY", 6, 16, 28, 0, ALIGN_LEFT},
	[COL_VALUE] = {"VALUE", 12, 40, 0, 0, ALIGN_LEFT},
	[COL_SIZE] = {"SIZE", 6, 8, 9, 3, ALIGN_RIGHT},
};

enum format { FORMAT_AUTO, FORMAT_TEXT, FORMAT_HEX, FORMAT_COUNT };
static const char *const format_names[] = {"JSON", "text", "hex"};

#define LINE_MAX_BYTES   400
#define DETAIL_MAX_BYTES ((size_t)1 << 20)

struct records {
	struct view_ctx *ctx;
	struct buf topic;
	struct browse_spec spec;
	struct browse *browse;
	struct table table;
	struct filter filter;
	VEC(size_t) rows; /* places in the window that the filter takes */
	uint64_t generation;
	bool refilter;
	struct formbox box;
	bool detail;
	enum format format;
	struct viewer viewer;
	uint64_t shown; /* serial of the record in the viewer */
};

static const struct browse_record *at(const struct records *v, size_t row)
{
	return row < v->rows.n ? window_at(&v->browse->window, v->rows.v[row]) : NULL;
}

static void put_time(const struct browse_record *r, struct buf *text)
{
	struct buf whole = BUF_EMPTY;

	/* "2026-11-21 14:14:02.123" without the date. */
	fmt_time(&whole, r->timestamp);
	buf_puts(text, whole.n > 11 ? buf_z(&whole) + 11 : buf_z(&whole));
	buf_fini(&whole);
}

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	const struct browse_record *r = at(arg, row);

	if (!r)
		return;
	switch (col) {
	case COL_PART:
		buf_printf(text, "%d", r->partition);
		break;
	case COL_OFFSET:
		fmt_count(text, r->offset);
		break;
	case COL_TIME:
		put_time(r, text);
		break;
	case COL_KEY:
		value_line(text, r->key, LINE_MAX_BYTES);
		if (!r->key.p)
			*style = STYLE_DIM;
		break;
	case COL_VALUE:
		value_line(text, r->value, LINE_MAX_BYTES);
		if (!r->value.p)
			*style = STYLE_DIM;
		break;
	case COL_SIZE:
		fmt_bytes(text, (int64_t)(r->key.n + r->value.n));
		break;
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	const struct browse_record *r = at(arg, row);

	return r ? r->serial : 0;
}

static const struct table_ops table_ops = {cell, row_id, NULL};

static bool takes(const struct records *v, const struct browse_record *r)
{
	struct buf text = BUF_EMPTY;
	bool yes;

	if (!filter_active(&v->filter))
		return true;
	value_line(&text, r->key, 1 << 16);
	buf_putc(&text, ' ');
	value_line(&text, r->value, 1 << 16);
	yes = filter_match(&v->filter, buf_str(&text));
	buf_fini(&text);
	return yes;
}

static void update(struct records *v)
{
	const struct record_window *w = &v->browse->window;
	bool at_end = v->rows.n == 0 || v->table.cursor + 1 >= v->rows.n;
	const struct browse_record *r;

	if (v->generation == w->generation && !v->refilter)
		return;
	v->generation = w->generation;
	v->refilter = false;
	vec_clear(&v->rows);
	for (size_t i = 0; (r = window_at(w, i)); i++)
		if (takes(v, r))
			vec_push(&v->rows, i);
	table_set_rows(&v->table, v->rows.n);
	if (at_end && v->spec.follow && v->rows.n)
		table_set_cursor(&v->table, v->rows.n - 1);
}

static void on_changed(void *arg, struct browse *b)
{
	struct records *v = arg;

	(void)b;
	view_redraw(v->ctx);
}

static void browse(struct records *v)
{
	if (v->browse)
		source_browse_close(v->ctx->source, v->browse);
	v->spec.topic = buf_z(&v->topic);
	v->browse = source_browse(v->ctx->source, &v->spec, on_changed, v);
	v->generation = UINT64_MAX;
	update(v);
}

static void *records_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	const struct cluster *c = view_cluster(ctx);
	struct records *v;
	const char *slash;

	if ((!arg || !*arg) && !c->n_topics) {
		err_set(e, ERR_NOT_FOUND, "no topic to read yet: 3 lists them");
		return NULL;
	}
	if (!arg || !*arg)
		arg = c->topics[0]->name_z;
	v = ALLOC(struct records);
	v->ctx = ctx;
	slash = strchr(arg, '/');
	buf_put(&v->topic, arg, slash ? (size_t)(slash - arg) : strlen(arg));
	v->spec = (struct browse_spec){.partition = slash ? atoi(slash + 1) : -1,
		.from = BROWSE_LAST,
		.at = 100,
		.follow = true};
	filter_init(&v->filter);
	viewer_init(&v->viewer, true);
	table_init(&v->table, cols, COL_COUNT, &table_ops, v);
	v->table.sort_col = -1;
	browse(v);
	return v;
}

static void records_close(void *view)
{
	struct records *v = view;

	source_browse_close(v->ctx->source, v->browse);
	formbox_close(&v->box);
	viewer_fini(&v->viewer);
	table_fini(&v->table);
	filter_fini(&v->filter);
	vec_fini(&v->rows);
	buf_fini(&v->topic);
	free(v);
}

/* ---- one record ---------------------------------------------------------------------------- */

static void put_value(struct buf *out, struct slice s, enum format format)
{
	if (!s.p)
		buf_puts(out, "null");
	else if (format == FORMAT_HEX)
		value_hex(out, s, 0, DETAIL_MAX_BYTES / 4);
	else if (format == FORMAT_TEXT || value_kind(s) != VALUE_JSON ||
		 value_json(out, s, 2, DETAIL_MAX_BYTES) == ERR_INVALID)
		value_text(out, s, true, DETAIL_MAX_BYTES);
	buf_putc(out, '\n');
}

static void put_headers(struct buf *out, const struct browse_record *r)
{
	struct slice rest = r->headers;
	struct str name;
	struct slice value;

	while (browse_header_next(&rest, &name, &value)) {
		buf_puts(out, "  ");
		value_text(out, slice_str(name), false, 200);
		buf_puts(out, ": ");
		value_line(out, value, 1000);
		buf_putc(out, '\n');
	}
}

static void show(struct records *v, const struct browse_record *r)
{
	struct buf text = BUF_EMPTY;

	buf_printf(&text, "partition %d   offset ", r->partition);
	fmt_count(&text, r->offset);
	buf_puts(&text, "   ");
	fmt_time(&text, r->timestamp);
	buf_puts(&text, r->append_time ? " (log append time)\n" : "\n");
	buf_puts(&text, "\nkey\n");
	put_value(&text, r->key, v->format);
	if (r->n_headers) {
		buf_puts(&text, "\nheaders\n");
		put_headers(&text, r);
	}
	buf_printf(&text, "\nvalue (%s)\n", value_kind_name(value_kind(r->value)));
	put_value(&text, r->value, v->format);
	viewer_set(&v->viewer, buf_str(&text));
	v->shown = r->serial;
	v->detail = true;
	buf_fini(&text);
}

/* ---- seeking -------------------------------------------------------------------------------- */

static const char *const from_choices[] = {"last", "earliest", "latest", "offset", "time", NULL};

static bool parse_time(const char *z, int64_t *ms)
{
	struct tm tm = {.tm_isdst = -1};
	char *end;
	long long number = strtoll(z, &end, 10);

	if (*z && !*end && number > 9999) {
		*ms = number;
		return true;
	}
	end = strptime(z, "%Y-%m-%d %H:%M:%S", &tm);
	if (!end)
		end = strptime(z, "%Y-%m-%d %H:%M", &tm);
	if (!end || *end)
		return false;
	*ms = (int64_t)mktime(&tm) * 1000;
	return true;
}

static bool check_at(void *arg, const struct form *f, int field, struct buf *reason)
{
	struct str from = form_text(f, "from");
	char *z = str_dup(edit_get(&f->fields[field].edit));
	char *end = z;
	int64_t ms;
	bool number = z && *z && (strtoll(z, &end, 10), !*end);
	bool ok = true;

	(void)arg;
	if (str_eqz(from, "time") && !(z && parse_time(z, &ms))) {
		buf_puts(reason, "2026-11-21 14:00, or milliseconds since 1970");
		ok = false;
	} else if ((str_eqz(from, "offset") || str_eqz(from, "last")) && !number) {
		buf_puts(reason, "a whole number");
		ok = false;
	}
	free(z);
	return ok;
}

static const struct field_def seek_fields[] = {
	{.name = "from",
		.label = "From",
		.type = FIELD_CHOICE,
		.choices = from_choices,
		.help = "Left and right choose; latest follows what comes."},
	{.name = "at",
		.label = "Number or time",
		.type = FIELD_TEXT,
		.help = "How many, which offset, or a time: 2026-11-21 14:00",
		.initial = "100",
		.check = check_at},
	{.name = "partition",
		.label = "Partition",
		.type = FIELD_TEXT,
		.help = "A number, or all",
		.initial = "all"},
};

static void seek(void *arg, struct form *f)
{
	struct records *v = arg;
	struct str from = form_text(f, "from");
	struct str partition = form_text(f, "partition");
	char *at_z = str_dup(form_text(f, "at"));
	char *partition_z = str_dup(partition);
	int64_t ms = 0;

	v->spec.at = at_z ? strtoll(at_z, NULL, 10) : 0;
	v->spec.follow = str_eqz(from, "latest");
	v->spec.from = str_eqz(from, "earliest") ? BROWSE_EARLIEST
		       : str_eqz(from, "latest") ? BROWSE_LATEST
		       : str_eqz(from, "offset") ? BROWSE_OFFSET
		       : str_eqz(from, "time")   ? BROWSE_TIME
						 : BROWSE_LAST;
	if (v->spec.from == BROWSE_TIME && at_z && parse_time(at_z, &ms))
		v->spec.at = ms;
	v->spec.partition = str_eqz(partition, "all") || !partition_z ? -1 : atoi(partition_z);
	free(at_z);
	free(partition_z);
	browse(v);
}

/* ---- export --------------------------------------------------------------------------------- */

static void put_json(struct buf *out, const struct records *v, const struct browse_record *r)
{
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_kstr(&j, "topic", buf_str(&v->topic));
	json_kint(&j, "partition", r->partition);
	json_kint(&j, "offset", r->offset);
	json_kint(&j, "timestamp", r->timestamp);
	json_kstr(&j, "key", str_slice(r->key));
	json_kstr(&j, "value", str_slice(r->value));
	json_object_end(&j);
	buf_putc(out, '\n');
}

static void export_all(struct records *v)
{
	char path[300];
	struct buf out = BUF_EMPTY;
	FILE *f;
	size_t n = 0;

	snprintf(path, sizeof(path), "%.240s-records.jsonl", buf_z(&v->topic));
	f = fopen(path, "wxe");
	if (!f) {
		view_message(v->ctx, MESSAGE_ERROR, "%s: %s", path,
			errno == EEXIST ? "is there already" : strerror(errno));
		return;
	}
	for (; n < v->rows.n; n++) {
		buf_clear(&out);
		put_json(&out, v, at(v, n));
		fwrite(out.p, 1, out.n, f);
	}
	buf_fini(&out);
	if (fclose(f) != 0)
		view_message(v->ctx, MESSAGE_ERROR, "%s: %s", path, strerror(errno));
	else
		view_message(v->ctx, MESSAGE_OK, "%zu records written to %s", n, path);
}

/* ---- the screen ----------------------------------------------------------------------------- */

static void draw_state(struct records *v, const struct surface *s)
{
	struct browse *b = v->browse;
	struct buf text = BUF_EMPTY;
	enum style style = b->state == BROWSE_FAILED ? STYLE_ERROR : STYLE_DIM;

	buf_puts(&text, browse_state_name(b->state));
	buf_puts(&text, "   ");
	fmt_count(&text, (int64_t)v->rows.n);
	buf_puts(&text, filter_active(&v->filter) ? " shown of " : " records");
	if (filter_active(&v->filter))
		fmt_count(&text, (int64_t)b->window.n);
	if (b->window.dropped) {
		buf_puts(&text, "   older ones left out: ");
		fmt_count(&text, (int64_t)b->window.dropped);
	}
	if (b->state == BROWSE_PAGE)
		buf_puts(&text, "   G reads on");
	if (b->why[0]) {
		buf_puts(&text, "   ! ");
		buf_puts(&text, b->why);
		style = STYLE_WARN;
	}
	surface_field(s, 1, 0, s->cols - 2, ALIGN_LEFT, style, buf_str(&text));
	buf_fini(&text);
}

static void records_draw(void *view, const struct surface *s)
{
	struct records *v = view;
	struct surface rest = surface_sub(s, 0, 1, s->cols, s->rows - 1);

	update(v);
	draw_state(v, s);
	v->table.empty = v->browse->state == BROWSE_STARTING || v->browse->state == BROWSE_READING
				 ? "…"
				 : "no records here (yet)";
	if (v->detail)
		viewer_draw(&v->viewer, &rest);
	else
		table_draw(&v->table, &rest);
	formbox_draw(&v->box, s);
}

static unsigned detail_event(struct records *v, const struct event *e)
{
	if (e->type == EVENT_KEY &&
		(key_is(e->key, K_ESC) || key_is(e->key, K_ENTER) || key_is(e->key, 'q'))) {
		v->detail = false;
		return VIEW_HANDLED | VIEW_REDRAW;
	}
	return view_table_effect(viewer_event(&v->viewer, e));
}

static unsigned records_event(void *view, const struct event *e)
{
	struct records *v = view;
	unsigned effect;

	if (v->box.open)
		return formbox_event(&v->box, e);
	if (v->detail)
		return detail_event(v, e);
	effect = table_event(&v->table, e);
	if (v->table.cursor + 1 >= v->rows.n && v->browse->state == BROWSE_PAGE)
		source_browse_more(v->ctx->source, v->browse);
	return effect & WIDGET_SUBMIT ? VIEW_IGNORED : view_table_effect(effect);
}

static bool records_has_focus(const void *view)
{
	return ((const struct records *)view)->box.open;
}

static void produced(void *arg, const struct produce_report *r)
{
	struct view_ctx *ctx = arg;

	if (r->finished && !r->e)
		view_message(ctx, MESSAGE_OK, "written to partition %d at offset %lld",
			r->partition, (long long)r->offset);
	else if (r->finished)
		view_message(ctx, MESSAGE_ERROR, "%s", r->e->msg);
}

static void again(struct records *v, const struct browse_record *r)
{
	struct produce_spec spec = {.topic = buf_z(&v->topic),
		.partition = r->partition,
		.key = r->key,
		.value = r->value,
		.count = 1};

	source_produce(v->ctx->source, &spec, produced, NULL, v->ctx);
}

static unsigned records_action(void *view, enum action_id id)
{
	struct records *v = view;
	const struct browse_record *r = at(v, v->table.cursor);

	switch ((int)id) {
	case ACTION_ENTER:
		if (r)
			show(v, r);
		break;
	case ACTION_RECORDS_FORMAT:
		v->format = (v->format + 1) % FORMAT_COUNT;
		view_message(v->ctx, MESSAGE_OK, "format: %s", format_names[v->format]);
		if (v->detail && r)
			show(v, r);
		break;
	case ACTION_RECORDS_FOLLOW:
		v->spec.follow = !v->spec.follow;
		source_browse_follow(v->ctx->source, v->browse, v->spec.follow);
		break;
	case ACTION_RECORDS_SEEK:
		formbox_open(&v->box, "go to", seek_fields, ARRAY_LEN(seek_fields), seek, v);
		break;
	case ACTION_RECORDS_AGAIN:
		if (r)
			again(v, r);
		break;
	case ACTION_EXPORT:
		export_all(v);
		break;
	case ACTION_PRODUCE:
		view_push(v->ctx, SCREEN_PRODUCE, buf_z(&v->topic));
		break;
	default:
		return VIEW_IGNORED;
	}
	return VIEW_HANDLED | VIEW_REDRAW;
}

static void records_filter(void *view, struct str text)
{
	struct records *v = view;

	filter_set(&v->filter, text, NULL);
	buf_clear(&v->table.filter);
	buf_put_str(&v->table.filter, text);
	v->refilter = true;
	update(v);
}

static void records_crumb(const void *view, struct buf *out)
{
	const struct records *v = view;

	buf_puts(out, " > ");
	buf_put_str(out, buf_str(&v->topic));
	if (v->spec.partition >= 0)
		buf_printf(out, " partition %d", v->spec.partition);
}

static void records_command(void *view, enum action_id id, struct buf *out)
{
	struct records *v = view;
	const struct browse_record *r = at(v, v->table.cursor);

	(void)id;
	buf_puts(out, "kdeck consume --topic ");
	shell_quote(out, buf_str(&v->topic));
	if (r)
		buf_printf(out, " --partition %d --offset %lld --max-messages 1", r->partition,
			(long long)r->offset);
}

static void records_copy(void *view, struct buf *out)
{
	struct records *v = view;
	const struct browse_record *r = at(v, v->table.cursor);

	if (r)
		value_text(out, r->value, true, DETAIL_MAX_BYTES);
}

static void records_explain(void *view, struct buf *out)
{
	(void)view;
	buf_puts(out,
		"A record is a key, a value, headers and a timestamp. Its partition and offset are "
		"its address for ever: reading takes nothing away.\n\n"
		"null is no value at all; in a compacted topic it deletes its key. \"\" is a value "
		"of no bytes.\n"
		"Between partitions there is no order: the table merges them by timestamp.\n\n"
		"o goes to an offset or a time, f follows the end, h changes between JSON, text "
		"and "
		"hex, / filters what is loaded.\n");
}

static void records_save(const void *view, struct buf *out)
{
	const struct records *v = view;

	buf_put_str(out, buf_str(&v->topic));
	if (v->spec.partition >= 0)
		buf_printf(out, "/%d", v->spec.partition);
}

const struct view_ops view_records = {
	.screen = SCREEN_RECORDS,
	.title = "records",
	.open = records_open,
	.close = records_close,
	.draw = records_draw,
	.event = records_event,
	.has_focus = records_has_focus,
	.action = records_action,
	.filter = records_filter,
	.crumb = records_crumb,
	.command = records_command,
	.copy = records_copy,
	.explain = records_explain,
	.save = records_save,
};
