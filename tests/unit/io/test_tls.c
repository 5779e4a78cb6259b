/* TLS transports, with a certificate that the test signs itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../folder.h"
#include "pair.h"

static char folder[FOLDER_MAX], cert[300], key[300], other_cert[300], other_key[300];

static void add_names(X509 *x)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
	assert_non_null(ext);
	X509_add_ext(x, ext, -1);
	X509_EXTENSION_free(ext);
}

static void write_pem(EVP_PKEY *k, X509 *x, const char *cert_file, const char *key_file)
{
	FILE *f = fopen(cert_file, "w");

	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, x), 1);
	fclose(f);
	f = fopen(key_file, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

static void make_certificate(const char *cn, const char *cert_file, const char *key_file)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, NULL);
	EVP_PKEY *k = NULL;
	X509 *x = X509_new();

	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, NID_X9_62_prime256v1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &k), 1);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, k);
	X509_NAME_add_entry_by_txt(
		X509_get_subject_name(x), "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	add_names(x);
	assert_true(X509_sign(x, k, EVP_sha256()) > 0);
	write_pem(k, x, cert_file, key_file);
	X509_free(x);
	EVP_PKEY_free(k);
	EVP_PKEY_CTX_free(ctx);
}

static int set_up(void **state)
{
	(void)state;
	if (!folder_make(folder))
		return -1;
	snprintf(cert, sizeof(cert), "%s/cert", folder);
	snprintf(key, sizeof(key), "%s/key", folder);
	snprintf(other_cert, sizeof(other_cert), "%s/other_cert", folder);
	snprintf(other_key, sizeof(other_key), "%s/other_key", folder);
	make_certificate("ours", cert, key);
	make_certificate("other", other_cert, other_key);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return folder_remove(folder);
}

/* A listener with TLS, and a client that connects to it. */
struct scene {
	struct loop *l;
	struct listener *ls;
	struct tls_context *server, *client;
	struct end a, b; /* client, server */
	bool pause;      /* the server begins paused */
	const struct transport_events *ev;
};

static void on_accept(void *arg, int fd)
{
	struct scene *s = arg;
	int small = 4096;

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	s->b.t = transport_from_fd(s->l, fd, s->server, 0, s->ev, &s->b, NULL);
	assert_non_null(s->b.t);
	if (s->pause)
		transport_pause(s->b.t);
}

static void begin_with(struct scene *s, const struct tls_options *server,
	const struct tls_options *client, const char *host, const struct transport_events *ev)
{
	struct transport_target to = {.host = host, .timeout_ms = PATIENCE_MS};
	struct err e = {0};

	*s = (struct scene){.l = loop_new(NULL), .ev = ev};
	s->server = tls_server_new(server, &e);
	assert_non_null(s->server);
	s->client = tls_client_new(client, &e);
	assert_non_null(s->client);
	s->ls = listener_new(s->l, "0.0.0.0", 0, on_accept, s, &e);
	assert_non_null(s->ls);
	to.port = listener_port(s->ls);
	to.tls = s->client;
	s->a.t = transport_connect(s->l, &to, ev, &s->a);
}

static void begin(struct scene *s, const struct tls_options *server,
	const struct tls_options *client, const char *host)
{
	begin_with(s, server, client, host, &end_events_full);
}

static void finish(struct scene *s)
{
	end_fini(&s->a);
	end_fini(&s->b);
	listener_free(s->ls);
	tls_context_free(s->client);
	tls_context_free(s->server);
	loop_free(s->l);
}

static struct tls_options own(void)
{
	return (struct tls_options){.cert_file = cert, .key_file = key};
}

static struct tls_options believer(void)
{
	return (struct tls_options){.ca_file = cert};
}

/* Small pieces, big pieces and ranges of a file, echoed through a small socket buffer. */
static void both_ways(void **state)
{
	enum { N = 3 << 20 };
	struct tls_options so = own(), co = believer();
	int fd = pattern_file(N);
	struct scene s;
	struct chain c;

	(void)state;
	begin(&s, &so, &co, loopback_name());
	s.b.echo = true;
	s.a.want = N;
	chain_init(&c);
	for (size_t at = 0; at < N;) {
		size_t mem = min_size(at % 3 ? 555 : 40000, N - at);
		size_t file = min_size(300001, N - at - mem);
		put_pattern(&c, at, mem);
		if (file)
			chain_put_file(&c, fd, (int64_t)(at + mem), file, NULL);
		at += mem + file;
	}
	transport_send(s.a.t, &c);
	assert_int_equal(transport_queued(s.a.t), N);
	until(s.l, &s.a.opened);
	until(s.l, &s.a.enough);
	assert_int_equal(s.a.in.n, N);
	assert_pattern(&s.a.in, 0, N);
	transport_close(s.a.t);
	s.a.t = NULL;
	until(s.l, &s.b.closed);
	assert_int_equal(s.b.why.code, ERR_CLOSED);
	close(fd);
	finish(&s);
}

