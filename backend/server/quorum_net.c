/* See quorum_net.h. One call of each kind is under way to each voter: a newer one takes the place
 * of the older, whose answer nobody needs any more. */
#define LOG_MODULE "quorum"
#include "server/quorum_net.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "io/loop.h"
#include "wire/kerr.h"

#define MAX_WAIT_MS   500
#define MAX_BYTES     (1 << 20)
#define TWIN_MS       4000 /* a former self is found dead sooner */
#define TWIN_PAUSE_MS 1500
#define BOOT_MS       100 /* pause between bootstrap servers */
#define BOOT_SAY_MS   5000
#define BOOT_NODE(i)  (-2 - (i)) /* nodes whose number is not known yet */
#define ENDPOINT_TYPE 2          /* DescribeCluster: controllers */

enum kind { VOTE, BEGIN, END, CLUSTER, NODES, KINDS };

struct talk;
/* The answer, or why there is none. */
typedef void talk_fn(struct talk *t, const struct err *e, const void *response);

struct talk {
	struct quorum_net *q;
	int32_t to;
	int64_t id; /* 0: none under way */
	const struct api *api;
	talk_fn *fn;
	bool pre_vote;
};

struct quorum_net {
	struct loop *loop;
	struct broker *b;
	struct peers *peers;
	struct quorum_net_settings set;
	struct talk talks[QUORUM_MAX_VOTERS][KINDS];
	struct talk fetch;
	struct quorum_fetch_request wanted; /* waits for the cluster's id */
	bool told_misplaced[QUORUM_MAX_VOTERS];
	bool misplaced;
	int64_t twin_since_ms, twin_heard_ms; /* what others say of another one of this id */
	bool compared; /* own settings with what the leader says of the voters */
	struct talk boot;
	struct io_timer boot_timer;
	int boot_at;
	int64_t boot_said_ms;
};

static int voter_index(const struct quorum_net *q, int32_t id)
{
	const struct broker_voter *v = broker_voter(q->b, id);

	return v ? (int)(v - q->b->voters) : -1;
}

static void on_reply(void *arg, const struct err *e, UNUSED int16_t version, const void *response,
	UNUSED struct arena *arena)
{
	struct talk *t = arg;

	t->id = 0;
	t->fn(t, e, response);
}

static void call(struct talk *t, int16_t api_key, int16_t version, const void *request, talk_fn *fn)
{
	bool fetch = api_key == API_FETCH;
	const struct link_call c = {.api_key = api_key,
		.version = version,
		.timeout_ms = t->q->set.request_timeout_ms + (fetch ? MAX_WAIT_MS : 0),
		.request = request,
		.fn = on_reply,
		.arg = t};

	peers_cancel(t->q->peers, t->id);
	t->api = api_find(api_key);
	t->fn = fn;
	t->id = peers_call(t->q->peers, t->to, fetch ? PEER_METADATA : PEER_VOTES, &c);
}

