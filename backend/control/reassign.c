/*
 * Replicas on the move (KIP-455): the replica list becomes the wanted one, followed by those to
 * remove; when all that were added are in sync, AlterPartition ends it (change.c).
 *
 * A reassignment that replaces one under way starts from what was there before it: replicas that
 * it was adding and that are not wanted any more are dropped at once.
 */
#include "control/change.h"

static bool moving(const struct image_partition *p)
{
	return p->adding.n > 0 || p->removing.n > 0;
}

/* Drops those from replicas and ISR. */
static int drop(const struct control_env *env, struct control_next *n, struct meta_ids ids)
{
	if (control_ids_without(env, n->replicas, ids, &n->replicas) < 0 ||
		control_ids_without(env, n->isr, ids, &n->isr) < 0)
		return ERR_NOMEM;
	n->bump = n->bump || ids.n > 0;
	return 0;
}

static int cancel(const struct control_env *env, struct control_next *n, struct control_fault *f)
{
	const struct image_partition *p = &n->topic->partitions[n->index];

	if (!moving(p))
		return control_fail(env, f, KERR_NO_REASSIGNMENT_IN_PROGRESS,
			"No partition reassignment is in progress.");
	if (drop(env, n, p->adding) < 0)
		return ERR_NOMEM;
	n->adding = n->removing = (struct meta_ids){NULL, 0};
	if (n->isr.n == 0 && !control_unclean(env, n->topic))
		return control_fail(env, f, KERR_INVALID_REPLICA_ASSIGNMENT,
			"Unable to revert partition assignment for %.*s:%d because it would "
			"require an unclean leader election. Start the brokers of its old "
			"replicas first.",
			STR_ARG(n->topic->name), n->index);
	return control_next_elect(env, n);
}

/* As many as there will be when the reassignment under way is done. */
static int32_t factor(const struct image_partition *p)
{
	return p->replicas.n - p->removing.n;
}

static int check_target(const struct control_env *env,
	const struct alter_partition_reassignments_request *req, const struct control_next *n,
	struct meta_ids target, struct control_fault *f)
{
	const struct image_partition *p = &n->topic->partitions[n->index];
	int rc = control_check_replicas(env, n->index, target.v, target.n, 0, f);

	if (rc == 0 && !req->allow_replication_factor_change && target.n != factor(p))
		rc = control_fail(env, f, KERR_INVALID_REPLICATION_FACTOR,
			"The replication factor is changed from %d to %d, which this request does "
			"not allow.",
			factor(p), target.n);
	return rc;
}

/* Of the replicas that a replaced reassignment was adding, those that nobody wants any more; none
 * while the ISR would be empty without them. */
static int drop_unwanted(const struct control_env *env, struct control_next *n,
	struct meta_ids target, struct meta_ids *original)
{
	const struct image_partition *p = &n->topic->partitions[n->index];
	struct meta_ids unwanted, wanted, left;

	if (control_ids_without(env, p->adding, target, &unwanted) < 0 ||
		control_ids_without(env, p->adding, unwanted, &wanted) < 0 ||
		control_ids_without(env, n->isr, unwanted, &left) < 0)
		return ERR_NOMEM;
	if (unwanted.n > 0 && left.n > 0 && drop(env, n, unwanted) < 0)
		return ERR_NOMEM;
	return control_ids_without(env, n->replicas, wanted, original);
}

static int begin(const struct control_env *env, struct control_next *n, struct meta_ids target)
{
	struct meta_ids original;
	int32_t *merged;

	if (drop_unwanted(env, n, target, &original) < 0 ||
		control_ids_without(env, target, original, &n->adding) < 0 ||
		control_ids_without(env, original, target, &n->removing) < 0)
		return ERR_NOMEM;
	merged = arena_array(env->arena, (size_t)(target.n + n->removing.n), sizeof(*merged));
	if (!merged)
		return ERR_NOMEM;
	memcpy(merged, target.v, (size_t)target.n * sizeof(*merged));
	if (n->removing.n)
		memcpy(merged + target.n, n->removing.v, (size_t)n->removing.n * sizeof(*merged));
	n->replicas = (struct meta_ids){merged, target.n + n->removing.n};
	if (control_next_elect(env, n) < 0)
		return ERR_NOMEM;
	return control_next_complete(env, n);
}

static int change(const struct control_env *env,
	const struct alter_partition_reassignments_request *req, const struct image_topic *t,
	const struct alter_partition_reassignments_request_partitions *q,
	struct control_result *out, struct control_fault *f)
{
	struct meta_ids target = {q->replicas, q->n_replicas};
	struct control_next n;
	int rc;

	if (q->partition_index < 0 || q->partition_index >= t->n_partitions)
		return control_fail(env, f, KERR_UNKNOWN_TOPIC_OR_PARTITION,
			"The topic '%.*s' has no partition %d, only 0 to %d.", STR_ARG(t->name),
			q->partition_index, t->n_partitions - 1);
	control_next_init(&n, t, q->partition_index);
	if (q->n_replicas < 0)
		rc = cancel(env, &n, f);
	else
		rc = check_target(env, req, &n, target, f);
	if (rc == 0 && q->n_replicas >= 0)
		rc = begin(env, &n, target);
	return rc < 0 ? rc : control_next_write(env, &n, out);
}

static int change_topic(const struct control_env *env,
	const struct alter_partition_reassignments_request *req,
	const struct alter_partition_reassignments_request_topics *q,
	struct alter_partition_reassignments_response_responses *a, struct control_result *out)
{
	const struct image_topic *t = image_topic(env->image, q->name);

