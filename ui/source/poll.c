/*
 * The rounds: metadata, then offsets and sizes, one question a broker and kind. A broker that fails
 * is left alone for a growing pause; the others go on.
 */
#include "source/impl.h"

#include "base/xalloc.h"
#include <stdio.h>

void turn_begin(struct cluster_source *s, struct turn *t)
{
	t->busy = true;
	t->asked_ms = now_of(s);
}

void turn_end(struct cluster_source *s, struct turn *t, int64_t interval_ms)
{
	int64_t took = now_of(s) - t->asked_ms;

	t->busy = false;
	t->id = 0;
	t->due_ms = max_i64(t->asked_ms + interval_ms, now_of(s) + 2 * took);
}

void turn_cancel(struct cluster_source *s, struct turn *t)
{
	if (t->busy)
		admin_cancel(s->admin, t->id);
	t->busy = false;
}

static int64_t wall_ms(const struct cluster_source *s)
{
	return clock_wall_ms(loop_clock(s->loop));
}

/* What a console that has just started is doing. */
static void put_progress(struct cluster_source *s, const char *why)
{
	struct progress p = {.step = PROGRESS_CONNECTING};
	const struct cluster *c = model_cluster(s->model);

	if (c->progress.step == PROGRESS_READY)
		return;
	vec_foreach (it, &s->brokers) {
		p.total++;
		p.done += (*it)->answered;
		p.step = PROGRESS_OFFSETS;
	}
	if (p.total && p.done == p.total && faces_heard(s))
		p.step = PROGRESS_READY;
	if (why)
		snprintf(p.why, sizeof(p.why), "%s", why);
	feed_progress(s->model, &p);
}

void poll_publish(struct cluster_source *s)
{
	s->show_ms = 0;
	if (!s->frozen)
		(void)model_publish(s->model, now_of(s), wall_ms(s));
}

void poll_publish_soon(struct cluster_source *s)
{
	if (!s->show_ms)
		s->show_ms = now_of(s) + SHOW_MS;
}

/* ---- metadata ----------------------------------------------------------------------------- */

struct listing {
	struct cluster_source *s;
	const struct admin_metadata *m;
};

static void give_topic(void *arg, size_t i, struct feed_topic *out)
{
	struct listing *g = arg;
	const struct admin_topic *t = g->m->topics[i];

	vec_clear(&g->s->scratch);
	for (int32_t k = 0; k < t->n_partitions; k++) {
		const struct admin_partition *p = &t->partitions[k];

		vec_push(&g->s->scratch, ((struct feed_partition){p->index, p->error, p->leader,
						 p->leader_epoch, p->replicas, p->isr, p->offline,
						 p->n_replicas, p->n_isr, p->n_offline}));
	}
	*out = (struct feed_topic){
		t->name, t->id, t->internal, t->error, g->s->scratch.v, t->n_partitions};
}

struct broker_poll *poll_of(const struct cluster_source *s, int32_t id)
{
	vec_foreach (it, &s->brokers)
		if ((*it)->id == id)
			return *it;
	return NULL;
}

static void free_poll(struct cluster_source *s, struct broker_poll *b)
{
	turn_cancel(s, &b->offsets);
	turn_cancel(s, &b->sizes);
	groups_drop_broker(b);
	free(b->handled);
	free(b);
}

static void drop_polls(struct cluster_source *s)
{
	vec_foreach (it, &s->brokers)
		free_poll(s, *it);
	vec_clear(&s->brokers);
}

/* One poll for each broker that metadata lists. */
static void match_polls(struct cluster_source *s, const struct admin_metadata *m)
{
	struct broker_poll *b;

	vec_foreach (it, &s->brokers)
		(*it)->seen = false;
	for (size_t i = 0; i < m->n_brokers; i++) {
		b = poll_of(s, m->brokers[i].id);
		if (!b) {
			b = ALLOC(struct broker_poll);
			b->s = s;
			b->id = m->brokers[i].id;
			groups_add_broker(b);
			vec_push(&s->brokers, b);
		}
		b->seen = true;
	}
	for (size_t i = s->brokers.n; i-- > 0;) {
		b = s->brokers.v[i];
		if (b->seen)
			continue;
		vec_remove(&s->brokers, i);
		free_poll(s, b);
	}
}

