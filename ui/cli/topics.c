/* kdeck topics: kafka-topics.sh. Listing needs one Metadata answer and nothing else. */
#include "cli/topics.h"
#include "base/json.h"
#include "cli/cli.h"

enum { MAX_CONFIGS = 256, TIMEOUT_MS = 30000 };

static const struct cli_option options[] = {
	{"create", 0, CLI_FLAG, NULL, "Create a topic", NULL},
	{"list", 0, CLI_FLAG, NULL, "List topics", NULL},
	{"describe", 0, CLI_FLAG, NULL, "Show partitions, replicas and settings of topics", NULL},
	{"alter", 0, CLI_FLAG, NULL, "Add partitions", NULL},
	{"delete", 0, CLI_FLAG, NULL, "Delete topics with all their records", NULL},
	{"topic", 0, CLI_VALUE, "NAME",
		"The topic; except for --create a regular expression, a comma for \"or\"", NULL},
	{"topic-id", 0, CLI_VALUE, "ID", "The topic to describe, by its id", NULL},
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
	{"under-min-isr-partitions", 0, CLI_FLAG, NULL,
		"Describe only partitions with fewer in sync than min.insync.replicas", NULL},
	{"at-min-isr-partitions", 0, CLI_FLAG, NULL,
		"Describe only partitions with just min.insync.replicas in sync", NULL},
	{"topics-with-overrides", 0, CLI_FLAG, NULL,
		"Describe only topics with settings of their own", NULL},
	{"exclude-internal", 0, CLI_FLAG, NULL, "Leave out the cluster's own topics", NULL},
	{"partition-size-limit-per-response", 0, CLI_VALUE, "N",
		"Describe so many partitions at a time (2000)", NULL},
	{"delete-config", 0, CLI_IGNORED, "NAME", NULL, NULL},
	{"force", 0, CLI_FLAG, NULL, NULL, NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

enum { CREATE = 1, LIST = 2, DESCRIBE = 4, ALTER = 8, DELETE = 16 };

/* What an option goes with, and what it cannot stand beside; as Kafka's script has it. */
static const struct {
	const char *option;
	int actions;
	const char *not_with; /* NULL: no other */
} rules[] = {
	{"partitions", CREATE | ALTER, "replica-assignment"},
	{"replication-factor", CREATE, "replica-assignment"},
	{"replica-assignment", CREATE | ALTER, NULL},
	{"config", CREATE, NULL},
	{"if-exists", DESCRIBE | ALTER | DELETE, NULL},
	{"if-not-exists", CREATE, NULL},
	{"under-replicated-partitions", DESCRIBE, "topics-with-overrides"},
	{"unavailable-partitions", DESCRIBE, "topics-with-overrides"},
	{"under-min-isr-partitions", DESCRIBE, "topics-with-overrides"},
	{"at-min-isr-partitions", DESCRIBE, "topics-with-overrides"},
	{"topics-with-overrides", DESCRIBE, NULL},
	{"exclude-internal", LIST | DESCRIBE, NULL},
};

void selection_fini(struct selection *s)
{
	vec_fini(&s->topics);
}

static int no_topic(struct cli *c, const char *name)
{
	if (cli_has(c, "if-exists") || cli_has(c, "list"))
		return CLI_OK;
	return cli_fail(c,
		"topic %s: UNKNOWN_TOPIC_OR_PARTITION: it does not exist; "
		"kdeck topics --list shows those that do",
		name);
}

/* --topic-id beats --topic; zeros stand for no id. Either way *used says whether there is one. */
static int select_by_id(struct cli *c, struct selection *s, bool *used)
{
	const char *text = cli_get(c, "topic-id");
	struct uuid id;
	*used = false;
	if (!text || !cli_has(c, "describe"))
		return CLI_OK;
	if (!uuid_parse(str_of(text), &id))
		return cli_usage(
			c, "--topic-id %s: 22 letters, digits, - and _ were expected", text);
	*used = !uuid_is_zero(&id);
	int status = *used ? cli_refresh(c, NULL, 0) : CLI_OK;
	const struct admin_metadata *m = admin_metadata(c->admin);
	for (size_t i = 0; status == CLI_OK && i < m->n_topics; i++)
		if (*used && uuid_eq(&m->topics[i]->id, &id))
			vec_push(&s->topics, m->topics[i]);
	return status == CLI_OK && *used && !s->topics.n ? no_topic(c, text) : status;
}

/* No character that means something in a regular expression. */
static bool is_plain(const char *z)
{
	return *z && !z[strspn(z, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_-")];
}

int selection_fill(struct cli *c, struct selection *s)
{
	const char *name = cli_get(c, "topic");
	struct name_pattern p;
	struct str one = str_of(name);
	struct err e;
	bool by_id;
	int status = select_by_id(c, s, &by_id);
	if (status != CLI_OK || by_id)
		return status;
	if (name_pattern_init(&p, name, &e) < 0)
		return cli_usage(c, "--topic %s: %s", name, e.msg);
	status = name && is_plain(name) ? cli_refresh(c, &one, 1) : cli_refresh(c, NULL, 0);
	const struct admin_metadata *m = admin_metadata(c->admin);
	for (size_t i = 0; status == CLI_OK && i < m->n_topics; i++) {
		const struct admin_topic *t = m->topics[i];
		if ((!t->internal || !cli_has(c, "exclude-internal")) &&
			name_pattern_match(&p, t->name))
			vec_push(&s->topics, t);
	}
	name_pattern_fini(&p);
	return status == CLI_OK && name && !s->topics.n ? no_topic(c, name) : status;
}

static int list(struct cli *c)
{
	struct selection s = {0};
	struct json j;
	char id[UUID_TEXT];
	int status = selection_fill(c, &s);
	if (c->json && status == CLI_OK) {
		json_list(&j, &c->out);
		vec_foreach (t, &s.topics) {
			uuid_format(&(*t)->id, id);
			json_object(&j);
			json_kstr(&j, "name", (*t)->name);
			json_kz(&j, "topicId", id);
			json_kbool(&j, "isInternal", (*t)->internal);
			json_kint(&j, "partitionCount", (*t)->n_partitions);
			json_object_end(&j);
		}
		json_list_end(&j);
	} else if (status == CLI_OK) {
		vec_foreach (t, &s.topics)
			buf_printf(&c->out, "%.*s\n", STR_ARG((*t)->name));
		/* Kafka's script ends what it lists with a newline, also nothing. */
		if (!s.topics.n)
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
	int status = cli_number(c, "partitions", 1, INT32_MAX, -1, &partitions);
	if (status == CLI_OK && partitions > ADMIN_MAX_NEW_PARTITIONS)
		return cli_usage(c,
			"--partitions %lld: one request may create %d at most; --alter adds more "
			"to the topic afterwards",
			(long long)partitions, ADMIN_MAX_NEW_PARTITIONS);
	if (status == CLI_OK)
		status = cli_number(c, "replication-factor", 1, INT16_MAX, -1, &factor);
	if (status != CLI_OK)
		return status;
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

/* The brokers of the partitions that are new; those that are there keep theirs. */
static int fill_new(struct cli *c, struct arena *a, const struct replica_assignment *ra,
	const struct admin_topic *t, struct create_partitions_request_topics *out)
{
	size_t have = (size_t)t->n_partitions;
	out->n_assignments = -1;
	if (!ra->ends.n)
		return CLI_OK;
	if (ra->ends.n < (size_t)max_i64(out->count, 0))
		return cli_fail(c,
			"topic %.*s: --replica-assignment names the brokers of %zu partitions, "
			"--partitions wants %d: name those of each, from the first one on",
			STR_ARG(t->name), ra->ends.n, out->count);
	out->n_assignments = 0;
	out->assignments = MSG_NEW(a, create_partitions_request_assignments, ra->ends.n);
	for (size_t i = have; i < ra->ends.n; i++) {
		struct create_partitions_request_assignments *one =
			&out->assignments[out->n_assignments++];
		size_t from = i ? ra->ends.v[i - 1] : 0;
		one->n_broker_ids = (int32_t)(ra->ends.v[i] - from);
		one->broker_ids = arena_array(a, (size_t)one->n_broker_ids, sizeof(int32_t));
		memcpy(one->broker_ids, ra->ids.v + from,
			(size_t)one->n_broker_ids * sizeof(int32_t));
	}
	return CLI_OK;
}

static int grow(struct cli *c, struct arena *a, const struct selection *s,
	const struct replica_assignment *ra, int32_t count)
{
	struct create_partitions_request r;
	int16_t key = API_CREATE_PARTITIONS;
	int status = CLI_OK;
	msg_init(&create_partitions_request_desc, &r);
	r.timeout_ms = TIMEOUT_MS;
	r.topics = MSG_NEW(a, create_partitions_request_topics, s->topics.n);
	for (size_t i = 0; i < s->topics.n && status == CLI_OK; i++) {
		r.topics[i].name = arena_str(a, s->topics.v[i]->name);
		r.topics[i].count = count;
		status = fill_new(c, a, ra, s->topics.v[i], &r.topics[r.n_topics++]);
	}
	return status == CLI_OK && r.n_topics ? cli_ask(c, key, &r, NULL, use_changed, &key)
					      : status;
}

static int alter(struct cli *c)
{
	const char *assignment = cli_get(c, "replica-assignment");
	struct replica_assignment ra = {0};
	struct selection s = {0};
	struct arena a;
	struct err e;
	int64_t count;
	int status = cli_number(c, "partitions", 1, INT32_MAX, 0, &count);
	if (status == CLI_OK && assignment && replica_assignment_parse(assignment, &ra, &e) < 0)
		status = cli_usage(c, "--replica-assignment: %s", e.msg);
	if (status == CLI_OK)
		status = selection_fill(c, &s);
	arena_init(&a, 0);
	if (status == CLI_OK)
		status = grow(c, &a, &s, &ra, (int32_t)count);
	arena_fini(&a);
	selection_fini(&s);
	replica_assignment_fini(&ra);
	return status;
}

static int delete_topics(struct cli *c)
{
	struct selection s = {0};
	struct arena a;
	struct delete_topics_request r;
	int16_t key = API_DELETE_TOPICS;
	int status = selection_fill(c, &s);
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

static int check_rules(struct cli *c, int action, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		const char *other = rules[i].not_with;
		if (!cli_has(c, rules[i].option))
			continue;
		if (!(rules[i].actions & action))
			return cli_usage(c, "--%s cannot be used with --%s%s", rules[i].option,
				name,
				strcmp(rules[i].option, "config") || action != ALTER
					? ""
					: "; settings are changed by: kdeck configs --alter");
		/* To grow, the number is needed beside the brokers. */
		if (other && action != ALTER && cli_has(c, other))
			return cli_usage(
				c, "--%s and --%s cannot be used together", rules[i].option, other);
	}
	return CLI_OK;
}

static int run(struct cli *c)
{
	static const struct {
		const char *name;
		int action;
		bool needs_topic;
		cli_run_fn *run;
	} actions[] = {
		{"list", LIST, false, list},
		{"describe", DESCRIBE, false, topics_describe},
		{"create", CREATE, true, create},
		{"alter", ALTER, true, alter},
		{"delete", DELETE, true, delete_topics},
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
	if (actions[at].action == ALTER && !cli_has(c, "partitions"))
		return cli_usage(c, "--alter needs --partitions; settings are changed by: kdeck "
				    "configs --alter");
	if (actions[at].action == DESCRIBE && cli_has(c, "if-exists") && !cli_has(c, "topic") &&
		!cli_has(c, "topic-id"))
		return cli_usage(c, "--describe --if-exists needs --topic or --topic-id");
	if (cli_has(c, "delete-config"))
		cli_note(c, "kdeck topics: --delete-config has no effect any more: kdeck configs "
			    "--alter --delete-config");
	int status = check_rules(c, actions[at].action, actions[at].name);
	if (status == CLI_OK)
		status = cli_open(c);
	return status == CLI_OK ? actions[at].run(c) : status;
}

const struct cli_command cli_topics = {
	.name = "topics",
	.script = "kafka-topics.sh",
	.summary = "List, describe, create, change and delete topics",
	.options = options,
	.run = run,
};
