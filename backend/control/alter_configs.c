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

/* Kafka's broker refuses its own bad values before the controller sees them, with another code. */
static int16_t check_code(int8_t type, int rc)
{
	if (rc == ERR_DENIED || (rc == ERR_INVALID && type == META_RESOURCE_BROKER))
		return KERR_INVALID_REQUEST;
	return KERR_INVALID_CONFIG;
}

int control_set_config(const struct control_env *env, struct control_result *out, int8_t type,
	struct str name, struct str key, struct str value, struct control_fault *f)
{
	const struct control_config_ops *ops = &env->set->configs;
	struct err e = {0};
	int rc = 0;

	if (str_is_null(value))
		return control_fail(env, f, KERR_INVALID_REQUEST,
			"Null value not supported for : %.*s. Give a value, or delete the "
			"override.",
			STR_ARG(key));
	if (ops->check)
		rc = ops->check(ops->arg, type, key, value, &e);
	if (rc < 0)
		return control_fail(env, f, check_code(type, rc), "%s", e.msg);
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
			"Unknown resource type %d: settings are kept of topics (2) and brokers "
			"(4).",
			type);
	if (type == META_RESOURCE_TOPIC && name.n == 0)
		return control_fail(
			env, f, KERR_INVALID_REQUEST, "Default topic resources are not allowed.");
	if (type == META_RESOURCE_TOPIC && !image_topic(env->image, name))
		return control_fail_no_topic(env, f, name);
	if (type == META_RESOURCE_TOPIC || name.n == 0)
		return 0;
	if (id < 0)
		return control_fail(env, f, KERR_INVALID_REQUEST,
			"Node id must be an integer, but it is: %.*s", STR_ARG(name));
	if (!image_broker(env->image, id))
		return control_fail(env, f, KERR_INVALID_REQUEST,
			"Unexpected broker id %d: no such broker is registered.", id);
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
			"Can't %s to key %.*s because its type is not LIST. Set it instead.",
			c->op == CONFIG_APPEND ? "APPEND" : "SUBTRACT", STR_ARG(c->key));
	if (str_is_null(c->value))
		return control_fail(env, f, KERR_INVALID_REQUEST,
			"Null value not supported for : %.*s", STR_ARG(c->key));
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
				"Error due to duplicate config keys: %.*s",
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
	const struct resource *res, struct control_fault *f)
{
	int rc = check_resource(env, res->type, res->name, f);

	if (rc == 0)
		rc = check_keys(env, res, f);
	for (int32_t i = 0; i < res->n_changes && rc == 0; i++)
		rc = change_one(env, out, res, &res->changes[i], f);
	if (rc == 0 && res->replace)
		rc = drop_others(env, out, res);
	return rc;
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

/* Both answers have the same four members. */
struct alteration {
	const struct control_env *env;
	struct control_result *out;
	struct resource *resources;
	int32_t n;
	/* One of them is there. */
	struct alter_configs_response *replaced;
	struct incremental_alter_configs_response *changed;
};

/* Type and name. */
static struct slice key_of(void *arg, int32_t i)
{
	const struct alteration *a = arg;
	const struct resource *r = &a->resources[i];
	uint8_t *key = arena_alloc(a->env->arena, r->name.n + 1);

	if (key)
		key[0] = (uint8_t)r->type;
	if (key && r->name.n)
		memcpy(key + 1, r->name.p, r->name.n);
	return slice_of(key, r->name.n + 1);
}

static int begin(void *arg, int32_t n)
{
	struct alteration *a = arg;
	struct arena *arena = a->env->arena;

	if (a->replaced) {
		a->replaced->responses =
			MSG_NEW(arena, alter_configs_response_responses, (size_t)n);
		a->replaced->n_responses = n;
		return a->replaced->responses ? 0 : ERR_NOMEM;
	}
	a->changed->responses =
		MSG_NEW(arena, incremental_alter_configs_response_responses, (size_t)n);
	a->changed->n_responses = n;
	return a->changed->responses ? 0 : ERR_NOMEM;
}

static int work(void *arg, int32_t i, UNUSED int32_t at, struct control_fault *f)
{
	struct alteration *a = arg;

	return alter(a->env, a->out, &a->resources[i], f);
}

static int answer(void *arg, int32_t i, int32_t at, const struct control_fault *f)
{
	struct alteration *a = arg;
	int8_t type = a->resources[i].type;
	struct str name = arena_str(a->env->arena, a->resources[i].name);

	if (a->replaced)
		a->replaced->responses[at] =
			(struct alter_configs_response_responses){f->code, f->text, type, name};
	else
		a->changed->responses[at] = (struct incremental_alter_configs_response_responses){
			f->code, f->text, type, name};
	return 0;
}

static int alter_all(struct alteration *a, bool validate_only)
{
	const struct control_parts parts = {
		a, key_of, begin, work, answer, "Each resource must appear at most once."};
	size_t n = a->out->records.list.n;
	int rc = control_each(a->env, a->out, a->n, &parts);

	if (rc < 0 || validate_only)
		a->out->records.list.n = n;
	return rc;
}

int control_alter_configs(const struct control_env *env, const struct alter_configs_request *req,
	struct alter_configs_response *resp, struct control_result *out)
{
	struct alteration a = {.env = env, .out = out, .replaced = resp};

	msg_init(&alter_configs_response_desc, resp);
	a.n = req->n_resources > 0 ? req->n_resources : 0;
	a.resources = arena_array(env->arena, (size_t)a.n, sizeof(*a.resources));
	if (!a.resources)
		return ERR_NOMEM;
	for (int32_t i = 0; i < a.n; i++) {
		COPY_CHANGES(env, &a.resources[i], &req->resources[i], CONFIG_SET);
		a.resources[i].replace = true;
	}
	return alter_all(&a, req->validate_only);
}

int control_incremental_alter_configs(const struct control_env *env,
	const struct incremental_alter_configs_request *req,
	struct incremental_alter_configs_response *resp, struct control_result *out)
{
	struct alteration a = {.env = env, .out = out, .changed = resp};

	msg_init(&incremental_alter_configs_response_desc, resp);
	a.n = req->n_resources > 0 ? req->n_resources : 0;
	a.resources = arena_array(env->arena, (size_t)a.n, sizeof(*a.resources));
	if (!a.resources)
		return ERR_NOMEM;
	for (int32_t i = 0; i < a.n; i++)
		COPY_CHANGES(env, &a.resources[i], &req->resources[i],
			req->resources[i].configs[k_].config_operation);
	return alter_all(&a, req->validate_only);
}
