/*
 * Plans of a reset as Kafka's script writes and reads them: a line "topic,partition,offset" where
 * one group was named, "group,topic,partition,offset" else. Fields are quoted as RFC 4180 says.
 */
#include "cli/groups.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/format.h"

/* Jackson's rule, which the script writes with: long ones are quoted unseen. */
enum { UNSEEN = 24, COLUMNS = 4 };

static void put_field(struct buf *out, struct str s)
{
	bool plain = s.n <= UNSEEN;

	for (size_t i = 0; i < s.n && plain; i++)
		plain = (unsigned char)s.p[i] > ',';
	if (plain)
		buf_put_str(out, s);
	else
		fmt_csv_quoted(out, s);
}

void csv_put_plan(struct buf *out, const struct csv_plan *p)
{
	if (p->group.p) {
		put_field(out, p->group);
		buf_putc(out, ',');
	}
	put_field(out, p->topic);
	buf_printf(out, ",%d,%lld\n", p->partition, (long long)p->offset);
}

/* ---- reading ---- */

/* A field up to the comma or the end; false: its quotes do not close. */
static bool take_field(struct str *line, struct arena *a, struct str *out)
{
	struct buf text = BUF_EMPTY;
	size_t i = 0;
	bool quoted = line->n && line->p[0] == '"', closed = !quoted;

	for (i = quoted; i < line->n; i++) {
		if (quoted && line->p[i] == '"') {
			closed = i + 1 == line->n || line->p[i + 1] != '"';
			i++;
			if (closed)
				break;
		} else if (!quoted && line->p[i] == ',') {
			break;
		}
		buf_putc(&text, line->p[i]);
	}
	*out = arena_str(a, text.n ? buf_str(&text) : STR_LIT(""));
	buf_fini(&text);
	*line = (struct str){line->p + i, line->n - i};
	return closed && (!line->n || line->p[0] == ',');
}

/* How many there are, 0: none that can be read; the first COLUMNS of them in out. */
static size_t split(struct str line, struct arena *a, struct str out[static COLUMNS])
{
	for (size_t n = 0; n < COLUMNS; n++) {
		if (!take_field(&line, a, &out[n]))
			return 0;
		if (!line.n)
			return n + 1;
		line = (struct str){line.p + 1, line.n - 1};
	}
	return 0;
}

static bool whole_number(const char *z, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(z, &end, 10);
	return end != z && end[strspn(end, " ")] == '\0' && !errno;
}

static int take_line(csv_plans *out, struct arena *a, struct str line, size_t number,
	size_t *columns, struct err *e)
{
	struct csv_plan *p = vec_add(out);
	struct str f[COLUMNS];
	size_t n = split(line, a, f);
	int64_t partition;

	*columns = *columns ? *columns : n;
	if (n < 3 || n != *columns)
		return err_set(e, ERR_INVALID,
			"line %zu: %stopic, partition and offset, separated by "
			"commas, were expected",
			number, *columns == COLUMNS ? "group, " : "");
	p->line = number;
	p->group = n == COLUMNS ? f[0] : STR_NULL;
	p->topic = f[n - 3];
	if (!p->topic.n || (n == COLUMNS && !p->group.n))
		return err_set(e, ERR_INVALID, "line %zu: a name is empty", number);
	if (!whole_number(f[n - 2].p, &partition) || partition < 0 || partition > INT32_MAX)
		return err_set(
			e, ERR_INVALID, "line %zu: %.40s is no partition", number, f[n - 2].p);
	if (!whole_number(f[n - 1].p, &p->offset))
		return err_set(e, ERR_INVALID, "line %zu: %.40s is no offset", number, f[n - 1].p);
	p->partition = (int32_t)partition;
	return 0;
}

static int place_cmp(const struct csv_plan *x, const struct csv_plan *y)
{
	int order = str_cmp(x->group, y->group);

	order = order ? order : str_cmp(x->topic, y->topic);
	return order ? order : (x->partition > y->partition) - (x->partition < y->partition);
}

static int plan_cmp(const void *a, const void *b)
{
	const struct csv_plan *x = a, *y = b;
	int order = place_cmp(x, y);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* In order; of several lines about one partition the last stands. */
static void settle(csv_plans *v)
{
	size_t n = 0;

	vec_sort(v, plan_cmp);
	for (size_t i = 0; i < v->n; i++) {
		n -= n && place_cmp(&v->v[n - 1], &v->v[i]) == 0;
		v->v[n++] = v->v[i];
	}
	v->n = n;
}

int csv_plans_read(csv_plans *out, struct arena *a, struct str text, struct err *e)
{
	size_t columns = 0;

	for (size_t number = 1; text.n; number++) {
		const char *end = memchr(text.p, '\n', text.n);
		struct str line = {text.p, end ? (size_t)(end - text.p) : text.n};

		text.p += line.n + (end != NULL);
		text.n -= line.n + (end != NULL);
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n && take_line(out, a, line, number, &columns, e) < 0)
			return e->code;
	}
	settle(out);
	return out->n ? 0 : err_set(e, ERR_INVALID, "there is no plan in it");
}
