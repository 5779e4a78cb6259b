/* Brokers come, are fenced and go; leaders move with them (kafka-rules 5.4). */
#include "control/change.h"

/* Out of the ISR and no longer the leader. The last one in sync stays in the ISR, so that it leads
 * again when it is back; unless its data is lost. */
static int leave(const struct control_env *env, const struct image_topic *t, int32_t index,
	int32_t id, bool lost, struct control_result *out)
{
	const struct image_partition *p = &t->partitions[index];
	struct meta_ids self = {&id, 1};
	struct control_next n;

	if (p->leader != id && meta_ids_find(p->isr, id) < 0)
		return 0;
	control_next_init(&n, t, index);
	n.gone = id;
	if ((p->isr.n > 1 || lost) && control_ids_without(env, p->isr, self, &n.isr) < 0)
		return ERR_NOMEM;
	if (control_next_elect(env, &n) < 0)
		return ERR_NOMEM;
	return control_next_write(env, &n, out);
}

static int leave_all(
	const struct control_env *env, int32_t id, bool lost, struct control_result *out)
{
	int rc = 0;

	for (size_t i = 0; i < env->image->topics.n; i++) {
		const struct image_topic *t = env->image->topics.v[i];

		for (int32_t k = 0; k < t->n_partitions && rc == 0; k++)
			rc = leave(env, t, k, id, lost, out);
	}
	return rc;
}

/* Partitions without a leader get one where there is one to get, in a new epoch; come: a broker
 * that is live from here on, or META_NO_LEADER. */
static int take_up(const struct control_env *env, int32_t come, struct control_result *out)
{
	for (size_t i = 0; i < env->image->topics.n; i++) {
		const struct image_topic *t = env->image->topics.v[i];

		for (int32_t k = 0; k < t->n_partitions; k++) {
			struct control_next n;

			if (t->partitions[k].leader != META_NO_LEADER)
				continue;
			control_next_init(&n, t, k);
			n.come = come;
			if (control_next_elect(env, &n) < 0 || control_next_write(env, &n, out) < 0)
				return ERR_NOMEM;
		}
	}
	return 0;
}

int control_elect_offline(const struct control_env *env, struct control_result *out)
{
	size_t n = out->records.list.n;

	return take_up(env, META_NO_LEADER, out) < 0 ? control_undo(out, n) : 0;
}

static int put_change(const struct control_env *env, const struct image_broker *b, int8_t fenced,
	bool shutting_down, struct control_result *out)
{
	struct broker_registration_change_record *r =
		CONTROL_RECORD(env, out, broker_registration_change_record, 1);

	if (!r)
		return ERR_NOMEM;
	r->broker_id = b->id;
	r->broker_epoch = b->epoch;
	r->fenced = fenced;
	r->in_controlled_shutdown = shutting_down;
	return 0;
}

int control_fence_broker(const struct control_env *env, int32_t id, struct control_result *out)
{
	const struct image_broker *b = image_broker(env->image, id);
	size_t n = out->records.list.n;

	if (!b || b->fenced)
		return 0;
	if (put_change(env, b, 1, false, out) < 0 || leave_all(env, id, false, out) < 0)
		return control_undo(out, n);
	return 0;
}

static bool same_directory(
	const struct image_broker *b, const struct broker_registration_request *r)
{
	for (int32_t i = 0; i < b->n_dirs; i++)
		for (int32_t k = 0; k < r->n_log_dirs; k++)
			if (uuid_eq(&b->dirs[i], &r->log_dirs[k]))
				return true;
	return false;
}

/* Of a broker as it can be: what is registered goes into one record, and to everybody. */
#define MOST_LISTENERS 64
#define MOST_DIRS      256
#define MOST_FEATURES  256
#define MOST_TEXT      255

