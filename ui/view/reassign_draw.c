/* See reassign_form.h: its two tables, what it says below them, and where all stands. */
#include <inttypes.h>

#include "view/reassign_form.h"
#include "view/topic.h"

enum { COL_BROKER, COL_STATE, COL_RACK, COL_NOW, COL_NEW, COL_REPLICAS, COL_DISK, COL_COUNT };

static const struct table_col cols[COL_COUNT] = {
	[COL_BROKER] = {"BROKER", 6, 6, 10, 0, ALIGN_RIGHT},
	[COL_STATE] = {"STATE", 5, 6, 8, 2, ALIGN_LEFT},
	[COL_RACK] = {"RACK", 4, 8, 0, 1, ALIGN_LEFT},
	[COL_NOW] = {"NOW", 5, 6, 10, 0, ALIGN_LEFT},
	[COL_NEW] = {"NEW", 11, 11, 11, 0, ALIGN_LEFT},
	[COL_REPLICAS] = {"REPLICAS", 8, 8, 12, 3, ALIGN_RIGHT},
	[COL_DISK] = {"DISK", 8, 8, 12, 4, ALIGN_RIGHT},
};

enum { MOVE_PARTITION, MOVE_TO, MOVE_HAS, MOVE_OF, MOVE_PERCENT, MOVE_BEHIND, MOVE_COUNT };

static const struct table_col move_cols[MOVE_COUNT] = {
	[MOVE_PARTITION] = {"PART", 4, 4, 8, 0, ALIGN_RIGHT},
	[MOVE_TO] = {"TO BROKER", 9, 9, 10, 0, ALIGN_RIGHT},
	[MOVE_HAS] = {"HAS", 7, 11, 16, 2, ALIGN_RIGHT},
	[MOVE_OF] = {"OF", 7, 11, 16, 3, ALIGN_RIGHT},
	[MOVE_PERCENT] = {"COPIED", 6, 6, 8, 0, ALIGN_RIGHT},
	[MOVE_BEHIND] = {"BEHIND", 7, 11, 16, 1, ALIGN_RIGHT},
};

/* ---- the brokers ---- */

static void put_now(
	const struct reassign_form *f, int32_t broker, struct buf *text, enum style *style)
{
	const struct topic *t = reassign_form_topic(f);
	int64_t n = 0;

	for (size_t i = 0; t && i < f->partitions.n; i++) {
		const struct partition *p = topic_partition(t, f->partitions.v[i]);
		const struct replica *r = p ? partition_replica(p, broker) : NULL;

		if (p && f->partitions.n == 1) {
			topic_put_replica(view_cluster(f->ctx), p, r, false, text, style);
			return;
		}
		n += r != NULL;
	}
	if (n)
		buf_printf(text, "%" PRId64 "/%zu", n, f->partitions.n);
	else
		buf_puts(text, "·");
}

static void put_new(
	const struct reassign_form *f, int32_t broker, struct buf *text, enum style *style)
{
	for (size_t i = 0; i < f->chosen.n; i++)
		if (f->chosen.v[i] == broker) {
			buf_printf(text, i ? "%zu" : "%zu preferred", i + 1);
			*style = STYLE_TITLE;
			return;
		}
	buf_puts(text, "·");
	*style = STYLE_DIM;
}

static void broker_cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	const struct reassign_form *f = arg;
	const struct cluster *c = view_cluster(f->ctx);
	const struct broker *b = row < c->n_brokers ? &c->brokers[row] : NULL;

	if (!b)
		return;
	switch (col) {
	case COL_BROKER:
		buf_printf(text, "%" PRId32, b->id);
		break;
	case COL_STATE:
		buf_puts(text, broker_word(b));
		if (!broker_is_up(b))
			*style = STYLE_ERROR;
		break;
	case COL_RACK:
		buf_puts(text, *b->rack ? b->rack : "-");
		break;
	case COL_NOW:
		put_now(f, b->id, text, style);
		break;
	case COL_NEW:
		put_new(f, b->id, text, style);
		break;
	case COL_REPLICAS:
		fmt_count(text, b->n_replicas);
		break;
	case COL_DISK:
		fmt_bytes(text, b->disk_bytes);
		break;
	}
}