	a->name = arena_str(env->arena, q->name);
	a->partitions = MSG_NEW(env->arena, alter_partition_reassignments_response_partitions,
		(size_t)q->n_partitions);
	if (!a->partitions)
		return ERR_NOMEM;
	for (int32_t i = 0; i < q->n_partitions; i++) {
		struct alter_partition_reassignments_response_partitions *r = &a->partitions[i];
		struct control_fault f = {0};
		int rc = t ? change(env, req, t, &q->partitions[i], out, &f)
			   : control_fail_no_topic(env, &f, q->name);

		if (rc == ERR_NOMEM)
			return rc;
		r->partition_index = q->partitions[i].partition_index;
		r->error_code = f.code;
		r->error_message = f.text;
		a->n_partitions++;
	}
	return 0;
}

static bool named_once(const struct alter_partition_reassignments_request *req)
{
	struct control_named named = {0};
	bool once = true;

	for (int32_t i = 0; i < req->n_topics; i++)
		for (int32_t k = 0; k < req->topics[i].n_partitions; k++)
			once = control_named_add(&named, req->topics[i].name,
				       req->topics[i].partitions[k].partition_index) &&
			       once;
	control_named_fini(&named);
	return once;
}

int control_alter_reassignments(const struct control_env *env,
	const struct alter_partition_reassignments_request *req,
	struct alter_partition_reassignments_response *resp, struct control_result *out)
{
	size_t n = out->records.list.n;

	msg_init(&alter_partition_reassignments_response_desc, resp);
	resp->allow_replication_factor_change = req->allow_replication_factor_change;
	if (!named_once(req)) {
		resp->error_code = KERR_INVALID_REQUEST;
		resp->error_message = STR_LIT("A partition is named more than once.");
		return 0;
	}
	resp->responses = MSG_NEW(env->arena, alter_partition_reassignments_response_responses,
		(size_t)req->n_topics);
	if (!resp->responses)
		return ERR_NOMEM;
	for (; resp->n_responses < req->n_topics; resp->n_responses++)
		if (change_topic(env, req, &req->topics[resp->n_responses],
			    &resp->responses[resp->n_responses], out) < 0)
			return control_undo(out, n);
	return 0;
}

/* ---- listing -------------------------------------------------------------------------------- */

static int copy_ids(const struct control_env *env, struct meta_ids ids, int32_t **v, int32_t *n)
{
	struct meta_ids copy;

	if (control_ids_without(env, ids, (struct meta_ids){NULL, 0}, &copy) < 0)
		return ERR_NOMEM;
	*v = copy.v;
	*n = copy.n;
	return 0;
}

static int list_one(const struct control_env *env, const struct image_topic *t, int32_t index,
	struct list_partition_reassignments_response_topics *a)
{
	struct list_partition_reassignments_response_partitions *r;
	const struct image_partition *p;

	if (index < 0 || index >= t->n_partitions || !moving(&t->partitions[index]))
		return 0;
	p = &t->partitions[index];
	r = &a->partitions[a->n_partitions++];
	r->partition_index = index;
	if (copy_ids(env, p->replicas, &r->replicas, &r->n_replicas) < 0 ||
		copy_ids(env, p->adding, &r->adding_replicas, &r->n_adding_replicas) < 0 ||
		copy_ids(env, p->removing, &r->removing_replicas, &r->n_removing_replicas) < 0)
		return ERR_NOMEM;
	return 0;
}

static int32_t count_moving(const struct image_topic *t)
{
	int32_t n = 0;

	for (int32_t i = 0; i < t->n_partitions; i++)
		n += moving(&t->partitions[i]);
	return n;
}

/* asked NULL: all partitions. Topics without any under way are not in the answer. One that is named
 * a thousand times is not walked as often. */
static int list_topic(const struct control_env *env, const struct image_topic *t,
	const struct list_partition_reassignments_request_topics *asked,
	struct list_partition_reassignments_response *resp)
{
	struct list_partition_reassignments_response_topics *a;
	int32_t n = asked ? asked->n_partition_indexes : t->n_partitions;
	int rc = 0;

	if (!asked && count_moving(t) == 0)
		return 0;
	a = &resp->topics[resp->n_topics];
	a->name = arena_str(env->arena, t->name);
	a->partitions =
		MSG_NEW(env->arena, list_partition_reassignments_response_partitions, (size_t)n);
	if (!a->partitions)
		return ERR_NOMEM;
	for (int32_t i = 0; i < n && rc == 0; i++)
		rc = list_one(env, t, asked ? asked->partition_indexes[i] : i, a);
	resp->n_topics += a->n_partitions > 0;
	return rc;
}

int control_list_reassignments(const struct control_env *env,
	const struct list_partition_reassignments_request *req,
	struct list_partition_reassignments_response *resp)
{
	const struct image *img = env->image;
	size_t n = req->n_topics >= 0 ? (size_t)req->n_topics : img->topics.n;

	msg_init(&list_partition_reassignments_response_desc, resp);
	resp->topics = MSG_NEW(env->arena, list_partition_reassignments_response_topics, n);
	if (!resp->topics)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct list_partition_reassignments_request_topics *asked =
			req->n_topics >= 0 ? &req->topics[i] : NULL;
		const struct image_topic *t =
			asked ? image_topic(img, asked->name) : img->topics.v[i];

		if (t && list_topic(env, t, asked, resp) < 0)
			return ERR_NOMEM;
	}
	return 0;
}
