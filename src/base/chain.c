/*
 * Output that waits, see chain.h.
 *
 * Inline bytes and owned memory hang on a `struct block`, which counts its references and has room
 * for the first piece that shows it, so that a reply of a few kilobytes is one allocation. Pieces
 * made by splitting are allocated by themselves and hold one more reference.
 * Invariants: no piece is empty; only the last piece that shows a block has room in it.
 */
#include "base/chain.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/xalloc.h"

struct block {
	struct ref ref;
	void *mem; /* owned heap memory, or NULL: the bytes are in data */
	struct chain_piece first;
	uint8_t data[];
};

/* A short reply fits the small block, which malloc serves from its cache. */
#define BLOCK_SMALL (1024 - sizeof(struct block))
#define BLOCK_LARGE (8192 - sizeof(struct block))

static void block_release(struct ref *r)
{
	struct block *b = CONTAINER_OF(r, struct block, ref);

	free(b->mem);
	free(b);
}

static struct block *block_new(size_t room)
{
	struct block *b = xmalloc(sizeof(*b) + room);

	ref_init(&b->ref, block_release);
	b->mem = NULL;
	b->first = (struct chain_piece){.kind = CHAIN_MEMORY, .fd = -1, .ref = &b->ref};
	return b;
}

static struct chain_piece *piece_of(struct list_node *n)
{
	return CONTAINER_OF(n, struct chain_piece, node);
}

static struct chain_piece *piece_last(const struct chain *c)
{
	return list_empty(&c->pieces) ? NULL : piece_of(c->pieces.head.prev);
}

static bool piece_in_block(const struct chain_piece *p)
{
	return p->ref && p->ref->release == block_release &&
	       p == &CONTAINER_OF(p->ref, struct block, ref)->first;
}

/* p is in no chain any more. */
static void piece_free(struct chain_piece *p)
{
	struct ref *ref = p->ref;

	if (!piece_in_block(p))
		free(p);
	ref_put(ref);
}

static void count(struct chain *c, const struct chain_piece *p, size_t n)
{
	c->n += n;
	if (p->kind == CHAIN_FILE)
		c->n_file += n;
}

static void uncount(struct chain *c, const struct chain_piece *p, size_t n)
{
	c->n -= n;
	if (p->kind == CHAIN_FILE)
		c->n_file -= n;
}

static void push(struct chain *c, struct chain_piece *p)
{
	list_push_back(&c->pieces, &p->node);
	count(c, p, p->n);
}

void chain_init(struct chain *c)
{
	list_init(&c->pieces);
	c->n = c->n_file = 0;
}

void chain_fini(struct chain *c)
{
	while (!chain_empty(c))
		chain_consume(c, chain_front(c)->n);
}

/* The last piece with `room` bytes free behind it: the one there is, or an empty one that the
 * caller fills at once. */
static struct chain_piece *tail_with_room(struct chain *c, size_t room)
{
	struct chain_piece *last = piece_last(c);
	struct block *b;
	size_t cap;

	if (last && last->room >= room)
		return last;
	cap = max_size(room, last ? BLOCK_LARGE : BLOCK_SMALL);
	b = block_new(cap);
	b->first.p = b->data;
	b->first.room = cap;
	push(c, &b->first);
	return &b->first;
}

uint8_t *chain_extend(struct chain *c, size_t n)
{
	static uint8_t nothing[1];
	struct chain_piece *p;
	uint8_t *out;

	if (n == 0)
		return nothing;
	p = tail_with_room(c, n);
	/* the block is this chain's to write: p->p is const for the reader of the piece */
	out = (uint8_t *)(uintptr_t)(p->p + p->n);
	p->n += n;
	p->room -= n;
	count(c, p, n);
	return out;
}

void chain_put(struct chain *c, const void *p, size_t n)
{
	const struct chain_piece *last = piece_last(c);
	size_t head = last ? min_size(last->room, n) : 0;

	if (head)
		memcpy(chain_extend(c, head), p, head);
	if (n > head)
		memcpy(chain_extend(c, n - head), (const uint8_t *)p + head, n - head);
}

