/*
 * kdeck groups --reset-offsets. A reset is worked out for all groups and partitions before anything
 * is changed: whatever cannot be stops it there. Offsets outside a log become its nearest end, and
 * that is said.
 */
#include "base/clock.h"
#include "base/json.h"
#include "cli/groups.h"
#include "model/moment.h"
#include "model/reset.h"
#include <stdlib.h>
#include <string.h>

/* What is done to one partition of one group. */
struct plan {
	const struct group_info *info;
	struct reset_row row;
	int64_t at; /* the reset's, or what a file says */
};

struct reset {
	struct groups g;
	enum reset_to to;
	int64_t at;     /* as in struct reset_spec */
	int64_t moment; /* that at means, by time */
	csv_plans file;
	VEC(struct plan) plans;
	size_t each; /* places asked about a partition: start, end, and the one by time */
};

/* ---- options ---- */

/* Each line is an offset to go to. */
static int read_plans(struct cli *c, struct reset *r)
{
	const char *path = cli_get(c, "from-file");
	struct buf text = BUF_EMPTY;
	struct err e = {0};
	int status;

	if (r->to != RESET_TO_COUNT)
		return cli_usage(
			c, "--%s and --from-file cannot be used together", reset_to_option(r->to));
	if (cli_has(c, "topic") || cli_has(c, "all-topics"))
		cli_note(c, "kdeck groups: --%s says nothing here: the file names the topics",
			cli_has(c, "topic") ? "topic" : "all-topics");
	r->to = RESET_OFFSET;
	status = cli_read_file(c, path, &text);
	if (status == CLI_OK && csv_plans_read(&r->file, &r->g.arena, buf_str(&text), &e) < 0)
		status = cli_fail(c, "%s: %s", path, e.msg);
	buf_fini(&text);
	if (status == CLI_OK && !r->file.v[0].group.p &&
		(cli_nth(c, "group", 1) || cli_has(c, "all-groups")))
		status = cli_fail(c,
			"%s: the lines name no group: group,topic,partition,offset is expected "
			"where several are asked for",
			path);
	return status;
}

static int read_scenario(struct cli *c, struct reset *r)
{
	struct err e = {0};
	const char *z, *name;
	int status = CLI_OK;

	r->to = RESET_TO_COUNT;
	for (int i = 0; i < RESET_TO_COUNT; i++) {
		if (!cli_has(c, reset_to_option((enum reset_to)i)))
			continue;
		if (r->to != RESET_TO_COUNT)
			return cli_usage(c, "--%s and --%s cannot be used together",
				reset_to_option(r->to), reset_to_option((enum reset_to)i));
		r->to = (enum reset_to)i;
	}
	if (cli_has(c, "from-file"))
		return read_plans(c, r);
	if (r->to == RESET_TO_COUNT)
		return cli_usage(c,
			"--reset-offsets needs one of --to-earliest, --to-latest, --to-current, "
			"--to-offset, --shift-by, --by-duration, --to-datetime, --from-file");
	name = reset_to_option(r->to);
	z = cli_get(c, name);
	if (r->to == RESET_OFFSET || r->to == RESET_SHIFT)
		status = cli_number(c, name, INT64_MIN, INT64_MAX, 0, &r->at);
	else if ((r->to == RESET_DURATION && duration_parse(z, &r->at, &e) < 0) ||
		 (r->to == RESET_TIME && datetime_parse(z, &r->at, &e) < 0))
		status = cli_usage(c, "--%s %s: %s", name, z, e.msg);
	r->moment = reset_moment(r->to, r->at, clock_wall_ms(&clock_system));
	return status;
}

