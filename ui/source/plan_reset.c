/*
 * A reset worked out, nothing changed:
 *
 *   who is in the group -> what it has committed -> which of its partitions there are
 *                       -> where their logs begin and end, and what lies at the moment asked for
 *
 * Whatever cannot be ends it with the reason, before anything is shown.
 */
#include "source/op.h"

#include "admin/groups.h"
#include "base/arena.h"
#include "base/xalloc.h"
#include "model/group.h"

struct plan {
	struct op op;
	source_plan_fn *fn;
	struct arena arena;
	struct reset_spec spec; /* strings in the arena */
	bool missing;           /* no group of that name, but it may have commits */
	VEC(struct reset_row) rows;
	VEC(struct reset_row) committed;
};

static void plan_drop(struct op *op)
{
	struct plan *p = CONTAINER_OF(op, struct plan, op);

	vec_fini(&p->rows);
	vec_fini(&p->committed);
	arena_fini(&p->arena);
}

static void plan_fail(struct plan *p, const struct err *e)
{
	source_plan_fn *fn = p->fn;
	void *arg = p->op.arg;
	struct err kept = *e;

	p->op.question = 0;
	op_free(&p->op);
	fn(arg, &kept, NULL, 0);
}

/* The rows outlive the plan for the call: fn may well ask for the next one. */
static void plan_done(struct plan *p)
{
	source_plan_fn *fn = p->fn;
	void *arg = p->op.arg;
	struct arena arena = p->arena;
	struct reset_row *rows = p->rows.v;
	size_t n = p->rows.n;

	p->rows.v = NULL;
	arena_init(&p->arena, 0);
	p->op.question = 0;
	op_free(&p->op);
	fn(arg, NULL, rows, n);
	free(rows);
	arena_fini(&arena);
}

static void fail_group(struct plan *p, const struct admin_group *g)
{
	struct err e = {0};
	int code = admin_kerr(&e, g->error, STR_NULL, "group %s", p->spec.group);

	if (g->why)
		err_set(&e, code, "%s", g->why);
	plan_fail(p, &e);
}

/* ---- where the logs are -------------------------------------------------------------------- */

static size_t each(const struct plan *p)
{
	return reset_by_time(p->spec.to) ? 3 : 2;
}

static int row_cmp(const void *a, const void *b)
{
	const struct reset_row *x = a, *y = b;
	int order = str_cmp(x->topic, y->topic);

	return order ? order : (x->partition > y->partition) - (x->partition < y->partition);
}

/* Partitions that cannot be reset, and why the first cannot. */
struct trouble {
	struct err first;
	size_t n;
};

/* Where the next one is to be told; NULL: there is one already. */
static struct err *trouble(struct trouble *t)
{
	return t->n++ ? NULL : &t->first;
}

static void fail_trouble(struct plan *p, const struct trouble *t)
{
	struct err e = t->first;

	if (t->n > 1)
		err_set(&e, e.code, "%s (and so for %zu more)", t->first.msg, t->n - 1);
	plan_fail(p, &e);
}

static bool log_failed(struct trouble *t, const struct admin_offset *o)
{
	int16_t error = o->answered ? o->error : (int16_t)KERR_REQUEST_TIMED_OUT;
	struct err *e;
	int code;

	if (!error)
		return false;
	e = trouble(t);
	code = admin_kerr(e, error, STR_NULL, "partition %.*s-%d", STR_ARG(o->topic), o->partition);
	if (o->answered && o->why)
		err_set(e, code, "%s", o->why);
	return true;
}

static void work_out(
	struct plan *p, struct reset_row *row, const struct admin_offset *log, struct trouble *t)
{
	for (size_t i = 0; i < each(p); i++)
		if (log_failed(t, &log[i]))
			return;
	row->start = log[0].offset;
	row->end = log[1].offset;
	row->by_time = each(p) > 2 ? log[2].offset : -1;
	if (!reset_work_out(row, p->spec.to, p->spec.at))
		err_set(trouble(t), ERR_INVALID,
			"partition %.*s-%d: nothing is committed, so there is nothing to shift",
			STR_ARG(row->topic), row->partition);
}

