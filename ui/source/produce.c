/* Sending records: a producer of its own for each job, paced by a timer, reported as answers come.
 */
#include "source/impl.h"

#include "base/xalloc.h"
#include <stdio.h>

#define STEP_MS     20
#define STEP_MOST   2000 /* records a step when there is no rate */
#define REPORT_MS   50
#define MARK        "{n}"
#define MAX_HEADERS 1000

struct produce_job {
	struct list_node node;
	struct cluster_source *s;
	int64_t id;
	struct producer *producer;
	struct produce_spec spec; /* strings are owned */
	struct traffic_header *headers;
	source_produce_fn *fn;
	source_delivery_fn *each;
	void *arg;
	struct produce_report report;
	struct err err;        /* why records failed */
	struct err trouble;    /* with the cluster, while it lasts */
	struct buf key, value; /* as they went, for `each` */
	struct io_timer timer;
	struct loop_defer tell;
	int64_t begun_ms, told_ms;
	bool over; /* nothing more is sent */
};

static struct slice copy_slice(struct slice v)
{
	return v.p ? slice_of(xmemdup(v.p, v.n), v.n) : v;
}

static void free_slice(struct slice v)
{
	free((void *)(uintptr_t)v.p);
}

static void copy_headers(struct produce_job *j, const struct produce_spec *p)
{
	size_t n = min_size(p->n_headers, MAX_HEADERS);

	j->headers = xcalloc(n + 1, sizeof(*j->headers));
	j->spec.n_headers = n;
	for (size_t i = 0; i < n; i++) {
		j->headers[i].name = str_of(xstrdup(p->headers[i].name));
		j->headers[i].value = copy_slice(p->headers[i].value);
	}
}

static void job_free(struct produce_job *j)
{
	list_remove(&j->node);
	io_timer_stop(&j->timer);
	loop_defer_cancel(&j->tell);
	producer_free(j->producer);
	buf_fini(&j->key);
	buf_fini(&j->value);
	for (size_t i = 0; i < j->spec.n_headers; i++) {
		free((void *)(uintptr_t)j->headers[i].name.p);
		free_slice(j->headers[i].value);
	}
	free(j->headers);
	free((void *)(uintptr_t)j->spec.topic);
	free((void *)(uintptr_t)j->spec.acks);
	free((void *)(uintptr_t)j->spec.compression);
	free_slice(j->spec.key);
	free_slice(j->spec.value);
	free(j);
}

/* Outside of the producer's callbacks: the report, and with the last the end of the job. */
static void tell(void *arg)
{
	struct produce_job *j = arg;
	struct cluster_source *s = j->s;
	struct produce_report r = j->report;
	struct err e = j->err;
	source_produce_fn *fn = j->fn;
	void *fn_arg = j->arg;
	char text[128];

	j->told_ms = now_of(s);
	r.finished = j->over && r.done + r.failed >= r.sent;
	/* Trouble that went by does not spoil what was written after it. */
	if (!e.code && !r.finished)
		e = j->trouble;
	r.e = e.code ? &e : NULL;
	if (r.finished) {
		snprintf(text, sizeof(text), "%lld record%s written", (long long)r.done,
			r.done == 1 ? "" : "s");
		feed_action(s->model, now_of(s), clock_wall_ms(loop_clock(s->loop)),
			&(struct feed_deed){.topic = j->spec.topic, .text = text}, r.e);
		job_free(j);
	}
	if (fn)
		fn(fn_arg, &r);
}

static void tell_soon(struct produce_job *j)
{
	bool end = j->over && j->report.done + j->report.failed >= j->report.sent;

	if (end || now_of(j->s) - j->told_ms >= REPORT_MS)
		loop_defer(j->s->loop, &j->tell, tell, j);
}

/* "{n}" becomes the record's number. */
static struct slice fill_in(
	const struct produce_job *j, struct slice v, int64_t number, struct buf *out)
{
	const uint8_t *at;

	if (!v.p || j->spec.literal || !(at = memmem(v.p, v.n, MARK, strlen(MARK))))
		return v;
	buf_clear(out);
	while (at) {
		size_t n = (size_t)(at - v.p);

		buf_put(out, v.p, n);
		buf_printf(out, "%lld", (long long)number);
		v = slice_of(at + strlen(MARK), v.n - n - strlen(MARK));
		at = memmem(v.p, v.n, MARK, strlen(MARK));
	}
	buf_put(out, v.p, v.n);
	return buf_slice(out);
}

/* One record's fate, with what it was: made again from its number. */
static void tell_each(struct produce_job *j, int64_t number, int32_t partition, int64_t offset,
	const struct err *e)
{
	struct produce_delivery d = {.partition = partition, .offset = offset, .e = e};

	if (!j->each)
		return;
	d.key = fill_in(j, j->spec.key, number, &j->key);
	d.value = fill_in(j, j->spec.value, number, &j->value);
	j->each(j->arg, &d);
}

static void on_delivery(void *arg, const struct producer_delivery *d, size_t n)
{
	struct produce_job *j = arg;

	for (size_t i = 0; i < n; i++) {
		if (d[i].code) {
			j->report.failed++;
			producer_delivery_err(&d[i], &j->err);
		} else {
			j->report.done++;
			j->report.partition = d[i].partition;
			j->report.offset = d[i].offset;
			j->report.latency_us = d[i].latency_us;
			j->trouble.code = 0;
		}
		tell_each(j, (int64_t)(intptr_t)d[i].opaque, d[i].partition, d[i].offset,
			d[i].code ? &j->err : NULL);
	}
	tell_soon(j);
}

