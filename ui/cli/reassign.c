/*
 * kdeck reassign: kafka-reassign-partitions.sh. What its options mean, --list, and the questions
 * that its actions share.
 */
#include "cli/reassign.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

enum { MAX_TREE = 256 << 20, TIMEOUT_MS = 30000, MAX_TOLD = 20 };

static const struct cli_option options[] = {
	{"generate", 0, CLI_FLAG, NULL,
		"Print a plan that spreads topics over brokers; nothing is moved", NULL},
	{"execute", 0, CLI_FLAG, NULL, "Begin a plan, and print the one that leads back", NULL},
	{"verify", 0, CLI_FLAG, NULL,
		"Show how far a plan is; when nothing moves any more, take throttles away", NULL},
	{"cancel", 0, CLI_FLAG, NULL, "Cancel what is under way of a plan", NULL},
	{"list", 0, CLI_FLAG, NULL, "List what is under way", NULL},
	{"reassignment-json-file", 0, CLI_VALUE, "FILE",
		"The plan: {\"partitions\": [{\"topic\": …, \"partition\": …, \"replicas\": "
		"[1,2]}], "
		"\"version\": 1}",
		NULL},
	{"topics-to-move-json-file", 0, CLI_VALUE, "FILE",
		"With --generate: {\"topics\": [{\"topic\": …}], \"version\": 1}", NULL},
	{"broker-list", 0, CLI_VALUE, "1,2,…", "With --generate: the brokers to use", NULL},
	{"disable-rack-aware", 0, CLI_FLAG, NULL, "With --generate: pay no heed to racks", NULL},
	{"additional", 0, CLI_FLAG, NULL, "With --execute: also while other partitions are moving",
		NULL},
	{"throttle", 0, CLI_VALUE, "BYTES/S",
		"With --execute: copy no faster; until --verify takes it away", NULL},
	{"preserve-throttles", 0, CLI_FLAG, NULL,
		"With --verify and --cancel: leave throttles as they are", NULL},
	{"disallow-replication-factor-change", 0, CLI_FLAG, NULL,
		"With --execute: refuse a plan that changes how many replicas there are", NULL},
	{"replica-alter-log-dirs-throttle", 0, CLI_VALUE, "BYTES/S",
		"With --execute: copy no faster between folders of a broker", NULL},
	{"timeout", 0, CLI_VALUE, "MS",
		"Wait so long for replicas that shall lie in a certain folder (10000)", NULL},
	{"bootstrap-controller", 0, CLI_REFUSED, "HOST:PORT",
		"brokers ask the controllers: name a broker with --bootstrap-server", NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

/* ---- questions ---- */

static int use_active(struct cli *c, void *arg, const void *response)
{
	const struct list_partition_reassignments_response *r = response;
	struct reassign *x = arg;
	struct err e;

	if (r->error_code) {
		admin_kerr(&e, r->error_code, r->error_message, "reassignments");
		return cli_fail(c, "%s", e.msg);
	}
	for (int32_t i = 0; i < r->n_topics; i++) {
		struct str topic = arena_str(&x->arena, r->topics[i].name);

		for (int32_t k = 0; k < r->topics[i].n_partitions; k++) {
			const struct list_partition_reassignments_response_partitions *p =
				&r->topics[i].partitions[k];
			*vec_add(&x->active) = (struct under_way){.at = {topic, p->partition_index},
				.replicas = ids_copy(&x->arena, p->replicas, p->n_replicas),
				.adding = ids_copy(
					&x->arena, p->adding_replicas, p->n_adding_replicas),
				.removing = ids_copy(
					&x->arena, p->removing_replicas, p->n_removing_replicas)};
		}
	}
	return CLI_OK;
}

static int active_order(const void *a, const void *b)
{
	return place_order(&((const struct under_way *)a)->at, &((const struct under_way *)b)->at);
}

int reassign_ask_active(struct reassign *x)
{
	struct list_partition_reassignments_request r;

	msg_init(&list_partition_reassignments_request_desc, &r);
	r.n_topics = -1;
	r.timeout_ms = TIMEOUT_MS;
	int status = cli_ask(x->c, API_LIST_PARTITION_REASSIGNMENTS, &r, NULL, use_active, x);
	vec_sort(&x->active, active_order);
	return status;
}

const struct under_way *reassign_find_active(const struct reassign *x, const struct place *at)
{
	struct under_way key = {.at = *at};

	return x->active.n
		       ? bsearch(&key, x->active.v, x->active.n, sizeof(*x->active.v), active_order)
		       : NULL;
}

int reassign_refresh(struct reassign *x)
{
	topic_names names = {0};

	vec_foreach (m, &x->plan)
		if (!names.n || !str_eq(*vec_last(&names), m->at.topic))
			vec_push(&names, m->at.topic);
	struct str none = STR_NULL;
	int status = cli_refresh(x->c, names.n ? names.v : &none, names.n);
	vec_fini(&names);
	return status;
}

struct ids reassign_current(const struct reassign *x, const struct place *at)
{
	const struct admin_topic *t = admin_topic_find(x->c->admin, at->topic);
	const struct admin_partition *p = t ? admin_partition_find(t, at->partition) : NULL;

	return p ? (struct ids){p->replicas, p->n_replicas} : (struct ids){NULL, 0};
}

/* ---- changes ---- */

struct change {
	struct reassign *x;
	const moves *moves;
	const char *head;
};

static void json_result(struct json *j, const struct change *h, struct str topic,
	const struct alter_partition_reassignments_response_partitions *p)
{
	const struct move *m = move_find(h->moves, &(struct place){topic, p->partition_index});

	json_object(j);
	json_place(j, topic, p->partition_index);
	if (m && m->replicas.n)
		json_ids(j, "replicas", &m->replicas);
	json_kz(j, "error", kerr_name(p->error_code));
	if (p->error_code)
		json_kstr(j, "errorMessage", p->error_message);
	json_object_end(j);
}

static void print_results(struct cli *c, const struct change *h,
	const struct alter_partition_reassignments_response *r)
{
	struct json j;

	json_list(&j, &c->out);
	for (int32_t i = 0; i < r->n_responses; i++)
		for (int32_t k = 0; k < r->responses[i].n_partitions; k++)
			json_result(&j, h, r->responses[i].name, &r->responses[i].partitions[k]);
	json_list_end(&j);
}

static int use_changed(struct cli *c, void *arg, const void *response)
{
	const struct alter_partition_reassignments_response *r = response;
	const struct change *h = arg;
	size_t failed = 0;
	struct err e;

	if (r->error_code) {
		admin_kerr(&e, r->error_code, r->error_message, "reassignment");
		return cli_fail(c, "%s", e.msg);
	}
	if (c->json)
		print_results(c, h, r);
	for (int32_t i = 0; i < r->n_responses; i++)
		for (int32_t k = 0; k < r->responses[i].n_partitions; k++) {
			const struct alter_partition_reassignments_response_partitions *p =
				&r->responses[i].partitions[k];

			if (!p->error_code || failed++ >= MAX_TOLD)
				continue;
			admin_kerr(&e, p->error_code, p->error_message, "partition %.*s-%d",
				STR_ARG(r->responses[i].name), p->partition_index);
			if (failed == 1)
				cli_fail(c, "%s", h->head);
			cli_note(c, "%s", e.msg);
		}
	if (failed > MAX_TOLD)
		cli_note(c, "and %zu more", failed - MAX_TOLD);
	return failed ? CLI_NO : CLI_OK;
}

static void fill_partition(struct reassign *x, const struct move *m, bool cancel,
	struct alter_partition_reassignments_request_partitions *out)
{
	out->partition_index = m->at.partition;
	out->n_replicas = cancel ? -1 : m->replicas.n;
	if (cancel)
		return;
	out->replicas = arena_array(&x->arena, (size_t)m->replicas.n, sizeof(*out->replicas));
	for (int32_t i = 0; i < m->replicas.n; i++)
		out->replicas[i] = m->replicas.v[i];
}

int reassign_alter(struct reassign *x, const moves *v, bool cancel, const char *head)
{
	struct change h = {x, v, head};
	struct alter_partition_reassignments_request r;
	size_t end;

	msg_init(&alter_partition_reassignments_request_desc, &r);
	r.timeout_ms = TIMEOUT_MS;
	r.allow_replication_factor_change = !cli_has(x->c, "disallow-replication-factor-change");
	r.topics = MSG_NEW(&x->arena, alter_partition_reassignments_request_topics, v->n);
	for (size_t i = 0; i < v->n; i = end) {
		struct alter_partition_reassignments_request_topics *t = &r.topics[r.n_topics++];

		for (end = i; end < v->n && str_eq(v->v[end].at.topic, v->v[i].at.topic); end++)
			;
		t->name = v->v[i].at.topic;
		t->partitions = MSG_NEW(
			&x->arena, alter_partition_reassignments_request_partitions, end - i);
		t->n_partitions = (int32_t)(end - i);
		for (size_t k = i; k < end; k++)
			fill_partition(x, &v->v[k], cancel, &t->partitions[k - i]);
	}
	return cli_ask(x->c, API_ALTER_PARTITION_REASSIGNMENTS, &r, NULL, use_changed, &h);
}

/* ---- --list ---- */

static void print_active(struct buf *out, const struct under_way *u)
{
	put_place(out, &u->at);
	buf_puts(out, ": replicas: ");
	put_ids(out, &u->replicas);
	buf_putc(out, '.');
	if (u->adding.n) {
		buf_puts(out, " adding: ");
		put_ids(out, &u->adding);
		buf_putc(out, '.');
	}
	if (u->removing.n) {
		buf_puts(out, " removing: ");
		put_ids(out, &u->removing);
		buf_putc(out, '.');
	}
	buf_putc(out, '\n');
}

static void list_json(struct reassign *x)
{
	struct json j;

	json_list(&j, &x->c->out);
	vec_foreach (u, &x->active) {
		json_object(&j);
		json_place(&j, u->at.topic, u->at.partition);
		json_ids(&j, "replicas", &u->replicas);
		json_ids(&j, "addingReplicas", &u->adding);
		json_ids(&j, "removingReplicas", &u->removing);
		json_object_end(&j);
	}
	json_list_end(&j);
}

static int list(struct reassign *x)
{
	int status = reassign_ask_active(x);

	if (status != CLI_OK)
		return status;
	if (x->c->json) {
		list_json(x);
		return CLI_OK;
	}
	buf_puts(&x->c->out, x->active.n ? "Current partition reassignments:\n"
					 : "No partition reassignments found.\n");
	vec_foreach (u, &x->active)
		print_active(&x->c->out, u);
	return CLI_OK;
}

/* ---- what was asked for ---- */

enum { GENERATE = 1, EXECUTE = 2, VERIFY = 4, CANCEL = 8, LIST = 16 };

static const struct action {
	const char *name;
	int action;
	const char *needs[2];
	int (*run)(struct reassign *x);
} actions[] = {
	{"generate", GENERATE, {"topics-to-move-json-file", "broker-list"}, reassign_generate},
	{"execute", EXECUTE, {"reassignment-json-file", NULL}, reassign_execute},
	{"verify", VERIFY, {"reassignment-json-file", NULL}, reassign_verify},
	{"cancel", CANCEL, {"reassignment-json-file", NULL}, reassign_cancel},
	{"list", LIST, {NULL, NULL}, list},
};

/* What an option goes with. */
static const struct {
	const char *option;
	int actions;
} rules[] = {
	{"reassignment-json-file", EXECUTE | VERIFY | CANCEL},
	{"topics-to-move-json-file", GENERATE},
	{"broker-list", GENERATE},
	{"disable-rack-aware", GENERATE},
	{"additional", EXECUTE},
	{"throttle", EXECUTE},
	{"replica-alter-log-dirs-throttle", EXECUTE},
	{"disallow-replication-factor-change", EXECUTE},
	{"preserve-throttles", VERIFY | CANCEL},
	{"timeout", EXECUTE | CANCEL},
};

static int check(struct cli *c, const struct action **out)
{
	*out = NULL;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (!cli_has(c, actions[i].name))
			continue;
		if (*out)
			return cli_usage(c, "--%s and --%s cannot be used together", (*out)->name,
				actions[i].name);
		*out = &actions[i];
	}
	if (!*out)
		return cli_usage(c, "one of --generate, --execute, --verify, --cancel and --list "
				    "was expected");
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (cli_has(c, rules[i].option) && !(rules[i].actions & (*out)->action))
			return cli_usage(
				c, "--%s cannot be used with --%s", rules[i].option, (*out)->name);
	for (size_t i = 0; i < ARRAY_LEN((*out)->needs); i++)
		if ((*out)->needs[i] && !cli_has(c, (*out)->needs[i]))
			return cli_usage(c, "--%s needs --%s", (*out)->name, (*out)->needs[i]);
	return CLI_OK;
}

static int read_plan(struct reassign *x, const char *path, bool strict, struct buf *text)
{
	struct err e;
	int status = cli_read_file(x->c, path, text);

	if (status == CLI_OK && plan_parse(buf_str(text), strict, &x->tree, &x->plan, &e) < 0)
		status = cli_fail(x->c, "%s: %s", path, e.msg);
	return status;
}

static int carry_out(struct reassign *x, const struct action *a)
{
	const char *path = cli_get(x->c, "reassignment-json-file");
	struct buf text = BUF_EMPTY; /* the plan points into it */
	int status = CLI_OK;

	if (path)
		status = read_plan(x, path, a->action == EXECUTE, &text);
	if (status == CLI_OK && a->action != GENERATE) /* which looks at its own options first */
		status = cli_open(x->c);
	if (status == CLI_OK)
		status = a->run(x);
	buf_fini(&text);
	return status;
}

static int run(struct cli *c)
{
	struct reassign x = {.c = c};
	const struct action *a;
	int status = check(c, &a);

	arena_init(&x.tree, MAX_TREE);
	arena_init(&x.arena, 0);
	if (status == CLI_OK)
		status = carry_out(&x, a);
	vec_fini(&x.plan);
	vec_fini(&x.active);
	vec_fini(&x.homes);
	arena_fini(&x.tree);
	arena_fini(&x.arena);
	return status;
}

const struct cli_command cli_reassign = {
	.name = "reassign",
	.script = "kafka-reassign-partitions.sh",
	.summary = "Move replicas of partitions to other brokers",
	.options = options,
	.run = run,
};
