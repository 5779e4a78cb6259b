/*
 * When the next record that a group reads was written: what makes AGE exact, for the partitions of
 * the opened group and for the oldest ones of each group on the screen. The commits that have just
 * come say which records these are; one small fetch a broker gives the heads of their batches. A
 * batch whose records lie further apart than its head can tell is fetched whole, a few at a time.
 * Each record is asked for once: its time does not change.
 */
#include "source/impl.h"

#include "base/xalloc.h"
#include "model/group.h"
#include "wire/batch.h"

#define WANT_MAX 4096
/* Partitions in one round, and their bytes. */
#define UNREAD_MAX      200
#define ROW_PARTS       6 /* of a row that is seen: the next commits may make another the oldest */
#define HEAD_BYTES      1024
#define WHOLE_MAX       4
#define WHOLE_BYTES     (1 << 20)
#define ANSWER_BYTES    (4 << 20)
#define UNPACK_CAP      ((size_t)64 << 20)
#define CLOSE_MS        500 /* records so close together have the time of the first */
#define TOPIC_DENIED_MS 60000

enum found { FOUND, FOUND_NOT, FOUND_CUT };

/* ---- what to ask ---------------------------------------------------------------------------- */

static int by_record(const void *a, const void *b)
{
	const struct unread_ask *x = a, *y = b;

	if (x->partition != y->partition)
		return x->partition < y->partition ? -1 : 1;
	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return str_cmp(x->topic, y->topic);
}

/* How it went the last time; a record that was not found out stays so. */
static enum unread_try tried(const struct unread *u, const struct unread_ask *a)
{
	const struct unread_ask *last =
		u->asked.n ? bsearch(a, u->asked.v, u->asked.n, sizeof(*a), by_record) : NULL;

	return last ? last->tried : UNREAD_NEW;
}

static const struct partition *partition_of(
	const struct cluster_source *s, struct str topic, int32_t partition)
{
	const struct topic *t = cluster_topic(model_cluster(s->model), topic);

	return t ? topic_partition(t, partition) : NULL;
}

/* Lags, and its time is not known. */
static bool worth_asking(const struct cluster_source *s, const struct group *g, struct str topic,
	int32_t partition, int64_t offset)
{
	const struct group_partition *row = g ? group_partition_find(g, topic, partition) : NULL;
	const struct partition *p = partition_of(s, topic, partition);

	if (!p || p->hw <= offset || offset < max_i64(0, p->start))
		return false;
	return !row || row->committed != offset || row->lag.age != AGE_EXACT ||
	       row->lag.records <= 0;
}

/* Among the partitions of one group the one that is likely to be the oldest comes first. */
static int64_t weight_of(const struct group *g, struct str topic, int32_t partition)
{
	const struct group_partition *row = g ? group_partition_find(g, topic, partition) : NULL;

	if (!row || row->lag.age == AGE_NONE || row->lag.age == AGE_LEAST)
		return INT64_MAX;
	return row->lag.age_ms;
}

static void want(struct cluster_source *s, const struct unread_ask *a)
{
	struct unread *u = &s->unread;
	struct unread_ask *keep;

	if (u->want.n == WANT_MAX || map_gets(&u->denied, a->topic))
		return;
	keep = vec_add(&u->want);
	*keep = *a;
	keep->group = arena_str(&u->arena, a->group);
	keep->topic = arena_str(&u->arena, a->topic);
}

/* The heaviest partitions of one group, in falling order. */
struct oldest {
	struct unread_ask v[ROW_PARTS];
	int64_t weight[ROW_PARTS];
	size_t n;
};

static void keep_oldest(struct oldest *o, const struct unread_ask *a, int64_t weight)
{
	size_t at = o->n;

	while (at > 0 && o->weight[at - 1] < weight)
		at--;
	if (at == ROW_PARTS)
		return;
	o->n = min_size(o->n + 1, ROW_PARTS);
	memmove(&o->v[at + 1], &o->v[at], (o->n - 1 - at) * sizeof(o->v[0]));
	memmove(&o->weight[at + 1], &o->weight[at], (o->n - 1 - at) * sizeof(o->weight[0]));
	o->v[at] = *a;
	o->weight[at] = weight;
}

