/* See reassign_form.h: what the keys and the cluster's answers do. */
#include "view/reassign_form.h"

#include <stdlib.h>
#include <string.h>

const struct topic *reassign_form_topic(const struct reassign_form *f)
{
	return cluster_topic(view_cluster(f->ctx), buf_str(&f->topic));
}

static void enter(struct reassign_form *f, enum reassign_state state)
{
	f->state = state;
	f->focus = state == REASSIGN_CHOOSE ? REASSIGN_ON_BROKERS : REASSIGN_ON_NO;
}

static void forget_questions(struct reassign_form *f)
{
	if (f->asked)
		source_cancel(f->ctx->source, f->asked);
	if (f->listing)
		source_cancel(f->ctx->source, f->listing);
	f->asked = f->listing = 0;
}

static void close_form(struct reassign_form *f)
{
	/* What was asked for happens all the same. */
	forget_questions(f);
	enter(f, REASSIGN_CLOSED);
}

void reassign_form_init(struct reassign_form *f, struct view_ctx *ctx)
{
	*f = (struct reassign_form){.ctx = ctx};
	arena_init(&f->arena, 0);
	reassign_draw_init(f);
}

void reassign_form_fini(struct reassign_form *f)
{
	forget_questions(f);
	table_fini(&f->brokers);
	table_fini(&f->moves);
	vec_fini(&f->partitions);
	vec_fini(&f->chosen);
	buf_fini(&f->topic);
	buf_fini(&f->title);
	buf_fini(&f->note);
	arena_fini(&f->arena);
}

/* ---- what is under way ---- */

static bool is_mine(const struct reassign_form *f, int32_t partition)
{
	for (size_t i = 0; i < f->partitions.n; i++)
		if (f->partitions.v[i] == partition)
			return true;
	return false;
}

static const int32_t *copy_ids(struct arena *a, const int32_t *v, int32_t n)
{
	int32_t *out = arena_array(a, (size_t)max_i64(n, 0), sizeof(*out));

	if (n > 0)
		memcpy(out, v, (size_t)n * sizeof(*out));
	return out;
}

static int by_partition(const void *a, const void *b)
{
	const struct moving *x = a, *y = b;

	return (x->partition > y->partition) - (x->partition < y->partition);
}

static void keep(struct reassign_form *f, const struct moving *v, size_t n)
{
	arena_reset(&f->arena);
	f->moving = arena_array(&f->arena, n, sizeof(*f->moving));
	f->n_moving = 0;
	for (size_t i = 0; i < n; i++) {
		struct moving *m = &f->moving[f->n_moving];

		if (!is_mine(f, v[i].partition))
			continue;
		*m = v[i];
		m->replicas = copy_ids(&f->arena, v[i].replicas, v[i].n_replicas);
		m->adding = copy_ids(&f->arena, v[i].adding, v[i].n_adding);
		m->removing = copy_ids(&f->arena, v[i].removing, v[i].n_removing);
		f->n_moving++;
	}
	if (f->n_moving)
		qsort(f->moving, f->n_moving, sizeof(*f->moving), by_partition);
	table_set_rows(&f->moves, reassign_n_coming(f));
}

static void listed(void *arg, const struct err *e, const struct moving *v, size_t n)
{
	struct reassign_form *f = arg;

	f->listing = 0;
	if (f->state == REASSIGN_MOVING)
		buf_clear(&f->note);
	if (e && f->state == REASSIGN_MOVING)
		buf_puts(&f->note, e->msg);
	if (!e)
		keep(f, v, n);
	if (!e && f->state == REASSIGN_MOVING && !f->n_moving) {
		enter(f, REASSIGN_DONE);
		f->done_ms = clock_mono_ms(f->ctx->clock);
		source_refresh(f->ctx->source);
	} else if (!e && f->state == REASSIGN_CHOOSE && !f->touched && f->n_moving) {
		enter(f, REASSIGN_MOVING);
	}
	view_redraw(f->ctx);
}

static void list(struct reassign_form *f)
{
	if (!f->listing)
		f->listing = source_list_moves(f->ctx->source, buf_z(&f->topic), listed, f);
}

