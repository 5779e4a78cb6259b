/* Submitting, syncing, applying; how quorum reaches the disk is in metalog_quorum.c. */
#define LOG_MODULE "metalog"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "metalog/priv.h"

#define READ_AT_ONCE ((size_t)1 << 20)

void metalog_fail(struct metalog *m, const char *why)
{
	if (m->failed)
		return;
	m->failed = true;
	snprintf(m->why, sizeof(m->why), "%s", why);
	log_error("%s: %s", METALOG_TOPIC, why);
	metalog_touch(m);
}

/* ---- applying what is committed ---------------------------------------------------------- */

const struct uuid metalog_topic_id = {.b = {[15] = 1}};

static void apply_record(struct metalog *m, const struct record *r, int32_t epoch)
{
	struct metarec rec;
	struct err e = {0};
	int rc = metarec_decode(r->value, &m->arena, &rec);

	if (rc == 0)
		rc = image_apply(&m->image, &rec, r->offset, epoch, &e);
	else
		err_set(&e, rc, "a record that this version does not know");
	if (rc < 0)
		log_error("offset %lld: %s", (long long)r->offset, e.msg);
	arena_reset(&m->arena);
}

static int apply_batch(struct metalog *m, const struct batch_header *h, struct slice batch)
{
	struct record_iter it;
	struct record r;
	int rc;

	if (batch_last_offset(h) < m->applied)
		return 0;
	rc = record_iter_init(&it, h, batch, NULL, READ_AT_ONCE, &m->unpacked);
	while (rc == 0 && (rc = record_next(&it, &r)) == 1) {
		rc = 0;
		if (batch_is_control(h))
			metalog_check_voters(m, &r);
		else if (r.offset >= m->applied)
			apply_record(m, &r, h->leader_epoch);
	}
	return rc;
}

/* One stretch of the log; 0, or an error that the log has. */
static int apply_some(struct metalog *m, int64_t end)
{
	struct plog_read_result got;
	struct batch_iter it;
	struct batch_header h;
	struct slice batch;
	struct chain c;
	int rc;

	chain_init(&c);
	buf_clear(&m->input);
	rc = plog_read(m->log, m->applied, READ_AT_ONCE, end, true, &c, &got);
	if (rc == 0)
		rc = c.n ? chain_flatten(&c, buf_extend(&m->input, c.n)) : ERR_CORRUPT;
	chain_fini(&c);
	batch_iter_init(&it, buf_slice(&m->input), true);
	while (rc == 0) {
		int more = batch_next(&it, &h, &batch);
		if (more == 0 || more == ERR_SHORT)
			break;
		rc = more < 0 ? more : apply_batch(m, &h, batch);
		if (rc == 0)
			m->applied = max_i64(m->applied, batch_next_offset(&h));
	}
	return rc;
}

static void finish_ops(struct metalog *m, int rc)
{
	struct list_node *node;

	while ((node = list_first(&m->ops))) {
		struct metalog_op *op = CONTAINER_OF(node, struct metalog_op, node);
		if (rc == 0 && op->end > m->applied)
			break;
		list_remove(node);
		op->done(op, rc);
	}
}

static void apply(struct metalog *m)
{
	while (m->applied < m->committed) {
		int64_t before = m->applied;
		int rc = apply_some(m, m->committed);
		if (rc < 0 || m->applied == before) {
			metalog_fail(m, "its committed records cannot be read");
			return;
		}
	}
	plog_set_high_watermark(m->log, m->committed);
}

/* ---- syncing ------------------------------------------------------------------------------ */

static void sync_run(struct work *w)
{
	plog_sync_run(&CONTAINER_OF(w, struct metalog_sync, work)->sync);
}

static void sync_done(struct work *w, int status)
{
	struct metalog_sync *s = CONTAINER_OF(w, struct metalog_sync, work);
	struct metalog *m = s->metalog;

	m->syncing = false;
	if (status < 0)
		s->sync.errnum = ECANCELED;
	if (plog_sync_done(&s->sync) < 0) {
		metalog_fail(m, "it cannot be synced");
		return;
	}
	if (m->log->leo > m->log->recovery_point)
		metalog_sync(m);
	quorum_on_log(&m->quorum, m->log->recovery_point, loop_now_ms(m->loop));
	metalog_poke(m);
}

