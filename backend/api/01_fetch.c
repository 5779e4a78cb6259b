/*
 * Fetch: v4-18. v4 isolation, v7 sessions, v9 leader epochs, v12 flexible, v13 topic ids, v15
 * replica state, v18 the high watermark that the asker knows (only of use for the metadata log,
 * 01_fetch_metadata.c).
 *
 *   take ──▶ has its minimum of bytes, or an error, or something a follower must know ──▶ answer
 *     │                                                                                     ▲
 *     └──▶ parked ──a partition moved on: tried again──────── time is up, the session goes on ┘
 *
 * A follower's fetch offset says what it has; it is noted when the request comes. What would wait
 * for the disk is read ahead by another thread: that partition has nothing to give meanwhile.
 */
#include <stdlib.h>

#include "api/api.h"
#include "api/fetch_session.h"
#include "api/fetch_warm.h"
#include "api/voters.h"
#include "base/xalloc.h"

#define WARM_WAIT_MS 30000 /* a consumer's fetch outlasts its wait while the disk reads for it */

struct fetch {
	struct call *call;
	struct delay_op delay;
	struct fetch_session *session; /* NULL: none; its partitions, else own */
	bool incremental;              /* only what has changed is answered */
	struct list own;
	struct list *parts; /* struct fetch_part.live: those that may have something to tell */
	struct arena arena; /* of own */
	int32_t min_bytes, max_bytes;
	int32_t max_wait_ms;
	bool committed_only;
	bool overdue;         /* answered as soon as the disk has read */
	int32_t replica;      /* the follower that asks; -1: a consumer */
	int64_t broker_epoch; /* its */
};

static struct fetch_part *part_of(struct list_node *n)
{
	return CONTAINER_OF(n, struct fetch_part, live);
}

static void fetch_free(struct fetch *f)
{
	delay_finish(&f->delay);
	if (f->session)
		f->session->fetch = NULL;
	list_foreach (n, &f->own)
		fetch_part_fini(part_of(n));
	arena_fini(&f->arena);
	free(f);
}

/* ---- what a partition has to give --------------------------------------------------------- */

static void moved(struct fetch_part *p)
{
	fetch_part_stir(p);
	if (p->session->fetch)
		delay_mark(&p->session->fetch->delay);
}

static void on_moved(struct delay_watch *w)
{
	moved(CONTAINER_OF(w, struct fetch_part, watch));
}

/* Told to a follower with the next answer, which does not come earlier for it. */
static void on_high(struct delay_watch *w)
{
	fetch_part_stir(CONTAINER_OF(w, struct fetch_part, high));
}

static struct delay_key *awaited(const struct fetch *f, struct partition *p)
{
	return f->replica >= 0 ? &p->ends : &p->reads;
}

static void set_partition(const struct fetch *f, struct fetch_part *p, struct partition *found)
{
	fetch_part_drop(p);
	if (!found)
		return;
	p->partition = partition_get(found);
	if (!p->session)
		return;
	delay_watch_stay(&p->watch, awaited(f, found), on_moved);
	if (f->replica >= 0)
		delay_watch_stay(&p->high, &found->reads, on_high);
}

/* A deleted topic's partitions have none any more; what they were looked up by may lead elsewhere
 * then. */
static int16_t find(const struct fetch *f, struct fetch_part *p)
{
	struct repl *r = f->call->broker->repl;
	bool by_id = f->call->version >= 13;
	const struct repl_topic *t;
	struct partition *found;

	if (p->partition && p->partition->topic)
		return partition_check_leader(p->partition, p->epoch);
	t = by_id ? repl_topic_by_id(r, &p->id) : repl_topic(r, p->name);
	found = repl_partition(t, p->index);
	set_partition(f, p, found);
	if (!t)
		return by_id ? KERR_UNKNOWN_TOPIC_ID : KERR_UNKNOWN_TOPIC_OR_PARTITION;
	return partition_check_leader(found, p->epoch);
}

/* Up to where this reader may read. */
static int64_t readable(const struct fetch *f, const struct fetch_part *p)
{
	return f->replica >= 0 ? p->partition->log->leo
			       : partition_readable(p->partition, f->committed_only);
}

static bool in_range(const struct fetch_part *p)
{
	const struct plog *log = p->partition->log;

	return p->offset >= log->log_start && p->offset <= log->leo;
}

