/*
 * A lab member that writes: so many records a second, with so many different keys, of which the
 * first may be hotter than the others: then its partition gets most of the work.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "io/loop.h"
#include "lab/child.h"
#include "traffic/producer.h"

#define TICK_MS  20
#define TELL_MS  100
#define LEAVE_MS 3000

struct lab_producer {
	struct lab_child *c;
	struct producer *p;
	struct io_timer tick, tell;
	struct rng rng;
	struct buf value;
	int64_t due; /* thousandths of a record */
	int64_t last_ms;
	int64_t n, done, failed, told_done, told_failed;
	bool paused, stopping, full;
};

static void tell(void *arg)
{
	struct lab_producer *w = arg;

	if (child_is_choked(w->c))
		return;
	if (w->told_done != w->done)
		child_say(w->c, PROTO_DONE, w->told_done = w->done);
	if (w->told_failed != w->failed)
		child_say(w->c, PROTO_FAILED, w->told_failed = w->failed);
	child_flush(w->c);
}

/* {"member":"lab-1","n":17,"fill":"…"}, of just so many bytes where that is enough. */
static void make_value(struct lab_producer *w)
{
	const struct lab_spec *s = &w->c->spec;
	size_t size = (size_t)s->size;

	buf_clear(&w->value);
	buf_printf(&w->value, "{\"member\":\"%s\",\"n\":%lld}", s->name, (long long)w->n);
	if (w->value.n + 10 <= size) {
		buf_cut(&w->value, w->value.n - 1);
		buf_puts(&w->value, ",\"fill\":\"");
		buf_fill(&w->value, '.', size - w->value.n - 2);
		buf_puts(&w->value, "\"}");
	}
}

static struct str make_key(struct lab_producer *w, char room[static 24])
{
	const struct lab_spec *s = &w->c->spec;
	uint64_t n;

	if (!s->keys)
		return STR_NULL;
	n = (int32_t)rng_below(&w->rng, 100) < s->hot_percent
		    ? 0
		    : rng_below(&w->rng, (uint64_t)s->keys);
	snprintf(room, 24, "key-%llu", (unsigned long long)n + 1);
	return str_of(room);
}

/* False: there is no room. */
static bool send_one(struct lab_producer *w)
{
	char room[24];
	struct producer_record r = {.topic = str_of(w->c->spec.topic),
		.partition = -1,
		.key = slice_str(make_key(w, room))};
	struct err e = {0};
	int rc;

	make_value(w);
	r.value = buf_slice(&w->value);
	rc = producer_send(w->p, &r, &e);
	if (rc == ERR_FULL)
		return false;
	w->n++;
	if (rc < 0) {
		w->failed++;
		child_trouble(w->c, e.msg);
	}
	return true;
}

/* What was due while there was no room is not made up for. */
static void on_tick(void *arg)
{
	struct lab_producer *w = arg;
	int64_t now = loop_now_ms(w->c->loop);

	w->due += (now - w->last_ms) * w->c->spec.rate;
	w->last_ms = now;
	if (w->due > 1000 * (int64_t)w->c->spec.rate)
		w->due = 1000 * (int64_t)w->c->spec.rate;
	for (; w->due >= 1000; w->due -= 1000)
		if (!send_one(w))
			w->due = 0;
}

static void on_delivery(void *arg, const struct producer_delivery *d, size_t n)
{
	struct lab_producer *w = arg;
	struct err e = {0};

	for (size_t i = 0; i < n; i++) {
		if (d[i].code) {
			w->failed++;
			(void)!producer_delivery_err(&d[i], &e);
		} else {
			w->done++;
		}
	}
	child_trouble(w->c, e.msg);
}

static void on_error(void *arg, const struct err *e, bool fatal)
{
	struct lab_producer *w = arg;

	if (fatal)
		child_give_up(w->c, e->msg);
	else
		child_trouble(w->c, e->msg);
}

static void run_ticks(struct lab_producer *w, bool on)
{
	io_timer_stop(&w->tick);
	w->due = 0;
	w->last_ms = loop_now_ms(w->c->loop);
	if (on)
		io_timer_start(&w->tick, TICK_MS, TICK_MS);
}

static void *begin(struct lab_child *c, struct err *e)
{
	struct lab_producer *w = ALLOC(struct lab_producer);
	struct producer_options o = {.bootstrap = c->bootstrap,
		.client_id = c->spec.name,
		.linger_ms = -1,
		.properties = c->properties.v,
		.n_properties = c->properties.n,
		.on_delivery = on_delivery,
		.on_error = on_error,
		.arg = w};

	w->c = c;
	rng_seed(&w->rng, random_u64());
	io_timer_init(&w->tick, c->loop, on_tick, w);
	io_timer_init(&w->tell, c->loop, tell, w);
	w->p = producer_new(c->loop, &o, e);
	if (!w->p) {
		free(w);
		return NULL;
	}
	run_ticks(w, true);
	io_timer_start(&w->tell, TELL_MS, TELL_MS);
	return w;
}

static void edit(void *role)
{
	(void)role; /* each record looks at what is set */
}

static void pause_it(void *role, bool on)
{
	struct lab_producer *w = role;

	w->paused = on;
	run_ticks(w, !on && !w->stopping);
}

static void flushed(void *arg, size_t left)
{
	struct lab_producer *w = arg;

	(void)left;
	tell(w);
	child_finish(w->c);
}

static void stop(void *role)
{
	struct lab_producer *w = role;

	if (w->stopping)
		return;
	w->stopping = true;
	run_ticks(w, false);
	producer_flush(w->p, LEAVE_MS, flushed, w);
}

static void end(void *role)
{
	struct lab_producer *w = role;

	io_timer_stop(&w->tick);
	io_timer_stop(&w->tell);
	producer_free(w->p);
	buf_fini(&w->value);
	free(w);
}

const struct lab_role lab_producer_role = {begin, edit, pause_it, stop, end};
