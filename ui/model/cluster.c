/* Snapshots read: parts and their age, look-ups, problems. */
#include "model/impl.h"

#include "base/err.h"
#include "model/format.h"
#include "wire/kerr.h"

int64_t part_age_ms(const struct part *p, int64_t now_ms)
{
	return p->at_ms < 0 ? -1 : max_i64(0, now_ms - p->at_ms);
}

enum part_state part_state(const struct part *p, int64_t now_ms)
{
	int64_t age = part_age_ms(p, now_ms);

	if (p->code == ERR_DENIED)
		return PART_DENIED;
	if (age < 0)
		return p->code ? PART_FAILED : PART_NEVER;
	return p->interval_ms && age > 2 * (int64_t)p->interval_ms ? PART_STALE : PART_LIVE;
}

void part_why(struct buf *out, const struct part *p)
{
	if (p->code == ERR_DENIED)
		buf_puts(out, "denied");
	else if (p->kerr)
		buf_puts(out, kerr_text(p->kerr));
	else if (p->code == ERR_TIMEOUT || p->code == ERR_CLOSED || p->code == ERR_IO ||
		 p->code == ERR_REFUSED)
		buf_puts(out, "broker does not answer");
	else if (p->code)
		buf_puts(out, err_name(p->code));
}

const char *broker_state_name(enum broker_state s)
{
	static const char *const names[] = {"unknown", "up", "stale", "down"};

	return names[s];
}

const char *broker_word(const struct broker *b)
{
	return b->process == PROCESS_PAUSED ? "paused" : broker_state_name(b->state);
}

void progress_put(struct buf *out, const struct progress *p)
{
	switch (p->step) {
	case PROGRESS_CONNECTING:
		buf_puts(out, "connecting");
		break;
	case PROGRESS_METADATA:
		buf_puts(out, "metadata");
		break;
	case PROGRESS_OFFSETS:
		buf_printf(out, "offsets %d/%d brokers", p->done, p->total);
		break;
	case PROGRESS_READY:
		return;
	}
	if (p->why[0])
		buf_printf(out, ": %s", p->why);
}

const struct cluster *cluster_ref(const struct cluster *c)
{
	((struct cluster *)(uintptr_t)c)->refs++;
	return c;
}

void cluster_unref(const struct cluster *c)
{
	struct cluster *own = (struct cluster *)(uintptr_t)c;

	if (!own || --own->refs > 0)
		return;
	for (size_t i = 0; i < own->n_topics; i++)
		topic_unref(own->topics[i]);
	groups_unref(own);
	free((void *)(uintptr_t)own->topics);
	free((void *)(uintptr_t)own->brokers);
	free(own);
}

