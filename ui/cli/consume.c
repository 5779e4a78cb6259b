/* kdeck consume: kafka-console-consumer.sh for named partitions, without a group. */
#include "cli/cli.h"
#include "cli/impl.h"
#include "io/loop.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

enum { MAX_HEADERS = 1024 };

static const struct cli_option options[] = {
	{"topic", 0, CLI_VALUE, "NAME", "The topic to read", NULL},
	{"include", 0, CLI_VALUE, "REGEX", "Topics to read, in place of --topic", NULL},
	{"partition", 0, CLI_VALUE, "N", "One partition; without it all", NULL},
	{"offset", 0, CLI_VALUE, "N|earliest|latest", "Where to begin; needs --partition", NULL},
	{"from-beginning", 0, CLI_FLAG, NULL, "Begin with the earliest record", NULL},
	{"max-messages", 0, CLI_VALUE, "N", "End after so many records", NULL},
	{"timeout-ms", 0, CLI_VALUE, "MS", "End when no record comes for so long", NULL},
	{"property", 0, CLI_VALUE, "NAME=VALUE",
		"print.key, print.partition, print.offset, print.timestamp, print.headers, "
		"print.epoch, print.value (true or false), key.separator, line.separator, "
		"headers.separator, null.literal",
		NULL},
	{"formatter-property", 0, CLI_VALUE, "NAME=VALUE", NULL, "property"},
	{"isolation-level", 0, CLI_VALUE, "LEVEL", "read_uncommitted or read_committed", NULL},
	{"consumer-property", 0, CLI_VALUE, "NAME=VALUE", "A setting of the consumer", NULL},
	{"command-property", 0, CLI_VALUE, "NAME=VALUE", NULL, "consumer-property"},
	{"consumer.config", 0, CLI_VALUE, "FILE", NULL, "command-config"},
	{"skip-message-on-error", 0, CLI_FLAG, NULL, NULL, NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

struct consuming {
	struct cli *c;
	struct record_format format;
	VEC(struct traffic_property) properties;
	VEC(struct consumer_start) starts;
	int64_t timeout_ms, processed;
	struct io_timer timer;
	int status;
	bool done, told;
};

static void on_batch(void *arg, const struct consumer_record *r, size_t n)
{
	struct consuming *k = arg;
	struct traffic_header h[MAX_HEADERS];
	for (size_t i = 0; i < n && !k->c->broken; i++) {
		size_t n_headers = 0;
		if (k->format.headers || k->c->json)
			n_headers = min_size(consumer_headers(&r[i], h, MAX_HEADERS), MAX_HEADERS);
		if (k->c->json)
			record_format_json(&r[i], h, n_headers, &k->c->out);
		else
			record_format_put(&k->format, &r[i], h, n_headers, &k->c->out);
		k->processed++;
	}
	cli_flush(k->c);
	k->done = k->done || k->c->broken;
	if (k->timeout_ms >= 0)
		io_timer_start(&k->timer, k->timeout_ms, 0);
}

static void on_done(void *arg)
{
	((struct consuming *)arg)->done = true;
}

static void on_error(void *arg, const struct err *e, bool fatal)
{
	struct consuming *k = arg;
	if (fatal) {
		k->status = cli_fail(k->c, "%s", e->msg);
		k->done = true;
	} else if (!k->told) {
		/* librdkafka goes on trying: once is enough. */
		k->told = true;
		cli_note(k->c, "kdeck consume: %s (trying again)", e->msg);
	}
}

static void on_signal(void *arg, int signum)
{
	(void)signum;
	((struct consuming *)arg)->done = true;
}

static int read_properties(struct cli *c, struct consuming *k)
{
	const char *z;
	struct err e;
	record_format_init(&k->format);
	for (size_t i = 0; (z = cli_nth(c, "property", i)); i++)
		if (record_format_set(&k->format, z, &e) < 0)
			return cli_usage(c, "--property: %s", e.msg);
	vec_foreach (p, &c->properties)
		vec_push(&k->properties, *p);
	for (size_t i = 0; (z = cli_nth(c, "consumer-property", i)); i++) {
		const char *eq = strchr(z, '=');
		if (!eq || eq == z)
			return cli_usage(c, "--consumer-property %s: name=value was expected", z);
		char *name = str_dup((struct str){z, (size_t)(eq - z)});
		vec_push(&c->kept, name);
		vec_push(&k->properties, ((struct traffic_property){name, eq + 1}));
	}
	return CLI_OK;
}

static int read_start(struct cli *c, struct consumer_start *s)
{
	const char *offset = cli_get(c, "offset");
	int64_t partition;
	int status = cli_number(c, "partition", 0, INT32_MAX, -1, &partition);
	*s = (struct consumer_start){.partition = (int32_t)partition, .from = CONSUMER_LATEST};
	if (status != CLI_OK)
		return status;
	if (offset && cli_has(c, "from-beginning"))
		return cli_usage(c, "--offset and --from-beginning exclude each other");
	if (offset && partition < 0)
		return cli_usage(c, "--offset needs --partition");
	if (cli_has(c, "from-beginning") || (offset && !strcmp(offset, "earliest")))
		s->from = CONSUMER_EARLIEST;
	if (!offset || !strcmp(offset, "earliest") || !strcmp(offset, "latest"))
		return CLI_OK;
	s->from = CONSUMER_OFFSET;
	return cli_number(c, "offset", 0, INT64_MAX, 0, &s->at);
}

static int find_partitions(struct cli *c, struct consuming *k, const struct consumer_start *from)
{
	const char *topic = cli_get(c, "topic"), *include = cli_get(c, "include");
	struct name_pattern p;
	struct err e;
	struct str name = str_of(topic);
	if (name_pattern_init(&p, include ? include : ".*", &e) < 0)
		return cli_usage(c, "--include %s: %s", include, e.msg);
	int status = cli_refresh(c, topic ? &name : NULL, topic ? 1 : 0);
	const struct admin_metadata *m = admin_metadata(c->admin);
	for (size_t i = 0; status == CLI_OK && i < m->n_topics; i++) {
		const struct admin_topic *t = m->topics[i];
		if (topic ? !str_eq(t->name, name) : !name_pattern_match(&p, t->name))
			continue;
		char *kept = str_dup(t->name);
		vec_push(&c->kept, kept);
		for (int32_t n = 0; n < t->n_partitions; n++) {
			struct consumer_start s = *from;
			s.topic = str_of(kept);
			s.partition = t->partitions[n].index;
			if (from->partition < 0 || from->partition == s.partition)
				vec_push(&k->starts, s);
		}
	}
	name_pattern_fini(&p);
	if (status != CLI_OK || k->starts.n)
		return status;
	if (from->partition >= 0)
		return cli_fail(c, "topic %s: UNKNOWN_TOPIC_OR_PARTITION: no partition %d",
			topic ? topic : include, from->partition);
	return cli_fail(c,
		"topic %s: UNKNOWN_TOPIC_OR_PARTITION: it does not exist; create it "
		"first: kdeck topics --create --topic NAME",
		topic ? topic : include);
}

static int consume(struct cli *c, struct consuming *k, int64_t max)
{
	struct err e = {0};
	const char *level = cli_get(c, "isolation-level");
	struct consumer_options o = {
		.bootstrap = c->bootstrap,
		.read_committed = level && !strcmp(level, "read_committed"),
		.max_records = max,
		.properties = k->properties.v,
		.n_properties = k->properties.n,
		.on_batch = on_batch,
		.on_done = on_done,
		.on_error = on_error,
		.arg = k,
	};
	struct consumer *consumer = consumer_new(c->loop, &o, &e);
	if (!consumer)
		return cli_usage(c, "%s", e.msg);
	struct loop_signal *on_int = loop_signal_new(c->loop, SIGINT, on_signal, k, NULL);
	struct loop_signal *on_term = loop_signal_new(c->loop, SIGTERM, on_signal, k, NULL);
	if (consumer_assign(consumer, k->starts.v, k->starts.n, &e) < 0) {
		k->status = cli_fail(c, "%s", e.msg);
	} else {
		if (k->timeout_ms >= 0)
			io_timer_start(&k->timer, k->timeout_ms, 0);
		while (!k->done)
			loop_run_once(c->loop, true);
	}
	io_timer_stop(&k->timer);
	consumer_free(consumer);
	if (on_int)
		loop_signal_free(on_int);
	if (on_term)
		loop_signal_free(on_term);
	cli_note(c, "Processed a total of %lld messages", (long long)k->processed);
	return k->status;
}

static int run(struct cli *c)
{
	struct consuming k = {.c = c};
	struct consumer_start from;
	const char *level = cli_get(c, "isolation-level");
	int64_t max;
	if (cli_has(c, "topic") == cli_has(c, "include"))
		return cli_usage(c, "one of --topic and --include was expected");
	if (level && strcmp(level, "read_committed") && strcmp(level, "read_uncommitted"))
		return cli_usage(c,
			"--isolation-level %s: read_uncommitted or read_committed was "
			"expected",
			level);
	int status = cli_number(c, "max-messages", -1, INT64_MAX, 0, &max);
	if (status == CLI_OK)
		status = cli_number(c, "timeout-ms", 0, INT32_MAX, -1, &k.timeout_ms);
	if (status == CLI_OK)
		status = read_start(c, &from);
	if (status == CLI_OK)
		status = read_properties(c, &k);
	if (status == CLI_OK)
		status = cli_open(c);
	if (status == CLI_OK)
		status = find_partitions(c, &k, &from);
	if (status == CLI_OK) {
		io_timer_init(&k.timer, c->loop, on_done, &k);
		status = consume(c, &k, max < 0 ? 0 : max);
	}
	vec_fini(&k.properties);
	vec_fini(&k.starts);
	return status;
}

const struct cli_command cli_consume = {
	.name = "consume",
	.script = "kafka-console-consumer.sh",
	.summary = "Print records",
	.options = options,
	.run = run,
};
