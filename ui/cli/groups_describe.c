/* kdeck groups --describe: offsets and lag, members, state. Two questions a broker for the groups,
 * one for the ends of all partitions, however many groups. */
#include "base/json.h"
#include "cli/groups.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const struct group_member *member; /* NULL: nobody reads it */
	struct group_place place;          /* offset -1: nothing is committed */
	int64_t end;                       /* -1: not known */
};

typedef VEC(struct row) row_list;

static struct str number(char text[24], int64_t v, bool known)
{
	if (!known)
		return STR_LIT("-");
	return (struct str){text, (size_t)snprintf(text, 24, "%lld", (long long)v)};
}

static struct str or_dash(struct str s)
{
	return s.n ? s : STR_LIT("-");
}

/* ---- what is to be said of a group before its table ---- */

static int check(struct cli *c, const struct group_info *i, bool *table)
{
	*table = false;
	cli_flush(c);
	/* The broker's own words may say that it is a group of another kind. */
	if (i->error)
		return cli_fail(c, "%s", i->why);
	if (group_missing(i))
		return cli_fail(c,
			"group %.*s: GROUP_ID_NOT_FOUND: it does not exist; kdeck groups --list "
			"shows those that do",
			STR_ARG(i->group));
	if (i->protocol_type.n && !str_eqz(i->protocol_type, "consumer"))
		return cli_fail(c, "group %.*s: it is no consumer group, its protocol is %.*s",
			STR_ARG(i->group), STR_ARG(i->protocol_type));
	*table = true;
	if (str_eqz(i->state, "Empty") && !c->json)
		cli_note(c, "\nConsumer group '%.*s' has no active members.", STR_ARG(i->group));
	else if (!str_eqz(i->state, "Stable") && !str_eqz(i->state, "Empty") && !c->json)
		cli_note(c, "\nWarning: Consumer group '%.*s' is rebalancing.", STR_ARG(i->group));
	return CLI_OK;
}

/* ---- offsets ---- */

static int member_cmp(const void *a, const void *b)
{
	const struct group_member *x = *(const struct group_member *const *)a;
	const struct group_member *y = *(const struct group_member *const *)b;

	if (x->n_assigned != y->n_assigned)
		return x->n_assigned > y->n_assigned ? -1 : 1;
	return (x > y) - (x < y);
}

static int end_cmp(const void *a, const void *b)
{
	const struct group_place *k = a;
	const struct admin_offset *o = b;
	int order = str_cmp(k->topic, o->topic);

	return order ? order : (k->partition > o->partition) - (k->partition < o->partition);
}

static void add_row(struct groups *g, const struct group_info *i, const struct group_member *m,
	const struct group_place *p, row_list *out)
{
	const struct group_place *now = group_committed(i, p->topic, p->partition);
	const struct admin_offset *end =
		g->places.n ? bsearch(p, g->places.v, g->places.n, sizeof(*g->places.v), end_cmp)
			    : NULL;
	struct row *r = vec_add(out);

	r->member = m;
	r->place = *p;
	r->place.offset = now ? now->offset : -1;
	r->place.epoch = now ? now->epoch : -1;
	r->end = end && !end->error ? end->offset : -1;
}

/* Those who read most first, then what nobody reads. */
static void make_rows(struct groups *g, const struct group_info *i, row_list *out)
{
	VEC(const struct group_member *) order = {0};
	group_places taken = {0};
	for (size_t m = 0; m < i->n_members; m++)
		if (i->members[m].n_assigned)
			vec_push(&order, &i->members[m]);
	vec_sort(&order, member_cmp);
	vec_foreach (m, &order)
		for (size_t p = 0; p < (*m)->n_assigned; p++) {
			add_row(g, i, *m, &(*m)->assigned[p], out);
			vec_push(&taken, (*m)->assigned[p]);
		}
	group_places_unique(&taken);
	for (size_t p = 0; p < i->n_committed; p++)
		if (!taken.n || !bsearch(&i->committed[p], taken.v, taken.n, sizeof(*taken.v),
					group_place_cmp))
			add_row(g, i, NULL, &i->committed[p], out);
	vec_fini(&order);
	vec_fini(&taken);
}

