/*
 * The load of the benchmark, on librdkafka: the same client against a broker and against the mock
 * broker that librdkafka runs in its own process (memory only: what a client can reach at most).
 *
 *   bench_traffic produce ADDRESS|mock TOPIC RECORDS BYTES ACKS
 *   bench_traffic fetch ADDRESS TOPIC RECORDS
 *   bench_traffic latency ADDRESS TOPIC RECORDS BYTES
 *   bench_traffic ack ADDRESS|mock TOPIC RECORDS BYTES      the way to the acknowledgement alone
 *   bench_traffic topics ADDRESS COUNT PARTITIONS REPLICAS  made, with a record in each partition
 *
 * Each prints one line of names and numbers. Exit status 1: records were lost, with the reason.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PARTITIONS 3
#define WAIT_MS    30000

static int64_t acked, failed;

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_traffic: %s: %s\n", what, why);
	exit(1);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	(void)rk;
	(void)opaque;
	if (m->err && failed++ == 0)
		fprintf(stderr, "bench_traffic: not delivered: %s\n", rd_kafka_err2str(m->err));
	acked++;
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value)
{
	char why[512];

	if (rd_kafka_conf_set(conf, key, value, why, sizeof(why)) != RD_KAFKA_CONF_OK)
		die(key, why);
}

static rd_kafka_t *client(rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *address)
{
	char why[512];
	rd_kafka_t *rk;

	if (strcmp(address, "mock") == 0)
		set(conf, "test.mock.num.brokers", "1");
	else
		set(conf, "bootstrap.servers", address);
	set(conf, "log_level", "2");
	if (type == RD_KAFKA_PRODUCER)
		rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rk = rd_kafka_new(type, conf, why, sizeof(why));
	if (!rk)
		die("no client", why);
	return rk;
}

/* Sends the request of n topics; the topics themselves may exist already. */
static void send_topics(rd_kafka_t *rk, rd_kafka_NewTopic_t **topics, size_t n)
{
	rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
	rd_kafka_event_t *e;

	rd_kafka_CreateTopics(rk, topics, n, NULL, q);
	e = rd_kafka_queue_poll(q, WAIT_MS);
	if (!e || rd_kafka_event_error(e))
		die("no topics", e ? rd_kafka_event_error_string(e) : "no answer");
	rd_kafka_event_destroy(e);
	rd_kafka_NewTopic_destroy_array(topics, n);
	rd_kafka_queue_destroy(q);
}

static void create(rd_kafka_t *rk, const char *name)
{
	rd_kafka_mock_cluster_t *mock = rd_kafka_handle_mock_cluster(rk);
	rd_kafka_NewTopic_t *t;
	char why[256];

	if (mock) {
		rd_kafka_mock_topic_create(mock, name, PARTITIONS, 1);
		return;
	}
	t = rd_kafka_NewTopic_new(name, PARTITIONS, 1, why, sizeof(why));
	if (!t)
		die(name, why);
	send_topics(rk, &t, 1);
}

/*
 * As rdkafka_performance does it: a look at the acknowledgements after each record. The payload
 * stays where it is until all is acknowledged, so that librdkafka need not copy it.
 */
static void hand_over(
	rd_kafka_t *rk, rd_kafka_topic_t *t, int32_t partition, void *payload, size_t size)
{
	while (rd_kafka_produce(t, partition, 0, payload, size, NULL, 0, NULL) < 0) {
		if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			die("produce", rd_kafka_err2str(rd_kafka_last_error()));
		rd_kafka_poll(rk, 10);
	}
	rd_kafka_poll(rk, 0);
}

/* Until n are acknowledged in all. */
static void wait_acked(rd_kafka_t *rk, int64_t n)
{
	double end = seconds() + WAIT_MS / 1e3;
	int64_t seen = acked;

	while (acked < n && !failed) {
		rd_kafka_poll(rk, 1000);
		if (acked != seen)
			end = seconds() + WAIT_MS / 1e3;
		else if (seconds() > end)
			die("produce", "no acknowledgement any more");
		seen = acked;
	}
	if (failed)
		exit(1);
}

static void *payload_of(size_t size)
{
	unsigned char *p = malloc(size ? size : 1);

	if (!p)
		die("payload", "out of memory");
	for (size_t i = 0; i < size; i++)
		p[i] = (unsigned char)('a' + i * 7 % 26);
	return p;
}

