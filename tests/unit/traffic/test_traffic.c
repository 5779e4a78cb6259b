/* Producer and consumer against the mock cluster that librdkafka carries inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/loop.h"
#include "traffic/consumer.h"
#include "traffic/producer.h"
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 30000 };

struct fixture {
	rd_kafka_t *host;
	rd_kafka_mock_cluster_t *cluster;
	struct loop *loop;
};

/* What callbacks saw. */
struct seen {
	bool done;
	size_t records, failed, batches;
	size_t per_partition[4];
	int64_t last_offset[4];
	size_t left, headers, nulls;
	bool ready, fatal, batch;
	struct err e;
	struct consumer *pause;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e;
	char why[200];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	f->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	assert_non_null(f->host);
	f->cluster = rd_kafka_mock_cluster_new(f->host, 1);
	assert_non_null(f->cluster);
	assert_int_equal(0, rd_kafka_mock_topic_create(f->cluster, "orders", 4, 1));
	f->loop = loop_new(&e);
	assert_non_null(f->loop);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	loop_free(f->loop);
	rd_kafka_mock_cluster_destroy(f->cluster);
	rd_kafka_destroy(f->host);
	free(f);
	return 0;
}

static void on_delivery(void *arg, const struct producer_delivery *d, size_t n)
{
	struct seen *s = arg;
	for (size_t i = 0; i < n; i++) {
		if (d[i].code) {
			s->failed++;
			producer_delivery_err(&d[i], &s->e);
			continue;
		}
		s->records++;
		assert_in_range(d[i].partition, 0, 3);
		s->per_partition[d[i].partition]++;
		s->last_offset[d[i].partition] = d[i].offset;
	}
}

static void on_flushed(void *arg, size_t left)
{
	struct seen *s = arg;
	s->left = left;
	s->done = true;
}

static void on_ready(void *arg)
{
	((struct seen *)arg)->ready = true;
}

static struct producer *producer_at(
	struct fixture *f, struct seen *s, enum producer_partitioner by, int32_t max_queued)
{
	struct err e;
	struct producer_options o = {
		.bootstrap = rd_kafka_mock_cluster_bootstraps(f->cluster),
		.partitioner = by,
		.linger_ms = -1,
		.max_queued = max_queued,
		.on_delivery = on_delivery,
		.on_ready = on_ready,
		.arg = s,
	};
	struct producer *p = producer_new(f->loop, &o, &e);
	if (!p)
		fail_msg("%s", e.msg);
	return p;
}

static void put(struct producer *p, int32_t partition, const char *key, const char *value)
{
	struct err e;
	struct traffic_header h = {STR_LIT("h"), {(const uint8_t *)"v", 1}};
	struct producer_record r = {
		.topic = STR_LIT("orders"),
		.partition = partition,
		.key = slice_str(str_of(key)),
		.value = slice_str(str_of(value)),
		.headers = &h,
		.n_headers = 1,
	};
	assert_int_equal(0, producer_send(p, &r, &e));
}

static void flush(struct fixture *f, struct producer *p, struct seen *s)
{
	s->done = false;
	producer_flush(p, WAIT_MS, on_flushed, s);
	assert_true(loop_run_until(f->loop, &s->done, WAIT_MS));
	assert_int_equal(0, s->left);
	assert_int_equal(0, producer_pending(p));
}

static void produces_by_key_and_round_robin(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct producer *p = producer_at(f, &s, PARTITION_MURMUR2, 0);
	for (int i = 0; i < 5; i++)
		put(p, -1, "same", "value");
	flush(f, p, &s);
	assert_int_equal(5, s.records);
	int used = 0;
	for (int i = 0; i < 4; i++)
		used += s.per_partition[i] > 0;
	assert_int_equal(1, used);
	producer_free(p);

	s = (struct seen){0};
	p = producer_at(f, &s, PARTITION_ROUND_ROBIN, 0);
	for (int i = 0; i < 8; i++)
		put(p, -1, NULL, "value");
	flush(f, p, &s);
	for (int i = 0; i < 4; i++)
		assert_int_equal(2, s.per_partition[i]);
	producer_free(p);
}

static void sticky_fills_one_partition(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct producer *p = producer_at(f, &s, PARTITION_STICKY, 0);
	/* All are queued before the partitions are known; they go by bytes queued. */
	put(p, -1, "a", "1");
	flush(f, p, &s);
	put(p, -1, "b", "2");
	put(p, -1, NULL, "3");
	flush(f, p, &s);
	int used = 0;
	for (int i = 0; i < 4; i++)
		used += s.per_partition[i] > 0;
	assert_int_equal(1, used);
	assert_int_equal(3, s.records);
	producer_free(p);
}

