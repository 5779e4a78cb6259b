/* ElectLeaders: the preferred leader back, or, when asked for, any live replica (data may go). */
#include "control/change.h"

enum election { ELECTION_PREFERRED = 0, ELECTION_UNCLEAN = 1 };

static int elect_preferred(const struct control_env *env, const struct image_partition *p,
	int32_t *leader, struct control_fault *f)
{
	int32_t preferred = p->replicas.v[0];

	if (p->leader == preferred)
		return control_fail(env, f, KERR_ELECTION_NOT_NEEDED,
			"The preferred replica %d leads already.", preferred);
	if (!control_live(env->image, preferred) || meta_ids_find(p->isr, preferred) < 0)
		return control_fail(env, f, KERR_PREFERRED_LEADER_NOT_AVAILABLE,
			"The preferred replica %d is %s; wait until it has caught up.", preferred,
			control_live(env->image, preferred) ? "not in sync" : "not available");
	*leader = preferred;
	return 0;
}

/* An in-sync replica if there is one, else the first live one. */
static int elect_unclean(const struct control_env *env, const struct image_partition *p,
	int32_t *leader, struct control_fault *f)
{
	*leader = META_NO_LEADER;
	if (p->leader != META_NO_LEADER)
		return control_fail(env, f, KERR_ELECTION_NOT_NEEDED,
			"Broker %d leads; an unclean election is for partitions without a leader.",
			p->leader);
	for (int32_t i = 0; i < p->replicas.n; i++) {
		int32_t id = p->replicas.v[i];

		if (!control_live(env->image, id))
			continue;
		if (meta_ids_find(p->isr, id) >= 0) {
			*leader = id;
			return 0;
		}
		if (*leader == META_NO_LEADER)
			*leader = id;
	}
	if (*leader == META_NO_LEADER)
		return control_fail(env, f, KERR_ELIGIBLE_LEADERS_NOT_AVAILABLE,
			"None of the %d replicas is available; start one of their brokers.",
			p->replicas.n);
	return 0;
}

static int add_election(const struct control_env *env, const struct image_topic *t, int32_t index,
	int32_t leader, struct control_result *out)
{
	struct control_next n;

	control_next_init(&n, t, index);
	n.leader = leader;
	if (meta_ids_find(n.isr, leader) < 0 && control_next_alone(env, &n) < 0)
		return ERR_NOMEM;
	return control_next_write(env, &n, out);
}

static int elect(const struct control_env *env, int8_t type, struct str topic, int32_t index,
	struct control_result *out, struct control_fault *f)
{
	const struct image_topic *t = image_topic(env->image, topic);
	int32_t leader;
	int rc;

	if (!t || index < 0 || index >= t->n_partitions)
		return control_fail(env, f, KERR_UNKNOWN_TOPIC_OR_PARTITION,
			"There is no partition %d of a topic '%.*s'.", index, STR_ARG(topic));
	rc = type == ELECTION_PREFERRED ? elect_preferred(env, &t->partitions[index], &leader, f)
					: elect_unclean(env, &t->partitions[index], &leader, f);
	return rc < 0 ? rc : add_election(env, t, index, leader, out);
}

/* One topic; partitions NULL: all that need an election, and only they are in the answer. */
static int elect_topic(const struct control_env *env, int8_t type, struct str topic,
	const int32_t *partitions, int32_t n,
	struct elect_leaders_response_replica_election_results *res, struct control_result *out)
{
	res->topic = arena_str(env->arena, topic);
	res->partition_result =
		MSG_NEW(env->arena, elect_leaders_response_partition_result, (size_t)n);
	if (!res->partition_result)
		return ERR_NOMEM;
	for (int32_t i = 0; i < n; i++) {
		int32_t index = partitions ? partitions[i] : i;
		struct control_fault f = {0};
		struct elect_leaders_response_partition_result *r;

		if (elect(env, type, topic, index, out, &f) == ERR_NOMEM)
			return ERR_NOMEM;
		if (!partitions && f.code == KERR_ELECTION_NOT_NEEDED)
			continue;
		r = &res->partition_result[res->n_partition_result++];
		r->partition_id = index;
		r->error_code = f.code;
		r->error_message = f.text;
	}
	return 0;
}

static int elect_named(const struct control_env *env, const struct elect_leaders_request *req,
	struct elect_leaders_response *resp, struct control_result *out)
{
	int rc = 0;

