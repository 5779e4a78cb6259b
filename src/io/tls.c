/*
 * OpenSSL contexts. Settings that hold for all: TLS 1.2 and newer, no renegotiation, and an end
 * without TLS's goodbye is an end: Kafka's frames carry their length, so nothing can be cut off
 * unseen.
 */
#include "io/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "io/tls_impl.h"

struct tls_context {
	SSL_CTX *ctx;
	bool skip_host_check;
};

const char *tls_reason(void)
{
	unsigned long code = ERR_get_error();
	const char *z = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return z ? z : "unknown reason";
}

static int load_ca(SSL_CTX *ctx, const struct tls_options *o, bool server, struct err *e)
{
	STACK_OF(X509_NAME) * names;

	if (!o->ca_file) {
		if (!server && SSL_CTX_set_default_verify_paths(ctx) != 1)
			return err_set(
				e, ERR_IO, "TLS: the system's certificates: %s", tls_reason());
		return 0;
	}
	if (SSL_CTX_load_verify_locations(ctx, o->ca_file, NULL) != 1)
		return err_set(
			e, ERR_INVALID, "TLS: certificates in %s: %s", o->ca_file, tls_reason());
	if (!server)
		return 0;
	/* The server tells its clients whose certificates it takes. */
	names = SSL_load_client_CA_file(o->ca_file);
	if (!names)
		return err_set(
			e, ERR_INVALID, "TLS: certificates in %s: %s", o->ca_file, tls_reason());
	SSL_CTX_set_client_CA_list(ctx, names);
	return 0;
}

static int no_pass_phrase(char *p, int n, int rw, void *arg)
{
	(void)p;
	(void)n;
	(void)rw;
	(void)arg;
	return -1; /* never asks on the terminal */
}

static int load_own(SSL_CTX *ctx, const struct tls_options *o, struct err *e)
{
	const char *key = o->key_file ? o->key_file : o->cert_file;

	if (!o->cert_file)
		return 0;
	SSL_CTX_set_default_passwd_cb(ctx, no_pass_phrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, o->cert_file) != 1)
		return err_set(
			e, ERR_INVALID, "TLS: certificate in %s: %s", o->cert_file, tls_reason());
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		return err_set(e, ERR_INVALID, "TLS: key in %s: %s", key, tls_reason());
	if (SSL_CTX_check_private_key(ctx) != 1)
		return err_set(e, ERR_INVALID, "TLS: the key in %s does not belong to %s: %s", key,
			o->cert_file, tls_reason());
	return 0;
}

static int verify_mode(const struct tls_options *o, bool server)
{
	if (!server)
		return SSL_VERIFY_PEER;
	if (o->require_peer)
		return SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	return o->ca_file ? SSL_VERIFY_PEER : SSL_VERIFY_NONE;
}

static struct tls_context *context_new(const struct tls_options *o, bool server, struct err *e)
{
	SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	struct tls_context *c;

	if (!ctx) {
		err_set(e, ERR_IO, "TLS: %s", tls_reason());
		return NULL;
	}
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
	SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
#endif
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"k", 1);
	SSL_CTX_set_verify(ctx, verify_mode(o, server), NULL);
	if (load_ca(ctx, o, server, e) || load_own(ctx, o, e)) {
		SSL_CTX_free(ctx);
		return NULL;
	}
	c = ALLOC(struct tls_context);
	c->ctx = ctx;
	c->skip_host_check = o->skip_host_check;
	return c;
}

struct tls_context *tls_client_new(const struct tls_options *o, struct err *e)
{
	return context_new(o, false, e);
}

struct tls_context *tls_server_new(const struct tls_options *o, struct err *e)
{
	if (!o->cert_file) {
		err_set(e, ERR_INVALID, "TLS: a server needs a certificate");
		return NULL;
	}
	if (o->require_peer && !o->ca_file) {
		err_set(e, ERR_INVALID,
			"TLS: clients must show a certificate, but none to check them by is set");
		return NULL;
	}
	return context_new(o, true, e);
}

void tls_context_free(struct tls_context *c)
{
	if (!c)
		return;
	SSL_CTX_free(c->ctx); /* counts references: connections hold theirs */
	free(c);
}

/* Names go into SNI (RFC 6066 allows no addresses there) and are checked; addresses are checked. */
static int expect_host(const struct tls_context *c, SSL *ssl, const char *host)
{
	unsigned char addr[16];
	bool is_addr = inet_pton(AF_INET, host, addr) == 1 || inet_pton(AF_INET6, host, addr) == 1;

	if (!is_addr && SSL_set_tlsext_host_name(ssl, host) != 1)
		return ERR_INVALID;
	if (c->skip_host_check)
		return 0;
	if (is_addr)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1 ? 0
										     : ERR_INVALID;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) == 1 ? 0 : ERR_INVALID;
}

SSL *tls_ssl_new(struct tls_context *c, bool server, int fd, const char *host, struct err *e)
{
	SSL *ssl = SSL_new(c->ctx);

	if (!ssl || SSL_set_fd(ssl, fd) != 1 || (host && expect_host(c, ssl, host))) {
		err_set(e, ERR_IO, "TLS: %s", tls_reason());
		SSL_free(ssl);
		return NULL;
	}
	if (server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}
