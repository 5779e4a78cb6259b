/* AlterPartition: a leader asks for another ISR (kafka-rules 5.4, KIP-497, KIP-841, KIP-903). */
#include "control/change.h"

static int32_t isr_n(const struct alter_partition_request_partitions *q)
{
	return q->n_new_isr_with_epochs > 0 ? q->n_new_isr_with_epochs : q->n_new_isr;
}

static int32_t isr_id(const struct alter_partition_request_partitions *q, int32_t i)
{
	return q->n_new_isr_with_epochs > 0 ? q->new_isr_with_epochs[i].broker_id : q->new_isr[i];
}

/* -1: the version of the request has no epochs. */
static int64_t isr_epoch(const struct alter_partition_request_partitions *q, int32_t i)
{
	return q->n_new_isr_with_epochs > 0 ? q->new_isr_with_epochs[i].broker_epoch : -1;
}

static bool asks_for(const struct alter_partition_request_partitions *q, int32_t id)
{
	for (int32_t i = 0; i < isr_n(q); i++)
		if (isr_id(q, i) == id)
			return true;
	return false;
}

/* A newer epoch than ours means that a newer controller gave it. */
static int16_t check_epochs(const struct image_partition *p, int32_t leader,
	const struct alter_partition_request_partitions *q)
{
	if (q->leader_epoch > p->leader_epoch || q->partition_epoch > p->partition_epoch)
		return KERR_NOT_CONTROLLER;
	if (q->leader_epoch < p->leader_epoch)
		return KERR_FENCED_LEADER_EPOCH;
	if (p->leader != leader)
		return KERR_INVALID_REQUEST;
	return q->partition_epoch < p->partition_epoch ? KERR_INVALID_UPDATE_VERSION : KERR_NONE;
}

/* Replicas of the partition only, none twice, the leader among them. */
static int16_t check_members(
	const struct image_partition *p, const struct alter_partition_request_partitions *q)
{
	int32_t n = isr_n(q);

	if (n <= 0 || n > p->replicas.n || !asks_for(q, p->leader))
		return KERR_INVALID_REQUEST;
	for (int32_t i = 0; i < n; i++) {
		if (meta_ids_find(p->replicas, isr_id(q, i)) < 0)
			return KERR_INVALID_REQUEST;
		for (int32_t k = 0; k < i; k++)
			if (isr_id(q, k) == isr_id(q, i))
				return KERR_INVALID_REQUEST;
	}
	return KERR_NONE;
}

/* Recovery ends with the leader alone in the ISR, and never begins here. */
static int16_t check_recovery(
	const struct image_partition *p, const struct alter_partition_request_partitions *q)
{
	bool wants = q->leader_recovery_state == 1;

	if (q->leader_recovery_state < 0 || q->leader_recovery_state > 1)
		return KERR_INVALID_REQUEST;
	if (wants && (p->recovery == 0 || isr_n(q) > 1))
		return KERR_INVALID_REQUEST;
	return KERR_NONE;
}

/* A replica that is fenced, going, or another incarnation than the leader saw cannot be in sync. */
static int16_t check_eligible(
	const struct image *img, const struct alter_partition_request_partitions *q)
{
	for (int32_t i = 0; i < isr_n(q); i++) {
		const struct image_broker *b = image_broker(img, isr_id(q, i));

		if (!b || !control_live(img, b->id) ||
			(isr_epoch(q, i) != -1 && isr_epoch(q, i) != b->epoch))
			return KERR_INELIGIBLE_REPLICA;
	}
	return KERR_NONE;
}

static int16_t check_all(const struct image *img, const struct image_partition *p, int32_t leader,
	const struct alter_partition_request_partitions *q)
{
	int16_t code = check_epochs(p, leader, q);

	if (!code)
		code = check_members(p, q);
	if (!code)
		code = check_recovery(p, q);
	return code ? code : check_eligible(img, q);
}

static bool same_isr(
	const struct image_partition *p, const struct alter_partition_request_partitions *q)
{
	for (int32_t i = 0; i < p->isr.n; i++)
		if (!asks_for(q, p->isr.v[i]))
			return false;
	return p->isr.n == isr_n(q);
}

/* The partition as the leader wants it, and a reassignment that this completes. */
static int change(const struct control_env *env, const struct image_topic *t,
	const struct alter_partition_request_partitions *q, struct control_next *n,
	struct control_result *out)
{
	int32_t *isr;

	control_next_init(n, t, q->partition_index);
	n->recovery = q->leader_recovery_state;
	if (!same_isr(&t->partitions[q->partition_index], q)) {
		isr = arena_array(env->arena, (size_t)isr_n(q), sizeof(*isr));
		if (!isr)
			return ERR_NOMEM;
		for (int32_t i = 0; i < isr_n(q); i++)
			isr[i] = isr_id(q, i);
		n->isr = (struct meta_ids){isr, isr_n(q)};
	}
	if (control_next_complete(env, n) < 0)
		return ERR_NOMEM;
	return control_next_write(env, n, out);
}

