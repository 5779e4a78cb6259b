/*
 * The ring that keeps what happened. What is told twice is one change: an action and its effect; a
 * happening that polling saw and that brokers tell more exactly. What is surer replaces what is
 * less so; the order is that of time as far as it is known.
 */
#include "model/change.h"

#include "base/xalloc.h"
#include <stdlib.h>

#define TOGETHER_MS 10000 /* an action and its effect, as it is seen */
#define SAME_MS     20000 /* a happening as it is told, and as it is seen */
#define SPLIT_MS    1000  /* an election and its ISR, told one by one */

void changes_init(struct changes *c)
{
	*c = (struct changes){.next_id = 1};
}

static void release(struct change *c)
{
	const char *own[] = {
		c->topic, c->isr_from, c->isr_to, c->command, c->text, c->group, c->member};

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		free((void *)(uintptr_t)own[i]);
}

static struct change *slot_at(struct changes *c, size_t i)
{
	return &c->ring[(c->first + i) % CHANGES_MAX];
}

void changes_fini(struct changes *c)
{
	for (size_t i = 0; i < c->n; i++)
		release(slot_at(c, i));
	free(c->ring);
	changes_init(c);
}

static const char *copy(const char *z)
{
	return z ? xstrdup(z) : NULL;
}

static void replace(const char **text, const char *by)
{
	const char *fresh = copy(by);

	free((void *)(uintptr_t)*text);
	*text = fresh;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Is x the effect of the action y? */
static bool is_effect(const struct change *x, const struct change *y)
{
	int64_t apart = x->at_ms > y->at_ms ? x->at_ms - y->at_ms : y->at_ms - x->at_ms;

	return y->kind == CHANGE_ACTION && y->effect && y->effect == x->kind &&
	       (y->topic || y->group) && same(x->topic, y->topic) && same(x->group, y->group) &&
	       apart <= TOGETHER_MS;
}

/* The one in the ring that tells the same: now the action, of which nothing more is expected. */
static struct change *merged(struct changes *c, const struct change *x)
{
	for (size_t i = c->n; i-- > 0;) {
		struct change *y = slot_at(c, i);

		if (is_effect(y, x)) {
			y->kind = CHANGE_ACTION;
			replace(&y->text, x->text);
			replace(&y->command, x->command);
			return y;
		}
		if (is_effect(x, y)) {
			y->effect = 0;
			return y;
		}
	}
	return NULL;
}

/* ---- one happening, told by several ------------------------------------------------------- */

bool change_near(const struct change *a, const struct change *b, int64_t ms)
{
	return a->wall_ms - b->wall_ms < ms && b->wall_ms - a->wall_ms < ms;
}

static bool same_partition(const struct change *a, const struct change *b)
{
	return a->partition == b->partition && same(a->topic, b->topic);
}

static bool comes_or_goes(const struct change *c)
{
	return change_is_loss(c->kind) || c->kind == CHANGE_BROKER_BACK ||
	       c->kind == CHANGE_BROKER_NEW;
}

/* Who said that it stops may take its time until it is gone. */
static bool same_way(const struct change *x, const struct change *y)
{
	return change_is_loss(x->kind) == change_is_loss(y->kind) &&
	       (change_near(x, y, SAME_MS) || y->kind == CHANGE_BROKER_STOPPED);
}

enum verdict_same { OTHER, SAME, OPPOSITE };

/* y is of the ring. OPPOSITE: what is older cannot be the same as x. */
static enum verdict_same compare(const struct change *x, const struct change *y)
{
	if (comes_or_goes(x) && comes_or_goes(y) && x->broker == y->broker)
		return same_way(x, y) ? SAME : OPPOSITE;
	if (x->kind == CHANGE_CONTROLLER && y->kind == CHANGE_CONTROLLER)
		return x->to == y->to && change_near(x, y, SAME_MS) ? SAME : OPPOSITE;
	if (!same_partition(x, y))
		return OTHER;
	if (x->kind == CHANGE_LEADER && y->kind == CHANGE_LEADER)
		return x->epoch_to == y->epoch_to && x->epoch_to >= 0 ? SAME : OTHER;
	if (x->kind == CHANGE_ISR && y->kind == CHANGE_ISR)
		return same(x->isr_to, y->isr_to) && change_near(x, y, SAME_MS) ? SAME : OPPOSITE;
	if (x->kind == CHANGE_ISR && y->kind == CHANGE_LEADER && x->sure)
		return x->epoch_to == y->epoch_to &&
				       (same(x->isr_to, y->isr_to) ||
					       (!y->isr_to && change_near(x, y, SPLIT_MS)))
			       ? SAME
			       : OTHER;
	if (x->kind == CHANGE_ISR && y->kind == CHANGE_LEADER)
		return same(x->isr_to, y->isr_to) && change_near(x, y, SAME_MS) ? SAME : OTHER;
	return OTHER;
}

/* x tells the same as y, and is surer or has more. */
static void learn(struct change *y, const struct change *x)
{
	bool surer = x->sure > y->sure;

	if (x->isr_to && (surer || !y->isr_to)) {
		replace(&y->isr_from, x->isr_from);
		replace(&y->isr_to, x->isr_to);
	}
	if (x->kind == CHANGE_BROKER_STOPPED)
		y->kind = x->kind;
	if (x->kind != y->kind && !change_is_loss(x->kind))
		return;
	if (surer) {
		y->from = x->from;
		y->epoch_from = x->epoch_from;
		y->at_ms = x->at_ms;
		y->wall_ms = x->wall_ms;
	}
	if (x->leaderless_ms >= 0 && (surer || y->leaderless_ms < 0))
		y->leaderless_ms = x->leaderless_ms;
	if (surer)
		y->sure = x->sure;
	if (x->text && !y->text)
		replace(&y->text, x->text);
}

/* The newest that tells the same. */
static struct change *told_before(struct changes *c, const struct change *x)
{
	for (size_t i = c->n; i-- > 0;) {
		struct change *y = slot_at(c, i);
		enum verdict_same v = compare(x, y);

		if (v == SAME && (x->sure || y->sure))
			return y;
		if (v != OTHER)
			return NULL;
	}
	return NULL;
}

/* Down to its place in time; only what was told by a broker has a time of its own. */
static void settle(struct changes *c, size_t i)
{
	for (; i > 0 && slot_at(c, i)->sure; i--) {
		struct change *a = slot_at(c, i - 1), *b = slot_at(c, i), kept = *a;

		if (a->wall_ms <= b->wall_ms)
			return;
		*a = *b;
		*b = kept;
	}
}

static size_t place_of(const struct changes *c, const struct change *slot)
{
	size_t at = (size_t)(slot - c->ring);

	return (at + CHANGES_MAX - c->first) % CHANGES_MAX;
}

/* What was done to the old leader from here tells since when there was none, where nobody else
 * does. */
static int64_t leaderless_by_action(struct changes *c, const struct change *x)
{
	for (size_t i = c->n; i-- > 0;) {
		const struct change *y = slot_at(c, i);

		if (x->wall_ms - y->wall_ms > SAME_MS)
			break;
		if (y->kind == CHANGE_ACTION && y->effect == CHANGE_BROKER_LOST &&
			y->broker == x->from && y->wall_ms <= x->wall_ms)
			return x->wall_ms - y->wall_ms;
	}
	return -1;
}

static bool is_stop(const struct change *c)
{
	return c->kind == CHANGE_ACTION && c->effect == CHANGE_BROKER_STOPPED;
}

/* Who was stopped from here is not lost, whichever of the two was heard of first. */
static void stop_by_action(struct changes *c, struct change *x)
{
	if (!is_stop(x) && x->kind != CHANGE_BROKER_LOST)
		return;
	for (size_t i = c->n; i-- > 0;) {
		struct change *y = slot_at(c, i);

		if (y == x || y->broker != x->broker)
			continue;
		if (!change_near(x, y, SAME_MS) || (comes_or_goes(y) && !change_is_loss(y->kind)))
			return;
		if (is_stop(x) && y->kind == CHANGE_BROKER_LOST)
			y->kind = CHANGE_BROKER_STOPPED;
		else if (is_stop(y))
			x->kind = CHANGE_BROKER_STOPPED;
	}
}

/* ---- adding -------------------------------------------------------------------------------- */

static void keep(struct change *slot, const struct change *x, uint64_t id)
{
	*slot = *x;
	slot->id = id;
	slot->topic = copy(x->topic);
	slot->isr_from = copy(x->isr_from);
	slot->isr_to = copy(x->isr_to);
	slot->command = copy(x->command);
	slot->text = copy(x->text);
	slot->group = copy(x->group);
	slot->member = copy(x->member);
}

static void measure(struct changes *c, struct change *slot)
{
	if (slot->kind == CHANGE_LEADER && slot->leaderless_ms < 0 && slot->from >= 0 &&
		slot->to >= 0)
		slot->leaderless_ms = leaderless_by_action(c, slot);
}

uint64_t changes_add(struct changes *c, const struct change *x)
{
	struct change *slot = merged(c, x);
	uint64_t id;

	if (slot)
		return slot->id;
	slot = told_before(c, x);
	if (slot) {
		id = slot->id;
		learn(slot, x);
		settle(c, place_of(c, slot));
		return id;
	}
	if (!c->ring)
		c->ring = xcalloc(CHANGES_MAX, sizeof(*c->ring));
	if (c->n == CHANGES_MAX) {
		release(&c->ring[c->first]);
		c->first = (c->first + 1) % CHANGES_MAX;
		c->n--;
	}
	id = c->next_id++;
	keep(slot_at(c, c->n++), x, id);
	measure(c, slot_at(c, c->n - 1));
	stop_by_action(c, slot_at(c, c->n - 1));
	settle(c, c->n - 1);
	return id;
}

const struct change *changes_at(const struct changes *c, size_t i)
{
	return i < c->n ? &c->ring[(c->first + c->n - 1 - i) % CHANGES_MAX] : NULL;
}
