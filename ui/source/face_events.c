/* What /events says, as changes of the model: {"events": [{"id", "time", "type", …}], "next": N}.
 */
#include "source/impl.h"

#include "base/json_read.h"
#include "model/change.h"

#define FRESH_MS 3000 /* so long ago a face may have answered last */

struct telling {
	struct face *f;
	const struct json_value *event;
	struct change c;
	struct arena *arena;
};

static int64_t integer(const struct json_value *v, const char *key, int64_t otherwise)
{
	const struct json_value *found = json_tree_get(v, key);

	return found && found->is_integer ? found->integer : otherwise;
}

static int32_t number(const struct telling *t, const char *key)
{
	int64_t n = integer(t->event, key, -1);

	return n < 0 || n > INT32_MAX ? -1 : (int32_t)n;
}

static const char *text(const struct telling *t, const char *key)
{
	const struct json_value *v = json_tree_get(t->event, key);

	return v && v->kind == JSON_STRING ? arena_printf(t->arena, "%.*s", STR_ARG(v->string))
					   : NULL;
}

/* "1,3,4": by id, as the model says it. */
static const char *ids(const struct telling *t, const char *key)
{
	const struct json_value *list = json_tree_get(t->event, key);
	struct buf out = BUF_EMPTY;
	int64_t after = -1;
	const char *z;

	if (!list || list->kind != JSON_ARRAY)
		return NULL;
	for (;;) {
		int64_t next = INT64_MAX;

		for (const struct json_value *v = list->child; v; v = v->next)
			if (v->is_integer && v->integer > after && v->integer < next)
				next = v->integer;
		if (next == INT64_MAX)
			break;
		buf_printf(&out, "%s%lld", out.n ? "," : "", (long long)next);
		after = next;
	}
	z = arena_strdup(t->arena, buf_z(&out));
	buf_fini(&out);
	return z;
}

static bool tell_partition(struct telling *t, bool election)
{
	t->c.kind = election ? CHANGE_LEADER : CHANGE_ISR;
	t->c.topic = text(t, "topic");
	t->c.partition = number(t, "partition");
	t->c.epoch_to = number(t, "leader_epoch");
	if (election) {
		t->c.from = number(t, "leader_before");
		t->c.to = number(t, "leader");
		t->c.epoch_from = number(t, "leader_epoch_before");
		t->c.leaderless_ms = integer(t->event, "leaderless_ms", -1);
	} else {
		t->c.isr_from = ids(t, "isr_before");
		t->c.isr_to = ids(t, "isr");
	}
	return t->c.topic && t->c.partition >= 0 && (election || (t->c.isr_from && t->c.isr_to));
}

static bool was_known(const struct telling *t, int32_t broker)
{
	const struct broker *b = cluster_broker(model_cluster(t->f->s->model), broker);

	return b && broker_was_known(b);
}

static bool tell_broker(struct telling *t)
{
	const char *state = text(t, "state");

	t->c.broker = number(t, "broker");
	if (!state || t->c.broker < 0)
		return false;
	if (strcmp(state, "unfenced") == 0)
		t->c.kind = was_known(t, t->c.broker) ? CHANGE_BROKER_BACK : CHANGE_BROKER_NEW;
	else if (strcmp(state, "shutting down") == 0)
		t->c.kind = CHANGE_BROKER_STOPPED;
	else if (strcmp(state, "fenced") == 0 || strcmp(state, "unregistered") == 0)
		t->c.kind = CHANGE_BROKER_LOST;
	else
		return false;
	return true;
}

static bool tell_controller(struct telling *t)
{
	t->c.kind = CHANGE_CONTROLLER;
	t->c.from = number(t, "controller_before");
	t->c.to = number(t, "controller");
	/* Between two of them there is none; that is not worth a line. */
	return t->c.to >= 0 && t->c.from != t->c.to;
}

static bool tell(struct telling *t)
{
	const char *type = text(t, "type");

	if (!type)
		return false;
	if (strcmp(type, "leader") == 0)
		return tell_partition(t, true);
	if (strcmp(type, "isr") == 0)
		return tell_partition(t, false);
	if (strcmp(type, "broker") == 0)
		return tell_broker(t);
	return strcmp(type, "controller") == 0 && tell_controller(t);
}

/* A follower that was cut off hears of what happened later, as if it happened then; where the
 * controller tells, it is believed. An election is known by its epoch, whoever tells it. */
static bool is_hearsay(struct cluster_source *s, const struct face *f, const struct change *c)
{
	const struct face *controller = face_find(s, model_cluster(s->model)->controller);

	return c->kind != CHANGE_LEADER && controller && controller != f &&
	       now_of(s) - controller->told_ms < FRESH_MS;
}

static bool take(struct face *f, const struct json_value *event, struct arena *a)
{
	struct cluster_source *s = f->s;
	int64_t wall = integer(event, "time", -1);
	int64_t age = clock_wall_ms(loop_clock(s->loop)) - wall;
	struct telling t = {f, event, change_blank(CHANGE_LEADER), a};

	if (wall < s->faces.began_ms)
		return false;
	t.c.wall_ms = wall;
	t.c.at_ms = now_of(s) - max_i64(0, age);
	t.c.sure = f->broker == model_cluster(s->model)->controller ? CHANGE_MEASURED : CHANGE_TOLD;
	if (!tell(&t) || is_hearsay(s, f, &t.c))
		return false;
	feed_event(s->model, &t.c);
	return true;
}

size_t face_take_events(struct face *f, struct slice body)
{
	struct json_value *all = NULL;
	const struct json_value *list;
	struct arena a;
	struct err e = {0};
	size_t n = 0;

	arena_init(&a, 0);
	if (json_tree_parse((struct str){(const char *)body.p, body.n}, &a, &all, &e) == 0) {
		list = json_tree_get(all, "events");
		for (list = list ? list->child : NULL; list; list = list->next)
			n += take(f, list, &a);
		f->after = max_i64(0, integer(all, "next", f->after));
	}
	arena_fini(&a);
	return n;
}
