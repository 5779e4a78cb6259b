/* Which groups there are: every broker lists those that it coordinates. */
#include "source/group_poll.h"

#include "base/xalloc.h"

/* Lists of a large cluster: names alone are a megabyte. */
#define LONG_LIST_MS 5000

struct known_group *group_known(const struct cluster_source *s, struct str name)
{
	return map_gets(&s->group_by_name, name);
}

static void free_known(struct known_group *g)
{
	free((void *)(uintptr_t)g->name.p);
	free(g);
}

static struct known_group *make_known(struct cluster_source *s, struct str name)
{
	struct known_group *g = group_known(s, name);

	if (g)
		return g;
	g = ALLOC(struct known_group);
	g->name = (struct str){str_dup(name), name.n};
	g->parts = -1;
	g->asked_ms = -1;
	map_puts(&s->group_by_name, name, g);
	vec_push(&s->groups, g);
	return g;
}

/* What this broker leaves out has gone; who coordinates elsewhere now, is not its matter. Of a
 * coordinator that is not of the cluster any more the model knows when its groups have gone. */
static bool has_gone(
	const struct cluster_source *s, const struct broker_poll *b, const struct known_group *g)
{
	if (g->broker == b->id)
		return g->list_round != s->list_round;
	return !poll_of(s, g->broker) && !cluster_group(model_cluster(s->model), g->name);
}

static void drop_unlisted(struct cluster_source *s, const struct broker_poll *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->groups.n; i++) {
		struct known_group *g = s->groups.v[i];

		if (!has_gone(s, b, g)) {
			s->groups.v[kept++] = g;
			continue;
		}
		vec_foreach (it, &s->brokers)
			(*it)->groups.cursor -= (*it)->groups.cursor > kept;
		map_dels(&s->group_by_name, g->name);
		free_known(g);
	}
	s->groups.n = kept;
}

static void take_listed(struct broker_poll *b, const struct list_groups_response_groups *in)
{
	struct known_group *g = make_known(b->s, in->group_id);

	g->broker = b->id;
	g->list_round = b->s->list_round;
	g->listed_ms = now_of(b->s);
	g->empty = str_eqz(in->group_state, "Empty");
	g->newer = str_eqz(in->group_type, "consumer");
	g->classic = !in->group_type.n || str_eqz(in->group_type, "classic");
	feed_group_listed(b->s->model, g->listed_ms, b->id, in->group_id, in->group_state,
		in->protocol_type, in->group_type);
}

static void take_list(struct broker_poll *b, const struct list_groups_response *r)
{
	struct cluster_source *s = b->s;

	s->list_round++;
	feed_groups_begin(s->model, b->id);
	for (int32_t i = 0; i < r->n_groups; i++)
		take_listed(b, &r->groups[i]);
	drop_unlisted(s, b);
	b->groups.list_pause_ms = 0;
	group_turn_end(s, &b->groups.list,
		s->groups.n > GROUPS_EACH_SECOND ? LONG_LIST_MS : s->interval_ms);
	feed_groups_end(s->model, now_of(s), b->id,
		(int32_t)(b->groups.list.due_ms - b->groups.list.asked_ms));
}

static void list_failed(struct broker_poll *b, int code, int16_t kerr)
{
	struct cluster_source *s = b->s;
	struct turn *t = &b->groups.list;

	turn_end(s, t, GROUP_DENIED_MS);
	if (code != ERR_DENIED && code != ERR_UNSUPPORTED)
		group_pause(s, t, &b->groups.list_pause_ms);
	feed_groups_failed(s->model, b->id, s->interval_ms, code, kerr);
}

static void on_list(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	const struct list_groups_response *r = response;
	struct broker_poll *b = arg;
	struct cluster_source *s = b->s;

	(void)version;
	(void)arena;
	if (e)
		list_failed(b, e->code, 0);
	else if (r->error_code)
		list_failed(b, group_code(r->error_code), r->error_code);
	else
		take_list(b, r);
	poll_publish_soon(s);
	poll_run(s);
}

void group_ask_list(struct broker_poll *b)
{
	struct list_groups_request r;

	msg_init(&list_groups_request_desc, &r);
	turn_begin(b->s, &b->groups.list);
	b->groups.list.id = admin_call(b->s->admin, API_LIST_GROUPS, &r,
		&(struct admin_target){.to = ADMIN_BROKER, .broker = b->id}, QUESTION_MS, on_list,
		b);
}

void groups_forget_known(struct cluster_source *s)
{
	vec_foreach (g, &s->groups)
		free_known(*g);
	vec_clear(&s->groups);
	map_clear(&s->group_by_name);
	unread_forget(s);
}