bool reassign_form_settled(const struct reassign_form *f)
{
	return f->state == REASSIGN_DONE && view_cluster(f->ctx)->metadata.at_ms > f->done_ms;
}

unsigned reassign_form_tick(struct reassign_form *f)
{
	if (f->state == REASSIGN_MOVING)
		list(f);
	else if (f->state == REASSIGN_DONE && !reassign_form_settled(f))
		source_refresh(f->ctx->source); /* it may have been asked at that moment */
	return reassign_form_is_open(f) ? VIEW_REDRAW : VIEW_IGNORED;
}

/* ---- opening ---- */

static void put_title(struct reassign_form *f)
{
	buf_clear(&f->title);
	buf_printf(&f->title, "move replicas of %s, ", buf_z(&f->topic));
	if (f->partitions.n == 1)
		buf_printf(&f->title, "partition %d", f->partitions.v[0]);
	else
		fmt_things(&f->title, (int64_t)f->partitions.n, "partition");
}

void reassign_form_open(
	struct reassign_form *f, const struct topic *t, const int32_t *partitions, size_t n)
{
	const struct partition *first = n ? topic_partition(t, partitions[0]) : NULL;

	if (!first)
		return;
	close_form(f);
	buf_clear(&f->topic);
	buf_put_str(&f->topic, t->name);
	buf_clear(&f->note);
	vec_clear(&f->partitions);
	vec_clear(&f->chosen);
	for (size_t i = 0; i < n; i++)
		vec_push(&f->partitions, partitions[i]);
	for (int32_t i = 0; i < first->n_replicas; i++)
		vec_push(&f->chosen, first->replicas[i].broker);
	f->touched = f->cancelling = false;
	f->n_moving = 0;
	put_title(f);
	table_set_rows(&f->brokers, view_cluster(f->ctx)->n_brokers);
	table_set_cursor(&f->brokers, 0);
	enter(f, REASSIGN_CHOOSE);
	list(f);
}

/* ---- doing it ---- */

/* The chosen brokers in turn: the next partition's preferred leader is the next of them. */
size_t reassign_form_moves(
	const struct reassign_form *f, struct arena *a, struct replica_move **out)
{
	size_t n = f->chosen.n;

	*out = arena_array(a, f->partitions.n, sizeof(**out));
	for (size_t i = 0; i < f->partitions.n; i++) {
		int32_t *ids = arena_array(a, n, sizeof(*ids));

		for (size_t k = 0; k < n; k++)
			ids[k] = f->chosen.v[(i + k) % n];
		(*out)[i] = (struct replica_move){f->partitions.v[i], ids, (int32_t)n};
	}
	return f->partitions.n;
}

static void answered(void *arg, const struct err *e)
{
	struct reassign_form *f = arg;
	bool cancelled = f->cancelling;

	f->asked = 0;
	buf_clear(&f->note);
	if (e)
		buf_puts(&f->note, e->msg);
	if (!e && cancelled) {
		view_outcome(f->ctx, NULL, "move cancelled: the replicas are where they were");
		close_form(f);
	} else if (!e || cancelled) {
		enter(f, REASSIGN_MOVING);
		list(f);
	} else {
		enter(f, REASSIGN_CHOOSE);
	}
	view_redraw(f->ctx);
}

static void begin(struct reassign_form *f)
{
	struct replica_move *v;
	struct arena a;
	size_t n;

	arena_init(&a, 0);
	n = reassign_form_moves(f, &a, &v);
	f->cancelling = false;
	enter(f, REASSIGN_ASKED);
	f->asked = source_move_replicas(f->ctx->source, buf_z(&f->topic), v, n, answered, f);
	arena_fini(&a);
}

static void cancel_move(struct reassign_form *f)
{
	struct replica_move *v;
	struct arena a;

	arena_init(&a, 0);
	v = arena_array(&a, f->n_moving, sizeof(*v));
	for (size_t i = 0; i < f->n_moving; i++)
		v[i].partition = f->moving[i].partition;
	f->cancelling = true;
	enter(f, REASSIGN_ASKED);
	f->asked =
		source_move_replicas(f->ctx->source, buf_z(&f->topic), v, f->n_moving, answered, f);
	arena_fini(&a);
}

