/* kdeck configs: kafka-configs.sh for topics and brokers. */
#include "base/json.h"
#include "cli/cli.h"
#include "cli/impl.h"
#include <stdlib.h>

enum { MAX_CONFIGS = 256 };

static const struct cli_option options[] = {
	{"describe", 0, CLI_FLAG, NULL, "Show settings", NULL},
	{"alter", 0, CLI_FLAG, NULL, "Change settings", NULL},
	{"add-config", 0, CLI_VALUE, "NAME=VALUE,…", "Settings to set; a list: NAME=[A,B]", NULL},
	{"add-config-file", 0, CLI_VALUE, "FILE", "A properties file of settings to set", NULL},
	{"delete-config", 0, CLI_VALUE, "NAME,…", "Settings to take back to their default", NULL},
	{"entity-type", 0, CLI_VALUE, "topics|brokers", "What the settings belong to", NULL},
	{"entity-name", 0, CLI_VALUE, "NAME", "Topic, or id of a broker", NULL},
	{"entity-default", 0, CLI_FLAG, NULL, "The default of all brokers", NULL},
	{"all", 0, CLI_FLAG, NULL, "Describe defaults too", NULL},
	{"topic", 0, CLI_VALUE, "NAME", "Short for --entity-type topics --entity-name", NULL},
	{"broker", 0, CLI_VALUE, "ID", "Short for --entity-type brokers --entity-name", NULL},
	{"broker-defaults", 0, CLI_FLAG, NULL, "Short for --entity-type brokers --entity-default",
		NULL},
#define NOT_OFFERED "this version shows and changes settings of topics and brokers only"
	{"broker-logger", 0, CLI_REFUSED, "ID", NOT_OFFERED, NULL},
	{"client", 0, CLI_REFUSED, "ID", NOT_OFFERED, NULL},
	{"client-defaults", 0, CLI_REFUSED, NULL, NOT_OFFERED, NULL},
	{"client-metrics", 0, CLI_REFUSED, "NAME", NOT_OFFERED, NULL},
	{"group", 0, CLI_REFUSED, "ID", NOT_OFFERED, NULL},
	{"ip", 0, CLI_REFUSED, "ADDRESS", NOT_OFFERED, NULL},
	{"ip-defaults", 0, CLI_REFUSED, NULL, NOT_OFFERED, NULL},
	{"user", 0, CLI_REFUSED, "NAME", NOT_OFFERED, NULL},
	{"user-defaults", 0, CLI_REFUSED, NULL, NOT_OFFERED, NULL},
#undef NOT_OFFERED
	{"bootstrap-controller", 0, CLI_REFUSED, "HOST:PORT",
		"controllers are asked through a broker: name one with --bootstrap-server", NULL},
	{NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

struct entity {
	int8_t type;      /* ADMIN_RESOURCE_ */
	const char *name; /* NULL: all of the type; "": the brokers' default */
};

static const char *source_name(int8_t source)
{
	static const char *const names[] = {"UNKNOWN", "DYNAMIC_TOPIC_CONFIG",
		"DYNAMIC_BROKER_CONFIG", "DYNAMIC_DEFAULT_BROKER_CONFIG", "STATIC_BROKER_CONFIG",
		"DEFAULT_CONFIG", "DYNAMIC_BROKER_LOGGER_CONFIG", "DYNAMIC_CLIENT_METRICS_CONFIG",
		"DYNAMIC_GROUP_CONFIG"};
	return source >= 0 && (size_t)source < ARRAY_LEN(names) ? names[source] : names[0];
}

static bool is_kafkas(const char *type)
{
	static const char *const others[] = {
		"users", "clients", "ips", "groups", "client-metrics", "broker-loggers"};
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (!strcmp(type, others[i]))
			return true;
	return false;
}

static int find_entity(struct cli *c, struct entity *out)
{
	const char *type = cli_get(c, "entity-type");
	if (cli_has(c, "topic") + cli_has(c, "broker") + cli_has(c, "broker-defaults") +
			(cli_has(c, "entity-type") || cli_has(c, "entity-name") ||
				cli_has(c, "entity-default")) >
		1)
		return cli_usage(c, "--topic, --broker, --broker-defaults and --entity-type each "
				    "say whose settings are meant: give one of them");
	*out = (struct entity){.name = cli_get(c, "entity-name")};
	if (cli_has(c, "topic")) {
		*out = (struct entity){ADMIN_RESOURCE_TOPIC, cli_get(c, "topic")};
	} else if (cli_has(c, "broker")) {
		*out = (struct entity){ADMIN_RESOURCE_BROKER, cli_get(c, "broker")};
	} else if (cli_has(c, "broker-defaults")) {
		*out = (struct entity){ADMIN_RESOURCE_BROKER, ""};
	} else if (!type) {
		return cli_usage(c, "--entity-type topics or brokers was expected");
	} else if (!strcmp(type, "topics")) {
		out->type = ADMIN_RESOURCE_TOPIC;
	} else if (!strcmp(type, "brokers")) {
		out->type = ADMIN_RESOURCE_BROKER;
		if (cli_has(c, "entity-default"))
			out->name = "";
	} else {
		return cli_usage(c, "--entity-type %s: topics or brokers was expected%s", type,
			is_kafkas(type) ? "; this version does not offer the others" : "");
	}
	if (out->type == ADMIN_RESOURCE_BROKER && out->name && *out->name &&
		(strspn(out->name, "0123456789") != strlen(out->name) ||
			strtoll(out->name, NULL, 10) > INT32_MAX))
		return cli_usage(c, "--entity-name %s: the id of a broker was expected", out->name);
	if (out->type == ADMIN_RESOURCE_TOPIC && out->name && !*out->name)
		return cli_usage(c, "the name of a topic was expected");
	return CLI_OK;
}

static bool shown(const struct cli *c, const struct entity *t,
	const struct describe_configs_response_configs *v)
{
	if (cli_has(c, "all"))
		return true;
	if (t->type == ADMIN_RESOURCE_TOPIC)
		return v->config_source == ADMIN_SOURCE_TOPIC;
	return v->config_source == (*t->name ? ADMIN_SOURCE_BROKER : ADMIN_SOURCE_ALL_BROKERS);
}

static void put_config(struct buf *out, const struct describe_configs_response_configs *v)
{
	buf_printf(out, "  %.*s=%.*s sensitive=%s synonyms={", STR_ARG(v->name),
		STR_ARG(v->value.p ? v->value : STR_LIT("null")),
		v->is_sensitive ? "true" : "false");
	for (int32_t i = 0; i < v->n_synonyms; i++) {
		const struct describe_configs_response_synonyms *s = &v->synonyms[i];
		buf_printf(out, "%s%s:%.*s=%.*s", i ? ", " : "", source_name(s->source),
			STR_ARG(s->name), STR_ARG(s->value.p ? s->value : STR_LIT("null")));
	}
	buf_puts(out, "}\n");
}

static void json_config(struct json *j, const struct describe_configs_response_configs *v)
{
	json_object(j);
	json_kstr(j, "name", v->name);
	json_kstr(j, "value", v->value);
	json_kz(j, "source", source_name(v->config_source));
	json_kbool(j, "isSensitive", v->is_sensitive);
	json_kbool(j, "isReadOnly", v->read_only);
	json_object_end(j);
}

static int by_name(const void *a, const void *b)
{
	const struct describe_configs_response_configs *const *x = a, *const *y = b;
	return str_cmp((*x)->name, (*y)->name);
}

struct describing {
	struct entity entity;
	struct json j;
};

static void put_head(struct cli *c, const struct entity *t)
{
	const char *which = cli_has(c, "all") ? "All" : "Dynamic";
	if (t->type == ADMIN_RESOURCE_BROKER && !*t->name)
		buf_puts(&c->out, "Default configs for brokers in the cluster are:\n");
	else
		buf_printf(&c->out, "%s configs for %s %s are:\n", which,
			t->type == ADMIN_RESOURCE_TOPIC ? "topic" : "broker", t->name);
}

static int use_described(struct cli *c, void *arg, const void *response)
{
	const struct describe_configs_response *r = response;
	struct describing *d = arg;
	VEC(const struct describe_configs_response_configs *) all = {0};
	struct err e;
	if (r->n_results < 1)
		return cli_fail(c, "the broker's answer names nothing");
	if (r->results[0].error_code) {
		admin_kerr(&e, r->results[0].error_code, r->results[0].error_message, "%s %s",
			d->entity.type == ADMIN_RESOURCE_TOPIC ? "topic" : "broker",
			d->entity.name);
		return cli_fail(c, "%s", e.msg);
	}
	for (int32_t i = 0; i < r->results[0].n_configs; i++)
		if (shown(c, &d->entity, &r->results[0].configs[i]))
			vec_push(&all, &r->results[0].configs[i]);
	vec_sort(&all, by_name);
	if (c->json) {
		json_object(&d->j);
		json_kz(&d->j, "entityType",
			d->entity.type == ADMIN_RESOURCE_TOPIC ? "topics" : "brokers");
		json_kz(&d->j, "entityName", d->entity.name);
		json_key(&d->j, "configs");
		json_array(&d->j);
		vec_foreach (v, &all)
			json_config(&d->j, *v);
		json_array_end(&d->j);
		json_object_end(&d->j);
	} else {
		put_head(c, &d->entity);
		vec_foreach (v, &all)
			put_config(&c->out, *v);
	}
	vec_fini(&all);
	return CLI_OK;
}

/* Kafka's script tells of the unknown and is content, unless --all asks for what is not there. */
static bool missing(struct cli *c, const struct entity *t, int *status)
{
	struct str name = str_of(t->name);
	bool topic = t->type == ADMIN_RESOURCE_TOPIC;
	if (cli_has(c, "all") || !*t->name)
		return false;
	*status = cli_refresh(c, &name, topic ? 1 : 0);
	if (*status != CLI_OK)
		return false;
	if (topic ? admin_topic_find(c->admin, name) != NULL
		  : admin_broker_find(c->admin, (int32_t)strtol(t->name, NULL, 10)) != NULL)
		return false;
	if (!c->json)
		buf_printf(&c->out, "The %s '%s' doesn't exist and doesn't have dynamic config.\n",
			topic ? "topic" : "broker", t->name);
	return true;
}

static int describe_one(struct cli *c, struct describing *d)
{
	struct describe_configs_request_resources res;
	struct describe_configs_request r;
	msg_init(&describe_configs_request_desc, &r);
	msg_struct_init(&describe_configs_request_resources_struct, &res);
	res.resource_type = d->entity.type;
	res.resource_name = str_of(d->entity.name);
	res.n_configuration_keys = -1;
	r.resources = &res;
	r.n_resources = 1;
	r.include_synonyms = true;
	return cli_ask(c, API_DESCRIBE_CONFIGS, &r, NULL, use_described, d);
}

static int describe_all(struct cli *c, struct describing *d)
{
	VEC(char *) names = {0};
	int status = cli_refresh(c, NULL, 0);
	const struct admin_metadata *m = admin_metadata(c->admin);
	bool topics = d->entity.type == ADMIN_RESOURCE_TOPIC;
	for (size_t i = 0; status == CLI_OK && topics && i < m->n_topics; i++)
		vec_push(&names, str_dup(m->topics[i]->name));
	for (size_t i = 0; status == CLI_OK && !topics && i < m->n_brokers; i++)
		vec_push(&names, xasprintf("%d", m->brokers[i].id));
	if (status == CLI_OK && !topics)
		vec_push(&names, xstrdup(""));
	vec_foreach (z, &names) {
		d->entity.name = *z;
		if (status == CLI_OK)
			status = describe_one(c, d);
	}
	vec_foreach (z, &names)
		free(*z);
	vec_fini(&names);
	return status;
}

static int describe(struct cli *c, const struct entity *entity)
{
	struct describing d = {.entity = *entity};
	json_init(&d.j, &c->out);
	if (c->json)
		json_array(&d.j);
	int status = CLI_OK;
	if (!entity->name)
		status = describe_all(c, &d);
	else if (!missing(c, entity, &status) && status == CLI_OK)
		status = describe_one(c, &d);
	if (c->json && status == CLI_OK) {
		json_list_end(&d.j);
	} else if (c->json) {
		buf_clear(&c->out);
	}
	return status;
}

static int use_altered(struct cli *c, void *arg, const void *response)
{
	const struct entity *t = arg;
	struct err e;
	if (admin_first_error(API_INCREMENTAL_ALTER_CONFIGS, 1, response, &e, NULL))
		return cli_fail(c, "%s", e.msg);
	if (*t->name)
		buf_printf(&c->out, "Completed updating config for %s %s.\n",
			t->type == ADMIN_RESOURCE_TOPIC ? "topic" : "broker", t->name);
	else
		buf_puts(
			&c->out, "Completed updating default config for brokers in the cluster.\n");
	return CLI_OK;
}

/* The settings of every --add-config or --delete-config behind those that are there. */
static int gather(struct cli *c, const char *option, int8_t op,
	struct incremental_alter_configs_request_configs *out, int32_t *n)
{
	struct config_pair pairs[MAX_CONFIGS];
	const char *z;
	struct err e;
	for (size_t i = 0; (z = cli_nth(c, option, i)); i++) {
		size_t got;
		if (config_pairs(z, op == ADMIN_CONFIG_DELETE, pairs, (size_t)(MAX_CONFIGS - *n),
			    &got, &e) < 0)
			return cli_usage(c, "--%s: %s", option, e.msg);
		for (size_t k = 0; k < got; k++, ++*n) {
			out[*n].name = pairs[k].name;
			out[*n].value = pairs[k].value;
			out[*n].config_operation = op;
		}
	}
	return CLI_OK;
}

struct gathering {
	struct cli *c;
	struct incremental_alter_configs_request_configs *out;
	int32_t *n;
};

static int take_line(void *arg, const char *text)
{
	const struct gathering *g = arg;
	const char *eq = strchr(text, '=');
	if (*g->n == MAX_CONFIGS)
		return cli_usage(g->c, "more than %d settings at once", MAX_CONFIGS);
	g->out[*g->n].name = (struct str){text, (size_t)(eq - text)};
	g->out[*g->n].value = str_of(eq + 1);
	g->out[(*g->n)++].config_operation = ADMIN_CONFIG_SET;
	return CLI_OK;
}

static int gather_all(
	struct cli *c, struct incremental_alter_configs_request_configs *out, int32_t *n)
{
	const char *file = cli_get(c, "add-config-file");
	struct gathering g = {c, out, n};
	int status = CLI_OK;
	if (file && cli_has(c, "add-config"))
		return cli_usage(c, "--add-config and --add-config-file cannot be used together");
	if (file)
		status = cli_property_file(c, "add-config-file", file, take_line, &g);
	if (status == CLI_OK)
		status = gather(c, "add-config", ADMIN_CONFIG_SET, out, n);
	if (status == CLI_OK)
		status = gather(c, "delete-config", ADMIN_CONFIG_DELETE, out, n);
	if (status == CLI_OK && !*n)
		return cli_usage(
			c, "--alter needs --add-config, --add-config-file or --delete-config");
	return status;
}

static int alter(struct cli *c, struct entity *entity)
{
	struct incremental_alter_configs_request_configs configs[MAX_CONFIGS];
	struct incremental_alter_configs_request_resources res;
	struct incremental_alter_configs_request r;
	int32_t n = 0;
	if (!entity->name)
		return cli_usage(c, "--alter needs --entity-name%s",
			entity->type == ADMIN_RESOURCE_BROKER ? " or --entity-default" : "");
	memset(configs, 0, sizeof(configs));
	int status = gather_all(c, configs, &n);
	if (status != CLI_OK)
		return status;
	msg_init(&incremental_alter_configs_request_desc, &r);
	msg_struct_init(&incremental_alter_configs_request_resources_struct, &res);
	res.resource_type = entity->type;
	res.resource_name = str_of(entity->name);
	res.configs = configs;
	res.n_configs = n;
	r.resources = &res;
	r.n_resources = 1;
	return cli_ask(c, API_INCREMENTAL_ALTER_CONFIGS, &r, NULL, use_altered, entity);
}

static int run(struct cli *c)
{
	struct entity entity;
	if (cli_has(c, "describe") == cli_has(c, "alter"))
		return cli_usage(c, "one of --describe and --alter was expected");
	if (cli_has(c, "describe") && (cli_has(c, "add-config") || cli_has(c, "delete-config") ||
					      cli_has(c, "add-config-file")))
		return cli_usage(c, "settings are changed with --alter, not --describe");
	int status = find_entity(c, &entity);
	if (status == CLI_OK)
		status = cli_open(c);
	if (status != CLI_OK)
		return status;
	return cli_has(c, "alter") ? alter(c, &entity) : describe(c, &entity);
}

const struct cli_command cli_configs = {
	.name = "configs",
	.script = "kafka-configs.sh",
	.summary = "Show and change settings of topics and brokers",
	.options = options,
	.run = run,
};
