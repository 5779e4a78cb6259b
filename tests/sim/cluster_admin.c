/*
 * An admin of a simulated cluster: makes the topics that traffic goes to, then changes this and
 * that: topics come and go, get partitions, other settings, other leaders, other replicas. One
 * request at a time, to any node.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cluster_clients.h"

#define TOPICS     3
#define PARTITIONS 4

struct admin {
	struct world *world;
	struct client client;
	struct io_timer timer;
	int n_topics;
	struct {
		char name[16];
		int32_t n_partitions; /* that are known to be there */
		int16_t replicas;
		bool there;
	} topics[TOPICS];
	int target; /* topic of the request under way */
	int32_t wanted;
	char others[4][16]; /* topics without traffic; "": none */
	int n_others;
	bool resting, busy;
};

static void wait_some(struct admin *a, int64_t lo, int64_t hi)
{
	io_timer_start(&a->timer, world_between(a->world, lo, hi), 0);
}

static void send_call(struct admin *a, struct link_call *call)
{
	int node = client_any(&a->client);

	call->version = LINK_BEST;
	call->timeout_ms = 4000;
	call->arg = a;
	a->busy = node >= 0 && client_call(&a->client, node, call) == 0;
	arena_reset(&a->client.arena);
	if (!a->busy)
		wait_some(a, 10, 100);
}

/* ---- topics that traffic goes to ------------------------------------------------------------- */

static void created(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct admin *a = arg;
	const struct create_topics_response *r = response;
	int16_t error = e ? -1 : r->topics[0].error_code;
	int i = a->target;

	(void)version;
	(void)arena;
	a->busy = false;
	if (i >= 0 && !a->topics[i].there && (error == 0 || error == KERR_TOPIC_ALREADY_EXISTS)) {
		a->topics[i].there = true;
		for (int32_t k = 0; k < a->topics[i].n_partitions; k++)
			traffic_add(a->world, a->topics[i].name, k);
	}
	wait_some(a, 5, 100);
}

static void put_config(struct create_topics_request_topics *t, const char *name, const char *value)
{
	struct create_topics_request_configs *c = &t->configs[t->n_configs++];

	msg_struct_init(&create_topics_request_configs_struct, c);
	c->name = str_of(name);
	c->value = str_of(value);
}

static void create(
	struct admin *a, const char *name, int32_t partitions, int16_t replicas, int target)
{
	struct world *w = a->world;
	struct create_topics_request r;
	struct create_topics_request_topics t;
	struct create_topics_request_configs configs[4];
	struct link_call call = {.api_key = API_CREATE_TOPICS, .request = &r, .fn = created};