static uint64_t row_id(void *arg, size_t row)
{
	(void)arg;
	return row + 1;
}

static const struct table_ops broker_ops = {broker_cell, row_id, NULL};

/* ---- what is under way ---- */

size_t reassign_n_coming(const struct reassign_form *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n_moving; i++)
		n += (size_t)f->moving[i].n_adding;
	return n;
}

/* The replica of that row; false: there is none. */
static bool coming(const struct reassign_form *f, size_t row, const struct moving **m, int32_t *to)
{
	for (size_t i = 0; i < f->n_moving; i++) {
		if (row < (size_t)f->moving[i].n_adding) {
			*m = &f->moving[i];
			*to = f->moving[i].adding[row];
			return true;
		}
		row -= (size_t)f->moving[i].n_adding;
	}
	return false;
}

static void put_percent(struct buf *text, int percent)
{
	if (percent < 0)
		buf_puts(text, "-");
	else
		buf_printf(text, "%d %%", percent);
}

static void move_cell(void *arg, size_t row, int col, struct buf *text, enum style *style)
{
	const struct reassign_form *f = arg;
	const struct topic *t = reassign_form_topic(f);
	const struct moving *m;
	int32_t to;

	if (!t || !coming(f, row, &m, &to))
		return;
	const struct partition *p = topic_partition(t, m->partition);
	const struct replica *r = p ? partition_replica(p, to) : NULL;
	int percent = p ? move_percent(p, to) : -1;
	switch (col) {
	case MOVE_PARTITION:
		buf_printf(text, "%" PRId32, m->partition);
		break;
	case MOVE_TO:
		buf_printf(text, "%" PRId32, to);
		break;
	case MOVE_HAS:
		fmt_count(text, r && r->end >= 0 ? max_i64(0, r->end - p->start) : -1);
		break;
	case MOVE_OF:
		fmt_count(text, p && partition_leo(p) >= 0 ? partition_leo(p) - p->start : -1);
		break;
	case MOVE_PERCENT:
		put_percent(text, percent);
		*style = percent == 100 ? STYLE_OK : STYLE_WARN;
		break;
	case MOVE_BEHIND:
		fmt_count(text, r ? replica_behind(p, r) : -1);
		break;
	}
}

static const struct table_ops move_ops = {move_cell, row_id, NULL};

void reassign_draw_init(struct reassign_form *f)
{
	table_init(&f->brokers, cols, COL_COUNT, &broker_ops, f);
	table_init(&f->moves, move_cols, MOVE_COUNT, &move_ops, f);
	f->brokers.sort_col = f->moves.sort_col = -1;
	f->moves.empty = "no replica comes; some go";
}

/* ---- words ---- */

static void put_ids(struct buf *out, const int32_t *v, int32_t n)
{
	for (int32_t i = 0; i < n; i++)
		buf_printf(out, "%s%" PRId32, i ? "," : "", v[i]);
}

static void put_cost(struct buf *out, const struct move_cost *c)
{
	if (!c->added && !c->removed) {
		buf_puts(out, "no replica comes or goes");
		return;
	}
	if (c->added) {
		buf_puts(out, "copies ");
		if (c->partial)
			buf_puts(out, c->bytes ? "at least " : "an unknown amount, ");
		if (!c->partial || c->bytes)
			fmt_bytes(out, c->bytes);
		buf_puts(out, c->partial && !c->bytes ? "" : ", ");
		fmt_things(out, c->added, "replica");
		buf_puts(out, " new");
	}
	if (c->removed) {
		buf_puts(out, c->added ? ", " : "");
		fmt_things(out, c->removed, "replica");
		buf_puts(out, " given up");
	}
}

