/* See worker.h. */
#include "lab/worker.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "io/child.h"
#include "model/lag.h"
#include "traffic/traffic.h"

#define SHARES_MAX 100000

void worker_set_state(struct worker *w, enum lab_state state)
{
	if (w->m.state == state)
		return;
	w->m.state = state;
	w->m.since_wall_ms = clock_wall_ms(loop_clock(w->engine->loop));
	engine_changed(w->engine);
}

/* ---- what it holds ----------------------------------------------------------------------------
 */

/* Where it stands, or would stand. */
static size_t place(const struct worker *w, const struct proto_line *l, bool *there)
{
	size_t i;

	for (i = 0; i < w->shares.n; i++) {
		const struct lab_share *s = &w->shares.v[i];
		int order = strcmp(s->topic, l->topic);
		if (order == 0)
			order = (s->partition > l->partition) - (s->partition < l->partition);
		*there = order == 0;
		if (order >= 0)
			return i;
	}
	*there = false;
	return i;
}

static void show_shares(struct worker *w)
{
	w->m.shares = w->shares.v;
	w->m.n_shares = w->shares.n;
}

static int own(struct worker *w, const struct proto_line *l)
{
	bool there;
	size_t at = place(w, l, &there);
	struct lab_share *s;

	if (there || w->shares.n >= SHARES_MAX)
		return ERR_INVALID;
	(void)vec_add(&w->shares);
	s = &w->shares.v[at];
	memmove(s + 1, s, (w->shares.n - 1 - at) * sizeof(*s));
	*s = (struct lab_share){.partition = l->partition, .next = -1, .committed = -1};
	snprintf(s->topic, sizeof(s->topic), "%s", l->topic);
	show_shares(w);
	return 0;
}

/* NULL: it does not hold it. */
static struct lab_share *share_of(struct worker *w, const struct proto_line *l)
{
	bool there;
	size_t at = place(w, l, &there);

	return there ? &w->shares.v[at] : NULL;
}

static int drop(struct worker *w, const struct proto_line *l)
{
	struct lab_share *s = share_of(w, l);

	if (!s)
		return ERR_INVALID;
	vec_remove(&w->shares, (size_t)(s - w->shares.v));
	show_shares(w);
	return 0;
}

/* ---- what it says -----------------------------------------------------------------------------
 */

static void begins(struct worker *w, const struct proto_line *l)
{
	struct ledger_gap gap;

	if (l->number < 0) /* nothing is committed: PROTO_BEGIN will tell */
		return;
	gap = ledger_begin(&w->engine->ledger, w->m.spec.group, l->topic, l->partition, l->number);
	w->m.again = lag_plus(w->m.again, gap.again);
	w->m.lost = lag_plus(w->m.lost, gap.lost);
}

static int on_place(struct worker *w, const struct proto_line *l)
{
	struct lab_share *s = share_of(w, l);
	struct ledger *ledger = &w->engine->ledger;

	if (w->m.spec.kind != LAB_CONSUMER || (!s && l->word != PROTO_COMMITTED) || l->number < 0)
		return ERR_INVALID;
	switch ((int)l->word) {
	case PROTO_BEGIN:
		begins(w, l);
		break;
	case PROTO_AT:
		s->next = l->number;
		ledger_at(ledger, w->m.spec.group, l->topic, l->partition, l->number);
		break;
	case PROTO_COMMITTING:
		ledger_commit(ledger, w->m.spec.group, l->topic, l->partition, l->number);
		break;
	case PROTO_COMMITTED:
		w->m.commit_wall_ms = clock_wall_ms(loop_clock(w->engine->loop));
		if (s)
			s->committed = l->number;
		break;
	}
	return 0;
}

static int on_share(struct worker *w, const struct proto_line *l)
{
	if (w->m.spec.kind != LAB_CONSUMER)
		return ERR_INVALID;
	switch ((int)l->word) {
	case PROTO_OWN:
		if (own(w, l) < 0)
			return ERR_INVALID;
		begins(w, l);
		break;
	case PROTO_DROP:
		return drop(w, l);
	case PROTO_SHARED:
		if (l->number != (int64_t)w->shares.n)
			return ERR_INVALID;
		w->m.rebalances++;
		if (w->m.state == LAB_STARTING)
			worker_set_state(w, LAB_RUNNING);
		break;
	case PROTO_OUT:
		w->m.put_out = l->number != 0;
		break;
	}
	return 0;
}