static rd_kafka_t *producer(const char *address, const char *linger, const char *acks)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	set(conf, "linger.ms", linger);
	set(conf, "acks", acks);
	set(conf, "batch.num.messages", "10000");
	set(conf, "batch.size", "1000000");
	set(conf, "queue.buffering.max.messages", "500000");
	set(conf, "queue.buffering.max.kbytes", "1048576");
	return client(RD_KAFKA_PRODUCER, conf, address);
}

static int produce(const char *address, const char *name, int64_t n, size_t size, const char *acks)
{
	rd_kafka_t *rk = producer(address, "5", acks);
	void *payload = payload_of(size);
	rd_kafka_topic_t *topic;
	double began, took;

	create(rk, name);
	topic = rd_kafka_topic_new(rk, name, NULL);
	/* One a partition first: connections and leaders are known when the clock starts. */
	for (int32_t p = 0; p < PARTITIONS; p++)
		hand_over(rk, topic, p, payload, size);
	wait_acked(rk, PARTITIONS);
	began = seconds();
	for (int64_t i = 0; i < n; i++)
		hand_over(rk, topic, RD_KAFKA_PARTITION_UA, payload, size);
	wait_acked(rk, n + PARTITIONS);
	took = seconds() - began;
	printf("records %lld seconds %.6f records_s %.0f mb_s %.2f\n", (long long)n, took,
		(double)n / took, (double)n * (double)size / took / 1e6);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	free(payload);
	return 0;
}

struct count {
	int64_t records, bytes;
};

