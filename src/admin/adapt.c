/*
 * A request made fit for an older version. The codec refuses to drop a value that a version lacks,
 * unless Kafka's table calls it ignorable; what else may be dropped or said differently is here.
 */
#include "admin/admin_impl.h"

static void fit_metadata(int16_t version, struct metadata_request *r)
{
	if (version >= 4)
		return;
	/* These create the topics that are named: ask for all of them instead. */
	r->allow_auto_topic_creation = true;
	if (r->n_topics > 0 || version == 0) {
		r->topics = NULL;
		r->n_topics = version == 0 ? 0 : -1;
	}
}

static int fit_delete_topics(
	int16_t version, struct delete_topics_request *r, struct arena *a, struct err *e)
{
	struct str *names;

	if (version >= 6 || r->n_topics <= 0)
		return 0;
	names = arena_array(a, (size_t)r->n_topics, sizeof(*names));
	for (int32_t i = 0; i < r->n_topics; i++) {
		names[i] = r->topics[i].name;
		if (str_is_null(names[i]))
			return err_set(e, ERR_UNSUPPORTED,
				"the broker deletes topics by name only, not by id");
	}
	r->topic_names = names;
	r->n_topic_names = r->n_topics;
	r->topics = NULL;
	r->n_topics = 0;
	return 0;
}

static int fit_find_coordinator(int16_t version, struct find_coordinator_request *r, struct err *e)
{
	if (version >= 4)
		return 0;
	if (r->n_coordinator_keys != 1)
		return err_set(e, ERR_UNSUPPORTED, "the broker finds one coordinator a request");
	r->key = r->coordinator_keys[0];
	r->coordinator_keys = NULL;
	r->n_coordinator_keys = 0;
	return 0;
}

static int fit_offset_fetch(
	int16_t version, struct offset_fetch_request *r, struct arena *a, struct err *e)
{
	const struct offset_fetch_request_groups *g = r->groups;

	if (version >= 8)
		return 0;
	if (r->n_groups != 1)
		return err_set(
			e, ERR_UNSUPPORTED, "the broker tells the offsets of one group a request");
	r->group_id = g->group_id;
	r->topics = g->n_topics < 0 ? NULL
				    : MSG_NEW(a, offset_fetch_request_topics, (size_t)g->n_topics);
	r->n_topics = g->n_topics;
	for (int32_t i = 0; i < g->n_topics; i++) {
		r->topics[i].name = g->topics[i].name;
		r->topics[i].partition_indexes = g->topics[i].partition_indexes;
		r->topics[i].n_partition_indexes = g->topics[i].n_partition_indexes;
	}
	r->groups = NULL;
	r->n_groups = 0;
	return 0;
}

static int fit_elect_leaders(int16_t version, const struct elect_leaders_request *r, struct err *e)
{
	if (version >= 1 || r->election_type == ADMIN_ELECT_PREFERRED)
		return 0;
	return err_set(
		e, ERR_UNSUPPORTED, "the broker elects preferred leaders only (Kafka before 2.4)");
}

static int fit_alter_reassignments(
	int16_t version, const struct alter_partition_reassignments_request *r, struct err *e)
{
	if (version >= 1 || r->allow_replication_factor_change)
		return 0;
	return err_set(e, ERR_UNSUPPORTED,
		"the broker cannot refuse a change of the replication factor (Kafka before 4.1)");
}

int adapt_request(int16_t key, int16_t version, void *request, struct arena *a, struct err *e)
{
	switch (key) {
	case API_METADATA:
		fit_metadata(version, request);
		return 0;
	case API_DELETE_TOPICS:
		return fit_delete_topics(version, request, a, e);
	case API_FIND_COORDINATOR:
		return fit_find_coordinator(version, request, e);
	case API_OFFSET_FETCH:
		return fit_offset_fetch(version, request, a, e);
	case API_ELECT_LEADERS:
		return fit_elect_leaders(version, request, e);
	case API_ALTER_PARTITION_REASSIGNMENTS:
		return fit_alter_reassignments(version, request, e);
	case API_LIST_OFFSETS:
		if (version < 2)
			((struct list_offsets_request *)request)->isolation_level = 0;
		return 0;
	case API_DESCRIBE_CONFIGS:
		if (version < 1)
			((struct describe_configs_request *)request)->include_synonyms = false;
		if (version < 3)
			((struct describe_configs_request *)request)->include_documentation = false;
		return 0;
	default:
		return 0;
	}
}
