/* What changed in a topic, and what its brokers did: an election stands beside the loss that led to
 * it, and what came back says what it still has to copy. */
#include "view/topic.h"

#include <string.h>

#define CAUSE_MS 15000 /* a broker's loss and the elections that follow */
#define LISTED   6     /* partitions that a line names */

static bool holds(const struct topic *t, int32_t broker)
{
	for (int32_t i = 0; i < t->n_partitions; i++)
		if (partition_replica(&t->partitions[i], broker))
			return true;
	return false;
}

static bool is_of_topic(const struct change *c, const struct topic *t)
{
	return c->topic && str_eqz(t->name, c->topic);
}

/* The loss of the broker that led before. */
static const struct change *cause_of(const struct changes *all, const struct change *election)
{
	const struct change *c;

	if (election->kind != CHANGE_LEADER || election->from < 0)
		return NULL;
	for (size_t i = 0; (c = view_change(all, i)); i++)
		if (change_is_loss(c->kind) && c->broker == election->from &&
			change_near(c, election, CAUSE_MS))
			return c;
	return NULL;
}

/* An election beside it tells the loss already. */
static bool is_told(const struct changes *all, const struct change *loss, const struct topic *t)
{
	const struct change *c;

	for (size_t i = 0; (c = view_change(all, i)); i++)
		if (is_of_topic(c, t) && cause_of(all, c) == loss)
			return true;
	return false;
}

static bool is_shown(const struct changes *all, const struct change *c, const struct topic *t)
{
	if (is_of_topic(c, t))
		return true;
	if (c->topic || c->group || c->broker < 0 || !holds(t, c->broker))
		return false;
	return !change_is_loss(c->kind) || !is_told(all, c, t);
}

/* "   p0 and p4 still copying: 2,438 records behind" */
static void put_copying(struct buf *out, const struct topic *t, int32_t broker)
{
	int64_t behind = 0;
	int n = 0, more = 0;
	struct buf list = BUF_EMPTY;

	for (int32_t i = 0; i < t->n_partitions; i++) {
		const struct partition *p = &t->partitions[i];
		const struct replica *r = partition_replica(p, broker);

		if (!r || r->in_sync)
			continue;
		if (n++ < LISTED)
			buf_printf(&list, "%sp%d", n > 1 ? ", " : "", p->index);
		else
			more++;
		behind += max_i64(0, replica_behind(p, r));
	}
	if (n) {
		buf_printf(out, "   %s", buf_z(&list));
		if (more)
			buf_printf(out, " and %d more", more);
		buf_puts(out, " still copying");
		if (behind) {
			buf_puts(out, ": ");
			fmt_things(out, behind, "record");
			buf_puts(out, " behind");
		}
	}
	buf_fini(&list);
}

/* The latest that is known of the broker's coming and going. */
static bool is_latest(const struct changes *all, const struct change *c)
{
	const struct change *x;

	for (size_t i = 0; (x = view_change(all, i)) && x != c; i++)
		if (x->broker == c->broker &&
			(change_is_loss(x->kind) || x->kind == CHANGE_BROKER_BACK))
			return false;
	return true;
}

/* Of a newer one's line. */
static bool is_said(const struct changes *all, size_t i, const struct topic *t)
{
	const struct change *c = view_change(all, i), *x;

	for (size_t k = i; c->kind == CHANGE_ISR && k-- > 0;)
		if ((x = view_change(all, k)) && is_of_topic(x, t) && view_same_isr(x, c))
			return true;
	return false;
}

/* The lowest partition above `after` of those that are alike; -1: no more. */
static int32_t next_alike(
	const struct changes *all, const struct change *c, const struct topic *t, int32_t after)
{
	const struct change *x;
	int32_t found = -1;

	for (size_t k = 0; (x = view_change(all, k)); k++)
		if (is_of_topic(x, t) && view_same_isr(x, c) && x->partition > after &&
			(found < 0 || x->partition < found))
			found = x->partition;
	return found;
}

/* "p0, p2, p3 ISR 1,2,3 > 1,3" */
static void put_alike(
	struct buf *out, const struct changes *all, const struct change *c, const struct topic *t)
{
	int n = 0, more = 0;
	int32_t p = -1;

	while ((p = next_alike(all, c, t, p)) >= 0) {
		if (n++ < LISTED)
			buf_printf(out, "%sp%d", n > 1 ? ", " : "", p);
		else
			more++;
	}
	if (more)
		buf_printf(out, " and %d more", more);
	buf_printf(out, " ISR %s > %s", c->isr_from, c->isr_to);
}

static void put_line(struct buf *out, const struct changes *all, size_t i, const struct topic *t)
{
	const struct change *c = view_change(all, i), *cause = cause_of(all, c);

	fmt_clock(out, c->wall_ms);
	buf_puts(out, "  ");
	if (cause)
		buf_printf(out, "broker %d %s   ", cause->broker,
			cause->kind == CHANGE_BROKER_LOST ? "lost" : "stopped");
	/* A commit that went back needs its group's name. */
	if (c->kind == CHANGE_ISR)
		put_alike(out, all, c, t);
	else
		change_put(out, c, c->group != NULL);
	if (c->kind == CHANGE_BROKER_BACK && is_latest(all, c))
		put_copying(out, t, c->broker);
}

void topic_changes_draw(struct topic_view *v, const struct topic *t, const struct surface *s, int y)
{
	const struct changes *all = model_changes(v->ctx->model);
	const struct change *c;

	if (y >= s->rows - 1)
		return;
	surface_rule(s, y++, STR_LIT("changes"));
	for (size_t i = 0; y < s->rows && (c = view_change(all, i)); i++) {
		struct buf text = BUF_EMPTY;

		if (!is_shown(all, c, t) || is_said(all, i, t))
			continue;
		put_line(&text, all, i, t);
		surface_field(s, 1, y++, s->cols - 2, ALIGN_LEFT, STYLE_NORMAL, buf_str(&text));
		buf_fini(&text);
	}
}
