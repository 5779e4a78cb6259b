/*
 * Folders in plans of kdeck reassign: in which a broker keeps a replica now, and which one it was
 * told to move it to. Only brokers with several folders (log.dirs) can do the latter; a plan that
 * names the folder where a replica is already is fulfilled.
 */
#include "cli/reassign.h"

#include <stdlib.h>
#include <string.h>

#include "io/loop.h"

enum { RETRY_MS = 100 };

/* ---- where replicas are ---- */

struct asking {
	struct reassign *x;
	bool done;
};

static void take_topic(struct reassign *x, int32_t broker, struct str dir,
	const struct describe_log_dirs_response_topics *t)
{
	struct str topic = arena_str(&x->arena, t->name);

	for (int32_t i = 0; i < t->n_partitions; i++)
		*vec_add(&x->homes) = (struct home){.at = {topic, t->partitions[i].partition_index},
			.broker = broker,
			.future = t->partitions[i].is_future_key,
			.dir = dir};
}

static void on_dirs(void *arg, int32_t broker, const struct err *e, int16_t version,
	const void *response, size_t left)
{
	const struct describe_log_dirs_response *r = response;
	struct asking *a = arg;
	struct reassign *x = a->x;

	(void)version;
	a->done = left == 0;
	if (e)
		cli_warn(x->c, "broker %d does not tell its folders: %s", broker, e->msg);
	for (int32_t i = 0; !e && i < r->n_results; i++) {
		struct str dir = arena_str(&x->arena, r->results[i].log_dir);

		for (int32_t k = 0; !r->results[i].error_code && k < r->results[i].n_topics; k++)
			take_topic(x, broker, dir, &r->results[i].topics[k]);
	}
}

static int home_order(const void *a, const void *b)
{
	const struct home *x = a, *y = b;
	int order = place_order(&x->at, &y->at);

	if (order)
		return order;
	if (x->broker != y->broker)
		return x->broker < y->broker ? -1 : 1;
	return x->future - y->future;
}

/* The request names every partition of v, so that brokers with many tell no more. */
static void name_partitions(struct reassign *x, const moves *v, struct describe_log_dirs_request *r)
{
	int32_t *indexes = arena_array(&x->arena, v->n, sizeof(*indexes));
	size_t end;

	r->topics = MSG_NEW(&x->arena, describe_log_dirs_request_topics, v->n);
	r->n_topics = 0;
	for (size_t i = 0; i < v->n; i = end) {
		struct describe_log_dirs_request_topics *t = &r->topics[r->n_topics++];

		t->topic = v->v[i].at.topic;
		t->partitions = &indexes[i];
		for (end = i; end < v->n && str_eq(v->v[end].at.topic, t->topic); end++)
			indexes[end] = v->v[end].at.partition;
		t->n_partitions = (int32_t)(end - i);
	}
}

int reassign_find_homes(struct reassign *x, const moves *v)
{
	struct asking a = {x, false};
	struct describe_log_dirs_request r;
	int64_t id;

	vec_clear(&x->homes);
	if (!v->n)
		return CLI_OK;
	msg_init(&describe_log_dirs_request_desc, &r);
	name_partitions(x, v, &r);
	id = admin_describe_log_dirs(x->c->admin, &r, on_dirs, &a);
	if (!cli_await(x->c, &a.done)) {
		admin_cancel(x->c->admin, id);
		return cli_fail(x->c, "%s: no answer", x->c->bootstrap);
	}
	vec_sort(&x->homes, home_order);
	return CLI_OK;
}

struct str reassign_home(
	const struct reassign *x, const struct place *at, int32_t broker, bool future)
{
	struct home key = {.at = *at, .broker = broker, .future = future};
	const struct home *h =
		x->homes.n ? bsearch(&key, x->homes.v, x->homes.n, sizeof(*x->homes.v), home_order)
			   : NULL;

	return h ? h->dir : STR_NULL;
}