/* The answer is the partition as it will be. */
static int fill(const struct control_env *env, const struct control_next *n,
	struct alter_partition_response_partitions *a)
{
	const struct image_partition *p = &n->topic->partitions[n->index];

	a->leader_id = n->leader;
	a->leader_epoch = p->leader_epoch + (n->bump || n->leader != p->leader);
	a->leader_recovery_state = n->recovery;
	a->partition_epoch = p->partition_epoch + n->changed;
	a->n_isr = n->isr.n;
	a->isr = arena_array(env->arena, (size_t)a->n_isr + 1, sizeof(*a->isr));
	if (!a->isr)
		return ERR_NOMEM;
	memcpy(a->isr, n->isr.v, (size_t)a->n_isr * sizeof(*a->isr));
	return 0;
}

static int alter_one(const struct control_env *env, int32_t leader, const struct image_topic *t,
	int16_t unknown, const struct alter_partition_request_partitions *q,
	struct alter_partition_response_partitions *a, struct control_result *out)
{
	struct control_next n;

	a->partition_index = q->partition_index;
	if (!t || q->partition_index < 0 || q->partition_index >= t->n_partitions) {
		a->error_code = t ? KERR_UNKNOWN_TOPIC_OR_PARTITION : unknown;
		return 0;
	}
	a->error_code = check_all(env->image, &t->partitions[q->partition_index], leader, q);
	if (a->error_code)
		return 0;
	if (change(env, t, q, &n, out) < 0)
		return ERR_NOMEM;
	/* A reassignment that ends takes the lead from the one who asked. */
	if (n.leader != leader) {
		a->error_code = KERR_NEW_LEADER_ELECTED;
		return 0;
	}
	return fill(env, &n, a);
}

static const struct image_topic *topic_of(
	const struct control_env *env, const struct alter_partition_request_topics *q)
{
	return uuid_is_zero(&q->topic_id) ? image_topic(env->image, q->topic_name)
					  : image_topic_by_id(env->image, &q->topic_id);
}

static int alter_topic(const struct control_env *env, int32_t leader,
	const struct alter_partition_request_topics *q, struct alter_partition_response_topics *a,
	struct control_result *out)
{
	bool by_id = !uuid_is_zero(&q->topic_id);
	const struct image_topic *t = topic_of(env, q);
	int16_t unknown = by_id ? KERR_UNKNOWN_TOPIC_ID : KERR_UNKNOWN_TOPIC_OR_PARTITION;
	int rc = 0;

	a->topic_id = q->topic_id;
	a->topic_name = arena_str(env->arena, q->topic_name);
	if (q->n_partitions <= 0)
		return 0;
	a->partitions =
		MSG_NEW(env->arena, alter_partition_response_partitions, (size_t)q->n_partitions);
	if (!a->partitions)
		return ERR_NOMEM;
	a->n_partitions = q->n_partitions;
	for (int32_t i = 0; i < q->n_partitions && rc == 0; i++)
		rc = alter_one(env, leader, t, unknown, &q->partitions[i], &a->partitions[i], out);
	return rc;
}

/* Both changes of one named twice would build on the same image. */
static bool named_once(const struct control_env *env, const struct alter_partition_request *req)
{
	struct control_named named = {0};
	bool once = true;

	for (int32_t i = 0; i < req->n_topics; i++) {
		const struct image_topic *t = topic_of(env, &req->topics[i]);

		for (int32_t k = 0; t && k < req->topics[i].n_partitions; k++)
			once = control_named_add(&named, t->name,
				       req->topics[i].partitions[k].partition_index) &&
			       once;
	}
	control_named_fini(&named);
	return once;
}

int control_alter_partition(const struct control_env *env,
	const struct alter_partition_request *req, struct alter_partition_response *resp,
	struct control_result *out)
{
	const struct image_broker *b = image_broker(env->image, req->broker_id);
	size_t n = out->records.list.n;
	int rc = 0;

	msg_init(&alter_partition_response_desc, resp);
	if (!b || b->epoch != req->broker_epoch) {
		resp->error_code = KERR_STALE_BROKER_EPOCH;
		return 0;
	}
	if (req->n_topics <= 0)
		return 0;
	if (!named_once(env, req)) {
		resp->error_code = KERR_INVALID_REQUEST;
		return 0;
	}
	resp->topics = MSG_NEW(env->arena, alter_partition_response_topics, (size_t)req->n_topics);
	if (!resp->topics)
		return ERR_NOMEM;
	resp->n_topics = req->n_topics;
	for (int32_t i = 0; i < req->n_topics && rc == 0; i++)
		rc = alter_topic(env, b->id, &req->topics[i], &resp->topics[i], out);
	return rc < 0 ? control_undo(out, n) : 0;
}
