/* DescribeLogDirs: v1-4. v3 top-level error, v4 space of the volume. One log dir a broker. */
#include "api/api.h"

static void put_partition(const struct partition *p, struct describe_log_dirs_response_topics *out)
{
	struct describe_log_dirs_response_partitions *o = &out->partitions[out->n_partitions];

	if (!p || !p->log)
		return;
	o->partition_index = p->index;
	o->partition_size = plog_size(p->log);
	o->offset_lag = max_i64(0, p->log->high_watermark - p->log->leo);
	out->n_partitions++;
}

static void put_topic(struct call *c, const struct repl_topic *t, const int32_t *wanted, int32_t n,
	struct describe_log_dirs_response_topics *out)
{
	int32_t count = wanted ? n : t->n_partitions;

	out->name = t->name;
	out->partitions = CALL_NEW(c, describe_log_dirs_response_partitions, (size_t)count);
	for (int32_t i = 0; i < count; i++)
		put_partition(repl_partition(t, wanted ? wanted[i] : i), out);
}

static void put_all(struct call *c, struct describe_log_dirs_response_results *out)
{
	struct broker *b = c->broker;
	const struct repl_topic *t;
	size_t n = 0;

	for (size_t i = 0; repl_next(b->repl, &i);)
		n++;
	out->topics = CALL_NEW(c, describe_log_dirs_response_topics, n);
	for (size_t i = 0; (t = repl_next(b->repl, &i));)
		put_topic(c, t, NULL, 0, &out->topics[out->n_topics++]);
}

static void put_wanted(struct call *c, const struct describe_log_dirs_request *r,
	struct describe_log_dirs_response_results *out)
{
	out->topics = CALL_NEW(c, describe_log_dirs_response_topics, (size_t)r->n_topics);
	for (int32_t i = 0; i < r->n_topics; i++) {
		const struct repl_topic *t = repl_topic(c->broker->repl, r->topics[i].topic);
		if (t && r->topics[i].n_partitions > 0)
			put_topic(c, t, r->topics[i].partitions, r->topics[i].n_partitions,
				&out->topics[out->n_topics++]);
	}
}

void api_describe_log_dirs(struct call *c, const struct describe_log_dirs_request *r)
{
	struct describe_log_dirs_response resp;
	struct describe_log_dirs_response_results *out;

	msg_init(&describe_log_dirs_response_desc, &resp);
	resp.results = out = CALL_NEW(c, describe_log_dirs_response_results, 1);
	resp.n_results = 1;
	out->log_dir = str_of(c->broker->store->dir);
	if (store_space(c->broker->store, &out->total_bytes, &out->usable_bytes) < 0)
		out->total_bytes = out->usable_bytes = -1;
	if (r->n_topics < 0)
		put_all(c, out);
	else
		put_wanted(c, r, out);
	call_reply(c, &resp);
}
