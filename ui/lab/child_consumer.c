/*
 * A lab member that reads. It works as a program of one's own does: takes a batch, spends its time
 * on each record of it, commits before or after that, takes the next.
 *
 *        +------------------------------------------------+
 *        v                                                |
 *      WAITING --records--> (commit first) --> WORKING --done--> (commit) --+
 *                             until answered    a timer, slice by slice
 *
 * A batch is about a second of work, so that a rebalance never waits long: partitions are handed
 * over between two batches, with what is processed committed. Everything that comes next is decided
 * in one place, step().
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "io/loop.h"
#include "lab/child.h"
#include "traffic/member.h"

#define BATCH_MAX       500
#define BATCH_MS        1000
#define SLICE_MS        20
#define COMMIT_GAP_MS   500 /* between two commits after processing */
#define COMMIT_AGAIN_MS 200
#define LEAVE_MS        5000
#define LOOK_MS         500
static_assert(
	LAB_MAX_POLL_MS > LAB_PROCESS_MAX_MS, "a slow record must not have its reader put out");

struct part {
	const char *topic;
	int32_t partition;
	int64_t next;     /* to process; -1: nothing was yet */
	int64_t promised; /* the highest commit that was asked for, -1 */
	bool unbegun;     /* nothing was committed: its first offset is to be told */
	bool fresh;       /* next has moved since it was told */
	bool uncommitted; /* next has moved since it was committed */
};

struct lab_consumer {
	struct lab_child *c;
	struct member *m;
	VEC(struct part) parts;
	struct member_record hand[BATCH_MAX]; /* [at, n) are to be processed */
	size_t at, n;
	int64_t each_us, next_us; /* what a record takes; when the next is through */
	bool allowed;             /* the batch in hand may be processed */
	bool committing, committing_hand;
	int64_t commit_ms; /* the last one was begun */
	bool paused, stopping, revoking, out;
	struct {
		char topic[LAB_TOPIC_MAX + 1];
		int32_t partition;
	} * going; /* what is being revoked */
	size_t n_going;
	int64_t done, told_done;
	struct io_timer work, again, look, late;
	struct loop_defer leave;
};

static void step(struct lab_consumer *w);

/* ---- partitions -------------------------------------------------------------------------------
 */

static struct part *find(struct lab_consumer *w, const char *topic, int32_t partition)
{
	vec_foreach (p, &w->parts)
		if (p->partition == partition && strcmp(p->topic, topic) == 0)
			return p;
	return NULL;
}

static void forget(struct lab_consumer *w, const char *topic, int32_t partition)
{
	struct part *p = find(w, topic, partition);

	if (!p)
		return;
	child_say_place(w->c, PROTO_DROP, topic, partition, 0);
	free((void *)(uintptr_t)p->topic);
	vec_remove(&w->parts, (size_t)(p - w->parts.v));
}

/* Figures of records that were processed; all that was said is exact when it is said. */
static void tell(struct lab_consumer *w)
{
	if (child_is_choked(w->c))
		return;
	vec_foreach (p, &w->parts) {
		if (p->fresh)
			child_say_place(w->c, PROTO_AT, p->topic, p->partition, p->next);
		p->fresh = false;
	}
	if (w->told_done != w->done)
		child_say(w->c, PROTO_DONE, w->told_done = w->done);
	child_flush(w->c);
}

/* ---- commits ----------------------------------------------------------------------------------
 */

/* It is tried again; who goes does not wait for that: another will process those records. */
static void commit_failed(struct lab_consumer *w, const struct err *e)
{
	bool going = w->revoking || w->stopping;

	child_trouble(w->c, e->msg);
	if (going && w->committing_hand)
		w->at = w->n;
	vec_foreach (p, &w->parts)
		p->uncommitted = !going && p->uncommitted;
	io_timer_start(&w->again, going ? 0 : COMMIT_AGAIN_MS, 0);
}

