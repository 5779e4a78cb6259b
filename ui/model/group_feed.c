/* Groups into the draft: lists, descriptions, commits. */
#include "model/group_feed.h"

#include "base/xalloc.h"
#include "model/impl.h"
#include <math.h>

struct gslot *model_gslot(const struct model *m, struct str name)
{
	return map_gets(&m->group_by_name, name);
}

/* ---- memory ------------------------------------------------------------------------------- */

/* The history of ends of a partition, made when there is room; NULL. */
static struct ends *slot_ends(struct model *m, struct slot *s, ptrdiff_t at)
{
	const struct partition *p = &s->t->partitions[at];

	if (!s->ends)
		s->ends = xcalloc((size_t)s->t->n_partitions + 1, sizeof(struct ends *));
	if (!s->ends[at] && m->lag_bytes + sizeof(struct ends) <= LAG_HISTORY_MAX) {
		s->ends[at] = ALLOC(struct ends);
		m->lag_bytes += sizeof(struct ends);
		ends_init(s->ends[at]);
		if (p->hw >= 0)
			ends_add(s->ends[at], p->offsets_ms, p->hw);
	}
	return s->ends[at];
}

void slot_ends_free(struct model *m, struct slot *s, int32_t n)
{
	for (int32_t i = 0; s->ends && i < n; i++) {
		if (!s->ends[i])
			continue;
		m->lag_bytes -= sizeof(struct ends);
		free(s->ends[i]);
	}
	free(s->ends);
	s->ends = NULL;
}

#define TRACK_BYTES (sizeof(struct gpart_track) + (GROUP_SPARK + 1) * sizeof(float))

static struct gpart_track *track(struct model *m, struct gpart *p)
{
	if (p->track || m->lag_bytes + TRACK_BYTES > LAG_HISTORY_MAX)
		return p->track;
	p->track = ALLOC(struct gpart_track);
	m->lag_bytes += TRACK_BYTES;
	series_init(&p->track->spark, GROUP_SPARK + 1, GROUP_SPARK_MS);
	return p->track;
}

static void gpart_fini(struct model *m, struct gpart *p)
{
	if (p->track) {
		series_fini(&p->track->spark);
		m->lag_bytes -= TRACK_BYTES;
	}
	free(p->track);
	free(p->metadata);
}

/* Free what they own, history too. */
static void gtopic_free(struct model *m, struct gtopic *t)
{
	vec_foreach (p, &t->parts)
		gpart_fini(m, p);
	vec_fini(&t->parts);
	free(t->name);
}

static void gslot_free(struct model *m, struct gslot *g)
{
	vec_foreach (t, &g->topics)
		gtopic_free(m, t);
	vec_fini(&g->topics);
	members_unref(g->members);
	members_unref(g->stable);
	group_unref(g->g);
	series_fini(&g->lag);
	free(g->protocol);
	free(g->type);
	free(g->assignor);
	free(g->why);
	free(g->name_z);
	free(g);
}

void groups_forget(struct model *m)
{
	vec_foreach (g, &m->groups)
		gslot_free(m, *g);
	vec_clear(&m->groups);
	map_clear(&m->group_by_name);
	m->group_shape++;
}

static struct gslot *gslot_make(struct model *m, struct str name)
{
	struct gslot *g = model_gslot(m, name);

	if (g)
		return g;
	g = ALLOC(struct gslot);
	g->name_z = xcalloc(1, name.n + 1);
	memcpy(g->name_z, name.p ? name.p : "", name.n);
	g->name = (struct str){g->name_z, name.n};
	g->members = members_new();
	g->coordinator = g->generation = g->stable_generation = -1;
	g->listed_ms = g->moving_ms = g->rest_ms = -1;
	g->describe.at_ms = g->offsets.at_ms = -1;
	series_init(&g->lag, 60, 60000);
	map_puts(&m->group_by_name, name, g);
	vec_push(&m->groups, g);
	m->groups_unsorted = true;
	m->group_shape++;
	return g;
}

