/*
 * Screen 6: writing records. A form; under it which partition the key goes to, worked out, and
 * where each record went.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/murmur2.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "view/picker.h"
#include "view/produce_fields.h"

#define LOG_ROWS 64
#define FILE_MAX ((size_t)16 << 20)
/* The places stand beside the form where there is room, else under it. */
#define BESIDE_COLS 76
#define LOG_COLS    30
#define LOG_FROM    80 /* of the columns beyond these the places get the half */
#define SHOWN_BYTES 96 /* of a key and of a value, beside its place */
#define QUEUE_MAX   32 /* sends that wait for the one before */
#define FORM_EXTRA  8  /* rows: title, help, the value's four lines */

struct delivery {
	int32_t partition;
	int64_t offset;
	struct buf what; /* key and value as they are shown; or why it was not written */
	bool failed;
};

/* One Ctrl-S: what the form said then. */
struct outgoing {
	struct list_node node;
	struct produce_spec spec; /* into what follows */
	char *topic, *acks, *codec, *header_text, *key;
	struct buf value;
	struct produce_header headers[PRODUCE_HEADERS];
};

struct produce {
	struct view_ctx *ctx;
	struct picker picker; /* open while there is no topic */
	struct form form;
	int64_t job;       /* of the source, 0: none */
	int64_t count;     /* what it is to send; 0: until it is stopped */
	bool stopping;     /* nothing more is sent, answers are waited for */
	struct list queue; /* of struct outgoing: one after the other, so that order holds */
	size_t n_queue;
	struct produce_report last;
	int64_t done, failed;          /* of the sends before, since nothing was under way */
	struct delivery log[LOG_ROWS]; /* ring */
	size_t n_log;
};

static void begin(struct produce *v, const char *topic)
{
	form_set(&v->form, "topic", str_of(topic));
	v->form.focus = form_find(&v->form, "key");
}

static void *produce_open(struct view_ctx *ctx, const char *arg, struct err *e)
{
	const struct topic *only = picker_only(ctx);
	struct produce *v = ALLOC(struct produce);

	v->ctx = ctx;
	list_init(&v->queue);
	if ((!arg || !*arg) && only)
		arg = only->name_z;
	if ((!arg || !*arg) && !picker_open(&v->picker, ctx, "Write into which topic?", e)) {
		free(v);
		return NULL;
	}
	form_init(&v->form, "produce", produce_fields, PRODUCE_FIELDS, ctx);
	if (arg && *arg)
		begin(v, arg);
	return v;
}

static void outgoing_free(struct outgoing *o)
{
	free(o->topic);
	free(o->acks);
	free(o->codec);
	free(o->header_text);
	free(o->key);
	buf_fini(&o->value);
	free(o);
}

static struct outgoing *take_next(struct produce *v)
{
	struct list_node *n = list_first(&v->queue);

	list_remove(n);
	v->n_queue--;
	return CONTAINER_OF(n, struct outgoing, node);
}

/* How many were waiting. */
static size_t drop_queue(struct produce *v)
{
	size_t n = v->n_queue;

	while (v->n_queue)
		outgoing_free(take_next(v));
	return n;
}

/* The answers to what was sent still come. */
static void stop(struct produce *v)
{
	size_t dropped = drop_queue(v);

	if (dropped)
		view_message(v->ctx, MESSAGE_OK, "stopped: %zu more that waited %s not sent",
			dropped, dropped == 1 ? "is" : "are");
	if (v->job)
		source_cancel(v->ctx->source, v->job);
	v->stopping = v->job != 0;
}

/* Sending has its place on this screen: it ends with it, and that is said. */
static void leave_job(struct produce *v)
{
	size_t dropped = drop_queue(v);
	long long done = (long long)(v->done + v->last.done);

	if (!v->job)
		return;
	source_produce_forget(v->ctx->source, v->job);
	v->job = 0;
	if (dropped)
		view_message(v->ctx, MESSAGE_OK,
			"sending stopped after %lld record%s; %zu more that waited %s dropped",
			done, done == 1 ? "" : "s", dropped, dropped == 1 ? "was" : "were");
	else
		view_message(v->ctx, MESSAGE_OK,
			"sending stopped after %lld record%s; E tells how the last ones went", done,
			done == 1 ? "" : "s");
}

