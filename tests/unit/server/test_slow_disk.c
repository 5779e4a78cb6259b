/*
 * A whole broker over a disk where one topic's calls stand still until the test lets them go on:
 * everybody else is served meanwhile. A broker that waited for them in its loop would hang here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../folder.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "io/loop.h"
#include "server/broker_config.h"
#include "server/server.h"
#include "wire/batch.h"

#define FDS     4096
#define ROUNDS  20
#define WAIT_MS 60000
#define BATCHES 40

/* ---- the disk -------------------------------------------------------------------------------- */

struct slow_disk {
	struct store_io io;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool slow[FDS];  /* the fd is of the slow topic */
	bool shut;       /* its calls stand still */
	int standing;    /* how many do */
	bool only_syncs; /* reads are never slow; set before the disk is shut */
};

static bool is_slow(const char *path)
{
	return strstr(path, "/slow-0") != NULL;
}

static void stand(struct slow_disk *d)
{
	pthread_mutex_lock(&d->lock);
	d->standing++;
	pthread_cond_broadcast(&d->changed);
	while (d->shut)
		pthread_cond_wait(&d->changed, &d->lock);
	d->standing--;
	pthread_mutex_unlock(&d->lock);
}

static void set_shut(struct slow_disk *d, bool shut)
{
	pthread_mutex_lock(&d->lock);
	d->shut = shut;
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
}

/* Until a call stands still. */
static void wait_standing(struct slow_disk *d)
{
	pthread_mutex_lock(&d->lock);
	while (!d->standing)
		pthread_cond_wait(&d->changed, &d->lock);
	pthread_mutex_unlock(&d->lock);
}

static int slow_open(struct store_io *io, const char *path, int flags)
{
	struct slow_disk *d = CONTAINER_OF(io, struct slow_disk, io);
	int fd = store_io_system.open(&store_io_system, path, flags);

	if (fd >= 0 && fd < FDS) {
		pthread_mutex_lock(&d->lock);
		d->slow[fd] = is_slow(path);
		pthread_mutex_unlock(&d->lock);
	}
	return fd;
}

static bool fd_is_slow(struct slow_disk *d, int fd)
{
	bool slow;

	pthread_mutex_lock(&d->lock);
	slow = fd < FDS && d->slow[fd];
	pthread_mutex_unlock(&d->lock);
	return slow;
}

static ssize_t slow_pread(struct store_io *io, int fd, void *p, size_t n, int64_t at)
{
	struct slow_disk *d = CONTAINER_OF(io, struct slow_disk, io);

	if (fd_is_slow(d, fd) && !d->only_syncs)
		stand(d);
	return store_io_system.pread(&store_io_system, fd, p, n, at);
}

static int slow_fdatasync(struct store_io *io, int fd)
{
	struct slow_disk *d = CONTAINER_OF(io, struct slow_disk, io);

	if (fd_is_slow(d, fd))
		stand(d);
	return store_io_system.fdatasync(&store_io_system, fd);
}

static int slow_unlink(struct store_io *io, const char *path)
{
	if (is_slow(path))
		stand(CONTAINER_OF(io, struct slow_disk, io));
	return store_io_system.unlink(&store_io_system, path);
}

static int slow_resident(struct store_io *io, int fd, int64_t at, size_t n)
{
	if (fd_is_slow(CONTAINER_OF(io, struct slow_disk, io), fd))
		return 0;
	return store_io_system.resident(&store_io_system, fd, at, n);
}

/* ---- the broker, on a thread ----------------------------------------------------------------- */

struct world {
	struct slow_disk disk;
	char folder[FOLDER_MAX];
	struct conf conf;
	struct server_settings set;
	struct loop *loop;
	struct server *server;
	struct loop_wake *stop;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ready;
	uint16_t port;
	int rc;
};

static void on_ready(void *arg)
{
	struct world *w = arg;
	struct buf text = BUF_EMPTY;

	server_listeners_text(w->server, &text);
	pthread_mutex_lock(&w->lock);
	w->port = (uint16_t)atoi(strrchr(buf_z(&text), ':') + 1);
	w->ready = true;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	buf_fini(&text);
}

static void on_stopped(void *arg, int rc)
{
	struct world *w = arg;

	w->rc = rc;
	loop_stop(w->loop);
}

static void on_stop(void *arg)
{
	server_stop(((struct world *)arg)->server);
}

static void *serve(void *arg)
{
	loop_run(((struct world *)arg)->loop);
	return NULL;
}