static int read_options(struct cli *c, struct reset *r)
{
	if (cli_has(c, "dry-run") && cli_has(c, "execute"))
		return cli_usage(c, "--dry-run and --execute cannot be used together");
	if (!cli_has(c, "topic") && !cli_has(c, "all-topics") && !cli_has(c, "from-file"))
		return cli_usage(c, "--reset-offsets needs --topic or --all-topics");
	if (cli_has(c, "topic") && cli_has(c, "all-topics"))
		return cli_usage(c, "--topic and --all-topics cannot be used together");
	if (cli_has(c, "export") && c->json)
		return cli_usage(c, "--export and --json cannot be used together");
	int status = read_scenario(c, r);
	if (status == CLI_OK && !cli_has(c, "dry-run") && !cli_has(c, "execute"))
		cli_note(c, "kdeck groups: nothing is changed without --execute: this is what it "
			    "would do");
	return status;
}

/* ---- which partitions ---- */

static int check_groups(struct reset *r)
{
	int status = CLI_OK;

	vec_foreach (i, &r->g.v) {
		if (i->error && !group_missing(i))
			status = cli_fail(r->g.c, "%s", i->why);
		else if (!group_inactive(i))
			status = cli_fail(r->g.c,
				"group %.*s: NON_EMPTY_GROUP: offsets can only be reset while "
				"nobody reads; it is %.*s with %zu member%s: stop them first",
				STR_ARG(i->group), STR_ARG(i->state), i->n_members,
				i->n_members == 1 ? "" : "s");
		/* Nothing is committed there: that is no error. */
		if (group_missing(i)) {
			i->error = KERR_NONE;
			i->state = STR_LIT("Dead");
		}
	}
	return status;
}

static void add_plan(struct reset *r, const struct group_info *i, struct str topic,
	int32_t partition, int64_t at)
{
	const struct group_place *now = group_committed(i, topic, partition);

	*vec_add(&r->plans) = (struct plan){.info = i,
		.row = {.topic = topic, .partition = partition, .now = now ? now->offset : -1},
		.at = at};
}

static void add_plans(struct reset *r, const struct group_info *i, const group_places *chosen)
{
	for (size_t k = 0; k < (chosen ? chosen->n : i->n_committed); k++) {
		const struct group_place *p = chosen ? &chosen->v[k] : &i->committed[k];

		add_plan(r, i, p->topic, p->partition, r->at);
	}
}

/* What the file says of the group. */
static int add_file(struct reset *r, const struct group_info *i)
{
	size_t before = r->plans.n;

	vec_foreach (f, &r->file)
		if (!f->group.p || str_eq(f->group, i->group))
			add_plan(r, i, f->topic, f->partition, f->offset);
	if (r->plans.n > before)
		return CLI_OK;
	return cli_fail(r->g.c, "%s: no plan for group %.*s", cli_get(r->g.c, "from-file"),
		STR_ARG(i->group));
}

static int choose_partitions(struct reset *r)
{
	struct cli *c = r->g.c;
	group_places chosen = {0};
	int status = cli_refresh(c, NULL, 0);

	if (status == CLI_OK && cli_has(c, "topic"))
		status = groups_take_topics(&r->g, &chosen);
	vec_foreach (p, &chosen) {
		if (p->partition >= 0)
			continue;
		status = cli_fail(c, "topic %.*s: UNKNOWN_TOPIC_OR_PARTITION: it does not exist",
			STR_ARG(p->topic));
	}
	for (size_t i = 0; i < r->g.v.n && status == CLI_OK; i++) {
		if (r->file.n)
			status = add_file(r, &r->g.v.v[i]);
		else
			add_plans(r, &r->g.v.v[i], cli_has(c, "topic") ? &chosen : NULL);
	}
	vec_fini(&chosen);
	return status;
}

/* ---- where to ---- */

static int place_cmp(const void *a, const void *b)
{
	const struct admin_offset *x = a, *y = b;
	int order = str_cmp(x->topic, y->topic);

	return order ? order : (x->partition > y->partition) - (x->partition < y->partition);
}

