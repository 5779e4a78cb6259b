/* See reset.h. */
#include "model/reset.h"

#include "base/arena.h"
#include "base/clock.h"
#include "model/format.h"
#include "model/moment.h"
#include "wire/api.h"

#define NAMED    3 /* members told by name */
#define NAME_MAX 80

void reset_put_members(
	struct buf *out, const char *group, const struct str *names, size_t n_members)
{
	buf_printf(out, "group %s has ", group);
	fmt_things(out, (int64_t)n_members, "member");
	for (size_t i = 0; i < n_members && i < NAMED; i++)
		buf_printf(out, "%s%.*s", i ? ", " : " (", (int)min_size(names[i].n, NAME_MAX),
			names[i].p);
	if (n_members > NAMED)
		buf_printf(out, " and %zu more", n_members - NAMED);
	buf_printf(out, "): stop %s first", n_members == 1 ? "it" : "them");
}

bool reset_by_time(enum reset_to to)
{
	return to == RESET_DURATION || to == RESET_TIME;
}

int64_t reset_moment(enum reset_to to, int64_t at, int64_t wall_ms)
{
	int64_t moment = at;

	if (to == RESET_DURATION && __builtin_sub_overflow(wall_ms, at, &moment))
		moment = at < 0 ? INT64_MAX : 0;
	return max_i64(moment, 0);
}

static void clamp(struct reset_row *row, int64_t want)
{
	row->asked = want;
	row->to = want;
	if (want > row->end) {
		row->clamp = RESET_TOO_HIGH;
		row->to = row->end;
	} else if (want < row->start) {
		row->clamp = RESET_TOO_LOW;
		row->to = row->start;
	}
}

static void shift(struct reset_row *row, int64_t by)
{
	int64_t want;

	if (__builtin_add_overflow(row->now, by, &want))
		want = by < 0 ? INT64_MIN : INT64_MAX;
	clamp(row, want);
}

static void go_to_time(struct reset_row *row)
{
	row->asked = row->by_time;
	row->to = row->by_time;
	if (row->by_time < 0) {
		row->clamp = RESET_TOO_YOUNG;
		row->to = row->end;
	}
}

bool reset_work_out(struct reset_row *row, enum reset_to to, int64_t at)
{
	row->clamp = RESET_FITS;
	switch (to) {
	case RESET_EARLIEST:
		row->asked = row->to = row->start;
		break;
	case RESET_CURRENT:
		row->asked = row->to = row->now >= 0 ? row->now : row->end;
		break;
	case RESET_OFFSET:
		clamp(row, at);
		break;
	case RESET_SHIFT:
		if (row->now < 0)
			return false;
		shift(row, at);
		break;
	case RESET_DURATION:
	case RESET_TIME:
		go_to_time(row);
		break;
	default:
		row->asked = row->to = row->end;
	}
	return true;
}

void reset_put_clamp(struct buf *out, const struct reset_row *row)
{
	bool high = row->clamp == RESET_TOO_HIGH;

	if (row->clamp == RESET_TOO_YOUNG)
		buf_printf(out, "no record is as young: set to its end, %lld", (long long)row->to);
	else if (row->clamp != RESET_FITS)
		buf_printf(out, "offset %lld is %s than the %s of the log: set to %lld",
			(long long)row->asked, high ? "higher" : "lower", high ? "end" : "start",
			(long long)row->to);
}

static int64_t into_log(const struct reset_row *row, int64_t offset)
{
	return max_i64(row->start, min_i64(offset, row->end));
}

struct reset_effect reset_effect(const struct reset_row *row)
{
	int64_t to = into_log(row, row->to), now = into_log(row, row->now);

	if (row->now < 0)
		return (struct reset_effect){.fresh = row->end - to};
	return (struct reset_effect){
		.again = max_i64(now - to, 0), .skipped = max_i64(to - now, 0), .fresh = -1};
}

void reset_put_effect(struct buf *out, const struct reset_row *row)
{
	struct reset_effect e = reset_effect(row);

	if (e.fresh >= 0)
		buf_printf(out, "%lld to be read", (long long)e.fresh);
	else if (e.again)
		buf_printf(out, "%lld to be read again", (long long)e.again);
	else if (e.skipped)
		buf_printf(out, "%lld to be skipped", (long long)e.skipped);
	else
		buf_puts(out, "none");
}

void reset_fill_commit(struct offset_commit_request *q, struct arena *a, struct str group,
	const struct reset_row *rows, size_t n)
{
	struct offset_commit_request_topics *t = NULL;

	msg_init(&offset_commit_request_desc, q);
	q->group_id = group;
	q->topics = MSG_NEW(a, offset_commit_request_topics, n);
	for (size_t i = 0; i < n; i++) {
		struct offset_commit_request_partitions *p;

		if (!t || !str_eq(t->name, rows[i].topic)) {
			t = &q->topics[q->n_topics++];
			t->name = rows[i].topic;
			t->partitions = MSG_NEW(a, offset_commit_request_partitions, n - i);
		}
		p = &t->partitions[t->n_partitions++];
		p->partition_index = rows[i].partition;
		p->committed_offset = rows[i].to;
		p->committed_metadata = STR_LIT("");
	}
}

static void put_shift(struct buf *out, int64_t by)
{
	uint64_t n = by < 0 ? -(uint64_t)by : (uint64_t)by;

	fmt_things(out, (int64_t)(n < INT64_MAX ? n : INT64_MAX), "record");
	buf_puts(out, by < 0 ? " back" : " on");
}

void reset_put_words(struct buf *out, enum reset_to to, int64_t at)
{
	switch (to) {
	case RESET_EARLIEST:
		buf_puts(out, "to the earliest record");
		break;
	case RESET_CURRENT:
		buf_puts(out, "to where it is");
		break;
	case RESET_OFFSET:
		buf_puts(out, "to offset ");
		buf_put_count(out, at);
		break;
	case RESET_SHIFT:
		put_shift(out, at);
		break;
	case RESET_DURATION:
		buf_puts(out, "to ");
		fmt_age(out, max_i64(at, 0));
		buf_puts(out, " ago");
		break;
	case RESET_TIME:
		buf_puts(out, "to ");
		fmt_time(out, at);
		break;
	default:
		buf_puts(out, "behind the latest record");
	}
}

const char *reset_to_option(enum reset_to to)
{
	static const char *const names[RESET_TO_COUNT] = {"to-earliest", "to-latest", "to-current",
		"to-offset", "shift-by", "by-duration", "to-datetime"};

	return names[to];
}

void reset_put_option(struct buf *out, enum reset_to to, int64_t at)
{
	char iso[25];

	buf_printf(out, "--%s", reset_to_option(to));
	if (to == RESET_OFFSET || to == RESET_SHIFT) {
		buf_printf(out, " %lld", (long long)at);
	} else if (to == RESET_DURATION) {
		buf_putc(out, ' ');
		duration_put(out, at);
	} else if (to == RESET_TIME) {
		clock_format_iso(at, iso);
		buf_printf(out, " %s", iso);
	}
}

void reset_put_command(struct buf *out, const struct reset_spec *spec)
{
	buf_puts(out, "kdeck groups --reset-offsets --group ");
	buf_put_word(out, str_of(spec->group));
	if (spec->topic) {
		buf_puts(out, " --topic ");
		buf_put_word(out, str_of(spec->topic));
		if (spec->partition >= 0)
			buf_printf(out, ":%d", spec->partition);
	} else {
		buf_puts(out, " --all-topics");
	}
	buf_putc(out, ' ');
	reset_put_option(out, spec->to, spec->at);
	buf_puts(out, " --execute");
}