static bool diverges(const struct fetch_part *p, struct fetch_response_diverging_epoch *out)
{
	return partition_diverges(
		p->partition, p->last_epoch, p->offset, &out->epoch, &out->end_offset);
}

static bool warming(const struct fetch *f, const struct fetch_part *p)
{
	return p->warm && fetch_warm_busy(f->call->broker->warming, p->warm);
}

/* The offset is how a follower says what it has. One whose log differs has to cut it first. */
static int16_t note(struct fetch *f, struct fetch_part *p)
{
	struct replica_fetch told = {.replica = f->replica,
		.broker_epoch = f->broker_epoch,
		.offset = p->offset,
		.log_start = p->log_start};
	struct fetch_response_diverging_epoch d;

	if (f->replica < 0 || find(f, p) || !in_range(p) || diverges(p, &d))
		return KERR_NONE;
	return partition_fetched(p->partition, &told);
}

/* Something to be told at once. */
static bool urgent(struct fetch *f, struct fetch_part *p)
{
	struct fetch_response_diverging_epoch d;

	if (find(f, p) || p->refused || !in_range(p) || diverges(p, &d))
		return true;
	return f->replica >= 0 && f->incremental && p->told_start != p->partition->log->log_start;
}

/* Of one that is not urgent. */
static bool has_records(const struct fetch *f, const struct fetch_part *p)
{
	return p->max_bytes > 0 && p->offset < readable(f, p) && !warming(f, p);
}

/* Since the last answer; -1 is never what a log has. */
static bool untold(const struct fetch_part *p)
{
	const struct plog *log = p->partition->log;

	return p->told_high != log->high_watermark || p->told_start != log->log_start;
}

static int64_t available(const struct fetch *f, const struct fetch_part *p)
{
	if (!has_records(f, p))
		return 0;
	return min_i64(
		plog_bytes_between(p->partition->log, p->offset, readable(f, p)), p->max_bytes);
}

/* Of one that is not urgent: nothing to tell, and whatever changes that stirs it. */
static bool may_rest(const struct fetch *f, const struct fetch_part *p)
{
	return f->incremental && !p->warm && !has_records(f, p) && !untold(p);
}

static bool enough(struct fetch *f)
{
	int64_t sum = 0;

	list_foreach (it, f->parts) {
		struct fetch_part *p = part_of(it);

		if (urgent(f, p))
			return true;
		sum += available(f, p);
		if (sum >= f->min_bytes && sum > 0)
			return true;
		if (may_rest(f, p))
			fetch_part_rest(p);
	}
	return sum >= f->min_bytes;
}

static bool any_warming(const struct fetch *f)
{
	list_foreach (it, f->parts)
		if (warming(f, part_of(it)))
			return true;
	return false;
}

/* ---- answering ----------------------------------------------------------------------------- */

/* Older versions have no place for it. */
static void put_leader(
	const struct fetch *f, struct fetch_response_partitions *out, const struct partition *p)
{
	if (f->call->version < 12 || !p ||
		(out->error_code != KERR_NOT_LEADER_OR_FOLLOWER &&
			out->error_code != KERR_FENCED_LEADER_EPOCH))
		return;
	out->current_leader.leader_id = p->leader;
	out->current_leader.leader_epoch = p->leader_epoch;
}

/* What this answer may still hold. The first partition that has any gives at least one batch,
 * however large. */
struct room {
	int64_t left;
	bool first;
};

static void read_records(struct fetch *f, struct fetch_part *p, const struct room *room,
	struct fetch_response_partitions *out)
{
	int64_t end = readable(f, p);
	int64_t most = min_i64(room->left, p->max_bytes);
	struct plog_read_result got;
	int rc;

	if (p->offset >= end || warming(f, p) || (room->left <= 0 && !room->first))
		return;
	if (p->warm)
		most = min_i64(most, (int64_t)p->warm_bytes);
	p->warm = 0;
	rc = plog_read(p->partition->log, p->offset, (size_t)max_i64(0, most), end, room->first,
		&p->records, &got);
	if (rc == ERR_NOT_FOUND)
		out->error_code = KERR_OFFSET_OUT_OF_RANGE;
	else if (rc < 0)
		out->error_code = KERR_KAFKA_STORAGE_ERROR;
	p->partition->bytes_out += p->records.n;
}

/* A consumer has read further than a new leader knows to be committed. It must not see the high
 * watermark go back; clients older than KIP-392 would not know what they are told instead. */