/* Asks for it, and says so first: a kill in between is seen as what it is. */
static void commit(struct lab_consumer *w, const struct member_part *p, size_t n)
{
	struct err e = {0};

	for (size_t i = 0; i < n; i++)
		child_say_place(w->c, PROTO_COMMITTING, p[i].topic, p[i].partition, p[i].offset);
	tell(w);
	w->commit_ms = loop_now_ms(w->c->loop);
	w->committing = member_commit(w->m, p, n, &e) == 0;
	for (size_t i = 0; i < n && w->committing; i++) {
		struct part *own = find(w, p[i].topic, p[i].partition);
		own->promised = max_i64(own->promised, p[i].offset);
		own->uncommitted = false;
	}
	if (!w->committing)
		commit_failed(w, &e);
}

/* Up to where it is processed. */
static void commit_done(struct lab_consumer *w)
{
	VEC(struct member_part) list = {0};

	vec_foreach (p, &w->parts)
		if (p->uncommitted)
			vec_push(&list, ((struct member_part){p->topic, p->partition, p->next}));
	w->committing_hand = false;
	commit(w, list.v, list.n);
	vec_fini(&list);
}

/* The whole batch in hand, of which nothing is processed yet. */
static void commit_hand(struct lab_consumer *w)
{
	VEC(struct member_part) list = {0};

	vec_foreach (p, &w->parts) {
		struct member_part end = {p->topic, p->partition, -1};
		for (size_t i = w->at; i < w->n; i++)
			if (w->hand[i].partition == p->partition &&
				strcmp(w->hand[i].topic, p->topic) == 0)
				end.offset = w->hand[i].offset + 1;
		if (end.offset >= 0)
			vec_push(&list, end);
	}
	w->committing_hand = true;
	commit(w, list.v, list.n);
	vec_fini(&list);
}

static bool has_uncommitted(const struct lab_consumer *w)
{
	vec_foreach (p, &w->parts)
		if (p->uncommitted)
			return true;
	return false;
}

static void on_committed(void *arg, const struct member_part *p, size_t n, const struct err *e)
{
	struct lab_consumer *w = arg;

	w->committing = false;
	for (size_t i = 0; i < n; i++) {
		struct part *own = find(w, p[i].topic, p[i].partition);
		if (own && e)
			own->uncommitted = !w->committing_hand;
		else if (own)
			child_say_place(
				w->c, PROTO_COMMITTED, p[i].topic, p[i].partition, p[i].offset);
	}
	if (e) {
		commit_failed(w, e);
	} else {
		child_trouble(w->c, "");
		w->allowed = w->allowed || w->committing_hand;
		step(w);
	}
	child_flush(w->c);
}

static void on_again(void *arg)
{
	step(arg);
}

/* ---- work -------------------------------------------------------------------------------------
 */

/* About a second of work, and no more than is still wanted of it. */
static size_t batch_size(const struct lab_consumer *w)
{
	int64_t ms = w->c->spec.process_ms, n = ms > 0 ? BATCH_MS / ms : BATCH_MAX;
	int64_t stop = w->c->spec.stop_after;

	n = min_i64(max_i64(n, 1), BATCH_MAX);
	return (size_t)(stop > 0 ? min_i64(n, max_i64(stop - w->done, 1)) : n);
}

static void process_one(struct lab_consumer *w)
{
	const struct member_record *r = &w->hand[w->at++];
	struct part *p = find(w, r->topic, r->partition);

	w->done++;
	if (!p)
		return;
	p->next = r->offset + 1;
	p->fresh = true;
	p->uncommitted = p->next > p->promised;
}

static void start_work(struct lab_consumer *w)
{
	int64_t now = loop_now_us(w->c->loop);

	if (io_timer_active(&w->work))
		return;
	if (w->next_us <= now)
		w->next_us = now + w->each_us;
	io_timer_start(
		&w->work, max_i64((w->next_us - now + 999) / 1000, w->each_us ? SLICE_MS : 0), 0);
}

static void on_work(void *arg)
{
	struct lab_consumer *w = arg;
	int64_t now = loop_now_us(w->c->loop);

	while (w->at < w->n && w->next_us <= now) {
		process_one(w);
		w->next_us += w->each_us;
	}
	tell(w);
	step(w);
}

