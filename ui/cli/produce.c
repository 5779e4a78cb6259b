/*
 * kdeck produce: kafka-console-producer.sh, and made-up records by --count.
 *
 * One loop: read or make what fits, send it, turn. When the producer is full nothing more is read,
 * so that a long input waits in its pipe.
 */
#include "cli/cli.h"
#include "cli/impl.h"
#include "io/loop.h"
#include "traffic/producer.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 65536, MAX_LINE = 64 << 20, MAX_TOLD = 10, FLUSH_MS = 150000, PAUSE_MS = 5 };

static const struct cli_option options[] = {
	{"topic", 0, CLI_VALUE, "NAME", "The topic to write to", NULL},
	{"property", 0, CLI_VALUE, "NAME=VALUE",
		"parse.key, parse.headers, ignore.error (true or false), key.separator, "
		"headers.delimiter, headers.separator, headers.key.separator, null.marker",
		NULL},
	{"reader-property", 0, CLI_VALUE, "NAME=VALUE", NULL, "property"},
	{"producer-property", 0, CLI_VALUE, "NAME=VALUE", "A setting of the producer", NULL},
	{"command-property", 0, CLI_VALUE, "NAME=VALUE", NULL, "producer-property"},
	{"producer.config", 0, CLI_VALUE, "FILE", NULL, "command-config"},
	{"compression-codec", 0, CLI_OPTIONAL, "CODEC",
		"none, gzip, snappy, lz4 or zstd; gzip when none is named", NULL},
	{"request-required-acks", 0, CLI_VALUE, "ACKS", "all (-1, the default), 1 or 0", NULL},
	{"partitioner", 0, CLI_VALUE, "sticky|round-robin|key|N",
		"How partitions are chosen, or the number of one", NULL},
	{"reader-config", 0, CLI_VALUE, "FILE", "A file of such properties as --property takes",
		NULL},
	{"line-reader", 0, CLI_VALUE, "CLASS", NULL, NULL},
	{"timeout", 0, CLI_VALUE, "MS", "How long a batch waits for more (linger.ms)", NULL},
	{"batch-size", 0, CLI_VALUE, "BYTES", "Size of a batch (batch.size)", NULL},
	{"max-partition-memory-bytes", 0, CLI_VALUE, "BYTES", NULL, NULL},
	{"max-memory-bytes", 0, CLI_VALUE, "BYTES", "Memory for records that wait (buffer.memory)",
		NULL},
	{"max-block-ms", 0, CLI_VALUE, "MS", "How long to wait for a topic that is not there yet",
		NULL},
	{"message-send-max-retries", 0, CLI_VALUE, "N", "How often a batch is sent again (retries)",
		NULL},
	{"retry-backoff-ms", 0, CLI_VALUE, "MS", "Pause before that (retry.backoff.ms)", NULL},
	{"request-timeout-ms", 0, CLI_VALUE, "MS",
		"How long brokers have for an acknowledgement (request.timeout.ms)", NULL},
	{"metadata-expiry-ms", 0, CLI_VALUE, "MS",
		"How old metadata may become (metadata.max.age.ms)", NULL},
	{"socket-buffer-size", 0, CLI_VALUE, "BYTES", "send.buffer.bytes", NULL},
	{"sync", 0, CLI_FLAG, NULL, "Wait for each record's acknowledgement", NULL},
	{"count", 0, CLI_VALUE, "N", "Write N made-up records instead of reading lines", NULL},
	{"rate", 0, CLI_VALUE, "N", "Made-up records a second; without it as fast as possible",
		NULL},
	{"size", 0, CLI_VALUE, "BYTES", "Size of a made-up record; 100 unless said", NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

struct producing {
	struct cli *c;
	struct producer *producer;
	struct line_reader reader;
	struct line_record line; /* large: kept off the stack of each call */
	struct str topic;
	int32_t partition;
	property_list properties;
	struct buf in;
	size_t at;      /* what of `in` has been sent */
	size_t scanned; /* what of `in` has no newline, as far as has been looked */
	int fd;
	bool readable, eof, full, fatal, sync, flushed;
	bool stop; /* a signal came: what has been sent is waited for, no more is read */
	size_t failed, left;
	int64_t count, made, rate, size, began_ms;
	struct io_timer pause;
	struct err told; /* the last trouble that was printed */
	int status;
};

static void on_delivery(void *arg, const struct producer_delivery *d, size_t n)
{
	struct producing *p = arg;
	struct err e;
	for (size_t i = 0; i < n; i++) {
		if (!d[i].code || p->failed++ >= MAX_TOLD)
			continue;
		producer_delivery_err(&d[i], &e);
		cli_fail(p->c, "%s", e.msg);
	}
}

static void on_ready(void *arg)
{
	((struct producing *)arg)->full = false;
}

static void on_error(void *arg, const struct err *e, bool fatal)
{
	struct producing *p = arg;
	/* librdkafka says the same at every attempt. */
	if (strcmp(p->told.msg, e->msg) != 0)
		cli_note(p->c, "kdeck produce: %s", e->msg);
	p->told = *e;
	p->fatal = p->fatal || fatal;
}

static void on_readable(void *arg, int events)
{
	(void)events;
	((struct producing *)arg)->readable = true;
}

static void on_pause(void *arg)
{
	(void)arg;
}

static void on_flushed(void *arg, size_t left)
{
	struct producing *p = arg;
	p->left = left;
	p->flushed = true;
}

/* False: not now. A record that can never go is told and counted. */
static bool send_record(struct producing *p, const struct producer_record *r)
{
	struct err e;
	int status = producer_send(p->producer, r, &e);
	if (status == ERR_FULL) {
		p->full = true;
		return false;
	}
	if (status < 0 && p->failed++ < MAX_TOLD)
		cli_fail(p->c, "%s", e.msg);
	return true;
}

static bool send_line(struct producing *p, struct str text)
{
	struct line_record *l = &p->line;
	struct err e;
	if (text.n && text.p[text.n - 1] == '\r')
		text.n--;
	if (line_reader_take(&p->reader, text, l, &e) < 0) {
		p->status = cli_fail(p->c, "%s", e.msg);
		p->eof = true;
		return true;
	}
	struct producer_record r = {.topic = p->topic,
		.partition = p->partition,
		.key = l->key,
		.value = l->value,
		.headers = l->headers,
		.n_headers = l->n_headers};
	if (send_record(p, &r))
		return true;
	p->reader.line_number--; /* it comes again */
	return false;
}

static bool may_send(const struct producing *p)
{
	return !p->full && !p->fatal && !p->stop && p->status == CLI_OK &&
	       !(p->sync && producer_pending(p->producer));
}

/* Where the line that begins at `at` ends; NULL: no newline has come yet. Each byte is looked at
 * once, however long the line grows. */
static const char *line_end(struct producing *p)
{
	size_t from = max_size(p->at, p->scanned);
	const char *base = (const char *)p->in.p;
	const char *nl = from < p->in.n ? memchr(base + from, '\n', p->in.n - from) : NULL;
	p->scanned = nl ? (size_t)(nl - base) : p->in.n;
	return nl;
}

static void send_lines(struct producing *p)
{
	while (may_send(p) && p->at < p->in.n) {
		const char *begin = (const char *)p->in.p + p->at, *nl = line_end(p);
		if (!nl && !p->eof)
			break;
		size_t n = nl ? (size_t)(nl - begin) : p->in.n - p->at;
		if (!send_line(p, (struct str){begin, n}))
			break;
		p->at += n + (nl != NULL);
	}
	if (p->at) {
		buf_consume(&p->in, p->at);
		p->scanned -= min_size(p->scanned, p->at);
		p->at = 0;
	}
}

static bool has_line(struct producing *p)
{
	return p->in.n && (p->eof || line_end(p));
}

static void read_more(struct producing *p)
{
	ssize_t n = read(p->fd, buf_reserve(&p->in, CHUNK), CHUNK);
	if (n > 0)
		buf_extend(&p->in, (size_t)n);
	else if (n == 0)
		p->eof = true;
	else if (errno == EAGAIN)
		p->readable = false;
	else if (errno != EINTR) {
		p->status = cli_fail(p->c, "standard input: %s", strerror(errno));
		p->eof = true;
	}
	if (p->in.n > MAX_LINE) {
		p->status = cli_fail(p->c, "standard input: a line is longer than 64 MiB");
		p->eof = true;
	}
}

static bool is_over(const struct producing *p)
{
	return p->status != CLI_OK || p->fatal || p->stop;
}

static void pump_lines(struct producing *p, struct loop_watch *watch)
{
	while (!(p->eof && !p->in.n)) {
		send_lines(p);
		if (is_over(p))
			break;
		if (!p->eof && may_send(p) && !has_line(p) && p->readable)
			read_more(p);
		else if (watch)
			loop_watch_set(watch, !p->eof && may_send(p) ? LOOP_READ : 0);
		bool busy = may_send(p) && (has_line(p) || p->readable || p->eof);
		if (watch && !p->eof && !busy)
			p->readable = false;
		loop_run_once(p->c->loop, !busy);
	}
}

/* Reads a regular file straight on; waits for anything else in the loop. */
static void from_lines(struct producing *p)
{
	struct stat st;
	struct err e;
	struct loop_watch *watch = NULL;
	int flags = fcntl(p->fd, F_GETFL);
	p->readable = fstat(p->fd, &st) < 0 || S_ISREG(st.st_mode);
	if (!p->readable) {
		watch = loop_watch_new(p->c->loop, p->fd, on_readable, p, &e);
		p->readable = watch == NULL; /* such as /dev/null: never blocks */
	}
	pump_lines(p, watch);
	if (watch)
		loop_watch_free(watch);
	/* The descriptor may be shared with the shell. */
	if (flags >= 0)
		fcntl(p->fd, F_SETFL, flags);
}

static void fill_value(struct producing *p, char *value)
{
	char head[32];
	int n = snprintf(head, sizeof(head), "%lld ", (long long)p->made);
	for (int64_t i = 0; i < p->size; i++)
		value[i] = i < n ? head[i] : "abcdefghijklmnopqrstuvwxyz"[(p->made + i) % 26];
}

static void make_records(struct producing *p)
{
	char *value = xmalloc((size_t)p->size);
	char key[32];
	while (p->made < p->count && !p->fatal && !p->stop) {
		int64_t due = p->count;
		if (p->rate > 0)
			due = min_i64(p->count,
				1 + (loop_now_ms(p->c->loop) - p->began_ms) * p->rate / 1000);
		for (int burst = 0; p->made < due && may_send(p) && burst < 1000; burst++) {
			fill_value(p, value);
			int n = snprintf(key, sizeof(key), "key-%lld", (long long)p->made % 1000);
			struct producer_record r = {.topic = p->topic,
				.partition = p->partition,
				.key = slice_of(key, (size_t)n),
				.value = slice_of(value, (size_t)p->size)};
			if (!send_record(p, &r))
				break;
			p->made++;
		}
		bool busy = p->made < due && may_send(p);
		if (!busy)
			io_timer_start(&p->pause, PAUSE_MS, 0);
		loop_run_once(p->c->loop, !busy);
	}
	io_timer_stop(&p->pause);
	free(value);
}

static int read_partitioner(struct cli *c, struct producing *p, enum producer_partitioner *by)
{
	const char *z = cli_get(c, "partitioner");
	int64_t n;
	*by = PARTITION_MURMUR2;
	p->partition = -1;
	if (!z || producer_partitioner_parse(z, by))
		return CLI_OK;
	if (strspn(z, "0123456789") != strlen(z))
		return cli_usage(c,
			"--partitioner %s: sticky, round-robin, key or the number of a partition "
			"was "
			"expected",
			z);
	int status = cli_number(c, "partitioner", 0, INT32_MAX, 0, &n);
	p->partition = (int32_t)n;
	return status;
}

/* Flags that are settings of the client by another name. */
static const struct {
	const char *option, *property;
	int64_t least;
} flag_properties[] = {
	{"timeout", "linger.ms", 0},
	{"max-partition-memory-bytes", "batch.size", 1},
	{"batch-size", "batch.size", 1},
	{"max-memory-bytes", "buffer.memory", 1024},
	{"max-block-ms", "topic.metadata.propagation.max.ms", 0},
	{"message-send-max-retries", "retries", 0},
	{"retry-backoff-ms", "retry.backoff.ms", 1},
	{"request-timeout-ms", "request.timeout.ms", 1},
	{"metadata-expiry-ms", "metadata.max.age.ms", 1},
	{"socket-buffer-size", "send.buffer.bytes", 0},
};

/* A flag wins over the same setting in a file or property, as in Kafka's script. */
static int read_flags(struct cli *c, struct producing *p)
{
	int64_t v;
	for (size_t i = 0; i < ARRAY_LEN(flag_properties); i++) {
		const char *name = flag_properties[i].option;
		int status = cli_number(c, name, flag_properties[i].least, INT32_MAX, 0, &v);
		if (status != CLI_OK)
			return status;
		if (cli_has(c, name))
			vec_push(&p->properties,
				((struct traffic_property){
					flag_properties[i].property, cli_get(c, name)}));
	}
	return CLI_OK;
}

static int check_acks(struct cli *c)
{
	const char *z = cli_get(c, "request-required-acks");
	if (!z || !strcmp(z, "all") || !strcmp(z, "-1") || !strcmp(z, "0") || !strcmp(z, "1"))
		return CLI_OK;
	return cli_usage(c, "--request-required-acks %s: all, -1, 0 or 1 was expected", z);
}

static int set_reader(void *arg, const char *property)
{
	struct producing *p = arg;
	struct err e;
	return line_reader_set(&p->reader, property, &e) < 0 ? cli_usage(p->c, "%s", e.msg)
							     : CLI_OK;
}

static int read_reader(struct cli *c, struct producing *p)
{
	static const char *const known[] = {"org.apache.kafka.tools.LineMessageReader",
		"kafka.tools.ConsoleProducer$LineMessageReader"};
	const char *z = cli_get(c, "line-reader"), *file = cli_get(c, "reader-config");
	line_reader_init(&p->reader);
	if (z && strcmp(z, known[0]) && strcmp(z, known[1]))
		return cli_usage(c,
			"--line-reader %s: Java's classes cannot be used here; %s is built "
			"in",
			z, known[0]);
	int status = file ? cli_property_file(c, "reader-config", file, set_reader, p) : CLI_OK;
	for (size_t i = 0; status == CLI_OK && (z = cli_nth(c, "property", i)); i++)
		status = set_reader(p, z);
	return status;
}

static int read_numbers(struct cli *c, struct producing *p)
{
	int status = cli_number(c, "count", 0, INT64_MAX, -1, &p->count);
	if (status == CLI_OK)
		status = cli_number(c, "rate", 1, 100000000, 0, &p->rate);
	if (status == CLI_OK)
		status = cli_number(c, "size", 1, 16 << 20, 100, &p->size);
	if (status == CLI_OK && p->count < 0 && (p->rate || cli_has(c, "size")))
		return cli_usage(c, "--rate and --size go with --count");
	return status;
}

static int open_producer(struct cli *c, struct producing *p)
{
	struct err e = {0};
	struct producer_options o = {.bootstrap = c->bootstrap,
		.acks = cli_get(c, "request-required-acks"),
		.linger_ms = -1,
		.properties = p->properties.v,
		.n_properties = p->properties.n,
		.on_delivery = on_delivery,
		.on_ready = on_ready,
		.on_error = on_error,
		.arg = p};
	if (cli_has(c, "compression-codec")) {
		o.compression = cli_get(c, "compression-codec");
		o.compression = o.compression ? o.compression : "gzip";
	}
	int status = read_partitioner(c, p, &o.partitioner);
	if (status == CLI_OK)
		status = cli_open(c);
	if (status != CLI_OK)
		return status;
	p->producer = producer_new(c->loop, &o, &e);
	return p->producer ? CLI_OK : cli_usage(c, "%s", e.msg);
}

/* Waits for what has been sent; a second signal ends that. */
static int finish(struct cli *c, struct producing *p)
{
	bool stopped = p->stop;
	p->stop = false;
	if (stopped && p->count < 0)
		cli_note(c, "kdeck produce: interrupted; %lld line%s of the input had been sent",
			(long long)p->reader.line_number, p->reader.line_number == 1 ? "" : "s");
	producer_flush(p->producer, FLUSH_MS, on_flushed, p);
	while (!p->flushed && !(stopped && p->stop))
		loop_run_once(c->loop, true);
	p->left = p->flushed ? p->left : producer_pending(p->producer);
	size_t lost = p->failed + p->left;
	if (lost)
		return cli_fail(c, "topic %s: %zu record%s not acknowledged", cli_get(c, "topic"),
			lost, lost == 1 ? " was" : "s were");
	return p->fatal ? CLI_NO : p->status;
}

static int run(struct cli *c)
{
	struct producing *p = ALLOC(struct producing);
	p->c = c;
	p->fd = c->env && c->env->in > 0 ? c->env->in : STDIN_FILENO;
	p->sync = cli_has(c, "sync");
	p->topic = str_of(cli_get(c, "topic"));
	int status = p->topic.p ? read_numbers(c, p) : cli_usage(c, "--topic was expected");
	if (status == CLI_OK)
		status = read_reader(c, p);
	if (status == CLI_OK)
		status = cli_take_properties(c, "producer-property", &p->properties);
	if (status == CLI_OK)
		status = read_flags(c, p);
	if (status == CLI_OK)
		status = check_acks(c);
	if (status == CLI_OK)
		status = open_producer(c, p);
	if (status == CLI_OK) {
		io_timer_init(&p->pause, c->loop, on_pause, p);
		p->began_ms = loop_now_ms(c->loop);
		cli_watch_signals(c, &p->stop);
		if (p->count >= 0)
			make_records(p);
		else
			from_lines(p);
		status = finish(c, p);
	}
	producer_free(p->producer);
	vec_fini(&p->properties);
	buf_fini(&p->in);
	free(p);
	return status;
}

const struct cli_command cli_produce = {
	.name = "produce",
	.script = "kafka-console-producer.sh",
	.summary = "Write records: lines of standard input, or made-up ones",
	.options = options,
	.run = run,
};
