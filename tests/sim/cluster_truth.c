/* See cluster_truth.h. */
#include "cluster_truth.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "cluster_world.h"
#include "server/priv.h"

#define READ_AT_ONCE ((size_t)64 << 10)

/* ---- life ------------------------------------------------------------------------------------ */

void truth_init(struct truth *t)
{
	*t = (struct truth){.quorum = {.name = METALOG_TOPIC}};
	map_init(&t->logs);
}

static void log_fini(struct truth_log *l)
{
	vec_fini(&l->batches);
	vec_fini(&l->records);
	vec_fini(&l->leaders);
}

void truth_fini(struct truth *t)
{
	vec_foreach (l, &t->list) {
		log_fini(*l);
		free(*l);
	}
	vec_foreach (p, &t->producers)
		vec_fini(&p->there);
	log_fini(&t->quorum);
	vec_fini(&t->list);
	vec_fini(&t->producers);
	map_fini(&t->logs);
}

void node_view_reset(struct node_view *v)
{
	vec_clear(&v->parts);
	v->meta_checked = v->meta_cuts = 0;
	v->meta_epoch = -1;
	v->meta_leads = false;
}

void node_view_fini(struct node_view *v)
{
	vec_fini(&v->parts);
}

uint32_t truth_add_producer(struct truth *t, bool idempotent)
{
	vec_add(&t->producers)->idempotent = idempotent;
	return (uint32_t)t->producers.n - 1;
}

static struct slice key_of(uint8_t key[static 20], const struct uuid *topic, int32_t index)
{
	memcpy(key, topic->b, 16);
	put_be32(key + 16, (uint32_t)index);
	return slice_of(key, 20);
}

struct truth_log *truth_find(struct truth *t, const struct uuid *topic, int32_t index)
{
	uint8_t key[20];

	return map_get(&t->logs, key_of(key, topic, index));
}

static struct truth_log *truth_log_of(struct truth *t, const struct partition *p)
{
	uint8_t key[20];
	struct slice k = key_of(key, &p->topic->id, p->index);
	struct truth_log *l = map_get(&t->logs, k);

	if (l)
		return l;
	l = ALLOC(struct truth_log);
	l->topic = p->topic->id;
	l->index = p->index;
	snprintf(l->name, sizeof(l->name), "%.*s-%d", STR_ARG(p->topic->name), p->index);
	map_put(&t->logs, k, l);
	vec_push(&t->list, l);
	return l;
}

/* ---- leaders --------------------------------------------------------------------------------- */

/* True: nobody has led in a later epoch. One that learns late of its own time may be behind. */
static bool led_by(struct world *w, struct truth_log *l, int32_t epoch, int node)
{
	bool newest = true;

	vec_foreach (x, &l->leaders) {
		newest = newest && x->epoch <= epoch;
		if (x->epoch == epoch && x->node != node)
			world_break(w, "%s: nodes %d and %d both lead in epoch %d", l->name,
				x->node, node, epoch);
	}
	vec_foreach (x, &l->leaders)
		if (x->epoch == epoch)
			return newest;
	vec_push(&l->leaders, ((struct truth_leader){epoch, node}));
	w->stats.leaders++;
	return newest;
}

int truth_leader(struct truth *t, const struct uuid *topic, int32_t index)
{
	const struct truth_log *l = truth_find(t, topic, index);
	struct truth_leader newest = {-1, -1};

	if (!l)
		return -1;
	vec_foreach (x, &l->leaders)
		if (x->epoch > newest.epoch)
			newest = *x;
	return newest.node;
}

/* ---- records --------------------------------------------------------------------------------- */

static void producer_record(
	struct world *w, struct truth_log *l, const struct truth_record *r, int64_t offset)
{
	struct truth_producer *p;

	if (r->producer >= w->truth.producers.n) {
		world_break(
			w, "%s: a record that nobody wrote at %lld", l->name, (long long)offset);
		return;
	}
	p = &w->truth.producers.v[r->producer];
	while (p->there.n <= r->counter)
		vec_push(&p->there, false);
	if (p->idempotent && r->counter != p->next)
		world_break(w, "%s: producer %u's record %u at offset %lld, expected %u", l->name,
			r->producer, r->counter, (long long)offset, p->next);
	p->next = r->counter + 1;
	p->there.v[r->counter] = true;
}

static bool parse(struct slice value, struct truth_record *out)
{
	if (value.n < 8)
		return false;
	*out = (struct truth_record){get_be32(value.p), get_be32(value.p + 4)};
	return true;
}

