/* See sessions.h. */
#include "control/sessions.h"

void sessions_init(struct sessions *s, const struct sessions_settings *set)
{
	*s = (struct sessions){.set = *set};
}

void sessions_fini(struct sessions *s)
{
	vec_fini(&s->list);
}

static size_t place(const struct sessions *s, int32_t broker)
{
	size_t lo = 0, hi = s->list.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->list.v[mid].broker < broker)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct session *find(const struct sessions *s, int32_t broker)
{
	size_t at = place(s, broker);

	return at < s->list.n && s->list.v[at].broker == broker ? &s->list.v[at] : NULL;
}

static struct session *find_or_add(struct sessions *s, int32_t broker)
{
	size_t at = place(s, broker);
	struct session fresh = {broker, -1, INT64_MAX};

	if (at < s->list.n && s->list.v[at].broker == broker)
		return &s->list.v[at];
	vec_push(&s->list, fresh);
	memmove(&s->list.v[at + 1], &s->list.v[at], (s->list.n - 1 - at) * sizeof(fresh));
	s->list.v[at] = fresh;
	return &s->list.v[at];
}

void sessions_begin(struct sessions *s, const struct image *img, int64_t now_ms)
{
	sessions_end(s);
	vec_foreach (b, &img->brokers)
		if (!(*b)->fenced)
			find_or_add(s, (*b)->id)->due_ms = now_ms + s->set.grace_ms;
}

void sessions_end(struct sessions *s)
{
	vec_clear(&s->list);
}

void sessions_heard(struct sessions *s, int32_t broker, int64_t now_ms)
{
	struct session *e = find_or_add(s, broker);

	e->heard_ms = now_ms;
	e->due_ms = now_ms + s->set.session_ms;
}

void sessions_closed(struct sessions *s, int32_t broker, int64_t now_ms)
{
	struct session *e = find(s, broker);

	if (!e || e->due_ms == INT64_MAX)
		return;
	e->heard_ms = now_ms;
	if (e->due_ms > now_ms + s->set.grace_ms)
		e->due_ms = now_ms + s->set.grace_ms;
}

void sessions_dead(struct sessions *s, int32_t broker, int64_t now_ms)
{
	struct session *e = find(s, broker);

	if (e && e->due_ms != INT64_MAX && e->due_ms > now_ms)
		e->due_ms = now_ms;
}

void sessions_drop(struct sessions *s, int32_t broker)
{
	struct session *e = find(s, broker);

	if (e)
		e->due_ms = INT64_MAX;
}

int64_t sessions_next(const struct sessions *s)
{
	int64_t next = INT64_MAX;

	vec_foreach (e, &s->list)
		if (e->due_ms < next)
			next = e->due_ms;
	return next;
}

int32_t sessions_due(const struct sessions *s, int64_t now_ms, int32_t *ids, int32_t max)
{
	int32_t n = 0;

	vec_foreach (e, &s->list)
		if (e->due_ms <= now_ms && n < max)
			ids[n++] = e->broker;
	return n;
}

bool sessions_is_due(const struct sessions *s, int32_t broker, int64_t now_ms)
{
	const struct session *e = find(s, broker);

	return e && e->due_ms <= now_ms;
}

int64_t sessions_heard_ms(const struct sessions *s, int32_t broker)
{
	const struct session *e = find(s, broker);

	return e ? e->heard_ms : -1;
}