static int take(struct worker *w, const struct proto_line *l)
{
	switch (l->word) {
	case PROTO_READY:
		if (w->m.spec.kind == LAB_PRODUCER && w->m.state == LAB_STARTING)
			worker_set_state(w, LAB_RUNNING);
		return 0;
	case PROTO_OWN:
	case PROTO_DROP:
	case PROTO_SHARED:
	case PROTO_OUT:
		return on_share(w, l);
	case PROTO_BEGIN:
	case PROTO_AT:
	case PROTO_COMMITTING:
	case PROTO_COMMITTED:
		return on_place(w, l);
	case PROTO_DONE:
		w->m.done = lag_plus(w->done_before, l->number);
		return 0;
	case PROTO_FAILED:
		w->m.failed = lag_plus(w->failed_before, l->number);
		return 0;
	case PROTO_TROUBLE:
	case PROTO_FATAL:
		snprintf(w->m.why, sizeof(w->m.why), "%s", l->text);
		return 0;
	case PROTO_WORD_COUNT:
		break;
	}
	return ERR_INVALID;
}

/* A child that cannot be understood cannot be told anything either: it is ended. */
static void end_for(struct worker *w, const char *what, struct str line)
{
	struct buf why = BUF_EMPTY;

	buf_puts(&why, what);
	utf8_put_visible(&why, (struct str){line.p, min_size(line.n, 60)});
	w->nonsense = true;
	snprintf(w->m.why, sizeof(w->m.why), "%s", buf_z(&why));
	buf_fini(&why);
	(void)!child_kill(w->child, SIGKILL, false);
}

static void on_line(void *arg, char *line, size_t n)
{
	struct worker *w = arg;
	struct proto_line l;
	struct str text = {line, n};

	if (w->nonsense)
		return;
	if (proto_parse(&l, text) < 0 || take(w, &l) < 0)
		end_for(w, "it said what no member says, and was ended: ", text);
	engine_changed(w->engine);
}

static void on_end(void *arg, const struct err *e)
{
	struct worker *w = arg;

	if (e && !w->nonsense)
		end_for(w, "it was ended: it wrote ", str_of(e->msg));
}

/* ---- its process ------------------------------------------------------------------------------
 */

static void close_pipes(struct worker *w)
{
	line_reader_close(&w->in);
	line_writer_close(&w->out);
}

static void settle(struct worker *w, int exit_code, int term_signal)
{
	vec_clear(&w->shares);
	show_shares(w);
	w->m.term_signal = term_signal;
	w->m.put_out = false;
	w->m.rate = NAN;
	if (!w->nonsense && exit_code == 0)
		w->m.why[0] = 0;
	else if (!w->nonsense && exit_code > 0 && !w->m.why[0])
		snprintf(w->m.why, sizeof(w->m.why), "it ended with exit status %d", exit_code);
	worker_set_state(w, w->nonsense || exit_code > 0 ? LAB_FAILED
			    : term_signal                ? LAB_KILLED
							 : LAB_STOPPED);
	if (w->m.state == LAB_KILLED)
		w->m.why[0] = 0;
}

/* What it has said before its end is in the pipe still. */
static void on_exit_of(void *arg, struct child *c, int exit_code, int term_signal)
{
	struct worker *w = arg;

	line_reader_drain(&w->in);
	close_pipes(w);
	w->child = NULL;
	child_free(c);
	settle(w, exit_code, term_signal);
}

/* Secrets among the properties go this way, not through the list of arguments. */
static void put_settings(struct worker *w)
{
	const struct engine *g = w->engine;
	struct buf *out = &w->out.out, text = BUF_EMPTY;

	proto_put_setting(out, "bootstrap", str_of(g->bootstrap));
	for (size_t i = 0; i < g->o.n_properties; i++) {
		buf_clear(&text);
		buf_printf(&text, "%s=%s", g->properties[i].name, g->properties[i].value);
		proto_put_setting(out, "property", buf_str(&text));
	}
	buf_fini(&text);
	proto_put_spec(out, &w->m.spec);
	proto_put_setting(out, "go", STR_NULL);
}

