/*
 * Screen 6: writing records. A form; under it which partition the key goes to, worked out, and
 * where each record went.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/murmur2.h"
#include "base/xalloc.h"
#include "view/picker.h"

#define LOG_ROWS    64
#define FILE_MAX    ((size_t)16 << 20)
#define HEADERS_MAX 32
/* The places stand beside the form where there is room, else under it. */
#define BESIDE_COLS 76
#define LOG_COLS    30
#define FORM_EXTRA  8 /* rows: title, help, the value's four lines */

struct delivery {
	int32_t partition;
	int64_t offset;
	char why[400];
};

struct produce {
	struct view_ctx *ctx;
	struct picker picker; /* open while there is no topic */
	struct form form;
	int64_t job; /* of the source, 0: none */
	struct produce_report last;
	struct delivery log[LOG_ROWS]; /* ring */
	size_t n_log;
};

static const char *const partitioners[] = {"by key", "sticky", "round robin", "partition", NULL};
static const char *const acks[] = {"all", "1", "0", NULL};
static const char *const codecs[] = {"none", "gzip", "snappy", "lz4", "zstd", NULL};

/* ---- what is wrong with a field -------------------------------------------------------------- */

static const struct topic *topic_of(const struct produce *v, const struct form *f)
{
	return cluster_topic(view_cluster(v->ctx), form_text(f, "topic"));
}

static bool check_topic(void *arg, const struct form *f, int field, struct buf *reason)
{
	const struct produce *v = arg;

	(void)field;
	if (topic_of(v, f) || view_cluster(v->ctx)->progress.step < PROGRESS_OFFSETS)
		return true;
	buf_puts(reason, "the cluster has no such topic: n on screen 3 creates one");
	return false;
}

/* Each one "name=value"; a name alone has the value null. */
static bool check_headers(void *arg, const struct form *f, int field, struct buf *reason)
{
	struct str text = edit_get(&f->fields[field].edit);
	size_t n = 0;

	(void)arg;
	while (text.n) {
		const char *comma = memchr(text.p, ',', text.n);
		size_t len = comma ? (size_t)(comma - text.p) : text.n;
		if (!len || text.p[0] == '=' || ++n > HEADERS_MAX) {
			buf_printf(reason, "name=value, several separated by commas, at most %d",
				HEADERS_MAX);
			return false;
		}
		text = (struct str){text.p + len + (comma != NULL), text.n - len - (comma != NULL)};
	}
	return true;
}

static bool check_partition(void *arg, const struct form *f, int field, struct buf *reason)
{
	const struct topic *t = topic_of(arg, f);
	int64_t n = form_number(f, "partition", -1);

	(void)field;
	if (!str_eqz(form_text(f, "partitioner"), "partition") || !t || n < 0 ||
		(n <= INT32_MAX && topic_partition(t, (int32_t)n)))
		return true;
	buf_printf(reason, "%s has the partitions 0 to %d", t->name_z, t->n_partitions - 1);
	return false;
}

static bool check_file(void *arg, const struct form *f, int field, struct buf *reason)
{
	char *path = str_dup(edit_get(&f->fields[field].edit));
	bool fine = !path || !*path || access(path, R_OK) == 0;

	(void)arg;
	if (!fine)
		buf_printf(reason, "%s: %s", path, strerror(errno));
	free(path);
	return fine;
}

