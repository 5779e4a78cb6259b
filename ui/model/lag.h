/*
 * Lag: what a group has not read yet, in records and in time, and what to think of it. Pure
 * arithmetic; time is monotonic ms and comes with each call.
 *
 * Verdicts follow the last ten commits, not looks: a consumer that commits every five seconds makes
 * lag a saw, and only its teeth at one height compare. A commit is seen by the look that finds
 * another offset, so its moment is known to a look's distance only; what records come in within
 * LAG_LOOK_MS counts as noise.
 */
#ifndef MODEL_LAG_H
#define MODEL_LAG_H

#include "base/buf.h"
#include <math.h>

/* In rising weight: a sum has the worst of its parts. */
enum verdict {
	VERDICT_NONE,    /* nothing can be said yet */
	VERDICT_OK,      /* lag 0 at least once, or not growing from commit to commit */
	VERDICT_REWOUND, /* the commit went back lately */
	VERDICT_BEHIND,  /* commits move, and the lag grows from each to the next */
	VERDICT_STALLED, /* members, lag, and no commit for long */
	VERDICT_STOPPED, /* lag, and no member */
	VERDICT_LOST,    /* records from the commit on are deleted already */
	VERDICT_COUNT,
};
/* "ok", "behind" … "-" for VERDICT_NONE. */
const char *verdict_name(enum verdict v);
/* "!" where something grows, "✗" where nobody reads or records are lost; "" where all is well: what
 * stands before a figure that has no room for the word. */
const char *verdict_mark(enum verdict v);
/* Worth somebody's look. */
static inline bool verdict_bad(enum verdict v)
{
	return v > VERDICT_OK;
}

enum lag_age {
	AGE_NONE,
	AGE_EXACT, /* from the timestamp of the next unread record */
	AGE_ABOUT, /* from the history of ends: draw ≈ */
	AGE_LEAST, /* older than the history reaches: draw > */
};

#define CATCH_UP_NEVER INT64_MAX

/* Of a partition, or summed over a member's, a topic's, a group's. */
struct lag {
	int64_t records;     /* END - committed, never below 0; -1: not known */
	int64_t age_ms;      /* of the next unread record, the oldest in a sum; -1 */
	int64_t catch_up_ms; /* at this pace; 0: nothing to read; CATCH_UP_NEVER; -1: not known */
	double in, out;      /* records a second; NaN */
	uint8_t verdict;     /* enum verdict */
	uint8_t age;         /* enum lag_age */
	bool about;          /* ≈: commit and end are not of one moment, or parts are not known */
};

/* Nothing known. */
#define LAG_UNKNOWN \
	((struct lag){-1, -1, -1, (double)NAN, (double)NAN, VERDICT_NONE, AGE_NONE, false})
/* Growth: records a second; NaN. */
static inline double lag_net(const struct lag *l)
{
	return l->in - l->out;
}
/* Adds records to a sum that never passes INT64_MAX; below 0: not known, adds nothing. */
int64_t lag_plus(int64_t sum, int64_t records);
/* Adds a part to a sum. */
void lag_add(struct lag *sum, const struct lag *part);
/* "1 m 39 s", "≈ 12 s", "> 5 m"; "-". */
void lag_put_age(struct buf *out, const struct lag *l);
/* "never", "2 m 4 s"; "-". */
void lag_put_catch_up(struct buf *out, const struct lag *l);

/* ---- commits ------------------------------------------------------------------------------ */

#define LAG_COMMITS 10
#define LAG_LOOK_MS 1000

/* The last commits as looks saw them. The first look finds a commit of unknown age: it is kept for
 * its offset, its time counts for nothing. */
struct commits {
	int64_t offset[LAG_COMMITS];
	int64_t at_ms[LAG_COMMITS];
	uint32_t lag[LAG_COMMITS]; /* at that moment; at most UINT32_MAX */
	uint8_t head, n;
	bool looked; /* the oldest is from the first look */
};
/* A look found offset; nothing happens when it is the newest already. */
void commits_add(struct commits *c, int64_t at_ms, int64_t offset, int64_t lag);
/* Records a second from commit to commit over about ten seconds, 0 when they have stopped; NaN. */
double commits_rate(const struct commits *c, int64_t now_ms);
/* Usual time between two commits: the median; -1. */
int64_t commits_gap(const struct commits *c);
/* When the newest was seen, -1. */
int64_t commits_last_ms(const struct commits *c);

/* ---- judgement ---------------------------------------------------------------------------- */

#define LAG_STALL_MS  30000
#define LAG_REWIND_MS 120000

struct lag_facts {
	int64_t committed, start, end; /* -1: not known */
	int64_t now_ms;
	int64_t lagging_ms;            /* since when there is something to read; -1: there is not */
	int32_t members;               /* of the group; -1: not known */
	bool settled;                  /* the group is not in a rebalance */
	double in;                     /* records a second; NaN */
	const struct commits *commits; /* NULL: none seen */
};
/* Records, rates, time to catch up and verdict; age is left alone. */
void lag_judge(struct lag *out, const struct lag_facts *f);

#endif
