/*
 * A cluster of three brokers on the test's own loop with one topic, "orders", and a client on it.
 * Tests move its leaders, stop its brokers and make them misbehave.
 */
#ifndef TESTS_ADMIN_CLUSTER_H
#define TESTS_ADMIN_CLUSTER_H

#include "../link/fake_broker.h"
#include "admin/admin.h"

enum { BROKERS = 3, MAX_PARTS = 6000 };

struct test {
	struct loop *loop;
	struct fake *fake[BROKERS];
	struct admin *admin;
	struct admin_options opt;
	char bootstrap[128];
	/* the cluster */
	int32_t controller;
	int32_t n_parts;
	int32_t leader[MAX_PARTS];
	bool no_topic;
	enum fake_action act;
	/* what came */
	bool done;
	unsigned replies;
	struct err err;
	int16_t version;
	int16_t code;
	size_t n;
	int32_t brokers_with_error;
	char text[400];
	struct admin_offset *offsets;
	int16_t fetch_error;
	char fetched[64];
};

/* What the client is given as callbacks: each notes what came, in the struct. */
void got_refresh(void *arg, const struct err *e);
void got_reply(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena);
void got_created(
	void *arg, const struct err *e, int16_t version, const void *response, struct arena *arena);
void got_each(void *arg, int32_t broker, const struct err *e, int16_t version, const void *response,
	size_t left);
void got_offsets(void *arg, const struct admin_offset *all, size_t n, int32_t broker, size_t left);
void got_fetch(void *arg, const struct admin_fetched *got, size_t n, size_t left);
/* Turns until the last callback has come. */
void wait_done(struct test *t);
/* Makes the client; nothing is asked yet. */
void open_client(struct test *t);
/* All topics are in the cache afterwards. */
void refresh_all(struct test *t);
int cluster_setup(void **state);
int cluster_teardown(void **state);
/* Of the partitions 0 to n - 1 of orders. */
void ask_offsets(struct test *t, size_t n, int64_t timestamp, int64_t timeout_ms);
void ask_create(struct test *t, const char *name);

#endif
