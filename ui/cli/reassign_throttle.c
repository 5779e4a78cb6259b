/*
 * Throttles of kdeck reassign: Kafka's settings that hold back replication. A rate on every broker
 * that takes part, and on each topic which replicas it concerns: "partition:broker" of those that
 * give (leaders) and those that get (followers). Nothing of it ends by itself: --verify takes it
 * away.
 */
#include "cli/reassign.h"

#include <stdio.h>
#include <string.h>

#define NO_MEANING "no meaning"

static const char *const broker_rates[] = {"leader.replication.throttled.rate",
	"follower.replication.throttled.rate", "replica.alter.log.dirs.io.max.bytes.per.second"};
static const char *const topic_lists[] = {
	"leader.replication.throttled.replicas", "follower.replication.throttled.replicas"};

typedef struct incremental_alter_configs_request_resources resource;
typedef struct incremental_alter_configs_request_configs setting;

static int use_altered(struct cli *c, void *arg, const void *response)
{
	struct err e;

	(void)arg;
	if (!admin_first_error(API_INCREMENTAL_ALTER_CONFIGS,
		    api_find(API_INCREMENTAL_ALTER_CONFIGS)->max, response, &e, NULL))
		return CLI_OK;
	return cli_fail(c, "%s", e.msg);
}

static int alter(struct reassign *x, resource *v, size_t n)
{
	struct incremental_alter_configs_request r;

	msg_init(&incremental_alter_configs_request_desc, &r);
	r.resources = v;
	r.n_resources = (int32_t)n;
	return cli_ask(x->c, API_INCREMENTAL_ALTER_CONFIGS, &r, NULL, use_altered, NULL);
}

/* One broker's settings; each broker is asked itself. */
static int alter_broker(struct reassign *x, int32_t id, setting *v, size_t n)
{
	char name[12];
	resource r;

	snprintf(name, sizeof(name), "%d", id);
	r = (resource){ADMIN_RESOURCE_BROKER, str_of(name), v, (int32_t)n};
	return alter(x, &r, 1);
}

/* ---- what moves ---- */

/* One partition: who has it now, and who gets it. */
struct flow {
	struct place at;
	struct ids from, to;
};
typedef VEC(struct flow) flows;

static int by_place(const void *a, const void *b)
{
	return place_order(&((const struct flow *)a)->at, &((const struct flow *)b)->at);
}

static struct ids without(struct arena *a, const struct ids *ids, const struct ids *gone)
{
	int32_t *v = arena_array(a, (size_t)ids->n, sizeof(*v)), n = 0;

	for (int32_t i = 0; i < ids->n; i++)
		if (!ids_have(gone, ids->v[i]))
			v[n++] = ids->v[i];
	return (struct ids){v, n};
}

/* All that is under way, where the plan does not replace it, and the plan. */
static void find_flows(struct reassign *x, const moves *current, flows *out)
{
	vec_foreach (u, &x->active) {
		if (!move_find(&x->plan, &u->at))
			*vec_add(out) = (struct flow){
				u->at, without(&x->arena, &u->replicas, &u->adding), u->adding};
	}
	vec_foreach (m, &x->plan) {
		const struct under_way *u = reassign_find_active(x, &m->at);
		const struct move *now = move_find(current, &m->at);
		struct ids from = u ? without(&x->arena, &u->replicas, &u->adding) : now->replicas;

		*vec_add(out) = (struct flow){m->at, from, without(&x->arena, &m->replicas, &from)};
	}
	vec_sort(out, by_place);
}

/* ---- the topics' lists ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "0:1,0:2,10:1" of flows[0 … n), sorted as text. */
static struct str replica_list(struct arena *a, const struct flow *v, size_t n, bool from)
{
	VEC(const char *) items = {0};
	struct buf b = BUF_EMPTY;

