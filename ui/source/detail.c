/* What only rows on the screen need: settings of visible topics, and of the opened topic all
 * settings with their explanation and the ends of its replicas. */
#include "source/impl.h"

#include "base/xalloc.h"

#define REPLICAS_MS 1500 /* a broker that is slower has no place in this round */

static const char *const list_keys[] = {
	"cleanup.policy", "retention.ms", "retention.bytes", "min.insync.replicas"};

static void take_result(
	struct cluster_source *s, const struct describe_configs_response_results *r, bool full)
{
	struct arena a;
	struct topic_config *v;
	struct err e = {0};

	if (r->error_code) {
		admin_kerr(&e, r->error_code, r->error_message, "settings");
		feed_configs_failed(s->model, r->resource_name, e.code, r->error_code);
		return;
	}
	arena_init(&a, 0);
	v = arena_array(&a, (size_t)max_i64(0, r->n_configs), sizeof(*v));
	for (int32_t i = 0; i < r->n_configs; i++) {
		const struct describe_configs_response_configs *c = &r->configs[i];

		v[i] = (struct topic_config){.name = arena_printf(&a, "%.*s", STR_ARG(c->name)),
			.source = (uint8_t)(c->config_source < 0 ? 0 : c->config_source),
			.type = (uint8_t)c->config_type,
			.read_only = c->read_only,
			.sensitive = c->is_sensitive};
		if (c->value.p)
			v[i].value = arena_printf(&a, "%.*s", STR_ARG(c->value));
		if (c->documentation.p)
			v[i].doc = arena_printf(&a, "%.*s", STR_ARG(c->documentation));
	}
	feed_configs(s->model, now_of(s), r->resource_name, v, (size_t)max_i64(0, r->n_configs),
		full, CONFIGS_EVERY_MS);
	arena_fini(&a);
}

static void take_configs(struct cluster_source *s, struct turn *t, const struct err *e,
	const struct describe_configs_response *r, bool full)
{
	turn_end(s, t, full ? CONFIGS_EVERY_MS : s->interval_ms);
	if (e)
		t->due_ms = now_of(s) + CONFIGS_RETRY_MS;
	for (int32_t i = 0; r && i < r->n_results; i++)
		take_result(s, &r->results[i], full);
	poll_publish(s);
	poll_run(s);
}

static void on_configs(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct cluster_source *s = arg;

	(void)version;
	(void)arena;
	take_configs(s, &s->configs, e, response, false);
}

static void on_detail(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct cluster_source *s = arg;

	(void)version;
	(void)arena;
	take_configs(s, &s->detail, e, response, true);
}

static bool needs_configs(const struct cluster_source *s, const struct topic *t)
{
	if (t->config.code == ERR_DENIED)
		return false;
	if (t->config.code)
		return now_of(s) >= s->configs_retry_ms;
	return t->config.at_ms < 0 || now_of(s) - t->config.at_ms >= CONFIGS_EVERY_MS;
}

/* False when no visible row lacks them. */
static bool ask_configs(struct cluster_source *s)
{
	struct describe_configs_request_resources res[VISIBLE_MAX];
	struct describe_configs_request r;
	struct str keys[ARRAY_LEN(list_keys)];
	int32_t n = 0;
	bool failed = false;

	for (size_t i = 0; i < ARRAY_LEN(list_keys); i++)
		keys[i] = str_of(list_keys[i]);
	vec_foreach (name, &s->visible) {
		const struct topic *t = cluster_topic(model_cluster(s->model), str_of(*name));

		if (!t || !needs_configs(s, t))
			continue;
		failed = failed || t->config.code;
		msg_struct_init(&describe_configs_request_resources_struct, &res[n]);
		res[n].resource_type = ADMIN_RESOURCE_TOPIC;
		res[n].resource_name = t->name;
		res[n].configuration_keys = keys;
		res[n].n_configuration_keys = ARRAY_LEN(keys);
		n++;
	}
	if (!n)
		return false;
	if (failed || now_of(s) >= s->configs_retry_ms)
		s->configs_retry_ms = now_of(s) + CONFIGS_RETRY_MS;
	msg_init(&describe_configs_request_desc, &r);
	r.resources = res;
	r.n_resources = n;
	turn_begin(s, &s->configs);
	s->configs.id = admin_describe_configs(s->admin, &r, on_configs, s);
	return true;
}

static void ask_detail(struct cluster_source *s, const struct topic *t)
{
	struct describe_configs_request_resources res;
	struct describe_configs_request r;

	msg_struct_init(&describe_configs_request_resources_struct, &res);
	res.resource_type = ADMIN_RESOURCE_TOPIC;
	res.resource_name = t->name;
	res.configuration_keys = NULL;
	res.n_configuration_keys = -1;
	msg_init(&describe_configs_request_desc, &r);
	r.resources = &res;
	r.n_resources = 1;
	r.include_documentation = true;
	turn_begin(s, &s->detail);
	s->detail.id = admin_describe_configs(s->admin, &r, on_detail, s);
}

/* ---- ends of replicas ---------------------------------------------------------------------- */

/* What was held back, at once. */
static void feed_held(struct cluster_source *s)
{
	struct str topic = str_of(s->replicas_topic);
	bool any = false;

	vec_foreach (o, &s->replicas_held) {
		any = any || !o->error;
		(void)feed_offset(s->model, now_of(s), topic, o->partition,
			o->timestamp == ADMIN_EARLIEST ? FEED_REPLICA_START : FEED_REPLICA_END,
			o->replica, o->offset, o->error);
	}
	vec_clear(&s->replicas_held);
	if (any)
		feed_topic_replicas(s->model, now_of(s), topic,
			(int32_t)max_i64(s->interval_ms, s->replicas.due_ms - s->replicas.asked_ms),
			0);
	s->replicas_told = s->replicas_told || any;
}

