/* See owners.h. */
#include "model/owners.h"

#define NO_ROW SIZE_MAX

void owners_init(struct owners *o)
{
	*o = (struct owners){0};
}

static void col_fini(struct owners_col *c)
{
	free((void *)(uintptr_t)c->why);
	free(c->owner);
}

void owners_fini(struct owners *o)
{
	for (size_t i = 0; i < o->n; i++)
		col_fini(&o->cols[i]);
	vec_foreach (r, &o->rows)
		free((void *)(uintptr_t)r->topic.p);
	vec_foreach (name, &o->names)
		free(name->label);
	vec_fini(&o->rows);
	vec_fini(&o->names);
	owners_init(o);
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Names that no column has any more make room. */
static void drop_names(struct owners *o)
{
	bool *used = xcalloc(o->names.n + 1, sizeof(*used));

	for (size_t c = 0; c < o->n; c++)
		for (size_t r = 0; r < o->rows.n; r++)
			used[o->cols[c].owner[r]] = true;
	for (size_t i = 0; i < o->names.n; i++) {
		if (used[i + 1])
			continue;
		free(o->names.v[i].label);
		o->names.v[i] = (struct owners_name){0};
	}
	free(used);
}

/* Static members keep their name when they start again. */
static uint64_t identity(const struct group_member *m)
{
	return str_id(str_of(m->instance[0] ? m->instance : m->id));
}

/* A client may call itself anything, at any length. */
static char *copy_label(const char *label)
{
	size_t n = strlen(label);

	if (n > OWNERS_LABEL)
		for (n = OWNERS_LABEL; n > 0 && ((uint8_t)label[n] & 0xc0) == 0x80;)
			n--;
	return str_dup((struct str){label, n});
}

static struct owners_name *find_name(struct owners *o, uint64_t id)
{
	vec_foreach (name, &o->names)
		if (name->id == id)
			return name;
	return NULL;
}

/* Place of the member's name + 1. */
static uint16_t name_of(struct owners *o, const struct group_member *m)
{
	struct owners_name *name = find_name(o, identity(m));

	if (!name)
		name = find_name(o, 0);
	if (!name)
		name = vec_add(&o->names);
	name->id = identity(m);
	free(name->label);
	name->label = copy_label(m->label);
	return (uint16_t)(name - o->names.v + 1);
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* A row to be: its old place, if it had one, and who has the partition now. */
struct draft {
	struct str topic;
	int32_t partition;
	size_t old;
	const struct group_member *owner;
};

struct drafts {
	VEC(struct draft) v;
};

static int compare(const void *a, const void *b)
{
	const struct draft *x = a, *y = b;
	int topic = str_cmp(x->topic, y->topic);

	return topic ? topic : (x->partition > y->partition) - (x->partition < y->partition);
}

static bool owned(const struct owners *o, size_t row)
{
	for (size_t c = 0; c < o->n; c++)
		if (o->cols[c].owner[row])
			return true;
	return false;
}

/* Rows that some column still speaks of, and those of the group now; one a partition. */
static void collect(struct drafts *d, const struct owners *o, const struct group *g)
{
	size_t kept = 0;

	for (size_t i = 0; i < o->rows.n; i++)
		if (owned(o, i))
			vec_push(&d->v, ((struct draft){o->rows.v[i].topic, o->rows.v[i].partition,
						i, NULL}));
	for (size_t i = 0; i < g->members->n; i++)
		for (size_t k = 0; k < g->members->v[i].n_given; k++) {
			const struct group_given *at = &g->members->v[i].given[k];

			vec_push(&d->v, ((struct draft){at->topic, at->partition, NO_ROW,
						&g->members->v[i]}));
		}
	vec_sort(&d->v, compare);
	for (size_t i = 0; i < d->v.n; i++) {
		struct draft *last = kept ? &d->v.v[kept - 1] : NULL;
		struct draft *x = &d->v.v[i];

		if (!last || compare(last, x) != 0) {
			d->v.v[kept++] = *x;
			continue;
		}
		last->old = last->old == NO_ROW ? x->old : last->old;
		last->owner = last->owner ? last->owner : x->owner;
	}
	d->v.n = kept;
}

/* Too many: rows of the past go first, then the last ones. */
static void bound(struct drafts *d, size_t *left_out)
{
	size_t kept = 0;

	*left_out = 0;
	for (size_t i = 0, over = d->v.n > OWNERS_ROWS ? d->v.n - OWNERS_ROWS : 0; i < d->v.n;
		i++) {
		if (over && !d->v.v[i].owner)
			over--;
		else
			d->v.v[kept++] = d->v.v[i];
	}
	d->v.n = kept;
	for (; d->v.n > OWNERS_ROWS; d->v.n--)
		*left_out += d->v.v[d->v.n - 1].owner != NULL;
}

/* The owners of a column, at the new places of its rows. */
static void move_rows(struct owners_col *c, const struct drafts *d)
{
	uint16_t *owner = xcalloc(d->v.n + 1, sizeof(*owner));

	for (size_t i = 0; i < d->v.n; i++)
		if (d->v.v[i].old != NO_ROW)
			owner[i] = c->owner[d->v.v[i].old];
	free(c->owner);
	c->owner = owner;
}

static void set_rows(struct owners *o, const struct drafts *d)
{
	struct owners_row *v = xcalloc(d->v.n + 1, sizeof(*v));

	for (size_t c = 0; c < o->n; c++)
		move_rows(&o->cols[c], d);
	for (size_t i = 0; i < d->v.n; i++) {
		const struct draft *x = &d->v.v[i];

		v[i] = (struct owners_row){{str_dup(x->topic), x->topic.n}, x->partition};
	}
	vec_foreach (r, &o->rows)
		free((void *)(uintptr_t)r->topic.p);
	free(o->rows.v);
	o->rows.v = v;
	o->rows.n = d->v.n;
	o->rows.cap = d->v.n + 1;
}

/* ---- columns -------------------------------------------------------------------------------- */

static struct owners_col *add_col(
	struct owners *o, const struct group *g, int64_t now_ms, int64_t wall_ms)
{
	const struct rebalance *r = &g->rebalance;
	struct owners_col *c = &o->cols[o->n++];

	*c = (struct owners_col){.at_ms = now_ms,
		.paused_ms = -1,
		.generation = g->generation,
		.moved = -1,
		.total = -1,
		.first = r->count == 0,
		.members = (uint32_t)g->members->n};
	if (r->count) {
		c->at_ms = min_i64(now_ms, r->at_ms);
		c->paused_ms = r->paused_ms;
		c->moved = r->moved;
		c->total = r->total;
	}
	c->wall_ms = wall_ms - (now_ms - c->at_ms);
	c->why = xstrdup(r->count && r->why ? r->why : "");
	c->owner = xcalloc(o->rows.n + 1, sizeof(*c->owner));
	return c;
}

static void fill_col(struct owners *o, struct owners_col *c, const struct drafts *d)
{
	const struct group_member *last = NULL;
	uint16_t name = 0;

	for (size_t i = 0; i < d->v.n; i++) {
		if (!d->v.v[i].owner)
			continue;
		if (d->v.v[i].owner != last)
			name = name_of(o, d->v.v[i].owner);
		last = d->v.v[i].owner;
		c->owner[i] = name;
	}
}

static void drop_oldest(struct owners *o)
{
	col_fini(&o->cols[0]);
	memmove(&o->cols[0], &o->cols[1], (o->n - 1) * sizeof(o->cols[0]));
	o->n--;
	o->gap = true;
}

bool owners_look(struct owners *o, const struct group *g, int64_t now_ms, int64_t wall_ms)
{
	bool rests = g->state == GROUP_STABLE || g->state == GROUP_EMPTY;
	struct drafts d = {0};

	if (!g->described || !rests || (o->n && g->rebalance.count == o->count))
		return false;
	if (o->n == OWNERS_COLS)
		drop_oldest(o);
	o->count = g->rebalance.count;
	collect(&d, o, g);
	bound(&d, &o->left_out);
	set_rows(o, &d);
	drop_names(o);
	fill_col(o, add_col(o, g, now_ms, wall_ms), &d);
	vec_fini(&d.v);
	return true;
}

/* ---- reading -------------------------------------------------------------------------------- */

const char *owners_at(const struct owners *o, size_t col, size_t row)
{
	uint16_t name = o->cols[col].owner[row];

	return name ? o->names.v[name - 1].label : NULL;
}

bool owners_moved(const struct owners *o, size_t col, size_t row)
{
	return col && o->cols[col].owner[row] != o->cols[col - 1].owner[row];
}

size_t owners_bytes(const struct owners *o)
{
	size_t sum = sizeof(*o) + o->rows.cap * sizeof(*o->rows.v) +
		     o->names.cap * sizeof(*o->names.v) +
		     o->n * (o->rows.n + 1) * sizeof(*o->cols[0].owner);

	vec_foreach (r, &o->rows)
		sum += r->topic.n + 1;
	vec_foreach (name, &o->names)
		sum += name->label ? strlen(name->label) + 1 : 0;
	for (size_t i = 0; i < o->n; i++)
		sum += strlen(o->cols[i].why) + 1;
	return sum;
}
