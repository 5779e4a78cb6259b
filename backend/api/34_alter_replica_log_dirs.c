/*
 * AlterReplicaLogDirs: v1-2. v2 flexible. A broker has one log dir: a replica that is asked to be
 * there is there; any other folder is refused. Plans that kafka-reassign-partitions.sh printed for
 * the way back name it.
 */
#include "api/api.h"

static int16_t judge(const struct broker *b, struct str path, struct str topic, int32_t index)
{
	const struct repl_topic *t = repl_topic(b->repl, topic);
	const struct partition *p = repl_partition(t, index);

	if (!str_eqz(path, b->store->dir))
		return KERR_LOG_DIR_NOT_FOUND;
	return p && p->log ? KERR_NONE : KERR_REPLICA_NOT_AVAILABLE;
}

static void put_topic(struct call *c, struct str path,
	const struct alter_replica_log_dirs_request_topics *t,
	struct alter_replica_log_dirs_response_results *out)
{
	out->topic_name = t->name;
	out->partitions =
		CALL_NEW(c, alter_replica_log_dirs_response_partitions, (size_t)t->n_partitions);
	out->n_partitions = t->n_partitions;
	for (int32_t i = 0; i < t->n_partitions; i++) {
		out->partitions[i].partition_index = t->partitions[i];
		out->partitions[i].error_code = judge(c->broker, path, t->name, t->partitions[i]);
	}
}

void api_alter_replica_log_dirs(struct call *c, const struct alter_replica_log_dirs_request *r)
{
	struct alter_replica_log_dirs_response resp;
	size_t n = 0;

	msg_init(&alter_replica_log_dirs_response_desc, &resp);
	for (int32_t i = 0; i < r->n_dirs; i++)
		n += (size_t)r->dirs[i].n_topics;
	resp.results = CALL_NEW(c, alter_replica_log_dirs_response_results, n);
	for (int32_t i = 0; i < r->n_dirs; i++)
		for (int32_t k = 0; k < r->dirs[i].n_topics; k++)
			put_topic(c, r->dirs[i].path, &r->dirs[i].topics[k],
				&resp.results[resp.n_results++]);
	call_reply(c, &resp);
}