static bool ahead_of_leader(const struct fetch *f, const struct fetch_part *p)
{
	return f->replica < 0 && f->call->version >= 11 &&
	       p->offset > p->partition->log->high_watermark && !partition_knows_end(p->partition);
}

static void read_part(struct fetch *f, struct fetch_part *p, const struct room *room,
	struct fetch_response_partitions *out)
{
	struct fetch_response_diverging_epoch d;
	struct plog *log = p->partition->log;
	bool ok = in_range(p), apart = diverges(p, &d);

	if (ok && !apart && ahead_of_leader(f, p)) {
		out->error_code = KERR_OFFSET_NOT_AVAILABLE;
		return;
	}
	/* A follower that is out of range starts over from what it is told here. */
	if (ok || apart || f->replica >= 0) {
		out->high_watermark = log->high_watermark;
		out->last_stable_offset = plog_last_stable(log);
		out->log_start_offset = log->log_start;
	}
	if (apart)
		out->diverging_epoch = d;
	else if (!ok)
		out->error_code = KERR_OFFSET_OUT_OF_RANGE;
	else
		read_records(f, p, room, out);
}

static void put_part(struct fetch *f, struct fetch_part *p, struct room *room,
	struct fetch_response_partitions *out)
{
	out->partition_index = p->index;
	out->high_watermark = -1;
	out->error_code = find(f, p);
	if (!out->error_code)
		out->error_code = p->refused;
	if (out->error_code)
		put_leader(f, out, p->partition);
	else
		read_part(f, p, room, out);
	room->left -= (int64_t)p->records.n;
	room->first = room->first && p->records.n == 0;
	/* No transactions here, so none aborted; null says that nobody asked. */
	out->aborted_transactions = NULL;
	out->n_aborted_transactions = f->committed_only ? 0 : -1;
	out->records.bytes = slice_of("", 0);
	out->records.chain = p->records.n ? &p->records : NULL;
	p->told_high = out->error_code ? -1 : out->high_watermark;
	p->told_start = out->error_code ? -1 : out->log_start_offset;
}

/* Whether an answer names it. */
static bool to_tell(struct fetch *f, struct fetch_part *p)
{
	return !f->incremental || urgent(f, p) || has_records(f, p) || untold(p);
}

static bool same_topic(
	const struct fetch *f, const struct fetch_part *a, const struct fetch_part *b)
{
	return f->call->version >= 13 ? uuid_eq(&a->id, &b->id) : str_eq(a->name, b->name);
}

typedef VEC(struct fetch_part *) part_vec;

/* Partitions of one topic that stand together go into one element, as they did in the request. */
static size_t count_topic(const struct fetch *f, const part_vec *told, size_t from)
{
	size_t i = from;

	while (i < told->n && same_topic(f, told->v[from], told->v[i]))
		i++;
	return i - from;
}

static void put_all(struct fetch *f, const part_vec *told, struct fetch_response *resp)
{
	struct room room = {f->max_bytes, true};

	resp->responses = CALL_NEW(f->call, fetch_response_responses, told->n);
	for (size_t i = 0; i < told->n;) {
		struct fetch_response_responses *t = &resp->responses[resp->n_responses++];
		size_t n = count_topic(f, told, i);

		t->topic = told->v[i]->name;
		t->topic_id = told->v[i]->id;
		t->partitions = CALL_NEW(f->call, fetch_response_partitions, n);
		t->n_partitions = (int32_t)n;
		for (size_t k = 0; k < n; k++)
			put_part(f, told->v[i + k], &room, &t->partitions[k]);
		i += n;
	}
}

/* Who was given something stands behind the others the next time. */
static void take_turns(struct fetch *f, const part_vec *told)
{
	vec_foreach (it, told) {
		if (!(*it)->records.n)
			continue;
		list_remove(&(*it)->live);
		list_push_back(f->parts, &(*it)->live);
	}
}

static void answer(struct fetch *f)
{
	struct call *c = f->call;
	struct fetch_response resp;
	part_vec told = {0};

	delay_finish(&f->delay);
	net_slot_on_gone(c->slot, NULL, NULL);
	msg_init(&fetch_response_desc, &resp);
	resp.session_id = f->session ? f->session->id : 0;
	list_foreach (n, f->parts)
		if (to_tell(f, part_of(n)))
			vec_push(&told, part_of(n));
	put_all(f, &told, &resp);
	if (f->session)
		take_turns(f, &told);
	call_reply(c, &resp);
	vec_fini(&told);
	fetch_free(f);
}

