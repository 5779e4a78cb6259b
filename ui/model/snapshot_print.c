/* The plain page of `kdeck snapshot`: text with aligned columns. */
#include "model/snapshot_print.h"

#include "base/utf8.h"
#include "model/format.h"
#include "model/group.h"

#define PROBLEMS 20
#define COLS     11
#define GAP      2

/* A table whose cells are collected first, so that columns are as wide as they must be. */
struct page {
	struct buf cells;   /* one behind the other, each ended by NUL */
	size_t width[COLS]; /* cells on the screen, counted in characters */
	const bool *left;   /* by column */
	int cols, at;
};

static size_t characters(const char *z)
{
	size_t n = 0;

	for (; *z; z++)
		n += (*z & 0xc0) != 0x80;
	return n;
}

static void put(struct page *p, struct buf *cell)
{
	size_t begin = p->cells.n, n;

	utf8_put_visible(&p->cells, str_of(buf_z(cell)));
	buf_putc(&p->cells, '\0');
	n = characters((const char *)p->cells.p + begin);
	p->width[p->at] = max_size(p->width[p->at], n);
	p->at = (p->at + 1) % p->cols;
	buf_clear(cell);
}

static void put_z(struct page *p, const char *z)
{
	struct buf b = BUF_EMPTY;

	buf_puts(&b, z);
	put(p, &b);
	buf_fini(&b);
}

/* A line ends with its last word. */
static void trim(struct buf *out)
{
	while (out->n && out->p[out->n - 1] == ' ')
		out->n--;
	buf_putc(out, '\n');
}

static void flush(struct page *p, struct buf *out)
{
	const char *z = (const char *)p->cells.p, *end = z + p->cells.n;

	for (int col = 0; z && z < end; col = (col + 1) % p->cols, z += strlen(z) + 1) {
		size_t pad = p->width[col] - characters(z);

		if (col == p->cols - 1 && !*z) {
			trim(out);
			continue;
		}
		buf_puts(out, col ? "  " : " ");
		if (!p->left[col])
			buf_fill(out, ' ', pad);
		buf_puts(out, z);
		if (col == p->cols - 1)
			buf_putc(out, '\n');
		else if (p->left[col])
			buf_fill(out, ' ', pad);
	}
	buf_fini(&p->cells);
}

/* What a cluster says never commands the terminal that the page is printed on. */
static void put_visible(struct buf *out, const char *z)
{
	utf8_put_visible(out, str_of(z));
}

static void put_progress(struct buf *out, const struct progress *p)
{
	struct buf line = BUF_EMPTY;

	progress_put(&line, p);
	put_visible(out, buf_z(&line));
	buf_putc(out, '\n');
	buf_fini(&line);
}

static void put_head(
	struct buf *out, const struct cluster *c, const struct snapshot_options *o, int64_t now_ms)
{
	const struct totals *t = &c->totals;
	enum part_state state = part_state(&c->metadata, now_ms);

	buf_printf(out, "kdeck  %s  %s  cluster ", o->name ? o->name : "",
		o->address ? o->address : "");
	put_visible(out, c->id[0] ? c->id : "-");
	buf_putc(out, '\n');
	if (state == PART_NEVER || state == PART_FAILED) {
		put_progress(out, &c->progress);
		return;
	}
	buf_printf(out, "brokers %d/%d   controller ", t->brokers_up, t->brokers);
	cluster_put_controller(out, c);
	buf_printf(out, "   topics %d   partitions %d   under-replicated %d   offline %d\n",
		t->topics, t->partitions, t->under, t->offline + t->orphans);
	buf_puts(out, t->records_about && t->records >= 0 ? "records ≈" : "records ");
	fmt_count(out, t->records);
	buf_puts(out, "   size ");
	fmt_bytes(out, t->size);
	buf_puts(out, "   in ");
	fmt_rate(out, t->in_records);
	buf_puts(out, " rec/s   groups ");
	fmt_count(out, c->group_list.at_ms < 0 ? -1 : t->groups);
	buf_puts(out, t->lag_about && t->lag >= 0 ? "   lag ≈" : "   lag ");
	fmt_count(out, t->lag);
	buf_putc(out, '\n');
	if (state == PART_STALE) {
		buf_puts(out, "metadata is ");
		fmt_age(out, part_age_ms(&c->metadata, now_ms));
		buf_puts(out, " old\n");
	}
}

