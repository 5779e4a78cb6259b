/*
 * See reset_preview.h. Lines of the box: what is asked for, the table, what it comes to, why the
 * row under the cursor does not go where it was sent, the command, the buttons. The lower the
 * screen, the less of them: the table's rows and the buttons stay.
 */
#include "view/reset_preview.h"

#include <inttypes.h>

enum { COL_TOPIC, COL_PARTITION, COL_NOW, COL_NEW, COL_AGAIN, COL_SKIPPED, COL_COUNT };

static const struct table_col cols[COL_COUNT] = {
	[COL_TOPIC] = {"TOPIC", 8, 18, 0, 0, ALIGN_LEFT},
	[COL_PARTITION] = {"PART", 4, 4, 6, 0, ALIGN_RIGHT},
	[COL_NOW] = {"NOW", 5, 11, 19, 0, ALIGN_RIGHT},
	[COL_NEW] = {"NEW", 7, 11, 19, 0, ALIGN_RIGHT},
	[COL_AGAIN] = {"READ AGAIN", 10, 10, 19, 1, ALIGN_RIGHT},
	[COL_SKIPPED] = {"SKIPPED", 7, 10, 19, 2, ALIGN_RIGHT},
};

static void cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	const struct reset_preview *p = arg;
	const struct reset_row *r = &p->rows[row];
	struct reset_effect effect = reset_effect(r);

	switch (col) {
	case COL_TOPIC:
		buf_put_str(text, r->topic);
		break;
	case COL_PARTITION:
		buf_printf(text, "%" PRId32, r->partition);
		break;
	case COL_NOW:
		if (r->now < 0)
			buf_puts(text, "never");
		else
			fmt_count(text, r->now);
		break;
	case COL_NEW:
		if (r->clamp != RESET_FITS) {
			*style = STYLE_WARN;
			buf_puts(text, "! ");
		}
		fmt_count(text, r->to);
		break;
	case COL_AGAIN:
		fmt_count(text, effect.fresh < 0 ? effect.again : -1);
		break;
	case COL_SKIPPED:
		fmt_count(text, effect.fresh < 0 ? effect.skipped : -1);
		break;
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	(void)arg;
	return row + 1;
}

static const struct table_ops table_ops = {cell, row_id, NULL};

void reset_preview_open(struct reset_preview *p, struct view_ctx *ctx,
	const struct reset_spec *spec, const struct reset_row *rows, size_t n)
{
	struct buf command = BUF_EMPTY;

	reset_preview_close(p);
	*p = (struct reset_preview){.open = true, .spec = *spec, .n = n};
	arena_init(&p->arena, 0);
	p->spec.group = arena_strdup(&p->arena, spec->group);
	p->spec.topic = spec->topic ? arena_strdup(&p->arena, spec->topic) : NULL;
	p->rows = arena_array(&p->arena, n, sizeof(*p->rows));
	for (size_t i = 0; i < n; i++) {
		p->rows[i] = rows[i];
		/* They are in order: one copy of a name serves all its rows. */
		p->rows[i].topic = i && str_eq(rows[i].topic, p->rows[i - 1].topic)
					   ? p->rows[i - 1].topic
					   : arena_str(&p->arena, rows[i].topic);
	}
	table_init(&p->table, cols, COL_COUNT, &table_ops, p);
	p->table.sort_col = -1;
	table_set_rows(&p->table, n);
	buf_printf(&p->title, "reset offsets of group %s?", spec->group);
	reset_put_command(&command, spec);
	view_put_command(ctx, buf_str(&command), &p->command);
	buf_fini(&command);
}

void reset_preview_close(struct reset_preview *p)
{
	if (!p->open)
		return;
	table_fini(&p->table);
	buf_fini(&p->title);
	buf_fini(&p->command);
	arena_fini(&p->arena);
	*p = (struct reset_preview){0};
}

enum reset_answer reset_preview_event(struct reset_preview *p, const struct event *e)
{
	if (e->type == EVENT_KEY && e->key.mods == 0) {
		switch (e->key.code) {
		case K_ESC:
			return RESET_CANCELLED;
		case K_ENTER:
			return p->yes ? RESET_CONFIRMED : RESET_CANCELLED;
		case K_TAB:
		case K_BACKTAB:
			p->yes = !p->yes;
			return RESET_WAITS;
		case K_LEFT:
		case K_RIGHT:
			p->yes = e->key.code == K_RIGHT;
			return RESET_WAITS;
		default:
			break;
		}
	}
	/* A second click on a row is no answer to the question. */
	(void)table_event(&p->table, e);
	return RESET_WAITS;
}

/* ---- drawing -----------------------------------------------------------------------------------
 */

static void put_request(struct buf *out, const struct reset_preview *p)
{
	reset_put_words(out, p->spec.to, p->spec.at);
	if (!p->spec.topic)
		buf_puts(out, "   all topics it has committed in");
	else if (p->spec.partition < 0)
		buf_printf(out, "   topic %s, all partitions", p->spec.topic);
	else
		buf_printf(
			out, "   topic %s, partition %" PRId32, p->spec.topic, p->spec.partition);
}

struct sums {
	int64_t again, skipped, fresh;
	size_t never, clamped; /* partitions: not committed so far, sent elsewhere */
};

