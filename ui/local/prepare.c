/* Folders of brokers to be: their settings, the program, free ports. */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "conf/properties.h"
#include "local/priv.h"

/* ---- finding the program --------------------------------------------------------------------- */

#ifndef KDECK_LIBEXEC
#define KDECK_LIBEXEC "/usr/local/libexec"
#endif

int local_find_program(struct buf *path, struct err *e)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *named = getenv("KDECK_BROKER");
	char *slash;

	if (n > 0) {
		self[n] = 0;
		slash = strrchr(self, '/');
		buf_clear(path);
		buf_printf(path, "%.*s/kdeck-broker", (int)(slash - self), self);
		if (access(buf_z(path), X_OK) == 0)
			return 0;
	}
	buf_clear(path);
	buf_puts(path, KDECK_LIBEXEC "/kdeck-broker");
	if (access(buf_z(path), X_OK) == 0)
		return 0;
	buf_clear(path);
	if (named && *named) {
		buf_puts(path, named);
		if (access(named, X_OK) == 0)
			return 0;
	}
	return err_set(e, ERR_NOT_FOUND,
		"kdeck-broker is neither beside kdeck nor in " KDECK_LIBEXEC
		"; KDECK_BROKER can name it");
}

/* ---- folders --------------------------------------------------------------------------------- */

int local_make_dirs(const char *path, struct err *e)
{
	char *copy = xstrdup(path);
	int rc = 0;

	for (char *p = copy + 1; rc == 0 && *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			rc = err_errno(e, ERR_IO, errno, "%s cannot be made", copy);
		*p = '/';
	}
	if (rc == 0 && mkdir(copy, 0755) < 0 && errno != EEXIST)
		rc = err_errno(e, ERR_IO, errno, "%s cannot be made", copy);
	free(copy);
	return rc;
}

/* ---- ports ----------------------------------------------------------------------------------- */

/* A socket bound to the port of loopback, 0 for any; -1 with errno. As the broker binds, so that
 * connections of its predecessor that still linger are no obstacle. */
static int bind_port(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(*port)};
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd >= 0 && *port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
		getsockname(fd, (struct sockaddr *)&at, &n) == 0) {
		*port = ntohs(at.sin_port);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

int local_free_port(uint16_t *out, struct err *e)
{
	int fd;

	*out = 0;
	fd = bind_port(out);
	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "no free port");
	close(fd);
	return 0;
}

bool local_port_is_free(uint16_t port)
{
	int fd = bind_port(&port);
	bool is_free = fd >= 0 && listen(fd, 1) == 0;

	if (fd >= 0)
		close(fd);
	return is_free;
}

/* ---- settings -------------------------------------------------------------------------------- */

static void put_node(struct buf *out, const char *data, const struct local_node *n)
{
	bool votes = n->controller || !n->voters;

	buf_printf(out,
		"# A broker that kdeck started. kdeck-broker --print-config shows every setting.\n"
		"node.id=%d\n"
		"process.roles=%s\n"
		"listeners=PLAINTEXT://127.0.0.1:%u",
		n->id, votes ? "broker,controller" : "broker", n->port);
	if (n->controller)
		buf_printf(out, ",CONTROLLER://127.0.0.1:%u", n->controller);
	buf_putc(out, '\n');
	if (n->voters)
		buf_printf(out, "controller.quorum.voters=%s\n", n->voters);
	properties_write(out, STR_LIT("log.dirs"), str_of(data));
	buf_puts(out, n->extra ? n->extra : "");
}

static int write_new(const char *path, const struct buf *text, struct err *e)
{
	FILE *f = fopen(path, "wxe");
	bool lost;

	if (!f)
		return errno == EEXIST ? 0 : err_errno(e, ERR_IO, errno, "%s", path);
	lost = fwrite(text->p, 1, text->n, f) != text->n;
	lost |= fclose(f) != 0;
	if (!lost)
		return 0;
	/* Half of it would be taken for the whole the next time. */
	err_errno(e, ERR_IO, errno, "%s", path);
	unlink(path);
	return ERR_IO;
}

int local_prepare(const char *dir, const struct local_node *n, struct err *e)
{
	char *broker_dir = xasprintf("%s/broker-%d", dir, n->id);
	char *path = xasprintf("%s/server.properties", broker_dir);
	char *data = xasprintf("%s/data", broker_dir);
	struct buf text = BUF_EMPTY;
	int rc = local_make_dirs(broker_dir, e);

	put_node(&text, data, n);
	if (rc == 0)
		rc = write_new(path, &text, e);
	buf_fini(&text);
	free(data);
	free(broker_dir);
	free(path);
	return rc;
}
