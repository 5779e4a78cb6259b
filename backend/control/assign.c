/* New partitions: replica lists written by clients, and the records of both kinds. */
#include "control/impl.h"

static int check_broker(const struct control_env *env, int32_t partition, const int32_t *ids,
	int32_t at, struct control_fault *f)
{
	if (!image_broker(env->image, ids[at]))
		return control_fail(env, f, KERR_INVALID_REPLICA_ASSIGNMENT,
			"The manual partition assignment includes broker %d, but no such broker "
			"is registered (partition %d).",
			ids[at], partition);
	for (int32_t i = 0; i < at; i++)
		if (ids[i] == ids[at])
			return control_fail(env, f, KERR_INVALID_REPLICA_ASSIGNMENT,
				"The manual partition assignment includes the broker %d more than "
				"once (partition %d).",
				ids[at], partition);
	return 0;
}

/* The brokers are registered and none stands twice, so that no list is longer than the image. */
static int check_brokers(const struct control_env *env, int32_t partition, const int32_t *ids,
	int32_t n, struct control_fault *f)
{
	bool live = false;

	for (int32_t i = 0; i < n; i++) {
		if (check_broker(env, partition, ids, i, f) < 0)
			return ERR_INVALID;
		live = live || control_live(env->image, ids[i]);
	}
	if (live)
		return 0;
	return control_fail(env, f, KERR_INVALID_REPLICA_ASSIGNMENT,
		"All brokers specified in the manual partition assignment for partition %d are "
		"fenced or in controlled shutdown.",
		partition);
}

int control_check_replicas(const struct control_env *env, int32_t partition, const int32_t *ids,
	int32_t n, int32_t n_expected, struct control_fault *f)
{
	int rc;

	if (n <= 0)
		return control_fail(env, f, KERR_INVALID_REPLICA_ASSIGNMENT,
			"The manual partition assignment includes an empty replica list "
			"(partition %d).",
			partition);
	rc = check_brokers(env, partition, ids, n, f);
	if (rc < 0 || !n_expected || n == n_expected)
		return rc;
	return control_fail(env, f, KERR_INVALID_REPLICA_ASSIGNMENT,
		"The manual partition assignment includes a partition with %d replica(s), but this "
		"is not consistent with previous partitions, which have %d replica(s) (partition "
		"%d).",
		n, n_expected, partition);
}

int control_add_partition(const struct control_env *env, struct control_result *out,
	const struct uuid *topic, int32_t index, const int32_t *replicas, int32_t n)
{
	struct partition_record *r = CONTROL_RECORD(env, out, partition_record, 0);

	if (!r)
		return ERR_NOMEM;
	r->partition_id = index;
	r->topic_id = *topic;
	r->n_replicas = n;
	r->replicas = arena_array(env->arena, (size_t)n, sizeof(*r->replicas));
	r->isr = arena_array(env->arena, (size_t)n, sizeof(*r->isr));
	if (!r->replicas || !r->isr)
		return ERR_NOMEM;
	r->n_isr = 0;
	for (int32_t i = 0; i < n; i++) {
		r->replicas[i] = replicas[i];
		if (control_live(env->image, replicas[i]))
			r->isr[r->n_isr++] = replicas[i];
	}
	r->leader = r->isr[0];
	r->leader_epoch = 0;
	r->partition_epoch = 0;
	return 0;
}