static void put_brokers(struct buf *out, const struct cluster *c)
{
	static const bool left[] = {false, true, true, true, false, false, false, false};
	static const char *const titles[] = {
		"BROKER", "ADDRESS", "RACK", "STATE", "LEADERS", "REPLICAS", "DISK", "IN/S"};
	struct page p = {.left = left, .cols = ARRAY_LEN(titles)};
	struct buf b = BUF_EMPTY;

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		put_z(&p, titles[i]);
	for (size_t i = 0; i < c->n_brokers; i++) {
		const struct broker *k = &c->brokers[i];

		fmt_count(&b, k->id);
		put(&p, &b);
		if (k->host[0])
			buf_printf(
				&b, strchr(k->host, ':') ? "[%s]:%d" : "%s:%d", k->host, k->port);
		else
			buf_putc(&b, '-');
		put(&p, &b);
		put_z(&p, k->rack[0] ? k->rack : "-");
		buf_printf(&b, "%s%s", broker_state_name(k->state),
			k->id == c->controller ? ", controller" : "");
		put(&p, &b);
		fmt_count(&b, k->n_leaders);
		put(&p, &b);
		fmt_count(&b, k->n_replicas);
		put(&p, &b);
		fmt_bytes(&b, k->disk_bytes);
		put(&p, &b);
		fmt_rate(&b, k->in_records);
		put(&p, &b);
	}
	buf_putc(out, '\n');
	flush(&p, out);
	buf_fini(&b);
}

/* A figure is one word, so that columns can be told apart by blanks. */
static void put_about(struct page *p, int64_t n, bool about)
{
	struct buf b = BUF_EMPTY;

	buf_puts(&b, about && n >= 0 ? "≈" : "");
	fmt_count(&b, n);
	put(p, &b);
	buf_fini(&b);
}

static void put_state(struct page *p, const struct cluster *c, const struct topic *t)
{
	int32_t offline = t->n_offline + topic_orphans(c, t);
	struct buf b = BUF_EMPTY;

	if (offline)
		buf_printf(&b, "%d offline", offline);
	else if (t->n_under)
		buf_printf(&b, "%d under-replicated", t->n_under);
	else
		buf_puts(&b, "in sync");
	put(p, &b);
	buf_fini(&b);
}

static void put_topic(struct page *p, const struct cluster *c, const struct topic *t,
	const struct topic_readers *r)
{
	struct buf b = BUF_EMPTY;

	put_z(p, t->name_z);
	fmt_count(&b, t->n_partitions);
	put(p, &b);
	fmt_count(&b, t->replication);
	put(p, &b);
	put_state(p, c, t);
	put_about(p, t->records, t->records_about);
	fmt_bytes(&b, t->size);
	put(p, &b);
	fmt_rate(&b, t->in_records);
	put(p, &b);
	fmt_count(&b, r ? r->groups : -1);
	put(p, &b);
	put_about(p, r ? r->lag : -1, r && r->about);
	if (t->cleanup)
		buf_printf(&b, "%s%s%s", t->cleanup & CLEANUP_COMPACT ? "compact" : "",
			t->cleanup == (CLEANUP_COMPACT | CLEANUP_DELETE) ? "," : "",
			t->cleanup & CLEANUP_DELETE ? "delete" : "");
	else
		buf_putc(&b, '-');
	put(p, &b);
	fmt_retention(&b, t->retention_ms);
	put(p, &b);
	buf_fini(&b);
}

static void put_more(struct buf *out, size_t more, const char *thing)
{
	if (!more)
		return;
	buf_puts(out, " and ");
	fmt_count(out, (int64_t)more);
	buf_printf(out, " more %s%s\n", thing, more == 1 ? "" : "s");
}

