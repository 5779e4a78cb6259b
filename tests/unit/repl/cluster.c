/* See cluster.h. */
#include "cluster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/xalloc.h"
#include "wire/kerr.h"
#include "wire/msg.h"

#define VERSION 17

enum kind { CALL_FETCH, CALL_ALTER };

struct call {
	struct list_node node;
	int64_t id;
	enum kind kind;
	int32_t from, to;
	struct buf request;
	repl_reply_fn *fn;
	void *arg;
};

static struct node *node_of(struct cluster *c, int32_t id)
{
	return &c->nodes[id - 1];
}

static void call_free(struct call *k)
{
	list_remove(&k->node);
	buf_fini(&k->request);
	free(k);
}

static int64_t put(struct node *from, enum kind kind, int32_t to, const struct msg_desc *desc,
	int16_t version, const void *req, repl_reply_fn *fn, void *arg)
{
	struct call *k = ALLOC(struct call);

	k->id = ++from->cluster->next_call;
	k->kind = kind;
	k->from = from->id;
	k->to = to;
	k->fn = fn;
	k->arg = arg;
	assert_int_equal(msg_encode_buf(desc, version, req, &k->request), 0);
	list_push_back(&from->cluster->calls, &k->node);
	return k->id;
}

static int64_t net_fetch(
	void *arg, int32_t leader, const struct fetch_request *req, repl_reply_fn *fn, void *fn_arg)
{
	return put(arg, CALL_FETCH, leader, &fetch_request_desc, VERSION, req, fn, fn_arg);
}

static int64_t net_alter(
	void *arg, const struct alter_partition_request *req, repl_reply_fn *fn, void *fn_arg)
{
	return put(arg, CALL_ALTER, 0, &alter_partition_request_desc, 3, req, fn, fn_arg);
}

static void net_cancel(void *arg, int64_t id)
{
	struct node *n = arg;

	list_foreach (it, &n->cluster->calls) {
		struct call *k = CONTAINER_OF(it, struct call, node);

		if (k->id == id)
			call_free(k);
	}
}

static int64_t net_epoch(void *arg)
{
	return ((struct node *)arg)->epoch;
}

static int64_t live_epoch(void *arg, int32_t broker)
{
	const struct node *n = node_of(((struct node *)arg)->cluster, broker);

	return n->fenced ? -1 : n->epoch;
}

static void config(void *arg, struct str topic, struct repl_config *out)
{
	(void)arg;
	(void)topic;
	*out = (struct repl_config){.log = plog_config_default,
		.max_message_bytes = 1048588,
		.min_insync_replicas = 2,
		.compression = -1};
}

/* ---- serving, as the API does ---------------------------------------------------------------- */

static void serve_part(struct repl *r, const struct fetch_request *req, const struct repl_topic *t,
	const struct fetch_request_partitions *q, struct fetch_response_partitions *a,
	struct chain *records)
{
	struct partition *p = repl_partition(t, q->partition);
	struct replica_fetch told = {.replica = req->replica_state.replica_id,
		.broker_epoch = req->replica_state.replica_epoch,
		.offset = q->fetch_offset,
		.log_start = q->log_start_offset};
	struct plog_read_result got;

	(void)r;
	a->partition_index = q->partition;
	a->records.bytes = slice_of("", 0);
	a->error_code =
		t ? partition_check_leader(p, q->current_leader_epoch) : KERR_UNKNOWN_TOPIC_ID;
	if (a->error_code)
		return;
	a->high_watermark = p->log->high_watermark;
	a->log_start_offset = p->log->log_start;
	if (partition_diverges(p, q->last_fetched_epoch, q->fetch_offset, &a->diverging_epoch.epoch,
		    &a->diverging_epoch.end_offset))
		return;
	a->diverging_epoch.epoch = -1;
	if (q->fetch_offset < p->log->log_start || q->fetch_offset > p->log->leo) {
		a->error_code = KERR_OFFSET_OUT_OF_RANGE;
		return;
	}
	a->error_code = partition_fetched(p, &told);
	if (a->error_code || q->fetch_offset == p->log->leo)
		return;
	assert_int_equal(plog_read(p->log, q->fetch_offset, (size_t)q->partition_max_bytes,
				 p->log->leo, true, records, &got),
		0);
	a->records.chain = records;
}

