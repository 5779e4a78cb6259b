/* kdeck topics: kafka-topics.sh. Listing needs one Metadata answer and nothing else. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/impl.h"
#include <stdio.h>
#include <stdlib.h>

enum { MAX_CONFIGS = 256, MAX_PARTITIONS = 1000000, TIMEOUT_MS = 30000 };

static const struct cli_option options[] = {
	{"create", 0, CLI_FLAG, NULL, "Create a topic", NULL},
	{"list", 0, CLI_FLAG, NULL, "List topics", NULL},
	{"describe", 0, CLI_FLAG, NULL, "Show partitions, replicas and settings of topics", NULL},
	{"alter", 0, CLI_FLAG, NULL, "Add partitions", NULL},
	{"delete", 0, CLI_FLAG, NULL, "Delete topics with all their records", NULL},
	{"topic", 0, CLI_VALUE, "NAME",
		"The topic; except for --create a regular expression, a comma for \"or\"", NULL},
	{"partitions", 0, CLI_VALUE, "N", "Number of partitions, to create or to grow to", NULL},
	{"replication-factor", 0, CLI_VALUE, "N", "Replicas of each partition", NULL},
	{"replica-assignment", 0, CLI_VALUE, "B:B,B:B,…",
		"Brokers of each partition, the preferred leader first", NULL},
	{"config", 0, CLI_VALUE, "NAME=VALUE", "A setting of the new topic; may be repeated", NULL},
	{"if-exists", 0, CLI_FLAG, NULL, "No error when the topic does not exist", NULL},
	{"if-not-exists", 0, CLI_FLAG, NULL, "No error when the topic exists already", NULL},
	{"under-replicated-partitions", 0, CLI_FLAG, NULL,
		"Describe only partitions with replicas that are not in sync", NULL},
	{"unavailable-partitions", 0, CLI_FLAG, NULL, "Describe only partitions without a leader",
		NULL},
	{"topics-with-overrides", 0, CLI_FLAG, NULL,
		"Describe only topics with settings of their own", NULL},
	{"exclude-internal", 0, CLI_FLAG, NULL, "Leave out the cluster's own topics", NULL},
	{"force", 0, CLI_FLAG, NULL, NULL, NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

/* The topics that are meant, and their settings once described. */
struct selection {
	VEC(const struct admin_topic *) topics;
	VEC(struct buf) configs;
	VEC(bool) overrides;
};

static void selection_fini(struct selection *s)
{
	vec_foreach (b, &s->configs)
		buf_fini(b);
	vec_fini(&s->topics);
	vec_fini(&s->configs);
	vec_fini(&s->overrides);
}

/* Asks for all topics and picks those of --topic. A name that fits none is an error unless
 * --if-exists was given. */
static int select_topics(struct cli *c, struct selection *s)
{
	const char *name = cli_get(c, "topic");
	struct name_pattern p;
	struct err e;
	if (name_pattern_init(&p, name, &e) < 0)
		return cli_usage(c, "--topic %s: %s", name, e.msg);
	int status = cli_refresh(c, NULL, 0);
	const struct admin_metadata *m = admin_metadata(c->admin);
	for (size_t i = 0; status == CLI_OK && i < m->n_topics; i++) {
		const struct admin_topic *t = m->topics[i];
		if ((!t->internal || !cli_has(c, "exclude-internal")) &&
			name_pattern_match(&p, t->name))
			vec_push(&s->topics, t);
	}
	name_pattern_fini(&p);
	if (status == CLI_OK && name && !s->topics.n && !cli_has(c, "if-exists") &&
		!cli_has(c, "list"))
		return cli_fail(c,
			"topic %s: UNKNOWN_TOPIC_OR_PARTITION: it does not exist as expected; "
			"kdeck topics --list shows those that do",
			name);
	return status;
}

static int list(struct cli *c)
{
	struct selection s = {0};
	struct json j;
	char id[UUID_TEXT];
	int status = select_topics(c, &s);
	if (c->json && status == CLI_OK) {
		json_init(&j, &c->out);
		json_array(&j);
		vec_foreach (t, &s.topics) {
			uuid_format(&(*t)->id, id);
			json_object(&j);
			json_kstr(&j, "name", (*t)->name);
			json_kz(&j, "topicId", id);
			json_kbool(&j, "isInternal", (*t)->internal);
			json_kint(&j, "partitionCount", (*t)->n_partitions);
			json_object_end(&j);
		}
		json_array_end(&j);
		buf_putc(&c->out, '\n');
	} else if (status == CLI_OK) {
		vec_foreach (t, &s.topics)
			buf_printf(&c->out, "%.*s\n", STR_ARG((*t)->name));
	}
	selection_fini(&s);
	return status;
}