struct gtopic *gslot_topic(struct gslot *g, struct str topic, bool make)
{
	size_t lo = 0, hi = g->topics.n;
	struct gtopic *t;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (str_cmp(g->topics.v[mid].str, topic) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo < g->topics.n && str_cmp(g->topics.v[lo].str, topic) == 0)
		return &g->topics.v[lo];
	if (!make)
		return NULL;
	(void)vec_add(&g->topics);
	t = &g->topics.v[lo];
	memmove(t + 1, t, (g->topics.n - 1 - lo) * sizeof(*t));
	*t = (struct gtopic){.name = xcalloc(1, topic.n + 1)};
	memcpy(t->name, topic.p ? topic.p : "", topic.n);
	t->str = (struct str){t->name, topic.n};
	return t;
}

struct gpart *gtopic_part(struct gtopic *t, int32_t partition, bool make)
{
	size_t at = t->parts.n;
	struct gpart *p;

	/* Nearly always asked for in order, or at its own place. */
	if (partition >= 0 && (size_t)partition < at &&
		t->parts.v[partition].partition == partition)
		return &t->parts.v[partition];
	while (at > 0 && t->parts.v[at - 1].partition > partition)
		at--;
	if (at > 0 && t->parts.v[at - 1].partition == partition)
		return &t->parts.v[at - 1];
	if (!make)
		return NULL;
	(void)vec_add(&t->parts);
	p = &t->parts.v[at];
	memmove(p + 1, p, (t->parts.n - 1 - at) * sizeof(*p));
	*p = (struct gpart){.partition = partition,
		.epoch = -1,
		.committed = -1,
		.committed_ms = -1,
		.end = -1,
		.next = -1,
		.next_ms = -1,
		.lagging_ms = -1,
		.unread_offset = -1};
	return p;
}

static void touch(struct model *m, struct gslot *g)
{
	g->touched = m->dirty = true;
}

/* True when it is another text now. */
static bool set_text(char **z, struct str s)
{
	if (str_is_null(s) || (*z && str_eqz(s, *z)))
		return false;
	free(*z);
	*z = str_dup(s);
	return true;
}

/* ---- what groups there are ---------------------------------------------------------------- */

void feed_groups_begin(struct model *m, int32_t broker)
{
	model_track(m, broker)->group_round++;
}

static void set_state(struct gslot *g, enum group_state state, int64_t now_ms)
{
	g->state = (uint8_t)state;
	if (group_state_moving(state)) {
		if (g->moving_ms < 0)
			g->moving_ms = now_ms;
		g->rest_ms = -1;
	} else if (g->rest_ms < 0) {
		g->rest_ms = now_ms;
	}
}

void feed_group_listed(struct model *m, int64_t now_ms, int32_t broker, struct str name,
	struct str state, struct str type, struct str protocol)
{
	struct gslot *g = gslot_make(m, name);
	uint8_t was = g->state;
	bool other = !g->g || g->coordinator != broker;

	g->coordinator = broker;
	g->list_round = model_track(m, broker)->group_round;
	g->misses = 0;
	g->listed_ms = now_ms;
	other |= set_text(&g->type, type);
	other |= set_text(&g->protocol, protocol);
	if (!str_is_null(state))
		set_state(g, group_state_of(state), now_ms);
	/* A list names all of them; what it says nothing new about is not built anew. */
	if (other || g->state != was)
		touch(m, g);
}

/* ---- groups of a coordinator that is gone for good ---- */

/* Whoever takes a group over loads it first; until then it is in nobody's list. */
#define GROUP_LOADS_MS 5000

