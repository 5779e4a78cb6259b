/* See fetch_session.h. */
#include "api/fetch_session.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"

struct fetch_sessions {
	struct map by_id;
	struct list by_use;
	size_t n, n_parts;
	int32_t slots;
	struct buf key;
};

struct fetch_sessions *fetch_sessions_new(int32_t slots)
{
	struct fetch_sessions *s = ALLOC(struct fetch_sessions);

	map_init(&s->by_id);
	list_init(&s->by_use);
	s->slots = slots;
	return s;
}

size_t fetch_sessions_count(const struct fetch_sessions *s)
{
	return s->n;
}

void fetch_sessions_free(struct fetch_sessions *s)
{
	if (!s)
		return;
	list_foreach (n, &s->by_use)
		fetch_session_free(s, CONTAINER_OF(n, struct fetch_session, node));
	map_fini(&s->by_id);
	buf_fini(&s->key);
	free(s);
}

/* ---- partitions ------------------------------------------------------------------------------ */

void fetch_part_init(struct fetch_part *p)
{
	*p = (struct fetch_part){.told_high = -1, .told_start = -1};
	chain_init(&p->records);
}

void fetch_part_drop(struct fetch_part *p)
{
	delay_watch_end(&p->watch);
	delay_watch_end(&p->high);
	partition_put(p->partition);
	p->partition = NULL;
}

void fetch_part_fini(struct fetch_part *p)
{
	chain_fini(&p->records);
	fetch_part_drop(p);
}

void fetch_part_stir(struct fetch_part *p)
{
	if (!list_holds(&p->live))
		list_push_back(&p->session->live, &p->live);
}

void fetch_part_rest(struct fetch_part *p)
{
	list_remove(&p->live);
}

void fetch_session_begin_anew(struct fetch_session *f)
{
	list_foreach (n, &f->parts) {
		struct fetch_part *p = CONTAINER_OF(n, struct fetch_part, node);

		fetch_part_drop(p);
		fetch_part_stir(p);
	}
}

static struct slice key_of(struct fetch_sessions *s, const struct fetch_session *f, struct str name,
	const struct uuid *id, int32_t index)
{
	uint8_t tail[4];

	put_be32(tail, (uint32_t)index);
	buf_clear(&s->key);
	if (f->by_id)
		buf_put(&s->key, id->b, sizeof(id->b));
	else
		buf_put(&s->key, name.p ? name.p : "", name.n);
	buf_put(&s->key, tail, sizeof(tail));
	return buf_slice(&s->key);
}

static void part_free(struct fetch_part *p)
{
	list_remove(&p->node);
	list_remove(&p->live);
	fetch_part_fini(p);
	free((void *)(uintptr_t)p->name.p);
	free(p);
}

struct fetch_part *fetch_session_part(struct fetch_sessions *s, struct fetch_session *f,
	struct str name, const struct uuid *id, int32_t index)
{
	struct slice key = key_of(s, f, name, id, index);
	struct fetch_part *p = map_get(&f->by_key, key);

	if (p || s->n_parts >= FETCH_SESSION_PARTS)
		return p;
	p = ALLOC(struct fetch_part);
	fetch_part_init(p);
	if (!f->by_id)
		p->name = (struct str){str_dup(name), name.n};
	p->id = *id;
	p->index = index;
	p->session = f;
	map_put(&f->by_key, key, p);
	list_push_back(&f->parts, &p->node);
	fetch_part_stir(p);
	f->n_parts++;
	s->n_parts++;
	return p;
}

void fetch_session_forget(struct fetch_sessions *s, struct fetch_session *f, struct str name,
	const struct uuid *id, int32_t index)
{
	struct fetch_part *p = map_del(&f->by_key, key_of(s, f, name, id, index));

	if (!p)
		return;
	part_free(p);
	f->n_parts--;
	s->n_parts--;
}

/* ---- sessions -------------------------------------------------------------------------------- */

void fetch_session_free(struct fetch_sessions *s, struct fetch_session *f)
{
	map_del64(&s->by_id, (uint64_t)f->id);
	list_remove(&f->node);
	list_foreach (n, &f->parts)
		part_free(CONTAINER_OF(n, struct fetch_part, node));
	map_fini(&f->by_key);
	s->n_parts -= f->n_parts;
	s->n--;
	free(f);
}

static bool gives_way(const struct fetch_session *f, bool to_follower, int64_t now_ms)
{
	if (f->fetch)
		return false;
	return now_ms - f->used_ms >= FETCH_SESSION_IDLE_MS || (to_follower && !f->follower);
}

/* Takes one out for another; false: all are in use. */
static bool evict(struct fetch_sessions *s, bool to_follower, int64_t now_ms)
{
	list_foreach (n, &s->by_use) {
		struct fetch_session *f = CONTAINER_OF(n, struct fetch_session, node);

		if (gives_way(f, to_follower, now_ms)) {
			fetch_session_free(s, f);
			return true;
		}
	}
	return false;
}

static int32_t new_id(const struct fetch_sessions *s, struct rng *rng)
{
	int32_t id;

	do {
		id = (int32_t)(rng_u64(rng) & INT32_MAX);
	} while (id == 0 || fetch_session_find(s, id));
	return id;
}

struct fetch_session *fetch_session_new(struct fetch_sessions *s, struct rng *rng, bool follower,
	bool by_id, size_t n, int64_t now_ms)
{
	struct fetch_session *f;

	/* Nobody gives way for what has no room anyway. */
	if (s->slots <= 0 || n > FETCH_SESSION_PARTS)
		return NULL;
	while (s->n >= (size_t)s->slots || s->n_parts + n > FETCH_SESSION_PARTS)
		if (!evict(s, follower, now_ms))
			return NULL;
	f = ALLOC(struct fetch_session);
	f->id = new_id(s, rng);
	f->epoch = 1;
	f->follower = follower;
	f->by_id = by_id;
	f->used_ms = now_ms;
	list_init(&f->parts);
	list_init(&f->live);
	map_init(&f->by_key);
	map_put64(&s->by_id, (uint64_t)f->id, f);
	list_push_back(&s->by_use, &f->node);
	s->n++;
	return f;
}

struct fetch_session *fetch_session_find(const struct fetch_sessions *s, int32_t id)
{
	return map_get64(&s->by_id, (uint64_t)id);
}

void fetch_session_touch(struct fetch_sessions *s, struct fetch_session *f, int64_t now_ms)
{
	f->used_ms = now_ms;
	list_remove(&f->node);
	list_push_back(&s->by_use, &f->node);
}
