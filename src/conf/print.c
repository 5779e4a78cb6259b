/* What can be printed from a table of settings: the values in force, a man page, markdown. */
#include "conf/conf.h"
#include "conf/properties.h"

#define WIDTH 96

/* A comment, folded at blanks. */
static void put_comment(struct buf *out, const char *text)
{
	while (*text) {
		size_t n = strlen(text), cut = n;

		if (n > WIDTH) {
			cut = WIDTH;
			while (cut > 0 && text[cut] != ' ')
				cut--;
			if (!cut)
				cut = strcspn(text, " ");
		}
		buf_printf(out, "# %.*s\n", (int)cut, text);
		text += cut;
		while (*text == ' ')
			text++;
	}
}

static void put_differs(struct buf *out, const struct conf_def *def)
{
	struct buf line = BUF_EMPTY;

	if (def->kafka_def)
		buf_printf(&line, "Kafka's default is %s. ", def->kafka_def);
	else
		buf_puts(&line, "Kafka has no default. ");
	buf_puts(&line, def->reason);
	put_comment(out, buf_z(&line));
	buf_fini(&line);
}

static void put_value(struct buf *out, const struct conf_def *def, const struct conf_value *v)
{
	bool is_default = v->source == CONF_FROM_DEFAULT;

	if (is_default && (def->flags & CONF_DIFFERS))
		put_differs(out, def);
	if (v->where)
		put_comment(out, v->where);
	if (def->flags & CONF_INERT)
		put_comment(out, "Without meaning here:");
	if (!v->text)
		buf_printf(out, "#%s=\n", def->name);
	else if (def->type == CONF_PASSWORD)
		buf_printf(out, "#%s=[hidden]\n", def->name);
	else
		properties_write(out, str_of(def->name), str_of(v->text));
}

static bool is_shown(const struct conf_def *def, const struct conf_value *v)
{
	if (def->flags & (CONF_PREFIX | CONF_OLD))
		return false;
	return !(def->flags & (CONF_INERT | CONF_HIDDEN)) || v->source != CONF_FROM_DEFAULT;
}

void conf_print_properties(const struct conf *c, struct buf *out)
{
	for (size_t i = 0; i < c->n; i++)
		if (is_shown(&c->defs[i], &c->values[i]))
			put_value(out, &c->defs[i], &c->values[i]);
}

static bool is_documented(const struct conf_def *def)
{
	return def->doc && !(def->flags & (CONF_INERT | CONF_OLD | CONF_PREFIX | CONF_HIDDEN));
}

static void put_bounds(const struct conf_def *def, struct buf *out)
{
	if (def->values || def->min != 0 || def->max != 0) {
		buf_puts(out, "; ");
		conf_expected(def, out);
	}
}

/* "int, default 4096; a whole number from 0 to …" */
static void put_facts(const struct conf_def *def, struct buf *out)
{
	buf_puts(out, conf_type_name(def->type));
	if (!def->def)
		buf_puts(out, ", not set by default");
	else if (!def->def[0])
		buf_puts(out, ", empty by default");
	else
		buf_printf(out, ", default %s", def->def);
	put_bounds(def, out);
	if (def->flags & CONF_LIVE)
		buf_puts(out, "; can be changed while running");
}

static void put_why(const struct conf_def *def, struct buf *out)
{
	if (!(def->flags & CONF_DIFFERS))
		return;
	if (def->kafka_def)
		buf_printf(out, " (Kafka: %s.) %s", def->kafka_def, def->reason);
	else
		buf_printf(out, " (Kafka has no default.) %s", def->reason);
}

/* ---- roff ---------------------------------------------------------------------------------- */

static void put_roff(struct buf *out, const char *text)
{
	for (const char *p = text; *p; p++) {
		if (*p == '\\')
			buf_puts(out, "\\e");
		else if (*p == '-')
			buf_puts(out, "\\-");
		else if ((*p == '.' || *p == '\'') && (p == text || p[-1] == '\n'))
			buf_printf(out, "\\&%c", *p);
		else
			buf_putc(out, *p);
	}
}

void conf_print_man(const struct conf_def *defs, size_t n, struct buf *out)
{
	struct buf text = BUF_EMPTY;

	for (size_t i = 0; i < n; i++) {
		if (!is_documented(&defs[i]))
			continue;
		buf_puts(out, ".TP\n.B ");
		put_roff(out, defs[i].name);
		buf_clear(&text);
		buf_puts(&text, defs[i].doc);
		put_why(&defs[i], &text);
		buf_puts(&text, "\n(");
		put_facts(&defs[i], &text);
		buf_puts(&text, ")\n");
		buf_putc(out, '\n');
		put_roff(out, buf_z(&text));
	}
	buf_fini(&text);
}

/* ---- markdown ------------------------------------------------------------------------------ */

static void put_cell(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("|*_<>`\\", *text))
			buf_putc(out, '\\');
		buf_putc(out, *text == '\n' ? ' ' : *text);
	}
}

void conf_print_markdown(const struct conf_def *defs, size_t n, struct buf *out)
{
	struct buf text = BUF_EMPTY;

	buf_puts(out, "| setting | type, default | |\n|---|---|---|\n");
	for (size_t i = 0; i < n; i++) {
		if (!is_documented(&defs[i]))
			continue;
		buf_printf(out, "| `%s` | ", defs[i].name);
		buf_clear(&text);
		put_facts(&defs[i], &text);
		put_cell(out, buf_z(&text));
		buf_puts(out, " | ");
		buf_clear(&text);
		buf_puts(&text, defs[i].doc);
		put_why(&defs[i], &text);
		put_cell(out, buf_z(&text));
		buf_puts(out, " |\n");
	}
	buf_fini(&text);
}