static const struct field_def fields[] = {
	{.name = "topic",
		.label = "Topic",
		.type = FIELD_TEXT,
		.help = "Where the records go. Enter or Ctrl-S sends.",
		.required = true,
		.max_bytes = 249,
		.check = check_topic},
	{.name = "key",
		.label = "Key",
		.type = FIELD_TEXT,
		.help = "Records with the same key go to the same partition. Empty: no key.",
		.max_bytes = 65536},
	{.name = "value",
		.label = "Value",
		.type = FIELD_LINES,
		.help = "Alt-Enter breaks a line; {n} becomes the record's number.",
		.max_bytes = 1 << 20},
	{.name = "null",
		.label = "Null value",
		.type = FIELD_TOGGLE,
		.help = "No value at all: in a compacted topic this deletes the key."},
	{.name = "headers",
		.label = "Headers",
		.type = FIELD_TEXT,
		.help = "name=value, several separated by commas",
		.check = check_headers},
	{.name = "partitioner",
		.label = "Partitioner",
		.type = FIELD_CHOICE,
		.choices = partitioners,
		.help = "Who chooses the partition; left and right change it."},
	{.name = "partition",
		.label = "Partition",
		.type = FIELD_NUMBER,
		.help = "Used when the partitioner is: partition",
		.initial = "0",
		.min = 0,
		.max = 1000000,
		.check = check_partition},
	{.name = "count",
		.label = "Count",
		.type = FIELD_NUMBER,
		.help = "How many records; 0: until Ctrl-X stops them.",
		.initial = "1",
		.min = 0,
		.max = 1000000000},
	{.name = "rate",
		.label = "Rate",
		.type = FIELD_NUMBER,
		.help = "Records a second; 0: as fast as they go.",
		.initial = "0",
		.min = 0,
		.max = 10000000},
	{.name = "acks",
		.label = "Acks",
		.type = FIELD_CHOICE,
		.choices = acks,
		.help = "all: when every in-sync replica has it; 1: the leader; 0: nobody "
			"answers."},
	{.name = "compression", .label = "Compression", .type = FIELD_CHOICE, .choices = codecs},
	{.name = "file",
		.label = "Value from file",
		.type = FIELD_TEXT,
		.help = "A path; its bytes are the value of each record.",
		.check = check_file},
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
	if ((!arg || !*arg) && only)
		arg = only->name_z;
	if ((!arg || !*arg) && !picker_open(&v->picker, ctx, "Write into which topic?", e)) {
		free(v);
		return NULL;
	}
	form_init(&v->form, "produce", fields, ARRAY_LEN(fields), v);
	if (arg && *arg)
		begin(v, arg);
	return v;
}

static void stop(struct produce *v)
{
	if (v->job)
		source_cancel(v->ctx->source, v->job);
	v->job = 0;
}

static void produce_close(void *view)
{
	struct produce *v = view;

	/* Sending has its place on this screen: it ends with it, and that is said. */
	if (v->job)
		view_message(v->ctx, MESSAGE_OK, "sending stopped after %lld records",
			(long long)v->last.done);
	stop(v);
	picker_close(&v->picker);
	form_fini(&v->form);
	free(v);
}

/* ---- sending -------------------------------------------------------------------------------- */

static void on_report(void *arg, const struct produce_report *r)
{
	struct produce *v = arg;

	v->last = *r;
	v->last.e = NULL;
	if (r->finished)
		v->job = 0;
	if (r->e)
		view_message(v->ctx, MESSAGE_ERROR, "%s", r->e->msg);
	else if (r->finished)
		view_message(v->ctx, MESSAGE_OK, "%lld sent, %lld failed", (long long)r->done,
			(long long)r->failed);
	view_redraw(v->ctx);
}

static void on_delivery(void *arg, int32_t partition, int64_t offset, const struct err *e)
{
	struct produce *v = arg;
	struct delivery *d = &v->log[v->n_log++ % LOG_ROWS];

	*d = (struct delivery){.partition = partition, .offset = offset};
	if (e)
		snprintf(d->why, sizeof(d->why), "%s", e->msg);
}

