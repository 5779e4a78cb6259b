/* `kdeck snapshot --json`. What is not known is null. */
#include "model/snapshot_print.h"

#include "base/json.h"
#include <math.h>

static void number(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	if (v < 0)
		json_null(j);
	else
		json_int(j, v);
}

static void text(struct json *j, const char *key, const char *z)
{
	json_kstr(j, key, *z ? str_of(z) : STR_NULL);
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
	json_kint(j, "leaders", b->n_leaders);
	json_kint(j, "replicas", b->n_replicas);
	json_kint(j, "outOfSync", b->n_out_of_sync);
	number(j, "bytes", b->disk_bytes);
	number(j, "totalBytes", b->disk_total);
	number(j, "usableBytes", b->disk_free);
	rate(j, "recordsInPerSecond", b->in_records);
	json_object_end(j);
}

static void put_ids(struct json *j, const char *key, const struct partition *p, bool isr)
{
	json_key(j, key);
	json_array(j);
	for (uint16_t i = 0; i < p->n_replicas; i++)
		if (!isr || p->replicas[i].in_sync)
			json_int(j, p->replicas[i].broker);
	json_array_end(j);
}

static void put_partition(struct json *j, const struct partition *p)
{
	json_object(j);
	json_kint(j, "partition", p->index);
	number(j, "leader", p->leader);
	number(j, "leaderEpoch", p->leader_epoch);
	put_ids(j, "replicas", p, false);
	put_ids(j, "isr", p, true);
	number(j, "startOffset", p->start);
	number(j, "highWatermark", p->hw);
	rate(j, "recordsInPerSecond", p->in_records);
	json_object_end(j);
}

static void put_topic(struct json *j, const struct topic *t)
{
	char id[UUID_TEXT];

	uuid_format(&t->id, id);
	json_object(j);
	json_kstr(j, "topic", t->name);
	json_kstr(j, "topicId", uuid_is_zero(&t->id) ? STR_NULL : str_of(id));
	json_kbool(j, "internal", t->internal);
	json_kint(j, "partitionCount", t->n_partitions);
	json_kint(j, "replicationFactor", t->replication);
	json_kint(j, "underReplicated", t->n_under);
	json_kint(j, "offline", t->n_offline);
	number(j, "records", t->records);
	json_kbool(j, "recordsApproximate", t->records_about);
	number(j, "bytes", t->size);
	rate(j, "recordsInPerSecond", t->in_records);
	json_key(j, "partitions");
	json_array(j);
	for (int32_t i = 0; i < t->n_partitions; i++)
		put_partition(j, &t->partitions[i]);
	json_array_end(j);
	json_object_end(j);
}

static void put_problems(struct json *j, const struct cluster *c)
{
	struct problem v[200];
	struct buf line = BUF_EMPTY;
	size_t n = cluster_problems(c, v, ARRAY_LEN(v));

	json_kint(j, "problemCount", (int64_t)n);
	json_key(j, "problems");
	json_array(j);
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
	json_kint(j, "brokersUp", c->totals.brokers_up);
	json_kint(j, "underReplicated", c->totals.under);
	json_kint(j, "offline", c->totals.offline);
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
	json_key(&j, "brokers");
	json_array(&j);
	for (size_t i = 0; i < c->n_brokers; i++)
		put_broker(&j, &c->brokers[i]);
	json_array_end(&j);
	json_kint(&j, "topicCount", (int64_t)c->n_topics);
	json_key(&j, "topics");
	json_array(&j);
	for (size_t i = 0; i < c->n_topics; i++) {
		if ((c->topics[i]->internal && !o->internal) ||
			(o->max_topics && shown == o->max_topics))
			continue;
		put_topic(&j, c->topics[i]);
		shown++;
	}
	json_array_end(&j);
	put_problems(&j, c);
	json_object_end(&j);
	buf_putc(out, '\n');
}
