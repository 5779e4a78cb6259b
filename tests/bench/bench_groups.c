/*
 * How long the console takes to know a cluster with many groups anew.
 *
 *   bench_groups make ADDRESS GROUPS PARTITIONS
 *   bench_groups refresh ADDRESS GROUPS TIMES
 *
 * make: a topic of so many partitions for every ten groups (at most a hundred topics), a hundred
 * records in each partition; every group has one member, which is assigned all of its topic and has
 * committed half of it. refresh: a source over a model as the console has them, told TIMES times to
 * ask everything anew; from there to the published snapshot in which the metadata, every topic's
 * offsets and every commit, paired with an end, are from after that moment. Prints one line of
 * names and numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/groups.h"
#include "base/xalloc.h"
#include "io/loop.h"
#include "model/group.h"
#include "model/model.h"
#include "source/source.h"
#include "wire/batch.h"

#define PATIENCE_MS  60000
#define SHARED       10 /* groups a topic, more where there would be too many */
#define TOPICS_MAX   100
#define RECORDS      100
#define AT_ONCE      64 /* groups that join side by side */
#define SESSION_MS   1800000
#define CONSUMER_VER 0
#define ASSIGNOR     "range"

struct bench {
	struct loop *loop;
	struct admin *admin;
	int32_t broker;
	size_t groups, partitions, next, joined;
	bool done;
	/* refresh */
	struct model *model;
	int64_t since_ms;
};

struct joiner {
	struct bench *b;
	char group[32], topic[32];
	char member[80];
	int32_t generation;
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "bench_groups: %s: %s\n", what, why);
	exit(1);
}

static void need(const struct err *e, const char *what)
{
	if (e)
		die(what, e->msg);
}

static void until(struct bench *b, const char *what)
{
	if (!loop_run_until(b->loop, &b->done, PATIENCE_MS))
		die(what, "took too long");
	b->done = false;
}

static void on_refreshed(void *arg, const struct err *e)
{
	struct bench *b = arg;

	need(e, "metadata");
	b->done = true;
}

static void refresh_metadata(struct bench *b)
{
	admin_refresh(b->admin, NULL, 0, 0, on_refreshed, b);
	until(b, "metadata");
	b->broker = admin_metadata(b->admin)->brokers[0].id;
}

static void on_done(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *a)
{
	struct bench *b = arg;

	(void)version;
	(void)response;
	(void)a;
	need(e, "request");
	b->done = true;
}

/* ---- topics ---- */

static size_t count_topics(const struct bench *b)
{
	return min_size(TOPICS_MAX, (b->groups + SHARED - 1) / SHARED);
}

static const char *topic_name(struct arena *a, size_t i)
{
	return arena_printf(a, "bench-%04zu", i);
}

static void make_topics(struct bench *b, struct arena *a)
{
	struct create_topics_request r;
	size_t n = count_topics(b);

	msg_init(&create_topics_request_desc, &r);
	r.topics = MSG_NEW(a, create_topics_request_topics, n);
	r.n_topics = (int32_t)n;
	for (size_t i = 0; i < n; i++) {
		r.topics[i].name = str_of(topic_name(a, i));
		r.topics[i].num_partitions = (int32_t)b->partitions;
		r.topics[i].replication_factor = 1;
	}
	admin_create_topics(b->admin, &r, on_done, b);
	until(b, "topics");
	refresh_metadata(b);
}

static void fill_topic(struct bench *b, struct arena *a, size_t i, struct slice batch)
{
	const struct admin_topic *t = admin_topic_find(b->admin, str_of(topic_name(a, i)));
	struct produce_request r;

	if (!t)
		die("topic", "was not made");
	msg_init(&produce_request_desc, &r);
	r.acks = 1;
	r.timeout_ms = 10000;
	r.topic_data = MSG_NEW(a, produce_request_topic_data, 1);
	r.n_topic_data = 1;
	r.topic_data[0].name = t->name;
	r.topic_data[0].topic_id = t->id;
	r.topic_data[0].partition_data = MSG_NEW(a, produce_request_partition_data, b->partitions);
	r.topic_data[0].n_partition_data = (int32_t)b->partitions;
	for (size_t k = 0; k < b->partitions; k++) {
		r.topic_data[0].partition_data[k].index = (int32_t)k;
		r.topic_data[0].partition_data[k].records.bytes = batch;
	}
	admin_call(b->admin, API_PRODUCE, &r,
		&(struct admin_target){.to = ADMIN_BROKER, .broker = b->broker}, 0, on_done, b);
	until(b, "records");
}

static void fill_topics(struct bench *b, struct arena *a)
{
	struct batch_options o = BATCH_OPTIONS_DEFAULT;
	struct batch_builder batch;
	struct slice bytes;
	int64_t now = clock_wall_ms(&clock_system) - RECORDS;
	int bad = 0;

	batch_builder_init(&batch, NULL);
	batch_builder_begin(&batch, &o);
	for (int i = 0; i < RECORDS; i++)
		bad |= batch_builder_add(&batch, now + i, SLICE_NULL, slice_of("x", 1), NULL, 0);
	bad |= batch_builder_finish(&batch, &bytes);
	if (bad)
		die("records", "no batch");
	for (size_t i = 0; i < count_topics(b); i++)
		fill_topic(b, a, i, bytes);
	batch_builder_fini(&batch);
}

