/* What views call, handed on to the host. */
#include "view/view.h"

#include <stdarg.h>
#include <stdio.h>

void view_push(struct view_ctx *c, enum screen screen, const char *open_arg)
{
	c->host->push(c->host_arg, screen, open_arg);
}

void view_replace(struct view_ctx *c, enum screen screen, const char *open_arg)
{
	c->host->replace(c->host_arg, screen, open_arg);
}

void view_message(struct view_ctx *c, enum message_kind kind, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->host->message(c->host_arg, kind, text);
}

void view_ask(struct view_ctx *c, const char *title, const char *text, const char *yes_label,
	const char *type_name, bool destroys, view_answer_fn *fn, void *fn_arg)
{
	c->host->ask(c->host_arg, title, text, yes_label, type_name, destroys, fn, fn_arg);
}

void view_show(struct view_ctx *c, const char *title, struct str text)
{
	c->host->show(c->host_arg, title, text);
}

void view_redraw(struct view_ctx *c)
{
	c->host->redraw(c->host_arg);
}

void view_copy(struct view_ctx *c, struct str text)
{
	c->host->copy(c->host_arg, text);
}

void view_put_command(struct view_ctx *c, struct str command, struct buf *out)
{
	if (c->host->command)
		c->host->command(c->host_arg, command, out);
	else
		buf_put_str(out, command);
}

void view_start(struct view_ctx *c, bool demo)
{
	c->host->start(c->host_arg, demo);
}