void unread_note(struct cluster_source *s, const struct known_group *known,
	const struct offset_fetch_response_groups *in)
{
	const struct group *g = cluster_group(model_cluster(s->model), known->name);
	struct oldest row = {.n = 0};

	for (int32_t t = 0; known->want && t < in->n_topics; t++)
		for (int32_t i = 0; i < in->topics[t].n_partitions; i++) {
			const struct offset_fetch_response_groups_topics_partitions *p =
				&in->topics[t].partitions[i];
			struct unread_ask a = {.group = known->name,
				.topic = in->topics[t].name,
				.partition = p->partition_index,
				.offset = p->committed_offset};

			if (p->error_code || !worth_asking(s, g, a.topic, a.partition, a.offset))
				continue;
			if (known->want == GROUP_OPENED)
				want(s, &a);
			else
				keep_oldest(&row, &a, weight_of(g, a.topic, a.partition));
		}
	for (size_t i = 0; i < row.n; i++)
		want(s, &row.v[i]);
}

/* ---- answers -------------------------------------------------------------------------------- */

static enum found time_in_batch(struct cluster_source *s, const struct batch_header *h,
	struct slice batch, int64_t offset, int64_t *time)
{
	struct buf scratch = BUF_EMPTY;
	struct record r;
	int rc;

	*time = batch_is_log_append_time(h) ? h->max_timestamp : h->base_timestamp;
	if (batch_is_log_append_time(h))
		return FOUND;
	if (!(h->attributes & BATCH_DELETE_HORIZON) &&
		(offset <= h->base_offset || h->max_timestamp - h->base_timestamp <= CLOSE_MS))
		return FOUND;
	if (batch.n < h->size)
		return FOUND_CUT;
	if (!s->unread.ctx)
		s->unread.ctx = compress_ctx_new();
	rc = record_find_offset(h, batch, s->unread.ctx, UNPACK_CAP, &scratch, offset, &r);
	if (rc == 1)
		*time = r.timestamp;
	buf_fini(&scratch);
	return rc == 1 ? FOUND : FOUND_NOT;
}

/* The record at offset, or the next one where that was compacted away. */
static enum found time_of(struct cluster_source *s, struct slice in, int64_t offset, int64_t *time)
{
	struct batch_header h;

	while (batch_parse(in, &h) == 0) {
		enum found f;

		if (batch_last_offset(&h) >= offset && !batch_is_control(&h)) {
			f = time_in_batch(s, &h, in, offset, time);
			if (f != FOUND_NOT)
				return f;
		}
		if (h.size >= in.n)
			break;
		in.p += h.size;
		in.n -= h.size;
	}
	/* Nothing at all: its batch is larger than what was asked for. */
	return FOUND_CUT;
}

static void take_fetched(struct cluster_source *s, const struct admin_fetched *got)
{
	struct unread *u = &s->unread;
	enum found f = FOUND_NOT;
	int64_t time = -1;

	if (got->error == KERR_TOPIC_AUTHORIZATION_FAILED)
		map_puts(&u->denied, got->topic, s);
	vec_foreach (a, &u->asked) {
		if (a->fetch != (int32_t)got->i)
			continue;
		if (!got->error)
			f = time_of(s, got->records, a->offset, &time);
		if (f == FOUND && time >= 0)
			feed_unread(s->model, a->group, a->topic, a->partition, a->offset, time);
		a->tried =
			f == FOUND_CUT && a->tried == UNREAD_NEW ? UNREAD_WHOLE : UNREAD_GIVEN_UP;
		/* No answer at all is no answer about this record. */
		if (got->broker < 0 || got->error == KERR_REQUEST_TIMED_OUT)
			a->tried = UNREAD_NEW;
	}
}

static void on_fetched(void *arg, const struct admin_fetched *got, size_t n, size_t left)
{
	struct cluster_source *s = arg;

	for (size_t i = 0; i < n; i++)
		take_fetched(s, &got[i]);
	if (!left)
		turn_end(s, &s->unread.turn, s->interval_ms);
	poll_publish(s);
	poll_run(s);
}

