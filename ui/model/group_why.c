/* Why a group rebalanced, as far as its members before and after tell. */
#include "model/group_impl.h"

#include "model/format.h"

#define NAMES_MAX 3
/* A commit that is older says that the member had ended before it was missed. */
#define QUIET_MS 8000

/* A static member that starts again has another id and its old name. */
static bool is_same(const struct group_member *a, const struct group_member *b)
{
	if (a->instance[0] || b->instance[0])
		return strcmp(a->instance, b->instance) == 0;
	return strcmp(a->id, b->id) == 0;
}

static bool has(const struct group_members *all, const struct group_member *m)
{
	for (size_t i = 0; i < all->n; i++)
		if (is_same(&all->v[i], m))
			return true;
	return false;
}

/* How long the member had committed nothing though there was something to read; -1: it had, or
 * nothing can be said. */
static int64_t quiet_for(const struct gslot *g, const struct group_member *m, int64_t now_ms)
{
	int64_t last = -1;

	for (size_t i = 0; i < m->n_given; i++) {
		struct gtopic *t =
			gslot_topic((struct gslot *)(uintptr_t)g, m->given[i].topic, false);
		struct gpart *p = t ? gtopic_part(t, m->given[i].partition, false) : NULL;

		if (!p || !p->track || p->lagging_ms < 0)
			continue;
		last = max_i64(last, commits_last_ms(&p->track->commits));
	}
	return last >= 0 && now_ms - last >= QUIET_MS ? now_ms - last : -1;
}

/* Names of `these` that `in` does not have, and what became of them. */
static void put_missing(struct buf *out, const struct group_members *these,
	const struct group_members *in, const char *what)
{
	size_t n = 0;

	for (size_t i = 0; i < these->n; i++) {
		if (has(in, &these->v[i]))
			continue;
		if (n < NAMES_MAX)
			buf_printf(out, "%s%s", n ? ", " : out->n ? "; " : "", these->v[i].label);
		n++;
	}
	if (n > NAMES_MAX)
		buf_printf(out, " and %zu more", n - NAMES_MAX);
	if (n)
		buf_printf(out, " %s", what);
}

static size_t given(const struct group_members *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		n += all->v[i].n_given;
	return n;
}

void gslot_put_why(struct buf *out, const struct gslot *g, int64_t now_ms)
{
	int64_t quiet = -1;

	put_missing(out, g->members, g->stable, "joined");
	put_missing(out, g->stable, g->members, "left");
	for (size_t i = 0; i < g->stable->n; i++)
		if (!has(g->members, &g->stable->v[i]))
			quiet = max_i64(quiet, quiet_for(g, &g->stable->v[i], now_ms));
	if (quiet >= 0) {
		buf_puts(out, ", no commit for ");
		fmt_age(out, quiet);
	}
	if (!out->n && given(g->members) != given(g->stable))
		buf_printf(
			out, "%zu partitions instead of %zu", given(g->members), given(g->stable));
	else if (!out->n)
		buf_puts(out, "nobody came or went");
}