/* Small reads leave bytes inside OpenSSL that the socket does not show. */
static void resume_tells_of_buffered_input(void **state)
{
	struct tls_options so = own(), co = believer();
	struct scene s;
	struct chain c;
	uint8_t p[10];
	ssize_t n;

	(void)state;
	begin(&s, &so, &co, "127.0.0.1");
	s.pause = true;
	chain_init(&c);
	put_pattern(&c, 0, 5000);
	transport_send(s.a.t, &c);
	until(s.l, &s.b.opened);
	while ((n = transport_read(s.b.t, p, sizeof(p))) == ERR_AGAIN)
		loop_run_once(s.l, false);
	assert_int_equal(n, 10);
	assert_true(transport_has_buffered(s.b.t));
	s.b.want = 4990;
	transport_resume(s.b.t);
	until(s.l, &s.b.enough);
	assert_int_equal(s.b.in.n, 4990);
	finish(&s);
}

/* Turns until the server writes no more, because the client does not read. */
static void fill_the_way(struct scene *s)
{
	uint64_t out;

	do {
		out = transport_bytes_out(s->b.t);
		for (int i = 0; i < 50; i++)
			loop_run_once(s->l, false);
	} while (out != transport_bytes_out(s->b.t) || out == 0);
	assert_true(transport_queued(s->b.t) > 0);
	assert_false(s->b.closed || s->b.drained);
}

static void send_much(struct scene *s, size_t n)
{
	struct tls_options so = own(), co = believer();
	struct chain c;

	begin(s, &so, &co, "127.0.0.1");
	until(s->l, &s->a.opened);
	until(s->l, &s->b.opened);
	transport_pause(s->a.t);
	chain_init(&c);
	put_pattern(&c, 0, n);
	transport_send(s->b.t, &c);
	transport_flush(s->b.t);
	fill_the_way(s);
}

/* OpenSSL has half a record when the socket is full; it goes on with the same bytes, although more
 * was put behind them meanwhile. */
static void record_that_waits(void **state)
{
	enum { N = 16 << 20, MORE = 100000 };
	struct scene s;
	struct chain c;

	(void)state;
	send_much(&s, N);
	for (size_t at = N; at < N + MORE; at += 1000) {
		chain_init(&c);
		put_pattern(&c, at, 1000);
		transport_send(s.b.t, &c);
		transport_flush(s.b.t);
	}
	s.a.enough = false;
	s.a.want = N + MORE;
	transport_resume(s.a.t);
	until(s.l, &s.a.enough);
	assert_int_equal(s.a.in.n, N + MORE);
	assert_pattern(&s.a.in, 0, N + MORE);
	finish(&s);
}

/* Closed in the middle of a record: the peer reads whole records and then an end. */
static void closed_while_a_record_waits(void **state)
{
	enum { N = 16 << 20 };
	struct scene s;

	(void)state;
	send_much(&s, N);
	transport_close(s.b.t);
	s.b.t = NULL;
	transport_resume(s.a.t);
	until(s.l, &s.a.closed);
	assert_int_equal(s.a.n_closed, 1);
	assert_int_equal(s.b.n_closed, 0);
	assert_in_range(s.a.in.n, 1, N - 1);
	assert_pattern(&s.a.in, 0, s.a.in.n);
	finish(&s);
}

/* Our end follows the last byte, the other way stays open until the peer has ended too. */
static void ends_after_the_output(void **state)
{
	enum { N = 1 << 20 };
	struct tls_options so = own(), co = believer();
	struct scene s;
	struct chain c;

	(void)state;
	begin_with(&s, &so, &co, "127.0.0.1", &end_events);
	s.b.echo = true;
	chain_init(&c);
	put_pattern(&c, 0, N);
	transport_send(s.a.t, &c);
	transport_shutdown(s.a.t);
	put_pattern(&c, 0, 10);
	transport_send(s.a.t, &c); /* too late: is dropped */
	until(s.l, &s.a.closed);
	assert_int_equal(s.a.why.code, ERR_CLOSED);
	assert_true(s.b.ended && s.a.ended);
	assert_int_equal(s.a.in.n, N);
	assert_pattern(&s.a.in, 0, N);
	until(s.l, &s.b.closed);
	finish(&s);
}

static void closed_inside_a_callback(void **state)
{
	struct tls_options so = own(), co = believer();
	struct scene s;
	struct chain c;

	(void)state;
	begin(&s, &so, &co, "127.0.0.1");
	s.b.close_inside = true;
	chain_init(&c);
	put_pattern(&c, 0, 100);
	transport_send(s.a.t, &c);
	until(s.l, &s.a.closed);
	assert_int_equal(s.a.why.code, ERR_CLOSED);
	assert_int_equal(s.b.n_readable, 1);
	assert_int_equal(s.b.n_closed, 0);
	finish(&s);
}

