/* Questions and changes of the interface that are one request each. */
#include "admin/admin_impl.h"

#include <stdlib.h>

#include "base/xalloc.h"

int64_t admin_create_topics(
	struct admin *a, const struct create_topics_request *r, admin_reply_fn *fn, void *arg)
{
	return admin_call(a, API_CREATE_TOPICS, r, &ADMIN_TO_CONTROLLER, 0, fn, arg);
}

int64_t admin_delete_topics(
	struct admin *a, const struct delete_topics_request *r, admin_reply_fn *fn, void *arg)
{
	return admin_call(a, API_DELETE_TOPICS, r, &ADMIN_TO_CONTROLLER, 0, fn, arg);
}

int64_t admin_create_partitions(
	struct admin *a, const struct create_partitions_request *r, admin_reply_fn *fn, void *arg)
{
	return admin_call(a, API_CREATE_PARTITIONS, r, &ADMIN_TO_CONTROLLER, 0, fn, arg);
}

int64_t admin_elect_leaders(
	struct admin *a, const struct elect_leaders_request *r, admin_reply_fn *fn, void *arg)
{
	return admin_call(a, API_ELECT_LEADERS, r, &ADMIN_TO_CONTROLLER, 0, fn, arg);
}

int64_t admin_alter_reassignments(struct admin *a,
	const struct alter_partition_reassignments_request *r, admin_reply_fn *fn, void *arg)
{
	return admin_call(
		a, API_ALTER_PARTITION_REASSIGNMENTS, r, &ADMIN_TO_CONTROLLER, 0, fn, arg);
}

int64_t admin_list_reassignments(struct admin *a,
	const struct list_partition_reassignments_request *r, admin_reply_fn *fn, void *arg)
{
	return admin_call(a, API_LIST_PARTITION_REASSIGNMENTS, r, &ADMIN_TO_CONTROLLER, 0, fn, arg);
}

int64_t admin_describe_quorum(struct admin *a, admin_reply_fn *fn, void *arg)
{
	struct describe_quorum_request_partitions p = {.partition_index = 0};
	struct describe_quorum_request_topics t = {
		.topic_name = STR_LIT("__cluster_metadata"), .partitions = &p, .n_partitions = 1};
	struct describe_quorum_request r = {.topics = &t, .n_topics = 1};

	return admin_call(a, API_DESCRIBE_QUORUM, &r, &ADMIN_TO_ANY, 0, fn, arg);
}

/* ---- DescribeCluster, made up from Metadata where it is missing ---- */

struct cluster_op {
	struct op op;
	struct admin *admin;
	int64_t ask;
	admin_reply_fn *fn;
	void *arg;
};

static void cluster_cancel(struct op *op)
{
	struct cluster_op *c = CONTAINER_OF(op, struct cluster_op, op);

	admin_cancel(c->admin, c->ask);
	free(c);
}

static void cluster_finish(struct cluster_op *c, const struct err *e, int16_t version,
	const void *response, struct arena *arena)
{
	admin_reply_fn *fn = c->fn;
	void *arg = c->arg;

	op_end(&c->op);
	free(c);
	fn(arg, e, version, response, arena);
}

static void on_metadata(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	const struct metadata_response *m = response;
	struct describe_cluster_response r;

	(void)version;
	if (e) {
		cluster_finish(arg, e, -1, NULL, NULL);
		return;
	}
	msg_init(&describe_cluster_response_desc, &r);
	r.cluster_id = m->cluster_id;
	r.controller_id = m->controller_id;
	r.brokers =
		MSG_NEW(arena, describe_cluster_response_brokers, (size_t)max_i64(m->n_brokers, 0));
	for (int32_t i = 0; r.brokers && i < m->n_brokers; i++) {
		struct describe_cluster_response_brokers *b = &r.brokers[r.n_brokers++];
		b->broker_id = m->brokers[i].node_id;
		b->host = m->brokers[i].host;
		b->port = m->brokers[i].port;
		b->rack = m->brokers[i].rack;
	}
	cluster_finish(arg, NULL, 0, &r, arena);
}

static void on_cluster(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	struct cluster_op *c = arg;
	struct metadata_request r;

	if (!e || e->code != ERR_UNSUPPORTED) {
		cluster_finish(c, e, version, response, arena);
		return;
	}
	msg_init(&metadata_request_desc, &r);
	r.allow_auto_topic_creation = false;
	c->ask = ask_start(c->admin, &(struct ask_spec){.key = API_METADATA,
					     .request = &r,
					     .internal = true,
					     .fn = on_metadata,
					     .arg = c});
}

int64_t admin_describe_cluster(struct admin *a, bool include_fenced, admin_reply_fn *fn, void *arg)
{
	struct cluster_op *c = ALLOC(struct cluster_op);
	struct describe_cluster_request r;

	c->admin = a;
	c->fn = fn;
	c->arg = arg;
	msg_init(&describe_cluster_request_desc, &r);
	r.include_fenced_brokers = include_fenced;
	c->ask = ask_start(a, &(struct ask_spec){.key = API_DESCRIBE_CLUSTER,
				      .request = &r,
				      .internal = true,
				      .fn = on_cluster,
				      .arg = c});
	return op_start(a, &c->op, false, cluster_cancel);
}