/* "1,3 > 3,4" of one, and what all of it copies. */
static void put_total(struct buf *out, const struct reassign_form *f, const struct topic *t)
{
	struct move_cost cost = {0};
	struct replica_move *v;
	struct arena a;
	size_t n;

	if (!f->chosen.n) {
		buf_puts(out, "No broker is chosen: a partition needs one replica at least");
		return;
	}
	arena_init(&a, 0);
	n = reassign_form_moves(f, &a, &v);
	for (size_t i = 0; i < n; i++) {
		const struct partition *p = topic_partition(t, v[i].partition);

		if (p)
			move_add_cost(&cost, p, v[i].replicas, v[i].n);
		if (p && n == 1) {
			partition_put_replicas(out, p);
			buf_puts(out, " > ");
			put_ids(out, v[i].replicas, v[i].n);
			buf_puts(out, ": ");
		}
	}
	put_cost(out, &cost);
	arena_fini(&a);
}

/* What deserves a second thought. */
static void put_warning(struct buf *out, const struct reassign_form *f, const struct topic *t)
{
	const struct cluster *c = view_cluster(f->ctx);
	const struct partition *p = topic_partition(t, f->partitions.v[0]);

	if (f->note.n) {
		buf_put_str(out, buf_str(&f->note));
		return;
	}
	for (size_t i = 0; i < f->chosen.n; i++) {
		const struct broker *b = cluster_broker(c, f->chosen.v[i]);
		const struct replica *r = p ? partition_replica(p, f->chosen.v[i]) : NULL;

		if (b && !broker_is_up(b) && (!r || f->partitions.n > 1)) {
			buf_printf(out, "! broker %" PRId32 " is %s: the move waits for it", b->id,
				broker_word(b));
			return;
		}
	}
	if (p && f->chosen.n && f->chosen.n != p->n_replicas)
		buf_printf(out, "! replication factor %d > %zu", p->n_replicas, f->chosen.n);
}

static void put_progress(struct buf *out, const struct reassign_form *f)
{
	for (size_t i = 0; i < f->n_moving && i < 4; i++) {
		const struct moving *m = &f->moving[i];

		buf_printf(out, "%spartition %" PRId32 ": ", i ? "\n" : "", m->partition);
		put_ids(out, m->replicas, m->n_replicas);
		if (m->n_adding) {
			buf_puts(out, "   coming: ");
			put_ids(out, m->adding, m->n_adding);
		}
		if (m->n_removing) {
			buf_puts(out, "   going: ");
			put_ids(out, m->removing, m->n_removing);
		}
	}
	if (f->n_moving > 4)
		buf_printf(out, "\nand %zu more partitions", f->n_moving - 4);
}

static void put_done(struct buf *out, const struct reassign_form *f, const struct topic *t)
{
	const struct partition *p = topic_partition(t, f->partitions.v[0]);

	buf_puts(out, "Done: nothing moves any more.");
	if (p && f->partitions.n == 1 && reassign_form_settled(f)) {
		buf_printf(out, " Partition %" PRId32 " is on ", p->index);
		partition_put_replicas(out, p);
	}
}

static void put_command(struct buf *out, struct reassign_form *f)
{
	struct buf command = BUF_EMPTY;
	struct replica_move *v;
	struct arena a;
	size_t n;

	if (f->state != REASSIGN_CHOOSE || !f->chosen.n)
		return;
	arena_init(&a, 0);
	n = reassign_form_moves(f, &a, &v);
	move_put_command(&command, buf_z(&f->topic), v, n);
	buf_puts(out, "$ ");
	view_put_command(f->ctx, buf_str(&command), out);
	arena_fini(&a);
	buf_fini(&command);
}

/* ---- where all stands ---- */

struct words {
	struct buf text, warning, command;
	const char *hint, *no, *yes;
};

static void put_words(struct words *w, struct reassign_form *f, const struct topic *t)
{
	switch (f->state) {
	case REASSIGN_CHOOSE:
		put_total(&w->text, f, t);
		put_warning(&w->warning, f, t);
		put_command(&w->command, f);
		w->hint = "Space puts a replica there or takes it away, 1 makes it the preferred "
			  "leader";
		w->no = "Cancel";
		w->yes = "Move replicas";
		break;
	case REASSIGN_ASKED:
		buf_puts(&w->text, "Asking the cluster …");
		w->no = "Close";
		break;
	case REASSIGN_MOVING:
		put_progress(&w->text, f);
		buf_put_str(&w->warning, buf_str(&f->note));
		w->hint = "Closed, the move goes on";
		w->no = "Close";
		w->yes = f->n_moving ? "Cancel the move" : NULL;
		break;
	default:
		put_done(&w->text, f, t);
		w->no = "Close";
		break;
	}
}