static void file_that_is_too_short(void **state)
{
	struct tls_options so = own(), co = believer();
	int fd = pattern_file(1000);
	struct scene s;
	struct chain c;

	(void)state;
	begin(&s, &so, &co, "127.0.0.1");
	chain_init(&c);
	put_pattern(&c, 0, 10);
	chain_put_file(&c, fd, 0, 2000, NULL);
	transport_send(s.a.t, &c);
	until(s.l, &s.a.closed);
	assert_int_equal(s.a.why.code, ERR_IO);
	until(s.l, &s.b.closed);
	assert_int_equal(s.b.in.n, 0);
	close(fd);
	finish(&s);
}

static void client_is_denied(
	const struct tls_options *so, const struct tls_options *co, const char *host)
{
	struct scene s;

	begin(&s, so, co, host);
	until(s.l, &s.a.closed);
	assert_int_equal(s.a.why.code, ERR_DENIED);
	assert_int_equal(s.a.n_opened, 0);
	until(s.l, &s.b.closed);
	assert_int_equal(s.b.n_opened, 0);
	finish(&s);
}

static void server_that_is_not_believed(void **state)
{
	struct tls_options so = own(), co = {.ca_file = other_cert};

	(void)state;
	client_is_denied(&so, &co, loopback_name());
}

static void server_by_another_name(void **state)
{
	struct tls_options so = own(), co = believer();
	struct scene s;

	(void)state;
	client_is_denied(&so, &co, "127.0.0.2");
	co.skip_host_check = true;
	begin(&s, &so, &co, "127.0.0.1");
	until(s.l, &s.a.opened);
	finish(&s);
}

static void client_must_show_a_certificate(void **state)
{
	struct tls_options so = own(), co = believer();
	struct scene s;

	(void)state;
	so.ca_file = other_cert;
	so.require_peer = true;
	begin(&s, &so, &co, loopback_name());
	until(s.l, &s.b.closed);
	assert_int_equal(s.b.why.code, ERR_DENIED);
	until(s.l, &s.a.closed);
	finish(&s);

	co.cert_file = other_cert;
	co.key_file = other_key;
	begin(&s, &so, &co, loopback_name());
	until(s.l, &s.b.opened);
	finish(&s);
}

/* A TLS server whose peer writes `said` and, when `end`, closes: never opened, ended for `why`. */
static void handshake_fails(const char *said, size_t n, bool end, int64_t ms, int why)
{
	struct tls_options so = own();
	struct loop *l = loop_new(NULL);
	struct tls_context *tls = tls_server_new(&so, NULL);
	struct end a = {.l = l};
	int fd[2];

	tcp_pair(fd);
	a.t = transport_from_fd(l, fd[0], tls, ms, &end_events, &a, NULL);
	tls_context_free(tls); /* the connection keeps what it needs */
	assert_int_equal(write(fd[1], said, n), n);
	if (end)
		shutdown(fd[1], SHUT_WR);
	until(l, &a.closed);
	assert_int_equal(a.n_opened, 0);
	assert_int_equal(a.n_closed, 1);
	assert_int_equal(a.why.code, why);
	close(fd[1]);
	end_fini(&a);
	loop_free(l);
}

static void handshakes_that_fail(void **state)
{
	(void)state;
	handshake_fails("", 0, false, 50, ERR_TIMEOUT);
	handshake_fails("GET / HTTP/1.0\r\n\r\n", 18, false, 0, ERR_DENIED);
	handshake_fails("\x16\x03\x01", 3, true, 0, ERR_IO); /* the start of a hello */
}

static void wrong_files(void **state)
{
	struct tls_options none = {0}, o = own(), lost = {.ca_file = "/nowhere/ca"};
	struct err e = {0};

	(void)state;
	assert_null(tls_server_new(&none, &e));
	o.key_file = other_key;
	assert_null(tls_server_new(&o, &e));
	assert_non_null(strstr(e.msg, other_key));
	o.key_file = NULL; /* the certificate's file holds none */
	assert_null(tls_server_new(&o, &e));
	o = own();
	o.require_peer = true;
	assert_null(tls_server_new(&o, &e));
	assert_null(tls_client_new(&lost, &e));
	assert_non_null(strstr(e.msg, "/nowhere/ca"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(resume_tells_of_buffered_input),
		cmocka_unit_test(record_that_waits),
		cmocka_unit_test(closed_while_a_record_waits),
		cmocka_unit_test(ends_after_the_output),
		cmocka_unit_test(closed_inside_a_callback),
		cmocka_unit_test(file_that_is_too_short),
		cmocka_unit_test(server_that_is_not_believed),
		cmocka_unit_test(server_by_another_name),
		cmocka_unit_test(client_must_show_a_certificate),
		cmocka_unit_test(handshakes_that_fail),
		cmocka_unit_test(wrong_files),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
