/* ListOffsets and DeleteRecords for many partitions. */
#include "admin/admin_impl.h"

#include <stdlib.h>

#include "base/xalloc.h"

/* What a replica is asked with that is not the leader (Kafka's "debugging consumer"). */
#define ANY_REPLICA (-2)
#define CONSUMER    (-1)

struct offsets {
	struct scatter s;
	struct admin_offset *all;
	bool read_committed;
	int32_t timeout_ms; /* DeleteRecords: for the broker to obey */
	admin_offsets_fn *fn;
	void *arg;
};

static struct offsets *offsets_of(struct scatter *s)
{
	return CONTAINER_OF(s, struct offsets, s);
}

static void report(struct scatter *s, const uint32_t *at, size_t n, int32_t broker)
{
	struct offsets *o = offsets_of(s);

	for (size_t i = 0; i < n; i++) {
		const struct part *p = &s->parts[at[i]];
		struct admin_offset *a = &o->all[at[i]];
		a->answered = true;
		a->error = p->error;
		a->why = p->why;
		a->broker = p->tries ? p->broker : -1;
	}
	o->fn(o->arg, o->all, s->n, broker, s->open);
}

static const void *list_build(struct scatter *s, struct group *g, int16_t *cap)
{
	struct offsets *o = offsets_of(s);
	struct list_offsets_request *r = arena_alloc(&g->arena, sizeof(*r));
	size_t n, topic = 0;

	(void)cap;
	msg_init(&list_offsets_request_desc, r);
	r->replica_id = s->parts[g->at[0]].fixed >= 0 ? ANY_REPLICA : CONSUMER;
	r->isolation_level = o->read_committed;
	r->timeout_ms = (int32_t)min_i64(s->attempt_ms ? s->attempt_ms : 30000, INT32_MAX);
	r->topics = MSG_NEW(&g->arena, list_offsets_request_topics, g->n);
	for (size_t i = 0; i < g->n; i += n) {
		struct list_offsets_request_topics *t = &r->topics[topic++];
		n = group_run(s, g, i);
		t->name = s->parts[g->at[i]].topic;
		t->partitions = MSG_NEW(&g->arena, list_offsets_request_partitions, n);
		t->n_partitions = (int32_t)n;
		for (size_t j = 0; j < n; j++) {
			t->partitions[j].partition_index = s->parts[g->at[i + j]].partition;
			t->partitions[j].timestamp = o->all[g->at[i + j]].timestamp;
		}
	}
	r->n_topics = (int32_t)topic;
	return r;
}

static void list_take(struct scatter *s, struct group *g, int16_t version, const void *response)
{
	const struct list_offsets_response *r = response;
	struct offsets *o = offsets_of(s);

	for (int32_t i = 0; i < r->n_topics; i++)
		for (int32_t j = 0; j < r->topics[i].n_partitions; j++) {
			const struct list_offsets_response_partitions *p =
				&r->topics[i].partitions[j];
			struct part *part = group_find(s, g, r->topics[i].name, p->partition_index);
			if (!part)
				continue;
			struct admin_offset *a = &o->all[part - s->parts];
			a->offset = version > 0                  ? p->offset
				    : p->n_old_style_offsets > 0 ? p->old_style_offsets[0]
								 : -1;
			a->at = p->timestamp;
			a->epoch = p->leader_epoch;
			scatter_told(s, part, p->error_code);
		}
}

static const void *delete_build(struct scatter *s, struct group *g, int16_t *cap)
{
	struct offsets *o = offsets_of(s);
	struct delete_records_request *r = arena_alloc(&g->arena, sizeof(*r));
	size_t n, topic = 0;

	(void)cap;
	msg_init(&delete_records_request_desc, r);
	r->timeout_ms = o->timeout_ms;
	r->topics = MSG_NEW(&g->arena, delete_records_request_topics, g->n);
	for (size_t i = 0; i < g->n; i += n) {
		struct delete_records_request_topics *t = &r->topics[topic++];
		n = group_run(s, g, i);
		t->name = s->parts[g->at[i]].topic;
		t->partitions = MSG_NEW(&g->arena, delete_records_request_partitions, n);
		t->n_partitions = (int32_t)n;
		for (size_t j = 0; j < n; j++) {
			t->partitions[j].partition_index = s->parts[g->at[i + j]].partition;
			t->partitions[j].offset = o->all[g->at[i + j]].timestamp;
		}
	}
	r->n_topics = (int32_t)topic;
	return r;
}

static void delete_take(struct scatter *s, struct group *g, int16_t version, const void *response)
{
	const struct delete_records_response *r = response;
	struct offsets *o = offsets_of(s);

	(void)version;
	for (int32_t i = 0; i < r->n_topics; i++)
		for (int32_t j = 0; j < r->topics[i].n_partitions; j++) {
			const struct delete_records_response_partitions *p =
				&r->topics[i].partitions[j];
			struct part *part = group_find(s, g, r->topics[i].name, p->partition_index);
			if (!part)
				continue;
			o->all[part - s->parts].offset = p->low_watermark;
			scatter_told(s, part, p->error_code);
		}
}

static const struct scatter_kind list_kind = {API_LIST_OFFSETS, list_build, list_take, report};
static const struct scatter_kind delete_kind = {
	API_DELETE_RECORDS, delete_build, delete_take, report};

static struct offsets *offsets_new(struct admin *a, const struct scatter_kind *kind,
	const struct admin_offset *ask, size_t n, int64_t timeout_ms)
{
	struct offsets *o = ALLOC(struct offsets);

	_Static_assert(offsetof(struct offsets, s) == 0, "freed as a scatter");
	scatter_init(&o->s, a, kind, n, timeout_ms);
	o->all = arena_array(&o->s.arena, n, sizeof(*o->all));
	for (size_t i = 0; i < n; i++) {
		struct part *p = &o->s.parts[i];
		p->topic = arena_str(&o->s.arena, ask[i].topic);
		p->partition = ask[i].partition;
		p->fixed = kind == &list_kind ? ask[i].replica : -1;
		p->broker = -1;
		o->all[i] = (struct admin_offset){
			.topic = p->topic,
			.partition = p->partition,
			.replica = ask[i].replica,
			.timestamp = ask[i].timestamp,
			.broker = -1,
			.epoch = -1,
			.offset = -1,
			.at = -1,
		};
	}
	return o;
}

int64_t admin_list_offsets(struct admin *a, const struct admin_offset *ask, size_t n,
	const struct admin_offsets_options *opts, admin_offsets_fn *fn, void *arg)
{
	struct offsets *o = offsets_new(a, &list_kind, ask, n, opts ? opts->timeout_ms : 0);

	o->read_committed = opts && opts->read_committed;
	o->fn = fn;
	o->arg = arg;
	return scatter_start(&o->s);
}

int64_t admin_delete_records(struct admin *a, const struct admin_offset *ask, size_t n,
	int64_t timeout_ms, admin_offsets_fn *fn, void *arg)
{
	struct offsets *o = offsets_new(a, &delete_kind, ask, n, timeout_ms);

	o->timeout_ms =
		(int32_t)min_i64(timeout_ms > 0 ? timeout_ms : a->opt.timeout_ms, INT32_MAX);
	o->fn = fn;
	o->arg = arg;
	return scatter_start(&o->s);
}
