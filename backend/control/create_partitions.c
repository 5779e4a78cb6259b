/* CreatePartitions: topics grow, they never shrink. */
#include "control/place.h"

struct growth {
	const struct control_env *env;
	const struct create_partitions_request *req;
	struct create_partitions_response *resp;
	struct control_result *out;
	struct placer placer;
	int64_t partitions_left;
};

static int check_count(struct growth *g, const struct create_partitions_request_topics *t,
	const struct image_topic *topic, struct control_fault *f)
{
	if (t->count == topic->n_partitions)
		return control_fail(g->env, f, KERR_INVALID_PARTITIONS,
			"Topic already has %d partition(s).", topic->n_partitions);
	if (t->count < topic->n_partitions)
		return control_fail(g->env, f, KERR_INVALID_PARTITIONS,
			"The topic %.*s currently has %d partition(s); %d would not be an "
			"increase. Partitions can only be added: ask for %d or more.",
			STR_ARG(t->name), topic->n_partitions, t->count, topic->n_partitions + 1);
	if (t->count - topic->n_partitions > g->partitions_left)
		return control_fail_too_many(g->env, f);
	return 0;
}

static int check_assignments(struct growth *g, const struct create_partitions_request_topics *t,
	const struct image_topic *topic, int32_t n_replicas, struct control_fault *f)
{
	int rc = 0;

	if (t->n_assignments != t->count - topic->n_partitions)
		return control_fail(g->env, f, KERR_INVALID_REPLICA_ASSIGNMENT,
			"Attempted to add %d additional partition(s), but %d assignment(s) were "
			"specified; one for each is needed.",
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
		return control_fail_no_topic(g->env, f, t->name);
	n_replicas = topic->n_partitions ? topic->partitions[0].replicas.n : 1;
	rc = check_count(g, t, topic, f);
	if (rc == 0)
		rc = t->n_assignments >= 0 ? check_assignments(g, t, topic, n_replicas, f)
					   : placer_check(&g->placer, g->env, n_replicas, f);
	return rc < 0 ? rc : add(g, t, topic, n_replicas);
}

static struct slice key_of(void *arg, int32_t i)
{
	return slice_str(((struct growth *)arg)->req->topics[i].name);
}

static int begin(void *arg, int32_t n)
{
	struct growth *g = arg;

	g->resp->results = MSG_NEW(g->env->arena, create_partitions_response_results, (size_t)n);
	g->resp->n_results = n;
	return g->resp->results ? 0 : ERR_NOMEM;
}

static int work(void *arg, int32_t i, UNUSED int32_t at, struct control_fault *f)
{
	struct growth *g = arg;

	return grow(g, &g->req->topics[i], f);
}

static int answer(void *arg, int32_t i, int32_t at, const struct control_fault *f)
{
	struct growth *g = arg;
	struct create_partitions_response_results *r = &g->resp->results[at];

	r->name = arena_str(g->env->arena, g->req->topics[i].name);
	r->error_code = f->code;
	r->error_message = f->text;
	return 0;
}

int control_create_partitions(const struct control_env *env,
	const struct create_partitions_request *req, struct create_partitions_response *resp,
	struct control_result *out)
{
	size_t n = out->records.list.n;
	struct growth g = {.env = env,
		.req = req,
		.resp = resp,
		.out = out,
		.partitions_left = CONTROL_MAX_PARTITIONS_A_REQUEST};
	const struct control_parts parts = {
		&g, key_of, begin, work, answer, "Duplicate topic name."};
	int rc;

	msg_init(&create_partitions_response_desc, resp);
	if (req->n_topics <= 0)
		return 0;
	rc = placer_init(&g.placer, env);
	if (rc == 0)
		rc = control_each(env, out, req->n_topics, &parts);
	if (rc < 0 || req->validate_only)
		out->records.list.n = n;
	return rc;
}