static void on_logs(
	void *arg, const struct admin_offset *all, size_t n, int32_t broker, size_t left)
{
	struct plan *p = arg;
	struct trouble t = {0};

	(void)n;
	(void)broker;
	if (left)
		return;
	for (size_t i = 0; i < p->rows.n; i++)
		work_out(p, &p->rows.v[i], &all[i * each(p)], &t);
	if (t.n)
		fail_trouble(p, &t);
	else
		plan_done(p);
}

static void ask_logs(struct plan *p)
{
	int64_t moment =
		reset_moment(p->spec.to, p->spec.at, clock_wall_ms(loop_clock(p->op.s->loop)));
	const int64_t what[] = {ADMIN_EARLIEST, ADMIN_LATEST, moment};
	const struct admin_offsets_options o = {.timeout_ms = CHANGE_MS};
	VEC(struct admin_offset) ask = {0};

	vec_foreach (row, &p->rows)
		for (size_t i = 0; i < each(p); i++)
			*vec_add(&ask) = (struct admin_offset){.topic = row->topic,
				.partition = row->partition,
				.replica = -1,
				.timestamp = what[i]};
	p->op.question = admin_list_offsets(p->op.s->admin, ask.v, ask.n, &o, on_logs, p);
	vec_fini(&ask);
}

/* ---- which partitions ---------------------------------------------------------------------- */

static int64_t committed_in(const struct plan *p, struct str topic, int32_t partition)
{
	const struct reset_row key = {.topic = topic, .partition = partition};
	const struct reset_row *r =
		p->committed.n ? bsearch(&key, p->committed.v, p->committed.n, sizeof(key), row_cmp)
			       : NULL;

	return r ? r->now : -1;
}

static void take_topic(struct plan *p)
{
	struct str name = str_of(p->spec.topic);
	const struct admin_topic *t = admin_topic_find(p->op.s->admin, name);

	for (int32_t i = 0; t && i < t->n_partitions; i++) {
		int32_t index = t->partitions[i].index;

		if (p->spec.partition < 0 || p->spec.partition == index)
			*vec_add(&p->rows) = (struct reset_row){.topic = name,
				.partition = index,
				.now = committed_in(p, name, index)};
	}
}

/* What it has committed in; a topic that is gone stops it. */
static void take_committed(struct plan *p, struct trouble *t)
{
	vec_foreach (c, &p->committed) {
		const struct admin_topic *topic = admin_topic_find(p->op.s->admin, c->topic);

		if (topic && admin_partition_find(topic, c->partition))
			vec_push(&p->rows, *c);
		else
			err_set(trouble(t), ERR_NOT_FOUND,
				"partition %.*s-%d is not there any more: choose a topic to reset "
				"the rest",
				STR_ARG(c->topic), c->partition);
	}
}

static void nothing_there(struct plan *p, struct trouble *t)
{
	struct err *e = trouble(t);

	if (p->spec.topic && p->spec.partition >= 0)
		err_set(e, ERR_NOT_FOUND, "partition %s-%d is not there", p->spec.topic,
			p->spec.partition);
	else if (p->spec.topic)
		err_set(e, ERR_NOT_FOUND, "topic %s is not there", p->spec.topic);
	else if (p->missing)
		err_set(e, ERR_NOT_FOUND, "group %s is not there any more", p->spec.group);
	else
		err_set(e, ERR_NOT_FOUND, "group %s has committed nothing so far: name a topic",
			p->spec.group);
}

static void on_metadata(void *arg, const struct err *e)
{
	struct plan *p = arg;
	struct trouble t = {0};

	if (e) {
		plan_fail(p, e);
		return;
	}
	if (p->spec.topic)
		take_topic(p);
	else
		take_committed(p, &t);
	if (!p->rows.n && !t.n)
		nothing_there(p, &t);
	if (t.n)
		fail_trouble(p, &t);
	else
		ask_logs(p);
}

/* As new as can be: of the topic asked for, or of those committed in. */
static void ask_metadata(struct plan *p)
{
	VEC(struct str) names = {0};

	if (p->spec.topic)
		vec_push(&names, str_of(p->spec.topic));
	for (size_t i = 0; !p->spec.topic && i < p->committed.n; i++)
		if (!names.n || !str_eq(*vec_last(&names), p->committed.v[i].topic))
			vec_push(&names, p->committed.v[i].topic);
	p->op.question = admin_refresh(p->op.s->admin, names.v, names.n, CHANGE_MS, on_metadata, p);
	vec_fini(&names);
}