/* The ends of everything that is read or has been, each partition once. */
static int ask_ends(struct groups *g)
{
	group_places all = {0};

	vec_foreach (i, &g->v) {
		for (size_t p = 0; p < i->n_committed; p++)
			vec_push(&all, i->committed[p]);
		for (size_t m = 0; m < i->n_members; m++)
			for (size_t p = 0; p < i->members[m].n_assigned; p++)
				vec_push(&all, i->members[m].assigned[p]);
	}
	group_places_unique(&all);
	vec_foreach (p, &all)
		*vec_add(&g->places) = (struct admin_offset){.topic = p->topic,
			.partition = p->partition,
			.replica = -1,
			.timestamp = ADMIN_LATEST};
	vec_fini(&all);
	return groups_ask_places(g);
}

struct widths {
	size_t group, topic, member, instance, host, client, assignment;
};

static void widen(size_t *w, struct str s)
{
	*w = max_size(*w, column_width(s));
}

enum { OFFSET_COLUMNS = 10, MEMBER_COLUMNS = 10 };

static void offset_cells(const struct group_info *i, const struct row *r, char text[5][24],
	struct str cell[static OFFSET_COLUMNS])
{
	const struct group_member *m = r->member;
	int64_t at = r->place.offset;

	cell[0] = i->group;
	cell[1] = r->place.topic;
	cell[2] = number(text[0], r->place.partition, true);
	cell[3] = number(text[1], r->place.epoch, r->place.epoch >= 0);
	cell[4] = number(text[2], at, at >= 0);
	cell[5] = number(text[3], r->end, r->end >= 0);
	cell[6] = number(text[4], r->end - at, at >= 0 && r->end >= 0);
	cell[7] = or_dash(m ? m->id : STR_NULL);
	cell[8] = or_dash(m ? m->host : STR_NULL);
	cell[9] = or_dash(m ? m->client : STR_NULL);
}

static void print_offsets(
	struct cli *c, const struct group_info *i, const row_list *rows, bool verbose)
{
	static const char *const head[OFFSET_COLUMNS] = {"GROUP", "TOPIC", "PARTITION",
		"LEADER-EPOCH", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST",
		"CLIENT-ID"};
	struct widths w = {15, 15, 15, 0, 15, 0, 0};

	widen(&w.group, i->group);
	vec_foreach (r, rows) {
		widen(&w.topic, r->place.topic);
		widen(&w.member, r->member ? r->member->id : STR_NULL);
		widen(&w.host, r->member ? r->member->host : STR_NULL);
	}
	const size_t width[] = {w.group, w.topic, 10, 15, 15, 15, 15, w.member, w.host, 0};
	for (size_t n = 0; n <= rows->n; n++) {
		char text[5][24];
		struct str cell[ARRAY_LEN(head)];

		for (size_t k = 0; k < ARRAY_LEN(head); k++)
			cell[k] = str_of(head[k]);
		if (n)
			offset_cells(i, &rows->v[n - 1], text, cell);
		buf_putc(&c->out, '\n');
		for (size_t k = 0; k < ARRAY_LEN(head); k++) {
			if (k == 3 && !verbose)
				continue;
			if (k)
				buf_putc(&c->out, ' ');
			put_column(&c->out, cell[k], width[k]);
		}
	}
	buf_putc(&c->out, '\n');
}

static void json_known(struct json *j, const char *key, int64_t v, bool known)
{
	json_key(j, key);
	if (known)
		json_int(j, v);
	else
		json_null(j);
}

static void json_offsets(struct json *j, const struct group_info *i, const row_list *rows)
{
	vec_foreach (r, rows) {
		const struct group_member *m = r->member;
		int64_t at = r->place.offset;

		json_object(j);
		json_kstr(j, "groupId", i->group);
		json_place(j, r->place.topic, r->place.partition);
		json_known(j, "leaderEpoch", r->place.epoch, r->place.epoch >= 0);
		json_known(j, "currentOffset", at, at >= 0);
		json_known(j, "logEndOffset", r->end, r->end >= 0);
		json_known(j, "lag", r->end - at, at >= 0 && r->end >= 0);
		json_kstr(j, "consumerId", m ? m->id : STR_NULL);
		json_kstr(j, "host", m ? m->host : STR_NULL);
		json_kstr(j, "clientId", m ? m->client : STR_NULL);
		json_object_end(j);
	}
}