static void set(struct world *w, const char *key, const char *value)
{
	struct err e = {0};

	if (conf_set(&w->conf, str_of(key), str_of(value), CONF_FROM_OVERRIDE, NULL, &e) < 0)
		fail_msg("%s", e.msg);
}

static void quiet(void *arg, enum log_level level, const char *line, size_t n)
{
	(void)arg;
	(void)level;
	(void)line;
	(void)n;
}

static int begin(void **state)
{
	struct world *w = ALLOC(struct world);
	struct server_events ev = {w, on_ready, on_stopped};
	struct err e = {0};

	log_set_sink(quiet, NULL);
	*state = w;
	w->disk.io = store_io_system;
	w->disk.io.open = slow_open;
	w->disk.io.pread = slow_pread;
	w->disk.io.fdatasync = slow_fdatasync;
	w->disk.io.unlink = slow_unlink;
	w->disk.io.resident = slow_resident;
	pthread_mutex_init(&w->disk.lock, NULL);
	pthread_cond_init(&w->disk.changed, NULL);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	assert_true(folder_make(w->folder));
	broker_config_init(&w->conf);
	set(w, "listeners", "PLAINTEXT://127.0.0.1:0");
	set(w, "log.dirs", w->folder);
	assert_int_equal(broker_config_settle(&w->conf, &e), 0);
	assert_int_equal(server_settings_read(&w->conf, &w->set, &e), 0);
	w->set.io = &w->disk.io;
	w->loop = loop_new(&e);
	w->stop = loop_wake_new(w->loop, on_stop, w);
	w->server = server_new(w->loop, &w->set, &w->conf, &ev, &e);
	assert_non_null(w->server);
	pthread_create(&w->thread, NULL, serve, w);
	pthread_mutex_lock(&w->lock);
	while (!w->ready)
		pthread_cond_wait(&w->changed, &w->lock);
	pthread_mutex_unlock(&w->lock);
	return 0;
}

static int end(void **state)
{
	struct world *w = *state;

	set_shut(&w->disk, false);
	loop_wake_send(w->stop);
	pthread_join(w->thread, NULL);
	server_free(w->server);
	loop_wake_free(w->stop);
	loop_free(w->loop);
	conf_fini(&w->conf);
	assert_int_equal(folder_remove(w->folder), 0);
	pthread_mutex_destroy(&w->disk.lock);
	pthread_cond_destroy(&w->disk.changed);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->changed);
	free(w);
	return 0;
}

/* ---- a client -------------------------------------------------------------------------------- */

struct client {
	int fd;
	struct buf in;
	struct arena arena;
};

static void client_open(struct client *c, const struct world *w)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(w->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	*c = (struct client){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	arena_init(&c->arena, 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static void client_close(struct client *c)
{
	close(c->fd);
	buf_fini(&c->in);
	arena_fini(&c->arena);
}

static void ask(struct client *c, int16_t key, int16_t version, const void *body)
{
	struct request_header h = {key, version, 7, STR_LIT("test")};
	struct chain out;
	struct buf bytes = BUF_EMPTY;
	size_t n;

	chain_init(&out);
	assert_int_equal(request_frame(&h, body, &out), 0);
	n = out.n;
	assert_int_equal(chain_flatten(&out, buf_extend(&bytes, n)), 0);
	assert_int_equal(write(c->fd, bytes.p, n), n);
	chain_fini(&out);
	buf_fini(&bytes);
}

static void need(struct client *c, size_t n)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};

	while (c->in.n < n) {
		uint8_t some[65536];
		ssize_t got;

		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		got = read(c->fd, some, min_size(sizeof(some), n - c->in.n));
		assert_true(got > 0);
		buf_put(&c->in, some, (size_t)got);
	}
}

static void take(struct client *c, int16_t key, int16_t version, void *out)
{
	const struct msg_desc *desc = api_find(key)->response;
	struct response_header h;
	size_t length, used;

	buf_clear(&c->in);
	need(c, FRAME_HEAD);
	assert_int_equal(frame_peek(buf_slice(&c->in), SIZE_MAX, &length), 1);
	need(c, FRAME_HEAD + length);
	assert_int_equal(response_header_decode(
				 key, version, slice_of(c->in.p + FRAME_HEAD, length), &h, &used),
		0);
	arena_reset(&c->arena);
	assert_int_equal(
		msg_decode(desc, version, slice_of(c->in.p + FRAME_HEAD + used, length - used),
			&c->arena, out, &used),
		0);
}

static bool has_answer(struct client *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};

	return poll(&p, 1, 0) > 0;
}

