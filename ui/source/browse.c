/*
 * Browsing records. One job:
 *
 *   STARTING --> READING <--> PAGE
 *                 |  ^ |
 *                 |  | +----> END
 *                 v  |
 *              FOLLOWING          any --> FAILED
 *
 * Where to begin comes from one ListOffsets. Then each partition is fetched from its own offset,
 * one question at a time for all of them; answers go through the window's lanes. An offset moves
 * only when its records are in a lane, so that errors lose nothing.
 */
#include "source/impl.h"

#include "base/xalloc.h"
#include "wire/compress.h"
#include <stdio.h>

#define PAGE_RECORDS 500
#define CATCH_BYTES  (256 << 10)
#define WAIT_MS      500
#define RETRY_MS     1000
#define LANE_MOST    20000 /* records that may wait in a lane for the others */

struct lane {
	int32_t partition;
	int64_t start, next, end;
	bool failed; /* for now: asked again after a pause */
};

struct browse_job {
	struct browse b; /* first */
	struct list_node node;
	struct cluster_source *s;
	struct browse_spec spec;
	char *topic;
	VEC(struct lane) lanes;
	browse_changed_fn *fn;
	void *arg;
	int64_t question;
	size_t budget; /* records until the page is full */
	bool trim;     /* keep the last spec.at once the end is reached */
	struct io_timer retry;
	struct loop_defer tell, go;
	struct compress_ctx *ctx;
};

static void step(struct browse_job *j);

static struct browse_job *job_of(struct browse *b)
{
	return CONTAINER_OF(b, struct browse_job, b);
}

static void tell(void *arg)
{
	struct browse_job *j = arg;

	if (j->fn)
		j->fn(j->arg, &j->b);
}

static void changed(struct browse_job *j)
{
	loop_defer(j->s->loop, &j->tell, tell, j);
}

static void move(struct browse_job *j, enum browse_state to)
{
	if (j->b.state == to)
		return;
	j->b.state = to;
	changed(j);
}

static void say(struct browse_job *j, const char *why)
{
	snprintf(j->b.why, sizeof(j->b.why), "%s", why ? why : "");
	changed(j);
}

static void fail(struct browse_job *j, const char *why)
{
	say(j, why);
	move(j, BROWSE_FAILED);
}

static void go(void *arg)
{
	step(arg);
}

static void go_soon(struct browse_job *j)
{
	loop_defer(j->s->loop, &j->go, go, j);
}

/* ---- where to begin ------------------------------------------------------------------------ */

static int64_t begin_at(const struct browse_job *j, const struct lane *l, int64_t by_time)
{
	switch (j->spec.from) {
	case BROWSE_EARLIEST:
		break;
	case BROWSE_LATEST:
		return l->end;
	case BROWSE_OFFSET:
		return min_i64(max_i64(j->spec.at, l->start), l->end);
	case BROWSE_TIME:
		return by_time < 0 ? l->end : by_time;
	case BROWSE_LAST:
		return max_i64(l->start, l->end - j->spec.at);
	}
	return l->start;
}

static void on_start(
	void *arg, const struct admin_offset *all, size_t n, int32_t broker, size_t left)
{
	struct browse_job *j = arg;
	size_t per = j->spec.from == BROWSE_TIME ? 3 : 2;

	(void)broker;
	if (left)
		return;
	j->question = 0;
	for (size_t i = 0; i + per <= n; i += per) {
		struct lane *l = &j->lanes.v[i / per];
		const struct admin_offset *bad = NULL;

		for (size_t k = 0; k < per; k++)
			if (!all[i + k].answered || all[i + k].error)
				bad = &all[i + k];
		window_lane(&j->b.window, l->partition);
		l->failed = bad != NULL;
		window_lane_idle(&j->b.window, l->partition, bad != NULL);
		if (bad) {
			say(j, bad->why ? bad->why : kerr_text(bad->error));
			continue;
		}
		l->start = all[i].offset;
		l->end = all[i + 1].offset;
		l->next = begin_at(j, l, per == 3 ? all[i + 2].offset : -1);
	}
	/* Partitions whose beginning is not known are left out, and why says so. */
	for (size_t i = j->lanes.n; i-- > 0;)
		if (j->lanes.v[i].failed)
			vec_remove(&j->lanes, i);
	if (!j->lanes.n) {
		move(j, BROWSE_FAILED);
		return;
	}
	j->trim = j->spec.from == BROWSE_LAST;
	move(j, BROWSE_READING);
	go_soon(j);
}