/* Some group's commits lie where nobody can read them: it will be listed when they can. */
static bool lacks_a_coordinator(struct model *m)
{
	const struct slot *s = model_slot(m, STR_LIT("__consumer_offsets"));

	for (int32_t i = 0; s && i < s->t->n_partitions; i++) {
		const struct broker *b = model_broker(m, s->t->partitions[i].leader);

		if (!b || broker_is_gone(b))
			return true;
	}
	return false;
}

/* As of when all coordinators that there are have listed their groups; -1: one has not, or one is
 * lacking. */
static int64_t all_listed_ms(struct model *m, int64_t now_ms)
{
	int64_t at = INT64_MAX;

	if (lacks_a_coordinator(m)) {
		m->lacking_ms = now_ms;
		return -1;
	}
	vec_foreach (b, &m->brokers) {
		if (!model_track(m, b->id)->seen)
			continue;
		if (b->groups.code || b->groups.kerr || b->groups.at_ms < 0)
			return -1;
		at = min_i64(at, b->groups.at_ms);
	}
	return at == INT64_MAX ? -1 : at;
}

/* Its coordinator is not of the cluster any more, and nobody has taken it over. */
static bool is_abandoned(struct model *m, const struct gslot *g, int64_t all_ms)
{
	const struct broker *b = model_broker(m, g->coordinator);
	int64_t since = max_i64(m->lacking_ms, max_i64(g->listed_ms, g->describe.at_ms));

	if (all_ms < 0 || g->coordinator < 0 || (b && model_track(m, b->id)->seen))
		return false;
	if (b)
		since = max_i64(since, b->since_ms);
	return all_ms >= since + GROUP_LOADS_MS;
}

void feed_groups_end(struct model *m, int64_t now_ms, int32_t broker, int32_t interval_ms)
{
	uint32_t round = model_track(m, broker)->group_round;
	struct broker *b = model_broker(m, broker);
	size_t kept = 0;
	int64_t all_ms;

	if (b)
		b->groups = (struct part){.at_ms = now_ms, .interval_ms = interval_ms};
	m->dirty = true;
	all_ms = all_listed_ms(m, now_ms);
	for (size_t i = 0; i < m->groups.n; i++) {
		struct gslot *g = m->groups.v[i];
		bool gone = is_abandoned(m, g, all_ms);

		if (g->coordinator == broker && g->list_round != round) {
			g->state = GROUP_DEAD;
			touch(m, g);
			gone = ++g->misses > 1;
		}
		if (!gone) {
			m->groups.v[kept++] = g;
			continue;
		}
		map_dels(&m->group_by_name, g->name);
		gslot_free(m, g);
		m->group_shape++;
	}
	m->groups.n = kept;
}

void feed_groups_failed(
	struct model *m, int32_t broker, int32_t interval_ms, int code, int16_t kerr)
{
	struct broker *b = model_broker(m, broker);

	if (!b)
		return;
	b->groups.interval_ms = interval_ms;
	b->groups.code = (int16_t)code;
	b->groups.kerr = kerr;
	m->dirty = true;
}

/* ---- descriptions ------------------------------------------------------------------------- */

/* Rows of partitions that somebody has now, committed or not. */
static void add_given(struct gslot *g)
{
	for (size_t i = 0; i < g->members->n; i++)
		for (size_t k = 0; k < g->members->v[i].n_given; k++) {
			const struct group_given *v = &g->members->v[i].given[k];

			gtopic_part(gslot_topic(g, v->topic, true), v->partition, true);
		}
}

static int32_t count_moved(const struct group_members *a, const struct group_members *b)
{
	int32_t moved = 0;

	for (size_t i = 0; i < b->n; i++)
		for (size_t k = 0; k < b->v[i].n_given; k++) {
			const struct group_given *v = &b->v[i].given[k];
			int32_t was = members_owner(a, v->topic, v->partition);

			moved += was < 0 || strcmp(a->v[was].id, b->v[i].id) != 0;
		}
	return moved;
}

