/*
 * A cluster that is to be: which nodes, by which files, at which addresses, who votes. Nothing is
 * changed on the disk before a plan has passed its checks.
 *
 *   plan_read_files -> plan_fill -> plan_addresses -> plan_check -> plan_write
 */
#ifndef LOCAL_PLAN_H
#define LOCAL_PLAN_H

#include "local/priv.h"

#define PLAN_VOTERS 3

struct plan_setting {
	char *key, *value;
};

/* One address that a node listens on. */
struct plan_address {
	char *name; /* of the listener; NULL: it is for HTTP */
	char *host; /* "" is loopback */
	uint16_t port;
	bool is_controller;
	bool chosen; /* by us: another will do as well */
};

struct plan_node {
	int32_t id;
	const char *file;                  /* NULL: it has none; borrowed */
	VEC(struct plan_setting) settings; /* the file's, in its order */
	VEC(struct plan_address) addresses;
	char *data;
	bool serves, votes;
	bool had_data; /* before this plan */
	bool written;  /* its settings, by plan_write */
};

struct plan {
	const char *dir; /* borrowed */
	VEC(struct plan_node) nodes;
	char *voters; /* controller.quorum.voters that we give them; NULL: files have theirs */
	const char *zookeeper; /* what the files name; NULL: nothing; borrowed from a setting */
	bool faults;
};

void plan_fini(struct plan *p);
/* NULL: the file does not have it. The last of several counts. */
const char *plan_get(const struct plan_node *n, const char *key);

/* A node a file. ERR_EXISTS: named twice; ERR_INVALID, ERR_IO of reading. */
int plan_read_files(
	struct plan *p, const char *const *files, size_t n_files, struct err *e) MUSTCHECK;
/* Until there are `brokers`: ids go on from the highest, from 1 where no file is. */
void plan_fill(struct plan *p, size_t brokers);
/* Gives every node its addresses, and the plan its voters. */
int plan_addresses(
	struct loop *l, struct plan *p, const struct local_wish *w, struct err *e) MUSTCHECK;
/* Nothing is there twice, nothing is taken; notes who had data. */
int plan_check(struct loop *l, struct plan *p, struct err *e) MUSTCHECK;
/* The folders and their server.properties. */
int plan_write(struct plan *p, struct err *e) MUSTCHECK;
/* What plan_write wrote, and the data under DIR that brokers made since, after the cluster did not
 * come up. Data that was there before stays, and so do logs, for who wants to know why. */
void plan_take_back(const struct plan *p);

#endif
