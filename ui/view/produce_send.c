/* See produce_send.h. */
#include "view/produce_send.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "base/xalloc.h"
#include "view/produce_fields.h"

#define FILE_MAX    ((size_t)16 << 20)
#define SHOWN_BYTES 96 /* of a key and of a value, beside its place */
#define QUEUE_MAX   32 /* sends that wait for the one before */

/* One Ctrl-S: what the form said then. */
struct outgoing {
	struct list_node node;
	struct produce_spec spec; /* into what follows */
	char *topic, *acks, *codec, *header_text, *key;
	struct buf value;
	struct produce_header headers[PRODUCE_HEADERS];
};

/* ---- what the form says ---------------------------------------------------------------------- */

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

static bool read_file(struct view_ctx *ctx, const char *path, struct buf *out)
{
	FILE *f = fopen(path, "re");
	size_t n = 0;

	if (f) {
		n = fread(buf_reserve(out, FILE_MAX + 1), 1, FILE_MAX + 1, f);
		fclose(f);
	}
	if (!f || n > FILE_MAX) {
		view_message(ctx, MESSAGE_ERROR, "%s: %s", path,
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
static bool take_value(struct view_ctx *ctx, const struct form *f, struct outgoing *o)
{
	struct str path = form_text(f, "file");
	char *path_z;
	bool read = true;

	if (form_on(f, "null"))
		return true;
	if (path.n) {
		path_z = str_dup(path);
		read = read_file(ctx, path_z, &o->value);
		free(path_z);
	} else {
		buf_put_str(&o->value, form_text(f, "value"));
	}
	o->spec.value = slice_of(o->value.p ? o->value.p : (const uint8_t *)"", o->value.n);
	return read;
}

/* ---- what is told of it ---------------------------------------------------------------------- */

static void send_next(struct sending *s);

static void finished(struct sending *s, const struct produce_report *r)
{
	s->job = 0;
	s->stopping = false;
	s->done += r->done;
	s->failed += r->failed;
	s->last = (struct produce_report){0};
	if (s->n_queue)
		send_next(s);
	else if (!r->e)
		view_message(s->ctx, MESSAGE_OK, "%lld sent, %lld failed", (long long)s->done,
			(long long)s->failed);
}

static void on_report(void *arg, const struct produce_report *r)
{
	struct sending *s = arg;

	s->last = *r;
	s->last.e = NULL;
	if (r->e)
		view_message(s->ctx, MESSAGE_ERROR, "%s", r->e->msg);
	if (r->finished)
		finished(s, r);
	view_redraw(s->ctx);
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
	struct sending *s = arg;
	struct sent *d = &s->log[s->n_log++ % SENT_ROWS];

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

/* ---- one after the other --------------------------------------------------------------------- */

static struct outgoing *take_next(struct sending *s)
{
	struct list_node *n = list_first(&s->queue);

	list_remove(n);
	s->n_queue--;
	return CONTAINER_OF(n, struct outgoing, node);
}

/* How many were waiting. */
static size_t drop_queue(struct sending *s)
{
	size_t n = s->n_queue;

	while (s->n_queue)
		outgoing_free(take_next(s));
	return n;
}

static void send_next(struct sending *s)
{
	struct outgoing *o = take_next(s);

	s->last = (struct produce_report){0};
	s->count = o->spec.count;
	s->job = source_produce(s->ctx->source, &o->spec, on_report, on_delivery, s);
	outgoing_free(o);
}

bool sending_allowed(const struct sending *s, struct buf *reason)
{
	if (s->job && !s->count && !s->stopping)
		buf_puts(reason, "still sending: Ctrl-X stops it");
	else if (s->n_queue >= QUEUE_MAX)
		buf_printf(reason, "%zu sends wait already: Ctrl-X drops them", s->n_queue);
	return reason->n == 0;
}

void sending_add(struct sending *s, const struct form *f)
{
	struct outgoing *o = outgoing_new(f);

	if (!take_value(s->ctx, f, o)) {
		outgoing_free(o);
		return;
	}
	list_push_back(&s->queue, &o->node);
	s->n_queue++;
	if (s->job) {
		view_message(s->ctx, MESSAGE_PROGRESS, "still sending: %zu more wait%s for it",
			s->n_queue, s->n_queue == 1 ? "s" : "");
		return;
	}
	s->done = s->failed = 0;
	send_next(s);
}

bool sending_stoppable(const struct sending *s, struct buf *reason)
{
	if (!s->job || (s->stopping && !s->n_queue))
		buf_puts(reason, s->job ? "it stops already" : "nothing is being sent");
	return reason->n == 0;
}

void sending_stop(struct sending *s)
{
	size_t dropped = drop_queue(s);

	if (dropped)
		view_message(s->ctx, MESSAGE_OK, "stopped: %zu more that waited %s not sent",
			dropped, dropped == 1 ? "is" : "are");
	if (s->job)
		source_cancel(s->ctx->source, s->job);
	s->stopping = s->job != 0;
}

void sending_init(struct sending *s, struct view_ctx *ctx)
{
	*s = (struct sending){.ctx = ctx};
	list_init(&s->queue);
}

static void leave_job(struct sending *s)
{
	size_t dropped = drop_queue(s);
	long long done = (long long)(s->done + s->last.done);

	if (!s->job)
		return;
	source_produce_forget(s->ctx->source, s->job);
	s->job = 0;
	if (dropped)
		view_message(s->ctx, MESSAGE_OK,
			"sending stopped after %lld record%s; %zu more that waited %s dropped",
			done, done == 1 ? "" : "s", dropped, dropped == 1 ? "was" : "were");
	else
		view_message(s->ctx, MESSAGE_OK,
			"sending stopped after %lld record%s; E tells how the last ones went", done,
			done == 1 ? "" : "s");
}

void sending_fini(struct sending *s)
{
	leave_job(s);
	for (size_t i = 0; i < SENT_ROWS; i++)
		buf_fini(&s->log[i].what);
}