/* The group came to rest: what this rebalance changed, seen from the last rest. */
static void note_rebalance(struct gslot *g, int64_t now_ms)
{
	struct rebalance *r = &g->rebalance;
	bool other = !g->stable || !members_same(g->stable, g->members) ||
		     g->generation != g->stable_generation;

	if (g->stable && (other || g->moving_ms >= 0)) {
		struct buf why = BUF_EMPTY;
		int32_t total = 0;

		gslot_put_why(&why, g, now_ms);
		free(g->why);
		g->why = xstrdup(buf_z(&why));
		buf_fini(&why);
		for (size_t i = 0; i < g->members->n; i++)
			total += (int32_t)g->members->v[i].n_given;
		*r = (struct rebalance){.count = r->count + 1,
			.at_ms = now_ms,
			.paused_ms = g->moving_ms < 0 ? -1 : g->rest_ms - g->moving_ms,
			.moved = count_moved(g->stable, g->members),
			.total = total,
			.from = g->stable_generation,
			.to = g->generation};
	}
	g->moving_ms = -1;
	members_unref(g->stable);
	g->stable = g->members;
	g->stable->refs++;
	g->stable_generation = g->generation;
}

void feed_group(struct model *m, int64_t now_ms, const struct feed_group *in)
{
	struct gslot *g = gslot_make(m, in->name);
	enum group_state state = group_state_of(in->state);
	struct group_members *members = members_read(m, in, state);

	g->coordinator = in->coordinator;
	g->generation = in->generation;
	g->described = true;
	set_text(&g->type, in->type);
	set_text(&g->assignor, in->assignor);
	set_state(g, state, now_ms);
	if (members_same(members, g->members)) {
		members_unref(members);
	} else {
		members_unref(g->members);
		g->members = members;
		add_given(g);
	}
	if (state == GROUP_STABLE || state == GROUP_EMPTY)
		note_rebalance(g, now_ms);
	g->describe = (struct part){.at_ms = now_ms, .interval_ms = in->interval_ms};
	touch(m, g);
}

void feed_group_failed(struct model *m, struct str name, int code, int16_t kerr)
{
	struct gslot *g = model_gslot(m, name);

	if (!g)
		return;
	g->describe.code = (int16_t)code;
	g->describe.kerr = kerr;
	touch(m, g);
}

/* ---- commits ------------------------------------------------------------------------------ */

static void take_pair(struct model *m, struct gpart *p, int64_t end, bool about)
{
	int64_t lag = end < 0 || p->next < 0 ? -1 : max_i64(0, end - p->next);
	struct gpart_track *t = p->next < 0 ? p->track : track(m, p);

	p->pending = false;
	p->committed = p->next;
	p->committed_ms = p->next_ms;
	p->epoch = p->next_epoch;
	p->end = end;
	p->about = about;
	if (lag <= 0)
		p->lagging_ms = -1;
	else if (p->lagging_ms < 0)
		p->lagging_ms = p->next_ms;
	if (!t || lag < 0)
		return;
	commits_add(&t->commits, p->next_ms, p->next, lag);
	series_add(&t->spark, p->next_ms, (double)lag);
}

void group_settle(struct model *m, struct slot *s, struct gpart *p, int64_t now_ms)
{
	const struct partition *tp = s ? topic_partition(s->t, p->partition) : NULL;

	if (!p->pending)
		return;
	if (tp && p->next >= 0)
		slot_ends(m, s, tp - s->t->partitions);
	if (tp && tp->hw >= 0 && tp->offsets_ms >= p->next_ms)
		take_pair(m, p, tp->hw, tp->offsets_ms - p->next_ms > LAG_LOOK_MS);
	else if (now_ms - p->next_ms >= SETTLE_LATE_MS || (!tp && m->metadata.at_ms >= 0))
		take_pair(m, p, tp ? tp->hw : -1, true);
}

