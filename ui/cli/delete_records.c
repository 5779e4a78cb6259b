/* kdeck delete-records: kafka-delete-records.sh. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/impl.h"

enum { MAX_TREE = 256 << 20 };

static const struct cli_option options[] = {
	{"offset-json-file", 0, CLI_VALUE, "FILE",
		"{\"partitions\": [{\"topic\": …, \"partition\": …, \"offset\": …}], \"version\": "
		"1}; "
		"offset -1: everything",
		NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

struct job {
	VEC(struct admin_offset) ask;
	struct cli *c;
	int status;
	bool done;
};

static int add(struct cli *c, struct job *j, const char *path, const struct json_value *v)
{
	const struct json_value *offset = json_tree_get(v, "offset");
	struct place at;
	if (!place_read(v, &at) || !offset || !offset->is_integer || offset->integer < -1)
		return cli_fail(c,
			"%s: partitions, entry %zu: \"topic\" (a string), \"partition\" and "
			"\"offset\" (whole numbers) were expected",
			path, j->ask.n + 1);
	*vec_add(&j->ask) = (struct admin_offset){.topic = at.topic,
		.partition = at.partition,
		.replica = -1,
		.timestamp = offset->integer};
	return CLI_OK;
}

static int by_place(const void *a, const void *b)
{
	const struct admin_offset *x = a, *y = b;
	return place_order(
		&(struct place){x->topic, x->partition}, &(struct place){y->topic, y->partition});
}

static int check_twice(struct cli *c, const struct job *j, const char *path)
{
	VEC(struct admin_offset) sorted = {0};
	int status = CLI_OK;
	vec_foreach (o, &j->ask)
		vec_push(&sorted, *o);
	vec_sort(&sorted, by_place);
	for (size_t i = 1; i < sorted.n && status == CLI_OK; i++)
		if (by_place(&sorted.v[i - 1], &sorted.v[i]) == 0)
			status = cli_fail(c, "%s: partition %.*s-%d is named twice", path,
				STR_ARG(sorted.v[i].topic), sorted.v[i].partition);
	vec_fini(&sorted);
	return status;
}

static int read_offsets(
	struct cli *c, struct job *j, const char *path, struct str text, struct arena *a)
{
	struct json_value *root;
	struct err e;
	if (json_tree_parse(text, a, &root, &e) < 0)
		return cli_fail(c, "%s: %s", path, e.msg);
	const struct json_value *version = json_tree_get(root, "version");
	const struct json_value *list = json_tree_get(root, "partitions");
	if (version && (!version->is_integer || version->integer != 1))
		return cli_fail(c, "%s: \"version\": 1 was expected", path);
	if (!list || list->kind != JSON_ARRAY)
		return cli_fail(c, "%s: a list \"partitions\" was expected", path);
	int status = CLI_OK;
	for (const struct json_value *v = list->child; v && status == CLI_OK; v = v->next)
		status = add(c, j, path, v);
	return status == CLI_OK ? check_twice(c, j, path) : status;
}

static void print_json(struct cli *c, const struct admin_offset *all, size_t n)
{
	struct json j;
	json_list(&j, &c->out);
	for (size_t i = 0; i < n; i++) {
		json_object(&j);
		json_place(&j, all[i].topic, all[i].partition);
		if (all[i].error)
			json_kz(&j, "error", kerr_name(all[i].error));
		else
			json_kint(&j, "lowWatermark", all[i].offset);
		json_object_end(&j);
	}
	json_list_end(&j);
}

static void on_deleted(
	void *arg, const struct admin_offset *all, size_t n, int32_t broker, size_t left)
{
	struct job *j = arg;
	(void)broker;
	if (left)
		return;
	j->done = true;
	size_t unasked = 0;
	for (size_t i = 0; i < n; i++)
		unasked += all[i].error == KERR_NETWORK_EXCEPTION ||
			   all[i].error == KERR_REQUEST_TIMED_OUT;
	if (j->c->json)
		print_json(j->c, all, n);
	else
		buf_puts(&j->c->out, "Executing records delete operation\n");
	/* As Kafka's tool, also where brokers refused; not where none answered. */
	if (!j->c->json && (unasked < n || !n))
		buf_puts(&j->c->out, "Records delete operation completed:\n");
	j->status = cli_tell_failed(j->c, all, n);
	for (size_t i = 0; i < n; i++) {
		if (!all[i].error && !j->c->json)
			buf_printf(&j->c->out, "partition: %.*s-%d\tlow_watermark: %lld\n",
				STR_ARG(all[i].topic), all[i].partition, (long long)all[i].offset);
	}
}

static int run(struct cli *c)
{
	const char *path = cli_get(c, "offset-json-file");
	struct job j = {.c = c};
	struct buf text = BUF_EMPTY;
	struct arena a;
	if (!path)
		return cli_usage(c, "--offset-json-file was expected");
	arena_init(&a, MAX_TREE);
	int status = cli_read_file(c, path, &text);
	if (status == CLI_OK)
		status = read_offsets(c, &j, path, buf_str(&text), &a);
	if (status == CLI_OK)
		status = cli_open(c);
	if (status == CLI_OK) {
		int64_t id = admin_delete_records(c->admin, j.ask.v, j.ask.n, 0, on_deleted, &j);
		bool done = cli_await(c, &j.done);
		if (!done)
			admin_cancel(c->admin, id);
		status = done ? j.status : cli_fail(c, "%s: no answer", c->bootstrap);
	}
	vec_fini(&j.ask);
	buf_fini(&text);
	arena_fini(&a);
	return status;
}

const struct cli_command cli_delete_records = {
	.name = "delete-records",
	.script = "kafka-delete-records.sh",
	.summary = "Delete the records before an offset",
	.options = options,
	.run = run,
};
