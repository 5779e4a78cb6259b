/* What a member of the lab does and why, in words. */
#include "view/lab_view.h"

void lab_put_settings(struct buf *out, const struct lab_member *m)
{
	const struct lab_spec *s = &m->spec;

	if (s->kind == LAB_CONSUMER) {
		buf_printf(out, "%d ms each, commit %s, %s", s->process_ms,
			lab_commit_name(s->commit), lab_assignor_name(s->assignor));
		return;
	}
	fmt_rate(out, s->rate);
	buf_puts(out, "/s, ");
	if (s->keys)
		fmt_things(out, s->keys, "key");
	else
		buf_puts(out, "no keys");
	if (s->keys && s->hot_percent)
		buf_printf(out, ", %d %% hot", s->hot_percent);
	buf_printf(out, ", %d B", s->size);
}

static bool same_topic(const struct lab_member *m)
{
	for (size_t i = 1; i < m->n_shares; i++)
		if (strcmp(m->shares[i].topic, m->shares[0].topic) != 0)
			return false;
	return true;
}

void lab_put_shares(struct buf *out, const struct lab_member *m)
{
	if (m->spec.kind == LAB_PRODUCER || !m->n_shares || m->put_out) {
		buf_putc(out, '-');
		return;
	}
	if (!same_topic(m)) {
		fmt_count(out, (int64_t)m->n_shares);
		return;
	}
	for (size_t i = 0, end; i < m->n_shares; i = end) {
		for (end = i + 1; end < m->n_shares &&
				  m->shares[end].partition == m->shares[end - 1].partition + 1;
			end++)
			;
		buf_printf(out, "%s%d", i ? " " : "", m->shares[i].partition);
		if (end - i > 1)
			buf_printf(
				out, "%s%d", end - i > 2 ? "-" : " ", m->shares[end - 1].partition);
	}
}

static bool is_idle(const struct lab_member *m)
{
	return m->spec.kind == LAB_CONSUMER && m->state == LAB_RUNNING && !m->n_shares;
}

const char *lab_state_word(const struct lab_member *m)
{
	if (m->state == LAB_PAUSED && m->put_out)
		return "put out";
	return is_idle(m) ? "idle" : lab_state_name(m->state);
}

enum style lab_state_style(const struct lab_member *m)
{
	switch (m->state) {
	case LAB_RUNNING:
		return is_idle(m) || m->why[0] ? STYLE_WARN : STYLE_OK;
	case LAB_STARTING:
	case LAB_STOPPING:
	case LAB_PAUSED:
		return STYLE_WARN;
	case LAB_KILLED:
	case LAB_FAILED:
		return STYLE_ERROR;
	default:
		return STYLE_DIM;
	}
}

/* ---- a note -----------------------------------------------------------------------------------
 */

static void put_since(struct buf *out, const char *what, const struct lab_member *m)
{
	buf_printf(out, "%s ", what);
	fmt_clock(out, m->since_wall_ms);
}

static void put_paused(struct buf *out, const struct lab_member *m)
{
	put_since(out, "paused at", m);
	if (m->spec.kind == LAB_PRODUCER) {
		buf_puts(out, ": it sends nothing; m p goes on");
		return;
	}
	buf_puts(out, m->put_out ? ": it has not polled for "
				 : ": it hangs, but its heartbeats go on: it keeps its partitions, "
				   "and a rebalance waits for it, until ");
	fmt_age(out, LAB_MAX_POLL_MS);
	buf_puts(out, m->put_out ? " (max.poll.interval.ms), and its group goes on without it"
				 : " without a poll put it out");
}

static void put_killed(struct buf *out, const struct lab_member *m)
{
	if (m->term_signal == 9)
		put_since(out, "killed (SIGKILL) at", m);
	else
		buf_printf(out, "ended by signal %d", m->term_signal);
	if (m->spec.kind == LAB_CONSUMER) {
		buf_puts(out, ": its group waits until its session of ");
		fmt_age(out, m->spec.session_ms);
		buf_puts(out, " is over, then shares its partitions");
	}
	buf_puts(out, "; m t starts it again");
}

