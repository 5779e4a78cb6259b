/* kdeck consume: kafka-console-consumer.sh, of named partitions or as a member of a group. */
#include "cli/cli.h"
#include "cli/impl.h"
#include "io/loop.h"
#include <stdlib.h>
#include <string.h>

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
	{"formatter-config", 0, CLI_VALUE, "FILE", "A file of such properties as --property takes",
		NULL},
	{"formatter", 0, CLI_VALUE, "CLASS",
		"DefaultMessageFormatter, or NoOpMessageFormatter to print nothing", NULL},
	{"key-deserializer", 0, CLI_VALUE, "CLASS", NULL, NULL},
	{"value-deserializer", 0, CLI_VALUE, "CLASS", NULL, NULL},
	{"isolation-level", 0, CLI_VALUE, "LEVEL", "read_uncommitted or read_committed", NULL},
	{"consumer-property", 0, CLI_VALUE, "NAME=VALUE", "A setting of the consumer", NULL},
	{"command-property", 0, CLI_VALUE, "NAME=VALUE", NULL, "consumer-property"},
	{"consumer.config", 0, CLI_VALUE, "FILE", NULL, "command-config"},
	{"skip-message-on-error", 0, CLI_FLAG, NULL, NULL, NULL},
	{"group", 0, CLI_VALUE, "GROUP",
		"Read as a member of this group, from where it has got to, and commit; without it "
		"nothing is committed",
		NULL},
	{"enable-systest-events", 0, CLI_REFUSED, NULL,
		"these lines are for Kafka's own tests: leave it away", NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

/* A batch of large records is not gathered whole. */
enum { FLUSH_BYTES = 1 << 20, LEAVE_MS = 5000 };

struct consuming {
	struct cli *c;
	struct record_format format;
	property_list properties;
	VEC(struct traffic_header) headers; /* of the record at hand */
	VEC(struct consumer_start) starts;
	int64_t timeout_ms, processed;
	struct io_timer timer;
	int status;
	bool done, told;
};

static void read_headers(struct consuming *k, const struct consumer_record *r)
{
	k->headers.n = 0;
	if (!k->format.headers && !k->c->json)
		return;
	size_t n = consumer_headers(r, k->headers.v, k->headers.cap);
	if (n > k->headers.cap) {
		vec_reserve(&k->headers, n);
		n = consumer_headers(r, k->headers.v, k->headers.cap);
	}
	k->headers.n = min_size(n, k->headers.cap);
}

static void on_batch(void *arg, const struct consumer_record *r, size_t n)
{
	struct consuming *k = arg;
	for (size_t i = 0; i < n && !k->c->broken; i++) {
		read_headers(k, &r[i]);
		if (k->c->json && !k->format.nothing)
			record_format_json(&r[i], k->headers.v, k->headers.n, &k->c->out);
		else
			record_format_put(
				&k->format, &r[i], k->headers.v, k->headers.n, &k->c->out);
		k->processed++;
		if (k->c->out.n >= FLUSH_BYTES)
			cli_flush(k->c);
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

static int set_format(void *arg, const char *property)
{
	struct consuming *k = arg;
	struct err e;
	return record_format_set(&k->format, property, &e) < 0 ? cli_usage(k->c, "%s", e.msg)
							       : CLI_OK;
}

/* A class by its name, with or without its package. */
static bool is_class(const char *z, const char *name)
{
	const char *dot = strrchr(z, '.');
	return !strcmp(dot ? dot + 1 : z, name);
}

static int check_deserializer(struct cli *c, const char *option)
{
	const char *z = cli_get(c, option);
	if (!z || is_class(z, "StringDeserializer") || is_class(z, "ByteArrayDeserializer"))
		return CLI_OK;
	return cli_usage(c,
		"--%s %s: Java's classes cannot be used here; bytes are printed as they are, as "
		"StringDeserializer does",
		option, z);
}

static int read_format(struct cli *c, struct consuming *k)
{
	const char *z = cli_get(c, "formatter"), *file = cli_get(c, "formatter-config");
	record_format_init(&k->format);
	k->format.nothing = z && is_class(z, "NoOpMessageFormatter");
	if (z && !k->format.nothing && !is_class(z, "DefaultMessageFormatter"))
		return cli_usage(c,
			"--formatter %s: Java's classes cannot be used here; "
			"DefaultMessageFormatter and NoOpMessageFormatter are built in",
			z);
	int status = check_deserializer(c, "key-deserializer");
	if (status == CLI_OK)
		status = check_deserializer(c, "value-deserializer");
	if (status == CLI_OK && file)
		status = cli_property_file(c, "formatter-config", file, set_format, k);
	for (size_t i = 0; status == CLI_OK && (z = cli_nth(c, "property", i)); i++)
		status = set_format(k, z);
	return status;
}

static int read_start(struct cli *c, struct consumer_start *s)
{
	const char *offset = cli_get(c, "offset");
	int64_t partition;
	int status = cli_number(c, "partition", 0, INT32_MAX, -1, &partition);
	*s = (struct consumer_start){.partition = (int32_t)partition, .from = CONSUMER_LATEST};
	if (status != CLI_OK)
		return status;
	if (partition >= 0 && cli_has(c, "group"))
		return cli_usage(c,
			"--partition and --group exclude each other: the group says who "
			"reads what");
	if (partition >= 0 && !cli_has(c, "topic"))
		return cli_usage(c, "--partition needs --topic");
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
		struct str kept = cli_keep(c, t->name);
		for (int32_t n = 0; n < t->n_partitions; n++) {
			struct consumer_start s = *from;
			s.topic = kept;
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

/* Topics that --include fits, also those to come. */
static int subscribe(struct cli *c, struct consumer *consumer, struct err *e)
{
	const char *topic = cli_get(c, "topic");
	char *pattern = topic ? NULL : xasprintf("^(%s)$", cli_get(c, "include"));
	for (char *p = pattern; p && (p = strchr(p, ','));)
		*p = '|';
	const char *one = topic ? topic : pattern;
	int r = consumer_subscribe(consumer, &one, 1, e);
	free(pattern);
	return r;
}

static int begin(struct cli *c, struct consuming *k, struct consumer *consumer, struct err *e)
{
	return cli_has(c, "group") ? subscribe(c, consumer, e)
				   : consumer_assign(consumer, k->starts.v, k->starts.n, e);
}

static void leave_group(struct cli *c, struct consuming *k, struct consumer *consumer)
{
	if (cli_has(c, "group") && !consumer_leave(consumer, LEAVE_MS))
		k->status = cli_fail(c,
			"group %s: the last offsets could not be committed in time: these records "
			"will be read again",
			cli_get(c, "group"));
}

static int consume(struct cli *c, struct consuming *k, int64_t max)
{
	struct err e = {0};
	const char *level = cli_get(c, "isolation-level");
	struct consumer_options o = {
		.bootstrap = c->bootstrap,
		.read_committed = level && !strcmp(level, "read_committed"),
		.max_records = max,
		.group = cli_get(c, "group"),
		.reset = cli_has(c, "group") && cli_has(c, "from-beginning") ? "earliest" : NULL,
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
	cli_watch_signals(c, &k->done);
	if (!k->done && begin(c, k, consumer, &e) < 0) {
		k->status = cli_fail(c, "%s", e.msg);
	} else {
		if (k->timeout_ms >= 0)
			io_timer_start(&k->timer, k->timeout_ms, 0);
		while (!k->done)
			loop_run_once(c->loop, true);
	}
	io_timer_stop(&k->timer);
	leave_group(c, k, consumer);
	consumer_free(consumer);
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
	int status = cli_number(c, "max-messages", -1, INT64_MAX, -1, &max);
	if (status == CLI_OK)
		status = cli_number(c, "timeout-ms", 0, INT32_MAX, -1, &k.timeout_ms);
	if (status == CLI_OK)
		status = read_start(c, &from);
	if (status == CLI_OK)
		status = read_format(c, &k);
	if (status == CLI_OK)
		status = cli_take_properties(c, "consumer-property", &k.properties);
	if (status == CLI_OK)
		status = cli_open(c);
	if (status == CLI_OK)
		status = find_partitions(c, &k, &from);
	if (status == CLI_OK) {
		io_timer_init(&k.timer, c->loop, on_done, &k);
		k.done = max == 0;
		status = consume(c, &k, max < 0 ? 0 : max);
	}
	vec_fini(&k.properties);
	vec_fini(&k.headers);
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
