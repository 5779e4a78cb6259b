/* `kdeck snapshot --json`. What is not known is null. */
#include "model/snapshot_print.h"

#include "base/json.h"
#include "model/group.h"
#include <math.h>

static void number(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	if (v < 0)
		json_null(j);
	else
		json_int(j, v);
}

/* What is counted; below 0: not known. */
struct figure {
	const char *key;
	int64_t v;
};

static void put_figures(struct json *j, const struct figure *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		number(j, v[i].key, v[i].v);
}

#define FIGURES(j, ...)                                      \
	put_figures(j, (const struct figure[]){__VA_ARGS__}, \
		sizeof((const struct figure[]){__VA_ARGS__}) / sizeof(struct figure))

static void text(struct json *j, const char *key, const char *z)
{
	json_kstr(j, key, *z ? str_of(z) : STR_NULL);
}

/* What was written into b, which is emptied. */
static void words(struct json *j, const char *key, struct buf *b)
{
	text(j, key, buf_z(b));
	buf_clear(b);
}

static void begin_array(struct json *j, const char *key)
{
	json_key(j, key);
	json_array(j);
}

/* Three digits behind the point are more than is known. */
static void rate(struct json *j, const char *key, double v)
{
	json_kdouble(j, key, isnan(v) ? v : round(v * 1000) / 1000);
}

static void put_broker(struct json *j, const struct broker *b)
{
	json_object(j);
	json_kint(j, "nodeId", b->id);
	text(j, "host", b->host);
	number(j, "port", b->host[0] ? b->port : -1);
	text(j, "rack", b->rack);
	json_kz(j, "state", broker_state_name(b->state));
	text(j, "reason", b->why);
	FIGURES(j, {"leaders", b->n_leaders}, {"replicas", b->n_replicas},
		{"outOfSync", b->n_out_of_sync}, {"bytes", b->disk_bytes},
		{"totalBytes", b->disk_total}, {"usableBytes", b->disk_free});
	rate(j, "recordsInPerSecond", b->in_records);
	json_object_end(j);
}

static void put_ids(struct json *j, const char *key, const struct partition *p, bool isr)
{
	begin_array(j, key);
	for (uint16_t i = 0; i < p->n_replicas; i++)
		if (!isr || p->replicas[i].in_sync)
			json_int(j, p->replicas[i].broker);
	json_array_end(j);
}

static void put_partition(struct json *j, const struct partition *p)
{
	json_object(j);
	json_kint(j, "partition", p->index);
	FIGURES(j, {"leader", p->leader}, {"leaderEpoch", p->leader_epoch});
	put_ids(j, "replicas", p, false);
	put_ids(j, "isr", p, true);
	FIGURES(j, {"startOffset", p->start}, {"highWatermark", p->hw});
	rate(j, "recordsInPerSecond", p->in_records);
	json_object_end(j);
}

static void put_topic(struct json *j, const struct cluster *c, const struct topic *t,
	const struct topic_readers *r)
{
	char id[UUID_TEXT];

	uuid_format(&t->id, id);
	json_object(j);
	json_kstr(j, "topic", t->name);
	json_kstr(j, "topicId", uuid_is_zero(&t->id) ? STR_NULL : str_of(id));
	json_kbool(j, "internal", t->internal);
	FIGURES(j, {"partitionCount", t->n_partitions}, {"replicationFactor", t->replication},
		{"underReplicated", t->n_under}, {"offline", t->n_offline + topic_orphans(c, t)},
		{"records", t->records});
	json_kbool(j, "recordsApproximate", t->records_about);
	number(j, "bytes", t->size);
	rate(j, "recordsInPerSecond", t->in_records);
	FIGURES(j, {"groups", r ? r->groups : -1}, {"lag", r ? r->lag : -1});
	json_kbool(j, "lagApproximate", r && r->about);
	begin_array(j, "partitions");
	for (int32_t i = 0; i < t->n_partitions; i++)
		put_partition(j, &t->partitions[i]);
	json_array_end(j);
	json_object_end(j);
}

/* ---- groups -------------------------------------------------------------------------------- */

/* ageMs and catchUpMs for programs, the words of the screens beside them: "≈ 12 s", "never". */
static void put_lag(struct json *j, const struct lag *l)
{
	enum verdict v = (enum verdict)l->verdict;
	struct buf b = BUF_EMPTY;

	number(j, "lag", l->records);
	json_kbool(j, "lagApproximate", l->about);
	number(j, "ageMs", l->age_ms);
	lag_put_age(&b, l);
	words(j, "age", &b);
	rate(j, "recordsInPerSecond", l->in);
	rate(j, "recordsOutPerSecond", l->out);
	number(j, "catchUpMs", l->catch_up_ms == CATCH_UP_NEVER ? -1 : l->catch_up_ms);
	lag_put_catch_up(&b, l);
	words(j, "catchUp", &b);
	text(j, "verdict", v == VERDICT_NONE ? "" : verdict_name(v));
	buf_fini(&b);
}