static void on_records(void *arg, const struct member_record *r, size_t n)
{
	struct lab_consumer *w = arg;

	if (w->at == w->n)
		w->at = w->n = 0;
	for (size_t i = 0; i < n && w->n < BATCH_MAX; i++) {
		struct part *p = find(w, r[i].topic, r[i].partition);
		if (!p) /* was given up meanwhile */
			continue;
		if (p->unbegun)
			child_say_place(w->c, PROTO_BEGIN, p->topic, p->partition, r[i].offset);
		p->unbegun = false;
		w->hand[w->n++] = r[i];
	}
	member_want(w->m, 0);
	w->allowed = w->c->spec.commit == LAB_COMMIT_AFTER;
	w->each_us = (int64_t)w->c->spec.process_ms * 1000;
	w->next_us = 0;
	child_trouble(w->c, "");
	step(w);
}

/* ---- rebalances -------------------------------------------------------------------------------
 */

static void on_assigned(void *arg, const struct member_part *p, size_t n)
{
	struct lab_consumer *w = arg;

	for (size_t i = 0; i < n; i++) {
		forget(w, p[i].topic, p[i].partition);
		vec_push(&w->parts, ((struct part){.topic = xstrdup(p[i].topic),
					    .partition = p[i].partition,
					    .next = -1,
					    .promised = -1,
					    .unbegun = p[i].offset == -1}));
		child_say_place(w->c, PROTO_OWN, p[i].topic, p[i].partition, p[i].offset);
	}
	if (w->out)
		child_say(w->c, PROTO_OUT, 0);
	w->out = false;
	child_say(w->c, PROTO_SHARED, (int64_t)w->parts.n);
	child_trouble(w->c, "");
	child_flush(w->c);
	step(w);
}

/* Of what is in hand nothing may be done any more for partitions that went without asking. */
static void drop_hand(struct lab_consumer *w)
{
	size_t to = w->at;

	for (size_t i = w->at; i < w->n; i++)
		if (find(w, w->hand[i].topic, w->hand[i].partition))
			w->hand[to++] = w->hand[i];
	w->n = to;
}

static void on_revoked(void *arg, const struct member_part *p, size_t n, bool lost)
{
	struct lab_consumer *w = arg;

	if (lost) {
		for (size_t i = 0; i < n; i++)
			forget(w, p[i].topic, p[i].partition);
		drop_hand(w);
		child_flush(w->c);
		step(w);
		return;
	}
	w->revoking = true;
	free(w->going);
	w->going = xcalloc(n + 1, sizeof(*w->going));
	w->n_going = n;
	for (size_t i = 0; i < n; i++) {
		snprintf(w->going[i].topic, sizeof(w->going[i].topic), "%s", p[i].topic);
		w->going[i].partition = p[i].partition;
	}
	step(w);
}

static void hand_over(struct lab_consumer *w)
{
	w->revoking = false;
	for (size_t i = 0; i < w->n_going; i++)
		forget(w, w->going[i].topic, w->going[i].partition);
	child_flush(w->c);
	member_give_up(w->m);
}

/* ---- what comes next --------------------------------------------------------------------------
 */

static void on_leave(void *arg)
{
	struct lab_consumer *w = arg;

	tell(w);
	(void)!member_leave(w->m, LEAVE_MS);
	child_finish(w->c);
}

/* Nothing is in hand, nothing is uncommitted. */
static void rest(struct lab_consumer *w)
{
	if (w->revoking)
		hand_over(w);
	if (w->stopping)
		loop_defer(w->c->loop, &w->leave, on_leave, w);
	else
		member_want(w->m, batch_size(w));
}

static void step(struct lab_consumer *w)
{
	bool going = w->revoking || w->stopping;
	int64_t wait = w->commit_ms + COMMIT_GAP_MS - loop_now_ms(w->c->loop);

	if (w->paused)
		return;
	if (w->at < w->n) {
		if (w->allowed)
			start_work(w);
		else if (!w->committing)
			commit_hand(w);
		return;
	}
	if (w->c->spec.stop_after > 0 && w->done >= w->c->spec.stop_after)
		w->stopping = going = true;
	if (going && w->committing) {
		if (w->stopping && !io_timer_active(&w->late))
			io_timer_start(&w->late, LEAVE_MS, 0);
		return;
	}
	if (has_uncommitted(w) && !w->committing && (going || wait <= 0)) {
		commit_done(w);
		if (going)
			return;
	} else if (has_uncommitted(w) && !io_timer_active(&w->again)) {
		io_timer_start(&w->again, max_i64(wait, 1), 0);
	}
	rest(w);
}

