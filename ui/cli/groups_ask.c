/* Questions of kdeck groups, one after the other, and what is kept of the answers. */
#include "base/utf8.h"
#include "cli/groups.h"
#include "wire/reader.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void groups_init(struct groups *g, struct cli *c)
{
	*g = (struct groups){.c = c};
	arena_init(&g->arena, 0);
}

void groups_fini(struct groups *g)
{
	vec_fini(&g->v);
	vec_fini(&g->places);
	arena_fini(&g->arena);
}

static int await(struct groups *g, int64_t id)
{
	bool done = cli_await(g->c, &g->done);

	g->done = false;
	if (done)
		return g->status;
	admin_cancel(g->c->admin, id);
	return cli_fail(g->c, "%s: no answer", g->c->bootstrap);
}

int group_place_cmp(const void *a, const void *b)
{
	const struct group_place *x = a, *y = b;
	int order = str_cmp(x->topic, y->topic);

	return order ? order : (x->partition > y->partition) - (x->partition < y->partition);
}

void group_places_unique(group_places *p)
{
	size_t n = 0;

	vec_sort(p, group_place_cmp);
	for (size_t i = 0; i < p->n; i++)
		if (!n || group_place_cmp(&p->v[n - 1], &p->v[i]) != 0)
			p->v[n++] = p->v[i];
	p->n = n;
}

/* ---- which groups ---- */

static int info_cmp(const void *a, const void *b)
{
	return str_cmp(
		((const struct group_info *)a)->group, ((const struct group_info *)b)->group);
}

static void add_group(struct groups *g, struct str name)
{
	*vec_add(&g->v) =
		(struct group_info){.group = arena_str(&g->arena, name), .coordinator = -1};
}

static void on_listed(void *arg, int32_t broker, const struct err *e, int16_t version,
	const void *response, size_t left)
{
	const struct list_groups_response *r = response;
	struct groups *g = arg;
	struct err why = {0};

	if (!e && admin_first_error(API_LIST_GROUPS, version, response, &why, NULL))
		e = &why;
	if (e)
		g->status = cli_fail(g->c, "broker %d: %s", broker, e->msg);
	for (int32_t i = 0; !e && i < r->n_groups; i++)
		if (!r->groups[i].protocol_type.n ||
			str_eqz(r->groups[i].protocol_type, "consumer"))
			add_group(g, r->groups[i].group_id);
	g->done = left == 0;
}

int groups_choose(struct groups *g)
{
	struct cli *c = g->c;
	const char *z;
	int status = CLI_OK;
	size_t n = 0;

	for (size_t i = 0; (z = cli_nth(c, "group", i)); i++)
		add_group(g, str_of(z));
	if (cli_has(c, "all-groups"))
		status = await(g, admin_list_groups(c->admin, NULL, 0, NULL, 0, 0, on_listed, g));
	vec_sort(&g->v, info_cmp);
	for (size_t i = 0; i < g->v.n; i++)
		if (!n || info_cmp(&g->v.v[n - 1], &g->v.v[i]) != 0)
			g->v.v[n++] = g->v.v[i];
	g->v.n = n;
	return status;
}

/* Names of those without an error; at says which they are. */
static size_t names_of(struct groups *g, struct str **names, uint32_t **at)
{
	size_t n = 0;

	*names = arena_array(&g->arena, g->v.n, sizeof(**names));
	*at = arena_array(&g->arena, g->v.n, sizeof(**at));
	for (size_t i = 0; i < g->v.n; i++) {
		if (g->v.v[i].error)
			continue;
		(*at)[n] = (uint32_t)i;
		(*names)[n++] = g->v.v[i].group;
	}
	return n;
}

typedef void keep_fn(struct groups *g, struct group_info *to, const struct admin_group *from);

struct answer {
	struct groups *g;
	uint32_t *at;
	keep_fn *keep; /* what an answer without an error says */
};

static void on_answer(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct answer *a = arg;

	(void)broker;
	if (left)
		return;
	for (size_t i = 0; i < n; i++) {
		struct group_info *to = &a->g->v.v[a->at[i]];

		to->error = all[i].error;
		to->why = all[i].why ? arena_strdup(&a->g->arena, all[i].why) : NULL;
		to->coordinator = all[i].coordinator;
		if (!to->error)
			a->keep(a->g, to, &all[i]);
	}
	a->g->done = true;
}

typedef int64_t ask_fn(struct admin *a, const struct str *groups, size_t n, int64_t timeout_ms,
	admin_groups_fn *fn, void *arg);

static int ask_all(struct groups *g, ask_fn *ask, keep_fn *keep)
{
	struct answer a = {g, NULL, keep};
	struct str *names;
	size_t n = names_of(g, &names, &a.at);

	g->status = CLI_OK;
	return await(g, ask(g->c->admin, names, n, 0, on_answer, &a));
}