/* name=value,… ; values are borrowed from text, names end with a NUL in it. */
static size_t split_headers(char *text, struct produce_header *out)
{
	size_t n = 0;

	for (char *save = NULL, *item = strtok_r(text, ",", &save); item && n < HEADERS_MAX;
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

static void send_spec(struct produce *v, struct slice value)
{
	struct form *f = &v->form;
	struct produce_header headers[HEADERS_MAX];
	struct str how = form_text(f, "partitioner");
	struct str key = form_text(f, "key");
	char *topic = str_dup(form_text(f, "topic"));
	char *header_text = str_dup(form_text(f, "headers"));
	char *ack = str_dup(form_text(f, "acks"));
	char *codec = str_dup(form_text(f, "compression"));
	struct produce_spec spec = {
		.topic = topic,
		.partition =
			str_eqz(how, "partition") ? (int32_t)form_number(f, "partition", 0) : -1,
		.partitioner = partitioner_of(how),
		.key = key.n ? slice_str(key) : SLICE_NULL,
		.value = value,
		.headers = headers,
		.n_headers = header_text ? split_headers(header_text, headers) : 0,
		.count = form_number(f, "count", 1),
		.rate = (double)form_number(f, "rate", 0),
		.acks = ack,
		.compression = codec && strcmp(codec, "none") != 0 ? codec : NULL,
	};

	v->job = source_produce(v->ctx->source, &spec, on_report, on_delivery, v);
	free(topic);
	free(header_text);
	free(ack);
	free(codec);
}

static void send(struct produce *v)
{
	struct form *f = &v->form;
	int wrong = form_check(f);
	struct str path = form_text(f, "file");
	struct str text = form_text(f, "value");
	struct buf bytes = BUF_EMPTY;
	char *path_z;

	if (wrong >= 0) {
		f->focus = wrong;
		view_message(v->ctx, MESSAGE_ERROR, "%s: %s", f->fields[wrong].def->label,
			buf_z(&f->fields[wrong].reason));
		return;
	}
	if (v->job) {
		view_message(v->ctx, MESSAGE_ERROR, "still sending: Ctrl-X stops it");
		return;
	}
	if (form_on(f, "null")) {
		send_spec(v, SLICE_NULL);
	} else if (path.n) {
		path_z = str_dup(path);
		if (read_file(v, path_z, &bytes))
			send_spec(v, slice_of(bytes.p ? bytes.p : (const uint8_t *)"", bytes.n));
		free(path_z);
	} else {
		send_spec(v, slice_of(text.p ? text.p : "", text.n));
	}
	buf_fini(&bytes);
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
	if (!str_eqz(how, "by key"))
		return;
	if (!key.n) {
		surface_puts(s, 1, y, STYLE_DIM,
			"no key: records stay on one partition for a while, then on another "
			"(sticky)");
		return;
	}
	hash = murmur2(slice_str(key));
	surface_printf(s, 1, y, STYLE_NORMAL,
		"to partition %d: murmur2(key) = 0x%08x, & 0x7fffffff = %u, mod %d",
		murmur2_partition(slice_str(key), t->n_partitions), hash, hash & 0x7fffffff,
		t->n_partitions);
}

/* Where each record went, the newest at the bottom. */
static void draw_log(struct produce *v, const struct surface *s)
{
	int y = 0;
	size_t room, n;

	if (v->job)
		view_label(s, 1, y++, "sending", STYLE_NORMAL, "%lld of %lld",
			(long long)v->last.done, (long long)form_number(&v->form, "count", 0));
	room = y < s->rows ? (size_t)(s->rows - y) : 0;
	n = min_size(min_size(v->n_log, LOG_ROWS), room);

	for (size_t i = 0; i < n; i++) {
		const struct delivery *d = &v->log[(v->n_log - n + i) % LOG_ROWS];
		if (d->why[0])
			view_label(s, 1, y++, "✗", STYLE_ERROR, "%s", d->why);
		else
			view_label(s, 1, y++, "●", STYLE_NORMAL, "partition %d   offset %lld",
				d->partition, (long long)d->offset);
	}
}

static void produce_draw(void *view, const struct surface *s)
{
	struct produce *v = view;
	bool beside = s->cols >= BESIDE_COLS;
	int cols = beside ? s->cols - LOG_COLS : s->cols;
	int high = (int)ARRAY_LEN(fields) + FORM_EXTRA;
	int room = beside ? s->rows - 2 : s->rows - 4;
	int rows = high < room ? high : room;
	struct surface form = surface_sub(s, 0, 0, cols, rows);
	struct surface log = beside ? surface_sub(s, cols, 0, LOG_COLS, s->rows - 2)
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
	else if (id == ACTION_SEND_STOP && !v->job)
		buf_puts(reason, "nothing is being sent");
	else if (id == ACTION_SEND && v->job)
		buf_puts(reason, "still sending: Ctrl-X stops it");
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