const struct broker *cluster_broker(const struct cluster *c, int32_t id)
{
	size_t lo = 0, hi = c->n_brokers;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->brokers[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->n_brokers && c->brokers[lo].id == id ? &c->brokers[lo] : NULL;
}

ptrdiff_t cluster_topic_at(const struct cluster *c, struct str name)
{
	size_t lo = 0, hi = c->n_topics;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (str_cmp(c->topics[mid]->name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < c->n_topics && str_cmp(c->topics[lo]->name, name) == 0 ? (ptrdiff_t)lo : -1;
}

const struct topic *cluster_topic(const struct cluster *c, struct str name)
{
	ptrdiff_t at = cluster_topic_at(c, name);

	return at < 0 ? NULL : c->topics[at];
}

bool cluster_is_other(const char *a, const char *b)
{
	return a[0] && b[0] && strcmp(a, b) != 0;
}

void cluster_put_controller(struct buf *out, const struct cluster *c)
{
	if (c->controller < 0)
		buf_puts(out, "none");
	else
		fmt_count(out, c->controller);
}

/* ---- problems ---------------------------------------------------------------------------- */

struct gather {
	struct problem *out;
	size_t max, n;
};

static void add(struct gather *g, struct problem p)
{
	if (g->n < g->max)
		g->out[g->n] = p;
	g->n++;
}

static bool below_min_isr(const struct topic *t, const struct partition *p)
{
	return t->min_isr > 0 && p->n_isr < min_i64(t->min_isr, p->n_replicas);
}

static bool has_problem(const struct cluster *c, const struct topic *t, const struct partition *p,
	enum problem_kind kind)
{
	switch (kind) {
	case PROBLEM_OFFLINE:
		return partition_offline(p);
	case PROBLEM_UNDER:
		return partition_under_replicated(p);
	case PROBLEM_MIN_ISR:
		return below_min_isr(t, p);
	case PROBLEM_UNPREFERRED:
		return p->leader >= 0 && p->leader != partition_preferred(p);
	case PROBLEM_ORPHAN:
		return partition_is_orphan(c, p);
	case PROBLEM_BROKER:
	case PROBLEM_TROUBLE:
	case PROBLEM_FAULT:
		break;
	}
	return false;
}

/* Nothing of it can be wrong: its partitions need no look. */
static bool is_fine(const struct cluster *c, const struct topic *t)
{
	return !t->n_under && !t->n_offline && !t->n_unpreferred && t->min_isr <= 1 &&
	       !c->totals.orphans;
}

static void add_topics(struct gather *g, const struct cluster *c, enum problem_kind kind)
{
	for (size_t i = 0; i < c->n_topics; i++) {
		const struct topic *t = c->topics[i];
		struct problem p = {.kind = kind, .broker = -1, .topic = t, .partition = -1};

		if (is_fine(c, t))
			continue;
		for (int32_t k = 0; k < t->n_partitions; k++) {
			if (!has_problem(c, t, &t->partitions[k], kind))
				continue;
			if (p.count++ == 0)
				p.partition = t->partitions[k].index;
		}
		if (p.count)
			add(g, p);
	}
}

static void add_broker(struct gather *g, enum problem_kind kind, const struct broker *b)
{
	add(g, (struct problem){
		       .kind = kind, .broker = b->id, .partition = -1, .count = b->n_replicas});
}

static bool said_before(const struct cluster *c, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(c->brokers[k].trouble, c->brokers[i].trouble) == 0 &&
			!broker_is_gone(&c->brokers[k]))
			return true;
	return false;
}

static void add_brokers(struct gather *g, const struct cluster *c, enum problem_kind kind)
{
	for (size_t i = 0; i < c->n_brokers; i++) {
		const struct broker *b = &c->brokers[i];

		if (kind == PROBLEM_BROKER && broker_is_gone(b))
			add_broker(g, kind, b);
		if (broker_is_gone(b))
			continue;
		if (kind == PROBLEM_TROUBLE && b->trouble[0] && !said_before(c, i))
			add_broker(g, kind, b);
		if (kind == PROBLEM_FAULT && b->fault[0]) {
			add_broker(g, kind, b);
			return;
		}
	}
}

size_t cluster_problems(const struct cluster *c, struct problem *out, size_t max)
{
	struct gather g = {out, max, 0};

	add_topics(&g, c, PROBLEM_OFFLINE);
	add_brokers(&g, c, PROBLEM_TROUBLE);
	if (c->totals.orphans)
		add_topics(&g, c, PROBLEM_ORPHAN);
	add_brokers(&g, c, PROBLEM_BROKER);
	add_brokers(&g, c, PROBLEM_FAULT);
	add_topics(&g, c, PROBLEM_MIN_ISR);
	add_topics(&g, c, PROBLEM_UNDER);
	add_topics(&g, c, PROBLEM_UNPREFERRED);
	return g.n;
}

bool partition_is_orphan(const struct cluster *c, const struct partition *p)
{
	const struct broker *b = cluster_broker(c, p->leader);

	return b && broker_is_gone(b);
}

static bool offsets_there(const struct cluster *c, const struct partition *p)
{
	const struct broker *leader = cluster_broker(c, p->leader);

	return p->offsets_ms >= 0 || p->error || !leader || leader->offsets.code ||
	       broker_is_gone(leader);
}

bool topic_offsets_there(const struct cluster *c, const struct topic *t)
{
	for (int32_t i = 0; i < t->n_partitions; i++)
		if (!offsets_there(c, &t->partitions[i]))
			return false;
	return true;
}

int32_t topic_orphans(const struct cluster *c, const struct topic *t)
{
	int32_t n = 0;

	for (int32_t i = 0; c->totals.orphans && i < t->n_partitions; i++)
		n += partition_is_orphan(c, &t->partitions[i]);
	return n;
}

bool replica_is_lost(const struct cluster *c, const struct replica *r)
{
	const struct broker *b = cluster_broker(c, r->broker);

	return r->offline || !b || b->state == BROKER_DOWN;
}

int32_t topic_below_min_isr(const struct topic *t)
{
	int32_t n = 0;

	for (int32_t i = 0; i < t->n_partitions; i++)
		n += below_min_isr(t, &t->partitions[i]);
	return n;
}

static bool lacks(const struct topic *t, int32_t broker)
{

	for (int32_t i = 0; i < t->n_partitions; i++) {
		const struct partition *p = &t->partitions[i];
		const struct replica *r = partition_replica(p, broker);

		if (r && (!r->in_sync || (partition_offline(p) && r->offline)))
			return true;
	}
	return false;
}

static const char *why_lacked(const struct broker *b)
{
	if (b->process == PROCESS_PAUSED)
		return "is paused";
	/* It runs: what was done to it is why the cluster takes it for lost. */
	if (b->process == PROCESS_RUNS && b->fault[0])
		return b->fault;
	if (b->state == BROKER_DOWN)
		return "is down";
	if (b->state == BROKER_STALE)
		return "does not answer";
	return b->fault[0] ? b->fault : "is catching up";
}

static bool leads(const struct topic *t, int32_t broker)
{
	for (int32_t i = 0; i < t->n_partitions; i++)
		if (t->partitions[i].leader == broker)
			return true;
	return false;
}

/* Whose fault it is that a topic is not well. */
typedef bool blame_fn(const struct topic *t, const struct broker *b);

static bool gone_and_lacked(const struct topic *t, const struct broker *b)
{
	return b->state != BROKER_UP && b->state != BROKER_UNKNOWN && lacks(t, b->id);
}

static bool up_and_lacked(const struct topic *t, const struct broker *b)
{
	return (b->state == BROKER_UP || b->state == BROKER_UNKNOWN) && lacks(t, b->id);
}

static bool gone_and_leads(const struct topic *t, const struct broker *b)
{
	return broker_is_gone(b) && leads(t, b->id);
}

#define NAMED 6 /* brokers that a line names */

/* "broker 1 is down", "brokers 1, 2, 3 do not answer": b and those behind it of whom the same is
 * to be said. */
static void put_blamed(struct buf *out, const struct cluster *c, const struct topic *t,
	blame_fn *blamed, const struct broker *b, const char *verb)
{
	const char *why = why_lacked(b);
	struct buf ids = BUF_EMPTY;
	int n = 0;

	for (; b < c->brokers + c->n_brokers; b++) {
		if (!blamed(t, b) || strcmp(why_lacked(b), why) != 0)
			continue;
		if (n++ < NAMED)
			buf_printf(&ids, "%s%d", n > 1 ? ", " : "", b->id);
	}
	buf_printf(out, "broker%s %s", n > 1 ? "s" : "", buf_z(&ids));
	if (n > NAMED)
		buf_printf(out, " and %d more", n - NAMED);
	if (n > 1 && strncmp(why, "is ", 3) == 0)
		buf_printf(out, "%sare %s", verb, why + 3);
	else if (n > 1 && strncmp(why, "does ", 5) == 0)
		buf_printf(out, "%sdo %s", verb, why + 5);
	else
		buf_printf(out, "%s%s", verb, why);
	buf_fini(&ids);
}

/* One before it says the same. */
static bool blamed_before(
	const struct cluster *c, const struct topic *t, blame_fn *blamed, const struct broker *b)
{
	for (const struct broker *x = c->brokers; x < b; x++)
		if (blamed(t, x) && strcmp(why_lacked(x), why_lacked(b)) == 0)
			return true;
	return false;
}

/* Returns what stands before the next. */
static const char *put_all_blamed(struct buf *out, const struct cluster *c, const struct topic *t,
	blame_fn *blamed, const char *sep, const char *next, const char *verb)
{
	for (size_t i = 0; i < c->n_brokers; i++) {
		const struct broker *b = &c->brokers[i];

		if (!blamed(t, b) || blamed_before(c, t, blamed, b))
			continue;
		buf_puts(out, sep);
		put_blamed(out, c, t, blamed, b, verb);
		sep = next;
	}
	return sep;
}

/* Those that are gone first, then those that are behind. */
void topic_put_reason(struct buf *out, const struct cluster *c, const struct topic *t)
{
	const char *sep = put_all_blamed(out, c, t, gone_and_lacked, ": ", ", ", " ");

	(void)put_all_blamed(out, c, t, up_and_lacked, sep, ", ", " ");
}

void topic_put_orphaned(struct buf *out, const struct cluster *c, const struct topic *t)
{
	(void)put_all_blamed(out, c, t, gone_and_leads, " led by ", ", and ", ", which ");
}

#define NO_CONTROLLER "no controller: "

/* ": start broker 1 or 2": voters that do not run, as many of them as a majority lacks. */
static void put_to_start(struct buf *out, const struct cluster *c)
{
	int32_t lacking = c->voters / 2 + 1 - c->voters_run, ended = 0;
	const char *sep = "";

	for (size_t i = 0; i < c->n_brokers; i++)
		ended += c->brokers[i].votes && c->brokers[i].process != PROCESS_RUNS;
	if (!ended)
		return;
	buf_puts(out, ": start ");
	if (lacking > 1 && lacking < ended)
		buf_printf(out, "%d of ", lacking);
	buf_puts(out, lacking > 1 && ended > 1 ? "brokers " : "broker ");
	for (size_t i = 0; i < c->n_brokers; i++) {
		if (!c->brokers[i].votes || c->brokers[i].process == PROCESS_RUNS)
			continue;
		buf_printf(out, "%s%d", sep, c->brokers[i].id);
		sep = lacking == 1 ? " or " : lacking < ended ? ", " : " and ";
	}
}

/* "no controller, 1 of 3 voters runs: start broker 1 or 2; topics and leaders cannot change" */
static void put_why_trouble(struct buf *out, const struct cluster *c, const char *trouble)
{
	size_t n = strlen(NO_CONTROLLER);

	if (strncmp(trouble, NO_CONTROLLER, n) != 0 || !cluster_cannot_elect(c, c->voters_run)) {
		buf_puts(out, trouble);
		return;
	}
	buf_printf(out, "no controller, %d of %d voters %s", c->voters_run, c->voters,
		c->voters_run == 1 ? "runs" : "run");
	put_to_start(out, c);
	buf_printf(out, "; %s", trouble + n);
}

/* "brokers 1, 4: no controller: topics and leaders cannot change" */
static void put_trouble(struct buf *out, const struct cluster *c, const struct broker *b)
{
	struct buf ids = BUF_EMPTY;
	int n = 0;

	for (size_t i = 0; i < c->n_brokers; i++)
		if (!broker_is_gone(&c->brokers[i]) &&
			strcmp(c->brokers[i].trouble, b->trouble) == 0)
			buf_printf(&ids, "%s%d", n++ ? ", " : "", c->brokers[i].id);
	buf_printf(out, "broker%s %s: ", n > 1 ? "s" : "", buf_z(&ids));
	put_why_trouble(out, c, b->trouble);
	buf_fini(&ids);
}

static void put_faults(struct buf *out, const struct cluster *c)
{
	const char *sep = "on purpose: ";

	for (size_t i = 0; i < c->n_brokers; i++) {
		const struct broker *b = &c->brokers[i];

		if (broker_is_gone(b) || !b->fault[0])
			continue;
		buf_printf(out, "%sbroker %d %s", sep, b->id, b->fault);
		sep = "; ";
	}
}

static void put_gone(struct buf *out, const struct broker *b, const struct problem *p)
{
	buf_printf(out, "broker %d %s, ", p->broker, b ? why_lacked(b) : "is down");
	fmt_things(out, p->count, "replica");
	buf_puts(out, " there");
	if (b && b->why[0])
		buf_printf(out, ": %s", b->why);
}

void problem_put(struct buf *out, const struct cluster *c, const struct problem *p)
{
	static const char *const words[] = {
		[PROBLEM_OFFLINE] = "without a leader",
		[PROBLEM_ORPHAN] = "",
		[PROBLEM_UNDER] = "under-replicated",
		[PROBLEM_MIN_ISR] = "below min.insync.replicas: acks=all is refused",
		[PROBLEM_UNPREFERRED] = "not led by their preferred replica",
	};
	const struct broker *b = p->topic ? NULL : cluster_broker(c, p->broker);

	if (p->kind == PROBLEM_BROKER)
		put_gone(out, b, p);
	else if (p->kind == PROBLEM_TROUBLE && b)
		put_trouble(out, c, b);
	else if (p->kind == PROBLEM_FAULT)
		put_faults(out, c);
	if (!p->topic)
		return;
	buf_printf(out, "topic %.*s: ", STR_ARG(p->topic->name));
	fmt_things_of(out, p->count, p->topic->n_partitions, "partition");
	if (p->kind == PROBLEM_ORPHAN) {
		topic_put_orphaned(out, c, p->topic);
		return;
	}
	buf_printf(out, " %s", words[p->kind]);
	if (p->kind != PROBLEM_UNPREFERRED)
		topic_put_reason(out, c, p->topic);
}
