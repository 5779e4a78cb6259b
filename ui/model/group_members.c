/* Members of a group: decoded from what DescribeGroups says, named, shared by snapshots. */
#include "model/impl.h"

#include "base/arena.h"
#include "base/xalloc.h"
#include "model/group_feed.h"
#include "wire/msg.h"

/* What one group's members may take: subscriptions and assignments come from any client. */
#define MEMBERS_BYTES ((size_t)4 << 20)

struct group_members *members_new(void)
{
	struct group_members *m = ALLOC(struct group_members);

	m->refs = 1;
	return m;
}

void members_unref(struct group_members *m)
{
	if (m && --m->refs == 0)
		free(m);
}

static int compare_given(const void *a, const void *b)
{
	const struct group_given *x = a, *y = b;
	int by_topic = str_cmp(x->topic, y->topic);

	return by_topic ? by_topic : (x->partition > y->partition) - (x->partition < y->partition);
}

static const char *text(struct arena *a, struct str s)
{
	char *z = s.n ? arena_alloc(a, s.n + 1) : NULL;

	if (!z)
		return "";
	memcpy(z, s.p, s.n);
	return z;
}

/* Version, then the message; a newer version may end with more than is known here. */
static bool decode(const struct msg_desc *d, struct slice in, struct arena *a, void *out)
{
	int16_t version;
	size_t used;

	msg_init(d, out);
	if (in.n < 2)
		return false;
	version = (int16_t)get_be16(in.p);
	if (version < 0)
		return false;
	return msg_decode(d, (int16_t)min_i64(version, d->max), slice_of(in.p + 2, in.n - 2), a,
		       out, &used) == 0;
}

static void read_assignment(struct group_member *m, struct slice in, struct arena *a)
{
	struct consumer_protocol_assignment as;
	struct group_given *v;
	size_t n = 0;

	if (!decode(&consumer_protocol_assignment_desc, in, a, &as))
		return;
	for (int32_t i = 0; i < as.n_assigned_partitions; i++)
		n += (size_t)max_i64(0, as.assigned_partitions[i].n_partitions);
	v = arena_array(a, n, sizeof(*v));
	if (!v)
		return;
	for (int32_t i = 0; i < as.n_assigned_partitions; i++) {
		struct str topic = str_of(text(a, as.assigned_partitions[i].topic));

		for (int32_t k = 0; k < as.assigned_partitions[i].n_partitions; k++)
			if (as.assigned_partitions[i].partitions[k] >= 0)
				v[m->n_given++] = (struct group_given){
					topic, as.assigned_partitions[i].partitions[k]};
	}
	if (m->n_given > 1)
		qsort(v, m->n_given, sizeof(*v), compare_given);
	m->given = v;
}

static void read_subscription(struct group_member *m, struct slice in, struct arena *a)
{
	struct consumer_protocol_subscription sub;
	struct str *v;

	if (!decode(&consumer_protocol_subscription_desc, in, a, &sub) || sub.n_topics <= 0)
		return;
	v = arena_array(a, (size_t)sub.n_topics, sizeof(*v));
	if (!v)
		return;
	for (int32_t i = 0; i < sub.n_topics; i++)
		v[i] = str_of(text(a, sub.topics[i]));
	m->topics = v;
	m->n_topics = (size_t)sub.n_topics;
}

static int by_id(const void *a, const void *b)
{
	const struct group_member *x = a, *y = b;

	return strcmp(x->id, y->id);
}

static int by_client(const void *a, const void *b)
{
	const struct group_member *x = a, *y = b;
	int client = strcmp(x->client, y->client);

	return client ? client : by_id(a, b);
}

static int by_label(const void *a, const void *b)
{
	const struct group_member *x = a, *y = b;
	int label = strcmp(x->label, y->label);

	return label ? label : by_id(a, b);
}

/* Clients are often all called the same ("rdkafka"): then only the id tells them apart. */
static void name_them(struct group_members *all)
{
	vec_sort(all, by_client);
	for (size_t i = 0; i < all->n; i++) {
		struct group_member *m = &all->v[i];
		bool twin = (i && !strcmp(m->client, m[-1].client)) ||
			    (i + 1 < all->n && !strcmp(m->client, m[1].client));

		m->label = group_member_name(
			str_of(m->instance), str_of(m->client), twin, str_of(m->id))
				   .p;
	}
	vec_sort(all, by_label);
}

/* Partitions of what a member subscribed to, as far as metadata knows. */
static size_t readable(const struct model *m, const struct group_member *member)
{
	size_t n = 0;

	for (size_t i = 0; i < member->n_topics; i++) {
		const struct slot *s = model_slot(m, member->topics[i]);

		n += s ? (size_t)s->t->n_partitions : 0;
	}
	return n;
}

static enum idle why_idle(const struct model *m, const struct group_members *all,
	const struct group_member *member, enum group_state state)
{
	size_t n = readable(m, member);

	if (member->n_given)
		return IDLE_NO;
	if (group_state_moving(state))
		return IDLE_REBALANCE;
	if (!n && m->metadata.at_ms >= 0 && member->n_topics)
		return IDLE_NOTHING;
	return n && all->n > n ? IDLE_SURPLUS : IDLE_OTHER;
}

