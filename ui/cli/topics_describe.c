/*
 * kdeck topics --describe. Partitions come in pages (DescribeTopicPartitions, KIP-966), and what is
 * complete is printed before the next page is asked for: memory does not grow with the cluster.
 * Where the brokers are too old for pages, Metadata tells the same, except which replicas are
 * eligible.
 */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/topics.h"
#include <stdio.h>
#include <stdlib.h>

struct describing {
	struct cli *c;
	struct arena arena; /* what `batch` points into */
	VEC(struct described_topic) batch;
	VEC(struct str) names; /* to be described, by name; none: every topic */
	size_t at;             /* what of `names` is done */
	struct arena told;     /* reassignments */
	const struct list_partition_reassignments_response *moves; /* NULL: none */
	/* Where the next page begins; topic is null after the last. */
	struct str next_topic;
	int32_t next_partition;
	struct json json;
};

/* ---- what is shown ------------------------------------------------------------------------- */

static bool filters_partitions(const struct cli *c)
{
	return cli_has(c, "under-replicated-partitions") || cli_has(c, "unavailable-partitions") ||
	       cli_has(c, "under-min-isr-partitions") || cli_has(c, "at-min-isr-partitions");
}

static bool alive(const struct cli *c, int32_t broker)
{
	return broker >= 0 && admin_broker_find(c->admin, broker);
}

/* Replicas that a move adds do not count before it is over. */
static int32_t factor(const struct described_partition *p)
{
	return p->replicas.n - (p->moving ? p->adding.n : 0);
}

/* Any of the filters that were given lets it through. */
static bool wanted(
	const struct cli *c, const struct described_topic *t, const struct described_partition *p)
{
	if (!filters_partitions(c))
		return true;
	return (cli_has(c, "under-replicated-partitions") && p->isr.n < factor(p)) ||
	       (cli_has(c, "unavailable-partitions") && !alive(c, p->leader)) ||
	       (cli_has(c, "under-min-isr-partitions") && p->isr.n < t->min_isr) ||
	       (cli_has(c, "at-min-isr-partitions") && p->isr.n == t->min_isr);
}

static void json_partition(struct json *j, const struct described_partition *p)
{
	json_object(j);
	json_kint(j, "partition", p->index);
	json_kint(j, "leader", p->leader);
	json_ids(j, "replicas", &p->replicas);
	json_ids(j, "isr", &p->isr);
	if (p->moving) {
		json_ids(j, "addingReplicas", &p->adding);
		json_ids(j, "removingReplicas", &p->removing);
	}
	json_ids(j, "elr", &p->elr);
	json_ids(j, "lastKnownElr", &p->last_elr);
	json_object_end(j);
}

static void json_topic(struct describing *d, const struct described_topic *t)
{
	struct json *j = &d->json;
	char id[UUID_TEXT];
	uuid_format(&t->id, id);
	json_object(j);
	json_kstr(j, "topic", t->name);
	json_kz(j, "topicId", id);
	json_kint(j, "partitionCount", (int64_t)t->partitions.n);
	json_kint(j, "replicationFactor", t->partitions.n ? factor(&t->partitions.v[0]) : 0);
	json_kstr(j, "configs", t->configs.n ? buf_str(&t->configs) : STR_LIT(""));
	json_key(j, "partitions");
	json_array(j);
	vec_foreach (p, &t->partitions)
		if (wanted(d->c, t, p))
			json_partition(j, p);
	json_array_end(j);
	json_object_end(j);
}

static bool any_wanted(const struct cli *c, const struct described_topic *t)
{
	if (cli_has(c, "topics-with-overrides") && !t->configs.n)
		return false;
	if (!filters_partitions(c))
		return true;
	vec_foreach (p, &t->partitions)
		if (wanted(c, t, p))
			return true;
	return false;
}

static void print_batch(struct describing *d)
{
	struct cli *c = d->c;
	vec_foreach (t, &d->batch) {
		if (!any_wanted(c, t))
			continue;
		if (c->json) {
			json_topic(d, t);
			continue;
		}
		if (!filters_partitions(c))
			put_topic_head(
				&c->out, t, t->partitions.n ? factor(&t->partitions.v[0]) : 0);
		vec_foreach (p, &t->partitions)
			if (!cli_has(c, "topics-with-overrides") && wanted(c, t, p))
				put_topic_partition(&c->out, t->name, p);
	}
	cli_flush(c);
}

