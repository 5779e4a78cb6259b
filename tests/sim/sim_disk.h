/*
 * A disk in memory behind struct store_io, for tests that lose power. Everything that it decides
 * comes from one generator, so that a seed gives the same history again.
 *
 *   a file     what programs see, and what is on the platter; fdatasync makes them equal
 *   a folder   the same for its names; sync_dir makes them equal
 *
 * When the process dies, all stays as programs saw it. When the machine dies, each file has for
 * every sector either what was written since its sync or what was there before, and some size
 * between; each folder has lost some of its newest changes since its sync, in order.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "base/clock.h"
#include "base/random.h"
#include "base/vec.h"
#include "store/store_io.h"

#define SIM_SECTOR 512

struct sim_node;

struct sim_disk {
	struct store_io io; /* first */
	struct rng rng;
	const struct clock *clock;    /* for the times of files */
	VEC(struct sim_node *) nodes; /* all there ever were; the first is "/" */
	VEC(struct sim_node *) fds;   /* NULL: free */
	size_t n_open;
	int first_fd; /* of the descriptors; to be set after init */
	uint64_t boot;
	/* Faults, to be set at any time. */
	int64_t room;          /* bytes that files may still grow; -1: no bound */
	uint32_t short_one_in; /* a write comes short once in so many; 0: never */
	int failing_syncs;     /* so many of the next syncs fail */
	/* After so many changing calls the process is dead: the last of them happens in part, and
	 * from then on all calls fail until sim_disk_restart. -1: it lives on. */
	int fuse;
	bool dead;
	bool forgets; /* the next power cut: all that was not synced is gone */
};

void sim_disk_init(struct sim_disk *d, uint64_t seed, const struct clock *clock);
void sim_disk_fini(struct sim_disk *d);
/* An open descriptor of this disk? */
bool sim_disk_has(const struct sim_disk *d, int fd);
/* The next process: no faults, all descriptors were closed. With power_off the machine went down.
 */
void sim_disk_restart(struct sim_disk *d, bool power_off);

#endif
