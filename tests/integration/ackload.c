/*
 * The load of the kill tests, on librdkafka.
 *
 *   ackload write ADDRESS TOPIC PARTITIONS    numbers 0, 1, 2 … round robin, idempotent, acks=all,
 *                                             until standard input ends; a line with the count for
 *                                             each thousand acknowledged, and at the end
 *   ackload read ADDRESS TOPIC PARTITIONS N   every number below N is there once, in order within
 *                                             its partition; exit status 1 with what is wrong
 */
#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM    4000 /* records in flight */
#define STEP    1000
#define IDLE_MS 30000

static int64_t acked, failed;

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	(void)rk;
	(void)opaque;
	if (m->err) {
		fprintf(stderr, "not delivered: %s\n", rd_kafka_err2str(m->err));
		failed++;
	} else if (++acked % STEP == 0) {
		printf("%lld\n", (long long)acked);
		fflush(stdout);
	}
}

static void set(rd_kafka_conf_t *conf, const char *key, const char *value)
{
	char why[512];

	if (rd_kafka_conf_set(conf, key, value, why, sizeof(why)) != RD_KAFKA_CONF_OK) {
		fprintf(stderr, "%s\n", why);
		exit(2);
	}
}

static rd_kafka_t *client(rd_kafka_type_t type, const char *address)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[512];
	rd_kafka_t *rk;

	set(conf, "bootstrap.servers", address);
	set(conf, "log_level", "0");
	set(conf, "reconnect.backoff.max.ms", "200");
	if (type == RD_KAFKA_PRODUCER) {
		set(conf, "enable.idempotence", "true");
		set(conf, "message.timeout.ms", "120000");
		rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	}
	rk = rd_kafka_new(type, conf, why, sizeof(why));
	if (!rk) {
		fprintf(stderr, "%s\n", why);
		exit(2);
	}
	return rk;
}

static int input_ended(void)
{
	struct pollfd p = {.fd = 0, .events = POLLIN};
	char byte;

	return poll(&p, 1, 0) > 0 && read(0, &byte, 1) <= 0;
}

/* The topic comes into being with one partition unless somebody made it: the test wants three. */
static void create(rd_kafka_t *rk, const char *name, int partitions)
{
	char why[256];
	rd_kafka_NewTopic_t *t = rd_kafka_NewTopic_new(name, partitions, 1, why, sizeof(why));
	rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
	rd_kafka_event_t *e;

	rd_kafka_CreateTopics(rk, &t, 1, NULL, q);
	e = rd_kafka_queue_poll(q, IDLE_MS);
	if (e)
		rd_kafka_event_destroy(e);
	rd_kafka_NewTopic_destroy(t);
	rd_kafka_queue_destroy(q);
}

static int write_numbers(const char *address, const char *name, int partitions)
{
	rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, address);
	rd_kafka_topic_t *topic;
	int64_t n = 0;

	create(rk, name, partitions);
	topic = rd_kafka_topic_new(rk, name, NULL);
	while (!input_ended() && !failed) {
		char text[32];
		int size = snprintf(text, sizeof(text), "%lld", (long long)n);

		if (n - acked < ROOM &&
			rd_kafka_produce(topic, (int32_t)(n % partitions), RD_KAFKA_MSG_F_COPY,
				text, (size_t)size, NULL, 0, NULL) == 0)
			n++;
		rd_kafka_poll(rk, n - acked < ROOM ? 0 : 10);
	}
	rd_kafka_flush(rk, 120000);
	printf("%lld\n", (long long)acked);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	return failed || acked != n;
}

/* Is it the one that is expected of its partition? */
static bool is_next(const rd_kafka_message_t *m, const int64_t *expected)
{
	char text[32] = "";
	int64_t value;

	memcpy(text, m->payload, m->len < 31 ? m->len : 31);
	value = atoll(text);
	if (value != *expected)
		printf("partition %d offset %lld: %lld, but %lld was expected\n", m->partition,
			(long long)m->offset, (long long)value, (long long)*expected);
	return value == *expected;
}

static int read_numbers(const char *address, const char *name, int partitions, int64_t want)
{
	rd_kafka_t *rk = client(RD_KAFKA_CONSUMER, address);
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
	rd_kafka_queue_t *q = rd_kafka_queue_new(rk);
	int64_t *next = calloc((size_t)partitions, sizeof(*next));
	int64_t got = 0;
	int bad = 0;

	for (int p = 0; p < partitions; p++) {
		next[p] = p;
		rd_kafka_consume_start_queue(topic, p, RD_KAFKA_OFFSET_BEGINNING, q);
	}
	while (got < want && !bad) {
		rd_kafka_message_t *m = rd_kafka_consume_queue(q, IDLE_MS);

		if (!m) {
			printf("%lld of %lld records, then nothing\n", (long long)got,
				(long long)want);
			bad = 1;
			break;
		}
		if (!m->err) {
			bad = !is_next(m, &next[m->partition]);
			next[m->partition] += partitions;
			got++;
		}
		rd_kafka_message_destroy(m);
	}
	for (int p = 0; p < partitions; p++)
		rd_kafka_consume_stop(topic, p);
	free(next);
	rd_kafka_queue_destroy(q);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	return bad;
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "write") == 0)
		return write_numbers(argv[2], argv[3], atoi(argv[4]));
	if (argc == 6 && strcmp(argv[1], "read") == 0)
		return read_numbers(argv[2], argv[3], atoi(argv[4]), atoll(argv[5]));
	fprintf(stderr, "usage: ackload write|read ADDRESS TOPIC PARTITIONS [N]\n");
	return 2;
}
