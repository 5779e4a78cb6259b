/*
 * kdeck groups --reset-offsets and --delete-offsets. A reset is worked out for all groups and
 * partitions before anything is changed: whatever cannot be stops it there. Offsets outside a log
 * become its nearest end, and that is said.
 */
#include "base/clock.h"
#include "base/json.h"
#include "cli/groups.h"
#include <stdlib.h>
#include <string.h>

enum scenario {
	TO_EARLIEST,
	TO_LATEST,
	TO_CURRENT,
	TO_OFFSET,
	SHIFT_BY,
	BY_DURATION,
	TO_DATETIME,
	SCENARIOS
};

static const char *const scenario_names[SCENARIOS] = {"to-earliest", "to-latest", "to-current",
	"to-offset", "shift-by", "by-duration", "to-datetime"};

/* What is done to one partition of one group. */
struct plan {
	const struct group_info *info;
	struct str topic;
	int32_t partition;
	int64_t now; /* -1: nothing is committed */
	int64_t to;
};

struct reset {
	struct groups g;
	enum scenario scenario;
	int64_t number; /* offset, shift, or ms since 1970 */
	VEC(struct plan) plans;
	size_t each; /* places asked about a partition: start, end, and the one by time */
};

/* ---- options ---- */

static int read_scenario(struct cli *c, struct reset *r)
{
	struct err e = {0};
	const char *z;
	int status = CLI_OK;
	r->scenario = SCENARIOS;
	for (size_t i = 0; i < SCENARIOS; i++) {
		if (!cli_has(c, scenario_names[i]))
			continue;
		if (r->scenario != SCENARIOS)
			return cli_usage(c, "--%s and --%s cannot be used together",
				scenario_names[r->scenario], scenario_names[i]);
		r->scenario = (enum scenario)i;
	}
	if (r->scenario == SCENARIOS)
		return cli_usage(c,
			"--reset-offsets needs one of --to-earliest, --to-latest, --to-current, "
			"--to-offset, --shift-by, --by-duration, --to-datetime");
	z = cli_get(c, scenario_names[r->scenario]);
	if (r->scenario == TO_OFFSET || r->scenario == SHIFT_BY)
		status = cli_number(
			c, scenario_names[r->scenario], INT64_MIN, INT64_MAX, 0, &r->number);
	else if ((r->scenario == BY_DURATION && duration_parse(z, &r->number, &e) < 0) ||
		 (r->scenario == TO_DATETIME && datetime_parse(z, &r->number, &e) < 0))
		status = cli_usage(c, "--%s %s: %s", scenario_names[r->scenario], z, e.msg);
	if (r->scenario == BY_DURATION)
		r->number = clock_wall_ms(&clock_system) - r->number;
	return status;
}

