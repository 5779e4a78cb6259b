/*
 * kdeck elect: kafka-leader-election.sh. One request for all partitions; what was elected, what
 * needed no election and what failed is told in that order, each by topic and partition.
 */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/impl.h"
#include <strings.h>

enum { TIMEOUT_MS = 30000, MAX_TREE = 256 << 20, MAX_TOLD = 20 };

static const struct cli_option options[] = {
	{"election-type", 0, CLI_VALUE, "TYPE",
		"preferred: the first replica, when it is in sync; unclean: any replica that "
		"lives, where there is no leader (records may be lost)",
		NULL},
	{"topic", 0, CLI_VALUE, "NAME", "The topic", NULL},
	{"partition", 0, CLI_VALUE, "N", "The partition of --topic; without it all of them", NULL},
	{"all-topic-partitions", 0, CLI_FLAG, NULL, "Every partition that needs it", NULL},
	{"path-to-json-file", 0, CLI_VALUE, "FILE",
		"{\"partitions\": [{\"topic\": …, \"partition\": …}]}", NULL},
	{"admin.config", 0, CLI_VALUE, "FILE", NULL, "command-config"},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

static const char *const types[] = {"PREFERRED", "UNCLEAN"};

struct result {
	struct place at;
	int16_t error;
	struct str said;
};

struct election {
	struct cli *c;
	struct arena tree;  /* the file; bounded */
	struct arena arena; /* the request and the answers */
	int8_t type;
	VEC(struct place) asked;
	VEC(struct result) results;
};

/* ---- which partitions ---- */

static int by_place(const void *a, const void *b)
{
	return place_order(a, b);
}

static int take_file(struct election *x, const char *path, struct str text)
{
	struct cli *c = x->c;
	struct json_value *root;
	struct err e;
	struct place at;

	if (json_tree_parse(text, &x->tree, &root, &e) < 0)
		return cli_fail(c, "%s: %s", path, e.msg);
	const struct json_value *list = json_tree_get(root, "partitions");
	if (!list || list->kind != JSON_ARRAY)
		return cli_fail(c, "%s: a list \"partitions\" was expected", path);
	for (const struct json_value *v = list->child; v; v = v->next) {
		if (!place_read(v, &at))
			return cli_fail(c,
				"%s: partitions, entry %zu: \"topic\" (a string) and \"partition\" "
				"(a whole number) were expected",
				path, x->asked.n + 1);
		vec_push(&x->asked, at);
	}
	vec_sort(&x->asked, by_place);
	for (size_t i = 1; i < x->asked.n; i++)
		if (place_order(&x->asked.v[i - 1], &x->asked.v[i]) == 0)
			return cli_fail(c, "%s: partition %.*s-%d is named twice", path,
				STR_ARG(x->asked.v[i].topic), x->asked.v[i].partition);
	return CLI_OK;
}

static int read_file(struct election *x, const char *path)
{
	struct buf text = BUF_EMPTY;
	int status = cli_read_file(x->c, path, &text);

	if (status == CLI_OK) /* the tree points into the text */
		status = take_file(x, path, arena_str(&x->arena, buf_str(&text)));
	buf_fini(&text);
	return status;
}

static int whole_topic(struct election *x, struct str name)
{
	int status = cli_refresh(x->c, &name, 1);
	const struct admin_topic *t;

	if (status != CLI_OK)
		return status;
	t = admin_topic_find(x->c->admin, name);
	if (!t || !t->n_partitions)
		return cli_fail(x->c,
			"topic %.*s: UNKNOWN_TOPIC_OR_PARTITION: there is no such "
			"topic",
			STR_ARG(name));
	for (int32_t i = 0; i < t->n_partitions; i++)
		vec_push(&x->asked, ((struct place){name, t->partitions[i].index}));
	return CLI_OK;
}

static int choose(struct election *x, int64_t partition)
{
	const char *topic = cli_get(x->c, "topic");

	if (!topic)
		return CLI_OK;
	if (partition < 0)
		return whole_topic(x, str_of(topic));
	vec_push(&x->asked, ((struct place){str_of(topic), (int32_t)partition}));
	return CLI_OK;
}

/* ---- the question ---- */

/* Sorted places become one entry a topic. */
static void fill(struct election *x, struct elect_leaders_request *r)
{
	size_t n = x->asked.n, end;
	int32_t *indexes = arena_array(&x->arena, n, sizeof(*indexes));

	r->topic_partitions = MSG_NEW(&x->arena, elect_leaders_request_topic_partitions, n);
	r->n_topic_partitions = 0;
	for (size_t i = 0; i < n; i = end) {
		struct elect_leaders_request_topic_partitions *t =
			&r->topic_partitions[r->n_topic_partitions++];

		t->topic = x->asked.v[i].topic;
		t->partitions = &indexes[i];
		for (end = i; end < n && str_eq(x->asked.v[end].topic, t->topic); end++)
			indexes[end] = x->asked.v[end].partition;
		t->n_partitions = (int32_t)(end - i);
	}
}

static int use(struct cli *c, void *arg, const void *response)
{
	const struct elect_leaders_response *r = response;
	struct election *x = arg;
	struct err e;

	if (r->error_code) {
		admin_kerr(&e, r->error_code, STR_NULL, "election");
		return cli_fail(c, "%s", e.msg);
	}
	for (int32_t i = 0; i < r->n_replica_election_results; i++) {
		const struct elect_leaders_response_replica_election_results *t =
			&r->replica_election_results[i];
		struct str topic = arena_str(&x->arena, t->topic);

		for (int32_t k = 0; k < t->n_partition_result; k++)
			*vec_add(&x->results) = (struct result){
				.at = {topic, t->partition_result[k].partition_id},
				.error = t->partition_result[k].error_code,
				.said = arena_str(&x->arena, t->partition_result[k].error_message)};
	}
	vec_sort(&x->results, by_place); /* `at` comes first */
	return CLI_OK;
}

/* ---- what came ---- */

enum outcome { ELECTED, NOT_NEEDED, FAILED };

static enum outcome outcome_of(const struct result *r)
{
	return !r->error ? ELECTED : r->error == KERR_ELECTION_NOT_NEEDED ? NOT_NEEDED : FAILED;
}

static void print_line(struct election *x, enum outcome which)
{
	struct buf *out = &x->c->out;
	const char *separator = " ";
	size_t begin = out->n;

	if (which == ELECTED)
		buf_printf(out, "Successfully completed leader election (%s) for partitions",
			types[x->type]);
	else
		buf_puts(out, "Valid replica already elected for partitions");
	size_t empty = out->n;
	vec_foreach (r, &x->results) {
		if (outcome_of(r) != which)
			continue;
		buf_puts(out, separator);
		put_place(out, &r->at);
		separator = ", ";
	}
	if (out->n == empty)
		out->n = begin;
	else
		buf_putc(out, '\n');
}

static void print_json(struct election *x)
{
	struct json j;

	json_list(&j, &x->c->out);
	vec_foreach (r, &x->results) {
		json_object(&j);
		json_place(&j, r->at.topic, r->at.partition);
		json_kz(&j, "electionType", types[x->type]);
		json_kz(&j, "error", kerr_name(r->error));
		if (r->error)
			json_kstr(&j, "errorMessage", r->said);
		json_object_end(&j);
	}
	json_list_end(&j);
}

static int tell_failed(struct election *x)
{
	size_t failed = 0;
	struct err e;

	vec_foreach (r, &x->results) {
		if (outcome_of(r) != FAILED || failed++ >= MAX_TOLD)
			continue;
		admin_kerr(&e, r->error, r->said, "partition %.*s-%d", STR_ARG(r->at.topic),
			r->at.partition);
		cli_fail(x->c, "%s", e.msg);
	}
	if (failed > MAX_TOLD)
		cli_note(x->c, "and %zu more", failed - MAX_TOLD);
	return failed ? CLI_NO : CLI_OK;
}

static int elect(struct election *x, int64_t partition)
{
	struct elect_leaders_request r;
	int status = choose(x, partition);

	msg_init(&elect_leaders_request_desc, &r);
	r.election_type = x->type;
	r.timeout_ms = TIMEOUT_MS;
	r.n_topic_partitions = -1;
	if (!cli_has(x->c, "all-topic-partitions"))
		fill(x, &r);
	if (status == CLI_OK)
		status = cli_ask(x->c, API_ELECT_LEADERS, &r, NULL, use, x);
	if (status != CLI_OK)
		return status;
	if (x->c->json) {
		print_json(x);
	} else {
		print_line(x, ELECTED);
		print_line(x, NOT_NEEDED);
	}
	return tell_failed(x);
}

/* ---- what was asked for ---- */

static int check(struct cli *c, int8_t *type)
{
	const char *z = cli_get(c, "election-type");
	int ways = cli_has(c, "topic") + cli_has(c, "all-topic-partitions") +
		   cli_has(c, "path-to-json-file");

	if (!z)
		return cli_usage(c, "--election-type was expected: preferred or unclean");
	for (*type = 0; (size_t)*type < ARRAY_LEN(types) && strcasecmp(z, types[*type]); ++*type)
		;
	if ((size_t)*type == ARRAY_LEN(types))
		return cli_usage(c, "--election-type %s: preferred or unclean was expected", z);
	if (ways != 1)
		return cli_usage(c, "one of --topic, --all-topic-partitions and "
				    "--path-to-json-file was expected");
	if (cli_has(c, "partition") && !cli_has(c, "topic"))
		return cli_usage(c, "--partition needs --topic");
	return CLI_OK;
}

static int run(struct cli *c)
{
	struct election x = {.c = c};
	const char *path = cli_get(c, "path-to-json-file");
	int64_t partition;
	int status = check(c, &x.type);

	if (status == CLI_OK)
		status = cli_number(c, "partition", 0, INT32_MAX, -1, &partition);
	arena_init(&x.tree, MAX_TREE);
	arena_init(&x.arena, 0);
	if (status == CLI_OK && path)
		status = read_file(&x, path);
	if (status == CLI_OK)
		status = cli_open(c);
	if (status == CLI_OK)
		status = elect(&x, partition);
	vec_fini(&x.asked);
	vec_fini(&x.results);
	arena_fini(&x.tree);
	arena_fini(&x.arena);
	return status;
}

const struct cli_command cli_elect = {
	.name = "elect",
	.script = "kafka-leader-election.sh",
	.summary = "Elect leaders of partitions: the preferred replica, or any that lives",
	.options = options,
	.run = run,
};
