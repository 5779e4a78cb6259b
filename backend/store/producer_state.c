/* See producer_state.h: Kafka's rules of sequences, and the snapshot's bytes. */
#include "store/producer_state.h"

#include <stdio.h>

#include "base/crc32c.h"
#include "base/err.h"
#include "wire/kerr.h"

#define SNAPSHOT_HEAD    10 /* version, crc, count */
#define SNAPSHOT_ENTRY   46
#define SNAPSHOT_VERSION 1
#define SNAPSHOT_OLDER   0x4b44504cu /* "KDPL": older batches follow */
#define SNAPSHOT_BATCH   24

void producer_state_init(struct producer_state *s)
{
	memset(s, 0, sizeof(*s));
	map_init(&s->by_id);
}

void producer_state_clear(struct producer_state *s)
{
	void *p;

	for (size_t i = 0; map_next(&s->by_id, &i, NULL, &p);)
		free(p);
	map_clear(&s->by_id);
	vec_clear(&s->undo);
	s->undoing = false;
}

void producer_state_fini(struct producer_state *s)
{
	producer_state_clear(s);
	map_fini(&s->by_id);
	vec_fini(&s->undo);
}

const struct producer *producer_state_get(const struct producer_state *s, int64_t id)
{
	return map_get64(&s->by_id, (uint64_t)id);
}

static PRINTF_LIKE(3, 4) enum producer_check_result
	refuse(struct producer_answer *a, int16_t error, const char *fmt, ...)
{
	va_list ap;

	a->error = error;
	va_start(ap, fmt);
	vsnprintf(a->reason, sizeof(a->reason), fmt, ap);
	va_end(ap);
	return PRODUCER_REFUSED;
}

static bool is_duplicate(
	const struct producer *p, const struct batch_header *h, struct producer_answer *a)
{
	for (int i = 0; i < p->n; i++) {
		const struct producer_batch *b = &p->batches[i];

		if (b->first_sequence != h->base_sequence ||
			b->last_sequence != batch_last_sequence(h))
			continue;
		a->base_offset = b->last_offset - b->offset_delta;
		a->timestamp = b->timestamp;
		return true;
	}
	return false;
}

enum producer_check_result producer_state_check(
	const struct producer_state *s, const struct batch_header *h, struct producer_answer *a)
{
	const struct producer *p;
	int32_t want;

	*a = (struct producer_answer){.base_offset = -1, .timestamp = -1};
	if (h->producer_id < 0 || !(p = producer_state_get(s, h->producer_id)))
		return PRODUCER_OK;
	if (h->producer_epoch < p->epoch)
		return refuse(a, KERR_INVALID_PRODUCER_EPOCH, "epoch %d is older than %d",
			h->producer_epoch, p->epoch);
	if (batch_is_control(h))
		return PRODUCER_OK;
	if (h->producer_epoch > p->epoch) {
		if (h->base_sequence == 0)
			return PRODUCER_OK;
		return refuse(a, KERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
			"sequence %d begins epoch %d, not 0", h->base_sequence, h->producer_epoch);
	}
	if (is_duplicate(p, h, a))
		return PRODUCER_DUPLICATE;
	if (p->txn_first_offset >= 0 && !batch_is_transactional(h))
		return refuse(a, KERR_INVALID_TXN_STATE,
			"not part of the transaction that is open since offset %lld",
			(long long)p->txn_first_offset);
	/* Only markers were seen of this epoch: where its sequence stands is not known. */
	if (p->n == 0)
		return PRODUCER_OK;
	want = batch_sequence_add(p->batches[p->n - 1].last_sequence, 1);
	if (h->base_sequence != want)
		return refuse(a, KERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "sequence %d, expected %d",
			h->base_sequence, want);
	return PRODUCER_OK;
}

static void remember(struct producer_state *s, int64_t id, const struct producer *p)
{
	struct producer_undo *u;

	if (!s->undoing)
		return;
	u = vec_add(&s->undo);
	u->existed = p != NULL;
	if (p)
		u->before = *p;
	u->before.id = id;
}

static struct producer *get_or_add(struct producer_state *s, const struct batch_header *h)
{
	struct producer *p = map_get64(&s->by_id, (uint64_t)h->producer_id);

	remember(s, h->producer_id, p);
	if (p)
		return p;
	p = ALLOC(struct producer);
	*p = (struct producer){.id = h->producer_id,
		.epoch = h->producer_epoch,
		.coordinator_epoch = -1,
		.txn_first_offset = -1,
		.last_timestamp = -1};
	map_put64(&s->by_id, (uint64_t)p->id, p);
	return p;
}