static void produce_close(void *view)
{
	struct produce *v = view;

	leave_job(v);
	picker_close(&v->picker);
	form_fini(&v->form);
	for (size_t i = 0; i < LOG_ROWS; i++)
		buf_fini(&v->log[i].what);
	free(v);
}

/* ---- sending -------------------------------------------------------------------------------- */

static void send_next(struct produce *v);

static void finished(struct produce *v, const struct produce_report *r)
{
	v->job = 0;
	v->stopping = false;
	v->done += r->done;
	v->failed += r->failed;
	v->last = (struct produce_report){0};
	if (v->n_queue)
		send_next(v);
	else if (!r->e)
		view_message(v->ctx, MESSAGE_OK, "%lld sent, %lld failed", (long long)v->done,
			(long long)v->failed);
}

static void on_report(void *arg, const struct produce_report *r)
{
	struct produce *v = arg;

	v->last = *r;
	v->last.e = NULL;
	if (r->e)
		view_message(v->ctx, MESSAGE_ERROR, "%s", r->e->msg);
	if (r->finished)
		finished(v, r);
	view_redraw(v->ctx);
}

/* The beginning of it, no character cut in two; null is said. */
static void put_shown(struct buf *out, struct slice s)
{
	size_t n = min_size(s.n, SHOWN_BYTES);

	if (!s.p) {
		buf_puts(out, "null");
		return;
	}
	while (n < s.n && n && (s.p[n] & 0xc0) == 0x80)
		n--;
	utf8_put_visible(out, (struct str){(const char *)s.p, n});
}

static void on_delivery(void *arg, const struct produce_delivery *got)
{
	struct produce *v = arg;
	struct delivery *d = &v->log[v->n_log++ % LOG_ROWS];

	d->partition = got->partition;
	d->offset = got->offset;
	d->failed = got->e != NULL;
	buf_clear(&d->what);
	if (got->e) {
		buf_puts(&d->what, got->e->msg);
		return;
	}
	if (got->key.p) {
		put_shown(&d->what, got->key);
		buf_puts(&d->what, ": ");
	}
	put_shown(&d->what, got->value);
}

/* name=value,… ; values are borrowed from text, names end with a NUL in it. */
static size_t split_headers(char *text, struct produce_header *out)
{
	size_t n = 0;

	for (char *save = NULL, *item = strtok_r(text, ",", &save); item && n < PRODUCE_HEADERS;
		item = strtok_r(NULL, ",", &save)) {
		char *eq = strchr(item, '=');
		if (eq)
			*eq = 0;
		out[n].name = item;
		out[n++].value = eq ? slice_of(eq + 1, strlen(eq + 1)) : SLICE_NULL;
	}
	return n;
}

static bool read_file(struct produce *v, const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	size_t n = 0;

	if (f) {
		n = fread(buf_reserve(out, FILE_MAX + 1), 1, FILE_MAX + 1, f);
		fclose(f);
	}
	if (!f || n > FILE_MAX) {
		view_message(v->ctx, MESSAGE_ERROR, "%s: %s", path,
			f ? "longer than 16 MB" : strerror(errno));
		return false;
	}
	buf_extend(out, n);
	return true;
}

static enum produce_partitioner partitioner_of(struct str text)
{
	return str_eqz(text, "sticky")        ? PRODUCE_STICKY
	       : str_eqz(text, "round robin") ? PRODUCE_ROUND_ROBIN
					      : PRODUCE_BY_KEY;
}

/* Of what the form says now, without the value. */
static struct outgoing *outgoing_new(const struct form *f)
{
	struct outgoing *o = ALLOC(struct outgoing);
	struct str how = form_text(f, "partitioner"), key = form_text(f, "key");

	o->topic = str_dup(form_text(f, "topic"));
	o->header_text = str_dup(form_text(f, "headers"));
	o->acks = str_dup(form_text(f, "acks"));
	o->codec = str_dup(form_text(f, "compression"));
	o->key = str_dup(key);
	o->spec = (struct produce_spec){
		.topic = o->topic,
		.partition =
			str_eqz(how, "partition") ? (int32_t)form_number(f, "partition", 0) : -1,
		.partitioner = partitioner_of(how),
		.key = key.n ? slice_of(o->key, key.n) : SLICE_NULL,
		.headers = o->headers,
		.n_headers = o->header_text ? split_headers(o->header_text, o->headers) : 0,
		.count = form_number(f, "count", 1),
		.rate = (double)form_number(f, "rate", 0),
		.acks = o->acks,
		.compression = o->codec && strcmp(o->codec, "none") != 0 ? o->codec : NULL,
	};
	return o;
}

