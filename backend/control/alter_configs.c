/*
 * AlterConfigs (replaces all overrides of a resource) and IncrementalAlterConfigs (one operation a
 * key). Each resource is changed whole or not at all. An override that already is what was asked
 * for makes no record.
 */
#include "control/impl.h"

/* Longest value of APPEND and SUBTRACT: their work grows with its square. */
#define LIST_MAX 8192

enum config_op { CONFIG_SET, CONFIG_DELETE, CONFIG_APPEND, CONFIG_SUBTRACT };

/* Both requests, seen alike. */
struct change {
	struct str key, value;
	int8_t op;
};

struct resource {
	int8_t type;
	struct str name;
	const struct change *changes;
	int32_t n_changes;
	bool replace; /* AlterConfigs: what is not named goes */
};

static int add_record(const struct control_env *env, struct control_result *out, int8_t type,
	struct str name, struct str key, struct str value)
{
	struct config_record *r = CONTROL_RECORD(env, out, config_record, 0);

	if (!r)
		return ERR_NOMEM;
	r->resource_type = type;
	r->resource_name = arena_str(env->arena, name);
	r->name = arena_str(env->arena, key);
	r->value = arena_str(env->arena, value);
	if (str_is_null(r->resource_name) || str_is_null(r->name) ||
		str_is_null(r->value) != str_is_null(value))
		return ERR_NOMEM;
	return 0;
}

int control_set_config(const struct control_env *env, struct control_result *out, int8_t type,
	struct str name, struct str key, struct str value, struct control_fault *f)
{
	const struct control_config_ops *ops = &env->set->configs;
	struct err e = {0};
	int rc = 0;

	if (key.n == 0)
		return control_fail(env, f, KERR_INVALID_REQUEST, "A config without a name.");
	if (str_is_null(value))
		return control_fail(env, f, KERR_INVALID_CONFIG,
			"Config %.*s has no value; give one, or delete the override.",
			STR_ARG(key));
	if (ops->check)
		rc = ops->check(ops->arg, type, key, value, &e);
	if (rc < 0)
		return control_fail(env, f,
			rc == ERR_DENIED ? KERR_INVALID_REQUEST : KERR_INVALID_CONFIG, "%s", e.msg);
	if (str_eq(image_config_value(env->image, type, name, key), value))
		return 0;
	return add_record(env, out, type, name, key, value);
}

static int drop(const struct control_env *env, struct control_result *out,
	const struct resource *res, struct str key)
{
	if (str_is_null(image_config_value(env->image, res->type, res->name, key)))
		return 0;
	return add_record(env, out, res->type, res->name, key, STR_NULL);
}

/* A broker's id in decimal, as Kafka writes it; -1: it is none. */
static int32_t broker_id(struct str name)
{
	int64_t id = 0;

	if (name.n == 0 || name.n > 10 || (name.n > 1 && name.p[0] == '0'))
		return -1;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] < '0' || name.p[i] > '9')
			return -1;
		id = id * 10 + (name.p[i] - '0');
	}
	return id <= INT32_MAX ? (int32_t)id : -1;
}

static int check_resource(
	const struct control_env *env, int8_t type, struct str name, struct control_fault *f)
{
	int32_t id = broker_id(name);

	if (type != META_RESOURCE_TOPIC && type != META_RESOURCE_BROKER)
		return control_fail(env, f, KERR_INVALID_REQUEST,
			"Resource type %d has no configs here; topics (2) and brokers (4) do.",
			type);
	if (type == META_RESOURCE_TOPIC && !image_topic(env->image, name))
		return control_fail(env, f, KERR_UNKNOWN_TOPIC_OR_PARTITION,
			"There is no topic '%.*s'. Check the name, or create it first.",
			STR_ARG(name));
	if (type == META_RESOURCE_TOPIC || name.n == 0)
		return 0;
	if (id < 0)
		return control_fail(env, f, KERR_INVALID_REQUEST,
			"'%.*s' is no broker id; give a number, or an empty name for all brokers.",
			STR_ARG(name));
	if (!image_broker(env->image, id))
		return control_fail(
			env, f, KERR_BROKER_ID_NOT_REGISTERED, "Broker %d is not registered.", id);
	return 0;
}

static bool part_next(struct str *rest, struct str *part)
{
	const char *comma;

	while (rest->n && (*rest->p == ',' || *rest->p == ' '))
		rest->p++, rest->n--;
	if (!rest->n)
		return false;
	comma = memchr(rest->p, ',', rest->n);
	*part = (struct str){rest->p, comma ? (size_t)(comma - rest->p) : rest->n};
	rest->p += part->n;
	rest->n -= part->n;
	while (part->n && part->p[part->n - 1] == ' ')
		part->n--;
	return true;
}

static bool list_holds_part(struct str list, struct str wanted)
{
	struct str part;

	while (part_next(&list, &part))
		if (str_eq(part, wanted))
			return true;
	return false;
}