/* A request about the metadata log: its one partition, `part`, in its one topic. */
#define ABOUT_LOG(r, message, topic, part)                                     \
	do {                                                                   \
		msg_init(&message##_request_desc, (r));                        \
		msg_struct_init(&message##_request_topics_struct, (topic));    \
		msg_struct_init(&message##_request_partitions_struct, (part)); \
		(topic)->partitions = (part);                                  \
		(topic)->n_partitions = 1;                                     \
		(r)->topics = (topic);                                         \
		(r)->n_topics = 1;                                             \
	} while (0)

static struct talk *talk_to(struct quorum_net *q, int32_t to, enum kind kind)
{
	int i = voter_index(q, to);
	struct talk *t = i < 0 ? NULL : &q->talks[i][kind];

	if (!t)
		return NULL;
	t->q = q;
	t->to = to;
	return t;
}

/* True: the answer is one. */
static bool came(const struct talk *t, const struct err *e)
{
	/* Nodes come and go; what cannot be said or understood is worth a line. */
	if (e && (e->code == ERR_UNSUPPORTED || e->code == ERR_INVALID || e->code == ERR_CORRUPT))
		log_warn("%s: %s", t->api->name, e->msg);
	return !e;
}

/* ---- a node that is in the wrong place ------------------------------------------------------- */

static void end_misplaced(struct quorum_net *q, const char *why)
{
	if (q->misplaced)
		return;
	q->misplaced = true;
	q->set.misplaced(q->set.arg, why);
}

static void on_other_cluster(struct talk *t, const struct err *e, const void *response)
{
	struct quorum_net *q = t->q;
	const struct describe_cluster_response *r = response;
	char why[512];

	if (!came(t, e) || r->error_code)
		return;
	if (str_eq(r->cluster_id, q->b->cluster_id))
		return;
	snprintf(why, sizeof(why),
		"the data folder belongs to cluster %.*s, and the quorum (node %d) is cluster %.*s",
		STR_ARG(q->b->cluster_id), t->to, STR_ARG(r->cluster_id));
	end_misplaced(q, why);
}

static void ask_cluster(struct quorum_net *q, int32_t to, talk_fn *fn)
{
	struct describe_cluster_request r;
	struct talk *t = talk_to(q, to, CLUSTER);

	if (!t)
		return;
	msg_init(&describe_cluster_request_desc, &r);
	r.endpoint_type = ENDPOINT_TYPE;
	call(t, API_DESCRIBE_CLUSTER, LINK_BEST, &r, fn);
}

static void disagree(struct quorum_net *q, int32_t from)
{
	char why[256];

	snprintf(why, sizeof(why),
		"node %d does not take this node for what controller.quorum.voters says: it must "
		"be "
		"the same on every node",
		from);
	end_misplaced(q, why);
}

/* One node may be the odd one itself: the leader, or most of the other voters, must say it. */
static void misplaced(struct quorum_net *q, int32_t from, int16_t error, bool leader)
{
	int i = voter_index(q, from), n = 0;

	if (i < 0)
		return;
	if (!q->told_misplaced[i])
		log_error("node %d refuses this node: %s", from, kerr_name(error));
	q->told_misplaced[i] = true;
	/* Who has been part of it once goes on. */
	if (metalog_caught_up(q->b->metalog))
		return;
	for (int k = 0; k < q->b->n_voters; k++)
		n += q->told_misplaced[k];
	if (!leader && 2 * n <= q->b->n_voters - 1)
		return;
	if (error == KERR_INCONSISTENT_CLUSTER_ID)
		ask_cluster(q, from, on_other_cluster);
	else
		disagree(q, from);
}

/* An answer of node `from` says that a process of this id, which is not this one, lives. Others may
 * believe so for a moment after a start. */
static void hear_of_twin(struct quorum_net *q, int32_t from)
{
	int64_t now = loop_now_ms(q->loop);
	char why[200];

	if (now - q->twin_heard_ms > TWIN_PAUSE_MS)
		q->twin_since_ms = now;
	q->twin_heard_ms = now;
	if (now - q->twin_since_ms < TWIN_MS || metalog_caught_up(q->b->metalog))
		return;
	snprintf(why, sizeof(why),
		"node.id %d is taken: node %d hears of a voter with this id and another data "
		"folder. Give this one another node.id, or stop the other",
		q->b->node_id, from);
	end_misplaced(q, why);
}

static bool is_misplaced(int16_t error)
{
	return error == KERR_INCONSISTENT_CLUSTER_ID || error == KERR_INVALID_VOTER_KEY ||
	       error == KERR_INCONSISTENT_VOTER_SET;
}

/* True: there is something in the answer. */
static bool usable(struct talk *t, int16_t error, int32_t n_topics)
{
	int i = voter_index(t->q, t->to);

	if (is_misplaced(error)) {
		misplaced(t->q, t->to, error, false);
		return false;
	}
	if (error || n_topics != 1) {
		log_warn("%s: node %d says %s", t->api->name, t->to, kerr_name(error));
		return false;
	}
	if (i >= 0)
		t->q->told_misplaced[i] = false;
	return true;
}

/* ---- votes and epochs ------------------------------------------------------------------------ */

static void on_vote(struct talk *t, const struct err *e, const void *response)
{
	const struct vote_response *r = response;
	const struct vote_response_partitions *p;

	if (!came(t, e) || !usable(t, r->error_code, r->n_topics) || r->topics[0].n_partitions != 1)
		return;
	p = r->topics[0].partitions;
	if (p->leader_id == t->q->b->node_id && !metalog_leads(t->q->b->metalog))
		hear_of_twin(t->q, t->to);
	metalog_on_vote(t->q->b->metalog, t->to,
		&(struct quorum_vote_response){.error = p->error_code,
			.leader = p->leader_id,
			.epoch = p->leader_epoch,
			.granted = p->vote_granted,
			.pre_vote = t->pre_vote});
}

static void send_vote(void *arg, int32_t to, const struct quorum_vote_request *v)
{
	struct quorum_net *q = arg;
	struct talk *t = talk_to(q, to, VOTE);
	struct vote_request r;
	struct vote_request_topics topic;
	struct vote_request_partitions part;

	if (!t)
		return;
	ABOUT_LOG(&r, vote, &topic, &part);
	topic.topic_name = STR_LIT(METALOG_TOPIC);
	part.replica_epoch = v->epoch;
	part.replica_id = v->candidate;
	part.replica_directory_id = v->candidate_dir;
	part.last_offset_epoch = v->last_epoch;
	part.last_offset = v->last_offset;
	part.pre_vote = v->pre_vote;
	r.cluster_id = v->new_cluster ? STR_NULL : q->b->cluster_id;
	r.voter_id = to;
	t->pre_vote = v->pre_vote;
	call(t, API_VOTE, 2, &r, on_vote);
}

static void on_begin(struct talk *t, const struct err *e, const void *response)
{
	const struct begin_quorum_epoch_response *r = response;
	const struct begin_quorum_epoch_response_partitions *p;

	if (!came(t, e) || !usable(t, r->error_code, r->n_topics) || r->topics[0].n_partitions != 1)
		return;
	p = r->topics[0].partitions;
	metalog_on_begin(t->q->b->metalog, t->to,
		&(struct quorum_epoch_response){
			.error = p->error_code, .leader = p->leader_id, .epoch = p->leader_epoch});
}

static void send_begin(void *arg, int32_t to, const struct quorum_begin_request *v)
{
	struct quorum_net *q = arg;
	struct talk *t = talk_to(q, to, BEGIN);
	int self = voter_index(q, v->leader);
	struct begin_quorum_epoch_request r;
	struct begin_quorum_epoch_request_topics topic;
	struct begin_quorum_epoch_request_partitions part;
	struct begin_quorum_epoch_request_leader_endpoints here;

	if (!t || self < 0)
		return;
	ABOUT_LOG(&r, begin_quorum_epoch, &topic, &part);
	topic.topic_name = STR_LIT(METALOG_TOPIC);
	msg_struct_init(&begin_quorum_epoch_request_leader_endpoints_struct, &here);
	part.leader_id = v->leader;
	part.leader_epoch = v->epoch;
	here.name = q->b->controller_name;
	here.host = q->b->voters[self].host;
	here.port = q->b->voters[self].port;
	r.cluster_id = q->b->cluster_id;
	r.voter_id = to;
	r.leader_endpoints = &here;
	r.n_leader_endpoints = 1;
	call(t, API_BEGIN_QUORUM_EPOCH, 1, &r, on_begin);
}

/* Who hands over does not wait for an answer. */
static void on_end(struct talk *t, const struct err *e, UNUSED const void *response)
{
	(void)came(t, e);
}

static void send_end(void *arg, int32_t to, const struct quorum_end_request *v)
{
	struct quorum_net *q = arg;
	struct talk *t = talk_to(q, to, END);
	struct end_quorum_epoch_request r;
	struct end_quorum_epoch_request_topics topic;
	struct end_quorum_epoch_request_partitions part;
	struct end_quorum_epoch_request_preferred_candidates next[QUORUM_MAX_VOTERS];

	if (!t)
		return;
	ABOUT_LOG(&r, end_quorum_epoch, &topic, &part);
	topic.topic_name = STR_LIT(METALOG_TOPIC);
	for (int32_t i = 0; i < v->n_successors; i++)
		next[i] = (struct end_quorum_epoch_request_preferred_candidates){
			.candidate_id = v->successors[i]};
	part.leader_id = v->leader;
	part.leader_epoch = v->epoch;
	part.preferred_candidates = next;
	part.n_preferred_candidates = v->n_successors;
	r.cluster_id = q->b->cluster_id;
	call(t, API_END_QUORUM_EPOCH, 1, &r, on_end);
}

/* ---- voters that disagree -------------------------------------------------------------------- */

static void ask_quorum(struct talk *t, talk_fn *fn)
{
	struct describe_quorum_request r;
	struct describe_quorum_request_topics topic;
	struct describe_quorum_request_partitions part;

	ABOUT_LOG(&r, describe_quorum, &topic, &part);
	topic.topic_name = STR_LIT(METALOG_TOPIC);
	call(t, API_DESCRIBE_QUORUM, 2, &r, fn);
}

/* One voter as the leader knows it. False: it is not the one of the own settings. */
static bool agrees(struct quorum_net *q, const struct describe_quorum_response_nodes *node)
{
	const struct broker_voter *own = broker_voter(q->b, node->node_id);
	const struct describe_quorum_response_listeners *at = node->listeners;
	char why[300];

	if (own && node->n_listeners > 0 && own->port == at->port) {
		if (!str_eq(own->host, at->host))
			log_warn("controller.quorum.voters: node %d is %.*s here, and %.*s where "
				 "the controller runs",
				own->id, STR_ARG(own->host), STR_ARG(at->host));
		return true;
	}
	if (own && node->n_listeners > 0)
		snprintf(why, sizeof(why),
			"controller.quorum.voters says that node %d listens at %.*s:%u, and the "
			"controller's says %.*s:%u: it must be the same on every node",
			own->id, STR_ARG(own->host), own->port, STR_ARG(at->host), at->port);
	else
		snprintf(why, sizeof(why),
			"controller.quorum.voters lacks node %d, which votes in this cluster",
			node->node_id);
	end_misplaced(q, why);
	return false;
}

static void on_nodes(struct talk *t, const struct err *e, const void *response)
{
	const struct describe_quorum_response *r = response;

	if (!came(t, e)) {
		t->q->compared = false;
		return;
	}
	for (int32_t i = 0; !r->error_code && i < r->n_nodes; i++)
		if (!agrees(t->q, &r->nodes[i]))
			return;
}

/* Once, when a leader has been heard. */
static void compare(struct quorum_net *q, int32_t leader)
{
	struct talk *t = q->compared ? NULL : talk_to(q, leader, NODES);

	if (!t)
		return;
	q->compared = true;
	ask_quorum(t, on_nodes);
}

/* ---- fetching -------------------------------------------------------------------------------- */

static void on_fetch(struct talk *t, const struct err *e, const void *response)
{
	const struct fetch_response *r = response;
	const struct fetch_response_partitions *p;

	if (!came(t, e))
		return;
	if (is_misplaced(r->error_code)) {
		misplaced(t->q, t->to, r->error_code, true);
		return;
	}
	if (r->error_code || r->n_responses != 1 || r->responses[0].n_partitions != 1) {
		log_warn("Fetch of the metadata log: node %d says %s", t->to,
			kerr_name(r->error_code));
		return;
	}
	p = r->responses[0].partitions;
	if (!p->error_code)
		compare(t->q, t->to);
	if (p->error_code == KERR_INVALID_VOTER_KEY)
		hear_of_twin(t->q, t->to);
	metalog_on_fetch(t->q->b->metalog, t->to,
		&(struct quorum_fetch_response){.error = p->error_code,
			.leader = p->current_leader.leader_id,
			.epoch = p->current_leader.leader_epoch,
			.high_watermark = p->high_watermark,
			.diverging_epoch = p->diverging_epoch.epoch,
			.diverging_end = p->diverging_epoch.end_offset},
		p->records.bytes);
}

static void fetch_now(struct quorum_net *q)
{
	const struct quorum_fetch_request *v = &q->wanted;
	struct fetch_request r;
	struct fetch_request_topics topic;
	struct fetch_request_partitions part;

	ABOUT_LOG(&r, fetch, &topic, &part);
	part.current_leader_epoch = v->epoch;
	part.fetch_offset = v->offset;
	part.last_fetched_epoch = v->last_fetched_epoch;
	part.partition_max_bytes = MAX_BYTES;
	part.replica_directory_id = v->replica_dir;
	part.high_watermark = v->high_watermark;
	topic.topic_id = metalog_topic_id;
	r.cluster_id = q->b->cluster_id;
	r.replica_state.replica_id = v->replica;
	r.max_wait_ms = MAX_WAIT_MS;
	r.min_bytes = 1;
	r.max_bytes = MAX_BYTES;
	call(&q->fetch, API_FETCH, 18, &r, on_fetch);
}

static void on_cluster(struct talk *t, const struct err *e, const void *response)
{
	struct quorum_net *q = t->q;
	const struct describe_cluster_response *r = response;

	if (came(t, e) && !r->error_code && r->cluster_id.n > 0 &&
		(q->b->cluster_id.n > 0 || q->b->cluster_named(q->b, r->cluster_id) == 0)) {
		if (q->fetch.to == t->to)
			fetch_now(q);
	} else if (!e) {
		/* It has no cluster yet: as if it were not there yet. */
		metalog_on_disconnect(q->b->metalog, t->to);
	}
}

/* Whose cluster it is must be written down before anything of it is. */
static void send_fetch(void *arg, int32_t to, const struct quorum_fetch_request *v)
{
	struct quorum_net *q = arg;

	q->fetch.q = q;
	q->fetch.to = to;
	q->wanted = *v;
	if (q->b->cluster_id.n)
		fetch_now(q);
	else
		ask_cluster(q, to, on_cluster);
}

/* ---- connections that end -------------------------------------------------------------------- */

static void on_metadata_closed(void *arg, int32_t node, enum peer_lane lane, bool refused)
{
	struct quorum_net *q = arg;

	(void)lane;
	(void)refused;
	if (node >= 0)
		metalog_on_disconnect(q->b->metalog, node);
}

/* This one may be closed for having been idle, which says nothing of a leader. */
static void on_votes_closed(void *arg, int32_t node, enum peer_lane lane, bool refused)
{
	struct quorum_net *q = arg;
	const struct quorum *now = metalog_quorum(q->b->metalog);

	(void)lane;
	if (node >= 0 && (refused || now->leader != node))
		metalog_on_disconnect(q->b->metalog, node);
}

/* ---- who the voters are ---------------------------------------------------------------------- */

static void boot_next(struct quorum_net *q, const char *why)
{
	const struct broker_voter *at = &q->set.bootstrap[q->boot_at];
	int64_t now = loop_now_ms(q->loop);

	if (why && (!q->boot_said_ms || now - q->boot_said_ms >= BOOT_SAY_MS)) {
		q->boot_said_ms = now;
		log_warn(
			"controller.quorum.bootstrap.servers: %.*s:%u does not tell the voters: %s",
			STR_ARG(at->host), at->port, why);
	}
	q->boot_at = (q->boot_at + 1) % q->set.n_bootstrap;
	io_timer_start(&q->boot_timer, BOOT_MS, 0);
}

static void on_voters(struct talk *t, const struct err *e, const void *response)
{
	struct quorum_net *q = t->q;
	const struct describe_quorum_response *r = response;
	struct broker_voter voters[QUORUM_MAX_VOTERS];
	int n = 0;

	t->id = 0;
	if (e) {
		boot_next(q, e->msg);
		return;
	}
	for (int32_t i = 0; i < r->n_nodes && n < QUORUM_MAX_VOTERS; i++) {
		const struct describe_quorum_response_nodes *node = &r->nodes[i];

		if (node->n_listeners > 0)
			voters[n++] = (struct broker_voter){
				node->node_id, node->listeners[0].host, node->listeners[0].port};
	}
	if (n == 0)
		boot_next(q, kerr_name(r->error_code));
	else if (q->set.voters_named(q->set.arg, voters, n) < 0)
		boot_next(q, "this node cannot take those it names");
}

static void ask_voters(void *arg)
{
	struct quorum_net *q = arg;

	q->boot.q = q;
	q->boot.to = BOOT_NODE(q->boot_at);
	ask_quorum(&q->boot, on_voters);
}

/* ---- what the owner calls -------------------------------------------------------------------- */

struct quorum_net *quorum_net_new(struct loop *l, struct broker *b, struct peers *peers,
	const struct quorum_net_settings *set)
{
	struct quorum_net *q = ALLOC(struct quorum_net);

	q->loop = l;
	q->b = b;
	q->peers = peers;
	q->set = *set;
	io_timer_init(&q->boot_timer, l, ask_voters, q);
	return q;
}

void quorum_net_free(struct quorum_net *q)
{
	if (!q)
		return;
	io_timer_stop(&q->boot_timer);
	peers_on_closed(q->peers, PEER_METADATA, NULL, NULL);
	peers_on_closed(q->peers, PEER_VOTES, NULL, NULL);
	for (int i = 0; i < QUORUM_MAX_VOTERS; i++)
		for (int k = 0; k < KINDS; k++)
			peers_cancel(q->peers, q->talks[i][k].id);
	peers_cancel(q->peers, q->fetch.id);
	peers_cancel(q->peers, q->boot.id);
	free(q);
}

static int on_elected(void *arg)
{
	const struct quorum_net *q = arg;

	return q->set.elected(q->set.arg);
}

void quorum_net_ops(struct quorum_net *q, struct metalog_net *out)
{
	*out = (struct metalog_net){.arg = q,
		.elected = on_elected,
		.send_vote = send_vote,
		.send_begin = send_begin,
		.send_end = send_end,
		.send_fetch = send_fetch};
}

void quorum_net_start(struct quorum_net *q)
{
	char host[256];

	peers_on_closed(q->peers, PEER_METADATA, on_metadata_closed, q);
	peers_on_closed(q->peers, PEER_VOTES, on_votes_closed, q);
	if (q->b->n_voters > 0 || q->set.n_bootstrap == 0)
		return;
	for (int i = 0; i < q->set.n_bootstrap; i++) {
		const struct broker_voter *at = &q->set.bootstrap[i];

		snprintf(host, sizeof(host), "%.*s", STR_ARG(at->host));
		peers_set_controller(q->peers, BOOT_NODE(i), host, at->port);
	}
	ask_voters(q);
}
