/* OffsetFetch and OffsetDelete. */
#include "group/impl.h"

/* ---- OffsetFetch -------------------------------------------------------------------------- */

struct found {
	int64_t offset;
	int32_t leader_epoch;
	struct str metadata;
};

static struct found look(const struct group *g, struct str topic, int32_t partition)
{
	const struct committed *o = g ? offset_find(g, topic, partition) : NULL;

	if (!o)
		return (struct found){-1, -1, STR_LIT("")};
	return (struct found){o->offset, o->leader_epoch, o->metadata};
}

/* All topics of a group with their partitions, in the shape of a request for each of them. */
static int32_t every_topic(
	const struct group *g, struct arena *a, struct offset_fetch_request_groups_topics **out)
{
	struct offset_fetch_request_groups_topics *t, *row;
	struct map seen;
	int32_t n = 0;

	if (!g)
		return 0;
	map_init(&seen);
	*out = t = MSG_NEW(a, offset_fetch_request_groups_topics, (size_t)g->n_offsets);
	list_foreach (i, &g->offsets) {
		const struct committed *o = CONTAINER_OF(i, struct committed, node);

		row = map_gets(&seen, o->topic);
		if (!row) {
			row = &t[n++];
			row->name = o->topic;
			map_puts(&seen, o->topic, row);
		}
		row->n_partition_indexes++;
	}
	for (int32_t i = 0; i < n; i++) {
		t[i].partition_indexes =
			arena_array(a, (size_t)t[i].n_partition_indexes, sizeof(int32_t));
		t[i].n_partition_indexes = 0;
	}
	list_foreach (i, &g->offsets) {
		const struct committed *o = CONTAINER_OF(i, struct committed, node);

		row = map_gets(&seen, o->topic);
		row->partition_indexes[row->n_partition_indexes++] = o->partition;
	}
	map_fini(&seen);
	return n;
}

static void fetch_topic(const struct group *g, const struct offset_fetch_request_groups_topics *q,
	struct arena *a, struct offset_fetch_response_groups_topics *out)
{
	int32_t n = q->n_partition_indexes > 0 ? q->n_partition_indexes : 0;

	out->name = q->name;
	out->topic_id = q->topic_id;
	out->partitions = MSG_NEW(a, offset_fetch_response_groups_topics_partitions, (size_t)n);
	for (; out->n_partitions < n; out->n_partitions++) {
		struct offset_fetch_response_groups_topics_partitions *p =
			&out->partitions[out->n_partitions];
		struct found f = look(g, q->name, q->partition_indexes[out->n_partitions]);

		p->partition_index = q->partition_indexes[out->n_partitions];
		p->committed_offset = f.offset;
		p->committed_leader_epoch = f.leader_epoch;
		p->metadata = f.metadata;
	}
}

static void fetch_group(struct coordinator *c, const struct offset_fetch_request_groups *q,
	struct arena *a, struct offset_fetch_response_groups *out)
{
	struct offset_fetch_request_groups_topics *topics = q->topics;
	int32_t n = q->n_topics;
	const struct group *g;

	out->group_id = q->group_id;
	out->error_code = coordinator_check(c, q->group_id);
	if (out->error_code)
		return;
	g = group_find(c, q->group_id);
	if (n < 0)
		n = every_topic(g, a, &topics);
	out->topics = MSG_NEW(a, offset_fetch_response_groups_topics, (size_t)n);
	for (; out->n_topics < n; out->n_topics++)
		fetch_topic(g, &topics[out->n_topics], a, &out->topics[out->n_topics]);
}

/* Before version 8 a request was of one group: the same question in the newer shape. */
static void widen(const struct offset_fetch_request *r, struct arena *a,
	struct offset_fetch_request_groups *q)
{
	msg_struct_init(&offset_fetch_request_groups_struct, q);
	q->group_id = r->group_id;
	q->n_topics = r->n_topics;
	q->topics = r->n_topics > 0
			    ? MSG_NEW(a, offset_fetch_request_groups_topics, (size_t)r->n_topics)
			    : NULL;
	for (int32_t i = 0; i < r->n_topics; i++) {
		q->topics[i].name = r->topics[i].name;
		q->topics[i].partition_indexes = r->topics[i].partition_indexes;
		q->topics[i].n_partition_indexes = r->topics[i].n_partition_indexes;
	}
}

static void narrow_topic(const struct offset_fetch_response_groups_topics *t, struct arena *a,
	struct offset_fetch_response_topics *out)
{
	out->name = t->name;
	out->partitions =
		MSG_NEW(a, offset_fetch_response_topics_partitions, (size_t)t->n_partitions);
	for (; out->n_partitions < t->n_partitions; out->n_partitions++) {
		const struct offset_fetch_response_groups_topics_partitions *p =
			&t->partitions[out->n_partitions];
		struct offset_fetch_response_topics_partitions *q =
			&out->partitions[out->n_partitions];

		q->partition_index = p->partition_index;
		q->committed_offset = p->committed_offset;
		q->committed_leader_epoch = p->committed_leader_epoch;
		q->metadata = p->metadata;
		q->error_code = p->error_code;
	}
}

/* Version 1 has no place for an error of the whole but its partitions. */
static void narrow_error(const struct offset_fetch_request *r, int16_t error, struct arena *a,
	struct offset_fetch_response *out)
{
	out->n_topics = r->n_topics > 0 ? r->n_topics : 0;
	out->topics = MSG_NEW(a, offset_fetch_response_topics, (size_t)out->n_topics);
	for (int32_t i = 0; i < out->n_topics; i++) {
		int32_t n = r->topics[i].n_partition_indexes;

		out->topics[i].name = r->topics[i].name;
		out->topics[i].n_partitions = n > 0 ? n : 0;
		out->topics[i].partitions = MSG_NEW(a, offset_fetch_response_topics_partitions,
			(size_t)out->topics[i].n_partitions);
		for (int32_t k = 0; k < n; k++) {
			out->topics[i].partitions[k].partition_index =
				r->topics[i].partition_indexes[k];
			out->topics[i].partitions[k].committed_offset = -1;
			out->topics[i].partitions[k].metadata = STR_LIT("");
			out->topics[i].partitions[k].error_code = error;
		}
	}
}