/* ---- members ---- */

static void keep_assignment(struct groups *g, struct group_member *m, struct slice bytes)
{
	struct consumer_protocol_assignment a;
	group_places places = {0};
	struct reader r;
	size_t used;

	reader_init(&r, bytes);
	int16_t version = reader_i16(&r);
	if (r.err || version < 0)
		return;
	version = (int16_t)min_i64(version, consumer_protocol_assignment_desc.max);
	if (msg_decode(&consumer_protocol_assignment_desc, version, slice_of(r.p, reader_left(&r)),
		    &g->arena, &a, &used) < 0)
		return;
	for (int32_t t = 0; t < a.n_assigned_partitions; t++)
		for (int32_t p = 0; p < a.assigned_partitions[t].n_partitions; p++)
			*vec_add(&places) = (struct group_place){
				.topic = arena_str(&g->arena, a.assigned_partitions[t].topic),
				.partition = a.assigned_partitions[t].partitions[p]};
	group_places_unique(&places);
	m->n_assigned = places.n;
	m->assigned = arena_array(&g->arena, places.n, sizeof(*m->assigned));
	if (places.n)
		memcpy(m->assigned, places.v, places.n * sizeof(*m->assigned));
	vec_fini(&places);
}

static void keep_description(
	struct groups *g, struct group_info *i, const struct admin_group *answer)
{
	const struct describe_groups_response_groups *d = answer->described;

	i->state = arena_str(&g->arena, d->group_state);
	i->protocol_type = arena_str(&g->arena, d->protocol_type);
	i->assignor = arena_str(&g->arena, d->protocol_data);
	i->n_members = (size_t)max_i64(d->n_members, 0);
	i->members = arena_array(&g->arena, i->n_members, sizeof(*i->members));
	for (size_t k = 0; k < i->n_members; k++) {
		const struct describe_groups_response_members *from = &d->members[k];
		struct group_member *m = &i->members[k];

		m->id = arena_str(&g->arena, from->member_id);
		m->instance = arena_str(&g->arena, from->group_instance_id);
		m->client = arena_str(&g->arena, from->client_id);
		m->host = arena_str(&g->arena, from->client_host);
		keep_assignment(g, m, from->member_assignment);
	}
}

int groups_describe_them(struct groups *g)
{
	return ask_all(g, admin_describe_groups, keep_description);
}

bool group_missing(const struct group_info *i)
{
	return i->error == KERR_GROUP_ID_NOT_FOUND || (!i->error && str_eqz(i->state, "Dead"));
}

bool group_inactive(const struct group_info *i)
{
	return group_missing(i) || (!i->error && str_eqz(i->state, "Empty"));
}

/* ---- offsets ---- */

static void keep_offsets(struct groups *g, struct group_info *i, const struct admin_group *answer)
{
	const struct offset_fetch_response_groups *o = answer->offsets;
	group_places places = {0};

	for (int32_t t = 0; t < o->n_topics; t++) {
		struct str topic = arena_str(&g->arena, o->topics[t].name);

		for (int32_t p = 0; p < o->topics[t].n_partitions; p++) {
			const struct offset_fetch_response_groups_topics_partitions *from =
				&o->topics[t].partitions[p];

			if (from->error_code)
				cli_note(g->c, "group %.*s, partition %.*s-%d: %s",
					STR_ARG(i->group), STR_ARG(topic), from->partition_index,
					kerr_name(from->error_code));
			else if (from->committed_offset >= 0)
				*vec_add(&places) = (struct group_place){topic,
					from->partition_index, from->committed_offset,
					from->committed_leader_epoch};
		}
	}
	group_places_unique(&places);
	i->n_committed = places.n;
	i->committed = arena_array(&g->arena, places.n, sizeof(*i->committed));
	if (places.n)
		memcpy(i->committed, places.v, places.n * sizeof(*i->committed));
	vec_fini(&places);
}

int groups_fetch_them(struct groups *g)
{
	return ask_all(g, admin_fetch_group_offsets, keep_offsets);
}

const struct group_place *group_committed(
	const struct group_info *i, struct str topic, int32_t partition)
{
	struct group_place key = {.topic = topic, .partition = partition};

	return i->n_committed ? bsearch(&key, i->committed, i->n_committed, sizeof(*i->committed),
					group_place_cmp)
			      : NULL;
}

struct places_answer {
	struct groups *g;
	uint32_t *at;
};