static void ask_start(struct browse_job *j)
{
	VEC(struct admin_offset) ask = {0};

	vec_foreach (l, &j->lanes) {
		struct admin_offset o = {.topic = str_of(j->topic),
			.partition = l->partition,
			.replica = -1,
			.timestamp = ADMIN_EARLIEST};

		vec_push(&ask, o);
		o.timestamp = ADMIN_LATEST;
		vec_push(&ask, o);
		o.timestamp = j->spec.at;
		if (j->spec.from == BROWSE_TIME)
			vec_push(&ask, o);
	}
	j->question = admin_list_offsets(j->s->admin, ask.v, ask.n,
		&(struct admin_offsets_options){.read_committed = j->spec.read_committed}, on_start,
		j);
	vec_fini(&ask);
}

static void on_topic(void *arg, const struct err *e)
{
	struct browse_job *j = arg;
	const struct admin_topic *t = admin_topic_find(j->s->admin, str_of(j->topic));

	j->question = 0;
	if (e) {
		fail(j, e->msg);
		return;
	}
	for (int32_t i = 0; t && i < t->n_partitions; i++)
		if (j->spec.partition < 0 || t->partitions[i].index == j->spec.partition)
			vec_push(&j->lanes, ((struct lane){.partition = t->partitions[i].index}));
	if (!j->lanes.n)
		fail(j, t ? "the topic has no such partition" : "the cluster has no such topic");
	else
		ask_start(j);
}

/* ---- reading ------------------------------------------------------------------------------- */

static struct lane *find_lane(struct browse_job *j, int32_t partition)
{
	vec_foreach (l, &j->lanes)
		if (l->partition == partition)
			return l;
	return NULL;
}

static void take_error(struct browse_job *j, struct lane *l, const struct admin_fetched *got)
{
	if (got->error == KERR_OFFSET_OUT_OF_RANGE) {
		/* Retention was faster, or the log was cut: on where there is something. */
		l->next = got->start_offset > l->next ? got->start_offset : l->end;
		if (got->high_watermark >= 0)
			l->end = got->high_watermark;
		l->next = min_i64(l->next, l->end);
		return;
	}
	l->failed = true;
	say(j, got->why ? got->why : kerr_text(got->error));
}

static int64_t end_of(const struct browse_job *j, const struct admin_fetched *got)
{
	return j->spec.read_committed && got->last_stable_offset >= 0 ? got->last_stable_offset
								      : got->high_watermark;
}

static void take_records(struct browse_job *j, struct lane *l, const struct admin_fetched *got)
{
	struct window_abort *aborted =
		xcalloc((size_t)max_i64(0, got->n_aborted) + 1, sizeof(*aborted));
	int64_t next, end = end_of(j, got);
	size_t taken;
	int rc;

	for (int32_t i = 0; i < got->n_aborted; i++)
		aborted[i] = (struct window_abort){
			got->aborted[i].producer_id, got->aborted[i].first_offset};
	rc = window_put_batches(&j->b.window, l->partition, got->records, l->next,
		j->spec.follow ? -1 : l->end, SIZE_MAX, aborted, (size_t)max_i64(0, got->n_aborted),
		j->ctx, &next, &taken);
	free(aborted);
	if (rc < 0) {
		j->b.skipped++;
		say(j, "a damaged batch was passed over");
	}
	/* Nothing came although there should be: what is left is not for readers. */
	if (next == l->next && !taken)
		next = got->records.n ? next + 1 : max_i64(next, l->end);
	l->next = next;
	l->failed = false;
	if (j->spec.follow && end >= 0)
		l->end = max_i64(l->end, end);
}

static void on_fetch(void *arg, const struct admin_fetched *got, size_t n, size_t left)
{
	struct browse_job *j = arg;

	for (size_t i = 0; i < n; i++) {
		struct lane *l = find_lane(j, got[i].partition);

		if (!l)
			continue;
		if (got[i].error)
			take_error(j, l, &got[i]);
		else
			take_records(j, l, &got[i]);
	}
	if (left)
		return;
	j->question = 0;
	go_soon(j);
}

static bool wants(const struct browse_job *j, const struct lane *l)
{
	return !l->failed && l->next < l->end &&
	       window_lane_pending(&j->b.window, l->partition) < LANE_MOST;
}

/* Everything up to the ends, at once; or, following, whatever comes. True when it was asked. */
static bool ask_fetch(struct browse_job *j, bool wait)
{
	VEC(struct admin_fetch) ask = {0};
	bool any;

	vec_foreach (l, &j->lanes)
		if (wait ? !l->failed : wants(j, l))
			vec_push(&ask, ((struct admin_fetch){.topic = str_of(j->topic),
					       .partition = l->partition,
					       .offset = l->next,
					       .max_bytes = CATCH_BYTES}));
	any = ask.n > 0;
	if (any)
		j->question = admin_fetch(j->s->admin, ask.v, ask.n,
			&(struct admin_fetch_options){.max_wait_ms = wait ? WAIT_MS : 0,
				.min_bytes = 1,
				.read_committed = j->spec.read_committed},
			on_fetch, j);
	vec_fini(&ask);
	return any;
}