/* Appends parts of `from` to the list: those that `other` does not hold, and none twice. */
static void put_parts(struct buf *list, struct str from, struct str other)
{
	struct str part;

	while (part_next(&from, &part)) {
		if (list_holds_part(other, part) || list_holds_part(buf_str(list), part))
			continue;
		if (list->n)
			buf_putc(list, ',');
		buf_put_str(list, part);
	}
}

/* APPEND and SUBTRACT start from what holds now: the override, or what is inherited. */
static int change_list(const struct control_env *env, struct control_result *out,
	const struct resource *res, const struct change *c, struct control_fault *f)
{
	const struct control_config_ops *ops = &env->set->configs;
	struct str now = image_config_value(env->image, res->type, res->name, c->key);
	struct buf list = BUF_EMPTY;
	struct str value;

	if (!ops->is_list || !ops->is_list(ops->arg, res->type, c->key))
		return control_fail(env, f, KERR_INVALID_CONFIG,
			"Config %.*s is no list, so nothing can be %s it; set it instead.",
			STR_ARG(c->key),
			c->op == CONFIG_APPEND ? "appended to" : "subtracted from");
	if (str_is_null(c->value))
		return control_fail(env, f, KERR_INVALID_REQUEST,
			"Config %.*s: an operation on a list needs a value.", STR_ARG(c->key));
	if (c->value.n > LIST_MAX)
		return control_fail(env, f, KERR_INVALID_CONFIG,
			"Config %.*s: the value has %zu bytes, a change of a list takes %d.",
			STR_ARG(c->key), c->value.n, LIST_MAX);
	if (str_is_null(now) && ops->inherited)
		now = ops->inherited(ops->arg, env->image, res->type, res->name, c->key);
	put_parts(&list, now, c->op == CONFIG_SUBTRACT ? c->value : STR_NULL);
	if (c->op == CONFIG_APPEND)
		put_parts(&list, c->value, STR_NULL);
	value = arena_str(env->arena, str_of(buf_z(&list)));
	buf_fini(&list);
	if (str_is_null(value))
		return ERR_NOMEM;
	return control_set_config(env, out, res->type, res->name, c->key, value, f);
}

static int change_one(const struct control_env *env, struct control_result *out,
	const struct resource *res, const struct change *c, struct control_fault *f)
{
	switch (c->op) {
	case CONFIG_SET:
		return control_set_config(env, out, res->type, res->name, c->key, c->value, f);
	case CONFIG_DELETE:
		return drop(env, out, res, c->key);
	case CONFIG_APPEND:
	case CONFIG_SUBTRACT:
		return change_list(env, out, res, c, f);
	default:
		return control_fail(env, f, KERR_INVALID_REQUEST,
			"Config %.*s: operation %d is unknown; 0 sets, 1 deletes, 2 appends, 3 "
			"subtracts.",
			STR_ARG(c->key), c->op);
	}
}

static int check_keys(
	const struct control_env *env, const struct resource *res, struct control_fault *f)
{
	size_t n = (size_t)res->n_changes;
	struct slice *keys = arena_array(env->arena, n, sizeof(*keys));
	int32_t n_distinct;
	uint8_t *fates;

	if (!keys)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		keys[i] = slice_str(res->changes[i].key);
	fates = control_fates(env, keys, res->n_changes, &n_distinct);
	if (!fates)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		if (fates[i] != CONTROL_ONCE)
			return control_fail(env, f, KERR_INVALID_REQUEST,
				"Config %.*s is given more than once.",
				STR_ARG(res->changes[i].key));
	return 0;
}

static bool named(const struct resource *res, struct str key)
{
	for (int32_t i = 0; i < res->n_changes; i++)
		if (str_eq(res->changes[i].key, key))
			return true;
	return false;
}

static int drop_others(
	const struct control_env *env, struct control_result *out, const struct resource *res)
{
	const struct image_config *c = image_config(env->image, res->type, res->name);
	int rc = 0;

	if (!c)
		return 0;
	for (size_t i = 0; i < c->entries.n && rc == 0; i++)
		if (!named(res, c->entries.v[i].key))
			rc = drop(env, out, res, c->entries.v[i].key);
	return rc;
}

static int alter(const struct control_env *env, struct control_result *out,
	const struct resource *res, bool twice, struct control_fault *f)
{
	size_t n = out->records.list.n;
	int rc = twice ? control_fail(env, f, KERR_INVALID_REQUEST,
				 "The resource is in the request more than once.")
		       : check_resource(env, res->type, res->name, f);

	if (rc == 0)
		rc = check_keys(env, res, f);
	for (int32_t i = 0; i < res->n_changes && rc == 0; i++)
		rc = change_one(env, out, res, &res->changes[i], f);
	if (rc == 0 && res->replace)
		rc = drop_others(env, out, res);
	if (rc < 0)
		out->records.list.n = n;
	return rc == ERR_INVALID ? 0 : rc;
}

