/*
 * Configs: where questions about them go, and changes. A broker without IncrementalAlterConfigs
 * (before 2.3) only knows AlterConfigs, which replaces all settings of a resource: what is set at
 * present is read first, the changes are applied to it, and the whole is written.
 */
#include "admin/admin_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"

struct alter {
	struct op op;
	struct admin *admin;
	struct arena arena;
	struct incremental_alter_configs_request *request;
	struct admin_target to;
	int64_t deadline_ms;
	int64_t ask;
	struct loop_defer start;
	struct err bad; /* found before anything was sent */
	int16_t key;    /* of the first request */
	const void *first;
	admin_reply_fn *fn;
	void *arg;
};

static void alter_free(struct alter *o)
{
	loop_defer_cancel(&o->start);
	arena_fini(&o->arena);
	free(o);
}

static void on_cancel(struct op *op)
{
	struct alter *o = CONTAINER_OF(op, struct alter, op);

	if (o->ask)
		admin_cancel(o->admin, o->ask);
	alter_free(o);
}

static void finish(struct alter *o, const struct err *e, int16_t version, const void *response,
	struct arena *arena)
{
	struct err copy = e ? *e : (struct err){0};
	admin_reply_fn *fn = o->fn;
	void *arg = o->arg;

	op_end(&o->op);
	alter_free(o);
	fn(arg, e ? &copy : NULL, version, response, arena);
}

static void ask(struct alter *o, int16_t key, const void *request, admin_reply_fn *fn)
{
	o->ask = ask_start(o->admin, &(struct ask_spec){.key = key,
					     .request = request,
					     .to = o->to,
					     .internal = true,
					     .timeout_ms = time_left(o->admin, o->deadline_ms),
					     .fn = fn,
					     .arg = o});
}

/* ---- applying changes by hand ---- */

static const struct incremental_alter_configs_request_configs *change_of(
	const struct incremental_alter_configs_request_resources *r, struct str name)
{
	for (int32_t i = 0; i < r->n_configs; i++)
		if (str_eq(r->configs[i].name, name))
			return &r->configs[i];
	return NULL;
}

static bool list_has(struct str list, struct str item)
{
	for (const char *p = list.p, *end = list.p + list.n; p && p < end;) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		size_t n = (size_t)((comma ? comma : end) - p);
		if (str_eq((struct str){p, n}, item))
			return true;
		p += n + 1;
	}
	return false;
}

/* `list` without, or with, the items of `change`. */
static struct str change_list(struct arena *a, struct str list, struct str change, bool append)
{
	struct str first = append ? list : STR_NULL, second = append ? change : list;
	struct str without = append ? list : change, out;
	struct buf b = BUF_EMPTY;

	buf_put_str(&b, first);
	for (const char *p = second.p, *end = second.p + second.n; p && p < end;) {
		const char *comma = memchr(p, ',', (size_t)(end - p));
		struct str item = {p, (size_t)((comma ? comma : end) - p)};
		if (!list_has(without, item)) {
			if (b.n)
				buf_putc(&b, ',');
			buf_put_str(&b, item);
		}
		p += item.n + 1;
	}
	out = arena_str(a, b.n ? buf_str(&b) : STR_LIT(""));
	buf_fini(&b);
	return out;
}

static bool is_set(const struct describe_configs_response_configs *c, int8_t resource_type)
{
	switch (c->config_source) {
	case ADMIN_SOURCE_TOPIC:
		return resource_type == ADMIN_RESOURCE_TOPIC;
	case ADMIN_SOURCE_BROKER:
	case ADMIN_SOURCE_ALL_BROKERS:
		return resource_type == ADMIN_RESOURCE_BROKER;
	case -1: /* not told: version 0 */
		return !c->is_default && !c->read_only;
	default:
		return false;
	}
}