	msg_init(&create_topics_request_desc, &r);
	msg_struct_init(&create_topics_request_topics_struct, &t);
	t.name = str_of(name);
	t.num_partitions = partitions;
	t.replication_factor = replicas;
	t.configs = configs;
	put_config(&t, "segment.ms",
		arena_printf(&a->client.arena, "%d", (int)world_between(w, 200, 9000)));
	if (world_one_in(w, 2))
		put_config(&t, "min.insync.replicas", replicas > 1 ? "2" : "1");
	if (world_one_in(w, 4))
		put_config(&t, "flush.messages", "1");
	r.topics = &t;
	r.n_topics = 1;
	r.timeout_ms = 2000;
	a->target = target;
	send_call(a, &call);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void answered(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct admin *a = arg;

	(void)e;
	(void)version;
	(void)response;
	(void)arena;
	a->busy = false;
	wait_some(a, 20, 1500);
}

static void grown(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct admin *a = arg;
	const struct create_partitions_response *r = response;
	int i = a->target;

	if (!e && (r->results[0].error_code == 0 ||
			  r->results[0].error_code == KERR_INVALID_PARTITIONS))
		while (a->topics[i].n_partitions < a->wanted)
			traffic_add(a->world, a->topics[i].name, a->topics[i].n_partitions++);
	answered(arg, e, version, response, arena);
}

static void grow(struct admin *a, int i)
{
	struct create_partitions_request r;
	struct create_partitions_request_topics t;
	struct link_call call = {.api_key = API_CREATE_PARTITIONS, .request = &r, .fn = grown};

	msg_init(&create_partitions_request_desc, &r);
	msg_struct_init(&create_partitions_request_topics_struct, &t);
	t.name = str_of(a->topics[i].name);
	t.count = a->wanted = a->topics[i].n_partitions + 1;
	t.n_assignments = -1;
	r.topics = &t;
	r.n_topics = 1;
	r.timeout_ms = 2000;
	a->target = i;
	send_call(a, &call);
}

static void configure(struct admin *a, int i)
{
	struct incremental_alter_configs_request r;
	struct incremental_alter_configs_request_resources s;
	struct incremental_alter_configs_request_configs c;
	struct link_call call = {
		.api_key = API_INCREMENTAL_ALTER_CONFIGS, .request = &r, .fn = answered};

	msg_init(&incremental_alter_configs_request_desc, &r);
	msg_struct_init(&incremental_alter_configs_request_resources_struct, &s);
	msg_struct_init(&incremental_alter_configs_request_configs_struct, &c);
	s.resource_type = 2;
	s.resource_name = str_of(a->topics[i].name);
	switch (world_between(a->world, 0, 2)) {
	case 0:
		c.name = STR_LIT("segment.ms");
		c.value = str_of(arena_printf(
			&a->client.arena, "%d", (int)world_between(a->world, 200, 9000)));
		break;
	case 1:
		c.name = STR_LIT("min.insync.replicas");
		c.value = a->topics[i].replicas > 1 && world_one_in(a->world, 2) ? STR_LIT("2")
										 : STR_LIT("1");
		break;
	default:
		c.name = STR_LIT("max.message.bytes");
		c.value = str_of(arena_printf(
			&a->client.arena, "%d", (int)world_between(a->world, 20000, 2000000)));
		break;
	}
	s.configs = &c;
	s.n_configs = 1;
	r.resources = &s;
	r.n_resources = 1;
	send_call(a, &call);
}

static void elect(struct admin *a)
{
	struct elect_leaders_request r;
	struct link_call call = {.api_key = API_ELECT_LEADERS, .request = &r, .fn = answered};

	msg_init(&elect_leaders_request_desc, &r);
	r.election_type = 0;
	r.n_topic_partitions = -1;
	r.timeout_ms = 2000;
	send_call(a, &call);
}

static void reassign(struct admin *a, int i)
{
	struct world *w = a->world;
	struct alter_partition_reassignments_request r;
	struct alter_partition_reassignments_request_topics t;
	struct alter_partition_reassignments_request_partitions p;
	int32_t replicas[NODES];
	struct link_call call = {
		.api_key = API_ALTER_PARTITION_REASSIGNMENTS, .request = &r, .fn = answered};

	msg_init(&alter_partition_reassignments_request_desc, &r);
	msg_struct_init(&alter_partition_reassignments_request_topics_struct, &t);
	msg_struct_init(&alter_partition_reassignments_request_partitions_struct, &p);
	for (int k = 0; k < w->n; k++) {
		int at = (int)world_between(w, 0, k);
		replicas[k] = replicas[at];
		replicas[at] = k;
	}
	p.partition_index = (int32_t)world_between(w, 0, a->topics[i].n_partitions - 1);
	p.replicas = replicas;
	p.n_replicas = world_one_in(w, 6) ? -1 : a->topics[i].replicas;
	if (p.n_replicas < 0)
		p.replicas = NULL;
	t.name = str_of(a->topics[i].name);
	t.partitions = &p;
	t.n_partitions = 1;
	r.topics = &t;
	r.n_topics = 1;
	r.timeout_ms = 2000;
	send_call(a, &call);
}

static void other_topic(struct admin *a)
{
	struct world *w = a->world;
	char *name = a->others[world_between(w, 0, 3)];
	struct delete_topics_request r;
	struct delete_topics_request_topics t;
	struct str old;
	struct link_call call = {.api_key = API_DELETE_TOPICS, .request = &r, .fn = answered};

	if (!name[0]) {
		int32_t partitions = (int32_t)world_between(w, 1, 3);
		int16_t replicas = (int16_t)world_between(w, 1, min_int(w->n, 3));

		snprintf(name, sizeof(a->others[0]), "other-%d", a->n_others++ % 5);
		create(a, name, partitions, replicas, -1);
		return;
	}
	msg_init(&delete_topics_request_desc, &r);
	msg_struct_init(&delete_topics_request_topics_struct, &t);
	old = t.name = str_of(name);
	r.topics = &t;
	r.n_topics = 1;
	r.topic_names = &old;
	r.n_topic_names = 1;
	r.timeout_ms = 2000;
	send_call(a, &call);
	name[0] = 0;
}

static void change(struct admin *a)
{
	struct world *w = a->world;
	int i = (int)world_between(w, 0, a->n_topics - 1);

	switch (world_between(w, 0, 7)) {
	case 0:
	case 1:
	case 2:
		other_topic(a);
		break;
	case 3:
		if (a->topics[i].n_partitions < PARTITIONS)
			grow(a, i);
		else
			elect(a);
		break;
	case 4:
		configure(a, i);
		break;
	case 5:
		elect(a);
		break;
	default:
		reassign(a, i);
		break;
	}
}

static void work(void *arg)
{
	struct admin *a = arg;

	for (int i = 0; i < a->n_topics; i++)
		if (!a->topics[i].there) {
			create(a, a->topics[i].name, a->topics[i].n_partitions,
				a->topics[i].replicas, i);
			return;
		}
	if (a->resting)
		wait_some(a, 100, 300);
	else
		change(a);
}

void admin_start(struct world *w)
{
	struct admin *a = ALLOC(struct admin);

	w->admin = a;
	a->world = w;
	client_init(&a->client, w, w->homes[0]->loop);
	io_timer_init(&a->timer, a->client.loop, work, a);
	a->n_topics = (int)world_between(w, 1, TOPICS - 1);
	for (int i = 0; i < a->n_topics; i++) {
		snprintf(a->topics[i].name, sizeof(a->topics[i].name), "data-%d", i);
		a->topics[i].n_partitions = (int32_t)world_between(w, 1, 2);
		a->topics[i].replicas = (int16_t)min_int(w->n, 3);
	}
	wait_some(a, 10, 100);
}

void admin_free(struct world *w)
{
	if (!w->admin)
		return;
	client_fini(&w->admin->client);
	io_timer_stop(&w->admin->timer);
	free(w->admin);
	w->admin = NULL;
}

bool admin_ready(struct world *w)
{
	for (int i = 0; i < w->admin->n_topics; i++)
		if (!w->admin->topics[i].there)
			return false;
	return true;
}

void admin_rest(struct world *w, bool rest)
{
	w->admin->resting = rest;
}