static void press(struct reassign_form *f)
{
	bool yes = f->focus == REASSIGN_ON_YES;

	if (f->focus == REASSIGN_ON_BROKERS)
		f->focus = REASSIGN_ON_YES;
	else if (f->state == REASSIGN_MOVING && yes && f->n_moving)
		cancel_move(f);
	else if (f->state == REASSIGN_CHOOSE && yes && f->chosen.n)
		begin(f);
	else if (f->state != REASSIGN_CHOOSE || !yes)
		close_form(f);
}

const char *reassign_form_enter_word(const struct reassign_form *f)
{
	if (f->focus == REASSIGN_ON_BROKERS)
		return "go on to Move replicas";
	if (f->state == REASSIGN_CHOOSE)
		return f->focus == REASSIGN_ON_YES ? "move the replicas" : "cancel";
	return f->focus == REASSIGN_ON_YES && f->n_moving ? "cancel the move" : "close";
}

/* ---- keys ---- */

static int32_t broker_at_cursor(const struct reassign_form *f)
{
	const struct cluster *c = view_cluster(f->ctx);

	return f->brokers.cursor < c->n_brokers ? c->brokers[f->brokers.cursor].id : -1;
}

static bool take_away(struct reassign_form *f, int32_t broker)
{
	for (size_t i = 0; i < f->chosen.n; i++)
		if (f->chosen.v[i] == broker) {
			vec_remove(&f->chosen, i);
			return true;
		}
	return false;
}

static void toggle(struct reassign_form *f)
{
	int32_t broker = broker_at_cursor(f);

	if (broker >= 0 && !take_away(f, broker))
		vec_push(&f->chosen, broker);
	f->touched = true;
}

/* The preferred leader; the others keep their order behind it. */
static void put_first(struct reassign_form *f)
{
	int32_t broker = broker_at_cursor(f);

	if (broker < 0)
		return;
	(void)take_away(f, broker);
	(void)vec_add(&f->chosen);
	memmove(&f->chosen.v[1], &f->chosen.v[0], (f->chosen.n - 1) * sizeof(*f->chosen.v));
	f->chosen.v[0] = broker;
	f->touched = true;
}

/* From the brokers to the button that moves, to the one that does not, and round. */
static void next_focus(struct reassign_form *f, bool back)
{
	static const enum reassign_focus after[] = {
		[REASSIGN_ON_BROKERS] = REASSIGN_ON_YES,
		[REASSIGN_ON_YES] = REASSIGN_ON_NO,
		[REASSIGN_ON_NO] = REASSIGN_ON_BROKERS,
	};

	if (f->state != REASSIGN_CHOOSE)
		f->focus = f->focus == REASSIGN_ON_YES ? REASSIGN_ON_NO : REASSIGN_ON_YES;
	else
		f->focus = back ? after[after[f->focus]] : after[f->focus];
}

static bool key(struct reassign_form *f, uint32_t code)
{
	switch (code) {
	case K_ESC:
		close_form(f);
		return true;
	case K_ENTER:
		press(f);
		return true;
	case K_TAB:
	case K_BACKTAB:
		next_focus(f, code == K_BACKTAB);
		return true;
	case K_LEFT:
	case K_RIGHT:
		f->focus = code == K_RIGHT ? REASSIGN_ON_YES : REASSIGN_ON_NO;
		return true;
	case ' ':
	case '1':
		if (f->state != REASSIGN_CHOOSE)
			return false;
		buf_clear(&f->note);
		f->focus = REASSIGN_ON_BROKERS;
		if (code == ' ')
			toggle(f);
		else
			put_first(f);
		return true;
	default:
		return false;
	}
}

unsigned reassign_form_event(struct reassign_form *f, const struct event *e)
{
	bool choosing = f->state == REASSIGN_CHOOSE;

	if ((e->type != EVENT_KEY || e->key.mods != 0 || !key(f, e->key.code)) &&
		table_event(choosing ? &f->brokers : &f->moves, e) != WIDGET_IGNORED && choosing)
		f->focus = REASSIGN_ON_BROKERS;
	if (f->state == REASSIGN_CHOOSE && !reassign_form_topic(f))
		close_form(f);
	return VIEW_HANDLED | VIEW_REDRAW;
}