static void refuses_what_cannot_be(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct err e;
	struct traffic_property odd = {"no.such.setting", "1"};
	struct producer_options o = {.bootstrap = "127.0.0.1:1", .linger_ms = -1};
	o.properties = &odd;
	o.n_properties = 1;
	assert_null(producer_new(f->loop, &o, &e));
	assert_int_equal(ERR_INVALID, e.code);
	assert_non_null(strstr(e.msg, "no.such.setting"));
	odd = (struct traffic_property){"buffer.memory", "lots"};
	assert_null(producer_new(f->loop, &o, &e));
	assert_non_null(strstr(e.msg, "buffer.memory"));
	odd = (struct traffic_property){"key.serializer", "org.example.S"};
	struct producer *p = producer_new(f->loop, &o, &e);
	assert_non_null(p);
	producer_free(p);

	p = producer_at(f, &s, PARTITION_MURMUR2, 0);
	struct producer_record r = {.topic = STR_LIT("orders"), .partition = 99};
	int sent = producer_send(p, &r, &e);
	if (sent == 0) { /* the partitions were not known yet */
		flush(f, p, &s);
		assert_int_equal(1, s.failed);
		assert_non_null(strstr(s.e.msg, "UNKNOWN_PARTITION"));
	}
	assert_int_equal(ERR_NOT_FOUND, producer_send(p, &r, &e));
	r.topic = STR_NULL;
	assert_int_equal(ERR_INVALID, producer_send(p, &r, &e));
	producer_free(p);
}

static void says_when_full_and_when_ready(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct err e;
	struct producer *p = producer_at(f, &s, PARTITION_MURMUR2, 10);
	struct producer_record r = {.topic = STR_LIT("orders"), .partition = -1};
	int sent = 0;
	while (producer_send(p, &r, &e) == 0)
		assert_in_range(++sent, 1, 10);
	assert_int_equal(ERR_FULL, e.code);
	assert_true(loop_run_until(f->loop, &s.ready, WAIT_MS));
	assert_int_equal(0, producer_send(p, &r, &e));
	flush(f, p, &s);
	assert_int_equal(sent + 1, s.records);
	producer_free(p);
}

static void flush_ends_at_its_deadline(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct err e;
	struct producer_options o = {
		.bootstrap = "127.0.0.1:1", .linger_ms = -1, .on_delivery = on_delivery, .arg = &s};
	struct producer *p = producer_new(f->loop, &o, &e);
	assert_non_null(p);
	put(p, -1, NULL, "x");
	producer_flush(p, 50, on_flushed, &s);
	assert_true(loop_run_until(f->loop, &s.done, WAIT_MS));
	assert_int_equal(1, s.left);
	producer_free(p);
}

static void on_batch(void *arg, const struct consumer_record *r, size_t n)
{
	struct seen *s = arg;
	s->batches++;
	s->batch = true;
	for (size_t i = 0; i < n; i++) {
		struct traffic_header h[2];
		s->records++;
		s->per_partition[r[i].partition]++;
		s->last_offset[r[i].partition] = r[i].offset;
		s->headers += consumer_headers(&r[i], h, 2);
		s->nulls += r[i].key.p == NULL;
	}
	if (s->pause)
		consumer_pause(s->pause, true);
}

static void on_done(void *arg)
{
	((struct seen *)arg)->done = true;
}

static void on_error(void *arg, const struct err *e, bool fatal)
{
	struct seen *s = arg;
	s->e = *e;
	s->fatal = s->fatal || fatal;
}

static struct consumer *consumer_at(struct fixture *f, struct seen *s, int64_t max)
{
	struct err e;
	struct consumer_options o = {
		.bootstrap = rd_kafka_mock_cluster_bootstraps(f->cluster),
		.max_records = max,
		.reset = "error",
		.on_batch = on_batch,
		.on_done = on_done,
		.on_error = on_error,
		.arg = s,
	};
	struct consumer *c = consumer_new(f->loop, &o, &e);
	if (!c)
		fail_msg("%s", e.msg);
	return c;
}

static void fill(struct fixture *f, int n)
{
	struct seen s = {0};
	struct producer *p = producer_at(f, &s, PARTITION_MURMUR2, 0);
	for (int i = 0; i < n; i++)
		put(p, i % 4, i % 2 ? "" : NULL, "value");
	flush(f, p, &s);
	producer_free(p);
}

static void consumes_from_the_beginning_to_max(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct err e;
	fill(f, 40);
	struct consumer *c = consumer_at(f, &s, 30);
	struct consumer_start all[4];
	for (int32_t i = 0; i < 4; i++)
		all[i] = (struct consumer_start){.topic = STR_LIT("orders"), .partition = i};
	assert_int_equal(0, consumer_assign(c, all, 4, &e));
	assert_int_equal(ERR_EXISTS, consumer_assign(c, all, 1, &e));
	assert_true(loop_run_until(f->loop, &s.done, WAIT_MS));
	assert_int_equal(30, s.records);
	assert_int_equal(30, s.headers);
	consumer_free(c);
}

static void consumes_from_an_offset_and_the_last(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct err e;
	fill(f, 40);
	struct consumer *c = consumer_at(f, &s, 5);
	struct consumer_start at[2] = {{STR_LIT("orders"), 0, CONSUMER_OFFSET, 7},
		{STR_LIT("orders"), 1, CONSUMER_LAST, 2}};
	assert_int_equal(0, consumer_assign(c, at, 2, &e));
	assert_true(loop_run_until(f->loop, &s.done, WAIT_MS));
	assert_int_equal(3, s.per_partition[0]);
	assert_int_equal(2, s.per_partition[1]);
	assert_int_equal(9, s.last_offset[0]);
	assert_int_equal(3, s.nulls); /* partition 0 has no keys, partition 1 empty ones */
	consumer_free(c);
}