static void take_metadata(struct cluster_source *s)
{
	const struct admin_metadata *m = admin_metadata(s->admin);
	const char *id = m->cluster_id ? m->cluster_id : "";
	struct feed_broker *brokers = xcalloc(m->n_brokers + 1, sizeof(*brokers));
	struct listing g = {s, m};

	/* What another cluster of the same address still answers is not of this one. */
	if (cluster_is_other(model_cluster(s->model)->id, id)) {
		drop_polls(s);
		detail_stop(s);
		groups_forget_known(s);
	}
	for (size_t i = 0; i < m->n_brokers; i++)
		brokers[i] = (struct feed_broker){m->brokers[i].id, str_of(m->brokers[i].host),
			m->brokers[i].port, str_of(m->brokers[i].rack)};
	feed_metadata(s->model, now_of(s),
		&(struct feed_metadata){.cluster_id = str_of(m->cluster_id),
			.controller = m->controller,
			.brokers = brokers,
			.n_brokers = m->n_brokers,
			.n_topics = m->n_topics,
			.topic = give_topic,
			.arg = &g,
			.interval_ms = METADATA_EVERY_MS});
	free(brokers);
	match_polls(s, m);
}

/* Topics came or went: their sizes are not left unknown until the next round. A moment later, as
 * what is new has hardly been written to yet. */
static void sizes_soon(struct broker_poll *b)
{
	int64_t due = b->s->shape_ms + NEW_SIZES_MS;

	if (b->s->shape_ms && b->sizes.asked_ms < due)
		b->sizes.due_ms = min_i64(b->sizes.due_ms, due);
}

/* What is broken changes soon; a cluster whose metadata is big is not asked for it every second. */
static int64_t metadata_every(const struct cluster_source *s)
{
	const struct totals *t = &model_cluster(s->model)->totals;
	bool broken = t->under || t->offline || t->brokers_up < t->brokers;

	return broken && t->partitions <= METADATA_SMALL ? s->interval_ms : METADATA_EVERY_MS;
}

static void on_metadata(void *arg, const struct err *e)
{
	struct cluster_source *s = arg;
	uint64_t shape = model_cluster(s->model)->shape;

	turn_end(s, &s->metadata, metadata_every(s));
	if (e) {
		feed_metadata_failed(s->model, e->code);
		s->metadata.due_ms = now_of(s) + DEAD_PAUSE_MS;
	} else {
		take_metadata(s);
	}
	put_progress(s, e ? e->msg : NULL);
	poll_publish(s);
	if (model_cluster(s->model)->shape != shape) {
		s->shape_ms = now_of(s);
		vec_foreach (it, &s->brokers)
			sizes_soon(*it);
	}
	poll_run(s);
}

void poll_progress(struct cluster_source *s)
{
	put_progress(s, NULL);
}

static void ask_metadata(struct cluster_source *s)
{
	turn_begin(s, &s->metadata);
	s->metadata.id = admin_refresh(s->admin, NULL, 0, QUESTION_MS, on_metadata, s);
}

/* ---- a broker's fate ---------------------------------------------------------------------- */

static void broker_fine(struct broker_poll *b)
{
	struct admin_connection c = {.rtt_us = -1};

	(void)admin_connection(b->s->admin, b->id, &c);
	b->pause_ms = 0;
	b->answered = true;
	feed_broker_state(b->s->model, now_of(b->s), b->id, BROKER_UP, c.rtt_us, NULL);
}

static void broker_failed(struct broker_poll *b, struct turn *t, const char *why)
{
	struct cluster_source *s = b->s;

	b->pause_ms = b->pause_ms ? min_i64(2 * b->pause_ms, DEAD_PAUSE_MAX_MS) : DEAD_PAUSE_MS;
	b->answered = true;
	t->due_ms = now_of(s) + b->pause_ms;
	feed_broker_state(s->model, now_of(s), b->id, BROKER_STALE, -1, why);
	/* Its partitions may have other leaders by now. */
	s->metadata.due_ms = min_i64(s->metadata.due_ms, now_of(s) + 500);
}

/* ---- offsets ------------------------------------------------------------------------------ */

/* Other brokers are about to tell theirs, or the times of unread records are about to come: one
 * snapshot shows them all. */
static bool more_to_come(const struct cluster_source *s)
{
	if (model_cluster(s->model)->progress.step != PROGRESS_READY)
		return false;
	vec_foreach (it, &s->brokers)
		if ((*it)->offsets.busy && now_of(s) - (*it)->offsets.asked_ms < SHOW_MS)
			return true;
	if (s->replicas.busy && now_of(s) - s->replicas.asked_ms < SHOW_MS)
		return true;
	return unread_pending(s);
}