static void serve_fetch(struct cluster *c, struct call *k, struct buf *out)
{
	struct arena arena;
	struct fetch_request req;
	struct fetch_response resp;
	struct chain records;
	struct repl *r = node_of(c, k->to)->repl;

	arena_init(&arena, 0);
	chain_init(&records);
	assert_int_equal(msg_decode(&fetch_request_desc, VERSION, buf_slice(&k->request), &arena,
				 &req, NULL),
		0);
	msg_init(&fetch_response_desc, &resp);
	resp.responses = MSG_NEW(&arena, fetch_response_responses, (size_t)req.n_topics);
	resp.n_responses = req.n_topics;
	for (int32_t i = 0; i < req.n_topics; i++) {
		struct fetch_response_responses *t = &resp.responses[i];

		t->topic_id = req.topics[i].topic_id;
		assert_int_equal(req.topics[i].n_partitions, 1);
		t->partitions = MSG_NEW(&arena, fetch_response_partitions, 1);
		t->n_partitions = 1;
		serve_part(r, &req, repl_topic_by_id(r, &t->topic_id), &req.topics[i].partitions[0],
			&t->partitions[0], &records);
	}
	assert_int_equal(msg_encode_buf(&fetch_response_desc, VERSION, &resp, out), 0);
	chain_fini(&records);
	arena_fini(&arena);
}

static void take_isr(struct cluster *c, const struct alter_partition_request_partitions *q)
{
	c->part.isr.n = q->n_new_isr_with_epochs;
	for (int32_t i = 0; i < c->part.isr.n; i++)
		c->isr[i] = q->new_isr_with_epochs[i].broker_id;
	c->part.partition_epoch++;
}

static void serve_alter(struct cluster *c, struct call *k, struct buf *out)
{
	struct arena arena;
	struct alter_partition_request req;
	struct alter_partition_response resp;
	struct alter_partition_response_topics t = {0};
	struct alter_partition_response_partitions p = {0};
	const struct alter_partition_request_partitions *q;

	arena_init(&arena, 0);
	assert_int_equal(msg_decode(&alter_partition_request_desc, 3, buf_slice(&k->request),
				 &arena, &req, NULL),
		0);
	q = &req.topics[0].partitions[0];
	c->alters++;
	p.error_code = c->alter_error;
	if (!p.error_code && q->leader_epoch < c->part.leader_epoch)
		p.error_code = KERR_FENCED_LEADER_EPOCH;
	if (!p.error_code && q->partition_epoch < c->part.partition_epoch)
		p.error_code = KERR_INVALID_UPDATE_VERSION;
	if (!p.error_code)
		take_isr(c, q);
	p.partition_epoch = c->part.partition_epoch;
	t.topic_id = c->topic.id;
	t.partitions = &p;
	t.n_partitions = 1;
	msg_init(&alter_partition_response_desc, &resp);
	resp.topics = &t;
	resp.n_topics = 1;
	assert_int_equal(msg_encode_buf(&alter_partition_response_desc, 3, &resp, out), 0);
	arena_fini(&arena);
}

static void reply(struct call *k, const struct msg_desc *desc, int16_t version, struct buf *out)
{
	struct arena arena;
	union {
		struct fetch_response fetch;
		struct alter_partition_response alter;
	} resp;
	repl_reply_fn *fn = k->fn;
	void *arg = k->arg;

	arena_init(&arena, 0);
	assert_int_equal(msg_decode(desc, version, buf_slice(out), &arena, &resp, NULL), 0);
	call_free(k);
	fn(arg, NULL, version, &resp, &arena);
	arena_fini(&arena);
}

static void give_up(struct call *k, const char *why)
{
	struct err e = {0};
	repl_reply_fn *fn = k->fn;
	void *arg = k->arg;

	(void)err_set(&e, ERR_CLOSED, "%s", why);
	call_free(k);
	fn(arg, &e, -1, NULL, NULL);
}

static void answer(struct cluster *c, struct call *k)
{
	struct buf out = {0};

	if (k->kind == CALL_FETCH && (c->cut[k->from] || c->cut[k->to])) {
		give_up(k, "cut");
		return;
	}
	if (k->kind == CALL_ALTER)
		serve_alter(c, k, &out);
	else
		serve_fetch(c, k, &out);
	if (c->corrupt && out.n > 100)
		out.p[out.n - 5] ^= 1;
	if (c->mute && k->kind == CALL_ALTER)
		give_up(k, "no answer");
	else if (k->kind == CALL_ALTER)
		reply(k, &alter_partition_response_desc, 3, &out);
	else
		reply(k, &fetch_response_desc, VERSION, &out);
	buf_fini(&out);
}

/* One that is cancelled meanwhile is answered no more. */
static struct call *asked_before(struct cluster *c, int64_t id)
{
	struct list_node *n = list_first(&c->calls);
	struct call *k = n ? CONTAINER_OF(n, struct call, node) : NULL;

	return k && k->id <= id ? k : NULL;
}

void cluster_run(struct cluster *c, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		struct call *k;
		int64_t last;

		for (int n = 0; n < NODES; n++)
			repl_turn(c->nodes[n].repl);
		last = c->next_call;
		while ((k = asked_before(c, last)))
			answer(c, k);
	}
}