/* ---- asking --------------------------------------------------------------------------------- */

/* The one of n fetches that answers it too; -1: it needs one of its own; -2: this partition is
 * being asked about another record. */
static int32_t shares(const struct admin_fetch *v, size_t n, const struct unread_ask *a)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].partition == a->partition && str_eq(v[i].topic, a->topic))
			return v[i].offset == a->offset ? (int32_t)i : -2;
	return -1;
}

/* Goes round where there are more than fit, or one of them is held off by another. */
static size_t choose(struct unread *u, struct admin_fetch *out)
{
	size_t n = 0, whole = 0, held = SIZE_MAX, i;

	vec_foreach (it, &u->want)
		it->fetch = -1;
	for (i = 0; i < u->want.n && n < UNREAD_MAX; i++) {
		struct unread_ask *a = &u->want.v[(u->from + i) % u->want.n];

		a->tried = (uint8_t)tried(u, a);
		if (a->tried == UNREAD_GIVEN_UP || (a->tried == UNREAD_WHOLE && whole == WHOLE_MAX))
			continue;
		a->fetch = shares(out, n, a);
		if (a->fetch == -2)
			held = min_size(held, i);
		if (a->fetch != -1)
			continue;
		whole += a->tried == UNREAD_WHOLE;
		a->fetch = (int32_t)n;
		out[n++] = (struct admin_fetch){.topic = a->topic,
			.partition = a->partition,
			.offset = a->offset,
			.max_bytes = a->tried == UNREAD_WHOLE ? WHOLE_BYTES : HEAD_BYTES};
	}
	u->from += min_size(held, i);
	return n;
}

/* What was asked for becomes what was asked, by record; its strings live until the next round. */
static void turn_over(struct unread *u)
{
	struct unread_asks asks = u->asked;
	struct arena arena = u->asked_arena;

	u->asked = u->want;
	vec_sort(&u->asked, by_record);
	u->asked_arena = u->arena;
	u->want = asks;
	u->arena = arena;
	vec_clear(&u->want);
	arena_reset(&u->arena);
}

static void ask(struct cluster_source *s)
{
	struct unread *u = &s->unread;
	struct admin_fetch fetch[UNREAD_MAX];
	size_t n = choose(u, fetch);

	turn_over(u);
	turn_begin(s, &u->turn);
	if (now_of(s) - u->denied_ms >= TOPIC_DENIED_MS) {
		map_clear(&u->denied);
		u->denied_ms = now_of(s);
	}
	if (n)
		u->turn.id = admin_fetch(s->admin, fetch, n,
			&(struct admin_fetch_options){
				.max_bytes = ANSWER_BYTES, .timeout_ms = QUESTION_MS},
			on_fetched, s);
	else
		turn_end(s, &u->turn, 0);
}

void unread_run(struct cluster_source *s)
{
	struct unread *u = &s->unread;

	if (!u->turn.busy && u->want.n && !groups_hold_ends(s) &&
		u->turn.due_ms <= now_of(s) + s->interval_ms / 10)
		ask(s);
}

bool unread_pending(const struct cluster_source *s)
{
	const struct turn *t = &s->unread.turn;

	return t->busy && now_of(s) - t->asked_ms < SHOW_MS;
}

void unread_init(struct cluster_source *s)
{
	arena_init(&s->unread.arena, 0);
	arena_init(&s->unread.asked_arena, 0);
	map_init(&s->unread.denied);
}

void unread_forget(struct cluster_source *s)
{
	struct unread *u = &s->unread;

	turn_cancel(s, &u->turn);
	vec_clear(&u->want);
	vec_clear(&u->asked);
	map_clear(&u->denied);
	arena_reset(&u->arena);
	arena_reset(&u->asked_arena);
}

void unread_fini(struct cluster_source *s)
{
	struct unread *u = &s->unread;

	unread_forget(s);
	vec_fini(&u->want);
	vec_fini(&u->asked);
	map_fini(&u->denied);
	arena_fini(&u->arena);
	arena_fini(&u->asked_arena);
	compress_ctx_free(u->ctx);
}
