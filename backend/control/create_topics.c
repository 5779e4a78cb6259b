/*
 * CreateTopics. Each topic of the request is checked and made by itself: name, configs, then
 * partitions, given by the client or placed here. A refused topic leaves no records behind.
 */
#include "control/place.h"
#include "meta/topic_name.h"

struct creation {
	const struct control_env *env;
	const struct create_topics_request *req;
	struct create_topics_response *resp;
	struct control_result *out;
	struct placer placer;
	struct map canonical; /* names with '.' or '_', as metrics show them → struct str * */
	bool canonical_filled;
	int64_t partitions_left;
};

/* The partitions of one topic to be. */
struct plan {
	int32_t n_partitions;
	int32_t n_replicas;
	const struct create_topics_request_assignments **manual; /* by partition, or NULL */
};

/* A legal name near to the wish: every run of other bytes becomes one '-'. */
static struct str propose(struct str name, char out[static TOPIC_NAME_MAX + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < name.n && n < TOPIC_NAME_MAX; i++) {
		struct err e;
		bool dot = name.p[i] == '.';
		bool fine = dot || topic_name_check((struct str){&name.p[i], 1}, &e) == 0;

		if (fine)
			out[n++] = name.p[i];
		else if (n > 0 && out[n - 1] != '-')
			out[n++] = '-';
	}
	out[n] = '\0';
	if (n == 0 || strcmp(out, ".") == 0 || strcmp(out, "..") == 0)
		return STR_LIT("my-topic");
	return (struct str){out, n};
}

static bool may_collide(struct str name)
{
	return name.n && (memchr(name.p, '.', name.n) || memchr(name.p, '_', name.n));
}

static const struct str *canonical_find(struct creation *c, struct str name)
{
	char text[TOPIC_NAME_MAX];

	topic_name_canonical(name, text);
	return map_get(&c->canonical, slice_of(text, name.n));
}

static void canonical_add(struct creation *c, const struct str *name)
{
	char text[TOPIC_NAME_MAX];

	topic_name_canonical(*name, text);
	map_put(&c->canonical, slice_of(text, name->n), (void *)(uintptr_t)name);
}

/* The existing topics are taken into the map when the first name asks for it. */
static const struct str *collision(struct creation *c, struct str name)
{
	if (!may_collide(name))
		return NULL;
	if (!c->canonical_filled)
		vec_foreach (t, &c->env->image->topics)
			if (may_collide((*t)->name))
				canonical_add(c, &(*t)->name);
	c->canonical_filled = true;
	return canonical_find(c, name);
}

static int check_name(struct creation *c, struct str name, struct control_fault *f)
{
	char proposal[TOPIC_NAME_MAX + 1];
	struct err e = {0};

	if (topic_name_check(name, &e) < 0)
		return control_fail(c->env, f, KERR_INVALID_TOPIC_EXCEPTION,
			"%s. A name that works: %.*s", e.msg, STR_ARG(propose(name, proposal)));
	if (str_eqz(name, "__cluster_metadata"))
		return control_fail(c->env, f, KERR_INVALID_REQUEST,
			"Creation of internal topic __cluster_metadata is prohibited.");
	if (image_topic(c->env->image, name))
		return control_fail(c->env, f, KERR_TOPIC_ALREADY_EXISTS,
			"Topic '%.*s' already exists.", STR_ARG(name));

	const struct str *other = collision(c, name);

	if (other)
		return control_fail(c->env, f, KERR_INVALID_TOPIC_EXCEPTION,
			"Topic '%.*s' collides with existing topic: %.*s. Metric names show '.' as "
			"'_': choose a name that differs in more.",
			STR_ARG(name), STR_ARG(*other));
	return 0;
}

static int add_configs(
	struct creation *c, const struct create_topics_request_topics *t, struct control_fault *f)
{
	struct slice *keys;
	uint8_t *fates;
	int32_t n = t->n_configs > 0 ? t->n_configs : 0;
	int32_t n_distinct;

