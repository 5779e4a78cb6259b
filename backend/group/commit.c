/* OffsetCommit: what a group has read goes into the log, then into its table, then to the client.
 */
#include "group/commit.h"
#include "group/planted.h"

bool commit_touches(const struct commit *x, struct str topic, int32_t partition)
{
	for (size_t i = 0; i < x->n_rows; i++)
		if (x->rows[i].partition == partition && str_eq(x->rows[i].topic, topic))
			return true;
	return false;
}

/* ---- may it? ------------------------------------------------------------------------------ */

/* A commit from outside the membership, by a simple consumer or an operator, is for groups that
 * have no members; a member's must be of the generation, and not between two. */
static int16_t check_member(
	const struct group *g, const struct offset_commit_request *r, struct member **m)
{
	bool outside = r->generation_id_or_member_epoch < 0 && r->member_id.n == 0 &&
		       str_is_null(r->group_instance_id);
	int16_t error;

	if (r->generation_id_or_member_epoch < 0 && group_is(g, GROUP_EMPTY))
		return KERR_NONE;
	if (outside)
		return KERR_UNKNOWN_MEMBER_ID;
	error = member_check(g, r->member_id, r->group_instance_id, m);
	if (error)
		return error;
	if (r->generation_id_or_member_epoch != g->generation)
		return KERR_ILLEGAL_GENERATION;
	member_alive(*m);
	return group_is(g, GROUP_COMPLETING) ? KERR_REBALANCE_IN_PROGRESS : KERR_NONE;
}

static int16_t check(struct coordinator *c, int16_t version, const struct offset_commit_request *r,
	struct group **g)
{
	int16_t error = coordinator_check(c, r->group_id);
	struct member *m = NULL;

	if (error)
		return error;
	*g = group_find(c, r->group_id);
	if (!*g && r->generation_id_or_member_epoch >= 0)
		return version >= 9 ? KERR_GROUP_ID_NOT_FOUND : KERR_ILLEGAL_GENERATION;
	if (!*g)
		*g = group_new(c, r->group_id);
	return check_member(*g, r, &m);
}

/* ---- the answer --------------------------------------------------------------------------- */

static void finish(struct commit *x)
{
	if (x->reply.fn)
		x->reply.fn(x->reply.arg, &x->out);
	list_remove(&x->node);
	if (x->group) {
		/* A group that was made for a commit that then failed. */
		if (!group_is(x->group, GROUP_DEAD))
			group_drop_unused(x->group);
		group_put(x->group);
	}
	arena_fini(&x->arena);
	free(x);
}

static void on_stored(struct group_write *w, int16_t error)
{
	struct commit *x = CONTAINER_OF(w, struct commit, write);

	for (size_t i = 0; i < x->n_rows; i++) {
		const struct commit_row *row = &x->rows[i];

		*row->error = offset_write_error(error);
		/* A group that was deleted meanwhile has said so in the log, behind this. */
		if (!error && !row->forgotten && !group_is(x->group, GROUP_DEAD))
			offset_put(x->group, row->topic, row->partition, &row->value);
	}
	finish(x);
}

/* ---- the request -------------------------------------------------------------------------- */

static void fill_value(const struct coordinator *c, const struct offset_commit_request *r,
	const struct offset_commit_request_partitions *p, struct arena *a,
	struct offset_commit_value *v)
{
	int64_t now = wall(c);

	msg_init(&offset_commit_value_desc, v);
	v->offset = p->committed_offset;
	v->leader_epoch = p->committed_leader_epoch;
	v->metadata = str_is_null(p->committed_metadata) ? STR_LIT("")
							 : arena_str(a, p->committed_metadata);
	v->commit_timestamp = p->commit_timestamp >= 0 ? p->commit_timestamp : now;
	if (r->retention_time_ms >= 0)
		v->expire_timestamp = now + min_i64(r->retention_time_ms, INT64_MAX - now);
}

static void take_partition(struct coordinator *c, const struct offset_commit_request *r,
	const struct offset_commit_request_partitions *p, struct str topic, int16_t *error,
	struct commit *x, struct entries *e)
{
	struct commit_row *row = &x->rows[x->n_rows];

	if (*error)
		return;
	if (!c->log->known(c->log->arg, topic, p->partition_index)) {
		*error = KERR_UNKNOWN_TOPIC_OR_PARTITION;
		return;
	}
	if (java_length(p->committed_metadata) > (size_t)c->set->max_metadata_bytes) {
		*error = KERR_OFFSET_METADATA_TOO_LARGE;
		return;
	}
	fill_value(c, r, p, &x->arena, &row->value);
	if (entries_offset(e, r->group_id, topic, p->partition_index, &row->value) < 0) {
		*error = KERR_INVALID_COMMIT_OFFSET_SIZE;
		return;
	}
	row->topic = topic;
	row->partition = p->partition_index;
	row->error = error;
	x->n_rows++;
}

static size_t count_partitions(const struct offset_commit_request *r)
{
	size_t n = 0;

	for (int32_t i = 0; i < r->n_topics; i++)
		n += (size_t)max_i64(r->topics[i].n_partitions, 0);
	return n;
}

/* One row of the answer for each of the request; those without an error become records. */
static void take_all(struct coordinator *c, const struct offset_commit_request *r, int16_t error,
	struct commit *x, struct entries *e)
{
	x->rows = arena_array(&x->arena, count_partitions(r), sizeof(*x->rows));
	x->out.topics =
		MSG_NEW(&x->arena, offset_commit_response_topics, (size_t)max_i64(r->n_topics, 0));
	for (int32_t i = 0; i < r->n_topics; i++) {
		const struct offset_commit_request_topics *t = &r->topics[i];
		struct offset_commit_response_topics *row = &x->out.topics[x->out.n_topics++];

		row->name = arena_str(&x->arena, t->name);
		row->topic_id = t->topic_id;
		row->partitions = MSG_NEW(&x->arena, offset_commit_response_partitions,
			(size_t)max_i64(t->n_partitions, 0));
		for (int32_t k = 0; k < t->n_partitions; k++) {
			struct offset_commit_response_partitions *p =
				&row->partitions[row->n_partitions++];

			p->partition_index = t->partitions[k].partition_index;
			p->error_code = error;
			take_partition(c, r, &t->partitions[k], row->name, &p->error_code, x, e);
		}
	}
}

void group_offset_commit(struct coordinator *c, const struct group_caller *who,
	const struct offset_commit_request *r, struct group_reply reply)
{
	struct commit *x = ALLOC(struct commit);
	struct group *g = NULL;
	int16_t error = check(c, who->version, r, &g);
	struct entries e;

	entries_init(&e);
	arena_init(&x->arena, 0);
	msg_init(&offset_commit_response_desc, &x->out);
	x->write.done = on_stored;
	x->reply = reply;
	x->group = g ? group_get(g) : NULL;
	take_all(c, r, error, x, &e);
	if (PLANTED(FAULT_ACK_BEFORE_STORED)) {
		x->reply.fn(x->reply.arg, &x->out);
		x->reply.fn = NULL;
	}
	if (x->n_rows) {
		list_push_back(&g->commits, &x->node);
		entries_append(&e, g, &x->write);
	} else {
		finish(x);
	}
	entries_fini(&e);
}