static void clear_batch(struct describing *d)
{
	vec_foreach (t, &d->batch) {
		vec_fini(&t->partitions);
		buf_fini(&t->configs);
	}
	vec_clear(&d->batch);
	arena_reset(&d->arena);
}

/* ---- settings ------------------------------------------------------------------------------ */

/* Answers come in the order asked, as a rule: look at the i-th first. */
static struct described_topic *batch_find(struct describing *d, size_t i, struct str name)
{
	if (i < d->batch.n && str_eq(d->batch.v[i].name, name))
		return &d->batch.v[i];
	vec_foreach (t, &d->batch)
		if (str_eq(t->name, name))
			return t;
	return NULL;
}

static void take_config(
	struct described_topic *t, const struct describe_configs_response_configs *v)
{
	char text[24];
	if (str_eqz(v->name, "min.insync.replicas") && v->value.n < sizeof(text)) {
		snprintf(text, sizeof(text), "%.*s", STR_ARG(v->value));
		t->min_isr = strtoll(text, NULL, 10);
	}
	if (v->config_source != ADMIN_SOURCE_DEFAULT && !v->is_default)
		buf_printf(&t->configs, "%s%.*s=%.*s", t->configs.n ? "," : "", STR_ARG(v->name),
			STR_ARG(v->value));
}

static int use_configs(struct cli *c, void *arg, const void *response)
{
	const struct describe_configs_response *r = response;
	struct describing *d = arg;
	(void)c;
	for (int32_t i = 0; i < r->n_results; i++) {
		const struct describe_configs_response_results *one = &r->results[i];
		struct described_topic *t = batch_find(d, (size_t)i, one->resource_name);
		for (int32_t k = 0; t && !one->error_code && k < one->n_configs; k++)
			take_config(t, &one->configs[k]);
	}
	return CLI_OK;
}

static int ask_configs(struct describing *d)
{
	struct describe_configs_request r;
	if (!d->batch.n)
		return CLI_OK;
	msg_init(&describe_configs_request_desc, &r);
	r.resources = MSG_NEW(&d->arena, describe_configs_request_resources, d->batch.n);
	r.n_resources = (int32_t)d->batch.n;
	for (size_t i = 0; i < d->batch.n; i++) {
		r.resources[i].resource_type = ADMIN_RESOURCE_TOPIC;
		r.resources[i].resource_name = d->batch.v[i].name;
		r.resources[i].n_configuration_keys = -1;
	}
	return cli_ask(d->c, API_DESCRIBE_CONFIGS, &r, NULL, use_configs, d);
}

/* ---- partitions that move ------------------------------------------------------------------ */

static int use_moves(struct cli *c, void *arg, const void *response)
{
	const struct list_partition_reassignments_response *r = response;
	struct describing *d = arg;
	(void)c;
	if (!r->error_code && r->n_topics > 0)
		d->moves = msg_copy(&list_partition_reassignments_response_desc, r, &d->told);
	return CLI_OK;
}

/* Kafka's script goes without them where they cannot be told, too. */
static int ask_moves(struct describing *d)
{
	struct list_partition_reassignments_request r;
	struct err e = {0};
	msg_init(&list_partition_reassignments_request_desc, &r);
	r.topics = NULL;
	r.n_topics = -1;
	int status = cli_try(
		d->c, API_LIST_PARTITION_REASSIGNMENTS, &r, &ADMIN_TO_CONTROLLER, use_moves, d, &e);
	return status == CLI_OK || e.code == ERR_UNSUPPORTED ? CLI_OK : cli_fail(d->c, "%s", e.msg);
}

