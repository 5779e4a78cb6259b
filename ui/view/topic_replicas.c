/* The replicas of the partition under the cursor: how far each one's log goes, and what that means.
 * A broker that does not tell the end of a follower leaves "-". */
#include "view/topic.h"

#include <stdlib.h>
#include <string.h>

enum { REPL_START, REPL_HW, REPL_LEO, REPL_BEHIND, REPL_LOG, REPL_FIGURES };

static const char *const titles[REPL_FIGURES] = {"START", "HW", "LEO", "BEHIND", "LOG"};

#define ID_COLS 5
#define WIDE    100

struct repl_layout {
	int x[REPL_FIGURES], cols[REPL_FIGURES], symbol_x, note_x;
};

/* The same at every draw of that size, unless a figure needs more. */
static void lay_out(struct repl_layout *l, int width, struct buf figures[][REPL_FIGURES], size_t n)
{
	int least = width >= WIDE ? 9 : 7, gap = width >= WIDE ? 3 : 2;
	int x = 1 + ID_COLS + gap;

	l->symbol_x = x;
	x += 1;
	for (int k = 0; k < REPL_FIGURES; k++) {
		l->cols[k] = k == REPL_BEHIND ? 6 : least;
		for (size_t i = 0; i < n; i++)
			l->cols[k] = max_int(l->cols[k], text_width(buf_str(&figures[i][k])));
		x += k == REPL_START ? 2 : gap;
		l->x[k] = x;
		x += l->cols[k];
	}
	l->note_x = x + gap;
}

/* What is behind of a log that grows tells when it ended there. */
static void put_caught_up(struct buf *out, const struct partition *p, const struct replica *r)
{
	int64_t behind = replica_behind(p, r);
	double late = p->in_records > 0 ? (double)behind / p->in_records : 60;

	if (behind < 0) {
		buf_puts(out, "in sync");
	} else if (behind == 0) {
		buf_puts(out, "caught up");
	} else if (late < 60) {
		buf_printf(out, "caught up %.1f s ago", late < 0.1 ? 0.1 : late);
	} else {
		/* When it was last seen without lag says little: nobody may have looked since. */
		buf_puts(out, "in sync, and waited for");
	}
}

static void put_leader_since(struct buf *out, const struct cluster *c, const struct partition *p)
{
	buf_puts(out, partition_is_orphan(c, p) ? "leader, does not answer" : "leader");
	if (p->leader_since_ms < 0 || partition_is_orphan(c, p))
		return;
	buf_puts(out, " since ");
	fmt_clock(out, c->wall_ms - (c->at_ms - p->leader_since_ms));
}

static void put_note(struct buf *out, const struct cluster *c, const struct partition *p,
	const struct replica *r)
{
	bool preferred = r->broker == partition_preferred(p);

	if (r->broker == p->leader)
		put_leader_since(out, c, p);
	else if (partition_offline(p) && r->in_sync)
		buf_puts(out, "last in sync: waited for");
	else if (replica_is_lost(c, r))
		buf_puts(out, preferred ? "preferred leader, offline" : "offline");
	else if (r->in_sync)
		put_caught_up(out, p, r);
	else
		buf_puts(out, "catching up");
}

static void put_figures(struct buf out[REPL_FIGURES], const struct cluster *c,
	const struct partition *p, const struct replica *r)
{
	bool leads = r->broker == p->leader, lost = !leads && replica_is_lost(c, r);
	int64_t start = r->start < 0 && leads ? p->start : r->start;
	/* All ends are of one question, which the high watermark may be ahead of. */
	int64_t end = leads && r->end < 0 ? partition_leo(p) : r->end;

	fmt_count(&out[REPL_START], lost ? -1 : start);
	fmt_count(&out[REPL_HW], lost ? -1 : min_i64(p->hw, end));
	fmt_count(&out[REPL_LEO], lost ? -1 : end);
	fmt_count(&out[REPL_BEHIND], lost || leads ? -1 : replica_behind(p, r));
	if (lost)
		buf_putc(&out[REPL_LOG], '-');
	else
		fmt_bytes(&out[REPL_LOG], r->size);
}

static void draw_titles(const struct surface *s, int y, const struct repl_layout *l)
{
	surface_field(s, 1, y, ID_COLS, ALIGN_RIGHT, STYLE_HEAD, STR_LIT("REPL"));
	for (int k = 0; k < REPL_FIGURES; k++)
		surface_field(
			s, l->x[k], y, l->cols[k], ALIGN_RIGHT, STYLE_HEAD, str_of(titles[k]));
}

static void draw_one(const struct surface *s, int y, const struct repl_layout *l,
	const struct topic_view *v, const struct partition *p, const struct replica *r,
	const struct buf figures[REPL_FIGURES])
{
	const struct cluster *c = view_cluster(v->ctx);
	enum style style = STYLE_NORMAL;
	struct buf text = BUF_EMPTY;

	surface_printf(s, 1, y, STYLE_NORMAL, "%*d", ID_COLS, r->broker);
	topic_put_replica(c, p, r, false, &text, &style);
	surface_put(s, l->symbol_x, y, style, buf_str(&text));
	for (int k = 0; k < REPL_FIGURES; k++)
		surface_field(s, l->x[k], y, l->cols[k], ALIGN_RIGHT,
			k == REPL_BEHIND && !r->in_sync ? style : STYLE_NORMAL,
			buf_str(&figures[k]));
	buf_clear(&text);
	put_note(&text, c, p, r);
	surface_field(s, l->note_x, y, s->cols - l->note_x, ALIGN_LEFT, STYLE_DIM, buf_str(&text));
	buf_fini(&text);
}

static int by_id(const void *a, const void *b)
{
	const struct replica *x = a, *y = b;

	return (x->broker > y->broker) - (x->broker < y->broker);
}

int topic_replicas_draw(
	struct topic_view *v, const struct partition *p, const struct surface *s, int y)
{
	const struct cluster *c = view_cluster(v->ctx);
	struct buf figures[TOPIC_REPLICAS][REPL_FIGURES] = {0};
	size_t n = min_size(p->n_replicas, TOPIC_REPLICAS);
	struct replica r[TOPIC_REPLICAS];
	struct buf title = BUF_EMPTY;
	struct repl_layout l;

	buf_printf(&title, "partition %d   leader epoch %d", p->index, p->leader_epoch);
	surface_rule(s, y++, buf_str(&title));
	buf_fini(&title);
	memcpy(r, p->replicas, n * sizeof(*r));
	qsort(r, n, sizeof(*r), by_id);
	for (size_t i = 0; i < n; i++)
		put_figures(figures[i], c, p, &r[i]);
	lay_out(&l, s->cols, figures, n);
	draw_titles(s, y++, &l);
	for (size_t i = 0; i < n && y < s->rows; i++)
		draw_one(s, y++, &l, v, p, &r[i], figures[i]);
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < REPL_FIGURES; k++)
			buf_fini(&figures[i][k]);
	return y;
}