/* ---- the group ----------------------------------------------------------------------------- */

static void keep_commits(
	struct plan *p, const struct offset_fetch_response_groups *g, struct trouble *t)
{
	for (int32_t i = 0; i < g->n_topics; i++) {
		struct str topic = arena_str(&p->arena, g->topics[i].name);

		for (int32_t k = 0; k < g->topics[i].n_partitions; k++) {
			const struct offset_fetch_response_groups_topics_partitions *q =
				&g->topics[i].partitions[k];

			if (q->error_code)
				admin_kerr(trouble(t), q->error_code, STR_NULL,
					"group %s, partition %.*s-%d", p->spec.group,
					STR_ARG(topic), q->partition_index);
			else if (q->committed_offset >= 0)
				*vec_add(&p->committed) = (struct reset_row){.topic = topic,
					.partition = q->partition_index,
					.now = q->committed_offset};
		}
	}
	vec_sort(&p->committed, row_cmp);
}

static void on_fetched(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct plan *p = arg;
	struct trouble t = {0};

	(void)n;
	(void)broker;
	if (left)
		return;
	if (all->error && all->error != KERR_GROUP_ID_NOT_FOUND) {
		fail_group(p, all);
		return;
	}
	if (all->offsets)
		keep_commits(p, all->offsets, &t);
	if (!t.n && !p->spec.topic && !p->committed.n)
		nothing_there(p, &t);
	if (t.n)
		fail_trouble(p, &t);
	else
		ask_metadata(p);
}

static struct str name_of(const struct describe_groups_response_groups *g, int32_t i)
{
	const struct describe_groups_response_members *m = &g->members[i];
	bool twin = false;

	for (int32_t k = 0; k < g->n_members; k++)
		twin = twin || (k != i && str_eq(g->members[k].client_id, m->client_id));
	return group_member_name(m->group_instance_id, m->client_id, twin, m->member_id);
}

static void fail_in_use(struct plan *p, const struct describe_groups_response_groups *g)
{
	VEC(struct str) names = {0};
	struct buf why = BUF_EMPTY;
	struct err e = {0};

	for (int32_t i = 0; i < g->n_members; i++)
		vec_push(&names, name_of(g, i));
	if (names.n)
		reset_put_members(&why, p->spec.group, names.v, names.n);
	else
		buf_printf(&why, "group %s is %.*s: wait until that is over", p->spec.group,
			STR_ARG(g->group_state));
	err_set(&e, ERR_IN_USE, "%s", buf_z(&why));
	vec_fini(&names);
	buf_fini(&why);
	plan_fail(p, &e);
}

static void on_described(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct plan *p = arg;
	struct str group = str_of(p->spec.group);
	bool dead;

	(void)n;
	(void)broker;
	if (left)
		return;
	dead = all->described && str_eqz(all->described->group_state, "Dead");
	p->missing = dead || all->error == KERR_GROUP_ID_NOT_FOUND;
	if (all->error && !p->missing)
		fail_group(p, all);
	else if (!p->missing && !str_eqz(all->described->group_state, "Empty"))
		fail_in_use(p, all->described);
	else
		p->op.question = admin_fetch_group_offsets(
			p->op.s->admin, &group, 1, CHANGE_MS, on_fetched, p);
}

int64_t plan_reset(
	struct source *base, const struct reset_spec *spec, source_plan_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(struct plan), API_DESCRIBE_GROUPS, NULL, arg);
	struct plan *p = CONTAINER_OF(op, struct plan, op);
	struct str group;

	op->drop = plan_drop;
	p->fn = fn;
	arena_init(&p->arena, 0);
	p->spec = *spec;
	p->spec.group = arena_strdup(&p->arena, spec->group);
	p->spec.topic = spec->topic ? arena_strdup(&p->arena, spec->topic) : NULL;
	group = str_of(p->spec.group);
	op->question = admin_describe_groups(op->s->admin, &group, 1, CHANGE_MS, on_described, p);
	return op->id;
}
