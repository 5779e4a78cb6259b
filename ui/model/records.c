/* The window of browsed records: chunks, lanes, merge and bounds. */
#include "model/records.h"

#include "base/err.h"
#include "model/source.h"
#include "wire/batch.h"

#define UNPACK_CAP (64u << 20)

/* The plain records of one batch. */
struct record_chunk {
	size_t refs, n, cap;
	uint8_t bytes[];
};

struct window_lane {
	int32_t partition;
	bool idle;
	VEC(struct browse_record) q;
	size_t head;
};

const char *browse_state_name(enum browse_state s)
{
	static const char *const names[] = {
		"starting", "reading", "more", "end", "following", "failed"};

	return names[s];
}

void window_init(struct record_window *w, size_t max_records, size_t max_bytes)
{
	*w = (struct record_window){.max_records = max_records ? max_records : 50000,
		.max_bytes = max_bytes ? max_bytes : (size_t)32 << 20};
}

static void release(struct record_window *w, struct browse_record *r)
{
	struct record_chunk *c = r->chunk;

	w->bytes -= sizeof(*r);
	if (--c->refs > 0)
		return;
	w->bytes -= c->cap;
	free(c);
}

static void drop_oldest(struct record_window *w)
{
	release(w, &w->ring[w->first]);
	w->first = (w->first + 1) % w->cap;
	w->n--;
	w->generation++;
}

void window_reset(struct record_window *w)
{
	while (w->n)
		drop_oldest(w);
	vec_foreach (it, &w->lanes) {
		struct window_lane *l = *it;

		for (size_t i = l->head; i < l->q.n; i++)
			release(w, &l->q.v[i]);
		vec_fini(&l->q);
		free(l);
	}
	vec_clear(&w->lanes);
	w->first = 0;
	w->dropped = 0;
	w->generation++;
}

void window_fini(struct record_window *w)
{
	window_reset(w);
	vec_fini(&w->lanes);
	free(w->ring);
	w->ring = NULL;
	w->cap = 0;
}

const struct browse_record *window_at(const struct record_window *w, size_t i)
{
	return i < w->n ? &w->ring[(w->first + i) % w->cap] : NULL;
}

static struct window_lane *find_lane(const struct record_window *w, int32_t partition)
{
	vec_foreach (it, &w->lanes)
		if ((*it)->partition == partition)
			return *it;
	return NULL;
}

void window_lane(struct record_window *w, int32_t partition)
{
	struct window_lane *l;

	if (find_lane(w, partition))
		return;
	l = ALLOC(struct window_lane);
	l->partition = partition;
	vec_push(&w->lanes, l);
}

void window_lane_idle(struct record_window *w, int32_t partition, bool idle)
{
	struct window_lane *l = find_lane(w, partition);

	if (l)
		l->idle = idle;
}

size_t window_lane_pending(const struct record_window *w, int32_t partition)
{
	struct window_lane *l = find_lane(w, partition);

	return l ? l->q.n - l->head : 0;
}

/* ---- batches into a lane ------------------------------------------------------------------- */

struct taking {
	struct record_window *w;
	struct window_lane *lane;
	int64_t from, until;
	size_t most, taken;
	const struct window_abort *aborted;
	bool *over; /* aborted transactions whose marker went by */
	size_t n_aborted;
	struct compress_ctx *ctx;
	struct buf scratch;
};

static struct slice keep(struct record_chunk *c, struct slice s)
{
	uint8_t *at = c->bytes + c->n;

	if (!s.p)
		return s;
	memcpy(at, s.p, s.n);
	c->n += s.n;
	return slice_of(at, s.n);
}

static void take_record(struct taking *t, const struct batch_header *h, const struct record *r,
	struct record_chunk *c)
{
	struct browse_record *b = vec_add(&t->lane->q);

	b->partition = t->lane->partition;
	b->offset = r->offset;
	b->timestamp = r->timestamp;
	b->append_time = batch_is_log_append_time(h);
	b->leader_epoch = h->leader_epoch;
	b->key = keep(c, r->key);
	b->value = keep(c, r->value);
	b->headers = keep(c, r->headers);
	b->n_headers = r->n_headers;
	b->serial = ++t->w->serial;
	b->chunk = c;
	c->refs++;
	t->w->bytes += sizeof(*b);
	t->taken++;
}

/* Walks one batch; *next goes behind what was taken or passed over. */
static int take_batch(
	struct taking *t, const struct batch_header *h, struct slice batch, int64_t *next)
{
	struct record_iter it;
	struct record r;
	struct record_chunk *c;
	size_t cap;
	int rc = record_iter_init(&it, h, batch, t->ctx, UNPACK_CAP, &t->scratch);

	if (rc < 0)
		return rc;
	cap = (size_t)(it.end - it.p);
	c = xmalloc(sizeof(*c) + cap);
	*c = (struct record_chunk){.cap = cap};
	t->w->bytes += cap;
	while (t->taken < t->most && (rc = record_next(&it, &r)) == 1) {
		if (t->until >= 0 && r.offset >= t->until)
			break;
		if (r.offset >= t->from)
			take_record(t, h, &r, c);
		*next = max_i64(*next, r.offset + 1);
	}
	if (c->refs == 0) {
		t->w->bytes -= cap;
		free(c);
	}
	/* The end of the batch, where compaction may have left a hole. */
	if (rc == 0)
		*next = max_i64(*next, batch_next_offset(h));
	return rc < 0 ? rc : 0;
}