static struct sums sum(const struct reset_preview *p)
{
	struct sums s = {0};

	for (size_t i = 0; i < p->n; i++) {
		struct reset_effect e = reset_effect(&p->rows[i]);

		s.again += e.again;
		s.skipped += e.skipped;
		s.fresh += max_i64(e.fresh, 0);
		s.never += e.fresh >= 0;
		s.clamped += p->rows[i].clamp != RESET_FITS;
	}
	return s;
}

static void put_sums(struct buf *out, const struct reset_preview *p, const struct sums *s)
{
	fmt_things(out, (int64_t)p->n, "partition");
	buf_puts(out, ": ");
	fmt_things(out, s->again, "record");
	buf_puts(out, " to be read again, ");
	fmt_count(out, s->skipped);
	buf_puts(out, " skipped");
	if (s->never) {
		buf_puts(out, ", ");
		fmt_count(out, s->fresh);
		buf_puts(out, " new");
	}
}

/* Of the row under the cursor, else what the mark means. */
static void put_clamped(struct buf *out, const struct reset_preview *p, const struct sums *s)
{
	const struct reset_row *r = p->table.cursor < p->n ? &p->rows[p->table.cursor] : NULL;

	if (!s->clamped)
		return;
	buf_puts(out, "! ");
	if (r && r->clamp != RESET_FITS) {
		buf_printf(out, "%.*s-%" PRId32 ": ", STR_ARG(r->topic), r->partition);
		reset_put_clamp(out, r);
	} else {
		buf_puts(out, "outside the log, set to its nearest end: ");
		fmt_things_of(out, (int64_t)s->clamped, (int64_t)p->n, "partition");
	}
}

/* The texts of one draw. */
struct words {
	struct buf request, total, clamped, command;
};

static int lines(int width, const struct buf *text)
{
	struct surface none = {.cols = width > 0 ? width : 1};

	return wrap_draw(&none, STYLE_NORMAL, buf_str(text), 0);
}

/* Draws text on the last rows of s that are left above `bottom`, unless the table would have too
 * few; returns the new bottom. */
static int put_above(
	const struct surface *s, int bottom, int gap, enum style style, const struct buf *text)
{
	int n = lines(s->cols, text), y = bottom - gap - n;
	struct surface part;

	if (!text->n || y < 3)
		return bottom;
	part = surface_sub(s, 0, y, s->cols, n);
	wrap_draw(&part, style, buf_str(text), 0);
	return y;
}

static void draw_buttons(const struct reset_preview *p, const struct surface *s, int y)
{
	const char *cancel = "Cancel";

	button_draw(s, 0, y, cancel, p->yes ? STYLE_BOX : STYLE_FOCUS, !p->yes);
	button_draw(s, button_cols(cancel) + 2, y, "Reset offsets",
		p->yes ? STYLE_FOCUS : STYLE_ERROR, p->yes);
}

static void draw_inside(
	struct reset_preview *p, const struct words *w, const struct surface *s, bool roomy)
{
	struct surface part;
	int top = s->rows > 8 ? 2 : 0, bottom = s->rows - 1;

	draw_buttons(p, s, bottom);
	if (roomy)
		bottom = put_above(s, bottom, 1, STYLE_DIM, &w->command);
	else /* what it comes to is the last to go */
		bottom = put_above(s, bottom, 0, STYLE_NORMAL, &w->total);
	bottom = put_above(s, bottom, roomy, STYLE_WARN, &w->clamped);
	if (roomy)
		bottom = put_above(s, bottom, !w->clamped.n, STYLE_NORMAL, &w->total);
	if (top)
		surface_field(s, 0, 0, s->cols, ALIGN_LEFT, STYLE_NORMAL, buf_str(&w->request));
	part = surface_sub(s, 0, top, s->cols, bottom - top - (roomy ? 1 : 0));
	table_draw(&p->table, &part);
}

/* Rows that show everything, the frame included; the same whatever row the cursor is on: nothing
 * jumps. */
static int rows_for(const struct reset_preview *p, const struct words *w, int width)
{
	int texts = lines(width, &w->total) + (w->clamped.n ? 2 : 0) + lines(width, &w->command);

	/* request and gap, head of the table, three gaps, buttons, frame */
	return (int)min_size(p->n, GRID_ROWS_MAX) + texts + 2 + 1 + 3 + 1 + 2;
}

void reset_preview_draw(struct reset_preview *p, const struct surface *body)
{
	int width = body->cols - (body->cols > 90 ? 8 : 0);
	struct words w = {0};
	struct surface in;
	struct sums all;
	int rows;

	if (!p->open)
		return;
	all = sum(p);
	put_request(&w.request, p);
	put_sums(&w.total, p, &all);
	put_clamped(&w.clamped, p, &all);
	buf_printf(&w.command, "$ %s", buf_z(&p->command));
	rows = rows_for(p, &w, width - 4);
	in = box_center(body, width, rows, buf_str(&p->title));
	draw_inside(p, &w, &in, rows <= body->rows || in.rows > 12);
	buf_fini(&w.request);
	buf_fini(&w.total);
	buf_fini(&w.clamped);
	buf_fini(&w.command);
}