static void create(struct client *c, const char *name, const char *key, const char *value)
{
	struct create_topics_request r;
	struct create_topics_response answer;
	struct create_topics_request_topics t;
	struct create_topics_request_configs config;

	msg_init(&create_topics_request_desc, &r);
	msg_struct_init(&create_topics_request_topics_struct, &t);
	msg_struct_init(&create_topics_request_configs_struct, &config);
	t.name = str_of(name);
	t.num_partitions = 1;
	t.replication_factor = 1;
	config.name = str_of(key);
	config.value = str_of(value);
	t.configs = &config;
	t.n_configs = key ? 1 : 0;
	r.topics = &t;
	r.n_topics = 1;
	ask(c, API_CREATE_TOPICS, 5, &r);
	take(c, API_CREATE_TOPICS, 5, &answer);
	assert_int_equal(answer.topics[0].error_code, 0);
}

static void delete (struct client *c, const char *name)
{
	struct delete_topics_request r;
	struct delete_topics_response answer;
	struct str names = str_of(name);

	msg_init(&delete_topics_request_desc, &r);
	r.topic_names = &names;
	r.n_topic_names = 1;
	ask(c, API_DELETE_TOPICS, 4, &r);
	take(c, API_DELETE_TOPICS, 4, &answer);
	assert_int_equal(answer.responses[0].error_code, 0);
}

static void ask_produce(struct client *c, const char *topic)
{
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	struct produce_request r;
	struct produce_request_topic_data t;
	struct produce_request_partition_data p;
	struct batch_builder b;
	struct slice batch;

	batch_builder_init(&b, NULL);
	batch_builder_begin(&b, &opt);
	assert_int_equal(batch_builder_add_value(&b, 1, slice_str(STR_LIT("a value"))), 0);
	assert_int_equal(batch_builder_finish(&b, &batch), 0);
	msg_init(&produce_request_desc, &r);
	msg_struct_init(&produce_request_topic_data_struct, &t);
	msg_struct_init(&produce_request_partition_data_struct, &p);
	r.acks = -1;
	r.timeout_ms = WAIT_MS;
	r.topic_data = &t;
	r.n_topic_data = 1;
	t.name = str_of(topic);
	t.partition_data = &p;
	t.n_partition_data = 1;
	p.records.bytes = batch;
	ask(c, API_PRODUCE, 7, &r);
	batch_builder_fini(&b);
}

static int64_t take_produce(struct client *c)
{
	struct produce_response answer;

	take(c, API_PRODUCE, 7, &answer);
	assert_int_equal(answer.responses[0].partition_responses[0].error_code, 0);
	return answer.responses[0].partition_responses[0].base_offset;
}

static void ask_fetch(struct client *c, const char *topic, int64_t offset)
{
	struct fetch_request r;
	struct fetch_request_topics t;
	struct fetch_request_partitions p;

	msg_init(&fetch_request_desc, &r);
	msg_struct_init(&fetch_request_topics_struct, &t);
	msg_struct_init(&fetch_request_partitions_struct, &p);
	r.max_wait_ms = WAIT_MS;
	r.min_bytes = 1;
	r.max_bytes = 1 << 20;
	r.topics = &t;
	r.n_topics = 1;
	t.topic = str_of(topic);
	t.partitions = &p;
	t.n_partitions = 1;
	p.fetch_offset = offset;
	p.partition_max_bytes = 1 << 20;
	ask(c, API_FETCH, 4, &r);
}

static size_t take_fetch(struct client *c)
{
	struct fetch_response answer;

	take(c, API_FETCH, 4, &answer);
	assert_int_equal(answer.responses[0].partitions[0].error_code, 0);
	return answer.responses[0].partitions[0].records.bytes.n;
}

/* Writes and reads of another topic, one after the other. */
static void others_are_served(struct client *c)
{
	for (int i = 0; i < ROUNDS; i++) {
		int64_t offset;

		ask_produce(c, "fast");
		offset = take_produce(c);
		ask_fetch(c, "fast", offset);
		assert_true(take_fetch(c) > 0);
	}
}

struct two {
	struct client slow, fast;
};

static void open_two(struct two *t, struct world *w, const char *key, const char *value)
{
	client_open(&t->slow, w);
	client_open(&t->fast, w);
	create(&t->slow, "slow", key, value);
	create(&t->fast, "fast", NULL, NULL);
}