/* The new settings of one resource. */
static int merge(struct alter *o, const struct incremental_alter_configs_request_resources *want,
	const struct describe_configs_response_results *have,
	struct alter_configs_request_resources *out, struct err *e)
{
	size_t most = (size_t)max_i64(have->n_configs, 0) + (size_t)max_i64(want->n_configs, 0);

	*out = (struct alter_configs_request_resources){want->resource_type, want->resource_name,
		MSG_NEW(&o->arena, alter_configs_request_configs, most), 0};
	for (int32_t i = 0; i < have->n_configs; i++) {
		const struct describe_configs_response_configs *c = &have->configs[i];
		if (!is_set(c, want->resource_type) || change_of(want, c->name))
			continue;
		if (c->is_sensitive || str_is_null(c->value))
			return err_set(e, ERR_UNSUPPORTED,
				"this broker can only replace all settings of %.*s at once, and "
				"the "
				"secret %.*s, which cannot be read, would be lost: set it in the "
				"same change",
				STR_ARG(want->resource_name), STR_ARG(c->name));
		out->configs[out->n_configs++] = (struct alter_configs_request_configs){
			arena_str(&o->arena, c->name), arena_str(&o->arena, c->value)};
	}
	for (int32_t i = 0; i < want->n_configs; i++) {
		const struct incremental_alter_configs_request_configs *c = &want->configs[i];
		struct str value = c->value, now = STR_NULL;
		for (int32_t j = 0; j < have->n_configs; j++)
			if (str_eq(have->configs[j].name, c->name))
				now = have->configs[j].value;
		if (c->config_operation == ADMIN_CONFIG_DELETE)
			continue;
		if (c->config_operation != ADMIN_CONFIG_SET)
			value = change_list(&o->arena, now, c->value,
				c->config_operation == ADMIN_CONFIG_APPEND);
		out->configs[out->n_configs++] =
			(struct alter_configs_request_configs){c->name, value};
	}
	return 0;
}

static void on_altered(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	const struct alter_configs_response *r = response;
	struct incremental_alter_configs_response out;

	if (e) {
		finish(arg, e, version, NULL, NULL);
		return;
	}
	msg_init(&incremental_alter_configs_response_desc, &out);
	out.throttle_time_ms = r->throttle_time_ms;
	out.responses = MSG_NEW(arena, incremental_alter_configs_response_responses,
		(size_t)max_i64(r->n_responses, 0));
	for (int32_t i = 0; out.responses && i < r->n_responses; i++)
		out.responses[out.n_responses++] =
			(struct incremental_alter_configs_response_responses){
				r->responses[i].error_code, r->responses[i].error_message,
				r->responses[i].resource_type, r->responses[i].resource_name};
	finish(arg, NULL, 0, &out, arena);
}

static const struct describe_configs_response_results *result_of(
	const struct describe_configs_response *r,
	const struct incremental_alter_configs_request_resources *want)
{
	for (int32_t i = 0; i < r->n_results; i++)
		if (r->results[i].resource_type == want->resource_type &&
			str_eq(r->results[i].resource_name, want->resource_name))
			return &r->results[i];
	return NULL;
}

static void on_described(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct alter *o = arg;
	struct alter_configs_request r;
	struct err why = {0};

	(void)arena;
	o->ask = 0;
	if (!e && admin_first_error(API_DESCRIBE_CONFIGS, version, response, &why, NULL))
		e = &why;
	msg_init(&alter_configs_request_desc, &r);
	r.validate_only = o->request->validate_only;
	r.resources = MSG_NEW(&o->arena, alter_configs_request_resources,
		(size_t)max_i64(o->request->n_resources, 0));
	for (int32_t i = 0; !e && i < o->request->n_resources; i++) {
		const struct incremental_alter_configs_request_resources *want =
			&o->request->resources[i];
		const struct describe_configs_response_results *have = result_of(response, want);
		if (!have)
			err_set(&why, ERR_CORRUPT, "the broker's answer leaves %.*s out",
				STR_ARG(want->resource_name));
		if (!have || merge(o, want, have, &r.resources[r.n_resources++], &why) < 0)
			e = &why;
	}
	if (e)
		finish(o, e, version, NULL, NULL);
	else
		ask(o, API_ALTER_CONFIGS, &r, on_altered);
}

