/*
 * AlterPartition: what leaders here want their ISRs to be, asked of the controller in batches, one
 * request at a time. A proposal that got no answer is asked again as it was: it may have come true.
 * It is settled by the image alone (isr_settle), or by a refusal that says it never will be.
 */
#define LOG_MODULE "repl"
#include "base/log.h"
#include "repl/priv.h"
#include "wire/kerr.h"
#include "wire/msg.h"

#define RETRY_MS     50
#define RETRY_MAX_MS 1000

void isr_asker_init(struct repl *r)
{
	list_init(&r->asker.waiting);
	arena_init(&r->asker.arena, 0);
}

static void let_go(struct isr_asker *k)
{
	vec_foreach (p, &k->asked)
		partition_put(*p);
	vec_clear(&k->asked);
}

void isr_asker_fini(struct repl *r)
{
	struct isr_asker *k = &r->asker;

	if (k->call > 0)
		r->set.net.cancel_alter(r->set.net.arg, k->call);
	let_go(k);
	vec_fini(&k->asked);
	arena_fini(&k->arena);
}

void isr_ask(struct partition *p)
{
	if (p->replicas.isr.state == ISR_PROPOSED && !list_holds(&p->alter))
		list_push_back(&p->topic->repl->asker.waiting, &p->alter);
}

/* ---- the request ---------------------------------------------------------------------------- */

static void put_partition(
	struct isr_asker *k, struct partition *p, struct alter_partition_request_partitions *out)
{
	const struct isr *isr = &p->replicas.isr;

	out->partition_index = p->index;
	out->leader_epoch = p->leader_epoch;
	out->partition_epoch = isr->base_epoch;
	out->n_new_isr_with_epochs = isr->proposed.n;
	out->new_isr_with_epochs = MSG_NEW(
		&k->arena, alter_partition_request_new_isr_with_epochs, (size_t)isr->proposed.n);
	for (int32_t i = 0; i < isr->proposed.n; i++) {
		out->new_isr_with_epochs[i].broker_id = isr->proposed.v[i];
		out->new_isr_with_epochs[i].broker_epoch = isr->epochs[i];
	}
}

/* How many of one topic stand together. */
static size_t count_topic(const struct isr_asker *k, size_t from)
{
	size_t i = from;

	while (i < k->asked.n && k->asked.v[i]->topic == k->asked.v[from]->topic)
		i++;
	return i - from;
}

/* As they were queued; a topic may come twice. */
static void put_topics(struct repl *r, struct alter_partition_request *req)
{
	struct isr_asker *k = &r->asker;

	req->topics = MSG_NEW(&k->arena, alter_partition_request_topics, k->asked.n);
	for (size_t i = 0; i < k->asked.n;) {
		struct alter_partition_request_topics *t = &req->topics[req->n_topics++];
		size_t n = count_topic(k, i);

		t->topic_id = k->asked.v[i]->topic->id;
		t->partitions = MSG_NEW(&k->arena, alter_partition_request_partitions, n);
		t->n_partitions = (int32_t)n;
		for (size_t j = 0; j < n; j++)
			put_partition(k, k->asked.v[i + j], &t->partitions[j]);
		i += n;
	}
}

static void take_waiting(struct isr_asker *k)
{
	struct list_node *node;

	while ((node = list_pop(&k->waiting))) {
		struct partition *p = CONTAINER_OF(node, struct partition, alter);

		if (!p->leads || p->replicas.isr.state != ISR_PROPOSED)
			continue;
		vec_push(&k->asked, partition_get(p));
		p->replicas.isr.state = ISR_SENT;
	}
}

/* ---- the answer ----------------------------------------------------------------------------- */

static void ask_again(struct repl *r)
{
	struct isr_asker *k = &r->asker;

	k->retry_ms = repl_now(r) + repl_backoff(k->failures++, RETRY_MS, RETRY_MAX_MS);
	vec_foreach (it, &k->asked) {
		struct partition *p = *it;

		if (p->topic && p->leads && p->replicas.isr.state == ISR_SENT) {
			p->replicas.isr.state = ISR_PROPOSED;
			isr_ask(p);
		}
	}
	let_go(k);
}

/* What the controller says of one proposal. */
static void settle(struct partition *p, const struct alter_partition_response_partitions *a)
{
	struct isr *isr = &p->replicas.isr;

	if (!p->leads || isr->state != ISR_SENT)
		return;
	switch (a->error_code) {
	case KERR_NONE:
		if (a->partition_epoch <= isr->base_epoch)
			isr_refused(isr); /* it was so already */
		break;
	case KERR_INELIGIBLE_REPLICA:
	case KERR_INVALID_REQUEST:
	case KERR_OPERATION_NOT_ATTEMPTED:
		isr_refused(isr);
		log_info("%.*s-%d: the controller refuses another ISR: %s", STR_ARG(p->topic->name),
			p->index, kerr_name(a->error_code));
		break;
	case KERR_NOT_CONTROLLER:
	case KERR_UNKNOWN_SERVER_ERROR:
		isr->state = ISR_PROPOSED;
		isr_ask(p);
		break;
	default:
		/* The image has something newer and will settle it. */
		break;
	}
}

static void take_answer(struct repl *r, const struct alter_partition_response *resp)
{
	for (int32_t i = 0; i < resp->n_topics; i++) {
		const struct alter_partition_response_topics *a = &resp->topics[i];
		const struct repl_topic *t = repl_topic_by_id(r, &a->topic_id);

		for (int32_t k = 0; k < a->n_partitions; k++) {
			struct partition *p = repl_partition(t, a->partitions[k].partition_index);

			if (p)
				settle(p, &a->partitions[k]);
		}
	}
}

static void answered(void *arg, const struct err *e, UNUSED int16_t version, const void *response,
	UNUSED struct arena *arena)
{
	struct repl *r = arg;
	struct isr_asker *k = &r->asker;
	const struct alter_partition_response *resp = response;

	k->call = 0;
	if (e || resp->error_code) {
		if (k->failures == 0)
			log_info("the controller does not take ISR changes now: %s",
				e ? e->msg : kerr_name(resp->error_code));
		ask_again(r);
		return;
	}
	k->failures = 0;
	k->retry_ms = 0;
	take_answer(r, resp);
	let_go(k);
}

void isr_send(struct repl *r)
{
	struct isr_asker *k = &r->asker;
	struct alter_partition_request req;

	if (k->call > 0 || list_empty(&k->waiting) || repl_now(r) < k->retry_ms)
		return;
	take_waiting(k);
	if (k->asked.n == 0)
		return;
	msg_init(&alter_partition_request_desc, &req);
	req.broker_id = r->set.node_id;
	req.broker_epoch = r->set.net.fetch ? r->set.net.broker_epoch(r->set.net.arg) : -1;
	put_topics(r, &req);
	if (req.broker_epoch >= 0)
		k->call = r->set.net.alter_partition(r->set.net.arg, &req, answered, r);
	arena_reset(&k->arena);
	if (k->call <= 0) {
		k->call = 0;
		ask_again(r);
	}
}

int64_t isr_due_ms(const struct repl *r)
{
	const struct isr_asker *k = &r->asker;

	return k->call > 0 || list_empty(&k->waiting) ? INT64_MAX : k->retry_ms;
}