/* A marker ends the transaction; a batch between its first offset and the marker is aborted. */
static bool is_aborted(struct taking *t, const struct batch_header *h, struct slice batch)
{
	bool hit = false;
	struct record_iter it;
	struct record r;

	for (size_t i = 0; i < t->n_aborted; i++) {
		const struct window_abort *a = &t->aborted[i];

		if (t->over[i] || a->producer_id != h->producer_id ||
			a->first_offset > batch_last_offset(h))
			continue;
		hit = true;
		if (!batch_is_control(h))
			break;
		if (record_iter_init(&it, h, batch, t->ctx, UNPACK_CAP, &t->scratch) == 0 &&
			record_next(&it, &r) == 1 && control_key_parse(r.key) == CONTROL_ABORT)
			t->over[i] = true;
		break;
	}
	return hit;
}

static int take_all(struct taking *t, struct slice batches, int64_t *next)
{
	struct batch_iter it;
	struct batch_header h;
	struct slice batch;
	int rc, bad = 0;

	batch_iter_init(&it, batches, true);
	while (t->taken < t->most && (t->until < 0 || *next < t->until) &&
		(rc = batch_next(&it, &h, &batch)) != 0) {
		if (rc == ERR_SHORT)
			break;
		if (rc < 0) {
			/* Behind a damaged batch whose head can still be read. */
			if (batch_parse(it.rest, &h) == 0)
				*next = max_i64(*next, batch_next_offset(&h));
			bad = rc;
			break;
		}
		if (batch_last_offset(&h) < t->from)
			continue;
		if (is_aborted(t, &h, batch) || batch_is_control(&h)) {
			*next = max_i64(*next, batch_next_offset(&h));
			continue;
		}
		rc = take_batch(t, &h, batch, next);
		if (rc < 0) {
			*next = max_i64(*next, batch_next_offset(&h));
			bad = rc;
		}
	}
	return bad;
}

int window_put_batches(struct record_window *w, int32_t partition, struct slice batches,
	int64_t from, int64_t until, size_t most, const struct window_abort *aborted,
	size_t n_aborted, struct compress_ctx *ctx, int64_t *next, size_t *taken)
{
	struct taking t = {.w = w,
		.from = from,
		.until = until,
		.most = most,
		.aborted = aborted,
		.n_aborted = n_aborted,
		.ctx = ctx};
	int rc;

	window_lane(w, partition);
	t.lane = find_lane(w, partition);
	t.over = xcalloc(n_aborted + 1, sizeof(*t.over));
	*next = from;
	rc = take_all(&t, batches, next);
	*taken = t.taken;
	free(t.over);
	buf_fini(&t.scratch);
	return rc;
}

/* ---- lanes into the window ------------------------------------------------------------------ */

static void grow(struct record_window *w)
{
	size_t cap = w->cap ? w->cap * 2 : 256;
	struct browse_record *v = xreallocarray(NULL, cap, sizeof(*v));

	for (size_t i = 0; i < w->n; i++)
		v[i] = w->ring[(w->first + i) % w->cap];
	free(w->ring);
	w->ring = v;
	w->first = 0;
	w->cap = cap;
}

static void append(struct record_window *w, const struct browse_record *r)
{
	if (w->n == w->max_records) {
		drop_oldest(w);
		w->dropped++;
	}
	if (w->n == w->cap)
		grow(w);
	w->ring[(w->first + w->n++) % w->cap] = *r;
	w->appended++;
	w->generation++;
	while (w->bytes > w->max_bytes && w->n > 1) {
		drop_oldest(w);
		w->dropped++;
	}
}

/* The lane whose next record is the oldest; NULL while one must be waited for. */
static struct window_lane *oldest(const struct record_window *w)
{
	struct window_lane *best = NULL;

	vec_foreach (it, &w->lanes) {
		struct window_lane *l = *it;

		if (l->head == l->q.n) {
			if (!l->idle)
				return NULL;
			continue;
		}
		if (!best || l->q.v[l->head].timestamp < best->q.v[best->head].timestamp)
			best = l;
	}
	return best;
}

size_t window_merge(struct record_window *w, size_t most)
{
	size_t moved = 0;
	struct window_lane *l;

	while (moved < most && (l = oldest(w))) {
		append(w, &l->q.v[l->head++]);
		moved++;
		if (l->head == l->q.n) {
			vec_clear(&l->q);
			l->head = 0;
		}
	}
	return moved;
}

void window_keep_last(struct record_window *w, size_t n)
{
	while (w->n > n)
		drop_oldest(w);
}

bool browse_header_next(struct slice *rest, struct str *name, struct slice *value)
{
	struct record_header h;

	if (!record_header_next(rest, &h))
		return false;
	*name = h.key;
	*value = h.value;
	return true;
}
