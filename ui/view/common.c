/* See common.h. */
#include "view/common.h"

#include <stdarg.h>
#include <stdlib.h>

#define CHANGES_LOOK 300 /* a draw must not take long */

void formbox_open(struct formbox *b, const char *title, const struct field_def *defs, int n,
	void (*submit)(void *arg, struct form *f), void *arg)
{
	formbox_close(b);
	form_init(&b->form, title, defs, n, arg);
	b->submit = submit;
	b->arg = arg;
	b->open = true;
	b->waiting = false;
}

void formbox_wait(struct formbox *b)
{
	b->waiting = true;
	form_note(&b->form, "Asking the cluster … Esc: go on without its answer", false);
}

bool formbox_answer(struct formbox *b, const struct err *e)
{
	if (!b->open || !b->waiting)
		return false;
	b->waiting = false;
	if (e)
		form_note(&b->form, e->msg, true);
	else
		formbox_close(b);
	return true;
}

void formbox_close(struct formbox *b)
{
	if (!b->open)
		return;
	b->open = false;
	form_fini(&b->form);
}

unsigned formbox_event(struct formbox *b, const struct event *e)
{
	bool leave = e->type == EVENT_KEY && key_is(e->key, K_ESC);
	unsigned effect = b->waiting && !leave ? WIDGET_HANDLED : form_event(&b->form, e);

	if (effect & WIDGET_CANCEL) {
		formbox_close(b);
	} else if (effect & WIDGET_SUBMIT) {
		b->submit(b->arg, &b->form);
		if (!b->waiting)
			formbox_close(b);
	}
	return VIEW_HANDLED | VIEW_REDRAW;
}

void formbox_draw(struct formbox *b, const struct surface *body)
{
	int margin = body->cols > 70 ? 4 : 0;
	struct surface box = surface_sub(body, margin, 0, body->cols - 2 * margin, body->rows);
	struct surface in;

	if (!b->open)
		return;
	surface_clear(&box, STYLE_BOX);
	in = surface_box(&box, STR_LIT(""), STYLE_BOX);
	form_draw(&b->form, &in);
}

bool view_partition_of(struct str text, int32_t *out)
{
	char z[16], *end;
	long n;

	*out = -1;
	if (!text.n || str_eqz(text, "all"))
		return true;
	if (text.n >= sizeof(z) || text.p[0] < '0' || text.p[0] > '9')
		return false;
	memcpy(z, text.p, text.n);
	z[text.n] = 0;
	n = strtol(z, &end, 10);
	if (*end || n > INT32_MAX)
		return false;
	*out = (int32_t)n;
	return true;
}

void view_table_copy(const struct table *t, struct buf *out)
{
	for (size_t i = 0; t->marks.n && i < t->n_rows; i++) {
		if (!table_is_marked(t, i))
			continue;
		table_row_text(t, i, '\t', out);
		buf_putc(out, '\n');
	}
	if (!t->marks.n && t->cursor < t->n_rows)
		table_row_text(t, t->cursor, '\t', out);
}

void view_table_filter(struct table *t, struct str text)
{
	buf_clear(&t->filter);
	buf_put_str(&t->filter, text);
}

enum style view_verdict_style(enum verdict v)
{
	switch (v) {
	case VERDICT_REWOUND:
	case VERDICT_BEHIND:
		return STYLE_WARN;
	case VERDICT_STALLED:
	case VERDICT_STOPPED:
	case VERDICT_LOST:
		return STYLE_ERROR;
	case VERDICT_NONE:
	case VERDICT_OK:
	case VERDICT_COUNT:
		break;
	}
	return STYLE_NORMAL;
}

unsigned view_table_effect(unsigned widget_effect)
{
	if (widget_effect == WIDGET_IGNORED)
		return VIEW_IGNORED;
	return VIEW_HANDLED | VIEW_REDRAW;
}

bool view_part_cell(const struct part *p, int64_t now_ms, struct buf *text, enum style *style)
{
	switch (part_state(p, now_ms)) {
	case PART_LIVE:
		return false;
	case PART_STALE:
		*style = STYLE_DIM;
		return false;
	case PART_NEVER:
		buf_puts(text, "…");
		*style = STYLE_DIM;
		return true;
	case PART_DENIED:
		buf_puts(text, "denied");
		*style = STYLE_DIM;
		return true;
	case PART_FAILED:
		buf_puts(text, "-");
		*style = STYLE_DIM;
		return true;
	}
	return false;
}

int64_t view_age(const struct view_ctx *c, const struct part *p)
{
	int64_t now = clock_mono_ms(c->clock);

	return part_state(p, now) == PART_LIVE ? 0 : part_age_ms(p, now);
}

bool view_lost(const struct cluster *c)
{
	return c->n_brokers > 0 && c->totals.brokers_up == 0 && c->progress.step == PROGRESS_READY;
}

int64_t view_topic_age(const struct view_ctx *ctx, const struct topic *t)
{
	return t && !view_lost(view_cluster(ctx)) ? view_age(ctx, &t->offsets)
						  : view_freshness(ctx).age_ms;
}

struct view_freshness view_freshness(const struct view_ctx *ctx)
{
	const struct cluster *c = view_cluster(ctx);
	const struct part *best = &c->metadata;
	int64_t now = clock_mono_ms(ctx->clock);

	for (size_t i = 0; i < c->n_brokers; i++) {
		const struct part *p = &c->brokers[i].offsets;
		if (p->at_ms >= 0 && (best == &c->metadata || p->at_ms > best->at_ms))
			best = p;
	}
	return (struct view_freshness){.age_ms = view_lost(c) && best->at_ms >= 0
							 ? max_i64(1, part_age_ms(best, now))
							 : view_age(ctx, best),
		.interval_ms = best->interval_ms,
		.silent = best->at_ms < 0 && c->progress.why[0]};
}

void view_outcome(struct view_ctx *c, const struct err *e, const char *done)
{
	if (e)
		view_message(c, MESSAGE_ERROR, "%s", e->msg);
	else
		view_message(c, MESSAGE_OK, "%s", done);
}

int view_label(const struct surface *s, int x, int y, const char *label, enum style style,
	const char *fmt, ...)
{
	struct buf text = BUF_EMPTY;
	va_list ap;

	x += surface_puts(s, x, y, STYLE_DIM, label);
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	x += surface_put(s, x + 1, y, style, buf_str(&text));
	buf_fini(&text);
	return x + 1;
}

const struct change *view_change(const struct changes *all, size_t i)
{
	return i < CHANGES_LOOK ? changes_at(all, i) : NULL;
}

bool view_same_isr(const struct change *a, const struct change *b)
{
	return a->kind == CHANGE_ISR && b->kind == CHANGE_ISR && change_near(a, b, ALIKE_MS) &&
	       strcmp(a->isr_from, b->isr_from) == 0 && strcmp(a->isr_to, b->isr_to) == 0;
}
