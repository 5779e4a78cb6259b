/*
 * Input blocks: the memory that requests are read into, and the one budget that bounds it.
 *
 * A block is shared by the frames that lie in it (struct ref): a produce request keeps its block
 * until its batches are in the log, so that records go from socket to file with no copy between.
 * Blocks of a few power-of-two sizes are kept for the next reader; what is kept does not count as
 * used and is bounded on its own.
 */
#ifndef NET_BLOCK_H
#define NET_BLOCK_H

#include "base/chain.h"

#define NET_BLOCK_MIN ((size_t)64 << 10)
/* Frames up to this get their whole block at once; longer ones grow as their bytes come, so that a
 * length alone takes no memory. */
#define NET_BLOCK_AT_ONCE ((size_t)2 << 20)
#define NET_BLOCK_CLASSES 6

struct net_budget {
	size_t limit; /* bytes of blocks in use before readers wait */
	size_t used;
	size_t kept;       /* in the free lists */
	size_t keep_limit; /* of kept */
	struct list free[NET_BLOCK_CLASSES];
	void (*released)(void *arg); /* a block came back; may be NULL */
	void *arg;
};

struct net_block {
	struct ref ref;
	struct list_node node;
	struct net_budget *budget;
	size_t cap; /* bytes of data */
	size_t n;   /* filled */
	uint8_t data[];
};

void net_budget_init(struct net_budget *b, size_t limit, size_t keep_limit);
/* All blocks must have come back. */
void net_budget_fini(struct net_budget *b);
/* Would a block for `want` bytes pass the limit? Never while nothing is used. The last quarter is
 * for blocks of NET_BLOCK_MIN alone. */
bool net_budget_short(const struct net_budget *b, size_t want);
/* A block of at least `want` bytes with one reference; beyond the limit too: asking
 * net_budget_short first is the caller's part. */
struct net_block *net_block_new(struct net_budget *b, size_t want);
/* Gives kept blocks back to the system, down to `keep` bytes. */
void net_budget_trim(struct net_budget *b, size_t keep);

#endif