void feed_commits_begin(struct model *m, struct str group)
{
	struct gslot *g = model_gslot(m, group);

	if (g)
		g->offsets_round++;
}

/* Kafka bounds it by offset.metadata.max.bytes, 4,096 unless set; more is of no use on a screen. */
#define METADATA_MAX 4096

static void set_metadata(struct gpart *p, struct str s)
{
	if (!s.n) {
		free(p->metadata);
		p->metadata = NULL;
		return;
	}
	s.n = min_size(s.n, METADATA_MAX);
	set_text(&p->metadata, s);
}

void feed_commit(struct model *m, int64_t now_ms, struct str group, struct str topic,
	int32_t partition, int64_t offset, int32_t epoch, struct str metadata, int16_t kerr)
{
	struct gslot *g = model_gslot(m, group);
	struct gpart *p;

	if (!g || partition < 0)
		return;
	p = gtopic_part(gslot_topic(g, topic, true), partition, true);
	p->round = g->offsets_round;
	p->kerr = kerr;
	if (kerr)
		return;
	if (p->pending)
		group_settle(m, model_slot(m, topic), p, now_ms);
	/* Its end is still on its way: a newer commit would wait for a newer one, and where ends
	 * take longer than a round no pair would ever be complete. */
	if (p->pending && p->has_commit)
		return;
	/* Nobody looked for long (the machine slept): what was not seen does not count as waiting.
	 */
	if (now_ms - p->next_ms > max_i64(LAG_STALL_MS, 5 * (int64_t)g->offsets.interval_ms))
		p->lagging_ms = -1;
	p->next = offset < 0 ? -1 : offset;
	p->next_epoch = epoch;
	p->next_ms = now_ms;
	p->pending = true;
	p->has_commit = offset >= 0;
	set_metadata(p, metadata);
}

/* No commit any more: expired, or deleted. The row stays while a member has the partition. */
static void forget_commits(struct model *m, struct gslot *g, int64_t now_ms)
{
	for (size_t i = g->topics.n; i-- > 0;) {
		struct gtopic *t = &g->topics.v[i];

		for (size_t k = t->parts.n; k-- > 0;) {
			struct gpart *p = &t->parts.v[k];

			if (p->round == g->offsets_round)
				continue;
			if (members_owner(g->members, t->str, p->partition) < 0) {
				gpart_fini(m, p);
				vec_remove(&t->parts, k);
				continue;
			}
			p->next = -1;
			p->next_ms = now_ms;
			p->pending = true;
			p->has_commit = false;
		}
		if (t->parts.n)
			continue;
		gtopic_free(m, t);
		vec_remove(&g->topics, i);
	}
}

void feed_commits_end(
	struct model *m, int64_t now_ms, struct str group, bool full, int32_t interval_ms)
{
	struct gslot *g = model_gslot(m, group);

	if (!g)
		return;
	if (full)
		forget_commits(m, g, now_ms);
	g->offsets = (struct part){.at_ms = now_ms, .interval_ms = interval_ms};
	touch(m, g);
}

void feed_commits_failed(
	struct model *m, struct str group, int32_t interval_ms, int code, int16_t kerr)
{
	struct gslot *g = model_gslot(m, group);

	if (!g)
		return;
	g->offsets.interval_ms = interval_ms;
	g->offsets.code = (int16_t)code;
	g->offsets.kerr = kerr;
	touch(m, g);
}

void feed_unread(struct model *m, struct str group, struct str topic, int32_t partition,
	int64_t offset, int64_t timestamp_wall_ms)
{
	struct gslot *g = model_gslot(m, group);
	struct gtopic *t = g ? gslot_topic(g, topic, false) : NULL;
	struct gpart *p = t ? gtopic_part(t, partition, false) : NULL;

	if (!p)
		return;
	p->unread_offset = timestamp_wall_ms < 0 ? -1 : offset;
	p->unread_wall_ms = timestamp_wall_ms;
	touch(m, g);
}
