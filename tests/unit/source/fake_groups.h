/*
 * The groups of the fake cluster, each on one of its two brokers and with commits in both
 * partitions of "orders".
 */
#ifndef FAKE_GROUPS_H
#define FAKE_GROUPS_H

#include "admin/groups.h"

struct fake_group {
	char name[24];
	const char *state; /* "Stable" … */
	const char *type;  /* "classic" … */
	int32_t broker;
	int64_t committed[2]; /* -1: none */
	int members;
	bool gone;
	bool linger;                 /* only lists have forgotten it */
	unsigned described, fetched; /* how often it was asked for */
};

struct fake_groups {
	struct fake_group *v;
	size_t n, cap;
	int lists, describes, fetches; /* requests */
	size_t most;                   /* groups in one of them */
	int64_t describe_ms, fetch_ms; /* how long an answer takes */
	int16_t no_list;               /* Kafka's error instead of a list */
	int16_t no_commits;            /* … of commits */
	int16_t no_describe;
	int64_t grow; /* records that come right after each answer for commits, in both partitions;
		       * before it everything is committed */
	bool two;     /* half of an answer first */
};

extern struct fake_groups fake_groups;

void fake_groups_init(void);
void fake_groups_fini(void);
/* n of them named "g-00000" …, by turns on broker 1 and 2. */
void fake_groups_add(size_t n);
void fake_list_groups(int32_t broker, admin_reply_fn *fn, void *arg);

#endif
