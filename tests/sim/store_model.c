/* See store_model.h. */
#include "store_model.h"

#include <assert.h>

#include "base/random.h"

size_t entry_at(const struct model *m, int64_t offset)
{
	size_t lo = 0, hi = m->entries.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (entry_end(&m->entries.v[mid]) > offset)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

int64_t model_cut_end(const struct model *m, int64_t offset)
{
	size_t i = entry_at(m, offset);

	if (i == m->entries.n)
		return m->leo;
	return i > 0 ? entry_end(&m->entries.v[i - 1]) : m->first;
}

void model_cut(struct model *m, int64_t offset)
{
	m->leo = model_cut_end(m, offset);
	m->entries.n = entry_at(m, offset);
	m->flushed = min_i64(m->flushed, m->leo);
	m->kept_start = min_i64(m->kept_start, m->leo);
	m->most_start = min_i64(m->most_start, m->leo);
	m->least = m->leo;
	m->may_restart = false;
	m->cuts++;
}

void model_restart(struct model *m, int64_t offset)
{
	vec_clear(&m->entries);
	m->first = m->leo = m->flushed = m->least = m->most_start = offset;
	m->may_restart = false;
	m->cuts++;
}

void model_add(struct model *m, const struct entry *e)
{
	vec_push(&m->entries, *e);
	m->leo = entry_end(e);
}

const struct entry *model_last_of(const struct model *m, int64_t producer)
{
	for (size_t i = m->entries.n; i > 0; i--) {
		if (m->entries.v[i - 1].producer == producer)
			return &m->entries.v[i - 1];
	}
	return NULL;
}

struct plog_append entry_make(const struct entry *e, struct batch_builder *b, int64_t seed)
{
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	struct plog_append item = {.leader_epoch = e->epoch, .coordinator_epoch = -1};
	struct slice bytes;
	uint8_t value[900];
	struct rng rng;
	bool good = true;

	rng_seed(&rng, (uint64_t)seed);
	rng_bytes(&rng, value, sizeof(value));
	if (rng_one_in(&rng, 3))
		opt.codec = (enum compress)rng_between(&rng, COMPRESS_GZIP, COMPRESS_ZSTD);
	if (e->producer > 0) {
		opt.producer_id = e->producer;
		opt.producer_epoch = e->producer_epoch;
		opt.base_sequence = e->sequence;
	}
	batch_builder_begin(b, &opt);
	for (int i = 0; i < e->n; i++)
		good &= batch_builder_add(b, e->timestamp, SLICE_NULL,
				slice_of(value, rng_below(&rng, sizeof(value))), NULL, 0) == 0;
	good &= batch_builder_finish(b, &bytes) == 0;
	item.batch = xmemdup(bytes.p, bytes.n);
	good &= batch_check(bytes, &item.header) == 0;
	assert(good);
	(void)good;
	return item;
}