static void reports_an_offset_out_of_range(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct err e;
	fill(f, 4);
	struct consumer *c = consumer_at(f, &s, 1);
	struct consumer_start at = {STR_LIT("orders"), 0, CONSUMER_OFFSET, 1000};
	assert_int_equal(0, consumer_assign(c, &at, 1, &e));
	assert_true(loop_run_until(f->loop, &s.fatal, WAIT_MS));
	assert_non_null(strstr(s.e.msg, "orders"));
	assert_int_equal(0, s.records);
	consumer_free(c);
}

static void a_paused_consumer_waits(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct err e;
	bool never = false;
	fill(f, 40);
	struct consumer *c = consumer_at(f, &s, 40);
	struct consumer_start all[4];
	for (int32_t i = 0; i < 4; i++)
		all[i] = (struct consumer_start){.topic = STR_LIT("orders"), .partition = i};
	consumer_pause(c, true);
	assert_int_equal(0, consumer_assign(c, all, 4, &e));
	assert_false(loop_run_until(f->loop, &never, 100));
	assert_int_equal(0, s.records);
	consumer_pause(c, false);
	assert_true(loop_run_until(f->loop, &s.done, WAIT_MS));
	assert_int_equal(40, s.records);
	consumer_free(c);
}

/* Pausing inside a callback holds back what was taken from the queue with its records. */
static void a_pause_in_a_batch_is_the_last(void **state)
{
	struct fixture *f = *state;
	struct seen s = {0};
	struct err e;
	bool never = false;
	fill(f, 40);
	struct consumer *c = consumer_at(f, &s, 0);
	struct consumer_start all[4];
	for (int32_t i = 0; i < 4; i++)
		all[i] = (struct consumer_start){.topic = STR_LIT("orders"), .partition = i};
	consumer_pause(c, true);
	assert_int_equal(0, consumer_assign(c, all, 4, &e));
	/* until all that there is, records and ends, waits in the queue */
	assert_false(loop_run_until(f->loop, &never, 1000));
	s.pause = c;
	while (s.records < 40) {
		size_t before = s.batches;
		s.batch = false;
		consumer_pause(c, false);
		assert_true(loop_run_until(f->loop, &s.batch, WAIT_MS));
		assert_false(loop_run_until(f->loop, &never, 10));
		assert_int_equal(before + 1, s.batches);
	}
	consumer_free(c);
	for (int i = 0; i < 4; i++)
		assert_int_equal(9, s.last_offset[i]);
}

/* A broker that takes connections and never says a word: asking it for a timestamp takes long, but
 * whoever leaves does not wait for that. */
static void leaving_waits_for_no_look_up(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof(sa);
	struct seen s = {0};
	struct err e;
	char at[40];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(0, bind(fd, (struct sockaddr *)&sa, n));
	assert_int_equal(0, listen(fd, 8));
	assert_int_equal(0, getsockname(fd, (struct sockaddr *)&sa, &n));
	snprintf(at, sizeof(at), "127.0.0.1:%d", ntohs(sa.sin_port));
	struct consumer_options o = {.bootstrap = at, .on_batch = on_batch, .arg = &s};
	struct consumer *c = consumer_new(f->loop, &o, &e);
	assert_non_null(c);
	struct consumer_start from = {STR_LIT("orders"), 0, CONSUMER_TIMESTAMP, 1};
	assert_int_equal(0, consumer_assign(c, &from, 1, &e));
	from.partition = 1;
	assert_int_equal(ERR_AGAIN, consumer_assign(c, &from, 1, &e));
	int64_t start = clock_mono_ms(&clock_system);
	consumer_free(c);
	assert_true(clock_mono_ms(&clock_system) - start < 10000);
	close(fd);
}

static void partitioners_have_names(void **state)
{
	enum producer_partitioner p;
	(void)state;
	assert_true(producer_partitioner_parse("round-robin", &p));
	assert_int_equal(PARTITION_ROUND_ROBIN, p);
	assert_false(producer_partitioner_parse("random", &p));
	assert_string_equal("NOT_LEADER_OR_FOLLOWER", traffic_error_name(6));
	assert_string_equal("MSG_TIMED_OUT", traffic_error_name(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT));
}

#define WITH(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(partitioners_have_names),
		WITH(produces_by_key_and_round_robin),
		WITH(sticky_fills_one_partition),
		WITH(refuses_what_cannot_be),
		WITH(says_when_full_and_when_ready),
		WITH(flush_ends_at_its_deadline),
		WITH(consumes_from_the_beginning_to_max),
		WITH(consumes_from_an_offset_and_the_last),
		WITH(reports_an_offset_out_of_range),
		WITH(a_paused_consumer_waits),
		WITH(a_pause_in_a_batch_is_the_last),
		WITH(leaving_waits_for_no_look_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
