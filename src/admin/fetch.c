/* Raw records of many partitions. Sessions are not used: each request says all it wants. */
#include "admin/admin_impl.h"

#include <stdlib.h>

#include "base/xalloc.h"

enum { PART_BYTES = 1 << 20, ANSWER_BYTES = 16 << 20 };

/* Topic ids instead of names from here on (KIP-516). */
#define BY_ID 13

struct fetch {
	struct scatter s;
	struct admin_fetch_options opt;
	struct admin_fetch *ask;
	struct admin_fetched *got;
	admin_fetch_fn *fn;
	void *arg;
};

static struct fetch *fetch_of(struct scatter *s)
{
	return CONTAINER_OF(s, struct fetch, s);
}

static void report(struct scatter *s, const uint32_t *at, size_t n, int32_t broker)
{
	struct fetch *f = fetch_of(s);
	struct admin_fetched *out = arena_array(&s->arena, n, sizeof(*out));

	(void)broker;
	for (size_t i = 0; i < n; i++) {
		out[i] = f->got[at[i]];
		out[i].error = s->parts[at[i]].error;
		out[i].why = s->parts[at[i]].why;
		out[i].broker = s->parts[at[i]].broker;
	}
	f->fn(f->arg, out, n, s->open);
}

static const void *build(struct scatter *s, struct group *g, int16_t *cap)
{
	struct fetch *f = fetch_of(s);
	struct fetch_request *r = arena_alloc(&g->arena, sizeof(*r));
	size_t n, topic = 0;

	msg_init(&fetch_request_desc, r);
	r->max_wait_ms = f->opt.max_wait_ms;
	r->min_bytes = f->opt.max_wait_ms ? (f->opt.min_bytes ? f->opt.min_bytes : 1) : 0;
	r->max_bytes = f->opt.max_bytes ? f->opt.max_bytes : ANSWER_BYTES;
	r->isolation_level = f->opt.read_committed;
	r->topics = MSG_NEW(&g->arena, fetch_request_topics, g->n);
	for (size_t i = 0; i < g->n; i += n) {
		struct fetch_request_topics *t = &r->topics[topic++];
		const struct admin_topic *known;
		n = group_run(s, g, i);
		t->topic = s->parts[g->at[i]].topic;
		known = admin_topic_find(s->admin, t->topic);
		if (known && !uuid_is_zero(&known->id))
			t->topic_id = known->id;
		else
			*cap = BY_ID - 1;
		t->partitions = MSG_NEW(&g->arena, fetch_request_partitions, n);
		t->n_partitions = (int32_t)n;
		for (size_t j = 0; j < n; j++) {
			const struct admin_fetch *ask = &f->ask[g->at[i + j]];
			t->partitions[j].partition = ask->partition;
			t->partitions[j].fetch_offset = ask->offset;
			t->partitions[j].partition_max_bytes =
				ask->max_bytes > 0 ? ask->max_bytes : PART_BYTES;
		}
	}
	r->n_topics = (int32_t)topic;
	return r;
}

static struct str name_of(struct scatter *s, struct group *g, int16_t version,
	const struct fetch_response_responses *t)
{
	if (version < BY_ID)
		return t->topic;
	for (size_t i = 0; i < g->n; i += group_run(s, g, i)) {
		const struct admin_topic *known =
			admin_topic_find(s->admin, s->parts[g->at[i]].topic);
		if (known && uuid_eq(&known->id, &t->topic_id))
			return known->name;
	}
	return STR_NULL;
}

static void take_part(
	struct scatter *s, struct part *part, const struct fetch_response_partitions *p)
{
	struct admin_fetched *got = &fetch_of(s)->got[part - s->parts];

	got->start_offset = p->log_start_offset;
	got->high_watermark = p->high_watermark;
	got->last_stable_offset = p->last_stable_offset;
	got->records = p->records.bytes;
	got->aborted = p->aborted_transactions;
	got->n_aborted = p->n_aborted_transactions > 0 ? p->n_aborted_transactions : 0;
	scatter_told(s, part, p->error_code);
}

static void take(struct scatter *s, struct group *g, int16_t version, const void *response)
{
	const struct fetch_response *r = response;

	for (size_t i = 0; r->error_code && i < g->n; i++)
		scatter_told(s, &s->parts[g->at[i]], r->error_code);
	for (int32_t i = 0; i < r->n_responses; i++) {
		const struct fetch_response_responses *t = &r->responses[i];
		struct str name = name_of(s, g, version, t);
		for (int32_t j = 0; name.p && j < t->n_partitions; j++) {
			struct part *part =
				group_find(s, g, name, t->partitions[j].partition_index);
			if (part)
				take_part(s, part, &t->partitions[j]);
		}
	}
}

int64_t admin_fetch(struct admin *a, const struct admin_fetch *ask, size_t n,
	const struct admin_fetch_options *opts, admin_fetch_fn *fn, void *arg)
{
	static const struct scatter_kind kind = {API_FETCH, build, take, report};
	struct fetch *f = ALLOC(struct fetch);
	int64_t wait, timeout;

	_Static_assert(offsetof(struct fetch, s) == 0, "freed as a scatter");
	if (opts)
		f->opt = *opts;
	wait = f->opt.max_wait_ms;
	timeout = f->opt.timeout_ms > 0 ? f->opt.timeout_ms : a->opt.timeout_ms + wait;
	scatter_init(&f->s, a, &kind, n, timeout);
	f->s.lane = wait > 0 ? LANE_TAIL : LANE_FETCH;
	f->s.attempt_ms = a->opt.request_timeout_ms + wait;
	f->ask = arena_array(&f->s.arena, n, sizeof(*f->ask));
	f->got = arena_array(&f->s.arena, n, sizeof(*f->got));
	for (size_t i = 0; i < n; i++) {
		struct part *p = &f->s.parts[i];
		p->topic = arena_str(&f->s.arena, ask[i].topic);
		p->partition = ask[i].partition;
		p->fixed = p->broker = -1;
		f->ask[i] = ask[i];
		f->ask[i].topic = p->topic;
		f->got[i] = (struct admin_fetched){.i = i,
			.topic = p->topic,
			.partition = p->partition,
			.broker = -1,
			.start_offset = -1,
			.high_watermark = -1,
			.last_stable_offset = -1};
	}
	f->fn = fn;
	f->arg = arg;
	return scatter_start(&f->s);
}
