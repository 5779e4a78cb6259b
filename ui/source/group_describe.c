/*
 * Who is in the groups. The two protocols have a question each; a group whose protocol its list
 * does not tell is asked for in the older way.
 */
#include "source/group_poll.h"

#include "base/xalloc.h"

static void feed_described(
	struct broker_poll *b, const struct known_group *g, const struct admin_group *in)
{
	const struct describe_groups_response_groups *d = in->described;
	VEC(struct feed_member) members = {0};

	for (int32_t i = 0; i < d->n_members; i++) {
		const struct describe_groups_response_members *m = &d->members[i];

		vec_push(&members,
			((struct feed_member){m->member_id, m->group_instance_id, m->client_id,
				m->client_host, m->member_metadata, m->member_assignment}));
	}
	feed_group(b->s->model, now_of(b->s),
		&(struct feed_group){.name = in->group,
			.state = d->group_state,
			.type = d->protocol_type,
			.assignor = d->protocol_data,
			.coordinator = in->coordinator,
			.generation = in->consumer ? in->consumer->group_epoch : -1,
			.members = members.v,
			.n_members = members.n,
			.interval_ms = g->every_ms});
	vec_fini(&members);
}

/* Where the members of a group of another kind are not told, that is no failure of the group; nor
 * is that it has just gone: its list will tell. */
static void take_described(struct broker_poll *b, const struct admin_group *in)
{
	const struct known_group *g = group_known(b->s, in->group);
	bool dead = in->described && str_eqz(in->described->group_state, "Dead");

	if (!g || in->error == KERR_GROUP_ID_NOT_FOUND)
		return;
	if (!in->error && (g->classic || !dead))
		feed_described(b, g, in);
	else if (g->classic || group_denied(in->error) || is_silent(in->error))
		feed_group_failed(b->s->model, in->group, group_code(in->error), in->error);
}

static void on_described(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct group_question *q = arg;
	struct cluster_source *s = q->b->s;

	(void)broker;
	for (size_t i = 0; i < n; i++) {
		if (!all[i].answered || q->fed[i])
			continue;
		q->fed[i] = true;
		take_described(q->b, &all[i]);
	}
	if (!left)
		group_turn_end(s, &q->turn, 0);
	poll_publish_soon(s);
	poll_run(s);
}

static void feed_empty(struct broker_poll *b, const struct known_group *g)
{
	feed_group(b->s->model, g->listed_ms,
		&(struct feed_group){.name = g->name,
			.state = STR_LIT("Empty"),
			.coordinator = b->id,
			.generation = -1,
			.interval_ms = g->every_ms});
}

typedef int64_t describe_fn(struct admin *a, int32_t broker, const struct str *groups, size_t n,
	int64_t timeout_ms, admin_groups_fn *fn, void *arg);

static void ask(struct group_question *q, describe_fn *fn, const struct group_names *names)
{
	struct cluster_source *s = q->b->s;

	if (!names->n)
		return;
	group_question_begin(q, names->n);
	q->turn.id = fn(s->admin, q->b->id, names->v, names->n, QUESTION_MS, on_described, q);
}

void group_ask_describe(struct broker_poll *b, const struct group_names *picked)
{
	struct group_names classic = {0}, newer = {0};
	struct group_poll *p = &b->groups;

	for (size_t i = 0; i < picked->n; i++) {
		const struct known_group *g = group_known(b->s, picked->v[i]);

		if (g->empty)
			feed_empty(b, g);
		else if (g->newer && !p->newer.turn.busy)
			vec_push(&newer, g->name);
		else if (!g->newer && !p->classic.turn.busy)
			vec_push(&classic, g->name);
	}
	ask(&p->classic, admin_describe_groups_at, &classic);
	ask(&p->newer, admin_describe_consumer_groups_at, &newer);
	vec_fini(&classic);
	vec_fini(&newer);
}