/* One that is new. Returns why the broker is silent; NULL: it answered. */
static const char *take_offset(struct broker_poll *b, const struct admin_offset *o)
{
	struct cluster_source *s = b->s;

	if (is_silent(o->error))
		return o->why ? o->why : "";
	if (o->error)
		s->metadata.due_ms = min_i64(s->metadata.due_ms, now_of(s) + 200);
	/* As of the question: what was committed before lies below it. */
	(void)feed_offset(s->model, b->ends_ms, o->topic, o->partition,
		o->timestamp == ADMIN_EARLIEST ? FEED_START : FEED_END, -1, o->offset, o->error);
	return NULL;
}

static void on_offsets(
	void *arg, const struct admin_offset *all, size_t n, int32_t broker, size_t left)
{
	struct broker_poll *b = arg;
	struct cluster_source *s = b->s;
	const char *silent = NULL;

	(void)broker;
	for (size_t i = 0; i < n; i++) {
		if (!all[i].answered || b->handled[i])
			continue;
		b->handled[i] = true;
		const char *why = take_offset(b, &all[i]);
		silent = why ? why : silent;
	}
	if (left)
		return;
	turn_end(s, &b->offsets, s->interval_ms);
	feed_broker_offsets(s->model, now_of(s), b->id,
		(int32_t)max_i64(s->interval_ms, b->offsets.due_ms - b->offsets.asked_ms),
		silent ? ERR_TIMEOUT : 0);
	if (silent)
		broker_failed(b, &b->offsets, silent);
	else
		broker_fine(b);
	if (b->again && !silent)
		b->offsets.due_ms = now_of(s);
	b->again = false;
	put_progress(s, NULL);
	if (more_to_come(s))
		poll_publish_soon(s);
	else
		poll_publish(s);
	poll_run(s);
}

/* Log starts move seldom: every tenth round, and where they are not known. */
static void ask_offsets(struct broker_poll *b)
{
	struct cluster_source *s = b->s;
	const struct cluster *c = model_cluster(s->model);
	VEC(struct admin_offset) ask = {0};
	bool starts = b->round++ % 10 == 0;

	for (size_t i = 0; i < c->n_topics; i++)
		for (int32_t k = 0; k < c->topics[i]->n_partitions; k++) {
			const struct partition *p = &c->topics[i]->partitions[k];
			struct admin_offset o = {.topic = c->topics[i]->name,
				.partition = p->index,
				.replica = -1,
				.timestamp = ADMIN_LATEST};

			if (p->leader != b->id)
				continue;
			vec_push(&ask, o);
			o.timestamp = ADMIN_EARLIEST;
			if (starts || p->start < 0)
				vec_push(&ask, o);
		}
	turn_begin(s, &b->offsets);
	detail_with_offsets(s);
	b->ends_ms = s->ends_ms = max_i64(now_of(s), s->commits_ms);
	if (ask.n) {
		free(b->handled);
		b->handled = xcalloc(ask.n, sizeof(*b->handled));
		b->offsets.id = admin_list_offsets(s->admin, ask.v, ask.n,
			&(struct admin_offsets_options){.timeout_ms = QUESTION_MS}, on_offsets, b);
	} else {
		turn_end(s, &b->offsets, s->interval_ms);
	}
	vec_fini(&ask);
}

/* ---- sizes -------------------------------------------------------------------------------- */

static void take_log_dir(struct broker_poll *b, const struct describe_log_dirs_response_results *d)
{
	for (int32_t i = 0; i < d->n_topics; i++)
		for (int32_t k = 0; k < d->topics[i].n_partitions; k++) {
			const struct describe_log_dirs_response_partitions *p =
				&d->topics[i].partitions[k];

			if (!p->is_future_key)
				feed_size(b->s->model, b->id, d->topics[i].name, p->partition_index,
					p->partition_size);
		}
}