/* Start, end, and the place by time of every partition once, by topic and partition. */
static int ask_logs(struct reset *r)
{
	const int64_t what[] = {ADMIN_EARLIEST, ADMIN_LATEST, r->moment};
	group_places all = {0};

	r->each = reset_by_time(r->to) ? 3 : 2;
	vec_foreach (p, &r->plans)
		*vec_add(&all) =
			(struct group_place){.topic = p->row.topic, .partition = p->row.partition};
	group_places_unique(&all);
	vec_foreach (p, &all)
		for (size_t i = 0; i < r->each; i++)
			*vec_add(&r->g.places) = (struct admin_offset){.topic = p->topic,
				.partition = p->partition,
				.replica = -1,
				.timestamp = what[i]};
	vec_fini(&all);
	int status = groups_ask_places(&r->g);
	VEC(struct admin_offset) failed = {0};
	for (size_t i = 0; i < r->g.places.n && status == CLI_OK; i += r->each)
		for (size_t k = i; k < i + r->each; k++)
			if (r->g.places.v[k].error) {
				vec_push(&failed, r->g.places.v[k]);
				break;
			}
	if (status == CLI_OK)
		status = cli_tell_failed(r->g.c, failed.v, failed.n);
	vec_fini(&failed);
	return status;
}

static const struct admin_offset *log_of(const struct reset *r, const struct plan *p)
{
	const struct admin_offset key = {.topic = p->row.topic, .partition = p->row.partition};
	const struct admin_offset *at = bsearch(
		&key, r->g.places.v, r->g.places.n / r->each, r->each * sizeof(key), place_cmp);

	return at;
}

static int work_out(struct reset *r, struct plan *p)
{
	const struct admin_offset *log = log_of(r, p);
	struct buf clamped = BUF_EMPTY;

	p->row.start = log[0].offset;
	p->row.end = log[1].offset;
	p->row.by_time = r->each > 2 ? log[2].offset : -1;
	if (!reset_work_out(&p->row, r->to, p->at))
		return cli_fail(r->g.c,
			"group %.*s, partition %.*s-%d: nothing is committed, so there is nothing "
			"to shift",
			STR_ARG(p->info->group), STR_ARG(p->row.topic), p->row.partition);
	reset_put_clamp(&clamped, &p->row);
	if (clamped.n)
		cli_note(r->g.c, "kdeck groups: partition %.*s-%d: %s", STR_ARG(p->row.topic),
			p->row.partition, buf_z(&clamped));
	buf_fini(&clamped);
	return CLI_OK;
}

/* ---- doing it ---- */

static int use_committed(struct groups *g, const struct admin_group *answer, void *arg)
{
	const struct offset_commit_response *r = answer->committed;
	int status = CLI_OK;

	(void)arg;
	for (int32_t t = 0; t < r->n_topics; t++)
		for (int32_t p = 0; p < r->topics[t].n_partitions; p++) {
			const struct offset_commit_response_partitions *q =
				&r->topics[t].partitions[p];
			struct err e = {0};

			if (!q->error_code)
				continue;
			admin_kerr(&e, q->error_code, STR_NULL, "group %.*s, partition %.*s-%d",
				STR_ARG(answer->group), STR_ARG(r->topics[t].name),
				q->partition_index);
			status = cli_fail(g->c, "%s", e.msg);
		}
	return status;
}

static int64_t start_commit(
	struct admin *a, const void *request, int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	return admin_commit_offsets(a, request, timeout_ms, fn, arg);
}

/* The n plans are of one group. */
static int commit(struct reset *r, const struct plan *plans, size_t n)
{
	struct reset_row *rows = arena_array(&r->g.arena, n, sizeof(*rows));
	struct offset_commit_request q;

	for (size_t i = 0; i < n; i++)
		rows[i] = plans[i].row;
	reset_fill_commit(&q, &r->g.arena, plans->info->group, rows, n);
	return groups_change(&r->g, start_commit, &q, use_committed, NULL);
}

static size_t run_of(const struct reset *r, size_t i)
{
	size_t n = 1;

	while (i + n < r->plans.n && r->plans.v[i + n].info == r->plans.v[i].info)
		n++;
	return n;
}

/* ---- showing it ---- */

