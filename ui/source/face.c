/* See face.h: which faces there are, and when each is asked. */
#include "source/impl.h"

#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "base/xalloc.h"

#define EVENTS_EVERY_MS 500
#define FAULTS_EVERY_MS 2000
#define HEALTH_EVERY_MS 1000
#define FACE_MS         2000 /* a face that is slower is asked again later */

void faces_init(struct cluster_source *s)
{
	s->faces = (struct faces){.began_ms = clock_wall_ms(loop_clock(s->loop))};
}

static void free_face(struct cluster_source *s, struct face *f)
{
	http_cancel(s->faces.http, f->events.id);
	http_cancel(s->faces.http, f->faults.id);
	http_cancel(s->faces.http, f->health.id);
	free(f->url);
	free(f);
}

void faces_fini(struct cluster_source *s)
{
	vec_foreach (f, &s->faces.v)
		free_face(s, *f);
	vec_fini(&s->faces.v);
	http_free(s->faces.http);
	s->faces.http = NULL;
}

struct face *face_find(struct cluster_source *s, int32_t broker)
{
	vec_foreach (f, &s->faces.v)
		if ((*f)->broker == broker)
			return *f;
	return NULL;
}

/* ---- which there are ----------------------------------------------------------------------- */

static void drop(struct cluster_source *s, size_t i)
{
	feed_broker_fault(s->model, s->faces.v.v[i]->broker, NULL);
	feed_broker_trouble(s->model, s->faces.v.v[i]->broker, NULL, false);
	admin_doubt(s->admin, s->faces.v.v[i]->broker, false);
	free_face(s, s->faces.v.v[i]);
	vec_remove(&s->faces.v, i);
}

/* One of each broker that runs; another address is another face. */
static void match(struct cluster_source *s)
{
	struct faces *all = &s->faces;

	for (size_t i = all->v.n; i-- > 0;) {
		const struct local_broker *b = here_find(&s->here, all->v.v[i]->broker);

		if (!b || b->state == LOCAL_STOPPED || !b->http ||
			strcmp(b->http, all->v.v[i]->url) != 0)
			drop(s, i);
	}
	if (!s->here.ours)
		return;
	vec_foreach (b, &s->here.now.brokers) {
		struct face *f;

		if (b->state != LOCAL_RUNNING || !b->http || !here_find(&s->here, b->id) ||
			face_find(s, b->id))
			continue;
		if (!all->http)
			all->http = http_new(s->loop);
		f = ALLOC(struct face);
		*f = (struct face){.s = s, .broker = b->id, .url = xstrdup(b->http)};
		vec_push(&all->v, f);
	}
}

/* ---- health -------------------------------------------------------------------------------- */

/* How kdeck-broker's reason begins when it knows of no controller (docs: GET /health). */
#define NO_CONTROLLER "no controller"

/* The answer of /health: why it does not serve, into the model. */
static void face_take_health(struct face *f, struct slice body)
{
	struct json_value *all = NULL;
	const struct json_value *v;
	struct arena a;
	struct err e = {0};
	const char *why = NULL;
	bool before = f->lacks_controller || !f->heard;

	arena_init(&a, 0);
	if (json_tree_parse((struct str){(const char *)body.p, body.n}, &a, &all, &e) == 0) {
		v = json_tree_get(all, "reason");
		if (v && v->kind == JSON_STRING)
			why = arena_printf(&a, "%.*s", STR_ARG(v->string));
	}
	f->lacks_controller = why && strncmp(why, NO_CONTROLLER, strlen(NO_CONTROLLER)) == 0;
	/* Between one controller and the next there is none for a moment. */
	if (!f->lacks_controller || before)
		feed_broker_trouble(f->s->model, f->broker, why, f->lacks_controller);
	arena_fini(&a);
}

/* ---- faults -------------------------------------------------------------------------------- */

static int32_t number(const struct json_value *all, const char *key)
{
	const struct json_value *v = json_tree_get(all, key);

	return v && v->is_integer && v->integer > 0 ? (int32_t)min_i64(v->integer, INT32_MAX) : 0;
}

static bool is_on(const struct json_value *all, const char *key)
{
	const struct json_value *v = json_tree_get(all, key);

	return v && v->kind == JSON_BOOL && v->boolean;
}

/* The answer of /faults; false: it is none. */
static bool face_take_faults(struct face *f, struct slice body)
{
	struct json_value *all = NULL;
	const struct json_value *cut;
	struct arena a;
	struct err e = {0};
	bool ok;

	arena_init(&a, 0);
	ok = json_tree_parse((struct str){(const char *)body.p, body.n}, &a, &all, &e) == 0 &&
	     all->kind == JSON_OBJECT;
	if (ok) {
		f->now = (struct face_faults){.delay_ms = number(all, "delay_ms"),
			.slow_disk_ms = number(all, "slow_disk_ms"),
			.full_disk = is_on(all, "full_disk"),
			.stop_serving = is_on(all, "stop_serving")};
		cut = json_tree_get(all, "cut");
		for (cut = cut ? cut->child : NULL; cut && f->now.n_cut < FACE_CUT_MAX;
			cut = cut->next)
			if (cut->is_integer)
				f->now.cut[f->now.n_cut++] = (int32_t)cut->integer;
	}
	arena_fini(&a);
	return ok;
}

bool face_cuts(const struct face *f, int32_t broker)
{
	for (size_t i = 0; i < f->now.n_cut; i++)
		if (f->now.cut[i] == broker)
			return true;
	return false;
}