static bool try_answer(struct delay_op *d)
{
	struct fetch *f = CONTAINER_OF(d, struct fetch, delay);

	if (!enough(f) && (!f->overdue || any_warming(f)))
		return false;
	answer(f);
	return true;
}

static void park(struct fetch *f, int64_t wait_ms);

/* Without a session, what was read ahead would be forgotten with an empty answer, and asked for
 * again. */
static void expire(struct delay_op *d)
{
	struct fetch *f = CONTAINER_OF(d, struct fetch, delay);

	if (f->session || f->overdue || f->call->broker->stopping || !any_warming(f)) {
		answer(f);
		return;
	}
	f->overdue = true;
	delay_finish(&f->delay);
	park(f, WARM_WAIT_MS);
}

static const struct delay_ops delay_ops = {try_answer, expire};

static void gone(void *arg)
{
	struct fetch *f = arg;
	struct call *c = f->call;

	fetch_free(f);
	call_skip(c);
}

static void park(struct fetch *f, int64_t wait_ms)
{
	struct broker *b = f->call->broker;

	delay_start(&b->delay, &f->delay, &delay_ops, broker_now_ms(b) + wait_ms);
	list_foreach (n, &f->own) {
		struct fetch_part *p = part_of(n);

		if (p->partition)
			delay_watch_add(&f->delay, &p->watch, awaited(f, p->partition));
	}
}

/* ---- what lies on the disk only ------------------------------------------------------------- */

static void read_ahead(struct fetch *f)
{
	struct fetch_warming *w = f->call->broker->warming;
	int64_t left = min_i64(f->max_bytes, FETCH_WARM_BYTES);
	part_vec begun = {0};
	uint64_t number;

	list_foreach (n, f->parts) {
		struct fetch_part *p = part_of(n);

		if (left <= 0)
			break;
		if (p->warm || find(f, p) || p->refused || !in_range(p))
			continue;
		p->warm_bytes = fetch_warm_add(w, p->partition, p->offset,
			(size_t)min_i64(left, max_i64(0, p->max_bytes)), readable(f, p));
		left -= (int64_t)p->warm_bytes;
		if (p->warm_bytes)
			vec_push(&begun, p);
	}
	number = fetch_warm_begin(w);
	vec_foreach (it, &begun)
		(*it)->warm = number;
	vec_fini(&begun);
}

/* ---- taking the request -------------------------------------------------------------------- */

static void set_part(
	struct fetch *f, struct fetch_part *p, const struct fetch_request_partitions *q)
{
	if (p->session)
		fetch_part_stir(p);
	if (p->offset != q->fetch_offset)
		p->warm = 0;
	p->epoch = q->current_leader_epoch;
	p->offset = q->fetch_offset;
	p->last_epoch = q->last_fetched_epoch;
	p->log_start = q->log_start_offset;
	p->max_bytes = q->partition_max_bytes;
	p->refused = note(f, p);
}

static size_t count_parts(const struct fetch_request *r)
{
	size_t n = 0;

	for (int32_t i = 0; i < r->n_topics; i++)
		n += (size_t)r->topics[i].n_partitions;
	return n;
}

/* Parts of its own, as named in the request. */
static void take_own(struct fetch *f, const struct fetch_request *r)
{
	struct fetch_part *p = arena_array(&f->arena, count_parts(r), sizeof(*p));

	for (int32_t i = 0; i < r->n_topics; i++) {
		const struct fetch_request_topics *t = &r->topics[i];
		struct str name = arena_str(&f->arena, t->topic);

		for (int32_t k = 0; k < t->n_partitions; k++, p++) {
			fetch_part_init(p);
			p->name = name;
			p->id = t->topic_id;
			p->index = t->partitions[k].partition;
			list_push_back(&f->own, &p->live);
			set_part(f, p, &t->partitions[k]);
		}
	}
}

/* Who asks otherwise than before sees other ends, and waits for others. */
static void as_before(struct fetch *f)
{
	struct fetch_session *s = f->session;

	if (s->committed_only == f->committed_only && s->replica == f->replica)
		return;
	s->committed_only = f->committed_only;
	s->replica = f->replica;
	fetch_session_begin_anew(s);
}