static void put_group_partition(
	struct json *j, const struct group *g, const struct group_partition *p, int64_t now_ms)
{
	const struct group_member *m = p->member >= 0 ? &g->members->v[p->member] : NULL;
	struct buf b = BUF_EMPTY;

	json_object(j);
	json_kstr(j, "topic", p->topic);
	FIGURES(j, {"partition", p->partition}, {"currentOffset", p->committed},
		{"leaderEpoch", p->epoch}, {"logStartOffset", p->start}, {"logEndOffset", p->end});
	put_lag(j, &p->lag);
	group_partition_put_reason(&b, g, p, now_ms);
	words(j, "reason", &b);
	text(j, "memberId", m ? m->id : "");
	text(j, "clientId", m ? m->client : "");
	text(j, "clientHost", m ? m->host : "");
	json_object_end(j);
	buf_fini(&b);
}

static void put_group(struct json *j, const struct group *g, int64_t now_ms)
{
	struct buf b = BUF_EMPTY;

	json_object(j);
	json_kstr(j, "groupId", g->name);
	json_kz(j, "groupState", group_state_name((enum group_state)g->state));
	text(j, "groupType", g->protocol);
	text(j, "protocolType", g->type);
	text(j, "partitionAssignor", g->assignor);
	FIGURES(j, {"coordinator", g->coordinator}, {"generationId", g->generation},
		{"members", g->described ? (int64_t)g->members->n : -1},
		{"idleMembers", g->described ? g->n_idle : -1});
	put_lag(j, &g->lag);
	group_put_reason(&b, g, now_ms);
	words(j, "reason", &b);
	begin_array(j, "partitions");
	for (size_t i = 0; i < g->n_partitions; i++)
		put_group_partition(j, g, &g->partitions[i], now_ms);
	json_array_end(j);
	json_object_end(j);
	buf_fini(&b);
}

static void put_groups(
	struct json *j, const struct cluster *c, const struct snapshot_options *o, int64_t now_ms)
{
	bool listed = c->group_list.at_ms >= 0;

	FIGURES(j, {"groupCount", listed ? c->totals.groups : -1},
		{"groupsKnown", listed ? c->totals.groups_known : -1}, {"lag", c->totals.lag});
	json_kbool(j, "lagApproximate", c->totals.lag_about);
	begin_array(j, "groups");
	for (size_t i = 0; i < c->n_groups && (!o->max_rows || i < o->max_rows); i++)
		put_group(j, c->groups[i], now_ms);
	json_array_end(j);
}

/* ---- the page ------------------------------------------------------------------------------ */

static void put_problems(struct json *j, const struct cluster *c)
{
	struct problem v[200];
	struct buf line = BUF_EMPTY;
	size_t n = cluster_problems(c, v, ARRAY_LEN(v));

	json_kint(j, "problemCount", (int64_t)n);
	begin_array(j, "problems");
	for (size_t i = 0; i < n && i < ARRAY_LEN(v); i++) {
		buf_clear(&line);
		problem_put(&line, c, &v[i]);
		json_str(j, buf_str(&line));
	}
	json_array_end(j);
	buf_fini(&line);
}

static void put_head(
	struct json *j, const struct cluster *c, const struct snapshot_options *o, int64_t now_ms)
{
	text(j, "clusterId", c->id);
	json_kstr(j, "name", str_of(o->name));
	json_kstr(j, "address", str_of(o->address));
	number(j, "controllerId", c->controller);
	number(j, "ageMs", part_age_ms(&c->metadata, now_ms));
	FIGURES(j, {"brokersUp", c->totals.brokers_up}, {"underReplicated", c->totals.under},
		{"offline", c->totals.offline + c->totals.orphans});
	rate(j, "recordsInPerSecond", c->totals.in_records);
}

void snapshot_json(
	struct buf *out, const struct cluster *c, const struct snapshot_options *o, int64_t now_ms)
{
	struct json j;
	size_t shown = 0;

	json_init(&j, out);
	json_object(&j);
	put_head(&j, c, o, now_ms);
	begin_array(&j, "brokers");
	for (size_t i = 0; i < c->n_brokers; i++)
		put_broker(&j, &c->brokers[i]);
	json_array_end(&j);
	json_kint(&j, "topicCount", (int64_t)c->n_topics);
	begin_array(&j, "topics");
	for (size_t i = 0; i < c->n_topics; i++) {
		if ((c->topics[i]->internal && !o->internal) ||
			(o->max_rows && shown == o->max_rows))
			continue;
		put_topic(&j, c, c->topics[i], c->readers ? &c->readers[i] : NULL);
		shown++;
	}
	json_array_end(&j);
	put_groups(&j, c, o, now_ms);
	put_problems(&j, c);
	json_object_end(&j);
	buf_putc(out, '\n');
}