	keys = arena_array(c->env->arena, (size_t)n, sizeof(*keys));
	if (!keys)
		return ERR_NOMEM;
	for (int32_t i = 0; i < n; i++)
		keys[i] = slice_str(t->configs[i].name);
	fates = control_fates(c->env, keys, n, &n_distinct);
	if (!fates)
		return ERR_NOMEM;
	for (int32_t i = 0; i < n; i++) {
		int rc;

		if (fates[i] != CONTROL_ONCE)
			return control_fail(c->env, f, KERR_INVALID_REQUEST,
				"Error due to duplicate config keys: %.*s",
				STR_ARG(t->configs[i].name));
		if (str_is_null(t->configs[i].value))
			return control_fail(c->env, f, KERR_INVALID_CONFIG,
				"Null value not supported for topic configs: %.*s",
				STR_ARG(t->configs[i].name));
		rc = control_set_config(c->env, c->out, META_RESOURCE_TOPIC, t->name,
			t->configs[i].name, t->configs[i].value, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Every partition from 0 on exactly once. */
static int order_assignments(struct creation *c, const struct create_topics_request_topics *t,
	struct plan *plan, struct control_fault *f)
{
	plan->manual = arena_array(c->env->arena, (size_t)t->n_assignments, sizeof(*plan->manual));
	if (!plan->manual)
		return ERR_NOMEM;
	for (int32_t i = 0; i < t->n_assignments; i++) {
		int32_t p = t->assignments[i].partition_index;

		if (p < 0 || p >= t->n_assignments)
			return control_fail(c->env, f, KERR_INVALID_REPLICA_ASSIGNMENT,
				"partitions should be a consecutive 0-based integer sequence: %d "
				"of them are assigned, and one is number %d.",
				t->n_assignments, p);
		if (plan->manual[p])
			return control_fail(c->env, f, KERR_INVALID_REPLICA_ASSIGNMENT,
				"Found multiple manual partition assignments for partition %d", p);
		plan->manual[p] = &t->assignments[i];
	}
	return 0;
}

static int plan_manual(struct creation *c, const struct create_topics_request_topics *t,
	struct plan *plan, struct control_fault *f)
{
	int rc;

	if (t->replication_factor != -1)
		return control_fail(c->env, f, KERR_INVALID_REQUEST,
			"A manual partition assignment was specified, but replication factor was "
			"not set to -1.");
	if (t->num_partitions != -1)
		return control_fail(c->env, f, KERR_INVALID_REQUEST,
			"A manual partition assignment was specified, but numPartitions was not "
			"set to -1.");
	plan->n_partitions = t->n_assignments;
	if (plan->n_partitions > c->partitions_left)
		return control_fail_too_many(c->env, f);
	rc = order_assignments(c, t, plan, f);
	for (int32_t i = 0; i < plan->n_partitions && rc == 0; i++) {
		rc = control_check_replicas(c->env, i, plan->manual[i]->broker_ids,
			plan->manual[i]->n_broker_ids, plan->n_replicas, f);
		plan->n_replicas = plan->manual[i]->n_broker_ids;
	}
	return rc;
}

static int plan_placed(struct creation *c, const struct create_topics_request_topics *t,
	struct plan *plan, struct control_fault *f)
{
	const struct control_settings *set = c->env->set;

	if (t->replication_factor == 0 || t->replication_factor < -1)
		return control_fail(c->env, f, KERR_INVALID_REPLICATION_FACTOR,
			"Replication factor must be larger than 0, or -1 to use the default value "
			"(default.replication.factor).");
	if (t->num_partitions == 0 || t->num_partitions < -1)
		return control_fail(c->env, f, KERR_INVALID_PARTITIONS,
			"Number of partitions was set to an invalid non-positive value. Ask for 1 "
			"or more, or for -1, the default of the cluster (num.partitions).");
	plan->n_partitions = t->num_partitions > 0     ? t->num_partitions
			     : set->num_partitions > 0 ? set->num_partitions
						       : 1;
	plan->n_replicas = t->replication_factor > 0             ? t->replication_factor
			   : set->default_replication_factor > 0 ? set->default_replication_factor
								 : 1;
	if (plan->n_partitions > c->partitions_left)
		return control_fail_too_many(c->env, f);
	return placer_check(&c->placer, c->env, plan->n_replicas, f);
}

static int add_partitions(struct creation *c, const struct uuid *id, const struct plan *plan)
{
	int32_t *placed = arena_array(c->env->arena, (size_t)plan->n_replicas, sizeof(*placed));

	if (!placed)
		return ERR_NOMEM;
	for (int32_t i = 0; i < plan->n_partitions; i++) {
		const int32_t *replicas = placed;

		if (plan->manual)
			replicas = plan->manual[i]->broker_ids;
		else
			placer_next(&c->placer, plan->n_replicas, placed);
		if (control_add_partition(c->env, c->out, id, i, replicas, plan->n_replicas) < 0)
			return ERR_NOMEM;
	}
	return 0;
}

static int add_topic_record(struct creation *c, struct str name, struct uuid *id)
{
	struct topic_record *r = CONTROL_RECORD(c->env, c->out, topic_record, 0);

	if (!r)
		return ERR_NOMEM;
	*id = r->topic_id = control_new_id(c->env);
	r->name = arena_str(c->env->arena, name);
	return str_is_null(r->name) ? ERR_NOMEM : 0;
}

/* The overrides as they stand in the request, without the config tables. */
static int answer_overrides(struct creation *c, const struct create_topics_request_topics *t,
	struct create_topics_response_topics *r)
{
	r->n_configs = t->n_configs > 0 ? t->n_configs : 0;
	r->configs = MSG_NEW(c->env->arena, create_topics_response_configs, (size_t)r->n_configs);
	if (!r->configs)
		return ERR_NOMEM;
	for (int32_t i = 0; i < r->n_configs; i++) {
		r->configs[i].name = arena_str(c->env->arena, t->configs[i].name);
		r->configs[i].value = arena_str(c->env->arena, t->configs[i].value);
		r->configs[i].config_source = CONFIG_FROM_TOPIC;
	}
	return 0;
}

static int answer_configs(struct creation *c, const struct create_topics_request_topics *t,
	struct create_topics_response_topics *r)
{
	const struct control_config_ops *ops = &c->env->set->configs;
	struct control_topic_config *all = NULL;
	struct image_config_entry *own;
	int32_t n = t->n_configs > 0 ? t->n_configs : 0;

	if (!ops->describe)
		return answer_overrides(c, t, r);
	own = arena_array(c->env->arena, (size_t)n, sizeof(*own));
	if (!own)
		return ERR_NOMEM;
	for (int32_t i = 0; i < n; i++)
		own[i] = (struct image_config_entry){t->configs[i].name, t->configs[i].value};
	n = ops->describe(ops->arg, c->env->image, c->env->arena, own, n, &all);
	if (n < 0)
		return ERR_NOMEM;
	r->configs = MSG_NEW(c->env->arena, create_topics_response_configs, (size_t)n);
	if (!r->configs)
		return ERR_NOMEM;
	r->n_configs = n;
	for (int32_t i = 0; i < n; i++)
		r->configs[i] = (struct create_topics_response_configs){
			.name = all[i].name,
			.value = all[i].value,
			.config_source = (int8_t)all[i].source,
		};
	return 0;
}

static int make_topic(struct creation *c, const struct create_topics_request_topics *t,
	struct create_topics_response_topics *r, struct control_fault *f)
{
	struct plan plan = {0};
	struct uuid id;
	int rc = check_name(c, t->name, f);

	if (rc == 0)
		rc = t->n_assignments > 0 ? plan_manual(c, t, &plan, f)
					  : plan_placed(c, t, &plan, f);
	if (rc == 0)
		rc = add_topic_record(c, t->name, &id);
	if (rc == 0)
		rc = add_configs(c, t, f);
	if (rc == 0)
		rc = add_partitions(c, &id, &plan);
	if (rc == 0)
		rc = answer_configs(c, t, r);
	if (rc < 0)
		return rc;
	c->partitions_left -= plan.n_partitions;
	if (may_collide(t->name))
		canonical_add(c, &t->name);
	r->topic_id = id;
	r->num_partitions = plan.n_partitions;
	r->replication_factor = (int16_t)plan.n_replicas;
	return 0;
}

static struct slice key_of(void *arg, int32_t i)
{
	return slice_str(((struct creation *)arg)->req->topics[i].name);
}

static int begin(void *arg, int32_t n)
{
	struct creation *c = arg;

	c->resp->topics = MSG_NEW(c->env->arena, create_topics_response_topics, (size_t)n);
	c->resp->n_topics = n;
	return c->resp->topics ? 0 : ERR_NOMEM;
}

static int work(void *arg, int32_t i, int32_t at, struct control_fault *f)
{
	struct creation *c = arg;

	return make_topic(c, &c->req->topics[i], &c->resp->topics[at], f);
}

static int answer(void *arg, int32_t i, int32_t at, const struct control_fault *f)
{
	struct creation *c = arg;
	struct create_topics_response_topics *r = &c->resp->topics[at];

	r->name = arena_str(c->env->arena, c->req->topics[i].name);
	r->error_code = f->code;
	r->error_message = f->text;
	return 0;
}

int control_create_topics(const struct control_env *env, const struct create_topics_request *req,
	struct create_topics_response *resp, struct control_result *out)
{
	size_t n = out->records.list.n;
	struct creation c = {
		.env = env,
		.req = req,
		.resp = resp,
		.out = out,
		.partitions_left = CONTROL_MAX_PARTITIONS_A_REQUEST,
	};
	const struct control_parts parts = {
		&c, key_of, begin, work, answer, "Duplicate topic name."};
	int rc;

	msg_init(&create_topics_response_desc, resp);
	if (req->n_topics <= 0)
		return 0;
	map_init(&c.canonical);
	rc = placer_init(&c.placer, env);
	if (rc == 0)
		rc = control_each(env, out, req->n_topics, &parts);
	map_fini(&c.canonical);
	if (rc < 0 || req->validate_only)
		out->records.list.n = n;
	return rc;
}