void chain_put_ref(struct chain *c, const void *p, size_t n, struct ref *ref)
{
	struct chain_piece *piece;

	if (n == 0)
		return;
	piece = ALLOC(struct chain_piece);
	piece->kind = CHAIN_MEMORY;
	piece->p = p;
	piece->fd = -1;
	piece->n = n;
	piece->ref = ref_get(ref);
	push(c, piece);
}

void chain_put_file(struct chain *c, int fd, int64_t offset, size_t n, struct ref *ref)
{
	struct chain_piece *piece;

	if (n == 0)
		return;
	piece = ALLOC(struct chain_piece);
	piece->kind = CHAIN_FILE;
	piece->fd = fd;
	piece->offset = offset;
	piece->n = n;
	piece->ref = ref_get(ref);
	push(c, piece);
}

void chain_put_owned(struct chain *c, void *p, size_t n)
{
	struct block *b;

	if (n == 0) {
		free(p);
		return;
	}
	b = block_new(0);
	b->mem = p;
	b->first.p = p;
	b->first.n = n;
	push(c, &b->first);
}

void chain_append(struct chain *dst, struct chain *src)
{
	list_move(&dst->pieces, &src->pieces);
	dst->n += src->n;
	dst->n_file += src->n_file;
	src->n = src->n_file = 0;
}

/* Cuts n bytes off the front of p. The rest, which p stays, keeps the room. */
static void drop_front(struct chain_piece *p, size_t n)
{
	p->n -= n;
	if (p->kind == CHAIN_FILE)
		p->offset += (int64_t)n;
	else
		p->p += n;
}

static struct chain_piece *piece_head(const struct chain_piece *p, size_t n)
{
	struct chain_piece *head = xmemdup(p, sizeof(*p));

	head->node = (struct list_node){NULL, NULL};
	head->n = n;
	head->room = 0;
	ref_get(head->ref);
	return head;
}

void chain_move(struct chain *dst, struct chain *src, size_t n)
{
	assert(n <= src->n);
	if (n == src->n) {
		chain_append(dst, src);
		return;
	}
	while (n > 0) {
		struct chain_piece *p = chain_front(src);
		size_t take = min_size(n, p->n);

		uncount(src, p, take);
		if (take == p->n) {
			list_remove(&p->node);
			push(dst, p);
		} else {
			push(dst, piece_head(p, take));
			drop_front(p, take);
		}
		n -= take;
	}
}

int chain_iov(const struct chain *c, struct iovec *iov, int max, size_t *bytes)
{
	int n = 0;

	*bytes = 0;
	list_foreach (node, &c->pieces) {
		const struct chain_piece *p = piece_of(node);

		if (n == max || p->kind == CHAIN_FILE)
			break;
		iov[n].iov_base = (void *)(uintptr_t)p->p;
		iov[n].iov_len = p->n;
		*bytes += p->n;
		n++;
	}
	return n;
}

struct chain_piece *chain_front(const struct chain *c)
{
	return list_empty(&c->pieces) ? NULL : piece_of(c->pieces.head.next);
}

void chain_consume(struct chain *c, size_t n)
{
	assert(n <= c->n);
	while (n > 0) {
		struct chain_piece *p = chain_front(c);
		size_t take = min_size(n, p->n);

		uncount(c, p, take);
		drop_front(p, take);
		n -= take;
		if (p->n == 0) {
			list_remove(&p->node);
			piece_free(p);
		}
	}
}

static int read_at(int fd, int64_t offset, uint8_t *out, size_t n)
{
	while (n > 0) {
		ssize_t got = pread(fd, out, n, offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = ENODATA; /* the file is shorter than the piece says */
		if (got <= 0)
			return ERR_IO;
		out += got;
		offset += got;
		n -= (size_t)got;
	}
	return 0;
}

int chain_flatten(const struct chain *c, uint8_t *out)
{
	list_foreach (node, &c->pieces) {
		const struct chain_piece *p = piece_of(node);
		int rc = 0;

		if (p->kind == CHAIN_FILE)
			rc = read_at(p->fd, p->offset, out, p->n);
		else
			memcpy(out, p->p, p->n);
		if (rc)
			return rc;
		out += p->n;
	}
	return 0;
}