/* ---- one block instead of an arena, as there may be thousands of groups ------------------- */

struct pack {
	struct group_given *given;
	struct str *topics;
	char *text; /* where the next string goes */
};

static size_t text_of(const struct group_member *m)
{
	size_t n = strlen(m->id) + strlen(m->client) + strlen(m->host) + strlen(m->instance) + 4;

	for (size_t i = 0; i < m->n_given; i++)
		if (!i || m->given[i].topic.p != m->given[i - 1].topic.p)
			n += m->given[i].topic.n + 1;
	for (size_t i = 0; i < m->n_topics; i++)
		n += m->topics[i].n + 1;
	return n;
}

static const char *pack_text(struct pack *p, const char *z)
{
	size_t n = strlen(z) + 1;
	char *at = memcpy(p->text, z, n);

	p->text += n;
	return at;
}

static void pack_member(struct pack *p, struct group_member *to, const struct group_member *from)
{
	*to = *from;
	to->id = pack_text(p, from->id);
	to->client = pack_text(p, from->client);
	to->host = pack_text(p, from->host);
	to->instance = pack_text(p, from->instance);
	to->given = p->given;
	to->topics = p->topics;
	for (size_t i = 0; i < from->n_given; i++) {
		bool again = i && from->given[i].topic.p == from->given[i - 1].topic.p;

		*p->given = from->given[i];
		p->given->topic.p =
			again ? p->given[-1].topic.p : pack_text(p, from->given[i].topic.p);
		p->given++;
	}
	for (size_t i = 0; i < from->n_topics; i++) {
		p->topics->p = pack_text(p, from->topics[i].p);
		p->topics++->n = from->topics[i].n;
	}
}

static struct group_members *pack(const struct group_member *v, size_t n)
{
	size_t n_given = 0, n_topics = 0, text = 0;
	struct group_members *all;
	struct pack p;

	for (size_t i = 0; i < n; i++) {
		n_given += v[i].n_given;
		n_topics += v[i].n_topics;
		text += text_of(&v[i]);
	}
	all = xmalloc(sizeof(*all) + n * sizeof(*v) + n_given * sizeof(*p.given) +
		      n_topics * sizeof(*p.topics) + text);
	*all = (struct group_members){.refs = 1, .n = n};
	all->v = (struct group_member *)(void *)(all + 1);
	p.given = (struct group_given *)(void *)(all->v + n);
	p.topics = (struct str *)(void *)(p.given + n_given);
	p.text = (char *)(p.topics + n_topics);
	for (size_t i = 0; i < n; i++)
		pack_member(&p, &all->v[i], &v[i]);
	return all;
}

static void read_member(
	struct group_member *m, const struct feed_member *f, bool consumers, struct arena *a)
{
	m->id = text(a, f->id);
	m->client = text(a, f->client);
	m->host = text(a, f->host);
	m->instance = text(a, f->instance);
	if (!consumers)
		return;
	read_assignment(m, f->assignment, a);
	read_subscription(m, f->subscription, a);
}

struct group_members *members_read(
	const struct model *m, const struct feed_group *in, enum group_state state)
{
	bool consumers = str_eqz(in->type, "consumer");
	struct group_member *v = xcalloc(in->n_members + 1, sizeof(*v));
	struct group_members *all;
	struct arena a;

	arena_init(&a, MEMBERS_BYTES);
	for (size_t i = 0; i < in->n_members; i++)
		read_member(&v[i], &in->members[i], consumers, &a);
	all = pack(v, in->n_members);
	arena_fini(&a);
	free(v);
	name_them(all);
	for (size_t i = 0; i < all->n; i++)
		all->v[i].idle =
			(uint8_t)(consumers ? why_idle(m, all, &all->v[i], state) : IDLE_NO);
	return all;
}

static bool same_member(const struct group_member *x, const struct group_member *y)
{
	if (strcmp(x->id, y->id) != 0 || strcmp(x->client, y->client) != 0 ||
		strcmp(x->host, y->host) != 0 || strcmp(x->instance, y->instance) != 0 ||
		x->n_given != y->n_given || x->n_topics != y->n_topics || x->idle != y->idle)
		return false;
	for (size_t i = 0; i < x->n_given; i++)
		if (compare_given(&x->given[i], &y->given[i]) != 0)
			return false;
	for (size_t i = 0; i < x->n_topics; i++)
		if (!str_eq(x->topics[i], y->topics[i]))
			return false;
	return true;
}

bool members_same(const struct group_members *a, const struct group_members *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_member(&a->v[i], &b->v[i]))
			return false;
	return true;
}

int32_t members_owner(const struct group_members *m, struct str topic, int32_t partition)
{
	struct group_given key = {topic, partition};

	for (size_t i = 0; m && i < m->n; i++)
		if (m->v[i].n_given &&
			bsearch(&key, m->v[i].given, m->v[i].n_given, sizeof(key), compare_given))
			return (int32_t)i;
	return -1;
}