static void put_sep(struct buf *out)
{
	if (out->n)
		buf_puts(out, "; ");
}

/* One end is enough: what others cut counts too. */
static void put_cut(struct buf *out, const struct face *f)
{
	const struct cluster *c = model_cluster(f->s->model);
	const char *sep = "cut off from ";

	for (size_t i = 0; i < c->n_brokers; i++) {
		int32_t id = c->brokers[i].id;
		const struct face *other = face_find(f->s, id);

		if (id == f->broker ||
			(!face_cuts(f, id) && !(other && face_cuts(other, f->broker))))
			continue;
		buf_printf(out, "%s%d", sep, id);
		sep = ", ";
	}
}

static void put_words(struct buf *out, const struct face *f)
{
	put_cut(out, f);
	if (f->now.delay_ms) {
		put_sep(out);
		buf_printf(out, "answers %d ms late", f->now.delay_ms);
	}
	if (f->now.slow_disk_ms) {
		put_sep(out);
		buf_printf(out, "disk %d ms slow", f->now.slow_disk_ms);
	}
	if (f->now.full_disk) {
		put_sep(out);
		buf_puts(out, "disk full");
	}
	if (f->now.stop_serving) {
		put_sep(out);
		buf_puts(out, "serves nobody");
	}
}

/* "cut off from 1, 3": for the model, of every broker that has a face. */
static void faces_tell(struct cluster_source *s)
{
	struct buf words = BUF_EMPTY;

	vec_foreach (f, &s->faces.v) {
		buf_clear(&words);
		put_words(&words, *f);
		feed_broker_fault(s->model, (*f)->broker, buf_z(&words));
	}
	buf_fini(&words);
}

/* ---- asking -------------------------------------------------------------------------------- */

static void on_events(void *arg, const struct err *e, int status, struct slice body)
{
	struct face *f = arg;
	struct cluster_source *s = f->s;

	f->events.id = 0;
	f->events.due_ms = now_of(s) + (e ? FAULTS_EVERY_MS : EVENTS_EVERY_MS);
	if (!e)
		f->told_ms = now_of(s);
	/* What has changed there is seen in the metadata. */
	if (!e && status == 200 && face_take_events(f, body)) {
		s->metadata.due_ms = now_of(s);
		s->replicas.due_ms = min_i64(s->replicas.due_ms, now_of(s) + 100);
	}
	poll_run(s);
}

static void on_faults(void *arg, const struct err *e, int status, struct slice body)
{
	struct face *f = arg;

	f->faults.id = 0;
	f->faults.due_ms = now_of(f->s) + FAULTS_EVERY_MS;
	if (e)
		return;
	f->takes_faults = status == 200 && face_take_faults(f, body);
	faces_tell(f->s);
	poll_publish_soon(f->s);
	poll_run(f->s);
}

/* Who knows of no controller tells what the cluster was like before; who is silent, nothing. Others
 * are asked instead, at once when the last answer may be such a broker's. */
static void doubt(struct face *f, bool on)
{
	struct cluster_source *s = f->s;

	admin_doubt(s->admin, f->broker, on);
	if (on && !f->doubted)
		s->metadata.due_ms = now_of(s);
	f->doubted = on;
}

/* Asked although it serves nobody else: 200, or 503 with the reason. */
static void on_health(void *arg, const struct err *e, int status, struct slice body)
{
	struct face *f = arg;

	f->health.id = 0;
	f->health.due_ms = now_of(f->s) + (e ? FAULTS_EVERY_MS : HEALTH_EVERY_MS);
	if (!e && status == 503) {
		face_take_health(f, body);
	} else {
		f->lacks_controller = false;
		feed_broker_trouble(f->s->model, f->broker, NULL, false);
	}
	doubt(f, e || f->lacks_controller);
	f->heard = true;
	poll_progress(f->s);
	poll_publish_soon(f->s);
	poll_run(f->s);
}

bool faces_heard(const struct cluster_source *s)
{
	vec_foreach (f, &s->faces.v)
		if (!(*f)->heard)
			return false;
	return true;
}

static void ask(struct face *f, struct face_ask *a, const char *path, http_fn *fn)
{
	char *url = xasprintf("%s%s", f->url, path);

	a->id = http_send(f->s->faces.http,
		&(struct http_request){.method = "GET", .url = url, .timeout_ms = FACE_MS}, fn, f);
	free(url);
}

static void ask_due(struct face *f, int64_t *next)
{
	char path[48];

	snprintf(path, sizeof(path), "/events?after=%lld", (long long)f->after);
	if (!f->events.id && f->events.due_ms <= now_of(f->s))
		ask(f, &f->events, path, on_events);
	if (!f->faults.id && f->faults.due_ms <= now_of(f->s))
		ask(f, &f->faults, "/faults", on_faults);
	if (!f->health.id && f->health.due_ms <= now_of(f->s))
		ask(f, &f->health, "/health", on_health);
	if (!f->health.id)
		*next = min_i64(*next, f->health.due_ms);
	if (!f->events.id)
		*next = min_i64(*next, f->events.due_ms);
	if (!f->faults.id)
		*next = min_i64(*next, f->faults.due_ms);
}

int64_t faces_run(struct cluster_source *s)
{
	int64_t next = now_of(s) + FAULTS_EVERY_MS;

	match(s);
	vec_foreach (f, &s->faces.v)
		ask_due(*f, &next);
	return next;
}