/* False: the session has no room for all of them. */
static bool take_session(struct fetch *f, const struct fetch_request *r)
{
	struct fetch_sessions *s = f->call->broker->sessions;

	f->parts = &f->session->live;
	f->session->fetch = f;
	as_before(f);
	for (int32_t i = 0; i < r->n_topics; i++) {
		const struct fetch_request_topics *t = &r->topics[i];

		for (int32_t k = 0; k < t->n_partitions; k++) {
			struct fetch_part *p = fetch_session_part(
				s, f->session, t->topic, &t->topic_id, t->partitions[k].partition);

			if (!p)
				return false;
			set_part(f, p, &t->partitions[k]);
		}
	}
	for (int32_t i = 0; i < r->n_forgotten_topics_data; i++) {
		const struct fetch_request_forgotten_topics_data *t = &r->forgotten_topics_data[i];

		for (int32_t k = 0; k < t->n_partitions; k++)
			fetch_session_forget(
				s, f->session, t->topic, &t->topic_id, t->partitions[k]);
	}
	return true;
}

/* What the session says; the fetch of it that waits is answered before another is taken. */
static int16_t open_session(struct fetch *f, const struct fetch_request *r)
{
	struct broker *b = f->call->broker;
	struct fetch_session *s =
		r->session_id ? fetch_session_find(b->sessions, r->session_id) : NULL;

	if (s && s->fetch)
		answer(s->fetch);
	if (r->session_epoch > 0) {
		if (!s)
			return KERR_FETCH_SESSION_ID_NOT_FOUND;
		if (s->by_id != (f->call->version >= 13))
			return KERR_FETCH_SESSION_TOPIC_ID_ERROR;
		if (s->epoch != r->session_epoch)
			return KERR_INVALID_FETCH_SESSION_EPOCH;
		s->epoch = s->epoch == INT32_MAX ? 1 : s->epoch + 1;
		fetch_session_touch(b->sessions, s, broker_now_ms(b));
		f->session = s;
		f->incremental = true;
		return KERR_NONE;
	}
	if (s)
		fetch_session_free(b->sessions, s);
	if (r->session_epoch == 0 && r->n_topics > 0)
		f->session = fetch_session_new(b->sessions, &b->rng, f->replica >= 0,
			f->call->version >= 13, count_parts(r), broker_now_ms(b));
	return KERR_NONE;
}

static struct fetch *fetch_new(struct call *c, const struct fetch_request *r)
{
	struct fetch *f = ALLOC(struct fetch);

	f->call = c;
	f->max_wait_ms = r->max_wait_ms;
	f->max_bytes = (int32_t)min_i64(r->max_bytes, c->broker->set.max_fetch_bytes);
	f->min_bytes = (int32_t)min_i64(r->min_bytes, f->max_bytes);
	f->committed_only = r->isolation_level == 1;
	f->replica = c->version < 15 ? r->replica_id : r->replica_state.replica_id;
	f->broker_epoch = c->version < 15 ? -1 : r->replica_state.replica_epoch;
	list_init(&f->own);
	f->parts = &f->own;
	arena_init(&f->arena, 0);
	return f;
}

static void refuse(struct fetch *f, int16_t error)
{
	struct call *c = f->call;
	struct fetch_response resp;

	msg_init(&fetch_response_desc, &resp);
	resp.error_code = error;
	fetch_free(f);
	call_reply(c, &resp);
}

void api_fetch(struct call *c, const struct fetch_request *r)
{
	struct fetch *f;
	int16_t error;

	if (broker_by_controller(c->broker, c)) {
		api_fetch_metadata(c, r);
		return;
	}
	f = fetch_new(c, r);
	error = open_session(f, r);
	if (!error && !f->session) {
		take_own(f, r);
	} else if (!error && !take_session(f, r)) {
		fetch_session_free(c->broker->sessions, f->session);
		f->session = NULL;
		f->parts = &f->own;
		error = KERR_FETCH_SESSION_ID_NOT_FOUND;
	}
	if (error) {
		refuse(f, error);
		return;
	}
	read_ahead(f);
	/* What a new session has not been told yet is answered at once. */
	if (c->broker->stopping || enough(f) ||
		(f->max_wait_ms <= 0 && (f->session || !any_warming(f)))) {
		answer(f);
		return;
	}
	call_park(c);
	net_slot_on_gone(c->slot, gone, f);
	park(f, f->max_wait_ms);
}
