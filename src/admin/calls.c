/* Questions and changes of the interface that are one request each. */
#include "admin/admin_impl.h"

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