static void add_records(
	struct world *w, struct truth_log *l, const struct batch_header *h, struct slice batch)
{
	struct buf scratch = BUF_EMPTY;
	struct record_iter it;
	struct record r;
	struct truth_record t;
	int rc = record_iter_init(&it, h, batch, NULL, READ_AT_ONCE, &scratch);

	while (rc == 0 && record_next(&it, &r) == 1) {
		if (!parse(r.value, &t)) {
			world_break(
				w, "%s: a strange record at %lld", l->name, (long long)r.offset);
			break;
		}
		vec_push(&l->records, t);
		producer_record(w, l, &t, r.offset);
	}
	buf_fini(&scratch);
}

static bool is_ours(const struct truth_log *l)
{
	return l->name[0] != '_';
}

/* One batch below the high watermark of a leader: it is committed. */
static void commit(
	struct world *w, struct truth_log *l, const struct batch_header *h, struct slice batch)
{
	if (l->end == l->start && l->batches.n == 0)
		l->start = l->end = h->base_offset;
	if (h->base_offset != l->end && is_ours(l))
		world_break(w, "%s: a gap between %lld and %lld", l->name, (long long)l->end,
			(long long)h->base_offset);
	vec_push(&l->batches, ((struct truth_batch){h->base_offset, batch_last_offset(h), h->crc,
				      h->leader_epoch}));
	l->end = batch_next_offset(h);
	if (is_ours(l))
		add_records(w, l, h, batch);
}

