/* DescribeCluster: v0-2. v1 endpoint type (brokers 1, controllers 2), v2 fenced brokers. */
#include "api/api.h"

enum endpoint_type { ENDPOINT_BROKERS = 1, ENDPOINT_CONTROLLERS = 2 };

static void put_brokers(struct call *c, const struct describe_cluster_request *r,
	const struct image *img, struct describe_cluster_response *resp)
{
	resp->brokers = CALL_NEW(c, describe_cluster_response_brokers, img->brokers.n);
	vec_foreach (it, &img->brokers) {
		const struct image_broker *ib = *it;
		struct describe_cluster_response_brokers *out;
		struct broker_endpoint at;

		if ((ib->fenced && !r->include_fenced_brokers) || !api_reach(c, ib, &at))
			continue;
		out = &resp->brokers[resp->n_brokers++];
		out->broker_id = ib->id;
		out->host = at.host;
		out->port = at.port;
		out->rack = ib->rack;
		out->is_fenced = ib->fenced;
	}
}

/* By the controllers' listener: those that vote. */
static void put_controllers(struct call *c, struct describe_cluster_response *resp)
{
	const struct broker *b = c->broker;

	resp->brokers = CALL_NEW(c, describe_cluster_response_brokers, (size_t)b->n_voters);
	resp->n_brokers = b->n_voters;
	for (int i = 0; i < b->n_voters; i++) {
		resp->brokers[i].broker_id = b->voters[i].id;
		resp->brokers[i].host = b->voters[i].host;
		resp->brokers[i].port = b->voters[i].port;
	}
}

static void refuse(int8_t asked, bool by_controller, struct describe_cluster_response *resp)
{
	bool known = asked == ENDPOINT_BROKERS || asked == ENDPOINT_CONTROLLERS;

	resp->error_code = known ? KERR_MISMATCHED_ENDPOINT_TYPE : KERR_UNSUPPORTED_ENDPOINT_TYPE;
	if (by_controller)
		resp->error_message = STR_LIT("this listener is for controllers: ask for them "
					      "(endpoint type 2)");
	else
		resp->error_message = known ? STR_LIT("this listener is for clients: ask for "
						      "brokers (endpoint type 1)")
					    : STR_LIT("Unsupported endpoint type: ask for brokers "
						      "(endpoint type 1)");
}

void api_describe_cluster(struct call *c, const struct describe_cluster_request *r)
{
	struct broker *b = c->broker;
	bool by_controller = broker_by_controller(b, c);
	int8_t wanted = by_controller ? ENDPOINT_CONTROLLERS : ENDPOINT_BROKERS;
	int8_t asked = c->version >= 1 ? r->endpoint_type : wanted;
	struct describe_cluster_response resp;

	msg_init(&describe_cluster_response_desc, &resp);
	if (asked != wanted) {
		refuse(asked, by_controller, &resp);
		call_reply(c, &resp);
		return;
	}
	resp.cluster_id = b->cluster_id;
	if (c->version >= 1)
		resp.endpoint_type = wanted;
	if (r->include_cluster_authorized_operations)
		resp.cluster_authorized_operations = ALL_CLUSTER_OPERATIONS;
	if (by_controller) {
		resp.controller_id = metalog_quorum(b->metalog)->leader;
		put_controllers(c, &resp);
	} else {
		resp.controller_id = api_controller(c);
		put_brokers(c, r, metalog_image(b->metalog), &resp);
	}
	call_reply(c, &resp);
}
