/* A question about many groups, as groups.c asks it: see crowd.c. Inside src/admin only. */
#ifndef ADMIN_CROWD_H
#define ADMIN_CROWD_H

#include "admin/admin_impl.h"
#include "admin/groups.h"

struct crowd;

enum crowd_state { CROWD_OPEN, CROWD_FINDING, CROWD_FOUND, CROWD_ASKED, CROWD_PAUSED, CROWD_DONE };

/* One request on its way. */
struct crowd_batch {
	struct list_node node;
	struct crowd *crowd;
	const struct crowd_kind *kind;
	struct arena arena; /* the request */
	uint32_t *at;       /* indexes of groups */
	size_t n;
	int32_t broker; /* -1: it looks for coordinators */
	int64_t ask;
};

struct crowd_kind {
	int16_t key;
	/* The request for the batch, in its arena. NULL: to know the coordinators is all. */
	const void *(*build)(struct crowd *c, struct crowd_batch *b);
	/* Takes the answer in, which lives as long as the crowd: crowd_told for every group it
	 * tells about, with what was told in the admin_group before that. */
	void (*take)(struct crowd *c, struct crowd_batch *b, int16_t version, void *response);
	int16_t cap; /* highest version, 0: any */
	/* What groups are asked that take() has given to crowd_or_else; NULL: nothing. */
	const struct crowd_kind *or_else;
};

struct crowd {
	struct op op;
	struct admin *admin;
	const struct crowd_kind *kind;
	const void *request; /* of kinds that ask about one group */
	struct arena arena;
	struct admin_group *groups;
	uint8_t *state; /* enum crowd_state */
	bool *or_else;  /* the kind's other question is the group's now */
	size_t n, open;
	bool find_single, ask_single; /* an old broker takes one group a request */
	bool busy, dead;
	bool news; /* answers that have not been reported */
	int64_t deadline_ms;
	uint32_t rounds;
	struct list batches;
	struct io_timer pause, deadline;
	struct loop_defer start;
	admin_groups_fn *fn;
	void *arg;
};

/* The answer for the batch's i-th group: error is final, or passes and the group goes again. */
void crowd_told(struct crowd *c, struct crowd_batch *b, size_t i, int16_t error, struct str said);
/* This is the answer, unless the kind's other question gives a better one. */
void crowd_or_else(
	struct crowd *c, struct crowd_batch *b, size_t i, int16_t error, struct str said);
/* The other question has given none: what was answered before stands. */
void crowd_stands(struct crowd *c, struct crowd_batch *b, size_t i);
/* Which of the batch is that group; b->n: none that still waits. */
size_t crowd_find(const struct crowd *c, const struct crowd_batch *b, struct str group);

#define crowd_group(c, b, i) (&(c)->groups[(b)->at[i]])

/* About n groups, whose names are copied; crowd_start sends it off and returns its id. */
struct crowd *crowd_new(struct admin *a, const struct crowd_kind *kind, const struct str *groups,
	size_t n, int64_t timeout_ms, admin_groups_fn *fn, void *arg);
/* All of them are that broker's until it says otherwise. Before crowd_start. */
void crowd_known(struct crowd *c, int32_t broker);
/* Once, after everything the kind needs is in place. */
int64_t crowd_start(struct crowd *c);

#endif