static void put_idle(struct buf *out, const struct lab_member *m, const struct group *g)
{
	size_t before = out->n;

	for (size_t i = 0; g && i < g->members->n; i++)
		if (strcmp(g->members->v[i].client, m->spec.name) == 0)
			group_member_put_idle(out, g, i);
	if (out->n == before)
		buf_puts(out, "it holds no partition: the group has not shared them yet, or it has "
			      "more members than there are partitions");
}

static void put_work(struct buf *out, const struct lab_member *m)
{
	if (m->spec.kind == LAB_PRODUCER) {
		if (m->failed) {
			fmt_things(out, m->failed, "record");
			buf_puts(out, " could not be written");
		}
		return;
	}
	buf_puts(out, "last commit ");
	fmt_clock(out, m->commit_wall_ms);
	buf_puts(out, ", ");
	fmt_things(out, m->rebalances, "rebalance");
	if (m->again) {
		buf_puts(out, ", ");
		fmt_things(out, m->again, "record");
		buf_puts(out, " processed again");
	}
	if (m->lost) {
		buf_puts(out, ", ");
		fmt_things(out, m->lost, "record");
		buf_puts(out, " lost");
	}
}

static void put_state(struct buf *out, const struct lab_member *m, const struct group *g)
{
	switch (m->state) {
	case LAB_STARTING:
		buf_puts(out, m->spec.kind == LAB_PRODUCER
				      ? "its client connects"
				      : "its client asks the group to let it join: a rebalance");
		break;
	case LAB_RUNNING:
		if (is_idle(m))
			put_idle(out, m, g);
		else
			put_work(out, m);
		break;
	case LAB_PAUSED:
		put_paused(out, m);
		break;
	case LAB_STOPPING:
		buf_puts(out, "finishes what it has in hand, commits and leaves");
		break;
	case LAB_STOPPED:
		put_since(out, "stopped at", m);
		if (m->spec.kind == LAB_CONSUMER)
			buf_puts(out, ": it left its group, which shared its partitions at once");
		buf_puts(out, "; m t starts it again, d takes the row away");
		break;
	case LAB_KILLED:
		put_killed(out, m);
		break;
	case LAB_FAILED:
	case LAB_STATE_COUNT:
		break;
	}
}

void lab_put_note(struct buf *out, const struct lab_member *m, const struct group *g)
{
	size_t before = out->n;

	put_state(out, m, g);
	if (m->why[0])
		buf_printf(out, "%s%s", out->n > before ? "   ! " : "", m->why);
}

void lab_explain(struct buf *out, const struct lab_member *m, const struct group *g)
{
	if (m) {
		buf_printf(out, "%s  ", m->spec.name);
		lab_put_settings(out, m);
		buf_puts(out, "\n");
		lab_put_note(out, m, g);
		buf_puts(out, "\n\n");
	}
	buf_puts(out,
		"Each member of the lab is a process of its own with a real Kafka client.\n\n"
		"kill    kill -9: it says goodbye to nobody. Its group waits until the session is "
		"over, then shares its partitions among the others.\n"
		"stop    it finishes, commits and leaves: the group shares at once.\n"
		"pause   it hangs: it polls no more, but its heartbeats go on.\n"
		"slow    twice the time for each record: watch the lag.\n\n"
		"commit after processing    after a crash the next one begins at the last commit: "
		"some records are processed again (at least once).\n"
		"commit before processing   what was in hand when it crashed is committed, and "
		"nobody processes it: it is lost (at most once).\n"
		"AGAIN and LOST are counted by offsets, where a partition goes from one member to "
		"another.\n\n"
		"range                 each topic's partitions in blocks; at every rebalance all "
		"stand still and are shared anew\n"
		"roundrobin            all partitions in turn; all stand still as well\n"
		"cooperative-sticky    who has a partition keeps it; only what moves stands "
		"still\n");
}