/* False when its file cannot be read, which was said. */
static bool take_value(struct produce *v, struct outgoing *o)
{
	struct str path = form_text(&v->form, "file");
	char *path_z;
	bool read = true;

	if (form_on(&v->form, "null"))
		return true;
	if (path.n) {
		path_z = str_dup(path);
		read = read_file(v, path_z, &o->value);
		free(path_z);
	} else {
		buf_put_str(&o->value, form_text(&v->form, "value"));
	}
	o->spec.value = slice_of(o->value.p ? o->value.p : (const uint8_t *)"", o->value.n);
	return read;
}

static void send_next(struct produce *v)
{
	struct outgoing *o = take_next(v);

	v->last = (struct produce_report){0};
	v->count = o->spec.count;
	v->job = source_produce(v->ctx->source, &o->spec, on_report, on_delivery, v);
	outgoing_free(o);
}

/* May one more be sent, at once or behind what is being sent? */
static bool may_send(const struct produce *v, struct buf *reason)
{
	if (v->job && !v->count && !v->stopping)
		buf_puts(reason, "still sending: Ctrl-X stops it");
	else if (v->n_queue >= QUEUE_MAX)
		buf_printf(reason, "%zu sends wait already: Ctrl-X drops them", v->n_queue);
	return reason->n == 0;
}

static void enqueue(struct produce *v)
{
	struct outgoing *o = outgoing_new(&v->form);

	if (!take_value(v, o)) {
		outgoing_free(o);
		return;
	}
	list_push_back(&v->queue, &o->node);
	v->n_queue++;
	if (v->job) {
		view_message(v->ctx, MESSAGE_PROGRESS, "still sending: %zu more wait%s for it",
			v->n_queue, v->n_queue == 1 ? "s" : "");
		return;
	}
	v->done = v->failed = 0;
	send_next(v);
}

static void send(struct produce *v)
{
	struct form *f = &v->form;
	int wrong = form_check(f);
	struct buf reason = BUF_EMPTY;

	if (wrong >= 0) {
		f->focus = wrong;
		view_message(v->ctx, MESSAGE_ERROR, "%s: %s", f->fields[wrong].def->label,
			buf_z(&f->fields[wrong].reason));
	} else if (!may_send(v, &reason)) {
		view_message(v->ctx, MESSAGE_ERROR, "%s", buf_z(&reason));
	} else {
		enqueue(v);
	}
	buf_fini(&reason);
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

static void draw_progress(struct produce *v, const struct surface *s)
{
	struct buf text = BUF_EMPTY;

	if (v->count && !v->stopping)
		buf_printf(&text, "%lld of %lld", (long long)v->last.done, (long long)v->count);
	else
		buf_printf(&text, "%lld so far", (long long)v->last.done);
	if (v->n_queue)
		buf_printf(&text, ", %zu more wait%s", v->n_queue, v->n_queue == 1 ? "s" : "");
	view_label(s, 1, 0,
		v->stopping ? "stopping,"
		: v->count  ? "sending"
			    : "sending,",
		STYLE_NORMAL, "%s", buf_z(&text));
	buf_fini(&text);
}

static void draw_delivery(struct delivery *d, const struct surface *s, int y)
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
static void draw_log(struct produce *v, const struct surface *s)
{
	int y = 0;
	size_t room, n;

	if (v->job) {
		draw_progress(v, s);
		y++;
	}
	room = y < s->rows ? (size_t)(s->rows - y) : 0;
	n = min_size(min_size(v->n_log, LOG_ROWS), room);
	for (size_t i = 0; i < n; i++)
		draw_delivery(&v->log[(v->n_log - n + i) % LOG_ROWS], s, y++);
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
	draw_log(v, &log);
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
		stop(v);
	else
		return VIEW_IGNORED;
	return VIEW_HANDLED | VIEW_REDRAW;
}

static bool produce_allowed(void *view, enum action_id id, struct buf *reason)
{
	const struct produce *v = view;

	if (v->picker.open && id != ACTION_ENTER)
		buf_puts(reason, "choose a topic first");
	else if (id == ACTION_SEND_STOP && (!v->job || (v->stopping && !v->n_queue)))
		buf_puts(reason, v->job ? "it stops already" : "nothing is being sent");
	else if (id == ACTION_SEND)
		(void)may_send(v, reason);
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