	for (size_t i = 0; i < n; i++) {
		const struct ids *ids = from ? &v[i].from : &v[i].to;
		for (int32_t k = 0; k < ids->n; k++)
			vec_push(&items, (const char *)arena_printf(
						 a, "%d:%d", v[i].at.partition, ids->v[k]));
	}
	vec_sort(&items, by_text);
	for (size_t i = 0; i < items.n; i++)
		buf_printf(&b, "%s%s", i ? "," : "", items.v[i]);
	struct str list = arena_str(a, b.n ? buf_str(&b) : STR_LIT(""));
	vec_fini(&items);
	buf_fini(&b);
	return list;
}

static int set_topics(struct reassign *x, const flows *v)
{
	VEC(resource) topics = {0};
	size_t end;

	for (size_t i = 0; i < v->n; i = end) {
		setting *s = arena_array(&x->arena, ARRAY_LEN(topic_lists), sizeof(*s));

		for (end = i; end < v->n && str_eq(v->v[end].at.topic, v->v[i].at.topic); end++)
			;
		for (size_t k = 0; k < ARRAY_LEN(topic_lists); k++)
			s[k] = (setting){str_of(topic_lists[k]), ADMIN_CONFIG_SET,
				replica_list(&x->arena, &v->v[i], end - i, k == 0)};
		*vec_add(&topics) = (resource){
			ADMIN_RESOURCE_TOPIC, v->v[i].at.topic, s, ARRAY_LEN(topic_lists)};
	}
	int status = alter(x, topics.v, topics.n);
	vec_fini(&topics);
	return status;
}

/* ---- the brokers' rates ---- */

typedef VEC(int32_t) id_list;

