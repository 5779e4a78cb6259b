/* ElectLeaders: v0-2. v1 election types, unclean among them (KIP-460). */
#include "api/submit.h"

static int put_topic(struct call *c, const struct elect_leaders_request_topic_partitions *t,
	int16_t error, struct elect_leaders_response_replica_election_results *out)
{
	out->topic = t->topic;
	out->partition_result = MSG_NEW(
		&c->arena, elect_leaders_response_partition_result, (size_t)t->n_partitions);
	if (!out->partition_result)
		return ERR_NOMEM;
	out->n_partition_result = t->n_partitions;
	for (int32_t i = 0; i < t->n_partitions; i++) {
		out->partition_result[i].partition_id = t->partitions[i];
		out->partition_result[i].error_code = error;
		out->partition_result[i].error_message =
			STR_LIT("A partition is named more than once.");
	}
	return 0;
}

/* v0 has no place for an error of the whole: every partition gets it. */
static int spread_error(
	struct call *c, const struct elect_leaders_request *r, struct elect_leaders_response *a)
{
	int16_t error = a->error_code;
	int32_t n = r->n_topic_partitions > 0 ? r->n_topic_partitions : 0;

	if (c->version > 0 || !error)
		return 0;
	a->error_code = KERR_NONE;
	a->replica_election_results =
		MSG_NEW(&c->arena, elect_leaders_response_replica_election_results, (size_t)n);
	if (!a->replica_election_results)
		return ERR_NOMEM;
	a->n_replica_election_results = n;
	for (int32_t i = 0; i < n; i++)
		if (put_topic(c, &r->topic_partitions[i], error, &a->replica_election_results[i]) <
			0)
			return ERR_NOMEM;
	return 0;
}

static int decide(void *arg, const struct control_env *env, struct control_result *out)
{
	struct submit *s = arg;
	int rc = control_elect_leaders(env, s->request, s->response, out);

	return rc < 0 ? rc : spread_error(s->call, s->request, s->response);
}

void api_elect_leaders(struct call *c, const struct elect_leaders_request *r)
{
	api_submit(c, decide, r, &elect_leaders_response_desc);
}