void cluster_wait(struct cluster *c, int64_t ms)
{
	for (; ms > 0; ms -= 100) {
		clock_manual_advance_ms(&c->clock, min_i64(ms, 100));
		cluster_run(c, 2);
	}
}

/* ---- the world ------------------------------------------------------------------------------- */

static void start(struct cluster *c, struct node *n)
{
	struct store_options opt = {.clock = &c->clock.clock,
		.node_id = n->id,
		.dir = n->dir,
		.config = plog_config_default};
	struct repl_settings set = {.node_id = n->id,
		.config = config,
		.arg = n,
		.live_epoch = live_epoch,
		.net = {n, net_fetch, net_cancel, net_alter, net_cancel, net_epoch},
		.lag_ms = 1000,
		.fetch_wait_ms = 500,
		.fetch_min_bytes = 1,
		.fetch_max_bytes = 1 << 20,
		.fetch_response_max_bytes = 10 << 20,
		.fetch_backoff_ms = 1000};
	struct err e = {0};

	assert_int_equal(store_open(&n->store, &opt, &e), 0);
	assert_int_equal(store_load(&n->store, 1, NULL), 0);
	n->repl = repl_new(&n->store, &set);
	n->epoch = ++c->next_call;
}

void cluster_init(struct cluster *c)
{
	*c = (struct cluster){0};
	clock_manual_init(&c->clock, 1700000000000);
	list_init(&c->calls);
	c->topic = (struct image_topic){
		.name = STR_LIT("t"), .n_partitions = 1, .partitions = &c->part};
	uuid_random(&c->topic.id);
	for (int i = 0; i < NODES; i++) {
		struct node *n = &c->nodes[i];

		c->replicas[i] = c->isr[i] = i + 1;
		n->cluster = c;
		n->id = i + 1;
		assert_true(folder_make(n->dir));
		start(c, n);
	}
	c->part = (struct image_partition){.replicas = {c->replicas, NODES},
		.isr = {c->isr, NODES},
		.leader = 1,
		.leader_epoch = 0};
	for (int i = 0; i < NODES; i++)
		repl_topic_created(c->nodes[i].repl, &c->topic);
}

void cluster_fini(struct cluster *c)
{
	for (int i = 0; i < NODES; i++) {
		repl_free(c->nodes[i].repl);
		store_drop(&c->nodes[i].store);
		assert_int_equal(folder_remove(c->nodes[i].dir), 0);
	}
	list_foreach (n, &c->calls)
		call_free(CONTAINER_OF(n, struct call, node));
}

struct partition *cluster_part(struct cluster *c, int32_t node)
{
	return repl_partition(repl_topic(node_of(c, node)->repl, c->topic.name), 0);
}

void cluster_show(struct cluster *c, int32_t node)
{
	for (int32_t i = 1; i <= NODES; i++)
		if (node == 0 || node == i)
			repl_partition_changed(node_of(c, i)->repl, &c->topic, 0);
}

void cluster_elect(struct cluster *c, int32_t leader)
{
	c->part.leader = leader;
	c->part.leader_epoch++;
	c->part.partition_epoch++;
}

void cluster_restart(struct cluster *c, int32_t node)
{
	struct node *n = node_of(c, node);

	repl_free(n->repl);
	store_drop(&n->store);
	start(c, n);
	repl_topic_created(n->repl, &c->topic);
}

static void on_done(struct repl_append *a)
{
	CONTAINER_OF(a, struct write, append)->done++;
}

void cluster_write(struct cluster *c, int32_t node, struct write *w, int n)
{
	struct batch_builder b;
	struct batch_options opt = BATCH_OPTIONS_DEFAULT;
	struct slice out;

	*w = (struct write){.append = {.done = on_done}};
	batch_builder_init(&b, NULL);
	batch_builder_begin(&b, &opt);
	for (int i = 0; i < n; i++)
		assert_int_equal(batch_builder_add(&b, 1700000000000, SLICE_NULL,
					 slice_of("value", 5), NULL, 0),
			0);
	assert_int_equal(batch_builder_finish(&b, &out), 0);
	buf_put_slice(&w->bytes, out);
	batch_builder_fini(&b);
	w->append.batch = w->bytes.p;
	assert_int_equal(batch_parse(buf_slice(&w->bytes), &w->append.header), 0);
	repl_append(cluster_part(c, node), &w->append);
	repl_turn(node_of(c, node)->repl);
	assert_int_equal(w->done, 1);
	assert_int_equal(w->append.error, 0);
}

void write_drop(struct write *w)
{
	partition_put(w->append.partition);
	buf_fini(&w->bytes);
}
