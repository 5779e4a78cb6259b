/* Metadata: v0-13. v1 controller and null = all topics, v4 auto-creation, v5 offline replicas,
 * v7 leader epochs, v8-10 authorized operations, v10 topic ids, v12 by id, v13 top-level error. */
#include "api/partitions.h"
#include "base/map.h"
#include "meta/topic_name.h"

struct answer {
	struct call *c;
	const struct image *img;
	struct metadata_response *resp;
};

/* Brokers are named as this listener's clients reach them. */
static void put_brokers(struct answer *a)
{
	a->resp->brokers = CALL_NEW(a->c, metadata_response_brokers, a->img->brokers.n);
	vec_foreach (it, &a->img->brokers) {
		const struct image_broker *ib = *it;
		struct metadata_response_brokers *out;
		struct broker_endpoint at;

		if (ib->fenced || !api_reach(a->c, ib, &at))
			continue;
		out = &a->resp->brokers[a->resp->n_brokers++];
		out->node_id = ib->id;
		out->rack = ib->rack;
		out->host = at.host;
		out->port = at.port;
	}
}

static void put_partition(struct answer *a, const struct image_partition *p, int32_t index,
	struct metadata_response_partitions *out)
{
	PUT_PARTITION(a->c, a->img, p, index, out);
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
	const struct metadata_request_topics *asked, bool by_id,
	struct metadata_response_topics *out)
{
	struct broker *b = a->c->broker;
	bool wanted = a->c->version < 4 || r->allow_auto_topic_creation;
	struct err e = {0};

	out->topic_id = asked->topic_id;
	out->name = by_id ? STR_NULL : asked->name;
	if (str_is_null(out->name)) {
		out->error_code = KERR_UNKNOWN_TOPIC_ID;
		return;
	}
	if (topic_name_check(asked->name, &e) < 0) {
		out->error_code = KERR_INVALID_TOPIC_EXCEPTION;
		return;
	}
	/* Also when it is being made: the client asks again. */
	out->error_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
	if (wanted && b->set.auto_create_topics)
		b->topic_wanted(b, asked->name);
}

/* What a topic is asked by: its id if any id is given in the request, else its name. */
static struct slice key_of(const struct metadata_request_topics *t, bool by_id)
{
	return by_id ? slice_of(t->topic_id.b, sizeof(t->topic_id.b)) : slice_str(t->name);
}

static bool asks_by_id(const struct metadata_request *r)
{
	for (int32_t i = 0; i < r->n_topics; i++)
		if (!uuid_is_zero(&r->topics[i].topic_id))
			return true;
	return false;
}

/* Each topic once, as Kafka does. With ids in the request, entries without one are passed over. */
static void put_asked(struct answer *a, const struct metadata_request *r)
{
	bool by_id = asks_by_id(r);
	struct map seen;

	map_init(&seen);
	a->resp->topics = CALL_NEW(a->c, metadata_response_topics, (size_t)r->n_topics);
	for (int32_t i = 0; i < r->n_topics; i++) {
		const struct metadata_request_topics *asked = &r->topics[i];
		const struct image_topic *t;
		struct metadata_response_topics *out = &a->resp->topics[a->resp->n_topics];

		if ((by_id && uuid_is_zero(&asked->topic_id)) ||
			map_get(&seen, key_of(asked, by_id)))
			continue;
		map_put(&seen, key_of(asked, by_id), (void *)(uintptr_t)asked);
		a->resp->n_topics++;
		t = by_id ? image_topic_by_id(a->img, &asked->topic_id)
			  : image_topic(a->img, asked->name);
		if (t)
			put_topic(a, t, out);
		else
			put_unknown(a, r, asked, by_id, out);
	}
	map_fini(&seen);
}

/* Ids may be given since version 12; before, a topic needs its name and nothing else. */
static bool ids_too_early(const struct call *c, const struct metadata_request *r)
{
	for (int32_t i = 0; c->version < 12 && i < r->n_topics; i++)
		if (str_is_null(r->topics[i].name) || !uuid_is_zero(&r->topics[i].topic_id))
			return true;
	return false;
}

static void refuse(struct answer *a, const struct metadata_request *r)
{
	a->resp->controller_id = -1;
	a->resp->topics = CALL_NEW(a->c, metadata_response_topics, (size_t)r->n_topics);
	a->resp->n_topics = r->n_topics;
	for (int32_t i = 0; i < r->n_topics; i++) {
		struct metadata_response_topics *out = &a->resp->topics[i];

		out->error_code = KERR_INVALID_REQUEST;
		out->topic_id = r->topics[i].topic_id;
		out->name = str_is_null(r->topics[i].name) ? STR_LIT("") : r->topics[i].name;
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

static void put_operations(
	const struct call *c, const struct metadata_request *r, struct metadata_response *resp)
{
	if (c->version >= 8 && c->version <= 10 && r->include_cluster_authorized_operations)
		resp->cluster_authorized_operations = ALL_CLUSTER_OPERATIONS;
	if (c->version < 8 || !r->include_topic_authorized_operations)
		return;
	for (int32_t i = 0; i < resp->n_topics; i++)
		if (!resp->topics[i].error_code)
			resp->topics[i].topic_authorized_operations = ALL_TOPIC_OPERATIONS;
}

void api_metadata(struct call *c, const struct metadata_request *r)
{
	struct broker *b = c->broker;
	struct metadata_response resp;
	struct answer a = {c, metalog_image(b->metalog), &resp};

	msg_init(&metadata_response_desc, &resp);
	resp.cluster_id = b->cluster_id;
	resp.controller_id = api_controller(c);
	if (ids_too_early(c, r)) {
		refuse(&a, r);
		call_reply(c, &resp);
		return;
	}
	put_brokers(&a);
	if (r->n_topics < 0 || (c->version == 0 && r->n_topics == 0))
		put_all(&a);
	else
		put_asked(&a, r);
	put_operations(c, r, &resp);
	call_reply(c, &resp);
}
