/* Filtered and sorted rows of a topic list. */
#include "model/topic_list.h"

#include <math.h>

void topic_list_init(struct topic_list *l)
{
	*l = (struct topic_list){.dirty_rows = true, .dirty_order = true};
	filter_init(&l->filter);
}

void topic_list_fini(struct topic_list *l)
{
	vec_fini(&l->rows);
	vec_fini(&l->scratch);
	filter_fini(&l->filter);
	cluster_unref(l->cluster);
	l->cluster = NULL;
}

void topic_list_filter(struct topic_list *l, struct str text)
{
	bool narrower;

	if (!filter_set(&l->filter, text, &narrower))
		return;
	l->narrower = narrower && (!l->dirty_rows || l->narrower);
	l->dirty_rows = true;
}

void topic_list_sort(struct topic_list *l, enum topic_sort by, bool desc)
{
	l->dirty_order = l->dirty_order || by != l->sort || desc != l->desc;
	l->sort = by;
	l->desc = desc;
}

static int cmp_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int cmp_double(double a, double b)
{
	double x = isnan(a) ? -1 : a, y = isnan(b) ? -1 : b;

	return (x > y) - (x < y);
}

/* Without a bound is the longest; not known the shortest. */
static int64_t retention_rank(const struct topic *t)
{
	return t->retention_ms == -1 ? INT64_MAX : t->retention_ms;
}

static struct topic_readers readers_of(const struct cluster *c, uint32_t at)
{
	return c->readers ? c->readers[at] : (struct topic_readers){.lag = -1};
}

static int cmp_readers(const struct cluster *c, uint32_t a, uint32_t b, enum topic_sort by)
{
	struct topic_readers x = readers_of(c, a), y = readers_of(c, b);

	if (by == TOPIC_BY_GROUPS)
		return cmp_i64(x.groups, y.groups);
	if (by == TOPIC_BY_VERDICT && x.verdict != y.verdict)
		return cmp_i64(x.verdict, y.verdict);
	return cmp_i64(x.lag, y.lag);
}

static int cmp_key(const struct cluster *c, uint32_t at_a, uint32_t at_b, enum topic_sort by)
{
	const struct topic *a = c->topics[at_a], *b = c->topics[at_b];

	switch (by) {
	case TOPIC_BY_PARTITIONS:
		return cmp_i64(a->n_partitions, b->n_partitions);
	case TOPIC_BY_REPLICATION:
		return cmp_i64(a->replication, b->replication);
	case TOPIC_BY_UNDER:
		return a->n_offline != b->n_offline ? cmp_i64(a->n_offline, b->n_offline)
						    : cmp_i64(a->n_under, b->n_under);
	case TOPIC_BY_RECORDS:
		return cmp_i64(a->records, b->records);
	case TOPIC_BY_SIZE:
		return cmp_i64(a->size, b->size);
	case TOPIC_BY_IN:
		return cmp_double(a->in_records, b->in_records);
	case TOPIC_BY_GROUPS:
	case TOPIC_BY_LAG:
	case TOPIC_BY_VERDICT:
		return cmp_readers(c, at_a, at_b, by);
	case TOPIC_BY_RETENTION:
		return cmp_i64(retention_rank(a), retention_rank(b));
	case TOPIC_BY_NAME:
	case TOPIC_SORT_COUNT:
		break;
	}
	return 0;
}

/* Places follow names, so they decide between equals, and rising whatever the direction. By name
 * one's own topics come first: those that Kafka keeps for itself are seldom what is looked for. */
static bool before(const struct topic_list *l, uint32_t a, uint32_t b)
{
	const struct topic *const *t = l->cluster->topics;
	int cmp = cmp_key(l->cluster, a, b, l->sort);

	if (l->sort == TOPIC_BY_NAME && t[a]->internal != t[b]->internal)
		return t[b]->internal;
	if (l->sort == TOPIC_BY_NAME)
		return l->desc ? a > b : a < b;
	if (cmp)
		return l->desc ? cmp > 0 : cmp < 0;
	return a < b;
}

static size_t run_end(const struct topic_list *l, const uint32_t *v, size_t at, size_t n)
{
	size_t end = at + 1;

	while (end < n && !before(l, v[end], v[end - 1]))
		end++;
	return end;
}

static void merge(const struct topic_list *l, const uint32_t *v, size_t a, size_t mid, size_t b,
	uint32_t *out)
{
	size_t i = a, k = mid;

	for (size_t at = a; at < b; at++)
		out[at] = k == b || (i < mid && !before(l, v[k], v[i])) ? v[i++] : v[k++];
}

/* Natural merge sort: one pass when the order still holds. True when anything moved. */
static bool sort_rows(struct topic_list *l)
{
	size_t n = l->rows.n;
	bool moved = false;

	vec_reserve(&l->scratch, n);
	while (n > 1 && run_end(l, l->rows.v, 0, n) < n) {
		for (size_t at = 0; at < n;) {
			size_t mid = run_end(l, l->rows.v, at, n);
			size_t end = mid < n ? run_end(l, l->rows.v, mid, n) : mid;

			merge(l, l->rows.v, at, mid, end, l->scratch.v);
			at = end;
		}
		memcpy(l->rows.v, l->scratch.v, n * sizeof(*l->rows.v));
		moved = true;
	}
	return moved;
}

static void narrow_rows(struct topic_list *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->rows.n; i++)
		if (filter_match(&l->filter, l->cluster->topics[l->rows.v[i]]->name))
			l->rows.v[kept++] = l->rows.v[i];
	l->rows.n = kept;
}

static void fill_rows(struct topic_list *l)
{
	vec_clear(&l->rows);
	vec_reserve(&l->rows, l->cluster->n_topics);
	for (size_t i = 0; i < l->cluster->n_topics; i++)
		if (filter_match(&l->filter, l->cluster->topics[i]->name))
			vec_push(&l->rows, (uint32_t)i);
}

bool topic_list_update(struct topic_list *l, const struct cluster *c)
{
	bool other = l->cluster != c, changed = false;
	const struct cluster *old = l->cluster;

	if (!other && !l->dirty_rows && !l->dirty_order)
		return false;
	if (other) {
		l->cluster = cluster_ref(c);
		cluster_unref(old);
		if (l->shape != c->shape || !old) {
			l->dirty_rows = true;
			l->narrower = false;
		}
		l->shape = c->shape;
	}
	if (l->dirty_rows) {
		if (l->narrower)
			narrow_rows(l);
		else
			fill_rows(l);
		changed = true;
	}
	changed = sort_rows(l) || changed;
	l->dirty_rows = l->dirty_order = l->narrower = false;
	return changed || other;
}

struct topic_readers topic_list_readers(const struct topic_list *l, size_t row)
{
	return row < l->rows.n ? readers_of(l->cluster, l->rows.v[row])
			       : (struct topic_readers){.lag = -1};
}

uint64_t topic_row_id(const struct topic *t)
{
	uint64_t h;

	if (uuid_is_zero(&t->id))
		return str_id(t->name);
	memcpy(&h, t->id.b, sizeof(h));
	return h ? h : 1;
}
