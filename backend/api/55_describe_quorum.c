/*
 * DescribeQuorum: v0-2. v1 times of fetches, v2 directory ids and the voters' listeners. Only
 * __cluster_metadata-0 is led by a quorum.
 *
 * The leader knows. Who asks a broker gets the leader's answer; by a controller's listener a node
 * tells of itself, so that a broker without a leader can still ask who the voters are.
 */
#include "api/submit.h"
#include "api/voters.h"

#define OBSERVER_MS 300000 /* as Kafka: who has not fetched for so long is gone */

static void put_replica(const struct call *c, const struct quorum *q,
	const struct quorum_replica *r, struct describe_quorum_response_current_voters *out)
{
	struct broker *b = c->broker;
	int64_t wall = clock_wall_ms(b->clock) - broker_now_ms(b);
	bool self = r->id == q->set.id;

	out->replica_id = r->id;
	if (c->version >= 2)
		out->replica_directory_id = self ? q->set.dir : r->dir;
	out->log_end_offset = self ? metalog_log(b->metalog)->leo : r->end_offset;
	out->last_fetch_timestamp = self                   ? clock_wall_ms(b->clock)
				    : r->last_fetch_ms < 0 ? -1
							   : wall + r->last_fetch_ms;
	out->last_caught_up_timestamp = self                       ? clock_wall_ms(b->clock)
					: r->last_caught_up_ms < 0 ? -1
								   : wall + r->last_caught_up_ms;
}

static void put_quorum(struct call *c, struct describe_quorum_response_partitions *out)
{
	struct broker *b = c->broker;
	const struct quorum *q = metalog_quorum(b->metalog);

	if (!quorum_leads(q)) {
		out->error_code = KERR_NOT_LEADER_OR_FOLLOWER;
		return;
	}
	out->leader_id = q->leader;
	out->leader_epoch = quorum_epoch(q);
	out->high_watermark = q->high_watermark;
	out->current_voters =
		CALL_NEW(c, describe_quorum_response_current_voters, (size_t)q->set.n_voters);
	out->n_current_voters = q->set.n_voters;
	for (int i = 0; i < q->set.n_voters; i++)
		put_replica(c, q, &q->replicas[i], &out->current_voters[i]);
	out->observers =
		CALL_NEW(c, describe_quorum_response_current_voters, (size_t)q->n_observers);
	for (int i = 0; i < q->n_observers; i++)
		if (broker_now_ms(b) - q->observers[i].last_fetch_ms < OBSERVER_MS)
			put_replica(c, q, &q->observers[i], &out->observers[out->n_observers++]);
}

/* Where the voters are reached (v2). */
static void put_nodes(struct call *c, struct describe_quorum_response *resp)
{
	const struct broker *b = c->broker;

	resp->nodes = CALL_NEW(c, describe_quorum_response_nodes, (size_t)b->n_voters);
	resp->n_nodes = b->n_voters;
	for (int i = 0; i < b->n_voters; i++) {
		struct describe_quorum_response_nodes *out = &resp->nodes[i];

		out->node_id = b->voters[i].id;
		out->listeners = CALL_NEW(c, describe_quorum_response_listeners, 1);
		out->n_listeners = 1;
		out->listeners[0].name = b->controller_name;
		out->listeners[0].host = b->voters[i].host;
		out->listeners[0].port = b->voters[i].port;
	}
}

static void put_unknown(const struct call *c, struct describe_quorum_response_partitions *out)
{
	out->error_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
	if (c->version >= 2)
		out->error_message = STR_LIT("This server does not host this topic-partition.");
}

/* The one partition that a quorum leads, asked for alone, or nothing. */
static void describe(struct call *c, const struct describe_quorum_request *r,
	struct describe_quorum_response *resp)
{
	bool known = VOTERS_ASKED_RIGHT(r);

	resp->topics = CALL_NEW(c, describe_quorum_response_topics, (size_t)r->n_topics);
	resp->n_topics = r->n_topics;
	for (int32_t i = 0; i < r->n_topics; i++) {
		const struct describe_quorum_request_topics *in = &r->topics[i];
		struct describe_quorum_response_topics *out = &resp->topics[i];

		out->topic_name = in->topic_name;
		out->partitions =
			CALL_NEW(c, describe_quorum_response_partitions, (size_t)in->n_partitions);
		out->n_partitions = in->n_partitions;
		for (int32_t k = 0; k < in->n_partitions; k++) {
			out->partitions[k].partition_index = in->partitions[k].partition_index;
			if (known)
				put_quorum(c, &out->partitions[k]);
			else
				put_unknown(c, &out->partitions[k]);
		}
	}
	if (known && c->version >= 2)
		put_nodes(c, resp);
}

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;

	(void)env;
	(void)out;
	describe(s->call, s->request, s->response);
	return 0;
}

void api_describe_quorum(struct call *c, const struct describe_quorum_request *r)
{
	struct describe_quorum_response resp;

	if (VOTERS_ASKED_RIGHT(r) && !metalog_leads(c->broker->metalog) &&
		!broker_by_controller(c->broker, c)) {
		api_submit(c, decide, r, &describe_quorum_response_desc);
		return;
	}
	msg_init(&describe_quorum_response_desc, &resp);
	describe(c, r, &resp);
	call_reply(c, &resp);
}
