/* What changed last, on the overview: what happened to many partitions at once is one line; all of
 * them stand on the screen of events. */
#include "view/overview.h"

#include <string.h>

/* A lost broker changes many partitions alike: one line for all. */
static bool is_alike(const struct change *a, const struct change *b)
{
	if (a->kind == CHANGE_LEADER && b->kind == CHANGE_LEADER)
		return change_near(a, b, ALIKE_MS) && a->from == b->from &&
		       (a->to < 0) == (b->to < 0);
	return view_same_isr(a, b);
}

static bool is_said(const struct changes *all, size_t i)
{
	const struct change *c = view_change(all, i);

	for (size_t k = i; k-- > 0;)
		if (is_alike(view_change(all, k), c))
			return true;
	return false;
}

/* "21 partitions leader 2 > others   0.05 s leaderless at most" */
static void put_many(struct buf *out, const struct changes *all, size_t i, const struct change *c)
{
	const struct change *x;
	int64_t n = 0, most = -1;
	bool one_topic = true;

	for (size_t k = i; (x = view_change(all, k)); k++)
		if (is_alike(x, c)) {
			n++;
			most = max_i64(most, x->leaderless_ms);
			one_topic = one_topic && strcmp(x->topic, c->topic) == 0;
		}
	if (n <= 1) {
		change_put(out, c, true);
		return;
	}
	if (one_topic)
		buf_printf(out, "%s  ", c->topic);
	fmt_things(out, n, "partition");
	if (c->kind == CHANGE_ISR) {
		buf_printf(out, "  ISR %s > %s", c->isr_from, c->isr_to);
		return;
	}
	if (c->from >= 0)
		buf_printf(out, "  leader %d > %s", c->from, c->to < 0 ? "none" : "others");
	else
		buf_puts(out, "  have a leader again");
	if (most > 0) {
		buf_puts(out, "   ");
		fmt_span(out, max_i64(most, 10));
		buf_puts(out, " leaderless at most");
	}
}

void overview_changes_draw(struct overview *v, const struct surface *s, int y)
{
	const struct changes *all = model_changes(v->ctx->model);
	const struct change *c;

	if (y >= s->rows - 1)
		return;
	surface_rule(s, y++, STR_LIT("changes"));
	if (!changes_at(all, 0))
		surface_puts(s, 1, y, STYLE_DIM, "none since this console started");
	for (size_t i = 0; y < s->rows && (c = view_change(all, i)); i++) {
		struct buf text = BUF_EMPTY;

		if (is_said(all, i))
			continue;
		fmt_clock(&text, c->wall_ms);
		buf_puts(&text, "  ");
		put_many(&text, all, i, c);
		surface_field(s, 1, y++, s->cols - 2, ALIGN_LEFT, STYLE_NORMAL, buf_str(&text));
		buf_fini(&text);
	}
}
