/* What a command writes: data to standard output, words to standard error. */
#include "base/json.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/impl.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int err_fd(const struct cli *c)
{
	return c->env && c->env->err > 0 ? c->env->err : STDERR_FILENO;
}

static int out_fd(const struct cli *c)
{
	return c->env && c->env->out > 0 ? c->env->out : STDOUT_FILENO;
}

bool cli_on_terminal(const struct cli *c)
{
	return isatty(out_fd(c));
}

/* Waits where the descriptor does not block: others may have made it so. */
static bool write_all(int fd, const void *p, size_t n)
{
	const char *at = p;
	while (n > 0) {
		ssize_t w = write(fd, at, n);
		if (w < 0 && errno == EAGAIN) {
			struct pollfd full = {.fd = fd, .events = POLLOUT};
			(void)poll(&full, 1, -1);
			continue;
		}
		if (w < 0 && errno != EINTR)
			return false;
		if (w > 0) {
			at += w;
			n -= (size_t)w;
		}
	}
	return true;
}

int cli_write(const struct buf *out, struct err *e)
{
	if (write_all(STDOUT_FILENO, out->p, out->n) || errno == EPIPE)
		return 0;
	return err_errno(e, ERR_IO, errno, "standard output");
}

void cli_put_called(const struct cli_command *cmd, struct buf *out)
{
	buf_puts(out, "kdeck");
	if (cmd->name[0])
		buf_printf(out, " %s", cmd->name);
}

/* Names come from the cluster: what a terminal would obey is shown as an escape. */
static void put_lines(struct cli *c, const struct buf *text)
{
	struct buf shown = BUF_EMPTY;
	const char *p = (const char *)text->p, *end = p + text->n, *lf;

	for (; p < end; p = lf + 1) {
		lf = memchr(p, '\n', (size_t)(end - p));
		lf = lf ? lf : end;
		utf8_put_visible(&shown, (struct str){p, (size_t)(lf - p)});
		buf_putc(&shown, '\n');
	}
	(void)write_all(err_fd(c), shown.p, shown.n);
	buf_fini(&shown);
}

PRINTF_LIKE(2, 0)
static void complain(struct cli *c, const char *fmt, va_list ap)
{
	struct buf b = BUF_EMPTY;
	if (c->cmd) {
		cli_put_called(c->cmd, &b);
		buf_puts(&b, ": ");
	}
	if (c->where)
		buf_printf(&b, "%s: ", c->where);
	buf_vprintf(&b, fmt, ap);
	buf_putc(&b, '\n');
	put_lines(c, &b);
	buf_fini(&b);
}

int cli_usage(struct cli *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	complain(c, fmt, ap);
	va_end(ap);
	struct buf name = BUF_EMPTY;
	cli_put_called(c->cmd, &name);
	cli_note(c, "see: %s --help", buf_z(&name));
	buf_fini(&name);
	return CLI_USAGE;
}

int cli_fail(struct cli *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	complain(c, fmt, ap);
	va_end(ap);
	return CLI_NO;
}

int cli_fail_asking(struct cli *c, const struct err *e)
{
	const char *next = "";

	if (e->code == ERR_REFUSED)
		next = cli_get(c, "bootstrap-server")
			       ? "; check the address, and that the broker runs"
			       : "; `kdeck up` starts a cluster here, -b names another";
	return cli_fail(c, "%s%s", e->msg, next);
}

void cli_warn(struct cli *c, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	complain(c, fmt, ap);
	va_end(ap);
}

void cli_note(struct cli *c, const char *fmt, ...)
{
	struct buf b = BUF_EMPTY;
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	buf_putc(&b, '\n');
	put_lines(c, &b);
	buf_fini(&b);
}

void cli_flush(struct cli *c)
{
	if (c->out.n && !c->broken && !write_all(out_fd(c), c->out.p, c->out.n)) {
		c->broken = true;
		c->lost = errno != EPIPE;
		if (c->lost)
			cli_fail(c, "standard output: %s", strerror(errno));
	}
	buf_clear(&c->out);
}

void json_list(struct json *j, struct buf *out)
{
	json_init(j, out);
	json_array(j);
}

void json_list_end(struct json *j)
{
	json_array_end(j);
	buf_putc(j->out, '\n');
}