void reassign_take_homes(struct reassign *x, moves *v)
{
	vec_foreach (m, v) {
		struct str *dirs = arena_array(&x->arena, (size_t)m->replicas.n, sizeof(*dirs));

		for (int32_t i = 0; i < m->replicas.n; i++)
			dirs[i] = reassign_home(x, &m->at, m->replicas.v[i], false);
		m->dirs = dirs;
	}
}

/* ---- moving them ---- */

static int wish_order(const void *a, const void *b)
{
	const struct home *x = a, *y = b;

	if (x->broker != y->broker)
		return x->broker < y->broker ? -1 : 1;
	int order = str_cmp(x->dir, y->dir);
	return order ? order : place_order(&x->at, &y->at);
}

void reassign_wishes(const moves *v, homes *out)
{
	vec_foreach (m, v)
		for (int32_t i = 0; m->dirs && i < m->replicas.n; i++)
			if (m->dirs[i].p)
				*vec_add(out) = (struct home){
					.at = m->at, .broker = m->replicas.v[i], .dir = m->dirs[i]};
	vec_sort(out, wish_order);
}

/* One broker's wishes, w[0 … n), by folder. */
static void fill(
	struct arena *a, struct alter_replica_log_dirs_request *r, const struct home *w, size_t n)
{
	int32_t *indexes = arena_array(a, n, sizeof(*indexes));

	r->dirs = MSG_NEW(a, alter_replica_log_dirs_request_dirs, n);
	for (size_t i = 0; i < n; i++) {
		struct alter_replica_log_dirs_request_dirs *d = &r->dirs[r->n_dirs];
		struct alter_replica_log_dirs_request_topics *t;

		indexes[i] = w[i].at.partition;
		if (!i || !str_eq(w[i - 1].dir, w[i].dir)) {
			d->path = w[i].dir;
			d->topics = MSG_NEW(a, alter_replica_log_dirs_request_topics, n - i);
			r->n_dirs++;
		} else {
			d--;
		}
		if (!d->n_topics || !str_eq(d->topics[d->n_topics - 1].name, w[i].at.topic)) {
			t = &d->topics[d->n_topics++];
			t->name = w[i].at.topic;
			t->partitions = &indexes[i];
		}
		d->topics[d->n_topics - 1].n_partitions++;
	}
}

struct answer {
	struct reassign *x;
	struct home *w;
	size_t n;
};

static struct home *wish_of(struct answer *a, struct str topic, int32_t partition)
{
	struct place at = {topic, partition};

	for (size_t i = 0; i < a->n; i++)
		if (place_order(&a->w[i].at, &at) == 0)
			return &a->w[i];
	return NULL;
}

/* Where the replica is not there yet, the wish stays open. */
static int use_moved(struct cli *c, void *arg, const void *response)
{
	const struct alter_replica_log_dirs_response *r = response;
	struct answer *a = arg;
	int status = CLI_OK;
	struct err e;

	for (int32_t i = 0; i < r->n_results; i++)
		for (int32_t k = 0; k < r->results[i].n_partitions; k++) {
			const struct alter_replica_log_dirs_response_partitions *p =
				&r->results[i].partitions[k];
			struct home *w = wish_of(a, r->results[i].topic_name, p->partition_index);

			if (w && !p->error_code)
				w->done = true;
			if (!w || !p->error_code || p->error_code == KERR_REPLICA_NOT_AVAILABLE)
				continue;
			admin_kerr(&e, p->error_code, STR_NULL,
				"partition %.*s-%d on broker %d: %.*s", STR_ARG(w->at.topic),
				w->at.partition, w->broker, STR_ARG(w->dir));
			status = cli_fail(c, "%s", e.msg);
		}
	return status;
}

