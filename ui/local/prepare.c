/* Folders of brokers to be: their settings, the program, free ports. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "base/xalloc.h"
#include "conf/conf.h"
#include "conf/properties.h"
#include "io/listener.h"
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

#define LOW_PORT  20000
#define LOW_PORTS 12000
#define LOW_TRIES 50

static void ignore_accept(void *arg, int fd)
{
	(void)arg;
	close(fd);
}

int local_try_port(struct loop *l, const char *host, uint16_t port, struct err *e)
{
	struct listener *ls = listener_new(l, host, port, ignore_accept, NULL, e);

	listener_free(ls);
	return ls ? 0 : e->code;
}

int local_free_port(struct loop *l, uint16_t *out, struct err *e)
{
	struct listener *ls;

	for (int i = 0; i < LOW_TRIES; i++) {
		*out = (uint16_t)(LOW_PORT + random_u64() % LOW_PORTS);
		if (local_try_port(l, NULL, *out, e) == 0)
			return 0;
	}
	ls = listener_new(l, NULL, 0, ignore_accept, NULL, e);
	if (!ls)
		return e->code;
	*out = listener_port(ls);
	listener_free(ls);
	return 0;
}

/* ---- settings -------------------------------------------------------------------------------- */

int local_write_new(const char *path, const struct buf *text, struct err *e)
{
	FILE *f = fopen(path, "wxe");
	bool lost;

	if (!f)
		return err_errno(e, errno == EEXIST ? ERR_EXISTS : ERR_IO, errno, "%s", path);
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

	buf_printf(&text,
		LOCAL_HEAD "node.id=%d\n"
			   "process.roles=broker\n"
			   "listeners=PLAINTEXT://127.0.0.1:%u\n"
			   "%s\n",
		n->id, n->port, n->quorum);
	properties_write(&text, STR_LIT("log.dirs"), str_of(data));
	if (n->http)
		buf_printf(&text, "kdeck.http.listener=127.0.0.1:%u\n", n->http);
	if (n->faults)
		buf_puts(&text, "kdeck.faults.enable=true\n");
	if (rc == 0)
		rc = local_write_new(path, &text, e);
	buf_fini(&text);
	free(data);
	free(broker_dir);
	free(path);
	return rc;
}
