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
	const struct control_env *env, const struct victim *v, struct control_fault *f)
{
	bool named = !str_is_null(v->name);

	if (env->set->topic_deletion_disabled)
		return control_fail(env, f, KERR_TOPIC_DELETION_DISABLED,
			"Topic deletion is disabled: delete.topic.enable is false.");
	if (!named && uuid_is_zero(&v->id))
		return control_fail(
			env, f, KERR_INVALID_REQUEST, "Neither topic name nor id were specified.");
	if (named && !uuid_is_zero(&v->id))
		return control_fail(env, f, KERR_INVALID_REQUEST,
			"You may not specify both topic name and topic id.");
	if (!v->topic && named)
		return control_fail_no_topic(env, f, v->name);
	if (!v->topic)
		return control_fail(
			env, f, KERR_UNKNOWN_TOPIC_ID, "This server does not host this topic ID.");
	if (v->topic->internal)
		return control_fail(env, f, KERR_INVALID_TOPIC_EXCEPTION,
			"Topic '%.*s' belongs to the cluster itself and is not deleted.",
			STR_ARG(v->topic->name));
	return 0;
}

struct deletion {
	const struct control_env *env;
	struct delete_topics_response *resp;
	struct control_result *out;
	struct victim *victims;
};

/* A topic counts as the same by name and by id; entries that name nothing are each their own. */
static struct slice key_of(void *arg, int32_t i)
{
	const struct victim *v = &((struct deletion *)arg)->victims[i];

	if (v->topic)
		return slice_of(&v->topic->id, sizeof(v->topic->id));
	if (!str_is_null(v->name))
		return slice_str(v->name);
	return uuid_is_zero(&v->id) ? slice_of(&v->at, sizeof(v->at))
				    : slice_of(&v->id, sizeof(v->id));
}

static int begin(void *arg, int32_t n)
{
	struct deletion *d = arg;

	d->resp->responses = MSG_NEW(d->env->arena, delete_topics_response_responses, (size_t)n);
	d->resp->n_responses = n;
	return d->resp->responses ? 0 : ERR_NOMEM;
}

static int work(void *arg, int32_t i, UNUSED int32_t at, struct control_fault *f)
{
	struct deletion *d = arg;
	const struct victim *v = &d->victims[i];
	struct remove_topic_record *record;
	int rc = check_victim(d->env, v, f);

	if (rc < 0)
		return rc;
	record = CONTROL_RECORD(d->env, d->out, remove_topic_record, 0);
	if (!record)
		return ERR_NOMEM;
	record->topic_id = v->topic->id;
	return 0;
}

/* A topic that goes is named in full, another one as it was asked for. */
static int answer(void *arg, int32_t i, int32_t at, const struct control_fault *f)
{
	struct deletion *d = arg;
	const struct victim *v = &d->victims[i];
	struct delete_topics_response_responses *r = &d->resp->responses[at];

	r->name = arena_str(d->env->arena, f->code ? v->name : v->topic->name);
	r->topic_id = f->code ? v->id : v->topic->id;
	r->error_code = f->code;
	r->error_message = f->text;
	return 0;
}

static int delete_all(struct deletion *d, const struct delete_topics_request *req)
{
	const struct control_parts parts = {
		d, key_of, begin, work, answer, "Duplicate topic name or id."};
	int32_t n = req->n_topics + req->n_topic_names;

	d->victims = arena_array(d->env->arena, (size_t)n, sizeof(*d->victims));
	if (!d->victims)
		return ERR_NOMEM;
	for (int32_t i = 0; i < n; i++)
		d->victims[i] = victim_of(d->env, req, i);
	return control_each(d->env, d->out, n, &parts);
}

int control_delete_topics(const struct control_env *env, const struct delete_topics_request *req,
	struct delete_topics_response *resp, struct control_result *out)
{
	struct deletion d = {.env = env, .resp = resp, .out = out};
	size_t n = out->records.list.n;

	msg_init(&delete_topics_response_desc, resp);
	if (req->n_topics < 0 || req->n_topic_names < 0)
		return 0;
	return delete_all(&d, req) < 0 ? control_undo(out, n) : 0;
}