void metalog_sync(struct metalog *m)
{
	int n;

	if (m->syncing || m->failed)
		return;
	n = plog_sync_begin(m->log, false, &m->sync.sync);
	if (n < 0) {
		metalog_fail(m, "it cannot be synced");
		return;
	}
	if (n == 0)
		return;
	m->syncing = true;
	work_submit(m->set.sync, &m->sync.work, sync_run, sync_done);
}

/* ---- appending ---------------------------------------------------------------------------- */

int metalog_append(struct metalog *m, struct slice batch, int32_t epoch)
{
	struct plog_append item = {.leader_epoch = epoch, .coordinator_epoch = -1};

	if (batch_parse(batch, &item.header) < 0)
		return ERR_INVALID;
	/* The builder's memory: stamped in place before it is used again. */
	item.batch = (uint8_t *)(uintptr_t)batch.p;
	plog_append(m->log, &item, 1, PLOG_LEADER);
	if (item.error && m->log->state == PLOG_OPEN)
		return ERR_FULL;
	if (item.error) {
		metalog_fail(m, "it cannot be appended to");
		return ERR_IO;
	}
	metalog_sync(m);
	delay_key_wake(&m->fetches);
	return 0;
}

static int append_records(struct metalog *m, const struct meta_records *records)
{
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	int64_t now = clock_wall_ms(m->clock);
	struct slice batch;
	int rc = 0;

	batch_builder_begin(&m->builder, &opt);
	vec_foreach (r, &records->list) {
		buf_clear(&m->value);
		rc = metarec_encode(r->desc, r->version, r->body, &m->value);
		if (rc == 0)
			rc = batch_builder_add_value(&m->builder, now, buf_slice(&m->value));
		if (rc < 0)
			return rc;
	}
	rc = batch_builder_finish(&m->builder, &batch);
	return rc < 0 ? rc : metalog_append(m, batch, quorum_epoch(&m->quorum));
}

/* The leader's own view takes them at once. */
static void apply_ahead(struct metalog *m, const struct meta_records *records, int64_t offset)
{
	struct err e = {0};

	vec_foreach (r, &records->list)
		if (image_apply(&m->ahead, r, offset++, quorum_epoch(&m->quorum), &e) < 0)
			log_error("a decision that does not fit the image: %s", e.msg);
}

void metalog_submit(struct metalog *m, struct metalog_op *op, struct arena *arena,
	metalog_decide_fn *decide, void *arg)
{
	struct control_result result;
	struct control_env env = {&m->ahead, &m->set.control, &m->rng, arena, m->log->leo};
	int rc;

	if (!metalog_active(m)) {
		op->done(op, m->failed ? ERR_IO : ERR_AGAIN);
		return;
	}
	control_result_init(&result);
	rc = decide(arg, &env, &result);
	if (rc == 0 && result.records.list.n) {
		int64_t base = m->log->leo;
		rc = append_records(m, &result.records);
		if (rc == 0)
			apply_ahead(m, &result.records, base);
		else if (rc == ERR_FULL && m->quorum.set.n_voters > 1)
			metalog_resign(m); /* another voter may have room */
	}
	control_result_fini(&result);
	/* Also a decision without records of its own stands on those before it: a refusal because
	 * of what is lost with this leader would stay with who asked. */
	op->end = m->log->leo;
	if (rc < 0 || op->end <= m->applied)
		op->done(op, rc);
	else
		list_push_back(&m->ops, &op->node);
}

/* ---- quorum's roles ------------------------------------------------------------------------ */

bool metalog_active(const struct metalog *m)
{
	return quorum_leads(&m->quorum) && m->ahead_valid && !m->failed;
}

bool metalog_caught_up(const struct metalog *m)
{
	return m->caught_up;
}

/* A new leader's view: once the first record of its own epoch is committed, all before it is, and
 * nothing of its own lies behind. */
