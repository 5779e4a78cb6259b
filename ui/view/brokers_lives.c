/* Enter on a broker: the partitions that live there. */
#include "view/brokers_actions.h"

#include <stdio.h>

#define LIVES_MAX 5000 /* partitions listed of one broker */

/* Where the columns begin: as far as the longest name and the largest figure go. */
struct lives {
	const struct cluster *c;
	int32_t broker;
	int name_cols, index_cols;
	struct buf *text;
	int32_t left;
};

static void measure(struct lives *l, const struct topic *t)
{
	for (int32_t k = 0; k < t->n_partitions; k++) {
		if (!partition_replica(&t->partitions[k], l->broker))
			continue;
		l->name_cols = max_int(l->name_cols, text_width(t->name));
		l->index_cols =
			max_int(l->index_cols, snprintf(NULL, 0, "%d", t->partitions[k].index));
	}
}

static void put_padded(struct buf *out, const char *text, int cols)
{
	int width = text_width(str_of(text));

	buf_puts(out, text);
	buf_fill(out, ' ', width < cols ? (size_t)(cols - width) : 0);
}

/* "orders  3   ★ leader    ISR 2/3   12.6 MB" */
static void put_life(struct lives *l, const struct topic *t, const struct partition *p)
{
	const struct replica *r = partition_replica(p, l->broker);
	struct buf *out = l->text;
	const char *role;

	if (!r || l->left-- <= 0)
		return;
	if (p->leader == l->broker)
		role = partition_is_orphan(l->c, p) ? "★✗ leader, gone" : "★ leader";
	else if (replica_is_lost(l->c, r))
		role = "✗ offline";
	else
		role = r->in_sync ? "● in sync" : "○ behind";
	put_padded(out, t->name_z, l->name_cols);
	buf_printf(out, "  %*d   ", l->index_cols, p->index);
	put_padded(out, role, 9);
	buf_printf(out, "   ISR %d/%d", p->n_isr, p->n_replicas);
	if (r->size >= 0) {
		buf_puts(out, "   ");
		fmt_bytes(out, r->size);
	}
	buf_putc(out, '\n');
}

/* One's own topics first. */
static void put_lives(struct lives *l, bool internal)
{
	for (size_t i = 0; i < l->c->n_topics; i++)
		for (int32_t k = 0; k < l->c->topics[i]->n_partitions; k++)
			if (l->c->topics[i]->internal == internal)
				put_life(l, l->c->topics[i], &l->c->topics[i]->partitions[k]);
}

void brokers_show_partitions(struct view_ctx *ctx, const struct broker *b)
{
	struct buf text = BUF_EMPTY, title = BUF_EMPTY;
	struct lives l = {
		.c = view_cluster(ctx), .broker = b->id, .text = &text, .left = LIVES_MAX};

	for (size_t i = 0; i < l.c->n_topics; i++)
		measure(&l, l.c->topics[i]);
	put_lives(&l, false);
	put_lives(&l, true);
	if (!text.n)
		buf_puts(&text, "no partition lives here\n");
	else if (l.left < 0)
		buf_puts(&text, "… and more\n");
	/* The text stands still while the cluster goes on. */
	buf_printf(&title, "partitions on broker %d at ", b->id);
	fmt_clock(&title, l.c->wall_ms);
	view_show(ctx, buf_z(&title), buf_str(&text));
	buf_fini(&title);
	buf_fini(&text);
}
