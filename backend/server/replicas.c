/* See replicas.h. */
#include "server/replicas.h"

#include <stdlib.h>

#include "conf/conf.h"
#include "server/priv.h"

#define ALTER_TIMEOUT_MS 5000

static const struct image *image_of(const struct server *s)
{
	return s->broker.metalog ? metalog_image(s->broker.metalog) : NULL;
}

static int64_t fetch(
	void *arg, int32_t leader, const struct fetch_request *req, repl_reply_fn *fn, void *fn_arg)
{
	struct server *s = arg;
	struct link_call call = {.api_key = API_FETCH,
		.version = LINK_BEST,
		.cap = 17,
		.timeout_ms = s->set.replica_timeout_ms,
		.request = req,
		.fn = fn,
		.arg = fn_arg};

	return peers_knows(s->peers, leader, PEER_REPLICAS)
		       ? peers_call(s->peers, leader, PEER_REPLICAS, &call)
		       : -1;
}

static int64_t alter_partition(
	void *arg, const struct alter_partition_request *req, repl_reply_fn *fn, void *fn_arg)
{
	struct server *s = arg;
	int32_t controller = server_leader(s);
	struct link_call call = {.api_key = API_ALTER_PARTITION,
		.version = 3,
		.timeout_ms = ALTER_TIMEOUT_MS,
		.request = req,
		.fn = fn,
		.arg = fn_arg};

	return controller >= 0 && peers_knows(s->peers, controller, PEER_CONTROL)
		       ? peers_call(s->peers, controller, PEER_CONTROL, &call)
		       : -1;
}

static void cancel(void *arg, int64_t id)
{
	struct server *s = arg;

	if (s->peers)
		peers_cancel(s->peers, id);
}

const struct image_broker *server_self(const struct server *s)
{
	const struct image *img = image_of(s);
	const struct image_broker *b = img ? image_broker(img, s->set.node_id) : NULL;

	return b && uuid_eq(&b->incarnation, &s->incarnation) ? b : NULL;
}

static int64_t own_epoch(void *arg)
{
	const struct image_broker *b = server_self(arg);

	return b ? b->epoch : -1;
}

static int64_t live_epoch(void *arg, int32_t id)
{
	const struct image *img = image_of(arg);
	const struct image_broker *b = img ? image_broker(img, id) : NULL;

	return b && !b->fenced && !b->in_controlled_shutdown ? b->epoch : -1;
}

void server_replicas_settings(struct server *s, struct repl_settings *out)
{
	out->live_epoch = live_epoch;
	out->net = (struct repl_net){s, fetch, cancel, alter_partition, cancel, own_epoch};
}

static void set_address(struct server *s, const struct image_broker *b)
{
	const struct image_endpoint *e =
		image_endpoint(b, conf_get_str(s->conf, "inter.broker.listener.name"));
	char *host;

	if (!e)
		e = image_endpoint(b, STR_NULL);
	if (!e)
		return;
	host = str_dup(e->host);
	peers_set_broker(s->peers, b->id, host, e->port);
	free(host);
}

void server_replicas_begin(struct server *s)
{
	vec_foreach (it, &image_of(s)->brokers)
		set_address(s, *it);
}

void server_broker_changed(void *arg, int32_t id, const struct image_broker *b)
{
	struct server *s = arg;

	if (b)
		set_address(s, b);
	repl_broker_changed(s->broker.repl, id);
}