static size_t index_of(const struct selection *s, struct str name)
{
	for (size_t i = 0; i < s->topics.n; i++)
		if (str_eq(s->topics.v[i]->name, name))
			return i;
	return s->topics.n;
}

/* Answers come in the order asked, as a rule: look at the i-th first. */
static int use_configs(struct cli *c, void *arg, const void *response)
{
	const struct describe_configs_response *r = response;
	struct selection *s = arg;
	(void)c;
	for (int32_t i = 0; i < r->n_results; i++) {
		const struct describe_configs_response_results *one = &r->results[i];
		size_t at = (size_t)i;
		if (at >= s->topics.n || !str_eq(s->topics.v[at]->name, one->resource_name))
			at = index_of(s, one->resource_name);
		if (at == s->topics.n || one->error_code)
			continue;
		for (int32_t k = 0; k < one->n_configs; k++) {
			const struct describe_configs_response_configs *v = &one->configs[k];
			if (v->config_source == ADMIN_SOURCE_DEFAULT || v->is_default)
				continue;
			struct buf *b = &s->configs.v[at];
			buf_printf(b, "%s%.*s=%.*s", b->n ? "," : "", STR_ARG(v->name),
				STR_ARG(v->value));
			s->overrides.v[at] |= v->config_source == ADMIN_SOURCE_TOPIC;
		}
	}
	return CLI_OK;
}

static int describe_configs(struct cli *c, struct selection *s)
{
	struct arena a;
	struct describe_configs_request r;
	for (size_t i = 0; i < s->topics.n; i++) {
		vec_push(&s->configs, BUF_EMPTY);
		vec_push(&s->overrides, false);
	}
	if (!s->topics.n)
		return CLI_OK;
	arena_init(&a, 0);
	msg_init(&describe_configs_request_desc, &r);
	r.resources = MSG_NEW(&a, describe_configs_request_resources, s->topics.n);
	r.n_resources = (int32_t)s->topics.n;
	for (size_t i = 0; i < s->topics.n; i++) {
		r.resources[i].resource_type = ADMIN_RESOURCE_TOPIC;
		r.resources[i].resource_name = arena_str(&a, s->topics.v[i]->name);
		r.resources[i].n_configuration_keys = -1;
	}
	int status = cli_ask(c, API_DESCRIBE_CONFIGS, &r, NULL, use_configs, s);
	arena_fini(&a);
	return status;
}

static bool wanted(const struct cli *c, const struct admin_partition *p)
{
	if (cli_has(c, "under-replicated-partitions"))
		return p->n_isr < p->n_replicas;
	if (cli_has(c, "unavailable-partitions"))
		return p->leader < 0;
	return true;
}

static void json_ids(struct json *j, const char *key, const int32_t *ids, int32_t n)
{
	json_key(j, key);
	json_array(j);
	for (int32_t i = 0; i < n; i++)
		json_int(j, ids[i]);
	json_array_end(j);
}