/* ---- members ---- */

/* "orders:0,1;paid:2" */
static struct str assignment(struct groups *g, const struct group_member *m)
{
	struct buf b = BUF_EMPTY;

	for (size_t i = 0; i < m->n_assigned; i++) {
		const struct group_place *p = &m->assigned[i];

		if (i && str_eq(p[-1].topic, p->topic))
			buf_printf(&b, ",%d", p->partition);
		else
			buf_printf(&b, "%s%.*s:%d", i ? ";" : "", STR_ARG(p->topic), p->partition);
	}
	struct str s = b.n ? arena_str(&g->arena, buf_str(&b)) : STR_LIT("-");
	buf_fini(&b);
	return s;
}

/* The members of the classic protocol have no epochs and no target. */
static void member_cells(struct groups *g, const struct group_info *i, const struct group_member *m,
	char text[static 24], struct str cell[static MEMBER_COLUMNS])
{
	for (size_t k = 0; k < MEMBER_COLUMNS; k++)
		cell[k] = STR_LIT("-");
	cell[0] = i->group;
	cell[1] = m->id;
	cell[2] = m->instance;
	cell[3] = m->host;
	cell[4] = m->client;
	cell[5] = number(text, (int64_t)m->n_assigned, true);
	cell[7] = assignment(g, m);
}

static void print_members(struct groups *g, const struct group_info *i, bool verbose)
{
	static const char *const head[MEMBER_COLUMNS] = {"GROUP", "CONSUMER-ID",
		"GROUP-INSTANCE-ID", "HOST", "CLIENT-ID", "#PARTITIONS", "CURRENT-EPOCH",
		"CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT"};
	struct buf *out = &g->c->out;
	struct widths w = {15, 0, 15, 17, 15, 15, 20};
	bool instances = false;
	if (i->n_members)
		widen(&w.group, i->group);
	for (size_t m = 0; m < i->n_members; m++) {
		const struct group_member *x = &i->members[m];

		widen(&w.member, x->id);
		widen(&w.instance, x->instance);
		widen(&w.host, x->host);
		widen(&w.client, x->client);
		widen(&w.assignment, assignment(g, x));
		instances |= x->instance.n > 0;
	}
	const size_t width[] = {
		w.group, w.member, w.instance, w.host, w.client, 15, 15, w.assignment, 15, 20};
	buf_putc(out, '\n');
	for (size_t n = 0; n <= i->n_members; n++) {
		char text[24];
		struct str cell[ARRAY_LEN(head)];

		for (size_t k = 0; k < ARRAY_LEN(head); k++)
			cell[k] = str_of(head[k]);
		if (n)
			member_cells(g, i, &i->members[n - 1], text, cell);
		for (size_t k = 0; k < (verbose ? ARRAY_LEN(head) : 6); k++) {
			if (k == 2 && !instances)
				continue;
			put_column(out, cell[k], width[k]);
			if (k < ARRAY_LEN(head) - 1)
				buf_putc(out, ' ');
		}
		buf_putc(out, '\n');
	}
}

static void json_members(struct json *j, const struct group_info *i)
{
	for (size_t m = 0; m < i->n_members; m++) {
		const struct group_member *x = &i->members[m];

		json_object(j);
		json_kstr(j, "groupId", i->group);
		json_kstr(j, "consumerId", x->id);
		json_kstr(j, "groupInstanceId", x->instance);
		json_kstr(j, "host", x->host);
		json_kstr(j, "clientId", x->client);
		json_key(j, "assignment");
		json_array(j);
		for (size_t p = 0; p < x->n_assigned; p++) {
			json_object(j);
			json_place(j, x->assigned[p].topic, x->assigned[p].partition);
			json_object_end(j);
		}
		json_array_end(j);
		json_object_end(j);
	}
}