static void close_two(struct two *t)
{
	client_close(&t->slow);
	client_close(&t->fast);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void cold_reads_wait_alone(void **state)
{
	struct world *w = *state;
	struct two t;

	open_two(&t, w, NULL, NULL);
	for (int i = 0; i < BATCHES; i++) {
		ask_produce(&t.slow, "slow");
		assert_int_equal(take_produce(&t.slow), i);
	}
	set_shut(&w->disk, true);
	ask_fetch(&t.slow, "slow", 0);
	wait_standing(&w->disk);
	others_are_served(&t.fast);
	assert_false(has_answer(&t.slow));
	set_shut(&w->disk, false);
	assert_true(take_fetch(&t.slow) > BATCHES * BATCH_HEADER);
	/* The place is known now, the bytes are not in memory: read ahead again. */
	set_shut(&w->disk, true);
	ask_fetch(&t.slow, "slow", 2);
	set_shut(&w->disk, false);
	assert_true(take_fetch(&t.slow) > (BATCHES - 2) * BATCH_HEADER);
	close_two(&t);
}

static void a_reader_that_leaves(void **state)
{
	struct world *w = *state;
	struct two t;

	open_two(&t, w, NULL, NULL);
	for (int i = 0; i < BATCHES; i++) {
		ask_produce(&t.slow, "slow");
		take_produce(&t.slow);
	}
	set_shut(&w->disk, true);
	ask_fetch(&t.slow, "slow", 0);
	wait_standing(&w->disk);
	client_close(&t.slow);
	delete (&t.fast, "slow");
	others_are_served(&t.fast);
	set_shut(&w->disk, false);
	others_are_served(&t.fast);
	client_close(&t.fast);
}

static void flush_messages_acknowledges_what_is_on_the_disk(void **state)
{
	struct world *w = *state;
	struct two t;

	open_two(&t, w, "flush.messages", "1");
	set_shut(&w->disk, true);
	ask_produce(&t.slow, "slow");
	wait_standing(&w->disk);
	/* Two more, together after the first. */
	ask_produce(&t.slow, "slow");
	ask_produce(&t.slow, "slow");
	others_are_served(&t.fast);
	assert_false(has_answer(&t.slow));
	set_shut(&w->disk, false);
	for (int i = 0; i < 3; i++)
		assert_int_equal(take_produce(&t.slow), i);
	close_two(&t);
}

/* The folder of a new log is made sure on its own; what is to be synced before its acknowledgement
 * waits for that, and nobody else does. */
static void a_new_log_is_made_sure_aside(void **state)
{
	struct world *w = *state;
	struct two t;

	w->disk.only_syncs = true;
	set_shut(&w->disk, true);
	open_two(&t, w, "flush.messages", "1");
	wait_standing(&w->disk);
	ask_produce(&t.slow, "slow");
	others_are_served(&t.fast);
	assert_false(has_answer(&t.slow));
	set_shut(&w->disk, false);
	assert_int_equal(take_produce(&t.slow), 0);
	close_two(&t);
}

static void flush_ms_syncs_aside(void **state)
{
	struct world *w = *state;
	struct two t;

	open_two(&t, w, "flush.ms", "1");
	set_shut(&w->disk, true);
	ask_produce(&t.slow, "slow");
	assert_int_equal(take_produce(&t.slow), 0);
	wait_standing(&w->disk);
	others_are_served(&t.fast);
	/* The log goes while it is being synced. */
	delete (&t.slow, "slow");
	set_shut(&w->disk, false);
	others_are_served(&t.fast);
	close_two(&t);
}

static void removals_wait_alone(void **state)
{
	struct world *w = *state;
	struct two t;

	open_two(&t, w, NULL, NULL);
	set_shut(&w->disk, true);
	delete (&t.slow, "slow");
	wait_standing(&w->disk);
	others_are_served(&t.fast);
	close_two(&t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(cold_reads_wait_alone, begin, end),
		cmocka_unit_test_setup_teardown(a_reader_that_leaves, begin, end),
		cmocka_unit_test_setup_teardown(
			flush_messages_acknowledges_what_is_on_the_disk, begin, end),
		cmocka_unit_test_setup_teardown(a_new_log_is_made_sure_aside, begin, end),
		cmocka_unit_test_setup_teardown(flush_ms_syncs_aside, begin, end),
		cmocka_unit_test_setup_teardown(removals_wait_alone, begin, end),
	};

	return cmocka_run_group_tests_name("a slow disk", tests, NULL, NULL);
}