static void lead_if_ready(struct metalog *m)
{
	if (!quorum_leads(&m->quorum)) {
		finish_ops(m, ERR_AGAIN);
		return;
	}
	if (m->ahead_valid || m->committed <= m->quorum.epoch_start)
		return;
	image_fini(&m->ahead);
	image_copy(&m->ahead, &m->image);
	m->ahead_valid = true;
	m->moved = true;
}

static void say_caught_up(struct metalog *m)
{
	bool all = m->ahead_valid || (m->target >= 0 && m->applied >= m->target);

	if (m->caught_up || !all)
		return;
	m->caught_up = true;
	if (m->ev.caught_up)
		m->ev.caught_up(m->ev.arg);
}

static void say_failed(struct metalog *m)
{
	if (m->told_failed)
		return;
	m->told_failed = true;
	finish_ops(m, ERR_IO);
	if (m->ev.failed)
		m->ev.failed(m->ev.arg, m->why);
}

static void tell(void *arg)
{
	struct metalog *m = arg;
	int64_t before = m->applied;
	bool moved;

	if (!m->failed)
		apply(m);
	if (m->failed) {
		say_failed(m);
		return;
	}
	if (m->applied > before && m->ev.applied)
		m->ev.applied(m->ev.arg, m->applied);
	finish_ops(m, 0);
	lead_if_ready(m);
	moved = m->moved;
	m->moved = false;
	if (moved && m->ev.changed)
		m->ev.changed(m->ev.arg);
	say_caught_up(m);
}

void metalog_touch(struct metalog *m)
{
	delay_key_wake(&m->fetches);
	loop_defer(m->loop, &m->later, tell, m);
}

static void tick(void *arg)
{
	struct metalog *m = arg;
	int64_t now = loop_now_ms(m->loop);
	int64_t next = quorum_tick(&m->quorum, now);

	if (next == INT64_MAX)
		io_timer_stop(&m->timer);
	else
		io_timer_start(&m->timer, max_i64(1, next - now), 0);
	if (m->marked && !m->quorum.fresh)
		metalog_unmark(m);
}

void metalog_poke(struct metalog *m)
{
	if (m->started)
		tick(m);
}

void metalog_start(struct metalog *m)
{
	m->started = true;
	quorum_start(&m->quorum, loop_now_ms(m->loop));
	tick(m);
}

struct metalog *metalog_new(struct loop *l, struct store *store, const struct metalog_settings *set,
	const struct metalog_events *ev, struct err *e)
{
	struct metalog *m = ALLOC(struct metalog);

	m->loop = l;
	m->store = store;
	m->clock = store->clock;
	m->set = *set;
	m->ev = *ev;
	m->sync.metalog = m;
	m->target = m->told_epoch = -1;
	delay_key_init(&m->fetches);
	list_init(&m->ops);
	rng_seed(&m->rng, random_u64());
	arena_init(&m->arena, 0);
	image_init(&m->image);
	image_init(&m->ahead);
	batch_builder_init(&m->builder, NULL);
	io_timer_init(&m->timer, l, tick, m);
	if (metalog_open(m, e) < 0) {
		metalog_free(m);
		return NULL;
	}
	m->applied = m->log->log_start;
	return m;
}

void metalog_free(struct metalog *m)
{
	if (!m)
		return;
	finish_ops(m, ERR_CLOSED);
	io_timer_stop(&m->timer);
	loop_defer_cancel(&m->later);
	delay_key_fini(&m->fetches);
	if (m->log && plog_close(m->log) < 0)
		log_error("%s: cannot be synced", METALOG_TOPIC);
	image_fini(&m->image);
	image_fini(&m->ahead);
	batch_builder_fini(&m->builder);
	arena_fini(&m->arena);
	buf_fini(&m->value);
	buf_fini(&m->input);
	buf_fini(&m->unpacked);
	free(m);
}

const struct image *metalog_image(const struct metalog *m)
{
	return &m->image;
}

void metalog_listen(struct metalog *m, const struct image_listener *l)
{
	image_listen(&m->image, l);
}

const struct quorum *metalog_quorum(const struct metalog *m)
{
	return &m->quorum;
}

struct plog *metalog_log(const struct metalog *m)
{
	return m->log;
}

struct control_settings *metalog_control_settings(struct metalog *m)
{
	return &m->set.control;
}
