/* TLS settings shared by many connections (an OpenSSL context). PEM files; TLS 1.2 and newer. */
#ifndef IO_TLS_H
#define IO_TLS_H

#include "base/err.h"
#include <stdbool.h>

struct tls_context;

struct tls_options {
	const char
		*ca_file; /* whom we believe; client: NULL = the system's, server: NULL = nobody */
	const char *cert_file; /* our chain; a server needs it */
	const char *key_file;  /* NULL: in cert_file */
	bool skip_host_check;  /* client: ssl.endpoint.identification.algorithm= (empty) */
	bool require_peer;     /* server: ssl.client.auth=required */
};

/* NULL with e set, naming the file and OpenSSL's reason. */
struct tls_context *tls_client_new(const struct tls_options *o, struct err *e);
struct tls_context *tls_server_new(const struct tls_options *o, struct err *e);
/* Connections that use it keep it alive. NULL is allowed. */
void tls_context_free(struct tls_context *c);

#endif
