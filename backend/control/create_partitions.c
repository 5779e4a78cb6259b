/* CreatePartitions: topics grow, they never shrink. */
#include "control/place.h"

struct growth {
	const struct control_env *env;
	struct control_result *out;
	struct placer placer;
	int64_t partitions_left;
};

static int check_count(struct growth *g, const struct create_partitions_request_topics *t,
	const struct image_topic *topic, struct control_fault *f)
{
	if (t->count == topic->n_partitions)
		return control_fail(g->env, f, KERR_INVALID_PARTITIONS,
			"Topic '%.*s' has %d partitions already; nothing to add.", STR_ARG(t->name),
			topic->n_partitions);
	if (t->count < topic->n_partitions)
		return control_fail(g->env, f, KERR_INVALID_PARTITIONS,
			"Topic '%.*s' has %d partitions, so %d would take some away, which is not "
			"possible. Ask for %d or more.",
			STR_ARG(t->name), topic->n_partitions, t->count, topic->n_partitions + 1);
	if (t->count - topic->n_partitions > g->partitions_left)
		return control_fail(g->env, f, KERR_POLICY_VIOLATION,
			"One request may create %lld partitions at most; %d more do not fit. Ask "
			"for "
			"fewer, or split the request.",
			(long long)control_partition_limit(g->env), t->count - topic->n_partitions);
	return 0;
}

static int check_assignments(struct growth *g, const struct create_partitions_request_topics *t,
	const struct image_topic *topic, int32_t n_replicas, struct control_fault *f)
{
	int rc = 0;

	if (t->n_assignments != t->count - topic->n_partitions)
		return control_fail(g->env, f, KERR_INVALID_REPLICA_ASSIGNMENT,
			"%d partitions are to be added, but there are %d replica lists.",
			t->count - topic->n_partitions, t->n_assignments);
	for (int32_t i = 0; i < t->n_assignments && rc == 0; i++)
		rc = control_check_replicas(g->env, topic->n_partitions + i,
			t->assignments[i].broker_ids, t->assignments[i].n_broker_ids, n_replicas,
			f);
	return rc;
}

static int add(struct growth *g, const struct create_partitions_request_topics *t,
	const struct image_topic *topic, int32_t n_replicas)
{
	int32_t *placed = arena_array(g->env->arena, (size_t)n_replicas, sizeof(*placed));

	if (!placed)
		return ERR_NOMEM;
	for (int32_t i = topic->n_partitions; i < t->count; i++) {
		const int32_t *replicas = placed;

		if (t->n_assignments >= 0)
			replicas = t->assignments[i - topic->n_partitions].broker_ids;
		else
			placer_next(&g->placer, n_replicas, placed);
		if (control_add_partition(g->env, g->out, &topic->id, i, replicas, n_replicas) < 0)
			return ERR_NOMEM;
	}
	g->partitions_left -= t->count - topic->n_partitions;
	return 0;
}

static int grow(
	struct growth *g, const struct create_partitions_request_topics *t, struct control_fault *f)
{
	const struct image_topic *topic = image_topic(g->env->image, t->name);
	int32_t n_replicas;
	int rc;

	if (!topic)
		return control_fail(g->env, f, KERR_UNKNOWN_TOPIC_OR_PARTITION,
			"There is no topic '%.*s'. Check the name, or create it first.",
			STR_ARG(t->name));
	n_replicas = topic->n_partitions ? topic->partitions[0].replicas.n : 1;
	rc = check_count(g, t, topic, f);
	if (rc == 0)
		rc = t->n_assignments >= 0 ? check_assignments(g, t, topic, n_replicas, f)
					   : placer_check(&g->placer, g->env, n_replicas, f);
	return rc < 0 ? rc : add(g, t, topic, n_replicas);
}

static int grow_one(struct growth *g, const struct create_partitions_request_topics *t, bool twice,
	struct create_partitions_response_results *r)
{
	size_t n = g->out->records.list.n;
	struct control_fault f = {0};
	int rc;

	r->name = arena_str(g->env->arena, t->name);
	rc = twice ? control_fail(g->env, &f, KERR_INVALID_REQUEST,
			     "Topic '%.*s' is in the request more than once.", STR_ARG(t->name))
		   : grow(g, t, &f);
	if (rc == 0)
		return 0;
	g->out->records.list.n = n;
	r->error_code = f.code;
	r->error_message = f.text;
	return rc == ERR_INVALID ? 0 : rc;
}

static int grow_all(struct growth *g, const struct create_partitions_request *req,
	struct create_partitions_response *resp)
{
	struct slice *keys = arena_array(g->env->arena, (size_t)req->n_topics, sizeof(*keys));
	uint8_t *fates;
	int32_t n;
	int rc = 0;

	if (!keys)
		return ERR_NOMEM;
	for (int32_t i = 0; i < req->n_topics; i++)
		keys[i] = slice_str(req->topics[i].name);
	fates = control_fates(g->env, keys, req->n_topics, &n);
	resp->results = MSG_NEW(g->env->arena, create_partitions_response_results, (size_t)n);
	if (!fates || !resp->results)
		return ERR_NOMEM;
	for (int32_t i = 0; i < req->n_topics && rc == 0; i++)
		if (fates[i] != CONTROL_AGAIN)
			rc = grow_one(g, &req->topics[i], fates[i] == CONTROL_TWICE,
				&resp->results[resp->n_results++]);
	return rc;
}

int control_create_partitions(const struct control_env *env,
	const struct create_partitions_request *req, struct create_partitions_response *resp,
	struct control_result *out)
{
	size_t n = out->records.list.n;
	struct growth g = {.env = env, .out = out, .partitions_left = control_partition_limit(env)};
	int rc;

	msg_init(&create_partitions_response_desc, resp);
	if (req->n_topics <= 0)
		return 0;
	rc = placer_init(&g.placer, env);
	if (rc == 0)
		rc = grow_all(&g, req, resp);
	if (rc < 0 || req->validate_only)
		out->records.list.n = n;
	return rc;
}