static int ask_broker(struct reassign *x, struct home *w, size_t n)
{
	struct answer a = {x, w, n};
	struct admin_target to = {.to = ADMIN_BROKER, .broker = w->broker};
	struct alter_replica_log_dirs_request r;
	struct arena arena;
	int status;

	arena_init(&arena, 0);
	msg_init(&alter_replica_log_dirs_request_desc, &r);
	fill(&arena, &r, w, n);
	status = cli_ask(x->c, API_ALTER_REPLICA_LOG_DIRS, &r, &to, use_moved, &a);
	arena_fini(&arena);
	for (size_t i = 0; i < n && !x->c->json; i++)
		if (w[i].done)
			buf_printf(&x->c->out,
				"Successfully started moving log directory to %.*s for replica "
				"%.*s-%d with broker %d \n",
				STR_ARG(w[i].dir), STR_ARG(w[i].at.topic), w[i].at.partition,
				w[i].broker);
	return status;
}

/* One round over all brokers; what is done leaves the list. */
static int ask_all(struct reassign *x, homes *v)
{
	int status = CLI_OK;
	size_t n = 0, end;

	for (size_t i = 0; i < v->n && status == CLI_OK; i = end) {
		for (end = i; end < v->n && v->v[end].broker == v->v[i].broker; end++)
			;
		status = ask_broker(x, &v->v[i], end - i);
	}
	for (size_t i = 0; i < v->n; i++)
		if (!v->v[i].done)
			v->v[n++] = v->v[i];
	v->n = n;
	return status;
}

int reassign_move_dirs(struct reassign *x, homes *v)
{
	static const bool never;
	int64_t limit, deadline;
	int status = cli_number(x->c, "timeout", 0, INT32_MAX, 10000, &limit);

	deadline = loop_now_ms(x->c->loop) + limit;
	while (status == CLI_OK && v->n) {
		status = ask_all(x, v);
		if (status != CLI_OK || !v->n)
			break;
		if (loop_now_ms(x->c->loop) >= deadline)
			return cli_fail(x->c,
				"Timed out before the move of %zu log director%s could be "
				"started: %.*s-%d on broker %d%s: the replica is not there yet",
				v->n, v->n == 1 ? "y" : "ies", STR_ARG(v->v[0].at.topic),
				v->v[0].at.partition, v->v[0].broker, v->n == 1 ? "" : " …");
		/* A replica that comes to a broker can be given its folder once it is there. */
		(void)!loop_run_until(x->c->loop, &never, RETRY_MS);
	}
	return status;
}

/* ---- how far they are ---- */

enum dir_state dir_state_of(const struct reassign *x, const struct home *w)
{
	struct str now = reassign_home(x, &w->at, w->broker, false);
	struct str next = reassign_home(x, &w->at, w->broker, true);

	if (!now.p)
		return DIR_MISSING;
	if (next.p)
		return str_eq(next, w->dir) ? DIR_MOVING : DIR_MOVING_ELSEWHERE;
	return str_eq(now, w->dir) ? DIR_DONE : DIR_NOT_MOVING;
}

void put_dir_state(struct buf *out, const struct reassign *x, const struct home *w)
{
	struct str now = reassign_home(x, &w->at, w->broker, false);
	struct str next = reassign_home(x, &w->at, w->broker, true);
	enum dir_state state = dir_state_of(x, w);

	buf_puts(out, state == DIR_DONE || state == DIR_MOVING ? "Reassignment of replica "
							       : "Partition ");
	put_place(out, &w->at);
	switch (state) {
	case DIR_MISSING:
		buf_printf(out,
			" is not found in any live log dir on broker %d. There is likely an "
			"offline "
			"log directory on the broker.\n",
			w->broker);
		break;
	case DIR_MOVING:
		buf_printf(out, "-%d is still in progress.\n", w->broker);
		break;
	case DIR_MOVING_ELSEWHERE:
		buf_printf(out, " on broker %d is being moved to log dir %.*s instead of %.*s.\n",
			w->broker, STR_ARG(next), STR_ARG(w->dir));
		break;
	case DIR_NOT_MOVING:
		buf_printf(out, " on broker %d is not being moved from log dir %.*s to %.*s.\n",
			w->broker, STR_ARG(now), STR_ARG(w->dir));
		break;
	case DIR_DONE:
		buf_printf(out, "-%d completed successfully.\n", w->broker);
		break;
	}
}