static bool is_too_much(const struct broker_registration_request *r)
{
	if (r->n_listeners > MOST_LISTENERS || r->n_log_dirs > MOST_DIRS ||
		r->n_features > MOST_FEATURES || r->rack.n > MOST_TEXT)
		return true;
	for (int32_t i = 0; i < r->n_listeners; i++)
		if (r->listeners[i].name.n > MOST_TEXT || r->listeners[i].host.n > MOST_TEXT)
			return true;
	for (int32_t i = 0; i < r->n_features; i++)
		if (r->features[i].name.n > MOST_TEXT)
			return true;
	return false;
}

static int16_t registration_error(
	const struct control_env *env, const struct broker_registration_request *req)
{
	const struct image_broker *old = image_broker(env->image, req->broker_id);

	if (!str_eq(req->cluster_id, env->set->cluster_id))
		return KERR_INCONSISTENT_CLUSTER_ID;
	if (req->broker_id < 0 || req->n_listeners <= 0 || is_too_much(req))
		return KERR_INVALID_REGISTRATION;
	if (old && !old->fenced && !uuid_eq(&old->incarnation, &req->incarnation_id) &&
		!same_directory(old, req))
		return KERR_DUPLICATE_BROKER_REGISTRATION;
	return KERR_NONE;
}

static int fill_registration(const struct control_env *env,
	const struct broker_registration_request *req, struct register_broker_record *r)
{
	r->broker_id = req->broker_id;
	r->incarnation_id = req->incarnation_id;
	r->rack = arena_str(env->arena, req->rack);
	r->fenced = true;
	r->n_log_dirs = req->n_log_dirs > 0 ? req->n_log_dirs : 0;
	r->log_dirs = arena_array(env->arena, (size_t)r->n_log_dirs, sizeof(*r->log_dirs));
	r->n_end_points = req->n_listeners;
	r->end_points = arena_array(env->arena, (size_t)r->n_end_points, sizeof(*r->end_points));
	r->n_features = req->n_features > 0 ? req->n_features : 0;
	r->features = arena_array(env->arena, (size_t)r->n_features, sizeof(*r->features));
	if (!r->log_dirs || !r->end_points || !r->features)
		return ERR_NOMEM;
	for (int32_t i = 0; i < r->n_log_dirs; i++)
		r->log_dirs[i] = req->log_dirs[i];
	for (int32_t i = 0; i < r->n_end_points; i++) {
		r->end_points[i].name = arena_str(env->arena, req->listeners[i].name);
		r->end_points[i].host = arena_str(env->arena, req->listeners[i].host);
		r->end_points[i].port = req->listeners[i].port;
		r->end_points[i].security_protocol = req->listeners[i].security_protocol;
	}
	for (int32_t i = 0; i < r->n_features; i++) {
		r->features[i].name = arena_str(env->arena, req->features[i].name);
		r->features[i].min_supported_version = req->features[i].min_supported_version;
		r->features[i].max_supported_version = req->features[i].max_supported_version;
	}
	return 0;
}

int control_register_broker(const struct control_env *env,
	const struct broker_registration_request *req, struct broker_registration_response *resp,
	struct control_result *out)
{
	const struct image_broker *old = image_broker(env->image, req->broker_id);
	size_t n = out->records.list.n;
	struct register_broker_record *r;
	bool lost = old && !uuid_eq(&old->incarnation, &req->incarnation_id) &&
		    !same_directory(old, req);

	msg_init(&broker_registration_response_desc, resp);
	resp->error_code = registration_error(env, req);
	if (resp->error_code)
		return 0;
	if (leave_all(env, req->broker_id, lost, out) < 0)
		return control_undo(out, n);
	r = CONTROL_RECORD(env, out, register_broker_record, 3);
	if (!r || fill_registration(env, req, r) < 0)
		return control_undo(out, n);
	r->broker_epoch = env->next_offset + (int64_t)(out->records.list.n - 1);
	resp->broker_epoch = r->broker_epoch;
	return 0;
}