static void print_plans(struct buf *out, const struct plan *plans, size_t n)
{
	size_t group = 15, topic = 15;

	for (size_t i = 0; i < n; i++) {
		group = max_size(group, column_width(plans[i].info->group));
		topic = max_size(topic, column_width(plans[i].row.topic));
	}
	/* The first four columns are those of Kafka's script. */
	buf_putc(out, '\n');
	put_column(out, STR_LIT("GROUP"), group + 1);
	put_column(out, STR_LIT("TOPIC"), topic + 1);
	buf_printf(out, "%-10s %-15s %-15s %s", "PARTITION", "NEW-OFFSET", "CURRENT-OFFSET",
		"RECORDS");
	for (size_t i = 0; i < n; i++) {
		const struct reset_row *row = &plans[i].row;

		buf_putc(out, '\n');
		put_column(out, plans[i].info->group, group + 1);
		put_column(out, row->topic, topic + 1);
		buf_printf(out, "%-10d %-15lld ", row->partition, (long long)row->to);
		if (row->now >= 0)
			buf_printf(out, "%-15lld ", (long long)row->now);
		else
			buf_printf(out, "%-15s ", "-");
		reset_put_effect(out, row);
	}
	buf_putc(out, '\n');
}

static void print_json(struct buf *out, const struct plan *plans, size_t n)
{
	struct json j;

	json_list(&j, out);
	for (size_t i = 0; i < n; i++) {
		const struct reset_row *row = &plans[i].row;

		json_object(&j);
		json_kstr(&j, "groupId", plans[i].info->group);
		json_place(&j, row->topic, row->partition);
		json_kint(&j, "newOffset", row->to);
		json_key(&j, "currentOffset");
		if (row->now >= 0)
			json_int(&j, row->now);
		else
			json_null(&j);
		json_object_end(&j);
	}
	json_list_end(&j);
}

/* Kafka's format, so that either reads what the other wrote: no group where just one was named. */
static void print_csv(struct cli *c, const struct plan *plans, size_t n)
{
	bool one = cli_has(c, "group") && !cli_nth(c, "group", 1);

	for (size_t i = 0; i < n; i++)
		csv_put_plan(
			&c->out, &(struct csv_plan){.group = one ? STR_NULL : plans[i].info->group,
					 .topic = plans[i].row.topic,
					 .partition = plans[i].row.partition,
					 .offset = plans[i].row.to});
	buf_putc(&c->out, '\n');
}

static int carry_out(struct reset *r)
{
	struct cli *c = r->g.c;
	VEC(struct plan) done = {0};
	int status = CLI_OK;

	for (size_t i = 0, n; i < r->plans.n; i += n) {
		n = run_of(r, i);
		int s = cli_has(c, "execute") ? commit(r, &r->plans.v[i], n) : CLI_OK;
		if (s != CLI_OK)
			status = s;
		for (size_t k = 0; k < n && s == CLI_OK; k++)
			vec_push(&done, r->plans.v[i + k]);
	}
	if (c->json)
		print_json(&c->out, done.v, done.n);
	else if (cli_has(c, "export"))
		print_csv(c, done.v, done.n);
	else if (done.n || status == CLI_OK)
		print_plans(&c->out, done.v, done.n);
	vec_fini(&done);
	return status;
}

int groups_reset(struct cli *c)
{
	struct reset r = {0};

	groups_init(&r.g, c);
	int status = read_options(c, &r);
	if (status == CLI_OK)
		status = cli_open(c);
	if (status == CLI_OK)
		status = groups_choose(&r.g);
	if (status == CLI_OK)
		status = groups_describe_them(&r.g);
	if (status == CLI_OK)
		status = check_groups(&r);
	if (status == CLI_OK)
		status = groups_fetch_them(&r.g);
	if (status == CLI_OK)
		status = check_groups(&r);
	if (status == CLI_OK)
		status = choose_partitions(&r);
	if (status == CLI_OK)
		status = ask_logs(&r);
	for (size_t i = 0; i < r.plans.n && status == CLI_OK; i++)
		status = work_out(&r, &r.plans.v[i]);
	if (status == CLI_OK)
		status = carry_out(&r);
	vec_fini(&r.plans);
	vec_fini(&r.file);
	groups_fini(&r.g);
	return status;
}