/* The batch that begins at offset or behind it. */
static const struct truth_batch *batch_at(const struct truth_log *l, int64_t offset)
{
	size_t lo = 0, hi = l->batches.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (l->batches.v[mid].last < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < l->batches.n ? &l->batches.v[lo] : NULL;
}

static void compare(struct world *w, const struct truth_log *l, const struct node *n,
	const struct batch_header *h)
{
	const struct truth_batch *b = batch_at(l, h->base_offset);

	if (b && b->base == h->base_offset && b->last == batch_last_offset(h) && b->crc == h->crc &&
		b->epoch == h->leader_epoch)
		return;
	world_break(w,
		"%s: node %d has %lld-%lld of epoch %d below its high watermark, committed is "
		"%lld-%lld of epoch %d",
		l->name, n->id, (long long)h->base_offset, (long long)batch_last_offset(h),
		h->leader_epoch, b ? (long long)b->base : -1, b ? (long long)b->last : -1,
		b ? b->epoch : -1);
}

/* Compares what the log has from `from` up to `to`; what is new there is committed when `leads`.
 * Returns how far it came. */
static int64_t walk(struct world *w, struct truth_log *l, struct node *n, struct plog *log,
	int64_t from, int64_t to, bool leads)
{
	struct buf bytes = BUF_EMPTY;
	int64_t at = max_i64(from, log->log_start);

	while (at < to && !world_broken(w)) {
		struct plog_read_result got;
		struct batch_iter it;
		struct batch_header h;
		struct slice batch;
		struct chain c;
		int64_t before = at;

		chain_init(&c);
		buf_clear(&bytes);
		if (plog_read(log, at, READ_AT_ONCE, to, true, &c, &got) < 0 || c.n == 0 ||
			chain_flatten(&c, buf_extend(&bytes, c.n)) < 0) {
			chain_fini(&c);
			break;
		}
		chain_fini(&c);
		batch_iter_init(&it, buf_slice(&bytes), false);
		while (batch_next(&it, &h, &batch) == 1) {
			if (h.base_offset >= l->end && leads)
				commit(w, l, &h, batch);
			else if (h.base_offset >= l->start)
				compare(w, l, n, &h);
			at = batch_next_offset(&h);
		}
		if (at == before)
			break;
	}
	buf_fini(&bytes);
	return at;
}

/* ---- the metadata log ------------------------------------------------------------------------ */

static void look_at_quorum(struct world *w, struct node *n)
{
	struct metalog *m = n->server->broker.metalog;
	const struct quorum *q = metalog_quorum(m);
	struct plog *log = metalog_log(m);
	struct truth_log *l = &w->truth.quorum;
	struct node_view *v = &n->view;
	bool decides = quorum_leads(q) || v->meta_leads; /* led, at the turn's beginning */

	v->meta_leads = quorum_leads(q);
	if (quorum_leads(q) && v->meta_epoch != quorum_epoch(q)) {
		v->meta_epoch = quorum_epoch(q);
		if (led_by(w, l, v->meta_epoch, n->id) && log->leo < l->end)
			world_break(w,
				"the quorum's leader %d of epoch %d has %lld records, %lld are "
				"committed",
				n->id, v->meta_epoch, (long long)log->leo, (long long)l->end);
	}
	if (v->meta_cuts != log->cuts) {
		v->meta_cuts = log->cuts;
		v->meta_checked = min_i64(v->meta_checked, log->leo);
	}
	if (!decides && q->high_watermark > l->end)
		world_break(w, "node %d takes %lld for committed, leaders have committed %lld",
			n->id, (long long)q->high_watermark, (long long)l->end);
	if (q->high_watermark > v->meta_checked)
		v->meta_checked = walk(w, l, n, log, v->meta_checked,
			min_i64(q->high_watermark, log->leo), decides);
}

/* ---- partitions ------------------------------------------------------------------------------ */

static struct part_view *view_of(struct world *w, struct node *n, struct partition *p, size_t *hint)
{
	struct part_view *v;

	if (*hint < n->view.parts.n && n->view.parts.v[*hint].partition == p)
		v = &n->view.parts.v[(*hint)++];
	else {
		v = NULL;
		vec_foreach (x, &n->view.parts)
			if (x->partition == p)
				v = x;
		if (!v) {
			v = vec_add(&n->view.parts);
			v->partition = p;
		}
		*hint = (size_t)(v - n->view.parts.v) + 1;
	}
	if (!v->truth || v->truth->index != p->index || !uuid_eq(&v->truth->topic, &p->topic->id) ||
		v->log != p->log)
		*v = (struct part_view){.partition = p,
			.truth = truth_log_of(&w->truth, p),
			.log = p->log,
			.epoch = -1};
	return v;
}

/* The newest image; NULL: who had it is down. */
static const struct image *newest_image(const struct world *w)
{
	const struct image *best = NULL;

	for (int i = 0; i < w->n; i++) {
		const struct server *s = w->nodes[i].server;
		const struct image *img = s ? metalog_image(s->broker.metalog) : NULL;
		if (img && (!best || img->offset > best->offset))
			best = img;
	}
	return best && best->offset >= w->truth.image_offset ? best : NULL;
}

/* What a member of an ISR has, or -1: it is down, or not this incarnation is meant. */
static int64_t member_leo(
	const struct world *w, const struct image *img, const struct truth_log *l, int32_t id)
{
	const struct image_broker *b = image_broker(img, id);
	const struct partition *p;

	if (id < 0 || id >= w->n || !w->nodes[id].server || !w->nodes[id].ready || !b ||
		!uuid_eq(&b->incarnation, &w->nodes[id].server->incarnation))
		return -1;
	p = node_replica(&w->nodes[id], &l->topic, l->index);
	return p && p->log && p->log->state == PLOG_OPEN ? p->log->leo : -1;
}

static void check_isr(struct world *w, const struct truth_log *l)
{
	const struct image *img = newest_image(w);
	const struct image_topic *t = img ? image_topic_by_id(img, &l->topic) : NULL;
	const struct image_partition *ip =
		t && l->index < t->n_partitions ? &t->partitions[l->index] : NULL;

	for (int32_t i = 0; ip && i < ip->isr.n; i++) {
		int64_t leo = member_leo(w, img, l, ip->isr.v[i]);
		if (leo >= 0 && leo < l->end)
			world_break(w,
				"%s: node %d is in the ISR of epoch %d with %lld records, %lld are "
				"committed (image at %lld, committed are %lld)",
				l->name, ip->isr.v[i], ip->leader_epoch, (long long)leo,
				(long long)l->end, (long long)img->offset,
				(long long)w->truth.quorum.end);
	}
}

/* The one replica in sync, which nobody leads now. */
static bool is_last(const struct node *n, const struct partition *p)
{
	const struct image *img = metalog_image(n->server->broker.metalog);
	const struct image_partition *ip = image_partition(img, p->topic->name, p->index);

	return ip && ip->leader < 0 && ip->isr.n == 1 && ip->isr.v[0] == n->id;
}

static void look_at_partition(
	struct world *w, struct node *n, struct partition *p, struct part_view *v)
{
	struct plog *log = p->log;
	struct truth_log *l = v->truth;
	int64_t known = l->end;
	bool decides; /* what is committed: it leads, or did so in this turn */

	if (v->cuts != log->cuts) {
		v->cuts = log->cuts;
		v->checked = min_i64(v->checked, log->leo);
	}
	if (p->leads && v->epoch != p->leader_epoch && led_by(w, l, p->leader_epoch, n->id) &&
		log->leo < l->end && !w->fragile)
		world_break(w, "%s: leader %d of epoch %d has %lld records, %lld are committed",
			l->name, n->id, p->leader_epoch, (long long)log->leo, (long long)l->end);
	decides = p->leads || v->epoch >= 0 || is_last(n, p);
	v->epoch = p->leads ? p->leader_epoch : -1;
	if (w->fragile)
		return;
	if (!decides && log->high_watermark > l->end)
		world_break(w,
			"%s: node %d follows %d in epoch %d and has high watermark %lld, leaders "
			"had %lld",
			l->name, n->id, p->leader, p->leader_epoch, (long long)log->high_watermark,
			(long long)l->end);
	if (log->high_watermark > v->checked)
		v->checked = walk(w, l, n, log, v->checked, log->high_watermark, decides);
	if (l->end > known || log->leo < v->leo)
		check_isr(w, l);
	v->leo = log->leo;
}

static void look_at_partitions(struct world *w, struct node *n)
{
	struct repl *r = n->server->broker.repl;
	struct repl_topic *t;
	size_t hint = 0;

	for (size_t i = 0; r && (t = repl_next(r, &i));)
		for (int32_t k = 0; k < t->n_partitions; k++) {
			struct partition *p = t->partitions[k];
			if (p && p->log && !world_broken(w))
				look_at_partition(w, n, p, view_of(w, n, p, &hint));
		}
}

void truth_look(struct world *w, struct node *n)
{
	if (!n->server->broker.metalog)
		return;
	look_at_quorum(w, n);
	w->truth.image_offset =
		max_i64(w->truth.image_offset, metalog_image(n->server->broker.metalog)->offset);
	look_at_partitions(w, n);
}

/* ---- all together ---------------------------------------------------------------------------- */

void truth_compare(struct world *w)
{
	for (int i = 0; i < w->n; i++)
		for (int j = i + 1; j < w->n; j++) {
			const struct server *a = w->nodes[i].server, *b = w->nodes[j].server;
			const struct image *x = a ? metalog_image(a->broker.metalog) : NULL;
			const struct image *y = b ? metalog_image(b->broker.metalog) : NULL;

			if (x && y && x->offset == y->offset && !image_equal(x, y))
				world_break(w, "nodes %d and %d have other images at offset %lld",
					i, j, (long long)x->offset);
		}
	vec_foreach (l, &w->truth.list)
		if (!w->fragile)
			check_isr(w, *l);
}

void truth_acked(struct world *w, const struct uuid *topic, int32_t index, uint32_t producer,
	uint32_t counter, uint32_t n, int64_t offset)
{
	struct truth_log *l = truth_find(&w->truth, topic, index);

	w->stats.acked += n;
	w->truth.producers.v[producer].acked = counter + n;
	if (w->fragile)
		return;
	if (!l) {
		world_break(w, "records were acknowledged in a partition that nobody has");
		return;
	}
	for (uint32_t i = 0; i < n && offset >= 0; i++) {
		int64_t at = offset + i;
		const struct truth_record *r =
			at >= l->start && at < l->end ? &l->records.v[at - l->start] : NULL;
		if (!r || r->producer != producer || r->counter != counter + i)
			world_break(w,
				"%s: producer %u's record %u was acknowledged at offset %lld, "
				"where %s is committed",
				l->name, producer, counter + i, (long long)at,
				r ? "another" : "none");
	}
}

void truth_read(struct world *w, const struct uuid *topic, int32_t index, int64_t offset,
	struct slice value)
{
	struct truth_log *l = truth_find(&w->truth, topic, index);
	const struct truth_record *r = l && offset >= l->start && offset < l->end
					       ? &l->records.v[offset - l->start]
					       : NULL;
	struct truth_record got;

	w->stats.read++;
	if (w->fragile)
		return;
	if (!r || !parse(value, &got) || got.producer != r->producer || got.counter != r->counter)
		world_break(w, "%s: a client read at offset %lld what is not committed",
			l ? l->name : "?", (long long)offset);
}

void truth_settled(struct world *w)
{
	if (w->fragile)
		return;
	for (size_t i = 0; i < w->truth.producers.n; i++) {
		const struct truth_producer *p = &w->truth.producers.v[i];
		for (uint32_t k = 0; k < p->acked; k++)
			if (k >= p->there.n || !p->there.v[k])
				world_break(w,
					"producer %zu's record %u was acknowledged and is not "
					"there",
					i, k);
	}
}