static void add_move(
	const struct describing *d, const struct described_topic *t, struct described_partition *p)
{
	for (int32_t i = 0; d->moves && i < d->moves->n_topics; i++) {
		const struct list_partition_reassignments_response_topics *m = &d->moves->topics[i];
		for (int32_t k = 0; str_eq(m->name, t->name) && k < m->n_partitions; k++) {
			if (m->partitions[k].partition_index != p->index)
				continue;
			p->moving = true;
			p->adding = (struct ids){m->partitions[k].adding_replicas,
				m->partitions[k].n_adding_replicas};
			p->removing = (struct ids){m->partitions[k].removing_replicas,
				m->partitions[k].n_removing_replicas};
		}
	}
}

/* ---- pages --------------------------------------------------------------------------------- */

static struct described_topic *batch_add(struct describing *d, struct str name, struct uuid id)
{
	struct described_topic *t = vec_add(&d->batch);
	*t = (struct described_topic){.name = arena_str(&d->arena, name), .id = id, .min_isr = 1};
	return t;
}

/* A topic may begin on the page before. */
static void take_topic(
	struct describing *d, const struct describe_topic_partitions_response_topics *from)
{
	struct described_topic *t = d->batch.n ? vec_last(&d->batch) : NULL;
	if (!t || !str_eq(t->name, from->name))
		t = batch_add(d, from->name, from->topic_id);
	for (int32_t i = 0; i < from->n_partitions; i++) {
		const struct describe_topic_partitions_response_partitions *p =
			&from->partitions[i];
		struct described_partition out = {.index = p->partition_index,
			.leader = p->leader_id,
			.replicas = ids_copy(&d->arena, p->replica_nodes, p->n_replica_nodes),
			.isr = ids_copy(&d->arena, p->isr_nodes, p->n_isr_nodes),
			.elr = ids_copy(&d->arena, p->eligible_leader_replicas,
				p->n_eligible_leader_replicas),
			.last_elr = ids_copy(&d->arena, p->last_known_elr, p->n_last_known_elr)};
		add_move(d, t, &out);
		vec_push(&t->partitions, out);
	}
}

/* Where the next page begins must lie behind where this one did. */
static int take_cursor(
	struct describing *d, const struct describe_topic_partitions_response_next_cursor *to)
{
	int order;
	if (!to) {
		d->next_topic = STR_NULL;
		return CLI_OK;
	}
	order = d->next_topic.p ? str_cmp(to->topic_name, d->next_topic) : 1;
	if (order < 0 || (order == 0 && to->partition_index <= d->next_partition))
		return cli_fail(d->c,
			"the broker's pages of partitions do not go on behind %.*s-%d",
			STR_ARG(d->next_topic), d->next_partition);
	if (order)
		d->next_topic = cli_keep(d->c, to->topic_name);
	d->next_partition = to->partition_index;
	return CLI_OK;
}

static int use_page(struct cli *c, void *arg, const void *response)
{
	const struct describe_topic_partitions_response *r = response;
	struct describing *d = arg;
	struct err e;
	for (int32_t i = 0; i < r->n_topics; i++) {
		const struct describe_topic_partitions_response_topics *t = &r->topics[i];
		/* Deleted since its name was told: no more to say about it. */
		if (t->error_code == KERR_UNKNOWN_TOPIC_OR_PARTITION)
			continue;
		if (t->error_code) {
			admin_kerr(&e, t->error_code, STR_NULL, "topic %.*s", STR_ARG(t->name));
			return cli_fail(c, "%s", e.msg);
		}
		if (!t->is_internal || !cli_has(c, "exclude-internal"))
			take_topic(d, t);
	}
	return take_cursor(d, r->next_cursor);
}

static int ask_page(struct describing *d, int32_t limit, struct err *e)
{
	struct describe_topic_partitions_request r;
	struct describe_topic_partitions_request_cursor cursor = {d->next_topic, d->next_partition};
	msg_init(&describe_topic_partitions_request_desc, &r);
	r.response_partition_limit = limit;
	if (d->next_topic.p)
		r.cursor = &cursor;
	/* Names before the cursor are done. */
	while (d->next_topic.p && d->at < d->names.n &&
		str_cmp(d->names.v[d->at], d->next_topic) < 0)
		d->at++;
	r.n_topics = (int32_t)(d->names.n - d->at);
	r.topics = MSG_NEW(&d->arena, describe_topic_partitions_request_topics, d->names.n);
	for (int32_t i = 0; i < r.n_topics; i++)
		r.topics[i].name = d->names.v[d->at + (size_t)i];
	return cli_try(d->c, API_DESCRIBE_TOPIC_PARTITIONS, &r, &ADMIN_TO_ANY, use_page, d, e);
}

