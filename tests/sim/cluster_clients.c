/* Connections and metadata of clients, see cluster_clients.h. */
#include "cluster_clients.h"

#include <stdio.h>

#define REFRESH_MS 60

static void on_answer(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena);

static void on_state(void *arg, struct link *k, enum link_state now, const struct err *why)
{
	struct client *c = arg;

	(void)k;
	(void)why;
	if (now == LINK_BACKOFF)
		client_refresh(c);
}

static struct link *link_to(struct client *c, int node)
{
	struct link_options opt = {.client_id = "sim",
		.connect_timeout_ms = 700,
		.request_timeout_ms = 4000,
		.backoff_ms = 20,
		.backoff_max_ms = 300};

	if (!c->links[node])
		c->links[node] = link_new(c->loop, c->world->nodes[node].machine->host, CLIENT_PORT,
			&opt, on_state, c);
	if (link_state(c->links[node]) == LINK_IDLE)
		(void)link_connect(c->links[node]);
	return c->links[node];
}

int client_call(struct client *c, int node, const struct link_call *call)
{
	struct link *k = link_to(c, node);
	int64_t id = link_state(k) == LINK_READY ? link_call(k, call, NULL) : ERR_AGAIN;

	return id > 0 ? 0 : (int)id;
}

int client_any(struct client *c)
{
	int ready[NODES], n = 0;

	for (int i = 0; i < c->world->n; i++)
		if (link_state(link_to(c, i)) == LINK_READY)
			ready[n++] = i;
	return n ? ready[rng_below(&c->world->sim.rng, (uint64_t)n)] : -1;
}

static void ask(struct client *c)
{
	struct metadata_request r;
	struct link_call call = {.api_key = API_METADATA,
		.version = LINK_BEST,
		.timeout_ms = 800,
		.request = &r,
		.fn = on_answer,
		.arg = c};
	int node = client_any(c);

	msg_init(&metadata_request_desc, &r);
	r.n_topics = -1;
	r.allow_auto_topic_creation = false;
	c->asking = node >= 0 && client_call(c, node, &call) == 0;
	if (!c->asking)
		io_timer_start(&c->refresh, REFRESH_MS / 3, 0);
}

static void on_refresh(void *arg)
{
	struct client *c = arg;

	if (!c->asking)
		ask(c);
}

void client_refresh(struct client *c)
{
	if (!c->asking && !io_timer_active(&c->refresh))
		io_timer_start(&c->refresh, world_between(c->world, 1, REFRESH_MS), 0);
}

static struct known_partition *find(const struct client *c, const char *topic, int32_t index)
{
	vec_foreach (k, &c->known)
		if (k->index == index && strcmp(k->topic, topic) == 0)
			return k;
	return NULL;
}

static void keep(struct client *c, const struct metadata_response_topics *t)
{
	for (int32_t i = 0; i < t->n_partitions; i++) {
		const struct metadata_response_partitions *p = &t->partitions[i];
		struct known_partition *k;
		char name[24] = {0};

		snprintf(name, sizeof(name), "%.*s", STR_ARG(t->name));
		k = find(c, name, p->partition_index);
		if (!k) {
			k = vec_add(&c->known);
			memcpy(k->topic, name, sizeof(name));
			k->index = p->partition_index;
			k->epoch = -1;
			k->leader = -1;
		}
		/* an answer of a broker that is behind is old news, unless the topic is another */
		if (uuid_eq(&k->id, &t->topic_id) && p->leader_epoch < k->epoch)
			continue;
		k->id = t->topic_id;
		k->leader = p->leader_id;
		k->epoch = p->leader_epoch;
	}
}

static void on_answer(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct client *c = arg;
	const struct metadata_response *r = response;

	(void)version;
	(void)arena;
	c->asking = false;
	if (e) {
		client_refresh(c);
		return;
	}
	for (int32_t i = 0; i < r->n_topics; i++)
		if (r->topics[i].error_code == 0)
			keep(c, &r->topics[i]);
	io_timer_start(&c->refresh, world_between(c->world, 500, 3000), 0);
}

const struct known_partition *client_partition(
	const struct client *c, const char *topic, int32_t index)
{
	return find(c, topic, index);
}

void client_init(struct client *c, struct world *w, struct loop *l)
{
	*c = (struct client){.world = w, .loop = l};
	arena_init(&c->arena, 0);
	io_timer_init(&c->refresh, l, on_refresh, c);
	client_refresh(c);
}

void client_fini(struct client *c)
{
	for (int i = 0; i < NODES; i++)
		link_free(c->links[i]);
	io_timer_stop(&c->refresh);
	vec_fini(&c->known);
	arena_fini(&c->arena);
}
