/* See epoch_cache.h. */
#include "store/epoch_cache.h"

#include "base/err.h"
#include "store/lines.h"

void epoch_cache_init(struct epoch_cache *c)
{
	memset(c, 0, sizeof(*c));
}

void epoch_cache_fini(struct epoch_cache *c)
{
	vec_fini(&c->entries);
}

bool epoch_cache_assign(struct epoch_cache *c, int32_t epoch, int64_t start)
{
	if (epoch < 0 || epoch == epoch_cache_latest(c))
		return false;
	while (c->entries.n > 0 &&
		(vec_last(&c->entries)->epoch >= epoch || vec_last(&c->entries)->start >= start))
		c->entries.n--;
	vec_push(&c->entries, ((struct epoch_entry){epoch, start}));
	return true;
}

int32_t epoch_cache_latest(const struct epoch_cache *c)
{
	return c->entries.n > 0 ? vec_last(&c->entries)->epoch : NO_EPOCH;
}

void epoch_cache_end(const struct epoch_cache *c, int32_t asked, int64_t leo, int64_t log_start,
	int32_t *epoch, int64_t *end)
{
	size_t i = 0;

	*epoch = NO_EPOCH;
	*end = NO_EPOCH_OFFSET;
	if (asked < 0 || c->entries.n == 0 || asked > epoch_cache_latest(c))
		return;
	while (i < c->entries.n && c->entries.v[i].epoch <= asked)
		i++;
	if (i == 0) {
		*epoch = asked;
		*end = max_i64(c->entries.v[0].start, log_start);
	} else {
		*epoch = c->entries.v[i - 1].epoch;
		*end = i < c->entries.n ? c->entries.v[i].start : leo;
	}
}

int32_t epoch_cache_at(const struct epoch_cache *c, int64_t offset)
{
	for (size_t i = c->entries.n; i > 0; i--) {
		if (c->entries.v[i - 1].start <= offset)
			return c->entries.v[i - 1].epoch;
	}
	return NO_EPOCH;
}

bool epoch_cache_truncate_end(struct epoch_cache *c, int64_t end)
{
	size_t before = c->entries.n;

	while (c->entries.n > 0 && vec_last(&c->entries)->start >= end)
		c->entries.n--;
	return c->entries.n != before;
}

bool epoch_cache_truncate_start(struct epoch_cache *c, int64_t start)
{
	bool changed = false;

	while (c->entries.n > 1 && c->entries.v[1].start <= start) {
		vec_remove(&c->entries, 0);
		changed = true;
	}
	if (c->entries.n > 0 && c->entries.v[0].start < start) {
		c->entries.v[0].start = start;
		changed = true;
	}
	return changed;
}

void epoch_cache_print(const struct epoch_cache *c, struct buf *out)
{
	buf_printf(out, "0\n%zu\n", c->entries.n);
	for (size_t i = 0; i < c->entries.n; i++)
		buf_printf(
			out, "%d %lld\n", c->entries.v[i].epoch, (long long)c->entries.v[i].start);
}

static int parse_entry(struct epoch_cache *c, struct str line)
{
	struct str epoch = lines_word(&line), start = lines_word(&line);
	int64_t e, s;

	if (!lines_int(epoch, 0, INT32_MAX, &e) || !lines_int(start, 0, INT64_MAX, &s) ||
		line.n > 0)
		return ERR_CORRUPT;
	if (c->entries.n > 0 &&
		(vec_last(&c->entries)->epoch >= e || vec_last(&c->entries)->start >= s))
		return ERR_CORRUPT;
	vec_push(&c->entries, ((struct epoch_entry){(int32_t)e, s}));
	return 0;
}

int epoch_cache_parse(struct epoch_cache *c, struct str text)
{
	int64_t n;
	int r = lines_begin(&text, &n);

	vec_clear(&c->entries);
	for (int64_t i = 0; r == 0 && i < n; i++)
		r = text.n > 0 ? parse_entry(c, lines_next(&text)) : ERR_CORRUPT;
	if (r < 0)
		vec_clear(&c->entries);
	return r;
}