/* ---- groups: join (twice: the first gives the id), sync, commit ---- */

static void join(struct joiner *j);
static void next_joiner(struct joiner *j);

static void ask(struct joiner *j, int16_t key, const void *request, admin_reply_fn *fn)
{
	admin_call(j->b->admin, key, request,
		&(struct admin_target){.to = ADMIN_BROKER, .broker = j->b->broker}, 0, fn, j);
}

static void on_committed(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *a)
{
	const struct offset_commit_response *r = response;
	struct joiner *j = arg;

	(void)version;
	(void)a;
	need(e, "commit");
	if (r->topics[0].partitions[0].error_code)
		die("commit", kerr_name(r->topics[0].partitions[0].error_code));
	j->b->joined++;
	next_joiner(j);
}

static void commit(struct joiner *j)
{
	const struct admin_topic *t = admin_topic_find(j->b->admin, str_of(j->topic));
	struct offset_commit_request r;
	struct arena a;

	arena_init(&a, 0);
	msg_init(&offset_commit_request_desc, &r);
	r.group_id = str_of(j->group);
	r.member_id = str_of(j->member);
	r.generation_id_or_member_epoch = j->generation;
	r.topics = MSG_NEW(&a, offset_commit_request_topics, 1);
	r.n_topics = 1;
	r.topics[0].name = t->name;
	r.topics[0].topic_id = t->id;
	r.topics[0].partitions = MSG_NEW(&a, offset_commit_request_partitions, j->b->partitions);
	r.topics[0].n_partitions = (int32_t)j->b->partitions;
	for (size_t k = 0; k < j->b->partitions; k++) {
		r.topics[0].partitions[k].partition_index = (int32_t)k;
		r.topics[0].partitions[k].committed_offset = RECORDS / 2;
	}
	ask(j, API_OFFSET_COMMIT, &r, on_committed);
	arena_fini(&a);
}

static void on_synced(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *a)
{
	const struct sync_group_response *r = response;

	(void)version;
	(void)a;
	need(e, "sync");
	if (r->error_code)
		die("sync", kerr_name(r->error_code));
	commit(arg);
}

/* Version and one topic: so a subscription begins, and what a member is given. */
static void put_topic(struct buf *out, const struct joiner *j)
{
	buf_put_be16(out, CONSUMER_VER);
	buf_put_be32(out, 1);
	buf_put_be16(out, (uint16_t)strlen(j->topic));
	buf_puts(out, j->topic);
}

static void sync_group(struct joiner *j)
{
	struct sync_group_request_assignments given;
	struct sync_group_request r;
	struct buf bytes = BUF_EMPTY;

	put_topic(&bytes, j);
	buf_put_be32(&bytes, (uint32_t)j->b->partitions);
	for (size_t k = 0; k < j->b->partitions; k++)
		buf_put_be32(&bytes, (uint32_t)k);
	buf_put_be32(&bytes, UINT32_MAX);
	msg_struct_init(&sync_group_request_assignments_struct, &given);
	given.member_id = str_of(j->member);
	given.assignment = buf_slice(&bytes);
	msg_init(&sync_group_request_desc, &r);
	r.group_id = str_of(j->group);
	r.member_id = str_of(j->member);
	r.generation_id = j->generation;
	r.protocol_type = STR_LIT("consumer");
	r.protocol_name = STR_LIT(ASSIGNOR);
	r.assignments = &given;
	r.n_assignments = 1;
	ask(j, API_SYNC_GROUP, &r, on_synced);
	buf_fini(&bytes);
}

static void on_joined(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *a)
{
	const struct join_group_response *r = response;
	struct joiner *j = arg;

	(void)version;
	(void)a;
	need(e, "join");
	snprintf(j->member, sizeof(j->member), "%.*s", STR_ARG(r->member_id));
	j->generation = r->generation_id;
	if (r->error_code == KERR_MEMBER_ID_REQUIRED)
		join(j);
	else if (r->error_code)
		die("join", kerr_name(r->error_code));
	else
		sync_group(j);
}

static void join(struct joiner *j)
{
	struct join_group_request_protocols p;
	struct join_group_request r;
	struct buf bytes = BUF_EMPTY;

	put_topic(&bytes, j);
	buf_put_be32(&bytes, UINT32_MAX);
	msg_struct_init(&join_group_request_protocols_struct, &p);
	p.name = STR_LIT(ASSIGNOR);
	p.metadata = buf_slice(&bytes);
	msg_init(&join_group_request_desc, &r);
	r.group_id = str_of(j->group);
	r.member_id = str_of(j->member);
	r.session_timeout_ms = r.rebalance_timeout_ms = SESSION_MS;
	r.protocol_type = STR_LIT("consumer");
	r.protocols = &p;
	r.n_protocols = 1;
	ask(j, API_JOIN_GROUP, &r, on_joined);
	buf_fini(&bytes);
}

