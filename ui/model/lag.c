/* Lag: commits remembered, figures, verdicts. */
#include "model/lag.h"

#include "model/format.h"
#include "model/history.h"
#include <stdlib.h>

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		"-", "ok", "rewound", "behind", "stalled", "stopped", "data lost"};

	return names[v];
}

const char *verdict_mark(enum verdict v)
{
	static const char *const marks[] = {"", "", "!", "!", "✗", "✗", "✗"};

	return marks[v];
}

static double plus(double a, double b)
{
	return isnan(a) ? b : isnan(b) ? a : a + b;
}

int64_t lag_plus(int64_t sum, int64_t records)
{
	int64_t out;

	if (records < 0)
		return sum;
	return __builtin_add_overflow(max_i64(0, sum), records, &out) ? INT64_MAX : out;
}

void lag_add(struct lag *sum, const struct lag *part)
{
	sum->records = lag_plus(sum->records, part->records);
	sum->about = sum->about || part->about || part->records < 0;
	/* Of two ages alike the weaker kind of knowledge counts. */
	if (part->age_ms > sum->age_ms || (part->age_ms == sum->age_ms && part->age > sum->age)) {
		sum->age_ms = part->age_ms;
		sum->age = part->age;
	}
	sum->catch_up_ms = max_i64(sum->catch_up_ms, part->catch_up_ms);
	sum->in = plus(sum->in, part->in);
	sum->out = plus(sum->out, part->out);
	if (part->verdict > sum->verdict)
		sum->verdict = part->verdict;
}

void lag_put_age(struct buf *out, const struct lag *l)
{
	if (l->age_ms < 0) {
		buf_putc(out, '-');
		return;
	}
	/* "≈ < 1 s" says nothing that "< 1 s" does not. */
	if (l->age == AGE_ABOUT && l->age_ms >= 1000)
		buf_puts(out, "≈ ");
	else if (l->age == AGE_LEAST)
		buf_puts(out, "> ");
	fmt_age(out, l->age == AGE_LEAST ? max_i64(1000, l->age_ms) : l->age_ms);
}

void lag_put_catch_up(struct buf *out, const struct lag *l)
{
	if (l->catch_up_ms < 0)
		buf_putc(out, '-');
	else if (l->catch_up_ms == CATCH_UP_NEVER)
		buf_puts(out, "never");
	else
		fmt_age(out, l->catch_up_ms);
}

/* ---- commits ------------------------------------------------------------------------------ */

/* 0 is the oldest. */
static size_t place(const struct commits *c, size_t i)
{
	return (c->head + (size_t)LAG_COMMITS - c->n + i) % LAG_COMMITS;
}

void commits_add(struct commits *c, int64_t at_ms, int64_t offset, int64_t lag)
{
	size_t last = place(c, (size_t)c->n + LAG_COMMITS - 1);

	if (c->n && (c->offset[last] == offset || at_ms < c->at_ms[last]))
		return;
	if (!c->n)
		c->looked = true;
	else if (c->n == LAG_COMMITS)
		c->looked = false;
	c->offset[c->head] = offset;
	c->at_ms[c->head] = at_ms;
	c->lag[c->head] = (uint32_t)min_i64(max_i64(0, lag), UINT32_MAX);
	c->head = (uint8_t)((c->head + 1) % LAG_COMMITS);
	if (c->n < LAG_COMMITS)
		c->n++;
}

/* The first of the commits that compare: after the first look and after the last step back. */
static size_t comparable(const struct commits *c)
{
	size_t from = c->looked ? 1 : 0;

	for (size_t i = 1; i < c->n; i++)
		if (c->offset[place(c, i)] < c->offset[place(c, i - 1)])
			from = i;
	return from;
}

int64_t commits_last_ms(const struct commits *c)
{
	return c->n ? c->at_ms[place(c, (size_t)c->n - 1)] : -1;
}

