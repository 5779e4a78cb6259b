/*
 * A Kafka broker for tests: lives on the test's own loop, speaks the real protocol over loopback,
 * and answers from a table of handlers. ApiVersions and framing it does by itself.
 */
#ifndef TESTS_FAKE_BROKER_H
#define TESTS_FAKE_BROKER_H

#include "base/arena.h"
#include "base/list.h"
#include "io/listener.h"
#include "io/loop.h"
#include "wire/api.h"

struct fake;

enum fake_action {
	FAKE_ANSWER,
	FAKE_SILENCE, /* no answer, ever */
	FAKE_HANG_UP, /* the connection ends */
	FAKE_GARBLE,  /* an answer whose body is nonsense */
	FAKE_LATER,   /* answered by fake_release, with what is in response now */
};

/* response is at its defaults; the arena lives until it has been sent. */
typedef enum fake_action fake_fn(void *arg, struct fake *f, const struct request_header *h,
	const void *request, void *response, struct arena *a);

#define FAKE_KEYS 100

struct fake {
	struct loop *loop;
	struct listener *listener;
	struct list conns;
	int32_t id;
	uint16_t port;
	char address[32];
	fake_fn *fn[FAKE_KEYS];
	void *arg[FAKE_KEYS];
	int16_t min[FAKE_KEYS], max[FAKE_KEYS]; /* max -1: not offered */
	unsigned seen[FAKE_KEYS];
	int16_t last_version[FAKE_KEYS];
	unsigned connections; /* so far */
	bool bad_fallback;    /* error 35 with a body that is not of version 0 */
	const char *raw;      /* answer any bytes with these */
	size_t raw_n;
	struct chain held; /* FAKE_LATER */
	struct fake_conn *held_for;
};

/* Offers what the codec knows. */
struct fake *fake_new(struct loop *l, int32_t id);
void fake_free(struct fake *f);
/* Listener and connections end. */
void fake_stop(struct fake *f);
/* Listens again, on the same port. */
void fake_start(struct fake *f);
/* Only the connections end. */
void fake_drop(struct fake *f);
void fake_on(struct fake *f, int16_t key, fake_fn *fn, void *arg);
void fake_offer(struct fake *f, int16_t key, int16_t min, int16_t max);
void fake_release(struct fake *f);

#endif