static int finish_batch(struct describing *d)
{
	int status = ask_configs(d);
	if (status == CLI_OK)
		print_batch(d);
	clear_batch(d);
	return status;
}

/* The same from Metadata, whole. */
static int from_metadata(struct describing *d)
{
	struct cli *c = d->c;
	int status = d->names.n ? CLI_OK : cli_refresh(c, NULL, 0);
	const struct admin_metadata *m = admin_metadata(c->admin);
	for (size_t i = 0; status == CLI_OK && i < m->n_topics; i++) {
		const struct admin_topic *t = m->topics[i];
		bool named = !d->names.n;
		for (size_t k = 0; !named && k < d->names.n; k++)
			named = str_eq(d->names.v[k], t->name);
		if (!named || (t->internal && cli_has(c, "exclude-internal")))
			continue;
		struct described_topic *to = batch_add(d, t->name, t->id);
		for (int32_t k = 0; k < t->n_partitions; k++) {
			const struct admin_partition *p = &t->partitions[k];
			struct described_partition out = {.index = p->index,
				.leader = p->leader,
				.replicas = ids_copy(&d->arena, p->replicas, p->n_replicas),
				.isr = ids_copy(&d->arena, p->isr, p->n_isr),
				.elr = {NULL, -1},
				.last_elr = {NULL, -1}};
			add_move(d, to, &out);
			vec_push(&to->partitions, out);
		}
	}
	return status == CLI_OK ? finish_batch(d) : status;
}

static int pages(struct describing *d, int32_t limit)
{
	for (;;) {
		struct err e = {0};
		bool first = !d->next_topic.p;
		int status = ask_page(d, limit, &e);
		if (status != CLI_OK && first && e.code == ERR_UNSUPPORTED)
			return from_metadata(d);
		if (e.code)
			return cli_fail(d->c, "%s", e.msg);
		/* A topic that goes on on the next page waits for it. */
		bool cut = d->next_topic.p && d->next_partition > 0;
		if (status == CLI_OK && !cut)
			status = finish_batch(d);
		if (status != CLI_OK || !d->next_topic.p || d->c->broken)
			return status;
	}
}

/* --topic or --topic-id as names; none given: every topic. */
static int pick_names(struct describing *d, bool *nothing)
{
	struct cli *c = d->c;
	static const struct str none;
	struct selection s = {0};
	*nothing = false;
	/* The brokers alone: topics come in pages. */
	if (!cli_has(c, "topic") && !cli_has(c, "topic-id"))
		return cli_refresh(c, &none, 0);
	int status = selection_fill(c, &s);
	vec_foreach (t, &s.topics)
		vec_push(&d->names, cli_keep(c, (*t)->name));
	*nothing = !s.topics.n;
	selection_fini(&s);
	return status;
}

int topics_describe(struct cli *c)
{
	struct describing d = {.c = c};
	int64_t limit;
	bool nothing = false;
	int status = cli_number(c, "partition-size-limit-per-response", INT32_MIN, INT32_MAX,
		DESCRIBE_PAGE, &limit);
	if (status != CLI_OK)
		return status;
	arena_init(&d.arena, 0);
	arena_init(&d.told, 0);
	json_init(&d.json, &c->out);
	if (c->json)
		json_array(&d.json);
	status = pick_names(&d, &nothing);
	if (status == CLI_OK && !nothing)
		status = ask_moves(&d);
	if (status == CLI_OK && !nothing)
		status = pages(&d, (int32_t)limit);
	if (c->json && status == CLI_OK) {
		json_list_end(&d.json);
	} else if (c->json) {
		buf_clear(&c->out);
	}
	clear_batch(&d);
	vec_fini(&d.batch);
	vec_fini(&d.names);
	arena_fini(&d.arena);
	arena_fini(&d.told);
	return status;
}