static bool any_failed(const struct browse_job *j)
{
	vec_foreach (l, &j->lanes)
		if (l->failed)
			return true;
	return false;
}

/* Lanes into the window, as far as the page goes. */
static void merge(struct browse_job *j)
{
	size_t most = j->spec.follow ? SIZE_MAX : j->budget, n;

	j->b.behind = 0;
	vec_foreach (l, &j->lanes) {
		window_lane_idle(&j->b.window, l->partition, l->failed || l->next >= l->end);
		j->b.behind += max_i64(0, l->end - l->next);
	}
	n = window_merge(&j->b.window, most);
	j->budget -= min_size(j->budget, n);
	j->b.read += (int64_t)n;
	if (n)
		changed(j);
}

static void at_end(struct browse_job *j)
{
	if (j->trim) {
		window_keep_last(&j->b.window, (size_t)max_i64(0, j->spec.at));
		j->trim = false;
	}
	if (!j->spec.follow) {
		move(j, any_failed(j) ? BROWSE_READING : BROWSE_END);
		return;
	}
	move(j, BROWSE_FOLLOWING);
	(void)ask_fetch(j, true);
}

static bool pending(const struct browse_job *j)
{
	vec_foreach (l, &j->lanes)
		if (window_lane_pending(&j->b.window, l->partition))
			return true;
	return false;
}

static void step(struct browse_job *j)
{
	bool open = false;

	if (j->question || j->b.state == BROWSE_FAILED || j->b.state == BROWSE_STARTING)
		return;
	merge(j);
	vec_foreach (l, &j->lanes)
		open = open || wants(j, l);
	if (any_failed(j) && !io_timer_active(&j->retry))
		io_timer_start(&j->retry, RETRY_MS, 0);
	if (!j->spec.follow && !j->trim && j->budget == 0 && (open || pending(j))) {
		move(j, BROWSE_PAGE);
		return;
	}
	if (open) {
		move(j, BROWSE_READING);
		(void)ask_fetch(j, false);
		return;
	}
	at_end(j);
}

static void on_retry(void *arg)
{
	struct browse_job *j = arg;

	vec_foreach (l, &j->lanes)
		l->failed = false;
	say(j, NULL);
	step(j);
}

/* ---- the calls ----------------------------------------------------------------------------- */

static size_t page(const struct browse_job *j)
{
	if (j->spec.from == BROWSE_LAST)
		return SIZE_MAX;
	return j->spec.page ? j->spec.page : PAGE_RECORDS;
}

struct browse *browse_open(
	struct source *base, const struct browse_spec *b, browse_changed_fn *fn, void *arg)
{
	struct browse_job *j = ALLOC(struct browse_job);
	struct str name;

	j->s = source_of(base);
	j->spec = *b;
	j->topic = xstrdup(b->topic);
	j->spec.topic = j->topic;
	j->fn = fn;
	j->arg = arg;
	j->b.behind = -1;
	j->budget = page(j);
	j->ctx = compress_ctx_new();
	window_init(&j->b.window, b->max_records, b->max_bytes);
	io_timer_init(&j->retry, j->s->loop, on_retry, j);
	list_push_back(&j->s->browses, &j->node);
	name = str_of(j->topic);
	j->question = admin_refresh(j->s->admin, &name, 1, 0, on_topic, j);
	return &j->b;
}

void browse_more(struct source *base, struct browse *b)
{
	struct browse_job *j = job_of(b);

	(void)base;
	if (b->state != BROWSE_PAGE)
		return;
	j->budget = page(j);
	move(j, BROWSE_READING);
	go_soon(j);
}

void browse_follow(struct source *base, struct browse *b, bool on)
{
	struct browse_job *j = job_of(b);

	(void)base;
	if (j->spec.follow == on)
		return;
	j->spec.follow = on;
	j->budget = page(j);
	if (!on && j->question && b->state == BROWSE_FOLLOWING) {
		admin_cancel(j->s->admin, j->question);
		j->question = 0;
	}
	go_soon(j);
}

void browse_close(struct source *base, struct browse *b)
{
	struct browse_job *j = job_of(b);

	(void)base;
	if (j->question)
		admin_cancel(j->s->admin, j->question);
	io_timer_stop(&j->retry);
	loop_defer_cancel(&j->tell);
	loop_defer_cancel(&j->go);
	list_remove(&j->node);
	window_fini(&b->window);
	compress_ctx_free(j->ctx);
	vec_fini(&j->lanes);
	free(j->topic);
	free(j);
}

void browse_stop(struct cluster_source *s)
{
	while (!list_empty(&s->browses))
		browse_close(&s->base,
			&CONTAINER_OF(list_first(&s->browses), struct browse_job, node)->b);
}
