/* The partitions of a group as a file: figures as figures, the topic in every row. */
#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "view/group.h"

static const char titles[] = "group,topic,partition,member,client,host,committed,start,end,lag,"
			     "age_ms,in,out,verdict";

static const struct group_member *owner(const struct group *g, const struct group_partition *p)
{
	return p->member >= 0 ? &g->members->v[p->member] : NULL;
}

static void put_number(struct json *j, const char *name, int64_t n)
{
	json_key(j, name);
	if (n < 0)
		json_null(j);
	else
		json_int(j, n);
}

static void put_json(const struct group *g, const struct group_partition *p, struct buf *out)
{
	const struct group_member *m = owner(g, p);
	struct json j;

	json_init(&j, out);
	json_object(&j);
	json_kstr(&j, "group", g->name);
	json_kstr(&j, "topic", p->topic);
	json_kint(&j, "partition", p->partition);
	json_kz(&j, "member", m ? m->id : NULL);
	json_kz(&j, "client", m ? m->client : NULL);
	json_kz(&j, "host", m ? m->host : NULL);
	put_number(&j, "committed", p->committed);
	put_number(&j, "start", p->start);
	put_number(&j, "end", p->end);
	put_number(&j, "lag", p->lag.records);
	put_number(&j, "age_ms", p->lag.age_ms);
	json_kdouble(&j, "in", p->lag.in);
	json_kdouble(&j, "out", p->lag.out);
	json_kz(&j, "verdict", verdict_name((enum verdict)p->lag.verdict));
	json_object_end(&j);
}

static void put_text(struct buf *out, const char *z)
{
	export_csv(out, str_of(z));
	buf_putc(out, ',');
}

static void put_csv(const struct group *g, const struct group_partition *p, struct buf *out)
{
	const struct group_member *m = owner(g, p);
	const int64_t numbers[] = {p->committed, p->start, p->end, p->lag.records, p->lag.age_ms};
	const double rates[] = {p->lag.in, p->lag.out};

	put_text(out, g->name.p);
	put_text(out, p->topic.p);
	buf_printf(out, "%d,", p->partition);
	put_text(out, m ? m->id : "");
	put_text(out, m ? m->client : "");
	put_text(out, m ? m->host : "");
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (numbers[i] >= 0)
			buf_printf(out, "%lld", (long long)numbers[i]);
		buf_putc(out, ',');
	}
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		if (!isnan(rates[i]))
			buf_printf(out, "%.1f", rates[i]);
		buf_putc(out, ',');
	}
	export_csv(out, str_of(verdict_name((enum verdict)p->lag.verdict)));
}

static void put_row(void *arg, ptrdiff_t row, enum export_format format, struct buf *out)
{
	const struct group_view *v = arg;
	const struct group *g = group_view_group(v);
	const struct group_partition *p =
		g && row >= 0 ? group_partitions_row(v, g, (size_t)row) : NULL;

	if (row < 0)
		buf_puts(out, titles);
	else if (!p)
		return; /* a member that waits */
	else if (format == EXPORT_CSV)
		put_csv(g, p, out);
	else
		put_json(g, p, out);
	buf_putc(out, '\n');
}

void group_export(struct group_view *v)
{
	struct view_list *l = &v->partitions;

	l->export = (struct export){.ctx = v->ctx, .table = &l->table, .row = put_row, .arg = v};
	snprintf(l->export.stem, sizeof(l->export.stem), "%s-partitions", buf_z(&v->name));
	/* Any character may stand in a group's name. */
	for (char *c = l->export.stem; *c; c++)
		if (*c == '/' || (unsigned char)*c < ' ')
			*c = '_';
	export_open(&l->export, &l->box);
}
