/*
 * Bytes through OpenSSL, one record (16 KiB) at a time. SSL_write that wants to wait must be called
 * again with the same bytes: they stay at the front of the chain, or in `stage` when they had to be
 * gathered from several pieces or read from a file, until OpenSSL has taken them.
 */
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "io/tls_impl.h"

enum { RECORD = SSL3_RT_MAX_PLAIN_LENGTH };

struct tls_session {
	SSL *ssl;
	const uint8_t *p; /* what SSL_write has not taken yet: n bytes, also still in the chain */
	size_t n;
	uint8_t *stage; /* RECORD bytes, from the first gathering on */
	bool broken;    /* OpenSSL forbids any call after a fatal error or an end without goodbye */
};

int tls_session_start(struct transport *t, struct err *e)
{
	SSL *ssl = tls_ssl_new(t->tls, t->server, t->fd, t->host, e);

	if (!ssl)
		return e->code;
	t->session = ALLOC(struct tls_session);
	t->session->ssl = ssl;
	t->ops = &transport_tls;
	return 0;
}

void tls_session_free(struct tls_session *s, bool orderly)
{
	if (!s)
		return;
	if (orderly && !s->broken && !s->n)
		SSL_shutdown(s->ssl);
	ERR_clear_error();
	SSL_free(s->ssl);
	free(s->stage);
	free(s);
}

bool tls_session_pending(const struct tls_session *s)
{
	return SSL_pending(s->ssl) > 0;
}

static int fail_with_reason(struct transport *t)
{
	long verdict = SSL_get_verify_result(t->session->ssl);

	if (t->state == TRANSPORT_HANDSHAKE && verdict != X509_V_OK) {
		ERR_clear_error();
		return transport_fail(t, ERR_DENIED, "TLS: the peer's certificate: %s",
			X509_verify_cert_error_string(verdict));
	}
	return transport_fail(
		t, t->state == TRANSPORT_HANDSHAKE ? ERR_DENIED : ERR_IO, "TLS: %s", tls_reason());
}

/* What a call that did not succeed means; `other` is set when it waits for the direction that is
 * not its own (`own`). ERR_AGAIN, ERR_CLOSED (has failed), or 0 at the peer's end. */
static int outcome(struct transport *t, int rc, int own, bool *other)
{
	int why = SSL_get_error(t->session->ssl, rc), errnum = errno;

	switch (why) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		*other = why != own;
		return ERR_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_SYSCALL:
		t->session->broken = true;
		ERR_clear_error();
		if (!errnum)
			return 0;
		return transport_fail_errno(t, errnum, "TLS");
	default:
		t->session->broken = true;
		return fail_with_reason(t);
	}
}

int tls_handshake(struct transport *t)
{
	int rc, what;

	ERR_clear_error();
	errno = 0;
	rc = SSL_do_handshake(t->session->ssl);
	if (rc == 1)
		return 0;
	t->read_needs_write = false;
	what = outcome(t, rc, SSL_ERROR_WANT_READ, &t->read_needs_write);
	if (what == 0)
		return transport_fail(t, ERR_IO, "the peer closed during the TLS handshake");
	return what;
}

static ssize_t tls_read(struct transport *t, void *p, size_t n)
{
	size_t got = 0;
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_read_ex(t->session->ssl, p, n, &got);
	if (rc == 1)
		return (ssize_t)got;
	return outcome(t, rc, SSL_ERROR_WANT_READ, &t->read_needs_write);
}

/* Copies from one piece; ERR_IO when its file has ended, or cannot be read (errno). */
static int copy_piece(const struct chain_piece *c, uint8_t *out, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got;
		if (c->kind == CHAIN_MEMORY) {
			memcpy(out, c->p, n);
			return 0;
		}
		got = pread(c->fd, out + at, n - at, c->offset + (int64_t)at);
		if (got > 0)
			at += (size_t)got;
		else if (got == 0 || errno != EINTR)
			return ERR_IO;
	}
	return 0;
}

/* Makes s->p and s->n the next record from the front of the output. */
static int next_record(struct transport *t, size_t max)
{
	struct tls_session *s = t->session;
	const struct chain_piece *front = chain_front(&t->out);

	max = min_size(max, RECORD);
	if (front->kind == CHAIN_MEMORY && (front->n >= max || front->n == t->out.n)) {
		s->p = front->p;
		s->n = min_size(front->n, max);
		return 0;
	}
	if (!s->stage)
		s->stage = xmalloc(RECORD);
	s->p = s->stage;
	list_foreach (it, &t->out.pieces) {
		const struct chain_piece *c = CONTAINER_OF(it, struct chain_piece, node);
		size_t n = min_size(c->n, max - s->n);
		if (n == 0)
			break;
		errno = 0;
		if (copy_piece(c, s->stage + s->n, n))
			return transport_fail(t, ERR_IO, "a file could not be sent: %s",
				errno ? strerror(errno) : "it ended before its bytes");
		s->n += n;
	}
	return 0;
}

static ssize_t tls_write(struct transport *t, size_t max)
{
	struct tls_session *s = t->session;
	size_t n;
	int rc;

	if (s->broken)
		return transport_fail(t, ERR_CLOSED, "closed by the peer");
	if (!s->n && next_record(t, max))
		return ERR_CLOSED;
	ERR_clear_error();
	errno = 0;
	t->write_needs_read = false;
	rc = SSL_write_ex(s->ssl, s->p, s->n, &n);
	if (rc == 1) {
		s->n = 0;
		chain_consume(&t->out, n);
		return (ssize_t)n;
	}
	rc = outcome(t, rc, SSL_ERROR_WANT_WRITE, &t->write_needs_read);
	return rc ? rc : transport_fail(t, ERR_CLOSED, "closed by the peer");
}

/* Our goodbye; the peer's is its end, which tls_read sees. */
static int tls_shutdown(struct transport *t)
{
	int rc;

	if (t->session->broken)
		return 0;
	ERR_clear_error();
	errno = 0;
	t->write_needs_read = false;
	rc = SSL_shutdown(t->session->ssl);
	if (rc < 0)
		rc = outcome(t, rc, SSL_ERROR_WANT_WRITE, &t->write_needs_read);
	else
		rc = 0;
	return rc;
}

const struct transport_ops transport_tls = {tls_read, tls_write, tls_shutdown};