static void on_first(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct alter *o = arg;
	struct describe_configs_request r;

	o->ask = 0;
	if (!e || e->code != ERR_UNSUPPORTED || o->key != API_INCREMENTAL_ALTER_CONFIGS) {
		finish(o, e, version, response, arena);
		return;
	}
	msg_init(&describe_configs_request_desc, &r);
	r.n_resources = o->request->n_resources;
	r.resources = MSG_NEW(
		&o->arena, describe_configs_request_resources, (size_t)max_i64(r.n_resources, 0));
	for (int32_t i = 0; i < r.n_resources; i++) {
		r.resources[i].resource_type = o->request->resources[i].resource_type;
		r.resources[i].resource_name = o->request->resources[i].resource_name;
		r.resources[i].n_configuration_keys = -1;
	}
	ask(o, API_DESCRIBE_CONFIGS, &r, on_described);
}

static void on_start(void *arg)
{
	struct alter *o = arg;

	if (o->bad.code)
		finish(o, &o->bad, -1, NULL, NULL);
	else
		ask(o, o->key, o->first, on_first);
}

/* Settings of one broker are that broker's business. ERR_INVALID: of several at once. */
static int aim(struct alter *o, int8_t type, struct str name, int32_t i)
{
	struct admin_target to = ADMIN_TO_ANY;
	char *end, text[12];

	if ((type == ADMIN_RESOURCE_BROKER || type == ADMIN_RESOURCE_BROKER_LOGGER) && name.n) {
		snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
		long id = strtol(text, &end, 10);
		to = (struct admin_target){.to = ADMIN_BROKER, .broker = (int32_t)id};
		if (*end || name.n >= sizeof(text) || id < 0 || id > INT32_MAX)
			return err_set(&o->bad, ERR_INVALID,
				"'%.*s' is no broker id: a number is "
				"expected",
				STR_ARG(name));
	}
	if (i > 0 && (to.to != o->to.to || to.broker != o->to.broker))
		return err_set(&o->bad, ERR_INVALID,
			"settings of one broker cannot be mixed with others in one request");
	o->to = to;
	return 0;
}

static struct alter *alter_new(
	struct admin *a, int16_t key, const void *request, admin_reply_fn *fn, void *arg)
{
	struct alter *o = ALLOC(struct alter);

	o->admin = a;
	o->key = key;
	o->fn = fn;
	o->arg = arg;
	o->to = ADMIN_TO_ANY;
	o->deadline_ms = deadline_from(a, 0);
	arena_init(&o->arena, 0);
	o->first = o->request = msg_copy(api_find(key)->request, request, &o->arena);
	loop_defer(a->loop, &o->start, on_start, o);
	return o;
}

int64_t admin_describe_configs(
	struct admin *a, const struct describe_configs_request *r, admin_reply_fn *fn, void *arg)
{
	struct alter *o = alter_new(a, API_DESCRIBE_CONFIGS, r, fn, arg);

	for (int32_t i = 0; i < r->n_resources && !o->bad.code; i++)
		(void)aim(o, r->resources[i].resource_type, r->resources[i].resource_name, i);
	return op_start(a, &o->op, false, on_cancel);
}

int64_t admin_alter_configs(struct admin *a, const struct incremental_alter_configs_request *r,
	admin_reply_fn *fn, void *arg)
{
	struct alter *o = alter_new(a, API_INCREMENTAL_ALTER_CONFIGS, r, fn, arg);

	for (int32_t i = 0; i < r->n_resources && !o->bad.code; i++)
		(void)aim(o, r->resources[i].resource_type, r->resources[i].resource_name, i);
	return op_start(a, &o->op, false, on_cancel);
}