	resp->replica_election_results = MSG_NEW(env->arena,
		elect_leaders_response_replica_election_results, (size_t)req->n_topic_partitions);
	if (!resp->replica_election_results)
		return ERR_NOMEM;
	for (int32_t i = 0; i < req->n_topic_partitions && rc == 0; i++) {
		const struct elect_leaders_request_topic_partitions *t = &req->topic_partitions[i];

		if (t->n_partitions > 0)
			rc = elect_topic(env, req->election_type, t->topic, t->partitions,
				t->n_partitions,
				&resp->replica_election_results[resp->n_replica_election_results++],
				out);
	}
	return rc;
}

static int elect_everywhere(const struct control_env *env, const struct elect_leaders_request *req,
	struct elect_leaders_response *resp, struct control_result *out)
{
	const struct image *img = env->image;

	resp->replica_election_results =
		MSG_NEW(env->arena, elect_leaders_response_replica_election_results, img->topics.n);
	if (!resp->replica_election_results)
		return ERR_NOMEM;
	vec_foreach (t, &img->topics) {
		struct elect_leaders_response_replica_election_results *r =
			&resp->replica_election_results[resp->n_replica_election_results];

		if (elect_topic(env, req->election_type, (*t)->name, NULL, (*t)->n_partitions, r,
			    out) < 0)
			return ERR_NOMEM;
		resp->n_replica_election_results += r->n_partition_result > 0;
	}
	return 0;
}

/* A partition named twice would be elected twice on one image, so the request is refused. */
static bool named_once(const struct elect_leaders_request *req)
{
	struct control_named named = {0};
	bool once = true;

	for (int32_t i = 0; i < req->n_topic_partitions; i++) {
		const struct elect_leaders_request_topic_partitions *t = &req->topic_partitions[i];

		for (int32_t k = 0; k < t->n_partitions; k++)
			once = control_named_add(&named, t->topic, t->partitions[k]) && once;
	}
	control_named_fini(&named);
	return once;
}

int control_elect_leaders(const struct control_env *env, const struct elect_leaders_request *req,
	struct elect_leaders_response *resp, struct control_result *out)
{
	size_t n = out->records.list.n;

	msg_init(&elect_leaders_response_desc, resp);
	if (req->election_type != ELECTION_PREFERRED && req->election_type != ELECTION_UNCLEAN) {
		resp->error_code = KERR_INVALID_REQUEST;
		return 0;
	}
	if (req->n_topic_partitions < 0)
		return elect_everywhere(env, req, resp, out) < 0 ? control_undo(out, n) : 0;
	if (!named_once(req)) {
		resp->error_code = KERR_INVALID_REQUEST;
		return 0;
	}
	return elect_named(env, req, resp, out) < 0 ? control_undo(out, n) : 0;
}

/* ---- automatic preferred leaders (auto.leader.rebalance.enable) ------------------------------ */

struct balance {
	int32_t id;
	int64_t preferred; /* partitions whose first replica it is */
	int64_t elsewhere; /* of these, led by others */
};

static struct balance *balance_of(struct balance *all, size_t n, int32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].id == id)
			return &all[i];
	return NULL;
}

static void count(const struct image *img, struct balance *all, size_t n)
{
	vec_foreach (t, &img->topics) {
		for (int32_t i = 0; i < (*t)->n_partitions; i++) {
			const struct image_partition *p = &(*t)->partitions[i];
			struct balance *b = balance_of(all, n, p->replicas.v[0]);

			if (!b)
				continue;
			b->preferred++;
			b->elsewhere += p->leader != b->id;
		}
	}
}

static bool unbalanced(const struct balance *b, int32_t percent)
{
	return b && b->elsewhere > 0 && b->elsewhere * 100 > (int64_t)percent * b->preferred;
}

int control_balance_leaders(
	const struct control_env *env, int32_t percent, int32_t max, struct control_result *out)
{
	const struct image *img = env->image;
	size_t before = out->records.list.n;
	struct balance *all = arena_array(env->arena, img->brokers.n + 1, sizeof(*all));

	if (!all)
		return ERR_NOMEM;
	for (size_t i = 0; i < img->brokers.n; i++)
		all[i].id = img->brokers.v[i]->id;
	count(img, all, img->brokers.n);
	vec_foreach (t, &img->topics) {
		for (int32_t i = 0; i < (*t)->n_partitions && max > 0; i++) {
			const struct image_partition *p = &(*t)->partitions[i];
			int32_t id = p->replicas.v[0];

			if (p->leader == id || !control_live(img, id) ||
				meta_ids_find(p->isr, id) < 0 ||
				!unbalanced(balance_of(all, img->brokers.n, id), percent))
				continue;
			if (add_election(env, *t, i, id, out) < 0)
				return control_undo(out, before);
			max--;
		}
	}
	return 0;
}