static int by_id(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static void add_ids(id_list *out, const struct ids *ids)
{
	for (int32_t i = 0; i < ids->n; i++)
		vec_push(out, ids->v[i]);
}

static void settle(id_list *v)
{
	size_t n = 0;

	vec_sort(v, by_id);
	for (size_t i = 0; i < v->n; i++)
		if (!n || v->v[n - 1] != v->v[i])
			v->v[n++] = v->v[i];
	v->n = n;
}

static int use_described(struct cli *c, void *arg, const void *response)
{
	const struct describe_configs_response *r = response;

	(void)c;
	for (int32_t i = 0; i < r->n_results; i++)
		for (int32_t k = 0; k < r->results[i].n_configs; k++) {
			struct str text = r->results[i].configs[k].documentation;

			if (text.n && memmem(text.p, text.n, NO_MEANING, strlen(NO_MEANING)))
				*(bool *)arg = true;
		}
	return CLI_OK;
}

/* A broker that takes the setting and does nothing with it says so where it explains it. */
static int warn_without_meaning(struct reassign *x, int32_t broker)
{
	struct str key = str_of(broker_rates[0]);
	struct describe_configs_request_resources res = {
		.resource_type = ADMIN_RESOURCE_BROKER,
		.configuration_keys = &key,
		.n_configuration_keys = 1,
	};
	struct describe_configs_request r;
	char name[12];
	bool idle = false;

	snprintf(name, sizeof(name), "%d", broker);
	res.resource_name = str_of(name);
	msg_init(&describe_configs_request_desc, &r);
	r.resources = &res;
	r.n_resources = 1;
	r.include_documentation = true;
	int status = cli_ask(x->c, API_DESCRIBE_CONFIGS, &r, NULL, use_described, &idle);
	if (status == CLI_OK && idle)
		cli_warn(x->c, "--throttle has no meaning here: these brokers take the settings "
			       "and replicate as fast as they can");
	return status;
}

int reassign_set_throttle(struct reassign *x, const moves *current, int64_t rate)
{
	struct str value = str_of(arena_printf(&x->arena, "%lld", (long long)rate));
	setting s[] = {{str_of(broker_rates[0]), ADMIN_CONFIG_SET, value},
		{str_of(broker_rates[1]), ADMIN_CONFIG_SET, value}};
	flows v = {0};
	id_list brokers = {0};

	find_flows(x, current, &v);
	vec_foreach (f, &v) {
		add_ids(&brokers, &f->from);
		add_ids(&brokers, &f->to);
	}
	settle(&brokers);
	int status = set_topics(x, &v);
	for (size_t i = 0; i < brokers.n && status == CLI_OK; i++)
		status = alter_broker(x, brokers.v[i], s, ARRAY_LEN(s));
	if (status == CLI_OK && !x->c->json)
		buf_printf(&x->c->out, "The inter-broker throttle limit was set to %lld B/s\n",
			(long long)rate);
	if (status == CLI_OK && brokers.n)
		status = warn_without_meaning(x, brokers.v[0]);
	vec_fini(&v);
	vec_fini(&brokers);
	return status;
}

int reassign_set_dir_throttle(struct reassign *x, const homes *wishes, int64_t rate)
{
	setting s = {str_of(broker_rates[2]), ADMIN_CONFIG_SET,
		str_of(arena_printf(&x->arena, "%lld", (long long)rate))};
	int status = CLI_OK;

	/* Wishes stand by broker. */
	for (size_t i = 0; i < wishes->n && status == CLI_OK; i++)
		if (!i || wishes->v[i - 1].broker != wishes->v[i].broker)
			status = alter_broker(x, wishes->v[i].broker, &s, 1);
	if (status == CLI_OK && !x->c->json)
		buf_printf(&x->c->out, "The replica-alter-dir throttle limit was set to %lld B/s\n",
			(long long)rate);
	return status;
}

/* ---- taking them away ---- */

static int clear_brokers(struct reassign *x)
{
	const struct admin_metadata *m = admin_metadata(x->c->admin);
	setting s[ARRAY_LEN(broker_rates)];
	struct buf names = BUF_EMPTY;
	id_list ids = {0};
	int status = CLI_OK;

	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		s[i] = (setting){str_of(broker_rates[i]), ADMIN_CONFIG_DELETE, STR_NULL};
	for (size_t i = 0; i < m->n_brokers; i++)
		vec_push(&ids, m->brokers[i].id);
	vec_foreach (move, &x->plan)
		add_ids(&ids, &move->replicas);
	settle(&ids);
	put_ids(&names, &(struct ids){ids.v, (int32_t)ids.n});
	if (!x->c->json)
		buf_printf(&x->c->out, "Clearing broker-level throttles on broker%s %s\n",
			ids.n == 1 ? "" : "s", buf_z(&names));
	for (size_t i = 0; i < ids.n && status == CLI_OK; i++) {
		if (admin_broker_find(x->c->admin, ids.v[i]))
			status = alter_broker(x, ids.v[i], s, ARRAY_LEN(s));
		else
			cli_warn(x->c, "broker %d is not there: its throttles stay", ids.v[i]);
	}
	buf_fini(&names);
	vec_fini(&ids);
	return status;
}

static int clear_topics(struct reassign *x)
{
	setting s[ARRAY_LEN(topic_lists)];
	struct buf names = BUF_EMPTY;
	VEC(resource) topics = {0};

	for (size_t i = 0; i < ARRAY_LEN(s); i++)
		s[i] = (setting){str_of(topic_lists[i]), ADMIN_CONFIG_DELETE, STR_NULL};
	vec_foreach (m, &x->plan) {
		if (topics.n && str_eq(vec_last(&topics)->resource_name, m->at.topic))
			continue;
		buf_printf(&names, "%s%.*s", topics.n ? "," : "", STR_ARG(m->at.topic));
		*vec_add(&topics) = (resource){ADMIN_RESOURCE_TOPIC, m->at.topic, s, ARRAY_LEN(s)};
	}
	if (!x->c->json)
		buf_printf(&x->c->out, "Clearing topic-level throttles on topic%s %s\n",
			topics.n == 1 ? "" : "s", buf_z(&names));
	int status = topics.n ? alter(x, topics.v, topics.n) : CLI_OK;
	buf_fini(&names);
	vec_fini(&topics);
	return status;
}

int reassign_clear_throttles(struct reassign *x)
{
	if (cli_has(x->c, "preserve-throttles"))
		return CLI_OK;
	int status = clear_brokers(x);
	return status == CLI_OK ? clear_topics(x) : status;
}