/* Moves its leaders away at first; when that is done and it asks again, it may go. */
static int shut_down(const struct control_env *env, const struct image_broker *b,
	struct broker_heartbeat_response *resp, struct control_result *out)
{
	if (!b->in_controlled_shutdown) {
		if (put_change(env, b, 0, true, out) < 0)
			return ERR_NOMEM;
		return leave_all(env, b->id, false, out);
	}
	resp->should_shut_down = !image_leads(env->image, b->id);
	resp->is_fenced = b->fenced || resp->should_shut_down;
	return resp->should_shut_down ? control_fence_broker(env, b->id, out) : 0;
}

static int unfence(const struct control_env *env, const struct image_broker *b,
	struct broker_heartbeat_response *resp, struct control_result *out)
{
	resp->is_fenced = false;
	if (put_change(env, b, -1, false, out) < 0)
		return ERR_NOMEM;
	return take_up(env, b->id, out);
}

int control_heartbeat(const struct control_env *env, const struct broker_heartbeat_request *req,
	struct broker_heartbeat_response *resp, struct control_result *out)
{
	const struct image_broker *b = image_broker(env->image, req->broker_id);
	size_t n = out->records.list.n;
	int rc = 0;

	msg_init(&broker_heartbeat_response_desc, resp);
	if (!b || b->epoch != req->broker_epoch) {
		resp->error_code = b ? KERR_STALE_BROKER_EPOCH : KERR_BROKER_ID_NOT_REGISTERED;
		return 0;
	}
	resp->is_caught_up = req->current_metadata_offset >= b->epoch;
	resp->is_fenced = b->fenced || req->want_fence;
	if (req->want_shut_down)
		rc = shut_down(env, b, resp, out);
	else if (req->want_fence)
		rc = control_fence_broker(env, b->id, out);
	else if (b->fenced && resp->is_caught_up && !b->in_controlled_shutdown)
		rc = unfence(env, b, resp, out);
	return rc < 0 ? control_undo(out, n) : 0;
}

int control_unregister_broker(const struct control_env *env,
	const struct unregister_broker_request *req, struct unregister_broker_response *resp,
	struct control_result *out)
{
	const struct image_broker *b = image_broker(env->image, req->broker_id);
	size_t n = out->records.list.n;
	struct unregister_broker_record *r;

	msg_init(&unregister_broker_response_desc, resp);
	if (!b) {
		resp->error_code = KERR_BROKER_ID_NOT_REGISTERED;
		resp->error_message = str_of(arena_printf(
			env->arena, "Broker ID %d is not currently registered.", req->broker_id));
		return 0;
	}
	if (leave_all(env, b->id, false, out) < 0)
		return control_undo(out, n);
	r = CONTROL_RECORD(env, out, unregister_broker_record, 0);
	if (!r)
		return control_undo(out, n);
	r->broker_id = b->id;
	r->broker_epoch = b->epoch;
	return 0;
}

int control_allocate_producer_ids(const struct control_env *env,
	const struct allocate_producer_ids_request *req,
	struct allocate_producer_ids_response *resp, struct control_result *out)
{
	const struct image_broker *b = image_broker(env->image, req->broker_id);
	struct producer_ids_record *r;

	msg_init(&allocate_producer_ids_response_desc, resp);
	if (!b || b->epoch != req->broker_epoch) {
		resp->error_code = b ? KERR_STALE_BROKER_EPOCH : KERR_BROKER_ID_NOT_REGISTERED;
		return 0;
	}
	r = CONTROL_RECORD(env, out, producer_ids_record, 0);
	if (!r)
		return ERR_NOMEM;
	r->broker_id = b->id;
	r->broker_epoch = b->epoch;
	r->next_producer_id = env->image->next_producer_id + CONTROL_PRODUCER_ID_BLOCK;
	resp->producer_id_start = env->image->next_producer_id;
	resp->producer_id_len = CONTROL_PRODUCER_ID_BLOCK;
	return 0;
}