static void on_offsets(
	void *arg, const struct admin_offset *all, size_t n, int32_t broker, size_t left)
{
	struct places_answer *a = arg;

	(void)broker;
	if (left)
		return;
	for (size_t i = 0; i < n; i++) {
		struct admin_offset *to = &a->g->places.v[a->at[i]];
		struct str topic = to->topic;

		*to = all[i];
		to->topic = topic;
		to->why = all[i].why ? arena_strdup(&a->g->arena, all[i].why) : NULL;
	}
	a->g->done = true;
}

int groups_ask_places(struct groups *g)
{
	struct places_answer a = {g, arena_array(&g->arena, g->places.n, sizeof(*a.at))};
	VEC(struct admin_offset) ask = {0};

	int status = g->places.n ? cli_refresh(g->c, NULL, 0) : CLI_OK;
	for (size_t i = 0; i < g->places.n && status == CLI_OK; i++) {
		struct admin_offset *o = &g->places.v[i];
		const struct admin_topic *t = admin_topic_find(g->c->admin, o->topic);
		const struct admin_partition *p = t ? admin_partition_find(t, o->partition) : NULL;

		o->replica = -1;
		if (p && p->leader >= 0) {
			a.at[ask.n] = (uint32_t)i;
			vec_push(&ask, *o);
			continue;
		}
		o->answered = true;
		o->error = p ? KERR_LEADER_NOT_AVAILABLE : KERR_UNKNOWN_TOPIC_OR_PARTITION;
		o->why = arena_printf(&g->arena, "partition %.*s-%d: %s: %s", STR_ARG(o->topic),
			o->partition, kerr_name(o->error), kerr_text(o->error));
	}
	g->status = CLI_OK;
	if (status == CLI_OK && ask.n)
		status = await(
			g, admin_list_offsets(g->c->admin, ask.v, ask.n, NULL, on_offsets, &a));
	vec_fini(&ask);
	return status;
}

/* ---- one group ---- */

struct change {
	struct groups *g;
	groups_use_fn *use;
	void *arg;
};

static void on_changed(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct change *x = arg;
	struct groups *g = x->g;

	(void)n;
	(void)broker;
	if (left)
		return;
	g->status = all[0].error ? cli_fail(g->c, "%s", all[0].why) : x->use(g, &all[0], x->arg);
	g->done = true;
}

int groups_change(struct groups *g, groups_start_fn *start, const void *request, groups_use_fn *use,
	void *arg)
{
	struct change x = {g, use, arg};

	return await(g, start(g->c->admin, request, 0, on_changed, &x));
}

/* ---- topics ---- */

static int take_partitions(
	struct groups *g, const char *arg, struct str topic, const char *z, group_places *out)
{
	do {
		char *end;
		long v = strtol(z, &end, 10);

		if (end == z || (*end && *end != ',') || v < 0 || v > INT32_MAX ||
			!isdigit((unsigned char)*z))
			return cli_usage(g->c,
				"--topic %s: partitions were expected behind the colon, as in "
				"orders:0,2",
				arg);
		*vec_add(out) = (struct group_place){.topic = topic, .partition = (int32_t)v};
		z = *end ? end + 1 : end;
	} while (*z);
	return CLI_OK;
}

static int take_topic(struct groups *g, const char *arg, group_places *out)
{
	const char *colon = strchr(arg, ':');
	struct str topic = arena_str(
		&g->arena, (struct str){arg, colon ? (size_t)(colon - arg) : strlen(arg)});

	if (!topic.n || (colon && !colon[1]))
		return cli_usage(g->c, "--topic %s: NAME or NAME:0,1 was expected", arg);
	if (colon)
		return take_partitions(g, arg, topic, colon + 1, out);
	const struct admin_topic *t = admin_topic_find(g->c->admin, topic);
	for (int32_t p = 0; t && p < t->n_partitions; p++)
		*vec_add(out) =
			(struct group_place){.topic = topic, .partition = t->partitions[p].index};
	if (!t || !t->n_partitions)
		*vec_add(out) = (struct group_place){.topic = topic, .partition = -1};
	return CLI_OK;
}

int groups_take_topics(struct groups *g, group_places *out)
{
	const char *z;
	int status = CLI_OK;

	for (size_t i = 0; status == CLI_OK && (z = cli_nth(g->c, "topic", i)); i++)
		status = take_topic(g, z, out);
	group_places_unique(out);
	return status;
}

/* ---- columns ---- */

size_t column_width(struct str s)
{
	struct buf shown = BUF_EMPTY;
	size_t n = 0;

	utf8_put_visible(&shown, s);
	for (size_t i = 0; i < shown.n; i++)
		n += ((unsigned char)shown.p[i] & 0xc0) != 0x80;
	buf_fini(&shown);
	return n;
}

void put_column(struct buf *out, struct str s, size_t width)
{
	size_t n = column_width(s);

	utf8_put_visible(out, s);
	if (n < width)
		buf_fill(out, ' ', width - n);
}
