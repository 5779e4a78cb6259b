/* DescribeCluster: v0-2. v1 endpoint type (brokers 1, controllers 2), v2 fenced brokers. */
#include "api/api.h"

enum endpoint_type { ENDPOINT_BROKERS = 1, ENDPOINT_CONTROLLERS = 2 };

static void put_brokers(struct call *c, const struct describe_cluster_request *r,
	const struct image *img, struct describe_cluster_response *resp)
{
	struct broker *b = c->broker;
	const struct broker_endpoint *here = &b->endpoints[net_slot_listener(c->slot)];

	resp->brokers = CALL_NEW(c, describe_cluster_response_brokers, img->brokers.n);
	vec_foreach (it, &img->brokers) {
		const struct image_broker *ib = *it;
		const struct image_endpoint *e = image_endpoint(ib, here->name);
		bool self = ib->id == b->node_id;
		struct describe_cluster_response_brokers *out;

		if ((ib->fenced && !r->include_fenced_brokers) || (!e && !self))
			continue;
		out = &resp->brokers[resp->n_brokers++];
		out->broker_id = ib->id;
		out->host = self ? here->host : e->host;
		out->port = self ? here->port : e->port;
		out->rack = ib->rack;
		out->is_fenced = ib->fenced;
	}
}

static void refuse(const struct describe_cluster_request *r, struct describe_cluster_response *resp)
{
	bool controllers = r->endpoint_type == ENDPOINT_CONTROLLERS;

	resp->error_code =
		controllers ? KERR_MISMATCHED_ENDPOINT_TYPE : KERR_UNSUPPORTED_ENDPOINT_TYPE;
	resp->error_message = controllers ? STR_LIT("this listener is for clients: ask for brokers "
						    "(endpoint type 1)")
					  : STR_LIT("Unsupported endpoint type: ask for brokers "
						    "(endpoint type 1)");
}

void api_describe_cluster(struct call *c, const struct describe_cluster_request *r)
{
	struct broker *b = c->broker;
	struct describe_cluster_response resp;

	msg_init(&describe_cluster_response_desc, &resp);
	if (c->version >= 1 && r->endpoint_type != ENDPOINT_BROKERS) {
		refuse(r, &resp);
		call_reply(c, &resp);
		return;
	}
	resp.cluster_id = b->cluster_id;
	resp.controller_id = b->node_id;
	resp.endpoint_type = ENDPOINT_BROKERS;
	if (r->include_cluster_authorized_operations)
		resp.cluster_authorized_operations = ALL_CLUSTER_OPERATIONS;
	put_brokers(c, r, metalog_image(b->metalog), &resp);
	call_reply(c, &resp);
}
