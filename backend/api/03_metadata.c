/* Metadata: v0-13. v1 controller and null = all topics, v4 auto-creation, v5 offline replicas,
 * v7 leader epochs, v8-10 authorized operations, v10 topic ids, v12 by id, v13 top-level error. */
#include "api/api.h"
#include "meta/topic_name.h"

struct answer {
	struct call *c;
	const struct image *img;
	const struct broker_endpoint *here; /* the listener the question came by */
	struct metadata_response *resp;
};

/* Brokers are named as this listener's clients reach them. */
static void put_brokers(struct answer *a)
{
	struct broker *b = a->c->broker;
	size_t n = a->img->brokers.n;

	a->resp->brokers = CALL_NEW(a->c, metadata_response_brokers, n);
	vec_foreach (it, &a->img->brokers) {
		const struct image_broker *ib = *it;
		const struct image_endpoint *e = image_endpoint(ib, a->here->name);
		struct metadata_response_brokers *out;

		if (ib->fenced || (!e && ib->id != b->node_id))
			continue;
		out = &a->resp->brokers[a->resp->n_brokers++];
		out->node_id = ib->id;
		out->rack = ib->rack;
		out->host = ib->id == b->node_id ? a->here->host : e->host;
		out->port = ib->id == b->node_id ? a->here->port : e->port;
	}
}

static bool alive(const struct image *img, int32_t id)
{
	const struct image_broker *b = image_broker(img, id);

	return b && !b->fenced;
}

static void put_partition(struct answer *a, const struct image_partition *p, int32_t index,
	struct metadata_response_partitions *out)
{
	out->partition_index = index;
	out->leader_id = p->leader;
	out->leader_epoch = p->leader_epoch;
	out->error_code = p->leader < 0 ? KERR_LEADER_NOT_AVAILABLE : KERR_NONE;
	out->replica_nodes = p->replicas.v;
	out->n_replica_nodes = p->replicas.n;
	out->isr_nodes = p->isr.v;
	out->n_isr_nodes = p->isr.n;
	out->offline_replicas = arena_array(&a->c->arena, (size_t)p->replicas.n, sizeof(int32_t));
	for (int32_t i = 0; i < p->replicas.n; i++)
		if (!alive(a->img, p->replicas.v[i]))
			out->offline_replicas[out->n_offline_replicas++] = p->replicas.v[i];
}

static void put_topic(
	struct answer *a, const struct image_topic *t, struct metadata_response_topics *out)
{
	out->name = t->name;
	out->topic_id = t->id;
	out->is_internal = t->internal;
	out->partitions = CALL_NEW(a->c, metadata_response_partitions, (size_t)t->n_partitions);
	out->n_partitions = t->n_partitions;
	for (int32_t i = 0; i < t->n_partitions; i++)
		put_partition(a, &t->partitions[i], i, &out->partitions[i]);
}

static void put_unknown(struct answer *a, const struct metadata_request *r,
	const struct metadata_request_topics *asked, struct metadata_response_topics *out)
{
	struct broker *b = a->c->broker;
	bool wanted = a->c->version < 4 || r->allow_auto_topic_creation;
	struct err e = {0};

	out->topic_id = asked->topic_id;
	out->name = asked->name;
	if (str_is_null(asked->name)) {
		out->error_code = KERR_UNKNOWN_TOPIC_ID;
		return;
	}
	if (topic_name_check(asked->name, &e) < 0) {
		out->error_code = KERR_INVALID_TOPIC_EXCEPTION;
		return;
	}
	out->error_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
	if (wanted && b->set.auto_create_topics && b->topic_wanted) {
		b->topic_wanted(b, asked->name);
		out->error_code = KERR_LEADER_NOT_AVAILABLE;
	}
}

static void put_asked(struct answer *a, const struct metadata_request *r)
{
	size_t n = (size_t)r->n_topics;

	a->resp->topics = CALL_NEW(a->c, metadata_response_topics, n);
	a->resp->n_topics = r->n_topics;
	for (size_t i = 0; i < n; i++) {
		const struct metadata_request_topics *asked = &r->topics[i];
		const struct image_topic *t = str_is_null(asked->name)
						      ? image_topic_by_id(a->img, &asked->topic_id)
						      : image_topic(a->img, asked->name);
		if (t)
			put_topic(a, t, &a->resp->topics[i]);
		else
			put_unknown(a, r, asked, &a->resp->topics[i]);
	}
}

static void put_all(struct answer *a)
{
	size_t i = 0;

	a->resp->topics = CALL_NEW(a->c, metadata_response_topics, a->img->topics.n);
	a->resp->n_topics = (int32_t)a->img->topics.n;
	vec_foreach (it, &a->img->topics)
		put_topic(a, *it, &a->resp->topics[i++]);
}

void api_metadata(struct call *c, const struct metadata_request *r)
{
	struct broker *b = c->broker;
	struct metadata_response resp;
	struct answer a = {
		c, metalog_image(b->metalog), &b->endpoints[net_slot_listener(c->slot)], &resp};

	msg_init(&metadata_response_desc, &resp);
	resp.cluster_id = b->cluster_id;
	/* Any broker passes controller requests on; clients are given this one. */
	resp.controller_id = b->node_id;
	put_brokers(&a);
	if (r->n_topics < 0 || (c->version == 0 && r->n_topics == 0))
		put_all(&a);
	else
		put_asked(&a, r);
	call_reply(c, &resp);
}
