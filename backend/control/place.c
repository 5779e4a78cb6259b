/* Replica placement: see place.h. */
#include "control/place.h"

#include <assert.h>

static void shuffle(struct placer_broker *v, int32_t n, struct rng *rng)
{
	for (int32_t i = n - 1; i > 0; i--) {
		int32_t k = (int32_t)rng_below(rng, (uint64_t)i + 1);
		struct placer_broker t = v[i];

		v[i] = v[k];
		v[k] = t;
	}
}

/* Brokers without a rack share one. */
static struct str rack_of(const struct image *img, int32_t id)
{
	return image_broker(img, id)->rack;
}

/* Numbers the racks as they come and the brokers within them, live and dead ones apart. */
static void number_racks(struct placer *p, const struct image *img)
{
	for (int32_t i = 0; i < p->n; i++) {
		struct placer_broker *b = &p->ring[i];

		b->rack = -1;
		for (int32_t k = 0; k < i; k++) {
			if (!str_eq(rack_of(img, p->ring[k].id), rack_of(img, b->id)))
				continue;
			b->rack = p->ring[k].rack;
			b->turn += p->ring[k].dead == b->dead;
		}
		if (b->rack < 0)
			b->rack = p->n_racks++;
	}
}

static int by_turn(const void *pa, const void *pb)
{
	const struct placer_broker *a = pa, *b = pb;

	if (a->dead != b->dead)
		return a->dead - b->dead;
	return a->turn != b->turn ? a->turn - b->turn : a->rack - b->rack;
}

int placer_init(struct placer *p, const struct control_env *env)
{
	const struct image *img = env->image;

	memset(p, 0, sizeof(*p));
	p->n = (int32_t)img->brokers.n;
	p->ring = arena_array(env->arena, img->brokers.n + 1, sizeof(*p->ring));
	p->rack_uses = arena_array(env->arena, img->brokers.n + 1, sizeof(*p->rack_uses));
	if (!p->ring || !p->rack_uses)
		return ERR_NOMEM;
	for (int32_t i = 0; i < p->n; i++) {
		p->ring[i].id = img->brokers.v[i]->id;
		p->ring[i].dead = !control_live(img, p->ring[i].id);
		p->n_live += !p->ring[i].dead;
	}
	shuffle(p->ring, p->n, env->rng);
	number_racks(p, img);
	qsort(p->ring, (size_t)p->n, sizeof(*p->ring), by_turn);
	p->start = p->n_live ? rng_below(env->rng, (uint64_t)p->n_live) : 0;
	return 0;
}

int placer_check(const struct placer *p, const struct control_env *env, int32_t n_replicas,
	struct control_fault *f)
{
	if (p->n_live == 0)
		return control_fail(env, f, KERR_INVALID_REPLICATION_FACTOR,
			"None of the %d registered brokers is available (all are fenced or "
			"shutting "
			"down). Start a broker, or wait until one has caught up.",
			p->n);
	if (n_replicas > p->n)
		return control_fail(env, f, KERR_INVALID_REPLICATION_FACTOR,
			"Unable to replicate the partition %d time(s): The target replication "
			"factor of %d cannot be reached because only %d broker(s) are registered. "
			"Ask for at most %d, or start %d more.",
			n_replicas, n_replicas, p->n, p->n, n_replicas - p->n);
	return 0;
}

/* The k-th broker to ask for a follower: the live ones behind the leader, then the dead ones. */
static int32_t candidate(const struct placer *p, int32_t leader, uint64_t shift, int32_t k)
{
	int32_t others = p->n_live - 1;

	if (k >= others)
		return k + 1;
	return (leader + 1 + (int32_t)((shift + (uint64_t)k) % (uint64_t)others)) % p->n_live;
}

static int32_t pick_follower(const struct placer *p, int32_t leader, uint64_t shift)
{
	int32_t best = -1;

	for (int32_t k = 0; k < p->n - 1; k++) {
		int32_t i = candidate(p, leader, shift, k);
		const struct placer_broker *b = &p->ring[i];

		if (b->taken)
			continue;
		if (b->dead && best >= 0 && !p->ring[best].dead)
			break;
		if (best < 0 || p->rack_uses[b->rack] < p->rack_uses[p->ring[best].rack])
			best = i;
	}
	return best;
}

static int32_t take(struct placer *p, int32_t i)
{
	p->ring[i].taken = true;
	p->rack_uses[p->ring[i].rack]++;
	return p->ring[i].id;
}

void placer_next(struct placer *p, int32_t n_replicas, int32_t *out)
{
	uint64_t live = (uint64_t)p->n_live;
	int32_t leader = (int32_t)((p->start + p->next) % live);
	uint64_t shift = p->next / live;

	assert(n_replicas >= 1 && n_replicas <= p->n);
	for (int32_t i = 0; i < p->n; i++)
		p->ring[i].taken = false;
	memset(p->rack_uses, 0, (size_t)p->n_racks * sizeof(*p->rack_uses));
	out[0] = take(p, leader);
	for (int32_t i = 1; i < n_replicas; i++)
		out[i] = take(p, pick_follower(p, leader, shift));
	p->next++;
}
