/* Enter on a broker: the partitions that live there. */
#include "view/brokers_actions.h"

#include <stdio.h>

#define LIVES_MAX 5000 /* partitions listed of one broker */

/* "orders 3   leader   in sync 2/3" */
static void put_life(struct buf *out, const struct topic *t, const struct partition *p, int32_t id)
{
	const struct replica *r = partition_replica(p, id);

	if (!r)
		return;
	buf_printf(out, "%s  %d   %s   ISR %d/%d", t->name_z, p->index,
		p->leader == id ? "★ leader"
		: r->offline    ? "✗ offline"
		: r->in_sync    ? "● in sync"
				: "○ behind",
		p->n_isr, p->n_replicas);
	if (r->size >= 0) {
		buf_puts(out, "   ");
		fmt_bytes(out, r->size);
	}
	buf_putc(out, '\n');
}

/* The partitions that live on a broker. */
void brokers_show_partitions(struct view_ctx *ctx, const struct broker *b)
{
	const struct cluster *c = view_cluster(ctx);
	struct buf text = BUF_EMPTY;
	char title[40];
	int32_t left = LIVES_MAX;

	for (size_t i = 0; i < c->n_topics; i++)
		for (int32_t k = 0; k < c->topics[i]->n_partitions && left > 0; k++, left--)
			put_life(&text, c->topics[i], &c->topics[i]->partitions[k], b->id);
	if (!text.n)
		buf_puts(&text, "no partition lives here\n");
	else if (left <= 0)
		buf_puts(&text, "… and more\n");
	snprintf(title, sizeof(title), "partitions on broker %d", b->id);
	view_show(ctx, title, buf_str(&text));
	buf_fini(&text);
}