static void take_sizes(struct broker_poll *b, const struct describe_log_dirs_response *r)
{
	int64_t total = -1, left = -1, now = now_of(b->s);
	int16_t bad = r->error_code;

	for (int32_t i = 0; i < r->n_results && !bad; i++)
		bad = r->results[i].error_code;
	if (bad) {
		struct err e = {0};

		admin_kerr(&e, bad, STR_NULL, "log folders");
		feed_sizes_failed(b->s->model, b->id, SIZES_EVERY_MS, e.code, bad);
		return;
	}
	feed_sizes_begin(b->s->model, b->id);
	for (int32_t i = 0; i < r->n_results; i++) {
		const struct describe_log_dirs_response_results *d = &r->results[i];

		take_log_dir(b, d);
		if (d->total_bytes >= 0)
			total = max_i64(0, total) + d->total_bytes;
		if (d->usable_bytes >= 0)
			left = max_i64(0, left) + d->usable_bytes;
	}
	feed_sizes_end(b->s->model, now, b->id, total, left, SIZES_EVERY_MS);
}

static void on_sizes(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct broker_poll *b = arg;
	struct cluster_source *s = b->s;

	(void)version;
	(void)arena;
	turn_end(s, &b->sizes, SIZES_EVERY_MS);
	sizes_soon(b);
	if (!e) {
		take_sizes(b, response);
		broker_fine(b);
	} else {
		feed_sizes_failed(s->model, b->id, SIZES_EVERY_MS, e->code, 0);
		if (e->code == ERR_UNSUPPORTED || e->code == ERR_DENIED)
			broker_fine(b);
		else
			broker_failed(b, &b->sizes, e->msg);
	}
	put_progress(s, NULL);
	poll_publish(s);
	poll_run(s);
}

static void ask_sizes(struct broker_poll *b)
{
	struct describe_log_dirs_request r;

	msg_init(&describe_log_dirs_request_desc, &r);
	r.topics = NULL;
	r.n_topics = -1;
	turn_begin(b->s, &b->sizes);
	b->sizes.id = admin_call(b->s->admin, API_DESCRIBE_LOG_DIRS, &r,
		&(struct admin_target){.to = ADMIN_BROKER, .broker = b->id}, QUESTION_MS, on_sizes,
		b);
}

/* A first round waits for nobody: its figures are what a screen begins with. */
static void run_offsets(struct broker_poll *b, int64_t *next)
{
	struct cluster_source *s = b->s;
	bool due = b->offsets.due_ms <= now_of(s);

	if (b->offsets.busy)
		return;
	if (due && b->offsets.asked_ms && groups_hold_ends(s)) {
		*next = min_i64(*next, groups_hold_ends(s));
		return;
	}
	if (due)
		ask_offsets(b);
	if (!b->offsets.busy)
		*next = min_i64(*next, b->offsets.due_ms);
}

/* ---- rounds ------------------------------------------------------------------------------- */

static void run_sizes(struct broker_poll *b, int64_t *next)
{
	if (!b->sizes.busy && b->sizes.due_ms <= now_of(b->s))
		ask_sizes(b);
	if (!b->sizes.busy)
		*next = min_i64(*next, b->sizes.due_ms);
}

void poll_run(struct cluster_source *s)
{
	int64_t next = now_of(s) + 1000;

	if (s->hidden)
		return;
	if (!s->metadata.busy && s->metadata.due_ms <= now_of(s))
		ask_metadata(s);
	if (!s->metadata.busy)
		next = min_i64(next, s->metadata.due_ms);
	next = min_i64(next, here_run(s));
	next = min_i64(next, faces_run(s));
	next = min_i64(next, groups_run(s));
	vec_foreach (it, &s->brokers) {
		run_offsets(*it, &next);
		run_sizes(*it, &next);
	}
	unread_run(s);
	next = min_i64(next, detail_run(s));
	if (s->show_ms && s->show_ms <= now_of(s))
		poll_publish(s);
	if (s->show_ms)
		next = min_i64(next, s->show_ms);
	io_timer_start(&s->timer, max_i64(1, next - now_of(s)), 0);
}

void poll_now(struct cluster_source *s)
{
	s->metadata.due_ms = s->configs.due_ms = s->detail.due_ms = s->replicas.due_ms = 0;
	s->configs_retry_ms = 0;
	groups_now(s);
	vec_foreach (it, &s->brokers) {
		(*it)->offsets.due_ms = (*it)->sizes.due_ms = 0;
		(*it)->round = 0;
	}
	poll_run(s);
}

void poll_stop(struct cluster_source *s)
{
	turn_cancel(s, &s->metadata);
	drop_polls(s);
	vec_fini(&s->brokers);
	groups_forget_known(s);
	unread_fini(s);
	vec_fini(&s->groups);
	map_fini(&s->group_by_name);
}
