/* A loop with one transport under test: what it tells is counted, what it reads is kept. */
#ifndef TEST_IO_PAIR_H
#define TEST_IO_PAIR_H

#include "base/buf.h"
#include "io/listener.h"
#include "io/loop.h"
#include "io/transport.h"

enum { PATIENCE_MS = 20000 };

struct end {
	struct transport *t;
	struct loop *l;
	struct buf in;
	size_t want; /* `enough` is set when that much has been read */
	bool enough, opened, drained, ended, closed;
	bool echo;         /* sends back what it reads */
	bool close_inside; /* closes itself in readable */
	int n_opened, n_closed, n_readable;
	struct err why;
};

extern const struct transport_events end_events;      /* half-open allowed */
extern const struct transport_events end_events_full; /* an end of the peer closes */

void end_fini(struct end *e);
/* Turns until the flag; fails the test when it does not come. */
void until(struct loop *l, const bool *flag);

/* A byte of the pattern that all tests send. */
static inline uint8_t pattern(size_t at)
{
	return (uint8_t)(at * 31 + (at >> 8) * 7 + (at >> 16));
}
void assert_pattern(const struct buf *b, size_t from, size_t n);
/* Appends bytes [from, from + n) of the pattern. */
void put_pattern(struct chain *c, size_t from, size_t n);
/* A file without a name that holds bytes [0, n) of the pattern. */
int pattern_file(size_t n);

/* "localhost", or "127.0.0.1" on a system that resolves no names (a bare one has no /etc/hosts). */
const char *loopback_name(void);

/* Two connected TCP sockets of the loopback. */
void tcp_pair(int fd[2]);

#endif