/* A member that hangs is put out after a while; it cannot see that by polling. */
static void on_look(void *arg)
{
	struct lab_consumer *w = arg;

	if (w->out || !member_is_out(w->m))
		return;
	w->out = true;
	child_say(w->c, PROTO_OUT, 1);
	child_flush(w->c);
}

/* ---- life -------------------------------------------------------------------------------------
 */

static void on_error(void *arg, const struct err *e, bool fatal)
{
	struct lab_consumer *w = arg;

	if (fatal)
		child_give_up(w->c, e->msg);
	else
		child_trouble(w->c, e->msg);
}

/* Of several topics, separated by commas. */
static int subscribe(struct lab_consumer *w, struct err *e)
{
	char *text = xstrdup(w->c->spec.topic), *save = NULL;
	VEC(const char *) topics = {0};
	int rc;

	for (char *t = strtok_r(text, ",", &save); t; t = strtok_r(NULL, ",", &save))
		vec_push(&topics, t);
	rc = member_subscribe(w->m, topics.v, topics.n, e);
	vec_fini(&topics);
	free(text);
	return rc;
}

static void *begin(struct lab_child *c, struct err *e)
{
	struct lab_consumer *w = ALLOC(struct lab_consumer);
	struct member_options o = {.bootstrap = c->bootstrap,
		.client_id = c->spec.name,
		.group = c->spec.group,
		.assignor = lab_assignor_name(c->spec.assignor),
		.session_ms = c->spec.session_ms,
		.max_poll_ms = max_i64(LAB_MAX_POLL_MS, c->spec.session_ms),
		.reset = c->spec.from_end ? "latest" : "earliest",
		.properties = c->properties.v,
		.n_properties = c->properties.n,
		.on_records = on_records,
		.on_assigned = on_assigned,
		.on_revoked = on_revoked,
		.on_committed = on_committed,
		.on_error = on_error,
		.arg = w};

	w->c = c;
	io_timer_init(&w->work, c->loop, on_work, w);
	io_timer_init(&w->again, c->loop, on_again, w);
	io_timer_init(&w->look, c->loop, on_look, w);
	io_timer_init(&w->late, c->loop, on_leave, w);
	w->m = member_new(c->loop, &o, e);
	if (!w->m || subscribe(w, e) < 0) {
		member_free(w->m);
		free(w);
		return NULL;
	}
	io_timer_start(&w->look, LOOK_MS, LOOK_MS);
	step(w);
	return w;
}

/* What is in hand is done as it was begun, except that it may be done sooner. */
static void edit(void *role)
{
	struct lab_consumer *w = role;
	int64_t each_us = (int64_t)w->c->spec.process_ms * 1000;

	if (each_us >= w->each_us)
		return;
	w->each_us = each_us;
	w->next_us = 0;
	if (io_timer_active(&w->work)) {
		io_timer_stop(&w->work);
		step(w);
	}
}

static void pause_it(void *role, bool on)
{
	struct lab_consumer *w = role;

	w->paused = on;
	member_poll(w->m, !on);
	if (on) {
		io_timer_stop(&w->work);
		return;
	}
	if (member_is_out(w->m)) /* what it has in hand is others' work now */
		w->at = w->n;
	w->next_us = 0;
	step(w);
}

static void stop(void *role)
{
	struct lab_consumer *w = role;

	w->stopping = true;
	if (w->paused)
		pause_it(w, false);
	else
		step(w);
}

static void end(void *role)
{
	struct lab_consumer *w = role;

	io_timer_stop(&w->work);
	io_timer_stop(&w->again);
	io_timer_stop(&w->look);
	io_timer_stop(&w->late);
	loop_defer_cancel(&w->leave);
	member_free(w->m);
	vec_foreach (p, &w->parts)
		free((void *)(uintptr_t)p->topic);
	vec_fini(&w->parts);
	free(w->going);
	free(w);
}

const struct lab_role lab_consumer_role = {begin, edit, pause_it, stop, end};
