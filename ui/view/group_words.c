/* Groups in words: for lists, headings and explanations. */
#include "view/group.h"

#include <math.h>

#include "base/err.h"

void group_put_net(struct buf *out, const struct lag *l)
{
	double net = lag_net(l);

	if (isnan(net)) {
		buf_putc(out, '-');
		return;
	}
	/* What rounds to nothing has no sign. */
	if (fabs(net) >= 0.05)
		buf_putc(out, net < 0 ? '-' : '+');
	fmt_rate(out, fabs(net) < 0.05 ? 0 : fabs(net));
}

void group_put_verdict(struct buf *out, const struct group *g, int64_t now_ms)
{
	enum verdict v = (enum verdict)g->lag.verdict;
	struct buf why = BUF_EMPTY;

	group_put_reason(&why, g, now_ms);
	if (group_state_moving((enum group_state)g->state) || g->state == GROUP_DEAD) {
		buf_puts(out, why.n ? buf_z(&why) : "the group is gone");
	} else if (v == VERDICT_NONE && !why.n) {
		buf_puts(out, g->lag_known && g->lag.records < 0 ? "nothing committed yet" : "-");
	} else {
		if (v != VERDICT_NONE)
			buf_puts(out, verdict_name(v));
		if (why.n)
			buf_printf(out, "%s%s", v != VERDICT_NONE ? ": " : "", buf_z(&why));
	}
	buf_fini(&why);
}

const char *group_title(const struct group *g)
{
	static const char *const titles[] = {[VERDICT_NONE] = "NOT KNOWN YET",
		[VERDICT_OK] = "OK",
		[VERDICT_REWOUND] = "REWOUND",
		[VERDICT_BEHIND] = "FALLING BEHIND",
		[VERDICT_STALLED] = "STALLED",
		[VERDICT_STOPPED] = "STOPPED",
		[VERDICT_LOST] = "DATA LOST"};

	if (group_state_moving((enum group_state)g->state))
		return "REBALANCING";
	if (g->state == GROUP_DEAD)
		return "GONE";
	if (!g->lag_known && g->offsets.code == ERR_DENIED)
		return "DENIED";
	if (g->lag.verdict == VERDICT_NONE && g->lag_known && g->lag.records < 0)
		return g->state == GROUP_EMPTY ? "NO MEMBERS" : "NOTHING COMMITTED";
	return titles[g->lag.verdict];
}

enum style group_style(const struct group *g)
{
	if (group_state_moving((enum group_state)g->state))
		return STYLE_WARN;
	if (g->state == GROUP_DEAD)
		return STYLE_ERROR;
	return g->lag.verdict == VERDICT_OK ? STYLE_OK
					    : view_verdict_style((enum verdict)g->lag.verdict);
}

short group_count_cols(int64_t n, bool about, short least)
{
	struct buf text = BUF_EMPTY;
	int cols;

	fmt_count_about(&text, n, about);
	cols = text_width(buf_str(&text));
	buf_fini(&text);
	return cols > least ? (short)cols : least;
}

void group_put_host(struct buf *out, const char *host)
{
	host += *host == '/';
	buf_puts(out, *host ? host : "-");
}

/* ---- explained --------------------------------------------------------------------------- */

static const char columns[] =
	"A consumer group shares the partitions of its topics: each partition is read by one "
	"member, and the group commits how far it has read. Two groups do not know of each other: "
	"each reads everything.\n\n"
	"LAG       END minus committed: records that the group has not read yet; ≈ where both are "
	"not of one moment\n"
	"AGE       how long ago the next unread record was written: how late the group is; > where "
	"it is older than this console\n"
	"NET/S     growth of the lag: what comes in a second minus what is read\n"
	"CATCH-UP  when the lag is gone if both go on like this\n"
	"IN/S      records written a second, OUT/S committed a second; means of ten seconds\n"
	"2 MIN     the lag of two minutes, a cell 15 s; what comes in a minute is low\n"
	"-         the cluster does not tell, as the generation by the classic protocol\n\n"
	"ok         read to the end at least once lately, or not growing from commit to commit\n"
	"behind     commits move, and at each of them the lag is larger\n"
	"stalled    members, something to read, and no commit for long: a member that hangs\n"
	"stopped    something to read, and nobody there\n"
	"rewound    a commit went back: records are read again\n"
	"data lost  records were deleted before they were read: retention is shorter than the "
	"lag\n\n"
	"Stable              members read\n"
	"PreparingRebalance  members are asked to join again; nobody reads\n"
	"CompletingRebalance the partitions are being shared out; nobody reads\n"
	"Empty               no members; the commits stay for offsets.retention.minutes\n"
	"Dead                gone\n";

static void put_state(struct buf *out, const struct group *g)
{
	buf_printf(out, "Its state is %s", group_state_name((enum group_state)g->state));
	if (g->described) {
		buf_puts(out, ", it has ");
		fmt_things(out, (int64_t)g->members->n, "member");
		if (g->n_idle)
			buf_printf(out, ", %d of them idle", g->n_idle);
	}
	buf_puts(out, ".\n");
}

static void put_lag(struct buf *out, const struct group *g)
{
	const struct lag *l = &g->lag;

	if (l->records < 0) {
		buf_puts(out, "Its lag is not known.\n");
		return;
	}
	buf_puts(out, l->about ? "It has about " : "It has ");
	fmt_things(out, l->records, "record");
	buf_puts(out, " to read");
	if (l->records && l->age != AGE_NONE) {
		buf_puts(out, "; the oldest of them was written ");
		lag_put_age(out, l);
		buf_puts(out, " ago");
	}
	buf_puts(out, ".\n");
	if (isnan(lag_net(l)))
		return;
	fmt_rate(out, l->in);
	buf_puts(out, " records come in a second, ");
	fmt_rate(out, l->out);
	buf_puts(out, " are read");
	if (l->records && l->catch_up_ms == CATCH_UP_NEVER)
		buf_puts(out, lag_net(l) < 0 ? "; but of one partition less than comes in"
					     : ": like this it never catches up");
	else if (l->records && l->catch_up_ms > 0) {
		buf_puts(out, ": like this it has caught up in ");
		lag_put_catch_up(out, l);
	}
	buf_puts(out, ".\n");
}

void group_explain(struct buf *out, const struct group *g, int64_t now_ms)
{
	if (g) {
		buf_printf(out, "%s: ", g->name.p);
		group_put_verdict(out, g, now_ms);
		buf_puts(out, ".\n");
		put_state(out, g);
		put_lag(out, g);
		buf_putc(out, '\n');
	}
	buf_puts(out, columns);
}

const char *groups_empty(const struct view_ctx *ctx)
{
	const struct cluster *c = view_cluster(ctx);
	enum part_state state = part_state(&c->group_list, clock_mono_ms(ctx->clock));

	if (state == PART_DENIED)
		return "denied: this cluster does not let us list its groups";
	if (c->group_list.at_ms < 0)
		return state == PART_FAILED ? "the brokers do not say which groups there are" : "…";
	return "no groups yet\n \nA group comes into being with its first consumer:\n"
	       "kdeck consume --topic TOPIC --group NAME, or any client with a group.id.\n"
	       "9 opens the lab: consumers to start, slow down and kill from the screen.";
}
