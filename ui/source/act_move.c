/* Replicas moved to other brokers: begun, cancelled, and what is under way. */
#include "source/op.h"

#include "base/arena.h"
#include "base/xalloc.h"

static void put_text(struct buf *out, const char *topic, const struct replica_move *v, size_t n)
{
	bool cancel = n > 0 && v[0].n == 0;

	buf_puts(out, cancel ? "cancel the move of" : "move replicas of");
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s %s-%d", i ? "," : "", topic, v[i].partition);
		for (int32_t k = 0; k < v[i].n; k++)
			buf_printf(out, "%s%d", k ? "," : " to ", v[i].replicas[k]);
	}
}

static void fill(struct alter_partition_reassignments_request_partitions *out,
	const struct replica_move *m, struct arena *a)
{
	out->partition_index = m->partition;
	out->n_replicas = m->n ? m->n : -1;
	out->replicas = m->n ? arena_array(a, (size_t)m->n, sizeof(*out->replicas)) : NULL;
	for (int32_t i = 0; i < m->n; i++)
		out->replicas[i] = m->replicas[i];
}

int64_t act_move_replicas(struct source *base, const char *topic, const struct replica_move *v,
	size_t n, source_done_fn *fn, void *arg)
{
	struct op *op = op_new(base, sizeof(*op), API_ALTER_PARTITION_REASSIGNMENTS, fn, arg);
	struct alter_partition_reassignments_request r;
	struct alter_partition_reassignments_request_topics t;
	struct arena a;

	op->topic = xstrdup(topic);
	put_text(&op->text, topic, v, n);
	move_put_command(&op->command, topic, v, n);
	if (op_refused(op))
		return op->id;
	if (!n) {
		op_not_there(op);
		return op->id;
	}
	arena_init(&a, 0);
	msg_init(&alter_partition_reassignments_request_desc, &r);
	t.name = str_of(topic);
	t.partitions = MSG_NEW(&a, alter_partition_reassignments_request_partitions, n);
	t.n_partitions = (int32_t)n;
	for (size_t i = 0; i < n; i++)
		fill(&t.partitions[i], &v[i], &a);
	r.topics = &t;
	r.n_topics = 1;
	r.timeout_ms = CHANGE_MS;
	op->question = admin_alter_reassignments(op->s->admin, &r, op_replied, op);
	arena_fini(&a);
	return op->id;
}

/* ---- what is under way ---- */

struct listing {
	struct op op; /* first; tells no change: nothing is done */
	source_moves_fn *fn;
};

static void on_listed(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena)
{
	const struct list_partition_reassignments_response *r = response;
	struct listing *l = CONTAINER_OF((struct op *)arg, struct listing, op);
	source_moves_fn *fn = l->fn;
	void *fn_arg = l->op.arg;
	struct err said = {0};
	VEC(struct moving) v = {0};

	(void)arena;
	if (!e && admin_first_error(l->op.api_key, version, response, &said, NULL))
		e = &said;
	for (int32_t i = 0; !e && i < r->n_topics; i++)
		for (int32_t k = 0; k < r->topics[i].n_partitions; k++) {
			const struct list_partition_reassignments_response_partitions *p =
				&r->topics[i].partitions[k];
			if (str_eqz(r->topics[i].name, l->op.topic))
				*vec_add(&v) = (struct moving){p->partition_index, p->replicas,
					p->adding_replicas, p->removing_replicas, p->n_replicas,
					p->n_adding_replicas, p->n_removing_replicas};
		}
	l->op.question = 0;
	op_free(&l->op);
	fn(fn_arg, e, v.v, v.n);
	vec_fini(&v);
}

int64_t act_list_moves(struct source *base, const char *topic, source_moves_fn *fn, void *arg)
{
	struct op *op =
		op_new(base, sizeof(struct listing), API_LIST_PARTITION_REASSIGNMENTS, NULL, arg);
	struct list_partition_reassignments_request r;

	CONTAINER_OF(op, struct listing, op)->fn = fn;
	op->topic = xstrdup(topic);
	/* Of all topics: which partitions there are, the cluster knows better. */
	msg_init(&list_partition_reassignments_request_desc, &r);
	r.n_topics = -1;
	r.timeout_ms = CHANGE_MS;
	op->question = admin_list_reassignments(op->s->admin, &r, on_listed, op);
	return op->id;
}