/* ---- state ---- */

static void print_state(struct groups *g, const struct group_info *i, bool verbose)
{
	struct cli *c = g->c;
	const struct admin_broker *b = admin_broker_find(c->admin, i->coordinator);
	struct str at = str_of(b ? arena_printf(&g->arena, "%s:%d  (%d)", b->host, b->port, b->id)
				 : arena_printf(&g->arena, "(%d)", i->coordinator));
	char text[24];
	const struct str head[] = {STR_LIT("GROUP"), STR_LIT("COORDINATOR (ID)"),
		STR_LIT("ASSIGNMENT-STRATEGY"), STR_LIT("STATE"), STR_LIT("GROUP-EPOCH"),
		STR_LIT("TARGET-ASSIGNMENT-EPOCH"), STR_LIT("#MEMBERS")};
	const struct str row[] = {i->group, at, or_dash(i->assignor), i->state, STR_LIT("-"),
		STR_LIT("-"), number(text, (int64_t)i->n_members, true)};
	const size_t width[] = {max_size(15, column_width(i->group)),
		max_size(25, column_width(at)), 20, 20, 15, 25, 0};

	for (int n = 0; n < 2; n++) {
		buf_putc(&c->out, '\n');
		for (size_t k = 0; k < ARRAY_LEN(width); k++) {
			if (!verbose && (k == 4 || k == 5))
				continue;
			if (k)
				buf_putc(&c->out, ' ');
			put_column(&c->out, n ? row[k] : head[k], width[k]);
		}
	}
	buf_putc(&c->out, '\n');
}

static void json_state(struct json *j, const struct group_info *i)
{
	json_object(j);
	json_kstr(j, "groupId", i->group);
	json_kint(j, "coordinator", i->coordinator);
	json_kstr(j, "partitionAssignor", i->assignor);
	json_kstr(j, "groupState", i->state);
	json_kint(j, "members", (int64_t)i->n_members);
	json_object_end(j);
}

/* ---- all ---- */

static void print_group(struct groups *g, const struct group_info *i, struct json *j)
{
	struct cli *c = g->c;
	bool verbose = cli_has(c, "verbose");
	row_list rows = {0};

	if (cli_has(c, "members")) {
		if (c->json)
			json_members(j, i);
		else
			print_members(g, i, verbose);
	} else if (cli_has(c, "state")) {
		if (c->json)
			json_state(j, i);
		else
			print_state(g, i, verbose);
	} else {
		make_rows(g, i, &rows);
		if (c->json)
			json_offsets(j, i, &rows);
		else if (rows.n)
			print_offsets(c, i, &rows, verbose);
		vec_fini(&rows);
	}
}

static int print_all(struct groups *g)
{
	struct cli *c = g->c;
	struct buf page = BUF_EMPTY;
	struct json j;
	int status = CLI_OK;

	json_list(&j, &page);
	vec_foreach (i, &g->v) {
		bool table;

		if (check(c, i, &table) != CLI_OK)
			status = CLI_NO;
		if (table)
			print_group(g, i, &j);
	}
	json_array_end(&j);
	if (c->json)
		buf_printf(&c->out, "%s\n", buf_z(&page));
	buf_fini(&page);
	return status;
}

int groups_describe(struct cli *c)
{
	struct groups g;
	bool offsets = !cli_has(c, "members") && !cli_has(c, "state");

	groups_init(&g, c);
	int status = cli_open(c);
	if (status == CLI_OK)
		status = groups_choose(&g);
	if (status == CLI_OK)
		status = groups_describe_them(&g);
	if (status == CLI_OK && offsets)
		status = groups_fetch_them(&g);
	if (status == CLI_OK && offsets)
		status = ask_ends(&g);
	/* The coordinators' addresses. */
	if (status == CLI_OK && cli_has(c, "state"))
		status = cli_refresh(c, NULL, 0);
	if (status == CLI_OK)
		status = print_all(&g);
	groups_fini(&g);
	return status;
}