/* Answers so far that are not held yet; of the last one also what nobody answered. */
static void hold(struct cluster_source *s, const struct admin_offset *all, size_t n, bool whole)
{
	for (size_t i = 0; i < n; i++) {
		struct admin_offset o = all[i];

		if (s->replicas_fed[i] || (!o.answered && !whole))
			continue;
		s->replicas_fed[i] = true;
		o.topic = STR_NULL; /* lent */
		o.why = NULL;
		if (!o.answered)
			o.error = KERR_REQUEST_TIMED_OUT;
		vec_push(&s->replicas_held, o);
	}
}

/* All at once, so that a leader's end is not beside a follower's of a second ago; but what has come
 * waits for a slow broker no longer than SHOW_MS. */
static void on_replicas(
	void *arg, const struct admin_offset *all, size_t n, int32_t broker, size_t left)
{
	struct cluster_source *s = arg;

	(void)broker;
	hold(s, all, n, !left);
	if (left && now_of(s) - s->replicas.asked_ms < SHOW_MS) {
		poll_run(s);
		return;
	}
	feed_held(s);
	if (!left) {
		turn_end(s, &s->replicas, s->interval_ms);
		/* A cluster that does not tell them is not asked every second. */
		if (!s->replicas_told) {
			s->replicas.due_ms = now_of(s) + CONFIGS_EVERY_MS;
			feed_topic_replicas(s->model, now_of(s), str_of(s->replicas_topic),
				CONFIGS_EVERY_MS, ERR_UNSUPPORTED);
		}
	}
	poll_publish(s);
	poll_run(s);
}

/* Returns when what is held must be shown, if anything is. */
static int64_t show_held(struct cluster_source *s, int64_t next)
{
	int64_t due = s->replicas.asked_ms + SHOW_MS;

	if (!s->replicas_held.n)
		return next;
	if (now_of(s) < due)
		return min_i64(next, due);
	feed_held(s);
	poll_publish(s);
	return next;
}

/* Log starts move seldom: every tenth round, and where they are not known. */
static void ask_replicas(struct cluster_source *s, const struct topic *t)
{
	VEC(struct admin_offset) ask = {0};
	bool starts = s->replicas_round++ % 10 == 0;

	for (int32_t i = 0; i < t->n_partitions; i++)
		for (uint16_t k = 0; k < t->partitions[i].n_replicas; k++) {
			const struct partition *p = &t->partitions[i];
			const struct replica *r = &p->replicas[k];
			const struct broker *b = cluster_broker(model_cluster(s->model), r->broker);
			struct admin_offset o = {.topic = t->name,
				.partition = p->index,
				.replica = r->broker,
				.timestamp = ADMIN_LATEST};

			if (r->offline || !b || !broker_is_up(b))
				continue;
			vec_push(&ask, o);
			o.timestamp = ADMIN_EARLIEST;
			if (starts || (r->start < 0 && r->end >= 0))
				vec_push(&ask, o);
		}
	turn_begin(s, &s->replicas);
	free(s->replicas_topic);
	s->replicas_topic = str_dup(t->name);
	s->replicas_told = false;
	vec_clear(&s->replicas_held);
	free(s->replicas_fed);
	s->replicas_fed = xcalloc(ask.n + 1, sizeof(*s->replicas_fed));
	if (ask.n)
		s->replicas.id = admin_list_offsets(s->admin, ask.v, ask.n,
			&(struct admin_offsets_options){.timeout_ms = REPLICAS_MS}, on_replicas, s);
	else
		turn_end(s, &s->replicas, s->interval_ms);
	vec_fini(&ask);
}

/* The brokers that would be asked soon are asked now: high watermarks and ends stand side by side.
 */
static void pull_offsets(struct cluster_source *s)
{
	vec_foreach (b, &s->brokers) {
		struct turn *t = &(*b)->offsets;

		if (!t->busy && !(*b)->pause_ms && t->due_ms - now_of(s) < s->interval_ms / 2)
			t->due_ms = min_i64(t->due_ms, now_of(s));
	}
}

void detail_with_offsets(struct cluster_source *s)
{
	if (s->opened && s->replicas.due_ms - now_of(s) <= s->interval_ms &&
		now_of(s) - s->replicas.asked_ms >= s->interval_ms / 2)
		s->replicas.due_ms = min_i64(s->replicas.due_ms, now_of(s));
}

int64_t detail_run(struct cluster_source *s)
{
	const struct topic *t =
		s->opened ? cluster_topic(model_cluster(s->model), str_of(s->opened)) : NULL;
	int64_t now = now_of(s), next = now + s->interval_ms;

	if (!s->configs.busy && s->configs.due_ms <= now && !ask_configs(s))
		s->configs.due_ms = now + s->interval_ms;
	if (!t)
		return next;
	if (!s->detail.busy && s->detail.due_ms <= now)
		ask_detail(s, t);
	if (!s->replicas.busy && s->replicas.due_ms <= now) {
		ask_replicas(s, t);
		pull_offsets(s);
		next = now;
	}
	if (!s->replicas.busy)
		next = min_i64(next, s->replicas.due_ms);
	return show_held(s, next);
}

void detail_stop(struct cluster_source *s)
{
	turn_cancel(s, &s->configs);
	turn_cancel(s, &s->detail);
	turn_cancel(s, &s->replicas);
	free(s->replicas_fed);
	s->replicas_fed = NULL;
	free(s->replicas_topic);
	s->replicas_topic = NULL;
	vec_fini(&s->replicas_held);
}
