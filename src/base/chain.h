/*
 * A chain is output that waits for a socket or a file: a queue of pieces, each either memory or a
 * range of an open file (sent from the page cache by sendfile). Pieces own or reference what they
 * point at, so that a chain can outlive the request that made it.
 *
 *   piece kinds   inline   bytes copied into a block that the chain owns
 *                 memory   bytes of somebody, held by a struct ref until sent
 *                 file     fd, offset, length, held by a struct ref until sent
 */
#ifndef BASE_CHAIN_H
#define BASE_CHAIN_H

#include "base/bytes.h"
#include "base/list.h"
#include <sys/uio.h>

/* Something shared that lives until its last holder lets go. Not thread-safe: one loop owns it. */
struct ref {
	uint32_t count;
	void (*release)(struct ref *r); /* called at zero */
};

static inline void ref_init(struct ref *r, void (*release)(struct ref *))
{
	r->count = 1;
	r->release = release;
}

static inline struct ref *ref_get(struct ref *r)
{
	if (r)
		r->count++;
	return r;
}

static inline void ref_put(struct ref *r)
{
	if (r && --r->count == 0)
		r->release(r);
}

enum chain_kind { CHAIN_MEMORY, CHAIN_FILE };

struct chain_piece {
	struct list_node node;
	enum chain_kind kind;
	const uint8_t *p; /* CHAIN_MEMORY */
	int fd;           /* CHAIN_FILE */
	int64_t offset;   /* CHAIN_FILE */
	size_t n;
	size_t room;     /* inline piece: bytes still free behind p + n */
	struct ref *ref; /* may be NULL */
};

struct chain {
	struct list pieces;
	size_t n;      /* bytes in all pieces */
	size_t n_file; /* of which in files */
};

void chain_init(struct chain *c);
/* Releases all pieces. */
void chain_fini(struct chain *c);
#define chain_clear chain_fini

static inline bool chain_empty(const struct chain *c)
{
	return c->n == 0;
}

/* Copies. */
void chain_put(struct chain *c, const void *p, size_t n);
/* n bytes at the end to be written by the caller, contiguous, valid until they are consumed: the
 * way to write a length later. */
uint8_t *chain_extend(struct chain *c, size_t n);
/* Borrows: takes one reference of ref (ref_get is done here); with ref NULL the memory must outlive
 * the chain. */
void chain_put_ref(struct chain *c, const void *p, size_t n, struct ref *ref);
void chain_put_file(struct chain *c, int fd, int64_t offset, size_t n, struct ref *ref);
/* Takes ownership of heap memory (free). */
void chain_put_owned(struct chain *c, void *p, size_t n);
/* Moves all pieces of src to the end of dst; src is empty afterwards. */
void chain_append(struct chain *dst, struct chain *src);
/* Moves the first n bytes of src to the end of dst (n <= src->n). */
void chain_move(struct chain *dst, struct chain *src, size_t n);

/* First memory pieces up to the first file piece as an iovec array; returns how many were filled.
 */
int chain_iov(const struct chain *c, struct iovec *iov, int max, size_t *bytes);
/* The first piece, or NULL. */
struct chain_piece *chain_front(const struct chain *c);
/* n bytes have been sent. */
void chain_consume(struct chain *c, size_t n);

/* Copies everything into out (at least c->n bytes), reading file pieces with pread. 0 or ERR_IO. */
int chain_flatten(const struct chain *c, uint8_t *out) MUSTCHECK;

#endif