static uint8_t *resource_fates(
	const struct control_env *env, const struct resource *res, int32_t n, int32_t *n_distinct)
{
	struct slice *keys = arena_array(env->arena, (size_t)n, sizeof(*keys));

	if (!keys)
		return NULL;
	for (int32_t i = 0; i < n; i++) {
		uint8_t *key = arena_alloc(env->arena, res[i].name.n + 1);

		if (!key)
			return NULL;
		key[0] = (uint8_t)res[i].type;
		if (res[i].name.n)
			memcpy(key + 1, res[i].name.p, res[i].name.n);
		keys[i] = slice_of(key, res[i].name.n + 1);
	}
	return control_fates(env, keys, n, n_distinct);
}

/* The changes of one resource out of either request's configs. */
#define COPY_CHANGES(env, res, from, operation)                                                    \
	do {                                                                                       \
		int32_t n_ = (from)->n_configs > 0 ? (from)->n_configs : 0;                        \
		struct change *v_ = arena_array((env)->arena, (size_t)n_, sizeof(*v_));            \
		if (!v_)                                                                           \
			return ERR_NOMEM;                                                          \
		for (int32_t k_ = 0; k_ < n_; k_++)                                                \
			v_[k_] = (struct change){                                                  \
				(from)->configs[k_].name, (from)->configs[k_].value, (operation)}; \
		(res)->type = (from)->resource_type;                                               \
		(res)->name = (from)->resource_name;                                               \
		(res)->changes = v_;                                                               \
		(res)->n_changes = n_;                                                             \
	} while (0)

static int alter_all(const struct control_env *env, const struct alter_configs_request *req,
	struct alter_configs_response *resp, struct control_result *out)
{
	struct resource *res = arena_array(env->arena, (size_t)req->n_resources, sizeof(*res));
	uint8_t *fates;
	int32_t n;

	if (!res)
		return ERR_NOMEM;
	for (int32_t i = 0; i < req->n_resources; i++) {
		COPY_CHANGES(env, &res[i], &req->resources[i], CONFIG_SET);
		res[i].replace = true;
	}
	fates = resource_fates(env, res, req->n_resources, &n);
	resp->responses = MSG_NEW(env->arena, alter_configs_response_responses, (size_t)n);
	if (!fates || !resp->responses)
		return ERR_NOMEM;
	for (int32_t i = 0; i < req->n_resources; i++) {
		struct alter_configs_response_responses *r;
		struct control_fault f = {0};

		if (fates[i] == CONTROL_AGAIN)
			continue;
		r = &resp->responses[resp->n_responses++];
		if (alter(env, out, &res[i], fates[i] == CONTROL_TWICE, &f) < 0)
			return ERR_NOMEM;
		*r = (struct alter_configs_response_responses){
			f.code, f.text, res[i].type, arena_str(env->arena, res[i].name)};
	}
	return 0;
}

int control_alter_configs(const struct control_env *env, const struct alter_configs_request *req,
	struct alter_configs_response *resp, struct control_result *out)
{
	size_t n = out->records.list.n;
	int rc;

	msg_init(&alter_configs_response_desc, resp);
	if (req->n_resources <= 0)
		return 0;
	rc = alter_all(env, req, resp, out);
	if (rc < 0 || req->validate_only)
		out->records.list.n = n;
	return rc;
}

static int increment_all(const struct control_env *env,
	const struct incremental_alter_configs_request *req,
	struct incremental_alter_configs_response *resp, struct control_result *out)
{
	struct resource *res = arena_array(env->arena, (size_t)req->n_resources, sizeof(*res));
	uint8_t *fates;
	int32_t n;

	if (!res)
		return ERR_NOMEM;
	for (int32_t i = 0; i < req->n_resources; i++)
		COPY_CHANGES(env, &res[i], &req->resources[i],
			req->resources[i].configs[k_].config_operation);
	fates = resource_fates(env, res, req->n_resources, &n);
	resp->responses =
		MSG_NEW(env->arena, incremental_alter_configs_response_responses, (size_t)n);
	if (!fates || !resp->responses)
		return ERR_NOMEM;
	for (int32_t i = 0; i < req->n_resources; i++) {
		struct incremental_alter_configs_response_responses *r;
		struct control_fault f = {0};

		if (fates[i] == CONTROL_AGAIN)
			continue;
		r = &resp->responses[resp->n_responses++];
		if (alter(env, out, &res[i], fates[i] == CONTROL_TWICE, &f) < 0)
			return ERR_NOMEM;
		*r = (struct incremental_alter_configs_response_responses){
			f.code, f.text, res[i].type, arena_str(env->arena, res[i].name)};
	}
	return 0;
}

int control_incremental_alter_configs(const struct control_env *env,
	const struct incremental_alter_configs_request *req,
	struct incremental_alter_configs_response *resp, struct control_result *out)
{
	size_t n = out->records.list.n;
	int rc;

	msg_init(&incremental_alter_configs_response_desc, resp);
	if (req->n_resources <= 0)
		return 0;
	rc = increment_all(env, req, resp, out);
	if (rc < 0 || req->validate_only)
		out->records.list.n = n;
	return rc;
}