static int read_options(struct cli *c, struct reset *r)
{
	if (cli_has(c, "dry-run") && cli_has(c, "execute"))
		return cli_usage(c, "--dry-run and --execute cannot be used together");
	if (!cli_has(c, "topic") && !cli_has(c, "all-topics"))
		return cli_usage(c, "--reset-offsets needs --topic or --all-topics");
	if (cli_has(c, "topic") && cli_has(c, "all-topics"))
		return cli_usage(c, "--topic and --all-topics cannot be used together");
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

static int add_plans(struct reset *r, const struct group_info *i, const group_places *chosen)
{
	for (size_t k = 0; k < (chosen ? chosen->n : i->n_committed); k++) {
		const struct group_place *p = chosen ? &chosen->v[k] : &i->committed[k];
		const struct group_place *now = group_committed(i, p->topic, p->partition);
		*vec_add(&r->plans) =
			(struct plan){i, p->topic, p->partition, now ? now->offset : -1, -1};
	}
	return CLI_OK;
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
	for (size_t i = 0; i < r->g.v.n && status == CLI_OK; i++)
		status = add_plans(r, &r->g.v.v[i], cli_has(c, "topic") ? &chosen : NULL);
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
	bool by_time = r->scenario == BY_DURATION || r->scenario == TO_DATETIME;
	const int64_t what[] = {ADMIN_EARLIEST, ADMIN_LATEST, max_i64(r->number, 0)};
	group_places all = {0};
	r->each = by_time ? 3 : 2;
	vec_foreach (p, &r->plans)
		*vec_add(&all) = (struct group_place){.topic = p->topic, .partition = p->partition};
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
	const struct admin_offset key = {.topic = p->topic, .partition = p->partition};
	const struct admin_offset *at = bsearch(
		&key, r->g.places.v, r->g.places.n / r->each, r->each * sizeof(key), place_cmp);
	return at;
}

static int64_t clamp(
	struct reset *r, const struct plan *p, const struct admin_offset *log, int64_t want)
{
	int64_t start = log[0].offset, end = log[1].offset;
	if (want >= start && want <= end)
		return want;
	bool high = want > end;
	cli_note(r->g.c,
		"kdeck groups: partition %.*s-%d: offset %lld is %s than the %s of the log: set to "
		"%lld",
		STR_ARG(p->topic), p->partition, (long long)want, high ? "higher" : "lower",
		high ? "end" : "start", (long long)(high ? end : start));
	return high ? end : start;
}

/* No record is as young: the end. */
static int64_t by_time(struct reset *r, const struct plan *p, const struct admin_offset *log)
{
	if (log[2].offset >= 0)
		return log[2].offset;
	cli_note(r->g.c,
		"kdeck groups: partition %.*s-%d: no record is as young: set to its end, %lld",
		STR_ARG(p->topic), p->partition, (long long)log[1].offset);
	return log[1].offset;
}

static int work_out(struct reset *r, struct plan *p)
{
	const struct admin_offset *log = log_of(r, p);
	int64_t want;
	switch (r->scenario) {
	case TO_EARLIEST:
		p->to = log[0].offset;
		break;
	case TO_LATEST:
		p->to = log[1].offset;
		break;
	case TO_CURRENT:
		p->to = p->now >= 0 ? p->now : log[1].offset;
		break;
	case TO_OFFSET:
		p->to = clamp(r, p, log, r->number);
		break;
	case SHIFT_BY:
		if (p->now < 0)
			return cli_fail(r->g.c,
				"group %.*s, partition %.*s-%d: nothing is committed, so there is "
				"nothing to shift",
				STR_ARG(p->info->group), STR_ARG(p->topic), p->partition);
		if (__builtin_add_overflow(p->now, r->number, &want))
			want = r->number < 0 ? INT64_MIN : INT64_MAX;
		p->to = clamp(r, p, log, want);
		break;
	default:
		p->to = by_time(r, p, log);
	}
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
	struct arena *a = &r->g.arena;
	struct offset_commit_request q;
	struct offset_commit_request_topics *t = NULL;
	msg_init(&offset_commit_request_desc, &q);
	q.group_id = plans->info->group;
	q.topics = MSG_NEW(a, offset_commit_request_topics, n);
	for (size_t i = 0; i < n; i++) {
		if (!t || !str_eq(t->name, plans[i].topic)) {
			t = &q.topics[q.n_topics++];
			t->name = plans[i].topic;
			t->partitions = MSG_NEW(a, offset_commit_request_partitions, n - i);
		}
		struct offset_commit_request_partitions *p = &t->partitions[t->n_partitions++];
		p->partition_index = plans[i].partition;
		p->committed_offset = plans[i].to;
		p->committed_metadata = STR_LIT("");
	}
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

static void put_effect(struct buf *out, const struct plan *p, const struct admin_offset *log)
{
	/* What is gone from the log can be neither read again nor skipped. */
	int64_t from = max_i64(p->to, log[0].offset), now = max_i64(p->now, log[0].offset);
	if (p->now < 0)
		buf_printf(out, "%lld to be read", (long long)(log[1].offset - from));
	else if (from < now)
		buf_printf(out, "%lld to be read again", (long long)(now - from));
	else if (from > now)
		buf_printf(out, "%lld to be skipped", (long long)(from - now));
	else
		buf_puts(out, "none");
}

static void print_plans(struct reset *r, const struct plan *plans, size_t n)
{
	struct buf *out = &r->g.c->out;
	size_t group = 15, topic = 15;
	for (size_t i = 0; i < n; i++) {
		group = max_size(group, column_width(plans[i].info->group));
		topic = max_size(topic, column_width(plans[i].topic));
	}
	/* The first four columns are those of Kafka's script. */
	buf_putc(out, '\n');
	put_column(out, STR_LIT("GROUP"), group + 1);
	put_column(out, STR_LIT("TOPIC"), topic + 1);
	buf_printf(out, "%-10s %-15s %-15s %s", "PARTITION", "NEW-OFFSET", "CURRENT-OFFSET",
		"RECORDS");
	for (size_t i = 0; i < n; i++) {
		const struct plan *p = &plans[i];
		buf_putc(out, '\n');
		put_column(out, p->info->group, group + 1);
		put_column(out, p->topic, topic + 1);
		buf_printf(out, "%-10d %-15lld ", p->partition, (long long)p->to);
		if (p->now >= 0)
			buf_printf(out, "%-15lld ", (long long)p->now);
		else
			buf_printf(out, "%-15s ", "-");
		put_effect(out, p, log_of(r, p));
	}
	buf_putc(out, '\n');
}

static void print_json(struct reset *r, const struct plan *plans, size_t n)
{
	struct json j;
	json_init(&j, &r->g.c->out);
	json_array(&j);
	for (size_t i = 0; i < n; i++) {
		const struct plan *p = &plans[i];
		json_object(&j);
		json_kstr(&j, "groupId", p->info->group);
		json_kstr(&j, "topic", p->topic);
		json_kint(&j, "partition", p->partition);
		json_kint(&j, "newOffset", p->to);
		json_key(&j, "currentOffset");
		if (p->now >= 0)
			json_int(&j, p->now);
		else
			json_null(&j);
		json_object_end(&j);
	}
	json_array_end(&j);
	buf_putc(&r->g.c->out, '\n');
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
		print_json(r, done.v, done.n);
	else if (done.n || status == CLI_OK)
		print_plans(r, done.v, done.n);
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
	groups_fini(&r.g);
	return status;
}

/* ---- --delete-offsets ---- */

static void put_deleted(struct cli *c, struct json *j, struct str topic, int32_t partition,
	int16_t error, size_t width)
{
	if (c->json) {
		json_object(j);
		json_kstr(j, "topic", topic);
		json_kint(j, "partition", partition);
		json_kz(j, "error", kerr_name(error));
		json_object_end(j);
		return;
	}
	buf_putc(&c->out, '\n');
	put_column(&c->out, topic, width + 1);
	if (partition >= 0)
		buf_printf(&c->out, "%-10d ", partition);
	else
		buf_printf(&c->out, "%-10s ", "-");
	struct buf status = BUF_EMPTY;
	if (error)
		buf_printf(&status, "Error: %s: %s", kerr_name(error), kerr_text(error));
	else
		buf_puts(&status, "Successful");
	put_column(&c->out, buf_str(&status), 15);
	buf_fini(&status);
}

static int16_t error_of(const struct offset_delete_response *r, const struct group_place *p)
{
	for (int32_t t = 0; t < r->n_topics; t++)
		for (int32_t i = 0; i < r->topics[t].n_partitions; i++)
			if (str_eq(r->topics[t].name, p->topic) &&
				r->topics[t].partitions[i].partition_index == p->partition)
				return r->topics[t].partitions[i].error_code;
	return KERR_UNKNOWN_TOPIC_OR_PARTITION;
}

static int use_offsets_deleted(struct groups *g, const struct admin_group *answer, void *arg)
{
	const group_places *places = arg;
	struct cli *c = g->c;
	size_t width = 15, failed = 0;
	struct json j;
	vec_foreach (p, places) {
		width = max_size(width, column_width(p->topic));
		failed += error_of(answer->deleted_offsets, p) != 0;
	}
	json_init(&j, &c->out);
	if (c->json) {
		json_array(&j);
	} else {
		if (!failed)
			buf_printf(&c->out,
				"Request succeeded for deleting offsets from group %.*s.\n",
				STR_ARG(answer->group));
		buf_putc(&c->out, '\n');
		put_column(&c->out, STR_LIT("TOPIC"), width + 1);
		buf_printf(&c->out, "%-10s %-15s", "PARTITION", "STATUS");
	}
	vec_foreach (p, places)
		put_deleted(
			c, &j, p->topic, p->partition, error_of(answer->deleted_offsets, p), width);
	if (c->json)
		json_array_end(&j);
	buf_putc(&c->out, '\n');
	return failed ? cli_fail(c,
				"group %.*s: the offsets of %zu partitions could not be deleted: "
				"see the list",
				STR_ARG(answer->group), failed)
		      : CLI_OK;
}

static int64_t start_delete(
	struct admin *a, const void *request, int64_t timeout_ms, admin_groups_fn *fn, void *arg)
{
	return admin_delete_group_offsets(a, request, timeout_ms, fn, arg);
}

int groups_delete_offsets(struct cli *c)
{
	struct groups g;
	group_places places = {0};
	struct offset_delete_request q;
	struct offset_delete_request_topics *t = NULL;
	groups_init(&g, c);
	msg_init(&offset_delete_request_desc, &q);
	int status = cli_open(c);
	if (status == CLI_OK)
		status = cli_refresh(c, NULL, 0);
	if (status == CLI_OK)
		status = groups_take_topics(&g, &places);
	q.group_id = str_of(cli_get(c, "group"));
	q.topics = MSG_NEW(&g.arena, offset_delete_request_topics, places.n);
	for (size_t i = 0; i < places.n; i++) {
		const struct group_place *p = &places.v[i];
		if (p->partition < 0)
			continue;
		if (!t || !str_eq(t->name, p->topic)) {
			t = &q.topics[q.n_topics++];
			t->name = p->topic;
			t->partitions =
				MSG_NEW(&g.arena, offset_delete_request_partitions, places.n - i);
		}
		t->partitions[t->n_partitions++].partition_index = p->partition;
	}
	if (status == CLI_OK)
		status = groups_change(&g, start_delete, &q, use_offsets_deleted, &places);
	vec_fini(&places);
	groups_fini(&g);
	return status;
}
