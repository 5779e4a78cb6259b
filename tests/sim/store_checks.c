/* What a log says against what it was told; see store_world.h. */
#include "store_world.h"

/* ---- looking at a log --------------------------------------------------------------------- */

static void check_batch(
	struct world *w, const struct model *m, size_t i, const struct batch_header *h, int64_t max)
{
	const struct entry *e = i < m->entries.n ? &m->entries.v[i] : NULL;

	REQUIRE(w, e, "a batch at %lld behind the end", (long long)h->base_offset);
	REQUIRE(w, h->base_offset == e->base && h->last_offset_delta == e->n - 1,
		"a batch at %lld, expected %lld", (long long)h->base_offset, (long long)e->base);
	REQUIRE(w, h->crc == e->crc && h->leader_epoch == e->epoch, "another batch at %lld",
		(long long)e->base);
	REQUIRE(w, e->base + e->n <= max, "a batch at %lld, not below %lld", (long long)e->base,
		(long long)max);
}

/* Reads once; returns the offset behind, or offset when there is nothing. */
static int64_t check_read(
	struct world *w, struct model *m, int64_t offset, size_t bytes, int64_t max, bool min_one)
{
	struct plog_read_result res;
	struct batch_iter it;
	struct batch_header h;
	struct slice batch;
	struct chain c;
	size_t i = entry_at(m, offset), first = i, whole = 0;
	uint8_t *p;
	int r;

	chain_init(&c);
	r = plog_read(m->log, offset, bytes, max, min_one, &c, &res);
	REQUIRE(w, r == 0, "a read at %lld: %s", (long long)offset, err_name(r));
	REQUIRE(w, c.n == res.bytes, "%zu bytes, said %zu", c.n, res.bytes);
	p = xmalloc(c.n + 1);
	REQUIRE(w, chain_flatten(&c, p) == 0, "cannot flatten");
	chain_fini(&c);
	batch_iter_init(&it, slice_of(p, res.bytes), true);
	while ((r = batch_next(&it, &h, &batch)) == 1) {
		if (i == first)
			whole = h.size;
		check_batch(w, m, i++, &h, max);
	}
	REQUIRE(w, r == 0 || r == ERR_SHORT, "a read batch: %s", err_name(r));
	REQUIRE(w, res.bytes <= max_size(bytes, min_one ? whole : 0), "%zu bytes, asked for %zu",
		res.bytes, bytes);
	REQUIRE(w,
		!min_one || i > first || first == m->entries.n ||
			m->entries.v[first].base + m->entries.v[first].n > max,
		"no batch at %lld", (long long)offset);
	if (res.first_offset >= 0)
		REQUIRE(w, first < m->entries.n && res.first_offset == m->entries.v[first].base,
			"first offset %lld", (long long)res.first_offset);
	free(p);
	return i > first ? m->entries.v[i - 1].base + m->entries.v[i - 1].n : offset;
}

void check_all(struct world *w, struct model *m)
{
	int64_t at = m->log->log_start;

	while (at < m->leo) {
		int64_t next = check_read(w, m, at, (size_t)between(w, 1, 6000), m->leo, true);

		REQUIRE(w, next > at, "no progress at %lld", (long long)at);
		at = next;
	}
}

void check_time(struct world *w, struct model *m)
{
	int64_t when = clock_wall_ms(&w->clock.clock) - between(w, -100, 20000), want = -1;
	struct plog_time_result t;
	int r = plog_offset_for_time(m->log, when, m->leo, w->ctx, &t);

	for (size_t i = entry_at(m, m->log->log_start); want < 0 && i < m->entries.n; i++) {
		if (m->entries.v[i].timestamp >= when)
			want = max_i64(m->entries.v[i].base, m->log->log_start);
	}
	REQUIRE(w, r == 0, "offset for time: %s", err_name(r));
	REQUIRE(w, t.offset == want, "offset %lld for a time, expected %lld", (long long)t.offset,
		(long long)want);
}

void check_log(struct world *w, struct model *m)
{
	const struct plog *log = m->log;
	int64_t size = 0, next = -1;

	REQUIRE(w, log->leo == m->leo, "leo %lld, expected %lld", (long long)log->leo,
		(long long)m->leo);
	REQUIRE(w, log->log_start <= log->high_watermark && log->high_watermark <= log->leo,
		"start %lld, high watermark %lld, leo %lld", (long long)log->log_start,
		(long long)log->high_watermark, (long long)log->leo);
	REQUIRE(w, log->recovery_point <= log->leo, "recovery point behind the end");
	REQUIRE(w, log->segments.v[0]->base <= log->log_start, "the start is in no segment");
	for (size_t i = 0; i < log->segments.n; i++) {
		const struct segment *s = log->segments.v[i];

		REQUIRE(w, next < 0 || s->base == next, "segment %lld, the one before ends at %lld",
			(long long)s->base, (long long)next);
		next = s->next;
		size += s->size;
	}
	REQUIRE(w, size == log->size, "size %lld, segments %lld", (long long)log->size,
		(long long)size);
}

void check_world(struct world *w)
{
	for (int i = 0; i < w->n_logs && w->up; i++) {
		struct model *m = &w->models[i];

		if (!m->log)
			continue;
		check_log(w, m);
		if (w->step % READ_EVERY == 0)
			check_all(w, m);
		for (int n = 0; n < 2; n++) {
			int64_t from = between(w, m->log->log_start, m->leo);

			check_read(w, m, from, (size_t)between(w, 0, 3000),
				between(w, from, m->leo), one_in(w, 2));
		}
		check_time(w, m);
	}
}