static void on_error(void *arg, const struct err *e, bool fatal)
{
	struct produce_job *j = arg;

	if (fatal)
		j->err = *e;
	else
		j->trouble = *e;
	j->over = j->over || fatal;
	tell_soon(j);
}

/* False when it must wait or end. */
static bool send_one(struct produce_job *j)
{
	int64_t number = j->report.sent;
	struct err e = {0};
	struct producer_record r = {.topic = str_of(j->spec.topic),
		.partition = j->spec.partition,
		.headers = j->headers,
		.n_headers = j->spec.n_headers,
		.opaque = (void *)(intptr_t)number};
	int rc;

	r.key = fill_in(j, j->spec.key, number, &j->key);
	r.value = fill_in(j, j->spec.value, number, &j->value);
	rc = producer_send(j->producer, &r, &e);
	if (rc == ERR_FULL)
		return false;
	j->report.sent++;
	if (rc < 0) {
		j->err = e;
		j->report.failed++;
		j->over = true;
		tell_each(j, number, j->spec.partition, -1, &j->err);
	}
	if (j->spec.count && j->report.sent >= j->spec.count)
		j->over = true;
	return !j->over;
}

static int64_t allowed(const struct produce_job *j)
{
	double seconds = (double)(now_of(j->s) - j->begun_ms) / 1000;
	int64_t n = STEP_MOST;

	if (j->spec.rate > 0)
		n = min_i64(n, (int64_t)(seconds * j->spec.rate) + 1 - j->report.sent);
	return n;
}

static void step(void *arg)
{
	struct produce_job *j = arg;

	for (int64_t n = allowed(j); n > 0 && !j->over; n--)
		if (!send_one(j))
			break;
	if (j->over)
		io_timer_stop(&j->timer);
	tell_soon(j);
}

static void start(struct produce_job *j)
{
	static const enum producer_partitioner partitioners[] = {
		PARTITION_MURMUR2, PARTITION_STICKY, PARTITION_ROUND_ROBIN};
	struct producer_options o = {.bootstrap = j->s->bootstrap,
		.partitioner = partitioners[j->spec.partitioner],
		.acks = j->spec.acks,
		.compression = j->spec.compression,
		.linger_ms = j->spec.count == 1 ? 0 : -1,
		.delivery_timeout_ms = 30000,
		.properties = j->s->properties,
		.n_properties = j->s->n_properties,
		.on_delivery = on_delivery,
		.on_error = on_error,
		.arg = j};

	if (j->s->read_only) {
		err_set(&j->err, ERR_DENIED,
			"read-only: this console writes nothing (start it without --read-only)");
	} else {
		j->producer = producer_new(j->s->loop, &o, &j->err);
	}
	if (!j->producer) {
		j->over = true;
		loop_defer(j->s->loop, &j->tell, tell, j);
		return;
	}
	io_timer_start(&j->timer, 0, STEP_MS);
}

int64_t produce_start(struct source *base, const struct produce_spec *p, source_produce_fn *fn,
	source_delivery_fn *each, void *arg)
{
	struct produce_job *j = ALLOC(struct produce_job);

	j->s = source_of(base);
	j->id = j->s->next_id++;
	j->fn = fn;
	j->each = each;
	j->arg = arg;
	j->spec = *p;
	j->spec.topic = xstrdup(p->topic);
	j->spec.acks = p->acks ? xstrdup(p->acks) : NULL;
	j->spec.compression = p->compression ? xstrdup(p->compression) : NULL;
	j->spec.key = copy_slice(p->key);
	j->spec.value = copy_slice(p->value);
	copy_headers(j, p);
	j->report.partition = -1;
	j->report.offset = -1;
	j->begun_ms = now_of(j->s);
	io_timer_init(&j->timer, j->s->loop, step, j);
	list_push_back(&j->s->produces, &j->node);
	start(j);
	return j->id;
}

bool produce_cancel(struct cluster_source *s, int64_t id)
{
	list_foreach (n, &s->produces) {
		struct produce_job *j = CONTAINER_OF(n, struct produce_job, node);

		if (j->id != id)
			continue;
		/* What was sent is still reported; then comes the last report. */
		j->over = true;
		io_timer_stop(&j->timer);
		tell_soon(j);
		return true;
	}
	return false;
}

void produce_forget(struct source *base, int64_t id)
{
	struct cluster_source *s = source_of(base);

	list_foreach (n, &s->produces) {
		struct produce_job *j = CONTAINER_OF(n, struct produce_job, node);

		if (j->id != id)
			continue;
		j->fn = NULL;
		j->each = NULL;
		/* Who leaves right after sending has sent. */
		if (!j->over && !j->report.sent && j->spec.count)
			step(j);
	}
	(void)produce_cancel(s, id);
}

void produce_stop(struct cluster_source *s)
{
	while (!list_empty(&s->produces))
		job_free(CONTAINER_OF(list_first(&s->produces), struct produce_job, node));
}
