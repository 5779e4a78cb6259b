/* DeleteTopics, by name (all versions) or by id (version 6 on). */
#include "control/impl.h"
#include "meta/topic_name.h"

struct victim {
	struct str name; /* as asked for; null: by id */
	struct uuid id;
	const struct image_topic *topic;
	int32_t at; /* its place in the request */
};

static struct victim victim_of(
	const struct control_env *env, const struct delete_topics_request *req, int32_t i)
{
	struct victim v = {.at = i};

	if (i >= req->n_topics) {
		v.name = req->topic_names[i - req->n_topics];
	} else {
		v.name = req->topics[i].name;
		v.id = req->topics[i].topic_id;
	}
	if (!str_is_null(v.name))
		v.topic = image_topic(env->image, v.name);
	else if (!uuid_is_zero(&v.id))
		v.topic = image_topic_by_id(env->image, &v.id);
	return v;
}

static int check_victim(
	const struct control_env *env, const struct victim *v, bool twice, struct control_fault *f)
{
	bool named = !str_is_null(v->name);

	if (env->set->topic_deletion_disabled)
		return control_fail(env, f, KERR_TOPIC_DELETION_DISABLED,
			"Topics cannot be deleted here: delete.topic.enable is false.");
	if (!named && uuid_is_zero(&v->id))
		return control_fail(env, f, KERR_INVALID_REQUEST,
			"The topic has neither a name nor an id; give one of them.");
	if (named && !uuid_is_zero(&v->id))
		return control_fail(env, f, KERR_INVALID_REQUEST,
			"The topic has both a name and an id; give one of them.");
	if (twice)
		return control_fail(env, f, KERR_INVALID_REQUEST,
			"The topic is in the request more than once.");
	if (!v->topic && named)
		return control_fail(env, f, KERR_UNKNOWN_TOPIC_OR_PARTITION,
			"There is no topic '%.*s'.", STR_ARG(v->name));
	if (!v->topic)
		return control_fail(
			env, f, KERR_UNKNOWN_TOPIC_ID, "There is no topic with that id.");
	if (v->topic->internal && !env->set->delete_internal_topics)
		return control_fail(env, f, KERR_INVALID_TOPIC_EXCEPTION,
			"Topic '%.*s' belongs to the cluster itself and is not deleted.",
			STR_ARG(v->topic->name));
	return 0;
}

static int delete_one(const struct control_env *env, const struct victim *v, bool twice,
	struct delete_topics_response_responses *r, struct control_result *out)
{
	struct control_fault f = {0};
	struct remove_topic_record *record;

	r->name = arena_str(env->arena, v->name);
	r->topic_id = v->id;
	if (check_victim(env, v, twice, &f) < 0) {
		r->error_code = f.code;
		r->error_message = f.text;
		return 0;
	}
	r->name = arena_str(env->arena, v->topic->name);
	r->topic_id = v->topic->id;
	record = CONTROL_RECORD(env, out, remove_topic_record, 0);
	if (!record)
		return ERR_NOMEM;
	record->topic_id = v->topic->id;
	return 0;
}

/* A topic counts as the same by name and by id; entries that name nothing are each their own. */
static struct slice key_of(const struct victim *v)
{
	if (v->topic)
		return slice_of(&v->topic->id, sizeof(v->topic->id));
	if (!str_is_null(v->name))
		return slice_str(v->name);
	return uuid_is_zero(&v->id) ? slice_of(&v->at, sizeof(v->at))
				    : slice_of(&v->id, sizeof(v->id));
}

static int delete_all(const struct control_env *env, const struct delete_topics_request *req,
	struct delete_topics_response *resp, struct control_result *out)
{
	int32_t n = req->n_topics + req->n_topic_names;
	struct victim *victims = arena_array(env->arena, (size_t)n, sizeof(*victims));
	struct slice *keys = arena_array(env->arena, (size_t)n, sizeof(*keys));
	uint8_t *fates;
	int32_t n_distinct;
	int rc = 0;

	if (!victims || !keys)
		return ERR_NOMEM;
	for (int32_t i = 0; i < n; i++) {
		victims[i] = victim_of(env, req, i);
		keys[i] = key_of(&victims[i]);
	}
	fates = control_fates(env, keys, n, &n_distinct);
	resp->responses = MSG_NEW(env->arena, delete_topics_response_responses, (size_t)n_distinct);
	if (!fates || !resp->responses)
		return ERR_NOMEM;
	for (int32_t i = 0; i < n && rc == 0; i++)
		if (fates[i] != CONTROL_AGAIN)
			rc = delete_one(env, &victims[i], fates[i] == CONTROL_TWICE,
				&resp->responses[resp->n_responses++], out);
	return rc;
}

int control_delete_topics(const struct control_env *env, const struct delete_topics_request *req,
	struct delete_topics_response *resp, struct control_result *out)
{
	size_t n = out->records.list.n;

	msg_init(&delete_topics_response_desc, resp);
	if (req->n_topics < 0 || req->n_topic_names < 0)
		return 0;
	return delete_all(env, req, resp, out) < 0 ? control_undo(out, n) : 0;
}