static void begin_figures(struct worker *w)
{
	w->done_before = w->m.done;
	w->failed_before = w->m.failed;
	w->n_samples = 0;
	w->m.rate = NAN;
	w->m.commit_wall_ms = -1;
	w->m.term_signal = 0;
	w->m.why[0] = 0;
	w->nonsense = false;
}

static int open_pipes(struct worker *w, struct err *e)
{
	struct loop *l = w->engine->loop;
	int rc = line_reader_open(&w->in, l, child_take_stdout(w->child), PROTO_FROM_MEMBER_MAX,
		on_line, on_end, w, e);

	return rc < 0 ? rc : line_writer_open(&w->out, l, child_take_stdin(w->child), e);
}

int worker_start(struct worker *w, struct err *e)
{
	static const char *const self[] = {"/proc/self/exe", "--lab-member", NULL};
	struct child_options o = {.argv = w->engine->o.program ? w->engine->o.program : self,
		.out = {.to = CHILD_PIPE},
		.err = {.to = CHILD_NULL},
		.stdin_pipe = true,
		.new_session = true, /* a ^C is for the console */
		.die_with_parent = true};
	int rc;

	w->child = child_spawn(w->engine->loop, &o, on_exit_of, w, e);
	if (!w->child)
		return e->code;
	begin_figures(w);
	rc = open_pipes(w, e);
	if (rc < 0) {
		(void)!child_kill(w->child, SIGKILL, false);
		return rc;
	}
	w->m.pid = child_pid(w->child);
	w->m.state = LAB_STOPPED;
	worker_set_state(w, LAB_STARTING);
	put_settings(w);
	line_writer_flush(&w->out);
	return 0;
}

void worker_tell(struct worker *w, const char *word)
{
	proto_put_setting(&w->out.out, word, STR_NULL);
	line_writer_flush(&w->out);
}

void worker_edit(struct worker *w, const struct lab_spec *s)
{
	struct lab_spec *own = &w->m.spec;

	own->rate = s->rate;
	own->keys = s->keys;
	own->hot_percent = s->hot_percent;
	own->size = s->size;
	own->process_ms = s->process_ms;
	own->commit = s->commit;
	if (w->child) {
		proto_put_edit(&w->out.out, own);
		line_writer_flush(&w->out);
	}
	engine_changed(w->engine);
}

/* ---- its row ----------------------------------------------------------------------------------
 */

void worker_sample(struct worker *w)
{
	int last;

	if (!w->child)
		return;
	if (w->n_samples == RATE_SAMPLES) {
		w->n_samples--;
		memmove(w->samples, w->samples + 1, sizeof(w->samples[0]) * (RATE_SAMPLES - 1));
		memmove(w->sample_ms, w->sample_ms + 1,
			sizeof(w->sample_ms[0]) * (RATE_SAMPLES - 1));
	}
	last = w->n_samples++;
	w->samples[last] = w->m.done;
	w->sample_ms[last] = loop_now_ms(w->engine->loop);
	if (last > 0)
		w->m.rate = (double)(w->samples[last] - w->samples[0]) * 1000 /
			    (double)max_i64(w->sample_ms[last] - w->sample_ms[0], 1);
}

struct worker *worker_new(struct engine *g, const struct lab_spec *s)
{
	struct worker *w = ALLOC(struct worker);

	w->engine = g;
	w->m = (struct lab_member){.id = g->next_id++,
		.spec = *s,
		.state = LAB_STOPPED,
		.rate = NAN,
		.commit_wall_ms = -1,
		.since_wall_ms = clock_wall_ms(loop_clock(g->loop))};
	w->in.fd = w->out.fd = -1;
	return w;
}

void worker_free(struct worker *w)
{
	if (w->child) {
		(void)!child_kill(w->child, SIGKILL, false);
		child_free(w->child);
	}
	close_pipes(w);
	vec_fini(&w->shares);
	free(w);
}