static void put_topics(struct buf *out, const struct cluster *c, const struct snapshot_options *o)
{
	static const bool left[] = {
		true, false, false, true, false, false, false, false, false, true, false};
	static const char *const titles[] = {"TOPIC", "PARTS", "RF", "STATE", "RECORDS", "SIZE",
		"IN/S", "GROUPS", "LAG", "CLEANUP", "RETENTION"};
	struct page p = {.left = left, .cols = ARRAY_LEN(titles)};
	size_t shown = 0, more = 0;

	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		put_z(&p, titles[i]);
	for (size_t i = 0; i < c->n_topics; i++) {
		if (c->topics[i]->internal && !o->internal)
			continue;
		if (o->max_rows && shown == o->max_rows) {
			more++;
			continue;
		}
		put_topic(&p, c, c->topics[i], c->readers ? &c->readers[i] : NULL);
		shown++;
	}
	buf_putc(out, '\n');
	flush(&p, out);
	put_more(out, more, "topic");
}

static void put_group(struct page *p, const struct group *g, int64_t now_ms)
{
	struct buf b = BUF_EMPTY;

	put_z(p, g->name.p);
	put_z(p, group_state_name((enum group_state)g->state));
	fmt_count(&b, g->described ? (int64_t)g->members->n : -1);
	put(p, &b);
	put_about(p, g->lag.records, g->lag.about);
	lag_put_age(&b, &g->lag);
	put(p, &b);
	fmt_growth(&b, lag_net(&g->lag));
	put(p, &b);
	lag_put_catch_up(&b, &g->lag);
	put(p, &b);
	put_z(p, verdict_name((enum verdict)g->lag.verdict));
	group_put_reason(&b, g, now_ms);
	put(p, &b);
	buf_fini(&b);
}

static void put_groups(
	struct buf *out, const struct cluster *c, const struct snapshot_options *o, int64_t now_ms)
{
	static const bool left[] = {true, true, false, false, false, false, false, true, true};
	static const char *const titles[] = {
		"GROUP", "STATE", "MEMBERS", "LAG", "AGE", "NET/S", "CATCH-UP", "VERDICT", "WHY"};
	struct page p = {.left = left, .cols = ARRAY_LEN(titles)};
	size_t n = o->max_rows ? min_size(c->n_groups, o->max_rows) : c->n_groups;

	buf_putc(out, '\n');
	if (!c->n_groups) {
		struct buf why = BUF_EMPTY;

		part_why(&why, &c->group_list);
		if (why.n)
			buf_printf(out, "groups: %s\n", buf_z(&why));
		else
			buf_puts(out, c->group_list.at_ms < 0 ? "groups: -\n" : "no groups\n");
		buf_fini(&why);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(titles); i++)
		put_z(&p, titles[i]);
	for (size_t i = 0; i < n; i++)
		put_group(&p, c->groups[i], now_ms);
	flush(&p, out);
	put_more(out, c->n_groups - n, "group");
}

static void put_problems(struct buf *out, const struct cluster *c)
{
	struct problem v[PROBLEMS];
	size_t n = cluster_problems(c, v, PROBLEMS);
	struct buf line = BUF_EMPTY;

	buf_puts(out, n ? "\nproblems\n" : "\nno problems\n");
	for (size_t i = 0; i < n && i < PROBLEMS; i++) {
		buf_clear(&line);
		problem_put(&line, c, &v[i]);
		buf_puts(out, " ! ");
		put_visible(out, buf_z(&line));
		buf_putc(out, '\n');
	}
	buf_fini(&line);
	if (n > PROBLEMS)
		buf_printf(out, " and %zu more\n", n - PROBLEMS);
}

void snapshot_text(
	struct buf *out, const struct cluster *c, const struct snapshot_options *o, int64_t now_ms)
{
	put_head(out, c, o, now_ms);
	if (c->metadata.at_ms < 0)
		return;
	put_brokers(out, c);
	put_topics(out, c, o);
	put_groups(out, c, o, now_ms);
	put_problems(out, c);
}