static void add_batch(struct producer *p, const struct batch_header *h)
{
	if (p->n == PRODUCER_BATCHES) {
		memmove(p->batches, p->batches + 1, sizeof(p->batches[0]) * (PRODUCER_BATCHES - 1));
		p->n--;
	}
	p->batches[p->n++] = (struct producer_batch){
		.first_sequence = h->base_sequence,
		.last_sequence = batch_last_sequence(h),
		.last_offset = batch_last_offset(h),
		.offset_delta = h->last_offset_delta,
		.timestamp = h->max_timestamp,
	};
}

void producer_state_apply(
	struct producer_state *s, const struct batch_header *h, int32_t coordinator_epoch)
{
	struct producer *p;

	s->end = batch_next_offset(h);
	if (h->producer_id < 0)
		return;
	p = get_or_add(s, h);
	if (p->epoch != h->producer_epoch) {
		p->epoch = h->producer_epoch;
		p->n = 0;
	}
	p->last_timestamp = max_i64(p->last_timestamp, h->max_timestamp);
	if (batch_is_control(h)) {
		p->txn_first_offset = -1;
		p->coordinator_epoch = (int32_t)max_i64(p->coordinator_epoch, coordinator_epoch);
		return;
	}
	add_batch(p, h);
	if (batch_is_transactional(h) && p->txn_first_offset < 0)
		p->txn_first_offset = h->base_offset;
}

void producer_state_begin(struct producer_state *s)
{
	vec_clear(&s->undo);
	s->undoing = true;
}

void producer_state_commit(struct producer_state *s)
{
	vec_clear(&s->undo);
	s->undoing = false;
}

void producer_state_rollback(struct producer_state *s)
{
	for (size_t i = s->undo.n; i > 0; i--) {
		struct producer_undo *u = &s->undo.v[i - 1];
		struct producer *p = map_get64(&s->by_id, (uint64_t)u->before.id);

		if (u->existed) {
			*p = u->before;
		} else {
			map_del64(&s->by_id, (uint64_t)u->before.id);
			free(p);
		}
	}
	producer_state_commit(s);
}

void producer_state_expire(struct producer_state *s, int64_t before_ms)
{
	VEC(int64_t) old = {0};
	void *v;

	for (size_t i = 0; map_next(&s->by_id, &i, NULL, &v);) {
		const struct producer *p = v;

		if (p->txn_first_offset < 0 && p->last_timestamp < before_ms)
			vec_push(&old, p->id);
	}
	vec_foreach (id, &old)
		free(map_del64(&s->by_id, (uint64_t)*id));
	vec_fini(&old);
}

int64_t producer_state_first_unstable(const struct producer_state *s)
{
	int64_t first = -1;
	void *v;

	for (size_t i = 0; map_next(&s->by_id, &i, NULL, &v);) {
		int64_t at = ((const struct producer *)v)->txn_first_offset;

		if (at >= 0 && (first < 0 || at < first))
			first = at;
	}
	return first;
}

static void put_entry(struct buf *out, const struct producer *p)
{
	const struct producer_batch *b = p->n > 0 ? &p->batches[p->n - 1] : NULL;

	buf_put_be64(out, (uint64_t)p->id);
	buf_put_be16(out, (uint16_t)p->epoch);
	buf_put_be32(out, (uint32_t)(b ? b->last_sequence : -1));
	buf_put_be64(out, (uint64_t)(b ? b->last_offset : -1));
	buf_put_be32(out, (uint32_t)(b ? b->offset_delta : 0));
	buf_put_be64(out, (uint64_t)p->last_timestamp);
	buf_put_be32(out, (uint32_t)p->coordinator_epoch);
	buf_put_be64(out, (uint64_t)p->txn_first_offset);
}

/* Kafka's entries hold the last batch of each producer alone. The others stand behind all entries,
 * where Kafka does not look: without them a batch that is sent again after a restart would be
 * refused as out of order, although it is there. */
static void put_older(struct buf *out, const struct producer *p)
{
	buf_put_be64(out, (uint64_t)p->id);
	buf_put_be16(out, (uint16_t)(p->n - 1));
	for (int16_t i = 0; i < p->n - 1; i++) {
		const struct producer_batch *b = &p->batches[i];

		buf_put_be32(out, (uint32_t)b->last_sequence);
		buf_put_be64(out, (uint64_t)b->last_offset);
		buf_put_be32(out, (uint32_t)b->offset_delta);
		buf_put_be64(out, (uint64_t)b->timestamp);
	}
}

