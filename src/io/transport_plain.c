/*
 * Bytes through a plain socket: memory by sendmsg, ranges of files by sendfile straight from the
 * page cache. Memory that a file follows is held back by the kernel (MSG_MORE), so that a header
 * and its records leave in one segment.
 */
#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "io/transport_impl.h"

static ssize_t plain_read(struct transport *t, void *p, size_t n)
{
	ssize_t got;

	do
		got = recv(t->fd, p, n, 0);
	while (got < 0 && errno == EINTR);
	if (got >= 0)
		return got;
	if (errno == EAGAIN)
		return ERR_AGAIN;
	return transport_fail_errno(t, errno, "read");
}

/* Shortens the array to max bytes; max < the bytes in it. */
static int cut(struct iovec *iov, size_t max)
{
	int n = 0;

	while (iov[n].iov_len < max)
		max -= iov[n++].iov_len;
	iov[n].iov_len = max;
	return n + 1;
}

static ssize_t send_memory(struct transport *t, size_t max)
{
	struct iovec iov[TRANSPORT_IOV];
	struct msghdr msg = {.msg_iov = iov};
	size_t bytes = 0;
	int n = chain_iov(&t->out, iov, TRANSPORT_IOV, &bytes);
	int flags = MSG_NOSIGNAL;

	if (bytes < t->out.n && bytes < max)
		flags |= MSG_MORE;
	msg.msg_iovlen = (size_t)(bytes > max ? cut(iov, max) : n);
	return sendmsg(t->fd, &msg, flags);
}

static ssize_t plain_write(struct transport *t, size_t max)
{
	const struct chain_piece *c = chain_front(&t->out);
	bool file = c->kind == CHAIN_FILE;
	off_t at = c->offset;
	ssize_t n;

	do
		n = file ? sendfile(t->fd, c->fd, &at, min_size(c->n, max)) : send_memory(t, max);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		chain_consume(&t->out, (size_t)n);
		return n;
	}
	if (n == 0)
		return transport_fail(
			t, ERR_IO, "a file ended before the bytes that were to be sent");
	if (errno == EAGAIN)
		return ERR_AGAIN;
	return transport_fail_errno(t, errno, "write");
}

static int plain_shutdown(struct transport *t)
{
	if (shutdown(t->fd, SHUT_WR) == 0)
		return 0;
	return transport_fail_errno(t, errno, "shutdown");
}

const struct transport_ops transport_plain = {plain_read, plain_write, plain_shutdown};
