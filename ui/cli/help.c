/* --help and man pages, from the same table that parses. */
#include "cli/cli.h"
#include "cli/impl.h"

enum { HELP_COLUMN = 34 };

static void put_name(const struct cli_option *o, struct buf *out)
{
	if (o->letter)
		buf_printf(out, "-%c, ", o->letter);
	buf_printf(out, "--%s", o->name);
	if (o->value)
		buf_printf(out, o->kind == CLI_OPTIONAL ? " [%s]" : " %s", o->value);
}

/* Cells of a text without wide characters. */
static size_t cells(const uint8_t *p, size_t n)
{
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += (p[i] & 0xc0) != 0x80;
	return count;
}

static void put_options(const struct cli_option *o, struct buf *out)
{
	for (; o && o->name; o++) {
		size_t begin = out->n;
		if (!o->help || o->kind == CLI_REFUSED)
			continue;
		buf_puts(out, "  ");
		put_name(o, out);
		size_t width = cells(out->p + begin, out->n - begin);
		if (width + 2 > HELP_COLUMN) {
			buf_putc(out, '\n');
			width = 0;
		}
		buf_fill(out, ' ', HELP_COLUMN - width);
		buf_printf(out, "%s\n", o->help);
	}
}

void cli_print_help(const struct cli_command *cmd, const char *link, struct buf *out)
{
	buf_puts(out, "Usage: ");
	if (link)
		buf_puts(out, link);
	else
		cli_put_called(cmd, out);
	buf_printf(out, " [OPTION …]%s%s\n%s\n", cmd->operands ? " " : "",
		cmd->operands ? cmd->operands : "", cmd->summary);
	if (cmd->script)
		buf_printf(out, "Takes the options of %s.\n", cmd->script);
	buf_putc(out, '\n');
	put_options(cmd->options, out);
	if (cmd->options && cmd->options->name)
		buf_putc(out, '\n');
	put_options(cli_shared(cmd), out);
	buf_puts(out, "\nExit status: 0 done, 1 the cluster said no, 2 wrong usage,\n128 and more: "
		      "a signal ended it.\n");
}

/* Text for roff: a minus is a minus, a backslash itself, no line begins with a control. */
static void put_roff(const char *z, struct buf *out)
{
	if (*z == '.' || *z == '\'')
		buf_puts(out, "\\&");
	for (; *z; z++) {
		if (*z == '-' || *z == '\\')
			buf_puts(out, *z == '-' ? "\\-" : "\\e");
		else
			buf_putc(out, *z);
	}
}

static void man_options(const struct cli_option *o, struct buf *out)
{
	struct buf name = BUF_EMPTY;
	for (; o && o->name; o++) {
		if (!o->help || o->kind == CLI_REFUSED)
			continue;
		buf_clear(&name);
		put_name(o, &name);
		buf_puts(out, ".TP\n.B ");
		put_roff(buf_z(&name), out);
		buf_putc(out, '\n');
		put_roff(o->help, out);
		buf_putc(out, '\n');
	}
	buf_fini(&name);
}

void cli_print_man(const struct cli_command *cmd, struct buf *out)
{
	buf_puts(out, ".SS kdeck ");
	put_roff(cmd->name, out);
	buf_putc(out, '\n');
	put_roff(cmd->summary, out);
	buf_puts(out, ".\n");
	if (cmd->script) {
		buf_puts(out, "Takes the options of\n.BR ");
		put_roff(cmd->script, out);
		buf_puts(out, " .\n");
	}
	man_options(cmd->options, out);
}

void cli_print_man_options(const struct cli_command *cmd, struct buf *out)
{
	buf_puts(out, ".SH OPTIONS\n");
	man_options(cmd->options, out);
	man_options(cli_shared(cmd), out);
}

void cli_print_list(const struct cli_command *const *commands, struct buf *out)
{
	for (; *commands; commands++)
		buf_printf(out, "  %-16s%s\n", (*commands)->name, (*commands)->summary);
}