void producer_state_encode(const struct producer_state *s, struct buf *out)
{
	size_t from = out->n, older = 0;
	void *v;

	buf_put_be16(out, SNAPSHOT_VERSION);
	buf_put_be32(out, 0);
	buf_put_be32(out, (uint32_t)s->by_id.n);
	for (size_t i = 0; map_next(&s->by_id, &i, NULL, &v);)
		put_entry(out, v);
	for (size_t i = 0; map_next(&s->by_id, &i, NULL, &v);) {
		if (((const struct producer *)v)->n < 2)
			continue;
		if (older++ == 0)
			buf_put_be32(out, SNAPSHOT_OLDER);
		put_older(out, v);
	}
	put_be32(out->p + from + 2, crc32c(0, out->p + from + 6, out->n - from - 6));
}

static struct producer *get_entry(const uint8_t *e)
{
	struct producer *p = ALLOC(struct producer);
	struct producer_batch *b = &p->batches[0];

	p->id = (int64_t)get_be64(e);
	p->epoch = (int16_t)get_be16(e + 8);
	b->last_sequence = (int32_t)get_be32(e + 10);
	b->last_offset = (int64_t)get_be64(e + 14);
	b->offset_delta = (int32_t)get_be32(e + 22);
	b->timestamp = p->last_timestamp = (int64_t)get_be64(e + 26);
	p->coordinator_epoch = (int32_t)get_be32(e + 34);
	p->txn_first_offset = (int64_t)get_be64(e + 38);
	p->n = b->last_sequence >= 0;
	if (p->n)
		b->first_sequence = batch_sequence_add(b->last_sequence, -b->offset_delta);
	return p;
}

/* In front of the one batch that the entry had. */
static bool get_older(struct producer *p, const uint8_t *b, int16_t n)
{
	p->batches[n] = p->batches[0];
	for (int16_t i = 0; i < n; i++, b += SNAPSHOT_BATCH) {
		struct producer_batch *to = &p->batches[i];

		to->last_sequence = (int32_t)get_be32(b);
		to->last_offset = (int64_t)get_be64(b + 4);
		to->offset_delta = (int32_t)get_be32(b + 12);
		to->timestamp = (int64_t)get_be64(b + 16);
		if (to->last_sequence < 0 || to->offset_delta < 0)
			return false;
		to->first_sequence = batch_sequence_add(to->last_sequence, -to->offset_delta);
	}
	p->n = (int16_t)(n + 1);
	return true;
}

/* What stands behind the entries; nothing in a file of Kafka's. */
static int decode_older(struct producer_state *s, struct slice in)
{
	if (in.n == 0)
		return 0;
	if (in.n < 4 || get_be32(in.p) != SNAPSHOT_OLDER)
		return ERR_CORRUPT;
	for (size_t at = 4; at < in.n;) {
		struct producer *p;
		int16_t n;

		if (in.n - at < 10)
			return ERR_CORRUPT;
		p = map_get64(&s->by_id, get_be64(in.p + at));
		n = (int16_t)get_be16(in.p + at + 8);
		at += 10;
		if (!p || p->n != 1 || n < 1 || n >= PRODUCER_BATCHES ||
			in.n - at < (size_t)n * SNAPSHOT_BATCH || !get_older(p, in.p + at, n))
			return ERR_CORRUPT;
		at += (size_t)n * SNAPSHOT_BATCH;
	}
	return 0;
}

int producer_state_decode(struct producer_state *s, struct slice in)
{
	size_t entries;
	uint32_t n;
	int rc;

	producer_state_clear(s);
	if (in.n < SNAPSHOT_HEAD)
		return ERR_SHORT;
	if (get_be16(in.p) != SNAPSHOT_VERSION)
		return ERR_VERSION;
	n = get_be32(in.p + 6);
	entries = SNAPSHOT_HEAD + (size_t)n * SNAPSHOT_ENTRY;
	if (entries > in.n || get_be32(in.p + 2) != crc32c(0, in.p + 6, in.n - 6))
		return ERR_CORRUPT;
	for (uint32_t i = 0; i < n; i++) {
		struct producer *p = get_entry(in.p + SNAPSHOT_HEAD + (size_t)i * SNAPSHOT_ENTRY);

		if (p->id < 0 || (p->n && p->batches[0].offset_delta < 0)) {
			free(p);
			producer_state_clear(s);
			return ERR_CORRUPT;
		}
		free(map_put64(&s->by_id, (uint64_t)p->id, p));
	}
	rc = decode_older(s, slice_of(in.p + entries, in.n - entries));
	if (rc < 0)
		producer_state_clear(s);
	return rc;
}