static void next_joiner(struct joiner *j)
{
	struct bench *b = j->b;

	b->done = b->joined == b->groups;
	if (b->next == b->groups)
		return;
	snprintf(j->group, sizeof(j->group), "group-%05zu", b->next);
	snprintf(j->topic, sizeof(j->topic), "bench-%04zu", b->next % count_topics(b));
	j->member[0] = '\0';
	b->next++;
	join(j);
}

/* The log of groups is made when somebody asks for a coordinator first. */
static void on_found(
	void *arg, const struct admin_group *all, size_t n, int32_t broker, size_t left)
{
	struct bench *b = arg;

	(void)broker;
	if (n != 1 || all[0].error)
		die("coordinator", n == 1 ? all[0].why : "");
	b->done = left == 0;
}

static void find_coordinator(struct bench *b)
{
	struct str group = STR_LIT("group-00000");

	admin_find_coordinators(b->admin, &group, 1, 0, on_found, b);
	until(b, "coordinator");
}

static void make(struct bench *b)
{
	struct joiner *all = xcalloc(AT_ONCE, sizeof(*all));
	struct arena a;

	arena_init(&a, 0);
	refresh_metadata(b);
	make_topics(b, &a);
	fill_topics(b, &a);
	find_coordinator(b);
	for (size_t i = 0; i < AT_ONCE; i++) {
		all[i].b = b;
		next_joiner(&all[i]);
	}
	until(b, "groups");
	printf("groups %zu partitions %zu\n", b->groups, b->partitions);
	arena_fini(&a);
	free(all);
}

/* ---- refresh ---- */

static bool paired(const struct group *g, int64_t since_ms)
{
	if (!g->described || g->describe.at_ms < since_ms || !g->n_partitions)
		return false;
	for (size_t i = 0; i < g->n_partitions; i++)
		if (g->partitions[i].committed_ms < since_ms ||
			g->partitions[i].lag.records != RECORDS / 2 || g->lag.about)
			return false;
	return true;
}

static void look(void *arg)
{
	struct bench *b = arg;
	const struct cluster *c = model_cluster(b->model);
	size_t n = 0;

	for (size_t i = 0; i < c->n_topics; i++)
		if (c->topics[i]->offsets.at_ms < b->since_ms)
			return;
	for (size_t i = 0; i < c->n_groups; i++)
		n += paired(c->groups[i], b->since_ms);
	if (c->metadata.at_ms >= b->since_ms && n >= b->groups)
		b->done = true;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The first looks at groups are not the usual ones. */
#define WARM 3

static void refresh(struct bench *b, size_t times)
{
	double *ms = xcalloc(times, sizeof(*ms));
	struct source *s;

	b->model = model_new();
	model_on_change(b->model, look, b);
	b->since_ms = 0;
	s = cluster_source_new(
		b->loop, b->admin, b->model, &(struct cluster_source_options){.bootstrap = "-"});
	until(b, "the first look");
	for (size_t i = 0; i < times + WARM; i++) {
		/* Between two rounds, that none is under way. */
		int64_t quiet = loop_now_ms(b->loop) + 300, began;

		while (loop_now_ms(b->loop) < quiet || admin_pending(b->admin))
			loop_run_once(b->loop, true);
		began = clock_mono_us(&clock_system);
		b->since_ms = loop_now_ms(b->loop);
		b->done = false;
		source_refresh(s);
		until(b, "a refresh");
		if (i >= WARM)
			ms[i - WARM] = (double)(clock_mono_us(&clock_system) - began) / 1e3;
	}
	qsort(ms, times, sizeof(*ms), by_size);
	printf("refresh_ms %.3f worst_ms %.3f history_mb %.3f\n", ms[times / 2], ms[times - 1],
		(double)model_history_bytes(b->model) / 1e6);
	cluster_source_free(s);
	model_free(b->model);
	free(ms);
}

int main(int argc, char **argv)
{
	struct bench b = {.groups = argc == 5 ? strtoul(argv[3], NULL, 10) : 0};
	size_t n = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
	struct admin_options o = {.bootstrap = argc == 5 ? argv[2] : ""};
	struct err e = {0};

	if (!b.groups || !n || (strcmp(argv[1], "make") != 0 && strcmp(argv[1], "refresh") != 0)) {
		fprintf(stderr, "usage: bench_groups make ADDRESS GROUPS PARTITIONS\n"
				"       bench_groups refresh ADDRESS GROUPS TIMES\n");
		return 2;
	}
	b.loop = loop_new(&e);
	b.admin = b.loop ? admin_new(b.loop, &o, &e) : NULL;
	if (!b.admin)
		die(argv[2], e.msg);
	b.partitions = n;
	if (strcmp(argv[1], "make") == 0)
		make(&b);
	else
		refresh(&b, n);
	admin_free(b.admin);
	loop_free(b.loop);
	return 0;
}
