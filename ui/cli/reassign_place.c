/*
 * Where --generate puts replicas. Brokers stand in a ring in which racks take turns. Partition p's
 * first replica, the preferred leader, goes to the ring's place start + p; the others follow it at
 * a distance that grows with every turn of the ring, so that the followers of one broker's leaders
 * are spread over all others. A broker whose rack has a replica already is passed over while some
 * rack has none.
 */
#include "cli/reassign.h"

#include <stdlib.h>
#include <string.h>

struct seat {
	int32_t id;
	size_t rack; /* number of its rack */
	size_t turn; /* how many of that rack stand before it */
};

struct ring {
	struct seat *seats;
	size_t n, racks;
};

static int by_rack(const void *a, const void *b)
{
	const struct place_broker *x = a, *y = b;
	int order = str_cmp(x->rack, y->rack);

	return order ? order : (x->id > y->id) - (x->id < y->id);
}

static int by_turn(const void *a, const void *b)
{
	const struct seat *x = a, *y = b;

	if (x->turn != y->turn)
		return x->turn < y->turn ? -1 : 1;
	return (x->rack > y->rack) - (x->rack < y->rack);
}

static struct ring ring_of(const struct place_broker *brokers, size_t n, struct arena *a)
{
	struct ring r = {arena_array(a, n, sizeof(*r.seats)), n, 0};
	struct place_broker *sorted = arena_array(a, n, sizeof(*sorted));

	memcpy(sorted, brokers, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_rack);
	for (size_t i = 0; i < n; i++) {
		bool same = i && str_eq(sorted[i - 1].rack, sorted[i].rack);

		r.racks += !same;
		r.seats[i] = (struct seat){
			sorted[i].id, r.racks - 1, same ? r.seats[i - 1].turn + 1 : 0};
	}
	qsort(r.seats, n, sizeof(*r.seats), by_turn);
	return r;
}

struct pick {
	bool *seat, *rack; /* taken */
	size_t racks;      /* that have one */
};

static bool fits(const struct ring *r, const struct pick *p, size_t seat)
{
	return !p->seat[seat] && (p->racks == r->racks || !p->rack[r->seats[seat].rack]);
}

static void take(const struct ring *r, struct pick *p, size_t seat)
{
	p->seat[seat] = true;
	p->racks += !p->rack[r->seats[seat].rack];
	p->rack[r->seats[seat].rack] = true;
}

void place_replicas(const struct place_broker *brokers, size_t n_brokers, int32_t factor, size_t n,
	size_t *start, struct arena *a, struct ids *out)
{
	struct ring r = ring_of(brokers, n_brokers, a);
	struct pick p = {arena_array(a, r.n, sizeof(bool)), arena_array(a, r.n, sizeof(bool)), 0};

	for (size_t i = 0; i < n; i++, ++*start) {
		size_t first = *start % r.n, shift = *start / r.n;
		int32_t *ids = arena_array(a, (size_t)factor, sizeof(*ids));
		int32_t have = 0;

		memset(p.seat, 0, r.n * sizeof(bool));
		memset(p.rack, 0, r.n * sizeof(bool));
		p.racks = 0;
		take(&r, &p, first);
		ids[have++] = r.seats[first].id;
		/* Two rounds: what the first passed over for its rack, the second takes. */
		for (size_t step = 0; have < factor; step++) {
			size_t seat = (first + 1 + (shift + step) % (r.n - 1)) % r.n;

			if (!fits(&r, &p, seat))
				continue;
			take(&r, &p, seat);
			ids[have++] = r.seats[seat].id;
		}
		out[i] = (struct ids){ids, factor};
	}
}