static int lines(int width, const struct buf *text)
{
	struct surface none = {.cols = width > 0 ? width : 1};

	return text->n ? wrap_draw(&none, STYLE_NORMAL, buf_str(text), 0) : 0;
}

/* Draws text above `bottom` unless fewer than `least` rows would be left; the new bottom. */
static int put_above(
	const struct surface *s, int bottom, int least, enum style style, const struct buf *text)
{
	int n = lines(s->cols, text), y = bottom - n;
	struct surface part;

	if (!n || y < least)
		return bottom;
	part = surface_sub(s, 0, y, s->cols, n);
	wrap_draw(&part, style, buf_str(text), 0);
	return y;
}

static void draw_buttons(
	const struct reassign_form *f, const struct words *w, const struct surface *s, int y)
{
	bool brokers = f->focus == REASSIGN_ON_BROKERS;
	bool yes = f->focus == REASSIGN_ON_YES && w->yes, no = !yes && !brokers;

	button_draw(s, 0, y, w->no, no ? STYLE_FOCUS : STYLE_BOX, no);
	if (w->yes)
		button_draw(
			s, button_cols(w->no) + 2, y, w->yes, yes ? STYLE_FOCUS : STYLE_BOX, yes);
}

static struct table *table_of(struct reassign_form *f)
{
	return f->state == REASSIGN_CHOOSE   ? &f->brokers
	       : f->state == REASSIGN_MOVING ? &f->moves
					     : NULL;
}

static void draw_inside(struct reassign_form *f, const struct words *w, const struct surface *s)
{
	struct table *t = table_of(f);
	struct buf hint = BUF_EMPTY;
	int least = t ? 3 : 0, bottom = s->rows - 1;
	struct surface part;

	buf_puts(&hint, w->hint ? w->hint : "");
	draw_buttons(f, w, s, bottom);
	bottom -= bottom - 1 > least + 4; /* a gap where there is room */
	/* What is said first is the last to go. */
	bottom = put_above(s, bottom, least + 3, STYLE_DIM, &w->command);
	bottom = put_above(s, bottom, least + 2, STYLE_DIM, &hint);
	bottom = put_above(s, bottom, least, STYLE_WARN, &w->warning);
	bottom = put_above(s, bottom, least, STYLE_NORMAL, &w->text);
	buf_fini(&hint);
	if (!t)
		return;
	part = surface_sub(s, 0, 0, s->cols, bottom - (bottom > least + 1));
	table_draw(t, &part);
}

void reassign_form_draw(struct reassign_form *f, const struct surface *body)
{
	const struct topic *t = reassign_form_topic(f);
	int width = body->cols - (body->cols > 90 ? 8 : 0), rows;
	struct words w = {0};
	struct surface in;

	if (f->state == REASSIGN_CLOSED || !t)
		return;
	if (f->state == REASSIGN_CHOOSE)
		table_set_rows(&f->brokers, view_cluster(f->ctx)->n_brokers);
	put_words(&w, f, t);
	/* head, rows, gap, words, gap, buttons, frame */
	rows = (int)(table_of(f) ? 2 + min_size(max_size(table_of(f)->n_rows, 1), GRID_ROWS_MAX)
				 : 0) +
	       lines(width - 4, &w.text) + lines(width - 4, &w.warning) +
	       lines(width - 4, &w.command) + (w.hint != NULL) + 2 + 2;
	in = box_center(body, width, rows, buf_str(&f->title));
	draw_inside(f, &w, &in);
	buf_fini(&w.text);
	buf_fini(&w.warning);
	buf_fini(&w.command);
}