static void fetch_old(struct coordinator *c, int16_t version, const struct offset_fetch_request *r,
	struct arena *a, struct offset_fetch_response *out)
{
	struct offset_fetch_response_groups *g = MSG_NEW(a, offset_fetch_response_groups, 1);
	struct offset_fetch_request_groups q;

	widen(r, a, &q);
	fetch_group(c, &q, a, g);
	out->error_code = g->error_code;
	if (g->error_code && version < 2) {
		narrow_error(r, g->error_code, a, out);
		return;
	}
	out->topics = MSG_NEW(a, offset_fetch_response_topics, (size_t)g->n_topics);
	for (; out->n_topics < g->n_topics; out->n_topics++)
		narrow_topic(&g->topics[out->n_topics], a, &out->topics[out->n_topics]);
}

void group_offset_fetch(struct coordinator *c, const struct group_caller *who,
	const struct offset_fetch_request *r, struct group_reply reply)
{
	struct offset_fetch_response out;
	struct arena a;

	arena_init(&a, 0);
	msg_init(&offset_fetch_response_desc, &out);
	if (who->version < 8) {
		fetch_old(c, who->version, r, &a, &out);
	} else {
		int32_t n = r->n_groups > 0 ? r->n_groups : 0;

		out.groups = MSG_NEW(&a, offset_fetch_response_groups, (size_t)n);
		for (; out.n_groups < n; out.n_groups++)
			fetch_group(c, &r->groups[out.n_groups], &a, &out.groups[out.n_groups]);
	}
	reply.fn(reply.arg, &out);
	arena_fini(&a);
}

/* ---- OffsetDelete ------------------------------------------------------------------------- */

struct offset_delete {
	struct group_write write;
	struct coordinator *c;
	struct group *group;
	struct group_reply reply;
	struct arena arena;
	struct offset_delete_response out;
};

static bool is_known(const struct coordinator *c, struct str topic, int32_t partition)
{
	return c->log->known(c->log->arg, topic, partition);
}

static int16_t deletable(const struct group *g, struct str topic)
{
	if (group_is(g, GROUP_EMPTY))
		return KERR_NONE;
	return group_reads(g, topic) ? KERR_GROUP_SUBSCRIBED_TO_TOPIC : KERR_NONE;
}

static int16_t check(struct coordinator *c, struct str id, struct group **g)
{
	int16_t error = coordinator_check_named(c, id);

	if (error)
		return error;
	*g = group_find(c, id);
	if (!*g)
		return KERR_GROUP_ID_NOT_FOUND;
	/* Of members that are no consumers nobody knows what they read. */
	if (!group_is(*g, GROUP_EMPTY) && !str_eqz((*g)->protocol_type, "consumer"))
		return KERR_NON_EMPTY_GROUP;
	return KERR_NONE;
}

static void answer_delete(struct offset_delete *d)
{
	d->reply.fn(d->reply.arg, &d->out);
	if (d->group)
		group_put(d->group);
	arena_fini(&d->arena);
	free(d);
}

static void on_deleted(struct group_write *w, int16_t error)
{
	struct offset_delete *d = CONTAINER_OF(w, struct offset_delete, write);

	d->out.error_code = offset_write_error(error);
	answer_delete(d);
}

/* The answer's rows, and a record for each offset that goes. */
static void delete_topic(struct offset_delete *d, const struct offset_delete_request_topics *q,
	struct offset_delete_response_topics *out, struct entries *e)
{
	struct group *g = d->group;

	out->name = arena_str(&d->arena, q->name);
	out->partitions =
		MSG_NEW(&d->arena, offset_delete_response_partitions, (size_t)q->n_partitions);
	for (; out->n_partitions < q->n_partitions; out->n_partitions++) {
		struct offset_delete_response_partitions *p = &out->partitions[out->n_partitions];

		p->partition_index = q->partitions[out->n_partitions].partition_index;
		if (!is_known(d->c, q->name, p->partition_index))
			p->error_code = KERR_UNKNOWN_TOPIC_OR_PARTITION;
		else
			p->error_code = deletable(g, q->name);
		if (!p->error_code)
			offset_forget(g, q->name, p->partition_index, e);
	}
}

void group_offset_delete(struct coordinator *c, const struct group_caller *who,
	const struct offset_delete_request *r, struct group_reply reply)
{
	struct offset_delete *d = ALLOC(struct offset_delete);
	struct group *g = NULL;
	struct entries e;

	(void)who;
	entries_init(&e);
	arena_init(&d->arena, 0);
	msg_init(&offset_delete_response_desc, &d->out);
	d->write.done = on_deleted;
	d->reply = reply;
	d->c = c;
	d->out.error_code = check(c, r->group_id, &g);
	if (!d->out.error_code) {
		d->group = group_get(g);
		d->out.topics = MSG_NEW(
			&d->arena, offset_delete_response_topics, (size_t)max_i64(r->n_topics, 0));
		for (int32_t i = 0; i < r->n_topics; i++)
			if (r->topics[i].n_partitions > 0)
				delete_topic(
					d, &r->topics[i], &d->out.topics[d->out.n_topics++], &e);
	}
	if (e.v.n)
		entries_append(&e, g, &d->write);
	else
		answer_delete(d);
	entries_fini(&e);
}