static void on_record(rd_kafka_message_t *m, void *arg)
{
	struct count *c = arg;

	if (m->err) {
		if (m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
			die("fetch", rd_kafka_message_errstr(m));
		return;
	}
	c->records++;
	c->bytes += (int64_t)m->len;
}

static int fetch(const char *address, const char *name, int64_t n)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	struct count c = {0};
	rd_kafka_topic_t *topic;
	rd_kafka_queue_t *q;
	rd_kafka_t *rk;
	double began, took;

	set(conf, "check.crcs", "false");
	set(conf, "queued.min.messages", "1000000");
	rk = client(RD_KAFKA_CONSUMER, conf, address);
	topic = rd_kafka_topic_new(rk, name, NULL);
	q = rd_kafka_queue_new(rk);
	began = seconds();
	for (int32_t p = 0; p < PARTITIONS; p++)
		rd_kafka_consume_start_queue(topic, p, RD_KAFKA_OFFSET_BEGINNING, q);
	while (c.records < n)
		if (rd_kafka_consume_callback_queue(q, WAIT_MS, on_record, &c) <= 0)
			die("fetch", "no records any more");
	took = seconds() - began;
	printf("records %lld seconds %.6f records_s %.0f mb_s %.2f\n", (long long)c.records, took,
		(double)c.records / took, (double)c.bytes / took / 1e6);
	for (int32_t p = 0; p < PARTITIONS; p++)
		rd_kafka_consume_stop(topic, p);
	rd_kafka_queue_destroy(q);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double share(const double *sorted, int64_t n, double part)
{
	int64_t at = (int64_t)(part * (double)n);

	return sorted[at < n ? at : n - 1];
}

static void print_times(double *ms, int64_t n)
{
	double sum = 0;

	for (int64_t i = 0; i < n; i++)
		sum += ms[i];
	qsort(ms, (size_t)n, sizeof(*ms), by_size);
	printf("records %lld mean_ms %.4f p50_ms %.4f p99_ms %.4f p999_ms %.4f\n", (long long)n,
		sum / (double)n, share(ms, n, 0.5), share(ms, n, 0.99), share(ms, n, 0.999));
}

static void expect(rd_kafka_topic_t *t)
{
	rd_kafka_message_t *m = rd_kafka_consume(t, 0, WAIT_MS);

	if (!m || m->err)
		die("latency", m ? rd_kafka_message_errstr(m) : "a record never came");
	rd_kafka_message_destroy(m);
}

/* One record at a time, to partition 0; reader NULL: its acknowledgement is the end of the way. */
static void one_by_one(
	rd_kafka_t *rk, rd_kafka_topic_t *to, rd_kafka_topic_t *reader, int64_t n, size_t size)
{
	int64_t warm = n / 10 + 1;
	double *ms = calloc((size_t)n, sizeof(*ms));
	void *payload = payload_of(size);

	if (!ms)
		die("latency", "out of memory");
	for (int64_t i = -warm; i < n; i++) {
		int64_t before = acked;
		double began = seconds();

		hand_over(rk, to, 0, payload, size);
		if (reader)
			expect(reader);
		else
			wait_acked(rk, before + 1);
		if (i >= 0)
			ms[i] = (seconds() - began) * 1e3;
		if (reader)
			wait_acked(rk, before + 1);
	}
	print_times(ms, n);
	free(payload);
	free(ms);
}

static int ack(const char *address, const char *name, int64_t n, size_t size)
{
	rd_kafka_t *rk = producer(address, "0", "all");
	rd_kafka_topic_t *topic;

	create(rk, name);
	topic = rd_kafka_topic_new(rk, name, NULL);
	one_by_one(rk, topic, NULL, n, size);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	return 0;
}

static int latency(const char *address, const char *name, int64_t n, size_t size)
{
	rd_kafka_t *rk = producer(address, "0", "all");
	rd_kafka_topic_t *topic, *reader;
	rd_kafka_t *consumer;

	create(rk, name);
	topic = rd_kafka_topic_new(rk, name, NULL);
	consumer = client(RD_KAFKA_CONSUMER, rd_kafka_conf_new(), address);
	reader = rd_kafka_topic_new(consumer, name, NULL);
	rd_kafka_consume_start(reader, 0, RD_KAFKA_OFFSET_BEGINNING);
	one_by_one(rk, topic, reader, n, size);
	rd_kafka_consume_stop(reader, 0);
	rd_kafka_topic_destroy(reader);
	rd_kafka_destroy(consumer);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	return 0;
}

static int make_topics(const char *address, int64_t n, int partitions, int replicas)
{
	rd_kafka_t *rk = producer(address, "5", "all");
	rd_kafka_NewTopic_t **topics = calloc((size_t)n, sizeof(*topics));
	rd_kafka_topic_t **handles = calloc((size_t)n, sizeof(*handles));
	double began = seconds(), made;
	char name[32], why[256] = "";

	if (!topics || !handles)
		die("topics", "out of memory");
	for (int64_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "topic-%04lld", (long long)i);
		topics[i] = rd_kafka_NewTopic_new(name, partitions, replicas, why, sizeof(why));
	}
	send_topics(rk, topics, (size_t)n);
	made = seconds() - began;
	for (int64_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "topic-%04lld", (long long)i);
		handles[i] = rd_kafka_topic_new(rk, name, NULL);
		for (int32_t p = 0; p < partitions; p++)
			hand_over(rk, handles[i], p, why, 1);
	}
	wait_acked(rk, n * partitions);
	printf("topics %lld seconds %.6f usable %.6f\n", (long long)n, made, seconds() - began);
	for (int64_t i = 0; i < n; i++)
		rd_kafka_topic_destroy(handles[i]);
	rd_kafka_destroy(rk);
	free(handles);
	free(topics);
	return 0;
}

static int64_t count_of(const char *text)
{
	char *end;
	long long n = strtoll(text, &end, 10);

	if (*end || end == text || n < 1 || n > 1000000000)
		die(text, "expected a number from 1 to 1000000000");
	return n;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(verb, "produce") == 0 && argc == 7)
		return produce(
			argv[2], argv[3], count_of(argv[4]), (size_t)count_of(argv[5]), argv[6]);
	if (strcmp(verb, "fetch") == 0 && argc == 5)
		return fetch(argv[2], argv[3], count_of(argv[4]));
	if (strcmp(verb, "latency") == 0 && argc == 6)
		return latency(argv[2], argv[3], count_of(argv[4]), (size_t)count_of(argv[5]));
	if (strcmp(verb, "ack") == 0 && argc == 6)
		return ack(argv[2], argv[3], count_of(argv[4]), (size_t)count_of(argv[5]));
	if (strcmp(verb, "topics") == 0 && argc == 6)
		return make_topics(
			argv[2], count_of(argv[3]), (int)count_of(argv[4]), (int)count_of(argv[5]));
	fprintf(stderr, "usage: bench_traffic produce|fetch|latency|ack|topics ADDRESS …\n");
	return 2;
}