static void json_topic(
	struct json *j, struct cli *c, const struct admin_topic *t, struct str configs)
{
	char id[UUID_TEXT];
	uuid_format(&t->id, id);
	json_object(j);
	json_kstr(j, "topic", t->name);
	json_kz(j, "topicId", id);
	json_kint(j, "partitionCount", t->n_partitions);
	json_kint(j, "replicationFactor", t->n_partitions ? t->partitions[0].n_replicas : 0);
	json_kstr(j, "configs", configs.p ? configs : STR_LIT(""));
	json_key(j, "partitions");
	json_array(j);
	for (int32_t i = 0; i < t->n_partitions; i++) {
		const struct admin_partition *p = &t->partitions[i];
		if (!wanted(c, p))
			continue;
		json_object(j);
		json_kint(j, "partition", p->index);
		json_kint(j, "leader", p->leader);
		json_ids(j, "replicas", p->replicas, p->n_replicas);
		json_ids(j, "isr", p->isr, p->n_isr);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

static void print_topic(
	struct cli *c, const struct admin_topic *t, struct str configs, bool partitions_only)
{
	/* Metadata does not tell eligible replicas. */
	struct topic_elr none = {NULL, NULL, -1, -1};
	if (!partitions_only)
		put_topic_head(&c->out, t, configs);
	for (int32_t i = 0; !cli_has(c, "topics-with-overrides") && i < t->n_partitions; i++)
		if (wanted(c, &t->partitions[i]))
			put_topic_partition(&c->out, t, &t->partitions[i], &none);
}

static int describe(struct cli *c)
{
	struct selection s = {0};
	struct json j;
	bool partitions_only =
		cli_has(c, "under-replicated-partitions") || cli_has(c, "unavailable-partitions");
	int status = select_topics(c, &s);
	if (status == CLI_OK)
		status = describe_configs(c, &s);
	json_init(&j, &c->out);
	if (c->json && status == CLI_OK)
		json_array(&j);
	for (size_t i = 0; status == CLI_OK && i < s.topics.n; i++) {
		if (cli_has(c, "topics-with-overrides") && !s.overrides.v[i])
			continue;
		if (c->json)
			json_topic(&j, c, s.topics.v[i], buf_str(&s.configs.v[i]));
		else
			print_topic(c, s.topics.v[i], buf_str(&s.configs.v[i]), partitions_only);
	}
	if (c->json && status == CLI_OK) {
		json_array_end(&j);
		buf_putc(&c->out, '\n');
	}
	selection_fini(&s);
	return status;
}

static int use_created(struct cli *c, void *arg, const void *response)
{
	const struct create_topics_response *r = response;
	struct err e;
	(void)arg;
	if (r->n_topics < 1)
		return cli_fail(c, "the broker's answer names no topic");
	const struct create_topics_response_topics *t = &r->topics[0];
	if (t->error_code == KERR_TOPIC_ALREADY_EXISTS && cli_has(c, "if-not-exists"))
		return CLI_OK;
	if (t->error_code) {
		admin_kerr(&e, t->error_code, t->error_message, "topic %.*s", STR_ARG(t->name));
		return cli_fail(c, "%s", e.msg);
	}
	buf_printf(&c->out, "Created topic %.*s.\n", STR_ARG(t->name));
	return CLI_OK;
}

static int fill_assignment(
	struct cli *c, struct arena *a, struct create_topics_request_topics *t, const char *z)
{
	struct replica_assignment ra;
	struct err e;
	int status = CLI_OK;
	if (replica_assignment_parse(z, &ra, &e) < 0) {
		status = cli_usage(c, "--replica-assignment: %s", e.msg);
	} else {
		t->assignments = MSG_NEW(a, create_topics_request_assignments, ra.ends.n);
		t->n_assignments = (int32_t)ra.ends.n;
		for (size_t i = 0, at = 0; i < ra.ends.n; at = ra.ends.v[i++]) {
			size_t n = ra.ends.v[i] - at;
			t->assignments[i].partition_index = (int32_t)i;
			t->assignments[i].broker_ids = arena_array(a, n, sizeof(int32_t));
			t->assignments[i].n_broker_ids = (int32_t)n;
			memcpy(t->assignments[i].broker_ids, ra.ids.v + at, n * sizeof(int32_t));
		}
	}
	replica_assignment_fini(&ra);
	return status;
}

static int fill_configs(struct cli *c, struct arena *a, struct create_topics_request_topics *t)
{
	const char *z;
	t->configs = MSG_NEW(a, create_topics_request_configs, MAX_CONFIGS);
	for (size_t i = 0; (z = cli_nth(c, "config", i)); i++) {
		const char *eq = strchr(z, '=');
		if (!eq || eq == z)
			return cli_usage(c, "--config %s: name=value was expected", z);
		if (i == MAX_CONFIGS)
			return cli_usage(c, "more than %d settings", MAX_CONFIGS);
		t->configs[i].name = (struct str){z, (size_t)(eq - z)};
		t->configs[i].value = str_of(eq + 1);
		t->n_configs = (int32_t)i + 1;
	}
	return CLI_OK;
}

static int fill_topic(struct cli *c, struct arena *a, struct create_topics_request_topics *t)
{
	const char *assignment = cli_get(c, "replica-assignment");
	int64_t partitions, factor;
	int status = cli_number(c, "partitions", 1, MAX_PARTITIONS, -1, &partitions);
	if (status == CLI_OK)
		status = cli_number(c, "replication-factor", 1, INT16_MAX, -1, &factor);
	if (status != CLI_OK)
		return status;
	if (assignment && (partitions > 0 || factor > 0))
		return cli_usage(c, "--replica-assignment says how many partitions and replicas "
				    "there are: leave --partitions and --replication-factor away");
	t->name = str_of(cli_get(c, "topic"));
	t->num_partitions = (int32_t)partitions;
	t->replication_factor = (int16_t)factor;
	status = assignment ? fill_assignment(c, a, t, assignment) : CLI_OK;
	return status == CLI_OK ? fill_configs(c, a, t) : status;
}

static int create(struct cli *c)
{
	struct arena a;
	struct create_topics_request r;
	arena_init(&a, 0);
	msg_init(&create_topics_request_desc, &r);
	r.topics = MSG_NEW(&a, create_topics_request_topics, 1);
	r.n_topics = 1;
	r.timeout_ms = TIMEOUT_MS;
	int status = fill_topic(c, &a, r.topics);
	if (status == CLI_OK && strpbrk(cli_get(c, "topic"), "._"))
		buf_puts(&c->out,
			"WARNING: Due to limitations in metric names, topics with a period ('.') "
			"or "
			"underscore ('_') could collide. To avoid issues it is best to use either, "
			"but not both.\n");
	if (status == CLI_OK)
		status = cli_ask(c, API_CREATE_TOPICS, &r, NULL, use_created, NULL);
	arena_fini(&a);
	return status;
}

static int use_changed(struct cli *c, void *arg, const void *response)
{
	int16_t key = *(const int16_t *)arg;
	struct err e;
	size_t count = 0;
	if (!admin_first_error(key, key == API_DELETE_TOPICS ? 6 : 3, response, &e, &count))
		return CLI_OK;
	cli_fail(c, "%s", e.msg);
	if (count > 1)
		cli_note(c, "and %zu more", count - 1);
	return CLI_NO;
}

static int alter(struct cli *c)
{
	struct selection s = {0};
	struct arena a;
	struct create_partitions_request r;
	int16_t key = API_CREATE_PARTITIONS;
	int64_t count;
	if (!cli_has(c, "partitions"))
		return cli_usage(c, "--alter needs --partitions; settings are changed by: kdeck "
				    "configs --alter");
	int status = cli_number(c, "partitions", 1, MAX_PARTITIONS, 0, &count);
	if (status == CLI_OK)
		status = select_topics(c, &s);
	arena_init(&a, 0);
	msg_init(&create_partitions_request_desc, &r);
	r.timeout_ms = TIMEOUT_MS;
	r.topics = MSG_NEW(&a, create_partitions_request_topics, s.topics.n);
	for (size_t i = 0; i < s.topics.n; i++) {
		r.topics[r.n_topics].name = arena_str(&a, s.topics.v[i]->name);
		r.topics[r.n_topics].count = (int32_t)count;
		r.topics[r.n_topics++].n_assignments = -1;
	}
	if (status == CLI_OK && r.n_topics)
		status = cli_ask(c, key, &r, NULL, use_changed, &key);
	arena_fini(&a);
	selection_fini(&s);
	return status;
}

static int delete_topics(struct cli *c)
{
	struct selection s = {0};
	struct arena a;
	struct delete_topics_request r;
	int16_t key = API_DELETE_TOPICS;
	int status = select_topics(c, &s);
	arena_init(&a, 0);
	msg_init(&delete_topics_request_desc, &r);
	r.timeout_ms = TIMEOUT_MS;
	r.topics = MSG_NEW(&a, delete_topics_request_topics, s.topics.n);
	r.n_topics = (int32_t)s.topics.n;
	for (size_t i = 0; i < s.topics.n; i++)
		r.topics[i].name = arena_str(&a, s.topics.v[i]->name);
	if (status == CLI_OK && r.n_topics)
		status = cli_ask(c, key, &r, NULL, use_changed, &key);
	arena_fini(&a);
	selection_fini(&s);
	return status;
}

static int run(struct cli *c)
{
	static const struct {
		const char *name;
		bool needs_topic;
		cli_run_fn *run;
	} actions[] = {
		{"list", false, list},
		{"describe", false, describe},
		{"create", true, create},
		{"alter", true, alter},
		{"delete", true, delete_topics},
	};
	size_t given = 0, at = 0;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++) {
		if (cli_has(c, actions[i].name)) {
			given++;
			at = i;
		}
	}
	if (given != 1)
		return cli_usage(c,
			"one of --list, --describe, --create, --alter and --delete was expected");
	if (actions[at].needs_topic && !cli_has(c, "topic"))
		return cli_usage(c, "--%s needs --topic", actions[at].name);
	if (cli_has(c, "if-not-exists") && !cli_has(c, "create"))
		return cli_usage(c, "--if-not-exists goes with --create");
	if (cli_has(c, "config") && !cli_has(c, "create"))
		return cli_usage(c,
			"--config goes with --create; later: kdeck configs --alter --add-config");
	int status = cli_open(c);
	return status == CLI_OK ? actions[at].run(c) : status;
}

const struct cli_command cli_topics = {
	.name = "topics",
	.script = "kafka-topics.sh",
	.summary = "List, describe, create, change and delete topics",
	.options = options,
	.run = run,
};
