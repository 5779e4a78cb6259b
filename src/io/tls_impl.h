/* The OpenSSL side that the transport sees. */
#ifndef IO_TLS_IMPL_H
#define IO_TLS_IMPL_H

#include "base/err.h"
#include "io/transport_impl.h"

#include <openssl/ssl.h>

/* A connection of the context on fd; host: whom the peer must be (client), may be NULL. NULL with e
 * set. The context stays alive as long as it. */
SSL *tls_ssl_new(struct tls_context *c, bool server, int fd, const char *host, struct err *e);
/* OpenSSL's first reason, and forgets all of them: "certificate verify failed". Static storage. */
const char *tls_reason(void);

extern const struct transport_ops transport_tls;
/* Sets up the session of t, which has a socket; the handshake is still to be made. 0 or an error
 * with e set. */
int tls_session_start(struct transport *t, struct err *e) MUSTCHECK;
/* One more step: 0 when it is done, ERR_AGAIN, ERR_CLOSED (has failed). */
int tls_handshake(struct transport *t);
/* Decrypted bytes wait. */
bool tls_session_pending(const struct tls_session *s);
/* Says goodbye when that is possible at once (`orderly`). NULL is allowed. */
void tls_session_free(struct tls_session *s, bool orderly);

#endif