/* When one went back last, of those kept; -1. */
static int64_t commits_back_ms(const struct commits *c)
{
	int64_t at = -1;

	for (size_t i = 1; i < c->n; i++)
		if (c->offset[place(c, i)] < c->offset[place(c, i - 1)])
			at = c->at_ms[place(c, i)];
	return at;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t commits_gap(const struct commits *c)
{
	int64_t gaps[LAG_COMMITS];
	size_t n = 0;

	for (size_t i = comparable(c) + 1; i < c->n; i++)
		gaps[n++] = c->at_ms[place(c, i)] - c->at_ms[place(c, i - 1)];
	if (!n)
		return -1;
	qsort(gaps, n, sizeof(gaps[0]), by_value);
	return gaps[n / 2];
}

/* Silence that is longer than commits of this kind explain. */
static bool silent(const struct commits *c, int64_t now_ms)
{
	return now_ms - commits_last_ms(c) > max_i64(RATE_WINDOW_MS, 3 * commits_gap(c));
}

double commits_rate(const struct commits *c, int64_t now_ms)
{
	size_t from = comparable(c), last, i;
	int64_t span;

	if (!c->n)
		return (double)NAN;
	if (silent(c, now_ms))
		return 0;
	if ((size_t)c->n < from + 2)
		return (double)NAN;
	last = place(c, (size_t)c->n - 1);
	for (i = (size_t)c->n - 2; i > from; i--)
		if (c->at_ms[last] - c->at_ms[place(c, i - 1)] > RATE_WINDOW_MS)
			break;
	span = c->at_ms[last] - c->at_ms[place(c, i)];
	if (span <= 0)
		return (double)NAN;
	return (double)(c->offset[last] - c->offset[place(c, i)]) * 1000 / (double)span;
}

/* ---- judgement ---------------------------------------------------------------------------- */

/* Fewer commits than this show no direction. */
#define TREND_MIN 4

static bool growing(const struct commits *c, double in)
{
	double noise = isnan(in) ? 0 : in * LAG_LOOK_MS / 1000;
	size_t from = comparable(c);
	double first, last;

	if ((size_t)c->n < from + TREND_MIN)
		return false;
	for (size_t i = from; i < c->n; i++) {
		double now = c->lag[place(c, i)];

		if (now <= 0)
			return false;
		if (i > from && now < (double)c->lag[place(c, i - 1)] - noise)
			return false;
	}
	first = c->lag[place(c, from)];
	last = c->lag[place(c, (size_t)c->n - 1)];
	return last - first > noise;
}

/* Do they show a direction, or that there was nothing left once? */
static bool judged_by(const struct commits *c)
{
	size_t from = comparable(c);

	for (size_t i = 0; i < c->n; i++)
		if (!c->lag[place(c, i)])
			return true;
	return (size_t)c->n >= from + TREND_MIN;
}

static bool stalled(const struct lag_facts *f)
{
	int64_t gap = f->commits ? commits_gap(f->commits) : -1;
	int64_t last = f->commits ? commits_last_ms(f->commits) : -1;

	/* Nobody commits while there is nothing to read. */
	last = max_i64(last, f->lagging_ms);
	return last >= 0 && f->now_ms - last > max_i64(LAG_STALL_MS, 5 * gap);
}

static enum verdict judge(const struct lag_facts *f, int64_t records)
{
	int64_t back = f->commits ? commits_back_ms(f->commits) : -1;

	if (f->committed < 0 || records < 0)
		return VERDICT_NONE;
	if (f->start >= 0 && f->committed < f->start)
		return VERDICT_LOST;
	if (back >= 0 && f->now_ms - back <= LAG_REWIND_MS)
		return VERDICT_REWOUND;
	if (records == 0)
		return VERDICT_OK;
	if (f->members == 0)
		return VERDICT_STOPPED;
	if (f->members > 0 && f->settled && stalled(f))
		return VERDICT_STALLED;
	if (!f->commits || !judged_by(f->commits))
		return VERDICT_NONE;
	return growing(f->commits, f->in) ? VERDICT_BEHIND : VERDICT_OK;
}

/* A pace within a twentieth of what comes in is standing still: its time would jump about. That it
 * is slower for a moment says nothing either, as long as the lag does not grow from commit to
 * commit. */
static int64_t catch_up(const struct lag *l)
{
	double gain = l->out - l->in;

	if (l->records <= 0)
		return l->records;
	if (l->verdict == VERDICT_STALLED || l->verdict == VERDICT_STOPPED)
		return CATCH_UP_NEVER;
	if (isnan(gain))
		return -1;
	if (gain <= l->in / 20)
		return l->verdict == VERDICT_BEHIND ? CATCH_UP_NEVER : -1;
	return (int64_t)fmin((double)((int64_t)1 << 50), (double)l->records * 1000 / gain);
}

void lag_judge(struct lag *out, const struct lag_facts *f)
{
	out->records = f->committed < 0 || f->end < 0 ? -1 : max_i64(0, f->end - f->committed);
	out->in = f->in;
	out->out = f->commits ? commits_rate(f->commits, f->now_ms) : (double)NAN;
	if (f->members == 0)
		out->out = 0;
	out->verdict = (uint8_t)judge(f, out->records);
	out->catch_up_ms = catch_up(out);
}
